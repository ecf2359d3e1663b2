//! `jingwei assess`.

use std::sync::Arc;

use jingwei_app::{App, AssessOptions, AssessOutcome, Error, assess};
use jingwei_core::{Decision, Severity, Text, Timestamp};

use crate::{
    cli::{Assess, FailOn, Format, Global},
    output::{Exit, Speaker},
    settings::app_settings,
    terminal::Terminal,
};

pub async fn run(global: &Global, command: Assess, speaker: Speaker) -> Result<Exit, Error> {
    let as_of = command.as_of.as_deref().map(parse_time).transpose()?;
    // The manifest is read before anything is made on disk.
    let catalog = jingwei_app::load_catalog(global.catalog.as_deref())?;
    jingwei_app::load_manifest(&command.manifest, &catalog)?;
    let app = App::open(app_settings(global, command.concurrency)).await?;
    let options = AssessOptions {
        manifest: command.manifest,
        replay: command.replay,
        only: command.only,
        no_checks: command.no_checks,
        as_of,
        out: command.out,
        allow_outside: command.allow_outside,
        lang: Some(speaker.lang),
    };
    let watcher = Arc::new(Terminal::new(speaker));
    let outcome = assess::run(&app, &options, watcher).await?;
    for (check, component, reason) in &outcome.failed_checks {
        speaker
            .say(&format!("{} {check} · {component}: {reason}", speaker.pick("检查未能完成", "check could not run:")));
    }
    match command.format {
        Format::Table => print(&outcome, speaker),
        Format::Json => speaker.json(&outcome.assessment),
        Format::Jsonl => outcome.assessment.risks.iter().for_each(|risk| speaker.jsonl(risk)),
    }
    let decision = outcome.assessment.gate.decision;
    let fails = match command.fail_on {
        FailOn::Never => false,
        FailOn::Conditional => decision >= Decision::Conditional,
        FailOn::Stop => decision >= Decision::Stop,
    };
    Ok(if fails { Exit::Findings } else { Exit::Clean })
}

pub fn parse_time(text: &str) -> Result<Timestamp, Error> {
    text.parse().map_err(|e: _| {
        let error: Box<dyn std::error::Error + Send + Sync> = Box::new(e);
        Error::invalid(format!("`{text}` 不是时刻，例如 2027-01-01T00:00:00Z"), error.to_string())
    })
}

fn print(outcome: &AssessOutcome, speaker: Speaker) {
    let assessment = &outcome.assessment;
    let say = |text: &Text| speaker.text(text).to_owned();
    let grade = &assessment.grade;
    speaker.data(&format!(
        "{}  {} {} ({})  {} {}",
        say(&assessment.name),
        speaker.pick("系统等级", "system grade"),
        grade.grade,
        say(&grade.grade.label()),
        speaker.pick("容忍度", "tolerance"),
        assessment.tolerance,
    ));
    let by_severity: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .filter_map(|severity| {
            let count = assessment.counts.findings.get(severity)?;
            Some(format!("{} {count}", say(&severity.label())))
        })
        .collect();
    let separator = speaker.pick("，", ", ");
    if !by_severity.is_empty() {
        speaker.data(&format!("{}: {}", speaker.pick("发现", "findings"), by_severity.join(separator)));
    }
    measurements(outcome, speaker);
    speaker.data("");
    risks(outcome, speaker);
    speaker.data("");
    gate(outcome, speaker);
    let resumed = outcome.resumed;
    if resumed > 0 {
        speaker.data(&format!(
            "{}: {resumed}",
            speaker.pick("沿用上次中断前的回答", "answers kept from the run that was cut off")
        ));
    }
    speaker.data(&format!("{}: {}", speaker.pick("报告", "report"), outcome.report_html.display()));
    speaker.data(&format!("        {}", outcome.report_json.display()));
    if let Some(journal) = &outcome.journal {
        speaker.data(&format!("{}: {}", speaker.pick("记录", "journal"), journal.display()));
    }
    speaker.data(&format!(
        "{}: {} {} · {} {}",
        speaker.pick("账本", "ledger"),
        outcome.ledger_size,
        speaker.pick("条", "entries"),
        speaker.pick("根", "root"),
        outcome.ledger_root,
    ));
}

fn measurements(outcome: &AssessOutcome, speaker: Speaker) {
    let mut measurements: Vec<_> = outcome.assessment.measurements.iter().collect();
    measurements.sort_by_key(|m| m.metric.name.clone());
    for measurement in measurements {
        let metric = &measurement.metric;
        let Some(interval) = &metric.interval else { continue };
        let arm = match metric.labels.get("arm").map(String::as_str) {
            Some("defended") => speaker.pick("有护栏", "behind the guard"),
            Some("undefended") => speaker.pick("无护栏", "no guard"),
            _ => "",
        };
        let counts = metric.trial.as_ref().map(|trial| format!("{}/{}", trial.k, trial.n)).unwrap_or_default();
        speaker.data(&format!(
            "  {:<20} {arm:<17} {:>6.1} %  [{:.1}, {:.1}] {:.0} %  {counts}",
            speaker.text(&jingwei_app::metric_name(&metric.name)),
            metric.value * 100.0,
            interval.lower * 100.0,
            interval.upper * 100.0,
            interval.level * 100.0,
        ));
    }
}

fn risks(outcome: &AssessOutcome, speaker: Speaker) {
    let assessment = &outcome.assessment;
    let code_of = |id: &jingwei_core::ControlId| {
        assessment
            .controls
            .iter()
            .find(|control| control.control == *id)
            .map_or_else(|| id.to_string(), |c| c.code.clone())
    };
    let rows = assessment.risks.iter().map(|risk| {
        let controls: Vec<String> = risk.lowered_by.iter().map(code_of).collect();
        vec![
            risk.code.clone(),
            speaker.text(&risk.title).to_owned(),
            risk.inherent.grade.to_string(),
            risk.residual.grade.to_string(),
            speaker.text(&risk.priority.label()).to_owned(),
            speaker.text(&risk.evidence_state.label()).to_owned(),
            if controls.is_empty() { "–".to_owned() } else { controls.join(" ") },
        ]
    });
    let header = match speaker.lang {
        jingwei_core::Lang::Zh => ["代码", "风险", "控制前", "控制后", "优先级", "证据", "由这些措施降低"],
        jingwei_core::Lang::En => ["code", "risk", "before", "after", "priority", "evidence", "lowered by"],
    };
    speaker.table(&header, rows.collect());
}

fn gate(outcome: &AssessOutcome, speaker: Speaker) {
    let gate = &outcome.assessment.gate;
    speaker.data(&format!(
        "{} → {}: {}",
        speaker.pick("关口", "gate"),
        speaker.text(&gate.stage.label()),
        speaker.text(&gate.decision.label()).to_uppercase(),
    ));
    for reason in &gate.reasons {
        speaker.data(&format!("  [{}] {}", speaker.text(&reason.decision.label()), speaker.text(&reason.message)));
        speaker.data(&format!("      → {}", speaker.text(&reason.remedy)));
    }
}
