use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{CommandTarget, HttpTemplate, McpCommand, McpTool};

/// A target as its settings say it. It holds no key.
///
/// ```toml
/// api = "anthropic"                       # or openai-chat, openai-responses, ollama
/// url = "https://api.example.com"
/// model = "m-1"
/// ```
///
/// ```toml
/// url = "https://bot.example.com/ask"
/// [api.http]
/// headers = { Authorization = "Token ${key}" }
/// body.json = '{"question": "${prompt}", "limit": "${max_tokens}"}'
/// answer = { text = "/data/answer", refusal = { at = "/blocked" } }
/// ```
///
/// ```toml
/// [api.mcp-command]
/// tool = "ask"
/// arguments = '{"question": "${prompt}"}'
/// program = "agent-server"
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Endpoint {
    pub api: Api,
    /// With or without its version segment; a template's is used as it is written; a command has none.
    #[serde(default)]
    pub url: String,
    #[serde(default)]
    pub model: String,
    /// Asks for the answer as a stream and joins it. OpenAI chat only.
    #[serde(default)]
    pub stream: bool,
    /// Says `max_completion_tokens` for `max_tokens`, as newer models want it. OpenAI chat only.
    #[serde(default)]
    pub max_completion_tokens: bool,
    /// Parameters that this model refuses and that are left out.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub omit: BTreeSet<Parameter>,
    /// Further fields of the request's body, as the provider names them. Model formats only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parameter {
    MaxTokens,
    Temperature,
    Seed,
}

/// How a target is spoken to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// `POST /v1/chat/completions`, as most servers offer it.
    #[serde(rename = "openai-chat")]
    OpenAiChat,
    /// `POST /v1/responses`. It has no seed.
    #[serde(rename = "openai-responses")]
    OpenAiResponses,
    /// `POST /v1/messages`. It has no seed, and temperatures up to 1.
    Anthropic,
    /// `POST /api/chat`.
    Ollama,
    Http(HttpTemplate),
    /// A tool of an MCP server over streamable HTTP.
    Mcp(McpTool),
    /// A tool of an MCP server that is started as a command.
    McpCommand(McpCommand),
    Command(CommandTarget),
}

/// Fields that the request itself decides.
const OWN_FIELDS: [&str; 9] =
    ["model", "messages", "input", "system", "tools", "stream", "max_tokens", "max_completion_tokens", "temperature"];

impl Endpoint {
    /// A model server, with every option as it is by default.
    #[must_use]
    pub fn new(api: Api, url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            api,
            url: url.into(),
            model: model.into(),
            stream: false,
            max_completion_tokens: false,
            omit: BTreeSet::new(),
            extra: BTreeMap::new(),
        }
    }

    /// Everything that decides the replies besides the request and the key.
    #[must_use]
    pub fn configuration(&self) -> Digest {
        let settings = serde_json::to_string(self).unwrap_or_else(|error| error.to_string());
        Digest::of_parts(["endpoint/1", &settings])
    }

    pub(super) fn sends(&self, parameter: Parameter) -> bool {
        !self.omit.contains(&parameter)
    }

    /// Options that this kind of target has no use for are mistakes, and would be believed to work.
    pub(super) fn check(&self) -> Result<(), String> {
        let model_format = matches!(self.api, Api::OpenAiChat | Api::OpenAiResponses | Api::Anthropic | Api::Ollama);
        let has_command = matches!(self.api, Api::Command(_) | Api::McpCommand(_));
        if model_format && self.model.is_empty() {
            return Err("the target names no `model`".to_owned());
        }
        if has_command != self.url.is_empty() {
            let wrong = if has_command { "has no use for a `url`; remove it" } else { "needs its `url`" };
            return Err(format!("the target {wrong}"));
        }
        if !matches!(self.api, Api::OpenAiChat) && (self.stream || self.max_completion_tokens) {
            return Err("only `openai-chat` knows `stream` and `max-completion-tokens`; remove them".to_owned());
        }
        let adjusted = !self.extra.is_empty() || !self.omit.is_empty();
        if adjusted && !model_format {
            return Err("only model formats know `extra` and `omit`; remove them".to_owned());
        }
        match self.extra.keys().find(|name| OWN_FIELDS.contains(&name.as_str())) {
            Some(name) => Err(format!("`extra.{name}` would replace what the request says; remove it")),
            None => Ok(()),
        }
    }
}
