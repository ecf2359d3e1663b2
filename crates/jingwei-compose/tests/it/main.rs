//! What a user of the crate sees: lists from lockfiles, licences, bills and their changes.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod bills;
mod bom_sample;
mod changes;
mod endoflife;
mod hostile;
mod licences;
mod lockfiles_javascript;
mod lockfiles_other;
mod lockfiles_python;
mod support;
