use jingwei_advise::{Event, Flaw, Nature, Record, StoreBuilder, osv, read_epss, read_kev, rustsec, severity};
use jingwei_core::{Ecosystem, Limits, Severity};
use serde_json::json;

use crate::support::{located, matches, now, opened, told};

fn read(text: &str) -> Result<Option<Record>, Flaw> {
    osv::read_json(text.as_bytes(), &Limits::default())
}

#[test]
fn an_osv_record_keeps_what_decides() {
    let record = read(
        r###"{"schema_version": "1.7.5", "id": "GHSA-c995-4fw3-j39m", "modified": "2026-02-01T10:00:00.123Z",
            "aliases": ["CVE-2025-3248"], "upstream": null, "related": ["X"], "summary": "",
            "details": "\n## Code injection in Langflow\nmore", "severity": [
              {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, {"type": "Ubuntu", "score": "high"}],
            "affected": [
              {"package": {"ecosystem": "PyPI", "name": "Langflow_Base", "purl": "pkg:pypi/langflow-base"},
               "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.3.0"}], "database_specific": {}}]},
              {"package": {"ecosystem": "Hex", "name": "other"}}, {"ranges": []}],
            "references": [{"type": "WEB", "url": "https://example.invalid/a"}], "credits": [{"name": "x"}],
            "database_specific": {"cwe_ids": ["CWE-94", 7], "severity": "MODERATE", "github_reviewed": true}, "future": [1]}"###,
    )
    .unwrap()
    .unwrap();
    assert_eq!(
        (record.id.as_str(), record.aliases.as_slice()),
        ("GHSA-c995-4fw3-j39m", &["CVE-2025-3248".to_owned()][..])
    );
    assert_eq!(record.title.unwrap().en, "Code injection in Langflow");
    let rating = record.rating.unwrap();
    assert_eq!((rating.severity, rating.score_tenths), (Severity::Critical, Some(98)));
    assert_eq!(record.cwe, ["CWE-94"]);
    assert_eq!(record.affected.len(), 1);
    assert_eq!((record.affected[0].ecosystem, record.affected[0].name.as_str()), (Ecosystem::Pypi, "langflow-base"));
    assert_eq!(record.modified.unwrap().to_string(), "2026-02-01T10:00:00.123Z");
    assert_eq!(record.nature, Nature::Vulnerability);
}

