//! `jingwei probe`.

use std::{
    io::{IsTerminal, Read},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use jingwei_app::{
    App, Error,
    probes::{self, Budget, Dataset, EvidenceUse, Gate, GateOutcome, ProbeOptions, RunDocument, Stopped, TargetChoice},
};
use jingwei_core::{Arm, Lang, Limits};
use jingwei_net::{Api, Endpoint};
use jingwei_probe::{RateName, RateRow, Summary, drivers, judges, transforms};
use serde_json::json;

use super::{probe_report, unreadable};
use crate::{
    cli::{Format, Global},
    cli_probe::{
        ApiArg, Probe, ProbeCompare, ProbeList, ProbeNoun, ProbeRun, ProbeShow, ProbeSize, ProbeTransform, TargetArgs,
    },
    output::{Exit, Speaker},
    settings::app_settings,
    terminal::Terminal,
};

pub async fn run(global: &Global, command: Probe, speaker: Speaker) -> Result<Exit, Error> {
    match command {
        Probe::Run(command) => run_suite(global, *command, speaker).await,
        Probe::Show(command) => show(&command, speaker),
        Probe::Report(command) => probe_report::run(global, &command, speaker),
        Probe::Compare(command) => compare(&command, speaker),
        Probe::List(command) => list(global, &command, speaker),
        Probe::Transform(command) => transform(command, speaker),
        Probe::Size(command) => size(&command, speaker),
        Probe::Review(command) => super::probe_review::run(&command, speaker),
        Probe::Organism(command) => super::probe_organism::run(global, command, speaker).await,
        Probe::Filing(command) => super::probe_filing::run(global, command, speaker).await,
    }
}

async fn run_suite(global: &Global, command: ProbeRun, speaker: Speaker) -> Result<Exit, Error> {
    // Everything that can be wrong is found before anything is made on disk.
    let gates = command.fail_on.iter().map(|source| Gate::new(source)).collect::<Result<Vec<_>, _>>()?;
    let catalog = Arc::new(catalog_for(global, &command)?);
    let suite = probes::find(&catalog, &command.suite)?;
    let datasets =
        command.dataset.iter().map(|spec| dataset(spec, &catalog, speaker)).collect::<Result<Vec<_>, _>>()?;
    let options = ProbeOptions {
        suite,
        target: target_of(&command.target)?,
        datasets,
        accepted_licences: command.accept_licence,
        attacker: command.attacker.map(|url| Endpoint::new(Api::OpenAiChat, url, command.attacker_model)),
        judge: command.judge.map(|url| Endpoint::new(Api::OpenAiChat, url, command.judge_model)),
        helper_key_env: command.helper_key_env,
        out: command.out,
        only: command.only,
        limit: command.limit,
        seed: command.seed,
        at_once: usize::try_from(command.concurrency).unwrap_or(1),
        timeout_ms: command.timeout.saturating_mul(1000),
        budget: Budget { requests: command.max_requests, tokens: command.max_tokens, minutes: command.max_minutes },
        cache: command.cache,
    };
    let app = App::open_with(app_settings(global, command.concurrency), catalog).await?;
    if command.dry_run {
        let header = probes::plan_header(&app, &options)?;
        match command.format {
            Format::Table => tell_plan(&header, speaker),
            Format::Json | Format::Jsonl => speaker.json(&header),
        }
        return Ok(Exit::Clean);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let listener = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            asked.store(true, Ordering::Relaxed);
            speaker.say(speaker.pick(
                "正在停止：已发出的请求做完即止；再按一次立即退出",
                "stopping when what is under way is done; press again to leave at once",
            ));
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
    let outcome = probes::run(&app, &options, &stop, Arc::new(Terminal::new(speaker))).await;
    listener.abort();
    let outcome = outcome?;
    let report = probe_report::write_html(&outcome.folder, &app.catalog, speaker.lang)?;
    let gates = judge_gates(&gates, &outcome.document.summary)?;
    match command.format {
        Format::Table => tell_run(&outcome, &gates, speaker),
        Format::Json => speaker.json(&json!({"result": outcome.document, "gates": gates})),
        Format::Jsonl => outcome.document.summary.rates.iter().for_each(|row| speaker.jsonl(row)),
    }
    if command.format == Format::Table {
        speaker.data(&format!("{}: {}", speaker.pick("报告", "report"), report.display()));
    }
    tell_end(&outcome, speaker);
    if outcome.stopped.is_some() {
        return Ok(Exit::Failed);
    }
    Ok(if gates.iter().any(|gate| gate.holds) { Exit::Findings } else { Exit::Clean })
}

/// A governed system and a guard may need anything of the catalog.
fn catalog_for(global: &Global, command: &ProbeRun) -> Result<jingwei_catalog::Catalog, Error> {
    let folder = global.catalog.as_deref();
    if command.target.system.is_some() || command.target.guard.is_some() {
        return jingwei_app::load_catalog(folder);
    }
    let own = command.dataset.iter().filter_map(|spec| spec.split_once('=')).map(|(id, _)| id).collect();
    probes::load_catalog_for_run(folder, &command.suite, &own)
}

fn target_of(args: &TargetArgs) -> Result<TargetChoice, Error> {
    if let Some(manifest) = &args.system {
        return Ok(TargetChoice::System { manifest: manifest.clone(), component: args.component.clone() });
    }
    if let Some(path) = &args.model_file {
        let (path, prompt, guard) = (path.clone(), args.prompt.clone(), args.guard.clone());
        return Ok(TargetChoice::Local { path, prompt, guard });
    }
    let endpoint = match (&args.target, &args.target_file) {
        (Some(url), _) => {
            let api = match args.api {
                ApiArg::OpenaiChat => Api::OpenAiChat,
                ApiArg::OpenaiResponses => Api::OpenAiResponses,
                ApiArg::Anthropic => Api::Anthropic,
                ApiArg::Ollama => Api::Ollama,
            };
            Endpoint::new(api, url.clone(), args.model.clone())
        }
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path).map_err(|e| unreadable(path, e))?;
            let shown = path.display();
            toml::from_str(&text).map_err(|e| {
                Error::invalid(
                    format!("`{shown}` 不是目标的设置：{}", e.message()),
                    format!("`{shown}` is not the settings of a target: {}", e.message()),
                )
            })?
        }
        (None, None) => {
            return Err(Error::invalid(
                "没有目标：用 --target 地址、--target-file 文件、--model-file 文件或 --system 清单 给出",
                "there is no target: give one with --target URL, --target-file FILE, --model-file FILE or --system MANIFEST",
            ));
        }
    };
    Ok(TargetChoice::Endpoint {
        endpoint: Box::new(endpoint),
        key_env: args.key_env.clone(),
        prompt: args.prompt.clone(),
        guard: args.guard.clone(),
    })
}

