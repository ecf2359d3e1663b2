//! The engine on the built-in catalog: what moves a grade, what does not, and what the gate says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};

use jingwei_catalog::Catalog;
use jingwei_core::{
    Arm, CheckId, ComponentId, Decision, Digest, Evidence, Finding, Grade, Interval, Metric, Observation, Place,
    RiskId, RuleId, Severity, SystemId, Text, Timestamp, Trial,
};
use jingwei_govern::{
    Assessment, ControlState, EvidenceEntry, EvidenceState, Expression, Inputs, Manifest, assess, explain_risk,
    gate_context_for_case, rule_speaks,
};
use proptest::prelude::*;

const NOW: &str = "2026-11-21T08:00:00Z";

fn manifest(extra: &str) -> String {
    format!(
        r#"
kind = "system"
version = 1
[system]
id = "shop"
name = {{ zh = "店", en = "Shop" }}
purpose = {{ zh = "问答", en = "questions" }}
owner = "Li Na"
roles = ["provider"]
stage = "test"
tolerance = 2
[profile]
industry = "retail"
scenario = {{ zh = "客服", en = "customer service" }}
audience = ["public"]
public_opinion = false
social_mobilisation = false
critical_infrastructure = false
personal_data = true
modalities = ["text"]
autonomy = "assist"
users = 200000
[[component]]
id = "chat"
kind = "endpoint"
url = "http://127.0.0.1:1/v1"
guard = "builtin"
[[component]]
id = "weights"
kind = "model"
path = "model"
{extra}
"#
    )
}

struct World {
    catalog: Catalog,
    manifest: Manifest,
    evidence: Vec<EvidenceEntry>,
    subjects: BTreeMap<(CheckId, ComponentId), Digest>,
    now: Timestamp,
}

impl World {
    fn new(extra: &str) -> Self {
        let catalog = Catalog::built_in().unwrap();
        let manifest = Manifest::parse("system.toml", manifest(extra).as_bytes(), &catalog).unwrap();
        let mut world =
            Self { catalog, manifest, evidence: Vec::new(), subjects: BTreeMap::new(), now: NOW.parse().unwrap() };
        let tests = [("chat", Arm::Undefended, 60, 70), ("chat", Arm::Defended, 1, 70)];
        let trials = tests.iter().flat_map(|(component, arm, k, n)| trials(component, *arm, *k, *n)).collect();
        world.add("probe.refusal", "chat", trials);
        world.add("guard.policy", "chat", Vec::new());
        world.add("scan.endpoint", "chat", vec![metric("requires_credentials", 1.0, "chat")]);
        world.add("scan.model", "weights", vec![metric("pinned_share", 1.0, "weights")]);
        world.add(
            "govern.management",
            "shop",
            vec![metric("log_retention_days", 180.0, "shop"), metric("days_since_drill", 30.0, "shop")],
        );
        world
    }

    fn add(&mut self, check: &'static str, component: &'static str, observations: Vec<Observation>) {
        let (check, component) = (CheckId::literal(check), ComponentId::literal(component));
        let subject = Digest::of_parts([check.as_str(), component.as_str()]);
        self.subjects.insert((check.clone(), component.clone()), subject);
        let evidence = Evidence {
            kind: "evidence".to_owned(),
            version: 1,
            check,
            producer: "test".to_owned(),
            catalog: self.catalog.digest,
            system: SystemId::literal("shop"),
            component,
            subject,
            observed_at: self.now,
            observations,
        };
        let index = Some(self.evidence.len() as u64);
        let digest = Digest::of(&serde_json::to_vec(&evidence).unwrap());
        self.evidence.push(EvidenceEntry { evidence, digest, index });
    }

    fn assess(&self) -> Assessment {
        let inputs = Inputs {
            manifest: &self.manifest,
            evidence: &self.evidence,
            subjects: &self.subjects,
            overrides: &[],
            now: self.now,
        };
        assess(&self.catalog, &inputs).unwrap()
    }

    fn entry(&mut self, check: &str) -> &mut EvidenceEntry {
        self.evidence.iter_mut().find(|entry| entry.evidence.check.as_str() == check).unwrap()
    }
}

fn metric(name: &str, value: f64, component: &'static str) -> Observation {
    Observation::Metric(Metric {
        name: name.to_owned(),
        value,
        unit: "ratio".to_owned(),
        component: ComponentId::literal(component),
        labels: BTreeMap::new(),
        interval: None,
        trial: None,
    })
}

