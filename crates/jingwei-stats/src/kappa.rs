use crate::{
    Estimate, Tries,
    estimate::{is_level, length, real},
    normal_quantile,
};

/// The agreement of two raters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CohenKappa {
    /// κ with its interval.
    pub kappa: Estimate,
    /// The share of answers on which both agree.
    pub agreement: f64,
    /// The share on which they would agree by chance.
    pub agreement_by_chance: f64,
    pub answers: u64,
}

/// Categories beyond this make no table that a person filled in.
const MOST_CATEGORIES: usize = 1_000;

/// Cohen's κ (1960) of a square table: row = what the first rater said, column = what the second said.
///
/// The interval is that of Fleiss, Cohen and Everitt (1969), cut to [−1, 1]. Where its variance is 0 (both
/// always agree, or never), it would say that κ is known exactly; then the exact limits of the share of agreement are
/// converted to κ instead.
///
/// `None` where the table is empty or not square, has more than 1,000 categories or 1e9 answers, or κ is undefined
/// because both raters gave one and the same category to everything.
#[must_use]
pub fn cohen_kappa(table: &[Vec<u64>], level: f64) -> Option<CohenKappa> {
    let size = table.len();
    if size > MOST_CATEGORIES || table.iter().any(|row| row.len() != size) || !is_level(level) {
        return None;
    }
    let answers = table.iter().flatten().try_fold(0_u64, |sum, count| sum.checked_add(*count))?;
    let diagonal: u64 = table.iter().enumerate().filter_map(|(index, row)| row.get(index)).sum();
    let agreed = Tries::counted(diagonal, answers)?;
    let n = real(answers);
    let first: Vec<f64> = table.iter().map(|row| row.iter().map(|count| real(*count)).sum::<f64>() / n).collect();
    let second: Vec<f64> = (0..size)
        .map(|column| table.iter().filter_map(|row| row.get(column)).map(|count| real(*count)).sum::<f64>() / n)
        .collect();
    let agreement = agreed.hits() / n;
    let agreement_by_chance: f64 = first.iter().zip(&second).map(|(one, other)| one * other).sum();
    let room = 1.0 - agreement_by_chance;
    // Rounding apart, there is no room only where both used one category.
    if room < 1e-12 {
        return None;
    }
    let value = (agreement - agreement_by_chance) / room;
    let variance = kappa_variance(table, &first, &second, value, agreement_by_chance, n);
    let (lower, upper) = if variance * n > 1e-12 {
        let half = normal_quantile(f64::midpoint(1.0, level))? * variance.sqrt();
        (value - half, value + half)
    } else {
        let (low, high) = agreed.exact_limits(level)?;
        ((low - agreement_by_chance) / room, (high - agreement_by_chance) / room)
    };
    let kappa = Estimate { value, lower: lower.max(-1.0).min(value), upper: upper.min(1.0).max(value), level };
    Some(CohenKappa { kappa, agreement, agreement_by_chance, answers })
}

fn kappa_variance(table: &[Vec<u64>], first: &[f64], second: &[f64], kappa: f64, chance: f64, n: f64) -> f64 {
    let mut sum = 0.0;
    for (i, (row, of_row)) in table.iter().zip(first).enumerate() {
        for (j, (count, of_column)) in row.iter().zip(second).enumerate() {
            let share = real(*count) / n;
            sum += if i == j {
                share * (1.0 - (of_row + of_column) * (1.0 - kappa)).powi(2)
            } else {
                // The margins change places here: the column's share of the first rater, the row's of the second.
                let (Some(one), Some(other)) = (first.get(j), second.get(i)) else { continue };
                share * ((1.0 - kappa) * (one + other)).powi(2)
            };
        }
    }
    ((sum - (kappa - chance * (1.0 - kappa)).powi(2)) / (n * (1.0 - chance).powi(2))).max(0.0)
}

