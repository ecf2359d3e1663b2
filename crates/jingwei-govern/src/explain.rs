//! Every number opens down to the evidence that made it.

use jingwei_core::{Lang, Text};
use serde::{Deserialize, Serialize};

use crate::{
    assess::{Assessment, EvidenceState, Likelihood, LikelihoodBasis, RiskResult, RiskState},
    controls::{ControlResult, EvidenceRef, rounded},
};

/// A statement and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainNode {
    pub label: Text,
    pub value: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceRef>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ExplainNode>,
}

impl ExplainNode {
    fn new(label: Text, value: Text) -> Self {
        Self { label, value, evidence: None, children: Vec::new() }
    }

    fn with(mut self, children: Vec<ExplainNode>) -> Self {
        self.children = children;
        self
    }

    /// The tree as lines, two spaces per level.
    #[must_use]
    pub fn lines(&self, lang: Lang) -> Vec<String> {
        let colon = if lang == Lang::Zh { "：" } else { ": " };
        let mut lines = vec![format!("{}{colon}{}", self.label.get(lang), self.value.get(lang))];
        for child in &self.children {
            lines.extend(child.lines(lang).into_iter().map(|line| format!("  {line}")));
        }
        lines
    }
}

/// Why a risk stands where it stands.
#[must_use]
pub fn explain_risk(assessment: &Assessment, risk: &RiskResult) -> ExplainNode {
    let label = Text::new(format!("{} {}", risk.code, risk.title.zh), format!("{} {}", risk.code, risk.title.en));
    let value = Text::new(
        format!("有效等级 {}（{}），容忍度 {}", risk.effective, risk.effective.label().zh, assessment.tolerance),
        format!(
            "effective grade {} ({}), tolerance {}",
            risk.effective,
            risk.effective.label().en,
            assessment.tolerance
        ),
    );
    let mut children = vec![
        ExplainNode::new(Text::new("为何适用", "why it applies"), risk.because.clone()),
        effective(risk),
        state(Text::new("控制前（固有）", "before controls (inherent)"), &risk.inherent),
        state(Text::new("控制后（残余）", "after controls (residual)"), &risk.residual),
        controls(assessment, risk),
        evidence(risk),
        response(assessment, risk),
    ];
    children.insert(1, system_grade(assessment));
    ExplainNode::new(label, value).with(children)
}

/// Why a control counts or does not.
#[must_use]
pub fn explain_control(control: &ControlResult) -> ExplainNode {
    let label =
        Text::new(format!("{} {}", control.code, control.title.zh), format!("{} {}", control.code, control.title.en));
    let mut children: Vec<ExplainNode> = control
        .criteria
        .iter()
        .map(|criterion| {
            let seen = if criterion.seen.is_empty() { "-".to_owned() } else { criterion.seen.join("; ") };
            let days = criterion.fresh_days;
            let node = ExplainNode::new(
                Text::new(
                    format!("判据 {}（{}，{days} 天内）", criterion.needs, criterion.check),
                    format!("criterion {} ({}, within {days} days)", criterion.needs, criterion.check),
                ),
                Text::new(
                    format!("{}；所见 {seen}", criterion.outcome.label().zh),
                    format!("{}; seen {seen}", criterion.outcome.label().en),
                ),
            );
            node.with(criterion.evidence.iter().map(reference).collect())
        })
        .collect();
    if let Some(by) = &control.asserted_by {
        children.push(ExplainNode::new(Text::new("声明人", "asserted by"), Text::same(by.clone())));
    }
    ExplainNode::new(label, control.state.label()).with(children)
}

fn system_grade(assessment: &Assessment) -> ExplainNode {
    let grade = &assessment.grade;
    let factor = |label: Text, factor: &crate::Factor| {
        let level = factor.level;
        ExplainNode::new(
            label,
            Text::new(format!("{level} 级：{}", factor.because.zh), format!("level {level}: {}", factor.because.en)),
        )
    };
    let value = Text::new(
        format!("{} 级（{}），依据 {}", grade.grade, grade.grade.label().zh, grade.profile),
        format!("grade {} ({}), by {}", grade.grade, grade.grade.label().en, grade.profile),
    );
    ExplainNode::new(Text::new("系统定级", "system grade"), value).with(vec![
        factor(Text::new("应用场景", "scenario"), &grade.scenario),
        factor(Text::new("智能化水平", "intelligence"), &grade.intelligence),
        factor(Text::new("应用规模", "scale"), &grade.scale),
    ])
}

fn effective(risk: &RiskResult) -> ExplainNode {
    let mut parts =
        vec![ExplainNode::new(Text::new("由证据推导", "derived from evidence"), Text::same(risk.derived.to_string()))];
    let asserted = risk.asserted.map_or_else(|| "-".to_owned(), |grade| grade.to_string());
    parts.push(ExplainNode::new(Text::new("人工声明", "asserted by a person"), Text::same(asserted)));
    let value = match &risk.overridden {
        Some(set) => {
            let (by, until, reason) = (&set.by, &set.until, &set.reason);
            Text::new(
                format!("{}：{by} 放宽至 {until}，理由：{reason}", risk.effective),
                format!("{}: set by {by} until {until}, because {reason}", risk.effective),
            )
        }
        None => {
            Text::new(format!("{}：两者中较差者", risk.effective), format!("{}: the worse of the two", risk.effective))
        }
    };
    ExplainNode::new(Text::new("有效等级", "effective grade"), value).with(parts)
}

