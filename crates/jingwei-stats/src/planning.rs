use crate::{
    MOST_TRIES, Tries, binomial_at_least, binomial_at_most,
    estimate::{is_level, is_probability, real},
    normal_cdf, normal_quantile,
};

/// What a count of hits must show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PassLine {
    /// A rate of at least this.
    AtLeast(f64),
    /// A rate of at most this.
    AtMost(f64),
}

/// Which error the level speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sides {
    /// Only of passing wrongly: at 95 %, the line must lie outside the exact two-sided interval of 90 %.
    One,
    /// The line must lie outside the exact two-sided interval of the level itself.
    Two,
}

/// The count of hits that passes a line with certainty, not just on the numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PassMargin {
    pub line: PassLine,
    pub n: u64,
    pub level: f64,
    pub sides: Sides,
    /// The least (at least) or most (at most) hits whose share meets the line, with no margin.
    pub bare: u64,
    /// The least or most hits whose exact limit meets the line. `None` where no count of so few tries can.
    pub needed: Option<u64>,
}

/// How many hits in `n` tries make it sure that the true rate meets the line.
///
/// "95 % sure" of one line is a one-sided statement. For the lines of the filing self-assessment [`Sides::One`] at 0.95
/// asks for 916 of 1,000 (at least 90 %), 292 of 300 (at least 95 %) and 8 of 300 (at most 5 %), and for the corpus check
/// 3,861 of 4,000 (at least 96 %). The two-sided interval of 95 % asks for more: 919, 293, 7 and 3,865.
///
/// `None` where `n` is 0 or above [`MOST_TRIES`], the line is no probability, or `level` is not between 0 and 1.
#[must_use]
pub fn pass_margin(line: PassLine, n: u64, level: f64, sides: Sides) -> Option<PassMargin> {
    let (PassLine::AtLeast(p) | PassLine::AtMost(p)) = line;
    if n == 0 || n > MOST_TRIES || !is_probability(p) || !is_level(level) {
        return None;
    }
    let error = match sides {
        Sides::One => 1.0 - level,
        Sides::Two => f64::midpoint(1.0, -level),
    };
    // Shares are compared as quotients: 7 / 100 is the number 0.07, while 0.07 · 100 is more than 7.
    let (bare, needed) = match line {
        PassLine::AtLeast(p) => {
            let bare = first_that(n, |k| real(k) / real(n) >= p)?;
            let sure = |k| p <= 0.0 || binomial_at_least(k, n, p).is_some_and(|chance| k > 0 && chance <= error);
            (bare, first_that(n, sure))
        }
        PassLine::AtMost(p) => {
            let bare = n - first_that(n, |misses| real(n - misses) / real(n) <= p)?;
            let sure = |k| p >= 1.0 || binomial_at_most(k, n, p).is_some_and(|chance| k < n && chance <= error);
            (bare, first_that(n, |misses| sure(n - misses)).map(|misses| n - misses))
        }
    };
    Some(PassMargin { line, n, level, sides, bare, needed })
}

/// The chance that `n` tries of a system with this true rate give a count on the right side of `count`: at least as
/// many hits under [`PassLine::AtLeast`], at most as many under [`PassLine::AtMost`].
#[must_use]
pub fn probability_of_passing(line: PassLine, n: u64, count: u64, true_rate: f64) -> Option<f64> {
    match line {
        PassLine::AtLeast(_) => binomial_at_least(count, n, true_rate),
        PassLine::AtMost(_) => binomial_at_most(count, n, true_rate),
    }
}

/// The tries that make the exact interval of the expected rate at most twice `half_width` long. `None` where the
/// arguments are out of bounds or more than [`MOST_TRIES`] would be needed.
#[must_use]
pub fn tries_for_half_width(expected_rate: f64, half_width: f64, level: f64) -> Option<u64> {
    let possible = half_width > 0.0 && half_width <= 0.5;
    if !is_probability(expected_rate) || !is_level(level) || !possible {
        return None;
    }
    let narrow = |n: u64| {
        Tries::new((expected_rate * real(n)).min(real(n)), real(n))
            .and_then(|tries| tries.exact_limits(level))
            .is_some_and(|(lower, upper)| upper - lower <= 2.0 * half_width)
    };
    first_that(MOST_TRIES, |n| n > 0 && narrow(n))
}

