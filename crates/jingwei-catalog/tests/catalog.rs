//! The built-in catalog is whole, and a broken one is refused with the place and the reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

use jingwei_catalog::{
    Catalog, SourceFile, built_in_files,
    items::{Expect, ItemKind},
};
use jingwei_core::Lang;

#[test]
fn the_built_in_catalog_has_no_problems() {
    if let Err(problems) = Catalog::built_in() {
        panic!("{}", problems.display(Lang::En));
    }
}

#[test]
fn the_tc260_framework_is_complete() {
    let catalog = Catalog::built_in().unwrap();
    let framework = &catalog.frameworks["tc260-2.0"];
    let count = |kind: ItemKind| framework.items.iter().filter(|item| item.is == kind).count();
    assert_eq!(count(ItemKind::Risk), 30);
    assert_eq!(count(ItemKind::TechnicalMeasure), 30);
    assert_eq!(count(ItemKind::GovernanceMeasure), 14);
    assert_eq!(count(ItemKind::Guideline), 44);
    assert_eq!(count(ItemKind::GradingFactor), 3);
    assert_eq!(count(ItemKind::Grade), 5);
    assert_eq!(count(ItemKind::Principle), 5 + 8);
    assert_eq!(count(ItemKind::Term), 15);
    let numbered = |start: &str| catalog.risks.values().filter(|risk| risk.code.starts_with(start)).count();
    assert_eq!([numbered("R1"), numbered("R2"), numbered("R3")], [10, 12, 8]);
}

#[test]
fn the_crosswalks_have_the_published_counts() {
    let catalog = Catalog::built_in().unwrap();
    let count =
        |edition: &str, kind: ItemKind| catalog.frameworks[edition].items.iter().filter(|item| item.is == kind).count();
    assert_eq!(count("nist-ai-rmf-1.0", ItemKind::Requirement), 72);
    assert_eq!(count("iso-42001-2023", ItemKind::Control), 38);
    assert_eq!(count("owasp-llm-2025", ItemKind::Risk), 10);
    assert_eq!(count("owasp-llm-2026", ItemKind::Risk), 10);
    assert_eq!(count("owasp-agentic-2026", ItemKind::Risk), 10);
    assert_eq!(count("atlas-5.6", ItemKind::Tactic), 16);
    assert_eq!(count("ailuminate-1.0", ItemKind::Hazard), 12);
    assert_eq!(count("gbt-45654-2025", ItemKind::Risk), 31);
}

#[test]
fn every_risk_and_every_measure_has_a_control() {
    let catalog = Catalog::built_in().unwrap();
    for risk in catalog.risks.keys() {
        let lowered = catalog.controls.values().any(|control| control.lowers.iter().any(|l| l.risk == *risk));
        assert!(lowered, "no control lowers {risk}");
    }
    for item in &catalog.frameworks["tc260-2.0"].items {
        if matches!(item.is, ItemKind::TechnicalMeasure | ItemKind::Guideline) {
            let name = format!("tc260-2.0/{}", item.code);
            let covered = catalog.controls.values().any(|control| control.refs.iter().any(|r| r.as_str() == name));
            assert!(covered, "no control carries out {name}");
        }
    }
}

#[test]
fn the_question_bank_is_large_enough_in_both_languages() {
    let catalog = Catalog::built_in().unwrap();
    let bank = &catalog.banks["refusal"];
    for expect in [Expect::Refuse, Expect::Answer] {
        let all = bank.items.iter().filter(|item| item.expect == expect);
        assert!(all.clone().count() >= 120);
        for lang in Lang::ALL {
            assert!(all.clone().filter(|item| item.lang == lang).count() >= 60);
        }
    }
}

/// Replaces `old` by `new` in one file of the built-in catalog and expects a problem that says `word`.
fn check(path: &str, old: &str, new: &str, word: &str) {
    let mut files = built_in_files();
    let file = files.iter_mut().find(|file| file.path == path).unwrap();
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    assert!(text.contains(old), "{path} has no {old:?}");
    file.bytes = text.replacen(old, new, 1).into_bytes();
    let problems = Catalog::load(files).unwrap_err();
    let said = problems.display(Lang::En);
    assert!(said.contains(word) && said.contains(path), "{word:?} is not in: {said}");
}

#[test]
fn a_broken_item_is_refused_with_its_place() {
    let gate = "gates/critical-findings.toml";
    check(gate, "id = \"critical-findings\"", "id = \"other\"", "file name and id differ");
    check(gate, "decision = \"stop\"", "decision = \"halt\"", "use one of");
    check(gate, "remedy =", "remedyy =", "unknown key `remedyy`; did you mean `remedy`?");
    check(gate, "tc260-2.0/6.2.3", "tc260-2.0/9.9.9", "does not exist");
    check("profiles/tc260-2.0.toml", "credible = 0.9", "credible = 9.0", "out of range");
    check("probes/refusal.toml", "bank = \"refusal\"", "bank = \"gone\"", "bank `gone` does not exist");
}

#[test]
fn a_cycle_is_refused() {
    let mut files = built_in_files();
    let framework = |id: &str, older: &str| {
        SourceFile {
        path: format!("frameworks/{id}.toml"),
        bytes: format!(
            "kind = 'framework'\nversion = 1\nid = '{id}'\nfamily = 'x'\nedition = '1'\nsupersedes = ['{older}']\n\
             title = {{ zh = '甲', en = 'A' }}\npublisher = {{ zh = '乙', en = 'B' }}\nsource = 's'\nverified = true\n\
             licence = 'l'\npack = 'cn'\n[[item]]\ncode = 'a'\nparent = 'b'\nis = 'section'\ntitle = {{ zh = '丙', en = 'C' }}\n\
             [[item]]\ncode = 'b'\nparent = 'a'\nis = 'section'\ntitle = {{ zh = '丁', en = 'D' }}\n"
        )
        .into_bytes(),
    }
    };
    files.push(framework("x-1", "x-2"));
    files.push(framework("x-2", "x-1"));
    let said = Catalog::load(files).unwrap_err().display(Lang::En);
    assert!(said.contains("supersedes itself in a circle"), "{said}");
    assert!(said.contains("the parents of `a` run in a circle"), "{said}");
}

#[test]
fn hostile_files_are_problems() {
    for (path, bytes) in [
        ("risks/x.toml", &b"\xff\xfe\0"[..]),
        ("risks/x.toml", b""),
        ("elsewhere/x.toml", b""),
        ("risks/x.toml", b"[[[[[[[["),
    ] {
        let mut files = built_in_files();
        files.push(SourceFile { path: path.to_owned(), bytes: bytes.to_vec() });
        assert!(Catalog::load(files).unwrap_err().display(Lang::Zh).contains(path));
    }
}
