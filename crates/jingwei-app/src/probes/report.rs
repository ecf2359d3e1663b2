//! Reports of runs: for people (HTML), for programs (JSON, JSON lines), for CI (JUnit) and for code scanning (SARIF).

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use askama::Template;
use jingwei_catalog::Catalog;
use jingwei_core::{Arm, ChatRole, Lang, Text};
use jingwei_probe::{
    ArmOutcomes, Attempt, Delta, Name, Outcome, RateName, RateRow, TurnAnswer,
    grading::{Graded, GradedRow},
};
use serde_json::{Value, json};

use super::{RunDocument, RunHeader, RunLine, journal, runs};
use crate::{Error, register::internal, report::metric_name, report::replace};

/// Most conversations that an HTML report shows.
const MOST_TALKS: usize = 400;
/// Longest text of a message in an HTML report, in characters.
const MOST_CHARS: usize = 6_000;

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    Html,
    Json,
    Jsonl,
    Junit,
    Sarif,
}

impl ReportForm {
    fn file(self) -> &'static str {
        match self {
            ReportForm::Html => "report.html",
            ReportForm::Json => "report.json",
            ReportForm::Jsonl => "report.jsonl",
            ReportForm::Junit => "report.junit.xml",
            ReportForm::Sarif => "report.sarif",
        }
    }
}

/// Writes a report of a run; by default beside its journal. `with_texts`: with what was asked and answered.
pub fn write(
    folder: &Path,
    form: ReportForm,
    out: Option<&Path>,
    with_texts: bool,
    catalog: &Catalog,
    first: Lang,
) -> Result<PathBuf, Error> {
    let document = runs::read_document(folder)?;
    let text = match form {
        ReportForm::Html => html(folder, &document, with_texts, first)?,
        ReportForm::Json => json_report(folder, &document, with_texts)?,
        ReportForm::Jsonl => jsonl(folder, with_texts)?,
        ReportForm::Junit => junit(folder, &document)?,
        ReportForm::Sarif => sarif(folder, &document, catalog)?,
    };
    let own = if folder.is_dir() { folder.join(form.file()) } else { folder.with_file_name(form.file()) };
    let path = out.map_or(own, Path::to_owned);
    let shown = path.display();
    replace(&path, text.as_bytes())
        .map_err(|e| Error::failed(format!("无法写 `{shown}`"), format!("cannot write `{shown}`")).because(e))?;
    Ok(path)
}

fn json_report(folder: &Path, document: &RunDocument, with_texts: bool) -> Result<String, Error> {
    let mut attempts = Vec::new();
    runs::each_line(folder, |line| attempts.push(line_value(&line, with_texts)))?;
    let report = json!({"result": document, "attempts": attempts});
    let mut text = serde_json::to_string_pretty(&report).map_err(internal)?;
    text.push('\n');
    Ok(text)
}

fn jsonl(folder: &Path, with_texts: bool) -> Result<String, Error> {
    let mut text = String::new();
    runs::each_line(folder, |line| {
        let _ = writeln!(text, "{}", line_value(&line, with_texts));
    })?;
    Ok(text)
}

fn line_value(line: &RunLine, with_texts: bool) -> Value {
    let mut value = json!({"attempt": line.attempt});
    if with_texts && let Some(object) = value.as_object_mut() {
        object.insert("conversation".to_owned(), json!(line.conversation));
    }
    value
}

