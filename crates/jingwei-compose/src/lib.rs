//! Lists what a system is composed of: packages from lockfiles and manifests, their licences, and bills of materials that are written, read, compared and graded.
//!
//! Values in, values out. This crate never learns where a file lies, never asks a registry and resolves no version: what a file does
//! not pin stays without a version, and what could not be read is a problem beside what could.
//!
//! Invariant: every line or entry of an input is a package, something that was understood to hold none, or a problem that says where. The same
//! inputs give the same bytes.

pub mod bom;
mod completeness;
mod diff;
mod document;
mod endoflife;
pub mod licences;
pub mod lockfiles;

pub use completeness::{Completeness, Demand, Question, completeness};
pub use diff::{Change, ChangeKind, Difference, diff};
pub use endoflife::{EndOfLife, EndOfLifeList, ListError, Release, end_of_life};
