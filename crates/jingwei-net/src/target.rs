//! Whatever answers chats: model servers in four formats, any HTTP service by a template, tools behind MCP, commands.

mod answer;
mod anthropic;
mod command;
mod endpoint;
mod http_template;
mod mcp;
mod ollama;
mod openai_chat;
mod openai_responses;
mod process;
mod template;

pub use answer::{AnswerFields, Signal};
pub use command::{CommandInput, CommandTarget};
pub use endpoint::{Api, Endpoint, Parameter};
pub use http_template::{HttpBody, HttpTemplate, HttpVerb};
pub use mcp::{McpCommand, McpTool};

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use jingwei_core::{ChatReply, ChatRequest, Digest, Limits, TargetError};
use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use crate::{
    Client, NetError, RetrySettings, Secret,
    client::{Answer, Outgoing},
    read_json,
    refusal::{may_refuse, native_refusal},
    reply::clean,
    retry::retry_after,
};

/// One target, ready to be asked. What is wrong with its settings is said when it is made, not at each call.
/// Clones share the connections.
#[derive(Clone)]
pub struct TargetClient {
    client: Client,
    endpoint: Endpoint,
    key: Option<Secret>,
    retries: RetrySettings,
    limits: Limits,
    route: Route,
    /// What errors call it: never with a prompt or a key in it.
    shown: String,
}

/// What was prepared for the calls.
#[derive(Clone)]
enum Route {
    Model { url: Url, headers: HeaderMap, format: Format },
    Template(http_template::Prepared),
    Mcp { url: Url, headers: HeaderMap, tool: mcp::Prepared },
    McpCommand { process: process::Program, tool: mcp::Prepared },
    Command(command::Prepared),
}

#[derive(Clone, Copy)]
enum Format {
    OpenAiChat,
    OpenAiResponses,
    Anthropic,
    Ollama,
}

impl TargetClient {
    /// `limits.wall_ms` is the longest time of one call with its retries, `limits.header_bytes` the longest answer,
    /// `limits.tokens` the most tokens that are asked for.
    pub fn new(
        client: Client,
        endpoint: Endpoint,
        key: Option<Secret>,
        retries: RetrySettings,
        limits: Limits,
    ) -> Result<Self, TargetError> {
        endpoint.check().map_err(|reason| TargetError::Refused { reason })?;
        let route = prepare(&endpoint, key.as_ref())?;
        let shown = match &route {
            Route::Model { url, .. } | Route::Mcp { url, .. } => without_query(url),
            Route::Template(prepared) => prepared.shown().to_owned(),
            Route::McpCommand { process, .. } => format!("command `{}`", process.name()),
            Route::Command(prepared) => format!("command `{}`", prepared.name()),
        };
        Ok(Self { client, endpoint, key, retries, limits, route, shown })
    }

    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Everything that decides the replies besides the request. The key is no part of it.
    #[must_use]
    pub fn configuration(&self) -> Digest {
        self.endpoint.configuration()
    }

    /// Asks once, again where the retries allow it. `attempt` names the attempt to the server (`x-request-id`), the
    /// same for each retry, so that a server can tell a repetition from a new question.
    pub async fn send(&self, request: &ChatRequest, attempt: &str) -> Result<ChatReply, TargetError> {
        let values = template::Values {
            request,
            model: &self.endpoint.model,
            attempt,
            max_tokens: request.max_tokens.min(self.limits.tokens),
            key: self.key.as_ref().map(Secret::bare),
        };
        let outcome = match &self.route {
            Route::Model { url, headers, format } => self.ask_model(url, headers, *format, &values).await,
            Route::Template(prepared) => self.ask_template(prepared, &values).await,
            Route::Mcp { url, headers, tool } => {
                let mut headers = headers.clone();
                name_attempt(&mut headers, attempt)?;
                let call = mcp::HttpCall {
                    client: &self.client,
                    url,
                    headers,
                    retries: &self.retries,
                    key: self.key.as_ref(),
                };
                mcp::ask_over_http(call, tool, &values, &self.shown, &self.limits).await
            }
            Route::McpCommand { process, tool } => {
                let call = mcp::ask_over_stdio(process, tool, &values, &self.shown, &self.limits);
                self.within_wall(call).await
            }
            Route::Command(prepared) => self.within_wall(prepared.ask(&values, &self.shown, &self.limits)).await,
        };
        self.without_key(outcome)
    }

