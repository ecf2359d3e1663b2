use jingwei_advise::{Exploitation, Match, Nature, StoreBuilder, assess, changed, vex::VexSet};
use jingwei_core::{Ecosystem, Limits, Priority, Severity};
use serde_json::{Value, json};

use crate::support::{import, located, matches, now, opened, osv, range, store_of, told};

fn record(id: &str, aliases: &[&str], fixed: &str, more: Value) -> Value {
    let events = ["introduced 0".to_owned(), format!("fixed {fixed}")];
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let mut whole = osv(id, "PyPI", "thing", json!({ "aliases": aliases, "ranges": [range("ECOSYSTEM", &events)] }));
    for (key, value) in more.as_object().unwrap() {
        whole[key] = value.clone();
    }
    whole
}

const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const MEDIUM: &str = "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N";

fn vector(vector: &str) -> Value {
    json!({ "severity": [{ "type": "CVSS_V3", "score": vector }] })
}

#[test]
fn records_of_one_fault_are_one_match() {
    let mut store = store_of(&[
        record(
            "GHSA-aaaa",
            &["CVE-2026-1"],
            "1.3",
            json!({ "summary": "From GitHub", "severity": [{ "type": "CVSS_V3", "score": MEDIUM }], "references": [{ "url": "https://b.invalid" }] }),
        ),
        record(
            "PYSEC-2026-1",
            &["CVE-2026-1"],
            "1.2",
            json!({ "severity": [{ "type": "CVSS_V3", "score": CRITICAL }], "references": [{ "url": "https://a.invalid" }], "modified": "2026-05-01T00:00:00Z" }),
        ),
        record("OTHER-1", &[], "1.9", json!({})),
        // Ties two names together that have nothing in common.
        record("CVE-2026-7", &["OTHER-1", "OTHER-2"], "1.9", json!({})),
        record("OTHER-2", &[], "1.9", json!({})),
        record("GONE-1", &["CVE-2026-9"], "9.9", json!({ "withdrawn": "2026-02-01T00:00:00Z" })),
    ]);
    let found = matches(&mut store, &[located(Ecosystem::Pypi, "thing", Some("1.2.5"))]);
    let ids: Vec<(&str, usize)> = found.iter().map(|one| (one.id.as_str(), one.opinions.len())).collect();
    assert_eq!(ids, [("CVE-2026-1", 2), ("CVE-2026-7", 3)]);
    let first = &found[0];
    assert_eq!(first.ids, ["CVE-2026-1", "GHSA-aaaa", "PYSEC-2026-1"]);
    assert_eq!(told(&first.standing), "affected <1.3 -> 1.3");
    let opinions: Vec<String> = first.opinions.iter().map(|one| told(&one.standing)).collect();
    assert_eq!(opinions, ["affected <1.3 -> 1.3", "not affected"], "who disagrees is shown");
    assert_eq!(first.rating.as_ref().unwrap().severity, Severity::Critical);
    assert_eq!(first.title.as_ref().unwrap().en, "From GitHub");
    assert_eq!(first.references, ["https://a.invalid", "https://b.invalid"]);
    assert_eq!(first.modified.unwrap().to_string(), "2026-05-01T00:00:00Z");
}

