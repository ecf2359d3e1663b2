use crate::{binomial_at_most, binomial_exactly, estimate::real};

/// Two systems, or two raters, on the same questions: how many both hit, one of them, or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairedCounts {
    pub both: u64,
    pub only_first: u64,
    pub only_second: u64,
    pub neither: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum McNemarTest {
    /// Never rejects too often, and a little too rarely.
    Exact,
    /// Counts half of the probability of what was seen; nearer to the level (Fagerland, Lydersen and Laake, 2013).
    MidP,
}

impl PairedCounts {
    /// `None` where there are too many to count.
    #[must_use]
    pub fn pairs(self) -> Option<u64> {
        self.both.checked_add(self.only_first)?.checked_add(self.only_second)?.checked_add(self.neither)
    }

    /// φ of the four counts, less half of the pairs where it is positive (Newcombe, 1998, method 10). 0 where a
    /// margin is empty.
    pub(crate) fn correlation(self) -> Option<f64> {
        let pairs = real(self.pairs()?);
        let [both, only_first, only_second, neither] =
            [self.both, self.only_first, self.only_second, self.neither].map(real);
        let margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither);
        let raw = both * neither - only_first * only_second;
        let corrected = if raw > 0.0 { (raw - pairs / 2.0).max(0.0) } else { raw };
        Some(if margins > 0.0 { corrected / margins.sqrt() } else { 0.0 })
    }
}

/// The two-sided p-value of McNemar's test (1947) from the binomial distribution of the pairs that differ: how
/// likely such a split is where both systems are equally good. 1 where no pair differs. `None` where more than
/// [`crate::MOST_TRIES`] pairs differ.
#[must_use]
pub fn mcnemar(pairs: PairedCounts, test: McNemarTest) -> Option<f64> {
    let different = pairs.only_first.checked_add(pairs.only_second)?;
    let fewer = pairs.only_first.min(pairs.only_second);
    let both_tails = 2.0 * binomial_at_most(fewer, different, 0.5)?;
    let p = match test {
        McNemarTest::Exact => both_tails,
        McNemarTest::MidP => both_tails - binomial_exactly(fewer, different, 0.5)?,
    };
    Some(p.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(only_first: u64, only_second: u64) -> PairedCounts {
        PairedCounts { both: 7, only_first, only_second, neither: 11 }
    }

    /// Only first, only second, exact from statsmodels, mid-p from scipy's binomial.
    #[test]
    fn it_agrees_with_statsmodels() {
        let rows: Vec<(u64, u64, f64, f64)> =
            serde_json::from_str(include_str!("../testdata/mcnemar_golden.json")).unwrap();
        assert!(rows.len() > 20);
        for (first, second, exact, mid) in rows {
            let close = |test, peer: f64| (mcnemar(split(first, second), test).unwrap() - peer).abs() < 1e-10;
            assert!(close(McNemarTest::Exact, exact) && close(McNemarTest::MidP, mid), "{first} {second}");
        }
    }

    #[test]
    fn edges() {
        assert_eq!(mcnemar(split(0, 0), McNemarTest::Exact), Some(1.0));
        assert!(mcnemar(split(u64::MAX, 1), McNemarTest::Exact).is_none());
        assert!(mcnemar(split(u64::MAX, 0), McNemarTest::MidP).is_none());
    }

    proptest! {
        #[test]
        fn laws(first in 0_u64..400, second in 0_u64..400) {
            let exact = mcnemar(split(first, second), McNemarTest::Exact).unwrap();
            prop_assert!((0.0..=1.0).contains(&exact));
            prop_assert!(mcnemar(split(first, second), McNemarTest::MidP).unwrap() <= exact);
            prop_assert_eq!(Some(exact), mcnemar(split(second, first), McNemarTest::Exact));
            if first >= second {
                prop_assert!(mcnemar(split(first + 1, second), McNemarTest::Exact).unwrap() <= exact + 1e-12);
            }
        }
    }
}
