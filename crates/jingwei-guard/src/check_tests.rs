use std::{collections::BTreeMap, io::Cursor, sync::Arc};

use jingwei_catalog::{document::parse, items::RuleCase};
use jingwei_core::{
    ExposureFacts, ExposureProbe, FileEntry, Files, NoProgress, PortError, ReadSeek, Target, TargetError, Targets,
};

use super::*;
use crate::baseline::tests::lexicons;

struct Given(BTreeMap<String, String>);

impl Files for Given {
    fn list(&self, path: &str, _limits: &Limits) -> Result<Vec<FileEntry>, PortError> {
        Err(PortError::Missing { path: path.to_owned() })
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, PortError> {
        match self.0.get(path) {
            Some(text) => Ok(Box::new(Cursor::new(text.clone().into_bytes()))),
            None => Err(PortError::Missing { path: path.to_owned() }),
        }
    }
}

struct Nothing;

impl Targets for Nothing {
    fn arms(&self, _: &Component) -> Result<Vec<(jingwei_core::Arm, Arc<dyn Target>)>, TargetError> {
        Ok(Vec::new())
    }
}

impl ExposureProbe for Nothing {
    fn probe(&self, _: &str, _: &Limits) -> ExposureFacts {
        ExposureFacts::default()
    }
}

fn rules() -> Vec<Rule> {
    [ABSENT, INVALID, NEVER_MATCHES, STALE]
        .map(|id| {
            let path = format!("{}/../../catalog/rules/{id}.toml", env!("CARGO_MANIFEST_DIR"));
            parse::<Rule>(id, &std::fs::read(path).unwrap()).unwrap().value
        })
        .into()
}

/// Runs the check on a case of a rule, some days after the lexicons were updated.
fn run(case: &RuleCase, days: i64) -> Vec<Observation> {
    let mut fields = serde_json::Map::from_iter(case.component.clone());
    fields.insert("id".to_owned(), "chat".into());
    fields.insert("kind".to_owned(), "endpoint".into());
    let component: Component = serde_json::from_value(fields.into()).unwrap();
    let files = Given(case.files.clone());
    let updated = lexicons().iter().map(|lexicon| lexicon.updated.start()).max().unwrap();
    let ctx = Ctx {
        files: &files,
        targets: &Nothing,
        exposure: &Nothing,
        progress: &NoProgress,
        now: updated.plus_days(days),
    };
    let check = GuardCheck::new(lexicons(), rules()).unwrap();
    check.run(&component, &ctx, &Limits::default()).unwrap()
}

fn has(observations: &[Observation], rule: &Rule) -> bool {
    observations
        .iter()
        .any(|o| matches!(o, Observation::Finding(f) if f.rule == rule.id && !f.message.en.contains('{')))
}

#[test]
fn the_cases_of_every_rule_hold() {
    for rule in rules() {
        for (nth, case) in rule.hits.iter().enumerate() {
            let days = if rule.id.as_str() == STALE { FRESH_DAYS + 1 } else { 0 };
            let seen = run(case, days);
            assert!(has(&seen, &rule), "hit {nth} of {}: {seen:#?}", rule.id);
        }
        for (nth, case) in rule.clean.iter().enumerate() {
            let seen = run(case, FRESH_DAYS);
            assert!(!has(&seen, &rule), "clean case {nth} of {}: {seen:#?}", rule.id);
        }
    }
}

#[test]
fn a_guarded_endpoint_is_measured() {
    let case = RuleCase { component: [("guard".to_owned(), "builtin".into())].into(), ..RuleCase::default() };
    let seen = run(&case, 3);
    let value = |name: &str| {
        seen.iter().find_map(|o| match o {
            Observation::Metric(metric) if metric.name == name => Some(metric.value),
            _ => None,
        })
    };
    assert_eq!(value("lexicon_age_days"), Some(3.0));
    assert!(value("rules").is_some_and(|rules| rules > 20.0), "{seen:?}");
    assert!(value("lexicon_words").is_some_and(|words| words > 500.0), "{seen:?}");
    assert!(seen.iter().all(|o| matches!(o, Observation::Metric(_))), "{seen:?}");
}

#[test]
fn a_finding_keeps_its_fingerprint() {
    let case = RuleCase::default();
    assert_eq!(run(&case, 0), run(&case, 9));
}
