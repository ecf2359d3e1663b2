use std::collections::BTreeSet;

use jingwei_core::{Digest, Lang, Limits};
use jingwei_probe::{
    CanaryJudge, ClassifierJudge, Judge, JudgeScorecard, KeywordJudge, LabelledReply, LabelledTrap, LlmJudge,
    ModelError, RefusalJudge, RefusalModel, ReplyJudge, ToolEffectJudge, TrainOptions, measure, measure_traps,
};

const REPLIES: &str = "testdata/judge/replies.jsonl";
const TRAPS: &str = "testdata/judge/traps.jsonl";
const ROWS: &str = include_str!("../../../../testdata/judge/replies.jsonl");
const TRAINING: &str = include_str!("../../../../testdata/judge/training.jsonl");
const STRANGERS: &str = include_str!("../../../../testdata/judge/strangers.jsonl");
const VOICES: &str = include_str!("../../../../testdata/judge/voices.jsonl");
const RATINGS: &str = include_str!("../../../../testdata/judge/ratings.csv");
const TRAP_ROWS: &str = include_str!("../../../../testdata/judge/traps.jsonl");
const MODEL: &[u8] = include_bytes!("../../models/refusal.bin");
const MANIFEST: &str = include_str!("../../models/refusal.json");
const IS_TEST: &str = r#""split": "test""#;
const COMMAND: &str = "the commands of testdata/judge/README.md";

fn rows(text: &str) -> Vec<LabelledReply> {
    text.lines().map(|line| serde_json::from_str(line).expect("a labelled reply")).collect()
}

#[test]
fn the_committed_scorecards_are_what_the_judges_do_today() {
    let traps: Vec<LabelledTrap> = TRAP_ROWS.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let replies = measure(&RefusalJudge, REPLIES, ROWS.as_bytes(), &rows(ROWS));
    for measured in [
        replies,
        measure_traps(&CanaryJudge, TRAPS, TRAP_ROWS.as_bytes(), &traps),
        measure_traps(&ToolEffectJudge, TRAPS, TRAP_ROWS.as_bytes(), &traps),
    ] {
        let committed = JudgeScorecard::of(&measured.judge);
        assert_eq!(committed, Some(&measured), "the judge or its data changed; run: {COMMAND}");
    }
}

#[test]
fn every_judge_has_a_card() {
    let cards = JudgeScorecard::all().unwrap();
    let known: BTreeSet<&str> = cards.iter().map(|card| card.judge.as_str()).collect();
    let judges =
        [RefusalJudge::ID, CanaryJudge::ID, ToolEffectJudge::ID, KeywordJudge::ID, ClassifierJudge::ID, LlmJudge::ID];
    assert_eq!(known, BTreeSet::from(judges));
    for card in cards {
        assert_eq!(card.scores.is_empty(), card.not_measured.is_some(), "{}", card.judge);
        assert_eq!(JudgeScorecard::of(&card.judge).is_some(), card.not_measured.is_none());
    }
    assert_eq!(JudgeScorecard::refusal().unwrap().judge, ReplyJudge::id(&RefusalJudge));
    assert_eq!(Judge::id(&RefusalJudge), RefusalJudge::ID);
}

#[test]
fn the_judge_is_good_enough_to_be_used() {
    let card = JudgeScorecard::refusal().unwrap();
    for (lang, score) in Lang::ALL.iter().zip(&card.scores) {
        assert_eq!(*lang, score.lang);
        for side in [Some(&score.with_question), score.reply_only.as_ref()].into_iter().flatten() {
            assert!(side.sensitivity.n >= 120 && side.specificity.n >= 120, "{lang:?}: too few rows");
            assert!(side.accuracy.value >= 0.8, "{lang:?}: {:?}", side.accuracy);
            assert!(side.accuracy.lower <= side.accuracy.value && side.accuracy.value <= side.accuracy.upper);
        }
    }
}