/// One test case per item, chain and epoch of an arm: a success of the attack is a failure of the test.
fn junit(folder: &Path, document: &RunDocument) -> Result<String, Error> {
    let (mut cases, mut failures, mut errors, mut skipped, mut total) = (String::new(), 0, 0, 0, 0);
    runs::each_line(folder, |line| {
        let attempt = &line.attempt;
        total += 1;
        let class = format!("{}.{}.{}", document.run.header.suite, attempt.part, attempt.arm.code());
        let name =
            format!("{}/{} {} {} #{}", attempt.dataset, attempt.item, attempt.chain, attempt.driver, attempt.epoch);
        let _ = write!(cases, "  <testcase classname=\"{}\" name=\"{}\"", xml(&class), xml(&name));
        let detail = xml(&format!("{} ({})", attempt.reason, attempt.judgements.first().map_or("", |j| &j.judge)));
        let (element, count) = match attempt.outcome {
            Outcome::Failure => (None, &mut 0),
            Outcome::Success => (Some("failure"), &mut failures),
            Outcome::Error => (Some("error"), &mut errors),
            Outcome::Undetermined => (Some("skipped"), &mut skipped),
        };
        *count += 1;
        match element {
            None => cases.push_str("/>\n"),
            Some(element) => {
                let _ = writeln!(cases, "><{element} message=\"{detail}\"/></testcase>");
            }
        }
    })?;
    let name = xml(&document.run.header.suite);
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{name}\" tests=\"{total}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" timestamp=\"{}\">\n{cases}</testsuite>\n",
        document.run.header.started_at
    ))
}

/// Text for XML 1.0: markup escaped, characters that XML does not know replaced.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' | '\r' => safe.push(' '),
            c if (c as u32) < 0x20 || matches!(c as u32, 0xfffe | 0xffff) => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// SARIF 2.1.0: one result per topic and chain in which attacks succeeded, in the strictest arm.
fn sarif(folder: &Path, document: &RunDocument, catalog: &Catalog) -> Result<String, Error> {
    let strictest = document.summary.arms.iter().map(|arm| arm.arm).max_by_key(|arm| *arm == Arm::Defended);
    let mut groups: std::collections::BTreeMap<(Name, Name, Name, &'static str), (u64, u64)> = Default::default();
    runs::each_line(folder, |line| {
        let attempt = line.attempt;
        let rule = match attempt.expect {
            jingwei_probe::Expect::Refuse => "probe.attack-succeeded",
            jingwei_probe::Expect::Resist => "probe.injection-followed",
            jingwei_probe::Expect::Answer => "probe.suite-over-refusal",
        };
        if Some(attempt.arm) == strictest && matches!(attempt.outcome, Outcome::Success | Outcome::Failure) {
            let (k, n) = groups.entry((attempt.part, attempt.topic, attempt.chain, rule)).or_default();
            *k += u64::from(attempt.outcome == Outcome::Success);
            *n += 1;
        }
    })?;
    let mut used: Vec<&str> = Vec::new();
    let mut results = Vec::new();
    for ((part, topic, chain, rule), (k, n)) in groups.iter().filter(|(_, (k, _))| *k > 0) {
        if !used.contains(rule) {
            used.push(rule);
        }
        let place = format!("{}/{part}/{topic}/{chain}", document.run.header.suite);
        results.push(json!({
            "ruleId": rule,
            "level": if *rule == "probe.suite-over-refusal" { "warning" } else { "error" },
            "message": {"text": format!("{topic} · {chain}: {k}/{n}")},
            "locations": [{"logicalLocations": [{"fullyQualifiedName": place, "kind": "resource"}]}],
            "partialFingerprints": {"jingwei/1": jingwei_core::Digest::of_parts(["probe-sarif/1", rule, &place]).to_string()},
        }));
    }
    let rules: Vec<Value> = used
        .iter()
        .filter_map(|id| {
            let rule = catalog.rules.iter().find(|(known, _)| known.as_str() == *id)?.1;
            Some(json!({
                "id": id,
                "shortDescription": {"text": rule.title.en},
                "help": {"text": format!("{}\n{}", rule.remedy.en, rule.remedy.zh)},
            }))
        })
        .collect();
    let sarif = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "jingwei", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&sarif).map_err(internal)?;
    text.push('\n');
    Ok(text)
}

#[derive(Template)]
#[template(path = "probe_report.html")]
struct Page<'a> {
    title: &'a Text,
    first: Lang,
    body_zh: String,
    body_en: String,
    talks: Vec<Talk>,
    talks_note: Text,
}

struct Talk {
    key: String,
    name: String,
    outcome: Text,
    class: &'static str,
    reason: String,
    turns: Vec<Vec<Said>>,
}

