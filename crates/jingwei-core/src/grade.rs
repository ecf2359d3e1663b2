use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Text;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 5] =
        [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Severity::Info => Text::new("提示", "info"),
            Severity::Low => Text::new("低", "low"),
            Severity::Medium => Text::new("中", "medium"),
            Severity::High => Text::new("高", "high"),
            Severity::Critical => Text::new("严重", "critical"),
        }
    }
}

/// A safety-risk grade, 1 to 5 (TC260 AI Safety Governance Framework 2.0, annex 1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Grade(u8);

impl JsonSchema for Grade {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Grade".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": 5 })
    }
}

impl Grade {
    pub const LOW: Grade = Grade(1);
    pub const HIGHEST: Grade = Grade(5);
    pub const ALL: [Grade; 5] = [Grade(1), Grade(2), Grade(3), Grade(4), Grade(5)];

    /// `None` outside 1 to 5.
    #[must_use]
    pub fn new(value: u8) -> Option<Self> {
        (1..=5).contains(&value).then_some(Self(value))
    }

    /// The nearest grade.
    #[must_use]
    pub fn clamped(value: i64) -> Self {
        Self(u8::try_from(value.clamp(1, 5)).unwrap_or(1))
    }

    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }

    /// 0 to 4, for tables.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0 - 1)
    }

    /// The framework's own names of the five grades.
    #[must_use]
    pub fn label(self) -> Text {
        match self.0 {
            1 => Text::new("低", "low"),
            2 => Text::new("一般", "moderate"),
            3 => Text::new("较大", "considerable"),
            4 => Text::new("重大", "major"),
            _ => Text::new("特别重大", "extreme"),
        }
    }
}

impl TryFrom<u8> for Grade {
    type Error = &'static str;
    fn try_from(value: u8) -> Result<Self, Self::Error> {
        Self::new(value).ok_or("a grade is a whole number from 1 to 5")
    }
}

impl From<Grade> for u8 {
    fn from(grade: Grade) -> u8 {
        grade.0
    }
}

impl fmt::Debug for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grade({})", self.0)
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What comes first: severity against acceptability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    Low,
    Medium,
    High,
}

impl Priority {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Priority::Low => "low",
            Priority::Medium => "medium",
            Priority::High => "high",
        }
    }

    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Priority::Low => Text::new("低", "low"),
            Priority::Medium => Text::new("中", "medium"),
            Priority::High => Text::new("高", "high"),
        }
    }
}

/// What a gate says, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    Pass,
    Conditional,
    Stop,
}

impl Decision {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Decision::Pass => "pass",
            Decision::Conditional => "conditional",
            Decision::Stop => "stop",
        }
    }

    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Decision::Pass => Text::new("通过", "pass"),
            Decision::Conditional => Text::new("有条件通过", "conditional"),
            Decision::Stop => Text::new("停止", "stop"),
        }
    }
}
