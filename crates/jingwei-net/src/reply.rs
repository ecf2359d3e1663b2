//! Chat completions as OpenAI's format says them.

use jingwei_core::{ChatReply, Finish, Limits, ToolCall, Usage};
use serde_json::Value;

use crate::{
    read_json,
    refusal::{error_text, is_filter_reason, native_refusal},
};

/// Reads a document, or says what is wrong with it and with its declared type.
pub(crate) fn read_document(body: &[u8], content_type: &str, limits: &Limits) -> Result<Value, String> {
    read_json(body, limits).map_err(|fault| {
        let declared = content_type.split(';').next().unwrap_or_default().trim();
        if declared.is_empty() || declared.ends_with("json") {
            fault.to_string()
        } else {
            format!("{fault}, and its content type is `{}`", clean(declared, 80))
        }
    })
}

/// An error that came with a good status is a refusal or a fault.
pub(crate) fn hidden_error(document: &Value) -> Option<Result<ChatReply, String>> {
    let error = document.get("error").filter(|e| !e.is_null())?;
    Some(native_refusal(document).ok_or_else(|| format!("an error with status 200: {}", error_text(error))))
}

/// Reads the body of a successful answer. What a model thought (`reasoning_content`) is no part of its answer.
pub(crate) fn read_chat_reply(body: &[u8], content_type: &str, limits: &Limits) -> Result<ChatReply, String> {
    let document = read_document(body, content_type, limits)?;
    if let Some(outcome) = hidden_error(&document) {
        return outcome;
    }
    if let Some(refusal) = native_refusal_beside(&document) {
        return Ok(refusal);
    }
    let choices = document.get("choices").ok_or("`choices` is missing")?;
    let choice = choices.as_array().ok_or("`choices` is not a list")?.first().ok_or("`choices` is empty")?;
    let message = choice.get("message").ok_or("`choices[0].message` is missing")?;
    let refusal = match message.get("refusal") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => return Err("`choices[0].message.refusal` is not a text".to_owned()),
    };
    let refusal = refusal.filter(|text| !text.is_empty());
    let tool_calls = tool_calls_of(message)?;
    let finish = finish_of(choice, refusal.is_some(), !tool_calls.is_empty())?;
    let thought = ["reasoning_content", "reasoning"].iter().any(|key| message.get(key).is_some_and(Value::is_string));
    let quiet = matches!(finish, Finish::ContentFilter | Finish::Refusal | Finish::ToolCalls);
    let text = text_of(message.get("content"), refusal.is_some() || quiet || thought)?;
    Ok(ChatReply { text, finish, refusal, tool_calls, usage: usage_of(&document) })
}

/// MiniMax answers with status 200 and no choices where its filter refused.
fn native_refusal_beside(document: &Value) -> Option<ChatReply> {
    let unanswered = document.get("choices").is_none_or(Value::is_null);
    (unanswered && document.get("base_resp").is_some()).then(|| native_refusal(document)).flatten()
}

/// Calls of tools; the old single `function_call` counts as one.
fn tool_calls_of(message: &Value) -> Result<Vec<ToolCall>, String> {
    let call = |id: Option<&Value>, function: Option<&Value>| {
        let function = function?;
        Some(ToolCall {
            id: id.and_then(Value::as_str).unwrap_or_default().to_owned(),
            name: function.get("name")?.as_str()?.to_owned(),
            arguments: arguments_text(function.get("arguments")),
        })
    };
    match (message.get("tool_calls"), message.get("function_call")) {
        (Some(Value::Array(calls)), _) if !calls.is_empty() => calls
            .iter()
            .map(|entry| call(entry.get("id"), entry.get("function")))
            .collect::<Option<_>>()
            .ok_or_else(|| "`choices[0].message.tool_calls` has a call without a name".to_owned()),
        (None | Some(Value::Null | Value::Array(_)), function) => Ok(call(None, function).into_iter().collect()),
        (Some(_), _) => Err("`choices[0].message.tool_calls` is not a list".to_owned()),
    }
}

/// Arguments as a text: some servers write the document itself.
pub(crate) fn arguments_text(arguments: Option<&Value>) -> String {
    match arguments {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "{}".to_owned(),
        Some(document) => document.to_string(),
    }
}

fn finish_of(choice: &Value, refused: bool, calls: bool) -> Result<Finish, String> {
    let reason = match choice.get("finish_reason") {
        None => return Err("`choices[0].finish_reason` is missing".to_owned()),
        Some(Value::String(reason)) => reason.as_str(),
        Some(Value::Null) => "",
        Some(_) => return Err("`choices[0].finish_reason` is not a text".to_owned()),
    };
    Ok(finish_named(reason, refused, calls))
}

/// Why an answer ended, from the words that the formats use for it.
pub(crate) fn finish_named(reason: &str, refused: bool, calls: bool) -> Finish {
    match reason {
        reason if is_filter_reason(reason) => Finish::ContentFilter,
        "refusal" => Finish::Refusal,
        _ if refused => Finish::Refusal,
        "stop" | "" if calls => Finish::ToolCalls,
        "stop" | "eos" | "stop_sequence" | "end_turn" => Finish::Stop,
        "length" | "max_tokens" | "max_output_tokens" | "model_context_window_exceeded" => Finish::Length,
        "tool_calls" | "function_call" | "tool_use" => Finish::ToolCalls,
        _ => Finish::Other,
    }
}

/// A text, or a list of parts of which the text parts count.
fn text_of(content: Option<&Value>, silent: bool) -> Result<String, String> {
    match content {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => {
            Ok(parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect())
        }
        Some(Value::Null) => Ok(String::new()),
        None if silent => Ok(String::new()),
        None => Err("`choices[0].message.content` is missing".to_owned()),
        Some(_) => Err("`choices[0].message.content` is not a text".to_owned()),
    }
}

