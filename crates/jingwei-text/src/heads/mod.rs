//! Classifiers of what sentences mean: small linear heads over hashed features, for Chinese and English.
//!
//! A [`Model`] gives every head's calibrated probability in microseconds. It judges what is written, knows nothing of
//! who wrote it, and decides nothing. Training and judging are pure and deterministic: equal examples and options give
//! equal bytes.
//!
//! Invariant: sums are integers, so that `accumulate(a) + accumulate(b)` does not depend on the order, and a window of
//! sentences costs no second look at the text.

mod calibrate;
mod concepts;
mod disguise;
mod features;
mod fit;
mod model;
mod train;
mod vocabulary;

pub use calibrate::{Calibration, Rates, Threshold};
pub use model::{Head, HeadScore, Model, ModelError, Scores, Severity, Sums, WINDOW};
pub use train::{Example, HeadReport, Report, Split, TrainError, TrainOptions, UNKNOWN_CLASS, recalibrate, train};

#[cfg(test)]
mod tests;
