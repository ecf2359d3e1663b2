use jingwei_core::Lang;
use serde_json::Value;

/// The language in which the last user speaks: Chinese when one letter in ten is a Chinese character.
pub(crate) fn of_request(request: &Value) -> Lang {
    let messages = request.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let last = messages.iter().rev().find(|message| message.get("role").is_some_and(|role| role == "user"));
    match last.and_then(|message| message.get("content")) {
        Some(Value::String(text)) => of_texts([text.as_str()].into_iter()),
        Some(Value::Array(parts)) => of_texts(parts.iter().filter_map(|p| p.get("text").and_then(Value::as_str))),
        _ => Lang::En,
    }
}

fn of_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Lang {
    let (mut chinese, mut letters) = (0_usize, 0_usize);
    for c in texts.flat_map(str::chars).take(20_000).filter(|c| c.is_alphabetic()) {
        letters += 1;
        chinese +=
            usize::from(matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}'));
    }
    if chinese > 0 && chinese * 10 >= letters { Lang::Zh } else { Lang::En }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_user_decides() {
        let check = |messages: Value, expected: Lang| {
            assert_eq!(of_request(&json!({ "messages": messages })), expected, "{messages}");
        };
        check(json!([{ "role": "user", "content": "如何 make 它" }]), Lang::Zh);
        check(
            json!([{ "role": "user", "content": "What does 经纬 mean in the name of this program, please?" }]),
            Lang::En,
        );
        check(json!([{ "role": "user", "content": "你好" }, { "role": "user", "content": "hello" }]), Lang::En);
        check(json!([{ "role": "user", "content": "你好" }, { "role": "assistant", "content": "hello" }]), Lang::Zh);
        check(json!([{ "role": "user", "content": [{ "type": "text", "text": "你好" }, { "x": 1 }] }]), Lang::Zh);
        check(json!([{ "role": "user", "content": null }]), Lang::En);
        check(json!([]), Lang::En);
        check(json!(7), Lang::En);
    }
}
