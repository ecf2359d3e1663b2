//! From evidence to grades.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_catalog::{
    Catalog,
    items::{Control, GradingProfile, Lever, Risk, RiskClass},
};
use jingwei_core::{
    Arm, CheckId, Component, ComponentId, ControlId, Decision, Digest, Finding, Grade, Metric, Observation, Priority,
    RiskId, Severity, SystemId, Text, Timestamp,
};
use jingwei_stats::Beta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    GovernError, bears_on,
    controls::{ControlResult, ControlState, EvidenceEntry, EvidenceRef, EvidenceSet, evaluate, findings},
    expression::Expression,
    gate::{self, GateResult},
    grading::{self, SystemGrade},
    manifest::{Manifest, Override},
    respond::{self, Response},
};

/// Evidence of a risk that is older than this no longer tells its likelihood.
pub(crate) const LIKELIHOOD_FRESH_DAYS: u32 = 30;
/// Share of a control's effect that fails together with the strongest one on the same path (common cause).
const COMMON_CAUSE: f64 = 0.2;
/// Impact falls one level for each full share of this size.
const IMPACT_STEP: f64 = 0.4;

/// Everything an assessment depends on.
pub struct Inputs<'a> {
    pub manifest: &'a Manifest,
    pub evidence: &'a [EvidenceEntry],
    /// Digest that evidence of a check on a component must bear to be about today's component.
    pub subjects: &'a BTreeMap<(CheckId, ComponentId), Digest>,
    /// Loosened grades besides those of the manifest, such as those set through the API.
    pub overrides: &'a [Override],
    pub now: Timestamp,
}

/// A system's risks, controls and gate at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// Always `assessment`.
    pub kind: String,
    pub version: u32,
    pub system: SystemId,
    pub name: Text,
    pub owner: String,
    pub as_of: Timestamp,
    pub catalog: Digest,
    pub grade: SystemGrade,
    pub tolerance: Grade,
    pub components: Vec<Component>,
    pub risks: Vec<RiskResult>,
    pub controls: Vec<ControlResult>,
    pub findings: Vec<OpenFinding>,
    /// Metrics with an interval, over the whole of a component.
    pub measurements: Vec<Measurement>,
    pub counts: Counts,
    pub gate: GateResult,
    /// All evidence that was looked at.
    pub evidence: Vec<EvidenceRef>,
}

/// A risk that applies, with its three values and what they rest on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskResult {
    pub risk: RiskId,
    pub code: String,
    pub class: RiskClass,
    pub title: Text,
    /// Why it applies.
    pub because: Text,
    pub inherent: RiskState,
    pub residual: RiskState,
    /// What a person stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asserted: Option<Grade>,
    /// What the evidence says: the residual grade.
    pub derived: Grade,
    /// What counts: the worse of the two, unless a live override says otherwise.
    pub effective: Grade,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Override>,
    pub priority: Priority,
    pub within_tolerance: bool,
    pub evidence_state: EvidenceState,
    pub evidence: Vec<EvidenceRef>,
    /// Controls that lower it now, strongest first.
    pub lowered_by: Vec<ControlId>,
    /// Controls that would lower it, but are not effective.
    pub not_lowered_by: Vec<ControlId>,
    pub response: Response,
}

/// Likelihood, impact and grade of a risk before or after controls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RiskState {
    pub likelihood: Likelihood,
    pub impact: Grade,
    pub grade: Grade,
}

/// A likelihood as a distribution: `factor` times a Beta(a, b) variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Likelihood {
    pub basis: LikelihoodBasis,
    pub a: f64,
    pub b: f64,
    /// What effective controls leave over.
    pub factor: f64,
    pub mean: f64,
    /// The upper credible bound that decides.
    pub upper: f64,
    pub credible: f64,
    /// 1 to 5, by the profile's cuts.
    pub level: Grade,
    /// Bad tries and tries that went into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u64>,
}

/// Where a likelihood comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LikelihoodBasis {
    /// k of n tries on the model as it is.
    MeasuredUndefended,
    /// k of n tries with the guard in place.
    MeasuredDefended,
    /// The catalog's prior, moved by findings and clean inspections.
    Inspected,
    /// The catalog's prior alone.
    Prior,
}

