use std::collections::BTreeMap;

use jingwei_core::{Action, RuleHit, RuleId, Verdict};
use jingwei_guard::Placeholders;
use serde_json::Value;

/// A hit could not be tied to exactly one text of the document, so it cannot be redacted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Untied;

/// Replaces what the verdict redacts, wherever it stands in a request or reply.
pub(crate) fn redact(document: &mut Value, verdict: &Verdict, placeholders: &mut Placeholders) -> Result<(), Untied> {
    let mut by_surface: BTreeMap<&str, (Vec<RuleHit>, usize)> = BTreeMap::new();
    let mut inside: BTreeMap<(&str, &RuleId), usize> = BTreeMap::new();
    for hit in verdict.hits.iter().filter(|hit| hit.action == Action::Redact) {
        match hit.surface.split_once('#') {
            // A string in a JSON text: the text itself is redacted, escapes and all, if the same was found there.
            Some((text, _)) => *inside.entry((text, &hit.rule)).or_default() += 1,
            // They repeat the reply and are not passed on with a redacted one.
            None if hit.surface.contains(".logprobs") => {}
            None => by_surface.entry(&hit.surface).or_default().0.push(hit.clone()),
        }
    }
    for ((surface, rule), count) in inside {
        let found = by_surface.get(surface).map_or(0, |(hits, _)| hits.iter().filter(|hit| hit.rule == *rule).count());
        if found < count {
            return Err(Untied);
        }
    }
    each_text(document, "", &mut |path, text| {
        if let Some((hits, met)) = by_surface.get_mut(path) {
            *text = placeholders.apply(text, hits);
            *met += 1;
        }
    });
    if by_surface.values().all(|(_, met)| *met == 1) { Ok(()) } else { Err(Untied) }
}

/// Puts values back wherever a document repeats their placeholders.
pub(crate) fn restore(document: &mut Value, placeholders: &Placeholders) {
    if !placeholders.is_empty() {
        each_text(document, "", &mut |_, text| *text = placeholders.restore(text));
    }
}

/// Every string and every number of a document with its path, in the guard's notation. A number that is changed becomes a
/// string. The depth was limited when it was read.
fn each_text(value: &mut Value, path: &str, visit: &mut impl FnMut(&str, &mut String)) {
    match value {
        Value::String(text) => visit(path, text),
        Value::Number(number) => {
            let written = number.to_string();
            let digits = written.strip_suffix(".0").unwrap_or(&written);
            let mut text = digits.to_owned();
            visit(path, &mut text);
            if text != digits {
                *value = Value::String(text);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                each_text(item, &format!("{path}[{index}]"), visit);
            }
        }
        Value::Object(map) => {
            for (key, item) in map.iter_mut() {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                each_text(item, &path, visit);
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use jingwei_core::{RuleId, Severity, Span};
    use serde_json::json;

    use super::*;

    fn verdict(hits: &[(&str, usize, usize, Action)]) -> Verdict {
        let hit = |(surface, start, end, action): &(&str, usize, usize, Action)| RuleHit {
            rule: "own.rule".parse::<RuleId>().unwrap(),
            action: *action,
            severity: Severity::High,
            surface: (*surface).to_owned(),
            span: Span { start: *start, end: *end },
        };
        let hits = hits.iter().map(hit).collect();
        Verdict {
            action: Action::Redact,
            content: Action::Redact,
            hits,
            scores: BTreeMap::new(),
            unjudged: Vec::new(),
            policy: String::new(),
        }
    }

    #[test]
    fn texts_are_redacted_in_place_and_restored() {
        let original =
            json!({ "messages": [{ "content": "my name is Ada" }, { "content": [{ "text": "Ada here" }] }], "n": 1 });
        let mut document = original.clone();
        let mut placeholders = Placeholders::default();
        let hits = [
            ("messages[0].content", 11, 14, Action::Redact),
            ("messages[1].content[0].text", 0, 3, Action::Redact),
            ("messages[1].content[0].text", 4, 8, Action::Allow),
        ];
        redact(&mut document, &verdict(&hits), &mut placeholders).unwrap();
        assert_eq!(document["messages"][0]["content"], "my name is [[OWN_RULE_1]]");
        assert_eq!(document["messages"][1]["content"][0]["text"], "[[OWN_RULE_1]] here");
        restore(&mut document, &placeholders);
        assert_eq!(document, original);
    }

    #[test]
    fn a_string_in_a_json_text_is_redacted_with_the_text_or_not_at_all() {
        let hits = [("a", 4, 7, Action::Redact), ("a#/n", 0, 3, Action::Redact), ("c.logprobs", 0, 1, Action::Redact)];
        let check = |hits: &[(&str, usize, usize, Action)], expected: Result<&str, Untied>| {
            let mut document = json!({ "a": r#"["\u0041da","Ada"]"# });
            let outcome = redact(&mut document, &verdict(hits), &mut Placeholders::default());
            assert_eq!(outcome.map(|()| document["a"].as_str().unwrap()), expected);
        };
        check(&[("a", 2, 10, Action::Redact), ("a#/0", 0, 3, Action::Redact)], Ok(r#"["[[OWN_RULE_1]]","Ada"]"#));
        check(&hits[1..], Err(Untied));
        check(&hits[2..], Ok(r#"["\u0041da","Ada"]"#));
    }

    #[test]
    fn numbers_are_redacted_too() {
        let mut document = json!({ "a": { "phone": 13812345678_u64, "n": 7 } });
        let mut placeholders = Placeholders::default();
        redact(&mut document, &verdict(&[("a.phone", 0, 11, Action::Redact)]), &mut placeholders).unwrap();
        assert_eq!(document, json!({ "a": { "phone": "[[MOBILE_1]]", "n": 7 } }));
        restore(&mut document, &placeholders);
        assert_eq!(document, json!({ "a": { "phone": "13812345678", "n": 7 } }));
    }

    #[test]
    fn a_hit_without_exactly_one_text_is_not_redacted_silently() {
        for mut document in
            [json!({ "a": {} }), json!({ "a.b": "Ada", "a": { "b": "Ada" } }), json!({ "a": { "b": true } })]
        {
            let outcome =
                redact(&mut document, &verdict(&[("a.b", 0, 3, Action::Redact)]), &mut Placeholders::default());
            assert_eq!(outcome, Err(Untied), "{document}");
        }
    }
}