/// `ID=FILE`, `ID=FILE:FORMAT` or `ID=FILE:FORMAT:LICENCE`.
fn dataset(spec: &str, catalog: &jingwei_catalog::Catalog, speaker: Speaker) -> Result<Dataset, Error> {
    let bad = || {
        Error::invalid(
            format!("`{spec}` 不是数据集：写作 ID=文件、ID=文件:格式 或 ID=文件:格式:许可"),
            format!("`{spec}` is no dataset: write ID=FILE, ID=FILE:FORMAT or ID=FILE:FORMAT:LICENCE"),
        )
    };
    let (id, rest) = spec.split_once('=').ok_or_else(bad)?;
    let mut parts = rest.split(':');
    let (path, format, licence) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if id.is_empty() || path.is_empty() || parts.next().is_some() {
        return Err(bad());
    }
    let path = PathBuf::from(path);
    let (dataset, problems) = probes::read_dataset(id, &path, format, licence, catalog, &Limits::default())?;
    for problem in problems.iter().take(20) {
        speaker.say(speaker.text(problem));
    }
    if problems.len() > 20 {
        speaker.say(&format!("… {} {}", problems.len() - 20, speaker.pick("处另外的问题", "more problems")));
    }
    Ok(dataset)
}

fn judge_gates(gates: &[Gate], summary: &Summary) -> Result<Vec<GateOutcome>, Error> {
    gates.iter().map(|gate| gate.of_summary(summary)).collect()
}

