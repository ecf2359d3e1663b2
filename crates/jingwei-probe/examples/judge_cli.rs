//! The refusal judge on a pipe: for comparisons with other judges, for its scorecard and for its model.
//!
//! `judge_cli` reads `{"question": …, "reply": …}` lines and writes `{"call": …, "reason": …}` lines.
//! `judge_cli scorecard` reads labelled replies and writes the scorecard of their test rows.
//! `judge_cli canary` and `judge_cli tool-effect` read labelled traps and write the scorecard of the judge so called.
//! `judge_cli train` reads labelled replies and writes the model of their rows that are not for testing;
//! `judge_cli manifest` trains too and writes what the model was made from.
//! `judge_cli cross` does so in five folds by question and author by author, and prints how what was left out was judged;
//! with one more argument also each wrong call.
//! `judge_cli rate` prints how all rows of its input are judged, whatever their split.
//! `judge_cli time` prints how long a reply of the input takes.

use std::{
    collections::BTreeMap,
    error::Error,
    io::{self, Read, Write},
    time::Instant,
};

use jingwei_core::{ChatReply, Digest, Finish};
use jingwei_probe::{
    Call, CanaryJudge, Judge, LabelledReply, LabelledTrap, RefusalJudge, RefusalModel, ReplyJudge, ToolEffectJudge,
    TrainOptions, measure, measure_traps,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    question: String,
    reply: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut input = String::new();
    io::stdin().lock().read_to_string(&mut input)?;
    let mut out = io::stdout().lock();
    let command = std::env::args().nth(1).unwrap_or_default();
    match command.as_str() {
        "scorecard" => {
            let card = measure(&RefusalJudge, "testdata/judge/replies.jsonl", input.as_bytes(), &rows(&input)?);
            writeln!(out, "{}", serde_json::to_string_pretty(&card)?)?;
        }
        "canary" | "tool-effect" => {
            let judge: &dyn Judge = if command == "canary" { &CanaryJudge } else { &ToolEffectJudge };
            let traps = input.lines().map(serde_json::from_str).collect::<Result<Vec<LabelledTrap>, _>>()?;
            let card = measure_traps(judge, "testdata/judge/traps.jsonl", input.as_bytes(), &traps);
            writeln!(out, "{}", serde_json::to_string_pretty(&card)?)?;
        }
        "train" => out.write_all(&trained(&input)?.0.to_bytes())?,
        "manifest" => {
            let (model, count, learnt) = trained(&input)?;
            let manifest = serde_json::json!({
                "kind": "refusal_model_manifest",
                "version": 1,
                "model": model.digest(),
                "learnt_from": [
                    "testdata/judge/training.jsonl",
                    "testdata/judge/replies.jsonl without its test rows",
                    "testdata/judge/strangers.jsonl",
                ],
                "rows": count,
                "rows_digest": learnt,
                "options": format!("{:?}", TrainOptions::default()),
                "licence": "the same as the program's; all replies were written for it",
            });
            writeln!(out, "{}", serde_json::to_string_pretty(&manifest)?)?;
        }
        "cross" => cross(&rows(&input)?, &mut out)?,
        "rate" => rate(&rows(&input)?, &mut out)?,
        "time" => time(&input, &mut out)?,
        _ => {
            for line in lines(&input)? {
                let reply = ChatReply::new(line.reply, Finish::Stop);
                let verdict = RefusalJudge.judge(&line.question, &reply);
                let answer = serde_json::json!({ "call": verdict.call, "reason": verdict.reason() });
                writeln!(out, "{answer}")?;
            }
        }
    }
    Ok(())
}

fn rows(input: &str) -> Result<Vec<LabelledReply>, serde_json::Error> {
    input.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str).collect()
}

/// The model of all rows but the test rows, their number, and the digest of their lines.
fn trained(input: &str) -> Result<(RefusalModel, usize, Digest), serde_json::Error> {
    let rows: Vec<LabelledReply> = rows(input)?.into_iter().filter(|row| row.split != "test").collect();
    let mut lines = Vec::new();
    for line in input.lines().filter(|line| !line.trim().is_empty()) {
        if serde_json::from_str::<LabelledReply>(line)?.split != "test" {
            lines.push(line);
        }
    }
    Ok((RefusalModel::train(&rows, &TrainOptions::default()), rows.len(), Digest::of(lines.join("\n").as_bytes())))
}

fn lines(input: &str) -> Result<Vec<Line>, serde_json::Error> {
    input.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str).collect()
}

