//! A tool of an MCP server (Model Context Protocol, revision 2025-06-18), asked as if it were a model: its argument
//! is the prompt, the text of its result the answer. Each call is a session of its own, so no attempt knows another.

use std::{collections::BTreeMap, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use jingwei_core::{ChatReply, Finish, Limits, TargetError};
use reqwest::{
    Method, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{ChildStdin, ChildStdout},
    time::{Instant, timeout, timeout_at},
};

use super::{
    content_type,
    process::{Program, Running, first_bytes},
    scrubbed, status_error,
    template::{JsonTemplate, Slot, Values},
};
use crate::{
    Client, RetrySettings, Secret,
    chat::json_headers,
    client::{Answer, Outgoing, repeat},
    read_json,
    refusal::error_text,
    reply::{clean, read_document},
    sse::{EventReader, events_of},
};

/// A tool over streamable HTTP; the target's `url` is the server's endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct McpTool {
    pub tool: String,
    /// Its arguments, as JSON text with the places of an HTTP template's body.
    pub arguments: String,
}

/// A tool of a server that is started for each call and speaks on its standard input and output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct McpCommand {
    pub tool: String,
    pub arguments: String,
    pub program: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Variables, with places for `${key}`, `${model}` and `${attempt}`; besides them it gets `PATH` only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

const REVISION: &str = "2025-06-18";
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const SPOKEN: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// Ids of our two requests.
const INITIALIZE: u64 = 1;
const CALL: u64 = 2;
/// What a tool's own failure counts as: the protocol has no status for it.
const TOOL_FAILED: u16 = 500;
/// How long a server may take to end by itself, or to forget a session.
const FAREWELL: Duration = Duration::from_millis(500);

#[derive(Clone)]
pub(super) struct Prepared {
    tool: String,
    arguments: JsonTemplate,
    slots: Vec<Slot>,
}

impl Prepared {
    pub(super) fn new(tool: &str, arguments: &str) -> Result<Self, String> {
        if tool.is_empty() {
            return Err("the target names no `tool`".to_owned());
        }
        let arguments = JsonTemplate::parse(arguments)?;
        if !matches!(arguments, JsonTemplate::Map(_)) {
            return Err("the arguments of a tool are a JSON object".to_owned());
        }
        let slots = arguments.slots();
        if !slots.contains(&Slot::Prompt) && !slots.contains(&Slot::Messages) {
            return Err("the tool is given no prompt; use `${prompt}` or `${messages}` in its arguments".to_owned());
        }
        Ok(Self { tool: tool.to_owned(), arguments, slots })
    }

    fn call(&self, values: &Values<'_>) -> Value {
        let params = json!({ "name": self.tool, "arguments": self.arguments.fill(values) });
        json!({ "jsonrpc": "2.0", "id": CALL, "method": "tools/call", "params": params })
    }
}

fn initialize() -> Value {
    let client = json!({ "name": "jingwei", "version": env!("CARGO_PKG_VERSION") });
    let params = json!({ "protocolVersion": REVISION, "capabilities": {}, "clientInfo": client });
    json!({ "jsonrpc": "2.0", "id": INITIALIZE, "method": "initialize", "params": params })
}

fn initialized() -> Value {
    json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })
}

/// The revision that the server chose.
fn read_initialize(message: &Value, shown: &str) -> Result<String, TargetError> {
    let result = result_of(message, shown)?;
    let revision = result.get("protocolVersion").and_then(Value::as_str);
    revision.map(ToOwned::to_owned).ok_or_else(|| garbled(shown, "`result.protocolVersion` is missing".to_owned()))
}

fn read_call(message: &Value, shown: &str) -> Result<ChatReply, TargetError> {
    let result = result_of(message, shown)?;
    let content = result.get("content").and_then(Value::as_array);
    let content = content.ok_or_else(|| garbled(shown, "`result.content` is not a list".to_owned()))?;
    let texts: Vec<&str> = content
        .iter()
        .filter(|part| part.get("type").and_then(Value::as_str) == Some("text"))
        .filter_map(|part| part.get("text").and_then(Value::as_str))
        .collect();
    let text = texts.join("\n");
    if result.get("isError").and_then(Value::as_bool) == Some(true) {
        return Err(tool_failed(shown, format!("the tool reports an error: {text}")));
    }
    Ok(ChatReply::new(text, Finish::Stop))
}

