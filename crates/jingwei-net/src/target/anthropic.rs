//! `POST /v1/messages`: the system prompt apart, contents in blocks, tool results in a user's message.

use jingwei_core::{ChatMessage, ChatReply, ChatRole, Finish, Limits, ToolCall};
use reqwest::{
    Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::{Map, Value, json};

use super::{Endpoint, Parameter, content_type, schema_of, template::Values};
use crate::{
    NetError, Secret,
    chat::{json_headers, sensitive},
    client::{Answer, api_url},
    reply::{arguments_text, finish_named, hidden_error, read_document, usage_of},
};

const VERSION: &str = "2023-06-01";

pub(super) fn url(base: &str) -> Result<Url, NetError> {
    api_url(base, "messages")
}

pub(super) fn headers(key: Option<&Secret>) -> Result<HeaderMap, NetError> {
    let mut headers = json_headers(None)?;
    headers.insert(HeaderName::from_static("anthropic-version"), HeaderValue::from_static(VERSION));
    if let Some(key) = key {
        headers.insert(HeaderName::from_static("x-api-key"), sensitive(key.bare())?);
    }
    Ok(headers)
}

pub(super) fn body(endpoint: &Endpoint, values: &Values<'_>) -> Result<Map<String, Value>, String> {
    let request = values.request;
    let mut body = Map::new();
    body.insert("model".into(), values.model.into());
    let systems: Vec<&str> =
        request.messages.iter().filter(|m| m.role == ChatRole::System).map(|m| m.content.as_str()).collect();
    if !systems.is_empty() {
        body.insert("system".into(), systems.join("\n\n").into());
    }
    body.insert("messages".into(), messages(&request.messages).into());
    if !request.tools.is_empty() {
        let tool = |tool: &jingwei_core::ToolSpec| {
            let schema = schema_of(tool)?;
            Ok::<_, String>(json!({ "name": tool.name, "description": tool.description, "input_schema": schema }))
        };
        body.insert("tools".into(), request.tools.iter().map(tool).collect::<Result<Value, _>>()?);
    }
    // The one parameter that this format does not do without.
    body.insert("max_tokens".into(), values.max_tokens.into());
    if endpoint.sends(Parameter::Temperature) {
        body.insert("temperature".into(), request.temperature.clamp(0.0, 1.0).into());
    }
    Ok(body)
}

fn messages(messages: &[ChatMessage]) -> Vec<Value> {
    let mut said: Vec<(&str, Vec<Value>)> = Vec::new();
    let last = messages.len().saturating_sub(1);
    for (place, message) in messages.iter().enumerate().filter(|(_, m)| m.role != ChatRole::System) {
        let role = if message.role == ChatRole::Assistant { "assistant" } else { "user" };
        // The format refuses a prefill that ends with white space.
        let prefill = place == last && role == "assistant";
        let text = if prefill { message.content.trim_end() } else { message.content.as_str() };
        let blocks = blocks(message, text);
        match said.last_mut() {
            // The results of calls that were made together belong into one message.
            Some((before, earlier)) if message.role == ChatRole::Tool && *before == "user" => earlier.extend(blocks),
            _ => said.push((role, blocks)),
        }
    }
    said.into_iter().map(|(role, blocks)| json!({ "role": role, "content": blocks })).collect()
}

fn blocks(message: &ChatMessage, text: &str) -> Vec<Value> {
    if let (ChatRole::Tool, Some(call)) = (message.role, &message.tool_call_id) {
        return vec![json!({ "type": "tool_result", "tool_use_id": call, "content": text })];
    }
    let mut blocks = Vec::new();
    if !text.is_empty() || message.tool_calls.is_empty() {
        blocks.push(json!({ "type": "text", "text": text }));
    }
    blocks.extend(message.tool_calls.iter().map(|call| {
        let input = serde_json::from_str(&call.arguments).ok().filter(Value::is_object);
        // An input must be an object; arguments that are none are kept as they were written.
        let input = input.unwrap_or_else(|| json!({ "arguments": call.arguments }));
        json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": input })
    }));
    blocks
}

pub(super) fn read(answer: &Answer, limits: &Limits) -> Result<ChatReply, String> {
    let document = read_document(&answer.body, content_type(answer), limits)?;
    if let Some(outcome) = hidden_error(&document) {
        return outcome;
    }
    let content = document.get("content").ok_or("`content` is missing")?.as_array().ok_or("`content` is not a list")?;
    let mut reply = ChatReply::new("", Finish::Other);
    for block in content {
        match block.get("type").and_then(Value::as_str) {
            Some("text") => {
                reply.text.push_str(block.get("text").and_then(Value::as_str).ok_or("a text block has no text")?);
            }
            Some("tool_use") => {
                let text = |key: &str| block.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
                let name = text("name").ok_or("`content` has a call without a name")?;
                let id = text("id").unwrap_or_default();
                reply.tool_calls.push(ToolCall { id, name, arguments: arguments_text(block.get("input")) });
            }
            // Thinking and the provider's own tools are no part of the answer.
            _ => {}
        }
    }
    let reason = match document.get("stop_reason") {
        None => return Err("`stop_reason` is missing".to_owned()),
        Some(reason) => reason.as_str().unwrap_or_default(),
    };
    reply.finish = finish_named(reason, false, !reply.tool_calls.is_empty());
    if reply.finish == Finish::Refusal {
        let explanation = document.pointer("/stop_details/explanation").and_then(Value::as_str);
        reply.refusal = explanation.map(ToOwned::to_owned);
    }
    reply.usage = usage_of(&document);
    Ok(reply)
}
