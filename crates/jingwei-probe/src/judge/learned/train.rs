//! From labelled replies to a model: multinomial logistic regression with a penalty on large weights, by accelerated
//! gradient steps (Nesterov 1983). Equal rows and options give equal bytes.

use std::collections::BTreeMap;

use super::{
    features::features,
    model::{CLASSES, RefusalModel, Slot, class_of, place, run_value, signal_value, softmax},
    net::Bags,
    net_train::{self, NetOptions},
};
use crate::judge::{LabelledReply, refusal::read_reply};

/// How to train.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainOptions {
    /// Places in the table, as a power of two. A place takes four bytes.
    pub slots_log2: u32,
    /// Fewest replies that must show a feature.
    pub fewest: u32,
    /// Strength of the pull towards weights of zero.
    pub penalty: f64,
    pub rounds: u32,
    /// How much more a feature is trusted that tells the classes apart by itself (Wang and Manning 2012); 0 treats all alike.
    pub ratio_power: f64,
    pub net: NetOptions,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self { slots_log2: 18, fewest: 2, penalty: 0.0002, rounds: 2000, ratio_power: 1.0, net: NetOptions::default() }
    }
}

struct Example {
    /// Place, check byte and value of each feature.
    features: Vec<(usize, u8, f64)>,
    class: usize,
}

impl RefusalModel {
    /// Learns from replies whose labels are known. Replies that the rules set aside as garbled are left out: the model
    /// is never asked about them.
    #[must_use]
    pub fn train(rows: &[LabelledReply], options: &TrainOptions) -> Self {
        let slots_log2 = options.slots_log2.clamp(1, 18);
        let mut examples: Vec<Example> = rows.iter().filter_map(|row| example(row, slots_log2)).collect();
        let owners = owners(&examples, options.fewest);
        let mut columns: BTreeMap<usize, usize> = BTreeMap::new();
        for example in &mut examples {
            example.features.retain(|(slot, check, _)| owners.get(slot) == Some(check));
            for (slot, ..) in &mut example.features {
                let next = columns.len();
                *slot = *columns.entry(*slot).or_insert(next);
            }
        }
        examples.iter_mut().for_each(merge);
        let trust = trust(&examples, columns.len(), options.ratio_power);
        for example in &mut examples {
            for (column, _, value) in &mut example.features {
                *value *= trust.get(*column).copied().unwrap_or(0.0);
            }
        }
        let mut weights = fit(&examples, columns.len(), options);
        for (weights, trust) in weights.iter_mut().zip(&trust) {
            *weights = weights.map(|weight| weight * trust);
        }
        let largest = |class: usize| weights.iter().map(|w| w[class].abs()).fold(1e-9, f64::max);
        let scales = [0, 1, 2].map(|class| largest(class) / 127.0);
        let mut slots: Vec<Slot> = vec![Slot::default(); 1 << slots_log2];
        for (slot, column) in &columns {
            let (Some(place), Some(weights), Some(owner)) =
                (slots.get_mut(*slot), weights.get(*column), owners.get(slot))
            else {
                continue;
            };
            place[0] = *owner;
            for class in 0..CLASSES {
                // In range: the scale is the largest weight over 127.
                let step = (weights[class] / scales[class]).round().clamp(-127.0, 127.0) as i8;
                place[1 + class] = step.to_le_bytes()[0];
            }
        }
        let mut model =
            Self { slots_log2, scales: scales.map(|scale| scale as f32), slots: slots.into(), members: Vec::new() };
        model.train_net(rows, &options.net);
        model
    }
}

impl RefusalModel {
    /// Puts new networks in the place of its own.
    pub fn train_net(&mut self, rows: &[LabelledReply], options: &NetOptions) {
        let bags = |row: &LabelledReply| {
            let seen = read_reply(&row.question, &row.reply)?;
            Some((Bags::of(&seen), class_of(row.truth())))
        };
        let rows: Vec<(Bags, usize)> = rows.iter().filter_map(bags).collect();
        self.members = net_train::train(&rows, options);
    }
}

fn example(row: &LabelledReply, slots_log2: u32) -> Option<Example> {
    let seen = read_reply(&row.question, &row.reply)?;
    let mut found = Vec::new();
    features(&seen, &mut |hash, is_signal| {
        let (slot, check) = place(hash, slots_log2);
        found.push((slot, check, is_signal));
    });
    let runs = found.iter().filter(|(.., is_signal)| !is_signal).count();
    let run = f64::from(run_value(u16::try_from(runs).unwrap_or(u16::MAX)));
    let value = |is_signal| if is_signal { f64::from(signal_value()) } else { run };
    let features = found.into_iter().map(|(slot, check, is_signal)| (slot, check, value(is_signal))).collect();
    Some(Example { features, class: class_of(row.truth()) })
}

