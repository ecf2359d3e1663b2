//! The words that every crate of Jingwei shares, and the ports through which checks touch the world.
//!
//! Invariant: this crate does no I/O and reads no clock, no environment and no randomness. It holds
//! vocabulary (ids, texts, grades), the shape of an observation and the traits that a check sees;
//! it holds no rule, no algorithm and no format of any tool. Everybody may import it.

mod chat;
mod check;
mod component;
mod digest;
mod grade;
mod id;
mod limits;
mod observation;
mod package;
mod schema;
mod text;
mod time;
mod verdict;

pub use chat::{ChatMessage, ChatReply, ChatRequest, ChatRole, Finish, TargetError, ToolCall, ToolSpec, Usage};
pub use check::{
    Arm, ArmedTarget, Check, CheckError, Cost, Ctx, ExposureFacts, ExposureProbe, FileEntry, FileKind, Files,
    NoProgress, PortError, Progress, ReadSeek, Target, Targets,
};
pub use component::{Component, ComponentKind, Role, Side, Stage};
pub use digest::{Digest, Hasher};
pub use grade::{Decision, Grade, Priority, Severity};
pub use id::{CheckId, ComponentId, ControlId, IdError, ItemRef, RiskId, RuleId, SystemId};
pub use limits::Limits;
pub use observation::{Evidence, Finding, Interval, Metric, Observation, Place, Trial};
pub use package::{Ecosystem, Package};
pub use text::{Lang, Text};
pub use time::{Clock, Date, Timestamp};
pub use verdict::{Action, RuleHit, Span, Verdict};
