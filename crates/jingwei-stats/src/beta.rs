use crate::binomial::binomial_density;

/// A Beta distribution: what is believed about a probability after `a` bad and `b` good tries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beta {
    a: f64,
    b: f64,
}

impl Beta {
    /// `None` unless both shapes are positive, finite and at most 1e12.
    #[must_use]
    pub fn new(a: f64, b: f64) -> Option<Self> {
        let legal = |shape: f64| shape > 0.0 && shape <= 1e12;
        (legal(a) && legal(b)).then_some(Self { a, b })
    }

    #[must_use]
    pub fn shapes(self) -> (f64, f64) {
        (self.a, self.b)
    }

    /// The posterior after `k` of `n` more tries went bad. `None` where `k > n`.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts of tries are far below 2^52")]
    pub fn after(self, k: u64, n: u64) -> Option<Self> {
        let good = n.checked_sub(k)?;
        Self::new(self.a + k as f64, self.b + good as f64)
    }

    #[must_use]
    pub fn mean(self) -> f64 {
        self.a / (self.a + self.b)
    }

    /// P(X ≤ x).
    #[must_use]
    pub fn cdf(self, x: f64) -> f64 {
        regularized_incomplete_beta(self.a, self.b, x)
    }

    /// The x with P(X ≤ x) = `p`. `None` unless 0 ≤ p ≤ 1. Correct to about 1e-12 by bisection, which
    /// cannot miss because the cdf never falls.
    #[must_use]
    pub fn quantile(self, p: f64) -> Option<f64> {
        if !(0.0..=1.0).contains(&p) {
            return None;
        }
        if p == 0.0 || p == 1.0 {
            return Some(p);
        }
        let (mut low, mut high) = (0.0_f64, 1.0_f64);
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                break;
            }
            if self.cdf(middle) < p { low = middle } else { high = middle }
        }
        Some(f64::midpoint(low, high))
    }
}

/// I_x(a, b), by the continued fraction of Lentz (Press et al., Numerical Recipes, §6.4). 0 below 0, 1 above 1.
#[must_use]
pub fn regularized_incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x.is_nan() {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // xᵃ (1−x)ᵇ / B(a, b) as a binomial density: differences of ln Γ would lose digits for large shapes.
    let front = binomial_density(a, b, x, 1.0 - x) * a * b / (a + b);
    // The fraction converges fast on one side of the mean; symmetry gives the other side.
    if x < (a + 1.0) / (a + b + 2.0) {
        (front * continued_fraction(a, b, x) / a).clamp(0.0, 1.0)
    } else {
        (1.0 - front * continued_fraction(b, a, 1.0 - x) / b).clamp(0.0, 1.0)
    }
}

fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..100_000_u32 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        let factor = d * c;
        fraction *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

/// ln Γ(x) for x > 0: Stirling's series after shifting x above 15 (error below 1e-15 relative).
pub(crate) fn ln_gamma(x: f64) -> f64 {
    let mut shift = 0.0;
    let mut x = x;
    while x < 15.0 {
        shift += x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - shift
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// scipy 1.x: `scipy.stats.beta(a, b).cdf(x)` and `.ppf(p)`; see peers/stats_golden.py.
    const GOLDEN: &str = include_str!("../testdata/beta_golden.json");

    #[derive(serde::Deserialize)]
    struct Row {
        a: f64,
        b: f64,
        x: f64,
        cdf: f64,
        p: f64,
        quantile: f64,
    }

    #[test]
    fn it_agrees_with_scipy() {
        let rows: Vec<Row> = serde_json::from_str(GOLDEN).unwrap();
        assert!(rows.len() > 100);
        for row in rows {
            let beta = Beta::new(row.a, row.b).unwrap();
            assert!(
                (beta.cdf(row.x) - row.cdf).abs() < 1e-10,
                "cdf({}, {}, {}) {} {}",
                row.a,
                row.b,
                row.x,
                beta.cdf(row.x),
                row.cdf
            );
            let quantile = beta.quantile(row.p).unwrap();
            assert!(
                (quantile - row.quantile).abs() < 1e-9,
                "ppf({}, {}, {}) {quantile} {}",
                row.a,
                row.b,
                row.p,
                row.quantile
            );
        }
    }

    #[test]
    fn bad_arguments_give_nothing() {
        for (a, b) in [(0.0, 1.0), (1.0, -1.0), (f64::NAN, 1.0), (f64::INFINITY, 1.0)] {
            assert!(Beta::new(a, b).is_none());
        }
        let beta = Beta::new(1.0, 1.0).unwrap();
        assert!(beta.quantile(1.5).is_none() && beta.quantile(f64::NAN).is_none());
        assert!(beta.after(3, 2).is_none());
    }

    proptest! {
        #[test]
        fn more_bad_tries_never_lower_the_upper_bound(a in 0.1..20.0_f64, b in 0.1..20.0_f64, k in 0_u64..50, rest in 0_u64..50) {
            let beta = Beta::new(a, b).unwrap();
            let n = k + rest + 1;
            let fewer = beta.after(k, n).unwrap().quantile(0.9).unwrap();
            let more = beta.after(k + 1, n).unwrap().quantile(0.9).unwrap();
            prop_assert!(more >= fewer);
        }

        #[test]
        fn the_quantile_undoes_the_cdf(a in 0.2..500.0_f64, b in 0.2..500.0_f64, p in 0.001..0.999_f64) {
            let beta = Beta::new(a, b).unwrap();
            prop_assert!((beta.cdf(beta.quantile(p).unwrap()) - p).abs() < 1e-8);
        }
    }
}
