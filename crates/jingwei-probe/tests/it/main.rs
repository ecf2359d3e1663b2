//! What a user of the engine sees: rule cases, measured truth, determinism, faults, the judge and its scorecard.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests, outside the test functions")]

mod cases;
mod faults;
mod judge;
mod scorecard;
mod support;
mod truth;
