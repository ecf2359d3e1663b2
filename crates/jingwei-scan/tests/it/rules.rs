//! Every rule of the catalog speaks on its hit cases and is silent on its clean ones.

use jingwei_catalog::items::{Rule, RuleCase};
use jingwei_core::{Check, Component, ComponentKind, Limits};
use jingwei_scan::{ConfigCheck, EndpointCheck, MissingRule, ModelCheck, PromptCheck};
use jingwei_testkit::{FixedExposure, MemoryFiles, World};
use serde_json::{Map, Value, json};

use crate::support::{Seen, check_named, checks, model_check, names, rules};

/// A folder, or the file itself where there is only one and the kind is about single files.
fn case_path(kind: ComponentKind, case: &RuleCase) -> String {
    let single = matches!(kind, ComponentKind::Config | ComponentKind::Prompt);
    match case.files.keys().next() {
        Some(only) if single && case.files.len() == 1 => only.clone(),
        _ => ".".to_owned(),
    }
}

fn case_component(kind: ComponentKind, case: &RuleCase) -> Component {
    let mut fields: Map<String, Value> = case.component.clone().into_iter().collect();
    fields.insert("id".to_owned(), json!("part"));
    fields.insert("kind".to_owned(), json!(kind));
    if kind != ComponentKind::Endpoint {
        fields.insert("path".to_owned(), json!(case_path(kind, case)));
    }
    serde_json::from_value(Value::Object(fields)).unwrap()
}

fn run_case(rule: &Rule, case: &RuleCase) -> Seen {
    let check: Box<dyn Check> = match case.look_at_weights {
        true => Box::new(model_check().with_weights(true)),
        false => check_named(rule.check.as_str()),
    };
    let component = case_component(check.kinds()[0], case);
    let world = World {
        files: MemoryFiles::from_case(&case.files).unwrap(),
        exposure: FixedExposure::from_case(&case.exposure).unwrap(),
        ..World::default()
    };
    Seen::of(check.run(&component, &world.ctx(), &Limits::default()).unwrap())
}

#[test]
fn every_rule_speaks_on_its_hits_and_is_silent_on_its_clean_cases() {
    for rule in rules().values() {
        assert!(!rule.hits.is_empty() && !rule.clean.is_empty(), "{} needs a hit and a clean case", rule.id);
        for (at, case) in rule.hits.iter().enumerate() {
            let seen = run_case(rule, case);
            let finding = seen.with_rule(rule.id.as_str());
            let finding = finding.unwrap_or_else(|| panic!("{} hit {at}: saw {:?}", rule.id, seen.lines()));
            assert_eq!((finding.severity, &finding.risks), (rule.severity, &rule.risks));
            for text in [&finding.message, &finding.remedy] {
                assert!(!format!("{}{}", text.zh, text.en).contains(['{', '}']), "{} hit {at}: {text:?}", rule.id);
            }
        }
        for (at, case) in rule.clean.iter().enumerate() {
            let seen = run_case(rule, case);
            assert!(seen.with_rule(rule.id.as_str()).is_none(), "{} clean {at}: {:?}", rule.id, seen.lines());
        }
    }
}

#[test]
fn checks_and_rules_name_each_other() {
    let declared: Vec<&str> =
        [ModelCheck::RULES, EndpointCheck::RULES, ConfigCheck::RULES, PromptCheck::RULES].concat();
    let mut declared: Vec<&str> = declared;
    declared.sort_unstable();
    let known: Vec<&str> = rules().keys().map(jingwei_core::RuleId::as_str).collect();
    assert_eq!(declared, known);
}

#[test]
fn a_check_refuses_to_work_without_a_rule() {
    let mut fewer = rules().clone();
    fewer.retain(|id, _| id.as_str() != "model.pickle-file");
    let missing = ModelCheck::new(fewer.clone(), names().clone()).err();
    assert_eq!(missing, Some(MissingRule { check: "scan.model", rule: "model.pickle-file" }));
    assert!(EndpointCheck::new(fewer).is_ok());
}

#[test]
fn another_wording_is_another_configuration() {
    for check in checks() {
        assert_eq!(check.configuration(), check_named(check.id()).configuration());
        assert!(!check.title().zh.is_empty() && !check.kinds().is_empty());
    }
    let mut other = rules().clone();
    for rule in other.values_mut() {
        rule.message.en.push('!');
    }
    let other = ConfigCheck::new(other).unwrap();
    assert_ne!(Check::configuration(&other), check_named("scan.config").configuration());
}
