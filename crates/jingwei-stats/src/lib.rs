//! Every number's uncertainty: intervals for rates, posteriors of likelihoods.
//!
//! Invariant: pure arithmetic on numbers; no input makes it panic or loop for ever. Arguments outside
//! a function's domain give `None`, never a number that looks right.

mod beta;
mod rates;

pub use beta::{Beta, regularized_incomplete_beta};
pub use rates::{Rate, clopper_pearson, wilson};
