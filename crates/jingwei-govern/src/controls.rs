//! Is a control effective? Only what the newest evidence shows counts, and only while it is fresh.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_catalog::{
    Catalog,
    items::{BoundOf, CleanOf, Control, Criterion, MetricBound},
    rule_matches,
};
use jingwei_core::{
    CheckId, ComponentId, ControlId, Digest, Evidence, Finding, Metric, Observation, RuleId, Text, Timestamp,
};
use serde::{Deserialize, Serialize};

/// A ledger entry as the risk engine sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct EvidenceEntry {
    pub evidence: Evidence,
    /// Digest of the entry's bytes.
    pub digest: Digest,
    /// Place in the ledger.
    pub index: Option<u64>,
}

/// What a number rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EvidenceRef {
    pub digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    pub check: CheckId,
    pub component: ComponentId,
    pub observed_at: Timestamp,
    /// Evidence of another state of the component, or too old for what it is used for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
}

/// The newest evidence per check and component, and what each component looks like now.
pub struct EvidenceSet<'a> {
    newest: BTreeMap<(&'a CheckId, &'a ComponentId), &'a EvidenceEntry>,
    subjects: &'a BTreeMap<(CheckId, ComponentId), Digest>,
    /// Rules that say that a check could not look.
    inconclusive: BTreeSet<&'a RuleId>,
    now: Timestamp,
}

impl<'a> EvidenceSet<'a> {
    /// `subjects` holds the digest that evidence of a check on a component must bear today.
    /// Of two entries of the same instant the later in the ledger counts.
    #[must_use]
    pub fn new(
        entries: &'a [EvidenceEntry],
        subjects: &'a BTreeMap<(CheckId, ComponentId), Digest>,
        catalog: &'a Catalog,
        now: Timestamp,
    ) -> Self {
        let mut newest: BTreeMap<_, &EvidenceEntry> = BTreeMap::new();
        for entry in entries {
            let key = (&entry.evidence.check, &entry.evidence.component);
            // A component that is no longer part of the system says nothing about it.
            if !subjects.contains_key(&(key.0.clone(), key.1.clone())) {
                continue;
            }
            let order = |e: &EvidenceEntry| (e.evidence.observed_at, e.index);
            if newest.get(&key).is_none_or(|known| order(entry) >= order(known)) {
                newest.insert(key, entry);
            }
        }
        let inconclusive = catalog.rules.values().filter(|rule| rule.inconclusive).map(|rule| &rule.id).collect();
        Self { newest, subjects, inconclusive, now }
    }

    /// Newest evidence of one check, over all components that it looks at today.
    pub fn of_check(&self, check: &CheckId) -> impl Iterator<Item = &'a EvidenceEntry> {
        let entries: Vec<_> = self.newest.iter().filter(|((c, _), _)| *c == check).map(|(_, entry)| *entry).collect();
        entries.into_iter()
    }

    /// Components that a check must have looked at.
    fn expected(&self, check: &CheckId) -> impl Iterator<Item = &ComponentId> {
        let check = check.clone();
        self.subjects.keys().filter(move |(c, _)| *c == check).map(|(_, component)| component)
    }

    /// All newest evidence, in order of check and component.
    pub fn all(&self) -> impl Iterator<Item = &'a EvidenceEntry> + '_ {
        self.newest.values().copied()
    }

    /// Whether a finding says that its check could not look.
    #[must_use]
    pub fn is_inconclusive(&self, finding: &Finding) -> bool {
        self.inconclusive.contains(&finding.rule)
    }

    /// Evidence of another state of the component is not evidence of this one.
    #[must_use]
    pub fn is_of_today(&self, entry: &EvidenceEntry) -> bool {
        let key = (entry.evidence.check.clone(), entry.evidence.component.clone());
        self.subjects.get(&key).is_some_and(|subject| *subject == entry.evidence.subject)
    }

    #[must_use]
    pub fn is_stale(&self, entry: &EvidenceEntry, fresh_days: u32) -> bool {
        let age = self.now.micros().saturating_sub(entry.evidence.observed_at.micros());
        let too_old = age > i64::from(fresh_days) * Timestamp::MICROS_PER_DAY;
        // Evidence from the future proves nothing about today; a minute of clock skew is forgiven.
        let from_the_future = age < -60_000_000;
        too_old || from_the_future || !self.is_of_today(entry)
    }

    #[must_use]
    pub fn reference(&self, entry: &EvidenceEntry, fresh_days: u32) -> EvidenceRef {
        EvidenceRef {
            digest: entry.digest,
            index: entry.index,
            check: entry.evidence.check.clone(),
            component: entry.evidence.component.clone(),
            observed_at: entry.evidence.observed_at,
            stale: self.is_stale(entry, fresh_days),
        }
    }
}