/// How well a risk's likelihood is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceState {
    /// k of n tries.
    Measured,
    /// Checks looked for what bears on it.
    Inspected,
    /// There is evidence, but it is too old or of another state of the component.
    Stale,
    /// A check could tell and has not.
    Missing,
    /// No check can tell yet: the catalog's judgement stands.
    Judgement,
}

impl EvidenceState {
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            EvidenceState::Measured => Text::new("实测", "measured"),
            EvidenceState::Inspected => Text::new("已检查", "inspected"),
            EvidenceState::Stale => Text::new("证据过期", "stale"),
            EvidenceState::Missing => Text::new("缺少证据", "missing"),
            EvidenceState::Judgement => Text::new("专家判断", "judgement"),
        }
    }
}

/// A finding of the newest evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenFinding {
    #[serde(flatten)]
    pub finding: Finding,
    pub check: CheckId,
    pub evidence: Digest,
}

/// A metric of the newest evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    pub check: CheckId,
    #[serde(flatten)]
    pub metric: Metric,
    pub evidence: Digest,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
}

/// What a reader wants first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub risks: usize,
    pub over_tolerance: usize,
    pub high_priority: usize,
    pub missing_evidence: usize,
    pub stale_evidence: usize,
    pub controls_effective: usize,
    pub controls_failing: usize,
    pub findings: BTreeMap<Severity, usize>,
}

/// Assesses a system. Same inputs, same catalog: same assessment.
pub fn assess(catalog: &Catalog, inputs: &Inputs<'_>) -> Result<Assessment, GovernError> {
    let manifest = inputs.manifest;
    let industry = industry_code(manifest);
    let profile = catalog.profile_for(&industry).ok_or(GovernError::NoProfile { industry })?;
    let evidence = EvidenceSet::new(inputs.evidence, inputs.subjects, catalog, inputs.now);
    let open = open_findings(&evidence);
    let base_context = identification_context(manifest, &open);
    let grade = grading::grade(profile, &base_context)?;
    let context = with_grade(base_context, grade.grade);
    let controls = control_results(catalog, manifest, &evidence);
    let engine = Engine { catalog, inputs, profile, evidence: &evidence, controls: &controls, grade: grade.grade };
    let mut risks = Vec::new();
    for risk in catalog.risks.values() {
        let applies = Expression::compile(&risk.applies)?.holds(&context)?;
        let found = open.iter().any(|open| bears_on(&open.finding, &risk.id));
        if applies || found {
            risks.push(engine.risk(risk)?);
        }
    }
    risks.sort_by(|a, b| b.effective.cmp(&a.effective).then_with(|| a.code.cmp(&b.code)));
    let relevant: BTreeSet<&ControlId> =
        risks.iter().flat_map(|r| r.lowered_by.iter().chain(&r.not_lowered_by)).collect();
    let controls: Vec<ControlResult> = controls.values().filter(|c| relevant.contains(&c.control)).cloned().collect();
    let counts = count(&risks, &controls, &open);
    let mut assessment = Assessment {
        kind: "assessment".to_owned(),
        version: 1,
        system: manifest.system.id.clone(),
        name: manifest.system.name.clone(),
        owner: manifest.system.owner.clone(),
        as_of: inputs.now,
        catalog: catalog.digest,
        grade,
        tolerance: manifest.system.tolerance,
        components: manifest.components.clone(),
        risks,
        controls,
        findings: open,
        measurements: measurements(&evidence),
        counts,
        gate: GateResult { stage: manifest.next_stage(), decision: Decision::Stop, reasons: Vec::new() },
        evidence: evidence.all().map(|entry| evidence.reference(entry, LIKELIHOOD_FRESH_DAYS)).collect(),
    };
    assessment.gate = gate::decide(catalog, manifest, &assessment);
    Ok(assessment)
}

