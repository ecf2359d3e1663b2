//! A change that a person makes: one transaction of the store, and its document in the ledger.

use jingwei_core::{SystemId, Timestamp};
use jingwei_store::Tx;
use serde::Serialize;
use serde_json::Value;

use crate::{App, Entry, Error, What, access::Caller, app::bytes_of, paging::of_store, register::internal};

/// What was changed, as the ledger keeps it.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    /// Always `governance`.
    kind: &'static str,
    version: u32,
    action: &'static str,
    noun: &'static str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<SystemId>,
    actor: String,
    role: &'static str,
    at: Timestamp,
    /// The record as it stands after the change.
    record: Value,
}

impl Change {
    pub(crate) fn new(
        caller: &Caller,
        at: Timestamp,
        (action, noun): (&'static str, &'static str),
        id: &str,
        system: Option<&SystemId>,
        record: &impl Serialize,
    ) -> Result<Self, Error> {
        Ok(Self {
            kind: "governance",
            version: 1,
            action,
            noun,
            id: id.to_owned(),
            system: system.cloned(),
            actor: caller.name.clone(),
            role: caller.role.code(),
            at,
            record: serde_json::to_value(record).map_err(internal)?,
        })
    }
}

impl App {
    pub(crate) async fn begin(&self, caller: &Caller, at: Timestamp) -> Result<Tx, Error> {
        self.store.write(&caller.name, at).await.map_err(of_store)
    }

    /// Enters the change into the ledger, then saves the transaction that makes it. Where the ledger refuses,
    /// nothing was changed; where the save fails, the ledger shows an attempt and the register stays as it was.
    pub(crate) async fn save_change(&self, caller: &Caller, tx: Tx, change: Change) -> Result<u64, Error> {
        let (bytes, _) = bytes_of(&change)?;
        let app = self.acting_for(caller);
        let entry = Entry::new(What::Governance, change.system, &change.actor, change.at);
        let index = blocking(move || app.put(entry, &bytes)).await?;
        tx.save().await.map_err(of_store)?;
        Ok(index)
    }
}

/// Waits for the disk without holding up others.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(internal)?
}
