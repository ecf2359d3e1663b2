use crate::{Bootstrap, BootstrapInterval, cluster_bootstrap, estimate::length};

/// What the differences between two values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measurement {
    /// Categories: the same or not.
    Nominal,
    /// Ranks: how many ratings lie between.
    Ordinal,
    /// Quantities: the squared difference.
    Interval,
}

/// α with an interval over units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KrippendorffAlpha {
    pub value: f64,
    /// `None` where the bootstrap knows nothing, as under perfect agreement.
    pub interval: Option<BootstrapInterval>,
}

/// Krippendorff's α (2011): 1 where the raters agree wholly, 0 where they agree as by chance. One row for each
/// unit that was rated, one entry for each rater; `None` where a rater said nothing. Units with fewer than two ratings
/// do not count.
///
/// `None` where no two ratings can be paired, a rating is not finite, or all ratings are the same value, for then there
/// is nothing to agree about.
#[must_use]
pub fn krippendorff_alpha(units: &[Vec<Option<f64>>], measurement: Measurement) -> Option<f64> {
    alpha(&units.iter().collect::<Vec<_>>(), measurement)
}

/// α with the bootstrap's interval over units. Units are drawn and not, as in Krippendorff's own procedure, single
/// differences: what is inside a unit depends on each other. `None` where α itself is.
#[must_use]
pub fn krippendorff_alpha_with_interval(
    units: &[Vec<Option<f64>>],
    measurement: Measurement,
    plan: Bootstrap,
) -> Option<KrippendorffAlpha> {
    let value = krippendorff_alpha(units, measurement)?;
    let interval = cluster_bootstrap(units, |drawn| alpha(drawn, measurement), plan);
    Some(KrippendorffAlpha { value, interval })
}

fn alpha(units: &[&Vec<Option<f64>>], measurement: Measurement) -> Option<f64> {
    let mut paired: Vec<Vec<f64>> = units
        .iter()
        .map(|unit| unit.iter().flatten().copied().collect::<Vec<f64>>())
        .filter(|unit| unit.len() >= 2)
        .collect();
    if paired.iter().flatten().any(|value| !value.is_finite()) {
        return None;
    }
    if measurement == Measurement::Ordinal {
        // The ordinal difference of two values is the difference of their middle ranks.
        replace_by_middle_ranks(&mut paired);
    }
    let all: Vec<f64> = paired.iter().flatten().copied().collect();
    let of_pairs = |values: &[f64]| match measurement {
        Measurement::Nominal => unequal_pairs(values),
        Measurement::Ordinal | Measurement::Interval => squared_differences(values),
    };
    let count = length(all.len());
    let expected = of_pairs(&all) / (count - 1.0);
    let observed: f64 = paired.iter().map(|unit| of_pairs(unit) / (length(unit.len()) - 1.0)).sum();
    // Not so for no ratings at all, and where squares overflow.
    let defined = expected > 0.0 && observed.is_finite() && expected.is_finite();
    defined.then(|| 1.0 - observed / expected)
}

fn replace_by_middle_ranks(units: &mut [Vec<f64>]) {
    let mut sorted: Vec<f64> = units.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    for value in units.iter_mut().flatten() {
        let below = sorted.partition_point(|other| other < value);
        let at_most = sorted.partition_point(|other| other <= value);
        *value = f64::midpoint(length(below), length(at_most));
    }
}

/// Ordered pairs of values that differ.
fn unequal_pairs(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let equal: f64 = sorted.chunk_by(|one, other| one == other).map(|run| length(run.len()).powi(2)).sum();
    length(values.len()).powi(2) - equal
}

