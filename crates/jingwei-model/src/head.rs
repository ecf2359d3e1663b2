use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::{Digest, Limits};
use serde::{Deserialize, Serialize};

use crate::{encoder::softmax, error::ModelError, minimise::minimise};

const KIND: &str = "jingwei.linear-head";
const VERSION: u32 = 1;
const TOLERANCE: f64 = 1e-7;

/// Multinomial logistic regression over the vectors of one encoder.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearHead {
    encoder: Digest,
    labels: Vec<String>,
    /// Per label: one weight per number of the vector.
    weights: Vec<Vec<f32>>,
    biases: Vec<f32>,
}

/// What [`crate::Encoder::embed`] gave for a text, and what the text is.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledVector {
    pub vector: Vec<f32>,
    pub label: String,
}

/// How a head is trained. The same examples in the same order give the same head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Training {
    /// Strength of the pull of weights towards 0: added to the mean loss as half of it times the squared weights.
    pub l2: f64,
    /// Steps after which training ends if it has not converged before.
    pub iterations: u32,
    /// Labels count alike, however many examples each has.
    pub balanced: bool,
}

impl Default for Training {
    fn default() -> Self {
        Self { l2: 1e-4, iterations: 500, balanced: true }
    }
}

/// The file format of a head: JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    kind: String,
    version: u32,
    encoder: Digest,
    labels: Vec<String>,
    biases: Vec<f32>,
    weights: Vec<Vec<f32>>,
}

impl LinearHead {
    /// Trains a head; labels stand in alphabetical order.
    ///
    /// # Errors
    /// Fewer than two labels; vectors of different or no length; a number that is none.
    pub fn fit(encoder: Digest, examples: &[LabelledVector], training: &Training) -> Result<Self, ModelError> {
        let labels: BTreeSet<&str> = examples.iter().map(|example| example.label.as_str()).collect();
        let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
        let dimension = examples.first().map_or(0, |example| example.vector.len());
        check_examples(examples, &labels, dimension, training)?;

        let index: BTreeMap<&str, usize> = labels.iter().enumerate().map(|(at, label)| (label.as_str(), at)).collect();
        let truth: Vec<usize> = examples.iter().map(|example| index[example.label.as_str()]).collect();
        let shares = shares(&truth, labels.len(), training.balanced);
        let row = dimension + 1;
        let start = vec![0.0; labels.len() * row];
        let found = minimise(start, training.iterations, TOLERANCE, |weights| {
            loss(weights, row, examples, &truth, &shares, training.l2)
        });
        let rows = || found.chunks_exact(row);
        Ok(Self {
            encoder,
            labels,
            weights: rows().map(|row| row[..dimension].iter().copied().map(narrow).collect()).collect(),
            biases: rows().map(|row| narrow(row[dimension])).collect(),
        })
    }

    /// # Errors
    /// The bytes are no head of a known version, over a limit, or do not fit together.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, ModelError> {
        let wrong = |problem: String| ModelError::Head(format!("{problem}; train it again"));
        if bytes.len() as u64 > limits.header_bytes {
            return Err(wrong(format!("it has {} bytes, at most {} are read", bytes.len(), limits.header_bytes)));
        }
        let document: Document = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        if document.kind != KIND || document.version != VERSION {
            return Err(wrong(format!("only {KIND} version {VERSION} is known")));
        }
        let Document { encoder, labels, biases, weights, .. } = document;
        let dimension = weights.first().map_or(0, Vec::len);
        if labels.len() as u64 > limits.entries || dimension as u64 > limits.entries {
            return Err(wrong(format!("it has more than {} labels or weights", limits.entries)));
        }
        let distinct = labels.iter().collect::<BTreeSet<_>>().len();
        let even = weights.iter().all(|row| row.len() == dimension);
        let fits = distinct == labels.len() && weights.len() == labels.len() && biases.len() == labels.len();
        if labels.len() < 2 || dimension == 0 || !even || !fits {
            return Err(wrong("its labels, weights and biases do not fit together".into()));
        }
        if !weights.iter().flatten().chain(&biases).all(|number| number.is_finite()) {
            return Err(wrong("a number in it is none".into()));
        }
        Ok(Self { encoder, labels, weights, biases })
    }

    /// The file of this head; [`Self::parse`] reads it back exactly.
    ///
    /// # Errors
    /// Never for a head that [`Self::fit`] or [`Self::parse`] gave.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let document = Document {
            kind: KIND.into(),
            version: VERSION,
            encoder: self.encoder,
            labels: self.labels.clone(),
            biases: self.biases.clone(),
            weights: self.weights.clone(),
        };
        serde_json::to_vec(&document).map_err(|error| ModelError::Head(error.to_string()))
    }

    /// The encoder whose vectors this head knows.
    #[must_use]
    pub fn encoder(&self) -> Digest {
        self.encoder
    }

    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// One score in 0..=1 per label; together they make 1.
    ///
    /// # Errors
    /// The vector is of another length, or holds what is no number.
    pub fn score(&self, vector: &[f32]) -> Result<Vec<(String, f32)>, ModelError> {
        let dimension = self.weights.first().map_or(0, Vec::len);
        if vector.len() != dimension {
            let problem = format!("it takes vectors of {dimension} numbers, not {}; use its encoder", vector.len());
            return Err(ModelError::Head(problem));
        }
        if !vector.iter().all(|number| number.is_finite()) {
            return Err(ModelError::Head("a number of the vector is none; embed the text again".into()));
        }
        let product = |row: &Vec<f32>| -> f64 {
            row.iter().zip(vector).map(|(weight, number)| f64::from(*weight) * f64::from(*number)).sum()
        };
        let logits: Vec<f64> =
            self.weights.iter().zip(&self.biases).map(|(row, bias)| product(row) + f64::from(*bias)).collect();
        Ok(self.labels.iter().cloned().zip(softmax(&logits)).collect())
    }
}

