use jingwei_core::Limits;
use jingwei_unpack::Packing;

use crate::{
    build::{sign, tar_entry, tar_file, zip},
    look::{look, packings},
};

const ESCAPE: &str = "model.archive-path-escape";
const INCONSISTENT: &str = "model.archive-inconsistent";
const MALFORMED: &str = "model.header-malformed";

fn check(what: &str, bytes: &[u8], contents: &[(&str, &[u8])], rules: &[(&str, &str)]) {
    let seen = look(bytes, &Limits::default());
    let names: Vec<_> = seen.contents.keys().map(|name| name.trim_end_matches('!')).collect();
    assert_eq!(names, contents.iter().map(|(name, _)| *name).collect::<Vec<_>>(), "{what}");
    for (name, content) in contents {
        assert_eq!(seen.contents[&format!("{name}!")], *content, "{what}: {name}");
    }
    assert_eq!(seen.rules(), rules, "{what}: {:?}", seen.sightings);
}

fn end() -> Vec<u8> {
    vec![0; 1024]
}

fn pax(records: &str) -> Vec<u8> {
    tar_entry("pax", b'x', "", &format!("{:011o}", records.len()), records.as_bytes())
}

#[test]
fn old_and_new_headers() {
    let file = tar_file("a", b"x");
    check("ustar", &[file.clone(), end()].concat(), &[("a", b"x")], &[]);
    check("without an end", &file, &[("a", b"x")], &[]);
    let mut old: [u8; 512] = *file.first_chunk().unwrap();
    old[257..265].fill(0);
    sign(&mut old);
    let old = [&old[..], &file[512..], &end()].concat();
    assert_eq!(packings(&old), [Packing::Tar]);
    check("before ustar", &old, &[("a", b"x")], &[]);
    let long = [pax("18 path=long/name\n"), tar_file("short", b"x"), tar_file("b", b"y"), end()].concat();
    check("a long name, for one member", &long, &[("b", b"y"), ("long/name", b"x")], &[]);
    let mut wide: [u8; 512] = *file.first_chunk().unwrap();
    wide[124..136].copy_from_slice(b"\x80\0\0\0\0\0\0\0\0\0\0\x01");
    sign(&mut wide);
    check("a size in binary", &[&wide[..], &file[512..], &end()].concat(), &[("a", b"x")], &[]);
}

#[test]
fn what_leaves_the_folder() {
    for (what, bytes) in [
        ("a name", tar_file("../x", b"")),
        ("an absolute name", tar_file("/x", b"")),
        ("a name in pax", [pax("15 path=../x/y\n"), tar_file("good", b"")].concat()),
        ("a link", tar_entry("a/l", b'2', "../../x", "00000000000", b"")),
        ("a hard link", tar_entry("a/l", b'1', "../x", "00000000000", b"")),
    ] {
        let seen = look(&[bytes, end()].concat(), &Limits::default());
        assert!(seen.rules().iter().any(|(rule, _)| *rule == ESCAPE), "{what}: {:?}", seen.sightings);
    }
    let inside = tar_entry("a/l", b'2', "../x", "00000000000", b"");
    check("a link inside", &[inside, end()].concat(), &[], &[]);
}

#[test]
fn headers_that_lie() {
    let sizes = [pax("10 size=5\n"), tar_entry("a", b'0', "", "00000000000", b"abcde"), end()].concat();
    check("two sizes", &sizes, &[("a", b"abcde")], &[("model.archive-hidden-member", "a")]);
    let twice = [tar_file("a", b"x"), tar_file("a", b"yy"), end()].concat();
    check("a name twice", &twice, &[("a", b"yy")], &[(INCONSISTENT, "a")]);
    let folder = [tar_entry("d", b'5', "", "00000001000", b""), tar_file("a", b"x"), end()].concat();
    check("a folder with content", &folder, &[("a", b"x")], &[(INCONSISTENT, "d")]);
    let beyond = tar_entry("a", b'0', "", "77777777777", b"x");
    let seen = look(&beyond, &Limits::default());
    assert_eq!((seen.rules(), seen.contents["a!"].len()), (vec![(MALFORMED, "")], 512));
    let number = [tar_entry("a", b'0', "", "0000000000x", b"x"), end()].concat();
    check("a size that is none", &number, &[], &[(MALFORMED, "")]);
    let broken = [pax("99 path=x\n"), tar_file("a", b"x"), end()].concat();
    check("a broken pax header", &broken, &[("a", b"x")], &[(MALFORMED, "")]);
    let mut sum = [tar_file("a", b"x"), tar_file("b", b"y"), end()].concat();
    sum[1024] = b'c';
    let seen = look(&sum, &Limits::default());
    assert_eq!(seen.rules(), [("model.archive-junk", "after"), (MALFORMED, "")]);
    let sparse = [tar_entry("a", b'S', "", "00000000000", b""), end()].concat();
    check("a sparse file", &sparse, &[], &[("model.not-inspected", "")]);
    let device = [tar_entry("a", b'3', "", "00000000000", b""), tar_file("b", b"y"), end()].concat();
    check("a device", &device, &[("b", b"y")], &[("model.archive-special-member", "a")]);
    let lends = |mode: &[u8; 7]| {
        let mut file = tar_file("a", b"x");
        file[100..107].copy_from_slice(mode);
        file[148..156].fill(b' ');
        let sum: u32 = file[..512].iter().map(|byte| u32::from(*byte)).sum();
        file[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        [file, end()].concat()
    };
    let own = &[("model.archive-special-member", "a")];
    check("a program with its owner's rights", &lends(b"0004755"), &[("a", b"x")], own);
    check("a program", &lends(b"0000755"), &[("a", b"x")], &[]);
    check("no program", &lends(b"0004644"), &[("a", b"x")], &[]);
}

#[test]
fn what_stands_behind_the_end() {
    let hidden = [tar_file("a", b"x"), end(), tar_file("evil", b"payload"), end()].concat();
    let seen = look(&hidden, &Limits::default());
    assert_eq!(seen.rules(), [("model.archive-junk", "after")]);
    assert_eq!(seen.contents["<after>!evil!"], b"payload");
    let zip_in_tar = [tar_file("a.zip", &zip(&[crate::build::entry("b", b"y")])), end()].concat();
    assert_eq!(packings(&zip_in_tar), [Packing::Tar], "a zip in a tar is no polyglot");
    let behind = [tar_file("a", b"x"), end(), zip(&[crate::build::entry("b", b"y")])].concat();
    assert_eq!(packings(&behind), [Packing::Tar, Packing::Zip], "a zip behind a tar is");
}