/// Token counts under either pair of names; counts that are no numbers are not known.
pub(crate) fn usage_of(document: &Value) -> Usage {
    let usage = document.get("usage");
    let count = |keys: [&str; 2]| keys.iter().find_map(|key| usage?.get(key)?.as_u64()).unwrap_or(0);
    Usage {
        input_tokens: count(["prompt_tokens", "input_tokens"]),
        output_tokens: count(["completion_tokens", "output_tokens"]),
    }
}

/// At most `most` characters, without control characters: fit for one line of a report.
pub(crate) fn clean(text: &str, most: usize) -> String {
    text.chars().take(most).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: Result<(&str, Finish, Option<&str>), &str>) {
        let limits = Limits { depth: 8, header_bytes: 2_000, ..Limits::default() };
        let reply = read_chat_reply(body.as_bytes(), "application/json", &limits);
        let seen = reply.as_ref().map(|r| (r.text.as_str(), r.finish, r.refusal.as_deref())).map_err(String::as_str);
        assert_eq!(seen, expected, "{body}");
    }

    fn one(message: &str, finish: &str) -> String {
        format!(r#"{{"choices":[{{"message":{message},"finish_reason":{finish}}}]}}"#)
    }

    #[test]
    fn answers_are_read() {
        for (message, finish, expected) in [
            (r#"{"content":"好"}"#, r#""stop""#, ("好", Finish::Stop, None)),
            (r#"{"content":""}"#, "null", ("", Finish::Other, None)),
            (r#"{"content":"a"}"#, r#""length""#, ("a", Finish::Length, None)),
            (r#"{"content":"a"}"#, r#""content_filter""#, ("a", Finish::ContentFilter, None)),
            (r#"{"content":null}"#, r#""content_filter""#, ("", Finish::ContentFilter, None)),
            (r#"{"content":"a"}"#, r#""something_new""#, ("a", Finish::Other, None)),
            (r#"{"content":null,"refusal":"no"}"#, r#""stop""#, ("", Finish::Refusal, Some("no"))),
            (
                r#"{"content":null,"tool_calls":[{"id":"1","function":{"name":"f"}}]}"#,
                r#""tool_calls""#,
                ("", Finish::ToolCalls, None),
            ),
            (
                r#"{"content":null,"tool_calls":[{"id":"1","function":{"name":"f"}}]}"#,
                r#""stop""#,
                ("", Finish::ToolCalls, None),
            ),
            (r#"{"content":null}"#, r#""stop""#, ("", Finish::Stop, None)),
            (r#"{"content":"","refusal":""}"#, r#""stop""#, ("", Finish::Stop, None)),
            (r#"{"reasoning_content":"hm"}"#, r#""length""#, ("", Finish::Length, None)),
            (r#"{"content":"a","reasoning_content":"hm"}"#, r#""stop""#, ("a", Finish::Stop, None)),
            (r#"{"content":"a"}"#, r#""sensitive""#, ("a", Finish::ContentFilter, None)),
            (r#"{"content":""}"#, r#""SAFETY""#, ("", Finish::ContentFilter, None)),
            (
                r#"{"content":[{"type":"text","text":"a"},{"x":1},{"text":"b"}]}"#,
                r#""stop""#,
                ("ab", Finish::Stop, None),
            ),
        ] {
            check(&one(message, finish), Ok(expected));
        }
        let body = r#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":-1}}"#;
        let usage = read_chat_reply(body.as_bytes(), "", &Limits::default()).unwrap().usage;
        assert_eq!(usage, Usage { input_tokens: 3, output_tokens: 0 });
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, reason) in [
            ("", "the document is empty"),
            ("[]", "`choices` is missing"),
            (r#"{"choices":{}}"#, "`choices` is not a list"),
            (r#"{"choices":[]}"#, "`choices` is empty"),
            (r#"{"choices":[1]}"#, "`choices[0].message` is missing"),
            (r#"{"choices":[{"message":{"content":"a"}}]}"#, "`choices[0].finish_reason` is missing"),
            (r#"{"choices":[{"message":{"content":"#, "the document ends too early, at byte 34"),
            (r#"{"error":{"message":"bad\nday"}}"#, "an error with status 200: bad day"),
            ("[[[[[[[[[1]]]]]]]]]", "the document is nested deeper than 8 levels"),
        ] {
            check(body, Err(reason));
        }
        check(&one(r#"{"role":"assistant"}"#, r#""stop""#), Err("`choices[0].message.content` is missing"));
        check(&one(r#"{"content":7}"#, r#""stop""#), Err("`choices[0].message.content` is not a text"));
        check(&one(r#"{"content":"a","refusal":7}"#, "null"), Err("`choices[0].message.refusal` is not a text"));
        check(&one(r#"{"content":"a","tool_calls":7}"#, "null"), Err("`choices[0].message.tool_calls` is not a list"));
        check(
            &one(r#"{"content":"a","tool_calls":[{"id":"1"}]}"#, "null"),
            Err("`choices[0].message.tool_calls` has a call without a name"),
        );
        check(&one(r#"{"content":"a"}"#, "7"), Err("`choices[0].finish_reason` is not a text"));
        check(&"x".repeat(2_001), Err("the document is larger than 2000 bytes"));
        let html = read_chat_reply(b"<html>", "text/html; charset=utf-8", &Limits::default());
        assert_eq!(
            html.unwrap_err(),
            "the document is not JSON at line 1, column 1, and its content type is `text/html`"
        );
    }
}
