use jingwei_advise::{Store, StoreBuilder, StoreError};
use jingwei_core::{Ecosystem, Limits};
use serde_json::{Value, json};

use crate::support::{import, now, opened, osv, range, store_of};

fn record(id: &str, name: &str, modified: &str) -> Value {
    let ranges = json!([range("SEMVER", &["introduced 0", "fixed 1.0.0"])]);
    osv(id, "npm", name, json!({ "ranges": ranges, "modified": modified }))
}

#[test]
fn a_store_finds_every_package_that_it_was_given() {
    let names: Vec<String> = (0..500).map(|number| format!("@scope{}/name-{number}", number % 7)).collect();
    let records: Vec<Value> =
        names.iter().map(|name| record(&format!("GHSA-{name}"), name, "2026-01-01T00:00:00Z")).collect();
    let mut store = store_of(&records);
    assert_eq!(store.count(), 500);
    for name in &names {
        let found = store.records(Ecosystem::Npm, name).unwrap();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0].id, format!("GHSA-{name}"));
        assert_eq!(found[0].source, "osv");
        assert!(store.records(Ecosystem::Pypi, name).unwrap().is_empty());
    }
    for name in ["", "@scope0/name-", "zzz", "@scope0/name-0 ", "a\tb", "\u{10ffff}"] {
        let found = store.records(Ecosystem::Npm, name).unwrap();
        assert_eq!(found.len(), usize::from(name.trim() == "@scope0/name-0"), "{name:?}");
    }
}

#[test]
fn an_import_counts_and_names_what_it_did_with_every_record() {
    let mut builder = StoreBuilder::new();
    let limits = Limits::default();
    let first =
        import(&mut builder, &[record("A", "a", "2026-01-02T00:00:00Z"), record("B", "b", "2026-01-02T00:00:00Z")]);
    assert_eq!((first.summary.counts.read, first.summary.counts.taken), (2, 2));
    let mut second = builder.import("other", now(), &limits);
    for (name, text) in [
        ("older", record("A", "a", "2026-01-01T00:00:00Z").to_string()),
        ("newer", record("B", "b2", "2026-01-03T00:00:00Z").to_string()),
        ("broken", "{".to_owned()),
        ("elsewhere", osv("E", "Hex", "x", json!({})).to_string()),
        (
            "withdrawn",
            osv("W", "npm", "x", json!({ "versions": ["1.0.0"], "withdrawn": "2026-01-01T00:00:00Z" })).to_string(),
        ),
    ] {
        second.osv_json(name, text.as_bytes());
    }
    let report = second.finish();
    let counts = report.summary.counts;
    assert_eq!(
        (counts.read, counts.taken, counts.older, counts.withdrawn, counts.elsewhere, counts.rejected),
        (5, 2, 1, 1, 1, 1)
    );
    assert_eq!(report.rejected.len(), 1);
    assert_eq!(report.rejected[0].0, "broken");
    let mut store = opened(&builder);
    assert_eq!(store.imports().iter().map(|import| import.source.as_str()).collect::<Vec<_>>(), ["osv", "other"]);
    assert!(store.records(Ecosystem::Npm, "b").unwrap().is_empty(), "a newer record replaces the old one whole");
    assert_eq!(store.records(Ecosystem::Npm, "b2").unwrap().len(), 1);
}

#[test]
fn a_store_grows_from_a_store() {
    let mut builder = StoreBuilder::new();
    let limits = Limits::default();
    import(&mut builder, &[record("A", "a", "2026-01-02T00:00:00Z")]);
    let mut more = builder.import("kev", now(), &limits);
    more.kev("kev.csv", b"cveID,dateAdded,dueDate\nCVE-2026-1001,2026-05-05,2026-05-26\n");
    more.finish();
    let mut more = builder.import("epss", now(), &limits);
    more.epss("epss.csv", b"#score_date:2026-11-20\ncve,epss,percentile\nCVE-2026-1003,0.1,0.9\n");
    more.finish();
    let bytes = builder.write().unwrap();
    let mut store = Store::from_bytes(bytes.clone(), &limits).unwrap();
    let mut again = StoreBuilder::from_store(&mut store).unwrap();
    assert_eq!(again.write().unwrap(), bytes, "the same content gives the same bytes");
    import(&mut again, &[record("B", "b", "2026-01-02T00:00:00Z")]);
    let mut grown = opened(&again);
    assert_eq!(
        grown.records(Ecosystem::Npm, "a").unwrap().len() + grown.records(Ecosystem::Npm, "b").unwrap().len(),
        2
    );
    assert_eq!(grown.likelihood("CVE-2026-1003").unwrap().date.unwrap().to_string(), "2026-11-20");
    // A table without one good row does not take the place of a good one.
    for bytes in [&b"cveID,dateAdded,dueDate\n"[..], b"cveID,dateAdded,dueDate\nX,y,z\n", b"{}", b""] {
        let mut empty = again.import("kev", now(), &limits);
        empty.kev("kev", bytes);
        let report = empty.finish();
        assert!(report.summary.counts.taken == 0 && report.summary.counts.rejected > 0);
    }
    assert!(opened(&again).exploited("CVE-2026-1001").is_some());
    assert!(grown.exploited("CVE-2026-1001").is_some() && grown.exploited("CVE-2026-1").is_none());
    assert_ne!(grown.digest(), store.digest());
}

#[test]
fn a_damaged_store_is_told_and_never_read_as_empty() {
    let limits = Limits::default();
    let mut builder = StoreBuilder::new();
    import(&mut builder, &[record("A", "a", "2026-01-02T00:00:00Z"), record("B", "b", "2026-01-02T00:00:00Z")]);
    let bytes = builder.write().unwrap();
    let whole = String::from_utf8(bytes.clone()).unwrap();
    let open = |bytes: &[u8]| Store::from_bytes(bytes.to_vec(), &limits);
    assert!(matches!(open(b""), Err(StoreError::NotAStore)));
    assert!(matches!(open(b"{}\n"), Err(StoreError::NotAStore)));
    assert!(matches!(open(&[b'x'; 100_000]), Err(StoreError::NotAStore)));
    let newer = whole.replacen("\"version\":1", "\"version\":2", 1);
    assert!(matches!(open(newer.as_bytes()), Err(StoreError::Version { version: 2 })));
    for cut in 1..bytes.len() {
        assert!(open(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    let header = whole.find('\n').unwrap();
    for at in header + 1..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        if let Ok(mut store) = open(&changed) {
            assert!(matches!(store.verify(), Err(StoreError::Damaged { .. })), "changed at {at}");
        }
    }
    let lying = whole.replacen("\"records\":", "\"records\":9", 1);
    assert!(matches!(open(lying.as_bytes()), Err(StoreError::Damaged { .. })));
    let tight = Limits { header_bytes: 3, ..limits };
    assert!(matches!(Store::from_bytes(bytes, &tight), Err(StoreError::Limit { limit: "header_bytes", .. })));
}

#[test]
fn a_stale_store_says_so() {
    for (modified, days, stale) in [
        ("2026-11-20T00:00:00Z", Some(1), false),
        ("2026-10-01T00:00:00Z", Some(51), true),
        ("2026-11-07T08:00:00Z", Some(14), false),
    ] {
        let fresh =
            store_of(&[record("A", "a", modified), record("B", "b", "2020-01-01T00:00:00Z")]).freshness(now(), 14);
        assert_eq!((fresh.age_days, fresh.stale), (days, stale), "{modified}");
    }
    let empty = opened(&StoreBuilder::new()).freshness(now(), 14);
    assert_eq!((empty.age_days, empty.stale), (None, true));
}
