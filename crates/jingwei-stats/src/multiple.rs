use crate::estimate::{is_probability, length};

/// The p-values of several tests, adjusted so that rejecting those at most α errs anywhere with probability at most α
/// (Holm, 1979), whatever the tests have in common. In the order given. `None` where one is no probability.
#[must_use]
pub fn holm(p_values: &[f64]) -> Option<Vec<f64>> {
    let order = ascending(p_values)?;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (place, &(index, p)) in order.iter().enumerate() {
        largest = largest.max(p * length(p_values.len() - place)).min(1.0);
        if let Some(slot) = adjusted.get_mut(index) {
            *slot = largest;
        }
    }
    Some(adjusted)
}

/// The p-values of several tests, adjusted so that among those at most α a share of at most α is expected to be wrong
/// (Benjamini and Hochberg, 1995), for tests that are independent or positively dependent. In the order given.
/// `None` where one is no probability.
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64]) -> Option<Vec<f64>> {
    let order = ascending(p_values)?;
    let mut adjusted = vec![0.0; p_values.len()];
    let mut smallest = 1.0_f64;
    for (place, &(index, p)) in order.iter().enumerate().rev() {
        smallest = smallest.min(p * length(p_values.len()) / length(place + 1));
        if let Some(slot) = adjusted.get_mut(index) {
            *slot = smallest;
        }
    }
    Some(adjusted)
}

/// Each p-value with its place in the input, smallest first.
fn ascending(p_values: &[f64]) -> Option<Vec<(usize, f64)>> {
    if !p_values.iter().all(|p| is_probability(*p)) {
        return None;
    }
    let mut order: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    order.sort_by(|one, other| one.1.total_cmp(&other.1));
    Some(order)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(serde::Deserialize)]
    struct Row {
        p: Vec<f64>,
        holm: Vec<f64>,
        fdr_bh: Vec<f64>,
    }

    #[test]
    fn both_agree_with_statsmodels() {
        let rows: Vec<Row> = serde_json::from_str(include_str!("../testdata/multiple_golden.json")).unwrap();
        assert!(rows.len() >= 5);
        for row in rows {
            for (ours, peer) in [(holm(&row.p), row.holm), (benjamini_hochberg(&row.p), row.fdr_bh)] {
                let ours = ours.unwrap();
                assert!(ours.len() == peer.len(), "{:?}", row.p);
                assert!(ours.iter().zip(&peer).all(|(a, b)| (a - b).abs() < 1e-12), "{ours:?} {peer:?}");
            }
        }
    }

    #[test]
    fn edges() {
        assert_eq!(holm(&[]), Some(vec![]));
        assert_eq!(benjamini_hochberg(&[0.03]), Some(vec![0.03]));
        for bad in [-0.1, 1.1, f64::NAN] {
            assert!(holm(&[0.5, bad]).is_none() && benjamini_hochberg(&[0.5, bad]).is_none());
        }
    }

    proptest! {
        #[test]
        fn adjusting_never_helps_and_keeps_the_order(p in proptest::collection::vec(0.0..=1.0_f64, 1..40)) {
            let (strict, mild) = (holm(&p).unwrap(), benjamini_hochberg(&p).unwrap());
            for i in 0..p.len() {
                prop_assert!(p[i] <= mild[i] + 1e-12 && mild[i] <= strict[i] + 1e-12 && strict[i] <= 1.0);
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || (strict[i] <= strict[j] && mild[i] <= mild[j]));
                }
            }
        }
    }
}
