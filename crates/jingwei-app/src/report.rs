//! `report.json` and `report.html`: what people and programs read of an assessment.

use std::{
    borrow::Borrow,
    fs,
    path::{Path, PathBuf},
};

use askama::Template;
use jingwei_catalog::Catalog;
use jingwei_core::{Decision, Grade, Lang, Priority, Severity, Text};
use jingwei_govern::{Assessment, ControlState, ExplainNode, RiskResult, explain_control, explain_risk};

use crate::Error;

/// Writes both files and returns their paths. The same assessment gives the same bytes.
pub(crate) fn write(
    folder: &Path,
    assessment: &Assessment,
    catalog: &Catalog,
    first: Lang,
) -> Result<(PathBuf, PathBuf), Error> {
    let shown = folder.display().to_string();
    let fail = |e: std::io::Error| {
        Error::failed(format!("无法写报告到 `{shown}`"), format!("cannot write the report to `{shown}`")).because(e)
    };
    fs::create_dir_all(folder).map_err(fail)?;
    let mut json = serde_json::to_string_pretty(assessment).map_err(crate::register::internal)?;
    json.push('\n');
    let html = Page {
        body_zh: body(assessment, catalog, Lang::Zh)?,
        body_en: body(assessment, catalog, Lang::En)?,
        name: &assessment.name,
        first,
    };
    let html = html.render().map_err(crate::register::internal)?;
    let (json_path, html_path) = (folder.join("report.json"), folder.join("report.html"));
    replace(&json_path, json.as_bytes()).map_err(fail)?;
    replace(&html_path, html.as_bytes()).map_err(fail)?;
    Ok((json_path, html_path))
}

/// Nobody ever reads half a report.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let aside = path.with_extension("part");
    fs::write(&aside, bytes)?;
    fs::rename(&aside, path)
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    name: &'a Text,
    /// Which language is shown first.
    first: Lang,
    body_zh: String,
    body_en: String,
}

fn body(assessment: &Assessment, catalog: &Catalog, lang: Lang) -> Result<String, Error> {
    let view = Body {
        t: Words { lang },
        lang,
        assessment,
        rows: assessment.risks.iter().map(|risk| RiskRow::new(assessment, risk, lang)).collect(),
        controls: control_rows(assessment, lang),
        findings: finding_rows(assessment, lang),
        measurements: measurement_rows(assessment, lang),
        frameworks: catalog.frameworks.len(),
        plan: plan_rows(assessment, lang),
    };
    view.render().map_err(crate::register::internal)
}

#[derive(Template)]
#[template(path = "report_body.html")]
struct Body<'a> {
    t: Words,
    lang: Lang,
    assessment: &'a Assessment,
    rows: Vec<RiskRow>,
    controls: Vec<ControlRow>,
    findings: Vec<FindingRow>,
    measurements: Vec<MeasurementRow>,
    plan: Vec<PlanRow>,
    frameworks: usize,
}

impl Body<'_> {
    fn say(&self, text: impl Borrow<Text>) -> String {
        text.borrow().get(self.lang).to_owned()
    }

    fn decision_class(&self) -> &'static str {
        match self.assessment.gate.decision {
            Decision::Pass => "good",
            Decision::Conditional => "fair",
            Decision::Stop => "bad",
        }
    }

    fn over(&self) -> &'static str {
        if self.assessment.counts.over_tolerance > 0 { "bad" } else { "good" }
    }

    fn findings_total(&self) -> usize {
        self.assessment.findings.len()
    }

    fn lowered(&self) -> usize {
        self.assessment.risks.iter().filter(|risk| risk.residual.grade < risk.inherent.grade).count()
    }
}

/// Headings and labels of the report.
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
}

struct RiskRow {
    code: String,
    title: String,
    inherent: u8,
    residual: u8,
    effective: u8,
    effective_label: String,
    priority: String,
    priority_class: &'static str,
    evidence: String,
    controls: String,
    response: String,
    explain: Vec<ExplainLine>,
}

/// A line of an explanation with its depth, so that a template without recursion can show a tree.
struct ExplainLine {
    depth: usize,
    label: String,
    value: String,
}

