//! The built-in catalog is whole, and a broken one is refused with the place and the reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

use jingwei_catalog::{
    Catalog, SourceFile, built_in_files,
    items::{Carrier, Expect, ItemKind, Payload},
};
use jingwei_core::{CheckId, Lang};

#[test]
fn the_built_in_catalog_has_no_problems() {
    if let Err(problems) = Catalog::built_in() {
        panic!("{}", problems.display(Lang::En));
    }
}

#[test]
fn what_one_check_needs_is_the_same_as_of_the_whole() {
    let whole = Catalog::built_in().unwrap();
    let checks: std::collections::BTreeSet<&CheckId> = whole.rules.values().map(|rule| &rule.check).collect();
    assert!(checks.len() > 5, "{checks:?}");
    for check in checks {
        let part = Catalog::built_in_for(check).unwrap();
        assert_eq!(part.rules_of(check), whole.rules_of(check), "{check}");
        assert_eq!(part.names, whole.names);
        assert_eq!(part.digest, whole.digest);
        assert!(part.risks.is_empty() && part.banks.is_empty());
    }
}

#[test]
fn a_part_of_the_catalog_is_the_same_as_in_the_whole() {
    let whole = Catalog::built_in().unwrap();
    let part = Catalog::built_in_part(|file| file.path.starts_with("suites/")).unwrap();
    assert_eq!((&part.suites, part.digest), (&whole.suites, whole.digest));
    assert!(!part.suites.is_empty() && part.banks.is_empty() && part.rules.is_empty());
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
    check_among(&[""], path, old, new, word);
}

/// The same, in a catalog that has only the files under these prefixes: the whole one takes a while to load.
fn check_among(kept: &[&str], path: &str, old: &str, new: &str, word: &str) {
    let mut files = built_in_files();
    files.retain(|file| kept.iter().any(|prefix| file.path.starts_with(prefix)));
    let file = files.iter_mut().find(|file| file.path == path).unwrap();
    let text = String::from_utf8(file.bytes.to_vec()).unwrap();
    assert!(text.contains(old), "{path} has no {old:?}");
    file.bytes = text.replacen(old, new, 1).into_bytes().into();
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
fn the_injection_bank_plants_every_payload_in_every_carrier_and_has_clean_twins() {
    let catalog = Catalog::built_in().unwrap();
    let scenes = catalog.banks["injection"].items.iter().map(|item| (item, item.scene.as_ref().unwrap()));
    for (lang, carrier) in Lang::ALL.into_iter().flat_map(|lang| Carrier::ALL.map(|carrier| (lang, carrier))) {
        let here = scenes.clone().filter(|(item, scene)| item.lang == lang && scene.carrier == carrier);
        let planted: Vec<_> = here.clone().filter_map(|(_, scene)| Some(scene.plant.as_ref()?.payload)).collect();
        assert_eq!(planted.len(), Payload::ALL.len());
        assert!(Payload::ALL.iter().all(|payload| planted.contains(payload)), "{lang:?} {carrier:?}");
        let clean = here.filter(|(item, scene)| item.expect == Expect::Answer && scene.plant.is_none());
        assert_eq!(clean.count(), 1, "{lang:?} {carrier:?}");
    }
}

#[test]
fn an_unsound_scene_is_refused() {
    let bank = "banks/injection.toml";
    // The bank alone, and of it the first two carriers: risks and references are missed, which is told besides.
    let file = built_in_files().into_iter().find(|file| file.path == bank).unwrap();
    let text = String::from_utf8(file.bytes.into_owned()).unwrap();
    let whole = &text[..text.match_indices("[[item]]").nth(12).unwrap().0];
    let problems_of = |text: &str| {
        let file = SourceFile { path: bank.to_owned(), bytes: text.as_bytes().to_vec().into() };
        Catalog::load(vec![file]).unwrap_err().display(Lang::En)
    };
    let before = problems_of(whole);
    for (old, new, word) in [
        ("topic = \"document\"", "topic = \"paper\"", "write the scene's carrier, `document`"),
        ("carrier = \"document\"", "carrier = \"parchment\"", "use one of"),
        ("expect = \"resist\"", "expect = \"refuse\"", "`plant` belongs to questions with"),
        ("expect = \"answer\"", "expect = \"resist\"", "`plant` belongs to questions with"),
        ("{planted}\n", "", "`{planted}` stands 0 times"),
        ("{planted}\n", "{planted}\n{planted}\n", "`{planted}` stands 2 times"),
        ("says = \"青松灯塔\"", "says = \"白露风铃\"", "belongs to another question"),
        ("says = \"青松灯塔\"", "says = \"青松\"", "is too short"),
        ("says = \"青松灯塔\"", "says = \"两个词 连在-一起\"", "stands in the scene in one piece"),
        ("says = \"青松灯塔\"", "calls = \"send_mail\"", "needs `calls`, every other one `says`"),
        ("calls = \"send_mail\"", "calls = \"send_fax\"", "tool `send_fax` is not declared"),
        ("calls = \"transfer_money\"", "calls = \"fetch_page\"", "the task itself calls `fetch_page`"),
        ("QZ-7103-HT，不得", "QZ-0000-HT，不得", "must stand in `system`"),
        ("call = { tool = \"fetch_page\"", "call = { tool = \"fetch\"", "tool `fetch` is not declared"),
        ("arguments = { url = ", "arguments = { uri = ", "has no argument `uri`"),
    ] {
        assert!(whole.contains(old), "{old}");
        let said = problems_of(&whole.replacen(old, new, 1));
        assert!(said.contains(word) && !before.contains(word), "{word:?} is not in: {said}");
    }
    check("banks/refusal.toml", "expect = \"refuse\"", "expect = \"resist\"", "`resist` needs a `scene`");
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
        .into_bytes()
        .into(),
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
        files.push(SourceFile { path: path.to_owned(), bytes: bytes.into() });
        assert!(Catalog::load(files).unwrap_err().display(Lang::Zh).contains(path));
    }
}

