use crate::{
    Beta, Estimate, Random, Tries,
    bootstrap::sorted_quantile,
    estimate::{is_level, real},
    newcombe_independent, normal_quantile,
};

/// What a judge did on answers whose truth is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgeScore {
    /// Positives that the judge called positive.
    pub true_positives: u64,
    pub positives: u64,
    /// Negatives that the judge called negative.
    pub true_negatives: u64,
    pub negatives: u64,
}

/// A rate corrected for the judge's errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Correction {
    /// The value and its interval, cut to [0, 1].
    Corrected(Estimate),
    /// The judge may be no better than a coin: the interval of sensitivity + specificity − 1 reaches 0, so that
    /// nothing follows from its verdicts.
    Uninformative {
        /// Sensitivity + specificity − 1 (Youden, 1950), with its interval.
        youden: Estimate,
    },
    /// No rate fits: the whole interval lies below 0 or above 1, as where a judge with many false alarms on its own
    /// sample raised none here. The judge's sample then says nothing about this one; [0, 0] would be a pretence.
    Contradictory {
        /// The estimate, not cut.
        raw: f64,
    },
}

/// Draws of each limit.
const DRAWS: usize = 10_000;

/// The estimate of Rogan and Gladen (1978), (rate + specificity − 1) / (sensitivity + specificity − 1), with the
/// melded interval of Bayer, Fay and Graubard (2023): the uncertainty of all three samples is drawn from the Beta
/// distributions whose quantiles are the limits of Clopper and Pearson.
///
/// Simulated over 60 settings (rates of 0 to 95 %, sensitivity and specificity of 70 to 99 %, samples of 30 to
/// 1,000) it covered 95.3 to 100 % at a level of 95 %, where [`corrected_rate_lang_reiczigel`] covered 94.3 to 100 % and
/// a Bayesian interval with Jeffreys priors 93.4 to 100 % (contradictory samples counted as [0, 0] or [1, 1]). So this
/// is the one to report. In the middle it is a tenth longer, and up to a quarter where the judge was tried on 30 answers.
/// Its limits come from 10,000 draws: another seed moves them by about 1 % of the interval's length.
///
/// `None` where the judge's samples are empty or impossible, or `level` is not between 0 and 0.999.
#[must_use]
pub fn corrected_rate(observed: Tries, judge: JudgeScore, level: f64, seed: u64) -> Option<Correction> {
    if level > 0.999 {
        return None;
    }
    let (raw, youden) = (raw_correction(observed, judge)?, youden(judge, level)?);
    if youden.lower <= 0.0 {
        return Some(Correction::Uninformative { youden });
    }
    let [true_positives, misses] = [judge.true_positives, judge.positives - judge.true_positives].map(real);
    let [true_negatives, false_alarms] = [judge.true_negatives, judge.negatives - judge.true_negatives].map(real);
    let (hits, rest) = (observed.hits(), observed.tries() - observed.hits());
    // The rate rises with the hits and the specificity and falls with the sensitivity, so each limit takes
    // every sample at the end of its steps that moves it outwards.
    let mut random = Random::seeded(seed);
    let mut draws = |hits: (f64, f64), sensitivity: (f64, f64), specificity: (f64, f64)| {
        let mut rates: Vec<f64> = (0..DRAWS)
            .map(|_| {
                let [rate, sensitivity, specificity] =
                    [hits, sensitivity, specificity].map(|(a, b)| draw(&mut random, a, b));
                share_of_positives(rate, sensitivity, specificity)
            })
            .collect();
        rates.sort_by(f64::total_cmp);
        rates
    };
    let low = draws((hits, rest + 1.0), (true_positives + 1.0, misses), (true_negatives, false_alarms + 1.0));
    let high = draws((hits + 1.0, rest), (true_positives, misses + 1.0), (true_negatives + 1.0, false_alarms));
    let tail = f64::midpoint(1.0, -level);
    Some(correction(raw, sorted_quantile(&low, tail)?, sorted_quantile(&high, 1.0 - tail)?, level))
}

