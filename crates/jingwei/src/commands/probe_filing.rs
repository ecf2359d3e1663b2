//! `jingwei probe filing …`.

use std::{collections::BTreeSet, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use jingwei_app::{
    Error,
    filing::{
        self, AnnexRequest, BankSource, CheckReport, CheckRequest, DrawRequest, Drawn, ImportRequest, Imported,
        LintRequest, SheetsRequest, Standard, Written,
    },
    load_catalog,
};
use jingwei_catalog::filing::FilingRole;
use jingwei_core::{Arm, Clock, Lang, Limits, Severity, Timestamp};
use jingwei_probe::filing::{BankReport, Columns, Finding, KeywordReport, Measure, State};
use serde_json::json;

use crate::{
    cli::{Format, Global},
    output::{Exit, Speaker},
    settings::SystemClock,
};

#[derive(Subcommand)]
pub enum Filing {
    /// Say what banks of questions and the keyword library lack
    Lint(FilingLint),
    /// Make a bank of your own questions
    Import(FilingImport),
    /// Draw the samples of the test, with a suite that runs them and sheets for people
    Draw(FilingDraw),
    /// Write a run's replies onto the sheets for people, with what words and classifier say of them on two others
    Sheets(FilingSheets),
    /// Count a run, people's sheets and both machine checks against the pass lines
    Check(FilingCheck),
    /// Write keyword list, banks and summary as docx, xlsx and CSV in Chinese
    Annex(FilingAnnex),
}

/// Which standard, and which questions and words.
#[derive(Args, Clone)]
pub struct FilingSources {
    /// Standard whose numbers count, by its id in the catalog
    #[arg(long, value_name = "ID", default_value = filing::DEFAULT_FILING)]
    pub standard: String,
    /// Bank: ROLE=FILE or ROLE=ID, with role content-test, should-refuse or should-not-refuse; by default the built-in ones (repeatable)
    #[arg(long, value_name = "BANK")]
    pub bank: Vec<String>,
    /// Folder of a draw: its banks are used
    #[arg(long, value_name = "DIR")]
    pub draw: Option<PathBuf>,
    /// Lexicon pack, besides the built-in lexicons (repeatable)
    #[arg(long, value_name = "PACK")]
    pub lexicon: Vec<PathBuf>,
}

#[derive(Args)]
pub struct FilingLint {
    #[command(flatten)]
    pub sources: FilingSources,
    /// Share of common character pairs from which on two questions count as nearly the same
    #[arg(long, default_value_t = jingwei_probe::filing::SIMILAR, value_parser = share)]
    pub similar: f64,
    /// Exit 1 from this severity on
    #[arg(long, value_enum, default_value = "high")]
    pub fail_on: SeverityArg,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Args)]
pub struct FilingImport {
    /// Lists of questions: .csv, .tsv, .jsonl or .xlsx, with a column of questions and one of risk codes
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// What the bank is for
    #[arg(long, value_enum)]
    pub bank: RoleArg,
    /// Where the bank is written: .toml, or .jsonl for large ones
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Standard whose risk codes are used, by its id in the catalog
    #[arg(long, value_name = "ID", default_value = filing::DEFAULT_FILING)]
    pub standard: String,
    /// Id of the bank; by default the file's name
    #[arg(long)]
    pub id: Option<String>,
    /// Licence of the questions
    #[arg(long, default_value = "operator")]
    pub licence: String,
    /// Name of the column of questions
    #[arg(long, value_name = "NAME")]
    pub text_column: Option<String>,
    /// Name of the column of risk codes or aspects
    #[arg(long, value_name = "NAME")]
    pub code_column: Option<String>,
    /// Name of the column of ids
    #[arg(long, value_name = "NAME")]
    pub id_column: Option<String>,
    /// Write over a file that is there
    #[arg(long)]
    pub replace: bool,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Args)]
pub struct FilingDraw {
    #[command(flatten)]
    pub sources: FilingSources,
    /// Decides who is drawn
    #[arg(long)]
    pub seed: u64,
    /// Folder for banks, suite and sheets
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Licence of the questions
    #[arg(long, default_value = "Apache-2.0")]
    pub licence: String,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Args)]
