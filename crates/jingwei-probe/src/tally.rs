//! Counts of attempts, and rates with intervals that hold whatever epochs have in common.

use std::collections::BTreeMap;

use jingwei_core::Interval;
use jingwei_stats::clopper_pearson;

use crate::{Attempt, Outcome};

/// Level of every interval.
pub(crate) const LEVEL: f64 = 0.95;

/// k of n, over attempts and over questions.
///
/// Epochs of one question are not independent, so the interval never takes more tries than questions:
/// with one epoch it is the exact one; with more, the shares of hits per question are added up and
/// rounded outwards, which is right even where all epochs of a question end alike.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally<'a> {
    /// Hits and tries per question.
    items: BTreeMap<&'a str, (u64, u64)>,
}

impl<'a> Tally<'a> {
    pub(crate) fn add(&mut self, item: &'a str, hit: bool) {
        let (k, n) = self.items.entry(item).or_default();
        *k += u64::from(hit);
        *n += 1;
    }

    /// `None` where nothing was tried.
    pub(crate) fn rate(&self) -> Option<MeasuredRate> {
        let k: u64 = self.items.values().map(|(k, _)| k).sum();
        let n: u64 = self.items.values().map(|(_, n)| n).sum();
        let items = u64::try_from(self.items.len()).ok()?;
        // Hits as if each question had been asked once: k · items / n, rounded down and up.
        let share = k.checked_mul(items)?;
        let (low, high) = (share.checked_div(n)?, share.div_ceil(n.max(1)));
        let (lower, upper) = (clopper_pearson(low, items, LEVEL)?, clopper_pearson(high, items, LEVEL)?);
        let value = clopper_pearson(k, n, LEVEL)?.value;
        let method = if n == items { "clopper-pearson" } else { "clopper-pearson-by-item" };
        let interval = Interval { lower: lower.lower, upper: upper.upper, level: LEVEL, method: method.to_owned() };
        Some(MeasuredRate { k, n, value, independent: (high, items), interval })
    }
}

/// A rate that was measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MeasuredRate {
    pub(crate) k: u64,
    pub(crate) n: u64,
    pub(crate) value: f64,
    /// k and n in independent tries.
    pub(crate) independent: (u64, u64),
    pub(crate) interval: Interval,
}

/// Attempts that were determined, and whether the system did wrong.
pub(crate) fn wrong_of_determined(attempt: &Attempt) -> Option<bool> {
    match attempt.outcome {
        Outcome::Success => Some(true),
        Outcome::Failure => Some(false),
        Outcome::Undetermined | Outcome::Error => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tries: &[(&'static str, bool)], k_n: (u64, u64), independent: (u64, u64), method: &str) {
        let mut tally = Tally::default();
        for (item, hit) in tries {
            tally.add(item, *hit);
        }
        let rate = tally.rate().unwrap();
        assert_eq!((rate.k, rate.n), k_n);
        assert_eq!(rate.independent, independent);
        assert_eq!(rate.interval.method, method);
        assert!(rate.interval.lower <= rate.value && rate.value <= rate.interval.upper, "{rate:?}");
    }

    #[test]
    fn epochs_do_not_make_an_interval_narrower() {
        check(&[("a", true), ("b", false)], (1, 2), (1, 2), "clopper-pearson");
        check(&[("a", true), ("a", true), ("b", false), ("b", false)], (2, 4), (1, 2), "clopper-pearson-by-item");
        check(&[("a", true), ("a", false), ("a", false), ("b", false)], (1, 4), (1, 2), "clopper-pearson-by-item");
        assert!(Tally::default().rate().is_none());
        let mut once = Tally::default();
        let mut often = Tally::default();
        for item in ["a", "b", "c", "d"] {
            once.add(item, item == "a");
            for _ in 0..50 {
                often.add(item, item == "a");
            }
        }
        let (once, often) = (once.rate().unwrap().interval, often.rate().unwrap().interval);
        assert!(often.lower <= once.lower && often.upper >= once.upper);
    }
}
