use jingwei_core::{Decision, Stage, SystemId, Timestamp};

use crate::{
    AssessmentId, GateDecisionId, Listed, Page, Store, StoreError, Summary, Tx,
    record::{Cell, Kind, record},
    statement::{Direction, Order, Select},
};

record! {
    /// What a gate said about a stage, and why.
    pub struct GateDecision in "gate_decisions" as "gate decision", key ["id"], unsaid [] {
        pub id: GateDecisionId,
        pub system: SystemId,
        pub assessment: AssessmentId,
        pub stage: Stage,
        pub decision: Decision,
        pub reasons: Summary,
        pub ledger_index: u64,
        pub decided_at: Timestamp,
    }
}

#[derive(Debug, Clone, Default)]
pub struct GateDecisionFilter {
    pub system: Option<SystemId>,
    pub stage: Option<Stage>,
}

const NEWEST_FIRST: Order = Order {
    list: "gate_decisions",
    columns: &[("decided_at", Kind::Int), ("id", Kind::Text)],
    direction: Direction::Descending,
};

impl Store {
    pub async fn gate_decision(&self, id: &GateDecisionId) -> Result<Option<GateDecision>, StoreError> {
        self.one(Select::by_key(vec![Cell::text(id.as_str())])).await
    }

    /// The newest first.
    pub async fn gate_decisions(
        &self,
        filter: &GateDecisionFilter,
        page: &Page,
    ) -> Result<Listed<GateDecision>, StoreError> {
        let select = Select::new()
            .and_if("system", " = ", filter.system.as_ref().map(|system| Cell::text(system.as_str())))
            .and_if("stage", " = ", filter.stage.map(|stage| Cell::text(stage.code())));
        self.list(select, &NEWEST_FIRST, page).await
    }
}

impl Tx {
    /// A decision that is not part of saving an assessment: a sign-off.
    pub async fn add_gate_decision(&mut self, decision: &GateDecision) -> Result<(), StoreError> {
        self.add("add_gate_decision", decision).await
    }
}