#[test]
fn attacks_come_before_severity() {
    let limits = Limits::default();
    let kev = "cveID,dateAdded,dueDate\nCVE-2026-1001,2026-05-05,2026-05-26\nCVE-2026-1002,2026-11-01,2026-12-01\n";
    let epss = "cve,epss,percentile\nCVE-2026-1003,0.10000,0.9\nCVE-2026-1004,0.09,0.8\nCVE-2026-1005,0.001,0.1\nCVE-2026-1006,0.001,0.1\n";
    let rows: [(&str, Value, Priority); 10] = [
        ("CVE-2026-1001", vector(MEDIUM), Priority::High),
        ("CVE-2026-1002", json!({}), Priority::High),
        ("CVE-2026-1003", vector(MEDIUM), Priority::High),
        ("CVE-2026-1004", vector(MEDIUM), Priority::Medium),
        ("CVE-2026-1005", vector(MEDIUM), Priority::Low),
        ("CVE-2026-1006", vector(CRITICAL), Priority::High),
        ("CVE-2026-1007", json!({ "database_specific": { "severity": "HIGH" } }), Priority::Medium),
        ("CVE-2026-1008", json!({ "database_specific": { "severity": "LOW" } }), Priority::Low),
        ("CVE-2026-1009", json!({}), Priority::Medium),
        ("MAL-2026-1", json!({}), Priority::High),
    ];
    let mut builder = StoreBuilder::new();
    let records: Vec<Value> = rows.iter().map(|(id, more, _)| record(id, &[], "2.0", more.clone())).collect();
    import(&mut builder, &records);
    let mut more = builder.import("kev", now(), &limits);
    more.kev("kev.csv", kev.as_bytes());
    assert_eq!(more.finish().summary.counts.taken, 2);
    let mut more = builder.import("epss", now(), &limits);
    more.epss("epss.csv", epss.as_bytes());
    more.finish();
    let found = matches(&mut opened(&builder), &[located(Ecosystem::Pypi, "thing", Some("1.0"))]);
    for (id, _, expected) in rows {
        let one = found.iter().find(|one| one.id == id).unwrap();
        assert_eq!(one.priority, expected, "{id}");
    }
    let exploited = |id: &str| found.iter().find(|one| one.id == id).unwrap().exploited.clone();
    assert!(matches!(exploited("CVE-2026-1001"), Some(Exploitation { overdue: true, .. })));
    assert!(matches!(exploited("CVE-2026-1002"), Some(Exploitation { overdue: false, .. })));
    assert_eq!(exploited("CVE-2026-1003"), None);
    assert_eq!(found.iter().find(|one| one.id == "MAL-2026-1").unwrap().nature, Nature::Malicious);
}

#[test]
fn the_order_of_packages_and_records_does_not_matter() {
    let records = [
        record("GHSA-b", &["CVE-2026-2"], "2.0", json!({})),
        record("GHSA-a", &["CVE-2026-1"], "1.0", json!({})),
        osv("GHSA-c", "npm", "thing", json!({ "versions": ["1.0.0"] })),
    ];
    let packages = [
        located(Ecosystem::Npm, "thing", Some("1.0.0")),
        located(Ecosystem::Pypi, "thing", Some("1.5")),
        located(Ecosystem::Pypi, "thing", Some("0.5")),
        located(Ecosystem::Pypi, "other", Some("0.5")),
    ];
    let backwards = |list: &[Value]| list.iter().rev().cloned().collect::<Vec<_>>();
    let forward = matches(&mut store_of(&records), &packages);
    let mut turned: Vec<_> = packages.to_vec();
    turned.reverse();
    assert_eq!(matches(&mut store_of(&backwards(&records)), &turned), forward);
    let told: Vec<(Ecosystem, &str, &str, String)> = forward
        .iter()
        .map(|one| {
            let package = &one.located.package;
            (package.ecosystem, package.version.as_deref().unwrap(), one.id.as_str(), told(&one.standing))
        })
        .collect();
    let affected = |range: &str| format!("affected {range}");
    assert_eq!(
        told,
        [
            (Ecosystem::Pypi, "0.5", "CVE-2026-1", affected("<1.0 -> 1.0")),
            (Ecosystem::Pypi, "0.5", "CVE-2026-2", affected("<2.0 -> 2.0")),
            (Ecosystem::Pypi, "1.5", "CVE-2026-2", affected("<2.0 -> 2.0")),
            (Ecosystem::Pypi, "1.5", "CVE-2026-1", "not affected".to_owned()),
            (Ecosystem::Npm, "1.0.0", "GHSA-c", affected("==1.0.0")),
        ]
    );
    assert_eq!(serde_json::to_string(&forward).unwrap(), serde_json::to_string(&forward.clone()).unwrap());
}

