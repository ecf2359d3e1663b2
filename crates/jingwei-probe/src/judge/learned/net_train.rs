//! Trains the networks: Adam (Kingma and Ba 2015), with words and units left out at random (Srivastava et al. 2014). Equal
//! rows and options give equal bytes.

use super::{
    model::{CLASSES, softmax},
    net::{Bags, GAIN, HIDDEN, INPUTS, Member, ROWS, Row, WIDTH, inputs, weighed},
};
use crate::random::Random;

/// How to train the networks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetOptions {
    pub members: u32,
    pub epochs: u32,
    pub rate: f32,
    /// Share of the words that are left out of a part, and of the units.
    pub words_out: f32,
    pub units_out: f32,
    /// What of the truth is given to the other classes.
    pub smoothing: f32,
}

impl Default for NetOptions {
    fn default() -> Self {
        Self { members: 3, epochs: 4, rate: 0.003, words_out: 0.2, units_out: 0.3, smoothing: 0.05 }
    }
}

const BATCH: usize = 64;
const SPREAD: f32 = 0.087;

/// One member for each seed.
pub(super) fn train(rows: &[(Bags, usize)], options: &NetOptions) -> Vec<Member> {
    (0..u64::from(options.members)).map(|seed| member(rows, options, seed)).collect()
}

/// Numbers that are learned, with their first and second moments.
struct Learned {
    values: Vec<f32>,
    slopes: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Learned {
    fn new(count: usize, spread: f32, random: &mut Random) -> Self {
        let values = (0..count).map(|_| (random.unit() as f32 * 2.0 - 1.0) * spread).collect();
        Self { values, slopes: vec![0.0; count], first: vec![0.0; count], second: vec![0.0; count] }
    }

    /// One step for the numbers of a range; their slopes are taken.
    fn step(&mut self, range: std::ops::Range<usize>, rate: f32, step: i32) {
        const FIRST: f32 = 0.9;
        const SECOND: f32 = 0.999;
        let (first_bias, second_bias) = (1.0 - FIRST.powi(step), 1.0 - SECOND.powi(step));
        for at in range {
            let slope = std::mem::take(&mut self.slopes[at]);
            self.first[at] = FIRST * self.first[at] + (1.0 - FIRST) * slope;
            self.second[at] = SECOND * self.second[at] + (1.0 - SECOND) * slope * slope;
            let towards = self.first[at] / first_bias;
            self.values[at] -= rate * towards / ((self.second[at] / second_bias).sqrt() + 1e-8);
        }
    }
}

struct Trainee {
    table: Learned,
    hidden: Learned,
    out: Learned,
    /// Rows of the table that have a slope.
    touched: Vec<u32>,
    is_touched: Vec<bool>,
    /// Of all rows, those that any reply has shown. The others say nothing.
    is_known: Vec<bool>,
    random: Random,
    options: NetOptions,
}

fn member(rows: &[(Bags, usize)], options: &NetOptions, seed: u64) -> Member {
    let mut random = Random::seeded(seed);
    let root = |count: usize| 1.0 / (count as f32).sqrt();
    let mut trainee = Trainee {
        table: Learned::new(ROWS * WIDTH, SPREAD, &mut random),
        hidden: Learned::new(HIDDEN * (INPUTS + 1), root(INPUTS), &mut random),
        out: Learned::new(CLASSES * (HIDDEN + 1), root(HIDDEN), &mut random),
        touched: Vec::new(),
        is_touched: vec![false; ROWS],
        is_known: vec![false; ROWS],
        random,
        options: *options,
    };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut step = 0;
    for epoch in 0..options.epochs {
        let rate = options.rate * (1.0 - 0.7 * epoch as f32 / options.epochs as f32);
        trainee.random.shuffle(&mut order);
        for batch in order.chunks(BATCH) {
            for at in batch {
                let (bags, class) = &rows[*at];
                trainee.learn(bags, *class, 1.0 / batch.len() as f32);
            }
            step += 1;
            trainee.step(rate, step);
        }
    }
    trainee.finish()
}

/// The rows that were kept of a part, and their mean.
struct Kept {
    rows: Vec<u32>,
    mean: [f32; WIDTH],
}

impl Trainee {
    fn keep(&mut self, rows: &[u32]) -> Kept {
        let (random, out) = (&mut self.random, f64::from(self.options.words_out));
        let rows: Vec<u32> = rows.iter().copied().filter(|_| !random.chance(out)).collect();
        let mut mean = [0.0; WIDTH];
        for row in &rows {
            let from = *row as usize * WIDTH;
            for (sum, value) in mean.iter_mut().zip(&self.table.values[from..from + WIDTH]) {
                *sum += value;
            }
        }
        let count = rows.len().max(1) as f32;
        Kept { rows, mean: mean.map(|sum| sum / count) }
    }