fn tell_plan(header: &probes::RunHeader, speaker: Speaker) {
    speaker.data(&format!("{} ({})", speaker.text(&header.title), header.suite));
    for arm in &header.arms {
        speaker.data(&format!("  {} · {}", arm_name(arm.arm, speaker), arm.shown));
    }
    for dataset in &header.datasets {
        speaker.data(&match speaker.lang {
            Lang::Zh => format!("  {} · {} 题 · 许可 {}", dataset.id, dataset.items, dataset.licence),
            Lang::En => format!("  {} · {} items · licence {}", dataset.id, dataset.items, dataset.licence),
        });
    }
    speaker.data(&match speaker.lang {
        Lang::Zh => format!("  {} 次尝试；计划 {}", header.attempts, header.plan),
        Lang::En => format!("  {} attempts; plan {}", header.attempts, header.plan),
    });
}

pub(super) fn arm_name(arm: Arm, speaker: Speaker) -> &'static str {
    match arm {
        Arm::Undefended => speaker.pick("无护栏", "no guard"),
        Arm::Defended => speaker.pick("有护栏", "behind the guard"),
    }
}

fn tell_run(outcome: &probes::ProbeOutcome, gates: &[GateOutcome], speaker: Speaker) {
    tell_document(&outcome.document, speaker);
    for gate in gates {
        let verdict =
            if gate.holds { speaker.pick("成立", "holds") } else { speaker.pick("不成立", "does not hold") };
        speaker.data(&format!("{} {}: {verdict}", speaker.pick("条件", "condition"), gate.condition));
    }
    if outcome.resumed > 0 {
        speaker.data(&format!(
            "{}: {}",
            speaker.pick("沿用上次中断前的尝试", "attempts kept from the run that was cut off"),
            outcome.resumed
        ));
    }
    speaker.data(&format!("{}: {}", speaker.pick("目录", "folder"), outcome.folder.display()));
    if let Some(digest) = &outcome.entered {
        speaker.data(&format!("{}: {digest}", speaker.pick("已入账本", "entered in the ledger")));
    }
}

/// Why a run is not finished, and what to do; or what becomes of its evidence.
fn tell_end(outcome: &probes::ProbeOutcome, speaker: Speaker) {
    if let Some(error) = &outcome.first_error {
        speaker.say(&format!("{}: {error}", speaker.pick("第一个错误", "the first error")));
    }
    if outcome.by_templates {
        speaker.say(speaker.pick(
            "自适应驱动方式没有攻击模型，用的是模板；--attacker 可指定一个",
            "adaptive drivers had no attacker's model and used templates; --attacker names one",
        ));
    }
    let reason = match outcome.stopped {
        Some(Stopped::Asked) => speaker.pick("按要求停止", "stopped as asked"),
        Some(Stopped::Budget) => speaker.pick("预算已用完", "the budget is used up"),
        Some(Stopped::NobodyThere) => speaker.pick("目标不再应答", "the target no longer answers"),
        Some(Stopped::NothingMeasured) => speaker.pick("每次尝试都出错", "every attempt ended in an error"),
        None => {
            if outcome.evidence == Some(EvidenceUse::NotWanted) {
                speaker.say(speaker.pick(
                    "运行已入账本，但不是证据：要让评估采用它，请把套件写进该组件的 `tests`",
                    "the run is in the ledger and is no evidence: name the suite in the component's `tests` to have assessments take it",
                ));
            }
            return;
        }
    };
    speaker.say(&match speaker.lang {
        Lang::Zh => format!("未完成：{reason}。再次运行同一命令即可接着做；未完成的运行不进账本"),
        Lang::En => format!(
            "not finished: {reason}. run the same command again to go on; an unfinished run does not enter the ledger"
        ),
    });
}

