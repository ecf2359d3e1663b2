//! The use cases of Jingwei: what a person or a program can ask for, one function each, with the audit trail.
//!
//! Here, and only here, engines meet ports: the app reads the manifest's files, hands values to engines,
//! enters what they say into the ledger and keeps the register in the store. It renders reports and
//! knows no terminal and no HTTP.
//!
//! Invariant: evidence is in the ledger before anything is computed from it, and a write to the store
//! carries its audit row.

pub mod access;
mod app;
pub mod assess;
pub mod assessments;
pub mod audit;
pub mod catalog_views;
mod changes;
pub mod controls;
mod error;
pub mod evidence;
mod files;
pub mod gates;
pub mod guards;
mod journal;
pub mod ledger_proofs;
pub mod overrides;
pub mod pages;
pub mod paging;
mod record;
pub mod register;
mod report;
pub mod risks;
pub mod systems;
mod targets;
pub mod tokens;
pub mod treatments;

pub use app::{App, AppSettings, SecretSource, catalog_files, ledger_folder, load_catalog};
pub use assess::{AssessOptions, AssessOutcome, Loaded, Watcher, load_manifest};
pub use error::{Error, ErrorKind};
pub use files::DiskFiles;
pub use guards::Guard;
pub use journal::{Answer, Header, Journal, Mode};
pub use record::{Entry, MissingDocument, What, missing_documents};
pub use report::metric_name;