impl RiskRow {
    fn new(assessment: &Assessment, risk: &RiskResult, lang: Lang) -> Self {
        let code_of = |id: &jingwei_core::ControlId| {
            assessment.controls.iter().find(|control| control.control == *id).map(|control| control.code.clone())
        };
        let controls: Vec<String> = risk.lowered_by.iter().filter_map(code_of).collect();
        let wanted: Vec<String> = risk.response.controls.iter().filter_map(code_of).collect();
        let option = risk.response.option.label().get(lang).to_owned();
        Self {
            code: risk.code.clone(),
            title: risk.title.get(lang).to_owned(),
            inherent: risk.inherent.grade.get(),
            residual: risk.residual.grade.get(),
            effective: risk.effective.get(),
            effective_label: risk.effective.label().get(lang).to_owned(),
            priority: risk.priority.label().get(lang).to_owned(),
            priority_class: priority_class(risk.priority),
            evidence: risk.evidence_state.label().get(lang).to_owned(),
            controls: if controls.is_empty() { "–".to_owned() } else { controls.join(" ") },
            response: if wanted.is_empty() { option } else { format!("{option} {}", wanted.join(" ")) },
            explain: lines(&explain_risk(assessment, risk), lang, 0),
        }
    }
}

fn lines(node: &ExplainNode, lang: Lang, depth: usize) -> Vec<ExplainLine> {
    let here = ExplainLine { depth, label: node.label.get(lang).to_owned(), value: node.value.get(lang).to_owned() };
    std::iter::once(here).chain(node.children.iter().flat_map(|child| lines(child, lang, depth + 1))).collect()
}

fn priority_class(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "good",
        Priority::Medium => "fair",
        Priority::High => "bad",
    }
}

struct ControlRow {
    code: String,
    title: String,
    state: String,
    class: &'static str,
    /// Risks whose grade it may move.
    risks: String,
    explain: Vec<ExplainLine>,
}

fn control_rows(assessment: &Assessment, lang: Lang) -> Vec<ControlRow> {
    let mut controls: Vec<_> = assessment.controls.iter().collect();
    controls.sort_by_key(|control| (control.state, control.code.clone()));
    controls
        .into_iter()
        .map(|control| {
            let bears = |risk: &&RiskResult| {
                risk.lowered_by.contains(&control.control) || risk.not_lowered_by.contains(&control.control)
            };
            let risks: Vec<String> = assessment.risks.iter().filter(bears).map(|risk| risk.code.clone()).collect();
            ControlRow {
                code: control.code.clone(),
                title: control.title.get(lang).to_owned(),
                state: control.state.label().get(lang).to_owned(),
                class: match control.state {
                    ControlState::Effective => "good",
                    ControlState::Failing => "bad",
                    ControlState::Stale | ControlState::NoEvidence => "fair",
                    ControlState::Asserted | ControlState::Unproven => "none",
                },
                risks: risks.join(" "),
                explain: lines(&explain_control(control), lang, 0),
            }
        })
        .collect()
}

struct FindingRow {
    severity: String,
    class: &'static str,
    rule: String,
    component: String,
    place: String,
    message: String,
    remedy: String,
}

fn finding_rows(assessment: &Assessment, lang: Lang) -> Vec<FindingRow> {
    let row = |open: &jingwei_govern::OpenFinding| {
        let finding = &open.finding;
        let offset = finding.place.offset.map(|offset| format!("+{offset}"));
        let parts: Vec<&str> =
            [&finding.place.path, &finding.place.key, &offset].into_iter().flatten().map(String::as_str).collect();
        FindingRow {
            severity: finding.severity.label().get(lang).to_owned(),
            class: match finding.severity {
                Severity::Critical | Severity::High => "bad",
                Severity::Medium => "fair",
                Severity::Low | Severity::Info => "none",
            },
            rule: finding.rule.to_string(),
            component: finding.component.to_string(),
            place: parts.join(" "),
            message: finding.message.get(lang).to_owned(),
            remedy: finding.remedy.get(lang).to_owned(),
        }
    };
    assessment.findings.iter().map(row).collect()
}

