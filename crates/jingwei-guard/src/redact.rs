//! Values become placeholders, and placeholders become values again.

use std::collections::BTreeMap;

use jingwei_core::{Action, RuleHit, RuleId, Span};
use jingwei_text::{NormalizeOptions, find_personal, find_private_keys, find_secrets, normalize};

/// A text with placeholders, and what they stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    pub text: String,
    pub placeholders: Placeholders,
}

/// Which placeholder stands for which value. The same value gets the same placeholder everywhere: `[[EMAIL_1]]`.
///
/// It holds the values themselves: keep it for as long as the reply may need them, and never log it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Placeholders {
    by_value: BTreeMap<(String, String), String>,
    counts: BTreeMap<String, usize>,
}

/// Replaces what the hits with action `redact` cover in one text.
#[must_use]
pub fn apply_redactions(text: &str, hits: &[RuleHit]) -> Redacted {
    let mut placeholders = Placeholders::default();
    let text = placeholders.apply(text, hits);
    Redacted { text, placeholders }
}

impl Placeholders {
    /// Replaces what the hits with action `redact` cover in one more text. Hits of other surfaces must not be passed.
    #[must_use]
    pub fn apply(&mut self, text: &str, hits: &[RuleHit]) -> String {
        let redactions = hits.iter().filter(|hit| hit.action == Action::Redact).map(|hit| (hit.span, &hit.rule));
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for (span, rule) in clusters(redactions) {
            let (Some(before), Some(value)) = (text.get(copied..span.start), text.get(span.start..span.end)) else {
                continue;
            };
            out.push_str(before);
            out.push_str(&self.placeholder(value, rule));
            copied = span.end;
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        out
    }

    /// Puts the values back into a text that repeats placeholders.
    #[must_use]
    pub fn restore(&self, text: &str) -> String {
        let values: BTreeMap<&str, &str> =
            self.by_value.iter().map(|((_, value), placeholder)| (placeholder.as_str(), value.as_str())).collect();
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("[[") {
            out.push_str(&rest[..at]);
            let name = rest[at..].find("]]").map(|end| &rest[at..at + end + 2]);
            match name.and_then(|name| values.get(name).map(|value| (name, *value))) {
                Some((name, value)) => {
                    out.push_str(value);
                    rest = &rest[at + name.len()..];
                }
                None => {
                    out.push('[');
                    rest = &rest[at + 1..];
                }
            }
        }
        out.push_str(rest);
        out
    }

    /// How many values were replaced.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_value.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_value.is_empty()
    }

    pub(crate) fn placeholder(&mut self, value: &str, rule: &RuleId) -> String {
        let label = label_of(value, rule);
        let key = (label.clone(), value.to_owned());
        if let Some(known) = self.by_value.get(&key) {
            return known.clone();
        }
        let count = self.counts.entry(label.clone()).or_insert(0);
        *count += 1;
        let placeholder = format!("[[{label}_{count}]]");
        self.by_value.insert(key, placeholder.clone());
        placeholder
    }
}

impl std::fmt::Debug for Placeholders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Placeholders({} values)", self.by_value.len())
    }
}

/// Redactions that overlap become one; its rule is that of the first.
pub(crate) fn clusters<'a>(redactions: impl Iterator<Item = (Span, &'a RuleId)>) -> Vec<(Span, &'a RuleId)> {
    let mut sorted: Vec<(Span, &RuleId)> = redactions.collect();
    sorted.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
    let mut clusters: Vec<(Span, &RuleId)> = Vec::new();
    for (span, rule) in sorted {
        match clusters.last_mut() {
            Some((last, _)) if span.start < last.end => last.end = last.end.max(span.end),
            _ => clusters.push((span, rule)),
        }
    }
    clusters
}

/// What the value is, where a recogniser knows it as a whole; else the rule's name.
fn label_of(value: &str, rule: &RuleId) -> String {
    let literal = normalize(value, &NormalizeOptions::LITERAL).text;
    let whole = |span: Span| span.start == 0 && span.end == literal.len();
    let personal = find_personal(&literal).into_iter().find(|m| whole(m.span)).map(|m| m.kind.label());
    let secret = || find_secrets(&literal).into_iter().find(|m| whole(m.span)).map(|m| m.kind.label());
    let key = || find_private_keys(&literal).into_iter().find(|m| whole(m.span)).map(|m| m.kind.label());
    match personal.or_else(secret).or_else(key) {
        Some(label) => label.to_owned(),
        None => rule
            .as_str()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use jingwei_core::Severity;

    use super::*;

    fn hit(start: usize, end: usize, action: Action) -> RuleHit {
        let rule = RuleId::literal("own.rule");
        RuleHit { rule, action, severity: Severity::High, surface: String::new(), span: Span { start, end } }
    }

    #[track_caller]
    fn check(text: &str, hits: &[RuleHit], expected: &str) {
        let redacted = apply_redactions(text, hits);
        assert_eq!(redacted.text, expected);
        assert_eq!(redacted.placeholders.restore(expected), text);
    }

    #[test]
    fn values_become_placeholders_and_come_back() {
        let redact = Action::Redact;
        check(
            "写a@b.cn和c@d.cn和a@b.cn",
            &[hit(3, 9, redact), hit(12, 18, redact), hit(21, 27, redact)],
            "写[[EMAIL_1]]和[[EMAIL_2]]和[[EMAIL_1]]",
        );
        check("abcdef", &[hit(1, 3, redact), hit(2, 5, redact)], "a[[OWN_RULE_1]]f");
        check("abcdef", &[hit(1, 3, Action::Block)], "abcdef");
        check("[[x]] [[OWN_RULE_9]] [", &[], "[[x]] [[OWN_RULE_9]] [");
        check("", &[], "");
    }

    #[test]
    fn hits_that_do_not_fit_the_text_change_nothing() {
        assert_eq!(apply_redactions("炸弹", &[hit(1, 2, Action::Redact), hit(9, 12, Action::Redact)]).text, "炸弹");
    }

    #[test]
    fn values_are_not_shown() {
        let redacted = apply_redactions("a@b.cn", &[hit(0, 6, Action::Redact)]);
        assert!(!format!("{:?}", redacted.placeholders).contains("a@b"));
    }
}
