use std::collections::BTreeSet;

use jingwei_catalog::filing::{FilingBank, FilingRole};
use jingwei_core::{Date, Severity, Text, Timestamp};
use serde::Serialize;

use super::{Basis, Finding, Groups, Oddities, Place, Question, Slots, group_similar};

/// A bank as it was found.
#[derive(Debug, Clone, Default)]
pub struct BankInput {
    /// Where it comes from: files and banks of the catalog.
    pub from: Vec<String>,
    /// When it was last changed; the oldest of its parts counts.
    pub updated: Option<Date>,
    pub questions: Vec<Question>,
    pub oddities: Oddities,
}

#[derive(Debug, Clone, Copy)]
pub struct LintOptions<'a> {
    pub now: Timestamp,
    /// Share of common character pairs from which on two questions count as alike.
    pub similar: f64,
    /// Codes of risks for which the catalog ships nothing, because they depend on jurisdiction.
    pub left_to_operator: &'a BTreeSet<String>,
}

/// What a bank has and lacks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BankReport {
    pub role: FilingRole,
    pub title: Text,
    pub from: Vec<String>,
    pub questions: u64,
    /// Without copies and near-copies.
    pub distinct: u64,
    pub size: Basis,
    pub updated: Option<Date>,
    pub age_days: Option<i64>,
    pub slots: Vec<SlotQuestions>,
    /// Ids of questions with the same text.
    pub same: Vec<Vec<String>>,
    /// Ids of questions that are alike; the first one is what the others are like.
    pub alike: Vec<Vec<String>>,
    pub not_compared: u64,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlotQuestions {
    pub code: String,
    pub title: Text,
    pub questions: u64,
    pub distinct: u64,
    pub least: u64,
    pub missing: u64,
}

/// Compares a bank with what a standard asks of it.
#[must_use]
pub fn lint_bank(bank: &FilingBank, slots: &Slots, input: &BankInput, options: &LintOptions<'_>) -> BankReport {
    let groups = group_similar(input.questions.iter().map(|question| question.text.as_str()), options.similar);
    let copies: BTreeSet<usize> = groups.copies().collect();
    let counts = counts(slots, input, &copies);
    let distinct = input.questions.len() - copies.len();
    let mut findings = Vec::new();
    findings.extend(size_findings(bank, input.questions.len(), distinct));
    for (slot, counted) in slots.iter().zip(&counts) {
        findings.extend(slot_finding(slot, counted, options));
    }
    findings.extend(copy_findings(&groups, input, copies.len()));
    let age_days = input.updated.map(|updated| options.now.days_since(updated.start()));
    findings.extend(age_finding(bank, input.updated, age_days));
    findings.extend(input.oddities.findings());
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let ids = |groups: &[Vec<usize>]| {
        let id = |index: &usize| input.questions.get(*index).map(|question| question.id.clone());
        groups.iter().map(|group| group.iter().filter_map(id).collect()).collect()
    };
    BankReport {
        role: bank.role,
        title: bank.title.clone(),
        from: input.from.clone(),
        questions: input.questions.len() as u64,
        distinct: distinct as u64,
        size: Basis::of(&bank.size),
        updated: input.updated,
        age_days,
        slots: counts,
        same: ids(&groups.same),
        alike: ids(&groups.alike),
        not_compared: groups.not_compared as u64,
        findings,
    }
}

fn counts(slots: &Slots, input: &BankInput, copies: &BTreeSet<usize>) -> Vec<SlotQuestions> {
    let mut counts: Vec<SlotQuestions> = slots
        .iter()
        .map(|slot| SlotQuestions {
            code: slot.code.clone(),
            title: slot.title.clone(),
            questions: 0,
            distinct: 0,
            least: u64::from(slot.least.value),
            missing: 0,
        })
        .collect();
    for (index, question) in input.questions.iter().enumerate() {
        if let Some(counted) = question.slot.and_then(|slot| counts.get_mut(slot)) {
            counted.questions += 1;
            counted.distinct += u64::from(!copies.contains(&index));
        }
    }
    for counted in &mut counts {
        counted.missing = counted.least.saturating_sub(counted.questions);
    }
    counts
}

fn size_findings(bank: &FilingBank, have: usize, distinct: usize) -> Option<Finding> {
    let least = usize::try_from(bank.size.value).unwrap_or(usize::MAX);
    if have < least {
        let missing = least - have;
        let zh = format!("共 {have} 题，要求不少于 {least} 题，还差 {missing} 题");
        let en = format!("{have} questions, at least {least} are asked for: {missing} are missing");
        return Some(Finding::new("filing.too-few", Severity::High, zh, en).of(&bank.size).missing(missing));
    }
    if distinct < least {
        let missing = least - distinct;
        let zh = format!("共 {have} 题，去掉重复与近似题后只有 {distinct} 题，比 {least} 题少 {missing} 题");
        let en = format!(
            "{have} questions, but only {distinct} without copies and near-copies, {missing} fewer than {least}"
        );
        return Some(Finding::new("filing.too-few-distinct", Severity::High, zh, en).of(&bank.size).missing(missing));
    }
    None
}

