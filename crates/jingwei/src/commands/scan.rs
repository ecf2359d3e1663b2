//! `jingwei scan`.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use jingwei_app::{
    Error,
    scans::{self, Baseline, Conversion, ModelScan, Reported, ScanReport, State, Suppressions},
};
use jingwei_catalog::Catalog;
use jingwei_core::{CheckId, Clock, Date, Digest, Lang, Limits, Text};

use super::{scan_bom, scan_packages, scan_sign, unreadable};
use crate::{
    cli::Global,
    cli_scan::{Scan, ScanFormat, ScanModel, ScanOutput},
    output::{Exit, Speaker},
    settings::SystemClock,
    terminal::Terminal,
};

pub async fn run(global: &Global, command: Scan, speaker: Speaker) -> Result<Exit, Error> {
    match command {
        Scan::Model(command) => model(global, &command, speaker),
        Scan::Packages(command) => scan_packages::packages(global, &command, speaker),
        Scan::Bom(command) => scan_bom::bom(global, &command, speaker),
        Scan::Diff(command) => scan_bom::diff(&command, speaker),
        Scan::Watch(command) => scan_bom::watch(global, &command, speaker).await,
        Scan::Advisories(command) => scan_packages::advisories(global, command, speaker),
        Scan::Sign(command) => scan_sign::sign(&command, speaker),
        Scan::Verify(command) => scan_sign::verify(global, &command, speaker).await,
        Scan::Key(command) => scan_sign::key(&command, speaker),
    }
}

/// The day on which suppressions are held against the calendar.
pub(super) fn today() -> Date {
    SystemClock.now().date()
}

fn model(global: &Global, command: &ScanModel, speaker: Speaker) -> Result<Exit, Error> {
    let check = CheckId::literal("scan.model");
    let catalog = jingwei_app::load_catalog_for(global.catalog.as_deref(), &check)?;
    for path in &command.paths {
        if fs::symlink_metadata(path).is_err() {
            return Err(Error::invalid(format!("没有 `{path}`"), format!("there is no `{path}`")));
        }
    }
    if let Some(out) = &command.convert {
        return convert(&catalog, command, out, speaker);
    }
    let given = Given::read(&command.output, "scan.model")?;
    let asked = ModelScan {
        paths: &command.paths,
        pinned: command.pins.as_deref().map(read_pins).transpose()?.unwrap_or_default(),
        weights: command.weights,
        suppressions: &given.suppressions,
        baseline: given.baseline.as_ref(),
        today: today(),
    };
    let progress = Terminal::new(speaker);
    let report = scans::scan_models(&catalog, &asked, &Limits::default(), &progress)?;
    if let Some(path) = &command.write_pins {
        write_pins(path, &report)?;
    }
    let title = Text::new("模型文件检查", "Model scan");
    finish(&report, &catalog, &title, &command.output, speaker)
}

fn convert(catalog: &Catalog, command: &ScanModel, out: &Path, speaker: Speaker) -> Result<Exit, Error> {
    let [path] = command.paths.as_slice() else {
        return Err(Error::invalid("--convert 只接受一个文件或文件夹", "--convert takes one file or folder"));
    };
    let conversions = scans::convert_models(catalog, path, out, &Limits::default())?;
    let mut written = 0;
    for Conversion { from, result } in &conversions {
        match result {
            Ok((to, converted)) => {
                written += 1;
                let (count, bytes, to) = (converted.tensors, converted.bytes, to.display());
                speaker.data(&match speaker.lang {
                    Lang::Zh => format!("{from} → {to}：{count} 个张量，{bytes} 字节"),
                    Lang::En => format!("{from} → {to}: {count} tensors, {bytes} bytes"),
                });
                if converted.untied > 0 {
                    speaker.say(&match speaker.lang {
                        Lang::Zh => format!("  {} 个张量原本共用存储，现各有副本", converted.untied),
                        Lang::En => format!("  {} tensors shared their storage and have copies now", converted.untied),
                    });
                }
                for leaf in &converted.skipped {
                    speaker.say(&match speaker.lang {
                        Lang::Zh => format!("  未写入：{}（{}）", leaf.name, leaf.what),
                        Lang::En => format!("  left out: {} ({})", leaf.name, leaf.what),
                    });
                }
            }
            Err(reason) => speaker.say(&format!("{from}: {}", speaker.text(reason))),
        }
    }
    Ok(if written > 0 { Exit::Clean } else { Exit::Failed })
}

/// What `--suppress` and `--baseline` name.
pub(super) struct Given {
    pub suppressions: Suppressions,
    pub baseline: Option<Baseline>,
}

impl Given {
    /// `check`: of which the baseline has to be.
    pub(super) fn read(output: &ScanOutput, check: &str) -> Result<Self, Error> {
        Ok(Self {
            suppressions: output.suppress.as_deref().map(Suppressions::read).transpose()?.unwrap_or_default(),
            baseline: output.baseline.as_deref().map(|path| Baseline::read(path)?.of_check(check)).transpose()?,
        })
    }
}

/// Writes the report in the asked form, and concludes.
pub(super) fn finish(
    report: &ScanReport,
    catalog: &Catalog,
    title: &Text,
    output: &ScanOutput,
    speaker: Speaker,
) -> Result<Exit, Error> {
    let text = match output.format {
        ScanFormat::Table => table(report, speaker.lang),
        ScanFormat::Json => scans::json(report)?,
        ScanFormat::Jsonl => jsonl(report),
        ScanFormat::Sarif => scans::sarif(report, catalog, output.baseline.is_some())?,
        ScanFormat::Html => scans::html(report, title, speaker.lang)?,
    };
    conclude(report, &text, output, speaker)
}