struct MeasurementRow {
    name: String,
    arm: String,
    component: String,
    value: String,
    interval: String,
    counts: String,
    method: String,
    /// Percent, for the bar.
    low: f64,
    width: f64,
    at: f64,
}

fn measurement_rows(assessment: &Assessment, lang: Lang) -> Vec<MeasurementRow> {
    let percent = |value: f64| format!("{:.1} %", value * 100.0);
    // The two arms of a metric stand one below the other.
    let mut measurements: Vec<_> = assessment.measurements.iter().collect();
    measurements.sort_by_key(|m| {
        (
            m.metric.component.clone(),
            m.metric.name.clone(),
            m.metric.labels.get("arm").map(|arm| std::cmp::Reverse(arm.clone())),
        )
    });
    measurements
        .into_iter()
        .filter_map(|measurement| {
            let metric = &measurement.metric;
            let interval = metric.interval.as_ref()?;
            let arm = match metric.labels.get("arm").map(String::as_str) {
                Some("defended") => Text::new("有护栏", "behind the guard"),
                Some("undefended") => Text::new("无护栏", "no guard"),
                _ => Text::same("–"),
            };
            let counts = metric.trial.as_ref().map(|trial| format!("{} / {}", trial.k, trial.n)).unwrap_or_default();
            Some(MeasurementRow {
                name: metric_name(&metric.name).get(lang).to_owned(),
                arm: arm.get(lang).to_owned(),
                component: metric.component.to_string(),
                value: percent(metric.value),
                interval: format!("{} – {}", percent(interval.lower), percent(interval.upper)),
                counts,
                method: format!("{} {:.0} %", interval.method, interval.level * 100.0),
                low: (interval.lower * 100.0).clamp(0.0, 100.0),
                width: ((interval.upper - interval.lower) * 100.0).clamp(0.5, 100.0),
                at: (metric.value * 100.0).clamp(0.0, 100.0),
            })
        })
        .collect()
}

/// What people call a metric.
#[must_use]
pub fn metric_name(name: &str) -> Text {
    match name {
        "unsafe_answer_rate" => Text::new("不安全回答率", "unsafe answer rate"),
        "over_refusal_rate" => Text::new("过度拒答率", "over-refusal rate"),
        "undetermined_rate" => Text::new("无法判定率", "undetermined rate"),
        "error_rate" => Text::new("出错率", "error rate"),
        "attack_success_rate" => Text::new("攻击成功率", "attack success rate"),
        "injection_success_rate" => Text::new("注入成功率", "injection success rate"),
        "block_rate" => Text::new("拦截率", "block rate"),
        "guard_block_rate" => Text::new("护栏拦截率", "guard block rate"),
        "judge_sensitivity" => Text::new("判定器灵敏度", "judge sensitivity"),
        "judge_specificity" => Text::new("判定器特异度", "judge specificity"),
        other => Text::same(other.replace('_', " ")),
    }
}

/// A control that the suggestions ask for, with the risks that it would bring down.
struct PlanRow {
    code: String,
    title: String,
    risks: String,
    how: usize,
}

fn plan_rows(assessment: &Assessment, lang: Lang) -> Vec<PlanRow> {
    let mut rows: Vec<PlanRow> = assessment
        .controls
        .iter()
        .filter_map(|control| {
            let asks =
                |risk: &&RiskResult| risk.response.benefit > 0 && risk.response.controls.contains(&control.control);
            let risks: Vec<String> = assessment.risks.iter().filter(asks).map(|risk| risk.code.clone()).collect();
            (!risks.is_empty()).then(|| PlanRow {
                code: control.code.clone(),
                title: control.title.get(lang).to_owned(),
                how: risks.len(),
                risks: risks.join(" "),
            })
        })
        .collect();
    rows.sort_by(|a, b| b.how.cmp(&a.how).then_with(|| a.code.cmp(&b.code)));
    rows
}

/// The colour of a grade.
fn grade_class(grade: impl Borrow<u8>) -> &'static str {
    match Grade::clamped(i64::from(*grade.borrow())).get() {
        1 => "g1",
        2 => "g2",
        3 => "g3",
        4 => "g4",
        _ => "g5",
    }
}
