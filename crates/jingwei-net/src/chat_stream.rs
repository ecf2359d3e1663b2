//! A chat completion that came as a stream, joined to what it would have been as a whole.

use std::collections::BTreeMap;

use jingwei_core::{ChatReply, Finish, Limits, ToolCall, Usage};
use serde_json::Value;

use crate::{
    read_json,
    reply::{finish_named, hidden_error, usage_of},
    sse::events_of,
};

/// Joins the events of a stream. A stream that ends without a reason and without its end mark is not whole.
pub(crate) fn read_chat_stream(body: &[u8], limits: &Limits) -> Result<ChatReply, String> {
    let events = events_of(body);
    if events.len() as u64 > limits.entries {
        return Err(format!("the stream has more than {} events", limits.entries));
    }
    let mut joined = Joined::default();
    for (number, data) in events.iter().enumerate() {
        let fault = |reason: String| format!("event {} of the stream: {reason}", number + 1);
        if data.trim_ascii() == b"[DONE]" {
            joined.ended = true;
            break;
        }
        let chunk = read_json(data, limits).map_err(|e| fault(e.to_string()))?;
        if let Some(outcome) = hidden_error(&chunk) {
            return outcome.map_err(fault);
        }
        joined.add(&chunk).map_err(fault)?;
    }
    if events.is_empty() {
        return Err("the stream has no events".to_owned());
    }
    joined.finish()
}

#[derive(Default)]
struct Joined {
    text: String,
    refusal: String,
    calls: BTreeMap<u64, ToolCall>,
    reason: Option<String>,
    usage: Usage,
    ended: bool,
}

impl Joined {
    fn add(&mut self, chunk: &Value) -> Result<(), String> {
        if chunk.get("usage").is_some_and(Value::is_object) {
            self.usage = usage_of(chunk);
        }
        let choices = chunk.get("choices").ok_or("`choices` is missing")?;
        let choices = choices.as_array().ok_or("`choices` is not a list")?;
        // A last chunk with the usage has no choices.
        let Some(choice) = choices.first() else { return Ok(()) };
        if let Some(reason) = choice.get("finish_reason").and_then(Value::as_str) {
            self.reason = Some(reason.to_owned());
        }
        let Some(delta) = choice.get("delta").filter(|delta| !delta.is_null()) else { return Ok(()) };
        append(&mut self.text, delta, "content")?;
        append(&mut self.refusal, delta, "refusal")?;
        for (place, call) in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten().enumerate() {
            let index = call.get("index").and_then(Value::as_u64).unwrap_or(place as u64);
            let blank = ToolCall { id: String::new(), name: String::new(), arguments: String::new() };
            let known = self.calls.entry(index).or_insert(blank);
            append(&mut known.id, call, "id")?;
            if let Some(function) = call.get("function") {
                append(&mut known.name, function, "name")?;
                append(&mut known.arguments, function, "arguments")?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<ChatReply, String> {
        if self.reason.is_none() && !self.ended {
            return Err("the stream ends before the answer does".to_owned());
        }
        let tool_calls: Vec<ToolCall> = self.calls.into_values().collect();
        let refusal = Some(self.refusal).filter(|text| !text.is_empty());
        let reason = self.reason.as_deref().unwrap_or("stop");
        let finish: Finish = finish_named(reason, refusal.is_some(), !tool_calls.is_empty());
        Ok(ChatReply { text: self.text, finish, refusal, tool_calls, usage: self.usage })
    }
}

fn append(text: &mut String, part: &Value, key: &str) -> Result<(), String> {
    match part.get(key) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(more)) => {
            text.push_str(more);
            Ok(())
        }
        Some(_) => Err(format!("`{key}` is not a text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(delta: &str, finish: &str) -> String {
        format!("data: {{\"choices\":[{{\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n")
    }

    #[track_caller]
    fn check(body: &str, expected: Result<(&str, Finish), &str>) {
        let limits = Limits { entries: 20, depth: 8, ..Limits::default() };
        let reply = read_chat_stream(body.as_bytes(), &limits);
        assert_eq!(reply.as_ref().map(|r| (r.text.as_str(), r.finish)).map_err(String::as_str), expected, "{body}");
    }

    #[test]
    fn a_stream_is_joined_or_what_is_wrong_is_named() {
        let hello = chunk(r#"{"role":"assistant","content":"he"}"#, "null") + &chunk(r#"{"content":"llo"}"#, "null");
        let stop = chunk("{}", "\"stop\"");
        let done = "data: [DONE]\n\n";
        check(&format!("{hello}{stop}{done}"), Ok(("hello", Finish::Stop)));
        check(&format!("{hello}{stop}"), Ok(("hello", Finish::Stop)));
        check(&format!("{hello}{done}"), Ok(("hello", Finish::Stop)));
        check(&format!("{hello}{done}data: nonsense\n\n"), Ok(("hello", Finish::Stop)));
        check(&format!("{hello}{}", chunk("null", "\"content_filter\"")), Ok(("hello", Finish::ContentFilter)));
        check(&chunk(r#"{"refusal":"no"}"#, "\"stop\""), Ok(("", Finish::Refusal)));
        check(&hello, Err("the stream ends before the answer does"));
        check("", Err("the stream has no events"));
        check("<html>", Err("the stream has no events"));
        check(&format!("{hello}data: {{\"choi"), Err("event 3 of the stream: the document ends too early, at byte 6"));
        check("data: nope\n\n", Err("event 1 of the stream: the document is not JSON at line 1, column 2"));
        check("data: {}\n\n", Err("event 1 of the stream: `choices` is missing"));
        check("data: {\"error\":{\"message\":\"m\"}}\n\n", Err("event 1 of the stream: an error with status 200: m"));
        check("data: {\"error\":{\"code\":\"content_filter\"}}\n\n", Ok(("", Finish::ContentFilter)));
        check(&chunk(r#"{"content":7}"#, "null"), Err("event 1 of the stream: `content` is not a text"));
        check(&hello.repeat(11), Err("the stream has more than 20 events"));
        check("data: [[[[[[[[[[", Err("event 1 of the stream: the document is nested deeper than 8 levels"));
    }

    #[test]
    fn calls_are_joined_by_their_number() {
        let call = |rest: &str| chunk(&format!(r#"{{"tool_calls":[{{"index":1,{rest}}}]}}"#), "null");
        let body = call(r#""id":"c1","function":{"name":"f","arguments":"{\"a\""}"#)
            + &chunk(r#"{"tool_calls":[{"index":0,"id":"c0","function":{"name":"g","arguments":""}}]}"#, "null")
            + &call(r#""function":{"arguments":":1}"}"#)
            + &chunk("{}", "\"tool_calls\"")
            + "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
        let reply = read_chat_stream(body.as_bytes(), &Limits::default()).unwrap();
        let call = |id: &str, name: &str, arguments: &str| ToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        };
        assert_eq!(reply.tool_calls, [call("c0", "g", ""), call("c1", "f", r#"{"a":1}"#)]);
        assert_eq!((reply.finish, reply.usage), (Finish::ToolCalls, Usage { input_tokens: 4, output_tokens: 2 }));
    }
}
