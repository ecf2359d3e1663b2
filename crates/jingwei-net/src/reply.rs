use jingwei_core::{ChatReply, Finish, Limits, Usage};
use serde_json::Value;

use crate::read_json;

/// Error codes with which providers say that their own filter refused a request: that is an answer
/// about content, not a failure. Compared without regard to case and separators.
const REFUSAL_CODES: [&str; 8] = [
    "contentfilter",                // Azure OpenAI `code`
    "responsibleaipolicyviolation", // Azure OpenAI `innererror.code`
    "contentpolicyviolation",       // OpenAI
    "datainspectionfailed",         // Alibaba Cloud Model Studio
    "sensitivecontentdetected",     // Volcano Engine Ark
    "inputtextsensitivecontentdetected",
    "outputtextsensitivecontentdetected",
    "1301", // Zhipu
];

/// Reads the body of a successful answer.
pub(crate) fn read_chat_reply(body: &[u8], content_type: &str, limits: &Limits) -> Result<ChatReply, String> {
    let document = read_json(body, limits).map_err(|fault| {
        let declared = content_type.split(';').next().unwrap_or_default().trim();
        if declared.is_empty() || declared.ends_with("json") {
            fault.to_string()
        } else {
            format!("{fault}, and its content type is `{}`", clean(declared, 80))
        }
    })?;
    if let Some(error) = document.get("error").filter(|e| !e.is_null()) {
        return native_refusal(&document).ok_or_else(|| format!("an error with status 200: {}", error_text(error)));
    }
    let choices = document.get("choices").ok_or("`choices` is missing")?;
    let choice = choices.as_array().ok_or("`choices` is not a list")?.first().ok_or("`choices` is empty")?;
    let message = choice.get("message").ok_or("`choices[0].message` is missing")?;
    let refusal = match message.get("refusal") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => return Err("`choices[0].message.refusal` is not a text".to_owned()),
    };
    let calls = message.get("tool_calls").and_then(Value::as_array).is_some_and(|calls| !calls.is_empty());
    let finish = finish_of(choice, refusal.is_some(), calls)?;
    let silent = refusal.is_some() || calls || matches!(finish, Finish::ContentFilter | Finish::Refusal);
    let text = text_of(message.get("content"), silent)?;
    Ok(ChatReply { text, finish, refusal, tool_calls: Vec::new(), usage: usage_of(&document) })
}

/// The refusal of a provider's own filter, told as an error (status 400 or 403, or 200 with an error in it).
pub(crate) fn native_refusal(document: &Value) -> Option<ChatReply> {
    let error = document.get("error").unwrap_or(document);
    let inner = error.get("innererror").or_else(|| error.get("inner_error"));
    let codes = [error.get("code"), error.get("type"), inner.and_then(|e| e.get("code")), document.get("code")];
    let named = codes.into_iter().flatten().any(|code| {
        let code = code.as_str().map_or_else(|| code.to_string(), ToOwned::to_owned);
        let bare: String = code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        REFUSAL_CODES.contains(&bare.as_str())
    });
    named.then(|| ChatReply {
        refusal: Some(error_text(error)),
        usage: usage_of(document),
        ..ChatReply::new("", Finish::ContentFilter)
    })
}

fn finish_of(choice: &Value, refused: bool, calls: bool) -> Result<Finish, String> {
    let reason = match choice.get("finish_reason") {
        None => return Err("`choices[0].finish_reason` is missing".to_owned()),
        Some(Value::String(reason)) => reason.as_str(),
        Some(Value::Null) => "",
        Some(_) => return Err("`choices[0].finish_reason` is not a text".to_owned()),
    };
    Ok(match reason {
        "content_filter" => Finish::ContentFilter,
        "refusal" => Finish::Refusal,
        _ if refused => Finish::Refusal,
        "stop" | "" if calls => Finish::ToolCalls,
        "stop" | "eos" | "stop_sequence" | "end_turn" => Finish::Stop,
        "length" | "max_tokens" => Finish::Length,
        "tool_calls" | "function_call" => Finish::ToolCalls,
        _ => Finish::Other,
    })
}

/// A text, or a list of parts of which the text parts count.
fn text_of(content: Option<&Value>, silent: bool) -> Result<String, String> {
    match content {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => {
            Ok(parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect())
        }
        None | Some(Value::Null) if silent => Ok(String::new()),
        None | Some(Value::Null) => Err("`choices[0].message.content` is missing".to_owned()),
        Some(_) => Err("`choices[0].message.content` is not a text".to_owned()),
    }
}

fn usage_of(document: &Value) -> Usage {
    let count = |key: &str| document.pointer(&format!("/usage/{key}")).and_then(Value::as_u64).unwrap_or(0);
    Usage { input_tokens: count("prompt_tokens"), output_tokens: count("completion_tokens") }
}

fn error_text(error: &Value) -> String {
    let message = error.get("message").or_else(|| error.get("msg")).unwrap_or(error);
    clean(&message.as_str().map_or_else(|| message.to_string(), ToOwned::to_owned), 300)
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
            (r#"{"content":null,"tool_calls":[{"id":"1"}]}"#, r#""tool_calls""#, ("", Finish::ToolCalls, None)),
            (r#"{"content":null,"tool_calls":[{"id":"1"}]}"#, r#""stop""#, ("", Finish::ToolCalls, None)),
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
        check(&one(r#"{"content":"a"}"#, "7"), Err("`choices[0].finish_reason` is not a text"));
        check(&"x".repeat(2_001), Err("the document is larger than 2000 bytes"));
        let html = read_chat_reply(b"<html>", "text/html; charset=utf-8", &Limits::default());
        assert_eq!(
            html.unwrap_err(),
            "the document is not JSON at line 1, column 1, and its content type is `text/html`"
        );
    }

    #[test]
    fn a_provider_that_refuses_has_answered() {
        for (body, refuses) in [
            (r#"{"error":{"code":"content_filter","message":"filtered"}}"#, true),
            (r#"{"error":{"code":null,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#, true),
            (r#"{"error":{"type":"content_policy_violation"}}"#, true),
            (r#"{"error":{"code":"data_inspection_failed"}}"#, true),
            (r#"{"code":"DataInspectionFailed","message":"m"}"#, true),
            (r#"{"error":{"code":"1301"}}"#, true),
            (r#"{"error":{"code":1301}}"#, true),
            (r#"{"error":{"code":"model_not_found"}}"#, false),
            (r#"{"error":"content_filter"}"#, false),
            ("[]", false),
            ("7", false),
        ] {
            let refusal = native_refusal(&serde_json::from_str(body).unwrap());
            assert_eq!(refusal.is_some_and(|r| r.finish == Finish::ContentFilter), refuses, "{body}");
        }
    }
}
