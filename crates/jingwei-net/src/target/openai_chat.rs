//! `POST /v1/chat/completions`.

use jingwei_core::{ChatMessage, ChatReply, ChatRole, Limits, ToolCall};
use reqwest::{Url, header::HeaderMap};
use serde_json::{Map, Value, json};

use super::{Endpoint, Parameter, content_type, schema_of, small_seed, template::Values};
use crate::{
    NetError, Secret,
    chat::json_headers,
    chat_stream::read_chat_stream,
    client::{Answer, api_url},
    reply::read_chat_reply,
};

pub(crate) fn url(base: &str) -> Result<Url, NetError> {
    api_url(base, "chat/completions")
}

pub(crate) fn headers(key: Option<&Secret>) -> Result<HeaderMap, NetError> {
    json_headers(key)
}

pub(crate) fn body(endpoint: &Endpoint, values: &Values<'_>) -> Result<Map<String, Value>, String> {
    let request = values.request;
    let mut body = Map::new();
    body.insert("model".into(), values.model.into());
    body.insert("messages".into(), request.messages.iter().map(message).collect());
    if !request.tools.is_empty() {
        body.insert("tools".into(), tools(&request.tools)?);
    }
    if endpoint.sends(Parameter::MaxTokens) {
        let name = if endpoint.max_completion_tokens { "max_completion_tokens" } else { "max_tokens" };
        body.insert(name.into(), values.max_tokens.into());
    }
    if endpoint.sends(Parameter::Temperature) {
        body.insert("temperature".into(), request.temperature.into());
    }
    if endpoint.sends(Parameter::Seed) {
        body.insert("seed".into(), small_seed(request.seed).into());
    }
    body.insert("stream".into(), endpoint.stream.into());
    if endpoint.stream {
        body.insert("stream_options".into(), json!({ "include_usage": true }));
    }
    Ok(body)
}

/// A server that does not stream although it was asked to has answered all the same.
pub(crate) fn read(endpoint: &Endpoint, answer: &Answer, limits: &Limits) -> Result<ChatReply, String> {
    let whole = content_type(answer).contains("json") || answer.body.trim_ascii_start().starts_with(b"{");
    if endpoint.stream && !whole {
        read_chat_stream(&answer.body, limits)
    } else {
        read_chat_reply(&answer.body, content_type(answer), limits)
    }
}

pub(super) fn message(message: &ChatMessage) -> Value {
    let mut said = Map::new();
    said.insert("role".into(), role(message.role).into());
    said.insert("content".into(), message.content.as_str().into());
    if !message.tool_calls.is_empty() {
        said.insert("tool_calls".into(), message.tool_calls.iter().map(call).collect());
    }
    if let Some(id) = &message.tool_call_id {
        said.insert("tool_call_id".into(), id.as_str().into());
    }
    Value::Object(said)
}

fn call(call: &ToolCall) -> Value {
    json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": call.arguments } })
}

pub(super) fn role(role: ChatRole) -> &'static str {
    match role {
        ChatRole::System => "system",
        ChatRole::User => "user",
        ChatRole::Assistant => "assistant",
        ChatRole::Tool => "tool",
    }
}

pub(super) fn tools(tools: &[jingwei_core::ToolSpec]) -> Result<Value, String> {
    let tool = |tool: &jingwei_core::ToolSpec| {
        let function = json!({ "name": tool.name, "description": tool.description, "parameters": schema_of(tool)? });
        Ok(json!({ "type": "function", "function": function }))
    };
    tools.iter().map(tool).collect()
}