/// The same estimate with the interval of Lang and Reiczigel (2014): the delta method over all three samples, after
/// adding a few hits and misses to each. No chance is involved, and it is a little shorter and covers a little less than
/// [`corrected_rate`]. `None` as there, for any `level` between 0 and 1.
#[must_use]
pub fn corrected_rate_lang_reiczigel(observed: Tries, judge: JudgeScore, level: f64) -> Option<Correction> {
    let (raw, youden) = (raw_correction(observed, judge)?, youden(judge, level)?);
    if youden.lower <= 0.0 {
        return Some(Correction::Uninformative { youden });
    }
    let z = normal_quantile(f64::midpoint(1.0, level))?;
    let square = z * z;
    let tries = observed.tries() + square;
    let rate = (observed.hits() + square / 2.0) / tries;
    let (positives, negatives) = (real(judge.positives) + 2.0, real(judge.negatives) + 2.0);
    let sensitivity = (real(judge.true_positives) + 1.0) / positives;
    let specificity = (real(judge.true_negatives) + 1.0) / negatives;
    let gain = sensitivity + specificity - 1.0;
    let centre = (rate + specificity - 1.0) / gain;
    let of_sensitivity = sensitivity * (1.0 - sensitivity) / positives;
    let of_specificity = specificity * (1.0 - specificity) / negatives;
    let shift = 2.0 * square * (centre * of_sensitivity - (1.0 - centre) * of_specificity);
    let variance = rate * (1.0 - rate) / tries
        + centre * centre * of_sensitivity
        + (1.0 - centre) * (1.0 - centre) * of_specificity;
    let half = z * variance.sqrt() / gain;
    Some(correction(raw, centre + shift - half, centre + shift + half, level))
}

/// Cuts the limits to [0, 1] and to both sides of the estimate.
fn correction(raw: f64, lower: f64, upper: f64, level: f64) -> Correction {
    if upper <= 0.0 || lower >= 1.0 {
        return Correction::Contradictory { raw };
    }
    let value = raw.clamp(0.0, 1.0);
    let (lower, upper) = (lower.clamp(0.0, value), upper.clamp(value, 1.0));
    Correction::Corrected(Estimate { value, lower, upper, level })
}

/// Sensitivity less the rate of false alarms, by Newcombe's interval.
fn youden(judge: JudgeScore, level: f64) -> Option<Estimate> {
    let false_alarms = judge.negatives.checked_sub(judge.true_negatives)?;
    if !is_level(level) {
        return None;
    }
    newcombe_independent((judge.true_positives, judge.positives), (false_alarms, judge.negatives), level)
}

/// Not cut to [0, 1]; not finite where the judge is a coin.
fn raw_correction(observed: Tries, judge: JudgeScore) -> Option<f64> {
    let sensitivity = Tries::counted(judge.true_positives, judge.positives)?;
    let specificity = Tries::counted(judge.true_negatives, judge.negatives)?;
    let [rate, sensitivity, specificity] = [observed, sensitivity, specificity].map(|one| one.hits() / one.tries());
    Some((rate + specificity - 1.0) / (sensitivity + specificity - 1.0))
}

fn draw(random: &mut Random, a: f64, b: f64) -> f64 {
    match Beta::new(a, b) {
        Some(beta) => random.beta(beta),
        // A shape of 0 puts all belief at one end.
        None => f64::from(u8::from(b <= 0.0)),
    }
}

