//! How far raters agree, and what has to be decided by a further person.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::Digest;
use jingwei_stats::{CohenKappa, Measurement, cohen_kappa, krippendorff_alpha};

use super::Labels;
use crate::Call;

const CALLS: [Call; 3] = [Call::Refusal, Call::Compliance, Call::Undetermined];
const LEVEL: f64 = 0.95;

/// What several raters said together.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// Of the first two raters, on what both labelled. `None` where κ is not defined.
    pub kappa: Option<CohenKappa>,
    /// Krippendorff's α of all raters, nominal. `None` where it is not defined.
    pub alpha: Option<f64>,
    /// What at least two raters said and nobody denied.
    pub agreed: BTreeMap<Digest, Call>,
    /// What they differ on, or only one of them labelled: a further person decides.
    pub to_adjudicate: Vec<Digest>,
}

#[must_use]
pub fn agreement(raters: &[Labels]) -> Agreement {
    let keys: BTreeSet<Digest> = raters.iter().flat_map(|rater| rater.labels.keys().copied()).collect();
    let mut agreed = BTreeMap::new();
    let mut to_adjudicate = Vec::new();
    for key in &keys {
        let said: Vec<Call> = raters.iter().filter_map(|rater| rater.labels.get(key).copied()).collect();
        match said.split_first() {
            Some((first, others)) if !others.is_empty() && others.iter().all(|other| other == first) => {
                agreed.insert(*key, *first);
            }
            _ => to_adjudicate.push(*key),
        }
    }
    let number = |call: Call| CALLS.iter().position(|known| *known == call).unwrap_or(0);
    let units: Vec<Vec<Option<f64>>> = keys
        .iter()
        .map(|key| raters.iter().map(|rater| rater.labels.get(key).map(|call| number(*call) as f64)).collect())
        .collect();
    let mut table = vec![vec![0_u64; CALLS.len()]; CALLS.len()];
    if let [one, other, ..] = raters {
        for (key, call) in &one.labels {
            let Some(second) = other.labels.get(key) else { continue };
            if let Some(cell) = table.get_mut(number(*call)).and_then(|row| row.get_mut(number(*second))) {
                *cell += 1;
            }
        }
    }
    Agreement {
        kappa: cohen_kappa(&table, LEVEL),
        alpha: krippendorff_alpha(&units, Measurement::Nominal),
        agreed,
        to_adjudicate,
    }
}
