#![allow(clippy::unwrap_used, reason = "helpers of tests, outside the test functions")]

mod build;
mod golden;
mod hostile;
mod laws;
mod look;
mod tars;
mod zips;
