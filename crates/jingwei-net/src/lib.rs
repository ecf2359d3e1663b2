//! The way out of the workspace: one HTTP client with limits and an address filter, the targets of tests
//! (model servers in four formats, any HTTP service, tools behind MCP, commands), the pace at which they are
//! asked, the streaming pass-through of the gateway, and the exposure probe.
//!
//! It will never know what a prompt means, which risk an answer bears on, or where settings come
//! from; it keeps no content. A command is started only where the settings of a target name it, and is ended
//! with its children. Invariant: a connection is opened only to an address that the rules
//! allow, checked after name resolution and again on every redirect; addresses of cloud metadata
//! services are refused whatever the settings say; and nothing that a server sends can cost more
//! time or bytes than [`jingwei_core::Limits`] grants, or cause a panic.

mod address;
mod chat;
mod chat_stream;
mod client;
mod exposure;
mod fault;
mod forward;
mod guard_model;
mod json;
mod listeners;
mod pace;
mod patience;
mod refusal;
mod reply;
mod retry;
mod secret;
mod sse;
mod target;

pub use address::{AddressKind, AddressRules, kind_of};
pub use chat::OpenAiClient;
pub use client::{Client, NetSettings};
pub use exposure::probe_exposure;
pub use fault::NetError;
pub use forward::{BodyStream, Forward, Forwarded, Verb};
pub use guard_model::{GuardAnswer, GuardModel, GuardModelError, GuardToken};
pub use json::{JsonFault, read_json};
pub use listeners::{listeners_in_table, listeners_on};
pub use pace::{Pace, PaceOutcome, PaceSettings, Ticket};
pub use patience::{Breaker, BreakerSettings, CallBudget};
pub use retry::RetrySettings;
pub use secret::Secret;
pub use target::{
    AnswerFields, Api, CommandInput, CommandTarget, Endpoint, HttpBody, HttpTemplate, HttpVerb, McpCommand, McpTool,
    Parameter, Signal, TargetClient,
};
