//! Broken and malicious HDF5: whatever the bytes are, reading ends and says what it could not read.

use jingwei_core::Limits;
use jingwei_keras::{Content, inspect_hdf5, list_hdf5};
use proptest::prelude::*;

use crate::{fixture, names, seen};

const FILES: [&str; 4] = ["outside-latest.h5", "odd-latest.h5", "keras_like-latest.h5", "keras_like-earliest.h5"];

#[test]
fn a_file_that_is_cut_off_is_never_clean() {
    let names = names();
    for name in FILES {
        let whole = fixture(name);
        for length in (0..whole.len()).step_by(if whole.len() > 7000 { 13 } else { 3 }) {
            let found = inspect_hdf5(&mut whole[..length].to_vec(), &names, &Limits::default());
            assert!(!found.sightings.is_empty(), "{name} cut at {length}");
        }
    }
}

#[test]
fn changed_bytes_change_nothing_but_the_answer() {
    for name in FILES {
        let whole = fixture(name);
        let most = list_hdf5(&mut whole.clone(), &Limits::default()).objects.len() + 20;
        for at in (0..whole.len()).step_by(if whole.len() > 7000 { 5 } else { 1 }) {
            for change in [0xff, 0x01] {
                let mut broken = whole.clone();
                broken[at] ^= change;
                let first = list_hdf5(&mut broken.clone(), &Limits::default());
                assert!(first.objects.len() < most, "{name} at {at}: {}", first.objects.len());
                assert!(first.sightings.len() < 50, "{name} at {at}");
            }
        }
    }
}

#[test]
fn limits_are_kept() {
    let generous = Limits::default();
    for (name, limits, limit) in [
        ("odd-latest.h5", Limits { depth: 5, ..generous }, "depth"),
        ("odd-earliest.h5", Limits { depth: 5, ..generous }, "depth"),
        ("many-latest.h5", Limits { entries: 90, ..generous }, "entries"),
        ("many-earliest.h5", Limits { header_bytes: 2000, ..generous }, "header_bytes"),
    ] {
        let listing = list_hdf5(&mut fixture(name), &limits);
        let expected = format!("model.limit-exceeded {limit}");
        assert!(seen(&listing.sightings).contains(&expected), "{name}: {:?}", listing.sightings);
    }
    let short = Limits { string_bytes: 60, ..generous };
    let listing = list_hdf5(&mut fixture("keras_like-latest.h5"), &short);
    let limits = seen(&listing.sightings).into_iter().filter(|s| s.starts_with("model.limit-exceeded")).count();
    assert_eq!(limits, 1, "{:?}", listing.sightings);
}

/// A file of version 2 whose root header is `messages`, and what else stands behind it.
fn file(messages: &[(u8, Vec<u8>)], behind: &[u8]) -> Vec<u8> {
    let mut header = b"OHDR\x02\x02".to_vec();
    let body: Vec<u8> = messages
        .iter()
        .flat_map(|(kind, body)| [&[*kind][..], &u16::try_from(body.len()).unwrap().to_le_bytes(), &[0], body].concat())
        .collect();
    header.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    header.extend(body);
    header.extend([0; 4]);
    let end = 48 + header.len() + behind.len();
    let mut file = b"\x89HDF\r\n\x1a\n\x02\x08\x08\x00".to_vec();
    for address in [0, u64::MAX, end as u64, 48] {
        file.extend(address.to_le_bytes());
    }
    file.extend([0; 4]);
    [file, header, behind.to_vec()].concat()
}

fn link(name: &str, address: u64) -> (u8, Vec<u8>) {
    let length = u8::try_from(name.len()).unwrap();
    (6, [&[1, 0, length][..], name.as_bytes(), &address.to_le_bytes()].concat())
}

fn soft(name: &str, path: &str) -> (u8, Vec<u8>) {
    let [name_length, path_length] = [name, path].map(|text| u8::try_from(text.len()).unwrap());
    (6, [&[1, 8, 1, name_length][..], name.as_bytes(), &[path_length, 0], path.as_bytes()].concat())
}

/// An attribute whose value is one text of fixed length.
fn text(name: &str, value: &[u8]) -> (u8, Vec<u8>) {
    let length = u8::try_from(value.len()).unwrap();
    let front = [3, 0, u8::try_from(name.len() + 1).unwrap(), 0, 8, 0, 4, 0, 0];
    (0x0c, [&front[..], name.as_bytes(), &[0, 0x13, 0, 0, 0, length, 0, 0, 0, 2, 0, 0, 0], value].concat())
}

fn continuation(address: u64, length: u64) -> (u8, Vec<u8>) {
    (0x10, [address.to_le_bytes(), length.to_le_bytes()].concat())
}

