//! From sums to probabilities and severities.

use serde::{Deserialize, Serialize};

use super::Severity;

/// How the sums of one head in one language become probabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Probability is the logistic function of `slope * sum + intercept` (Platt 1999). Positive, so that order is kept.
    pub slope: f64,
    pub intercept: f64,
    /// How much more a few sentences must sum to where they are judged apart from the sentences before them: a long
    /// text has many such parts, and one of them is easily mistaken.
    #[serde(default)]
    pub part_margin: f64,
    /// How much more a text must sum to each time that it has e times as many features, from [`LENGTH`] on: chance
    /// adds up with length, and long harmless texts set the scene as long attacks do.
    #[serde(default)]
    pub length_margin: f64,
    pub controversial: Threshold,
    pub r#unsafe: Threshold,
}

/// From which probability on a severity holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    pub probability: f64,
    /// Share of benign texts that reach it, on the examples that it was set on: every source weighs alike.
    pub false_positive_rate: f64,
    /// Number of those benign examples.
    pub benign: u64,
}

/// Features of a text of some twenty letters.
pub(super) const LENGTH: f64 = 100.0;

/// What the sums of some sentences must be more, before they mean the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Margins {
    /// Where they are judged apart from the sentences before them.
    pub part: f64,
    /// Each time that they have e times as many features.
    pub length: f64,
}

impl Margins {
    pub fn of(self, features: u32, is_part: bool) -> f64 {
        let part = if is_part { self.part } else { 0.0 };
        part + self.length * (f64::from(features) / LENGTH).max(1.0).ln()
    }
}

impl Calibration {
    pub(super) fn margins(&self) -> Margins {
        Margins { part: self.part_margin, length: self.length_margin }
    }

    pub(super) fn judge(&self, sum: f64) -> (f64, Severity) {
        let probability = logistic(self.slope * sum + self.intercept);
        let severity = if probability >= self.r#unsafe.probability {
            Severity::Unsafe
        } else if probability >= self.controversial.probability {
            Severity::Controversial
        } else {
            Severity::Safe
        };
        (probability, severity)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let is_line = self.slope.is_finite() && self.slope > 0.0 && self.intercept.is_finite();
        let is_margin = [self.part_margin, self.length_margin].iter().all(|margin| (0.0..=1e6).contains(margin));
        let (low, high) = (self.controversial.probability, self.r#unsafe.probability);
        let is_ladder = 0.0 < low && low <= high && high <= 1.0;
        if !(is_line && is_margin && is_ladder) {
            return Err(
                "the calibration must rise, and 0 < controversial <= unsafe <= 1, and no margin is below 0".to_owned()
            );
        }
        Ok(())
    }
}

pub(super) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// One example that calibration looks at.
#[derive(Debug, Clone)]
pub(super) struct Point<'a> {
    pub sum: f64,
    /// 1 where the text is of some class, 0 where it is benign, between for what depends on the context.
    pub target: f64,
    pub source: &'a str,
    /// Whether it is of those benign examples on which thresholds are set, where there are enough of them.
    pub sets_threshold: bool,
}

/// Wanted false-positive rates of the two thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    pub controversial: f64,
    pub r#unsafe: f64,
}

/// Fewest examples of each side on which a calibration is worth having.
pub(super) const MIN_POINTS: usize = 20;
/// Small sources together weigh like one of this size: no single example of theirs moves a threshold far.
const SMALL_SOURCES: usize = 100;
/// Where there are too few examples.
pub(super) const UNCALIBRATED: [f64; 2] = [0.5, 0.8];

