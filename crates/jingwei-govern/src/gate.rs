//! May the system go into its next stage? Rules are data; the worst one that speaks decides.

use std::collections::BTreeMap;

use jingwei_catalog::{Catalog, items::GateRule};
use jingwei_core::{Decision, Severity, Stage, Text};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    assess::Assessment,
    expression::{Expression, ExpressionError, fill},
    manifest::Manifest,
};

/// The gate's decision and everything that led to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateResult {
    /// The stage that the gate leads into.
    pub stage: Stage,
    pub decision: Decision,
    /// Rules that spoke, worst first. Empty: pass.
    pub reasons: Vec<GateReason>,
}

/// A rule that spoke.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateReason {
    pub rule: String,
    pub decision: Decision,
    pub message: Text,
    pub remedy: Text,
}

/// Asks every rule for the stage. A rule that cannot be evaluated stops the gate: nobody knows what it would say.
pub(crate) fn decide(catalog: &Catalog, manifest: &Manifest, assessment: &Assessment) -> GateResult {
    let stage = manifest.next_stage();
    let context = context(manifest, assessment);
    let mut reasons: Vec<GateReason> = catalog
        .gates
        .values()
        .filter(|rule| rule.stages.contains(&stage))
        .filter_map(|rule| match rule_speaks(rule, &context) {
            Ok(false) => None,
            Ok(true) => Some(GateReason {
                rule: rule.id.clone(),
                decision: rule.decision,
                message: Text { zh: fill(&rule.message.zh, &context), en: fill(&rule.message.en, &context) },
                remedy: rule.remedy.clone(),
            }),
            Err(error) => Some(GateReason {
                rule: rule.id.clone(),
                decision: Decision::Stop,
                message: Text::new(format!("规则无法求值：{error}"), format!("the rule cannot be evaluated: {error}")),
                remedy: Text::new("修正目录库中的规则", "correct the rule in the catalog"),
            }),
        })
        .collect();
    reasons.sort_by(|a, b| b.decision.cmp(&a.decision).then_with(|| a.rule.cmp(&b.rule)));
    let decision = reasons.iter().map(|reason| reason.decision).max().unwrap_or(Decision::Pass);
    GateResult { stage, decision, reasons }
}

/// Whether a rule speaks in a context.
pub fn rule_speaks(rule: &GateRule, context: &Value) -> Result<bool, ExpressionError> {
    Expression::compile(&rule.when)?.holds(context)
}

/// What gate rules see: `docs/reference/expressions.md`.
fn context(manifest: &Manifest, assessment: &Assessment) -> Value {
    let risks: Vec<Value> = assessment
        .risks
        .iter()
        .map(|risk| {
            json!({
                "id": risk.risk,
                "code": risk.code,
                "inherent": risk.inherent.grade,
                "residual": risk.residual.grade,
                "effective": risk.effective,
                "priority": risk.priority,
                "over": !risk.within_tolerance,
                "evidence": risk.evidence_state,
                "overridden": risk.overridden.is_some(),
            })
        })
        .collect();
    let controls: Map<String, Value> =
        assessment.controls.iter().map(|c| (c.control.to_string(), json!(c.state.code()))).collect();
    let severities: Map<String, Value> = Severity::ALL
        .iter()
        .map(|severity| (severity.code().to_owned(), json!(assessment.counts.findings.get(severity).unwrap_or(&0))))
        .collect();
    json!({
        "system": {
            "id": manifest.system.id,
            "stage": manifest.system.stage,
            "grade": assessment.grade.grade,
            "tolerance": manifest.system.tolerance,
        },
        "risks": risks,
        "controls": controls,
        "findings": severities,
        "counts": {
            "risks": assessment.counts.risks,
            "over_tolerance": assessment.counts.over_tolerance,
            "high_priority": assessment.counts.high_priority,
            "missing_evidence": assessment.counts.missing_evidence,
            "stale_evidence": assessment.counts.stale_evidence,
        },
    })
}

/// A context in which everything is well, with a case's changes laid over it: for the cases of gate rules.
/// Keys may be dotted: `system.grade`.
#[must_use]
pub fn gate_context_for_case(changes: &BTreeMap<String, Value>) -> Value {
    let mut context = json!({
        "system": { "id": "case", "stage": "test", "grade": 3, "tolerance": 2 },
        "risks": [],
        "controls": {},
        "findings": { "info": 0, "low": 0, "medium": 0, "high": 0, "critical": 0 },
        "counts": { "risks": 0, "over_tolerance": 0, "high_priority": 0, "missing_evidence": 0, "stale_evidence": 0 },
    });
    for (key, value) in changes {
        set(&mut context, key, value);
    }
    context
}

fn set(context: &mut Value, key: &str, value: &Value) {
    let (first, rest) = match key.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (key, None),
    };
    if !context.is_object() {
        *context = json!({});
    }
    let Some(map) = context.as_object_mut() else { return };
    let at = map.entry(first).or_insert(Value::Null);
    match rest {
        Some(rest) => set(at, rest, value),
        None => *at = value.clone(),
    }
}
