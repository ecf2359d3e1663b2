//! Pages for people: the systems, a system's register, the first way in. Rendered here, self-contained, in one
//! language, with everything that came from outside escaped.

use std::borrow::Borrow;

use askama::Template;
use jingwei_core::{Decision, Lang, Priority, SystemId, Text};
use jingwei_govern::{ControlState, ExplainNode, explain_risk};

use crate::{
    App, Error, ErrorKind,
    access::{AccessRole, Action, Caller},
    changes::blocking,
    overrides::{self, OverrideQuery, OverrideView},
    paging::PageRequest,
    register::{self, internal},
    systems::{self, SystemView},
    treatments::{self, TreatmentQuery, TreatmentStatus, TreatmentView},
};

impl Caller {
    /// Somebody at this machine, where pages are open to it: reads the register and nothing else.
    #[must_use]
    pub fn at_this_machine() -> Self {
        Self { name: "this machine".to_owned(), role: AccessRole::Engineer }
    }
}

/// The systems with their grades and gates.
pub async fn index(app: &App, caller: &Caller, lang: Lang, after: Option<String>) -> Result<String, Error> {
    let listed = systems::list(app, caller, None, &PageRequest { after, limit: Some(100) }).await?;
    let rows = listed.items.into_iter().map(|system| SystemRow::new(system, lang)).collect();
    Index { t: Words { lang }, rows, next: listed.next }.render().map_err(internal)
}

/// A system's register, with what people decided about it.
pub async fn register(app: &App, caller: &Caller, system: &str, lang: Lang) -> Result<String, Error> {
    caller.may(Action::ReadRisk)?;
    let id = systems::known(app, system).await?;
    let assessment = register::newest_assessment(app, &id).await?;
    let of_system = Some(id.to_string());
    let query = OverrideQuery { system: of_system.clone(), risk: None, in_force: true };
    let overrides = overrides::list(app, caller, &query, &PageRequest { after: None, limit: Some(200) }).await?.items;
    let query = TreatmentQuery { system: of_system, risk: None, status: None };
    let treatments = treatments::list(app, caller, &query, &PageRequest { after: None, limit: Some(200) }).await?.items;
    let rows = assessment.risks.iter().map(|risk| RiskRow {
        id: risk.risk.to_string(),
        code: risk.code.clone(),
        title: risk.title.get(lang).to_owned(),
        inherent: risk.inherent.grade.get(),
        residual: risk.residual.grade.get(),
        effective: risk.effective.get(),
        label: risk.effective.label().get(lang).to_owned(),
        priority: risk.priority.label().get(lang).to_owned(),
        priority_class: match risk.priority {
            Priority::High => "bad",
            Priority::Medium => "fair",
            Priority::Low => "good",
        },
        within: risk.within_tolerance,
        overridden: risk.overridden.is_some(),
        evidence: risk.evidence_state.label().get(lang).to_owned(),
        explanation: lines(&explain_risk(&assessment, risk), lang, 0),
    });
    let controls = assessment.controls.iter().map(|control| ControlRow {
        code: control.code.clone(),
        title: control.title.get(lang).to_owned(),
        state: control.state.label().get(lang).to_owned(),
        class: match control.state {
            ControlState::Effective => "good",
            ControlState::Failing => "bad",
            _ => "fair",
        },
    });
    let reasons = assessment.gate.reasons.iter().map(|reason| Reason {
        message: reason.message.get(lang).to_owned(),
        remedy: reason.remedy.get(lang).to_owned(),
        rule: reason.rule.clone(),
    });
    let page = Register {
        t: Words { lang },
        path: path_of(&id),
        name: assessment.name.get(lang).to_owned(),
        owner: assessment.owner.clone(),
        as_of: assessment.as_of.to_string(),
        grade: assessment.grade.grade.get(),
        tolerance: assessment.tolerance.get(),
        over_tolerance: assessment.counts.over_tolerance,
        stage: assessment.gate.stage.label().get(lang).to_owned(),
        decision: assessment.gate.decision.label().get(lang).to_owned(),
        decision_class: class_of(assessment.gate.decision),
        reasons: reasons.collect(),
        risks: rows.collect(),
        controls: controls.collect(),
        overrides,
        treatments,
    };
    page.render().map_err(internal)
}

/// What the setup link shows, once.
pub fn setup(lang: Lang, owner_token: &str) -> Result<String, Error> {
    Setup { t: Words { lang }, token: owner_token }.render().map_err(internal)
}

/// The two files that an assessment leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFile {
    Html,
    Json,
}

