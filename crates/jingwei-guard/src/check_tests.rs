use std::{collections::BTreeMap, io::Cursor, sync::Arc};

use jingwei_catalog::{document::parse, items::RuleCase};
use jingwei_core::{
    ExposureFacts, ExposureProbe, FileEntry, Files, NoProgress, PortError, ReadSeek, Target, TargetError, Targets,
};

use super::*;
use crate::baseline::tests::lexicons;

struct Given(BTreeMap<String, Vec<u8>>);

impl Files for Given {
    fn list(&self, path: &str, _limits: &Limits) -> Result<Vec<FileEntry>, PortError> {
        Err(PortError::Missing { path: path.to_owned() })
    }

    fn open(&self, path: &str) -> Result<Box<dyn ReadSeek>, PortError> {
        match self.0.get(path) {
            Some(bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
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
    run_with(case, &[], days)
}

fn run_with(case: &RuleCase, more: &[(&str, Vec<u8>)], days: i64) -> Vec<Observation> {
    let mut fields = serde_json::Map::from_iter(case.component.clone());
    fields.insert("id".to_owned(), "chat".into());
    fields.insert("kind".to_owned(), "endpoint".into());
    let component: Component = serde_json::from_value(fields.into()).unwrap();
    let mut files: BTreeMap<String, Vec<u8>> =
        case.files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes())).collect();
    files.extend(more.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.clone())));
    let files = Given(files);
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
fn packs_beside_the_policy_are_taken_into_account() {
    let policy = "kind = 'guard-policy'\nversion = 1\nid = 'p'\ntitle = { zh = '题', en = 't' }\n\
        block_message = { zh = '不', en = 'no' }\npacks = ['words.pack']\n[[rule]]\nid = 'own.words'\n\
        title = { zh = '词', en = 'w' }\ndirection = 'both'\nwhen = { kind = 'lexicon', lexicons = ['d'] }\n\
        action = 'block'\nseverity = 'high'\n";
    let case = RuleCase {
        component: [("guard".to_owned(), "guard/p.toml".into())].into(),
        files: [("guard/p.toml".to_owned(), policy.to_owned())].into(),
        ..RuleCase::default()
    };
    let updated = lexicons().iter().map(|lexicon| lexicon.updated).max().unwrap();
    let mut import = crate::Import::new(
        crate::ImportOptions {
            category: Some("d".to_owned()),
            columns: crate::Columns::default(),
            lang: None,
            keep_single: false,
            updated,
        },
        Limits::default(),
    );
    import.read("a.txt", "冰毒\n白粉\n".as_bytes()).unwrap();
    let facts = crate::PackFacts { id: "words".to_owned(), title: None, licence: None, created: updated.start() };
    let pack = import.finish(facts, None).unwrap().pack.to_bytes();
    let seen = run_with(&case, &[("guard/words.pack", pack)], FRESH_DAYS + 1);
    let value = |name: &str| {
        seen.iter().find_map(|o| match o {
            Observation::Metric(metric) if metric.name == name => Some(metric.value),
            _ => None,
        })
    };
    assert_eq!((value("lexicon_words"), value("lexicon_age_days")), (Some(2.0), Some(31.0)));
    let told = |seen: &[Observation], rule: &str| {
        seen.iter().find_map(|o| match o {
            Observation::Finding(f) if f.rule.as_str() == rule => Some(f.message.en.clone()),
            _ => None,
        })
    };
    assert!(told(&seen, STALE).is_some_and(|message| message.contains("words.d")), "{seen:?}");
    for (more, said) in [(vec![], "packs[0]"), (vec![("guard/words.pack", b"junk".to_vec())], "not a lexicon pack")] {
        let seen = run_with(&case, &more, 0);
        assert!(told(&seen, INVALID).is_some_and(|message| message.contains(said)), "{said}: {seen:?}");
    }
}

#[test]
fn detectors_and_canaries_are_no_fault_of_a_policy() {
    let policy = "kind = 'guard-policy'\nversion = 1\nid = 'p'\ntitle = { zh = '题', en = 't' }\n\
        block_message = { zh = '不', en = 'no' }\nplant_canary = true\n\
        [[detector]]\nkind = 'remote'\nid = 'g'\nurl = 'http://nowhere.invalid'\nmodel = 'm'\nprompt = 'qwen3guard'\n\
        [[rule]]\nid = 'own.harm'\ntitle = { zh = '害', en = 'h' }\ndirection = 'input'\naction = 'block'\n\
        severity = 'high'\nwhen = { kind = 'semantic', detector = 'g', head = 'harm' }\n\
        [[rule]]\nid = 'own.canary'\ntitle = { zh = '雀', en = 'c' }\ndirection = 'output'\naction = 'block'\n\
        severity = 'high'\nwhen = { kind = 'canary' }\n";
    let case = |policy: &str| RuleCase {
        component: [("guard".to_owned(), "p.toml".into())].into(),
        files: [("p.toml".to_owned(), policy.to_owned())].into(),
        ..RuleCase::default()
    };
    let seen = run(&case(policy), 0);
    assert!(seen.iter().all(|o| matches!(o, Observation::Metric(_))), "{seen:?}");
    let seen = run(&case(&policy.replace("detector = 'g'", "detector = 'other'")), 0);
    assert!(seen.iter().any(|o| matches!(o, Observation::Finding(f) if f.rule.as_str() == INVALID)), "{seen:?}");
}

#[test]
fn a_finding_keeps_its_fingerprint() {
    let case = RuleCase::default();
    assert_eq!(run(&case, 0), run(&case, 9));
}