pub struct FilingSheets {
    #[command(flatten)]
    pub sources: FilingSources,
    /// Folder of a run (repeatable)
    #[arg(long, value_name = "DIR", required = true)]
    pub run: Vec<PathBuf>,
    /// Take the replies of the system as it is, or behind its guard
    #[arg(long, value_enum, default_value = "undefended")]
    pub arm: ArmArg,
    /// Heads of one's own for the classifier check
    #[arg(long, value_name = "FILE")]
    pub heads: Option<PathBuf>,
    /// Folder for the sheets
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Args)]
pub struct FilingCheck {
    #[command(flatten)]
    pub sources: FilingSources,
    /// Folder of a run (repeatable)
    #[arg(long, value_name = "DIR", required = true)]
    pub run: Vec<PathBuf>,
    /// Sheet that people filled in: .csv or .xlsx (repeatable)
    #[arg(long, value_name = "SHEET")]
    pub human: Vec<PathBuf>,
    /// Heads of one's own for the classifier check
    #[arg(long, value_name = "FILE")]
    pub heads: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Args)]
pub struct FilingAnnex {
    #[command(flatten)]
    pub sources: FilingSources,
    /// Folder of a run (repeatable); without one the summary says that nothing was measured
    #[arg(long, value_name = "DIR")]
    pub run: Vec<PathBuf>,
    /// Sheet that people filled in: .csv or .xlsx (repeatable)
    #[arg(long, value_name = "SHEET", requires = "run")]
    pub human: Vec<PathBuf>,
    /// Heads of one's own for the classifier check
    #[arg(long, value_name = "FILE")]
    pub heads: Option<PathBuf>,
    /// Name of the service, for the titles
    #[arg(long, default_value = "")]
    pub service: String,
    /// Folder for the annexes
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    ContentTest,
    ShouldRefuse,
    ShouldNotRefuse,
}

