use std::collections::BTreeMap;

use jingwei_core::Ecosystem;
use serde_json::{Value, json};

use crate::support::{check, located, matches, osv, range, store_of, told};

const PYPI: Ecosystem = Ecosystem::Pypi;

fn pypi(events: &[&str]) -> Value {
    osv("X-1", "PyPI", "thing", json!({ "ranges": [range("ECOSYSTEM", events)] }))
}

#[test]
fn versions_fall_inside_or_outside_of_ranges() {
    let two = &["introduced 0", "fixed 1.0", "introduced 2.0", "fixed 2.3.1"][..];
    for (events, version, expected) in [
        (&["introduced 0", "fixed 1.3.0"][..], "1.2.9", "affected <1.3.0 -> 1.3.0"),
        (&["introduced 0", "fixed 1.3.0"], "1.3.0", "not affected"),
        (&["introduced 0", "fixed 1.3.0"], "1.3.0rc1", "affected <1.3.0 -> 1.3.0"),
        (&["introduced 0", "fixed 1.3.0"], "1.3.0.post1", "not affected"),
        (&["introduced 0", "fixed 1.3"], "1!0.1", "not affected"),
        (&["introduced 1.0"], "0.9", "not affected"),
        (&["introduced 1.0"], "7", "affected >=1.0"),
        (&["introduced 0"], "7", "affected *"),
        (&["introduced 1.0", "last_affected 2.5.1"], "2.5.1", "affected >=1.0,<=2.5.1"),
        (&["introduced 1.0", "last_affected 2.5.1"], "2.5.2", "not affected"),
        (&["introduced 1.0", "last_affected 1.0"], "1.0.0", "affected ==1.0"),
        // A build of an affected release is affected.
        (&["introduced 1.0", "last_affected 2.5.1"], "2.5.1+cu121", "affected >=1.0,<=2.5.1"),
        (&["introduced 0", "fixed 2.6.0"], "2.6.0+cpu", "not affected"),
        (&["introduced 0", "fixed 2.6.0+patched"], "2.6.0+cpu", "affected <2.6.0+patched -> 2.6.0+patched"),
        (two, "0.9", "affected <1.0 -> 1.0 2.3.1"),
        (two, "1.5", "not affected"),
        (two, "2.0", "affected >=2.0,<2.3.1 -> 2.3.1"),
        (two, "2.3.1", "not affected"),
        // Events come in any order.
        (&["fixed 2.0", "introduced 0"], "1.0", "affected <2.0 -> 2.0"),
        (&["introduced 0", "limit 2.0"], "1.9", "affected <2.0"),
        (&["introduced 0", "limit 2.0"], "2.0", "not affected"),
        (&["introduced 0", "limit *"], "2.0", "affected *"),
        (&["introduced 1.0", "fixed 1.0"], "1.0", "not affected"),
        (&["introduced 0", "fixed 1.0", "introduced 1.0", "fixed 2.0"], "1.0", "affected >=1.0,<2.0 -> 2.0"),
    ] {
        check(&pypi(events), located(PYPI, "thing", Some(version)), expected);
    }
}

#[test]
fn what_cannot_be_compared_is_unknown() {
    for (events, version, expected) in [
        (&["introduced 0", "fixed 1.3.0"][..], None, "unknown: no-version"),
        (&["introduced 0", "fixed 1.3.0"], Some(""), "unknown: no-version"),
        (&["introduced 0", "fixed 1.3.0"], Some("latest"), "unknown: unreadable"),
        (&["introduced 0", "fixed 1.3.0"], Some("main"), "unknown: unreadable"),
        (&["introduced 0", "fixed 1.3.0"], Some("4908db1"), "unknown: unreadable"),
        (&["introduced 0", "fixed 1.3.0"], Some("v1.x"), "unknown: unreadable"),
        (&["introduced 0", "fixed the-fix"], Some("1.0"), "unknown: unreadable-record"),
        (&["introduced 0", "fixed 3fa2b7c"], Some("1.0"), "unknown: unreadable-record"),
        // A range that somebody found out is no version.
        (&["introduced 0", "fixed 1.3.0"], Some(">=1.2,<2"), "unknown: both"),
    ] {
        check(&pypi(events), located(PYPI, "thing", version), expected);
    }
    check(&osv("X-1", "PyPI", "thing", json!({})), located(PYPI, "thing", Some("1.0")), "unknown: nothing-said");
    let ranges = json!({ "ranges": [range("ECOSYSTEM", &["introduced 0", "fixed 1.0"])] });
    for ecosystem in [Ecosystem::Github, Ecosystem::Huggingface, Ecosystem::Generic] {
        let record = osv("X-1", ecosystem.osv(), "a/b", ranges.clone());
        check(&record, located(ecosystem, "a/b", Some("0.9")), "unknown: no-scheme");
    }
}

