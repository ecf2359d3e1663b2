//! What a caller reads instead of a text that the policy keeps back.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jingwei_core::{Action, Lang, Text, Usage};
use jingwei_guard::{Engine, Mode};
use serde_json::{Value, json};

use crate::{
    problem::Problem,
    settings::BlockAnswer,
    sse::{DONE, data_event},
};

pub(crate) const VERDICT: HeaderName = HeaderName::from_static("x-jingwei-verdict");
pub(crate) const POLICY: HeaderName = HeaderName::from_static("x-jingwei-policy");
/// Told where verdicts are not carried out.
const MODE: HeaderName = HeaderName::from_static("x-jingwei-mode");
const CONFIRMATION: HeaderName = HeaderName::from_static("x-jingwei-confirmation");
/// With `403` a caller asks for problem+json instead of a completion, with `200` for the contrary.
const BLOCK_STATUS: HeaderName = HeaderName::from_static("x-jingwei-block-status");

/// Everything that a refusal is made of.
pub(crate) struct Refusal {
    pub action: Action,
    pub message: String,
    pub policy: String,
    /// The model that was asked.
    pub model: String,
    /// Of the completion: unique while the gateway runs.
    pub id: String,
    /// Seconds since 1970.
    pub created: i64,
    pub usage: Usage,
}

/// What the policy says, or, for a confirmation, that nobody is here to give it.
pub(crate) fn message(engine: &Engine, action: Action, lang: Lang) -> String {
    let unconfirmed = Text::new(
        "该内容需要人工确认，而这里没有可以确认的人，因此没有继续处理。",
        "This needs a person's confirmation, and nobody is here to give it, so it was not carried out.",
    );
    let text = if action == Action::Confirm { &unconfirmed } else { &engine.policy().block_message };
    text.get(lang).to_owned()
}

/// The answer that the caller prefers, else the configured one.
pub(crate) fn preferred(headers: &HeaderMap, configured: BlockAnswer) -> BlockAnswer {
    match headers.get(BLOCK_STATUS).map(HeaderValue::as_bytes) {
        Some(b"403") => BlockAnswer::Forbidden,
        Some(b"200") => BlockAnswer::Completion,
        _ => configured,
    }
}

/// Tells the verdict in the head of a response.
pub(crate) fn mark(response: &mut Response, action: Action, policy: &str, mode: Mode) {
    let headers = response.headers_mut();
    headers.insert(VERDICT, HeaderValue::from_static(action.code()));
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(POLICY, policy);
    }
    match mode {
        Mode::Enforce => {}
        Mode::Shadow => drop(headers.insert(MODE, HeaderValue::from_static("shadow"))),
        Mode::Off => drop(headers.insert(MODE, HeaderValue::from_static("off"))),
    }
    if action == Action::Confirm {
        headers.insert(CONFIRMATION, HeaderValue::from_static("nobody-here"));
    }
}

impl Refusal {
    pub(crate) fn response(&self, answer: BlockAnswer, streamed: bool) -> Response {
        let mut response = match (answer, streamed) {
            (BlockAnswer::Forbidden, _) => {
                let code = if self.action == Action::Confirm { "confirmation_needed" } else { "content_blocked" };
                Problem::new(StatusCode::FORBIDDEN, code, self.message.clone()).into_response()
            }
            (BlockAnswer::Completion, false) => axum::Json(self.completion()).into_response(),
            (BlockAnswer::Completion, true) => {
                let body = [data_event(&self.chunk(&[0])), DONE.to_owned()].concat();
                ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
            }
        };
        mark(&mut response, self.action, &self.policy, Mode::Enforce);
        response
    }

    pub(crate) fn completion(&self) -> Value {
        let message = json!({ "role": "assistant", "content": self.message, "refusal": null });
        json!({
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [{ "index": 0, "message": message, "finish_reason": "content_filter", "logprobs": null }],
            "usage": {
                "prompt_tokens": self.usage.input_tokens,
                "completion_tokens": self.usage.output_tokens,
                "total_tokens": self.usage.input_tokens.saturating_add(self.usage.output_tokens),
            },
            "jingwei": self.tag(),
        })
    }

    /// The chunk that ends these choices of a stream.
    pub(crate) fn chunk(&self, choices: &[u64]) -> Value {
        let delta = json!({ "role": "assistant", "content": self.message });
        let choices: Vec<Value> = choices
            .iter()
            .map(|index| json!({ "index": index, "delta": delta, "finish_reason": "content_filter" }))
            .collect();
        json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
            "jingwei": self.tag(),
        })
    }

    /// In a stream the head is gone when a reply is blocked; so the body tells the verdict too.
    fn tag(&self) -> Value {
        json!({ "verdict": self.action.code(), "policy": self.policy })
    }
}
