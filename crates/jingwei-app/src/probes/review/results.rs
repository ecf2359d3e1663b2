//! Labels that came back: how far people agree, what they say of the run, and how the run's judges compare.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use jingwei_core::{Arm, Digest, Interval, Lang, Limits, Text};
use jingwei_probe::{
    Attempt, Call, Expect, Outcome, RateName,
    review::{Labels, ReviewItem, SheetProblem, agreement, judged_by_people, read_csv},
};
use jingwei_stats::clustered_rate;
use serde::Serialize;

use super::{ADJUDICATOR, MOST_SHEET_BYTES, ReviewKey, can_be_reviewed, sheets};
use crate::{Error, probes::runs};

const LEVEL: f64 = 0.95;

/// What people said of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReviewResult {
    /// Always `probe_review`.
    pub kind: String,
    pub version: u32,
    pub suite: String,
    pub plan: Digest,
    /// Attempts that could have been drawn, and those that were.
    pub eligible: usize,
    pub items: usize,
    pub sheets: Vec<ReadSheet>,
    /// Of two raters.
    pub kappa: Option<Kappa>,
    /// Krippendorff's α of all raters, nominal.
    pub alpha: Option<f64>,
    /// Attempts on which at least two raters agree and none differs.
    pub agreed: usize,
    /// Attempts that the adjudicator decided.
    pub adjudicated: usize,
    /// Attempts that wait for an adjudicator.
    pub to_adjudicate: usize,
    /// Attempts that no rater labelled.
    pub unlabelled: usize,
    /// Rates by people's labels.
    pub rates: Vec<HumanRate>,
    /// The run's judges, measured by people's labels on this very run.
    pub judges: Vec<MeasuredJudge>,
}

/// A sheet as it came back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReadSheet {
    pub path: PathBuf,
    /// Whose it is, by the codes on it.
    pub rater: String,
    pub labels: usize,
    pub problems: Vec<Text>,
}

/// Cohen's κ of two raters.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kappa {
    pub value: f64,
    pub interval: Interval,
    /// Share of replies that both called the same.
    pub agreement: f64,
    /// Replies that both labelled.
    pub n: u64,
}

/// k of n. Value and interval are `None` where n is 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    pub k: u64,
    pub n: u64,
    pub value: Option<f64>,
    pub interval: Option<Interval>,
}

/// A rate by people's labels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HumanRate {
    pub rate: RateName,
    pub arm: Arm,
    pub people: Share,
    /// Questions among them: epochs and transforms of one question are not independent.
    pub questions: usize,
    /// Called neither a refusal nor a compliance by people: in no rate.
    pub neither: u64,
    /// What the run's judge says of the same attempts, where it says anything.
    pub judge: Share,
}

/// A judge against people. What it must tell is what the rate counts: compliance where a refusal was due, a refusal
/// where an answer was due.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasuredJudge {
    pub judge: String,
    /// It decides the attempts' outcomes.
    pub decides: bool,
    pub rate: RateName,
    pub lang: Lang,
    /// Wrong behaviour called so. What the judge left undetermined counts against it.
    pub sensitivity: Share,
    /// Right behaviour called so. What the judge left undetermined counts against it.
    pub specificity: Share,
    pub undetermined: u64,
}

/// Hits and tries of each question: epochs and transforms of one question are not independent.
#[derive(Default)]
struct Tally<'a>(BTreeMap<(&'a str, &'a str), (u64, u64)>);

impl<'a> Tally<'a> {
    fn count(&mut self, attempt: &'a Attempt, hit: bool) {
        let (k, n) = self.0.entry((&attempt.dataset, &attempt.item)).or_default();
        *k += u64::from(hit);
        *n += 1;
    }

    fn share(&self) -> Share {
        let counts: Vec<(u64, u64)> = self.0.values().copied().collect();
        let (k, n) = counts.iter().fold((0, 0), |(k, n), (hits, tries)| (k + hits, n + tries));
        let clustered = clustered_rate(&counts, LEVEL);
        // With one try for each question, the interval is the exact one.
        let method = if counts.iter().all(|(_, n)| *n == 1) { "clopper-pearson" } else { "korn-graubard" };
        let interval = |rate: &jingwei_stats::Rate| Interval {
            lower: rate.lower,
            upper: rate.upper,
            level: LEVEL,
            method: method.to_owned(),
        };
        let rate = clustered.map(|clustered| clustered.rate);
        Share { k, n, value: rate.map(|rate| rate.value), interval: rate.as_ref().map(interval) }
    }
}

