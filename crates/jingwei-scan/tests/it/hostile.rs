//! Laws that hold for any bytes: no panic, the same result twice, the digest of the bytes, valid places.

use jingwei_core::{ComponentKind, Digest, Limits, Observation};
use jingwei_scan::inventory;
use jingwei_testkit::{FixedExposure, MemoryFiles, World};
use proptest::prelude::*;

use crate::{
    builders::{Gguf, PICKLE, SAFETENSORS_HEADER, safetensors, torch_zip},
    support::{check_named, component, model_check, names},
};

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() }
}

fn samples() -> Vec<Vec<u8>> {
    vec![
        Gguf::sample().bytes(),
        Gguf { big_endian: true, ..Gguf::sample() }.bytes(),
        safetensors(SAFETENSORS_HEADER, 24),
        torch_zip(),
        PICKLE.to_vec(),
        br#"{"auto_map": {"a": "b"}, "list": [1, 2.5, null, "x"]}"#.to_vec(),
        b"---\nlicense: mit\n---\n# Model".to_vec(),
    ]
}

/// A valid file with some bytes changed and, perhaps, its end cut off.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let samples = samples();
    let change = (any::<prop::sample::Index>(), prop_oneof![Just(0), Just(0xff), any::<u8>()]);
    let cut = prop::option::of(any::<prop::sample::Index>());
    (0..samples.len(), prop::collection::vec(change, 0..6), cut).prop_map(move |(which, changes, cut)| {
        let mut bytes = samples[which].clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len() + 1));
        }
        bytes
    })
}

fn check_any(bytes: Vec<u8>, limits: &Limits) {
    let (length, digest) = (bytes.len() as u64, Digest::of(&bytes));
    let world = World::of_files(MemoryFiles::default().with_file("m", bytes));
    let model = component(ComponentKind::Model, "m");
    let taken = inventory(&model, names(), false, &world.ctx(), limits).unwrap();
    assert_eq!(taken, inventory(&model, names(), false, &world.ctx(), limits).unwrap());
    assert_eq!((taken.files[0].sha256, taken.files[0].bytes), (Some(digest), length));
    for observation in model_check().observe(&model, &taken) {
        if let Observation::Finding(finding) = observation {
            assert!(finding.place.offset.unwrap_or(0) <= length + 8, "{finding:?}");
            assert!(finding.message.en.len() < 2_000, "{finding:?}");
        }
    }
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn damaged_files_are_survived(bytes in damaged()) {
        check_any(bytes, &Limits::default());
    }

    #[test]
    fn damaged_files_are_survived_within_tight_limits(bytes in damaged(), entries in 1u64..8, depth in 1u32..4, header_bytes in 0u64..400) {
        let limits = Limits { entries, depth, header_bytes, string_bytes: 12, ..Limits::default() };
        check_any(bytes, &limits);
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn any_bytes_are_survived(
        front in prop::sample::select(vec![&b""[..], b"GGUF\x03\0\0\0", b"GGUF\0\0\0\x03", b"PK\x03\x04", b"PK\x05\x06", b"\x80\x04", b"\x08\0\0\0\0\0\0\0{", b"{", b"("]),
        rest in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        check_any([front, &rest].concat(), &Limits::default());
    }

    #[test]
    fn any_document_and_prompt_is_survived(
        name in prop::sample::select(vec!["c.toml", "c.json", "c.yaml", "c.env", "c"]),
        words in prop::collection::vec(prop::sample::select(vec![
            "host", "port", "[", "]", "{", "}", ": ", "= ", "\"", "'", "\n", "  ", "- ", "0.0.0.0", "::", "8080", "&a ", "*a ", ",", "#", "|", "\u{202e}", "\u{e0041}", "sk-", "é", "ports", "command", "--host", "http://", "\0",
        ]), 0..60),
    ) {
        let text = words.concat();
        let world = World::of_files(MemoryFiles::default().with_file(name, text.clone()));
        for (check, kind) in [("scan.config", ComponentKind::Config), ("scan.prompt", ComponentKind::Prompt)] {
            let check = check_named(check);
            let first = check.run(&component(kind, name), &world.ctx(), &Limits::default()).unwrap();
            prop_assert_eq!(&first, &check.run(&component(kind, name), &world.ctx(), &Limits::default()).unwrap());
            for observation in first {
                if let Observation::Finding(finding) = observation {
                    prop_assert!(finding.place.offset.unwrap_or(0) <= text.len() as u64, "{:?}", finding);
                }
            }
        }
    }

    #[test]
    fn any_url_is_survived(url in "(https?://)?[a-z0-9\\[\\]:.@/%\u{202e} ]{0,40}", status in any::<u16>(), listener in ".{0,20}") {
        let facts = jingwei_core::ExposureFacts {
            status_without_credentials: Some(status),
            listens_on: Some(vec![listener]),
            ..jingwei_core::ExposureFacts::default()
        };
        let world = World { exposure: FixedExposure(facts), ..World::default() };
        let mut endpoint = component(ComponentKind::Endpoint, "");
        endpoint.url = Some(url);
        let seen = check_named("scan.endpoint").run(&endpoint, &world.ctx(), &Limits::default()).unwrap();
        prop_assert!(!seen.is_empty());
    }
}