/// The κ of Fleiss (1971) for several raters: one row for each answer, one column for each category, how many
/// raters chose it. `None` where rows differ in length or in raters, there are fewer than two raters or no answers, or
/// all raters gave one category to everything. Where ratings are missing, use [`crate::krippendorff_alpha`].
#[must_use]
pub fn fleiss_kappa(ratings: &[Vec<u64>]) -> Option<f64> {
    let categories = ratings.first()?.len();
    let mut totals = vec![0.0; categories];
    let mut raters = None;
    let mut agreement = 0.0;
    for row in ratings {
        let here = row.iter().try_fold(0_u64, |sum, count| sum.checked_add(*count))?;
        if row.len() != categories || here < 2 || *raters.get_or_insert(here) != here {
            return None;
        }
        let pairs: f64 = row.iter().map(|count| real(*count) * (real(*count) - 1.0)).sum();
        agreement += pairs / (real(here) * (real(here) - 1.0));
        totals.iter_mut().zip(row).for_each(|(total, count)| *total += real(*count));
    }
    let answers = length(ratings.len());
    let all = answers * real(raters?);
    let chance: f64 = totals.iter().map(|total| (total / all).powi(2)).sum();
    (1.0 - chance > 1e-12).then(|| (agreement / answers - chance) / (1.0 - chance))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(serde::Deserialize)]
    struct Golden {
        /// Table, κ, lower and upper limit at 95 %, uncut.
        cohen: Vec<(Vec<Vec<u64>>, f64, f64, f64)>,
        fleiss: Vec<(Vec<Vec<u64>>, f64)>,
    }

    #[test]
    fn both_agree_with_statsmodels() {
        let golden: Golden = serde_json::from_str(include_str!("../testdata/kappa_golden.json")).unwrap();
        assert!(golden.cohen.len() >= 5 && golden.fleiss.len() >= 3);
        for (table, kappa, lower, upper) in golden.cohen {
            let ours = cohen_kappa(&table, 0.95).unwrap().kappa;
            for (ours, peer) in [(ours.value, kappa), (ours.lower, lower.max(-1.0)), (ours.upper, upper.min(1.0))] {
                assert!((ours - peer).abs() < 1e-8, "{table:?}: {ours} {peer}");
            }
        }
        for (ratings, kappa) in golden.fleiss {
            assert!((fleiss_kappa(&ratings).unwrap() - kappa).abs() < 1e-10, "{ratings:?}");
        }
    }

    #[test]
    fn perfect_agreement_is_one_and_no_certainty() {
        let perfect = cohen_kappa(&[vec![20, 0], vec![0, 20]], 0.95).unwrap().kappa;
        assert!(perfect.value == 1.0 && perfect.upper == 1.0 && (0.7..0.9).contains(&perfect.lower), "{perfect:?}");
        let opposite = cohen_kappa(&[vec![0, 20], vec![20, 0]], 0.95).unwrap().kappa;
        assert!(opposite.value == -1.0 && opposite.lower == -1.0 && opposite.upper > -0.9, "{opposite:?}");
        assert_eq!(fleiss_kappa(&[vec![3, 0], vec![0, 3]]), Some(1.0));
    }

    #[test]
    fn bad_tables_give_nothing() {
        let tables: [&[Vec<u64>]; 6] = [
            &[],
            &[vec![]],
            &[vec![1, 2]],
            &[vec![0, 0], vec![0, 0]],
            &[vec![9, 0], vec![0, 0]],
            &[vec![u64::MAX, 1], vec![1, 1]],
        ];
        for table in tables {
            assert!(cohen_kappa(table, 0.95).is_none(), "{table:?}");
        }
        assert!(cohen_kappa(&vec![vec![1; MOST_CATEGORIES + 1]; MOST_CATEGORIES + 1], 0.95).is_none());
        assert!(cohen_kappa(&[vec![3, 1], vec![1, 3]], 1.0).is_none());
        let ratings: [&[Vec<u64>]; 6] = [
            &[],
            &[vec![]],
            &[vec![1, 0]],
            &[vec![2, 0], vec![2, 1]],
            &[vec![2, 1], vec![3]],
            &[vec![3, 0], vec![3, 0]],
        ];
        for rows in ratings {
            assert!(fleiss_kappa(rows).is_none(), "{rows:?}");
        }
    }

    proptest! {
        #[test]
        fn laws(cells in proptest::collection::vec(0_u64..30, 9)) {
            let table: Vec<Vec<u64>> = cells.chunks(3).map(<[u64]>::to_vec).collect();
            let turned: Vec<Vec<u64>> = (0..3).map(|j| table.iter().map(|row| row[j]).collect()).collect();
            if let Some(ours) = cohen_kappa(&table, 0.95) {
                let kappa = ours.kappa;
                prop_assert!(-1.0 <= kappa.lower && kappa.lower <= kappa.value && kappa.value <= kappa.upper && kappa.upper <= 1.0);
                let swapped = cohen_kappa(&turned, 0.95).unwrap().kappa;
                prop_assert!((swapped.value - kappa.value).abs() < 1e-12 && (swapped.lower - kappa.lower).abs() < 1e-9);
            }
        }
    }
}
