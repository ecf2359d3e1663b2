//! `POST /v1/responses`: a list of items in, a list of items out.

use jingwei_core::{ChatMessage, ChatReply, ChatRole, Finish, Limits, ToolCall};
use reqwest::Url;
use serde_json::{Map, Value, json};

use super::{Endpoint, Parameter, content_type, openai_chat::role, schema_of, template::Values};
use crate::{
    NetError,
    client::{Answer, api_url},
    refusal::{error_text, native_refusal},
    reply::{arguments_text, finish_named, read_document, usage_of},
};

pub(super) fn url(base: &str) -> Result<Url, NetError> {
    api_url(base, "responses")
}

pub(super) fn body(endpoint: &Endpoint, values: &Values<'_>) -> Result<Map<String, Value>, String> {
    let request = values.request;
    let mut body = Map::new();
    body.insert("model".into(), values.model.into());
    body.insert("input".into(), request.messages.iter().flat_map(items).collect());
    if !request.tools.is_empty() {
        let tool = |tool: &jingwei_core::ToolSpec| {
            let (name, description, parameters) = (&tool.name, &tool.description, schema_of(tool)?);
            let strict = false;
            Ok::<_, String>(
                json!({ "type": "function", "name": name, "description": description, "parameters": parameters, "strict": strict }),
            )
        };
        body.insert("tools".into(), request.tools.iter().map(tool).collect::<Result<Value, _>>()?);
    }
    if endpoint.sends(Parameter::MaxTokens) {
        body.insert("max_output_tokens".into(), values.max_tokens.into());
    }
    if endpoint.sends(Parameter::Temperature) {
        body.insert("temperature".into(), request.temperature.into());
    }
    // What is asked in a test is nothing for the provider to keep.
    body.insert("store".into(), false.into());
    Ok(body)
}

fn items(message: &ChatMessage) -> Vec<Value> {
    if let (ChatRole::Tool, Some(call)) = (message.role, &message.tool_call_id) {
        return vec![json!({ "type": "function_call_output", "call_id": call, "output": message.content })];
    }
    let mut items = Vec::new();
    if !message.content.is_empty() || message.tool_calls.is_empty() {
        items.push(json!({ "role": role(message.role), "content": message.content }));
    }
    items.extend(message.tool_calls.iter().map(
        |call| json!({ "type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments }),
    ));
    items
}

pub(super) fn read(answer: &Answer, limits: &Limits) -> Result<ChatReply, String> {
    let document = read_document(&answer.body, content_type(answer), limits)?;
    if let Some(error) = document.get("error").filter(|e| !e.is_null()) {
        return native_refusal(&document).ok_or_else(|| format!("the response failed: {}", error_text(error)));
    }
    let output = document.get("output").ok_or("`output` is missing")?.as_array().ok_or("`output` is not a list")?;
    let mut reply = ChatReply::new("", Finish::Other);
    reply.usage = usage_of(&document);
    let mut refusals: Vec<&str> = Vec::new();
    for item in output {
        match item.get("type").and_then(Value::as_str) {
            Some("message") => {
                let parts = item.get("content").and_then(Value::as_array).ok_or("`output[].content` is not a list")?;
                for part in parts {
                    reply.text.push_str(part.get("text").and_then(Value::as_str).unwrap_or_default());
                    refusals.extend(part.get("refusal").and_then(Value::as_str));
                }
            }
            Some("function_call") => {
                let text = |key: &str| item.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
                let name = text("name").ok_or("`output` has a call without a name")?;
                let id = text("call_id").unwrap_or_default();
                reply.tool_calls.push(ToolCall { id, name, arguments: arguments_text(item.get("arguments")) });
            }
            // Reasoning and the provider's own tools are no part of the answer.
            _ => {}
        }
    }
    reply.refusal = (!refusals.is_empty()).then(|| refusals.concat());
    let (refused, calls) = (reply.refusal.is_some(), !reply.tool_calls.is_empty());
    reply.finish = match document.get("status").and_then(Value::as_str) {
        Some("completed") => finish_named("stop", refused, calls),
        Some("incomplete") => {
            let reason = document.pointer("/incomplete_details/reason").and_then(Value::as_str);
            finish_named(reason.unwrap_or("incomplete"), refused, calls)
        }
        Some(status) => return Err(format!("the response is `{}`, not completed", crate::reply::clean(status, 40))),
        None => return Err("`status` is missing".to_owned()),
    };
    Ok(reply)
}