fn share_of_positives(rate: f64, sensitivity: f64, specificity: f64) -> f64 {
    let gain = sensitivity + specificity - 1.0;
    let above = rate + specificity - 1.0;
    // A draw of a judge worse than a coin decides nothing: it goes to the end that the rate points to.
    if gain > 0.0 { (above / gain).clamp(0.0, 1.0) } else { f64::from(u8::from(above > 0.0)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LEVEL: f64 = 0.95;

    fn judge(true_positives: u64, positives: u64, true_negatives: u64, negatives: u64) -> JudgeScore {
        JudgeScore { true_positives, positives, true_negatives, negatives }
    }

    fn estimate(correction: Option<Correction>) -> Estimate {
        match correction {
            Some(Correction::Corrected(estimate)) => estimate,
            other => panic!("{other:?}"),
        }
    }

    #[derive(serde::Deserialize)]
    struct Row {
        observed: (u64, u64),
        judge: (u64, u64, u64, u64),
        lang_reiczigel: (f64, f64),
        melded: (f64, f64),
    }

    /// The closed form from its formula in Python; the melded limits from a million of numpy's draws.
    #[test]
    fn both_agree_with_the_golden_values() {
        let rows: Vec<Row> = serde_json::from_str(include_str!("../testdata/corrected_golden.json")).unwrap();
        assert!(rows.len() >= 10);
        let check = |ours: Option<Correction>, (lower, upper): (f64, f64), bound: f64| {
            if upper <= 0.0 || lower >= 1.0 {
                assert!(matches!(ours, Some(Correction::Contradictory { .. })), "{ours:?}");
                return;
            }
            let ours = estimate(ours);
            let close = (ours.lower - lower).abs() < bound && (ours.upper - upper).abs() < bound;
            assert!(close, "{ours:?} {lower} {upper}");
        };
        for row in rows {
            let observed = Tries::counted(row.observed.0, row.observed.1).unwrap();
            let score = judge(row.judge.0, row.judge.1, row.judge.2, row.judge.3);
            check(corrected_rate_lang_reiczigel(observed, score, LEVEL), row.lang_reiczigel, 1e-8);
            let drawn = corrected_rate(observed, score, LEVEL, 3);
            check(drawn, row.melded, 0.05 * (row.melded.1 - row.melded.0) + 0.001);
        }
    }

    #[test]
    fn a_coin_says_nothing() {
        let observed = Tries::counted(30, 100).unwrap();
        for score in [judge(50, 100, 50, 100), judge(6, 10, 6, 10), judge(10, 100, 10, 100), judge(1, 1, 1, 1)] {
            for correction in
                [corrected_rate(observed, score, LEVEL, 1), corrected_rate_lang_reiczigel(observed, score, LEVEL)]
            {
                assert!(
                    matches!(correction, Some(Correction::Uninformative { youden }) if youden.lower <= 0.0),
                    "{score:?}"
                );
            }
        }
    }

    #[test]
    fn no_alarm_of_a_judge_that_cries_wolf_is_a_contradiction() {
        let wolf = judge(90, 100, 70, 100);
        let none = Tries::counted(0, 300).unwrap();
        for ours in [corrected_rate(none, wolf, LEVEL, 1), corrected_rate_lang_reiczigel(none, wolf, LEVEL)] {
            assert!(matches!(ours, Some(Correction::Contradictory { raw }) if raw < 0.0), "{ours:?}");
        }
    }

    #[test]
    fn no_hit_of_a_good_judge_is_no_certainty() {
        let none = estimate(corrected_rate(Tries::counted(0, 100).unwrap(), judge(95, 100, 98, 100), LEVEL, 1));
        assert!(none.value == 0.0 && none.lower == 0.0 && none.upper > 0.01, "{none:?}");
        let all = estimate(corrected_rate(Tries::counted(100, 100).unwrap(), judge(98, 100, 98, 100), LEVEL, 1));
        assert!(all.value == 1.0 && all.upper == 1.0 && all.lower < 0.99, "{all:?}");
    }

    #[test]
    fn a_perfect_judge_of_many_changes_nothing() {
        let million = 1_000_000;
        let observed = Tries::counted(30, 200).unwrap();
        let exact = observed.exact_limits(LEVEL).unwrap();
        let ours = estimate(corrected_rate(observed, judge(million, million, million, million), LEVEL, 1));
        assert!((ours.lower - exact.0).abs() < 0.003 && (ours.upper - exact.1).abs() < 0.003, "{ours:?} {exact:?}");
    }

    #[test]
    fn bad_arguments_give_nothing() {
        let observed = Tries::counted(3, 10).unwrap();
        for score in
            [judge(0, 0, 5, 5), judge(5, 5, 0, 0), judge(6, 5, 5, 5), judge(5, 5, 6, 5), judge(5, u64::MAX, 5, 5)]
        {
            assert!(corrected_rate(observed, score, LEVEL, 1).is_none(), "{score:?}");
            assert!(corrected_rate_lang_reiczigel(observed, score, LEVEL).is_none(), "{score:?}");
        }
        for level in [0.0, 1.0, 0.9999, f64::NAN] {
            assert!(corrected_rate(observed, judge(50, 50, 50, 50), level, 1).is_none(), "{level}");
        }
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_estimate(k in 0_u64..=60, sensitivity in 60_u64..=80, specificity in 60_u64..=80) {
            let observed = Tries::counted(k, 60).unwrap();
            match corrected_rate_lang_reiczigel(observed, judge(sensitivity, 80, specificity, 80), LEVEL).unwrap() {
                Correction::Corrected(ours) => {
                    prop_assert!(0.0 <= ours.lower && ours.lower <= ours.value);
                    prop_assert!(ours.value <= ours.upper && ours.upper <= 1.0 && ours.lower < ours.upper);
                }
                Correction::Contradictory { raw } => prop_assert!(!(0.0..=1.0).contains(&raw)),
                Correction::Uninformative { youden } => prop_assert!(youden.lower <= 0.0),
            }
        }
    }
}