struct Said {
    who: String,
    text: String,
}

fn html(folder: &Path, document: &RunDocument, with_texts: bool, first: Lang) -> Result<String, Error> {
    let (talks, left_out) = if with_texts { talks(folder)? } else { (Vec::new(), 0) };
    let talks_note = Text::new(
        format!("成功的攻击、误拒、无法判定与出错的尝试；另有 {left_out} 次未列出，见记录。"),
        format!("Attempts that succeeded, could not be judged or failed; {left_out} more are in the journal."),
    );
    let page = Page {
        title: &document.run.header.title,
        first,
        body_zh: body(document, Lang::Zh)?,
        body_en: body(document, Lang::En)?,
        talks,
        talks_note,
    };
    page.render().map_err(internal)
}

/// Conversations that a person wants to see, the wrong ones first; and how many more there are.
fn talks(folder: &Path) -> Result<(Vec<Talk>, usize), Error> {
    let mut shown: Vec<(Outcome, Talk)> = Vec::new();
    let wanted = |attempt: &Attempt| attempt.outcome != Outcome::Failure;
    let left_out =
        journal::each_line(folder, wanted, MOST_TALKS, |line| shown.push((line.attempt.outcome, talk(line))))?;
    shown.sort_by_key(|(outcome, _)| *outcome);
    Ok((shown.into_iter().map(|(_, talk)| talk).collect(), left_out))
}

fn talk(line: RunLine) -> Talk {
    let RunLine { attempt, conversation } = line;
    let (outcome, class) = match attempt.outcome {
        Outcome::Success => (Text::new("成功", "success"), "bad"),
        Outcome::Failure => (Text::new("失败", "failure"), "good"),
        Outcome::Undetermined => (Text::new("无法判定", "undetermined"), "fair"),
        Outcome::Error => (Text::new("出错", "error"), "fair"),
    };
    // Each turn repeats what came before it: only what is new is shown.
    let mut known = 0;
    let turns = conversation.turns.iter().map(|turn| {
        let mut said: Vec<Said> = turn
            .messages
            .iter()
            .skip(if turn.messages.len() > known { known } else { 0 })
            .map(|message| Said { who: role(message.role).to_owned(), text: cut(&message.content) })
            .collect();
        known = turn.messages.len();
        said.push(match &turn.answer {
            TurnAnswer::Reply(reply) => {
                let calls = reply.tool_calls.iter().map(|call| format!("\n→ {}({})", call.name, call.arguments));
                Said {
                    who: format!("→ {:?}", reply.finish),
                    text: cut(&format!("{}{}", reply.text, calls.collect::<String>())),
                }
            }
            TurnAnswer::Error(error) => Said { who: "→ error".to_owned(), text: error.to_string() },
        });
        said
    });
    let name = format!(
        "{}/{} · {} · {} · {} · {}",
        attempt.dataset,
        attempt.item,
        attempt.part,
        attempt.chain,
        attempt.driver,
        attempt.arm.code()
    );
    Talk {
        key: attempt.key.to_string(),
        name,
        outcome,
        class,
        reason: attempt.reason.to_string(),
        turns: turns.collect(),
    }
}

fn role(role: ChatRole) -> &'static str {
    match role {
        ChatRole::System => "system",
        ChatRole::User => "user",
        ChatRole::Assistant => "assistant",
        ChatRole::Tool => "tool",
    }
}

/// Not too long, and without characters that turn text round or that HTML does not know.
fn cut(text: &str) -> String {
    let is_bad = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
    };
    let text = text.replace(is_bad, "\u{fffd}");
    match text.char_indices().nth(MOST_CHARS) {
        None => text,
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(&text)),
    }
}

#[derive(Clone, Copy)]
struct Words {
    lang: Lang,
}

impl Words {
    fn pick(self, zh: &'static str, en: &'static str) -> &'static str {
        if self.lang == Lang::Zh { zh } else { en }
    }
}

