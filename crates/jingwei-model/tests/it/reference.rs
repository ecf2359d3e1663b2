//! The same network, slow and obvious: one token vector after the other, in 64 bits.

use crate::tiny::{Kind, LABELS, Tiny, tokenizer};

type Vector = Vec<f64>;

pub struct Reference<'a> {
    tiny: &'a Tiny,
    kind: Kind,
}

impl<'a> Reference<'a> {
    pub fn new(tiny: &'a Tiny, kind: Kind) -> Self {
        Self { tiny, kind }
    }

    /// Token ids of each window, written from the description: 512 tokens or what the positions allow, an eighth shared.
    pub fn windows(&self, text: &str) -> Vec<Vec<u32>> {
        let encoding = tokenizer(self.kind).encode(text, true).unwrap();
        let (first, rest) = encoding.get_ids().split_first().unwrap();
        let (last, ids) = rest.split_last().unwrap();
        let positions = if self.kind == Kind::Bert { 34 } else { 34 - 2 };
        let room = positions - 2;
        let starts = (0..).map(|window| window * (room - room / 8));
        let mut windows = Vec::new();
        for start in starts {
            let end = ids.len().min(start + room);
            windows.push([&[*first], &ids[start..end], &[*last]].concat());
            if end == ids.len() {
                return windows;
            }
        }
        unreachable!()
    }

    pub fn embed(&self, text: &str) -> Vector {
        let tokens: Vec<Vector> = self.windows(text).iter().flat_map(|ids| self.tokens(ids)).collect();
        let sum: Vector = (0..tokens[0].len()).map(|at| tokens.iter().map(|token| token[at]).sum()).collect();
        let length = sum.iter().map(|value| value * value).sum::<f64>().sqrt();
        sum.iter().map(|value| value / length).collect()
    }

    pub fn classify(&self, text: &str, exclusive: bool) -> Vector {
        let mut highest = vec![0.0_f64; LABELS.len()];
        for ids in self.windows(text) {
            let (dense, verdict) = match self.kind {
                Kind::Bert => ("bert.pooler.dense", "classifier"),
                Kind::Roberta => ("classifier.dense", "classifier.out_proj"),
            };
            let first: Vector = self.linear(&self.tokens(&ids)[0], dense).iter().map(|value| value.tanh()).collect();
            let logits = self.linear(&first, verdict);
            let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
            for (highest, logit) in highest.iter_mut().zip(&logits) {
                let score = if exclusive { logit.exp() / sum } else { 1.0 / (1.0 + (-logit).exp()) };
                *highest = highest.max(score);
            }
        }
        highest
    }

    fn tensor(&self, name: &str) -> &(Vec<usize>, Vec<f32>) {
        let tensors = &self.tiny.tensors;
        let prefixed = ["", "bert.", "roberta."].map(|prefix| format!("{prefix}{name}"));
        prefixed.iter().find_map(|name| tensors.get(name)).unwrap_or_else(|| panic!("{name}"))
    }

    fn row(&self, name: &str, row: usize) -> Vector {
        let (shape, values) = self.tensor(name);
        values[row * shape[1]..(row + 1) * shape[1]].iter().copied().map(f64::from).collect()
    }

    fn linear(&self, input: &[f64], name: &str) -> Vector {
        let (_, bias) = self.tensor(&format!("{name}.bias"));
        let weight = format!("{name}.weight");
        bias.iter().enumerate().map(|(row, bias)| f64::from(*bias) + dot(&self.row(&weight, row), input)).collect()
    }

    fn norm(&self, input: &[f64], name: &str) -> Vector {
        let mean = input.iter().sum::<f64>() / input.len() as f64;
        let variance = input.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / input.len() as f64;
        let ((_, weight), (_, bias)) = (self.tensor(&format!("{name}.weight")), self.tensor(&format!("{name}.bias")));
        let scaled = |value: &f64| (value - mean) / (variance + 1e-5).sqrt();
        input.iter().zip(weight).zip(bias).map(|((v, w), b)| scaled(v) * f64::from(*w) + f64::from(*b)).collect()
    }

    fn tokens(&self, ids: &[u32]) -> Vec<Vector> {
        let first_position = if self.kind == Kind::Bert { 0 } else { 2 };
        let embedded = ids.iter().enumerate().map(|(at, id)| {
            let word = self.row("embeddings.word_embeddings.weight", *id as usize);
            let place = self.row("embeddings.position_embeddings.weight", at + first_position);
            let segment = self.row("embeddings.token_type_embeddings.weight", 0);
            self.norm(&add(&add(&word, &place), &segment), "embeddings.LayerNorm")
        });
        (0..2).fold(embedded.collect(), |hidden, layer| self.layer(&hidden, &format!("encoder.layer.{layer}")))
    }

    fn layer(&self, hidden: &[Vector], at: &str) -> Vec<Vector> {
        let project = |part: &str| -> Vec<Vector> {
            hidden.iter().map(|token| self.linear(token, &format!("{at}.attention.self.{part}"))).collect()
        };
        let (queries, keys, values) = (project("query"), project("key"), project("value"));
        let attend = |token: usize| {
            let mut context = Vector::new();
            for head in (0..12).step_by(4).map(|start| start..start + 4) {
                let score = |key: &Vector| (dot(&queries[token][head.clone()], &key[head.clone()]) / 2.0).exp();
                let weights: Vector = keys.iter().map(score).collect();
                let sum: f64 = weights.iter().sum();
                let mean =
                    |at| weights.iter().zip(&values).map(|(weight, value)| weight * value[at]).sum::<f64>() / sum;
                context.extend(head.clone().map(mean));
            }
            context
        };
        let close = |token: usize| {
            let attended = self.linear(&attend(token), &format!("{at}.attention.output.dense"));
            let middle = self.norm(&add(&attended, &hidden[token]), &format!("{at}.attention.output.LayerNorm"));
            let wide: Vector =
                self.linear(&middle, &format!("{at}.intermediate.dense")).into_iter().map(gelu).collect();
            let narrow = self.linear(&wide, &format!("{at}.output.dense"));
            self.norm(&add(&narrow, &middle), &format!("{at}.output.LayerNorm"))
        };
        (0..hidden.len()).map(close).collect()
    }
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn add(left: &[f64], right: &[f64]) -> Vector {
    left.iter().zip(right).map(|(left, right)| left + right).collect()
}

/// Hendrycks and Gimpel 2016, with the error function by its series (the arguments here are small).
fn gelu(x: f64) -> f64 {
    let z = x / 2.0_f64.sqrt();
    let mut term = z;
    let mut sum = z;
    for n in 1..200 {
        term *= -z * z / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    x * 0.5 * (1.0 + sum * 2.0 / std::f64::consts::PI.sqrt())
}
