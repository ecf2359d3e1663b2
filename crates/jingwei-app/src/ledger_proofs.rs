//! What the ledger can prove to somebody who does not trust this program.

use jingwei_core::Digest;
use jingwei_ledger::{LedgerError, ProofError, leaf_hash, prove_consistency, prove_inclusion};
use serde_json::Value;

use crate::{
    App, Entry, Error, ErrorKind,
    access::{Action, Caller},
    changes::blocking,
};

/// The ledger's size and root, signed.
#[derive(Debug, Clone)]
pub struct CheckpointView {
    pub origin: String,
    pub size: u64,
    pub root: Digest,
    /// C2SP signed note: what a verifier keeps.
    pub note: String,
    /// C2SP verifier key.
    pub key: String,
}

/// An entry, byte for byte, and the document that it names.
#[derive(Debug, Clone)]
pub struct EntryView {
    pub index: u64,
    /// RFC 9162 leaf hash of `text`.
    pub leaf_hash: Digest,
    pub text: String,
    /// `None`: the entry names none that is kept here.
    pub document: Option<Value>,
}

/// RFC 9162 section 2.1.3.
#[derive(Debug, Clone)]
pub struct InclusionView {
    pub index: u64,
    pub size: u64,
    pub path: Vec<Digest>,
    pub checkpoint: Option<String>,
}

/// RFC 9162 section 2.1.4.
#[derive(Debug, Clone)]
pub struct ConsistencyView {
    pub from: u64,
    pub to: u64,
    pub path: Vec<Digest>,
    pub checkpoint: Option<String>,
}

/// Signs for all entries so far.
pub async fn checkpoint(app: &App, caller: &Caller) -> Result<CheckpointView, Error> {
    caller.may(Action::ReadCheckpoint)?;
    let ledger = app.ledger.clone();
    let key = app.settings.data.join("keys").join("ledger.vkey");
    blocking(move || {
        let checkpoint = ledger.checkpoint()?;
        let key = std::fs::read_to_string(key).map_err(crate::register::internal)?;
        Ok(CheckpointView {
            origin: checkpoint.origin().to_owned(),
            size: checkpoint.size(),
            root: checkpoint.root(),
            note: checkpoint.note().to_owned(),
            key: key.trim_end().to_owned(),
        })
    })
    .await
}

pub async fn entry(app: &App, caller: &Caller, index: u64) -> Result<EntryView, Error> {
    caller.may(Action::ReadLedgerEntry)?;
    let ledger = app.ledger.clone();
    blocking(move || {
        let bytes = ledger.get(index).map_err(of_ledger)?;
        let text = String::from_utf8(bytes).map_err(crate::register::internal)?;
        let document = match serde_json::from_str::<Entry>(&text) {
            Ok(entry) => {
                let bytes = ledger.get_blob(&entry.payload).map_err(of_ledger)?;
                Some(serde_json::from_slice(&bytes).map_err(crate::register::internal)?)
            }
            // Another program's entry: its bytes are all that can be said.
            Err(_) => None,
        };
        Ok(EntryView { index, leaf_hash: leaf_hash(text.as_bytes()), text, document })
    })
    .await
}

/// Proves that an entry is in the ledger. Without `size`: in the ledger as it is now.
pub async fn inclusion(app: &App, caller: &Caller, index: u64, size: Option<u64>) -> Result<InclusionView, Error> {
    caller.may(Action::ProveInclusion)?;
    let ledger = app.ledger.clone();
    blocking(move || {
        let size = match size {
            Some(size) => size,
            None => ledger.checkpoint()?.size(),
        };
        let proof = prove_inclusion(ledger.dir(), index, size).map_err(of_ledger)?;
        Ok(InclusionView { index: proof.index, size: proof.size, path: proof.path, checkpoint: proof.checkpoint })
    })
    .await
}

/// Proves that the first `from` entries are how the first `to` begin. Without `to`: those that there are now.
pub async fn consistency(app: &App, caller: &Caller, from: u64, to: Option<u64>) -> Result<ConsistencyView, Error> {
    caller.may(Action::ProveConsistency)?;
    let ledger = app.ledger.clone();
    blocking(move || {
        let to = match to {
            Some(to) => to,
            None => ledger.checkpoint()?.size(),
        };
        let proof = prove_consistency(ledger.dir(), from, to).map_err(of_ledger)?;
        Ok(ConsistencyView { from: proof.from, to: proof.to, path: proof.path, checkpoint: proof.checkpoint })
    })
    .await
}

fn of_ledger(error: LedgerError) -> Error {
    let en = error.to_string();
    let (kind, zh) = match &error {
        LedgerError::NoSuchEntry { index, size } => {
            (ErrorKind::NotFound, format!("没有第 {index} 条账目：共 {size} 条，从 0 数起"))
        }
        LedgerError::NoSuchBlob { digest } => (ErrorKind::NotFound, format!("没有文档 {digest}")),
        LedgerError::Proof(ProofError::IndexOutside { index, size }) => {
            (ErrorKind::Invalid, format!("`index` 须小于 `size`：{index} 不在 {size} 条之内"))
        }
        LedgerError::Proof(ProofError::SizesSwapped { from, to }) => {
            (ErrorKind::Invalid, format!("`from` 不能大于 `to`：{from} 大于 {to}"))
        }
        _ => return Error::from(error),
    };
    Error { source: Some(Box::new(error)), ..Error::new(kind, zh, en) }
}
