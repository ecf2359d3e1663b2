//! Who changed what, and when.

use jingwei_core::{Digest, Timestamp};
use jingwei_store::AuditFilter;
use serde_json::Value;

use crate::{
    App, Error,
    access::{Action, Caller},
    paging::{PageOf, PageRequest, of_store},
    register::internal,
};

/// A row of the audit trail.
#[derive(Debug, Clone)]
pub struct AuditView {
    pub seq: u64,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub noun: String,
    pub noun_id: String,
    pub before: Option<Digest>,
    pub after: Option<Digest>,
    pub detail: Value,
}

#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    pub actor: Option<String>,
    pub noun: Option<String>,
    pub noun_id: Option<String>,
}

/// The newest first.
pub async fn list(
    app: &App,
    caller: &Caller,
    query: &AuditQuery,
    page: &PageRequest,
) -> Result<PageOf<AuditView>, Error> {
    caller.may(Action::ListAudit)?;
    let filter = AuditFilter { actor: query.actor.clone(), noun: query.noun.clone(), noun_id: query.noun_id.clone() };
    let listed = app.store.audit(&filter, &page.read()?).await.map_err(of_store)?;
    PageOf::of(listed, |row| {
        Ok(AuditView {
            seq: row.seq,
            at: row.at,
            actor: row.actor,
            action: row.action,
            noun: row.noun,
            noun_id: row.noun_id,
            before: row.before,
            after: row.after,
            detail: row.detail.read().map_err(internal)?,
        })
    })
}

/// Whether requests can be answered: the store reads.
pub async fn ready(app: &App) -> Result<(), Error> {
    app.store
        .systems(&jingwei_store::SystemFilter::default(), &jingwei_store::Page::new(None, 1)?)
        .await
        .map_err(of_store)?;
    Ok(())
}