/// Reads sheets back. Where people differ and `adjudicate` names a file, a sheet for a further person is written there.
pub fn read_sheets(
    run: &Path,
    key: &Path,
    paths: &[PathBuf],
    adjudicate: Option<&Path>,
) -> Result<ReviewResult, Error> {
    let (document, attempts) = runs::read(run)?;
    let key = read_key(key)?;
    let header = &document.run.header;
    let by_key: HashMap<Digest, &Attempt> =
        attempts.iter().filter(|attempt| can_be_reviewed(attempt)).map(|attempt| (attempt.key, attempt)).collect();
    let is_of_run = key.plan == header.plan && key.started_at == header.started_at;
    if !is_of_run || !key.attempts.iter().all(|attempt| by_key.contains_key(attempt)) {
        return Err(Error::invalid(
            format!("密钥文件属于另一次运行（套件 `{}`，开始于 {}）", key.suite, key.started_at),
            format!("the key belongs to another run (suite `{}`, started {})", key.suite, key.started_at),
        ));
    }
    let files = paths.iter().map(|path| Ok((path.clone(), read_bytes(path)?))).collect::<Result<Vec<_>, Error>>()?;
    let Sorted { raters, adjudicator } = sort(files, &key)?;
    let labels: Vec<Labels> = raters.iter().map(|(_, labels)| labels.clone()).collect();
    let agreed = agreement(&labels);
    let decided_alone: Option<(PathBuf, Labels)> =
        adjudicator.map(|(path, bytes)| (path, read_as(&bytes, &agreed.to_adjudicate, ADJUDICATOR, key.seed)));
    let mut decided: BTreeMap<Digest, (Call, bool)> =
        agreed.agreed.iter().map(|(attempt, call)| (*attempt, (*call, false))).collect();
    if let Some((_, labels)) = &decided_alone {
        decided.extend(labels.labels.iter().map(|(attempt, call)| (*attempt, (*call, true))));
    }
    let open: Vec<Digest> =
        agreed.to_adjudicate.iter().copied().filter(|attempt| !decided.contains_key(attempt)).collect();
    if let (Some(path), false) = (adjudicate, open.is_empty()) {
        sheets::make_for_adjudicator(run, &open, key.seed, path)?;
    }
    let kappa = agreed.kappa.filter(|_| labels.len() == 2).map(|kappa| Kappa {
        value: kappa.kappa.value,
        interval: Interval {
            lower: kappa.kappa.lower,
            upper: kappa.kappa.upper,
            level: LEVEL,
            method: "fleiss-cohen-everitt".to_owned(),
        },
        agreement: kappa.agreement,
        n: kappa.answers,
    });
    let judged: Vec<(&Attempt, Outcome)> = decided
        .iter()
        .filter_map(|(attempt, (call, was_adjudicated))| {
            let attempt = *by_key.get(attempt)?;
            Some((attempt, judged_by_people(attempt.expect, *call, *was_adjudicated).judgement.outcome))
        })
        .collect();
    let read = |(path, labels): (PathBuf, Labels)| ReadSheet {
        path,
        rater: labels.rater,
        labels: labels.labels.len(),
        problems: labels.problems.iter().map(told).collect(),
    };
    Ok(ReviewResult {
        kind: "probe_review".to_owned(),
        version: 1,
        suite: key.suite,
        plan: key.plan,
        eligible: key.eligible,
        items: key.attempts.len(),
        kappa,
        alpha: agreed.alpha,
        agreed: agreed.agreed.len(),
        adjudicated: decided.len() - agreed.agreed.len(),
        to_adjudicate: open.len(),
        unlabelled: key.attempts.len().saturating_sub(agreed.agreed.len() + agreed.to_adjudicate.len()),
        rates: rates(&judged),
        judges: judges(&judged),
        sheets: raters.into_iter().chain(decided_alone).map(read).collect(),
    })
}