/// Counts and rates, each with k, n, interval, method and judge.
pub(crate) fn tell_document(document: &RunDocument, speaker: Speaker) {
    let summary = &document.summary;
    speaker.data(&format!("{} ({})", speaker.text(probes::title(document)), document.run.header.suite));
    for arm in &summary.arms {
        let o = arm.outcomes;
        speaker.data(&match speaker.lang {
            Lang::Zh => format!(
                "  {}：成功 {} · 失败 {} · 无法判定 {} · 出错 {} · 未做 {}",
                arm_name(arm.arm, speaker),
                o.success,
                o.failure,
                o.undetermined,
                o.error,
                o.not_made
            ),
            Lang::En => format!(
                "  {}: success {} · failure {} · undetermined {} · error {} · not made {}",
                arm_name(arm.arm, speaker),
                o.success,
                o.failure,
                o.undetermined,
                o.error,
                o.not_made
            ),
        });
    }
    speaker.data("");
    rate_table(summary.rates.iter().filter(|row| row.group.by == "all"), speaker);
    for by in ["part", "lang", "topic", "transform"] {
        let values = summary.rates.iter().filter(|row| row.group.by == by).map(|row| &row.group.name);
        if values.collect::<std::collections::BTreeSet<_>>().len() > 1 {
            speaker.data("");
            let every = |row: &&RateRow| row.group.by == by && is_told(by, row);
            let mut rows: Vec<&RateRow> = summary.rates.iter().filter(every).collect();
            // The worst first: what is surely bad matters more than what is bad by chance.
            if by == "topic" || by == "transform" {
                rows.sort_by(|a, b| b.interval.lower.total_cmp(&a.interval.lower));
            }
            let left_out = rows.len().saturating_sub(MOST_ROWS);
            rows.truncate(MOST_ROWS);
            rate_table(rows.into_iter(), speaker);
            if left_out > 0 {
                speaker.data(&match speaker.lang {
                    Lang::Zh => format!("  另有 {left_out} 行，见报告"),
                    Lang::En => format!("  {left_out} more rows in the report"),
                });
            }
        }
    }
    deltas(&summary.deltas, speaker);
    grades(document, speaker);
    for hit in &summary.hits {
        speaker.data(&format!(
            "hit@{} · {} · {}: {:.1} % ({} {})",
            hit.k,
            hit.part,
            arm_name(hit.arm, speaker),
            hit.value * 100.0,
            hit.items,
            speaker.pick("题", "items")
        ));
    }
    for row in &summary.agreement {
        speaker.data(&format!(
            "{} {} ~ {}: κ {:.2} [{:.2}, {:.2}], {:.1} % ({})",
            speaker.pick("评判一致", "judges agree"),
            row.first,
            row.second,
            row.kappa,
            row.interval.lower,
            row.interval.upper,
            row.agreement * 100.0,
            row.n
        ));
    }
}

/// Grades against the reference that the suite names.
fn grades(document: &RunDocument, speaker: Speaker) {
    for graded in &document.grades {
        speaker.data("");
        let locale = graded.locale.as_deref().unwrap_or("–");
        speaker.data(&format!("{} · {} · {locale}", graded.grading, arm_name(graded.arm, speaker)));
        let header = match speaker.lang {
            Lang::Zh => ["类别", "k/n", "不安全率", "95% 区间", "与参考之比", "等级", "等级稳定所需 n"],
            Lang::En => {
                ["hazard", "k/n", "unsafe rate", "95 % interval", "ratio to reference", "grade", "n for a stable grade"]
            }
        };
        let rows = graded.topics.iter().chain([&graded.overall]).map(|row| {
            vec![
                row.code.clone(),
                format!("{}/{}", row.k, row.n),
                format!("{:.1} %", row.value * 100.0),
                format!("[{:.1}, {:.1}]", row.interval.lower * 100.0, row.interval.upper * 100.0),
                row.ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}")),
                speaker.text(&row.told()).to_owned(),
                row.enough.map_or_else(|| "–".to_owned(), |n| n.to_string()),
            ]
        });
        speaker.table(&header, rows.collect());
        if !graded.missing.is_empty() {
            let missing = graded.missing.join(", ");
            speaker.data(&format!("{}: {missing}", speaker.pick("没有测到的类别", "hazards that were not tested")));
        }
    }
    for reason in &document.ungraded {
        speaker.say(&format!("{}: {reason}", speaker.pick("没有等级", "no grade")));
    }
}