#[test]
fn rings_end() {
    let listing = list_hdf5(&mut file(&[link("self", 48)], &[]), &Limits::default());
    assert_eq!(listing.objects.len(), 1, "a link to itself adds nothing");
    assert_eq!(seen(&listing.sightings), ["model.graph-bomb self"]);

    // A block that continues in itself.
    let at = 48 + 10 + 20 + 4;
    let block = [b"OCHK".as_slice(), &[0x10, 16, 0, 0], &continuation(at, 32).1, &[0; 4]].concat();
    let listing = list_hdf5(&mut file(&[continuation(at, 32)], &block), &Limits::default());
    assert_eq!(seen(&listing.sightings), ["model.header-malformed /"]);
}

#[test]
fn soft_links_that_lead_round_are_told() {
    let ring = |name: &str| vec![format!("model.graph-bomb {name}")];
    for (links, expected) in [
        (vec![soft("a", "/")], ring("a")),
        (vec![soft("a", ".")], ring("a")),
        (vec![soft("a", "a")], ring("a")),
        (vec![soft("a", "/b"), soft("b", "./a")], [ring("a"), ring("b")].concat()),
        (vec![soft("a", "b/c"), soft("b", "/")], ring("b")),
        // What is not there, and what lies elsewhere.
        (vec![soft("a", "/nowhere/else")], vec![]),
        (vec![soft("a", "")], ring("a")),
    ] {
        let paths: Vec<String> = links.iter().map(|link| format!("{:?}", link.1)).collect();
        let listing = list_hdf5(&mut file(&links, &[]), &Limits::default());
        assert_eq!(seen(&listing.sightings), expected, "{paths:?}");
    }
    // Many links, each of which has a long way to go.
    let links: Vec<_> = (0..3000).map(|n| soft(&n.to_string(), &"./".repeat(100))).collect();
    list_hdf5(&mut file(&links, &[]), &Limits::default());
}

#[test]
fn filters_from_elsewhere_are_named() {
    let filters = |ids: &[u16]| {
        let one = |id: &u16| {
            let name: &[u8] = if *id < 256 { b"" } else { b"\x04\0" };
            let values: &[u8] = if *id < 256 { b"" } else { b"abc\0" };
            [&id.to_le_bytes()[..], name, &[1, 0, 1, 0], values, &[0; 4]].concat()
        };
        let count = u8::try_from(ids.len()).unwrap();
        (0x0b, [&[2, count][..], &ids.iter().flat_map(one).collect::<Vec<u8>>()].concat())
    };
    for (ids, expected) in [
        (&[2, 1][..], vec![]),
        (&[32_000, 32_001, 32_026, 305, 307], vec![]),
        (&[1, 32_015], vec!["model.hdf5-filter-plugin 32015 abc"]),
        (&[64_000], vec!["model.hdf5-filter-plugin 64000 abc"]),
        (&[7], vec!["model.hdf5-filter-plugin 7"]),
    ] {
        let listing = list_hdf5(&mut file(&[filters(ids)], &[]), &Limits::default());
        assert_eq!(seen(&listing.sightings), expected, "{ids:?}");
    }
    let listing = list_hdf5(&mut file(&[(0x0b, vec![2, 200, 1])], &[]), &Limits::default());
    assert_eq!(seen(&listing.sightings), ["model.header-malformed /"]);
}

#[test]
fn rows_of_objects_are_handed_out() {
    let pickle = b"(S'id'\nios\nsystem\n.";
    let row = |index: u8, bytes: &[u8]| {
        let mut row = vec![index, 0, 1, 0, 0, 0, 0, 0];
        row.extend((bytes.len() as u64).to_le_bytes());
        row.extend(bytes);
        row.resize(row.len().next_multiple_of(8), 0);
        row
    };
    let rows = [row(1, pickle), row(2, b"plain text"), row(3, b"\x80\x04N.")].concat();
    let heap = [b"GCOL\x01\0\0\0", &(rows.len() as u64 + 16).to_le_bytes()[..], &rows].concat();
    for (kind, expected) in [(&b"object"[..], 2), (b"vlstring", 0)] {
        let listing = list_hdf5(&mut file(&[text("PSEUDOATOM", kind)], &heap), &Limits::default());
        assert_eq!((listing.pickles.len(), listing.sightings.len()), (expected, 0), "{kind:?}");
    }
    // What ends like a pickle is unpickled, however it begins.
    let listing = list_hdf5(&mut file(&[text("a", pickle), text("b", b"A text")], &[]), &Limits::default());
    assert_eq!(listing.pickles.len(), 1);
}

