//! `jingwei guard …`.

use std::{
    io::{BufRead, Read},
    sync::Arc,
};

use jingwei_app::{
    AppSettings, DetectorSource, Equipment, Error,
    guard_set::{self, GuardSet},
    guards, known_canary,
};
use jingwei_core::Action;
use jingwei_guard as engine;
use serde::{Deserialize, Serialize};

use crate::{
    cli::{ActionArg, Direction, Global, Guard},
    output::{Exit, Speaker},
    settings::app_settings,
};

/// Longest text that is read from standard input.
const MAX_TEXT_BYTES: u64 = 16 << 20;

pub fn run(global: &Global, command: Guard, speaker: Speaker) -> Result<Exit, Error> {
    match command {
        Guard::Lexicon(command) => return super::guard_lexicon::run(global, command, speaker),
        Guard::Explain(command) => super::guard_explain::run(global, command, speaker)?,
        Guard::Train(command) => super::guard_train::run(&command, speaker)?,
        Guard::Score(command) => super::guard_score::run(global, command, speaker)?,
        Guard::Bench(command) => super::guard_bench::run(global, &command, speaker)?,
        Guard::Schema { bindings: false } => speaker.json(&engine::policy_schema()),
        Guard::Schema { bindings: true } => speaker.json(&engine::bindings_schema()),
        Guard::Baseline => speaker.data(engine::BASELINE_TOML.trim_end()),
        Guard::Validate { policy, bindings: Some(bindings) } => {
            let set = guard_set::make(policy.as_deref(), Some(&bindings), &equipment_to_come(global)?).0?;
            return Ok(validate_set(&set, speaker));
        }
        Guard::Validate { policy, bindings: None } => {
            return Ok(validate(&guards::for_command(policy.as_deref(), &equipment_to_come(global)?)?, speaker));
        }
        Guard::Check { policy, direction, jsonl, fail_on } => {
            let guard = guards::for_command(policy.as_deref(), &equipment(global)?)?;
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
    speaker.data(speaker.text(&engine.stream_cost().summary()));
    Exit::Clean
}

fn validate_set(set: &GuardSet, speaker: Speaker) -> Exit {
    for warning in &set.warnings {
        speaker.data(&format!("{}: {}", speaker.pick("提示", "warning"), warning.display(speaker.lang)));
    }
    for bound in set.engines.engines() {
        let mode = match bound.mode {
            engine::Mode::Enforce => "enforce",
            engine::Mode::Shadow => "shadow",
            engine::Mode::Off => "off",
        };
        speaker.data(&format!("{}: {} ({mode})", bound.name, bound.engine.version()));
        speaker.data(&format!("  {}", speaker.text(&bound.engine.stream_cost().summary())));
    }
    Exit::Clean
}

/// As it will be once a gateway has started: with a canary key, which is made then.
fn equipment_to_come(global: &Global) -> Result<Equipment, Error> {
    let equipment = equipment(global)?;
    Ok(Equipment { canary: Some(equipment.canary.unwrap_or(engine::CanaryKey::new([0; 32]))), ..equipment })
}

/// What policies are compiled with where no installation needs to be opened.
pub(super) fn equipment(global: &Global) -> Result<Equipment, Error> {
    let AppSettings { net, secrets, clock, limits, .. } = app_settings(global, 1);
    Ok(Equipment {
        catalog: Arc::new(jingwei_app::load_catalog(global.catalog.as_deref())?),
        limits,
        detectors: DetectorSource::new(&net, secrets, clock, limits)?,
        canary: known_canary(&global.data)?,
    })
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

fn broken(error: std::io::Error) -> Error {
    Error::failed("无法读取标准输入", "cannot read standard input").because(error)
}

/// The text on standard input.
pub(super) fn read_text() -> Result<String, Error> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes).map_err(broken)?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        return Err(Error::invalid(
            format!("文本超过 {MAX_TEXT_BYTES} 字节"),
            format!("the text is longer than {MAX_TEXT_BYTES} bytes"),
        ));
    }
    String::from_utf8(bytes).map_err(|e| {
        Error::invalid("标准输入不是 UTF-8：请先转换编码", "standard input is not UTF-8; convert it first").because(e)
    })
}

/// One verdict line per text. A line that is no text is told and judged as nothing, and the work goes on.
fn check(guard: &jingwei_app::Guard, direction: Direction, jsonl: bool, speaker: Speaker) -> Result<Action, Error> {
    let direction = engine::Direction::from(direction);
    let mut strictest = Action::Allow;
    let mut judge = |id: Option<serde_json::Value>, text: &str| {
        let verdict = guard.verdict(direction, text);
        strictest = strictest.max(verdict.action);
        speaker.jsonl(&Judged { id, verdict });
    };
    if !jsonl {
        judge(None, &read_text()?);
        return Ok(strictest);
    }
    let mut input = std::io::stdin().lock();
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
