//! What a run, the sheets of people and the two machine checks amount to, against the standard's lines.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use jingwei_catalog::filing::{FilingBank, FilingRole};
use jingwei_core::{Arm, Digest, Limits, Severity, Text};
use jingwei_probe::filing::{
    Agreement, Finding, Mark, Measure, Method, Oddities, Rating, Slots, Verdict, agreement, majority, measure,
    ratings_of_table,
};
use serde::Serialize;

use super::{
    BankSource, Standard,
    banks::load_bank,
    judges::ContentJudges,
    replies::{RunReply, RunUse, read_runs},
    standard::read_file,
    tables::read_tables,
};
use crate::Error;

pub struct CheckRequest<'a> {
    pub runs: &'a [PathBuf],
    /// Sheets that people filled in.
    pub humans: &'a [PathBuf],
    /// The banks whose questions were asked: they tell each question's kind.
    pub banks: &'a [BankSource],
    pub packs: &'a [PathBuf],
    /// A file of heads; by default those of this program.
    pub heads: Option<PathBuf>,
}

/// Measurements with what they were made of. It says what was counted and nothing of what an authority will decide.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    pub kind: &'static str,
    pub version: u32,
    pub filing: String,
    pub title: Text,
    pub verified: bool,
    pub note: Text,
    pub runs: Vec<RunUse>,
    pub sheets: Vec<SheetUse>,
    pub keyword_digest: Digest,
    pub classifier_digest: Digest,
    pub arms: Vec<ArmReport>,
    pub findings: Vec<Finding>,
}

/// A sheet that was read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SheetUse {
    pub file: String,
    pub digest: Digest,
    pub ratings: u64,
    /// Lines without a verdict.
    pub blank: u64,
    pub reviewers: Vec<String>,
}

/// Everything about the system as it is, or behind its guard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmReport {
    pub arm: Arm,
    pub measures: Vec<Measure>,
    pub agreements: Vec<Agreement>,
    pub disagreements: Vec<Disagreement>,
}

/// A reply of which two methods say different things.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disagreement {
    pub role: FilingRole,
    pub item: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    pub marks: BTreeMap<Method, Mark>,
}

/// What stands above every report.
#[must_use]
pub fn note() -> Text {
    Text::new(
        "本结果只陈述测量值及其不确定性，不构成对备案结果的承诺；标准数字的来源与核对情况见各项所注。",
        "This states measurements and their uncertainty and promises nothing of a filing; where the standard's numbers \
         come from, and whether they were verified, is noted at each.",
    )
}

/// Judges what a run generated in three ways and counts its refusals.
pub fn check(standard: &Standard<'_>, request: &CheckRequest<'_>, limits: &Limits) -> Result<CheckReport, Error> {
    if request.runs.is_empty() {
        return Err(Error::invalid("请用 --run 给出一次运行的目录", "name the folder of a run with --run"));
    }
    let (replies, runs) = read_runs(standard, request.runs)?;
    let (ratings, sheets, oddities) = read_sheets(request.humans, limits)?;
    let judges = ContentJudges::open(standard, request.packs, request.heads.as_deref(), limits)?;
    let mut findings = oddities.findings();
    let human = human_marks(&replies, &ratings, &mut findings);
    let raters = agreement_of_raters(&ratings);
    let mut arms = Vec::new();
    for arm in [Arm::Undefended, Arm::Defended] {
        let own: Vec<usize> =
            (0..replies.len()).filter(|index| replies.get(*index).is_some_and(|r| r.arm == arm)).collect();
        if own.is_empty() {
            continue;
        }
        let mut report = ArmReport { arm, measures: Vec::new(), agreements: Vec::new(), disagreements: Vec::new() };
        for (bank, slots) in standard.banks() {
            let kinds = kinds_of(standard, bank.role, request.banks, limits)?;
            let marks: Vec<Marked> = own
                .iter()
                .filter_map(|index| Some((*index, replies.get(*index)?)))
                .filter(|(_, reply)| reply.role == bank.role)
                .map(|(index, reply)| marked(reply, human.get(&index).copied(), &kinds, &judges))
                .collect();
            add_bank(&mut report, bank, &slots, &marks, &mut findings);
        }
        arms.push(report);
    }
    if let (Some(first), Some(raters)) = (arms.first_mut(), raters) {
        first.agreements.push(raters);
    }
    Ok(CheckReport {
        kind: "filing_check",
        version: 1,
        filing: standard.filing.id.clone(),
        title: standard.filing.title.clone(),
        verified: standard.filing.verified,
        note: note(),
        runs,
        sheets,
        keyword_digest: judges.keywords.digest,
        classifier_digest: judges.model_digest,
        arms,
        findings,
    })
}

