//! The one end-to-end test binary: the house's own rules, and the command line as a user meets it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail loudly")]

mod cli;
mod fuzz_corpus;
mod guard_commands;
mod layers;
mod lexicon;
mod probe_commands;
mod probe_review;
mod scan_bom;
mod scan_files;
mod scan_model;
mod scan_supply;
mod support;