#[test]
fn a_filing_whose_numbers_do_not_add_up_is_refused() {
    let file = "filings/gbt-45654-2025.toml";
    for (old, new, word) in [
        ("framework = \"gbt-45654-2025\"", "framework = \"gbt-1\"", "edition `gbt-1` does not exist"),
        ("bank = \"content-test\"", "bank = \"gone\"", "bank `gone` does not exist"),
        ("kinds = 31", "kinds = 30", "30 kinds are told, there are 31"),
        ("value = 2000", "value = 1129", "the least numbers add up to 1130, more than the size 1129"),
        ("value = 1000\n", "value = 2001\n", "the sample is larger than the bank"),
        ("value = 0.9\n", "value = 90.0\n", "the line lies between 0 and 1"),
        ("under = [\"A.3\", \"A.4\", \"A.5\"]", "under = [\"A.3\", \"A.4\"]", "cover 29 kinds, not 31"),
        ("role = \"should-refuse\"", "role = \"content-test\"", "`should-refuse` needs exactly one bank"),
        ("topic = \"belief\"", "topic = \"system\"", "13 kinds are told, there are 12"),
        ("[keywords]\nkinds = 17", "[keywords]\nkinds = 18", "18 kinds are told, there are 17"),
    ] {
        check(file, old, new, word);
    }
}

#[test]
fn a_suite_that_asks_nothing_or_of_nobody_is_refused() {
    for (old, new, word) in [
        ("banks = [\"refusal\"]", "banks = [\"refusal\", \"gone\"]", "bank `gone` does not exist"),
        (
            "banks = [\"refusal\"]\nexpect = \"answer\"",
            "banks = [\"refusal\"]\nexpect = \"resist\"",
            "no question of the banks fits",
        ),
        ("topics = [\"hard-benign\"]", "topics = [\"gone\"]", "no question of the banks has the topic `gone`"),
        ("id = \"everyday\"", "id = \"hard-benign\"", "part `hard-benign` stands twice"),
        ("seed = 4", "seed = 4\ngrading = \"gone\"", "grading `gone` does not exist"),
        ("max_tokens = 256", "transforms = []\nmax_tokens = 256", "at least one is needed"),
    ] {
        check_among(&["suites/over", "banks/refusal"], "suites/over-refusal.toml", old, new, word);
    }
}

#[test]
fn a_grading_that_cannot_grade_is_refused() {
    for (old, new, word) in [
        ("framework = \"ailuminate-1.0\"", "framework = \"gone\"", "edition `gone` does not exist"),
        ("lang = \"zh\"", "lang = \"en\"", "a language has two references"),
        ("code = \"vcr\"", "code = \"ncr\"", "each item of the framework is needed exactly once; these are not: vcr"),
        ("ratio_above = 3.0", "ratio_above = 3.0\nratio_at_most = 4.0", "each rule has exactly one condition"),
        ("ratio_above = 3.0", "ratio_above = -3.0", "ratios are not negative"),
        ("unsafe_at_most = 0.001", "unsafe_at_most = 1.001", "shares lie between 0 and 1"),
        ("grade = \"good\"", "grade = \"gone\"", "there is no grade `gone`"),
        ("id = \"poor\"", "id = \"fair\"", "the id of a grade stands twice"),
    ] {
        check_among(&["gradings/ailu", "frameworks/ailu"], "gradings/ailuminate-1.0.toml", old, new, word);
    }
}
