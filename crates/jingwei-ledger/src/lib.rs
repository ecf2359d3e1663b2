//! The ledger: an append-only record that anyone can check offline.
//!
//! It does five things: `append` makes entries durable (group commit), `checkpoint` signs for them (Merkle tree
//! of RFC 9162 in C2SP tiles), `prove_*` and `*Proof::check` show that an entry is in or that a ledger only grew,
//! `verify` covers every byte of a ledger's directory, `export` makes a copy that verifies by itself.
//!
//! It will never know what an entry means: entries are bytes. It knows no clock, makes no keys, and touches
//! nothing outside the directory that it is given.
//!
//! INVARIANTS: what `append` returned survives any crash; what a checkpoint signed can never change unseen;
//! what `verify` reads it never writes. The formats are written down in `docs/reference/ledger.md`.

mod append;
mod blobs;
mod checkpoint;
mod error;
mod export;
mod ledger;
mod merkle;
mod note;
mod pin;
mod proof;
mod publish;
mod recover;
mod storage;
mod tiles;
mod verify;
mod wal;

pub use checkpoint::Checkpoint;
pub use error::LedgerError;
pub use export::export;
pub use ledger::{Entries, Ledger};
pub use merkle::{ProofError, empty_root, leaf_hash, node_hash, verify_consistency, verify_inclusion};
pub use note::{NoteError, Signer, VerifierKey};
pub use proof::{ConsistencyProof, InclusionProof, prove_consistency, prove_inclusion, read_entry};
pub use recover::Recovery;
pub use storage::{Disk, Storage, StorageFile};
pub use tiles::MAX_ENTRY_BYTES;
pub use verify::{Problem, VerifyInput, VerifyReport, What, verify};
