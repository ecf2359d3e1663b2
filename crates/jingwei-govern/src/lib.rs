//! The risk engine: what applies, how bad it is, what lowers it, what to do, and whether to go on.
//!
//! Invariant: a risk's state is a function of the manifest, the catalog, the evidence and the instant,
//! and of nothing else: the same values give the same bytes. The engine never runs a check, never asks
//! the time and never writes anything down. Evidence may tighten a grade by itself; only a named role
//! loosens one, with a reason and an expiry.

mod assess;
mod controls;
mod explain;
mod expression;
mod gate;
mod grading;
mod management;
mod manifest;
mod respond;

use jingwei_core::{Finding, RiskId};

pub use assess::{
    Assessment, Counts, EvidenceState, Inputs, Likelihood, LikelihoodBasis, Measurement, OpenFinding, RiskResult,
    RiskState, assess,
};
pub use controls::{ControlResult, ControlState, CriterionResult, EvidenceEntry, EvidenceRef};
pub use explain::{ExplainNode, explain_control, explain_risk};
pub use expression::{Expression, ExpressionError, fill};
pub use gate::{GateReason, GateResult, gate_context_for_case, rule_speaks};
pub use grading::{Factor, SystemGrade};
pub use management::ManagementCheck;
pub use manifest::{
    Answer, Assertion, Audience, Autonomy, Industry, LogRetention, Management, Manifest, Modality, Override,
    OverrideRole, Profile, SystemPart, VendorAssessment,
};
pub use respond::{Response, ResponseOption};

/// The assessment could not be made.
#[derive(Debug, thiserror::Error)]
pub enum GovernError {
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    #[error("grading profile `{profile}`: {reason}")]
    Profile { profile: String, reason: String },
    #[error("the catalog has no grading profile for industry `{industry}`; add one to profiles/")]
    NoProfile { industry: String },
    #[error("risk `{risk}`: {reason}")]
    Risk { risk: RiskId, reason: String },
}

/// A finding bears on a risk.
#[must_use]
pub(crate) fn bears_on(finding: &Finding, risk: &RiskId) -> bool {
    finding.risks.contains(risk)
}
