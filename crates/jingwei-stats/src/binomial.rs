//! The binomial distribution, stable from one try to a thousand million.

use crate::{
    beta::{ln_gamma, regularized_incomplete_beta},
    estimate::{is_probability, real},
};

/// The largest count of tries that this crate takes; beyond it the sums would no longer end in good time.
pub const MOST_TRIES: u64 = 1_000_000_000;

/// P(X = k) for `n` tries of probability `p`. `None` where `p` is no probability or n is above [`MOST_TRIES`].
#[must_use]
pub fn binomial_exactly(k: u64, n: u64, p: f64) -> Option<f64> {
    if !is_probability(p) || n > MOST_TRIES {
        return None;
    }
    Some(if k > n { 0.0 } else { binomial_density(real(k), real(n - k), p, 1.0 - p) })
}

/// P(X ≤ k) for `n` tries of probability `p`. `None` as for [`binomial_exactly`].
#[must_use]
pub fn binomial_at_most(k: u64, n: u64, p: f64) -> Option<f64> {
    if !is_probability(p) || n > MOST_TRIES {
        return None;
    }
    Some(if k >= n { 1.0 } else { regularized_incomplete_beta(real(n - k), real(k) + 1.0, 1.0 - p) })
}

/// P(X ≥ k) for `n` tries of probability `p`; exact in the far tail too, where 1 − P(X < k) would be rounding.
/// `None` as for [`binomial_exactly`].
#[must_use]
pub fn binomial_at_least(k: u64, n: u64, p: f64) -> Option<f64> {
    if !is_probability(p) || n > MOST_TRIES {
        return None;
    }
    Some(match k {
        0 => 1.0,
        k if k > n => 0.0,
        k => regularized_incomplete_beta(real(k), real(n - k) + 1.0, p),
    })
}

/// Γ(a+b+1) / (Γ(a+1) Γ(b+1)) · pᵃ qᵇ by the saddle point of Loader (2000), which subtracts no large logarithms.
pub(crate) fn binomial_density(a: f64, b: f64, p: f64, q: f64) -> f64 {
    if a == 0.0 {
        return if p < 0.5 { (b * (-p).ln_1p()).exp() } else { q.powf(b) };
    }
    if b == 0.0 {
        return if q < 0.5 { (a * (-q).ln_1p()).exp() } else { p.powf(a) };
    }
    if p <= 0.0 || q <= 0.0 {
        return 0.0;
    }
    let n = a + b;
    let log = stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * p) - deviance(b, n * q);
    log.exp() * (n / (std::f64::consts::TAU * a * b)).sqrt()
}

/// ln Γ(x+1) less Stirling's formula.
fn stirling_error(x: f64) -> f64 {
    if x < 16.0 {
        return ln_gamma(x + 1.0) - (x + 0.5) * x.ln() + x - 0.5 * std::f64::consts::TAU.ln();
    }
    let square = x * x;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / (1188.0 * square)) / square) / square) / square)
        / x
}

/// x ln(x / mean) + mean − x, by a series where the two are close.
fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if difference.abs() >= 0.1 * (x + mean) {
        return x * (x / mean).ln() + mean - x;
    }
    let ratio = difference / (x + mean);
    let mut sum = difference * ratio;
    let mut term = 2.0 * x * ratio;
    for step in 1..100_u32 {
        term *= ratio * ratio;
        let next = sum + term / f64::from(2 * step + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// k, n, p, exactly, at most, at least.
    type Row = (u64, u64, f64, f64, f64, f64);

    #[test]
    fn it_agrees_with_scipy() {
        let rows: Vec<Row> = serde_json::from_str(include_str!("../testdata/binomial_golden.json")).unwrap();
        assert!(rows.len() > 100);
        for (k, n, p, exactly, at_most, at_least) in rows {
            for (what, ours, scipy) in [
                ("exactly", binomial_exactly(k, n, p), exactly),
                ("at most", binomial_at_most(k, n, p), at_most),
                ("at least", binomial_at_least(k, n, p), at_least),
            ] {
                let ours = ours.unwrap();
                let bound = if n > 100_000 { 1e-9 } else { 1e-11 };
                assert!((ours - scipy).abs() <= bound * scipy + 1e-280, "{what} {k} of {n} at {p}: {ours} {scipy}");
            }
        }
    }

    #[test]
    fn edges() {
        for p in [-0.1, 1.1, f64::NAN] {
            assert!(binomial_exactly(1, 2, p).is_none() && binomial_at_most(1, 2, p).is_none());
            assert!(binomial_at_least(1, 2, p).is_none());
        }
        assert!(binomial_at_most(1, MOST_TRIES + 1, 0.5).is_none());
        for (k, n, p, exactly) in
            [(0, 0, 0.3, 1.0), (0, 9, 0.0, 1.0), (9, 9, 1.0, 1.0), (3, 9, 0.0, 0.0), (10, 9, 0.5, 0.0)]
        {
            assert_eq!(binomial_exactly(k, n, p), Some(exactly), "{k} of {n} at {p}");
        }
        assert_eq!(binomial_at_least(1, 5, 0.0), Some(0.0));
        assert_eq!(binomial_at_most(4, 5, 1.0), Some(0.0));
    }

    proptest! {
        #[test]
        fn both_tails_add_up(n in 1_u64..5000, share in 0.0..1.0_f64, p in 0.0..=1.0_f64) {
            let k = (share * n as f64) as u64;
            let all = binomial_at_most(k, n, p).unwrap() + binomial_at_least(k + 1, n, p).unwrap();
            prop_assert!((all - 1.0).abs() < 1e-10);
            let step = binomial_at_most(k + 1, n, p).unwrap() - binomial_at_most(k, n, p).unwrap();
            prop_assert!((step - binomial_exactly(k + 1, n, p).unwrap()).abs() < 1e-10);
        }
    }
}
