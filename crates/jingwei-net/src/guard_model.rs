//! One question to a guard model behind an OpenAI-compatible server. What it means is for others to say.

use bytes::Bytes;
use jingwei_core::Limits;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    Client, NetError, RetrySettings, Secret,
    chat::json_headers,
    client::{Outgoing, api_url},
    read_json,
};

/// Where a guard model is, and how it is asked.
#[derive(Clone)]
pub struct GuardModel {
    pub client: Client,
    /// With or without its version segment.
    pub base: String,
    pub model: String,
    pub key: Option<Secret>,
}

/// What it said.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardAnswer {
    pub text: String,
    /// Empty where the server gives no log probabilities.
    pub tokens: Vec<GuardToken>,
}

/// One token of the answer, with what else could have stood there: texts and natural logarithms of probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardToken {
    pub text: String,
    pub instead: Vec<(String, f64)>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardModelError {
    #[error(transparent)]
    Net(#[from] NetError),
    #[error("{url} answered status {status}")]
    Status { url: String, status: u16 },
    #[error("{url} answered something that is no chat completion: {reason}")]
    Garbled { url: String, reason: String },
}

/// Largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: u64 = 1 << 20;
/// Words that the model weighed at each place: three labels and their spellings.
const INSTEAD: u32 = 8;

impl GuardModel {
    /// Whether it could be asked at all: its address can be read, and its key can travel in a header.
    pub fn check(&self) -> Result<(), NetError> {
        api_url(&self.base, "chat/completions")?;
        json_headers(self.key.as_ref())?;
        Ok(())
    }

    /// Asks once; everything together takes at most `wall_ms`. A chat is pairs of a role and a content.
    pub async fn ask(
        &self,
        chat: &[(&str, String)],
        max_tokens: u32,
        wall_ms: u64,
    ) -> Result<GuardAnswer, GuardModelError> {
        let messages: Vec<Value> =
            chat.iter().map(|(role, content)| json!({ "role": role, "content": content })).collect();
        let body = json!({
            "model": self.model,
            "messages": messages,
            "max_tokens": max_tokens,
            "temperature": 0.0,
            "stream": false,
            "logprobs": true,
            "top_logprobs": INSTEAD,
        });
        let out = Outgoing {
            method: Method::POST,
            url: api_url(&self.base, "chat/completions")?,
            headers: json_headers(self.key.as_ref())?,
            body: Bytes::from(body.to_string()),
        };
        let limits = Limits { wall_ms, header_bytes: MAX_ANSWER_BYTES, depth: 32, ..Limits::default() };
        let answer = self.client.ask(&out, &RetrySettings::NEVER, &limits).await?;
        let url = out.url.to_string();
        if !(200..300).contains(&answer.status) {
            return Err(GuardModelError::Status { url, status: answer.status });
        }
        let document = read_json(&answer.body, &limits)
            .map_err(|fault| GuardModelError::Garbled { url: url.clone(), reason: fault.to_string() })?;
        let text = document.pointer("/choices/0/message/content").and_then(Value::as_str);
        let text = text.ok_or_else(|| GuardModelError::Garbled {
            url,
            reason: "`choices[0].message.content` is no text".to_owned(),
        })?;
        Ok(GuardAnswer { text: text.to_owned(), tokens: tokens_of(&document) })
    }
}

fn tokens_of(document: &Value) -> Vec<GuardToken> {
    let tokens = document.pointer("/choices/0/logprobs/content").and_then(Value::as_array);
    let token = |value: &Value| {
        let instead = value.get("top_logprobs").and_then(Value::as_array).into_iter().flatten();
        let instead = instead
            .filter_map(|other| Some((other.get("token")?.as_str()?.to_owned(), other.get("logprob")?.as_f64()?)));
        Some(GuardToken { text: value.get("token")?.as_str()?.to_owned(), instead: instead.collect() })
    };
    tokens.into_iter().flatten().map(token).collect::<Option<Vec<_>>>().unwrap_or_default()
}
