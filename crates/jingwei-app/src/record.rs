//! What enters the ledger, and how the store's index follows it.

use std::path::Path;

use jingwei_core::{Digest, Evidence, SystemId, Timestamp};
use jingwei_govern::{Assessment, EvidenceEntry};
use jingwei_store::{Detail, Document, EvidenceAge, EvidenceFilter, MetaKey, Page, Tx};
use serde::{Deserialize, Serialize};

use crate::{
    App, Error,
    app::bytes_of,
    register::{self, SystemDocument, internal},
};

/// An entry of the ledger: what happened, and the digest of the document that says it in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Always `entry`.
    pub kind: String,
    pub version: u32,
    pub what: What,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<SystemId>,
    pub actor: String,
    pub at: Timestamp,
    /// Digest of the document, which lies beside the ledger as a blob.
    pub payload: Digest,
    pub bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A system's manifest, and what evidence about it must be about.
    System,
    Evidence,
    Assessment,
    /// A run of a suite of tests.
    ProbeRun,
    /// A change that a person made: a treatment, an override, a token.
    Governance,
}

impl Entry {
    pub(crate) fn new(what: What, system: Option<SystemId>, actor: &str, at: Timestamp) -> Self {
        let payload = Digest::of(b"");
        Self { kind: "entry".to_owned(), version: 1, what, system, actor: actor.to_owned(), at, payload, bytes: 0 }
    }
}

fn indexed_to() -> Result<MetaKey, Error> {
    MetaKey::new("ledger.indexed_to").map_err(|e| Error::failed("内部错误", "internal error").because(e))
}

impl App {
    /// Enters evidence. The same evidence entered twice stays one entry: its first one.
    pub(crate) async fn record_evidence(&self, evidence: Vec<Evidence>) -> Result<Vec<EvidenceEntry>, Error> {
        let mut entries = Vec::new();
        for evidence in evidence {
            let (bytes, digest) = bytes_of(&evidence)?;
            let index = match self.store.evidence(&digest).await? {
                Some(known) => known.row.ledger_index,
                None => {
                    let system = Some(evidence.system.clone());
                    let entry = Entry::new(What::Evidence, system, &self.settings.actor, evidence.observed_at);
                    self.put(entry, &bytes)?
                }
            };
            entries.push(EvidenceEntry { evidence, digest, index: Some(index) });
        }
        self.catch_up().await?;
        Ok(entries)
    }

    /// The newest evidence per check and component of a system, as the ledger holds it.
    pub(crate) async fn newest_evidence(&self, system: &SystemId) -> Result<Vec<EvidenceEntry>, Error> {
        let filter = EvidenceFilter { system: system.clone(), component: None, check: None, age: EvidenceAge::Newest };
        let mut entries = Vec::new();
        let mut after = None;
        loop {
            let listed = self.store.evidence_list(&filter, &Page::new(after, 200)?).await?;
            for row in &listed.items {
                entries.push(self.evidence_at(&row.digest, row.ledger_index)?);
            }
            after = listed.next;
            if after.is_none() {
                return Ok(entries);
            }
        }
    }

    fn evidence_at(&self, digest: &Digest, index: u64) -> Result<EvidenceEntry, Error> {
        let evidence = self.document(digest)?;
        Ok(EvidenceEntry { evidence, digest: *digest, index: Some(index) })
    }

    /// Brings the store up to the ledger: after every entry, after a crash between the two, and for a new store.
    /// The store's register is nothing but what follows from the ledger, so the two cannot drift apart.
    pub(crate) async fn catch_up(&self) -> Result<(), Error> {
        while self.index_some().await? {}
        Ok(())
    }

