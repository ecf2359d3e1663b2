//! Findings from rules: severity, wording, remedy and risks are the catalog's; what was seen is the check's.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::{Component, Digest, Finding, Metric, Observation, Place, RuleId, Text};

use crate::items::Rule;

/// A check was given rules that it cannot work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("check `{check}` needs the rule `{rule}`; add catalog/rules/{rule}.toml")]
pub struct MissingRule {
    pub check: &'static str,
    pub rule: &'static str,
}

/// The rules of one check. All that the check may report are there.
#[derive(Debug, Clone)]
pub struct RuleBook {
    check: &'static str,
    rules: BTreeMap<RuleId, Rule>,
}

impl RuleBook {
    /// Keeps those of `rules` that belong to `check`.
    pub fn new(
        check: &'static str,
        needed: &'static [&'static str],
        mut rules: BTreeMap<RuleId, Rule>,
    ) -> Result<Self, MissingRule> {
        rules.retain(|_, rule| rule.check.as_str() == check);
        match needed.iter().find(|id| !rules.keys().any(|known| known.as_str() == **id)) {
            Some(rule) => Err(MissingRule { check, rule }),
            None => Ok(Self { check, rules }),
        }
    }

    /// Changes with every word and severity of the rules, so that evidence made under others is stale.
    pub fn digest(&self) -> Digest {
        let rules: Vec<String> =
            self.rules.values().map(|rule| serde_json::to_string(rule).unwrap_or_else(|e| e.to_string())).collect();
        Digest::of_parts(["check/1", self.check].into_iter().chain(rules.iter().map(String::as_str)))
    }
}

/// Collects what a check sees of one component. A fault is reported once: the first finding of a fingerprint stays.
pub struct Observations<'a> {
    book: &'a RuleBook,
    component: &'a Component,
    seen: Vec<Observation>,
    fingerprints: BTreeSet<Digest>,
}

impl<'a> Observations<'a> {
    pub fn new(book: &'a RuleBook, component: &'a Component) -> Self {
        Self { book, component, seen: Vec::new(), fingerprints: BTreeSet::new() }
    }

    /// `details` fill the `{name}`s of the rule's message and remedy.
    pub fn finding(&mut self, rule: &str, place: Place, details: &[(&str, Text)]) {
        let found = self.book.rules.iter().find(|(id, _)| id.as_str() == rule);
        debug_assert!(found.is_some(), "`{rule}` is not in the list of rules that the check needs");
        let Some((id, item)) = found else { return };
        let fingerprint = Finding::fingerprint_of(id, &self.component.id, &place);
        if !self.fingerprints.insert(fingerprint) {
            return;
        }
        self.seen.push(Observation::Finding(Finding {
            rule: id.clone(),
            severity: item.severity,
            component: self.component.id.clone(),
            message: fill(&item.message, details),
            remedy: fill(&item.remedy, details),
            risks: item.risks.clone(),
            fingerprint,
            place,
        }));
    }

    pub fn metric(&mut self, name: &str, value: f64, unit: &str) {
        self.seen.push(Observation::Metric(Metric {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            component: self.component.id.clone(),
            labels: BTreeMap::new(),
            interval: None,
            trial: None,
        }));
    }

    pub fn into_vec(self) -> Vec<Observation> {
        self.seen
    }
}

fn fill(template: &Text, details: &[(&str, Text)]) -> Text {
    let details = |pick: fn(&Text) -> &str| details.iter().map(|(name, text)| (*name, pick(text))).collect::<Vec<_>>();
    Text::new(fill_one(&template.zh, &details(|t| &t.zh)), fill_one(&template.en, &details(|t| &t.en)))
}

/// One pass from left to right, so that a value cannot bring placeholders of its own.
fn fill_one(template: &str, details: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after
            .split_once('}')
            .and_then(|(name, tail)| details.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, tail)));
        match value {
            Some((value, tail)) => {
                filled.push_str(value);
                rest = tail;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::fill_one;

    #[test]
    fn placeholders_are_filled_once() {
        for (template, expected) in [
            ("{path}: {reason}", "a{reason}: bad"),
            ("{path}{path}", "a{reason}a{reason}"),
            ("no { brace }", "no { brace }"),
            ("{unknown} {reason", "{unknown} {reason"),
            ("{{reason}}", "{bad}"),
            ("", ""),
        ] {
            assert_eq!(fill_one(template, &[("path", "a{reason}"), ("reason", "bad")]), expected, "{template}");
        }
    }
}
