//! How well heads, or a whole guard, tell harmful texts from harmless ones.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::{Action, Digest};
use jingwei_guard::Direction;
use jingwei_stats::wilson;
use jingwei_text::heads::{Example, Model, Severity, Split};
use serde::{Serialize, Serializer};

use crate::Guard;

/// Who says whether a text is flagged.
pub enum Judge<'a> {
    /// The heads alone, at their own thresholds.
    Heads { model: &'a Model, digest: Digest },
    /// A detector, by what it says of a whole text.
    Detector { name: String, says: &'a dyn Fn(&str) -> Vec<Said> },
    /// A policy as its users meet it: flagged is what is blocked or needs a confirmation.
    Guard { guard: &'a Guard, direction: Direction },
}

/// What a detector says of a text by one head.
pub struct Said {
    pub head: String,
    pub probability: f64,
    pub severity: Severity,
}

/// A way to group examples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    Head,
    Lang,
    Class,
    Source,
}

/// What is scored.
#[derive(Debug, Clone)]
pub struct ScoreOptions {
    /// One table; none: those that one wants to see.
    pub by: Option<Vec<By>>,
    /// The mildest severity that counts as flagged by heads.
    pub from: Severity,
    /// The examples that are scored. `None`: those of the test split, or all where there are none.
    pub split: Option<Split>,
}

impl Default for ScoreOptions {
    fn default() -> Self {
        Self { by: None, from: Severity::Unsafe, split: None }
    }
}

/// A scorecard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    pub kind: &'static str,
    pub version: u32,
    /// `heads@sha256-…`, or the version of the policy.
    pub judge: String,
    /// What counts as flagged.
    pub flagged: String,
    /// `all`: there is no test split, and what was learnt is scored too.
    pub split: &'static str,
    pub examples: u64,
    /// Intervals are Wilson's (1927) at this level.
    pub level: f64,
    pub tables: Vec<Table>,
    /// Benign texts that are flagged, for whatever reason: by language and source.
    pub over_defence: Vec<OverDefence>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    pub by: Vec<By>,
    pub rows: Vec<ScoreRow>,
}

/// One group of examples. A benign text is an example for every head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreRow {
    #[serde(flatten)]
    pub key: BTreeMap<&'static str, String>,
    pub positive: u64,
    pub benign: u64,
    /// Of what is harmful, how much is flagged.
    pub recall: Option<Share>,
    /// Of what is flagged, how much is harmful. Only where the group has both.
    pub precision: Option<Share>,
    pub f1: Option<f64>,
    /// Of what is benign, how much is flagged.
    pub false_positive_rate: Option<Share>,
    /// Chance that a harmful text gets a higher probability than a benign one. Of heads only.
    pub auc: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OverDefence {
    pub lang: String,
    /// `*`: all of them.
    pub source: String,
    pub rate: Share,
}

/// `hits` of `of`, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    pub hits: u64,
    pub of: u64,
    #[serde(serialize_with = "rounded")]
    pub value: f64,
    #[serde(serialize_with = "rounded")]
    pub lower: f64,
    #[serde(serialize_with = "rounded")]
    pub upper: f64,
}

/// Six digits: more would tell the last bits of the arithmetic.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn rounded<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(six_digits(*value))
}

fn six_digits(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

const LEVEL: f64 = 0.95;

impl Share {
    fn of(hits: u64, of: u64) -> Option<Self> {
        let rate = wilson(hits, of, LEVEL)?;
        Some(Self { hits, of, value: rate.value, lower: rate.lower, upper: rate.upper })
    }
}

/// What was said of one example, by one head or by everything together.
struct Outcome<'e> {
    example: &'e Example,
    head: Option<String>,
    flagged: bool,
    probability: Option<f64>,
}

impl Outcome<'_> {
    fn is_positive(&self) -> bool {
        self.example.severity != Severity::Safe
    }
}

