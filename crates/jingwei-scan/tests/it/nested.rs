//! Files within files: what lies in an archive is looked at as if it lay in the folder.

use jingwei_core::Limits;
use jingwei_testkit::MemoryFiles;

use crate::{
    builders::{Gguf, PICKLE, member, torch_zip, zip},
    support::{scan_file, scan_folder, scan_single},
};

/// `os.system('true')`, protocol 0.
const CALL: &[u8] = b"cos\nsystem\n(S'true'\ntR.";

#[track_caller]
fn dangerous(bytes: Vec<u8>, expected: &[&str]) {
    let seen = scan_file(bytes, &Limits::default());
    let findings = seen.findings.iter().filter(|finding| finding.rule.as_str() == "model.pickle-dangerous");
    let keys: Vec<_> = findings.map(|finding| finding.place.key.as_deref().unwrap_or_default()).collect();
    assert_eq!(keys, expected, "{:?}", seen.lines());
}

#[test]
fn a_pickle_is_found_wherever_it_lies() {
    dangerous(CALL.to_vec(), &["os.system"]);
    dangerous(
        zip(&[member("archive/data.pkl", CALL), member("archive/data/0", b"12345678")]),
        &["archive/data.pkl:os.system"],
    );
    dangerous(zip(&[member("no-ending", CALL), member(".hidden", b"text")]), &["no-ending:os.system"]);
    dangerous(zip(&[member("inner.bin", &zip(&[member("x", CALL)]))]), &["inner.bin!x:os.system"]);
    dangerous([&b"#!/bin/sh\nexit\n"[..], &zip(&[member("x", CALL)])].concat(), &["x:os.system"]);
    dangerous([Gguf::sample().bytes(), zip(&[member("x", CALL)])].concat(), &["x:os.system"]);
    dangerous([torch_zip(), CALL.to_vec()].concat(), &["<after>:os.system"]);
    let header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n";
    let array = [&b"\x93NUMPY\x01\x00"[..], &[u8::try_from(header.len()).unwrap(), 0], &header[..], CALL].concat();
    dangerous(array.clone(), &["objects:os.system"]);
    dangerous(zip(&[member("a.npy", &array)]), &["a.npy!objects:os.system"]);
}

#[test]
fn a_file_that_has_pickles_says_so_once() {
    let several = zip(&[member("a", PICKLE), member("b", PICKLE), member("c", b"words\n")]);
    let seen = scan_file(several, &Limits::default());
    assert_eq!(seen.lines(), ["model.pickle-file weights"]);
    assert_eq!(scan_file(torch_zip(), &Limits::default()).lines(), ["model.pickle-file weights"]);
}

#[test]
fn limits_hold_for_everything_inside_together() {
    let mut deep = CALL.to_vec();
    for _ in 0..12 {
        deep = zip(&[member("x", &deep)]);
    }
    let limits = Limits { depth: 8, ..Limits::default() };
    let lines = scan_single(deep, &limits).lines();
    assert!(lines[0].starts_with("model.archive-bomb weights") && lines[0].ends_with("depth"), "{lines:?}");
    let many: Vec<_> = (0..50).map(|n| member(&format!("m{n}"), b"x")).collect();
    let limits = Limits { entries: 20, ..Limits::default() };
    let seen = scan_single(zip(&many), &limits);
    assert!(seen.lines().contains(&"model.archive-bomb weights entries".to_owned()), "{:?}", seen.lines());
}

#[test]
fn what_nobody_knows_is_said() {
    let files = MemoryFiles::default()
        .with_file("m/LICENSE", "MIT")
        .with_file("m/README.md", "# A")
        .with_file("m/weights.dat", vec![0xd1; 100])
        .with_file("m/empty", "");
    assert_eq!(scan_folder(files, &Limits::default()).lines(), ["model.unknown-format weights.dat"]);
}
