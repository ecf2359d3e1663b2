//! Keeps governance data: the only SQL of Jingwei. SQLite by default, PostgreSQL by URL, one SQL text for both.
//!
//! It never knows what a grade or a decision means: it computes none, reads no clock, makes no id and no random
//! number, and sends nothing anywhere but to its database. The use cases call it; engines and edges do not.
//!
//! Invariant: no row changes without a row of the audit in the same transaction. [`Store`] only reads, [`Tx`] changes,
//! and its every change runs through one function that writes the audit. Each noun has its module, with its
//! record, its lists and its changes; `docs/reference/store.md` tells the tables.

#![expect(clippy::duplicate_mod, reason = "driver.rs is compiled once per database, on purpose")]

mod assessments;
mod audit;
mod components;
mod controls;
mod document;
mod error;
mod evidence;
mod gate_decisions;
mod meta;
mod overrides;
mod page;
#[cfg(test)]
mod plans;
mod postgres;
mod record;
mod risks;
mod sqlite;
mod statement;
mod store;
mod systems;
mod tokens;
mod treatments;
mod tx;
mod words;

pub use assessments::{Assessment, AssessmentFilter, AssessmentRun};
pub use audit::{AuditEntry, AuditFilter};
pub use components::Component;
pub use controls::{Control, ControlFilter};
pub use document::{Document, DocumentError, Summary};
pub use error::StoreError;
pub use evidence::{Evidence, EvidenceAge, EvidenceFilter};
pub use gate_decisions::{GateDecision, GateDecisionFilter};
pub use overrides::{Override, OverrideFilter};
pub use page::{Cursor, Listed, Page};
pub use record::{Detail, MAX_DOCUMENT_BYTES, MAX_TEXT_BYTES};
pub use risks::{Risk, RiskFilter};
pub use store::Store;
pub use systems::{System, SystemFilter};
pub use tokens::Token;
pub use treatments::{Treatment, TreatmentFilter};
pub use tx::{MAX_NAME_BYTES, Tx};
pub use words::{
    AccessRole, AssessmentId, ControlNature, ControlState, GateDecisionId, MetaKey, OverrideId, RiskClass, RiskState,
    TokenId, TreatmentId, TreatmentOption, TreatmentStatus, WordError,
};