/// The overall rate and the rate for the risk of harmful output.
fn trials(component: &'static str, arm: Arm, k: u64, n: u64) -> Vec<Observation> {
    let rate = |risk: Option<&'static str>| {
        let value = k as f64 / n as f64;
        let mut labels = BTreeMap::from([("arm".to_owned(), arm.code().to_owned())]);
        labels.extend(risk.map(|risk| ("risk".to_owned(), risk.to_owned())));
        Observation::Metric(Metric {
            name: "unsafe_answer_rate".to_owned(),
            value,
            unit: "ratio".to_owned(),
            component: ComponentId::literal(component),
            labels,
            interval: Some(Interval {
                lower: value * 0.5,
                upper: value + 0.05,
                level: 0.95,
                method: "test".to_owned(),
            }),
            trial: Some(Trial { risk: risk.map(RiskId::literal), arm, k, n }),
        })
    };
    vec![rate(None), rate(Some("harmful-output"))]
}

fn finding(rule: &'static str, severity: Severity, component: &'static str, risk: &'static str) -> Observation {
    let (rule, component) = (RuleId::literal(rule), ComponentId::literal(component));
    let place = Place::default();
    Observation::Finding(Finding {
        fingerprint: Finding::fingerprint_of(&rule, &component, &place),
        rule,
        severity,
        component,
        place,
        message: Text::same("x"),
        remedy: Text::same("x"),
        risks: vec![RiskId::literal(risk)],
    })
}

fn grades(assessment: &Assessment) -> BTreeMap<String, (Grade, EvidenceState)> {
    assessment.risks.iter().map(|r| (r.risk.to_string(), (r.effective, r.evidence_state))).collect()
}

#[test]
fn a_guard_that_works_lowers_the_risk_that_it_was_tested_on() {
    let assessment = World::new("").assess();
    let risk = assessment.risks.iter().find(|risk| risk.risk.as_str() == "harmful-output").unwrap();
    assert_eq!(risk.evidence_state, EvidenceState::Measured);
    assert!(risk.residual.grade < risk.inherent.grade, "{risk:?}");
    assert!(risk.lowered_by.iter().any(|control| control.as_str() == "output-guardrail"));
    // The measurement behind the guard already holds the guard's effect: it is not counted a second time.
    assert_eq!((risk.residual.likelihood.k, risk.residual.likelihood.n), (Some(1), Some(70)));
    assert!(risk.residual.likelihood.factor > 0.39, "{}", risk.residual.likelihood.factor);
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let world = World::new("");
    let bytes = |assessment: &Assessment| serde_json::to_vec(assessment).unwrap();
    assert_eq!(bytes(&world.assess()), bytes(&world.assess()));
    let mut shuffled = World::new("");
    shuffled.evidence.reverse();
    assert_eq!(bytes(&world.assess()), bytes(&shuffled.assess()));
    let read: Assessment = serde_json::from_slice(&bytes(&world.assess())).unwrap();
    assert_eq!(read, world.assess());
}

/// Risks that one piece of evidence can move: those that its observations or its check's rules bear on, and those
/// that a control with a criterion on its check lowers.
fn dependents(world: &World, check: &str) -> BTreeSet<String> {
    let check = CheckId::new(check).unwrap();
    let by_rule =
        world.catalog.rules.values().filter(|rule| rule.check == check).flat_map(|rule| rule.risks.iter().cloned());
    let by_control =
        world.catalog.controls.values().filter(|c| c.criteria.iter().any(|criterion| criterion.check == check));
    let by_control = by_control.flat_map(|control| control.lowers.iter().map(|lowers| lowers.risk.clone()));
    let by_trial = world.evidence.iter().filter(|entry| entry.evidence.check == check).flat_map(|entry| {
        entry.evidence.observations.iter().filter_map(|observation| match observation {
            Observation::Metric(metric) => metric.trial.as_ref().and_then(|trial| trial.risk.clone()),
            Observation::Finding(_) => None,
        })
    });
    by_rule.chain(by_control).chain(by_trial).map(|risk| risk.to_string()).collect()
}

#[test]
fn evidence_that_goes_stale_moves_only_what_depends_on_it() {
    let before = grades(&World::new("").assess());
    for check in ["probe.refusal", "guard.policy", "scan.endpoint", "scan.model", "govern.management"] {
        let mut world = World::new("");
        let old = world.now.plus_days(-400);
        world.entry(check).evidence.observed_at = old;
        let after = grades(&world.assess());
        let moved: BTreeSet<String> =
            before.iter().filter(|(risk, state)| after.get(*risk) != Some(*state)).map(|(r, _)| r.clone()).collect();
        let allowed = dependents(&world, check);
        assert!(moved.is_subset(&allowed), "{check}: {moved:?} is not within {allowed:?}");
        // Evidence that goes away never makes anything look better.
        for (risk, (grade, _)) in &after {
            assert!(*grade >= before[risk].0, "{check} stale made {risk} better");
        }
        if check == "probe.refusal" {
            assert!(moved.contains("harmful-output"), "{moved:?}");
        }
    }
}

