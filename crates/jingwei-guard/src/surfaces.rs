//! Everything in a request or a reply that carries text, by path.
//!
//! The walk takes every string below the parts of a document that reach the model or the user, known fields or
//! not: a new field of a provider is judged before anybody writes code for it.

use jingwei_core::Limits;
use serde_json::Value;

use crate::{Direction, SurfaceRole};

/// One text of a request or a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surface {
    /// Where it stands: `messages[0].content`, `choices[1].message.tool_calls[0].function.arguments`. Empty for a bare text.
    pub path: String,
    pub text: String,
    pub role: SurfaceRole,
    /// What of it could not be made a text.
    pub unjudged: Option<Unjudged>,
}

/// Why a part of a document is not judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unjudged {
    /// It is a picture or a sound: no business of rules about text. It is told and nothing else.
    NotText(String),
    /// It is nested or numerous beyond the limits. The rules' `on_failure` decides.
    Limit(String),
}

impl Surface {
    pub fn new(path: impl Into<String>, role: SurfaceRole, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into(), role, unjudged: None }
    }

    /// A text without a document around it: a user's on the way in, the model's on the way out.
    pub fn bare(direction: Direction, text: impl Into<String>) -> Self {
        let role = match direction {
            Direction::Input => SurfaceRole::User,
            Direction::Output => SurfaceRole::Assistant,
        };
        Self::new("", role, text)
    }
}

/// The texts of a request in the shape of OpenAI's chat completions or responses, or Anthropic's messages.
#[must_use]
pub fn surfaces_of_chat_request(request: &Value, limits: &Limits) -> Vec<Surface> {
    let mut walk = Walk::new(limits);
    for (key, value) in request.as_object().into_iter().flatten() {
        let role = match key.as_str() {
            "messages" | "input" | "prompt" | "suffix" | "documents" | "prediction" => SurfaceRole::User,
            "instructions" | "system" | "response_format" | "text" => SurfaceRole::System,
            "tools" | "functions" => SurfaceRole::Tool,
            // Settings: model names, numbers, switches.
            _ => continue,
        };
        walk.value(value, key, role, 0);
    }
    walk.surfaces
}

/// The texts of a reply, or of one event of a streamed reply, in the same shapes.
#[must_use]
pub fn surfaces_of_chat_response(response: &Value, limits: &Limits) -> Vec<Surface> {
    let mut walk = Walk::new(limits);
    for (key, value) in response.as_object().into_iter().flatten() {
        let carries = matches!(
            key.as_str(),
            "choices" | "output" | "content" | "output_text" | "delta" | "content_block" | "message" | "item" | "part"
        );
        if carries {
            walk.value(value, key, SurfaceRole::Assistant, 0);
        }
    }
    walk.surfaces
}

struct Walk {
    surfaces: Vec<Surface>,
    deepest: u32,
    most: usize,
    full: bool,
}

/// Fields that name, count or point and never speak.
const SILENT: [&str; 14] = [
    "role",
    "type",
    "id",
    "object",
    "model",
    "index",
    "tool_call_id",
    "call_id",
    "tool_use_id",
    "finish_reason",
    "stop_reason",
    "logprobs",
    "status",
    "cache_control",
];

impl Walk {
    fn new(limits: &Limits) -> Self {
        let most = usize::try_from(limits.entries).unwrap_or(usize::MAX);
        Self { surfaces: Vec::new(), deepest: limits.depth, most, full: false }
    }