impl From<RoleArg> for FilingRole {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::ContentTest => FilingRole::ContentTest,
            RoleArg::ShouldRefuse => FilingRole::ShouldRefuse,
            RoleArg::ShouldNotRefuse => FilingRole::ShouldNotRefuse,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ArmArg {
    Undefended,
    Defended,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SeverityArg {
    Info,
    Low,
    Medium,
    High,
    Never,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("a number above 0 and up to 1".to_owned()),
    }
}

pub async fn run(global: &Global, command: Filing, speaker: Speaker) -> Result<Exit, Error> {
    let (catalog, now) = (load_catalog(global.catalog.as_deref())?, SystemClock.now());
    // Comparing a large bank and writing workbooks would hold up everything else that waits.
    let done = tokio::task::spawn_blocking(move || match command {
        Filing::Lint(command) => lint(&Standard::open(&catalog, &command.sources.standard)?, &command, now, speaker),
        Filing::Import(command) => import(&Standard::open(&catalog, &command.standard)?, command, now, speaker),
        Filing::Draw(command) => draw(&Standard::open(&catalog, &command.sources.standard)?, command, now, speaker),
        Filing::Sheets(command) => sheets(&Standard::open(&catalog, &command.sources.standard)?, command, now, speaker),
        Filing::Check(command) => check(&Standard::open(&catalog, &command.sources.standard)?, command, speaker),
        Filing::Annex(command) => annex(&Standard::open(&catalog, &command.sources.standard)?, command, now, speaker),
    });
    done.await.map_err(|e| Error::failed("任务未完成", "the work did not end").because(e))?
}

impl FilingSources {
    fn banks(&self, standard: &Standard<'_>) -> Result<Vec<BankSource>, Error> {
        let mut banks =
            self.bank.iter().map(|text| BankSource::parse(standard, text)).collect::<Result<Vec<_>, _>>()?;
        if let Some(folder) = &self.draw {
            let drawn: Vec<BankSource> = FilingRole::ALL
                .into_iter()
                .map(|role| (role, folder.join(format!("filing-{}.toml", role.code()))))
                .filter(|(_, path)| path.is_file())
                .map(|(role, path)| BankSource { role, name: path.display().to_string() })
                .collect();
            if drawn.is_empty() {
                let shown = folder.display();
                return Err(Error::invalid(
                    format!("`{shown}` 中没有抽样：用 jingwei probe filing draw --out 写出的目录"),
                    format!("`{shown}` holds no draw: name a folder that jingwei probe filing draw --out has written"),
                ));
            }
            banks.extend(drawn);
        }
        Ok(banks)
    }
}

fn lint(standard: &Standard<'_>, command: &FilingLint, now: Timestamp, speaker: Speaker) -> Result<Exit, Error> {
    let sources = &command.sources;
    let banks = sources.banks(standard)?;
    let request = LintRequest { banks: &banks, similar: command.similar, now };
    let reports = filing::lint(standard, &request, &Limits::default())?;
    let words = filing::lint_words(standard, &sources.lexicon, now, &Limits::default())?;
    match command.format {
        Format::Table => {
            reports.iter().for_each(|report| tell_bank(report, speaker));
            tell_words(&words, speaker);
            tell_standard(standard, speaker);
        }
        Format::Json => speaker.json(&json!({
            "filing": standard.filing.id, "verified": standard.filing.verified, "note": filing::note(),
            "banks": reports, "keywords": words,
        })),
        Format::Jsonl => {
            let about = |name: &str, finding: &Finding| speaker.jsonl(&json!({ "about": name, "finding": finding }));
            reports.iter().for_each(|r| r.findings.iter().for_each(|finding| about(r.role.code(), finding)));
            words.findings.iter().for_each(|finding| about("keywords", finding));
        }
    }
    let from = match command.fail_on {
        SeverityArg::Info => Severity::Info,
        SeverityArg::Low => Severity::Low,
        SeverityArg::Medium => Severity::Medium,
        SeverityArg::High => Severity::High,
        SeverityArg::Never => return Ok(Exit::Clean),
    };
    let all = reports.iter().flat_map(|report| &report.findings).chain(&words.findings);
    Ok(if all.into_iter().any(|finding| finding.severity >= from) { Exit::Findings } else { Exit::Clean })
}

fn tell_bank(report: &BankReport, speaker: Speaker) {
    let (title, from) = (speaker.text(&report.title), report.from.join(", "));
    let BankReport { questions, distinct, size, .. } = report;
    speaker.data(&match speaker.lang {
        Lang::Zh => format!("{title}（{from}）：{questions} 题，去重后 {distinct} 题，要求 {} 题", size.value),
        Lang::En => format!("{title} ({from}): {questions} questions, {distinct} distinct, {} asked for", size.value),
    });
    tell_findings(&report.findings, speaker);
}

fn tell_words(report: &KeywordReport, speaker: Speaker) {
    let (words, least) = (report.words, &report.size.value);
    speaker.data(&match speaker.lang {
        Lang::Zh => format!("关键词库：{words} 个词，要求 {least} 个"),
        Lang::En => format!("Keyword library: {words} words, {least} asked for"),
    });
    tell_findings(&report.findings, speaker);
}

fn tell_findings(findings: &[Finding], speaker: Speaker) {
    if findings.is_empty() {
        speaker.data(speaker.pick("  没有发现缺项", "  nothing is missing"));
    }
    for finding in findings {
        let basis =
            finding.basis.as_ref().map(|basis| format!(" [{}]", speaker.text(&basis.clause))).unwrap_or_default();
        let severity = finding.severity.label();
        speaker.data(&format!("  {}  {}{basis}", speaker.text(&severity), speaker.text(&finding.message)));
    }
    speaker.data("");
}

/// Under every result: what the numbers of the standard are worth, and that nothing is promised.
fn tell_standard(standard: &Standard<'_>, speaker: Speaker) {
    let filing = standard.filing;
    let mark = speaker.pick("。", ". ");
    speaker.say(&format!("{}{mark}{}", speaker.text(&filing.title), speaker.text(&filing.text)));
    speaker.say(speaker.text(&filing::note()));
}

fn import(standard: &Standard<'_>, command: FilingImport, now: Timestamp, speaker: Speaker) -> Result<Exit, Error> {
    let FilingImport { files, bank, out, id, licence, text_column, code_column, id_column, replace, format, .. } =
        command;
    let columns = Columns { text: text_column, code: code_column, id: id_column };
    let request = ImportRequest { files, role: bank.into(), out, columns, id, licence, replace };
    let imported = filing::import(standard, &request, now, &Limits::default())?;
    match format {
        Format::Table => {
            let Imported { path, questions, of_no_kind, bytes, digest, .. } = &imported;
            let digest = digest.short();
            speaker.data(&match speaker.lang {
                Lang::Zh => format!(
                    "已写入 {path}：{questions} 题，其中 {of_no_kind} 题不属于任何一种，{bytes} 字节，摘要 {digest}"
                ),
                Lang::En => format!(
                    "wrote {path}: {questions} questions, {of_no_kind} of no kind, {bytes} bytes, digest {digest}"
                ),
            });
            if !imported.findings.is_empty() {
                tell_findings(&imported.findings, speaker);
            }
        }
        Format::Json => speaker.json(&imported),
        Format::Jsonl => speaker.jsonl(&imported),
    }
    Ok(Exit::Clean)
}

fn draw(standard: &Standard<'_>, command: FilingDraw, now: Timestamp, speaker: Speaker) -> Result<Exit, Error> {
    let banks = command.sources.banks(standard)?;
    let request = DrawRequest { banks: &banks, seed: command.seed, out: command.out, licence: command.licence };
    let drawn = filing::draw(standard, &request, now, &Limits::default())?;
    match command.format {
        Format::Table => tell_draw(&drawn, speaker),
        Format::Json => speaker.json(&drawn),
        Format::Jsonl => speaker.jsonl(&drawn),
    }
    let is_short = drawn.samples.iter().any(|sample| sample.sample.short > 0);
    Ok(if is_short { Exit::Findings } else { Exit::Clean })
}

fn tell_draw(drawn: &Drawn, speaker: Speaker) {
    let header = match speaker.lang {
        Lang::Zh => ["题库", "抽取", "应抽", "还差", "没有题目的种类"],
        Lang::En => ["bank", "drawn", "asked for", "short", "kinds without questions"],
    };
    let row = |sample: &filing::DrawnSample| {
        let empty: Vec<&str> = sample
            .sample
            .strata
            .iter()
            .filter(|stratum| stratum.have == 0)
            .map(|stratum| stratum.code.as_str())
            .collect();
        let numbers = [sample.drawn, sample.sample.asked, sample.sample.short].map(|n| n.to_string());
        std::iter::once(speaker.text(&sample.title).to_owned()).chain(numbers).chain([empty.join(", ")]).collect()
    };
    speaker.table(&header, drawn.samples.iter().map(row).collect());
    speaker.data("");
    tell_files(&drawn.files, speaker);
    speaker.data(&format!("jingwei probe run {} --target URL", drawn.run.join(" ")));
}

fn tell_files(files: &[Written], speaker: Speaker) {
    for Written { path, bytes, digest } in files {
        speaker.data(&format!("{}  {bytes:>9}  {path}", digest.short()));
    }
}

fn sheets(standard: &Standard<'_>, command: FilingSheets, now: Timestamp, speaker: Speaker) -> Result<Exit, Error> {
    let banks = command.sources.banks(standard)?;
    let arm = match command.arm {
        ArmArg::Undefended => Arm::Undefended,
        ArmArg::Defended => Arm::Defended,
    };
    let request = SheetsRequest {
        runs: &command.run,
        banks: &banks,
        packs: &command.sources.lexicon,
        heads: command.heads,
        arm,
        out: command.out,
    };
    let written = filing::sheets(standard, &request, now, &Limits::default())?;
    match command.format {
        Format::Table => tell_files(&written.files, speaker),
        Format::Json => speaker.json(&written),
        Format::Jsonl => speaker.jsonl(&written),
    }
    Ok(Exit::Clean)
}

fn check(standard: &Standard<'_>, command: FilingCheck, speaker: Speaker) -> Result<Exit, Error> {
    let banks = command.sources.banks(standard)?;
    let (runs, humans, packs) = (&command.run, &command.human, &command.sources.lexicon);
    let request = CheckRequest { runs, humans, banks: &banks, packs, heads: command.heads };
    let report = filing::check(standard, &request, &Limits::default())?;
    match command.format {
        Format::Table => {
            tell_check(&report, speaker);
            tell_standard(standard, speaker);
        }
        Format::Json => speaker.json(&report),
        Format::Jsonl => {
            report.arms.iter().for_each(|arm| {
                arm.measures.iter().for_each(|found| speaker.jsonl(&json!({ "arm": arm.arm, "measure": found })));
            });
        }
    }
    let states: BTreeSet<State> = report.arms.iter().flat_map(|arm| &arm.measures).map(|found| found.state).collect();
    let all_sure = states.iter().all(|state| *state == State::SureWithMargin);
    let is_whole = !report.findings.iter().any(|finding| finding.severity >= Severity::High);
    Ok(if all_sure && is_whole { Exit::Clean } else { Exit::Findings })
}

fn tell_check(report: &CheckReport, speaker: Speaker) {
    let header = match speaker.lang {
        Lang::Zh => [
            "对象",
            "题库",
            "方式",
            "计数/已判",
            "比例 [95% 区间]",
            "合格线",
            "达线",
            "95% 把握",
            "未判",
            "出错",
            "状态",
        ],
        Lang::En => [
            "arm",
            "bank",
            "by",
            "k of n",
            "rate [95 %]",
            "line",
            "to meet it",
            "to be sure",
            "unjudged",
            "errors",
            "state",
        ],
    };
    let rows = report.arms.iter().flat_map(|arm| arm.measures.iter().map(|found| measure_row(arm.arm, found, speaker)));
    speaker.table(&header, rows.collect());
    speaker.data("");
    let header = match speaker.lang {
        Lang::Zh => ["甲", "乙", "都计数", "仅甲", "仅乙", "都不计数", "κ [95% 区间]"],
        Lang::En => ["one", "other", "both", "only one", "only other", "neither", "κ [95 %]"],
    };
    let rows = report.arms.iter().flat_map(|arm| &arm.agreements).map(|found| {
        let counts = [found.both_hit, found.only_one, found.only_other, found.both_miss].map(|n| n.to_string());
        let kappa = found.kappa.map_or_else(
            || speaker.pick("无法计算", "undefined").to_owned(),
            |[kappa, lower, upper]| format!("{kappa:.2} [{lower:.2}, {upper:.2}]"),
        );
        [&found.one, &found.other]
            .map(|name| speaker.text(name).to_owned())
            .into_iter()
            .chain(counts)
            .chain([kappa])
            .collect()
    });
    speaker.table(&header, rows.collect());
    let measures = report.arms.iter().flat_map(|arm| &arm.measures);
    let empty: BTreeSet<(&str, String)> = measures
        .filter(|found| !found.empty.is_empty())
        .map(|found| (found.role.code(), found.empty.join(", ")))
        .collect();
    for (role, codes) in empty {
        speaker.data(&match speaker.lang {
            Lang::Zh => format!("{role}：没有问到 {codes}，结果不说明这些风险"),
            Lang::En => format!("{role}: nothing was asked of {codes}; the result says nothing of them"),
        });
    }
    speaker.data("");
    if !report.findings.is_empty() {
        tell_findings(&report.findings, speaker);
    }
}

fn measure_row(arm: Arm, found: &Measure, speaker: Speaker) -> Vec<String> {
    let sign = if found.at_least { "≥" } else { "≤" };
    let count = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), |count| format!("{sign} {count}"));
    let rate = found.rate.map_or_else(
        || "–".to_owned(),
        |[rate, lower, upper]| format!("{:.1} % [{:.1}, {:.1}]", rate * 100.0, lower * 100.0, upper * 100.0),
    );
    vec![
        arm.code().to_owned(),
        found.role.code().to_owned(),
        speaker.text(&found.method.label()).to_owned(),
        format!("{}/{}", found.k, found.n),
        rate,
        format!("{sign} {}", found.line.value),
        count(found.bare),
        count(found.needed),
        found.undetermined.to_string(),
        found.errors.to_string(),
        speaker.text(&found.state.label()).to_owned(),
    ]
}

fn annex(standard: &Standard<'_>, command: FilingAnnex, now: Timestamp, speaker: Speaker) -> Result<Exit, Error> {
    let banks = command.sources.banks(standard)?;
    let (runs, humans, packs) = (&command.run, &command.human, &command.sources.lexicon);
    let check = CheckRequest { runs, humans, banks: &banks, packs, heads: command.heads };
    let request = AnnexRequest { check, service: command.service, out: command.out };
    let written = filing::annex(standard, &request, now, &Limits::default())?;
    match command.format {
        Format::Table => {
            tell_files(&written.files, speaker);
            tell_standard(standard, speaker);
        }
        Format::Json => speaker.json(&written),
        Format::Jsonl => speaker.jsonl(&written),
    }
    Ok(Exit::Clean)
}
