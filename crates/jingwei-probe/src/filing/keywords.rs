use std::collections::{BTreeMap, BTreeSet};

use jingwei_catalog::filing::FilingKeywords;
use jingwei_core::{Date, Severity, Text, Timestamp};
use serde::Serialize;

use super::{Basis, Finding, Slots, plain};

/// Words of a lexicon or of one category of a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordList {
    /// Its id.
    pub name: String,
    pub updated: Option<Date>,
    /// What it says that its words are about: codes of framework items.
    pub codes: Vec<String>,
    pub words: Vec<String>,
}

/// What a library of words has and lacks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeywordReport {
    /// Each word once, however many lists it stands in.
    pub words: u64,
    pub size: Basis,
    pub lists: Vec<ListWords>,
    pub slots: Vec<SlotWords>,
    /// Words of lists that name no single risk.
    pub unassigned: u64,
    pub updated: Option<Date>,
    pub age_days: Option<i64>,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListWords {
    pub name: String,
    pub words: u64,
    pub updated: Option<Date>,
    /// Codes of the risks that its words count for.
    pub slots: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SlotWords {
    pub code: String,
    pub title: Text,
    pub words: u64,
    pub least: u64,
    pub missing: u64,
}

/// Compares words with what a standard asks of a keyword library. A word counts for a risk if its list names that very
/// risk: a list that names a whole section counts for the total only.
#[must_use]
pub fn lint_keywords(
    keywords: &FilingKeywords,
    slots: &Slots,
    lists: &[WordList],
    left_to_operator: &BTreeSet<String>,
    now: Timestamp,
) -> KeywordReport {
    let mut by_slot: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let (mut all, mut unassigned) = (BTreeSet::new(), BTreeSet::new());
    let mut listed = Vec::new();
    for list in lists {
        let codes: BTreeSet<usize> = list.codes.iter().filter_map(|code| slots.find(code)).collect();
        let words: BTreeSet<String> =
            list.words.iter().map(|word| plain(word)).filter(|word| !word.is_empty()).collect();
        for slot in &codes {
            by_slot.entry(*slot).or_default().extend(words.iter().cloned());
        }
        if codes.is_empty() {
            unassigned.extend(words.iter().cloned());
        }
        let names = codes.iter().filter_map(|slot| Some(slots.get(*slot)?.code.clone())).collect();
        let (name, updated) = (list.name.clone(), list.updated);
        listed.push(ListWords { name, words: words.len() as u64, updated, slots: names });
        all.extend(words);
    }
    let counted: Vec<SlotWords> = slots
        .iter()
        .enumerate()
        .map(|(index, slot)| {
            let words = by_slot.get(&index).map_or(0, BTreeSet::len) as u64;
            let least = u64::from(slot.least.value);
            let (code, title) = (slot.code.clone(), slot.title.clone());
            SlotWords { code, title, words, least, missing: least.saturating_sub(words) }
        })
        .collect();
    let assigned: BTreeSet<&String> = by_slot.values().flatten().collect();
    let unassigned = unassigned.iter().filter(|word| !assigned.contains(word)).count();
    // Empty lists are no part of the library.
    let updated = lists.iter().filter(|list| !list.words.is_empty()).filter_map(|list| list.updated).min();
    let age_days = updated.map(|updated| now.days_since(updated.start()));
    let mut findings = Vec::new();
    findings.extend(size_finding(keywords, all.len()));
    for (slot, words) in slots.iter().zip(&counted).filter(|(_, words)| words.missing > 0) {
        findings.push(slot_finding(words, left_to_operator).of(&slot.least).slot(&words.code));
    }
    findings.extend(age_finding(keywords, lists, now));
    if unassigned > 0 {
        let zh = format!("{unassigned} 个词所在的词库未写明具体风险，只计入总数");
        let en = format!("{unassigned} words stand in lists that name no single risk; they count for the total only");
        findings.push(Finding::new("filing.words-unassigned", Severity::Info, zh, en));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    KeywordReport {
        words: all.len() as u64,
        size: Basis::of(&keywords.size),
        lists: listed,
        slots: counted,
        unassigned: unassigned as u64,
        updated,
        age_days,
        findings,
    }
}

fn size_finding(keywords: &FilingKeywords, have: usize) -> Option<Finding> {
    let least = usize::try_from(keywords.size.value).unwrap_or(usize::MAX);
    let missing = least.checked_sub(have).filter(|missing| *missing > 0)?;
    let zh = format!("关键词共 {have} 个，要求不少于 {least} 个，还差 {missing} 个");
    let en = format!("{have} words, at least {least} are asked for: {missing} are missing");
    Some(Finding::new("filing.words-too-few", Severity::High, zh, en).of(&keywords.size).missing(missing))
}

fn slot_finding(counted: &SlotWords, left_to_operator: &BTreeSet<String>) -> Finding {
    let SlotWords { code, title, words, least, missing } = counted;
    let (by_zh, by_en) = if *words == 0 && left_to_operator.contains(code) {
        (
            "；产品不附带这一种的词语，由运营者用 jingwei guard lexicon import 导入",
            "; the product ships none of these: the operator imports them (jingwei guard lexicon import)",
        )
    } else {
        ("", "")
    };
    let zh = format!("{code} {}：{words} 个词，要求不少于 {least} 个，还差 {missing} 个{by_zh}", title.zh);
    let en =
        format!("{code} {}: {words} words, at least {least} are asked for: {missing} are missing{by_en}", title.en);
    let missing = usize::try_from(*missing).unwrap_or(usize::MAX);
    Finding::new("filing.slot-words-too-few", Severity::High, zh, en).missing(missing)
}

fn age_finding(keywords: &FilingKeywords, lists: &[WordList], now: Timestamp) -> Option<Finding> {
    let most = i64::from(keywords.update_days.value);
    let is_old = |list: &&WordList| {
        !list.words.is_empty() && list.updated.is_none_or(|updated| now.days_since(updated.start()) > most)
    };
    let old: Vec<&str> = lists.iter().filter(is_old).map(|list| list.name.as_str()).collect();
    if old.is_empty() {
        return None;
    }
    let (count, shown) = (old.len(), old.iter().take(8).copied().collect::<Vec<_>>().join(", "));
    let zh = format!("{count} 个词库超过 {most} 天未更新或没有更新日期：{shown}");
    let en = format!("{count} lists were not updated within {most} days, or have no date: {shown}");
    Some(Finding::new("filing.words-stale", Severity::Medium, zh, en).of(&keywords.update_days))
}
