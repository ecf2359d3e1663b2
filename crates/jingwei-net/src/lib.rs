//! The only outbound HTTP of the workspace: one client with limits and an address filter, the
//! OpenAI-compatible chat call, the streaming pass-through of the gateway, and the exposure probe.
//!
//! It will never know what a prompt means, which risk an answer bears on, or where settings come
//! from; it keeps no content. Invariant: a connection is opened only to an address that the rules
//! allow, checked after name resolution and again on every redirect; addresses of cloud metadata
//! services are refused whatever the settings say; and nothing that a server sends can cost more
//! time or bytes than [`jingwei_core::Limits`] grants, or cause a panic.

mod address;
mod chat;
mod client;
mod exposure;
mod fault;
mod forward;
mod guard_model;
mod json;
mod listeners;
mod patience;
mod reply;
mod retry;
mod secret;

pub use address::{AddressKind, AddressRules, kind_of};
pub use chat::OpenAiClient;
pub use client::{Client, NetSettings};
pub use exposure::probe_exposure;
pub use fault::NetError;
pub use forward::{BodyStream, Forward, Forwarded, Verb};
pub use guard_model::{GuardAnswer, GuardModel, GuardModelError, GuardToken};
pub use json::{JsonFault, read_json};
pub use listeners::{listeners_in_table, listeners_on};
pub use patience::{Breaker, BreakerSettings, CallBudget};
pub use retry::RetrySettings;
pub use secret::Secret;
