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
mod bindings;
mod bound;
mod canary;
mod check;
mod compile;
mod cost;
mod coverage;
mod detector;
mod explain;
mod guard_model;
mod instant;
mod json_strings;
mod judge;
mod pack;
mod pack_import;
mod pack_rows;
mod policy;
mod protocol;
mod redact;
mod scan;
mod semantic;
mod sentences;
mod spotlight;
mod stream;
mod surfaces;
mod together;
mod word_form;

pub use baseline::{BASELINE_TOML, baseline};
pub use bindings::{Binding, Bindings, BindingsKind, Caller, bindings_schema, parse_bindings, unreachable_bindings};
pub use bound::{BoundEngine, DetectorState, EngineSet, KnownCaller};
pub use canary::{CANARY_BYTES, CanaryKey};
pub use check::GuardCheck;
pub use compile::{Engine, LexiconUse, Parts, Warning, WarningKind};
pub use cost::{StreamCost, StreamNeed, StreamRules};
pub use detector::{Detector, Detectors, Judgement, Unavailable, UnavailableCause, with_context};
pub use explain::SentenceJudgement;
pub use guard_model::{AnswerToken, answer_tokens, guard_messages, judgements_of_answer};
pub use pack::{
    Pack, PackCategory, PackError, PackHeader, PackKind, PackSource, PackWords, is_category, is_pack_id,
    lexicons_of_packs, pack_path,
};
pub use pack_import::{
    CategoryChange, Example, Import, ImportOptions, ImportReport, Imported, Oddity, PackFacts, Seen,
};
pub use pack_rows::Columns;
pub use policy::{
    BUILTIN_DETECTOR, DetectorSettings, Direction, GuardPrompt, Intent, Level, Mode, OnFailure, Policy, PolicyKind,
    PolicyRule, RuleDirection, Spotlight, StreamMode, SurfaceRole, When, Words, parse_policy, policy_schema,
};
pub use protocol::{is_protocol_key, is_protocol_word};
pub use redact::{Placeholders, Redacted, apply_redactions};
pub use semantic::{BUILTIN_HEADS, BUILTIN_MANIFEST, BUILTIN_SCORECARD, HeadsDetector};
pub use spotlight::{add_to_system, spotlight};
pub use stream::{StreamHold, StreamStep};
pub use surfaces::{Surface, Unjudged, surfaces_of_chat_request, surfaces_of_chat_response};
