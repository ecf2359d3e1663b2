//! What a user of the ledger sees, on disk and off it.

mod compat;
mod crash;
mod damage;
mod faults;
mod ledger;
mod proofs;
mod support;
mod threads;
