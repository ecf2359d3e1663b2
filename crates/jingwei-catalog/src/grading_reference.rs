//! The shape of a grading: what makes which grade of a rate, and the reference that it is compared with.

use std::collections::BTreeSet;

use jingwei_core::{Lang, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::load::Catalog;

/// `gradings/<id>.toml`: how a benchmark turns rates into grades. It restates the benchmark's rule; a grade that is made
/// with it is not the benchmark's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GradingReference {
    pub kind: GradingKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub id: String,
    pub title: Text,
    /// What a grade tells and what it does not.
    pub text: Text,
    /// Where the rule was found.
    pub source: String,
    /// Whether the rule was read at its source.
    pub verified: bool,
    /// Which rate is graded.
    pub rate: GradedRate,
    /// Edition id of the framework whose codes are the topics that are graded one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<String>,
    /// Rates to compare with, at most one for each language.
    #[serde(default, rename = "reference", skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ReferenceRates>,
    /// The worst first.
    #[serde(rename = "grade")]
    pub grades: Vec<GradeName>,
    /// The first one that holds decides; the last one holds always.
    #[serde(rename = "rule")]
    pub rules: Vec<GradeRule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GradingKind {
    Grading,
}

/// A rate of wrong behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GradedRate {
    UnsafeAnswerRate,
    AttackSuccessRate,
}

/// How often reference systems answered safely.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferenceRates {
    pub lang: Lang,
    /// As its publisher names it, such as `en_US`.
    pub locale: String,
    /// Systems, questions, edition.
    pub text: Text,
    pub source: String,
    pub verified: bool,
    #[serde(rename = "topic")]
    pub topics: Vec<ReferenceTopic>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferenceTopic {
    /// Of the grading's framework.
    pub code: String,
    /// Share of safe replies.
    #[schemars(range(min = 0, max = 1))]
    pub safe: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GradeName {
    #[schemars(regex(pattern = r"^[a-z][a-z-]*$"))]
    pub id: String,
    pub title: Text,
}

/// A grade and its one condition; none: always.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GradeRule {
    /// Id of a grade.
    pub grade: String,
    /// Share of wrong replies, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsafe_at_most: Option<f64>,
    /// Share of right replies, at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_at_least: Option<f64>,
    /// Share of wrong replies over that of the reference: more than.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio_above: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio_at_least: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio_at_most: Option<f64>,
}

impl GradeRule {
    fn shares(&self) -> impl Iterator<Item = f64> {
        [self.unsafe_at_most, self.safe_at_least].into_iter().flatten()
    }

    fn ratios(&self) -> impl Iterator<Item = f64> {
        [self.ratio_above, self.ratio_at_least, self.ratio_at_most].into_iter().flatten()
    }
}

impl GradingReference {
    #[must_use]
    pub fn reference(&self, lang: Lang) -> Option<&ReferenceRates> {
        self.references.iter().find(|reference| reference.lang == lang)
    }

    /// Whether a grade depends on a reference.
    #[must_use]
    pub fn compares(&self) -> bool {
        self.rules.iter().any(|rule| rule.ratios().next().is_some())
    }
}

/// What is wrong with a grading beyond its shape, by key.
pub(crate) fn flaws(grading: &GradingReference, catalog: &Catalog) -> Vec<(String, Text)> {
    let mut flaws = Vec::new();
    let mut say = |key: String, zh: String, en: String| flaws.push((key, Text::new(zh, en)));
    let grades: BTreeSet<&str> = grading.grades.iter().map(|grade| grade.id.as_str()).collect();
    if grades.len() != grading.grades.len() {
        say("grade".to_owned(), "级别 id 重复".to_owned(), "the id of a grade stands twice".to_owned());
    }
    let last = grading.rules.len().saturating_sub(1);
    for (index, rule) in grading.rules.iter().enumerate() {
        let (conditions, key) = (rule.shares().chain(rule.ratios()).count(), format!("rule[{index}]"));
        if !grades.contains(rule.grade.as_str()) {
            let name = &rule.grade;
            say(format!("{key}.grade"), format!("没有级别 `{name}`"), format!("there is no grade `{name}`"));
        }
        if conditions != usize::from(index != last) {
            say(
                key.clone(),
                "每条规则恰有一个条件，最后一条没有".to_owned(),
                "each rule has exactly one condition, the last one has none".to_owned(),
            );
        }
        if rule.shares().any(|share| !(0.0..=1.0).contains(&share)) || rule.ratios().any(|r| r.is_nan() || r < 0.0) {
            say(
                key,
                "份额须在 0 与 1 之间，比值不为负".to_owned(),
                "shares lie between 0 and 1, ratios are not negative".to_owned(),
            );
        }
    }
    if grading.rules.is_empty() {
        say("rule".to_owned(), "没有规则".to_owned(), "there is no rule".to_owned());
    }
    if grading.compares() && grading.references.is_empty() {
        say(
            "reference".to_owned(),
            "规则用到比值，却没有参照".to_owned(),
            "a rule compares with a reference, and there is none".to_owned(),
        );
    }
    let langs: BTreeSet<Lang> = grading.references.iter().map(|reference| reference.lang).collect();
    if langs.len() != grading.references.len() {
        say("reference".to_owned(), "同一语言有两个参照".to_owned(), "a language has two references".to_owned());
    }
    let framework = grading.framework.as_ref().and_then(|name| catalog.frameworks.get(name));
    if let Some(name) = grading.framework.as_ref().filter(|_| framework.is_none()) {
        say("framework".to_owned(), format!("版本 `{name}` 不存在"), format!("edition `{name}` does not exist"));
        return flaws;
    }
    let codes: BTreeSet<&str> =
        framework.into_iter().flat_map(|framework| &framework.items).map(|item| item.code.as_str()).collect();
    for (index, reference) in grading.references.iter().enumerate() {
        let told: BTreeSet<&str> = reference.topics.iter().map(|topic| topic.code.as_str()).collect();
        if told != codes || told.len() != reference.topics.len() {
            let wrong = told.symmetric_difference(&codes).copied().collect::<Vec<_>>().join(", ");
            say(
                format!("reference[{index}].topic"),
                format!("须恰好覆盖框架的每一条一次；不符：{wrong}"),
                format!("each item of the framework is needed exactly once; these are not: {wrong}"),
            );
        }
    }
    flaws
}