#[test]
fn evidence_of_another_state_of_the_component_is_stale() {
    let mut world = World::new("");
    let key = (CheckId::literal("probe.refusal"), ComponentId::literal("chat"));
    world.subjects.insert(key, Digest::of(b"another model"));
    let assessment = world.assess();
    let risk = assessment.risks.iter().find(|risk| risk.risk.as_str() == "harmful-output").unwrap();
    assert_ne!(risk.evidence_state, EvidenceState::Measured);
    let guardrail = assessment.controls.iter().find(|control| control.control.as_str() == "output-guardrail").unwrap();
    assert_eq!(guardrail.state, ControlState::Stale);
    assert_ne!(assessment.gate.decision, Decision::Pass);
}

#[test]
fn a_failing_criterion_takes_the_control_away() {
    let mut world = World::new("");
    let all =
        ["chat"].iter().flat_map(|c| [trials(c, Arm::Undefended, 60, 70), trials(c, Arm::Defended, 40, 70)]).flatten();
    world.entry("probe.refusal").evidence.observations = all.collect();
    let assessment = world.assess();
    let guardrail = assessment.controls.iter().find(|control| control.control.as_str() == "output-guardrail").unwrap();
    assert_eq!(guardrail.state, ControlState::Failing);
    let risk = assessment.risks.iter().find(|risk| risk.risk.as_str() == "harmful-output").unwrap();
    assert!(!risk.within_tolerance);
    assert_eq!(assessment.gate.decision, Decision::Stop, "{:?}", assessment.gate.reasons);
    let tree = explain_risk(&assessment, risk).lines(jingwei_core::Lang::En).join("\n");
    assert!(tree.contains("40 of 70 tries behind the guard") && tree.contains("ledger #0"), "{tree}");
}

#[test]
fn findings_raise_a_likelihood_that_no_trial_measured() {
    let risk_of = |world: &World| {
        let assessment = world.assess();
        assessment.risks.into_iter().find(|risk| risk.risk.as_str() == "supply-chain").unwrap()
    };
    let clean = World::new("");
    let mut dirty = World::new("");
    dirty.entry("scan.model").evidence.observations.push(finding(
        "model.pickle-file",
        Severity::Critical,
        "weights",
        "supply-chain",
    ));
    assert!(risk_of(&dirty).residual.likelihood.upper > risk_of(&clean).residual.likelihood.upper);
    assert_eq!(dirty.assess().findings.len(), 1);
    assert_eq!(dirty.assess().gate.decision, Decision::Stop);
}

#[test]
fn a_bad_endpoint_is_not_thinned_out_by_a_good_one() {
    let grade = |extra: bool| {
        let mut world = World::new("");
        if extra {
            world.add("probe.refusal", "open-chat", trials("open-chat", Arm::Undefended, 70, 70));
        }
        let assessment = world.assess();
        assessment.risks.into_iter().find(|risk| risk.risk.as_str() == "harmful-output").unwrap()
    };
    let (one, two) = (grade(false), grade(true));
    assert!(two.residual.grade > one.residual.grade);
    assert_eq!((two.residual.likelihood.k, two.residual.likelihood.n), (Some(70), Some(70)));
}

#[test]
fn what_could_not_be_looked_at_makes_no_control_effective() {
    let mut world = World::new("");
    let before = world.assess();
    let state = |assessment: &Assessment, id: &str| {
        assessment.controls.iter().find(|c| c.control.as_str() == id).map(|c| c.state)
    };
    assert_eq!(state(&before, "output-guardrail"), Some(ControlState::Effective));
    world.entry("probe.refusal").evidence.observations.push(finding(
        "probe.errors",
        Severity::High,
        "chat",
        "harmful-output",
    ));
    let after = world.assess();
    assert_eq!(state(&after, "output-guardrail"), Some(ControlState::NoEvidence));
    let risk = after.risks.iter().find(|risk| risk.risk.as_str() == "harmful-output").unwrap();
    assert_eq!(risk.evidence_state, EvidenceState::Missing);
    assert!(!risk.within_tolerance);
}

#[test]
fn a_check_that_could_not_look_is_missing_evidence() {
    let mut world = World::new("");
    world.entry("probe.refusal").evidence.observations =
        vec![finding("probe.errors", Severity::High, "chat", "harmful-output")];
    let assessment = world.assess();
    let risk = assessment.risks.iter().find(|risk| risk.risk.as_str() == "harmful-output").unwrap();
    assert_eq!(risk.evidence_state, EvidenceState::Missing);
    assert!(assessment.gate.reasons.iter().any(|reason| reason.rule.starts_with("evidence-missing")));
}

#[test]
fn evidence_of_a_component_that_is_gone_does_not_count() {
    let mut world = World::new("");
    world.add("scan.endpoint", "old-chat", vec![metric("requires_credentials", 0.0, "old-chat")]);
    world.subjects.remove(&(CheckId::literal("scan.endpoint"), ComponentId::literal("old-chat")));
    let assessment = world.assess();
    let control =
        assessment.controls.iter().find(|control| control.control.as_str() == "endpoint-authentication").unwrap();
    assert_eq!(control.state, ControlState::Effective);
}