#[test]
fn facts_that_were_read_at_their_source_decide_before_others() {
    let advisory = r#"
kind = "advisory"
version = 1
id = "JW-1"
aliases = ["CVE-2026-1"]
title = { zh = "漏洞", en = "a fault" }
summary = { zh = "说明", en = "a summary" }
source = { zh = "二手资料", en = "a secondary source" }
verified = false
modified = "2026-01-01"
[[package]]
ecosystem = "pypi"
name = "thing"
scheme = "pep440"
last_affected = "3.0"
"#;
    let advisory: jingwei_advise::Advisory = toml::from_str(advisory).unwrap();
    let limits = Limits::default();
    let seen = |records: &[Value], version: &str| -> Match {
        let mut builder = StoreBuilder::new();
        import(&mut builder, records);
        let mut own = builder.import("catalog", now(), &limits);
        own.advisory(&advisory);
        own.finish();
        matches(&mut opened(&builder), &[located(Ecosystem::Pypi, "thing", Some(version))]).remove(0)
    };
    let public = record("GHSA-a", &["CVE-2026-1"], "2.0", json!({ "summary": "public" }));
    let silent = osv("GHSA-a", "PyPI", "thing", json!({ "aliases": ["CVE-2026-1"] }));
    for (records, version, expected, unverified) in [
        (vec![], "2.5", "affected <=3.0", true),
        (vec![public.clone()], "2.5", "not affected", false),
        (vec![public.clone()], "1.5", "affected <2.0 -> 2.0", false),
        (vec![silent], "2.5", "affected <=3.0", false),
        (vec![public], "main", "unknown: unreadable", false),
    ] {
        let found = seen(&records, version);
        assert_eq!((told(&found.standing).as_str(), found.unverified), (expected, unverified), "{version}");
        assert_eq!(found.title.unwrap().zh, "漏洞", "the title in both languages is kept");
    }
}

#[test]
fn only_what_somebody_must_act_on_is_a_change() {
    let old = vec![
        record("GHSA-a", &[], "2.0", json!({})),
        record("GHSA-b", &[], "2.0", json!({})),
        record("GHSA-c", &[], "2.0", vector(MEDIUM)),
        record("GHSA-e", &[], "1.0", json!({})),
    ];
    let new = vec![
        // Got a CVE: still the same fault.
        record("GHSA-a", &["CVE-2026-1"], "2.0", json!({})),
        record("GHSA-b", &[], "2.0", json!({ "withdrawn": "2026-02-01T00:00:00Z" })),
        record("GHSA-c", &[], "2.0", vector(CRITICAL)),
        record("GHSA-d", &[], "2.0", json!({})),
        record("GHSA-e", &[], "1.1", json!({})),
        record("GHSA-f", &[], "1.0", json!({})),
    ];
    let ids = |list: &[Match]| list.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
    let at = |records: &[Value], version| {
        matches(&mut store_of(records), &[located(Ecosystem::Pypi, "thing", Some(version))])
    };
    let changes = changed(&at(&old, "1.5"), &at(&new, "1.5"));
    assert_eq!(ids(&changes.new), ["GHSA-d"]);
    assert_eq!(ids(&changes.gone), ["GHSA-b"]);
    let altered: Vec<&str> = changes.altered.iter().map(|one| one.after.id.as_str()).collect();
    assert_eq!(altered, ["GHSA-c"]);
    assert!(changed(&at(&new, "1.5"), &at(&new, "1.5")).is_empty());
    // Another version of the package: what stays is altered, not gone and new.
    let changes = changed(&at(&old, "0.9"), &at(&old, "1.5"));
    assert_eq!((ids(&changes.new), ids(&changes.gone)), (vec![], vec!["GHSA-e".to_owned()]));
    assert_eq!(changes.altered.len(), 3);
    let changes = changed(&at(&old, "1.5"), &at(&old, "2.0"));
    assert_eq!((changes.new.len(), changes.gone.len(), changes.altered.len()), (0, 3, 0));
    let nothing = assess(&mut store_of(&old), &[], &VexSet::default(), now()).unwrap();
    assert_eq!(changed(&nothing, &at(&old, "1.5")).new.len(), 3);
}