/// What evidence says of a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlState {
    /// Every criterion is met by fresh evidence.
    Effective,
    /// Fresh evidence shows that a criterion is not met.
    Failing,
    /// It was met, but the evidence is too old or of another state of the component.
    Stale,
    /// There is no evidence for a criterion.
    NoEvidence,
    /// A person says that it is in place; no check can tell.
    Asserted,
    /// Nobody says anything, and no check can tell.
    Unproven,
}

impl ControlState {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ControlState::Effective => "effective",
            ControlState::Failing => "failing",
            ControlState::Stale => "stale",
            ControlState::NoEvidence => "no-evidence",
            ControlState::Asserted => "asserted",
            ControlState::Unproven => "unproven",
        }
    }

    #[must_use]
    pub fn label(self) -> Text {
        match self {
            ControlState::Effective => Text::new("有效", "effective"),
            ControlState::Failing => Text::new("未达标", "failing"),
            ControlState::Stale => Text::new("证据过期", "stale"),
            ControlState::NoEvidence => Text::new("无证据", "no evidence"),
            ControlState::Asserted => Text::new("人工声明", "asserted"),
            ControlState::Unproven => Text::new("未证实", "unproven"),
        }
    }
}

/// A control of the system with its state and the reasons for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlResult {
    pub control: ControlId,
    pub code: String,
    pub title: Text,
    pub state: ControlState,
    pub criteria: Vec<CriterionResult>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asserted_by: Option<String>,
}

/// A criterion with what was seen and what was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CriterionResult {
    pub id: String,
    pub check: CheckId,
    pub outcome: ControlState,
    /// What must hold: `unsafe_answer_rate[arm=defended].upper <= 0.1`.
    pub needs: String,
    /// What was seen, one text per piece of evidence.
    pub seen: Vec<String>,
    pub fresh_days: u32,
    pub evidence: Vec<EvidenceRef>,
}

/// Evaluates a control against the evidence.
#[must_use]
pub fn evaluate(control: &Control, evidence: &EvidenceSet<'_>, asserted_by: Option<&str>) -> ControlResult {
    let criteria: Vec<CriterionResult> = control.criteria.iter().map(|c| criterion(c, evidence)).collect();
    let worst = [ControlState::Failing, ControlState::Stale, ControlState::NoEvidence]
        .into_iter()
        .find(|state| criteria.iter().any(|criterion| criterion.outcome == *state));
    let state = match (criteria.is_empty(), worst, asserted_by) {
        (true, _, Some(_)) => ControlState::Asserted,
        (true, _, None) => ControlState::Unproven,
        (false, Some(state), _) => state,
        (false, None, _) => ControlState::Effective,
    };
    ControlResult {
        control: control.id.clone(),
        code: control.code.clone(),
        title: control.title.clone(),
        state,
        criteria,
        asserted_by: asserted_by.map(str::to_owned),
    }
}

