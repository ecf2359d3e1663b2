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
pub mod datasets;
mod driver;
pub mod drivers;
pub mod filing;
pub mod grading;
mod item;
mod judge;
pub mod judges;
mod kept;
mod name;
mod observe;
pub mod organism;
mod plan;
mod prompt;
mod random;
mod rules;
mod run;
mod session;
mod suite_check;
mod summary;
mod tally;
mod transform;
pub mod transforms;
mod trial;

pub use attempt::{Attempt, JudgedBy, Outcome};
pub use check::{BadProbe, RefusalCheck, RefusalRun};
pub use driver::{Case, Driver, Requests, Sampling, SingleTurn};
pub use item::{Expect, Item, Trap};
pub use judge::{
    BadClassifier, BadRubric, Call, CanaryJudge, ClassifierJudge, Cue, Exchange, Judge, JudgeScore, JudgeScorecard,
    JudgeVerdict, Judgement, Judging, KeywordJudge, LabelledReply, LabelledTrap, LlmJudge, LlmRubric, ModelError,
    NetOptions, PendingJudgement, RefusalJudge, RefusalModel, ReplyJudge, Share, SideScore, ToolEffectJudge,
    TrainOptions, measure, measure_traps, review,
};
pub use kept::KeptAttempts;
pub use name::{Name, Names};
pub use plan::{Ingredient, Part, Plan, Planned};
pub use prompt::Prompt;
pub use random::Random;
pub use rules::MissingRule;
pub use session::{Answer, Ask, Conversation, Party, Session, Step, Turn, TurnAnswer};
pub use suite_check::SuiteCheck;
pub use summary::{
    AgreementRow, ArmOutcomes, CorrectedRate, Delta, Group, HitRow, Outcomes, RateName, RateRow, Summary, compare,
};
pub use transform::{Chain, Transform};
pub use trial::{Trial, TrialStep};
