//! Requests in the formats of the providers.

use jingwei_core::{ChatMessage, ChatRequest, ChatRole, ToolCall, ToolSpec};
use serde_json::Value;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// `/v1/chat/completions`
    OpenAi,
    /// `/v1/responses`
    Responses,
    /// `/v1/messages`
    Anthropic,
    /// `/api/chat`
    Ollama,
}

pub struct Asked {
    pub request: ChatRequest,
    pub model: String,
    pub stream: bool,
}

/// What a request without a bound may take.
const DEFAULT_TOKENS: u32 = 4096;

/// Reads a request. `seed` is for formats, and requests, that have none.
pub fn read(format: Format, document: &Value, seed: u64) -> Result<Asked, String> {
    let object = document.as_object().ok_or("the request is not an object")?;
    let options = if format == Format::Ollama { document.get("options").unwrap_or(&Value::Null) } else { document };
    let limits = match format {
        Format::OpenAi => ["max_completion_tokens", "max_tokens"],
        Format::Responses => ["max_output_tokens", "max_tokens"],
        Format::Anthropic => ["max_tokens", "max_tokens"],
        Format::Ollama => ["num_predict", "num_predict"],
    };
    let limit = limits.iter().find_map(|key| options.get(key)?.as_u64());
    let mut messages = Vec::new();
    for key in ["system", "instructions"] {
        messages.extend(document.get(key).filter(|v| !v.is_null()).map(|v| ChatMessage::system(text_of(v))));
    }
    match object.get("messages").or_else(|| object.get("input")) {
        Some(Value::String(text)) => messages.push(ChatMessage::user(text)),
        Some(Value::Array(list)) => {
            for entry in list {
                read_message(entry, &mut messages)?;
            }
        }
        _ => return Err("`messages` is missing or not a list".to_owned()),
    }
    Ok(Asked {
        request: ChatRequest {
            messages,
            tools: document.get("tools").and_then(Value::as_array).into_iter().flatten().filter_map(tool).collect(),
            max_tokens: limit.map_or(DEFAULT_TOKENS, |limit| u32::try_from(limit).unwrap_or(u32::MAX)),
            temperature: options.get("temperature").and_then(Value::as_f64).unwrap_or(1.0),
            seed: options.get("seed").and_then(Value::as_u64).unwrap_or(seed),
        },
        model: document.get("model").and_then(Value::as_str).unwrap_or("organism").to_owned(),
        stream: document.get("stream").and_then(Value::as_bool).unwrap_or(format == Format::Ollama),
    })
}

/// One entry may be several messages: Anthropic puts the results of tools beside the user's text.
fn read_message(entry: &Value, messages: &mut Vec<ChatMessage>) -> Result<(), String> {
    let field = |key: &str| entry.get(key).and_then(Value::as_str);
    if field("type") == Some("function_call_output") {
        let output = entry.get("output").map(text_of).unwrap_or_default();
        messages.push(ChatMessage::tool(field("call_id").unwrap_or_default(), output));
        return Ok(());
    }
    if field("type") == Some("function_call") {
        let call = called(entry.get("call_id"), entry);
        messages.push(ChatMessage { tool_calls: call.into_iter().collect(), ..ChatMessage::assistant("") });
        return Ok(());
    }
    let role = match field("role") {
        Some("system" | "developer") => ChatRole::System,
        Some("user") => ChatRole::User,
        Some("assistant") => ChatRole::Assistant,
        Some("tool" | "function") => ChatRole::Tool,
        other => return Err(format!("`role` is {}", other.unwrap_or("missing"))),
    };
    let content = entry.get("content").unwrap_or(&Value::Null);
    let blocks = || content.as_array().into_iter().flatten();
    let of_type = |name: &'static str| move |b: &&Value| b.get("type").and_then(Value::as_str) == Some(name);
    for result in blocks().filter(of_type("tool_result")) {
        let id = result.get("tool_use_id").and_then(Value::as_str).unwrap_or_default();
        messages.push(ChatMessage::tool(id, result.get("content").map(text_of).unwrap_or_default()));
    }
    let mut message = ChatMessage::new(role, text_of(content));
    let listed = entry.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    message.tool_calls =
        listed.filter_map(|entry| called(entry.get("id"), entry.get("function").unwrap_or(entry))).collect();
    message.tool_calls.extend(blocks().filter(of_type("tool_use")).filter_map(|block| called(block.get("id"), block)));
    message.tool_call_id = field("tool_call_id").map(ToOwned::to_owned);
    if !message.content.is_empty() || blocks().all(|block| !of_type("tool_result")(&block)) {
        messages.push(message);
    }
    Ok(())
}

fn called(id: Option<&Value>, function: &Value) -> Option<ToolCall> {
    let arguments = function.get("arguments").or_else(|| function.get("input"));
    Some(ToolCall {
        id: id.and_then(Value::as_str).unwrap_or_default().to_owned(),
        name: function.get("name")?.as_str()?.to_owned(),
        arguments: arguments.map(|a| a.as_str().map_or_else(|| a.to_string(), ToOwned::to_owned)).unwrap_or_default(),
    })
}

fn tool(entry: &Value) -> Option<ToolSpec> {
    let function = entry.get("function").unwrap_or(entry);
    let parameters = function.get("parameters").or_else(|| function.get("input_schema"));
    Some(ToolSpec {
        name: function.get("name")?.as_str()?.to_owned(),
        description: function.get("description").and_then(Value::as_str).unwrap_or_default().to_owned(),
        parameters: parameters.map(ToString::to_string).unwrap_or_default(),
    })
}

/// A text, or the texts of a list of parts.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str));
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}