/// A reply with what each method says of it.
struct Marked {
    item: String,
    slot: Option<usize>,
    marks: BTreeMap<Method, Mark>,
}

fn marked(reply: &RunReply, human: Option<Mark>, kinds: &BTreeMap<String, usize>, judges: &ContentJudges) -> Marked {
    let mut marks = BTreeMap::new();
    if reply.role == FilingRole::ContentTest {
        let content = judges.judge(reply);
        marks.insert(Method::Keyword, content.keyword);
        marks.insert(Method::Classifier, content.classifier);
    } else {
        marks.insert(Method::RefusalJudge, reply.refusal);
    }
    marks.extend(human.map(|mark| (Method::Human, mark)));
    Marked { item: reply.item.clone(), slot: kinds.get(&reply.item).copied(), marks }
}

fn kinds_of(
    standard: &Standard<'_>,
    role: FilingRole,
    banks: &[BankSource],
    limits: &Limits,
) -> Result<BTreeMap<String, usize>, Error> {
    let input = load_bank(standard, role, banks, limits)?;
    Ok(input.questions.into_iter().filter_map(|question| Some((question.id, question.slot?))).collect())
}

fn add_bank(report: &mut ArmReport, bank: &FilingBank, slots: &Slots, marks: &[Marked], findings: &mut Vec<Finding>) {
    let methods: &[Method] = match bank.role {
        FilingRole::ContentTest => &[Method::Human, Method::Keyword, Method::Classifier],
        FilingRole::ShouldRefuse | FilingRole::ShouldNotRefuse => &[Method::RefusalJudge, Method::Human],
    };
    for method in methods {
        let own: Vec<(Option<usize>, Mark)> =
            marks.iter().filter_map(|marked| Some((marked.slot, *marked.marks.get(method)?))).collect();
        // People need not repeat what the refusal judge says; of content they must have their say.
        if !own.is_empty() {
            report.measures.push(measure(bank, slots, *method, &own));
        } else if bank.role == FilingRole::ContentTest || *method == Method::RefusalJudge {
            findings.push(unmeasured(bank, *method, report.arm));
        }
    }
    for (index, one) in methods.iter().enumerate() {
        for other in methods.iter().skip(index + 1) {
            let pairs: Vec<(Mark, Mark)> =
                marks.iter().filter_map(|m| Some((*m.marks.get(one)?, *m.marks.get(other)?))).collect();
            if !pairs.is_empty() {
                let name = |method: &Method| {
                    let (title, by) = (&bank.title, method.label());
                    Text::new(format!("{}：{}", title.zh, by.zh), format!("{}: {}", title.en, by.en))
                };
                report.agreements.push(agreement(name(one), name(other), &pairs));
            }
        }
    }
    for marked in marks {
        let said: BTreeSet<Mark> =
            marked.marks.values().copied().filter(|mark| matches!(mark, Mark::Hit | Mark::Miss)).collect();
        if said.len() > 1 {
            let slot = marked.slot.and_then(|slot| slots.get(slot)).map(|slot| slot.code.clone());
            let (item, marks) = (marked.item.clone(), marked.marks.clone());
            report.disagreements.push(Disagreement { role: bank.role, item, slot, marks });
        }
    }
}

fn finding(code: &'static str, severity: Severity, zh: String, en: String) -> Finding {
    Finding { code, severity, slot: None, message: Text::new(zh, en), missing: None, basis: None }
}

fn unmeasured(bank: &FilingBank, method: Method, arm: Arm) -> Finding {
    let (title, method, arm) = (&bank.title, method.label(), arm.code());
    finding(
        "filing.not-measured",
        Severity::High,
        format!("{}：没有{}的结果（{arm}）", title.zh, method.zh),
        format!("{}: {} measured nothing ({arm})", title.en, method.en),
    )
}

