//! The shape of a filing: how many questions, words and samples a self-assessment takes, and where its pass lines lie.

use std::collections::BTreeSet;

use jingwei_core::{Date, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    items::{Framework, FrameworkItem},
    load::Catalog,
};

/// `filings/<id>.toml`: the numbers of one edition of a standard. It states them; it does not say that who reaches them
/// will be admitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filing {
    pub kind: FilingKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub id: String,
    pub title: Text,
    /// Edition id of the framework whose codes name the risks.
    pub framework: String,
    pub issued: Date,
    pub in_force: Date,
    pub source: String,
    /// Whether all of it was read at its source.
    pub verified: bool,
    /// What it is and what it is not.
    pub text: Text,
    #[serde(rename = "bank")]
    pub banks: Vec<FilingBank>,
    pub keywords: FilingKeywords,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FilingKind {
    Filing,
}

/// What a bank of questions is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FilingRole {
    /// What is generated for these questions must be acceptable.
    ContentTest,
    ShouldRefuse,
    ShouldNotRefuse,
}

impl FilingRole {
    pub const ALL: [FilingRole; 3] = [FilingRole::ContentTest, FilingRole::ShouldRefuse, FilingRole::ShouldNotRefuse];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            FilingRole::ContentTest => "content-test",
            FilingRole::ShouldRefuse => "should-refuse",
            FilingRole::ShouldNotRefuse => "should-not-refuse",
        }
    }
}

/// A bank of questions, the sample that is drawn from it and the line that the sample must reach.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilingBank {
    pub role: FilingRole,
    pub title: Text,
    /// The catalog's bank that is a beginning of it.
    pub bank: String,
    /// Codes of sections whose risks it covers; empty where it covers aspects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub under: Vec<String>,
    /// How many risks or aspects that are.
    pub kinds: u32,
    #[serde(default, rename = "aspect", skip_serializing_if = "Vec::is_empty")]
    pub aspects: Vec<FilingAspect>,
    /// Questions, at least.
    pub size: Figure<u32>,
    /// Days after which it is due for an update.
    pub update_days: Figure<u32>,
    /// Questions of each risk or aspect, at least.
    pub each: Vec<FilingLeast>,
    /// Questions that are drawn from it, at least.
    pub sample: Figure<u32>,
    /// Share of the sample that must be acceptable (content test) or refused (should refuse), at least; that may be
    /// refused (should not refuse), at most.
    pub line: Figure<f64>,
}

/// A topic about which a system must not refuse to speak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilingAspect {
    /// As questions name it.
    pub topic: String,
    pub title: Text,
}

/// The least number for each risk of some sections, or for each aspect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilingLeast {
    /// Codes of sections; empty: each aspect.
    pub under: Vec<String>,
    pub least: Figure<u32>,
}

/// The library of words that are blocked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilingKeywords {
    pub under: Vec<String>,
    pub kinds: u32,
    pub size: Figure<u32>,
    pub update_days: Figure<u32>,
    pub each: Vec<FilingLeast>,
}

/// A number and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure<T> {
    pub value: T,
    /// Where the standard says it, or that this is not known.
    pub clause: Text,
    /// Where we found it.
    pub source: String,
    /// Whether it was read in the standard itself.
    pub verified: bool,
    pub confidence: Confidence,
    /// Where sources differ, or what was read into the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// How far a number can be relied on that was not read at its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

impl Confidence {
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Confidence::Low => Text::new("低", "low"),
            Confidence::Medium => Text::new("中", "medium"),
            Confidence::High => Text::new("高", "high"),
        }
    }
}

impl Filing {
    #[must_use]
    pub fn bank(&self, role: FilingRole) -> Option<&FilingBank> {
        self.banks.iter().find(|bank| bank.role == role)
    }
}

