//! What a scan found, in one document. It holds no clock and no machine: the same input gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_catalog::Catalog;
use jingwei_core::{Date, Digest, Finding, Metric, Observation, Place, RuleId, Severity, Text};
use serde::{Deserialize, Serialize};

use super::{Baseline, Suppressions};

/// The document that `--format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScanReport {
    /// Always `scan`.
    pub kind: String,
    pub version: u32,
    pub check: String,
    /// Program and version that made it.
    pub producer: String,
    /// Digest of the catalog that it was made under.
    pub catalog: Digest,
    pub subjects: Vec<Subject>,
    pub summary: Summary,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileReport>,
    pub findings: Vec<Reported>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
    /// Suppressions that hold no longer or match nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Text>,
}

/// What was scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// As the caller named it.
    pub path: String,
    pub digest: Digest,
}

/// Counts. Suppressed findings are counted apart and nowhere else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub files: usize,
    pub bytes: u64,
    pub clean: usize,
    pub review: usize,
    pub incomplete: usize,
    pub blocked: usize,
    /// Findings that are not suppressed, by severity.
    pub by_severity: BTreeMap<String, usize>,
    pub known: usize,
    pub suppressed: usize,
}

/// May this file be used?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictOfFile {
    /// Everything was looked at, and nothing asks for a decision.
    Clean,
    /// A person has to look.
    Review,
    /// Part of it could not be looked at: that is never clean.
    Incomplete,
    /// It must not be used.
    Blocked,
}

impl VerdictOfFile {
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            VerdictOfFile::Clean => Text::new("通过", "clean"),
            VerdictOfFile::Review => Text::new("待人工审查", "review"),
            VerdictOfFile::Incomplete => Text::new("未查完", "incomplete"),
            VerdictOfFile::Blocked => Text::new("阻止", "blocked"),
        }
    }
}

/// One file of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    pub path: String,
    pub bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    pub format: String,
    pub verdict: VerdictOfFile,
}

/// A finding, and what was decided about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    #[serde(flatten)]
    pub finding: Finding,
    #[serde(flatten)]
    pub state: State,
    /// It says that something could not be looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inconclusive: bool,
}

/// Where a finding is, in words for a reader: path, key and offset. Names come from whoever made the files; nothing in
/// them moves a cursor, begins a line or turns text around.
#[must_use]
pub fn place_words(place: &Place) -> Vec<String> {
    let offset = place.offset.map(|offset| format!("@{offset}"));
    let names = [&place.path, &place.key].into_iter().flatten().map(|name| visible(name));
    names.chain(offset).collect()
}

/// Untrusted text with what cannot be seen spelt out.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || jingwei_text::is_hidden(c).is_some() {
            out.extend(c.escape_unicode())
        } else {
            out.push(c)
        }
    }
    out
}

/// What was decided about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// The baseline does not have it.
    New,
    /// The baseline has it.
    Known,
    /// Somebody answers for it until a date.
    Suppressed { reason: String, owner: String, until: Date },
}

impl Reported {
    #[must_use]
    pub fn is_suppressed(&self) -> bool {
        matches!(self.state, State::Suppressed { .. })
    }
}

/// What a report is made from.
pub(super) struct Raw {
    pub check: &'static str,
    pub subjects: Vec<Subject>,
    /// Without verdicts: those come from the findings.
    pub files: Vec<FileReport>,
    pub observations: Vec<Observation>,
}

impl ScanReport {
    pub(super) fn new(
        raw: Raw,
        catalog: &Catalog,
        suppressions: &Suppressions,
        baseline: Option<&Baseline>,
        today: Date,
    ) -> Self {
        let (mut findings, mut metrics) = (Vec::new(), Vec::new());
        for observation in raw.observations {
            match observation {
                Observation::Finding(finding) => findings.push(finding),
                Observation::Metric(metric) => metrics.push(metric),
            }
        }
        let mut judge = suppressions.judge(today);
        let mut findings: Vec<Reported> = findings
            .into_iter()
            .map(|finding| {
                let state = match judge.decide(&finding) {
                    Some(suppressed) => suppressed,
                    None if baseline.is_some_and(|known| known.has(&finding)) => State::Known,
                    None => State::New,
                };
                Reported { inconclusive: is_inconclusive(catalog, &finding.rule), finding, state }
            })
            .collect();
        findings.sort_by(|a, b| order(&a.finding).cmp(&order(&b.finding)));
        let mut files = raw.files;
        judge_files(&mut files, &findings);
        let summary = summarise(&files, &findings);
        Self {
            kind: "scan".to_owned(),
            version: 1,
            check: raw.check.to_owned(),
            producer: format!("jingwei {}", env!("CARGO_PKG_VERSION")),
            catalog: catalog.digest,
            subjects: raw.subjects,
            summary,
            files,
            findings,
            metrics,
            notices: judge.notices(),
        }
    }

    /// Findings that count: not suppressed, and new where a baseline was given.
    pub fn counting(&self) -> impl Iterator<Item = &Reported> {
        self.findings.iter().filter(|reported| reported.state == State::New)
    }

    /// Whether something at least this severe counts.
    #[must_use]
    pub fn fails(&self, from: Severity) -> bool {
        self.counting().any(|reported| reported.finding.severity >= from)
    }

    /// Rules that have a finding, each once.
    #[must_use]
    pub fn rules(&self) -> BTreeSet<&RuleId> {
        self.findings.iter().map(|reported| &reported.finding.rule).collect()
    }
}

/// Worst first, then by place.
fn order(finding: &Finding) -> impl Ord + '_ {
    (std::cmp::Reverse(finding.severity), &finding.place, &finding.rule, finding.fingerprint)
}

fn is_inconclusive(catalog: &Catalog, rule: &RuleId) -> bool {
    catalog.rules.get(rule).is_some_and(|rule| rule.inconclusive)
}

fn judge_files(files: &mut [FileReport], findings: &[Reported]) {
    let mut worst: BTreeMap<&str, VerdictOfFile> = BTreeMap::new();
    for reported in findings.iter().filter(|reported| !reported.is_suppressed()) {
        let Some(path) = reported.finding.place.path.as_deref() else { continue };
        let verdict = match reported.finding.severity {
            Severity::High | Severity::Critical => VerdictOfFile::Blocked,
            Severity::Medium if reported.inconclusive => VerdictOfFile::Incomplete,
            Severity::Medium => VerdictOfFile::Review,
            Severity::Info | Severity::Low => VerdictOfFile::Clean,
        };
        let entry = worst.entry(path).or_insert(verdict);
        *entry = verdict.max(*entry);
    }
    for file in files {
        file.verdict = worst.get(file.path.as_str()).copied().unwrap_or(VerdictOfFile::Clean);
    }
}

fn summarise(files: &[FileReport], findings: &[Reported]) -> Summary {
    let verdicts = |verdict| files.iter().filter(|file| file.verdict == verdict).count();
    let mut by_severity = BTreeMap::new();
    for reported in findings.iter().filter(|reported| !reported.is_suppressed()) {
        *by_severity.entry(reported.finding.severity.code().to_owned()).or_default() += 1;
    }
    Summary {
        files: files.len(),
        bytes: files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes)),
        clean: verdicts(VerdictOfFile::Clean),
        review: verdicts(VerdictOfFile::Review),
        incomplete: verdicts(VerdictOfFile::Incomplete),
        blocked: verdicts(VerdictOfFile::Blocked),
        by_severity,
        known: findings.iter().filter(|reported| reported.state == State::Known).count(),
        suppressed: findings.iter().filter(|reported| reported.is_suppressed()).count(),
    }
}
