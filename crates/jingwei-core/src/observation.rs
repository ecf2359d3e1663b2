use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Arm, CheckId, ComponentId, Digest, RiskId, RuleId, Severity, Text, Timestamp};

/// What a check saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Observation {
    Finding(Finding),
    Metric(Metric),
}

/// Something is wrong, here, this bad.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub rule: RuleId,
    pub severity: Severity,
    pub component: ComponentId,
    pub place: Place,
    pub message: Text,
    /// What to do about it.
    pub remedy: Text,
    /// Risks of the catalog that it bears on.
    pub risks: Vec<RiskId>,
    /// Same fault, same place, same fingerprint: a re-run updates a finding instead of adding one.
    pub fingerprint: Digest,
}

impl Finding {
    /// Rule, component and place make the fingerprint; the message does not, so that wording may improve.
    #[must_use]
    pub fn fingerprint_of(rule: &RuleId, component: &ComponentId, place: &Place) -> Digest {
        let path = place.path.as_deref().unwrap_or("");
        let key = place.key.as_deref().unwrap_or("");
        Digest::of_parts(["finding/1", rule.as_str(), component.as_str(), path, key])
    }
}

/// Where: a file relative to the component, a key or address inside it, an offset in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// A number with its unit and its uncertainty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Such as `unsafe_answer_rate`.
    pub name: String,
    pub value: f64,
    /// Such as `ratio`, `bytes`, `days`, `count`.
    pub unit: String,
    pub component: ComponentId,
    /// What it was measured on: language, hazard, arm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Set where the metric counts how often a risk came true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Trial>,
}

/// A two-sided interval for a metric's true value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub lower: f64,
    pub upper: f64,
    /// Confidence level, such as 0.95.
    pub level: f64,
    /// Such as `clopper-pearson`.
    pub method: String,
}

/// `k` of `n` independent tries in which the risk's event happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskId>,
    pub arm: Arm,
    pub k: u64,
    pub n: u64,
}

/// What one run of one check on one component saw: the unit that enters the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Always `evidence`.
    pub kind: String,
    pub version: u32,
    pub check: CheckId,
    /// Program and version that made it.
    pub producer: String,
    /// Digest of the catalog that it was made under.
    pub catalog: Digest,
    pub system: crate::SystemId,
    pub component: ComponentId,
    /// Digest of the component as it was seen: evidence of another digest is not evidence of this one.
    pub subject: Digest,
    pub observed_at: Timestamp,
    pub observations: Vec<Observation>,
}