/// The risks of a framework that stand below these sections: their codes and titles, in order.
#[must_use]
pub fn kinds_under<'a>(framework: &'a Framework, under: &[String]) -> Vec<(&'a str, &'a Text)> {
    let is_below = |item: &&FrameworkItem| item.parent.as_ref().is_some_and(|parent| under.contains(parent));
    framework.items.iter().filter(is_below).map(|item| (item.code.as_str(), &item.title)).collect()
}

/// What is wrong with a filing beyond its shape, by key.
pub(crate) fn flaws(filing: &Filing, catalog: &Catalog) -> Vec<(String, Text)> {
    let mut flaws = Vec::new();
    let mut say = |key: String, zh: String, en: String| flaws.push((key, Text::new(zh, en)));
    let Some(framework) = catalog.frameworks.get(&filing.framework) else {
        let name = &filing.framework;
        say("framework".to_owned(), format!("版本 `{name}` 不存在"), format!("edition `{name}` does not exist"));
        return flaws;
    };
    for role in FilingRole::ALL {
        let times = filing.banks.iter().filter(|bank| bank.role == role).count();
        if times != 1 {
            let code = role.code();
            say("bank".to_owned(), format!("`{code}` 须恰有一个题库"), format!("`{code}` needs exactly one bank"));
        }
    }
    for (index, bank) in filing.banks.iter().enumerate() {
        let key = |field: &str| format!("bank[{index}].{field}");
        if !catalog.banks.contains_key(&bank.bank) {
            let name = &bank.bank;
            say(key("bank"), format!("题库 `{name}` 不存在"), format!("bank `{name}` does not exist"));
        }
        let topics: BTreeSet<&str> = bank.aspects.iter().map(|aspect| aspect.topic.as_str()).collect();
        let kinds = kinds_under(framework, &bank.under).len() + topics.len();
        if kinds != count(bank.kinds) || topics.len() != bank.aspects.len() {
            let told = bank.kinds;
            say(
                key("kinds"),
                format!("写明 {told} 种，实有 {kinds} 种"),
                format!("{told} kinds are told, there are {kinds}"),
            );
        }
        let least: usize =
            bank.each.iter().map(|each| count(each.least.value) * covered(framework, each, &topics)).sum();
        if least > count(bank.size.value) {
            let size = bank.size.value;
            say(
                key("size.value"),
                format!("各种最低数之和 {least} 大于总数 {size}"),
                format!("the least numbers add up to {least}, more than the size {size}"),
            );
        }
        let each_covered: usize = bank.each.iter().map(|each| covered(framework, each, &topics)).sum();
        if each_covered != kinds {
            say(
                key("each"),
                format!("最低数覆盖 {each_covered} 种，应为 {kinds} 种"),
                format!("the least numbers cover {each_covered} kinds, not {kinds}"),
            );
        }
        if bank.sample.value > bank.size.value {
            say(key("sample.value"), "抽样数大于题库".to_owned(), "the sample is larger than the bank".to_owned());
        }
        if !(bank.line.value > 0.0 && bank.line.value < 1.0) {
            say(key("line.value"), "合格线须在 0 与 1 之间".to_owned(), "the line lies between 0 and 1".to_owned());
        }
    }
    let words = &filing.keywords;
    let kinds = kinds_under(framework, &words.under).len();
    let each_covered: usize = words.each.iter().map(|each| kinds_under(framework, &each.under).len()).sum();
    if kinds != count(words.kinds) || each_covered != kinds {
        say(
            "keywords.kinds".to_owned(),
            format!("写明 {} 种，实有 {kinds} 种，最低数覆盖 {each_covered} 种", words.kinds),
            format!("{} kinds are told, there are {kinds}, the least numbers cover {each_covered}", words.kinds),
        );
    }
    flaws
}

fn covered(framework: &Framework, each: &FilingLeast, aspects: &BTreeSet<&str>) -> usize {
    if each.under.is_empty() { aspects.len() } else { kinds_under(framework, &each.under).len() }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