/// A system's report, byte for byte.
pub async fn report(app: &App, caller: &Caller, system: &str, file: ReportFile) -> Result<Vec<u8>, Error> {
    caller.may(Action::ReadAssessment)?;
    let id = systems::known(app, system).await?;
    let path = app.report_folder(&id).join(match file {
        ReportFile::Html => "report.html",
        ReportFile::Json => "report.json",
    });
    blocking(move || {
        std::fs::read(&path).map_err(|e| {
            let nowhere = e.kind() == std::io::ErrorKind::NotFound;
            let kind = if nowhere { ErrorKind::NotFound } else { ErrorKind::Failed };
            let zh = format!("系统 `{id}` 没有报告：请再次评估");
            Error::new(kind, zh, format!("system `{id}` has no report; assess it again")).because(e)
        })
    })
    .await
}

#[derive(Template)]
#[template(path = "index.html")]
struct Index {
    t: Words,
    rows: Vec<SystemRow>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "register.html")]
struct Register {
    t: Words,
    path: String,
    name: String,
    owner: String,
    as_of: String,
    grade: u8,
    tolerance: u8,
    over_tolerance: usize,
    stage: String,
    decision: String,
    decision_class: &'static str,
    reasons: Vec<Reason>,
    risks: Vec<RiskRow>,
    controls: Vec<ControlRow>,
    overrides: Vec<OverrideView>,
    treatments: Vec<TreatmentView>,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct Setup<'a> {
    t: Words,
    token: &'a str,
}

struct Words {
    lang: Lang,
}

impl Words {
    fn pick(&self, zh: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    fn tag(&self) -> &'static str {
        self.pick("zh-CN", "en")
    }

    fn other(&self) -> &'static str {
        self.pick("en", "zh")
    }

    fn say(&self, text: impl Borrow<Text>) -> String {
        text.borrow().get(self.lang).to_owned()
    }

    fn status(&self, status: impl Borrow<TreatmentStatus>) -> &'static str {
        match status.borrow() {
            TreatmentStatus::Proposed => self.pick("已提出", "proposed"),
            TreatmentStatus::Approved => self.pick("已批准", "approved"),
            TreatmentStatus::Rejected => self.pick("已驳回", "rejected"),
            TreatmentStatus::Done => self.pick("已完成", "done"),
            TreatmentStatus::Withdrawn => self.pick("已撤回", "withdrawn"),
        }
    }
}

struct SystemRow {
    path: String,
    id: String,
    name: Text,
    owner: String,
    stage: Text,
    newest: Option<Newest>,
}

struct Newest {
    grade: u8,
    over_tolerance: u64,
    risks: u64,
    decision: String,
    class: &'static str,
    as_of: String,
}

impl SystemRow {
    fn new(system: SystemView, lang: Lang) -> Self {
        let newest = system.newest.map(|newest| Newest {
            grade: newest.grade,
            over_tolerance: newest.over_tolerance,
            risks: newest.risks,
            decision: newest.decision.label().get(lang).to_owned(),
            class: class_of(newest.decision),
            as_of: newest.as_of.to_string(),
        });
        let path = path_of(&system.id);
        Self { path, id: system.id.into(), name: system.name, owner: system.owner, stage: system.stage.label(), newest }
    }
}

struct RiskRow {
    id: String,
    code: String,
    title: String,
    inherent: u8,
    residual: u8,
    effective: u8,
    label: String,
    priority: String,
    priority_class: &'static str,
    within: bool,
    overridden: bool,
    evidence: String,
    explanation: Vec<Line>,
}

struct Line {
    depth: usize,
    label: String,
    value: String,
}

struct ControlRow {
    code: String,
    title: String,
    state: String,
    class: &'static str,
}

struct Reason {
    message: String,
    remedy: String,
    rule: String,
}

fn lines(node: &ExplainNode, lang: Lang, depth: usize) -> Vec<Line> {
    let mut found =
        vec![Line { depth, label: node.label.get(lang).to_owned(), value: node.value.get(lang).to_owned() }];
    found.extend(node.children.iter().flat_map(|child| lines(child, lang, depth + 1)));
    found
}

fn class_of(decision: Decision) -> &'static str {
    match decision {
        Decision::Pass => "good",
        Decision::Conditional => "fair",
        Decision::Stop => "bad",
    }
}

/// An id as one segment of an address: `/` may stand in ids.
fn path_of(id: &SystemId) -> String {
    id.as_str().replace('/', "%2F")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_outside_is_escaped() {
        let page = setup(Lang::En, "<script>\"&").unwrap();
        assert!(!page.contains("<script>") && page.contains("&#60;script"), "{page}");
    }
}
