//! The rules that a check may report: wording, severity and risks are the catalog's.

use std::collections::BTreeMap;

use jingwei_catalog::items::Rule;
use jingwei_core::{CheckId, Component, Finding, Place, RuleId, Text};

/// The check needs a rule that the catalog does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("check `{check}` needs the rule `{rule}`; add catalog/rules/{rule}.toml")]
pub struct MissingRule {
    pub check: &'static str,
    pub rule: &'static str,
}

/// All rules of a check.
#[derive(Debug, Clone)]
pub(crate) struct Rules(BTreeMap<RuleId, Rule>);

impl Rules {
    /// Takes those of `rules` that the check owns and makes sure that none of `needed` is missing.
    pub(crate) fn new(
        check: &'static str,
        needed: &[&'static str],
        rules: &BTreeMap<RuleId, Rule>,
    ) -> Result<Self, MissingRule> {
        let check_id = CheckId::literal(check);
        let own: BTreeMap<RuleId, Rule> = rules
            .iter()
            .filter(|(_, rule)| rule.check == check_id)
            .map(|(id, rule)| (id.clone(), rule.clone()))
            .collect();
        for rule in needed {
            if !own.keys().any(|id| id.as_str() == *rule) {
                return Err(MissingRule { check, rule });
            }
        }
        Ok(Self(own))
    }

    /// Every word of them, for the check's configuration.
    pub(crate) fn written(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.0.values().collect::<Vec<_>>())
    }

    /// A finding in the words of a rule; `details` fill its `{name}`s. `None` where there is no such rule.
    pub(crate) fn finding(
        &self,
        rule: &'static str,
        component: &Component,
        place: Place,
        details: &[(&str, Text)],
    ) -> Option<Finding> {
        let (id, item) = self.0.iter().find(|(id, _)| id.as_str() == rule)?;
        Some(Finding {
            rule: id.clone(),
            severity: item.severity,
            component: component.id.clone(),
            message: filled(&item.message, details),
            remedy: filled(&item.remedy, details),
            risks: item.risks.clone(),
            fingerprint: Finding::fingerprint_of(id, &component.id, &place),
            place,
        })
    }
}

/// The details are numbers and codes of ours, so replacing one after the other is safe.
fn filled(template: &Text, details: &[(&str, Text)]) -> Text {
    details.iter().fold(template.clone(), |text, (name, value)| {
        let name = format!("{{{name}}}");
        Text::new(text.zh.replace(&name, &value.zh), text.en.replace(&name, &value.en))
    })
}
