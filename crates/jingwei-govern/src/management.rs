//! The check `govern.management`: are the management answers there, proven and fresh?

use std::collections::{BTreeMap, BTreeSet};

use jingwei_catalog::items::Rule;
use jingwei_core::{
    Check, CheckError, Component, ComponentId, ComponentKind, Cost, Ctx, Date, Digest, Finding, Limits, Metric,
    Observation, Place, RuleId, Text,
};

use crate::manifest::{Answer, Management};

/// A drill older than this is overdue (framework 2.0 §6.3.3 asks for regular drills; a year is the usual reading).
const DRILL_DAYS: i64 = 365;
/// Framework 2.0 §6.3.6: logs are kept for at least six months.
const LOG_DAYS: u32 = 180;

/// Management answers of one system.
pub struct ManagementCheck {
    answers: Management,
    vendors: Vec<ComponentId>,
    rules: BTreeMap<RuleId, Rule>,
}

impl ManagementCheck {
    #[must_use]
    pub fn new(answers: Management, components: &[Component], rules: BTreeMap<RuleId, Rule>) -> Self {
        let vendors = components.iter().filter(|c| c.kind == ComponentKind::Vendor).map(|c| c.id.clone()).collect();
        Self { answers, vendors, rules }
    }

    /// Every answer with the key that it stands under.
    fn named_answers(&self) -> [(&'static str, &Option<Answer>); 4] {
        [
            ("owner", &self.answers.owner),
            ("policy", &self.answers.policy),
            ("emergency_plan", &self.answers.emergency_plan),
            ("drill", &self.answers.drill),
        ]
    }

    fn documents(&self) -> Vec<(String, &str)> {
        let answers = self
            .named_answers()
            .into_iter()
            .filter_map(|(key, answer)| Some((key.to_owned(), answer.as_ref()?.document.as_deref()?)));
        let logs = self
            .answers
            .log_retention
            .iter()
            .filter_map(|l| Some(("log_retention".to_owned(), l.document.as_deref()?)));
        let vendors = self.answers.vendor_assessment.iter();
        let vendors = vendors.filter_map(|v| Some((format!("vendor_assessment.{}", v.vendor), v.document.as_deref()?)));
        answers.chain(logs).chain(vendors).collect()
    }
}

impl Check for ManagementCheck {
    fn id(&self) -> &str {
        "govern.management"
    }

    fn title(&self) -> Text {
        Text::new("管理问答", "management answers")
    }

    fn kinds(&self) -> &'static [ComponentKind] {
        &[ComponentKind::System]
    }

    fn cost(&self) -> Cost {
        Cost::Instant
    }

    fn configuration(&self) -> Digest {
        let answers = serde_json::to_string(&self.answers).unwrap_or_default();
        Digest::of_parts(["govern.management/1", &answers])
    }

    fn run(&self, component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Vec<Observation>, CheckError> {
        let mut seen = Seen { rules: &self.rules, component, observations: Vec::new() };
        for (key, path) in self.documents() {
            match ctx.files.read(path, limits.header_bytes) {
                Ok(bytes) if !bytes.is_empty() => seen.document(&key, path, &bytes),
                Ok(_) => seen.finding("management.document-missing", &key, &[("document", path), ("reason", "empty")]),
                Err(error) => {
                    let reason = error.to_string();
                    seen.finding("management.document-missing", &key, &[("document", path), ("reason", &reason)]);
                }
            }
        }
        self.presence(&mut seen);
        self.drill(&mut seen, ctx);
        self.logs(&mut seen);
        self.vendors(&mut seen, ctx);
        Ok(seen.observations)
    }
}

impl ManagementCheck {
    fn presence(&self, seen: &mut Seen<'_>) {
        let named = |answer: &Option<Answer>| answer.as_ref().is_some_and(|a| a.name.is_some() || a.document.is_some());
        let proven = |answer: &Option<Answer>| answer.as_ref().is_some_and(|a| a.document.is_some());
        if !named(&self.answers.owner) {
            seen.finding("management.owner-missing", "owner", &[]);
        }
        if !proven(&self.answers.policy) {
            seen.finding("management.policy-missing", "policy", &[]);
        }
        if !proven(&self.answers.emergency_plan) {
            seen.finding("management.emergency-plan-missing", "emergency_plan", &[]);
        }
    }