    async fn ask_model(
        &self,
        url: &Url,
        headers: &HeaderMap,
        format: Format,
        values: &template::Values<'_>,
    ) -> Result<ChatReply, TargetError> {
        let (endpoint, limits) = (&self.endpoint, &self.limits);
        let mut body = match format {
            Format::OpenAiChat => openai_chat::body(endpoint, values),
            Format::OpenAiResponses => openai_responses::body(endpoint, values),
            Format::Anthropic => anthropic::body(endpoint, values),
            Format::Ollama => ollama::body(endpoint, values),
        }
        .map_err(refused)?;
        add_extra(&mut body, &endpoint.extra);
        let mut headers = headers.clone();
        name_attempt(&mut headers, values.attempt)?;
        let body = Bytes::from(Value::Object(body).to_string());
        let out = Outgoing { method: Method::POST, url: url.clone(), headers, body };
        let answer = scrubbed(self.client.ask(&out, &self.retries, limits).await?, self.key.as_ref());
        read_answer(&self.shown, &answer, limits, |answer| match format {
            Format::OpenAiChat => openai_chat::read(endpoint, answer, limits),
            Format::OpenAiResponses => openai_responses::read(answer, limits),
            Format::Anthropic => anthropic::read(answer, limits),
            Format::Ollama => ollama::read(answer, limits),
        })
    }

    async fn ask_template(
        &self,
        prepared: &http_template::Prepared,
        values: &template::Values<'_>,
    ) -> Result<ChatReply, TargetError> {
        let out = prepared.request(values).map_err(refused)?;
        let answer = self.client.ask(&out, &self.retries, &self.limits).await?;
        let answer = scrubbed(answer, self.key.as_ref());
        match prepared.refused(&answer, &self.limits) {
            Some(refusal) => Ok(refusal),
            None => read_answer(&self.shown, &answer, &self.limits, |answer| prepared.read(answer, &self.limits)),
        }
    }

    async fn within_wall(
        &self,
        call: impl Future<Output = Result<ChatReply, TargetError>>,
    ) -> Result<ChatReply, TargetError> {
        let ms = self.limits.wall_ms;
        let outcome = timeout_at(Instant::now() + Duration::from_millis(ms), call).await;
        outcome.unwrap_or_else(|_| Err(TargetError::TimedOut { url: self.shown.clone(), ms }))
    }

    /// Servers repeat what they were sent. A key ends neither in an error nor in a transcript, and an address that
    /// was filled from a template is shown as its template.
    fn without_key(&self, outcome: Result<ChatReply, TargetError>) -> Result<ChatReply, TargetError> {
        let erase = |text: &mut String| {
            if let Some(key) = &self.key
                && !key.bare().is_empty()
                && text.contains(key.bare())
            {
                *text = key.erased_from(text);
            }
        };
        match outcome {
            Ok(mut reply) => {
                // A key that came in pieces (streams) or in escapes.
                if self.key.as_ref().is_some_and(Secret::is_long) {
                    erase(&mut reply.text);
                    reply.refusal.as_mut().map(erase);
                    reply.tool_calls.iter_mut().for_each(|call| erase(&mut call.arguments));
                }
                Ok(reply)
            }
            Err(mut error) => {
                match &mut error {
                    TargetError::Unreachable { url, reason } | TargetError::Garbled { url, reason } => {
                        url.clone_from(&self.shown);
                        erase(reason);
                    }
                    TargetError::Status { url, body, .. } => {
                        url.clone_from(&self.shown);
                        erase(body);
                    }
                    TargetError::TimedOut { url, .. } => url.clone_from(&self.shown),
                    TargetError::Refused { reason } => erase(reason),
                    TargetError::NotRecorded => {}
                }
                Err(error)
            }
        }
    }
}

/// Longest part of a server's error that is kept, in characters.
const ERROR_CHARS: usize = 300;

