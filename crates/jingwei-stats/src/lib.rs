//! Every number's uncertainty: intervals for rates and their differences, clustered tries, judges that err,
//! tests of pairs, agreement of raters, posteriors of likelihoods, and the planning of samples.
//!
//! It knows nothing of questions, models or verdicts: only counts and numbers come in. Chance comes in as a seed.
//!
//! Invariant: pure arithmetic on numbers; no input makes it panic or loop for ever. Arguments outside
//! a function's domain give `None`, never a number that looks right.

mod beta;
mod binomial;
mod bootstrap;
mod cluster;
mod corrected;
mod differences;
mod estimate;
mod hits;
mod kappa;
mod krippendorff;
mod multiple;
mod normal;
mod paired;
mod planning;
mod random;
mod rates;

pub use beta::{Beta, regularized_incomplete_beta};
pub use binomial::{MOST_TRIES, binomial_at_least, binomial_at_most, binomial_exactly};
pub use bootstrap::{Bootstrap, BootstrapInterval, BootstrapMethod, cluster_bootstrap};
pub use cluster::{ClusteredRate, clustered_rate};
pub use corrected::{Correction, JudgeScore, corrected_rate, corrected_rate_lang_reiczigel};
pub use differences::{newcombe_independent, newcombe_paired};
pub use estimate::{Estimate, Tries};
pub use hits::{HitAtK, hit_at_k, mean_hit_at_k};
pub use kappa::{CohenKappa, cohen_kappa, fleiss_kappa};
pub use krippendorff::{KrippendorffAlpha, Measurement, krippendorff_alpha, krippendorff_alpha_with_interval};
pub use multiple::{benjamini_hochberg, holm};
pub use normal::{normal_cdf, normal_quantile, student_t_quantile};
pub use paired::{McNemarTest, PairedCounts, mcnemar};
pub use planning::{
    PassLine, PassMargin, Sides, pass_margin, power_to_tell_apart, probability_of_passing, tries_for_half_width,
    tries_to_tell_apart,
};
pub use random::Random;
pub use rates::{Rate, clopper_pearson, wilson};