fn industry_code(manifest: &Manifest) -> String {
    serde_json::to_value(manifest.profile.industry).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What a risk's `applies` and a profile's rules see.
fn identification_context(manifest: &Manifest, open: &[OpenFinding]) -> Value {
    let kinds: BTreeSet<&str> = manifest.components.iter().map(|component| component.kind.code()).collect();
    let rules: BTreeSet<&str> = open.iter().map(|open| open.finding.rule.as_str()).collect();
    json!({
        "system": {
            "id": manifest.system.id,
            "stage": manifest.system.stage,
            "roles": manifest.system.roles,
            "tolerance": manifest.system.tolerance,
        },
        "profile": manifest.profile,
        "kinds": kinds,
        "findings": rules,
    })
}

fn with_grade(mut context: Value, grade: Grade) -> Value {
    if let Some(map) = context.as_object_mut() {
        map.insert("grade".to_owned(), json!(grade.get()));
    }
    context
}

fn open_findings(evidence: &EvidenceSet<'_>) -> Vec<OpenFinding> {
    let mut open: Vec<OpenFinding> = Vec::new();
    for entry in evidence.all().filter(|entry| evidence.is_of_today(entry)) {
        open.extend(findings(entry).map(|finding| OpenFinding {
            finding: finding.clone(),
            check: entry.evidence.check.clone(),
            evidence: entry.digest,
        }));
    }
    open.sort_by(|a, b| {
        let key =
            |o: &OpenFinding| (std::cmp::Reverse(o.finding.severity), o.finding.rule.clone(), o.finding.fingerprint);
        key(a).cmp(&key(b))
    });
    open.dedup_by(|a, b| a.finding.fingerprint == b.finding.fingerprint);
    open
}

/// Metrics with an interval whose only label, if any, is the arm.
fn measurements(evidence: &EvidenceSet<'_>) -> Vec<Measurement> {
    let mut found = Vec::new();
    for entry in evidence.all() {
        for observation in &entry.evidence.observations {
            let Observation::Metric(metric) = observation else { continue };
            if metric.interval.is_some() && metric.labels.keys().all(|label| label == "arm") {
                found.push(Measurement {
                    check: entry.evidence.check.clone(),
                    metric: metric.clone(),
                    evidence: entry.digest,
                    stale: evidence.is_stale(entry, LIKELIHOOD_FRESH_DAYS),
                });
            }
        }
    }
    found
}

fn control_results(
    catalog: &Catalog,
    manifest: &Manifest,
    evidence: &EvidenceSet<'_>,
) -> BTreeMap<ControlId, ControlResult> {
    let asserted: BTreeMap<&ControlId, &str> =
        manifest.assertions.iter().filter_map(|a| Some((a.control.as_ref()?, a.by.as_str()))).collect();
    let result = |control: &Control| evaluate(control, evidence, asserted.get(&control.id).copied());
    catalog.controls.values().map(|control| (control.id.clone(), result(control))).collect()
}

fn count(risks: &[RiskResult], controls: &[ControlResult], open: &[OpenFinding]) -> Counts {
    let state = |wanted: ControlState| controls.iter().filter(|control| control.state == wanted).count();
    let evidence = |wanted: EvidenceState| risks.iter().filter(|risk| risk.evidence_state == wanted).count();
    let mut by_severity = BTreeMap::new();
    for open in open {
        *by_severity.entry(open.finding.severity).or_insert(0) += 1;
    }
    Counts {
        risks: risks.len(),
        over_tolerance: risks.iter().filter(|risk| !risk.within_tolerance).count(),
        high_priority: risks.iter().filter(|risk| risk.priority == Priority::High).count(),
        missing_evidence: evidence(EvidenceState::Missing),
        stale_evidence: evidence(EvidenceState::Stale),
        controls_effective: state(ControlState::Effective),
        controls_failing: state(ControlState::Failing),
        findings: by_severity,
    }
}

/// What all risks of one assessment share.
pub(crate) struct Engine<'a> {
    pub(crate) catalog: &'a Catalog,
    inputs: &'a Inputs<'a>,
    pub(crate) profile: &'a GradingProfile,
    evidence: &'a EvidenceSet<'a>,
    controls: &'a BTreeMap<ControlId, ControlResult>,
    grade: Grade,
}

/// A component's tries, without and behind its guard.
#[derive(Default)]
struct Arms {
    undefended: Option<Trials>,
    defended: Option<Trials>,
}

