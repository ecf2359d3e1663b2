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
mod canary;
pub mod catalog_views;
mod changes;
pub mod controls;
mod detectors;
mod encoder_detector;
pub mod encoder_heads;
mod error;
pub mod evidence;
mod files;
pub mod filing;
pub mod gates;
pub mod guard_set;
pub mod guards;
pub mod heads;
mod journal;
pub mod ledger_proofs;
pub mod lexicons;
pub mod overrides;
pub mod pages;
pub mod paging;
pub mod probes;
mod record;
pub mod register;
mod remote_detector;
mod report;
pub mod risks;
pub mod scans;
pub mod scores;
pub mod systems;
mod targets;
pub mod tokens;
pub mod treatments;

pub use app::{App, AppSettings, SecretSource, catalog_files, ledger_folder, load_catalog, load_catalog_for};
pub use assess::{AssessOptions, AssessOutcome, Loaded, Watcher, load_manifest};
pub use canary::{canary, known_canary, random_number};
pub use detectors::{DetectorSource, PolicyDetectors};
pub use error::{Error, ErrorKind};
pub use files::DiskFiles;
pub use guards::{Equipment, Guard};
pub use journal::{Answer, Header, Journal, Mode};
pub use record::{Entry, MissingDocument, What, missing_documents};
pub use report::metric_name;
