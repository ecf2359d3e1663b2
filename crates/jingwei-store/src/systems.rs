use jingwei_core::{Digest, Grade, Stage, SystemId, Text, Timestamp};

use crate::{
    Detail, Listed, Page, Store, StoreError, Tx,
    record::{Cell, Documented, Kind, record},
    statement::{Direction, Order, Select},
};

record! {
    /// A governed system. Its document is the manifest.
    pub struct System in "systems" as "system", key ["id"], unsaid [] {
        pub id: SystemId,
        pub name: Text as ["name_zh", "name_en"],
        pub owner: String,
        pub stage: Stage,
        /// The residual grade that the system tolerates.
        pub tolerance: Grade,
        pub manifest_digest: Digest,
        pub updated_at: Timestamp,
    }
}

impl Documented for System {
    const DOCUMENT: &'static str = "manifest";
}

#[derive(Debug, Clone, Default)]
pub struct SystemFilter {
    pub stage: Option<Stage>,
}

const BY_ID: Order = Order { list: "systems", columns: &[("id", Kind::Text)], direction: Direction::Ascending };

fn by_id(id: &SystemId) -> Select<Detail<System>> {
    Select::by_key(vec![Cell::text(id.as_str())])
}

impl Store {
    pub async fn system(&self, id: &SystemId) -> Result<Option<Detail<System>>, StoreError> {
        self.one(by_id(id)).await
    }

    /// By id.
    pub async fn systems(&self, filter: &SystemFilter, page: &Page) -> Result<Listed<System>, StoreError> {
        let stage = filter.stage.map(|stage| Cell::text(stage.code()));
        self.list(Select::new().and_if("stage", " = ", stage), &BY_ID, page).await
    }
}

impl Tx {
    pub async fn system(&mut self, id: &SystemId) -> Result<Option<Detail<System>>, StoreError> {
        self.one(by_id(id)).await
    }

    pub async fn put_system(&mut self, system: &Detail<System>) -> Result<(), StoreError> {
        self.put("put_system", system).await
    }
}
