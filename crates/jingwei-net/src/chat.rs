use jingwei_core::{ChatReply, ChatRequest, Limits, TargetError};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::{Api, Client, Endpoint, NetError, RetrySettings, Secret, TargetClient};

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
        let endpoint = Endpoint::new(Api::OpenAiChat, base, model);
        let (client, key) = (self.client.clone(), key.cloned());
        let target = TargetClient::new(client, endpoint, key, self.retries, *limits)?;
        target.send(request, "").await
    }
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
    sensitive(&key.bearer())
}

/// A header's value that is never printed.
pub(crate) fn sensitive(value: &str) -> Result<HeaderValue, NetError> {
    let mut value = HeaderValue::from_str(value).map_err(|_| NetError::Refused {
        reason: "the key holds characters that a header cannot carry; check its file or variable for line ends".into(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}