/// The chance to see, at this two-sided level, that two systems with these true rates differ, from `n_each` independent
/// tries of each: the pooled z test (Fleiss, Levin and Paik, 2003, §4.3). An approximation: with rates near 0 or 1
/// and few tries, simulate. `None` where the arguments are out of bounds.
#[must_use]
pub fn power_to_tell_apart(first: f64, second: f64, n_each: u64, level: f64) -> Option<f64> {
    if !is_probability(first) || !is_probability(second) || n_each == 0 {
        return None;
    }
    let (under_null, under_truth) = spreads(first, second);
    let z = normal_quantile(f64::midpoint(1.0, level)).filter(|_| is_level(level))?;
    let shift = (first - second).abs() * real(n_each).sqrt();
    // Two rates of 0 and 1 do not vary at all.
    if under_truth <= 0.0 {
        return Some(f64::from(u8::from(shift > z * under_null)));
    }
    let bound = z * under_null / under_truth;
    Some(normal_cdf(shift / under_truth - bound) + normal_cdf(-shift / under_truth - bound))
}

/// The tries of each of two systems for [`power_to_tell_apart`] to reach `power` (its far tail left out, as is
/// usual). `None` where the rates are equal, the arguments out of bounds, or more than [`MOST_TRIES`] needed.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and at most MOST_TRIES")]
pub fn tries_to_tell_apart(first: f64, second: f64, level: f64, power: f64) -> Option<u64> {
    let possible = is_probability(first) && is_probability(second) && first != second;
    if !possible || !is_level(level) || !is_level(power) {
        return None;
    }
    let (under_null, under_truth) = spreads(first, second);
    let z = normal_quantile(f64::midpoint(1.0, level))?;
    let sum = z * under_null + normal_quantile(power)? * under_truth;
    let tries = (sum.max(0.0) / (first - second)).powi(2).ceil().max(1.0);
    (tries <= real(MOST_TRIES)).then_some(tries as u64)
}

/// √n times the standard deviation of the difference, under equal rates and under the true ones.
fn spreads(first: f64, second: f64) -> (f64, f64) {
    let pooled = f64::midpoint(first, second);
    let under_truth = first * (1.0 - first) + second * (1.0 - second);
    ((2.0 * pooled * (1.0 - pooled)).sqrt(), under_truth.sqrt())
}