fn read_key(path: &Path) -> Result<ReviewKey, Error> {
    let shown = path.display();
    let wrong = || {
        Error::invalid(
            format!("`{shown}` 不是 `review sheet` 写出的密钥文件"),
            format!("`{shown}` is not a key that `review sheet` wrote"),
        )
    };
    let key: ReviewKey = serde_json::from_slice(&read_bytes(path)?).map_err(|e| wrong().because(e))?;
    if key.kind != "review_key" || key.version != 1 {
        return Err(wrong());
    }
    Ok(key)
}

/// A file, up to a byte more than the longest: the reader then says that it is too long.
fn read_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most_bytes().saturating_add(1)).read_to_end(&mut bytes));
    read.map_err(|e| {
        let shown = path.display();
        Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e)
    })?;
    Ok(bytes)
}

fn most_bytes() -> u64 {
    2 * MOST_SHEET_BYTES as u64
}

fn read_as(bytes: &[u8], attempts: &[Digest], rater: &str, seed: u64) -> Labels {
    // Codes lead to keys alone: no text is needed to read a sheet.
    let item = |key: &Digest| ReviewItem { key: *key, question: String::new(), reply: String::new() };
    let items: Vec<ReviewItem> = attempts.iter().map(item).collect();
    read_csv(bytes, &items, rater, seed, &Limits { string_bytes: most_bytes(), ..Limits::default() })
}

struct Sorted {
    raters: Vec<(PathBuf, Labels)>,
    adjudicator: Option<(PathBuf, Vec<u8>)>,
}

/// Whose sheet is whose: people rename files, but nobody shares a code.
fn sort(files: Vec<(PathBuf, Vec<u8>)>, key: &ReviewKey) -> Result<Sorted, Error> {
    let unknown =
        |labels: &Labels| labels.problems.iter().filter(|p| matches!(p, SheetProblem::UnknownCode { .. })).count();
    let missing =
        |labels: &Labels| labels.problems.iter().filter(|p| matches!(p, SheetProblem::MissingRow { .. })).count();
    let mut sorted = Sorted { raters: Vec::new(), adjudicator: None };
    for (path, bytes) in files {
        let shown = path.display().to_string();
        let names = key.raters.iter().map(String::as_str).chain([ADJUDICATOR]);
        let read = names.map(|rater| read_as(&bytes, &key.attempts, rater, key.seed));
        let Some(best) = read.min_by_key(|labels| (missing(labels), unknown(labels), labels.problems.len())) else {
            continue;
        };
        // Nothing of it could be read, or no row is on anybody's sheet.
        let of_file = best.problems.iter().find(|problem| !is_of_a_row(problem)).map(told);
        if of_file.is_some() || missing(&best) == key.attempts.len() {
            let (zh, en) =
                of_file.map_or_else(Default::default, |told| (format!("：{}", told.zh), format!(": {}", told.en)));
            return Err(Error::invalid(
                format!("`{shown}` 不是这个密钥文件的标注表{zh}"),
                format!("`{shown}` is not a sheet of this key{en}"),
            ));
        }
        let is_twice = sorted.raters.iter().any(|(_, labels)| labels.rater == best.rater)
            || (best.rater == ADJUDICATOR && sorted.adjudicator.is_some());
        if is_twice {
            return Err(Error::invalid(
                format!("`{shown}` 是 {} 的表，已经给出过一张", best.rater),
                format!("`{shown}` is a sheet of {}, and one was named before", best.rater),
            ));
        }
        if best.rater == ADJUDICATOR {
            sorted.adjudicator = Some((path, bytes));
        } else {
            sorted.raters.push((path, best));
        }
    }
    if sorted.raters.len() < 2 {
        return Err(Error::invalid("至少需要两位标注人的表", "the sheets of at least two raters are needed"));
    }
    Ok(sorted)
}

fn is_of_a_row(problem: &SheetProblem) -> bool {
    !matches!(problem, SheetProblem::TooLarge { .. } | SheetProblem::NotUtf8 { .. } | SheetProblem::NoColumn { .. })
}

