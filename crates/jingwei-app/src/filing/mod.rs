//! Self-assessment before a filing, with files: banks are compared and imported, samples drawn, runs and sheets
//! counted, annexes written.
//!
//! Invariant: what is written states measurements, the clause and source of every number of the standard and whether
//! it was verified; nothing here says that a filing will be admitted.

mod annex;
mod banks;
mod check;
mod docx;
mod draw;
mod judges;
mod replies;
mod sheets;
mod standard;
mod tables;
#[cfg(test)]
mod tests;
mod words;
mod writers;

pub use annex::{AnnexRequest, Annexes, annex};
pub use banks::{BankSource, ImportRequest, Imported, LintRequest, Written, import, lint, load_bank};
pub use check::{ArmReport, CheckReport, CheckRequest, Disagreement, SheetUse, check, note};
pub use draw::{DrawRequest, Drawn, DrawnSample, Sheets, SheetsRequest, draw, sheets};
pub use replies::RunUse;
pub use standard::{DEFAULT_FILING, Standard, role_named};
pub use words::{Library, lint_words, load_words};
