//! `jingwei guard score`.

use jingwei_app::{
    Error, guards,
    heads::{self, Role},
    scores::{self, By, Judge, Score, ScoreOptions, ScoreRow, Share},
};
use jingwei_core::{Lang, Limits};
use jingwei_text::heads::{Severity, Split};

use super::guard::equipment;
use crate::{
    cli::{Format, Global, GuardScore, LevelArg, ScoreBy, SplitArg},
    output::Speaker,
};

pub fn run(global: &Global, command: GuardScore, speaker: Speaker) -> Result<(), Error> {
    let limits = Limits::default();
    let examples = heads::read_examples(&command.files, Role::Data, &limits)?.examples;
    let by = (!command.by.is_empty()).then(|| command.by.iter().map(|by| By::from(*by)).collect());
    let options = ScoreOptions { by, from: command.from.into(), split: command.split.map(Split::from) };
    let score = if command.baseline || command.policy.is_some() {
        let guard = guards::for_command(command.policy.as_deref(), &equipment(global)?)?;
        let judge = Judge::Guard { guard: &guard, direction: command.direction.into() };
        scores::score(&judge, &examples, &options)
    } else {
        let (digest, model) = heads::open_model(command.model.as_deref(), &limits)?;
        scores::score(&Judge::Heads { model: &model, digest }, &examples, &options)
    };
    if score.examples == 0 {
        return Err(Error::invalid(
            "这一部分没有样本：换一个 --split",
            "there are no examples of this split; choose another --split",
        ));
    }
    match command.format {
        Format::Json => speaker.json(&score),
        Format::Jsonl => score.tables.iter().flat_map(|table| &table.rows).for_each(|row| speaker.jsonl(row)),
        Format::Table => tell_tables(&score, speaker),
    }
    Ok(())
}

impl From<ScoreBy> for By {
    fn from(by: ScoreBy) -> Self {
        match by {
            ScoreBy::Head => Self::Head,
            ScoreBy::Lang => Self::Lang,
            ScoreBy::Class => Self::Class,
            ScoreBy::Source => Self::Source,
        }
    }
}

impl From<LevelArg> for Severity {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Controversial => Self::Controversial,
            LevelArg::Unsafe => Self::Unsafe,
        }
    }
}

impl From<SplitArg> for Split {
    fn from(split: SplitArg) -> Self {
        match split {
            SplitArg::Train => Self::Train,
            SplitArg::Dev => Self::Dev,
            SplitArg::Test => Self::Test,
        }
    }
}

/// A scorecard for a person.
pub(super) fn tell_tables(score: &Score, speaker: Speaker) {
    let Score { judge, flagged, examples, split, .. } = score;
    speaker.data(&match speaker.lang {
        Lang::Zh => format!("{judge}：{examples} 个样本（{split}），标记指 {flagged}；区间为 95 % Wilson"),
        Lang::En => format!("{judge}: {examples} examples ({split}), flagged is {flagged}; intervals are 95 % Wilson"),
    });
    for table in &score.tables {
        speaker.data("");
        let names: Vec<&str> = table.by.iter().map(|by| name_of(*by, speaker)).collect();
        let figures = match speaker.lang {
            Lang::Zh => ["有害", "召回率", "无害", "误报率", "精确率", "F1", "AUC"],
            Lang::En => ["harmful", "recall", "benign", "false positives", "precision", "F1", "AUC"],
        };
        let rows = table.rows.iter().map(|row| {
            let key = table.by.iter().map(|by| row.key.get(code_of(*by)).cloned().unwrap_or_default());
            key.chain(figures_of(row)).collect()
        });
        speaker.table(&[&names[..], &figures[..]].concat(), rows.collect());
    }
    if score.over_defence.is_empty() {
        return;
    }
    speaker.data("");
    let header = match speaker.lang {
        Lang::Zh => ["语言", "来源", "无害", "被标记"],
        Lang::En => ["language", "source", "benign", "flagged"],
    };
    let rows = score.over_defence.iter().map(|found| {
        vec![found.lang.clone(), found.source.clone(), found.rate.of.to_string(), share(Some(found.rate))]
    });
    speaker.table(&header, rows.collect());
}

fn figures_of(row: &ScoreRow) -> [String; 7] {
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    [
        row.positive.to_string(),
        share(row.recall),
        row.benign.to_string(),
        share(row.false_positive_rate),
        share(row.precision),
        number(row.f1),
        number(row.auc),
    ]
}

fn share(share: Option<Share>) -> String {
    share.map_or_else(
        || "–".to_owned(),
        |Share { value, lower, upper, .. }| {
            format!("{:.1} % [{:.1}, {:.1}]", 100.0 * value, 100.0 * lower, 100.0 * upper)
        },
    )
}

fn code_of(by: By) -> &'static str {
    match by {
        By::Head => "head",
        By::Lang => "lang",
        By::Class => "class",
        By::Source => "source",
    }
}

fn name_of(by: By, speaker: Speaker) -> &'static str {
    match by {
        By::Head => speaker.pick("头", "head"),
        By::Lang => speaker.pick("语言", "language"),
        By::Class => speaker.pick("类别", "class"),
        By::Source => speaker.pick("来源", "source"),
    }
}