/// k of n, and who measured it.
#[derive(Default)]
struct Trials {
    k: u64,
    n: u64,
    checks: BTreeSet<CheckId>,
    evidence: Vec<EvidenceRef>,
}

/// A distribution before the factor of controls.
pub(crate) struct Belief {
    basis: LikelihoodBasis,
    beta: Beta,
    trials: Option<(u64, u64)>,
    /// Checks whose measurement already includes the effect of the controls that they test.
    measured_by: BTreeSet<CheckId>,
}

impl Engine<'_> {
    fn risk(&self, risk: &Risk) -> Result<RiskResult, GovernError> {
        let tested = self.trials(risk);
        let inspected = self.inspections(risk);
        let before = self.belief_before(risk, &tested, &inspected)?;
        let after = self.belief_after(risk, &tested, &inspected)?;
        let effective: BTreeSet<&ControlId> = self.effective_controls(risk).map(|(control, _)| &control.id).collect();
        let none = BTreeSet::new();
        let inherent = self.state(risk, &before, &none, &none)?;
        let residual = self.state(risk, &after, &effective, &none)?;
        let mut references: Vec<EvidenceRef> = Vec::new();
        for trials in tested.values().flat_map(|arms| [&arms.undefended, &arms.defended]).flatten() {
            references.extend(trials.evidence.iter().cloned());
        }
        references.extend(inspected.evidence.iter().cloned());
        references.sort();
        references.dedup();
        let evidence_state = self.evidence_state(risk, &references, !tested.is_empty(), inspected.blind);
        let asserted = self.asserted(risk);
        let derived = residual.grade;
        let overridden = self.live_override(risk).cloned();
        let counted = asserted.map_or(derived, |asserted| asserted.max(derived));
        let grade = overridden.as_ref().map_or(counted, |set| set.grade);
        let tolerance = self.inputs.manifest.system.tolerance;
        let priority = priority(grade, tolerance);
        let (lowered_by, not_lowered_by) = self.split_controls(risk);
        let response =
            respond::suggest(self, risk, &after, &effective, respond::Standing { grade, tolerance, asserted })?;
        Ok(RiskResult {
            risk: risk.id.clone(),
            code: risk.code.clone(),
            class: risk.class,
            title: risk.title.clone(),
            because: risk.because.clone(),
            inherent,
            residual,
            asserted,
            derived,
            effective: grade,
            overridden,
            priority,
            within_tolerance: grade <= tolerance,
            evidence_state,
            evidence: references,
            lowered_by,
            not_lowered_by,
            response,
        })
    }

    /// Fresh tries that bear on a risk, per component and arm: a bad endpoint is not thinned out by good ones. Evidence
    /// whose check says that it could not look is left out, whatever it counted.
    fn trials(&self, risk: &Risk) -> BTreeMap<&ComponentId, Arms> {
        let mut tested: BTreeMap<&ComponentId, Arms> = BTreeMap::new();
        for entry in self.evidence.all() {
            let reference = self.evidence.reference(entry, LIKELIHOOD_FRESH_DAYS);
            if reference.stale || self.is_blind(entry, risk) {
                continue;
            }
            for observation in &entry.evidence.observations {
                let Observation::Metric(metric) = observation else { continue };
                let Some(trial) = &metric.trial else { continue };
                if trial.risk.as_ref() != Some(&risk.id) || trial.k > trial.n || trial.n == 0 {
                    continue;
                }
                let arms = tested.entry(&entry.evidence.component).or_default();
                let arm = if trial.arm == Arm::Defended { &mut arms.defended } else { &mut arms.undefended };
                let trials = arm.get_or_insert_default();
                trials.k = trials.k.saturating_add(trial.k);
                trials.n = trials.n.saturating_add(trial.n);
                trials.checks.insert(entry.evidence.check.clone());
                trials.evidence.push(reference.clone());
            }
        }
        tested
    }

    /// Its check says that it could not look for what bears on the risk.
    fn is_blind(&self, entry: &EvidenceEntry, risk: &Risk) -> bool {
        findings(entry).any(|finding| bears_on(finding, &risk.id) && self.evidence.is_inconclusive(finding))
    }

    /// Findings that bear on a risk, and checks that looked for such findings, everywhere, and found none.
    fn inspections(&self, risk: &Risk) -> Inspections {
        let weight = &self.profile.finding_weight;
        let mut seen = Inspections::default();
        let mut clean: BTreeMap<&CheckId, bool> = BTreeMap::new();
        for entry in self.evidence.all() {
            let looks_for = self
                .catalog
                .rules
                .values()
                .any(|rule| rule.check == entry.evidence.check && rule.risks.contains(&risk.id));
            if !looks_for {
                continue;
            }
            let reference = self.evidence.reference(entry, LIKELIHOOD_FRESH_DAYS);
            let stale = reference.stale;
            seen.evidence.push(reference);
            if stale {
                continue;
            }
            seen.blind |= self.is_blind(entry, risk);
            let bad: Vec<&Finding> = findings(entry).filter(|finding| bears_on(finding, &risk.id)).collect();
            *clean.entry(&entry.evidence.check).or_insert(true) &= bad.is_empty();
            seen.bad += bad.iter().map(|finding| weight_of(weight, finding.severity)).sum::<f64>();
        }
        // Once per check: more components that are well do not make one that is not any better.
        seen.good = clean.values().filter(|clean| **clean).map(|_| weight.clean).sum();
        seen
    }

    fn prior(&self, risk: &Risk, bad: f64, good: f64) -> Result<Beta, GovernError> {
        let reason =
            || GovernError::Risk { risk: risk.id.clone(), reason: "its prior is not a Beta distribution".to_owned() };
        Beta::new(risk.prior.a + bad, risk.prior.b + good).ok_or_else(reason)
    }

    /// What is believed before any control: tries on the undefended model, else the prior with the findings.
    fn belief_before(
        &self,
        risk: &Risk,
        tested: &BTreeMap<&ComponentId, Arms>,
        seen: &Inspections,
    ) -> Result<Belief, GovernError> {
        let undefended =
            tested.values().filter_map(|arms| Some((arms.undefended.as_ref()?, LikelihoodBasis::MeasuredUndefended)));
        if let Some(belief) = self.worst(risk, undefended)? {
            return Ok(belief);
        }
        let basis = if seen.bad > 0.0 { LikelihoodBasis::Inspected } else { LikelihoodBasis::Prior };
        Ok(Belief { basis, beta: self.prior(risk, seen.bad, 0.0)?, trials: None, measured_by: BTreeSet::new() })
    }

    /// What is believed of the system as it stands. For each component tries through its guard count, and tries without
    /// one where it has none; the worst component decides. Both count before inspections.
    fn belief_after(
        &self,
        risk: &Risk,
        tested: &BTreeMap<&ComponentId, Arms>,
        seen: &Inspections,
    ) -> Result<Belief, GovernError> {
        let as_it_stands = tested.values().filter_map(|arms| {
            let defended = arms.defended.as_ref().map(|trials| (trials, LikelihoodBasis::MeasuredDefended));
            defended.or(arms.undefended.as_ref().map(|trials| (trials, LikelihoodBasis::MeasuredUndefended)))
        });
        if let Some(belief) = self.worst(risk, as_it_stands)? {
            return Ok(belief);
        }
        let looked = seen.bad > 0.0 || seen.good > 0.0;
        let basis = if looked { LikelihoodBasis::Inspected } else { LikelihoodBasis::Prior };
        Ok(Belief { basis, beta: self.prior(risk, seen.bad, seen.good)?, trials: None, measured_by: BTreeSet::new() })
    }

    /// The belief with the highest upper bound.
    fn worst<'t>(
        &self,
        risk: &Risk,
        candidates: impl Iterator<Item = (&'t Trials, LikelihoodBasis)>,
    ) -> Result<Option<Belief>, GovernError> {
        let mut worst: Option<(f64, Belief)> = None;
        for (trials, basis) in candidates {
            let belief = self.measured(risk, trials, basis)?;
            let upper = belief.beta.quantile(self.profile.credible).unwrap_or(1.0);
            if worst.as_ref().is_none_or(|(known, _)| upper > *known) {
                worst = Some((upper, belief));
            }
        }
        Ok(worst.map(|(_, belief)| belief))
    }

    fn measured(&self, risk: &Risk, trials: &Trials, basis: LikelihoodBasis) -> Result<Belief, GovernError> {
        let reason = || GovernError::Risk { risk: risk.id.clone(), reason: "more bad tries than tries".to_owned() };
        let beta = self.prior(risk, 0.0, 0.0)?.after(trials.k, trials.n).ok_or_else(reason)?;
        Ok(Belief { basis, beta, trials: Some((trials.k, trials.n)), measured_by: trials.checks.clone() })
    }

    /// Likelihood, impact and grade with controls in force, and with more of them as if they were. A measurement
    /// already holds the effect of a control in force that the same check tests; it says nothing of one that
    /// is not there yet, so the share of an extra one counts in full.
    fn state(
        &self,
        risk: &Risk,
        belief: &Belief,
        in_force: &BTreeSet<&ControlId>,
        extra: &BTreeSet<&ControlId>,
    ) -> Result<RiskState, GovernError> {
        let share_of = |id: &ControlId, lever: Lever| {
            let lowers = &self.catalog.controls.get(id)?.lowers;
            lowers.iter().find(|lowers| lowers.risk == risk.id && lowers.what == lever).map(|lowers| lowers.by)
        };
        let tested = |id: &ControlId| {
            let criteria = self.catalog.controls.get(id).map(|control| control.criteria.as_slice()).unwrap_or_default();
            criteria.iter().any(|criterion| belief.measured_by.contains(&criterion.check))
        };
        let untested = in_force.iter().filter(|id| !tested(id)).chain(extra);
        let factor = 1.0 - combined(untested.filter_map(|id| share_of(id, Lever::Likelihood)));
        let impact_share = combined(in_force.union(extra).filter_map(|id| share_of(id, Lever::Impact)));
        let quantile = belief.beta.quantile(self.profile.credible).unwrap_or(1.0);
        let upper = (factor * quantile).clamp(0.0, 1.0);
        let level = level_of(upper, &self.profile.likelihood_cuts);
        let shift = self.profile.impact_shift.get(self.grade.index()).copied().unwrap_or(0);
        let impact = Grade::clamped(i64::from(risk.impact.get()) + i64::from(shift) - whole_steps(impact_share));
        let row = self.profile.matrix.get(level.index());
        let grade = row.and_then(|row| row.get(impact.index())).copied().ok_or_else(|| GovernError::Profile {
            profile: self.profile.id.clone(),
            reason: "the risk matrix has no such cell".to_owned(),
        })?;
        let (a, b) = belief.beta.shapes();
        let likelihood = Likelihood {
            basis: belief.basis,
            a,
            b,
            factor,
            mean: factor * belief.beta.mean(),
            upper,
            credible: self.profile.credible,
            level,
            k: belief.trials.map(|(k, _)| k),
            n: belief.trials.map(|(_, n)| n),
        };
        Ok(RiskState { likelihood, impact, grade })
    }

    /// The grade that a risk would have with more controls.
    pub(crate) fn grade_with(
        &self,
        risk: &Risk,
        belief: &Belief,
        in_force: &BTreeSet<&ControlId>,
        extra: &BTreeSet<&ControlId>,
    ) -> Result<Grade, GovernError> {
        Ok(self.state(risk, belief, in_force, extra)?.grade)
    }

    fn controls_of<'r>(&'r self, risk: &'r Risk) -> impl Iterator<Item = (&'r Control, f64)> + 'r {
        self.catalog.controls.values().filter_map(|control| {
            let shares = control.lowers.iter().filter(|lowers| lowers.risk == risk.id).map(|lowers| lowers.by);
            shares.reduce(f64::max).map(|by| (control, by))
        })
    }

    fn is_effective(&self, control: &ControlId) -> bool {
        self.controls.get(control).is_some_and(|result| result.state == ControlState::Effective)
    }

    pub(crate) fn effective_controls<'r>(&'r self, risk: &'r Risk) -> impl Iterator<Item = (&'r Control, f64)> + 'r {
        self.controls_of(risk).filter(|(control, _)| self.is_effective(&control.id))
    }

    pub(crate) fn idle_controls<'r>(&'r self, risk: &'r Risk) -> impl Iterator<Item = (&'r Control, f64)> + 'r {
        self.controls_of(risk).filter(|(control, _)| !self.is_effective(&control.id))
    }

    fn split_controls(&self, risk: &Risk) -> (Vec<ControlId>, Vec<ControlId>) {
        let sorted = |mut controls: Vec<(&Control, f64)>| -> Vec<ControlId> {
            controls.sort_by(|(a, x), (b, y)| y.total_cmp(x).then_with(|| a.code.cmp(&b.code)));
            controls.into_iter().map(|(control, _)| control.id.clone()).collect()
        };
        (sorted(self.effective_controls(risk).collect()), sorted(self.idle_controls(risk).collect()))
    }

    /// A check that could not look counts as no evidence, whatever others saw.
    fn evidence_state(&self, risk: &Risk, references: &[EvidenceRef], measured: bool, blind: bool) -> EvidenceState {
        if blind {
            return EvidenceState::Missing;
        }
        let fresh = references.iter().any(|reference| !reference.stale);
        let could_tell = self.inputs.subjects.keys().any(|(check, _)| {
            let tells = |rule: &jingwei_catalog::items::Rule| rule.check == *check && rule.risks.contains(&risk.id);
            self.catalog.rules.values().any(tells)
        });
        match (measured, fresh, references.is_empty(), could_tell) {
            (true, ..) => EvidenceState::Measured,
            (false, true, ..) => EvidenceState::Inspected,
            (false, false, false, _) => EvidenceState::Stale,
            (false, false, true, true) => EvidenceState::Missing,
            (false, false, true, false) => EvidenceState::Judgement,
        }
    }

    fn asserted(&self, risk: &Risk) -> Option<Grade> {
        let mine = self.inputs.manifest.assertions.iter().filter(|a| a.risk.as_ref() == Some(&risk.id));
        mine.max_by_key(|assertion| assertion.on).and_then(|assertion| assertion.grade)
    }

    /// The strictest override that has not expired. Its last day counts in full.
    fn live_override(&self, risk: &Risk) -> Option<&Override> {
        let all = self.inputs.manifest.overrides.iter().chain(self.inputs.overrides);
        let live = all.filter(|set| set.risk == risk.id && self.inputs.now < set.until.start().plus_days(1));
        live.max_by_key(|set| set.grade)
    }
}

