//! Every rule of the check speaks on its hit cases and is silent on its clean ones.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{collections::BTreeMap, fs, path::PathBuf};

use jingwei_catalog::items::{Rule, RuleCase};
use jingwei_core::{Check, Component, ComponentKind, Finding, Limits, Observation, RuleId};
use jingwei_sign::IntegrityCheck;
use jingwei_testkit::{MemoryFiles, World};
use serde_json::{Map, Value, json};

fn rules() -> BTreeMap<RuleId, Rule> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../catalog/rules");
    let read = |id: &str| {
        let text = fs::read_to_string(folder.join(format!("{id}.toml"))).unwrap();
        let rule: Rule = toml::from_str(&text).unwrap_or_else(|e| panic!("{id}: {e}"));
        (rule.id.clone(), rule)
    };
    IntegrityCheck::RULES.iter().map(|id| read(id)).collect()
}

fn run(case: &RuleCase) -> Vec<Finding> {
    let mut fields: Map<String, Value> = case.component.clone().into_iter().collect();
    fields.extend([
        ("id".to_owned(), json!("part")),
        ("kind".to_owned(), json!(ComponentKind::Model)),
        ("path".to_owned(), json!(".")),
    ]);
    let component: Component = serde_json::from_value(Value::Object(fields)).unwrap();
    let check = IntegrityCheck::new(rules()).unwrap();
    assert!(check.takes(&component));
    let world = World::of_files(MemoryFiles::from_case(&case.files).unwrap());
    let seen = check.run(&component, &world.ctx(), &Limits::default()).unwrap();
    let finding = |observation| match observation {
        Observation::Finding(finding) => Some(finding),
        Observation::Metric(_) => None,
    };
    seen.into_iter().filter_map(finding).collect()
}

#[test]
fn every_rule_speaks_on_its_hits_and_is_silent_on_its_clean_cases() {
    for rule in rules().values() {
        assert!(!rule.hits.is_empty() && !rule.clean.is_empty(), "{}", rule.id);
        for (at, case) in rule.hits.iter().enumerate() {
            let seen = run(case);
            let finding = seen.iter().find(|finding| finding.rule == rule.id);
            let finding = finding.unwrap_or_else(|| panic!("{} hit {at}: {seen:?}", rule.id));
            for text in [&finding.message, &finding.remedy] {
                assert!(!format!("{}{}", text.zh, text.en).contains(['{', '}']), "{} hit {at}: {text:?}", rule.id);
            }
        }
        for (at, case) in rule.clean.iter().enumerate() {
            let seen = run(case);
            assert!(seen.is_empty(), "{} clean {at}: {seen:?}", rule.id);
        }
    }
}

#[test]
fn links_and_models_without_a_signature_are_no_business_of_a_signature() {
    let mut bare = Component::bare(jingwei_core::ComponentId::literal("part"), ComponentKind::Model);
    assert!(!IntegrityCheck::new(rules()).unwrap().takes(&bare));
    bare.path = Some("m".to_owned());
    let world = World::of_files(MemoryFiles::default().with_file("m/a", "1").with_link("m/b"));
    let taken = jingwei_sign::take("m", "m", &jingwei_sign::Taking::default(), &world.ctx(), &Limits::default());
    let (manifest, odd) = taken.unwrap();
    assert_eq!((manifest.resources.len(), odd), (1, vec!["b".to_owned()]));
}
