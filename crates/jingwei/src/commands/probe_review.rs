//! `jingwei probe review`: people look at a run's replies.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jingwei_app::{
    Error,
    probes::{self, ReviewResult, Share, SheetOptions},
};
use jingwei_core::{Interval, Lang};

use super::probe::arm_name;
use crate::{
    cli::Format,
    output::{Exit, Speaker},
};

/// Most problems of one sheet that are told on the screen; JSON has all.
const MOST_PROBLEMS: usize = 20;

#[derive(Subcommand)]
pub enum Review {
    /// Write a shuffled sheet for each rater, and the key that stays with the organiser
    Sheet(ReviewSheet),
    /// Read sheets back: agreement, what to adjudicate, rates by people, the judges measured on this run
    Read(ReviewRead),
}

#[derive(Args)]
pub struct ReviewSheet {
    /// The run's folder
    pub run: PathBuf,
    /// How many raters there are
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=50))]
    pub raters: u8,
    /// Decides order, codes and which attempts are drawn
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Folder for the sheets and the key
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// At most so many attempts, drawn by the seed
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
}

#[derive(Args)]
pub struct ReviewRead {
    /// The run's folder
    pub run: PathBuf,
    /// The key that `review sheet` wrote
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Sheets that were filled in, the adjudicator's among them; any file name will do
    #[arg(required = true, value_name = "SHEET")]
    pub sheets: Vec<PathBuf>,
    /// Write what the raters differ on as a sheet for an adjudicator
    #[arg(long, value_name = "FILE")]
    pub adjudicate: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "table")]
    /// Form of the output
    pub format: Format,
}

pub fn run(command: &Review, speaker: Speaker) -> Result<Exit, Error> {
    match command {
        Review::Sheet(command) => sheet(command, speaker),
        Review::Read(command) => read(command, speaker),
    }
}

fn sheet(command: &ReviewSheet, speaker: Speaker) -> Result<Exit, Error> {
    let options = SheetOptions {
        raters: usize::from(command.raters),
        seed: command.seed,
        out: command.out.clone(),
        limit: command.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX)),
    };
    let made = probes::make_review_sheets(&command.run, &options)?;
    for path in &made.sheets {
        speaker.data(&path.display().to_string());
    }
    let (items, eligible, key) = (made.items, made.eligible, made.key.display());
    speaker.say(&match speaker.lang {
        Lang::Zh => format!("{} 张表，每张 {items} 条回复（可抽 {eligible} 条）", made.sheets.len()),
        Lang::En => format!("{} sheets of {items} replies each, drawn from {eligible}", made.sheets.len()),
    });
    if made.without_reply + made.planted > 0 {
        let (without_reply, planted) = (made.without_reply, made.planted);
        speaker.say(&match speaker.lang {
            Lang::Zh => format!("未列入：{without_reply} 次没有回复，{planted} 次植入指令（拒绝与否不是其问题）"),
            Lang::En => format!(
                "left out: {without_reply} without a reply, {planted} that plant an instruction (refusal is no question there)"
            ),
        });
    }
    speaker.say(speaker.pick(
        "在 label 列填写：拒绝、照做 或 都不是；保存为 CSV UTF-8",
        "fill in the column `label` with refusal, compliance or neither, and save as CSV UTF-8",
    ));
    speaker.say(&match speaker.lang {
        Lang::Zh => format!("密钥文件由组织者保管，不要交给标注人：{key}"),
        Lang::En => format!("the key stays with the organiser, never with a rater: {key}"),
    });
    Ok(Exit::Clean)
}

fn read(command: &ReviewRead, speaker: Speaker) -> Result<Exit, Error> {
    let adjudicate = command.adjudicate.as_deref();
    let result = probes::read_review_sheets(&command.run, &command.key, &command.sheets, adjudicate)?;
    match command.format {
        Format::Table => tell(&result, speaker),
        Format::Json => speaker.json(&result),
        Format::Jsonl => speaker.jsonl(&result),
    }
    if let Some(path) = adjudicate {
        let (open, shown) = (result.to_adjudicate, path.display());
        speaker.say(&match (speaker.lang, open) {
            (Lang::Zh, 0) => "没有待裁决的条目，未写裁决表".to_owned(),
            (Lang::En, 0) => "nothing is left to adjudicate, and no sheet was written".to_owned(),
            (Lang::Zh, _) => format!("{open} 条待裁决，已写入 `{shown}`；填好后与其他表一起读回"),
            (Lang::En, _) => format!("{open} to adjudicate are in `{shown}`; read it back with the other sheets"),
        });
    }
    let is_clean = result.sheets.iter().all(|sheet| sheet.problems.is_empty());
    Ok(if is_clean { Exit::Clean } else { Exit::Findings })
}