    fn drill(&self, seen: &mut Seen<'_>, ctx: &Ctx<'_>) {
        let date: Option<Date> = self.answers.drill.as_ref().and_then(|drill| drill.date);
        let days = date.map(|date| ctx.now.days_since(date.start()));
        match days {
            // A drill in the future has not taken place.
            Some(days) if days >= 0 => {
                seen.metric("days_since_drill", clamp_to_f64(days), "days", &[]);
                if days > DRILL_DAYS {
                    seen.finding("management.drill-overdue", "drill", &[("days", &days.to_string())]);
                }
            }
            _ => seen.finding("management.drill-overdue", "drill", &[("days", "-")]),
        }
    }

    fn logs(&self, seen: &mut Seen<'_>) {
        let days = self.answers.log_retention.as_ref().map_or(0, |logs| logs.days);
        seen.metric("log_retention_days", f64::from(days), "days", &[]);
        if days < LOG_DAYS {
            seen.finding("management.log-retention-short", "log_retention", &[("days", &days.to_string())]);
        }
    }

    fn vendors(&self, seen: &mut Seen<'_>, ctx: &Ctx<'_>) {
        let in_time = |date: Date| (0..=DRILL_DAYS).contains(&ctx.now.days_since(date.start()));
        let assessed: BTreeSet<&ComponentId> =
            self.answers.vendor_assessment.iter().filter(|v| in_time(v.date)).map(|v| &v.vendor).collect();
        for vendor in self.vendors.iter().filter(|vendor| !assessed.contains(vendor)) {
            let key = format!("vendor_assessment.{vendor}");
            seen.finding("management.vendor-not-assessed", &key, &[("vendor", vendor.as_str())]);
        }
        let total = self.vendors.len();
        let done = self.vendors.iter().filter(|vendor| assessed.contains(vendor)).count();
        // No vendor is no proof of anything.
        if total > 0 {
            seen.metric("vendors_assessed", ratio(done, total), "ratio", &[]);
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a handful of vendors")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[allow(clippy::cast_precision_loss, reason = "days between two dates of this era")]
fn clamp_to_f64(days: i64) -> f64 {
    days as f64
}

struct Seen<'a> {
    rules: &'a BTreeMap<RuleId, Rule>,
    component: &'a Component,
    observations: Vec<Observation>,
}

impl Seen<'_> {
    fn finding(&mut self, rule: &'static str, key: &str, details: &[(&str, &str)]) {
        let Some(rule) = self.rules.get(&RuleId::literal(rule)) else { return };
        let place = Place { path: None, key: Some(format!("management.{key}")), offset: None };
        self.observations.push(Observation::Finding(Finding {
            rule: rule.id.clone(),
            severity: rule.severity,
            component: self.component.id.clone(),
            message: filled(&rule.message, details),
            remedy: rule.remedy.clone(),
            risks: rule.risks.clone(),
            fingerprint: Finding::fingerprint_of(&rule.id, &self.component.id, &place),
            place,
        }));
    }

    fn document(&mut self, key: &str, path: &str, bytes: &[u8]) {
        let digest = Digest::of(bytes).to_string();
        let labels = [("answer", key), ("document", path), ("sha256", digest.as_str())];
        #[allow(clippy::cast_precision_loss, reason = "documents are far below 2^52 bytes")]
        self.metric("document", bytes.len() as f64, "bytes", &labels);
    }

    fn metric(&mut self, name: &str, value: f64, unit: &str, labels: &[(&str, &str)]) {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.observations.push(Observation::Metric(Metric {
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            component: self.component.id.clone(),
            labels,
            interval: None,
            trial: None,
        }));
    }
}

fn filled(template: &Text, details: &[(&str, &str)]) -> Text {
    let fill = |text: &str| {
        details.iter().fold(text.to_owned(), |text, (key, value)| text.replace(&format!("{{{key}}}"), value))
    };
    Text { zh: fill(&template.zh), en: fill(&template.en) }
}