    /// Indexes the next entries of one actor, so that the audit names who did it. False: there are none.
    async fn index_some(&self) -> Result<bool, Error> {
        let key = indexed_to()?;
        let marker = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let (from, size) = (marker(self.store.meta(&key).await?), self.ledger.size());
        if from > size {
            return Err(Error::failed(
                format!(
                    "账本只有 {size} 条，而登记册已见过 {from} 条：账本被退回或替换过；请恢复账本，或移走登记册数据库以便按账本重建"
                ),
                format!(
                    "the ledger holds {size} entries and the register has seen {from}: it was rolled back or replaced; restore it, or move the register's database away to have it rebuilt"
                ),
            ));
        }
        if from == size {
            return Ok(false);
        }
        let actor = self.entry(from)?.map_or_else(|| "ledger".to_owned(), |entry| entry.actor);
        let mut tx = self.store.write(&actor, self.now()).await?;
        // Another task may have been here while this one waited for its turn.
        let from = marker(tx.meta(&key).await?);
        let mut to = from;
        while to < size && to - from < 1000 {
            if let Some(entry) = self.entry(to)? {
                if entry.actor != actor {
                    break;
                }
                self.index(&mut tx, to, &entry).await?;
            }
            to += 1;
        }
        if to > from {
            tx.put_meta(&key, &to.to_string()).await?;
            tx.save().await?;
        }
        Ok(true)
    }

    /// An entry of ours. `None`: it was written by another program.
    fn entry(&self, index: u64) -> Result<Option<Entry>, Error> {
        Ok(serde_json::from_slice(&self.ledger.get(index)?).ok())
    }

    async fn index(&self, tx: &mut Tx, index: u64, entry: &Entry) -> Result<(), Error> {
        match entry.what {
            What::Governance | What::ProbeRun => {}
            What::System => {
                let document: SystemDocument = self.document(&entry.payload)?;
                tx.put_system(&register::system_row(&document, entry.at)?).await?;
            }
            What::Evidence => {
                let evidence: Evidence = self.document(&entry.payload)?;
                tx.add_evidence(&indexed(&evidence, entry.payload, index)?).await?;
            }
            What::Assessment => {
                let assessment: Assessment = self.document(&entry.payload)?;
                let Some(system) = tx.system(&assessment.system).await? else { return Ok(()) };
                let document: SystemDocument = system.document.read().map_err(internal)?;
                tx.save_assessment(&register::rows(&document, &assessment, entry.payload, index)?).await?;
            }
        }
        Ok(())
    }

    /// A document of the ledger.
    fn document<T: serde::de::DeserializeOwned>(&self, digest: &Digest) -> Result<T, Error> {
        let bytes = self.ledger.get_blob(digest)?;
        serde_json::from_slice(&bytes).map_err(|e| {
            let short = digest.short();
            Error::failed(format!("文档 {short} 无法读取"), format!("document {short} cannot be read")).because(e)
        })
    }
}

pub(crate) fn indexed(
    evidence: &Evidence,
    digest: Digest,
    index: u64,
) -> Result<Detail<jingwei_store::Evidence>, Error> {
    let document =
        Document::of(evidence).map_err(|e| Error::failed("无法写文档", "cannot write a document").because(e))?;
    let row = jingwei_store::Evidence {
        digest,
        system: evidence.system.clone(),
        component: evidence.component.clone(),
        check: evidence.check.clone(),
        observed_at: evidence.observed_at,
        subject: evidence.subject,
        ledger_index: index,
        catalog: evidence.catalog,
    };
    Ok(Detail { row, document })
}

/// A document that an entry names and that does not lie beside the ledger any more.
pub struct MissingDocument {
    pub entry: u64,
    pub digest: Digest,
}

/// Entries of a ledger or an export whose document is gone. What is there is covered by the ledger's own verification.
pub fn missing_documents(dir: &Path, entries: u64) -> Vec<MissingDocument> {
    let missing = |index: u64| {
        let bytes = jingwei_ledger::read_entry(dir, index).ok()?;
        let digest = serde_json::from_slice::<Entry>(&bytes).ok()?.payload;
        let name = digest.to_string();
        let (folder, file) = name.split_at(2);
        let is_there = dir.join("blobs").join(folder).join(file).is_file();
        (!is_there).then_some(MissingDocument { entry: index, digest })
    };
    (0..entries).filter_map(missing).collect()
}
