use crate::{MOST_TRIES, estimate::real};

/// The mean hit@k of several questions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HitAtK {
    pub value: f64,
    /// Questions that were tried at least k times and so counted.
    pub questions: u64,
    /// Questions with fewer than k tries, from which hit@k cannot be estimated without bias.
    pub left_out: u64,
}

/// The chance that at least one of `k` tries hits, from `hits` in `tries`: 1 − C(tries − hits, k) / C(tries, k), which
/// is unbiased (Chen and others, 2021). `None` where `k` is 0 or above `tries`, hits outnumber tries, or there are
/// more than [`MOST_TRIES`].
#[must_use]
pub fn hit_at_k(hits: u64, tries: u64, k: u64) -> Option<f64> {
    if k == 0 || k > tries || hits > tries || tries > MOST_TRIES {
        return None;
    }
    if tries - hits < k {
        return Some(1.0);
    }
    // C(n−c, k) / C(n, k) is the same with c and k exchanged; the shorter product is taken, as logarithms, so that a
    // small chance keeps its digits. Once the product is far below rounding, the rest cannot matter.
    let (factors, removed) = (hits.min(k), real(hits.max(k)));
    let mut log = 0.0;
    for step in 0..factors {
        log += (-removed / real(tries - step)).ln_1p();
        if log < -60.0 {
            break;
        }
    }
    Some(-log.exp_m1())
}

/// The mean of [`hit_at_k`] over questions of (hits, tries), each question counting the same. `None` where no
/// question has k tries, `k` is 0 or a question is impossible.
#[must_use]
pub fn mean_hit_at_k(questions: &[(u64, u64)], k: u64) -> Option<HitAtK> {
    let (mut sum, mut counted, mut left_out) = (0.0, 0_u64, 0_u64);
    for &(hits, tries) in questions {
        if hits <= tries && tries < k {
            left_out += 1;
        } else {
            sum += hit_at_k(hits, tries, k)?;
            counted += 1;
        }
    }
    (counted > 0).then(|| HitAtK { value: sum / real(counted), questions: counted, left_out })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hits, tries, k, value from Python's whole-number binomials.
    #[test]
    fn it_agrees_with_whole_numbers() {
        let rows: Vec<(u64, u64, u64, f64)> =
            serde_json::from_str(include_str!("../testdata/hits_golden.json")).unwrap();
        assert!(rows.len() > 40);
        for (hits, tries, k, value) in rows {
            let ours = hit_at_k(hits, tries, k).unwrap();
            assert!((ours - value).abs() <= 1e-10 * value, "{hits} of {tries} at {k}: {ours} {value}");
        }
    }

    #[test]
    fn edges() {
        for (hits, tries, k) in [(0, 0, 0), (1, 5, 0), (1, 5, 6), (6, 5, 1), (1, MOST_TRIES + 1, 1)] {
            assert!(hit_at_k(hits, tries, k).is_none(), "{hits} of {tries} at {k}");
        }
        let half = MOST_TRIES / 2;
        assert_eq!(hit_at_k(half, MOST_TRIES, half), Some(1.0));
        let tiny = hit_at_k(1, MOST_TRIES, 1).unwrap();
        assert!((tiny * 1e9 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn questions_count_the_same_and_short_ones_are_told() {
        let mean = mean_hit_at_k(&[(0, 10), (10, 10), (1, 2), (0, 1)], 2).unwrap();
        assert_eq!((mean.value, mean.questions, mean.left_out), (2.0 / 3.0, 3, 1));
        assert!(mean_hit_at_k(&[], 1).is_none() && mean_hit_at_k(&[(0, 1)], 2).is_none());
        assert!(mean_hit_at_k(&[(0, 1)], 0).is_none() && mean_hit_at_k(&[(2, 1), (1, 3)], 2).is_none());
    }

    proptest! {
        #[test]
        fn more_tries_and_more_hits_only_help(tries in 2_u64..3000, hits in 0.0..1.0_f64, k in 0.0..1.0_f64) {
            let hits = (hits * (tries - 1) as f64) as u64;
            let k = 1 + (k * (tries - 2) as f64) as u64;
            let value = hit_at_k(hits, tries, k).unwrap();
            prop_assert!((0.0..=1.0).contains(&value));
            prop_assert!(hit_at_k(hits, tries, k + 1).unwrap() >= value - 1e-12);
            prop_assert!(hit_at_k(hits + 1, tries, k).unwrap() >= value - 1e-12);
            prop_assert!((hit_at_k(hits, tries, 1).unwrap() - hits as f64 / tries as f64).abs() < 1e-12);
        }
    }
}
