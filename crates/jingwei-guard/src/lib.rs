//! The guardrail engine: what may be done about what a text contains.
//!
//! A [`Policy`] (one TOML file) is compiled with the lexicons that it names into an [`Engine`]; the engine judges
//! the text [`Surface`]s of a request or a reply and gives a `Verdict`. [`StreamHold`] does the same for a reply
//! that arrives in pieces. This slice holds the keyword and pattern level; the semantic and the agent level add
//! kinds of rules, and neither the verdict nor the surfaces change for them.
//!
//! Never knows the network, the clock, a file system, or who asks. Never keeps or tells the matched text.
//!
//! Invariants: a policy compiles whole or not at all; the same text under the same policy gives the same verdict,
//! however it was cut into pieces; what could not be judged is told.

mod baseline;
mod check;
mod compile;
mod judge;
mod policy;
mod redact;
mod scan;
mod stream;
mod surfaces;
mod together;

pub use baseline::{BASELINE_TOML, baseline};
pub use check::GuardCheck;
pub use compile::{Engine, LexiconUse, Warning, WarningKind};
pub use policy::{
    Direction, Mode, OnFailure, Policy, PolicyKind, PolicyRule, RuleDirection, SurfaceRole, When, Words, parse_policy,
    policy_schema,
};
pub use redact::{Placeholders, Redacted, apply_redactions};
pub use stream::{StreamHold, StreamStep};
pub use surfaces::{Surface, Unjudged, surfaces_of_chat_request, surfaces_of_chat_response};