    fn value(&mut self, value: &Value, path: &str, role: SurfaceRole, depth: u32) {
        if self.full {
            return;
        }
        if self.surfaces.len() >= self.most {
            self.full = true;
            self.limit(path, role, format!("more than {} texts; the rest was not read", self.most));
            return;
        }
        match value {
            Value::String(text) => self.text(text, path, role),
            Value::Array(_) | Value::Object(_) if depth >= self.deepest => {
                self.limit(path, role, format!("nested deeper than {}; not read", self.deepest));
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{path}[{index}]"), role, depth + 1);
                }
            }
            Value::Object(map) => {
                let role = map.get("role").and_then(Value::as_str).map_or(role, role_named);
                let role = if is_tool_result(map) { SurfaceRole::Tool } else { role };
                // What a model passes to a tool may be called anything.
                let arguments = path.contains(".input");
                for (key, value) in map {
                    if arguments || !SILENT.contains(&key.as_str()) {
                        self.value(value, &format!("{path}.{key}"), role, depth + 1);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, text: &str, path: &str, role: SurfaceRole) {
        if text.is_empty() {
            return;
        }
        let media = [".data", ".file_data", ".b64_json"].iter().any(|end| path.ends_with(end));
        let data_url =
            text.starts_with("data:") && text.get(..100.min(text.len())).unwrap_or(text).contains(";base64,");
        if data_url || (media && text.bytes().all(|b| b.is_ascii_graphic())) {
            let what = format!("{} bytes of something that is not text", text.len());
            let unjudged = Some(Unjudged::NotText(what));
            self.surfaces.push(Surface { path: path.to_owned(), text: String::new(), role, unjudged });
            return;
        }
        self.surfaces.push(Surface::new(path, role, text));
    }

    fn limit(&mut self, path: &str, role: SurfaceRole, what: String) {
        let unjudged = Some(Unjudged::Limit(what));
        self.surfaces.push(Surface { path: path.to_owned(), text: String::new(), role, unjudged });
    }
}

fn role_named(name: &str) -> SurfaceRole {
    match name {
        "system" | "developer" => SurfaceRole::System,
        "assistant" | "model" => SurfaceRole::Assistant,
        "tool" | "function" => SurfaceRole::Tool,
        _ => SurfaceRole::User,
    }
}

/// A tool's result inside a user's message (Anthropic) or an input item (Responses).
fn is_tool_result(map: &serde_json::Map<String, Value>) -> bool {
    matches!(
        map.get("type").and_then(Value::as_str),
        Some("tool_result" | "function_call_output" | "custom_tool_call_output" | "document" | "search_result")
    )
}

#[cfg(test)]
mod tests {
    use SurfaceRole::*;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(found: &[Surface], expected: &[(&str, SurfaceRole, &str)]) {
        let mut found: Vec<_> = found.iter().map(|s| (s.path.as_str(), s.role, s.text.as_str())).collect();
        let mut expected = expected.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_text_of_a_request_is_seen() {
        let request = json!({
            "model": "m", "temperature": 0, "user": "u",
            "instructions": "be kind",
            "messages": [
                {"role": "system", "content": "s"},
                {"role": "user", "name": "n", "content": [
                    {"type": "text", "text": "t"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                    {"type": "image_url", "image_url": {"url": "http://x/y"}},
                    {"type": "tool_result", "tool_use_id": "1", "content": "r"}]},
                {"role": "assistant", "content": null, "reasoning_content": "why", "refusal": "no", "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "input": {"id": "i"}}]},
                {"role": "tool", "tool_call_id": "1", "content": "result"},
                {"role": "user", "content": "u", "new_field": {"deep": ["x"]}}],
            "tools": [{"type": "function", "function": {"name": "f", "description": "d"}}],
            "input": [{"type": "function_call_output", "output": "o"}],
        });
        check(
            &surfaces_of_chat_request(&request, &Limits::default()),
            &[
                ("instructions", System, "be kind"),
                ("messages[0].content", System, "s"),
                ("messages[1].name", User, "n"),
                ("messages[1].content[0].text", User, "t"),
                ("messages[1].content[1].image_url.url", User, ""),
                ("messages[1].content[2].image_url.url", User, "http://x/y"),
                ("messages[1].content[3].content", Tool, "r"),
                ("messages[2].reasoning_content", Assistant, "why"),
                ("messages[2].refusal", Assistant, "no"),
                ("messages[2].tool_calls[0].function.name", Assistant, "f"),
                ("messages[2].tool_calls[0].function.arguments", Assistant, "{\"a\":1}"),
                ("messages[3].content[0].input.id", Assistant, "i"),
                ("messages[4].content", Tool, "result"),
                ("messages[5].content", User, "u"),
                ("messages[5].new_field.deep[0]", User, "x"),
                ("tools[0].function.name", Tool, "f"),
                ("tools[0].function.description", Tool, "d"),
                ("input[0].output", Tool, "o"),
            ],
        );
    }

    #[test]
    fn every_choice_of_a_reply_is_seen() {
        let reply = json!({"id": "x", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "a", "reasoning_content": "b"}, "finish_reason": "stop"},
            {"index": 1, "delta": {"content": "c", "tool_calls": [{"function": {"arguments": "d"}}]}}]});
        check(
            &surfaces_of_chat_response(&reply, &Limits::default()),
            &[
                ("choices[0].message.content", Assistant, "a"),
                ("choices[0].message.reasoning_content", Assistant, "b"),
                ("choices[1].delta.content", Assistant, "c"),
                ("choices[1].delta.tool_calls[0].function.arguments", Assistant, "d"),
            ],
        );
    }

    #[test]
    fn what_is_too_deep_or_too_much_is_told() {
        let mut deep = json!("x");
        for _ in 0..20 {
            deep = json!([deep]);
        }
        let limits = Limits { depth: 10, entries: 3, ..Limits::default() };
        let found = surfaces_of_chat_request(&json!({ "input": deep }), &limits);
        assert!(matches!(found.as_slice(), [Surface { unjudged: Some(Unjudged::Limit(_)), .. }]), "{found:?}");
        let found = surfaces_of_chat_request(&json!({ "input": ["a", "b", "c", "d", "e"] }), &limits);
        assert_eq!(found.len(), 4, "{found:?}");
        for nothing in [json!(null), json!([]), json!("x"), json!({ "messages": 1 })] {
            assert!(surfaces_of_chat_request(&nothing, &limits).is_empty());
        }
    }
}
