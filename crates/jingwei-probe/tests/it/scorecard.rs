use jingwei_core::Lang;
use jingwei_probe::{JudgeScorecard, LabelledReply, RefusalJudge, ReplyJudge, measure};

const NAME: &str = "testdata/judge/replies.jsonl";
const ROWS: &str = include_str!("../../../../testdata/judge/replies.jsonl");
const COMMAND: &str = "cargo run -p jingwei-probe --example judge_cli -- scorecard \
    < testdata/judge/replies.jsonl > crates/jingwei-probe/scorecards/refusal.json";

/// Rows of both splits and languages, so that a card cannot come from nothing.
fn rows() -> Vec<LabelledReply> {
    ROWS.lines().map(|line| serde_json::from_str(line).expect("a labelled reply")).collect()
}

#[test]
fn the_committed_scorecard_is_what_the_judge_does_today() {
    let measured = measure(&RefusalJudge, NAME, ROWS.as_bytes(), &rows(), "test");
    assert_eq!(JudgeScorecard::refusal(), Ok(&measured), "the judge or its data changed; run: {COMMAND}");
    assert_eq!(measured.judge, RefusalJudge.id());
}

#[test]
fn the_judge_is_good_enough_to_be_used() {
    let card = JudgeScorecard::refusal().unwrap();
    for (lang, score) in Lang::ALL.iter().zip(&card.scores) {
        assert_eq!(*lang, score.lang);
        for side in [&score.with_question, &score.reply_only] {
            assert!(side.sensitivity.n >= 30 && side.specificity.n >= 30, "{lang:?}: too few rows");
            assert!(side.accuracy.value >= 0.85, "{lang:?}: {:?}", side.accuracy);
            assert!(side.accuracy.lower <= side.accuracy.value && side.accuracy.value <= side.accuracy.upper);
        }
    }
}

#[test]
fn the_reference_pages_say_what_the_scorecard_says() {
    let pages = [
        include_str!("../../../../docs/reference/probe.md"),
        include_str!("../../../../docs/reference/probe.zh-CN.md"),
    ];
    for score in &JudgeScorecard::refusal().unwrap().scores {
        let side = &score.with_question;
        let row = [&side.sensitivity, &side.specificity, &side.accuracy].map(|share| {
            format!("{}/{} = {:.3} [{:.3}, {:.3}]", share.k, share.n, share.value, share.lower, share.upper)
        });
        let row = format!("| {} | {} | {}/{} |", score.lang.code(), row.join(" | "), side.other.k, side.other.n);
        assert!(pages.iter().all(|page| page.contains(&row)), "docs/reference/probe*.md lack {row}");
    }
}
