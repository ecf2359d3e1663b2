//! Tests of endpoints: asks questions, judges the replies, counts what came of it with its uncertainty.
//!
//! `Plan` says what is asked, a `Driver` asks it through a [`jingwei_core::Target`], a `Judge` decides,
//! and every try ends as an [`Attempt`] with one of four outcomes. [`RefusalCheck`] makes metrics and
//! findings of them.
//!
//! Never knows how a target is reached, what time it is or where replies are kept: the target's own
//! journal makes a killed run go on. Only the use cases may call it.
//!
//! Invariant: the same questions and the same replies give the same bytes, however many workers asked
//! and in whatever order the replies came; a reply that could not be judged and a try that failed are
//! reported and never counted as either good or bad; no text of a question or reply leaves the crate.

mod attempt;
mod check;
mod driver;
mod judge;
mod observe;
mod plan;
mod rules;
mod run;
mod tally;

pub use attempt::{Attempt, Outcome};
pub use check::{BadProbe, RefusalCheck, RefusalRun};
pub use driver::{Driver, Sampling, SingleTurn};
pub use judge::{
    Call, Cue, Judge, JudgeScore, JudgeScorecard, JudgeVerdict, LabelledReply, RefusalJudge, Share, SideScore, measure,
};
pub use plan::{Identity, Plan, PlannedAttempt, Transform};
pub use rules::MissingRule;
