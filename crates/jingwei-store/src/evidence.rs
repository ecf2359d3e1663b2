use jingwei_core::{CheckId, ComponentId, Digest, SystemId, Timestamp};

use crate::{
    Detail, Listed, Page, Store, StoreError, Tx,
    record::{Cell, Documented, Kind, Record, record},
    statement::{Direction, Order, Select, Statement},
    tx::Entry,
};

record! {
    /// What the index knows of one piece of evidence. Its document is the evidence itself. Whether it is fresh
    /// depends on the reader's clock and criterion, and is not stored.
    pub struct Evidence in "evidence" as "evidence", key ["digest"], unsaid [] {
        pub digest: Digest,
        pub system: SystemId,
        pub component: ComponentId,
        pub check: CheckId as ["check_id"],
        pub observed_at: Timestamp,
        /// Digest of the component as it was seen.
        pub subject: Digest,
        /// Where it stands in the ledger.
        pub ledger_index: u64,
        /// Digest of the catalog that it was made under.
        pub catalog: Digest,
    }
}

impl Documented for Evidence {
    const DOCUMENT: &'static str = "document";
}

/// Which evidence of a system is wanted.
#[derive(Debug, Clone)]
pub struct EvidenceFilter {
    pub system: SystemId,
    pub component: Option<ComponentId>,
    pub check: Option<CheckId>,
    pub age: EvidenceAge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceAge {
    All,
    /// The newest of each component and check.
    Newest,
}

const NEWEST_FIRST: Order = Order {
    list: "evidence",
    columns: &[("observed_at", Kind::Int), ("digest", Kind::Text)],
    direction: Direction::Descending,
};

const IS_NEWEST: &str = "NOT EXISTS (SELECT 1 FROM evidence AS newer WHERE newer.system = item.system \
    AND newer.component = item.component AND newer.check_id = item.check_id \
    AND (newer.observed_at, newer.digest) > (item.observed_at, item.digest))";

impl Store {
    pub async fn evidence(&self, digest: &Digest) -> Result<Option<Detail<Evidence>>, StoreError> {
        self.one(Select::by_key(vec![Cell::text(digest.to_string())])).await
    }

    /// Evidence of a system, the newest first.
    pub async fn evidence_list(&self, filter: &EvidenceFilter, page: &Page) -> Result<Listed<Evidence>, StoreError> {
        let mut select = Select::new()
            .and("system", " = ", Cell::text(filter.system.as_str()))
            .and_if("component", " = ", filter.component.as_ref().map(|component| Cell::text(component.as_str())))
            .and_if("check_id", " = ", filter.check.as_ref().map(|check| Cell::text(check.as_str())));
        if filter.age == EvidenceAge::Newest {
            select = select.and_that(IS_NEWEST);
        }
        self.list(select, &NEWEST_FIRST, page).await
    }
}

impl Tx {
    /// Evidence never changes: adding what is there already leaves it as it is.
    pub async fn add_evidence(&mut self, evidence: &Detail<Evidence>) -> Result<(), StoreError> {
        let after = evidence.cells()?;
        let before = self.cells_of::<Detail<Evidence>>(&after).await?;
        let entry =
            Entry::change::<Detail<Evidence>>("add_evidence", before.as_deref(), before.as_ref().unwrap_or(&after));
        self.apply(entry, Statement::insert_new::<Detail<Evidence>>(vec![after])).await
    }
}
