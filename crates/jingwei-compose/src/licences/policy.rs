use jingwei_core::Text;
use serde::{Deserialize, Serialize};

use super::names::{Class, Leaf, LicenceNames, fold};
use crate::bom::{Component, Kind};

/// What a user allows. TOML; the first rule that names the licence decides, rules by id before rules by class.
///
/// ```toml
/// kind = "licence-policy"
/// version = 1
/// default = "review"
/// [[rule]]
/// name = "no-network-copyleft"
/// decide = "deny"
/// classes = ["network-copyleft"]
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicencePolicy {
    pub kind: PolicyKind,
    pub version: u32,
    /// For licences that no rule names.
    pub default: Verdict,
    /// For components that state no licence, or one that is not understood.
    #[serde(default = "review")]
    pub unknown: Verdict,
    #[serde(default, rename = "rule")]
    pub rules: Vec<PolicyRule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    LicencePolicy,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRule {
    pub name: String,
    pub decide: Verdict,
    /// SPDX ids, with ` WITH exception` where only that is meant.
    #[serde(default)]
    pub licences: Vec<String>,
    #[serde(default)]
    pub classes: Vec<Class>,
    /// Only for components of these kinds; for all when empty.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// Only for these components, by name or package URL without the version.
    #[serde(default)]
    pub components: Vec<String>,
    /// Why, in the user's words.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Ordered from lax to strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Allow,
    Review,
    Deny,
}

impl Verdict {
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Verdict::Allow => Text::new("允许", "allowed"),
            Verdict::Review => Text::new("需要复核", "to be reviewed"),
            Verdict::Deny => Text::new("禁止", "denied"),
        }
    }
}

fn review() -> Verdict {
    Verdict::Review
}

/// What the policy says to one licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    pub licence: String,
    pub class: Class,
    pub verdict: Verdict,
    /// The rule that decided; `None`: no rule names the licence.
    pub rule: Option<String>,
    pub reason: Text,
}

/// What the policy says to one component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Id of the component.
    pub component: String,
    /// `None`: nothing is stated, or it is not understood.
    pub expression: Option<String>,
    pub verdict: Verdict,
    /// The licences that led to the verdict.
    pub rulings: Vec<Ruling>,
    pub reason: Text,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("the licence policy cannot be read: {0}")]
    Malformed(String),
    #[error("rule `{0}` names no licence, class or component, so it would decide about nothing; name what it is for")]
    Empty(String),
    #[error("two rules are named `{0}`; give each its own name")]
    Repeated(String),
    #[error("rule `{rule}` names `{licence}`, which is no SPDX id; use one, or a name that begins with `LicenseRef-`")]
    NotAnId { rule: String, licence: String },
}

