//! Chats with a model, as every provider's format says them: messages in, one reply out.

use serde::{Deserialize, Serialize};

/// What is asked of a target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// Oldest first. Where the last one is the assistant's, the target is asked to go on with it (a prefill).
    pub messages: Vec<ChatMessage>,
    /// Tools that the target may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolSpec>,
    pub max_tokens: u32,
    pub temperature: f64,
    pub seed: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    pub role: ChatRole,
    pub content: String,
    /// Calls that the assistant made in this message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Of a tool's message: the call that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
}

impl ChatMessage {
    #[must_use]
    pub fn new(role: ChatRole, content: impl Into<String>) -> Self {
        Self { role, content: content.into(), tool_calls: Vec::new(), tool_call_id: None }
    }

    #[must_use]
    pub fn system(content: impl Into<String>) -> Self {
        Self::new(ChatRole::System, content)
    }

    #[must_use]
    pub fn user(content: impl Into<String>) -> Self {
        Self::new(ChatRole::User, content)
    }

    #[must_use]
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new(ChatRole::Assistant, content)
    }

    /// The result of a tool call.
    #[must_use]
    pub fn tool(call: impl Into<String>, content: impl Into<String>) -> Self {
        Self { tool_call_id: Some(call.into()), ..Self::new(ChatRole::Tool, content) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatRole {
    System,
    User,
    Assistant,
    Tool,
}

/// A tool as it is described to a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolSpec {
    pub name: String,
    pub description: String,
    /// JSON Schema of its arguments, as JSON text.
    pub parameters: String,
}

/// A call that a model wants made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// As the model wrote them: JSON text, or what should have been.
    pub arguments: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatReply {
    pub text: String,
    pub finish: Finish,
    /// The provider's own refusal text, where it has such a field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    pub usage: Usage,
}

impl ChatReply {
    /// A reply of text only, whose usage is not known.
    #[must_use]
    pub fn new(text: impl Into<String>, finish: Finish) -> Self {
        Self { text: text.into(), finish, refusal: None, tool_calls: Vec::new(), usage: Usage::default() }
    }
}

/// Why the answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    Stop,
    Length,
    ToolCalls,
    /// The provider or guard filtered it: a refusal, not an error.
    ContentFilter,
    Refusal,
    Other,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// No answer came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum TargetError {
    #[error("no connection to {url}: {reason}; start the model server or correct `url`")]
    Unreachable { url: String, reason: String },
    #[error("no answer from {url} within {ms} ms")]
    TimedOut { url: String, ms: u64 },
    #[error("{url} answered status {status}: {body}")]
    Status {
        url: String,
        status: u16,
        body: String,
        /// How long the server asks to be left alone (`Retry-After`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    #[error("{url} answered something that is not a chat completion: {reason}")]
    Garbled { url: String, reason: String },
    #[error("{reason}")]
    Refused { reason: String },
    #[error("the recorded transcripts have no answer to this request; run without --replay to ask the model")]
    NotRecorded,
}