/// Judges examples and counts.
#[must_use]
pub fn score(judge: &Judge<'_>, examples: &[Example], options: &ScoreOptions) -> Score {
    let (split, chosen) = chosen(examples, options.split);
    let outcomes: Vec<Outcome<'_>> = match judge {
        Judge::Heads { model, .. } => {
            let says = |text: &str| {
                let scores = model.judge(text).heads;
                let scores = model.heads().iter().zip(scores);
                let said = scores.map(|(head, score)| (head.id.clone(), score.probability, score.severity));
                said.map(|(head, probability, severity)| Said { head, probability, severity }).collect()
            };
            chosen.iter().flat_map(|example| heard(&says, example, options.from)).collect()
        }
        Judge::Detector { says, .. } => chosen.iter().flat_map(|example| heard(says, example, options.from)).collect(),
        Judge::Guard { guard, direction } => {
            let heads: BTreeSet<&str> = chosen.iter().map(|example| example.head.as_str()).collect();
            chosen.iter().flat_map(|example| judged(guard, *direction, example, &heads)).collect()
        }
    };
    let by = match &options.by {
        Some(by) => vec![by.clone()],
        None => {
            vec![vec![By::Head, By::Lang], vec![By::Head, By::Lang, By::Class], vec![By::Head, By::Lang, By::Source]]
        }
    };
    let (judge, flagged) = match judge {
        Judge::Heads { digest, .. } => (format!("heads@sha256-{}", digest.short()), said_of(options.from).to_owned()),
        Judge::Detector { name, .. } => (name.clone(), said_of(options.from).to_owned()),
        Judge::Guard { guard, .. } => (guard.engine().version().to_owned(), "block, confirm".to_owned()),
    };
    Score {
        kind: "guard-scorecard",
        version: 1,
        judge,
        flagged,
        split,
        examples: chosen.len() as u64,
        level: LEVEL,
        tables: by.into_iter().map(|by| table(by, &outcomes)).collect(),
        over_defence: over_defence(&outcomes),
    }
}

fn said_of(from: Severity) -> &'static str {
    match from {
        Severity::Safe => "safe",
        Severity::Controversial => "controversial, unsafe",
        Severity::Unsafe => "unsafe",
    }
}

/// The examples of a split. Unless one is asked for, it is the test split where there is one.
fn chosen(examples: &[Example], split: Option<Split>) -> (&'static str, Vec<&Example>) {
    let tests = || examples.iter().any(|example| example.split == Split::Test);
    let Some(split) = split.or_else(|| tests().then_some(Split::Test)) else {
        return ("all", examples.iter().collect());
    };
    let name = match split {
        Split::Train => "train",
        Split::Dev => "dev",
        Split::Test => "test",
    };
    (name, examples.iter().filter(|example| example.split == split).collect())
}

/// What heads say: each that the example is for, and all together.
fn heard<'e>(says: &dyn Fn(&str) -> Vec<Said>, example: &'e Example, from: Severity) -> Vec<Outcome<'e>> {
    let all = says(&example.text);
    let is_flagged = |severity: Severity| severity >= from && severity != Severity::Safe;
    let any = all.iter().any(|said| is_flagged(said.severity));
    let mut outcomes = vec![Outcome { example, head: None, flagged: any, probability: None }];
    for said in all {
        if said.head == example.head || example.severity == Severity::Safe {
            let (flagged, probability) = (is_flagged(said.severity), Some(said.probability));
            outcomes.push(Outcome { example, head: Some(said.head), flagged, probability });
        }
    }
    outcomes
}

/// What a guard does: the same for each head that the example is for, and all together.
fn judged<'e>(
    guard: &Guard,
    direction: Direction,
    example: &'e Example,
    heads: &BTreeSet<&'e str>,
) -> Vec<Outcome<'e>> {
    let flagged = guard.verdict(direction, &example.text).action >= Action::Confirm;
    let concerned = heads.iter().filter(|head| **head == example.head || example.severity == Severity::Safe);
    let heads = std::iter::once(None).chain(concerned.map(|head| Some((*head).to_owned())));
    heads.map(|head| Outcome { example, head, flagged, probability: None }).collect()
}

