use std::{fs, path::Path};

use jingwei_core::Limits;
use proptest::prelude::*;

use crate::{
    build::{Entry, deflated, entry, tar_file, zip},
    look::{look, small},
};

fn golden() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    paths.iter().filter(|p| p.extension().is_some_and(|e| e != "py")).map(|p| fs::read(p).unwrap()).collect()
}

/// Bytes of no order, of a packing's first bytes, or of an archive with some bytes changed.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let fronts = prop::sample::select(vec![
        &b"PK\x03\x04"[..],
        b"7z\xbc\xaf\x27\x1c",
        b"\x1f\x8b\x08\0",
        b"BZh91AY&SY",
        b"\xfd7zXZ\0",
        b"\x28\xb5\x2f\xfd",
        b"\x04\x22\x4d\x18",
        b"\x5d\0\0\x80\0",
        b"x\x9c",
        b"ZF0x",
    ]);
    let any_bytes = prop::collection::vec(any::<u8>(), 0..600);
    let fronted = (fronts, any_bytes.clone()).prop_map(|(front, rest)| [front, &rest].concat());
    let changed =
        (prop::sample::select(golden()), prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6))
            .prop_map(|(mut bytes, changes)| {
                changes.iter().for_each(|(at, byte)| *at.get_mut(&mut bytes) = *byte);
                bytes
            });
    prop_oneof![1 => any_bytes, 2 => fronted, 5 => changed]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_opened_without_panic_and_the_same_each_time(bytes in bytes()) {
        let seen = look(&bytes, &small());
        prop_assert!(seen.decoded <= 8 * (1 << 20) + 100 * bytes.len() as u64);
        prop_assert_eq!(seen, look(&bytes, &small()));
    }

    #[test]
    fn what_was_packed_comes_out(
        files in prop::collection::btree_map("[a-z]{1,6}(/[a-z模]{1,4})?", (prop::collection::vec(any::<u8>(), 0..300), any::<bool>()), 0..8),
    ) {
        let files: Vec<_> = files.into_iter().map(|(name, (content, packed))| (name, [b"#", &content[..]].concat(), packed)).collect();
        let entries: Vec<Entry> =
            files.iter().map(|(name, content, packed)| if *packed { deflated(name, content) } else { entry(name, content) }).collect();
        let tar: Vec<u8> = files.iter().flat_map(|(name, content, _)| tar_file(name, content)).chain([0; 1024]).collect();
        for bytes in [zip(&entries), tar] {
            let seen = look(&bytes, &Limits::default());
            prop_assert!(seen.sightings.is_empty() || files.is_empty(), "{:?}", seen.sightings);
            for (name, content, _) in &files {
                prop_assert_eq!(&seen.contents[&format!("{name}!")], content);
            }
        }
    }
}
