//! A report for programs (JSON) and for people (one HTML file, both languages in it).

use askama::Template;
use jingwei_core::{Lang, Severity, Text};

use super::{
    Reported, ScanReport, State, VerdictOfFile,
    report::{place_words, visible},
};
use crate::{Error, register::internal};

/// Most findings that the HTML report shows; all are in the JSON.
const MOST_FINDINGS: usize = 2_000;
/// Most files that the HTML report shows.
const MOST_FILES: usize = 2_000;

pub fn json(report: &ScanReport) -> Result<String, Error> {
    let mut text = serde_json::to_string_pretty(report).map_err(internal)?;
    text.push('\n');
    Ok(text)
}

pub fn html(report: &ScanReport, title: &Text, first: Lang) -> Result<String, Error> {
    let body = |lang| Body::new(report, title, lang).render().map_err(internal);
    Page { title, first, body_zh: body(Lang::Zh)?, body_en: body(Lang::En)? }.render().map_err(internal)
}

#[derive(Template)]
#[template(path = "scan_report.html")]
struct Page<'a> {
    title: &'a Text,
    first: Lang,
    body_zh: String,
    body_en: String,
}

#[derive(Template)]
#[template(path = "scan_report_body.html")]
struct Body<'a> {
    t: Words,
    title: &'a str,
    report: &'a ScanReport,
    tiles: Vec<Tile>,
    findings: Vec<FindingRow<'a>>,
    findings_left: usize,
    files: Vec<FileRow<'a>>,
    files_left: usize,
    notices: Vec<&'a str>,
}

struct Words {
    lang: Lang,
}

impl Words {
    fn pick<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        if self.lang == Lang::Zh { zh } else { en }
    }
}

struct Tile {
    class: &'static str,
    value: usize,
    name: &'static str,
}

struct FindingRow<'a> {
    class: &'static str,
    severity: String,
    message: &'a str,
    remedy: &'a str,
    place: String,
    rule: &'a str,
    state: String,
}

struct FileRow<'a> {
    class: &'static str,
    verdict: String,
    path: String,
    format: &'a str,
    bytes: u64,
    sha256: String,
}

impl<'a> Body<'a> {
    fn new(report: &'a ScanReport, title: &'a Text, lang: Lang) -> Self {
        let t = Words { lang };
        let summary = &report.summary;
        let mut tiles = Vec::new();
        if !report.files.is_empty() {
            tiles.extend([
                Tile { class: "bad", value: summary.blocked, name: t.pick("阻止", "blocked") },
                Tile { class: "fair", value: summary.review, name: t.pick("待人工审查", "held for review") },
                Tile { class: "fair", value: summary.incomplete, name: t.pick("未查完", "incomplete") },
                Tile { class: "good", value: summary.clean, name: t.pick("通过", "clean") },
            ]);
        }
        tiles.push(Tile { class: "", value: report.findings.len(), name: t.pick("发现", "findings") });
        tiles.push(Tile { class: "", value: summary.suppressed, name: t.pick("已抑制", "suppressed") });
        let findings = report.findings.iter().take(MOST_FINDINGS).map(|one| finding_row(one, lang)).collect();
        let files = report.files.iter().take(MOST_FILES).map(|file| FileRow {
            class: match file.verdict {
                VerdictOfFile::Clean => "good",
                VerdictOfFile::Review | VerdictOfFile::Incomplete => "fair",
                VerdictOfFile::Blocked => "bad",
            },
            verdict: file.verdict.label().get(lang).to_owned(),
            path: visible(&file.path),
            format: &file.format,
            bytes: file.bytes,
            sha256: file.sha256.map(|digest| digest.short()).unwrap_or_default(),
        });
        Self {
            title: title.get(lang),
            report,
            tiles,
            findings,
            findings_left: report.findings.len().saturating_sub(MOST_FINDINGS),
            files: files.collect(),
            files_left: report.files.len().saturating_sub(MOST_FILES),
            notices: report.notices.iter().map(|notice| notice.get(lang)).collect(),
            t,
        }
    }
}

fn finding_row(reported: &Reported, lang: Lang) -> FindingRow<'_> {
    let finding = &reported.finding;
    FindingRow {
        class: match finding.severity {
            Severity::Critical | Severity::High => "bad",
            Severity::Medium => "fair",
            Severity::Low | Severity::Info => "",
        },
        severity: finding.severity.label().get(lang).to_owned(),
        message: finding.message.get(lang),
        remedy: finding.remedy.get(lang),
        place: place_words(&finding.place).join(" · "),
        rule: finding.rule.as_str(),
        state: match &reported.state {
            State::New => String::new(),
            State::Known => if lang == Lang::Zh { "基线中已有" } else { "in the baseline" }.to_owned(),
            State::Suppressed { reason, owner, until } if lang == Lang::Zh => {
                format!("已抑制：{reason}（{owner}，至 {until}）")
            }
            State::Suppressed { reason, owner, until } => format!("suppressed: {reason} ({owner}, until {until})"),
        },
    }
}