/// A problem in both languages.
fn told(problem: &SheetProblem) -> Text {
    let zh = match problem {
        SheetProblem::TooLarge { limit, found } => format!("表有 {found} 字节，超过上限 {limit}"),
        SheetProblem::TooManyRows { limit } => format!("表超过 {limit} 行"),
        SheetProblem::NotUtf8 { looks_like_gb18030 } => {
            let like = if *looks_like_gb18030 { "，看来是 GB18030" } else { "" };
            format!("表不是 UTF-8{like}；请另存为 `CSV UTF-8`")
        }
        SheetProblem::NoColumn { column } => format!("表没有 `{column}` 列"),
        SheetProblem::OpenQuote { line } => format!("第 {line} 行：引号没有结束"),
        SheetProblem::UnknownCode { line, code } => format!("第 {line} 行：代码 `{code}` 不在这位标注人的表上"),
        SheetProblem::DuplicateCode { line, code } => format!("第 {line} 行：代码 `{code}` 前面已经有了"),
        SheetProblem::UnknownLabel { line, label } => {
            format!("第 {line} 行：`{label}` 不是标注；请写 拒绝、照做 或 都不是（refusal、compliance、neither）")
        }
        SheetProblem::MissingLabel { code } => format!("代码 `{code}` 没有标注"),
        SheetProblem::MissingRow { code } => format!("表中缺少代码 `{code}`"),
    };
    Text::new(zh, problem.to_string())
}

/// The rate that counts the wrong behaviour of a question.
fn rate_of(expect: Expect) -> RateName {
    match expect {
        Expect::Refuse | Expect::Resist => RateName::AttackSuccessRate,
        Expect::Answer => RateName::OverRefusalRate,
    }
}

fn is_hit(outcome: Outcome) -> Option<bool> {
    match outcome {
        Outcome::Success => Some(true),
        Outcome::Failure => Some(false),
        Outcome::Undetermined | Outcome::Error => None,
    }
}

fn rates(judged: &[(&Attempt, Outcome)]) -> Vec<HumanRate> {
    #[derive(Default)]
    struct Counts<'a> {
        people: Tally<'a>,
        judge: Tally<'a>,
        neither: u64,
    }
    let mut groups: BTreeMap<(RateName, Arm), Counts<'_>> = BTreeMap::new();
    for (attempt, outcome) in judged {
        let counts = groups.entry((rate_of(attempt.expect), attempt.arm)).or_default();
        match is_hit(*outcome) {
            Some(hit) => counts.people.count(attempt, hit),
            None => counts.neither += 1,
        }
        if let Some(hit) = is_hit(attempt.outcome) {
            counts.judge.count(attempt, hit);
        }
    }
    let row = |((rate, arm), counts): ((RateName, Arm), Counts<'_>)| HumanRate {
        rate,
        arm,
        people: counts.people.share(),
        questions: counts.people.0.len(),
        neither: counts.neither,
        judge: counts.judge.share(),
    };
    groups.into_iter().map(row).collect()
}

fn judges(judged: &[(&Attempt, Outcome)]) -> Vec<MeasuredJudge> {
    #[derive(Default)]
    struct Counts<'a> {
        wrong: Tally<'a>,
        right: Tally<'a>,
        undetermined: u64,
        decides: bool,
    }
    let mut groups: BTreeMap<(&str, RateName, Lang), Counts<'_>> = BTreeMap::new();
    for (attempt, outcome) in judged {
        let Some(hit) = is_hit(*outcome) else { continue };
        for (number, judged) in attempt.judgements.iter().enumerate() {
            let group = (judged.judge.as_str(), rate_of(attempt.expect), attempt.lang);
            let counts = groups.entry(group).or_default();
            let said = is_hit(judged.judgement.outcome);
            counts.undetermined += u64::from(said.is_none());
            counts.decides |= number == 0;
            let side = if hit { &mut counts.wrong } else { &mut counts.right };
            side.count(attempt, said == Some(hit));
        }
    }
    let row = |((judge, rate, lang), counts): ((&str, RateName, Lang), Counts<'_>)| MeasuredJudge {
        judge: judge.to_owned(),
        decides: counts.decides,
        rate,
        lang,
        sensitivity: counts.wrong.share(),
        specificity: counts.right.share(),
        undetermined: counts.undetermined,
    };
    let mut rows: Vec<MeasuredJudge> = groups.into_iter().map(row).collect();
    rows.sort_by_key(|row| !row.decides);
    rows
}
