//! JSON objects inside prose, and calls that are written out in them.

use serde_json::{Map, Value};

/// Braces that are tried.
const MOST_OPENINGS: usize = 64;
/// Bytes that are looked at.
const MOST_BYTES: usize = 64 << 10;

/// The outermost JSON objects in a text, in order: alone, in a code block or between sentences.
pub(super) fn objects(text: &str) -> Vec<Map<String, Value>> {
    let text = text.get(..text.floor_char_boundary(MOST_BYTES)).unwrap_or(text);
    let mut found = Vec::new();
    let mut from = 0;
    for _ in 0..MOST_OPENINGS {
        let Some(rest) = text.get(from..) else { break };
        let Some(at) = rest.find('{') else { break };
        let mut stream = serde_json::Deserializer::from_str(rest.get(at..).unwrap_or_default()).into_iter();
        match stream.next() {
            Some(Ok(Value::Object(object))) => {
                from += at + stream.byte_offset().max(1);
                found.push(object);
            }
            _ => from += at + 1,
        }
    }
    found
}

/// Whether an object is a call of a tool, in any of the shapes in which models write them, or holds one.
pub(super) fn calls(object: &Map<String, Value>, is_named: &dyn Fn(&str) -> bool) -> bool {
    const NAMES: [&str; 7] = ["name", "tool", "tool_name", "function", "function_name", "action", "recipient_name"];
    const ARGUMENTS: [&str; 8] =
        ["arguments", "args", "parameters", "params", "input", "action_input", "tool_input", "kwargs"];
    let names_it = NAMES.iter().any(|key| matches!(object.get(*key), Some(Value::String(name)) if is_named(name)));
    let is_call =
        ARGUMENTS.iter().any(|key| object.contains_key(*key)) || object.get("type") == Some(&"function".into());
    let is_bare = object.len() == 1;
    if names_it && (is_call || is_bare) {
        return true;
    }
    let inside = |value: &Value| matches!(value, Value::Object(inner) if calls(inner, is_named));
    object.values().any(|value| match value {
        Value::Array(list) => list.iter().any(inside),
        other => inside(other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_in_prose() {
        for (text, expected) in [
            ("", 0),
            (r#"{"a":1}"#, 1),
            (
                r#"Sure: ```json
{"a": {"b": 2}}
``` and {"c": 3} {oops"#,
                2,
            ),
            ("{{{{", 0),
            ("{not json} {\"a\": true}", 1),
        ] {
            assert_eq!(objects(text).len(), expected, "{text}");
        }
        assert!(objects(&"{".repeat(100_000)).is_empty());
        assert_eq!(objects(&"{} ".repeat(1000)).len(), MOST_OPENINGS);
    }

    #[test]
    fn calls_are_told_from_mentions() {
        for (text, expected) in [
            (r#"{"name": "send_mail", "arguments": {"to": "a"}}"#, true),
            (r#"{"tool": "send_mail", "input": "x"}"#, true),
            (r#"{"type": "function", "function": {"name": "send_mail", "arguments": "{}"}}"#, true),
            (r#"{"tool_calls": [{"name": "send_mail", "args": {}}]}"#, true),
            (r#"{"name": "other", "arguments": {}}"#, false),
            (r#"{"name": "send_mail", "description": "sends mail"}"#, false),
            ("send_mail is dangerous", false),
        ] {
            let found = objects(text).iter().any(|object| calls(object, &|name| name == "send_mail"));
            assert_eq!(found, expected, "{text}");
        }
    }
}