pub(super) fn calibrate(points: &[Point<'_>], rates: Rates, margins: Margins) -> Calibration {
    let benign = points.iter().filter(|point| point.target == 0.0).count();
    let enough = benign >= MIN_POINTS && points.len() - benign >= MIN_POINTS;
    let (slope, intercept) = if enough { platt(points) } else { (1.0, 0.0) };
    let setters: Vec<Point<'_>> =
        points.iter().filter(|point| point.target == 0.0 && point.sets_threshold).cloned().collect();
    let setters = if setters.len() >= MIN_POINTS { &setters } else { points };
    let benign = setters.iter().filter(|point| point.target == 0.0).count();
    let threshold = |rate: f64, fallback: f64| {
        let at = if benign >= MIN_POINTS { quantile(setters, rate) } else { None };
        let probability = at.map_or(fallback, |sum| logistic(slope * sum + intercept)).clamp(1e-6, 1.0 - 1e-9);
        let reaches = |sum: f64| logistic(slope * sum + intercept) >= probability;
        Threshold { probability, false_positive_rate: share(setters, reaches), benign: benign as u64 }
    };
    let controversial = threshold(rates.controversial, UNCALIBRATED[0]);
    let mut r#unsafe = threshold(rates.r#unsafe, UNCALIBRATED[1]);
    if r#unsafe.probability < controversial.probability {
        r#unsafe = controversial.clone();
    }
    Calibration { slope, intercept, part_margin: margins.part, length_margin: margins.length, controversial, r#unsafe }
}

/// Newton's method on two parameters, with Platt's targets, which keep separable examples finite.
fn platt(points: &[Point<'_>]) -> (f64, f64) {
    let positive: f64 = points.iter().map(|point| point.target).sum();
    let negative = points.len() as f64 - positive;
    let (high, low) = ((positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0));
    let (mut slope, mut intercept) = (1.0, 0.0);
    for _ in 0..50 {
        let (mut g, mut h) = ([0.0; 2], [[1e-9, 0.0], [0.0, 1e-9]]);
        for point in points {
            let target = low + point.target * (high - low);
            let p = logistic(slope * point.sum + intercept);
            let (error, curve) = (p - target, (p * (1.0 - p)).max(1e-9));
            g[0] += error * point.sum;
            g[1] += error;
            h[0][0] += curve * point.sum * point.sum;
            h[0][1] += curve * point.sum;
            h[1][1] += curve;
        }
        let determinant = h[0][0] * h[1][1] - h[0][1] * h[0][1];
        if determinant.abs() < 1e-12 {
            break;
        }
        let step = [(h[1][1] * g[0] - h[0][1] * g[1]) / determinant, (h[0][0] * g[1] - h[0][1] * g[0]) / determinant];
        let damp = (2.0 / step[0].abs().max(step[1].abs()).max(2.0)).min(1.0);
        slope = (slope - damp * step[0]).max(0.05);
        intercept -= damp * step[1];
        if step[0].abs() + step[1].abs() < 1e-9 {
            break;
        }
    }
    (slope, intercept)
}

/// Weight of each benign point such that every source counts alike (small sources together count as one).
fn weights<'a>(points: &'a [Point<'a>]) -> impl Iterator<Item = (f64, f64)> {
    let benign = || points.iter().filter(|point| point.target == 0.0);
    let size = move |source: &str| benign().filter(|point| point.source == source).count();
    let sources: std::collections::BTreeMap<&str, usize> = benign().map(|point| (point.source, 0)).collect();
    let sizes: std::collections::BTreeMap<&str, usize> = sources.into_keys().map(|s| (s, size(s))).collect();
    let small: usize = sizes.values().filter(|size| **size < MIN_POINTS).sum();
    benign().map(move |point| {
        let size = sizes.get(point.source).copied().unwrap_or(1);
        (point.sum, 1.0 / (if size < MIN_POINTS { small.max(SMALL_SOURCES) } else { size }) as f64)
    })
}

fn share(points: &[Point<'_>], reaches: impl Fn(f64) -> bool) -> f64 {
    let (hit, all) = weights(points)
        .fold((0.0, 0.0), |(hit, all), (sum, weight)| (if reaches(sum) { hit + weight } else { hit }, all + weight));
    if all > 0.0 { hit / all } else { 0.0 }
}

/// The sum that at most this share of benign points reach; halfway to the next one below.
fn quantile(points: &[Point<'_>], rate: f64) -> Option<f64> {
    let mut weighted: Vec<(f64, f64)> = weights(points).collect();
    weighted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let mut above = 0.0;
    let mut last: Option<f64> = None;
    for (sum, weight) in weighted {
        if above + weight > rate * all {
            return Some(last.map_or(sum + 1e-9, |last| last.midpoint(sum).max(sum + 1e-9)));
        }
        above += weight;
        last = Some(sum);
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_MARGINS: Margins = Margins { part: 0.0, length: 0.0 };

    fn points() -> Vec<Point<'static>> {
        let point = |sum: f64, target: f64, source| Point { sum, target, source, sets_threshold: false };
        let harmful = (0..100).map(|n| point(f64::from(n) / 25.0 - 1.0, 1.0, "attacks"));
        let many = (0..1000).map(|n| point(f64::from(n) / 500.0 - 2.5, 0.0, "many"));
        let few = (0..50).map(|n| point(f64::from(n) / 25.0 - 1.5, 0.0, "few"));
        harmful.chain(many).chain(few).collect()
    }

    #[test]
    fn thresholds_keep_their_rates_with_every_source_weighing_alike() {
        let found = calibrate(&points(), Rates { controversial: 0.1, r#unsafe: 0.01 }, NO_MARGINS);
        assert_eq!(found.check(), Ok(()));
        for (threshold, rate) in [(&found.controversial, 0.1), (&found.r#unsafe, 0.01)] {
            assert!(
                threshold.false_positive_rate <= rate && threshold.false_positive_rate >= rate - 0.011,
                "{threshold:?}"
            );
            assert_eq!(threshold.benign, 1050);
        }
        // Ten benign texts of "few" (a fifth) and none of "many" reach it.
        assert_eq!(found.judge(0.2).1, Severity::Controversial);
        assert_eq!(found.judge(-2.0).1, Severity::Safe);
        assert_eq!(found.judge(3.0).1, Severity::Unsafe);
    }

    #[test]
    fn too_few_examples_leave_plain_probabilities() {
        let found = calibrate(&points()[..10], Rates { controversial: 0.1, r#unsafe: 0.01 }, NO_MARGINS);
        assert_eq!((found.slope, found.controversial.probability, found.r#unsafe.probability), (1.0, 0.5, 0.8));
    }

    #[test]
    fn probabilities_are_frequencies() {
        let points = points();
        let found = calibrate(&points, Rates { controversial: 0.1, r#unsafe: 0.01 }, NO_MARGINS);
        let expected: f64 = points.iter().map(|point| found.judge(point.sum).0).sum();
        assert!((expected - 100.0).abs() < 2.0, "{expected}");
    }
}
