//! What Python's zipfile and tarfile, py7zr, lz4 and zstandard pack, opened here. `tests/golden/make.py` writes it.

use std::{collections::BTreeMap, path::Path};

use jingwei_core::Limits;
use jingwei_unpack::Packing;

use crate::look::{look, packings};

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)).unwrap()
}

fn numbers() -> Vec<u8> {
    (0..=255u8).collect::<Vec<_>>().repeat(4)
}

fn files(prefix: &str) -> BTreeMap<String, Vec<u8>> {
    let files = [
        ("archive/data.pkl", b"\x80\x02}q\x00.".to_vec()),
        ("archive/data/0", numbers()),
        ("README.md", "模型卡\n".repeat(3).into_bytes()),
        ("empty", Vec::new()),
    ];
    files.map(|(name, content)| (format!("{prefix}{name}!"), content)).into()
}

#[test]
fn archives_hold_what_was_packed() {
    for name in ["stored", "deflate", "bzip2", "lzma", "streamed64"] {
        let bytes = golden(&format!("{name}.zip"));
        let seen = look(&bytes, &Limits::default());
        assert_eq!(packings(&bytes), [Packing::Zip], "{name}");
        assert_eq!((seen.contents, seen.sightings), (files(""), Vec::new()), "{name}.zip");
    }
    for name in ["default", "lzma", "delta", "bzip2", "deflate", "copy", "zstd"] {
        let bytes = golden(&format!("{name}.7z"));
        let seen = look(&bytes, &Limits::default());
        assert_eq!(packings(&bytes), [Packing::SevenZip], "{name}");
        assert_eq!((seen.contents, seen.sightings), (files(""), Vec::new()), "{name}.7z");
    }
}

#[test]
fn tars_hold_what_was_packed() {
    for name in ["ustar", "gnu", "pax"] {
        let last = if name == "ustar" { "e".repeat(80) } else { "长".repeat(40) };
        let mut seen = look(&golden(&format!("{name}.tar.gz")), &Limits::default());
        seen.contents.remove("!").unwrap();
        let mut expected = files("!");
        expected.insert(format!("!{}/{last}!", "d".repeat(60)), b"long".to_vec());
        assert_eq!((seen.contents, seen.sightings), (expected, Vec::new()), "{name}");
        assert_eq!(seen.folders, ["folder/"], "{name}");
        let links = [("link", "README.md"), ("hard", "archive/data.pkl")];
        assert_eq!(seen.links, links.map(|(a, b)| (a.to_owned(), b.to_owned())), "{name}");
    }
}

#[test]
fn streams_hold_what_was_packed() {
    let once = [numbers(), "模型卡\n".repeat(3).into_bytes()].concat();
    for (name, packing, times) in [
        ("twice.gz", Packing::Gzip, 2),
        ("twice.bz2", Packing::Bzip2, 2),
        ("twice.xz", Packing::Xz, 2),
        ("twice.lz4", Packing::Lz4, 2),
        ("twice.zst", Packing::Zstd, 2),
        ("once.lzma", Packing::Lzma, 1),
        ("once.zlib", Packing::Zlib, 1),
        ("once.z", Packing::OldJoblib, 1),
    ] {
        let bytes = golden(name);
        assert_eq!(packings(&bytes), [packing], "{name}");
        let seen = look(&bytes, &Limits::default());
        let expected = BTreeMap::from([("!".to_owned(), once.repeat(times))]);
        assert_eq!((seen.contents, seen.sightings), (expected, Vec::new()), "{name}");
        let junk = look(&[&bytes[..], b"then this"].concat(), &Limits::default());
        assert_eq!(junk.rules(), [("model.archive-junk", "after")], "{name}");
        assert_eq!(junk.contents["!"], once.repeat(times), "{name}");
    }
}

#[test]
fn what_is_not_opened_is_told() {
    for (name, expected) in [
        ("locked.7z", vec!["README.md", "archive/data.pkl", "archive/data/0", "empty"]),
        ("locked-names.7z", vec!["<header>"]),
    ] {
        let seen = look(&golden(name), &Limits::default());
        let expected: Vec<_> = expected.into_iter().map(|key| ("model.archive-encrypted", key)).collect();
        assert_eq!((seen.rules(), seen.contents.len()), (expected, 0), "{name}");
    }
    let seen = look(&golden("ppmd.7z"), &Limits::default());
    assert_eq!((seen.rules(), seen.contents.len()), (vec![("model.not-inspected", "")], 0));
}

#[test]
fn a_zip_behind_something_is_opened_and_told() {
    let bytes = golden("behind.zip");
    assert_eq!(packings(&bytes), [Packing::Zip]);
    let mut seen = look(&bytes, &Limits::default());
    assert_eq!(seen.rules(), [("model.archive-junk", "before")]);
    assert_eq!(seen.contents.remove("<before>!").unwrap(), b"#!/usr/bin/env python3\n");
    assert_eq!(seen.contents, files(""));
}

/// Cut anywhere, an archive is never taken for a whole one.
#[test]
fn cut_anywhere_it_is_told() {
    for name in ["deflate.zip", "stored.zip", "default.7z", "twice.bz2", "twice.xz", "twice.lz4", "once.lzma"] {
        let bytes = golden(name);
        let whole = look(&bytes, &Limits::default());
        for length in 0..bytes.len() {
            let seen = look(&bytes[..length], &Limits::default());
            let told = !seen.sightings.is_empty() || packings(&bytes[..length]).is_empty();
            let frame =
                name.starts_with("twice") && seen.contents.get("!").is_some_and(|c| whole.contents["!"] == c.repeat(2));
            assert!(told || frame, "{name} cut to {length}");
        }
    }
}
