use crate::{Estimate, PairedCounts, wilson};

/// The first rate less the second, for two independent samples of (hits, tries), by the hybrid score interval of
/// Newcombe (1998, Statistics in Medicine 17:873, method 10). `None` where [`wilson`] gives none.
#[must_use]
pub fn newcombe_independent(first: (u64, u64), second: (u64, u64), level: f64) -> Option<Estimate> {
    hybrid(first, second, 0.0, level)
}

/// The first rate less the second, for two systems that were asked the same questions, by the score interval of
/// Newcombe (1998, Statistics in Medicine 17:2635, method 10), which takes the correlation of the pairs into account
/// with a correction for continuity. `None` where there are no pairs.
#[must_use]
pub fn newcombe_paired(pairs: PairedCounts, level: f64) -> Option<Estimate> {
    let n = pairs.pairs()?;
    let first = pairs.both.checked_add(pairs.only_first)?;
    let second = pairs.both.checked_add(pairs.only_second)?;
    hybrid((first, n), (second, n), pairs.correlation()?, level)
}

fn hybrid(first: (u64, u64), second: (u64, u64), correlation: f64, level: f64) -> Option<Estimate> {
    let first = wilson(first.0, first.1, level)?;
    let second = wilson(second.0, second.1, level)?;
    let value = first.value - second.value;
    let distance = |one: f64, other: f64| (one * one - 2.0 * correlation * one * other + other * other).max(0.0).sqrt();
    let down = distance(first.value - first.lower, second.upper - second.value);
    let up = distance(first.upper - first.value, second.value - second.lower);
    Some(Estimate { value, lower: (value - down).max(-1.0), upper: (value + up).min(1.0), level })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(serde::Deserialize)]
    struct Golden {
        /// k, n, k, n, level, lower, upper from statsmodels' `confint_proportions_2indep`.
        independent: Vec<(u64, u64, u64, u64, f64, f64, f64)>,
        /// Both, only first, only second, neither, level, lower, upper.
        paired: Vec<(u64, u64, u64, u64, f64, f64, f64)>,
    }

    #[test]
    fn both_intervals_agree_with_the_golden_values() {
        let golden: Golden = serde_json::from_str(include_str!("../testdata/differences_golden.json")).unwrap();
        assert!(golden.independent.len() > 20 && golden.paired.len() > 10);
        let check = |ours: Option<Estimate>, lower: f64, upper: f64| {
            let ours = ours.unwrap();
            assert!((ours.lower - lower).abs() < 1e-8 && (ours.upper - upper).abs() < 1e-8, "{ours:?} {lower} {upper}");
        };
        for (k1, n1, k2, n2, level, lower, upper) in golden.independent {
            check(newcombe_independent((k1, n1), (k2, n2), level), lower, upper);
        }
        for (both, only_first, only_second, neither, level, lower, upper) in golden.paired {
            check(newcombe_paired(PairedCounts { both, only_first, only_second, neither }, level), lower, upper);
        }
    }

    #[test]
    fn bad_arguments_give_nothing() {
        assert!(newcombe_independent((1, 0), (1, 2), 0.95).is_none());
        assert!(newcombe_independent((1, 2), (3, 2), 0.95).is_none());
        assert!(newcombe_independent((1, 2), (1, 2), 1.0).is_none());
        let none = PairedCounts { both: 0, only_first: 0, only_second: 0, neither: 0 };
        assert!(newcombe_paired(none, 0.95).is_none());
        assert!(newcombe_paired(PairedCounts { both: u64::MAX, neither: 1, ..none }, 0.95).is_none());
    }

    proptest! {
        #[test]
        fn laws(both in 0_u64..50, only_first in 0_u64..50, only_second in 0_u64..50, neither in 1_u64..50) {
            let pairs = PairedCounts { both, only_first, only_second, neither };
            let ours = newcombe_paired(pairs, 0.95).unwrap();
            prop_assert!(-1.0 <= ours.lower && ours.lower <= ours.value && ours.value <= ours.upper && ours.upper <= 1.0);
            let swapped = PairedCounts { only_first: only_second, only_second: only_first, ..pairs };
            let mirror = newcombe_paired(swapped, 0.95).unwrap();
            prop_assert!((ours.lower + mirror.upper).abs() < 1e-12 && (ours.upper + mirror.lower).abs() < 1e-12);
            let independent = newcombe_independent((both, both + neither), (only_first, only_first + neither), 0.95).unwrap();
            prop_assert!(independent.lower <= independent.value && independent.value <= independent.upper);
            prop_assert!(independent.lower < independent.upper, "even 0 against 0 is no certainty");
        }
    }
}