/// Holds for every component that the check looks at; the worst one decides.
fn criterion(criterion: &Criterion, evidence: &EvidenceSet<'_>) -> CriterionResult {
    let entries: Vec<&EvidenceEntry> = evidence.of_check(&criterion.check).collect();
    let mut outcomes = Vec::new();
    let mut seen = Vec::new();
    for entry in &entries {
        let (met, said) = match (&criterion.metric, &criterion.clean) {
            (Some(bound), _) => within(bound, entry),
            (None, Some(clean)) => is_clean(clean, entry),
            (None, None) => (None, "no criterion".to_owned()),
        };
        seen.push(format!("{}: {said}", entry.evidence.component));
        outcomes.push(match met {
            _ if evidence.is_stale(entry, criterion.fresh_days) => ControlState::Stale,
            // What could not be looked at may hold what would fail.
            Some(true) if findings(entry).any(|finding| evidence.is_inconclusive(finding)) => ControlState::NoEvidence,
            Some(true) => ControlState::Effective,
            Some(false) => ControlState::Failing,
            None => ControlState::NoEvidence,
        });
    }
    let looked_at = |id: &ComponentId| entries.iter().any(|entry| entry.evidence.component == *id);
    let unseen = evidence.expected(&criterion.check).filter(|id| !looked_at(id)).count();
    if outcomes.is_empty() || unseen > 0 {
        outcomes.push(ControlState::NoEvidence);
    }
    let outcome = [ControlState::Failing, ControlState::Stale, ControlState::NoEvidence]
        .into_iter()
        .find(|state| outcomes.contains(state))
        .unwrap_or(ControlState::Effective);
    CriterionResult {
        id: criterion.id.clone(),
        check: criterion.check.clone(),
        outcome,
        needs: needs(criterion),
        seen,
        fresh_days: criterion.fresh_days,
        evidence: entries.iter().map(|entry| evidence.reference(entry, criterion.fresh_days)).collect(),
    }
}

fn needs(criterion: &Criterion) -> String {
    if let Some(bound) = &criterion.metric {
        let labels: Vec<String> = bound.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("[{}]", labels.join(",")) };
        let of = match bound.of {
            BoundOf::Value => "",
            BoundOf::Lower => ".lower",
            BoundOf::Upper => ".upper",
        };
        let min = bound.min.map(|min| format!("{min} <= ")).unwrap_or_default();
        let max = bound.max.map(|max| format!(" <= {max}")).unwrap_or_default();
        return format!("{min}{}{labels}{of}{max}", bound.name);
    }
    criterion.clean.as_ref().map_or_else(String::new, |clean| {
        let rules = if clean.rules.is_empty() { "*".to_owned() } else { clean.rules.join(", ") };
        format!("no finding >= {} of {rules}", clean.from.code())
    })
}

fn within(bound: &MetricBound, entry: &EvidenceEntry) -> (Option<bool>, String) {
    let metrics = entry.evidence.observations.iter().filter_map(|observation| match observation {
        Observation::Metric(metric) => Some(metric),
        Observation::Finding(_) => None,
    });
    let fits = |metric: &&Metric| metric.name == bound.name && metric.labels == bound.labels;
    let Some(metric) = metrics.clone().find(fits) else {
        return (None, format!("{} was not measured", bound.name));
    };
    let value = match (bound.of, &metric.interval) {
        (BoundOf::Value, _) => metric.value,
        (BoundOf::Lower, Some(interval)) => interval.lower,
        (BoundOf::Upper, Some(interval)) => interval.upper,
        (BoundOf::Lower | BoundOf::Upper, None) => {
            return (None, format!("{} has no interval", bound.name));
        }
    };
    let met = bound.max.is_none_or(|max| value <= max) && bound.min.is_none_or(|min| value >= min);
    let counts = metric.trial.as_ref().map(|trial| format!(" ({} of {})", trial.k, trial.n)).unwrap_or_default();
    (Some(met), format!("{} = {}{counts}", bound.name, rounded(value)))
}

fn is_clean(clean: &CleanOf, entry: &EvidenceEntry) -> (Option<bool>, String) {
    let bad: Vec<&Finding> = findings(entry)
        .filter(|finding| finding.severity >= clean.from)
        .filter(|finding| {
            clean.rules.is_empty() || clean.rules.iter().any(|pattern| rule_matches(pattern, finding.rule.as_str()))
        })
        .collect();
    match bad.first() {
        None => (Some(true), "no such finding".to_owned()),
        Some(first) => (Some(false), format!("{} ({} in all)", first.rule, bad.len())),
    }
}

/// The findings of an entry.
pub(crate) fn findings(entry: &EvidenceEntry) -> impl Iterator<Item = &Finding> {
    entry.evidence.observations.iter().filter_map(|observation| match observation {
        Observation::Finding(finding) => Some(finding),
        Observation::Metric(_) => None,
    })
}

/// Four significant decimals, as numbers are shown.
pub(crate) fn rounded(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-" || text == "-0" { "0".to_owned() } else { text.to_owned() }
}
