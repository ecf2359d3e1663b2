//! What a user of the ledger sees, on disk and off it.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod compat;
mod crash;
mod damage;
mod faults;
mod ledger;
mod proofs;
mod support;
mod threads;
