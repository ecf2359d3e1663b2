use std::{cmp::Ordering, collections::BTreeMap};

use jingwei_advise::versions::{LONGEST_VERSION, Scheme, Version, compare};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    /// Classes of equal versions in rising order.
    rising: Vec<Vec<String>>,
    refused: Vec<String>,
}

/// Written by peers/versions_reference.py from what each registry's own tool says.
fn golden() -> BTreeMap<Scheme, Golden> {
    serde_json::from_str(include_str!("../../testdata/versions_golden.json")).unwrap()
}

#[test]
fn every_pair_stands_as_the_registrys_own_tool_orders_it() {
    let mut pairs = 0_usize;
    for (scheme, golden) in golden() {
        let mut versions = Vec::new();
        for (rank, class) in golden.rising.iter().enumerate() {
            for text in class {
                let version = Version::parse(scheme, text).unwrap_or_else(|e| panic!("{e}"));
                versions.push((rank, text, version));
            }
        }
        for (rank_a, text_a, a) in &versions {
            for (rank_b, text_b, b) in &versions {
                assert_eq!(a.cmp(b), rank_a.cmp(rank_b), "{scheme}: {text_a} against {text_b}");
                pairs += 1;
            }
        }
    }
    assert!(pairs > 80_000, "only {pairs} pairs");
}

#[test]
fn what_the_registry_refuses_is_refused() {
    for (scheme, golden) in golden() {
        for text in golden.refused {
            assert!(Version::parse(scheme, &text).is_err(), "{scheme}: {text:?}");
        }
    }
}

/// Each row is a way in which scanners of AI components were seen to go wrong.
#[test]
fn known_faults_of_other_scanners_do_not_happen_here() {
    use Ordering::{Equal, Greater, Less};
    for (fault, scheme, a, b, expected) in [
        ("an unparsable version becomes 0.0.0 and is below everything", Scheme::Pep440, "main", "0.0.1", None),
        ("an unparsable version becomes 0.0.0 and is below everything", Scheme::Semver, "unknown", "1.0.0", None),
        ("a found range is taken for a version", Scheme::Semver, ">=1.2,<2", "2.0.0", None),
        ("a found range is taken for a version", Scheme::Pep440, ">=1.2,<2", "2.0.0", None),
        ("letters are dropped, so a beta comes after its release", Scheme::Pep440, "1.0.0b3", "1.0.0", Some(Less)),
        ("letters are dropped, so a beta comes after its release", Scheme::Semver, "1.0.0-b3", "1.0.0", Some(Less)),
        ("`latest` becomes 999", Scheme::Pep440, "latest", "1.0", None),
        ("`latest` becomes 999", Scheme::Semver, "latest", "1.0.0", None),
        ("`latest` becomes 999", Scheme::Maven, "latest", "1.0", None),
        ("a commit becomes a huge number", Scheme::Semver, "4908db1", "1.0.0", None),
        ("a commit becomes a huge number", Scheme::Pep440, "4908db1", "1.0.0", None),
        ("a commit becomes a huge number", Scheme::Maven, "4908db1", "1.0.0", None),
        ("a commit becomes a huge number", Scheme::Dotted, "git 3fa2b7c", "1.0", None),
        ("`< 0` is asked of everything", Scheme::Semver, "0", "0.0.0", None),
        ("rc, post and build parts are cut off", Scheme::Pep440, "1.5.5rc1", "1.5.5", Some(Less)),
        ("rc, post and build parts are cut off", Scheme::Pep440, "0.4.1.post7", "0.4.1", Some(Greater)),
        ("rc, post and build parts are cut off", Scheme::Pep440, "1.3.0rc17", "1.3.0rc9", Some(Greater)),
        ("a server's 2.x is compared with its YY.MM", Scheme::YearMonth, "2.59.0", "25.07", None),
        ("a server's 2.x is compared with its YY.MM", Scheme::YearMonth, "25.06", "25.07", Some(Less)),
        ("numbers are compared as text", Scheme::Semver, "0.10.0", "0.9.9", Some(Greater)),
        ("a build number is no version", Scheme::Build, "b8146", "b8492", Some(Less)),
        ("a build number is no version", Scheme::Build, "b10000", "b8492", Some(Greater)),
        ("a day is no version", Scheme::Day, "2026.4.10", "2026.11.1", Some(Less)),
        ("a day is no version", Scheme::Day, "20240410", "2024.4.10", Some(Equal)),
        ("a day is no version", Scheme::Day, "2024-04-10.2", "20240410", Some(Greater)),
        ("a fourth number is lost", Scheme::Dotted, "4.14.9.5", "4.14.9", Some(Greater)),
        ("an epoch is lost", Scheme::Debian, "1:1.0", "2.0", Some(Greater)),
        ("a revision is lost", Scheme::Debian, "3.0.11-1~deb12u2", "3.0.11-1~deb12u10", Some(Less)),
    ] {
        assert_eq!(compare(scheme, a, b).ok(), expected, "{fault}: {scheme} {a} against {b}");
    }
}