fn prepare(endpoint: &Endpoint, key: Option<&Secret>) -> Result<Route, TargetError> {
    let model = |format, url: Result<Url, NetError>, headers: Result<HeaderMap, NetError>| {
        Ok::<_, TargetError>(Route::Model { url: url?, headers: headers?, format })
    };
    match &endpoint.api {
        Api::OpenAiChat => model(Format::OpenAiChat, openai_chat::url(&endpoint.url), openai_chat::headers(key)),
        Api::OpenAiResponses => {
            model(Format::OpenAiResponses, openai_responses::url(&endpoint.url), openai_chat::headers(key))
        }
        Api::Anthropic => model(Format::Anthropic, anthropic::url(&endpoint.url), anthropic::headers(key)),
        Api::Ollama => model(Format::Ollama, ollama::url(&endpoint.url), openai_chat::headers(key)),
        Api::Http(template) => {
            let prepared = http_template::Prepared::new(&endpoint.url, template, key.is_some()).map_err(refused)?;
            Ok(Route::Template(prepared))
        }
        Api::Mcp(tool) => Ok(Route::Mcp {
            url: crate::client::read_url(&endpoint.url)?,
            headers: mcp::headers(key)?,
            tool: mcp::Prepared::new(&tool.tool, &tool.arguments).map_err(refused)?,
        }),
        Api::McpCommand(tool) => Ok(Route::McpCommand {
            process: process::Program::new(&tool.program, &tool.args, &tool.environment, tool.folder.as_deref(), key)
                .map_err(refused)?,
            tool: mcp::Prepared::new(&tool.tool, &tool.arguments).map_err(refused)?,
        }),
        Api::Command(command) => Ok(Route::Command(command::Prepared::new(command, key).map_err(refused)?)),
    }
}

fn refused(reason: String) -> TargetError {
    TargetError::Refused { reason }
}

/// An answer becomes a reply, a refusal of the provider's filter, or an error that keeps what the server said.
fn read_answer(
    shown: &str,
    answer: &Answer,
    limits: &Limits,
    read: impl FnOnce(&Answer) -> Result<ChatReply, String>,
) -> Result<ChatReply, TargetError> {
    if (200..300).contains(&answer.status) {
        return read(answer).map_err(|reason| TargetError::Garbled { url: shown.to_owned(), reason });
    }
    if may_refuse(answer.status)
        && let Some(refusal) = read_json(&answer.body, limits).ok().as_ref().and_then(native_refusal)
    {
        return Ok(refusal);
    }
    Err(status_error(shown, answer))
}

/// The answer without the key, before anything is cut out of it: half a key is found by nobody. Good answers keep
/// short keys, which are also words.
fn scrubbed(mut answer: Answer, key: Option<&Secret>) -> Answer {
    let good = (200..300).contains(&answer.status);
    if let Some(key) = key.filter(|key| !good || key.is_long())
        && let Some(clean) = key.erased_from_bytes(&answer.body)
    {
        answer.body = clean.into();
    }
    answer
}

fn status_error(shown: &str, answer: &Answer) -> TargetError {
    let part = &answer.body[..answer.body.len().min(4 * ERROR_CHARS)];
    TargetError::Status {
        url: shown.to_owned(),
        status: answer.status,
        body: clean(&String::from_utf8_lossy(part), ERROR_CHARS),
        retry_after_ms: retry_after_ms(&answer.headers),
    }
}

fn retry_after_ms(headers: &HeaderMap) -> Option<u64> {
    retry_after(headers).map(|pause| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
}

fn content_type(answer: &Answer) -> &str {
    answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn name_attempt(headers: &mut HeaderMap, attempt: &str) -> Result<(), TargetError> {
    if attempt.is_empty() {
        return Ok(());
    }
    let value = HeaderValue::from_str(attempt)
        .map_err(|_| refused("the name of the attempt holds characters that a header cannot carry".to_owned()))?;
    headers.insert(HeaderName::from_static("x-request-id"), value);
    Ok(())
}

fn add_extra(body: &mut Map<String, Value>, extra: &BTreeMap<String, Value>) {
    for (name, value) in extra {
        body.insert(name.clone(), value.clone());
    }
}

fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// Servers take 32 or 64 bits, signed or not, and refuse or cut the rest: the seed keeps its low 31 bits.
fn small_seed(seed: u64) -> u64 {
    seed & 0x7fff_ffff
}

/// A tool's schema is JSON text; what is not JSON could not be described to a model.
fn schema_of(tool: &jingwei_core::ToolSpec) -> Result<Value, String> {
    serde_json::from_str(&tool.parameters)
        .map_err(|e| format!("the parameters of tool `{}` are no JSON: {e}", tool.name))
}

#[cfg(test)]
#[path = "target/reading_tests.rs"]
mod reading_tests;
