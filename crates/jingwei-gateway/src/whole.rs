//! A reply in one piece.

use std::sync::Arc;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use jingwei_core::{Action, Usage};
use jingwei_guard::{Direction, Mode, surfaces_of_chat_response};
use jingwei_net::{Forwarded, read_json};
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    Outcome,
    chat::{Exchange, judge_aside, problem_of},
    problem::Problem,
    redaction::{redact, restore},
    refusal,
};

/// What of a reply is passed on. Anything else an upstream may add (prompts and raw output for debugging,
/// for one) was not judged.
pub(crate) const REPLY_KEYS: [&str; 9] =
    ["id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier", "timings"];

pub(crate) async fn reply(mut exchange: Exchange, forwarded: Forwarded) -> Response {
    let limits = exchange.state.settings().limits;
    let body = match forwarded.body.rest().await {
        Ok(body) => body,
        Err(error) => return exchange.fault(problem_of(&error)),
    };
    let document = match read_json(&body, &limits).map_err(|fault| fault.to_string()).and_then(completion) {
        Ok(document) => document,
        Err(reason) => return exchange.fault(not_a_completion(&reason)),
    };
    let usage = usage_of(&document);
    exchange.record.event.usage = usage;
    if exchange.mode == Mode::Off {
        return exchange.answered(document, Action::Allow);
    }
    let begun = Instant::now();
    let engine = Arc::clone(&exchange.engine);
    let judged = judge_aside(document, engine.is_instant(), move |document| {
        let surfaces = surfaces_of_chat_response(document, &limits);
        (engine.judge(Direction::Output, &surfaces, &limits), surfaces.len())
    });
    let Some((mut document, (verdict, surfaces))) = judged.await else { return exchange.guard_failed() };
    exchange.record.output(&verdict, surfaces);
    if exchange.mode == Mode::Shadow {
        exchange.record.guard_took(begun);
        return exchange.answered(document, Action::Allow);
    }
    let mut action = verdict.action;
    if action == Action::Redact {
        // Numbered after the request's own placeholders, so that restoring those does not touch these.
        let mut placeholders = exchange.placeholders.clone();
        drop_log_probabilities(&mut document);
        if redact(&mut document, &verdict, &mut placeholders).is_err() {
            action = Action::Block;
        }
    }
    exchange.record.guard_took(begun);
    if action >= Action::Confirm {
        return exchange.refuse(action, usage);
    }
    restore(&mut document, &exchange.placeholders);
    exchange.answered(document, action)
}

impl Exchange {
    fn answered(mut self, document: Value, action: Action) -> Response {
        self.record.ended(Outcome::Answered, 200);
        let mut response = Json(document).into_response();
        refusal::mark(&mut response, action.max(self.input_action), self.engine.version(), self.mode);
        response
    }
}

/// The parts of a chat completion that are passed on.
fn completion(mut document: Value) -> Result<Value, String> {
    let fields = document.as_object_mut().ok_or("it is not a JSON object")?;
    fields.retain(|key, _| REPLY_KEYS.contains(&key.as_str()));
    let choices = fields.get("choices").and_then(Value::as_array).filter(|list| !list.is_empty());
    let choices = choices.ok_or("`choices` is missing, empty or not a list")?;
    match choices.iter().position(|choice| !choice.get("message").is_some_and(Value::is_object)) {
        Some(index) => Err(format!("`choices[{index}].message` is missing")),
        None => Ok(document),
    }
}

fn drop_log_probabilities(document: &mut Value) {
    for choice in document.get_mut("choices").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(choice) = choice.as_object_mut() {
            choice.remove("logprobs");
        }
    }
}

pub(crate) fn usage_of(document: &Value) -> Usage {
    let count = |pointer: &str| document.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    Usage { input_tokens: count("/usage/prompt_tokens"), output_tokens: count("/usage/completion_tokens") }
}

pub(crate) fn not_a_completion(reason: &str) -> Problem {
    tracing::warn!(reason, "the upstream's reply is not a chat completion");
    Problem::bad_gateway("upstream_garbled", format!("the upstream's reply is not a chat completion: {reason}"))
}