/// (x − y)² over all ordered pairs.
fn squared_differences(values: &[f64]) -> f64 {
    if values.iter().all(|value| Some(value) == values.first()) {
        return 0.0;
    }
    let count = length(values.len());
    let mean = values.iter().sum::<f64>() / count;
    2.0 * count * values.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::BootstrapMethod;

    const ALL: [Measurement; 3] = [Measurement::Nominal, Measurement::Ordinal, Measurement::Interval];
    const PLAN: Bootstrap = Bootstrap { draws: 500, level: 0.95, method: BootstrapMethod::Percentile, seed: 1 };

    #[derive(serde::Deserialize)]
    struct Row {
        units: Vec<Vec<Option<f64>>>,
        nominal: f64,
        ordinal: f64,
        interval: f64,
    }

    #[test]
    fn it_agrees_with_the_krippendorff_package() {
        let rows: Vec<Row> = serde_json::from_str(include_str!("../testdata/krippendorff_golden.json")).unwrap();
        assert!(rows.len() >= 5);
        for row in rows {
            for (measurement, peer) in ALL.into_iter().zip([row.nominal, row.ordinal, row.interval]) {
                let ours = krippendorff_alpha(&row.units, measurement).unwrap();
                assert!((ours - peer).abs() < 1e-8, "{measurement:?} {ours} {peer} {:?}", row.units);
                let bounds = krippendorff_alpha_with_interval(&row.units, measurement, PLAN).unwrap().interval;
                assert!(bounds.is_none_or(|bounds| bounds.lower < ours && ours < bounds.upper), "{bounds:?} {ours}");
            }
        }
    }

    #[test]
    fn perfect_agreement_is_one_and_no_certainty() {
        let units = [vec![Some(1.0), Some(1.0), None], vec![Some(2.0), None, Some(2.0)], vec![None, None, Some(9.0)]];
        for measurement in ALL {
            let ours = krippendorff_alpha_with_interval(&units, measurement, PLAN).unwrap();
            assert_eq!((ours.value, ours.interval), (1.0, None), "{measurement:?}");
        }
    }

    #[test]
    fn nothing_to_agree_about_is_no_alpha() {
        let rated = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
        let cases = [
            vec![],
            vec![vec![]],
            vec![rated(&[1.0]), rated(&[2.0])],
            vec![rated(&[0.1, 0.1]), rated(&[0.1, 0.1, 0.1])],
            vec![rated(&[1.0, f64::NAN]), rated(&[1.0, 2.0])],
            vec![rated(&[1.0, f64::INFINITY])],
        ];
        for units in cases {
            for measurement in ALL {
                assert!(krippendorff_alpha(&units, measurement).is_none(), "{measurement:?} {units:?}");
            }
        }
        assert!(krippendorff_alpha(&[rated(&[1e300, -1e300])], Measurement::Interval).is_none());
    }

    proptest! {
        #[test]
        fn laws(mut units in proptest::collection::vec(
            proptest::collection::vec(proptest::option::of((0_u8..4).prop_map(f64::from)), 3), 3..15)) {
            for measurement in ALL {
                let ours = krippendorff_alpha(&units, measurement);
                prop_assert!(ours.is_none_or(|alpha| alpha <= 1.0));
                let mut turned = units.clone();
                turned.iter_mut().for_each(|unit| unit.reverse());
                turned.reverse();
                let same = krippendorff_alpha(&turned, measurement);
                prop_assert_eq!(ours.is_some(), same.is_some());
                prop_assert!((ours.unwrap_or(0.0) - same.unwrap_or(0.0)).abs() < 1e-9);
                // Ranks do not see a stretched scale, quantities do not see another unit.
                let stretched: Vec<Vec<_>> = units.iter()
                    .map(|unit| unit.iter().map(|value| value.map(|v| if measurement == Measurement::Interval { 3.0 * v - 1.0 } else { v.exp() })).collect())
                    .collect();
                let same = krippendorff_alpha(&stretched, measurement);
                prop_assert!((ours.unwrap_or(0.0) - same.unwrap_or(0.0)).abs() < 1e-9);
            }
            units.iter_mut().for_each(|unit| { let first = unit[0]; unit.fill(first); });
            prop_assert!(krippendorff_alpha(&units, Measurement::Ordinal).is_none_or(|alpha| alpha == 1.0));
        }
    }
}
