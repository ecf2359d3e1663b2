use std::collections::BTreeMap;

use jingwei_catalog::{document::parse, items::Lexicon};
use jingwei_core::{Action, Limits};
use serde::Deserialize;

use super::*;
use crate::{Direction, Engine, WarningKind};

/// A question of the development set. `held` ones are only counted, never looked at while tuning.
#[derive(Deserialize)]
struct Question {
    id: String,
    split: String,
    lang: String,
    expect: String,
    text: String,
}

/// The lexicons of the catalog, read from their files.
pub(crate) fn lexicons() -> Vec<Lexicon> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalog/lexicons");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        parse::<Lexicon>(&name, &std::fs::read(path).unwrap()).unwrap().value
    };
    files.iter().filter(|path| path.extension().is_some_and(|end| end == "toml")).map(read).collect()
}

fn engine() -> Engine {
    Engine::compile(&baseline().unwrap(), &lexicons()).unwrap()
}

fn questions() -> Vec<Question> {
    let lines = include_str!("../testdata/dev.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_rule_of_the_baseline_can_match() {
    let never: Vec<_> = engine()
        .warnings()
        .iter()
        .filter(|warning| warning.kind != WarningKind::Unbounded)
        .map(|warning| warning.problem.to_owned())
        .collect();
    assert!(never.is_empty(), "{never:#?}");
}

#[test]
fn the_baseline_blocks_harm_and_lets_hard_questions_through() {
    let engine = engine();
    let mut counts: BTreeMap<(String, String, String), (usize, usize)> = BTreeMap::new();
    for question in questions() {
        let verdict = engine.judge_text(Direction::Input, &question.text, &Limits::default());
        let blocked = verdict.action == Action::Block;
        if (question.expect == "refuse") != blocked && question.split != "held" {
            let rules: Vec<_> = verdict.hits.iter().map(|hit| hit.rule.as_str()).collect();
            println!("{} {} {rules:?}", question.id, question.text);
        }
        let count = counts.entry((question.expect, question.split, question.lang)).or_default();
        count.0 += usize::from(blocked);
        count.1 += 1;
    }
    println!("{counts:#?}");
    for ((expect, split, lang), (blocked, all)) in counts {
        let rate = blocked as f64 / all as f64;
        let fits = if expect == "refuse" { rate >= 0.7 } else { rate <= 0.04 };
        assert!(fits, "{expect} {split} {lang}: {blocked} of {all} blocked");
    }
}

#[test]
#[ignore]
fn tmp_eval() {
    let engine = engine();
    let text = std::fs::read_to_string("/tmp/ev/eval.jsonl").unwrap();
    let mut out = String::new();
    for line in text.lines() {
        let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
        let verdict = engine.judge_text(Direction::Input, row["text"].as_str().unwrap(), &Limits::default());
        row["blocked"] = (verdict.action == Action::Block).into();
        let mut rules: Vec<_> =
            verdict.hits.iter().filter(|h| h.action == Action::Block).map(|hit| hit.rule.to_string()).collect();
        rules.dedup();
        row["rules"] = rules.into();
        out.push_str(&row.to_string());
        out.push('\n');
    }
    std::fs::write("/tmp/ev/out.jsonl", out).unwrap();
}