/// Most rows of a table on the screen.
const MOST_ROWS: usize = 24;

/// Which rates of groups are told on the screen. Only those of one kind of item can be corrected for the judge.
fn is_told(by: &str, row: &RateRow) -> bool {
    let wrong =
        matches!(row.rate, RateName::UnsafeAnswerRate | RateName::InjectionSuccessRate | RateName::OverRefusalRate);
    wrong && (row.k > 0 || by == "part" || by == "lang")
}

fn rate_table<'a>(rows: impl Iterator<Item = &'a RateRow>, speaker: Speaker) {
    let header = match speaker.lang {
        Lang::Zh => ["比例", "条件", "组", "k/n", "值", "95% 区间", "方法", "评判者", "按评判误差修正"],
        Lang::En => {
            ["rate", "arm", "group", "k/n", "value", "95 % interval", "method", "judge", "corrected for the judge"]
        }
    };
    let percent = |value: f64| format!("{:.1}", value * 100.0);
    let row = |row: &RateRow| {
        let corrected = match &row.corrected {
            None => "–".to_owned(),
            Some(corrected) => match (corrected.value, &corrected.interval) {
                (Some(value), Some(interval)) => {
                    format!("{} % [{}, {}]", percent(value), percent(interval.lower), percent(interval.upper))
                }
                _ => speaker.pick("评判者不足以修正", "not possible").to_owned(),
            },
        };
        vec![
            speaker.text(&jingwei_app::metric_name(row.rate.code())).to_owned(),
            arm_name(row.group.arm, speaker).to_owned(),
            if row.group.by == "all" { speaker.pick("全部", "all").to_owned() } else { row.group.name.clone() },
            format!("{}/{}", row.k, row.n),
            format!("{} %", percent(row.value)),
            format!("[{}, {}]", percent(row.interval.lower), percent(row.interval.upper)),
            row.interval.method.clone(),
            row.judges.join(", "),
            corrected,
        ]
    };
    speaker.table(&header, rows.map(row).collect());
}

fn deltas(deltas: &[jingwei_probe::Delta], speaker: Speaker) {
    if deltas.is_empty() {
        return;
    }
    speaker.data("");
    let header = match speaker.lang {
        Lang::Zh => ["差异（后减前）", "组", "仅前/仅后/对", "差", "95% 区间", "p（McNemar 精确）", "p（Holm）"],
        Lang::En => [
            "difference (second less first)",
            "group",
            "only 1st/only 2nd/pairs",
            "difference",
            "95 % interval",
            "p (exact McNemar)",
            "p (Holm)",
        ],
    };
    let rows = deltas.iter().filter(|d| matches!(d.by.as_str(), "all" | "part" | "topic")).map(|d| {
        let pairs = d.both + d.only_first + d.only_second + d.neither;
        vec![
            speaker.text(&jingwei_app::metric_name(d.rate.code())).to_owned(),
            if d.by == "all" { speaker.pick("全部", "all").to_owned() } else { d.name.clone() },
            format!("{}/{}/{pairs}", d.only_first, d.only_second),
            format!("{:+.1} %", d.difference * 100.0),
            format!("[{:+.1}, {:+.1}]", d.interval.lower * 100.0, d.interval.upper * 100.0),
            format!("{:.2e}", d.p),
            format!("{:.2e}", d.p_holm),
        ]
    });
    speaker.table(&header, rows.collect());
}

