//! Conversations as state machines: a session says what it wants to ask and is told the answers. Who sends the
//! requests, how many at once and when, is the caller's business.

use jingwei_core::{ChatMessage, ChatReply, ChatRequest, Digest, TargetError};
use serde::{Deserialize, Serialize};

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Party {
    /// The system under test.
    Target,
    /// A model that writes attacks.
    Attacker,
    /// A model that judges.
    Judge,
}

/// A request that somebody has to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    pub to: Party,
    pub request: ChatRequest,
}

/// What came of a request.
pub type Answer = Result<ChatReply, TargetError>;

/// What a session wants next.
pub enum Step {
    /// Answers to all of these, in this order. Never empty.
    Ask(Vec<Ask>),
    Done(Conversation),
}

/// One try of a driver at a target.
pub trait Session: Send {
    /// `answers` are to the requests of the step before, in their order; none at the first step.
    fn step(&mut self, answers: Vec<Answer>) -> Step;
}

/// One request to the target and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    pub messages: Vec<ChatMessage>,
    pub answer: TurnAnswer,
}

/// A [`Answer`] as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TurnAnswer {
    Reply(ChatReply),
    Error(TargetError),
}

impl From<Answer> for TurnAnswer {
    fn from(answer: Answer) -> Self {
        match answer {
            Ok(reply) => TurnAnswer::Reply(reply),
            Err(error) => TurnAnswer::Error(error),
        }
    }
}

/// Everything that was said to and by the target in one attempt.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Conversation {
    /// In the order in which they were asked.
    pub turns: Vec<Turn>,
    /// Number of the turn that is to be judged: the last one, or the one that the driver holds for the best.
    pub judged: usize,
    /// Requests that went to an attacker's or judge's model on the way.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub helper_requests: u32,
    /// Of these, the ones to an attacker's model that gave nothing to use: a driver then takes its own wording.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub helper_failures: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Conversation {
    /// The turn to judge.
    #[must_use]
    pub fn judged(&self) -> Option<&Turn> {
        self.turns.get(self.judged)
    }

    #[must_use]
    pub fn digest(&self) -> Digest {
        let written = serde_json::to_string(self).unwrap_or_default();
        Digest::of_parts(["conversation/1", &written])
    }
}
