use jingwei_core::{RiskId, SystemId, Timestamp};

use crate::{
    Listed, Page, Store, StoreError, TreatmentId, TreatmentOption, TreatmentStatus, Tx,
    record::{Cell, Kind, record},
    statement::{Direction, Order, Select},
};

record! {
    /// What is to be done about a risk, by whom and until when.
    pub struct Treatment in "treatments" as "treatment", key ["id"], unsaid [] {
        pub id: TreatmentId,
        pub system: SystemId,
        pub risk: RiskId,
        pub option: TreatmentOption,
        pub owner: String,
        /// In the owner's words: `3 person-days`, `CNY 120000`.
        pub cost: Option<String>,
        pub benefit: Option<String>,
        pub due: Option<Timestamp>,
        pub status: TreatmentStatus,
        pub reason: String,
        /// Until when an acceptance holds.
        pub expires_at: Option<Timestamp>,
        pub decided_by: Option<String>,
        pub created_at: Timestamp,
    }
}

#[derive(Debug, Clone, Default)]
pub struct TreatmentFilter {
    pub system: Option<SystemId>,
    pub risk: Option<RiskId>,
    pub status: Option<TreatmentStatus>,
}

const NEWEST_FIRST: Order = Order {
    list: "treatments",
    columns: &[("created_at", Kind::Int), ("id", Kind::Text)],
    direction: Direction::Descending,
};

fn by_id(id: &TreatmentId) -> Select<Treatment> {
    Select::by_key(vec![Cell::text(id.as_str())])
}

impl Store {
    pub async fn treatment(&self, id: &TreatmentId) -> Result<Option<Treatment>, StoreError> {
        self.one(by_id(id)).await
    }

    /// The newest first.
    pub async fn treatments(&self, filter: &TreatmentFilter, page: &Page) -> Result<Listed<Treatment>, StoreError> {
        let select = Select::new()
            .and_if("system", " = ", filter.system.as_ref().map(|system| Cell::text(system.as_str())))
            .and_if("risk", " = ", filter.risk.as_ref().map(|risk| Cell::text(risk.as_str())))
            .and_if("status", " = ", filter.status.map(|status| Cell::text(status.code())));
        self.list(select, &NEWEST_FIRST, page).await
    }
}

impl Tx {
    pub async fn treatment(&mut self, id: &TreatmentId) -> Result<Option<Treatment>, StoreError> {
        self.one(by_id(id)).await
    }

    pub async fn add_treatment(&mut self, treatment: &Treatment) -> Result<(), StoreError> {
        self.add("add_treatment", treatment).await
    }

    /// Replaces a treatment that exists: a decision, a new date, a new state.
    pub async fn change_treatment(&mut self, treatment: &Treatment) -> Result<(), StoreError> {
        self.replace("change_treatment", treatment).await
    }
}