#[test]
fn listed_versions_are_affected_whatever_the_ranges_say() {
    let git = range("GIT", &["introduced 0", "fixed 3fa2b7c9d1e0f4a5b6c7d8e9f0a1b2c3d4e5f6a7"]);
    let known = range("ECOSYSTEM", &["introduced 2.0", "fixed 3.0"]);
    for (more, version, expected) in [
        (json!({ "versions": ["1.82.7", "1.82.8"] }), "1.82.8", "affected ==1.82.8"),
        (json!({ "versions": ["1.82.7", "1.82.8"] }), "1.82.9", "not affected"),
        (json!({ "versions": ["1.82.7", "1.82.8"] }), "1.82", "not affected"),
        (json!({ "versions": ["1.0"] }), "1.0.0", "affected ==1.0.0"),
        (json!({ "versions": ["1.0"] }), "1.0+cpu", "affected ==1.0+cpu"),
        (json!({ "versions": ["1.0"] }), "latest", "unknown: unreadable"),
        (json!({ "versions": ["nightly"] }), "nightly", "affected ==nightly"),
        (json!({ "versions": ["1.0"], "ranges": [known] }), "1.0", "affected ==1.0 -> 3.0"),
        (json!({ "versions": ["1.0"], "ranges": [known] }), "2.5", "affected >=2.0,<3.0 -> 3.0"),
        (json!({ "versions": ["1.0"], "ranges": [known] }), "1.1", "not affected"),
        // Ranges of commits beside ranges of versions say the same in other words.
        (json!({ "ranges": [git, known] }), "1.1", "not affected"),
        (json!({ "ranges": [git] }), "1.1", "unknown: only-commits"),
        (json!({ "ranges": [git], "versions": ["1.0"] }), "1.1", "unknown: only-commits"),
        (json!({ "ranges": [git] }), "3fa2b7c", "not affected"),
        (json!({ "ranges": [git] }), "4908db1", "unknown: only-commits"),
        (
            json!({ "ranges": [range("GIT", &["introduced 4908db1e3fa2b7c9d1e0f4a5b6c7d8e9f0a1b2c3"])] }),
            "4908db1e3f",
            "affected ==4908db1e3f",
        ),
    ] {
        check(&osv("X-1", "PyPI", "thing", more), located(PYPI, "thing", Some(version)), expected);
    }
}

#[test]
fn a_requirement_is_affected_only_if_every_version_is() {
    let affected = &["introduced 1.0.0", "fixed 1.5.0"][..];
    for (ecosystem, requirement, expected) in [
        (Ecosystem::Pypi, ">=1.0,<1.5", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Pypi, "==1.2", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Pypi, "~=1.2.0", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Pypi, "==1.2.*", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Pypi, ">=1.5", "not affected"),
        (Ecosystem::Pypi, "<1.0", "not affected"),
        (Ecosystem::Pypi, "<=1.0", "unknown: both"),
        (Ecosystem::Pypi, ">=1.2", "unknown: both"),
        (Ecosystem::Pypi, "~=1.2", "unknown: both"),
        (Ecosystem::Pypi, "!=1.2", "unknown: both"),
        (Ecosystem::Pypi, ">1.4.9,<1.5", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Pypi, ">=2,<1", "unknown: both"),
        (Ecosystem::Pypi, "@ git+https://host/x", "unknown: unreadable-requirement"),
        (Ecosystem::Npm, "^1.2.0", "unknown: both"),
        (Ecosystem::Npm, "~1.2.0", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Npm, "1.2.x", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Npm, "1.2", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Npm, "1.2.3", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Npm, "1.1.0 - 1.4", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Npm, "1.1.0 - 1.5", "unknown: both"),
        (Ecosystem::Npm, ">= 1.1.0 < 1.3.0", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Npm, "1.1.x || 1.3.x", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Npm, "0.1.x || 2.x", "not affected"),
        (Ecosystem::Npm, "1.1.x || 2.x", "unknown: both"),
        (Ecosystem::Npm, "^0.9.1", "not affected"),
        (Ecosystem::Npm, "*", "unknown: both"),
        (Ecosystem::Npm, "latest", "unknown: unreadable-requirement"),
        (Ecosystem::Npm, "workspace:*", "unknown: unreadable-requirement"),
        (Ecosystem::Cargo, "1.2.3", "unknown: both"),
        (Ecosystem::Cargo, "=1.2.3", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Cargo, "0.9", "not affected"),
        (Ecosystem::Cargo, "1.2, <1.4", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Cargo, "1.2, <1.9", "unknown: both"),
        (Ecosystem::Nuget, "1.2.3", "unknown: both"),
        (Ecosystem::Nuget, "[1.2.3]", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Maven, "[1.1,1.4)", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Maven, "(,1.0),[1.5,)", "not affected"),
        (Ecosystem::Maven, "${spring.version}", "unknown: unreadable-requirement"),
        (Ecosystem::RubyGems, "~> 1.2.0", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::RubyGems, "~> 1.2", "unknown: both"),
        (Ecosystem::Packagist, "~1.2.0", "affected >=1.0.0,<1.5.0 -> 1.5.0"),
        (Ecosystem::Packagist, "^2.0", "not affected"),
    ] {
        let record = osv("X-1", ecosystem.osv(), "g:thing", json!({ "ranges": [range("ECOSYSTEM", affected)] }));
        let mut package = located(ecosystem, "g:thing", None);
        package.requirement = Some(requirement.to_owned());
        check(&record, package, expected);
    }
    let listed = osv("X-1", "PyPI", "thing", json!({ "versions": ["1.2", "1.3"] }));
    for (requirement, expected) in
        [("==1.2", "affected ==1.2 || ==1.3"), (">=1.3", "unknown: both"), (">=2", "not affected")]
    {
        let mut package = located(PYPI, "thing", None);
        package.requirement = Some(requirement.to_owned());
        check(&listed, package, expected);
    }
}

