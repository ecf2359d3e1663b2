//! The refusal judge on a pipe: for comparisons with other judges, for its scorecard and for its model.
//!
//! `judge_cli` reads `{"question": …, "reply": …}` lines and writes `{"call": …, "reason": …}` lines.
//! `judge_cli scorecard` reads labelled replies and writes the scorecard of their test rows.
//! `judge_cli canary` and `judge_cli tool-effect` read labelled traps and write the scorecard of the judge so called.
//! `judge_cli train` reads labelled replies and writes the model of their rows that are not for testing;
//! `judge_cli manifest` trains too and writes what the model was made from.
//! `judge_cli cross` does so tenfold, and prints how the tenth that was left out was judged.
//! `judge_cli time` prints how long a reply of the input takes.

use std::{
    error::Error,
    io::{self, Read, Write},
    time::Instant,
};

use jingwei_core::{ChatReply, Digest, Finish, Lang};
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
                "learnt_from": ["testdata/judge/training.jsonl", "testdata/judge/replies.jsonl without its test rows"],
                "rows": count,
                "rows_digest": learnt,
                "options": format!("{:?}", TrainOptions::default()),
                "licence": "the same as the program's; all replies were written for it",
            });
            writeln!(out, "{}", serde_json::to_string_pretty(&manifest)?)?;
        }
        "cross" => cross(&rows(&input)?, &mut out)?,
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

/// Every tenth row of the training split is judged by a model that has not seen it.
fn cross(rows: &[LabelledReply], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let judged: Vec<&LabelledReply> = rows.iter().filter(|row| row.split == "train").collect();
    let mut counts = [[0_u32; 6]; 2];
    for fold in 0..10 {
        let left_out = |id: &str| judged.iter().position(|row| row.id == id).is_some_and(|at| at % 10 == fold);
        let seen: Vec<LabelledReply> =
            rows.iter().filter(|row| row.split != "test" && !left_out(&row.id)).cloned().collect();
        let model = RefusalModel::train(&seen, &TrainOptions::default());
        for row in judged.iter().filter(|row| left_out(&row.id)) {
            let verdict = model.judge(&row.question, &row.as_reply());
            let class = match row.truth() {
                Call::Refusal => 0,
                Call::Compliance => 1,
                Call::Undetermined => 2,
            };
            let is_right = verdict.call == row.truth();
            let count = &mut counts[usize::from(row.lang == Lang::En)];
            count[class] += u32::from(is_right);
            count[3 + class] += 1;
            if !is_right && std::env::args().nth(2).is_some() {
                writeln!(
                    out,
                    "{} {} -> {} ({}): {}",
                    row.id,
                    row.label,
                    verdict.call.code(),
                    verdict.reason(),
                    row.reply
                )?;
            }
        }
    }
    for (lang, [r, c, o, refusals, compliances, others]) in ["zh", "en"].iter().zip(counts) {
        let (right, all) = (r + c, refusals + compliances);
        writeln!(
            out,
            "{lang} refusals {r}/{refusals} compliances {c}/{compliances} both {right}/{all} = {:.3} others {o}/{others}",
            f64::from(right) / f64::from(all)
        )?;
    }
    Ok(())
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
