//! Proof documents: made from a directory, checked with nothing but themselves, the entry and checkpoints.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jingwei_core::{Digest, Limits};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    checkpoint::{Checkpoint, unproved_claim},
    error::LedgerError,
    merkle::{ProofError, consistency_path, inclusion_path, leaf_hash, verify_consistency, verify_inclusion},
    pin::Pin,
    publish::CHECKPOINT,
    tiles::{StoredTree, read_bounded},
};

const VERSION: u32 = 1;
const INCLUSION: &str = "inclusion-proof";
const CONSISTENCY: &str = "consistency-proof";

/// Proves that an entry is in the ledger: `kind` is `inclusion-proof`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    pub kind: String,
    pub version: u32,
    /// Of the entry, counted from 0.
    pub index: u64,
    /// Size of the ledger that the proof is for.
    pub size: u64,
    /// RFC 9162 section 2.1.3, from the entry's sibling upwards.
    pub path: Vec<Digest>,
    /// The ledger's checkpoint, where it is for this size. It must still be opened with the ledger's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
}

/// Proves that a ledger only grew: `kind` is `consistency-proof`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyProof {
    pub kind: String,
    pub version: u32,
    /// The older size.
    pub from: u64,
    /// The newer size.
    pub to: u64,
    /// RFC 9162 section 2.1.4.
    pub path: Vec<Digest>,
    /// The ledger's checkpoint, where it is for the newer size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
}

impl InclusionProof {
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, ProofError> {
        let proof: Self = parse_document(text, INCLUSION, limits)?;
        check_kind(INCLUSION, &proof.kind, proof.version)?;
        Ok(proof)
    }

    /// Checks that `entry` is in the ledger that signed `checkpoint`.
    pub fn check(&self, entry: &[u8], checkpoint: &Checkpoint) -> Result<(), ProofError> {
        check_size(self.size, checkpoint, "given")?;
        verify_inclusion(&leaf_hash(entry), self.index, self.size, &self.path, &checkpoint.root())
    }

    /// The same proof in the text format C2SP tlog-proof, for other tools. It carries the checkpoint.
    pub fn to_tlog_proof(&self, checkpoint: &Checkpoint) -> Result<String, ProofError> {
        check_size(self.size, checkpoint, "given")?;
        let path: String = self.path.iter().map(|hash| STANDARD.encode(hash.0) + "\n").collect();
        Ok(format!("c2sp.org/tlog-proof@v1\nindex {}\n{path}\n{}", self.index, checkpoint.note()))
    }
}

impl ConsistencyProof {
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, ProofError> {
        let proof: Self = parse_document(text, CONSISTENCY, limits)?;
        check_kind(CONSISTENCY, &proof.kind, proof.version)?;
        Ok(proof)
    }

    /// Checks that everything under `older` is still there, unchanged, under `newer`.
    pub fn check(&self, older: &Checkpoint, newer: &Checkpoint) -> Result<(), ProofError> {
        if older.origin() != newer.origin() {
            let (older, newer) = (older.origin().to_owned(), newer.origin().to_owned());
            return Err(ProofError::OtherOrigin { older, newer });
        }
        check_size(self.from, older, "older")?;
        check_size(self.to, newer, "newer")?;
        verify_consistency(self.from, self.to, &older.root(), &newer.root(), &self.path)
    }
}

fn check_size(proof: u64, checkpoint: &Checkpoint, which: &'static str) -> Result<(), ProofError> {
    if proof == checkpoint.size() {
        return Ok(());
    }
    Err(ProofError::OtherSize { proof, which, checkpoint: checkpoint.size() })
}

fn parse_document<T: DeserializeOwned>(text: &str, kind: &'static str, limits: &Limits) -> Result<T, ProofError> {
    let found = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if found > limits.header_bytes {
        return Err(ProofError::TooLarge { found, limit: limits.header_bytes });
    }
    serde_json::from_str(text).map_err(|e| ProofError::NotADocument { kind, reason: e.to_string() })
}

fn check_kind(kind: &'static str, found: &str, version: u32) -> Result<(), ProofError> {
    if found == kind && version == VERSION {
        return Ok(());
    }
    let found: String = found.chars().take(40).collect();
    Err(ProofError::NotADocument { kind, reason: format!("it is a `{found}` of version {version}") })
}

/// Proves that entry `index` is among the first `size` entries of the ledger or export in `dir`.
/// `size` is at most that of its checkpoint. Needs no lock and no key.
pub fn prove_inclusion(dir: &Path, index: u64, size: u64) -> Result<InclusionProof, LedgerError> {
    if index >= size {
        return Err(ProofError::IndexOutside { index, size }.into());
    }
    on_tree(dir, size, |stored, signed| {
        let path = inclusion_path(stored, index, size)?;
        if let Some((_, root)) = &signed {
            // A proof from damaged tiles would only fail later, in the hands of someone who cannot tell why.
            let leaf = stored.leaf(index)?;
            let damaged = |_| stored.damaged("the tiles do not lead to the signed root; `verify` shows where");
            verify_inclusion(&leaf, index, size, &path, root).map_err(damaged)?;
        }
        let checkpoint = signed.map(|(note, _)| note);
        Ok(InclusionProof { kind: INCLUSION.to_owned(), version: VERSION, index, size, path, checkpoint })
    })
}

/// Proves that the first `from` entries of the ledger or export in `dir` are where its first `to` entries begin.
pub fn prove_consistency(dir: &Path, from: u64, to: u64) -> Result<ConsistencyProof, LedgerError> {
    if from > to {
        return Err(ProofError::SizesSwapped { from, to }.into());
    }
    on_tree(dir, to, |stored, signed| {
        let path = consistency_path(stored, from, to)?;
        let checkpoint = signed.map(|(note, _)| note);
        Ok(ConsistencyProof { kind: CONSISTENCY.to_owned(), version: VERSION, from, to, path, checkpoint })
    })
}

/// Entry `index` of the ledger or export in `dir`, if its checkpoint covers it. Needs no lock and no key.
pub fn read_entry(dir: &Path, index: u64) -> Result<Vec<u8>, LedgerError> {
    on_tree(dir, 0, |stored, _| stored.entry(index))
}

/// Works on the tree that the checkpoint in `dir` covers; it comes along where it is for the needed size.
fn on_tree<T>(
    dir: &Path,
    needed: u64,
    work: impl FnOnce(&mut StoredTree<'_>, Option<(String, Digest)>) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    let _pin = Pin::hold(dir);
    let path = dir.join(CHECKPOINT);
    let bytes = read_bounded(&path, Limits::default().header_bytes)?;
    let note = String::from_utf8(bytes).ok();
    let Some((note, (size, root))) = note.and_then(|note| unproved_claim(&note).map(|claim| (note, claim))) else {
        return Err(LedgerError::Corrupt { path, offset: 0, what: "it is no checkpoint".to_owned() });
    };
    if needed > size {
        return Err(LedgerError::NoSuchEntry { index: needed - 1, size });
    }
    work(&mut StoredTree::new(dir, size), (needed == size).then_some((note, root)))
}
