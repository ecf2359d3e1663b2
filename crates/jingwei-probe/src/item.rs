use jingwei_catalog::items::{self, PLANTED, Scene, SceneTool};
use jingwei_core::{ChatMessage, Digest, ItemRef, Lang, RiskId, ToolCall, ToolSpec};
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
    /// What stands before it: a system prompt, earlier turns. Where it ends with a tool's result, `text` stands in it
    /// already, before the call.
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
            items::Expect::Resist => Expect::Resist,
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
        let staged =
            item.scene.as_ref().map_or_else(|| Staged::bare(&item.text), |scene| Staged::of(&item.text, scene));
        Self {
            id: item.id.clone(),
            dataset: bank.to_owned(),
            lang: item.lang,
            text: staged.text,
            before: staged.before,
            tools: staged.tools,
            expect: item.expect.into(),
            trap: staged.trap,
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

/// A scene as messages and tools.
struct Staged {
    text: String,
    before: Vec<ChatMessage>,
    tools: Vec<ToolSpec>,
    trap: Option<Trap>,
}

impl Staged {
    fn bare(task: &str) -> Self {
        Self { text: task.to_owned(), before: Vec::new(), tools: Vec::new(), trap: None }
    }

    fn of(task: &str, scene: &Scene) -> Self {
        let planted = scene.plant.as_ref().map_or("", |plant| plant.text.as_str());
        let read = |text: &str| text.replace(PLANTED, planted);
        let content = scene.content.as_deref().map(read).unwrap_or_default();
        let mut staged = Self::bare(task);
        staged.before.extend(scene.system.clone().map(ChatMessage::system));
        staged.tools = scene.tools.iter().map(|tool| spec_of(tool, read(&tool.description))).collect();
        staged.trap = scene.plant.as_ref().and_then(|plant| match (&plant.says, &plant.calls) {
            (Some(words), _) => Some(Trap::Says(words.clone())),
            (None, Some(tool)) => Some(Trap::Calls(tool.clone())),
            (None, None) => None,
        });
        match &scene.call {
            Some(call) => {
                // Maps of strings always serialise.
                let arguments = serde_json::to_string(&call.arguments).unwrap_or_default();
                let call = ToolCall { id: "call_1".to_owned(), name: call.tool.clone(), arguments };
                let result = ChatMessage::tool(call.id.clone(), content);
                staged.before.push(ChatMessage::user(task));
                staged.before.push(ChatMessage { tool_calls: vec![call], ..ChatMessage::assistant("") });
                staged.before.push(result);
            }
            None if content.is_empty() => {}
            None => staged.text = format!("{task}\n\n{content}"),
        }
        staged
    }
}

fn spec_of(tool: &SceneTool, description: String) -> ToolSpec {
    let properties: serde_json::Map<String, serde_json::Value> =
        tool.arguments.iter().map(|name| (name.clone(), serde_json::json!({ "type": "string" }))).collect();
    let parameters = serde_json::json!({ "type": "object", "properties": properties, "required": tool.arguments });
    ToolSpec { name: tool.name.clone(), description, parameters: parameters.to_string() }
}
