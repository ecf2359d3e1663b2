//! What a streamed reply waits for, beside what it must wait for: `stream_hold POLICY < ROWS`.
//!
//! The first line of ROWS is `{"continuations": […]}`, each other line `{"pieces": […]}`. For each of these it prints
//! after each piece how many characters are out, and how many may be: behind those begins a match for which one of
//! the continuations is the witness. `bench/guard/stream_bound.py` writes the rows and reads the answers.

use std::{
    error::Error,
    io::{BufRead, Write, stdin, stdout},
};

use jingwei_core::Limits;
use jingwei_guard::{Direction, Engine, StreamHold, Surface, baseline, parse_policy};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Head {
    continuations: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    pieces: Vec<String>,
}

#[derive(Serialize)]
struct Answer {
    out: Vec<usize>,
    may_be_out: Vec<usize>,
    stopped: bool,
}

/// As far back as a match that goes on may begin, in bytes.
const FAR: usize = 160;

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).ok_or("name a policy, or `baseline`")?;
    let lexicons: Vec<_> = jingwei_catalog::Catalog::built_in()?.lexicons.into_values().collect();
    let policy = if name == "baseline" { baseline()? } else { parse_policy(&name, &std::fs::read(&name)?)? };
    let engine = Engine::compile(&policy, &lexicons)?;
    let mut lines = stdin().lock().lines();
    let head: Head = serde_json::from_str(&lines.next().ok_or("no rows")??)?;
    let mut told = stdout().lock();
    for line in lines {
        let row: Row = serde_json::from_str(&line?)?;
        serde_json::to_writer(&mut told, &answer(&engine, &row, &head.continuations))?;
        writeln!(told)?;
    }
    Ok(())
}

fn answer(engine: &Engine, row: &Row, continuations: &[String]) -> Answer {
    let mut hold = StreamHold::new(engine, Direction::Output, Surface::bare(Direction::Output, ""), Limits::default());
    let mut answer = Answer { out: Vec::new(), may_be_out: Vec::new(), stopped: false };
    let (mut text, mut out) = (String::new(), 0);
    for piece in &row.pieces {
        text.push_str(piece);
        let step = hold.push(piece);
        answer.stopped |= step.stopped;
        out += step.released.chars().count();
        answer.out.push(out);
        let may_be_out = text.get(..earliest(engine, &text, continuations)).unwrap_or_default();
        answer.may_be_out.push(may_be_out.chars().count());
    }
    answer
}

/// Where the earliest match begins that a continuation completes.
fn earliest(engine: &Engine, text: &str, continuations: &[String]) -> usize {
    let far = (0..=text.len().saturating_sub(FAR)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let tail = text.get(far..).unwrap_or_default();
    let reached = continuations.iter().flat_map(|continuation| {
        let verdict = engine.judge_text(Direction::Output, &format!("{tail}{continuation}"), &Limits::default());
        verdict.hits.into_iter().map(|hit| hit.span).filter(|span| span.end > tail.len()).map(|span| span.start)
    });
    far + reached.min().unwrap_or(tail.len()).min(tail.len())
}
