//! What a policy covers, as metrics: words per risk of GB/T 45654, and how well the heads that it relies on do.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_catalog::items::Lexicon;
use jingwei_core::{ComponentId, Interval, Metric, Observation};
use jingwei_stats::clopper_pearson;
use serde::Deserialize;

use crate::{BUILTIN_DETECTOR, BUILTIN_SCORECARD, Engine, Mode, PolicyRule, When};

/// GB/T 45654-2025 asks a keyword list for 200 words for each of the eight risks of A.1 and 100 for each of the nine of A.2.
const RISKS: [(&str, usize, usize); 2] = [("A.1", 8, 200), ("A.2", 9, 100)];

/// `keyword_words` by `class`, and the share of the 17 risks that have as many as the standard asks for.
pub(crate) fn keywords(engine: &Engine, lexicons: &[Lexicon], component: &ComponentId) -> Vec<Observation> {
    let enforced = || engine.policy().rules.iter().filter(|rule| rule.mode == Mode::Enforce);
    let named: BTreeSet<&str> = enforced().flat_map(names).collect();
    let used = lexicons.iter().filter(|l| named.contains(l.id.as_str()) || named.contains(l.category.as_str()));
    let mut words: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for lexicon in used {
        let of_standard = lexicon.refs.iter().filter_map(|item| {
            let (_, code) = item.as_str().split_once('/').filter(|(item, _)| *item == "gbt-45654-2025")?;
            Some(code.to_owned())
        });
        // An imported list says what it covers by its category.
        for class in of_standard.chain([lexicon.category.clone()]) {
            let all = lexicon.zh.iter().chain(&lexicon.en).map(String::as_str);
            words.entry(class).or_default().extend(all);
        }
    }
    let (mut covered, mut risks) = (0, 0);
    let mut metrics = Vec::new();
    for (part, number, least) in RISKS {
        for nth in 1..=number {
            let class = format!("{part}.{nth}");
            let found = words.get(&class).map_or(0, BTreeSet::len);
            risks += 1;
            covered += usize::from(found >= least);
            metrics.push(metric("keyword_words", ratio(found, 1), "count", component, &[("class", &class)], None));
        }
    }
    metrics.push(metric("keyword_coverage", ratio(covered, risks), "ratio", component, &[], None));
    metrics
}

/// Lexicons and categories that a rule names.
fn names(rule: &PolicyRule) -> Vec<&str> {
    match &rule.when {
        When::Lexicon { lexicons } => lexicons.iter().map(String::as_str).collect(),
        When::Together { groups, .. } => groups.iter().flatten().filter_map(|entry| entry.strip_prefix('@')).collect(),
        _ => Vec::new(),
    }
}

/// The part of a scorecard that is told: one row per head, language and source; `*` is all sources.
#[derive(Deserialize)]
struct Scorecard {
    heads: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    head: String,
    lang: String,
    source: String,
    #[serde(rename = "unsafe")]
    at_unsafe: Rates,
}

#[derive(Deserialize)]
struct Rates {
    recall: Share,
    false_positive_rate: Share,
}

#[derive(Deserialize)]
struct Share {
    hits: u64,
    of: u64,
}

/// `head_recall` and `head_false_positive_rate` by `head` and `lang` of the built-in heads that rules rely on, as
/// measured on texts that they were not trained on.
pub(crate) fn heads(engine: &Engine, component: &ComponentId) -> Vec<Observation> {
    let relied_on: BTreeSet<&str> = engine
        .policy()
        .rules
        .iter()
        .filter(|rule| rule.mode == Mode::Enforce)
        .filter_map(|rule| match &rule.when {
            When::Semantic { detector, head, .. } if detector == BUILTIN_DETECTOR => Some(head.as_str()),
            _ => None,
        })
        .collect();
    let Ok(card) = serde_json::from_str::<Scorecard>(BUILTIN_SCORECARD) else { return Vec::new() };
    let rows = card.heads.iter().filter(|row| row.source == "*" && relied_on.contains(row.head.as_str()));
    let told = |row: &Row| {
        let labels = [("head", row.head.as_str()), ("lang", row.lang.as_str())];
        let one = |name: &str, share: &Share| {
            let interval = clopper_pearson(share.hits, share.of, 0.95).map(|rate| Interval {
                lower: rate.lower,
                upper: rate.upper,
                level: 0.95,
                method: "clopper-pearson".to_owned(),
            });
            let whole = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
            metric(name, ratio(whole(share.hits), whole(share.of)), "ratio", component, &labels, interval)
        };
        [one("head_recall", &row.at_unsafe.recall), one("head_false_positive_rate", &row.at_unsafe.false_positive_rate)]
    };
    rows.flat_map(told).collect()
}

/// Counts of words and examples are far below the 2^32 that a float holds exactly.
fn ratio(part: usize, of: usize) -> f64 {
    let float = |n: usize| u32::try_from(n).map_or(f64::from(u32::MAX), f64::from);
    if of == 0 { 0.0 } else { float(part) / float(of) }
}

fn metric(
    name: &str,
    value: f64,
    unit: &str,
    component: &ComponentId,
    labels: &[(&str, &str)],
    interval: Option<Interval>,
) -> Observation {
    Observation::Metric(Metric {
        name: name.to_owned(),
        value,
        unit: unit.to_owned(),
        component: component.clone(),
        labels: labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        interval,
        trial: None,
    })
}