fn read_sheets(paths: &[PathBuf], limits: &Limits) -> Result<(Vec<Rating>, Vec<SheetUse>, Oddities), Error> {
    let (mut ratings, mut uses, mut oddities) = (Vec::new(), Vec::new(), Oddities::default());
    for path in paths {
        let shown = path.display();
        let (name, bytes) = read_file(path, limits)?;
        let tables = read_tables(&name, &bytes, limits)
            .map_err(|why| Error::invalid(format!("`{shown}`：{}", why.zh), format!("`{shown}`: {}", why.en)))?;
        let read: Vec<Rating> =
            tables.iter().filter_map(|table| ratings_of_table(table, &mut oddities)).flatten().collect();
        if read.is_empty() {
            return Err(Error::invalid(
                format!("`{shown}` 不是复核表：需要“题库”“题目编号”“结论”三列"),
                format!("`{shown}` is no review sheet: it needs the columns `role`, `item` and `verdict`"),
            ));
        }
        let reviewers: BTreeSet<String> =
            read.iter().map(|r| r.reviewer.clone()).filter(|name| !name.is_empty()).collect();
        let blank = read.iter().filter(|rating| rating.verdict == Verdict::Blank).count() as u64;
        let (digest, reviewers) = (Digest::of(&bytes), reviewers.into_iter().collect());
        uses.push(SheetUse { file: name, digest, ratings: read.len() as u64, blank, reviewers });
        ratings.extend(read);
    }
    Ok((ratings, uses, oddities))
}

/// What people say of each reply, by its index. A rating counts for the very reply that was read; where a sheet does
/// not name it, for the only reply there is.
fn human_marks(replies: &[RunReply], ratings: &[Rating], findings: &mut Vec<Finding>) -> BTreeMap<usize, Mark> {
    let mut by_item: BTreeMap<(FilingRole, &str), Vec<usize>> = BTreeMap::new();
    for (index, reply) in replies.iter().enumerate() {
        by_item.entry((reply.role, &reply.item)).or_default().push(index);
    }
    let mut verdicts: BTreeMap<usize, Vec<Verdict>> = BTreeMap::new();
    let (mut other_reply, mut no_reply) = (0_u64, 0_u64);
    for rating in ratings {
        let candidates = by_item.get(&(rating.role, rating.item.as_str())).map(Vec::as_slice).unwrap_or_default();
        let is_named = |index: &&usize| {
            replies.get(**index).and_then(|reply| reply.digest).is_some_and(|digest| digest.to_string() == rating.reply)
        };
        let found: Vec<usize> = match (rating.reply.as_str(), candidates) {
            ("", [only]) => vec![*only],
            ("", _) => Vec::new(),
            (_, several) => several.iter().filter(is_named).copied().collect(),
        };
        match (found.is_empty(), candidates.is_empty()) {
            (true, true) => no_reply += 1,
            (true, false) => other_reply += 1,
            (false, _) => found.into_iter().for_each(|index| verdicts.entry(index).or_default().push(rating.verdict)),
        }
    }
    if other_reply > 0 {
        findings.push(finding(
            "filing.rating-of-other-reply",
            Severity::Medium,
            format!("{other_reply} 条人工结论不是针对这次运行的回答（或有两个回答而未写明是哪一个），未计入"),
            format!("{other_reply} ratings are of other replies than the run's (or there are two and it is not told which): not counted"),
        ));
    }
    if no_reply > 0 {
        findings.push(finding(
            "filing.rating-without-reply",
            Severity::Medium,
            format!("{no_reply} 条人工结论的题目不在运行中，未计入"),
            format!("{no_reply} ratings are of questions that the run did not ask: not counted"),
        ));
    }
    let mark = |(index, verdicts): (usize, Vec<Verdict>)| {
        // Nobody can judge what never came.
        let came = replies.get(index).is_some_and(|reply| reply.digest.is_some());
        (index, if came { majority(&verdicts) } else { Mark::Error })
    };
    verdicts.into_iter().map(mark).collect()
}

/// How far the two people who rated most agree on the replies that both rated.
fn agreement_of_raters(ratings: &[Rating]) -> Option<Agreement> {
    let mut by_reviewer: BTreeMap<&str, BTreeMap<(FilingRole, &str, &str), Mark>> = BTreeMap::new();
    for rating in ratings.iter().filter(|rating| !rating.reviewer.is_empty()) {
        let key = (rating.role, rating.item.as_str(), rating.reply.as_str());
        by_reviewer.entry(&rating.reviewer).or_default().insert(key, rating.verdict.mark());
    }
    let mut most: Vec<_> = by_reviewer.iter().collect();
    most.sort_by_key(|(_, rated)| std::cmp::Reverse(rated.len()));
    let [(one, first), (other, second), ..] = most.as_slice() else { return None };
    let reviewer = |name: &str| Text::new(format!("复核人 {name}"), format!("reviewer {name}"));
    let pairs: Vec<(Mark, Mark)> = first.iter().filter_map(|(key, mark)| Some((*mark, *second.get(key)?))).collect();
    (!pairs.is_empty()).then(|| agreement(reviewer(one), reviewer(other), &pairs))
}
