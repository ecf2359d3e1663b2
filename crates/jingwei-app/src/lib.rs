//! The use cases of Jingwei: what a person or a program can ask for, one function each, with the audit trail.
//!
//! Here, and only here, engines meet ports: the app reads the manifest's files, hands values to engines,
//! enters what they say into the ledger and keeps the register in the store. It renders reports and
//! knows no terminal and no HTTP.
//!
//! Invariant: evidence is in the ledger before anything is computed from it, and a write to the store
//! carries its audit row.

mod app;
pub mod assess;
mod error;
mod files;
pub mod guards;
mod journal;
mod record;
pub mod register;
mod report;
mod targets;

pub use app::{App, AppSettings, catalog_files, ledger_folder, load_catalog};
pub use assess::{AssessOptions, AssessOutcome, Loaded, Watcher, load_manifest};
pub use error::{Error, ErrorKind};
pub use files::DiskFiles;
pub use guards::Guard;
pub use journal::{Answer, Header, Journal, Mode};
pub use record::{Entry, What};
