use std::{fs, path::Path};

use jingwei_advise::{
    Standing, osv, read_epss, read_kev, rustsec, severity,
    versions::{Scheme, Version},
    vex,
};
use jingwei_core::{Ecosystem, Limits};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{located, matches, osv as record, range, store_of};

/// No bytes make a reader panic, and the same bytes give the same answer.
fn read_all(bytes: &[u8]) {
    let limits = Limits::default();
    assert_eq!(osv::read_json(bytes, &limits), osv::read_json(bytes, &limits));
    assert_eq!(osv::read_yaml(bytes, &limits), osv::read_yaml(bytes, &limits));
    assert_eq!(rustsec::read(bytes, &limits), rustsec::read(bytes, &limits));
    assert_eq!(vex::read(bytes, &limits), vex::read(bytes, &limits));
    let rows = |bytes| read_kev(bytes, &limits).map(|rows| rows.rows).ok();
    assert_eq!(rows(bytes), rows(bytes));
    let rows = |bytes| read_epss(bytes, &limits).map(|rows| rows.rows).ok();
    assert_eq!(rows(bytes), rows(bytes));
}

#[test]
fn the_fuzz_corpus_is_read_without_a_panic() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for folder in ["osv", "versions"] {
        let mut count = 0;
        for entry in fs::read_dir(corpus.join(folder)).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            read_all(&bytes);
            if let Ok(text) = str::from_utf8(&bytes) {
                for scheme in Scheme::ALL {
                    for line in text.lines() {
                        drop(Version::parse(scheme, line));
                    }
                }
            }
            count += 1;
        }
        assert!(count >= 5, "{folder} has {count} seeds");
    }
}

/// The evaluation of the OSV schema as its page writes it down: slow and obvious.
fn slow_answer(events: &[(usize, u32)], limits: &[u32], version: u32) -> bool {
    if !limits.is_empty() && limits.iter().all(|limit| version >= *limit) {
        return false;
    }
    let mut sorted = events.to_vec();
    sorted.sort_by_key(|(_, at)| *at);
    let mut affected = false;
    for (kind, at) in sorted {
        match kind {
            0 if version >= at => affected = true,
            1 if version >= at => affected = false,
            2 if version > at => affected = false,
            _ => {}
        }
    }
    affected
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn any_text_between_the_marks_of_the_formats_is_read_or_refused(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "\"id\"", ":", ",", "\"a\"", "\"affected\"", "null", "id: a\n", "- ", "affected:\n", "  ", "&a ", "*a", "'", "\"",
            "```toml\n", "\n```", "[advisory]\n", "cveID,dateAdded,dueDate\n", "cve,epss,percentile\n", "CVE-2025-0001", ",0.5", ",1e-9", "\r\n", "é",
        ]), 0..40)
    ) {
        read_all(parts.concat().as_bytes());
    }

    #[test]
    fn a_vector_is_scored_or_refused(text in "CVSS:[34].[01](/[A-Z]{1,3}:[A-Z]{1,2}){0,14}|CVSS:4.0/AV:[NALP]/AC:[LH]/AT:[NP]/PR:[NLH]/UI:[NPA]/VC:[NLH]/VI:[NLH]/VA:[NLH]/SC:[NLH]/SI:[NLHS]/SA:[NLHS](/E:[XAPU])?(/MAV:[XNALP])?") {
        if let Some(rating) = severity::of_vector(&text) {
            prop_assert!(rating.score_tenths.unwrap() <= 100);
        }
    }

    #[test]
    fn ranges_answer_as_the_schema_evaluates_them(
        events in prop::collection::hash_map(1..12_u32, 0..3_usize, 1..6),
        limits in prop::collection::vec(1..12_u32, 0..2),
        version in 0..13_u32,
    ) {
        // Of equal versions the page says nothing, so that each stands once.
        let events: Vec<(usize, u32)> = events.into_iter().map(|(at, kind)| (kind, at)).collect();
        let names = ["introduced", "fixed", "last_affected"];
        let mut texts: Vec<String> = events.iter().map(|(kind, at)| format!("{} {at}.0", names[*kind])).collect();
        texts.extend(limits.iter().map(|limit| format!("limit {limit}.0")));
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let record = record("X-1", "PyPI", "thing", json!({ "ranges": [range("ECOSYSTEM", &texts)] }));
        let version_text = format!("{version}.0");
        let found = matches(&mut store_of(&[record]), &[located(Ecosystem::Pypi, "thing", Some(&version_text))]);
        let affected = matches!(found[0].standing, Standing::Affected { .. });
        prop_assert_eq!(affected, slow_answer(&events, &limits, version), "{:?} {}", texts, version);
    }

    #[test]
    fn a_requirement_never_says_more_than_its_versions(low in 0..8_u32, high in 0..10_u32, intro in 0..8_u32, fixed in 0..10_u32) {
        let events = [format!("introduced {intro}.0"), format!("fixed {fixed}.0")];
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let record = record("X-1", "PyPI", "thing", json!({ "ranges": [range("ECOSYSTEM", &events)] }));
        let mut store = store_of(&[record]);
        let mut asking = located(Ecosystem::Pypi, "thing", None);
        asking.requirement = Some(format!(">={low},<{high}"));
        let whole = matches(&mut store, &[asking])[0].standing.clone();
        for version in low..high {
            let one = matches(&mut store, &[located(Ecosystem::Pypi, "thing", Some(&format!("{version}.0")))])[0].standing.clone();
            match whole {
                Standing::Affected { .. } => prop_assert!(matches!(one, Standing::Affected { .. }), "{} {:?}", version, whole),
                Standing::NotAffected { .. } => prop_assert!(matches!(one, Standing::NotAffected { .. }), "{} {:?}", version, whole),
                Standing::Unknown { .. } => {}
            }
        }
    }
}
