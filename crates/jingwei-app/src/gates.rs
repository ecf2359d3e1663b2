//! What gates said about stage transitions.

use jingwei_core::{Decision, Stage, SystemId, Timestamp};
use jingwei_store::{GateDecisionFilter, GateDecisionId};
use serde_json::Value;

use crate::{
    App, Error,
    access::{Action, Caller},
    paging::{PageOf, PageRequest, given, named, nothing, of_store},
    register::internal,
};

/// A decision and its reasons.
#[derive(Debug, Clone)]
pub struct GateView {
    pub id: String,
    pub system: SystemId,
    pub assessment: String,
    /// The stage that the gate leads into.
    pub stage: Stage,
    pub decision: Decision,
    /// Rule, decision, message and remedy of each rule that spoke.
    pub reasons: Value,
    pub ledger_index: u64,
    pub decided_at: Timestamp,
}

/// The newest first.
pub async fn list(
    app: &App,
    caller: &Caller,
    system: Option<&str>,
    stage: Option<Stage>,
    page: &PageRequest,
) -> Result<PageOf<GateView>, Error> {
    caller.may(Action::ListGateDecisions)?;
    let filter = GateDecisionFilter { system: given("system", system)?, stage };
    let listed = app.store.gate_decisions(&filter, &page.read()?).await.map_err(of_store)?;
    PageOf::of(listed, view)
}

pub async fn get(app: &App, caller: &Caller, id: &str) -> Result<GateView, Error> {
    caller.may(Action::ReadGateDecision)?;
    let key = named::<GateDecisionId>("关口结论", "gate decision", id)?;
    let row = app.store.gate_decision(&key).await.map_err(of_store)?;
    view(row.ok_or_else(|| nothing("关口结论", "gate decision", id))?)
}

fn view(row: jingwei_store::GateDecision) -> Result<GateView, Error> {
    Ok(GateView {
        id: row.id.to_string(),
        system: row.system,
        assessment: row.assessment.to_string(),
        stage: row.stage,
        decision: row.decision,
        reasons: row.reasons.read().map_err(internal)?,
        ledger_index: row.ledger_index,
        decided_at: row.decided_at,
    })
}
