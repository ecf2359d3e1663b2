//! What jingwei-advise promises, as tables and laws.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, outside the test functions")]

mod assess;
mod catalog;
mod imports;
mod laws;
mod standing;
mod statements;
mod store;
mod support;
mod versions;