#[test]
fn a_person_can_make_it_worse_and_only_a_role_can_make_it_better_for_a_time() {
    let grade = |extra: &str, days: i64| {
        let mut world = World::new(extra);
        world.now = world.now.plus_days(days);
        for entry in &mut world.evidence {
            entry.evidence.observed_at = world.now;
        }
        let assessment = world.assess();
        assessment.risks.into_iter().find(|risk| risk.risk.as_str() == "harmful-output").unwrap().effective
    };
    let derived = grade("", 0);
    let assertion = |value: u8| {
        format!("[[assertion]]\nrisk = 'harmful-output'\ngrade = {value}\nby = 'Wang'\non = 2026-11-01\nreason = 'r'\n")
    };
    assert_eq!(grade(&assertion(5), 0), Grade::HIGHEST);
    assert_eq!(grade(&assertion(1), 0), derived, "a word alone lowers nothing");
    let set = "[[override]]\nrisk = 'harmful-output'\ngrade = 1\nby = 'Wang'\nrole = 'risk_officer'\nreason = 'r'\nuntil = 2026-11-30\n";
    assert_eq!(grade(set, 0), Grade::LOW);
    assert_eq!(grade(set, 9), Grade::LOW, "the last day counts");
    assert_eq!(grade(set, 10), derived, "expired");
}

#[test]
fn without_evidence_a_system_of_grade_three_stops() {
    let mut world = World::new("");
    world.evidence.clear();
    let assessment = world.assess();
    assert!(assessment.counts.missing_evidence > 0);
    let strict = assessment.grade.grade >= Grade::clamped(3);
    let rule = if strict { "evidence-missing-at-high-grade" } else { "evidence-missing-at-low-grade" };
    assert!(assessment.gate.reasons.iter().any(|reason| reason.rule == rule), "{:?}", assessment.gate.reasons);
    assert!(assessment.controls.iter().all(|control| control.state != ControlState::Effective));
}

#[test]
fn every_case_of_every_gate_rule_holds() {
    let catalog = Catalog::built_in().unwrap();
    assert!(catalog.gates.len() >= 6);
    for gate in catalog.gates.values() {
        for (cases, expected) in [(&gate.hits, true), (&gate.clean, false)] {
            for case in cases {
                let speaks = rule_speaks(gate, &gate_context_for_case(case));
                assert_eq!(speaks, Ok(expected), "{} on {case:?}", gate.id);
            }
        }
    }
}

#[test]
fn every_expression_of_the_catalog_compiles() {
    let catalog = Catalog::built_in().unwrap();
    let risks = catalog.risks.values().map(|risk| &risk.applies);
    let profiles = catalog
        .profiles
        .values()
        .flat_map(|p| p.scenario.iter().chain(&p.intelligence).chain(&p.scale))
        .map(|rule| &rule.when);
    let gates = catalog.gates.values().map(|gate| &gate.when);
    for source in risks.chain(profiles).chain(gates) {
        if let Err(error) = Expression::compile(source) {
            panic!("{error}");
        }
    }
}

#[test]
fn a_manifest_tells_everything_that_is_wrong_at_once() {
    let catalog = Catalog::built_in().unwrap();
    let text = manifest("[[component]]\nid = 'chat'\nkind = 'prompt'\n[[assertion]]\nrisk = 'no-such'\ngrade = 2\nby = 'W'\non = 2026-01-01\nreason = 'r'\n")
        .replace("http://127.0.0.1:1/v1\"", "http://127.0.0.1:1/v1\"\nprompt = \"gone\"");
    let said = Manifest::parse("system.toml", text.as_bytes(), &catalog).unwrap_err().to_string();
    for word in [
        "component id `chat` stands twice",
        "`path` is missing",
        "there is no component `gone`",
        "the catalog has no risk `no-such`",
    ] {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
    for line in said.lines() {
        let number = line.split(':').nth(1).and_then(|n| n.parse::<usize>().ok()).unwrap();
        assert!(number > 1, "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// More unsafe answers behind the guard never give a better grade.
    #[test]
    fn more_failures_never_lower_a_grade(k in 0_u64..69) {
        let grade = |k: u64| {
            let mut world = World::new("");
            world.entry("probe.refusal").evidence.observations =
                [trials("chat", Arm::Undefended, 60, 70), trials("chat", Arm::Defended, k, 70)].concat();
            let assessment = world.assess();
            assessment.risks.into_iter().find(|risk| risk.risk.as_str() == "harmful-output").unwrap().effective
        };
        prop_assert!(grade(k + 1) >= grade(k));
    }
}