    /// What each unit counts: nothing where it is left out, and the others more for it.
    fn mask<const N: usize>(&mut self) -> [f32; N] {
        let out = self.options.units_out;
        std::array::from_fn(|_| if self.random.chance(f64::from(out)) { 0.0 } else { 1.0 / (1.0 - out) })
    }

    /// Adds the slopes of one row.
    fn learn(&mut self, bags: &Bags, class: usize, share: f32) {
        let asked = self.keep(&bags.asked);
        let parts = [self.keep(&bags.first), self.keep(&bags.middle), self.keep(&bags.last)];
        let means = [parts[0].mean, parts[1].mean, parts[2].mean];
        let (input_mask, hidden_mask) = (self.mask::<INPUTS>(), self.mask::<HIDDEN>());
        let mut inputs = inputs(&asked.mean, &means);
        inputs.iter_mut().zip(&input_mask).for_each(|(value, mask)| *value *= mask);
        let mut hidden = [0.0; HIDDEN];
        for (at, unit) in hidden.iter_mut().enumerate() {
            let weights = &self.hidden.values[at * (INPUTS + 1)..(at + 1) * (INPUTS + 1)];
            *unit = weighed(weights, &inputs).max(0.0) * hidden_mask[at];
        }
        let mut logits = [0.0; CLASSES];
        for (at, logit) in logits.iter_mut().enumerate() {
            *logit = weighed(&self.out.values[at * (HIDDEN + 1)..(at + 1) * (HIDDEN + 1)], &hidden);
        }
        let likely = softmax(logits);
        let smooth = self.options.smoothing;
        let mut into_hidden = [0.0; HIDDEN];
        for (at, likely) in likely.into_iter().enumerate() {
            let wanted = smooth / CLASSES as f32 + if at == class { 1.0 - smooth } else { 0.0 };
            let slope = (likely - wanted) * share;
            let from = at * (HIDDEN + 1);
            for unit in 0..HIDDEN {
                self.out.slopes[from + unit] += slope * hidden[unit];
                into_hidden[unit] += slope * self.out.values[from + unit];
            }
            self.out.slopes[from + HIDDEN] += slope;
        }
        let mut into_inputs = [0.0; INPUTS];
        for unit in (0..HIDDEN).filter(|unit| hidden[*unit] > 0.0) {
            let slope = into_hidden[unit] * hidden_mask[unit];
            let from = unit * (INPUTS + 1);
            for (at, value) in inputs.iter().enumerate() {
                self.hidden.slopes[from + at] += slope * value;
                into_inputs[at] += slope * self.hidden.values[from + at];
            }
            self.hidden.slopes[from + INPUTS] += slope;
        }
        into_inputs.iter_mut().zip(&input_mask).for_each(|(slope, mask)| *slope *= mask * GAIN);
        self.spread(&asked, &parts, &into_inputs);
    }