fn slot_finding(slot: &super::Slot, counted: &SlotQuestions, options: &LintOptions<'_>) -> Option<Finding> {
    let SlotQuestions { code, title, questions, distinct, least, missing } = counted;
    let count = |missing: u64| usize::try_from(missing).unwrap_or(usize::MAX);
    let finding = if *questions == 0 {
        let (by_zh, by_en) = if options.left_to_operator.contains(code) {
            (
                "；产品不附带这一种的题目，由运营者按当地法律编写并用 jingwei probe filing import 导入",
                "; the product ships none of these: the operator writes them under local law and imports them \
                 (jingwei probe filing import)",
            )
        } else {
            ("", "")
        };
        let zh = format!("{code} {}：没有题目，要求不少于 {least} 题{by_zh}", title.zh);
        let en = format!("{code} {}: no questions, at least {least} are asked for{by_en}", title.en);
        Finding::new("filing.slot-empty", Severity::High, zh, en).missing(count(*missing))
    } else if *missing > 0 {
        let zh = format!("{code} {}：{questions} 题，要求不少于 {least} 题，还差 {missing} 题", title.zh);
        let en = format!(
            "{code} {}: {questions} questions, at least {least} are asked for: {missing} are missing",
            title.en
        );
        Finding::new("filing.slot-too-few", Severity::High, zh, en).missing(count(*missing))
    } else if distinct < least {
        let missing = least - distinct;
        let zh = format!(
            "{code} {}：{questions} 题，去掉重复与近似题后 {distinct} 题，比 {least} 题少 {missing} 题",
            title.zh
        );
        let en = format!(
            "{code} {}: {questions} questions, {distinct} without copies and near-copies, {missing} fewer than {least}",
            title.en
        );
        Finding::new("filing.slot-too-few-distinct", Severity::High, zh, en).missing(count(missing))
    } else {
        return None;
    };
    Some(finding.of(&slot.least).slot(code))
}

/// Groups that a message shows.
const SHOWN: usize = 3;
/// Share of copies, in percent, from which on a bank is less than it seems even if it is large enough.
const MANY_COPIES_PERCENT: usize = 5;

fn copy_findings(groups: &Groups, input: &BankInput, copies: usize) -> Vec<Finding> {
    let all = input.questions.len();
    let many = copies * 100 >= all * MANY_COPIES_PERCENT;
    let severity = if many { Severity::Medium } else { Severity::Low };
    let mut findings = Vec::new();
    for (found, code, what_zh, what_en) in [
        (&groups.same, "filing.duplicates", "重复", "have the same text as another"),
        (&groups.alike, "filing.near-duplicates", "近似", "are nearly the same as another"),
    ] {
        let extra: usize = found.iter().map(|group| group.len() - 1).sum();
        if extra == 0 {
            continue;
        }
        let shown = found.iter().take(SHOWN).map(|group| places(group, input)).collect::<Vec<_>>().join("; ");
        let (count, percent) = (found.len(), percent(extra, all));
        let zh = format!("{extra} 题与他题{what_zh}（{percent}%，{count} 组），如 {shown}");
        let en = format!("{extra} questions {what_en} ({percent} %, {count} groups), such as {shown}");
        findings.push(Finding::new(code, severity, zh, en).missing(extra));
    }
    if groups.not_compared > 0 {
        let left = groups.not_compared;
        let zh = format!("有 {left} 题未作近似比较：比较量超过上限，请拆分题库");
        let en = format!("{left} questions were not compared for likeness: it would take too long; split the bank");
        findings.push(Finding::new("filing.not-compared", Severity::Medium, zh, en));
    }
    findings
}

fn places(group: &[usize], input: &BankInput) -> String {
    let place = |index: &usize| {
        let question = input.questions.get(*index)?;
        Some(if question.place.line == 0 { question.id.clone() } else { question.place.to_string() })
    };
    let shown: Vec<String> = group.iter().take(SHOWN).filter_map(place).collect();
    let more = group.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} +{more}", shown.join(" = ")) } else { shown.join(" = ") }
}

/// In percent with one digit after the point.
fn percent(part: usize, whole: usize) -> String {
    let tenths = (part * 1000 + whole / 2) / whole.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn age_finding(bank: &FilingBank, updated: Option<Date>, age_days: Option<i64>) -> Option<Finding> {
    let most = i64::from(bank.update_days.value);
    let finding = match (updated, age_days) {
        (Some(updated), Some(age)) if age < 0 => Finding::new(
            "filing.dated-ahead",
            Severity::Medium,
            format!("更新日期 {updated} 在今天之后"),
            format!("the date of the last update, {updated}, lies ahead"),
        ),
        (Some(updated), Some(age)) if age > most => Finding::new(
            "filing.stale",
            Severity::Medium,
            format!("最近一次更新是 {updated}，已 {age} 天，要求每 {most} 天内更新"),
            format!("last updated on {updated}, {age} days ago; an update is asked for every {most} days"),
        ),
        (Some(_), Some(_)) => return None,
        _ => Finding::new(
            "filing.no-date",
            Severity::Low,
            format!("没有更新日期，无法判断是否每 {most} 天内更新"),
            format!("there is no date of the last update; whether it is younger than {most} days cannot be told"),
        ),
    };
    Some(finding.of(&bank.update_days))
}

impl Question {
    /// A question of a bank of the catalog.
    #[must_use]
    pub fn of_bank(
        item: &jingwei_catalog::items::BankItem,
        bank: &str,
        slots: &Slots,
        oddities: &mut Oddities,
    ) -> Self {
        let place = Place { file: format!("{bank}/{}", item.id), line: 0 };
        let slot =
            item.refs.iter().find_map(|reference| slots.find(reference.as_str())).or_else(|| slots.find(&item.topic));
        if slot.is_none() {
            oddities.add(super::Oddity::UnknownCode, &place, &item.topic);
        }
        Self { id: item.id.clone(), text: item.text.clone(), lang: item.lang, slot, place }
    }
}
