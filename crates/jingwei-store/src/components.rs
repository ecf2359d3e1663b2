use jingwei_core::{ComponentId, ComponentKind, Digest, SystemId};

use crate::{
    Detail, Listed, Page, Store, StoreError, Tx,
    record::{Cell, Documented, Kind, record},
    statement::{Direction, Order, Select},
};

record! {
    /// A part of a system, as its newest assessment saw it.
    pub struct Component in "components" as "component", key ["system", "id"], unsaid [] {
        pub system: SystemId,
        pub id: ComponentId,
        pub kind: ComponentKind,
        /// Digest of what was inspected. `None`: nothing of it could be.
        pub subject: Option<Digest>,
    }
}

impl Documented for Component {
    const DOCUMENT: &'static str = "document";
}

const BY_ID: Order = Order { list: "components", columns: &[("id", Kind::Text)], direction: Direction::Ascending };

impl Store {
    pub async fn component(
        &self,
        system: &SystemId,
        id: &ComponentId,
    ) -> Result<Option<Detail<Component>>, StoreError> {
        self.one(Select::by_key(vec![Cell::text(system.as_str()), Cell::text(id.as_str())])).await
    }

    /// Components of a system, by id.
    pub async fn components(&self, system: &SystemId, page: &Page) -> Result<Listed<Component>, StoreError> {
        self.list(Select::new().and("system", " = ", Cell::text(system.as_str())), &BY_ID, page).await
    }
}

impl Tx {
    pub async fn put_component(&mut self, component: &Detail<Component>) -> Result<(), StoreError> {
        self.put("put_component", component).await
    }
}