#[test]
fn schemes_without_a_reference_tool_follow_their_documents() {
    // The module reference of go.dev and Composer's documentation of versions and stability.
    for (scheme, rising) in [
        (
            Scheme::Go,
            &["v0.0.0-20191109021931-daa7c04131f5", "v0.0.0-20210101000000-abcdef123456", "v0.0.1", "v1.2.3-pre"][..],
        ),
        (
            Scheme::Go,
            &["v1.2.3-pre.0.20191109021931-daa7c04131f5", "v1.2.3", "v1.2.4-0.20191109021931-daa7c04131f5", "1.2.4"],
        ),
        (Scheme::Go, &["1.20.14", "go1.21rc2", "go1.21", "1.21.1", "v2.0.0+incompatible", "v2.0.1"]),
        (
            Scheme::Packagist,
            &[
                "1.0.0-dev",
                "1.0-alpha",
                "1.0.0-alpha1",
                "1.0-beta2-dev",
                "v1.0.0beta2",
                "1.0RC1",
                "1.0",
                "1.0-p1",
                "1.0.1",
            ],
        ),
        // The examples of Maven's specification and of the fault that SNAPSHOT is a release.
        (Scheme::Maven, &["1-alpha-1", "1-beta", "1-m3", "1-rc", "1-SNAPSHOT", "1", "1-sp", "1-foo", "1-1", "1.1"]),
    ] {
        for pair in rising.windows(2) {
            assert_eq!(compare(scheme, pair[0], pair[1]), Ok(Ordering::Less), "{scheme}: {pair:?}");
        }
    }
    for (scheme, a, b) in [
        (Scheme::Go, "v2.0.0+incompatible", "2.0.0"),
        (Scheme::Packagist, "v1.0.0.0", "1.0-stable"),
        (Scheme::Maven, "1.0.0.RELEASE", "1"),
        (Scheme::Maven, "1-cr2", "1.rc2"),
        (Scheme::RubyGems, "1.0.0", "1"),
        (Scheme::Debian, "1.0-0", "1.0"),
        (Scheme::YearMonth, "25.07.0", "25.07"),
    ] {
        assert_eq!(compare(scheme, a, b), Ok(Ordering::Equal), "{scheme}: {a} and {b}");
    }
    for (scheme, bad) in [
        (Scheme::Packagist, &["dev-main", "1.x-dev", "1.0-foo", "", "1.0."][..]),
        (Scheme::Go, &["v1.2.3.4", "devel", "(devel)", "go1.21foo", "v1"]),
        (Scheme::Day, &["2026.13.1", "2026.4", "4.10.2026", "20261332", "2026.4.10b1", "2026.4-10"]),
        (Scheme::YearMonth, &["25.7", "2025.07", "25.13", "25", "25.07-py3"]),
        (Scheme::Build, &["8492", "b", "b84x", "bb1", "build 8492"]),
        (Scheme::Dotted, &["1.0-rc1", "", ".", "1..0", "1.0b"]),
        (Scheme::Alpine, &["1.2_foo1", "1.2-r", "edge", "1.2-3", "1.a"]),
        (Scheme::Nuget, &["1.0.0.0.0", "1.0-", "latest", "1.a"]),
    ] {
        for text in bad {
            assert!(Version::parse(scheme, text).is_err(), "{scheme}: {text:?}");
        }
    }
}

#[test]
fn a_version_has_a_longest_length() {
    let long = "1".repeat(LONGEST_VERSION + 1);
    for scheme in Scheme::ALL {
        let error = Version::parse(scheme, &long).unwrap_err();
        assert!(error.text.len() <= LONGEST_VERSION);
    }
    assert!(Version::parse(Scheme::Pep440, &long[1..]).is_ok());
}

#[test]
fn a_scheme_reads_back_as_written() {
    for scheme in Scheme::ALL {
        assert_eq!(Scheme::of_code(scheme.code()), Some(scheme));
        assert_eq!(serde_json::to_value(scheme).unwrap(), scheme.code());
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_the_order_is_one(
        texts in prop::collection::vec("(v|b|[0-9]{1,3}!)?[0-9]{1,4}([.~+_-]?([0-9]{1,3}|alpha|rc|dev|post|pre|[a-z])){0,5}|\\PC{0,12}", 3)
    ) {
        for scheme in Scheme::ALL {
            let versions: Vec<Version> = texts.iter().filter_map(|text| Version::parse(scheme, text).ok()).collect();
            for a in &versions {
                prop_assert_eq!(a.cmp(a), Ordering::Equal);
                for b in &versions {
                    prop_assert_eq!(a.cmp(b), b.cmp(a).reverse());
                    prop_assert_eq!(a == b, a.cmp(b).is_eq());
                    for c in &versions {
                        if a <= b && b <= c {
                            prop_assert!(a <= c, "{} {:?}", scheme, texts);
                        }
                    }
                }
            }
        }
    }
}
