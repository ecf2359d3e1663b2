use crate::{Beta, binomial::MOST_TRIES};

/// A number with its two-sided interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
    pub level: f64,
}

/// Hits among tries, in tries that are independent of each other. Not whole where clustered tries were
/// converted: 300 epochs of 100 questions may be worth 120.5 tries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tries {
    hits: f64,
    tries: f64,
}

impl Tries {
    /// `None` unless 0 ≤ hits ≤ tries and 0 < tries ≤ 1e9.
    #[must_use]
    pub fn new(hits: f64, tries: f64) -> Option<Self> {
        (hits >= 0.0 && hits <= tries && tries > 0.0 && tries <= real(MOST_TRIES)).then_some(Self { hits, tries })
    }

    /// `k` of `n` independent tries.
    #[must_use]
    pub fn counted(k: u64, n: u64) -> Option<Self> {
        Self::new(real(k), real(n))
    }

    #[must_use]
    pub fn hits(self) -> f64 {
        self.hits
    }

    #[must_use]
    pub fn tries(self) -> f64 {
        self.tries
    }

    /// The limits of Clopper and Pearson, which the Beta distribution extends to tries that are not whole.
    pub(crate) fn exact_limits(self, level: f64) -> Option<(f64, f64)> {
        if !is_level(level) {
            return None;
        }
        let tail = f64::midpoint(1.0, -level);
        let misses = self.tries - self.hits;
        let lower = if self.hits > 0.0 { Beta::new(self.hits, misses + 1.0)?.quantile(tail)? } else { 0.0 };
        let upper = if misses > 0.0 { Beta::new(self.hits + 1.0, misses)?.quantile(1.0 - tail)? } else { 1.0 };
        Some((lower, upper))
    }
}

pub(crate) fn is_level(level: f64) -> bool {
    level > 0.0 && level < 1.0
}

pub(crate) fn is_probability(p: f64) -> bool {
    (0.0..=1.0).contains(&p)
}

#[allow(clippy::cast_precision_loss, reason = "counts of tries are far below 2^52")]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

/// The length of a slice as a number.
#[allow(clippy::cast_precision_loss, reason = "no slice in memory has 2^52 entries")]
pub(crate) fn length(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_that_cannot_be_are_refused() {
        for (hits, tries) in
            [(-1.0, 2.0), (3.0, 2.0), (0.0, 0.0), (f64::NAN, 1.0), (0.0, f64::NAN), (0.0, f64::INFINITY)]
        {
            assert!(Tries::new(hits, tries).is_none(), "{hits} of {tries}");
        }
        assert!(Tries::counted(0, MOST_TRIES + 1).is_none());
        assert!(Tries::counted(1, 2).is_some_and(|tries| tries.exact_limits(1.0).is_none()));
    }
}
