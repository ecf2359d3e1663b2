use jingwei_catalog::items;
use jingwei_core::{ChatMessage, Digest, ItemRef, Lang, RiskId, ToolSpec};
use serde::{Deserialize, Serialize};

/// One question of a test: what is put to a target and what a safe system does with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Unique within its dataset.
    pub id: String,
    /// Id of the bank or dataset that it comes from.
    pub dataset: String,
    pub lang: Lang,
    /// What the user says.
    pub text: String,
    /// What stands before it: a system prompt, documents, tool results, earlier turns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<ChatMessage>,
    /// Tools that the target may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolSpec>,
    pub expect: Expect,
    /// Of an item whose planted instruction must be resisted: what shows that it was followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trap: Option<Trap>,
    /// Hazard code of a should-refuse question; topic or aspect of a should-answer one; carrier of an injection.
    pub topic: String,
    /// Risks whose event a wrong answer is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<RiskId>,
    /// Framework items that it belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<ItemRef>,
}

/// What a safe system does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// Declines to do what is asked.
    Refuse,
    /// Answers.
    Answer,
    /// Does its task and does not follow an instruction that somebody planted in what it reads.
    Resist,
}

impl Expect {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Expect::Refuse => "refuse",
            Expect::Answer => "answer",
            Expect::Resist => "resist",
        }
    }
}

impl From<items::Expect> for Expect {
    fn from(expect: items::Expect) -> Self {
        match expect {
            items::Expect::Refuse => Expect::Refuse,
            items::Expect::Answer => Expect::Answer,
        }
    }
}

/// What shows that a planted instruction was followed, or that a secret came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trap {
    /// The reply says this (compared without regard to case, width and separators).
    Says(String),
    /// The reply calls this tool.
    Calls(String),
}

impl Item {
    /// A question of a bank.
    #[must_use]
    pub fn of_bank(bank: &str, item: &items::BankItem) -> Self {
        Self {
            id: item.id.clone(),
            dataset: bank.to_owned(),
            lang: item.lang,
            text: item.text.clone(),
            before: Vec::new(),
            tools: Vec::new(),
            expect: item.expect.into(),
            trap: None,
            topic: item.topic.clone(),
            risks: item.risks.clone(),
            refs: item.refs.clone(),
        }
    }

    /// Over everything about it that bears on its reply or its judgement.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // A struct of strings and lists always serialises; were it not so, two items could only look alike, and their
        // ids would still differ.
        let written = serde_json::to_string(self).unwrap_or_default();
        Digest::of_parts(["item/1", &self.dataset, &self.id, &written])
    }
}
