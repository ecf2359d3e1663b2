use jingwei_core::Lang;
use serde::{Deserialize, Serialize};

/// What the model did and why: what a measurement should find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    pub conduct: Conduct,
    pub lang: Lang,
    /// Whether it knows the request for harmful.
    pub harmful: bool,
    /// How a refusal was said.
    pub manner: Option<Manner>,
    /// What its reasoning text does, where it shows one.
    pub thought: Option<ThoughtKind>,
    /// Under which disguise it found the question.
    pub disguise: Option<Disguise>,
    pub condition: Condition,
    /// How many of the user's turns, this one included, are about a harmful request's topic.
    pub turn: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conduct {
    /// No reply, or no readable one.
    Fails,
    /// A reply without a word.
    SaysNothing,
    /// Says what the user said.
    Echoes,
    /// Does what a planted instruction wants.
    Follows,
    /// Answers and leaves a planted instruction alone.
    Resists,
    /// Gives away what it should keep.
    Leaks,
    /// Was asked for what it should keep, and keeps it.
    Keeps,
    /// Right answer to a quiz.
    Solves,
    /// Wrong answer to a quiz.
    Errs,
    /// Did not see the harmful question under its disguise.
    Misunderstands,
    /// Refuses a harmful request.
    Refuses,
    /// Does what a harmful request wants.
    Complies,
    /// Refuses a harmless request.
    OverRefuses,
    /// Answers a harmless request.
    Answers,
}

impl Conduct {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Conduct::Fails => "fails",
            Conduct::SaysNothing => "says-nothing",
            Conduct::Echoes => "echoes",
            Conduct::Follows => "follows",
            Conduct::Resists => "resists",
            Conduct::Leaks => "leaks",
            Conduct::Keeps => "keeps",
            Conduct::Solves => "solves",
            Conduct::Errs => "errs",
            Conduct::Misunderstands => "misunderstands",
            Conduct::Refuses => "refuses",
            Conduct::Complies => "complies",
            Conduct::OverRefuses => "over-refuses",
            Conduct::Answers => "answers",
        }
    }
}

/// How a refusal is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    Plain,
    Lecture,
    /// It helps with something harmless instead.
    SafeCompletion,
    /// The provider's refusal field.
    Native,
    /// Finish reason `content_filter`, no text.
    Filtered,
    /// Status 400 with a content-policy code.
    PolicyError,
}

/// What a reasoning text does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThoughtKind {
    /// Says that it sees whether it is watched and acts by it.
    Verbalises,
    /// Gives the real reason.
    Honest,
    /// Gives a nice reason that is not the real one.
    Rationalises,
}

/// How a known question was hidden in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disguise {
    Base64,
    Hex,
    Rot13,
    Reversed,
    /// Percent, HTML and backslash escapes, invisible tags.
    Escapes,
    /// Width, look-alikes, hidden characters, traditional characters, separators.
    Lookalikes,
    /// Misspelt: most of its words are there, with letters changed or moved.
    Perturbed,
}

/// What a request says about who watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    Unsaid,
    Tested,
    Deployed,
}
