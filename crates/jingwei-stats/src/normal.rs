//! The normal distribution and Student's t.

use crate::{Beta, estimate::is_level};

/// P(Z ≤ z). NaN for NaN.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    if z < 0.0 { upper_tail(-z) } else { 1.0 - upper_tail(z) }
}

/// The z with P(Z ≤ z) = `p`. `None` unless 0 < p < 1.
#[must_use]
pub fn normal_quantile(p: f64) -> Option<f64> {
    if !is_level(p) {
        return None;
    }
    Some(if p < 0.5 { -upper_quantile(p) } else { upper_quantile(1.0 - p) })
}

/// The t with P(T ≤ t) = `p` for Student's t with `degrees` of freedom, which need not be whole. `None`
/// unless 0 < p < 1 and degrees is positive.
#[must_use]
pub fn student_t_quantile(p: f64, degrees: f64) -> Option<f64> {
    let positive = degrees > 0.0;
    if !is_level(p) || !positive {
        return None;
    }
    if p < 0.5 {
        return student_t_quantile(1.0 - p, degrees).map(|t| -t);
    }
    // From here on the first terms of the expansion in 1/degrees are exact to 1e-12 (Fisher and Cornish, 1960).
    if degrees > 1e4 {
        let z = normal_quantile(p)?;
        let first = (z.powi(3) + z) / 4.0;
        let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
        return Some(z + first / degrees + second / (degrees * degrees));
    }
    // t² / (degrees + t²) has a Beta distribution; the smaller of the two shares is the exact one.
    let both_tails = 2.0 * (1.0 - p);
    let share = Beta::new(0.5, degrees / 2.0)?.quantile(1.0 - both_tails)?;
    if share <= 0.5 {
        return Some((degrees * share / (1.0 - share)).sqrt());
    }
    let rest = Beta::new(degrees / 2.0, 0.5)?.quantile(both_tails)?;
    Some((degrees * (1.0 - rest) / rest).sqrt())
}

/// P(Z > z) for z ≥ 0: Marsaglia's series (2004) in the middle, Laplace's continued fraction in the tail,
/// where the series would cancel.
fn upper_tail(z: f64) -> f64 {
    let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    if z > 2.5 {
        let fraction = (1..=100_u32).rev().fold(z, |below, step| z + f64::from(step) / below);
        return density / fraction;
    }
    let (mut sum, mut term, mut odd) = (z, z, 3.0);
    while term > 1e-17 * sum {
        term *= z * z / odd;
        sum += term;
        odd += 2.0;
    }
    0.5 - sum * density
}

/// The z ≥ 0 with P(Z > z) = `tail`, for a tail of at most one half, by bisection.
fn upper_quantile(tail: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 40.0_f64);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if upper_tail(middle) > tail { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(serde::Deserialize)]
    struct Golden {
        normal_cdf: Vec<(f64, f64)>,
        normal_quantile: Vec<(f64, f64)>,
        student_t_quantile: Vec<(f64, f64, f64)>,
    }

    #[test]
    fn all_curves_agree_with_scipy() {
        let golden: Golden = serde_json::from_str(include_str!("../testdata/normal_golden.json")).unwrap();
        assert!(golden.normal_cdf.len() > 10 && golden.student_t_quantile.len() > 50);
        let check = |what: &str, ours: f64, scipy: f64, bound: f64| {
            assert!((ours - scipy).abs() <= bound * scipy.abs().max(1e-300), "{what}: {ours} {scipy}");
        };
        for (z, p) in golden.normal_cdf {
            check(&format!("cdf({z})"), normal_cdf(z), p, 1e-12);
        }
        for (p, z) in golden.normal_quantile {
            check(&format!("quantile({p})"), normal_quantile(p).unwrap() + 1.0, z + 1.0, 1e-12);
        }
        for (p, degrees, t) in golden.student_t_quantile {
            check(&format!("t({p}, {degrees})"), student_t_quantile(p, degrees).unwrap(), t, 1e-9);
        }
    }

    #[test]
    fn bad_arguments_give_nothing() {
        for p in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(normal_quantile(p).is_none() && student_t_quantile(p, 5.0).is_none());
        }
        for degrees in [0.0, -1.0, f64::NAN] {
            assert!(student_t_quantile(0.9, degrees).is_none());
        }
        assert!(normal_cdf(f64::NAN).is_nan());
        assert_eq!((normal_cdf(f64::INFINITY), normal_cdf(f64::NEG_INFINITY)), (1.0, 0.0));
    }

    proptest! {
        #[test]
        fn both_sides_mirror_each_other(p in 0.0001..0.4999_f64, degrees in 1.0..2e4_f64) {
            prop_assert!((normal_quantile(p).unwrap() + normal_quantile(1.0 - p).unwrap()).abs() < 1e-10);
            let t = student_t_quantile(p, degrees).unwrap();
            prop_assert!(t <= normal_quantile(p).unwrap() + 1e-9, "t has the longer tail");
            prop_assert!((normal_cdf(normal_quantile(p).unwrap()) - p).abs() < 1e-14);
        }
    }
}