#[test]
fn bad_records_are_refused_with_the_reason() {
    let affected = r#""affected": [{"package": {"ecosystem": "npm", "name": "a"}, "versions": ["1.0.0"]}]"#;
    for (text, reason) in [
        (String::new(), "it is not valid JSON"),
        ("{".to_owned(), "it is not valid JSON"),
        ("[]".to_owned(), "`id` is missing"),
        ("{\"id\": 7}".to_owned(), "it is not valid JSON"),
        ("{}".to_owned(), "`id` is missing"),
        (format!("{{{affected}}}"), "`id` is missing"),
        (format!("{{\"id\": \"a\\nb\", {affected}}}"), "`id` has a bad value"),
        (format!("{{\"id\": \"{}\", {affected}}}", "a".repeat(257)), "`id` has a bad value"),
        (format!("{{\"id\": \"a\", \"modified\": \"soon\", {affected}}}"), "`modified` has a bad value: soon"),
        (r#"{"id": "a", "affected": [{"package": {"ecosystem": "npm", "name": ""}}]}"#.to_owned(), "`name` is missing"),
        (
            r#"{"id": "a", "affected": [{"package": {"ecosystem": "npm", "name": "a"}, "ranges": [{"type": "X"}]}]}"#
                .to_owned(),
            "`ranges.type` has a bad value: X",
        ),
    ] {
        let flaw = read(&text).unwrap_err();
        assert!(flaw.text().en.starts_with(reason), "{text}: {}", flaw.text().en);
        assert_ne!(flaw.text().zh, flaw.text().en);
    }
    assert_eq!(read(r#"{"id": "a", "affected": [{"package": {"ecosystem": "Hex", "name": "a"}}]}"#), Ok(None));
    assert_eq!(read(r#"{"id": "a", "affected": null}"#), Ok(None));
}

#[test]
fn crossing_a_limit_is_told_before_anything_is_built() {
    let deep = format!("{{\"id\": {}", "[".repeat(100));
    let wide = format!("{{\"id\": \"a\", \"aliases\": [{}]}}", vec!["\"a\""; 60].join(","));
    let limits = Limits { depth: 20, entries: 50, header_bytes: 500, ..Limits::default() };
    for (text, limit) in [(deep.as_str(), "depth"), (wide.as_str(), "entries"), (&" ".repeat(501), "header_bytes")] {
        for flaw in [osv::read_json(text.as_bytes(), &limits), osv::read_yaml(text.as_bytes(), &limits)] {
            assert!(matches!(&flaw, Err(Flaw::Limit { limit: told, .. }) if *told == limit), "{limit}: {flaw:?}");
        }
    }
    let many = |field: &str, count: usize| {
        let entry = r#"{"package": {"ecosystem": "npm", "name": "a"}, "versions": ["1.0.0"]}"#;
        format!("{{\"id\": \"a\", \"{field}\": [{}], \"affected\": [{entry}]}}", vec!["\"x\""; count].join(","))
    };
    for (field, most) in [("aliases", 100), ("upstream", 10_000)] {
        assert!(read(&many(field, most)).is_ok());
        assert_eq!(read(&many(field, most + 1)), Err(Flaw::Limit { limit: field, value: most as u64 }));
    }
    let versions = vec!["\"1\""; 100_001].join(",");
    let listed = format!(
        "{{\"id\": \"a\", \"affected\": [{{\"package\": {{\"ecosystem\": \"npm\", \"name\": \"a\"}}, \"versions\": [{versions}]}}]}}"
    );
    assert_eq!(read(&listed), Err(Flaw::Limit { limit: "versions", value: 100_000 }));
    let rows = "cve,epss,percentile\n".to_owned() + &"CVE-2025-0001,0.5,0.5\n".repeat(5);
    let limits = Limits { entries: 3, ..Limits::default() };
    assert!(matches!(read_epss(rows.as_bytes(), &limits), Err(Flaw::Limit { limit: "entries", .. })));
    let rows = "cveID,dateAdded,dueDate\n".to_owned() + &"CVE-2025-0001,2025-01-01,2025-01-02\n".repeat(5);
    assert!(matches!(read_kev(rows.as_bytes(), &limits), Err(Flaw::Limit { limit: "entries", .. })));
    let limits = Limits { header_bytes: 10, ..Limits::default() };
    for flaw in [read_kev(rows.as_bytes(), &limits).err(), rustsec::read(rows.as_bytes(), &limits).err()] {
        assert!(matches!(flaw, Some(Flaw::Limit { limit: "header_bytes", .. })));
    }
}

#[test]
fn yaml_versions_stay_as_they_are_written() {
    let text = "id: PYSEC-2025-1\nmodified: 2025-01-01T00:00:00Z\nwithdrawn: null\naliases: [CVE-2025-1, &a GHSA-x]\ndetails: |\n  One.\n  Two.\naffected:\n- package: {ecosystem: PyPI, name: thing}\n  ranges:\n  - type: GIT\n    repo: https://example.invalid/r\n    events:\n    - introduced: \"0\"\n    - fixed: 1234567890123456789012345678901234567890\n  - type: ECOSYSTEM\n    events:\n    - introduced: 1.0\n    - fixed: 1.10\n  versions:\n  - 1.0\n  - '1.2'\n  - 1.20\n";
    let record = osv::read_yaml(text.as_bytes(), &Limits::default()).unwrap().unwrap();
    assert_eq!(record.affected[0].versions, ["1.0", "1.2", "1.20"]);
    let events = &record.affected[0].ranges[1].events;
    assert_eq!(events, &[Event::Introduced("1.0".to_owned()), Event::Fixed("1.10".to_owned())]);
    assert_eq!((record.withdrawn, record.title.unwrap().en.as_str()), (None, "One."));
}

#[test]
fn rustsec_requirements_become_ranges() {
    for (versions, affected, clean) in [
        (r#"patched = [">= 1.2.3"]"#, &["0.1.0", "1.2.2", "1.2.3-rc.1"][..], &["1.2.3", "2.0.0"][..]),
        (r#"patched = []"#, &["0.1.0", "9.0.0"], &[]),
        (
            r#"patched = ["^0.9.5", ">= 0.10.2"]"#,
            &["0.9.4", "0.10.0", "0.10.1"],
            &["0.9.5", "0.9.9", "0.10.2", "1.0.0"],
        ),
        (
            r#"patched = [">= 2.0.0"]
unaffected = ["< 1.0.0"]"#,
            &["1.0.0", "1.9.9"],
            &["0.9.9", "2.0.0", "1.0.0-rc.1"],
        ),
        (r#"patched = ["> 1.0.0"]"#, &["1.0.0", "0.5.0"], &["1.0.1", "1.0.1-0"]),
        (
            r#"patched = []
unaffected = ["<= 1.0.0"]"#,
            &["1.0.1", "1.0.1-alpha", "3.0.0"],
            &["1.0.0", "0.1.0"],
        ),
        (r#"patched = [">= 0.4.2, < 0.5.0", ">= 0.5.1"]"#, &["0.4.1", "0.5.0"], &["0.4.2", "0.4.9", "0.5.1"]),
        (r#"patched = ["> 0.9", "<= 0.7"]"#, &["0.8.0", "0.9.0", "0.9.9"], &["0.10.0", "0.7.9", "0.1.0"]),
        (
            r#"patched = [">= 0.10.1", "< 0.10.0, >= 0.9.3", "< 0.9.0, >= 0.8.6"]"#,
            &["0.8.5", "0.9.0", "0.9.2", "0.10.0"],
            &["0.8.6", "0.8.9", "0.9.3", "0.10.1"],
        ),
        (
            r#"patched = []
unaffected = ["< 0.25.0-alpha.3", ">= 0.26.0-beta.1"]"#,
            &["0.25.0-alpha.3", "0.25.0", "0.26.0-alpha.9"],
            &["0.25.0-alpha.2", "0.24.0", "0.26.0-beta.1"],
        ),
        (
            r#"patched = []
unaffected = ["0.1.2"]"#,
            &["0.1.1", "0.2.0", "0.2.0-alpha"],
            &["0.1.2", "0.1.9"],
        ),
        (r#"patched = ["*"]"#, &[], &["0.1.0", "9.0.0"]),
    ] {
        let text = format!(
            "```toml\n[advisory]\nid = \"RUSTSEC-2026-0001\"\npackage = \"thing\"\ndate = \"2026-01-02\"\naliases = [\"CVE-2026-1\"]\n\n[versions]\n{versions}\n```\n\n# A heading\n\nText.\n"
        );
        let mut builder = StoreBuilder::new();
        let limits = Limits::default();
        let mut import = builder.import("rustsec", now(), &limits);
        import.rustsec("RUSTSEC-2026-0001.md", text.as_bytes());
        assert_eq!(import.finish().rejected, []);
        let mut store = opened(&builder);
        for (list, expected) in [(affected, "affected"), (clean, "not affected")] {
            for version in list {
                let found = matches(&mut store, &[located(Ecosystem::Cargo, "thing", Some(version))]);
                assert!(
                    told(&found[0].standing).starts_with(expected),
                    "{versions} {version}: {:?}",
                    found[0].standing
                );
                assert_eq!(
                    (found[0].id.as_str(), found[0].title.as_ref().unwrap().en.as_str()),
                    ("CVE-2026-1", "A heading")
                );
            }
        }
    }
    for (text, reason) in [
        ("# no front matter", "`` ```toml `` is missing"),
        ("```toml\n[advisory]\n```\n", "it is not valid TOML"),
        (
            "```toml\n[advisory]\nid = \"a\"\npackage = \"b\"\n[versions]\npatched = [\"!= 1.0.0\"]\n```\n",
            "`versions` has a bad value",
        ),
        (
            "```toml\n[advisory]\nid = \"a\"\npackage = \"b\"\n[versions]\npatched = [\"newest\"]\n```\n",
            "`versions` has a bad value",
        ),
        ("```toml\n[advisory]\nid = \"a\"\npackage = \"b\"\ndate = \"soon\"\n```\n", "`date` has a bad value"),
    ] {
        let flaw = rustsec::read(text.as_bytes(), &Limits::default()).unwrap_err();
        assert!(flaw.text().en.replace("````toml`", "`` ```toml ``").starts_with(reason), "{}", flaw.text().en);
    }
    let unmaintained = "```toml\n[advisory]\nid = \"a\"\npackage = \"b\"\ninformational = \"unmaintained\"\n[versions]\npatched = []\n```\n";
    assert_eq!(rustsec::read(unmaintained.as_bytes(), &Limits::default()).unwrap().nature, Nature::Informational);
}

#[test]
fn exploited_faults_are_read_from_both_notations() {
    let row = json!({ "cveID": "CVE-2025-3248", "vendorProject": "Langflow", "dateAdded": "2025-05-05", "dueDate": "2025-05-26", "knownRansomwareCampaignUse": "Known" });
    let bad = json!({ "cveID": "CVE-25-1", "dateAdded": "2025-05-05", "dueDate": "" });
    let late = json!({ "cveID": "CVE-2025-9999", "dateAdded": "soon", "dueDate": "" });
    let catalogue =
        json!({ "title": "KEV", "catalogVersion": "2025.08.25", "vulnerabilities": [row, bad, late] }).to_string();
    let csv = "cveID,vendorProject,product,dateAdded,shortDescription,dueDate,knownRansomwareCampaignUse,notes\r\nCVE-2025-3248,\"Lang, \"\"flow\"\"\",x,2025-05-05,\"two\nlines\",2025-05-26,Known,\r\nCVE-25-1,a,b,2025-05-05,c,,Unknown,\r\nCVE-2025-9999,a,b,soon,c,,Unknown,\r\n";
    for text in [catalogue.as_str(), csv] {
        let rows = read_kev(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(rows.rows.len(), 1, "{text}");
        let (cve, entry) = &rows.rows[0];
        assert_eq!(
            (cve.as_str(), entry.since.to_string().as_str(), entry.ransomware),
            ("CVE-2025-3248", "2025-05-05", true)
        );
        assert_eq!(entry.due.unwrap().to_string(), "2025-05-26");
        let rejected: Vec<&str> = rows.rejected.iter().map(|(cve, _)| cve.as_str()).collect();
        assert_eq!(rejected, ["CVE-25-1", "CVE-2025-9999"]);
    }
    assert!(read_kev(b"cveID,dateAdded\n", &Limits::default()).is_err());
}

#[test]
fn likelihoods_are_exact_decimals() {
    let text = "#model_version:v2025.03.14,score_date:2026-11-20T12:55:00Z\ncve,epss,percentile\nCVE-2025-3248,0.94321,0.99999\nCVE-2025-0001,1e-05,0.0\nCVE-2025-0002,1,1.0\nCVE-2025-0003,1.1,0.5\nCVE-2025-0004,x,0.5\nCVE-2025-0005,-0.1,0.5\nCVE-2025-0006,4.2e-04,0.5\n";
    let rows = read_epss(text.as_bytes(), &Limits::default()).unwrap();
    let scores: Vec<u32> = rows.rows.iter().map(|(_, entry)| entry.score_ppm).collect();
    assert_eq!(scores, [943_210, 10, 1_000_000, 420]);
    assert_eq!(rows.rows[0].1.date.unwrap().to_string(), "2026-11-20");
    assert_eq!(rows.rejected.len(), 3);
    assert!(read_epss(b"cve,score\n", &Limits::default()).is_err());
}

#[test]
fn vectors_are_scored_as_first_published_them() {
    // Examples of the CVSS 3.1 and 4.0 specifications and calculators.
    for (vector, expected) in [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Some((98, Severity::Critical))),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", Some((61, Severity::Medium))),
        ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", Some((0, Severity::Info))),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Some((93, Severity::Critical))),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", Some((100, Severity::Critical))),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N", None),
        ("CVSS:3.1/AV:N", None),
        ("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", None),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", None),
        ("9.8", None),
        ("", None),
    ] {
        let rating = severity::of_vector(vector);
        assert_eq!(rating.map(|rating| (rating.score_tenths.unwrap(), rating.severity)), expected, "{vector}");
    }
}

#[test]
fn a_range_ends_where_its_database_says_so() {
    for (events, known, expected) in [
        (r#"[{"introduced": "0"}]"#, "<= 2.3.2", &["<=2.3.2"][..]),
        (r#"[{"introduced": "0"}]"#, "< 0.20.2", &["<0.20.2"]),
        (r#"[{"introduced": "1.0"}]"#, "= 2", &[">=1.0"]),
        (r#"[{"introduced": "0"}, {"fixed": "3.0"}]"#, "<= 2.3.2", &["<3.0"]),
    ] {
        let text = format!(
            r#"{{"id": "G", "affected": [{{"package": {{"ecosystem": "PyPI", "name": "thing"}},
                "ranges": [{{"type": "ECOSYSTEM", "events": {events}}}], "database_specific": {{"last_known_affected_version_range": "{known}"}}}}]}}"#
        );
        let mut builder = StoreBuilder::new();
        let limits = Limits::default();
        let mut import = builder.import("osv", now(), &limits);
        import.osv_json("G", text.as_bytes());
        import.finish();
        let found = matches(&mut opened(&builder), &[located(Ecosystem::Pypi, "thing", None)]);
        let standing = serde_json::to_value(&found[0].standing).unwrap();
        assert_eq!(standing["why"]["ranges"], json!(expected), "{known}");
    }
}
