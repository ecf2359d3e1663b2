//! What a user of the engine sees: rule cases, measured truth, determinism, faults, the judge and its scorecard.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests, outside the test functions")]

mod cases;
mod datasets;
mod drivers;
mod faults;
mod filing;
mod grading;
mod judge;
mod judges;
mod kept;
mod organism;
mod scenes;
mod scorecard;
mod suites;
mod support;
mod transforms;
mod truth;