fn state(label: Text, state: &RiskState) -> ExplainNode {
    let likelihood = &state.likelihood;
    let value = Text::new(
        format!("等级 {} = 矩阵[可能性 {}][影响 {}]", state.grade, likelihood.level, state.impact),
        format!("grade {} = matrix[likelihood {}][impact {}]", state.grade, likelihood.level, state.impact),
    );
    ExplainNode::new(label, value).with(vec![likelihood_node(likelihood)])
}

fn likelihood_node(likelihood: &Likelihood) -> ExplainNode {
    let (a, b) = (rounded(likelihood.a), rounded(likelihood.b));
    let percent = rounded(likelihood.credible * 100.0);
    let (mean, upper) = (rounded(likelihood.mean), rounded(likelihood.upper));
    let basis = match (likelihood.basis, likelihood.k, likelihood.n) {
        (LikelihoodBasis::MeasuredUndefended, Some(k), Some(n)) => {
            Text::new(format!("无防护实测 {n} 次中 {k} 次"), format!("{k} of {n} tries without a guard"))
        }
        (LikelihoodBasis::MeasuredDefended, Some(k), Some(n)) => {
            Text::new(format!("有护栏实测 {n} 次中 {k} 次"), format!("{k} of {n} tries behind the guard"))
        }
        (LikelihoodBasis::Inspected, ..) => {
            Text::new("先验，经检查结果调整", "the catalog's prior, moved by inspections")
        }
        _ => Text::new("目录库先验", "the catalog's prior"),
    };
    let factor = rounded(likelihood.factor);
    let value = Text::new(
        format!("均值 {mean}，{percent}% 上界 {upper} → {} 级", likelihood.level),
        format!("mean {mean}, upper {percent} % bound {upper} → level {}", likelihood.level),
    );
    ExplainNode::new(Text::new("可能性", "likelihood"), value).with(vec![
        ExplainNode::new(Text::new("分布", "distribution"), Text::same(format!("{factor} × Beta({a}, {b})"))),
        ExplainNode::new(Text::new("来源", "from"), basis),
    ])
}

fn controls(assessment: &Assessment, risk: &RiskResult) -> ExplainNode {
    let find = |id: &jingwei_core::ControlId| assessment.controls.iter().find(|control| control.control == *id);
    let children = risk.lowered_by.iter().chain(&risk.not_lowered_by).filter_map(find).map(explain_control).collect();
    let (yes, no) = (risk.lowered_by.len(), risk.not_lowered_by.len());
    let value = Text::new(format!("{yes} 项有效，{no} 项不计"), format!("{yes} effective, {no} that do not count"));
    ExplainNode::new(Text::new("控制措施", "controls"), value).with(children)
}

fn evidence(risk: &RiskResult) -> ExplainNode {
    let node = ExplainNode::new(Text::new("证据", "evidence"), risk.evidence_state.label());
    let missing = matches!(risk.evidence_state, EvidenceState::Missing);
    if missing {
        let advice = Text::new("运行 jingwei assess 以取得证据", "run jingwei assess to obtain it");
        return node.with(vec![ExplainNode::new(Text::new("建议", "advice"), advice)]);
    }
    node.with(risk.evidence.iter().map(reference).collect())
}

fn response(assessment: &Assessment, risk: &RiskResult) -> ExplainNode {
    let response = &risk.response;
    let title = |id: &jingwei_core::ControlId| assessment.controls.iter().find(|control| control.control == *id);
    let children = response
        .controls
        .iter()
        .filter_map(title)
        .map(|control| ExplainNode::new(Text::same(control.code.clone()), control.title.clone()));
    let value = Text::new(
        format!("{}：{}", response.option.label().zh, response.why.zh),
        format!("{}: {}", response.option.label().en, response.why.en),
    );
    ExplainNode::new(Text::new("建议的应对", "suggested response"), value).with(children.collect())
}

fn reference(reference: &EvidenceRef) -> ExplainNode {
    let at = reference.index.map_or_else(|| "-".to_owned(), |index| index.to_string());
    let stale = if reference.stale { Text::new("，已过期", ", stale") } else { Text::same(String::new()) };
    let EvidenceRef { check, component, observed_at, digest, .. } = reference;
    ExplainNode {
        label: Text::new(format!("账本 #{at}"), format!("ledger #{at}")),
        value: Text::new(
            format!("{check} 对 {component}，{observed_at}，{}{}", digest.short(), stale.zh),
            format!("{check} on {component}, {observed_at}, {}{}", digest.short(), stale.en),
        ),
        evidence: Some(reference.clone()),
        children: Vec::new(),
    }
}