fn show(command: &ProbeShow, speaker: Speaker) -> Result<Exit, Error> {
    let gates = command.fail_on.iter().map(|source| Gate::new(source)).collect::<Result<Vec<_>, _>>()?;
    let (document, _) = probes::read(&command.run)?;
    let gates = judge_gates(&gates, &document.summary)?;
    match command.format {
        Format::Table => tell_document(&document, speaker),
        Format::Json => speaker.json(&json!({"result": document, "gates": gates})),
        Format::Jsonl => document.summary.rates.iter().for_each(|row| speaker.jsonl(row)),
    }
    Ok(if gates.iter().any(|gate| gate.holds) { Exit::Findings } else { Exit::Clean })
}

fn compare(command: &ProbeCompare, speaker: Speaker) -> Result<Exit, Error> {
    let gates = command.fail_on.iter().map(|source| Gate::new(source)).collect::<Result<Vec<_>, _>>()?;
    let comparisons = probes::compare_runs(&command.before, &command.after)?;
    let mut holds = false;
    for comparison in &comparisons {
        match command.format {
            Format::Table => {
                speaker.data(arm_name(comparison.arm, speaker));
                deltas(&comparison.deltas, speaker);
            }
            Format::Json => speaker.json(&json!({"arm": comparison.arm, "deltas": comparison.deltas})),
            Format::Jsonl => comparison.deltas.iter().for_each(|delta| speaker.jsonl(delta)),
        }
        for gate in &gates {
            holds |= gate.of_deltas(&comparison.deltas)?.holds;
        }
    }
    Ok(if holds { Exit::Findings } else { Exit::Clean })
}

fn list(global: &Global, command: &ProbeList, speaker: Speaker) -> Result<Exit, Error> {
    let catalog = jingwei_app::load_catalog(global.catalog.as_deref())?;
    let say = |text: &jingwei_core::Text| speaker.text(text).to_owned();
    let rows: Vec<Vec<String>> = match command.noun {
        ProbeNoun::Suites => catalog
            .suites
            .values()
            .map(|suite| vec![suite.id.clone(), say(&suite.title), suite.parts.len().to_string()])
            .collect(),
        ProbeNoun::Banks => catalog
            .banks
            .values()
            .map(|bank| vec![bank.id.clone(), say(&bank.title), bank.items.len().to_string()])
            .collect(),
        ProbeNoun::Transforms => transforms::all()
            .iter()
            .map(|t| vec![t.name.to_owned(), say(&t.title), t.family.code().to_owned()])
            .collect(),
        ProbeNoun::Drivers => {
            drivers::all().iter().map(|d| vec![d.name.to_owned(), say(&d.title), d.id.clone()]).collect()
        }
        ProbeNoun::Judges => {
            judges::all().iter().map(|j| vec![j.name.to_owned(), say(&j.title), j.id.to_owned()]).collect()
        }
        ProbeNoun::Formats => jingwei_probe::datasets::adapters()
            .iter()
            .map(|a| vec![a.name.to_owned(), say(&a.title), a.columns.to_owned()])
            .collect(),
    };
    match command.format {
        Format::Table => speaker.table(&["", "", ""], rows),
        Format::Json => speaker.json(&rows),
        Format::Jsonl => rows.iter().for_each(|row| speaker.jsonl(row)),
    }
    Ok(Exit::Clean)
}

