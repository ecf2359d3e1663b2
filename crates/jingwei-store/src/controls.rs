use jingwei_core::{ControlId, SystemId, Timestamp};

use crate::{
    ControlNature, ControlState, Detail, Listed, Page, Store, StoreError, Tx,
    record::{Cell, Documented, Kind, record},
    statement::{Direction, Order, Select},
};

record! {
    /// How a control of a system stands. Its document tells what evidence says so.
    pub struct Control in "controls" as "control", key ["system", "control"], unsaid [] {
        pub system: SystemId,
        pub control: ControlId,
        pub nature: ControlNature,
        pub state: ControlState,
        pub assessed_at: Timestamp,
    }
}

impl Documented for Control {
    const DOCUMENT: &'static str = "document";
}

#[derive(Debug, Clone, Default)]
pub struct ControlFilter {
    pub system: Option<SystemId>,
    pub state: Option<ControlState>,
}

const BY_SYSTEM: Order = Order {
    list: "controls",
    columns: &[("system", Kind::Text), ("control", Kind::Text)],
    direction: Direction::Ascending,
};

impl Store {
    pub async fn control(&self, system: &SystemId, control: &ControlId) -> Result<Option<Detail<Control>>, StoreError> {
        self.one(Select::by_key(vec![Cell::text(system.as_str()), Cell::text(control.as_str())])).await
    }

    /// By system and control.
    pub async fn controls(&self, filter: &ControlFilter, page: &Page) -> Result<Listed<Control>, StoreError> {
        let select = Select::new()
            .and_if("system", " = ", filter.system.as_ref().map(|system| Cell::text(system.as_str())))
            .and_if("state", " = ", filter.state.map(|state| Cell::text(state.code())));
        self.list(select, &BY_SYSTEM, page).await
    }
}

impl Tx {
    pub async fn put_control(&mut self, control: &Detail<Control>) -> Result<(), StoreError> {
        self.put("put_control", control).await
    }
}
