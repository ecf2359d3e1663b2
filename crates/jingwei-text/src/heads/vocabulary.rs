//! Which features get a place in the table, and how much each one says by itself.

use super::{
    Sums,
    model::{Slot, place},
};

/// A text as training sees it: every feature once, with its number of occurrences.
#[derive(Debug, Clone, Default)]
pub(super) struct Document {
    pub counts: Vec<(u64, u32)>,
    /// Of all features, with repetitions.
    pub total: u32,
    pub is_chinese: bool,
    /// Paraphrases of one thing have one number: together they are one witness.
    pub group: u32,
    /// Per binary output: 1 for the class, 0 for benign, `None` where the example says nothing of it.
    pub targets: Vec<Option<f64>>,
    pub weight: f64,
    /// What the model to start from makes of it.
    pub before: Option<Sums>,
}

/// Per slot: the check byte of its feature (0: free), and per binary output how much the feature says.
pub(super) struct Vocabulary {
    pub owners: Vec<u8>,
    /// Absolute logarithm of how much likelier the feature is in one class than in the other (Wang and Manning 2012).
    pub ratios: Vec<Vec<f64>>,
}

#[derive(Default, Clone)]
struct Seen {
    groups: u32,
    last_group: Option<u32>,
    chinese: u32,
    documents: u32,
    /// Per output: weight of documents with the feature that are of the class, and that are not.
    sides: Vec<[f64; 2]>,
}

pub(super) fn vocabulary(
    documents: &[Document],
    outputs: usize,
    slots_log2: u32,
    fewest: u32,
    base: Option<&[Slot]>,
) -> Vocabulary {
    let totals = totals(documents, outputs);
    let mut occurrences: Vec<(u64, u32)> = Vec::new();
    for (number, document) in (0_u32..).zip(documents) {
        occurrences.extend(document.counts.iter().map(|(hash, _)| (*hash, number)));
    }
    occurrences.sort_unstable();
    let mut owners = vec![0_u8; 1 << slots_log2];
    let mut ratios = vec![vec![0.0; 1 << slots_log2]; outputs];
    let mut strengths = vec![0.0_f64; 1 << slots_log2];
    let mut rest = occurrences.as_slice();
    while let Some((hash, _)) = rest.first() {
        let (mine, others) = rest.split_at(rest.iter().take_while(|(other, _)| other == hash).count());
        rest = others;
        let seen = see(mine, documents, outputs);
        let (slot, check) = place(*hash, slots_log2);
        let owned = base.and_then(|base| base.get(slot)).map_or(0, |slot| slot[0]);
        // What a model knows already stays, and what it does not know takes a free place.
        let strength = if owned == 0 { strength(&seen, &totals) } else { f64::INFINITY };
        let may_enter = if owned == 0 { seen.groups >= fewest } else { owned == check };
        if may_enter && strength > strengths[slot] {
            strengths[slot] = strength;
            owners[slot] = check;
            for (output, ratios) in ratios.iter_mut().enumerate() {
                ratios[slot] = ratio(&seen, &totals, output).abs();
            }
        }
    }
    Vocabulary { owners, ratios }
}

/// Weights of all documents: per language, output and side.
fn totals(documents: &[Document], outputs: usize) -> [Vec<[f64; 2]>; 2] {
    let mut totals = [vec![[0.0; 2]; outputs], vec![[0.0; 2]; outputs]];
    for document in documents {
        let totals = &mut totals[usize::from(document.is_chinese)];
        for (sides, target) in totals.iter_mut().zip(&document.targets) {
            if let Some(target) = target {
                sides[0] += document.weight * target;
                sides[1] += document.weight * (1.0 - target);
            }
        }
    }
    totals
}

fn see(occurrences: &[(u64, u32)], documents: &[Document], outputs: usize) -> Seen {
    let mut seen = Seen { sides: vec![[0.0; 2]; outputs], ..Seen::default() };
    for document in occurrences.iter().filter_map(|(_, number)| documents.get(*number as usize)) {
        seen.documents += 1;
        seen.chinese += u32::from(document.is_chinese);
        if seen.last_group.replace(document.group) != Some(document.group) {
            seen.groups += 1;
        }
        for (sides, target) in seen.sides.iter_mut().zip(&document.targets) {
            if let Some(target) = target {
                sides[0] += document.weight * target;
                sides[1] += document.weight * (1.0 - target);
            }
        }
    }
    seen
}

/// Logarithm of how much likelier the feature is in the class than in benign texts of its language.
fn ratio(seen: &Seen, totals: &[Vec<[f64; 2]>; 2], output: usize) -> f64 {
    let is_chinese = seen.chinese * 2 > seen.documents;
    let (Some(seen), Some(all)) = (seen.sides.get(output), totals[usize::from(is_chinese)].get(output)) else {
        return 0.0;
    };
    let both = all[0] + all[1];
    if all[0] <= 0.0 || all[1] <= 0.0 {
        return 0.0;
    }
    // Pseudo-counts in proportion to the sides: a feature that was hardly seen says nothing.
    let rate = |side: usize| (seen[side] + 2.0 * all[side] / both) / all[side];
    (rate(0) / rate(1)).ln()
}

fn strength(seen: &Seen, totals: &[Vec<[f64; 2]>; 2]) -> f64 {
    let most = (0..seen.sides.len()).map(|output| ratio(seen, totals, output).abs()).fold(0.0, f64::max);
    (most + 0.01) * f64::from(seen.groups).sqrt()
}