impl LicencePolicy {
    /// Reads a policy and refuses rules that could never decide as meant.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text).map_err(|e| PolicyError::Malformed(e.to_string()))?;
        for (n, rule) in policy.rules.iter().enumerate() {
            if rule.licences.is_empty() && rule.classes.is_empty() && rule.components.is_empty() {
                return Err(PolicyError::Empty(rule.name.clone()));
            }
            if policy.rules[..n].iter().any(|one| one.name == rule.name) {
                return Err(PolicyError::Repeated(rule.name.clone()));
            }
            for licence in &rule.licences {
                let id = licence.split(" WITH ").next().unwrap_or_default();
                if spdx::license_id(id).is_none() && !id.starts_with("LicenseRef-") {
                    return Err(PolicyError::NotAnId { rule: rule.name.clone(), licence: licence.clone() });
                }
            }
        }
        Ok(policy)
    }

    /// A choice between licences is decided by the best of them, licences that hold together by the worst.
    #[must_use]
    pub fn decide(&self, component: &Component, names: &LicenceNames) -> Decision {
        let given = component.licences.iter().map(|one| one.expression.as_deref().unwrap_or(&one.stated));
        let expression = names.read_all(given).expression;
        let not_understood = component
            .licences
            .iter()
            .any(|one| one.expression.is_none() && names.read(&one.stated).expression.is_none());
        let ruled = expression.as_deref().and_then(|expression| {
            let leaf = |leaf: &Leaf| vec![self.rule(leaf, component, names)];
            fold(expression, leaf, better, worse)
        });
        let named = ruled.is_none().then(|| self.by_component(component)).flatten();
        let rulings = ruled.unwrap_or_default();
        let strictest = rulings.iter().map(|ruling| ruling.verdict).max();
        let mut verdict = strictest.or(named.map(|rule| rule.decide)).unwrap_or(self.unknown);
        let mut reason = match (rulings.iter().max_by_key(|ruling| ruling.verdict), named) {
            (Some(ruling), _) => ruling.reason.clone(),
            (None, Some(rule)) => self.words(rule),
            (None, None) if component.licences.is_empty() => Text::new("没有声明许可证", "it states no licence"),
            (None, None) => Text::new("声明的许可证无法识别", "the licence that it states is not understood"),
        };
        if not_understood && !rulings.is_empty() && verdict < self.unknown {
            verdict = self.unknown;
            reason = Text::new("声明的许可证之一无法识别", "one of the licences that it states is not understood");
        }
        Decision { component: component.id.clone(), expression, verdict, rulings, reason }
    }

    fn rule(&self, leaf: &Leaf, component: &Component, names: &LicenceNames) -> Ruling {
        let licence = leaf.written();
        let (class, why_class) = names.class_of_leaf(leaf);
        let fitting = || self.rules.iter().filter(|rule| is_for(rule, component));
        let by_id = || fitting().find(|rule| rule.licences.iter().any(|one| *one == licence || *one == leaf.id));
        let by_class = || fitting().find(|rule| rule.classes.contains(&class));
        let found = self.by_component(component).or_else(by_id).or_else(by_class);
        let verdict = found
            .map_or(if class == Class::Unknown { self.unknown.max(self.default) } else { self.default }, |rule| {
                rule.decide
            });
        let (class_label, verdict_label) = (class.label(), verdict.label());
        let by = found.map_or_else(|| Text::new("没有规则提到它", "no rule names it"), |rule| self.words(rule));
        let reason = Text::new(
            format!("{licence}（{}：{}）{}：{}", class_label.zh, why_class.zh, verdict_label.zh, by.zh),
            format!("{licence} ({}: {}) is {}: {}", class_label.en, why_class.en, verdict_label.en, by.en),
        );
        Ruling { licence, class, verdict, rule: found.map(|rule| rule.name.clone()), reason }
    }

    /// A rule for named components alone says what somebody decided about them, whatever their licence.
    fn by_component(&self, component: &Component) -> Option<&PolicyRule> {
        let alone = |rule: &&PolicyRule| rule.licences.is_empty() && rule.classes.is_empty();
        self.rules.iter().filter(alone).find(|rule| is_for(rule, component))
    }

    fn words(&self, rule: &PolicyRule) -> Text {
        match &rule.reason {
            Some(reason) => {
                Text::new(format!("规则 {}（{reason}）", rule.name), format!("rule {} ({reason})", rule.name))
            }
            None => Text::new(format!("规则 {}", rule.name), format!("rule {}", rule.name)),
        }
    }
}

fn is_for(rule: &PolicyRule, component: &Component) -> bool {
    let purl = component.purl.as_deref().map(|purl| purl.split('@').next().unwrap_or_default());
    let named = |one: &String| *one == component.name || Some(one.as_str()) == purl;
    (rule.kinds.is_empty() || rule.kinds.contains(&component.kind))
        && (rule.components.is_empty() || rule.components.iter().any(named))
}

fn worst(rulings: &[Ruling]) -> Verdict {
    rulings.iter().map(|ruling| ruling.verdict).max().unwrap_or(Verdict::Review)
}

fn better(first: Vec<Ruling>, second: Vec<Ruling>) -> Vec<Ruling> {
    if worst(&second) < worst(&first) { second } else { first }
}

fn worse(mut first: Vec<Ruling>, second: Vec<Ruling>) -> Vec<Ruling> {
    first.extend(second);
    first
}
