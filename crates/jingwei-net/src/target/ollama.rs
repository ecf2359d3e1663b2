//! `POST /api/chat`.

use jingwei_core::{ChatMessage, ChatReply, ChatRole, Limits, ToolCall, Usage};
use reqwest::Url;
use serde_json::{Map, Value, json};

use super::{
    Endpoint, Parameter, content_type,
    openai_chat::{role, tools},
    small_seed,
    template::Values,
};
use crate::{
    NetError,
    client::{Answer, read_url},
    reply::{arguments_text, finish_named, hidden_error, read_document},
};

/// The base may end with `/api`, and with the `/v1` of the server's other format.
pub(super) fn url(base: &str) -> Result<Url, NetError> {
    let mut url = read_url(base)?;
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    let path = path.strip_suffix("/api").or_else(|| path.strip_suffix("/v1")).unwrap_or(&path);
    url.set_path(&format!("{path}/api/chat"));
    Ok(url)
}

pub(super) fn body(endpoint: &Endpoint, values: &Values<'_>) -> Result<Map<String, Value>, String> {
    let request = values.request;
    let mut body = Map::new();
    body.insert("model".into(), values.model.into());
    body.insert(
        "messages".into(),
        (0..request.messages.len()).map(|place| message(&request.messages, place)).collect(),
    );
    if !request.tools.is_empty() {
        body.insert("tools".into(), tools(&request.tools)?);
    }
    let mut options = Map::new();
    if endpoint.sends(Parameter::MaxTokens) {
        options.insert("num_predict".into(), values.max_tokens.into());
    }
    if endpoint.sends(Parameter::Temperature) {
        options.insert("temperature".into(), request.temperature.into());
    }
    if endpoint.sends(Parameter::Seed) {
        options.insert("seed".into(), small_seed(request.seed).into());
    }
    body.insert("options".into(), options.into());
    body.insert("stream".into(), false.into());
    Ok(body)
}

fn message(all: &[ChatMessage], place: usize) -> Value {
    let message = &all[place];
    let mut said = Map::new();
    said.insert("role".into(), role(message.role).into());
    said.insert("content".into(), message.content.as_str().into());
    if !message.tool_calls.is_empty() {
        let call = |call: &ToolCall| {
            let arguments = serde_json::from_str(&call.arguments).ok().filter(Value::is_object);
            let arguments = arguments.unwrap_or_else(|| json!({ "arguments": call.arguments }));
            json!({ "function": { "name": call.name, "arguments": arguments } })
        };
        said.insert("tool_calls".into(), message.tool_calls.iter().map(call).collect());
    }
    // Calls have no ids here: a result names its tool.
    if let (ChatRole::Tool, Some(id)) = (message.role, &message.tool_call_id)
        && let Some(call) = all[..place].iter().rev().flat_map(|m| &m.tool_calls).find(|call| call.id == *id)
    {
        said.insert("tool_name".into(), call.name.as_str().into());
    }
    Value::Object(said)
}

pub(super) fn read(answer: &Answer, limits: &Limits) -> Result<ChatReply, String> {
    let document = read_document(&answer.body, content_type(answer), limits)?;
    if let Some(outcome) = hidden_error(&document) {
        return outcome;
    }
    let message = document.get("message").ok_or("`message` is missing")?;
    let text = match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) if message.get("tool_calls").is_some() => String::new(),
        _ => return Err("`message.content` is not a text".to_owned()),
    };
    let mut tool_calls = Vec::new();
    for (place, call) in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let function = call.get("function");
        let name = function.and_then(|f| f.get("name")).and_then(Value::as_str);
        let name = name.ok_or("`message.tool_calls` has a call without a name")?.to_owned();
        let arguments = arguments_text(function.and_then(|f| f.get("arguments")));
        tool_calls.push(ToolCall { id: format!("call_{place}"), name, arguments });
    }
    if document.get("done").and_then(Value::as_bool) == Some(false) {
        return Err("`done` is false: a piece of a stream, not a whole answer".to_owned());
    }
    let reason = document.get("done_reason").and_then(Value::as_str).unwrap_or("stop");
    let finish = finish_named(reason, false, !tool_calls.is_empty());
    let count = |key: &str| document.get(key).and_then(Value::as_u64).unwrap_or(0);
    let usage = Usage { input_tokens: count("prompt_eval_count"), output_tokens: count("eval_count") };
    Ok(ChatReply { text, finish, refusal: None, tool_calls, usage })
}