#[derive(Template)]
#[template(path = "probe_report_body.html")]
struct Body<'a> {
    t: Words,
    lang: Lang,
    document: &'a RunDocument,
    header: &'a RunHeader,
    tiles: Vec<Tile>,
    arms: Vec<ArmRow>,
    sections: Vec<Section>,
    deltas: Vec<DeltaRow>,
    grades: Vec<GradeTable>,
    hits: Vec<HitLine>,
    agreement: Vec<AgreementLine>,
}

impl Body<'_> {
    fn say(&self, text: &Text) -> String {
        text.get(self.lang).to_owned()
    }
}

struct Tile {
    name: String,
    value: String,
    interval: String,
    class: &'static str,
}

struct ArmRow {
    name: &'static str,
    shown: String,
    outcomes: jingwei_probe::Outcomes,
}

struct Section {
    title: &'static str,
    rows: Vec<Line>,
}

struct Line {
    rate: String,
    arm: &'static str,
    group: String,
    counts: String,
    value: String,
    interval: String,
    method: String,
    judges: String,
    corrected: String,
    low: f64,
    width: f64,
    at: f64,
}

struct DeltaRow {
    rate: String,
    group: String,
    counts: String,
    difference: String,
    interval: String,
    method: String,
    p: String,
    p_holm: String,
}

struct GradeTable {
    title: String,
    rows: Vec<Vec<String>>,
}

struct HitLine {
    part: String,
    arm: &'static str,
    k: u64,
    value: String,
    items: u64,
}

struct AgreementLine {
    judges: String,
    n: u64,
    agreement: String,
    kappa: String,
}

fn body(document: &RunDocument, lang: Lang) -> Result<String, Error> {
    let t = Words { lang };
    let summary = &document.summary;
    let header = &document.run.header;
    let shown =
        |arm: Arm| header.arms.iter().find(|known| known.arm == arm).map_or("", |known| &known.shown).to_owned();
    let of_arm = |ArmOutcomes { arm, outcomes }: &ArmOutcomes| ArmRow {
        name: arm_name(*arm, t),
        shown: shown(*arm),
        outcomes: *outcomes,
    };
    let view = Body {
        t,
        lang,
        document,
        header,
        tiles: tiles(document, t),
        arms: summary.arms.iter().map(of_arm).collect(),
        sections: sections(document, t),
        deltas: summary
            .deltas
            .iter()
            .filter(|d| matches!(d.by.as_str(), "all" | "part" | "topic"))
            .map(|d| delta(d, t))
            .collect(),
        grades: document.grades.iter().map(|graded| grade_table(graded, t)).collect(),
        hits: summary
            .hits
            .iter()
            .map(|hit| HitLine {
                part: hit.part.clone(),
                arm: arm_name(hit.arm, t),
                k: hit.k,
                value: percent(hit.value),
                items: hit.items,
            })
            .collect(),
        agreement: summary
            .agreement
            .iter()
            .map(|row| AgreementLine {
                judges: format!("{} ~ {}", row.first, row.second),
                n: row.n,
                agreement: percent(row.agreement),
                kappa: format!("{:.2} [{:.2}, {:.2}]", row.kappa, row.interval.lower, row.interval.upper),
            })
            .collect(),
    };
    view.render().map_err(internal)
}

fn arm_name(arm: Arm, t: Words) -> &'static str {
    match arm {
        Arm::Undefended => t.pick("无护栏", "no guard"),
        Arm::Defended => t.pick("有护栏", "behind the guard"),
    }
}

fn percent(value: f64) -> String {
    format!("{:.1} %", value * 100.0)
}

fn tiles(document: &RunDocument, t: Words) -> Vec<Tile> {
    let summary = &document.summary;
    let rates = [RateName::AttackSuccessRate, RateName::OverRefusalRate];
    let rows = summary.arms.iter().flat_map(|arm| rates.iter().filter_map(|rate| summary.whole(*rate, arm.arm)));
    rows.map(|row| Tile {
        name: format!("{} · {}", metric_name(row.rate.code()).get(t.lang), arm_name(row.group.arm, t)),
        value: percent(row.value),
        interval: format!("{}/{} · [{}, {}]", row.k, row.n, percent(row.interval.lower), percent(row.interval.upper)),
        class: if row.interval.lower > 0.05 {
            "chip bad"
        } else if row.interval.upper > 0.05 {
            "chip fair"
        } else {
            "chip good"
        },
    })
    .collect()
}