fn result_of<'a>(message: &'a Value, shown: &str) -> Result<&'a Value, TargetError> {
    if let Some(error) = message.get("error").filter(|e| !e.is_null()) {
        return Err(tool_failed(shown, format!("the server reports an error: {}", error_text(error))));
    }
    message.get("result").ok_or_else(|| garbled(shown, "`result` is missing".to_owned()))
}

fn tool_failed(shown: &str, body: String) -> TargetError {
    TargetError::Status { url: shown.to_owned(), status: TOOL_FAILED, body: clean(&body, 300), retry_after_ms: None }
}

fn garbled(shown: &str, reason: String) -> TargetError {
    TargetError::Garbled { url: shown.to_owned(), reason }
}

fn answers(message: &Value, id: u64) -> bool {
    message.get("id").and_then(Value::as_u64) == Some(id) && message.get("method").is_none()
}

pub(super) fn headers(key: Option<&Secret>) -> Result<HeaderMap, crate::NetError> {
    let mut headers = json_headers(key)?;
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    Ok(headers)
}

/// How the server is reached.
pub(super) struct HttpCall<'a> {
    pub(super) client: &'a Client,
    pub(super) url: &'a Url,
    pub(super) headers: HeaderMap,
    pub(super) retries: &'a RetrySettings,
    pub(super) key: Option<&'a Secret>,
}

pub(super) async fn ask_over_http(
    mut call: HttpCall<'_>,
    tool: &Prepared,
    values: &Values<'_>,
    shown: &str,
    limits: &Limits,
) -> Result<ChatReply, TargetError> {
    values.fit(&tool.slots).map_err(super::refused)?;
    let deadline = Instant::now() + Duration::from_millis(limits.wall_ms);
    let hello = call.exchange(&initialize(), limits, deadline, shown).await?;
    let message = message_in(&hello, INITIALIZE, shown, limits)?;
    let revision = read_initialize(&message, shown)?;
    let revision = HeaderValue::from_str(&revision)
        .map_err(|_| garbled(shown, "`result.protocolVersion` is no revision".to_owned()))?;
    call.headers.insert(SPOKEN, revision);
    let session = hello.headers.get(SESSION).cloned();
    if let Some(session) = &session {
        call.headers.insert(SESSION, session.clone());
    }
    call.exchange(&initialized(), limits, deadline, shown).await?;
    let answer = call.exchange(&tool.call(values), limits, deadline, shown).await;
    if session.is_some() {
        call.forget(limits, deadline).await;
    }
    read_call(&message_in(&answer?, CALL, shown, limits)?, shown)
}

impl HttpCall<'_> {
    /// Sends one message; a stream is read until it holds the answer, as servers may keep it open.
    async fn exchange(
        &self,
        message: &Value,
        limits: &Limits,
        deadline: Instant,
        shown: &str,
    ) -> Result<Answer, TargetError> {
        let body = Bytes::from(message.to_string());
        let out = Outgoing { method: Method::POST, url: self.url.clone(), headers: self.headers.clone(), body };
        let id = message.get("id").and_then(Value::as_u64);
        let once = || {
            let mut reader = EventReader::default();
            self.client.ask_once(&out, limits, move |head: &HeaderMap, piece: &[u8]| {
                let streams = head.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event"));
                let events = if streams { reader.feed(piece) } else { Vec::new() };
                let is_answer =
                    |data: &Vec<u8>| read_json(data, limits).is_ok_and(|m| id.is_some_and(|id| answers(&m, id)));
                events.iter().any(is_answer)
            })
        };
        let answer = repeat(self.url, self.retries, limits, deadline, once).await?;
        let answer = scrubbed(answer, self.key);
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(status_error(shown, &answer)) }
    }

    /// Ends the session. A server that will not hear of it changes nothing.
    async fn forget(&self, limits: &Limits, deadline: Instant) {
        let (method, headers) = (Method::DELETE, self.headers.clone());
        let out = Outgoing { method, url: self.url.clone(), headers, body: Bytes::new() };
        let until = deadline.min(Instant::now() + FAREWELL);
        let _ = timeout_at(until, self.client.ask_once(&out, limits, |_, _| false)).await;
    }
}

/// The message that answers a request, out of a document or a stream of them.
fn message_in(answer: &Answer, id: u64, shown: &str, limits: &Limits) -> Result<Value, TargetError> {
    let kind = content_type(answer);
    let wrong = |reason: String| garbled(shown, reason);
    if !kind.starts_with("text/event-stream") {
        let message = read_document(&answer.body, kind, limits).map_err(wrong)?;
        // An error about a request that could not be read has no id.
        let is_answer = answers(&message, id) || message.get("error").is_some();
        return is_answer.then_some(message).ok_or_else(|| wrong("the message answers another request".to_owned()));
    }
    for data in events_of(&answer.body) {
        let message = read_json(&data, limits).map_err(|fault| wrong(format!("in the stream, {fault}")))?;
        if answers(&message, id) {
            return Ok(message);
        }
    }
    Err(wrong("the stream ends without an answer".to_owned()))
}