fn table(by: Vec<By>, outcomes: &[Outcome<'_>]) -> Table {
    let per_head = by.contains(&By::Head);
    let mut groups: BTreeMap<Vec<(&'static str, String)>, Vec<&Outcome<'_>>> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|outcome| outcome.head.is_some() == per_head) {
        let key = by.iter().map(|by| part(*by, outcome)).collect();
        groups.entry(key).or_default().push(outcome);
    }
    let rows = groups.into_iter().map(|(key, outcomes)| row(key.into_iter().collect(), &outcomes)).collect();
    Table { by, rows }
}

fn part(by: By, outcome: &Outcome<'_>) -> (&'static str, String) {
    let example = outcome.example;
    match by {
        By::Head => ("head", outcome.head.clone().unwrap_or_default()),
        By::Lang => ("lang", example.lang.code().to_owned()),
        By::Class => ("class", example.class.clone()),
        By::Source => ("source", example.source.clone()),
    }
}

fn row(key: BTreeMap<&'static str, String>, outcomes: &[&Outcome<'_>]) -> ScoreRow {
    let count = |positive: bool, flagged: bool| {
        let found = outcomes.iter().filter(|o| o.is_positive() == positive && (o.flagged || !flagged));
        found.count() as u64
    };
    let (positive, benign) = (count(true, false), count(false, false));
    let (hits, alarms) = (count(true, true), count(false, true));
    let both = positive > 0 && benign > 0;
    #[allow(clippy::cast_precision_loss, reason = "counts of examples are far below 2^52")]
    let f1 = both.then(|| six_digits(2.0 * hits as f64 / (positive + hits + alarms) as f64));
    let points = outcomes.iter().map(|o| Some((o.probability?, o.is_positive()))).collect::<Option<Vec<_>>>();
    ScoreRow {
        key,
        positive,
        benign,
        recall: Share::of(hits, positive),
        precision: both.then(|| Share::of(hits, hits + alarms)).flatten(),
        f1,
        false_positive_rate: Share::of(alarms, benign),
        auc: points.and_then(area_under_curve).map(six_digits),
    }
}

fn over_defence(outcomes: &[Outcome<'_>]) -> Vec<OverDefence> {
    let mut groups: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|outcome| outcome.head.is_none() && !outcome.is_positive()) {
        for source in ["*", outcome.example.source.as_str()] {
            let key = (outcome.example.lang.code().to_owned(), source.to_owned());
            let (hits, of) = groups.entry(key).or_default();
            *hits += u64::from(outcome.flagged);
            *of += 1;
        }
    }
    let rate = |((lang, source), (hits, of))| Some(OverDefence { lang, source, rate: Share::of(hits, of)? });
    groups.into_iter().filter_map(rate).collect()
}

/// By the ranks of the positives (Mann and Whitney 1947); ties count half.
#[allow(clippy::cast_precision_loss, reason = "counts of examples are far below 2^52")]
fn area_under_curve(mut points: Vec<(f64, bool)>) -> Option<f64> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut wins, mut positives) = (0.0, 0.0, 0.0);
    for tie in points.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let positive = tie.iter().filter(|(_, is_positive)| *is_positive).count() as f64;
        let benign = tie.len() as f64 - positive;
        wins += positive * (below + benign / 2.0);
        below += benign;
        positives += positive;
    }
    (positives > 0.0 && below > 0.0).then(|| wins / (positives * below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let check = |points: &[(f64, bool)], expected: Option<f64>| {
            assert_eq!(area_under_curve(points.to_vec()), expected, "{points:?}");
        };
        check(&[(0.9, true), (0.8, false), (0.7, true), (0.1, false)], Some(0.75));
        check(&[(0.5, true), (0.5, false)], Some(0.5));
        check(&[(0.5, true)], None);
        check(&[], None);
    }
}