fn tell(result: &ReviewResult, speaker: Speaker) {
    for sheet in &result.sheets {
        let (shown, rater, labels, count) = (sheet.path.display(), &sheet.rater, sheet.labels, sheet.problems.len());
        speaker.data(&match speaker.lang {
            Lang::Zh => format!("{rater} · {labels} 个标注 · {count} 个问题 · {shown}"),
            Lang::En => format!("{rater} · {labels} labels · {count} problems · {shown}"),
        });
        for problem in sheet.problems.iter().take(MOST_PROBLEMS) {
            speaker.data(&format!("  {}", speaker.text(problem)));
        }
        if count > MOST_PROBLEMS {
            speaker.data(&format!("  … {}", count - MOST_PROBLEMS));
        }
    }
    speaker.data("");
    let none = || speaker.pick("没有定义", "not defined").to_owned();
    if result.sheets.iter().filter(|sheet| sheet.rater.starts_with("rater-")).count() == 2 {
        let kappa = result.kappa.as_ref().map_or_else(none, |kappa| {
            let Interval { lower, upper, .. } = kappa.interval;
            format!("{:.2} [{lower:.2}, {upper:.2}] · {} · {}", kappa.value, percent(kappa.agreement), kappa.n)
        });
        speaker
            .data(&format!("{}: {kappa}", speaker.pick("Cohen κ · 一致率 · 条数", "Cohen's κ · agreement · replies")));
    }
    let alpha = result.alpha.map_or_else(none, |alpha| format!("{alpha:.2}"));
    speaker.data(&format!("{}: {alpha}", speaker.pick("Krippendorff α", "Krippendorff's α")));
    let ReviewResult { items, eligible, agreed, adjudicated, to_adjudicate, unlabelled, .. } = result;
    speaker.data(&match speaker.lang {
        Lang::Zh => format!(
            "{items} 条（从 {eligible} 条中抽取）：一致 {agreed} · 已裁决 {adjudicated} · 待裁决 {to_adjudicate} · 无人标注 {unlabelled}"
        ),
        Lang::En => format!(
            "{items} replies of {eligible}: agreed {agreed} · adjudicated {adjudicated} · to adjudicate {to_adjudicate} · labelled by nobody {unlabelled}"
        ),
    });
    rates(result, speaker);
    judges(result, speaker);
}

fn rates(result: &ReviewResult, speaker: Speaker) {
    let header = match speaker.lang {
        Lang::Zh => ["比例（人工标注）", "条件", "k/n", "值", "95% 区间", "方法", "题数", "都不是", "评判者 k/n"],
        Lang::En => {
            ["rate by people", "arm", "k/n", "value", "95 % interval", "method", "questions", "neither", "judge k/n"]
        }
    };
    let row = |row: &probes::HumanRate| {
        let mut cells = vec![
            speaker.text(&jingwei_app::metric_name(row.rate.code())).to_owned(),
            arm_name(row.arm, speaker).to_owned(),
        ];
        cells.extend(share(&row.people));
        cells.extend([
            row.people.interval.as_ref().map_or_else(|| "–".to_owned(), |interval| interval.method.clone()),
            row.questions.to_string(),
            row.neither.to_string(),
            format!("{}/{}", row.judge.k, row.judge.n),
        ]);
        cells
    };
    speaker.data("");
    speaker.table(&header, result.rates.iter().map(row).collect());
}

fn judges(result: &ReviewResult, speaker: Speaker) {
    let header = match speaker.lang {
        Lang::Zh => {
            ["评判者（本次运行实测）", "针对", "语言", "灵敏度", "", "95% 区间", "特异度", "", "95% 区间", "无法判定"]
        }
        Lang::En => [
            "judge on this run",
            "of",
            "lang",
            "sensitivity",
            "",
            "95 % interval",
            "specificity",
            "",
            "95 % interval",
            "undetermined",
        ],
    };
    let row = |row: &probes::MeasuredJudge| {
        let decides = if row.decides { speaker.pick("（决定结果）", " (decides)") } else { "" };
        let mut cells = vec![
            format!("{}{decides}", row.judge),
            speaker.text(&jingwei_app::metric_name(row.rate.code())).to_owned(),
            row.lang.code().to_owned(),
        ];
        cells.extend(share(&row.sensitivity));
        cells.extend(share(&row.specificity));
        cells.push(row.undetermined.to_string());
        cells
    };
    speaker.data("");
    speaker.table(&header, result.judges.iter().map(row).collect());
}

/// k/n, value and interval.
fn share(share: &Share) -> [String; 3] {
    let none = || "–".to_owned();
    [
        format!("{}/{}", share.k, share.n),
        share.value.map_or_else(none, percent),
        share
            .interval
            .as_ref()
            .map_or_else(none, |interval| format!("[{:.1}, {:.1}]", interval.lower * 100.0, interval.upper * 100.0)),
    ]
}

fn percent(value: f64) -> String {
    format!("{:.1} %", value * 100.0)
}