#[test]
fn test_replies_were_rated_twice_and_are_no_training_replies() {
    let bare = |reply: &str| {
        let words: String = reply.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if words.is_empty() { reply.trim().to_owned() } else { words }
    };
    let (replies, training) = (rows(ROWS), [rows(TRAINING), rows(STRANGERS)].concat());
    let (test, rest): (Vec<_>, Vec<_>) = replies.iter().partition(|row| row.split == "test");
    let learnt: BTreeSet<String> = rest.iter().copied().chain(&training).map(|row| bare(&row.reply)).collect();
    let rated: BTreeSet<&str> = RATINGS.lines().skip(1).collect();
    for row in &test {
        assert!(!learnt.contains(&bare(&row.reply)), "{} is a training reply too", row.id);
        assert!(
            rated.contains(format!("{0},{1},{1}", row.id, row.label).as_str()),
            "{} lacks two equal ratings",
            row.id
        );
    }
    assert!(rows(VOICES).iter().all(|row| row.split == "voices"));
    for (lang, fewest) in [(Lang::Zh, 1300), (Lang::En, 650)] {
        assert!(test.iter().filter(|row| row.lang == lang).count() >= fewest, "{lang:?}");
    }
}

#[test]
fn the_model_is_the_one_that_its_manifest_names() {
    let manifest: serde_json::Value = serde_json::from_str(MANIFEST).unwrap();
    let digest = |name: &str| manifest[name].as_str().unwrap().to_owned();
    assert_eq!(digest("model"), Digest::of(MODEL).to_string(), "run: {COMMAND}");
    let lines = TRAINING.lines().chain(ROWS.lines()).chain(STRANGERS.lines());
    let learnt: Vec<&str> = lines.filter(|line| !line.contains(IS_TEST)).collect();
    assert_eq!(digest("rows_digest"), Digest::of(learnt.join("\n").as_bytes()).to_string(), "run: {COMMAND}");
    assert_eq!(manifest["rows"], learnt.len());
    assert!(MODEL.len() <= 5 << 20);
    assert_eq!(RefusalModel::parse(MODEL, &Limits::default()).unwrap().to_bytes(), MODEL);
}

#[test]
fn a_model_is_checked_before_it_is_used() {
    let options = TrainOptions { slots_log2: 8, rounds: 5, ..TrainOptions::default() };
    let model = RefusalModel::train(&rows(TRAINING)[..60], &options);
    assert_eq!(model, RefusalModel::train(&rows(TRAINING)[..60], &options));
    let bytes = model.to_bytes();
    let limits = Limits::default();
    assert_eq!(RefusalModel::parse(&bytes, &limits), Ok(model));
    let changed = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x55;
        bytes
    };
    assert_eq!(RefusalModel::parse(&changed(0), &limits), Err(ModelError::NotAModel));
    assert!(matches!(RefusalModel::parse(&changed(8), &limits), Err(ModelError::OtherFeatures { .. })));
    assert_eq!(RefusalModel::parse(&changed(15), &limits), Err(ModelError::OutOfRange));
    assert_eq!(RefusalModel::parse(&changed(bytes.len() - 1), &limits), Err(ModelError::Damaged));
    for end in [0, 8, 20, bytes.len() - 1] {
        assert!(RefusalModel::parse(&bytes[..end], &limits).is_err(), "{end}");
    }
    let tight = Limits { header_bytes: 100, ..limits };
    assert!(matches!(RefusalModel::parse(&bytes, &tight), Err(ModelError::TooLarge { .. })));
}

#[test]
fn the_reference_pages_say_what_the_scorecards_say() {
    let pages = [
        include_str!("../../../../docs/reference/probe.md"),
        include_str!("../../../../docs/reference/probe.zh-CN.md"),
    ];
    for card in JudgeScorecard::all().unwrap() {
        assert!(pages.iter().all(|page| page.contains(&format!("`{}`", card.judge))), "no word of {}", card.judge);
        for score in &card.scores {
            let side = &score.with_question;
            let row = [&side.sensitivity, &side.specificity, &side.accuracy].map(|share| {
                format!("{}/{} = {:.3} [{:.3}, {:.3}]", share.k, share.n, share.value, share.lower, share.upper)
            });
            let other = format!("{}/{}", side.other.k, side.other.n);
            let row = format!("| `{}` | {} | {} | {other} |", card.judge, score.lang.code(), row.join(" | "));
            assert!(pages.iter().all(|page| page.contains(&row)), "docs/reference/probe*.md lack {row}");
        }
    }
}
