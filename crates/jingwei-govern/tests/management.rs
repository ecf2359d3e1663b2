//! Every case of every `management.*` rule: where it must speak it speaks, where it must be silent it is silent.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

use jingwei_catalog::{Catalog, items::RuleCase};
use jingwei_core::{Check, CheckId, Component, Limits, Observation, Timestamp};
use jingwei_govern::{Management, ManagementCheck};
use jingwei_testkit::{MemoryFiles, World};

fn findings(catalog: &Catalog, case: &RuleCase) -> Vec<String> {
    let world = World {
        now: "2026-11-21T00:00:00Z".parse::<Timestamp>().unwrap(),
        ..World::of_files(MemoryFiles::from_case(&case.files).unwrap())
    };
    let answers: Management = serde_json::from_value(serde_json::to_value(&case.management).unwrap()).unwrap();
    let vendor: Component = serde_json::from_str(r#"{"id":"vendor","kind":"vendor"}"#).unwrap();
    let system: Component = serde_json::from_str(r#"{"id":"case","kind":"system"}"#).unwrap();
    let vendors = if answers.vendor_assessment.is_empty() && !case.management.contains_key("vendor_assessment") {
        vec![]
    } else {
        vec![vendor]
    };
    let rules = catalog.rules_of(&CheckId::literal("govern.management"));
    let check = ManagementCheck::new(answers, &vendors, rules);
    let observations = check.run(&system, &world.ctx(), &Limits::default()).unwrap();
    let mut rules: Vec<String> = observations
        .iter()
        .filter_map(|observation| match observation {
            Observation::Finding(finding) => Some(finding.rule.to_string()),
            Observation::Metric(_) => None,
        })
        .collect();
    rules.sort();
    rules.dedup();
    rules
}

#[test]
fn every_case_of_every_rule_holds() {
    let catalog = Catalog::built_in().unwrap();
    let rules = catalog.rules_of(&CheckId::literal("govern.management"));
    assert!(rules.len() >= 7);
    for (id, rule) in &rules {
        for case in &rule.hits {
            assert!(findings(&catalog, case).contains(&id.to_string()), "{id} is silent on {case:?}");
        }
        for case in &rule.clean {
            assert!(!findings(&catalog, case).contains(&id.to_string()), "{id} speaks on {case:?}");
        }
    }
}

#[test]
fn a_document_leaves_its_digest() {
    let catalog = Catalog::built_in().unwrap();
    let rules = catalog.rules_of(&CheckId::literal("govern.management"));
    let answers: Management = serde_json::from_str(r#"{"policy":{"document":"p.md"}}"#).unwrap();
    let world = World::of_files(MemoryFiles::default().with_file("p.md", "policy"));
    let system: Component = serde_json::from_str(r#"{"id":"case","kind":"system"}"#).unwrap();
    let check = ManagementCheck::new(answers, &[], rules);
    let observations = check.run(&system, &world.ctx(), &Limits::default()).unwrap();
    let digest = jingwei_core::Digest::of(b"policy").to_string();
    assert!(observations.iter().any(|observation| match observation {
        Observation::Metric(metric) => metric.name == "document" && metric.labels["sha256"] == digest,
        Observation::Finding(_) => false,
    }));
}
