//! Matches packages against advisories, offline: reads OSV, RustSec, KEV, EPSS and VEX, keeps them in a store of one
//! file, and says of each package and fault whether it is affected, not affected or unknown, with the reason.
//!
//! Never knows: files, zip archives, the network, the clock, which packages a project has.
//!
//! Invariant: what cannot be compared is unknown. It is never affected, and it is never clean. A statement (VEX)
//! changes where a match stands and never makes it disappear. The same store and packages give the same answer.

mod advisory;
mod assess;
mod build;
mod changes;
mod document;
mod exploits;
mod flaw;
mod lines;
pub mod osv;
pub mod purl;
mod record;
mod requirement;
pub mod rustsec;
pub mod severity;
mod span;
mod standing;
mod standing_text;
mod store;
pub mod versions;
pub mod vex;

pub use advisory::{Advisory, AdvisoryKind, AdvisoryPackage};
pub use assess::{Exploitation, Located, Match, Opinion, assess};
pub use build::{Import, ImportCounts, ImportReport, ImportSummary, StoreBuilder};
pub use changes::{Altered, Changes, changed};
pub use exploits::{Exploited, Likelihood, Rows, read_epss, read_kev};
pub use flaw::Flaw;
pub use record::{Affected, Event, Nature, Range, RangeKind, Rating, Record};
pub use standing::{Clear, Doubt, Standing};
pub use store::{Freshness, Store, StoreError};
