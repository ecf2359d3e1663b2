//! Loads, checks and indexes everything Jingwei knows: frameworks, risks, controls, tests, words.
//!
//! Invariant: a [`Catalog`] exists only if every item in it is well-formed and every reference in it
//! resolves; there is no half-loaded catalog. Only [`Catalog::built_in_for`] and [`Catalog::built_in_part`] give the part of
//! the built-in one that a single command needs, as well-formed as the whole. The crate reads bytes that it is given and never a file system; it
//! knows the shape of a risk and nothing about assessing one.

mod check;
pub mod document;
pub mod filing;
pub mod grading_reference;
pub mod items;
mod load;
pub mod rulebook;
mod scenes;
pub mod suite;
mod suite_flaws;

pub use check::rule_matches;
pub use load::{Catalog, SourceFile, built_in_files};
