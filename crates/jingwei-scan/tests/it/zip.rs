use jingwei_core::Limits;

use crate::{
    builders::{Gguf, Member, PICKLE, member, torch_zip, zip, zip_with_offsets},
    support::{limit_crossed, malformed, scan_file, scan_single},
};

#[track_caller]
fn pickles(bytes: Vec<u8>, expected: &[&str]) {
    let seen = scan_file(bytes, &Limits::default());
    let members: Vec<_> = seen
        .findings
        .iter()
        .filter(|finding| finding.rule.as_str() == "model.pickle-file")
        .map(|finding| finding.place.key.as_deref().unwrap_or("(the file)"))
        .collect();
    assert_eq!(members, expected, "{:?}", seen.lines());
}

#[test]
fn pickles_are_found_inside_archives() {
    pickles(torch_zip(), &["archive/data.pkl"]);
    pickles(zip(&[member("weights", PICKLE)]), &["weights"]);
    pickles(zip(&[member("a", b"text"), member("b/constants.pkl", PICKLE)]), &["b/constants.pkl"]);
    pickles(zip(&[Member { method: 8, ..member("x/DATA.PKL", b"packed") }]), &["x/DATA.PKL"]);
    pickles(zip(&[member("a", b"text"), member("folder.pkl/", b"")]), &[]);
}

#[test]
fn an_archive_behind_other_content_is_found() {
    let behind = |front: &[u8]| [front, &torch_zip()].concat();
    pickles(behind(b"#!/bin/sh\nexit\n"), &["archive/data.pkl"]);
    pickles(behind(&[0xee; 3000]), &["archive/data.pkl"]);
    pickles(behind(&Gguf::sample().bytes()), &["archive/data.pkl"]);
}

#[test]
fn packed_members_are_not_passed_over_in_silence() {
    let seen = scan_file(zip(&[Member { method: 8, ..member("weights", b"packed") }]), &Limits::default());
    assert_eq!(seen.lines(), ["model.not-inspected weights"]);
}

#[test]
fn an_archive_that_lies_is_malformed() {
    let stored = member("a", b"content");
    let hidden = Member { local_name: b"b".to_vec(), ..stored.clone() };
    let second_at = 30 + 1 + 7;
    let mut more = zip(std::slice::from_ref(&stored));
    let end = more.len() - 22;
    more[end + 10] = 9;
    let mut broken = zip(std::slice::from_ref(&stored));
    broken[second_at] = b'X';
    for (reason, bytes) in [
        ("differs from the directory", zip(&[hidden])),
        ("overlaps another member", zip_with_offsets(&[stored.clone(), member("b", b"content")], &[0, 5])),
        ("overlaps another member", zip_with_offsets(&[stored.clone(), stored.clone()], &[0, 0])),
        ("differs from the directory", zip_with_offsets(&[stored.clone(), member("b", b"content")], &[1, second_at])),
        ("directory is broken", zip_with_offsets(std::slice::from_ref(&stored), &[4_000_000_000])),
        ("directory is broken", broken),
        ("announces 9 entries and has 1", more),
        ("it is cut", zip(std::slice::from_ref(&stored))[..60].to_vec()),
        ("it is cut", b"PK\x03\x04".to_vec()),
    ] {
        let (_, message) = malformed(bytes);
        assert!(message.contains(reason), "{reason}: {message}");
    }
}

#[test]
fn a_64_bit_archive_is_read() {
    let plain = torch_zip();
    let end = plain.len() - 22;
    let field = |at: usize| u64::from(u32::from_le_bytes(plain[end + at..end + at + 4].try_into().unwrap()));
    let mut wide = plain[..end].to_vec();
    wide.extend_from_slice(b"PK\x06\x06");
    wide.extend_from_slice(&44u64.to_le_bytes());
    wide.extend_from_slice(&[0; 12]);
    for value in [3, 3, field(12), field(16)] {
        wide.extend_from_slice(&value.to_le_bytes());
    }
    wide.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    wide.extend_from_slice(&(end as u64).to_le_bytes());
    wide.extend_from_slice(&[1, 0, 0, 0]);
    wide.extend_from_slice(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0");
    pickles(wide.clone(), &["archive/data.pkl"]);
    wide[end] = b'X';
    assert!(malformed(wide).1.contains("ZIP64"));
}

#[test]
fn every_limit_is_noticed() {
    let limits = Limits::default();
    let bomb = zip(&[Member { method: 8, unpacked: 1 << 30, ..member("x", &[0; 100]) }]);
    assert_eq!(limit_crossed(bomb, &limits), "expansion_ratio");
    for (name, limits) in
        [("entries", Limits { entries: 2, ..limits }), ("header_bytes", Limits { header_bytes: 100, ..limits })]
    {
        let seen = scan_single(torch_zip(), &limits);
        assert_eq!(seen.lines()[0], format!("model.limit-exceeded weights {name}"));
    }
}
