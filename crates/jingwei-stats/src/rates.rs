use crate::{Beta, normal_quantile};

/// A rate with its two-sided interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    pub k: u64,
    pub n: u64,
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
    pub level: f64,
}

/// The exact interval of Clopper and Pearson (1934) for `k` of `n`. It covers the true rate with at
/// least probability `level`. `None` where `n` is 0, `k > n` or `level` is not between 0 and 1.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "counts of tries are far below 2^52")]
pub fn clopper_pearson(k: u64, n: u64, level: f64) -> Option<Rate> {
    if n == 0 || k > n || !(level > 0.0 && level < 1.0) {
        return None;
    }
    let (bad, good) = (k as f64, (n - k) as f64);
    let tail = f64::midpoint(1.0, -level);
    let lower = if k == 0 { 0.0 } else { Beta::new(bad, good + 1.0)?.quantile(tail)? };
    let upper = if k == n { 1.0 } else { Beta::new(bad + 1.0, good)?.quantile(1.0 - tail)? };
    Some(Rate { k, n, value: bad / n as f64, lower, upper, level })
}

/// The score interval of Wilson (1927): shorter than the exact one, and covers `level` only on average.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "counts of tries are far below 2^52")]
pub fn wilson(k: u64, n: u64, level: f64) -> Option<Rate> {
    if n == 0 || k > n || !(level > 0.0 && level < 1.0) {
        return None;
    }
    let z = normal_quantile(f64::midpoint(1.0, level))?;
    let (count, value) = (n as f64, k as f64 / n as f64);
    let square = z * z;
    let centre = (value + square / (2.0 * count)) / (1.0 + square / count);
    let half = z / (1.0 + square / count) * (value * (1.0 - value) / count + square / (4.0 * count * count)).sqrt();
    Some(Rate { k, n, value, lower: (centre - half).max(0.0), upper: (centre + half).min(1.0), level })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(serde::Deserialize)]
    struct Row {
        k: u64,
        n: u64,
        level: f64,
        exact: (f64, f64),
        wilson: (f64, f64),
    }

    #[test]
    fn both_intervals_agree_with_scipy() {
        let rows: Vec<Row> = serde_json::from_str(include_str!("../testdata/rates_golden.json")).unwrap();
        assert!(rows.len() > 50);
        for row in rows {
            let exact = clopper_pearson(row.k, row.n, row.level).unwrap();
            let score = wilson(row.k, row.n, row.level).unwrap();
            for (ours, scipy) in [
                (exact.lower, row.exact.0),
                (exact.upper, row.exact.1),
                (score.lower, row.wilson.0),
                (score.upper, row.wilson.1),
            ] {
                assert!((ours - scipy).abs() < 1e-8, "{} of {} at {}: {ours} {scipy}", row.k, row.n, row.level);
            }
        }
    }

    #[test]
    fn nothing_of_nothing_is_no_rate() {
        assert!(clopper_pearson(0, 0, 0.95).is_none());
        assert!(clopper_pearson(2, 1, 0.95).is_none());
        assert!(clopper_pearson(1, 2, 1.0).is_none());
        assert!(wilson(0, 0, 0.95).is_none());
    }

    proptest! {
        #[test]
        fn the_exact_interval_holds_the_rate(n in 1_u64..2000, share in 0.0..=1.0_f64) {
            let k = (share * n as f64).floor() as u64;
            let rate = clopper_pearson(k, n, 0.95).unwrap();
            prop_assert!(rate.lower <= rate.value && rate.value <= rate.upper);
            prop_assert!((0.0..=1.0).contains(&rate.lower) && (0.0..=1.0).contains(&rate.upper));
        }
    }
}