fn check_examples(
    examples: &[LabelledVector],
    labels: &[String],
    dimension: usize,
    training: &Training,
) -> Result<(), ModelError> {
    let wrong = |problem: &str| Err(ModelError::Head(problem.into()));
    if labels.len() < 2 {
        return wrong("the examples have fewer than two labels; add examples of another");
    }
    if dimension == 0 || examples.iter().any(|example| example.vector.len() != dimension) {
        return wrong("the examples' vectors differ in length or are empty; embed them all with one encoder");
    }
    if !examples.iter().flat_map(|example| &example.vector).all(|number| number.is_finite()) {
        return wrong("a number of an example's vector is none; embed the text again");
    }
    if !(training.l2.is_finite() && training.l2 > 0.0) {
        return wrong("l2 must be a number above 0: without it, weights of separable labels grow for ever");
    }
    Ok(())
}

/// How much each example counts; all together 1.
#[expect(clippy::cast_precision_loss, reason = "counts of examples are far below 2^52")]
fn shares(truth: &[usize], labels: usize, balanced: bool) -> Vec<f64> {
    let mut counts = vec![0_usize; labels];
    truth.iter().for_each(|label| counts[*label] += 1);
    let share = |label: &usize| if balanced { labels * counts[*label] } else { truth.len() };
    truth.iter().map(|label| 1.0 / share(label) as f64).collect()
}

/// Cross-entropy plus the pull towards 0, and its gradient. `weights` is row by row, the bias behind each row.
fn loss(
    weights: &[f64],
    row: usize,
    examples: &[LabelledVector],
    truth: &[usize],
    shares: &[f64],
    l2: f64,
) -> (f64, Vec<f64>) {
    let mut value = 0.0;
    let mut gradient = vec![0.0; weights.len()];
    let mut logits = vec![0.0; weights.len() / row];
    for ((example, truth), share) in examples.iter().zip(truth).zip(shares) {
        for (logit, weights) in logits.iter_mut().zip(weights.chunks_exact(row)) {
            let products = weights.iter().zip(&example.vector).map(|(weight, number)| weight * f64::from(*number));
            *logit = products.sum::<f64>() + weights[row - 1];
        }
        let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logits.iter().map(|logit| (logit - highest).exp()).sum();
        value += share * (sum.ln() + highest - logits[*truth]);
        for (label, (gradient, logit)) in gradient.chunks_exact_mut(row).zip(&logits).enumerate() {
            let probability = (logit - highest).exp() / sum;
            let error = share * (probability - if label == *truth { 1.0 } else { 0.0 });
            let slots = gradient.iter_mut().zip(&example.vector);
            slots.for_each(|(slot, number)| *slot += error * f64::from(*number));
            gradient[row - 1] += error;
        }
    }
    for (gradient, weights) in gradient.chunks_exact_mut(row).zip(weights.chunks_exact(row)) {
        for (slot, weight) in gradient.iter_mut().zip(&weights[..row - 1]) {
            *slot += l2 * weight;
            value += 0.5 * l2 * weight * weight;
        }
    }
    (value, gradient)
}

#[expect(clippy::cast_possible_truncation, reason = "a weight loses digits; its size is bounded by the pull towards 0")]
fn narrow(weight: f64) -> f32 {
    weight as f32
}