/// The least count up to `most` for which `holds`, which once true stays true.
fn first_that(most: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if !holds(most) {
        return None;
    }
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clopper_pearson;

    /// At least?, line, tries, one-sided count, two-sided count at 95 %, from scipy's Beta.
    type Margin = (bool, f64, u64, Option<u64>, Option<u64>);

    #[derive(serde::Deserialize)]
    struct Golden {
        /// Rate, half width, level, tries from scipy's Beta.
        half_width: Vec<(f64, f64, f64, u64)>,
        /// Rate, rate, tries of each, power from statsmodels' `power_proportions_2indep` at 5 %.
        power: Vec<(f64, f64, u64, f64)>,
        /// Rate, rate, power, tries from statsmodels' `samplesize_proportions_2indep_onetail` at 5 %.
        tell_apart: Vec<(f64, f64, f64, f64)>,
        margins: Vec<Margin>,
    }

    #[test]
    fn plans_agree_with_statsmodels_and_scipy() {
        let golden: Golden = serde_json::from_str(include_str!("../testdata/planning_golden.json")).unwrap();
        assert!(golden.half_width.len() > 5 && golden.power.len() > 5 && golden.tell_apart.len() > 5);
        for (rate, half, level, tries) in golden.half_width {
            assert_eq!(tries_for_half_width(rate, half, level), Some(tries), "{rate} ± {half}");
        }
        for (first, second, n, power) in golden.power {
            assert!(
                (power_to_tell_apart(first, second, n, 0.95).unwrap() - power).abs() < 1e-8,
                "{first} {second} {n}"
            );
        }
        for (first, second, power, tries) in golden.tell_apart {
            assert_eq!(tries_to_tell_apart(first, second, 0.95, power), Some(tries.ceil() as u64), "{first} {second}");
        }
        assert!(golden.margins.len() >= 20);
        for (at_least, p, n, one, two) in golden.margins {
            let line = if at_least { PassLine::AtLeast(p) } else { PassLine::AtMost(p) };
            for (sides, needed) in [(Sides::One, one), (Sides::Two, two)] {
                assert_eq!(pass_margin(line, n, 0.95, sides).unwrap().needed, needed, "{line:?} of {n} {sides:?}");
            }
        }
    }

    #[test]
    fn the_margins_of_the_filing_rules() {
        let check = |line, n, bare, needed, two_sided| {
            let margin = pass_margin(line, n, 0.95, Sides::One).unwrap();
            assert_eq!((margin.bare, margin.needed), (bare, Some(needed)), "{line:?} of {n}");
            assert_eq!(pass_margin(line, n, 0.95, Sides::Two).unwrap().needed, Some(two_sided), "{line:?} of {n}");
        };
        check(PassLine::AtLeast(0.90), 1_000, 900, 916, 919);
        check(PassLine::AtLeast(0.95), 300, 285, 292, 293);
        check(PassLine::AtMost(0.05), 300, 15, 8, 7);
        check(PassLine::AtLeast(0.96), 4_000, 3_840, 3_861, 3_865);
    }

    #[test]
    fn a_bare_pass_is_half_luck() {
        let line = PassLine::AtLeast(0.96);
        for (true_rate, chance, bound) in [(0.96, 0.52, 0.005), (0.955, 0.067, 0.0005), (0.95, 0.0016, 0.00005)] {
            let ours = probability_of_passing(line, 4_000, 3_840, true_rate).unwrap();
            assert!((ours - chance).abs() < bound, "{true_rate}: {ours}");
        }
        assert!(probability_of_passing(PassLine::AtMost(0.05), 300, 8, 0.05).unwrap() <= 0.05);
        assert!(probability_of_passing(line, 300, 8, f64::NAN).is_none());
    }

    #[test]
    fn edges() {
        let needed = |line, n| pass_margin(line, n, 0.95, Sides::One).unwrap().needed;
        assert_eq!(needed(PassLine::AtLeast(0.9), 10), None, "too few tries to be sure");
        assert_eq!(needed(PassLine::AtMost(0.05), 58), None);
        assert_eq!(needed(PassLine::AtMost(0.05), 59), Some(0));
        assert_eq!((needed(PassLine::AtLeast(1.0), 50), needed(PassLine::AtMost(0.0), 50)), (None, None));
        assert_eq!((needed(PassLine::AtLeast(0.0), 50), needed(PassLine::AtMost(1.0), 50)), (Some(0), Some(50)));
        assert_eq!(pass_margin(PassLine::AtLeast(0.07), 100, 0.95, Sides::One).unwrap().bare, 7);
        for (line, n, level) in [
            (PassLine::AtLeast(1.5), 10, 0.95),
            (PassLine::AtMost(f64::NAN), 10, 0.95),
            (PassLine::AtMost(0.5), 0, 0.95),
            (PassLine::AtMost(0.5), MOST_TRIES + 1, 0.95),
            (PassLine::AtMost(0.5), 10, 1.0),
        ] {
            assert!(pass_margin(line, n, level, Sides::One).is_none(), "{line:?} {n} {level}");
        }
        assert!(tries_for_half_width(0.5, 0.0, 0.95).is_none() && tries_for_half_width(1.5, 0.1, 0.95).is_none());
        assert!(tries_for_half_width(0.5, 1e-9, 0.95).is_none(), "more than the most");
        assert!(
            tries_to_tell_apart(0.5, 0.5, 0.95, 0.8).is_none() && tries_to_tell_apart(0.5, 0.6, 0.95, 1.0).is_none()
        );
        assert!(tries_to_tell_apart(0.0, 0.0, 0.95, 0.8).is_none(), "nothing to tell apart");
        assert!(power_to_tell_apart(0.5, 0.6, 0, 0.95).is_none() && power_to_tell_apart(0.5, 0.6, 9, 1.0).is_none());
        assert_eq!(power_to_tell_apart(0.0, 1.0, 50, 0.95), Some(1.0));
    }

    proptest! {
        #[test]
        fn the_margin_is_where_the_exact_interval_clears_the_line(n in 1_u64..400, p in 0.01..0.99_f64) {
            let lower = |k| clopper_pearson(k, n, 0.9).unwrap().lower;
            let upper = |k| clopper_pearson(k, n, 0.9).unwrap().upper;
            match pass_margin(PassLine::AtLeast(p), n, 0.95, Sides::One).unwrap().needed {
                Some(k) => prop_assert!(lower(k) >= p - 1e-9 && lower(k - 1) < p + 1e-9),
                None => prop_assert!(lower(n) < p + 1e-9),
            }
            match pass_margin(PassLine::AtMost(p), n, 0.95, Sides::One).unwrap().needed {
                Some(k) => prop_assert!(upper(k) <= p + 1e-9 && upper(k + 1) > p - 1e-9),
                None => prop_assert!(upper(0) > p - 1e-9),
            }
        }

        #[test]
        fn more_power_takes_more_tries(first in 0.05..0.45_f64, gap in 0.05..0.5_f64, power in 0.6..0.95_f64) {
            let second = first + gap;
            let n = tries_to_tell_apart(first, second, 0.95, power).unwrap();
            prop_assert!(power_to_tell_apart(first, second, n, 0.95).unwrap() >= power - 1e-9);
            prop_assert!(tries_to_tell_apart(first, second, 0.95, power + 0.04).unwrap() >= n);
            prop_assert_eq!(tries_to_tell_apart(second, first, 0.95, power), Some(n));
        }
    }
}
