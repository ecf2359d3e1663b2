use jingwei_core::{Grade, RiskId, SystemId, Timestamp};

use crate::{
    AccessRole, Listed, OverrideId, Page, Store, StoreError, Tx,
    record::{Cell, Kind, record},
    statement::{Direction, Order, Select},
};

record! {
    /// Somebody lets another grade count than the one that follows from the evidence, until a day.
    pub struct Override in "overrides" as "override", key ["id"], unsaid [] {
        pub id: OverrideId,
        pub system: SystemId,
        pub risk: RiskId,
        pub grade: Grade,
        pub made_by: String,
        pub role: AccessRole,
        pub reason: String,
        pub expires_at: Timestamp,
        pub created_at: Timestamp,
    }
}

#[derive(Debug, Clone, Default)]
pub struct OverrideFilter {
    pub system: Option<SystemId>,
    pub risk: Option<RiskId>,
    /// Only those that hold at this instant.
    pub in_force_at: Option<Timestamp>,
}

const NEWEST_FIRST: Order = Order {
    list: "overrides",
    columns: &[("created_at", Kind::Int), ("id", Kind::Text)],
    direction: Direction::Descending,
};

impl Store {
    /// The newest first.
    pub async fn overrides(&self, filter: &OverrideFilter, page: &Page) -> Result<Listed<Override>, StoreError> {
        let at = filter.in_force_at.map(|at| Cell::int(at.micros()));
        let select = Select::new()
            .and_if("system", " = ", filter.system.as_ref().map(|system| Cell::text(system.as_str())))
            .and_if("risk", " = ", filter.risk.as_ref().map(|risk| Cell::text(risk.as_str())))
            .and_if("created_at", " <= ", at.clone())
            .and_if("expires_at", " > ", at);
        self.list(select, &NEWEST_FIRST, page).await
    }
}

impl Tx {
    pub async fn add_override(&mut self, made: &Override) -> Result<(), StoreError> {
        self.add("add_override", made).await
    }

    /// Ends an override at the transaction's time, if it has not ended before.
    pub async fn end_override(&mut self, id: &OverrideId) -> Result<(), StoreError> {
        let found: Option<Override> = self.one(Select::by_key(vec![Cell::text(id.as_str())])).await?;
        let found = found.ok_or_else(|| StoreError::Missing { noun: "override", id: id.to_string() })?;
        let ended = Override { expires_at: found.expires_at.min(self.at()), ..found };
        self.replace("end_override", &ended).await
    }
}