#[test]
fn each_ecosystem_compares_by_its_own_rules() {
    for (ecosystem, kind, name, events, version, expected) in [
        (
            "npm",
            "SEMVER",
            "@scope/name",
            &["introduced 0", "fixed 1.121.0"][..],
            "1.65.2",
            "affected <1.121.0 -> 1.121.0",
        ),
        (
            "npm",
            "SEMVER",
            "@scope/name",
            &["introduced 0", "fixed 1.121.0"],
            "1.121.0-rc.1",
            "affected <1.121.0 -> 1.121.0",
        ),
        (
            "crates.io",
            "SEMVER",
            "serde_yaml",
            &["introduced 0.0.0-0", "fixed 0.8.4"],
            "0.8.3",
            "affected >=0.0.0-0,<0.8.4 -> 0.8.4",
        ),
        (
            "Go",
            "SEMVER",
            "github.com/ollama/ollama",
            &["introduced 0", "fixed 0.1.34"],
            "v0.1.33",
            "affected <0.1.34 -> 0.1.34",
        ),
        ("Go", "SEMVER", "stdlib", &["introduced 0", "fixed 1.21.5"], "go1.21rc2", "affected <1.21.5 -> 1.21.5"),
        (
            "Go",
            "SEMVER",
            "a.b/c",
            &["introduced 0", "fixed 0.0.0-20220101000000-abcdef123456"],
            "v0.0.0-20210101000000-abcdef123456",
            "affected <0.0.0-20220101000000-abcdef123456 -> 0.0.0-20220101000000-abcdef123456",
        ),
        (
            "Maven",
            "ECOSYSTEM",
            "org.apache:commons",
            &["introduced 0", "fixed 4.1.100.Final"],
            "4.1.99.Final",
            "affected <4.1.100.Final -> 4.1.100.Final",
        ),
        (
            "NuGet",
            "ECOSYSTEM",
            "Newtonsoft.Json",
            &["introduced 0", "fixed 13.0.1"],
            "13.0.1-BETA",
            "affected <13.0.1 -> 13.0.1",
        ),
        ("RubyGems", "ECOSYSTEM", "rails", &["introduced 5.0", "fixed 5.0.1"], "5.0.0.rc1", "not affected"),
        ("Packagist", "ECOSYSTEM", "a/b", &["introduced 0", "fixed 2.0"], "v1.9.0", "affected <2.0 -> 2.0"),
        (
            "Alpine:v3.18",
            "ECOSYSTEM",
            "openssl",
            &["introduced 0", "fixed 3.1.4-r6"],
            "3.1.4-r5",
            "affected <3.1.4-r6 -> 3.1.4-r6",
        ),
        (
            "Debian:12",
            "ECOSYSTEM",
            "openssl",
            &["introduced 0", "fixed 3.0.11-1~deb12u10"],
            "3.0.11-1~deb12u2",
            "affected <3.0.11-1~deb12u10 -> 3.0.11-1~deb12u10",
        ),
        (
            "Debian:12",
            "ECOSYSTEM",
            "openssl",
            &["introduced 0", "fixed 1:1.0-1"],
            "2.0-1",
            "affected <1:1.0-1 -> 1:1.0-1",
        ),
    ] {
        let own = Ecosystem::of_osv(ecosystem).unwrap();
        let record = osv("X-1", ecosystem, name, json!({ "ranges": [range(kind, events)] }));
        check(&record, located(own, name, Some(version)), expected);
    }
    // Names are met in any spelling that the registry takes.
    let record = osv("X-1", "PyPI", "Open_WebUI", json!({ "ranges": [range("ECOSYSTEM", &["introduced 0"])] }));
    check(&record, located(PYPI, "open.webui", Some("1")), "affected *");
    // A product names its scheme.
    for (scheme, fixed, version, expected) in [
        ("build", "b8492", "b8146", "affected <b8492 -> b8492"),
        ("year-month", "25.07", "25.06", "affected <25.07 -> 25.07"),
        ("year-month", "25.07", "2.59.0", "unknown: unreadable"),
        ("day", "2026.4.10", "2026.4.9", "affected <2026.4.10 -> 2026.4.10"),
        ("dotted", "4.14.9.5", "4.14.9", "affected <4.14.9.5 -> 4.14.9.5"),
        ("semver", "1.10.1", "latest", "unknown: unreadable"),
        ("no-such", "1.10.1", "1.0.0", "unknown: no-scheme"),
    ] {
        let events = ["introduced 0".to_owned(), format!("fixed {fixed}")];
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let more =
            json!({ "ranges": [range("ECOSYSTEM", &events)], "ecosystem_specific": { "version_scheme": scheme } });
        check(&osv("X-1", "Generic", "product", more), located(Ecosystem::Generic, "product", Some(version)), expected);
    }
}