pub(super) async fn ask_over_stdio(
    program: &Program,
    tool: &Prepared,
    values: &Values<'_>,
    shown: &str,
    limits: &Limits,
) -> Result<ChatReply, TargetError> {
    values.fit(&tool.slots).map_err(super::refused)?;
    let Running { mut child, input, output, errors, mut group } = program.start(values).map_err(super::refused)?;
    let mut line = Line { program, input, output, unread: BytesMut::new(), read: 0 };
    let talk = async {
        let outcome = line.talk(tool, values, shown, limits).await;
        // Its input closes and it may end by itself; what still runs then is ended.
        drop(line);
        let ended = timeout(FAREWELL, child.wait()).await;
        group.end();
        (outcome, ended.ok().and_then(Result::ok))
    };
    let ((outcome, status), said) = tokio::join!(talk, first_bytes(errors));
    outcome.map_err(|fault| match fault {
        LineFault::Target(error) => error,
        LineFault::Ended => {
            let how = status.map_or_else(|| "it closed its output".to_owned(), |s| format!("it ended with {s}"));
            garbled(shown, format!("{how} before it answered{}", program.first_line(&said)))
        }
    })
}

enum LineFault {
    Ended,
    Target(TargetError),
}

impl From<TargetError> for LineFault {
    fn from(error: TargetError) -> Self {
        Self::Target(error)
    }
}

/// The pipes of a server: one message a line.
struct Line<'a> {
    program: &'a Program,
    input: ChildStdin,
    output: ChildStdout,
    unread: BytesMut,
    read: u64,
}

impl Line<'_> {
    async fn talk(
        &mut self,
        tool: &Prepared,
        values: &Values<'_>,
        shown: &str,
        limits: &Limits,
    ) -> Result<ChatReply, LineFault> {
        self.say(&initialize()).await?;
        read_initialize(&self.answer_to(INITIALIZE, shown, limits).await?, shown)?;
        self.say(&initialized()).await?;
        self.say(&tool.call(values)).await?;
        Ok(read_call(&self.answer_to(CALL, shown, limits).await?, shown)?)
    }

    async fn say(&mut self, message: &Value) -> Result<(), LineFault> {
        let mut text = message.to_string();
        text.push('\n');
        self.input.write_all(text.as_bytes()).await.map_err(|_| LineFault::Ended)
    }

    /// Reads until the answer comes. A server may ask too: it is told that nothing is offered here.
    async fn answer_to(&mut self, id: u64, shown: &str, limits: &Limits) -> Result<Value, LineFault> {
        loop {
            let line = self.next_line(shown, limits).await?;
            if line.trim_ascii().is_empty() {
                continue;
            }
            let message =
                read_json(&line, limits).map_err(|fault| garbled(shown, format!("a line is no message: {fault}")))?;
            if answers(&message, id) {
                return Ok(message);
            }
            if let (Some(asked), Some(method)) = (message.get("id"), message.get("method").and_then(Value::as_str)) {
                let reply = if method == "ping" {
                    json!({ "jsonrpc": "2.0", "id": asked, "result": {} })
                } else {
                    json!({ "jsonrpc": "2.0", "id": asked, "error": { "code": -32601, "message": "not offered" } })
                };
                self.say(&reply).await?;
            }
        }
    }

    async fn next_line(&mut self, shown: &str, limits: &Limits) -> Result<Bytes, LineFault> {
        let mut seen = 0;
        loop {
            if let Some(at) = self.unread[seen..].iter().position(|byte| *byte == b'\n') {
                let line = self.unread.split_to(seen + at).freeze();
                self.unread.advance(1);
                return Ok(self.program.scrubbed(line));
            }
            seen = self.unread.len();
            let read = self.output.read_buf(&mut self.unread).await.map_err(|_| LineFault::Ended)?;
            self.read += read as u64;
            if read == 0 {
                return Err(LineFault::Ended);
            }
            if self.read > limits.header_bytes {
                return Err(garbled(shown, format!("it wrote more than {} bytes", limits.header_bytes)).into());
            }
        }
    }
}