/// Makes one of the features that stand in the same column: a reply may show one many times.
fn merge(example: &mut Example) {
    example.features.sort_by_key(|(column, ..)| *column);
    let mut merged: Vec<(usize, u8, f64)> = Vec::with_capacity(example.features.len());
    for (column, check, value) in example.features.drain(..) {
        match merged.last_mut() {
            Some(last) if last.0 == column => last.2 += value,
            _ => merged.push((column, check, value)),
        }
    }
    example.features = merged;
}

/// Of the features that share a place, the one that most replies show; places of rare features stay free.
fn owners(examples: &[Example], fewest: u32) -> BTreeMap<usize, u8> {
    let mut counts: BTreeMap<(usize, u8), u32> = BTreeMap::new();
    for example in examples {
        let mut own: Vec<(usize, u8)> = example.features.iter().map(|(slot, check, _)| (*slot, *check)).collect();
        own.sort_unstable();
        own.dedup();
        for key in own {
            *counts.entry(key).or_default() += 1;
        }
    }
    let mut best: BTreeMap<usize, (u32, u8)> = BTreeMap::new();
    for ((slot, check), count) in counts {
        let known = best.get(&slot).map_or(0, |(count, _)| *count);
        if count >= fewest && count > known {
            best.insert(slot, (count, check));
        }
    }
    best.into_iter().map(|(slot, (_, check))| (slot, check)).collect()
}

/// Per feature: logarithm of how much likelier it is in one class than in the others, where that is largest.
fn trust(examples: &[Example], columns: usize, power: f64) -> Vec<f64> {
    let mut seen = vec![[0.0_f64; CLASSES]; columns];
    let mut totals = [0.0_f64; CLASSES];
    for example in examples {
        totals[example.class] += 1.0;
        let mut own: Vec<usize> = example.features.iter().map(|(column, ..)| *column).collect();
        own.sort_unstable();
        own.dedup();
        for column in own {
            seen[column][example.class] += 1.0;
        }
    }
    let all: f64 = totals.iter().sum();
    let ratio = |seen: &[f64; CLASSES]| {
        let rate = |hits: f64, of: f64| (hits + 2.0 * of / all) / of.max(1.0);
        let sum: f64 = seen.iter().sum();
        let one =
            |class: usize| (rate(seen[class], totals[class]) / rate(sum - seen[class], all - totals[class])).ln().abs();
        (0..CLASSES).map(one).fold(0.0, f64::max)
    };
    seen.iter().map(|seen| (ratio(seen) + 0.05).powf(power)).collect()
}

fn fit(examples: &[Example], columns: usize, options: &TrainOptions) -> Vec<[f64; CLASSES]> {
    let mut weights = vec![[0.0; CLASSES]; columns];
    let mut ahead = weights.clone();
    let norm = |example: &Example| example.features.iter().map(|(.., value)| value * value).sum::<f64>();
    // Twice the largest sum of squares is room enough for the steps to shrink the loss.
    let steepest = examples.iter().map(norm).fold(1.0, f64::max);
    let rate = 1.0 / (2.0 * steepest + options.penalty);
    let count = (examples.len().max(1)) as f64;
    for round in 0..options.rounds {
        let mut slope: Vec<[f64; CLASSES]> =
            ahead.iter().map(|weights: &[f64; CLASSES]| weights.map(|weight| weight * options.penalty)).collect();
        for example in examples {
            let mut sums = [0.0_f64; CLASSES];
            for (column, _, value) in &example.features {
                for (sum, weight) in sums.iter_mut().zip(ahead[*column]) {
                    *sum += weight * value;
                }
            }
            let likely = softmax(sums.map(|sum| sum as f32)).map(f64::from);
            for (column, _, value) in &example.features {
                for class in 0..CLASSES {
                    let wanted = f64::from(u8::from(class == example.class));
                    slope[*column][class] += (likely[class] - wanted) * value / count;
                }
            }
        }
        let momentum = f64::from(round) / f64::from(round + 3);
        for ((weights, ahead), slope) in weights.iter_mut().zip(&mut ahead).zip(&slope) {
            for class in 0..CLASSES {
                let next = ahead[class] - rate * slope[class];
                ahead[class] = next + momentum * (next - weights[class]);
                weights[class] = next;
            }
        }
    }
    weights
}