#[test]
fn releases_of_a_distribution_are_kept_apart() {
    let entry = |release: &str, fixed: &str| {
        let events = ["introduced 0".to_owned(), format!("fixed {fixed}")];
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        json!({ "package": { "ecosystem": format!("Debian:{release}"), "name": "curl" }, "ranges": [range("ECOSYSTEM", &events)] })
    };
    let mut record = osv("DSA-1", "Debian:11", "curl", json!({}));
    record["affected"] = json!([entry("11", "7.74-1+deb11u9"), entry("12", "7.88-10+deb12u5")]);
    for (release, version, expected) in [
        (Some("11"), "7.74-1+deb11u10", "not affected"),
        (Some("12"), "7.88-10+deb12u4", "affected <7.88-10+deb12u5 -> 7.88-10+deb12u5"),
        (None, "7.74-1+deb11u10", "unknown: release"),
        (None, "9.0-1", "not affected"),
        (Some("13"), "8.0-1", "unknown: nothing-said"),
    ] {
        let mut package = located(Ecosystem::Debian, "curl", Some(version));
        package.release = release.map(ToOwned::to_owned);
        check(&record, package, expected);
    }
}

/// Written by peers/versions_reference.py.
#[derive(serde::Deserialize)]
struct Allowed {
    versions: Vec<String>,
    allowed: BTreeMap<String, Vec<String>>,
}

/// What `packaging` and node-semver allow is never passed over, and what a requirement says of one version alone is
/// as precise as theirs wherever no pre-release and no `!=` is in play.
#[test]
fn requirements_allow_what_the_registrys_own_tool_allows() {
    let golden: BTreeMap<Ecosystem, Allowed> =
        serde_json::from_str(include_str!("../../testdata/requirements_golden.json")).unwrap();
    let mut pairs = 0;
    for (ecosystem, golden) in golden {
        for version in &golden.versions {
            let mut store = store_of(&[osv("X-1", ecosystem.osv(), "thing", json!({ "versions": [version] }))]);
            for (requirement, allowed) in &golden.allowed {
                let mut package = located(ecosystem, "thing", None);
                package.requirement = Some(requirement.clone());
                let standing = told(&matches(&mut store, &[package])[0].standing);
                assert!(!standing.contains("unreadable"), "{ecosystem} {requirement}");
                let touched = standing != "not affected";
                let plain = version.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !requirement.contains('!');
                if allowed.contains(version) || plain {
                    assert_eq!(touched, allowed.contains(version), "{ecosystem} {requirement} {version}: {standing}");
                    pairs += 1;
                }
            }
        }
    }
    assert!(pairs > 800, "only {pairs}");
}
