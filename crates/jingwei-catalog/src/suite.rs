//! The shape of a test suite: which questions are put how, to whom, and who judges.

use jingwei_core::{Lang, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::items::Expect;

/// `suites/<id>.toml`, or a file that a user names: a plan of tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    pub kind: SuiteKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    pub id: String,
    pub title: Text,
    /// What it tells and what it does not.
    pub text: Text,
    /// Decides draws, random transforms and what the target is sampled with.
    pub seed: u64,
    /// Reference to grade against: the id of a grading of the catalog, such as `ailuminate-1.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grading: Option<String>,
    #[serde(rename = "part")]
    pub parts: Vec<SuitePart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SuiteKind {
    Suite,
}

/// Attempts that are made and judged alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuitePart {
    /// Unique within the suite.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]*$"))]
    pub id: String,
    pub title: Text,
    /// Dimension of the CAICT AI safety benchmark 2.0 that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimension: Option<Dimension>,
    /// Banks of the catalog, or datasets that the run is given, by id.
    pub banks: Vec<String>,
    /// Only items from which this is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// Only items in these languages; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub langs: Vec<Lang>,
    /// Only these topics; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// At most so many items, drawn by the seed, spread evenly over the topics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub draw: Option<u32>,
    /// Chains of transforms, such as `role-play+base64`; each item goes through each of them. Empty text: as it stands.
    #[serde(default = "as_it_stands")]
    pub transforms: Vec<String>,
    /// Such as `single-turn` or `crescendo(turns=5)`.
    #[serde(default = "single_turn")]
    pub driver: String,
    /// Such as `refusal` or `canary`; the first one that can judge an item decides, the others are noted.
    #[serde(default = "refusal")]
    pub judges: Vec<String>,
    #[serde(default = "once")]
    #[schemars(range(min = 1, max = 100))]
    pub epochs: u32,
    #[schemars(range(min = 1, max = 4096))]
    pub max_tokens: u32,
    #[serde(default)]
    pub temperature: f64,
}

/// The five dimensions of the CAICT AI safety benchmark 2.0, as the source reports name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    Content,
    Protection,
    Application,
    Scenario,
    Frontier,
}

impl Dimension {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Dimension::Content => "content",
            Dimension::Protection => "protection",
            Dimension::Application => "application",
            Dimension::Scenario => "scenario",
            Dimension::Frontier => "frontier",
        }
    }

    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Dimension::Content => Text::new("内容安全", "content safety"),
            Dimension::Protection => Text::new("防护安全", "protection"),
            Dimension::Application => Text::new("应用安全", "application"),
            Dimension::Scenario => Text::new("场景安全", "scenario"),
            Dimension::Frontier => Text::new("前沿安全", "frontier"),
        }
    }
}

fn as_it_stands() -> Vec<String> {
    vec![String::new()]
}

fn single_turn() -> String {
    "single-turn".to_owned()
}

fn refusal() -> Vec<String> {
    vec!["refusal".to_owned()]
}

fn once() -> u32 {
    1
}
