//! Licences: what a statement means as an SPDX expression, what class each licence is of, what a policy says to it, and where two licences contradict.
//!
//! Not legal advice: classes sort licences by what their texts ask for in general, each with its reason in `catalog/licences/`.

mod conflicts;
mod names;
mod policy;

pub use conflicts::{Conflict, ConflictKind, conflicts};
pub use names::{Class, LicenceList, LicenceNames, Reading};
pub use policy::{Decision, LicencePolicy, PolicyError, PolicyRule, Ruling, Verdict};
