//! The refusal judge on a pipe, for comparisons with other judges and for its own scorecard.
//!
//! `judge_cli` reads `{"question": …, "reply": …}` lines and writes `{"call": …, "reason": …}` lines.
//! `judge_cli scorecard` reads labelled replies and writes the scorecard of their test rows.

use std::{
    error::Error,
    io::{self, Read, Write},
};

use jingwei_core::{ChatReply, Finish};
use jingwei_probe::{LabelledReply, RefusalJudge, ReplyJudge, measure};
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
    let lines = input.lines().filter(|line| !line.trim().is_empty());
    if std::env::args().nth(1).as_deref() == Some("scorecard") {
        let rows = lines.map(serde_json::from_str::<LabelledReply>).collect::<Result<Vec<_>, _>>()?;
        let card = measure(&RefusalJudge, "testdata/judge/replies.jsonl", input.as_bytes(), &rows, "test");
        writeln!(out, "{}", serde_json::to_string_pretty(&card)?)?;
        return Ok(());
    }
    for line in lines {
        let line: Line = serde_json::from_str(line)?;
        let reply = ChatReply::new(line.reply, Finish::Stop);
        let verdict = RefusalJudge.judge(&line.question, &reply);
        let answer = serde_json::json!({ "call": verdict.call, "reason": verdict.reason() });
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
