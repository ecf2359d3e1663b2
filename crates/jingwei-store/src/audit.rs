use jingwei_core::{Digest, Timestamp};

use crate::{
    Listed, Page, Store, StoreError, Summary,
    record::{Kind, record},
    statement::{Direction, Order, Select},
};

record! {
    /// Who changed what, and when. Numbers start at 1, have no gaps and follow the order in which changes were saved.
    pub struct AuditEntry in "audit" as "audit", key ["seq"], unsaid [] {
        pub seq: u64,
        pub at: Timestamp,
        pub actor: String,
        /// Name of the method that changed it.
        pub action: String,
        pub noun: String,
        /// Its key; the parts of a key of several columns are joined by `/`.
        pub noun_id: String,
        /// Digest of the row before. `None`: there was none.
        pub before: Option<Digest> as ["before_digest"],
        pub after: Option<Digest> as ["after_digest"],
        /// `{"column": {"from": .., "to": ..}}` of what changed.
        pub detail: Summary,
    }
}

#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub actor: Option<String>,
    pub noun: Option<String>,
    pub noun_id: Option<String>,
}

const NEWEST_FIRST: Order = Order { list: "audit", columns: &[("seq", Kind::Int)], direction: Direction::Descending };

impl Store {
    /// The newest first.
    pub async fn audit(&self, filter: &AuditFilter, page: &Page) -> Result<Listed<AuditEntry>, StoreError> {
        let select = Select::new()
            .and_text("actor", filter.actor.as_deref())?
            .and_text("noun", filter.noun.as_deref())?
            .and_text("noun_id", filter.noun_id.as_deref())?;
        self.list(select, &NEWEST_FIRST, page).await
    }
}