fn transform(command: ProbeTransform, speaker: Speaker) -> Result<Exit, Error> {
    let chain = transforms::chain(&command.chain).map_err(|e| Error::invalid(e.to_string(), e.to_string()))?;
    let text = match command.text {
        Some(text) => text,
        None => {
            let mut text = String::new();
            let read = std::io::stdin().lock().take(16 << 20).read_to_string(&mut text);
            read.map_err(|e| Error::invalid("标准输入不是文本", "standard input is not text").because(e))?;
            text.trim_end_matches('\n').to_owned()
        }
    };
    let lang = if text.chars().any(jingwei_text::is_ideograph) { Lang::Zh } else { Lang::En };
    let prompt = jingwei_probe::Prompt { messages: vec![jingwei_core::ChatMessage::user(text)], lang };
    let prompt = chain.apply(prompt, command.seed, "");
    match command.format {
        Format::Table => {
            for message in &prompt.messages {
                if prompt.messages.len() > 1 {
                    speaker.say(&format!("[{:?}]", message.role));
                }
                speaker.data(&message.content);
            }
        }
        Format::Json | Format::Jsonl => speaker.json(&prompt.messages),
    }
    if std::io::stdout().is_terminal() {
        speaker.say(&format!("· {}", chain.id()));
    }
    Ok(Exit::Clean)
}

fn size(command: &ProbeSize, speaker: Speaker) -> Result<Exit, Error> {
    use jingwei_stats::{PassLine, Sides, pass_margin, tries_for_half_width, tries_to_tell_apart};
    let bad =
        || Error::invalid("比例须在 0 与 1 之间，半宽须大于 0", "rates lie between 0 and 1, and a half-width above 0");
    let line = |spec: &str| -> Result<PassLine, Error> {
        let wrong = || {
            Error::invalid(
                format!("`{spec}` 不是合格线：写作 at-least=0.9 或 at-most=0.05"),
                format!("`{spec}` is no pass line: write at-least=0.9 or at-most=0.05"),
            )
        };
        let (name, value) = spec.split_once('=').ok_or_else(wrong)?;
        let value: f64 = value.parse().map_err(|_| wrong())?;
        match name {
            "at-least" => Ok(PassLine::AtLeast(value)),
            "at-most" => Ok(PassLine::AtMost(value)),
            _ => Err(wrong()),
        }
    };
    let tries = tries_for_half_width(command.rate, command.half_width, 0.95).ok_or_else(bad)?;
    let apart = match command.versus {
        Some(other) => Some(tries_to_tell_apart(command.rate, other, 0.95, 0.8).ok_or_else(bad)?),
        None => None,
    };
    let margin = match &command.pass_line {
        Some(spec) => Some(pass_margin(line(spec)?, command.attempts, 0.95, Sides::One).ok_or_else(bad)?),
        None => None,
    };
    if command.format != Format::Table {
        let margin = margin.map(|m| json!({"attempts": m.n, "on_the_line": m.bare, "to_be_95_percent_sure": m.needed}));
        speaker.json(&json!({"tries_for_half_width": tries, "tries_each_to_tell_apart": apart, "pass_margin": margin}));
        return Ok(Exit::Clean);
    }
    let percent = |value: f64| format!("{:.2} %", value * 100.0);
    let (rate, half) = (percent(command.rate), percent(command.half_width));
    speaker.data(&match speaker.lang {
        Lang::Zh => format!("比例约 {rate}、95% 区间半宽 {half}：需要 {tries} 次独立尝试"),
        Lang::En => format!("a rate near {rate} with an interval of ± {half} (95 %): {tries} independent attempts"),
    });
    if let (Some(other), Some(each)) = (command.versus.map(percent), apart) {
        speaker.data(&match speaker.lang {
            Lang::Zh => format!("区分 {rate} 与 {other}（显著性 95%，功效 80%）：每边 {each} 次"),
            Lang::En => format!("to tell {rate} from {other} (95 % level, 80 % power): {each} attempts each"),
        });
    }
    if let Some(margin) = margin {
        let needed = margin.needed.map_or_else(|| "–".to_owned(), |needed| needed.to_string());
        speaker.data(&match speaker.lang {
            Lang::Zh => format!("{} 次中：压线为 {}；要有 95% 把握（单侧）为 {needed}", margin.n, margin.bare),
            Lang::En => {
                format!("of {}: {} is on the line; {needed} makes it 95 % sure (one-sided)", margin.n, margin.bare)
            }
        });
    }
    Ok(Exit::Clean)
}