    /// From the inputs back to the rows of the table.
    fn spread(&mut self, asked: &Kept, parts: &[Kept; 3], into: &[f32; INPUTS]) {
        let mut slopes = [[0.0; WIDTH]; 3];
        let mut into_asked = [0.0; WIDTH];
        for at in 0..WIDTH {
            for (n, slopes) in slopes.iter_mut().enumerate() {
                slopes[at] = into[n * WIDTH + at];
            }
            for (n, part) in [(3, 1), (4, 0)] {
                let slope = into[n * WIDTH + at] * GAIN;
                slopes[part][at] += slope * asked.mean[at];
                into_asked[at] += slope * parts[part].mean[at];
            }
        }
        for (kept, slopes) in parts.iter().zip(&slopes).chain([(asked, &into_asked)]) {
            let count = kept.rows.len().max(1) as f32;
            for row in &kept.rows {
                let row = *row as usize;
                if !std::mem::replace(&mut self.is_touched[row], true) {
                    self.touched.push(row as u32);
                    self.is_known[row] = true;
                }
                let from = row * WIDTH;
                for (sum, slope) in self.table.slopes[from..from + WIDTH].iter_mut().zip(slopes) {
                    *sum += slope / count;
                }
            }
        }
    }

    fn step(&mut self, rate: f32, step: i32) {
        for row in std::mem::take(&mut self.touched) {
            let row = row as usize;
            self.is_touched[row] = false;
            self.table.step(row * WIDTH..(row + 1) * WIDTH, rate, step);
        }
        let (hidden, out) = (self.hidden.values.len(), self.out.values.len());
        self.hidden.step(0..hidden, rate, step);
        self.out.step(0..out, rate, step);
    }

    fn finish(mut self) -> Member {
        for (values, _) in self.table.values.chunks_mut(WIDTH).zip(&self.is_known).filter(|(_, known)| !**known) {
            values.fill(0.0);
        }
        let largest = self.table.values.iter().fold(1e-9_f32, |most, value| most.max(value.abs()));
        let scale = largest / 127.0;
        let steps = |values: &[f32]| -> Row {
            // In range: the scale is the largest number over 127.
            let step = |value: f32| (value / scale).round().clamp(-127.0, 127.0) as i8;
            std::array::from_fn(|at| step(values.get(at).copied().unwrap_or(0.0)).to_le_bytes()[0])
        };
        Member {
            scale,
            table: self.table.values.chunks(WIDTH).map(steps).collect::<Vec<Row>>().into(),
            hidden: self.hidden.values.as_chunks::<{ INPUTS + 1 }>().0.to_vec(),
            out: self.out.values.as_chunks::<{ HIDDEN + 1 }>().0.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::learned::net::{MEMBER_BYTES, opinion, read, write};

    fn bags(asked: &[u32], first: &[u32]) -> Bags {
        Bags { asked: asked.to_vec(), first: first.to_vec(), ..Bags::default() }
    }

    /// The same words answer one question and decline the other: no weight of a word alone can tell the two apart.
    #[test]
    fn what_the_reply_says_is_held_against_the_question() {
        let rows: Vec<(Bags, usize)> = (0..40)
            .flat_map(|_| {
                [(bags(&[1], &[10]), 0), (bags(&[1], &[11]), 1), (bags(&[2], &[10]), 1), (bags(&[2], &[11]), 0)]
            })
            .collect();
        let options = NetOptions { members: 1, epochs: 60, words_out: 0.0, units_out: 0.0, ..NetOptions::default() };
        let members = train(&rows, &options);
        assert_eq!(members, train(&rows, &options), "equal rows give equal numbers");
        for (bags, class) in &rows[..4] {
            let opinion = opinion(&members, bags);
            assert!(opinion[*class] > opinion[1 - *class] + 1.0, "{bags:?}: {opinion:?}");
        }
        let mut bytes = Vec::new();
        write(&members[0], &mut |part| bytes.extend(part));
        assert_eq!(bytes.len(), MEMBER_BYTES);
        let keep = |rows: &[Row]| rows.to_vec().into();
        assert_eq!(read(&bytes, keep).as_ref(), members.first());
        assert_eq!(read(&bytes[..bytes.len() - 4], keep), None);
        let end = bytes.len();
        bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(read(&bytes, keep), None);
    }

    #[test]
    fn nothing_to_learn_from_gives_no_opinion_of_note() {
        let members = train(&[], &NetOptions { members: 2, ..NetOptions::default() });
        let opinion = opinion(&members, &Bags::default());
        assert!(opinion.iter().all(|share| share.is_finite() && *share < 0.0));
    }
}
