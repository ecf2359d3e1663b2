//! `jingwei guard …`.

use std::io::{BufRead, Read};

use jingwei_app::{Error, guards};
use jingwei_core::{Action, Limits};
use jingwei_guard as engine;
use serde::{Deserialize, Serialize};

use crate::{
    cli::{ActionArg, Direction, Global, Guard},
    output::{Exit, Speaker},
};

/// Longest text that is read from standard input.
const MAX_TEXT_BYTES: u64 = 16 << 20;

pub fn run(global: &Global, command: Guard, speaker: Speaker) -> Result<Exit, Error> {
    match command {
        Guard::Schema => speaker.json(&engine::policy_schema()),
        Guard::Baseline => speaker.data(engine::BASELINE_TOML.trim_end()),
        Guard::Validate { policy } => {
            let catalog = jingwei_app::load_catalog(global.catalog.as_deref())?;
            let guard = guards::for_command(policy.as_deref(), &catalog, Limits::default())?;
            return Ok(validate(&guard, speaker));
        }
        Guard::Check { policy, direction, jsonl, fail_on } => {
            let catalog = jingwei_app::load_catalog(global.catalog.as_deref())?;
            let guard = guards::for_command(policy.as_deref(), &catalog, Limits::default())?;
            let strictest = check(&guard, direction, jsonl, speaker)?;
            let fails = fail_on.is_some_and(|from| strictest >= action(from));
            return Ok(if fails { Exit::Findings } else { Exit::Clean });
        }
    }
    Ok(Exit::Clean)
}

fn action(from: ActionArg) -> Action {
    match from {
        ActionArg::Redact => Action::Redact,
        ActionArg::Confirm => Action::Confirm,
        ActionArg::Block => Action::Block,
    }
}

fn validate(guard: &jingwei_app::Guard, speaker: Speaker) -> Exit {
    let engine = guard.engine();
    for warning in engine.warnings() {
        speaker.data(&format!("{}: {}", speaker.pick("提示", "warning"), warning.problem.display(speaker.lang)));
    }
    let rules = engine.policy().rules.len();
    speaker.data(&match speaker.lang {
        jingwei_core::Lang::Zh => format!("策略 {} 可用：{rules} 条规则", engine.version()),
        jingwei_core::Lang::En => format!("policy {} compiles: {rules} rules", engine.version()),
    });
    Exit::Clean
}

#[derive(Deserialize)]
struct Line {
    id: serde_json::Value,
    text: String,
}

#[derive(Serialize)]
struct Judged {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<serde_json::Value>,
    #[serde(flatten)]
    verdict: jingwei_core::Verdict,
}

/// One verdict line per text. A line that is no text is told and judged as nothing, and the work goes on.
fn check(guard: &jingwei_app::Guard, direction: Direction, jsonl: bool, speaker: Speaker) -> Result<Action, Error> {
    let direction = match direction {
        Direction::Input => engine::Direction::Input,
        Direction::Output => engine::Direction::Output,
    };
    let broken = |e: std::io::Error| Error::failed("无法读取标准输入", "cannot read standard input").because(e);
    let mut strictest = Action::Allow;
    let mut judge = |id: Option<serde_json::Value>, text: &str| {
        let verdict = guard.verdict(direction, text);
        strictest = strictest.max(verdict.action);
        speaker.jsonl(&Judged { id, verdict });
    };
    let mut input = std::io::stdin().lock();
    if !jsonl {
        let mut bytes = Vec::new();
        input.by_ref().take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() as u64 > MAX_TEXT_BYTES {
            return Err(Error::invalid(
                format!("文本超过 {MAX_TEXT_BYTES} 字节"),
                format!("the text is longer than {MAX_TEXT_BYTES} bytes"),
            ));
        }
        let text = String::from_utf8(bytes).map_err(|e| {
            Error::invalid("标准输入不是 UTF-8：请先转换编码", "standard input is not UTF-8; convert it first")
                .because(e)
        })?;
        judge(None, &text);
        return Ok(strictest);
    }
    let mut number = 0_u64;
    let mut line = Vec::new();
    loop {
        line.clear();
        number += 1;
        if input.by_ref().take(MAX_TEXT_BYTES).read_until(b'\n', &mut line).map_err(broken)? == 0 {
            return Ok(strictest);
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<Line>(&line) {
            Ok(Line { id, text }) => judge(Some(id), &text),
            Err(error) => {
                return Err(Error::invalid(
                    format!("第 {number} 行不是 {{\"id\": …, \"text\": …}}"),
                    format!("line {number} is not {{\"id\": …, \"text\": …}}"),
                )
                .because(error));
            }
        }
    }
}