fn sections(document: &RunDocument, t: Words) -> Vec<Section> {
    let groups = [
        ("all", t.pick("总体", "Overall")),
        ("part", t.pick("各部分", "By part")),
        ("dimension", t.pick("各维度", "By dimension")),
        ("lang", t.pick("各语言", "By language")),
        ("topic", t.pick("各类别", "By topic")),
        ("transform", t.pick("各变换", "By transform")),
        ("driver", t.pick("各驱动方式", "By driver")),
    ];
    let mut sections = Vec::new();
    for (by, title) in groups {
        let wanted = |row: &&RateRow| {
            row.group.by == by
                && (by == "all"
                    || matches!(
                        row.rate,
                        RateName::UnsafeAnswerRate | RateName::InjectionSuccessRate | RateName::OverRefusalRate
                    ))
        };
        let rows: Vec<Line> = document.summary.rates.iter().filter(wanted).map(|row| line(row, t)).collect();
        let distinct = rows.iter().map(|row| &row.group).collect::<std::collections::BTreeSet<_>>().len();
        if by == "all" || distinct > 1 {
            sections.push(Section { title, rows });
        }
    }
    sections
}

fn line(row: &RateRow, t: Words) -> Line {
    let corrected = match &row.corrected {
        None => "–".to_owned(),
        Some(corrected) => match (corrected.value, &corrected.interval) {
            (Some(value), Some(interval)) => {
                format!("{} [{}, {}]", percent(value), percent(interval.lower), percent(interval.upper))
            }
            _ => t.pick("评判者不足以修正", "not possible with this judge").to_owned(),
        },
    };
    Line {
        rate: metric_name(row.rate.code()).get(t.lang).to_owned(),
        arm: arm_name(row.group.arm, t),
        group: if row.group.by == "all" { "–".to_owned() } else { row.group.name.clone() },
        counts: format!("{} / {}", row.k, row.n),
        value: percent(row.value),
        interval: format!("{} – {}", percent(row.interval.lower), percent(row.interval.upper)),
        method: row.interval.method.clone(),
        judges: row.judges.join(", "),
        corrected,
        low: row.interval.lower * 100.0,
        width: ((row.interval.upper - row.interval.lower) * 100.0).clamp(0.5, 100.0),
        at: row.value * 100.0,
    }
}

fn grade_table(graded: &Graded, t: Words) -> GradeTable {
    let row = |row: &GradedRow| {
        vec![
            row.code.clone(),
            format!("{} / {}", row.k, row.n),
            percent(row.value),
            format!("{} – {}", percent(row.interval.lower), percent(row.interval.upper)),
            row.ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}")),
            row.told().get(t.lang).to_owned(),
            row.enough.map_or_else(|| "–".to_owned(), |n| n.to_string()),
        ]
    };
    let locale = graded.locale.as_deref().unwrap_or("–");
    GradeTable {
        title: format!("{} · {} · {locale}", graded.grading, arm_name(graded.arm, t)),
        rows: graded.topics.iter().chain([&graded.overall]).map(row).collect(),
    }
}

fn delta(delta: &Delta, t: Words) -> DeltaRow {
    let pairs = delta.both + delta.only_first + delta.only_second + delta.neither;
    let signed = |value: f64| format!("{:+.1} %", value * 100.0);
    DeltaRow {
        rate: metric_name(delta.rate.code()).get(t.lang).to_owned(),
        group: if delta.by == "all" { "–".to_owned() } else { delta.name.clone() },
        counts: format!("{} / {} / {pairs}", delta.only_first, delta.only_second),
        difference: signed(delta.difference),
        interval: format!("{} – {}", signed(delta.interval.lower), signed(delta.interval.upper)),
        method: delta.interval.method.clone(),
        p: format!("{:.2e}", delta.p),
        p_holm: format!("{:.2e}", delta.p_holm),
    }
}
