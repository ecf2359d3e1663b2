use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{RuleId, Severity};

/// What a guard does with a text, from mildest to strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Allow,
    Redact,
    Confirm,
    Block,
}

impl Action {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Action::Allow => "allow",
            Action::Redact => "redact",
            Action::Confirm => "confirm",
            Action::Block => "block",
        }
    }
}

/// Bytes `start..end` of the original text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

/// A rule that matched, and where. The matched text itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHit {
    pub rule: RuleId,
    pub action: Action,
    pub severity: Severity,
    /// Which text: `messages[0].content`, `tool_calls[1].arguments`, or empty for a bare text.
    pub surface: String,
    pub span: Span,
}

/// What a guard says about a request or a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// What is to be done: the stricter of what the content asks for and what the unjudged parts ask for.
    pub action: Action,
    /// What the content alone asks for. Availability is not a content decision.
    pub content: Action,
    pub hits: Vec<RuleHit>,
    /// Highest probability that each head of a detector gave to any part: `builtin/injection`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<String, f64>,
    /// What could not be judged, and why.
    pub unjudged: Vec<String>,
    /// Name and digest of the policy that decided.
    pub policy: String,
}
