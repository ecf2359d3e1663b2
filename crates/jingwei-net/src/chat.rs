use bytes::Bytes;
use jingwei_core::{ChatReply, ChatRequest, Limits, TargetError};
use reqwest::{
    Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::json;

use crate::{
    Client, NetError, RetrySettings, Secret,
    client::{Answer, Outgoing, api_url},
    read_json,
    reply::{clean, native_refusal, read_chat_reply},
    retry::retry_after,
};

/// Asks OpenAI-compatible servers for chat completions.
#[derive(Clone)]
pub struct OpenAiClient {
    pub client: Client,
    pub retries: RetrySettings,
}

impl OpenAiClient {
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, retries: RetrySettings::default() }
    }

    /// Sends one chat and waits for the whole answer. `base` may end with its version (`/v1`) or not.
    /// Retries included, it takes at most `limits.wall_ms`; at most `limits.tokens` are asked for.
    pub async fn chat(
        &self,
        base: &str,
        model: &str,
        request: &ChatRequest,
        key: Option<&Secret>,
        limits: &Limits,
    ) -> Result<ChatReply, TargetError> {
        let url = api_url(base, "chat/completions")?;
        let out =
            Outgoing { method: Method::POST, headers: json_headers(key)?, body: body_of(model, request, limits), url };
        let answer = self.client.ask(&out, &self.retries, limits).await?;
        read_answer(out.url.as_str(), &answer, key, limits)
    }
}

fn read_answer(url: &str, answer: &Answer, key: Option<&Secret>, limits: &Limits) -> Result<ChatReply, TargetError> {
    let erase = |text: &str| key.map_or_else(|| text.to_owned(), |key| key.erased_from(text));
    if (200..300).contains(&answer.status) {
        let content_type = answer.headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        return read_chat_reply(&answer.body, content_type, limits)
            .map_err(|reason| TargetError::Garbled { url: url.to_owned(), reason: erase(&reason) });
    }
    if matches!(answer.status, 400 | 403 | 422)
        && let Some(refusal) = read_json(&answer.body, limits).ok().as_ref().and_then(native_refusal)
    {
        return Ok(refusal);
    }
    let asked = retry_after(&answer.headers).map(|pause| pause.as_millis());
    let retry_after_ms = asked.map(|ms| u64::try_from(ms).unwrap_or(u64::MAX));
    let shown = &answer.body[..answer.body.len().min(4_096)];
    let body = clean(&erase(&String::from_utf8_lossy(shown)), 300);
    Err(TargetError::Status { url: url.to_owned(), status: answer.status, body, retry_after_ms })
}

/// The seed keeps its low 31 bits: servers take 32 or 64 bits, signed or not, and refuse or cut the rest.
fn body_of(model: &str, request: &ChatRequest, limits: &Limits) -> Bytes {
    let body = json!({
        "model": model,
        "messages": request.messages,
        "max_tokens": request.max_tokens.min(limits.tokens),
        "temperature": request.temperature,
        "seed": request.seed & 0x7fff_ffff,
        "stream": false,
    });
    Bytes::from(body.to_string())
}

pub(crate) fn json_headers(key: Option<&Secret>) -> Result<HeaderMap, NetError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(key) = key {
        headers.insert(AUTHORIZATION, bearer(key)?);
    }
    Ok(headers)
}

pub(crate) fn bearer(key: &Secret) -> Result<HeaderValue, NetError> {
    let mut value = HeaderValue::from_str(&key.bearer()).map_err(|_| NetError::Refused {
        reason: "the key holds characters that a header cannot carry; check its file or variable for line ends".into(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}