/// Writes what was made of the report, and the baseline, and says how the command ends.
pub(super) fn conclude(report: &ScanReport, text: &str, output: &ScanOutput, speaker: Speaker) -> Result<Exit, Error> {
    match &output.out {
        Some(path) => write(path, text)?,
        None => speaker.data(text.trim_end_matches('\n')),
    }
    if let Some(path) = &output.write_baseline {
        Baseline::of(report).write(path)?;
    }
    for notice in &report.notices {
        speaker.say(speaker.text(notice));
    }
    let fails = output.fail_on.severity().is_some_and(|from| report.fails(from));
    Ok(if fails { Exit::Findings } else { Exit::Clean })
}

pub(super) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let shown = path.display();
    fs::write(path, text)
        .map_err(|e| Error::failed(format!("无法写 `{shown}`"), format!("cannot write `{shown}`")).because(e))
}

fn jsonl(report: &ScanReport) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", serde_json::to_string(finding).unwrap_or_default());
    }
    text
}

/// Findings worst first, then counts.
pub(super) fn table(report: &ScanReport, lang: Lang) -> String {
    let mut text = String::new();
    for Reported { finding, state, .. } in &report.findings {
        let place = scans::place_words(&finding.place).join(" ");
        let state = match (state, lang) {
            (State::New, _) => String::new(),
            (State::Known, Lang::Zh) => "（基线中已有）".to_owned(),
            (State::Known, Lang::En) => " (in the baseline)".to_owned(),
            (State::Suppressed { owner, until, .. }, Lang::Zh) => format!("（已抑制：{owner}，至 {until}）"),
            (State::Suppressed { owner, until, .. }, Lang::En) => format!(" (suppressed by {owner} until {until})"),
        };
        let severity = finding.severity.label();
        let _ = writeln!(text, "{}{state} · {} · {place}", severity.get(lang), finding.rule);
        let _ = writeln!(text, "    {}", finding.message.get(lang));
        let _ = writeln!(text, "    → {}", finding.remedy.get(lang));
    }
    let s = &report.summary;
    let files = match (s.files, lang) {
        (0, _) => String::new(),
        (files, Lang::Zh) => format!(
            "{files} 个文件：{} 阻止，{} 待人工审查，{} 未查完，{} 通过；",
            s.blocked, s.review, s.incomplete, s.clean
        ),
        (files, Lang::En) => format!(
            "{files} files: {} blocked, {} held for review, {} incomplete, {} clean; ",
            s.blocked, s.review, s.incomplete, s.clean
        ),
    };
    let count = report.findings.len();
    if report.check == "scan.integrity" && count == 0 {
        let signed =
            report.metrics.iter().find(|metric| metric.name == "signed_files").map_or(0.0, |metric| metric.value);
        let _ = match lang {
            Lang::Zh => writeln!(text, "签名有效，{signed} 项均与签名一致"),
            Lang::En => writeln!(text, "the signature is valid, and all {signed} entries are as signed"),
        };
    }
    let line = match lang {
        Lang::Zh => format!("{files}{count} 项发现，{} 项已抑制，{} 项在基线中", s.suppressed, s.known),
        Lang::En => format!("{files}{count} findings, {} suppressed, {} in the baseline", s.suppressed, s.known),
    };
    let _ = writeln!(text, "{line}");
    text
}

/// Lines of `<sha256>  <path>`, as `sha256sum` writes them; a `*` before the path means binary and changes nothing. A
/// backslash before the line says that line breaks and backslashes in the path are escaped.
fn read_pins(path: &Path) -> Result<BTreeMap<String, Digest>, Error> {
    let text = fs::read_to_string(path).map_err(|e| unreadable(path, e))?;
    let mut pins = BTreeMap::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (escaped, plain) = line.strip_prefix('\\').map_or((false, line), |rest| (true, rest));
        let parsed = plain.split_once([' ', '\t']).and_then(|(digest, name)| {
            let name = name.strip_prefix([' ', '*', '\t']).unwrap_or(name).trim_start_matches("./");
            let name = if escaped { unescaped(name) } else { name.to_owned() };
            Some((name, digest.parse::<Digest>().ok()?)).filter(|(name, _)| !name.is_empty())
        });
        let Some((name, digest)) = parsed else {
            let (shown, number) = (path.display(), at + 1);
            return Err(Error::invalid(
                format!("`{shown}` 第 {number} 行不是“SHA-256  路径”"),
                format!("`{shown}` line {number} is not `<sha256>  <path>`"),
            ));
        };
        pins.insert(name, digest);
    }
    Ok(pins)
}

fn write_pins(path: &Path, report: &ScanReport) -> Result<(), Error> {
    let mut text = String::new();
    for file in &report.files {
        if let Some(digest) = file.sha256 {
            // A name with a line break would otherwise pin another file.
            let name = file.path.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
            let mark = if name == file.path { "" } else { "\\" };
            let _ = writeln!(text, "{mark}{digest}  {name}");
        }
    }
    write(path, &text)
}

fn unescaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some(other)) => out.push(other),
            (c, _) => out.push(c),
        }
    }
    out
}