#[derive(Default)]
struct Inspections {
    bad: f64,
    good: f64,
    /// A check that could tell could not look.
    blind: bool,
    evidence: Vec<EvidenceRef>,
}

fn weight_of(weight: &jingwei_catalog::items::FindingWeight, severity: Severity) -> f64 {
    match severity {
        Severity::Info => weight.info,
        Severity::Low => weight.low,
        Severity::Medium => weight.medium,
        Severity::High => weight.high,
        Severity::Critical => weight.critical,
    }
}

/// What several shares take away together: mostly independent, a part of it fails together.
fn combined(shares: impl Iterator<Item = f64>) -> f64 {
    let (mut left, mut strongest) = (1.0_f64, 0.0_f64);
    for share in shares {
        let share = share.clamp(0.0, 0.95);
        left *= 1.0 - share;
        strongest = strongest.max(share);
    }
    (1.0 - COMMON_CAUSE) * (1.0 - left) + COMMON_CAUSE * strongest
}

fn whole_steps(share: f64) -> i64 {
    // A hair is added so that 0.4 is one step however it was summed up.
    let steps = ((share + 1e-9) / IMPACT_STEP).floor();
    if steps >= 2.0 { 2 } else { i64::from(steps >= 1.0) }
}

fn level_of(upper: f64, cuts: &[f64]) -> Grade {
    let above = cuts.iter().filter(|cut| upper > **cut).count();
    Grade::clamped(i64::try_from(above).unwrap_or(4) + 1)
}

/// Severity against acceptability: at or below tolerance low, one above medium, more high.
fn priority(grade: Grade, tolerance: Grade) -> Priority {
    match grade.get().saturating_sub(tolerance.get()) {
        0 => Priority::Low,
        1 => Priority::Medium,
        _ => Priority::High,
    }
}
