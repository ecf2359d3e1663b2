//! Evidence: what the store indexes, and the document that stands in the ledger.

use jingwei_core::{CheckId, ComponentId, Digest, SystemId, Timestamp};
use jingwei_store::{EvidenceAge, EvidenceFilter};
use serde_json::Value;

use crate::{
    App, Error,
    access::{Action, Caller},
    paging::{PageOf, PageRequest, given, named, nothing, of_store},
    register::internal,
    systems,
};

/// What the index knows of one piece of evidence.
#[derive(Debug, Clone)]
pub struct EvidenceView {
    pub digest: Digest,
    pub system: SystemId,
    pub component: ComponentId,
    pub check: CheckId,
    pub observed_at: Timestamp,
    /// Digest of the component as it was seen.
    pub subject: Digest,
    /// Where it stands in the ledger.
    pub ledger_index: u64,
    pub catalog: Digest,
}

#[derive(Debug, Clone)]
pub struct EvidenceDetail {
    pub evidence: EvidenceView,
    pub document: Value,
}

/// Which evidence of a system is wanted.
#[derive(Debug, Clone, Default)]
pub struct EvidenceQuery {
    pub component: Option<String>,
    pub check: Option<String>,
    /// Only the newest of each check and component.
    pub newest: bool,
}

/// The newest first.
pub async fn list(
    app: &App,
    caller: &Caller,
    system: &str,
    query: &EvidenceQuery,
    page: &PageRequest,
) -> Result<PageOf<EvidenceView>, Error> {
    caller.may(Action::ListEvidence)?;
    let filter = EvidenceFilter {
        system: systems::known(app, system).await?,
        component: given("component", query.component.as_deref())?,
        check: given("check", query.check.as_deref())?,
        age: if query.newest { EvidenceAge::Newest } else { EvidenceAge::All },
    };
    let listed = app.store.evidence_list(&filter, &page.read()?).await.map_err(of_store)?;
    PageOf::of(listed, |row| Ok(view(row)))
}

pub async fn get(app: &App, caller: &Caller, digest: &str) -> Result<EvidenceDetail, Error> {
    caller.may(Action::ReadEvidence)?;
    let id = named::<Digest>("证据", "evidence", digest)?;
    let found = app.store.evidence(&id).await.map_err(of_store)?;
    let found = found.ok_or_else(|| nothing("证据", "evidence", digest))?;
    Ok(EvidenceDetail { evidence: view(found.row), document: found.document.read().map_err(internal)? })
}

fn view(row: jingwei_store::Evidence) -> EvidenceView {
    EvidenceView {
        digest: row.digest,
        system: row.system,
        component: row.component,
        check: row.check,
        observed_at: row.observed_at,
        subject: row.subject,
        ledger_index: row.ledger_index,
        catalog: row.catalog,
    }
}