#[test]
fn the_same_bytes_are_not_read_without_end() {
    // Many links to headers that overlap: each one continues in the same large block.
    let count = 2000u64;
    let links: Vec<_> = (0..count).map(|n| link(&n.to_string(), 0x10000 + n * 34)).collect();
    let mut whole = file(&links, &[]);
    whole.resize(0x10000, 0);
    let block_at = 0x10000 + count * 34;
    for _ in 0..count {
        let (kind, body) = continuation(block_at, 60_000);
        whole.extend([b"OHDR\x02\x02".as_slice(), &20u32.to_le_bytes(), &[kind, 16, 0, 0], &body, &[0; 4]].concat());
    }
    whole.extend([b"OCHK".as_slice(), &[0; 60_000]].concat());
    let end = (whole.len() as u64).to_le_bytes();
    whole[28..36].copy_from_slice(&end);
    let listing = list_hdf5(&mut whole, &Limits::default());
    assert_eq!(seen(&listing.sightings), ["model.limit-exceeded header_bytes"]);
    assert!(listing.objects.len() < 100, "{}", listing.objects.len());
}

#[test]
fn claims_are_held_against_the_file() {
    let space = |sides: &[u64]| {
        let sides: Vec<u8> = sides.iter().flat_map(|s| s.to_le_bytes()).collect();
        (1, [&[2, u8::try_from(sides.len() / 8).unwrap(), 0, 1][..], &sides].concat())
    };
    let float = (3, vec![0x11, 0x20, 31, 0, 4, 0, 0, 0]);
    let contiguous =
        |address: u64, length: u64| (8, [&[3, 1][..], &address.to_le_bytes(), &length.to_le_bytes()].concat());
    let chunked = |address: u64| (8, [&[3, 2, 1][..], &address.to_le_bytes(), &[4, 0, 0, 0]].concat());
    for (messages, expected) in [
        (vec![space(&[4]), float.clone(), contiguous(48, 16)], vec![]),
        (vec![space(&[4]), float.clone(), contiguous(u64::MAX, 16)], vec![]),
        (vec![space(&[4]), float.clone(), contiguous(48, 1 << 40)], vec!["model.header-malformed /"]),
        (vec![space(&[4]), float.clone(), contiguous(u64::MAX - 1, 16)], vec!["model.header-malformed /"]),
        (vec![space(&[4]), float.clone(), chunked(48)], vec![]),
        (vec![space(&[4]), float.clone(), chunked(1 << 50)], vec!["model.header-malformed /"]),
        (vec![space(&[1 << 40, 1 << 40]), float.clone(), chunked(48)], vec!["model.archive-bomb /"]),
    ] {
        let listing = list_hdf5(&mut file(&messages, &[]), &Limits::default());
        assert_eq!(seen(&listing.sightings), expected);
        assert!(matches!(listing.objects[0].content, Content::Dataset { numeric: true, .. }));
    }
}

#[test]
fn what_is_not_read_is_said() {
    let user = (6, vec![1, 8, 70, 1, b'u', 0, 0]);
    let listing = list_hdf5(&mut file(&[user], &[]), &Limits::default());
    assert_eq!(seen(&listing.sightings), ["model.not-inspected u"]);

    // An image of the metadata cache in the superblock's extension.
    let mut image = file(&[(0x18, vec![0; 17])], &[]);
    image[20..28].copy_from_slice(&48u64.to_le_bytes());
    let listing = list_hdf5(&mut image, &Limits::default());
    assert_eq!(seen(&listing.sightings), ["model.not-inspected an image of the metadata cache was not read"]);

    // The block of a driver that spreads the file over several.
    let mut several = fixture("odd-earliest.h5");
    several[48..56].copy_from_slice(&96u64.to_le_bytes());
    let listing = list_hdf5(&mut several, &Limits::default());
    assert_eq!(
        seen(&listing.sightings),
        ["model.not-inspected the file is one of several, and the others were not looked at"]
    );

    let number = (
        0x0c,
        [&[3, 0, 13, 0, 8, 0, 4, 0, 0][..], b"model_config\0", &[0x10, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 7]].concat(),
    );
    let found = inspect_hdf5(&mut file(&[number], &[]), &names(), &Limits::default());
    assert_eq!(seen(&found.sightings), ["model.not-inspected model_config"]);
}

proptest! {
    #[test]
    fn any_messages_end(messages in prop::collection::vec((0u8..0x19, prop::collection::vec(any::<u8>(), 0..40)), 0..12), behind in prop::collection::vec(any::<u8>(), 0..200)) {
        let bytes = file(&messages, &behind);
        let first = list_hdf5(&mut bytes.clone(), &Limits::default());
        prop_assert_eq!(&first, &list_hdf5(&mut bytes.clone(), &Limits::default()));
        prop_assert!(first.objects.len() < 400);
    }
}