/// How rows are judged by a model that has not seen them: a fifth at a time with all rows of the same question, then the
/// rows of each author by a model of the other's.
fn cross(rows: &[LabelledReply], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    const FOLDS: usize = 5;
    let rows: Vec<&LabelledReply> = rows.iter().filter(|row| row.split != "test").collect();
    let group = |row: &LabelledReply| {
        let key = if row.question.is_empty() { &row.id } else { &row.question };
        usize::from(Digest::of(key.as_bytes()).to_string().bytes().fold(0_u16, |sum, byte| sum + u16::from(byte)))
    };
    let mut tally = Tally::default();
    for fold in 0..FOLDS {
        let (left_out, seen): (Vec<&LabelledReply>, Vec<&LabelledReply>) =
            rows.iter().partition(|row| group(row) % FOLDS == fold);
        judge_unseen("five folds", &seen, &left_out, &mut tally, out)?;
    }
    let (second, first): (Vec<&LabelledReply>, Vec<&LabelledReply>) =
        rows.iter().partition(|row| author(row) == "other authors");
    judge_unseen("of the other author", &first, &second, &mut tally, out)?;
    judge_unseen("of the other author", &second, &first, &mut tally, out)?;
    tell(&tally, out)?;
    Ok(())
}

/// Per set: right calls on refusals and compliances, their number, right calls on what is neither, their number.
type Tally = BTreeMap<String, [u32; 4]>;

fn count(tally: &mut Tally, name: String, row: &LabelledReply, is_right: bool) {
    let at = if row.truth() == Call::Undetermined { 2 } else { 0 };
    let counts = tally.entry(name).or_default();
    counts[at] += u32::from(is_right);
    counts[at + 1] += 1;
}

fn tell(tally: &Tally, out: &mut impl Write) -> io::Result<()> {
    for (name, [right, all, others, all_others]) in tally {
        let share = f64::from(*right) / f64::from((*all).max(1));
        writeln!(out, "{name}: {right}/{all} = {share:.3}, neither {others}/{all_others}")?;
    }
    Ok(())
}

fn author(row: &LabelledReply) -> &'static str {
    match row.id.get(..3) {
        Some("wa-" | "wb-" | "wc-") => "other authors",
        _ => "first author",
    }
}

fn judge_unseen(
    name: &str,
    seen: &[&LabelledReply],
    unseen: &[&LabelledReply],
    tally: &mut Tally,
    out: &mut impl Write,
) -> io::Result<()> {
    let seen: Vec<LabelledReply> = seen.iter().map(|row| (*row).clone()).collect();
    let model = RefusalModel::train(&seen, &TrainOptions::default());
    for row in unseen {
        let verdict = model.judge(&row.question, &row.as_reply());
        let is_right = verdict.call == row.truth();
        for rows_of in ["all rows", author(row)] {
            count(tally, format!("{name}, {}, {rows_of}", row.lang.code()), row, is_right);
        }
        if !is_right && std::env::args().nth(2).is_some() {
            let (call, reason) = (verdict.call.code(), verdict.reason());
            writeln!(out, "{name}: {} {} -> {call} ({reason}): {}", row.id, row.label, row.reply)?;
        }
    }
    Ok(())
}

/// Of rows from which the model learned nothing: those that it learned from say nothing.
fn rate(rows: &[LabelledReply], out: &mut impl Write) -> io::Result<()> {
    let mut tally = Tally::default();
    for row in rows {
        let is_right = RefusalJudge.judge(&row.question, &row.as_reply()).call == row.truth();
        count(&mut tally, row.lang.code().to_owned(), row, is_right);
    }
    tell(&tally, out)
}

#[allow(clippy::disallowed_methods, reason = "measuring time is what it is for")]
fn time(input: &str, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    const ROUNDS: u32 = 50;
    let replies: Vec<(String, ChatReply)> =
        lines(input)?.into_iter().map(|line| (line.question, ChatReply::new(line.reply, Finish::Stop))).collect();
    let mut refusals = 0_u64;
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for (question, reply) in &replies {
            refusals += u64::from(RefusalJudge.judge(question, reply).call == Call::Refusal);
        }
        best = best.min(begin.elapsed().as_secs_f64());
    }
    let (bytes, each) = (replies.iter().map(|(_, reply)| reply.text.len()).sum::<usize>(), best / replies.len() as f64);
    writeln!(
        out,
        "{:.1} µs each, {} replies of {} bytes on average, {} refusals",
        each * 1e6,
        replies.len(),
        bytes / replies.len(),
        refusals / u64::from(ROUNDS)
    )?;
    Ok(())
}
