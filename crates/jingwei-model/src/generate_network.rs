//! The network: root-mean-square norms, turned queries and keys, grouped attention, a gated inner layer.
//!
//! Every row is computed by itself, so an answer does not depend on how a prompt was cut into pieces.

use std::{
    collections::HashMap,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    generate_config::{Config, Turning},
    generate_error::GenerateError,
    gguf::unusable,
    gguf_product::dot,
    gguf_tensor::Matrix,
};

/// Tokens of a prompt that go through the network together: bounds the memory beside the cache.
const PIECE: usize = 64;

pub(crate) struct Network {
    config: Config,
    embeddings: Matrix,
    /// Where there is none the embeddings are used again.
    output: Option<Matrix>,
    output_norm: Vec<f32>,
    blocks: Vec<Block>,
    /// Angle per position, of each turned pair.
    frequencies: Vec<f64>,
}

struct Block {
    attention_norm: Vec<f32>,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    query_norm: Option<Vec<f32>>,
    key_norm: Option<Vec<f32>>,
    inner_norm: Vec<f32>,
    gate: Matrix,
    up: Matrix,
    down: Matrix,
}

struct Linear {
    weight: Matrix,
    bias: Option<Vec<f32>>,
}

impl Linear {
    fn apply(&self, input: &[f32]) -> Result<Vec<f32>, GenerateError> {
        let mut output = self.weight.times(input)?;
        if let Some(bias) = &self.bias {
            for row in output.chunks_exact_mut(bias.len()) {
                add(row, bias);
            }
        }
        Ok(output)
    }
}

/// Keys and values of the tokens so far, per block.
pub(crate) struct Cache {
    blocks: Vec<(Vec<f32>, Vec<f32>)>,
    pub(crate) length: usize,
}

/// Takes tensors out of what was read.
struct Parts<'a> {
    file: &'a Path,
    tensors: HashMap<String, Matrix>,
}

impl Parts<'_> {
    fn matrix(&mut self, name: &str) -> Result<Matrix, GenerateError> {
        self.tensors.remove(name).ok_or_else(|| unusable(self.file, format!("tensor {name} is missing")))
    }

    fn vector(&mut self, name: &str) -> Result<Vec<f32>, GenerateError> {
        self.matrix(name)?.values()
    }

    fn optional(&mut self, name: &str) -> Result<Option<Vec<f32>>, GenerateError> {
        self.tensors.remove(name).map(|matrix| matrix.values()).transpose()
    }

    fn linear(&mut self, name: &str) -> Result<Linear, GenerateError> {
        Ok(Linear { weight: self.matrix(&format!("{name}.weight"))?, bias: self.optional(&format!("{name}.bias"))? })
    }

    fn block(&mut self, number: usize) -> Result<Block, GenerateError> {
        let name = |part: &str| format!("blk.{number}.{part}");
        Ok(Block {
            attention_norm: self.vector(&name("attn_norm.weight"))?,
            query: self.linear(&name("attn_q"))?,
            key: self.linear(&name("attn_k"))?,
            value: self.linear(&name("attn_v"))?,
            out: self.linear(&name("attn_output"))?,
            query_norm: self.optional(&name("attn_q_norm.weight"))?,
            key_norm: self.optional(&name("attn_k_norm.weight"))?,
            inner_norm: self.vector(&name("ffn_norm.weight"))?,
            gate: self.matrix(&name("ffn_gate.weight"))?,
            up: self.matrix(&name("ffn_up.weight"))?,
            down: self.matrix(&name("ffn_down.weight"))?,
        })
    }
}

impl Network {
    pub(crate) fn build(file: &Path, config: Config, tensors: HashMap<String, Matrix>) -> Result<Self, GenerateError> {
        let mut parts = Parts { file, tensors };
        let mut frequencies = frequencies(&config);
        if let Some(factors) = parts.optional("rope_freqs.weight")? {
            for (frequency, factor) in frequencies.iter_mut().zip(factors) {
                if factor <= 0.0 {
                    return Err(unusable(file, "tensor rope_freqs.weight holds a factor that is not above 0"));
                }
                *frequency /= f64::from(factor);
            }
        }
        let blocks = (0..config.blocks).map(|number| parts.block(number)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            embeddings: parts.matrix("token_embd.weight")?,
            output: parts.tensors.remove("output.weight"),
            output_norm: parts.vector("output_norm.weight")?,
            blocks,
            frequencies,
            config,
        })
    }

    pub(crate) fn context(&self) -> usize {
        self.config.context
    }

    pub(crate) fn start(&self) -> Cache {
        Cache { blocks: self.blocks.iter().map(|_| (Vec::new(), Vec::new())).collect(), length: 0 }
    }

    /// Reads tokens and says how likely each token of the vocabulary is to come next, as logits.
    pub(crate) fn read(&self, cache: &mut Cache, ids: &[u32], stop: &AtomicBool) -> Result<Vec<f32>, GenerateError> {
        let mut last = Vec::new();
        for piece in ids.chunks(PIECE) {
            let hidden = self.forward(cache, piece, stop)?;
            last = hidden[hidden.len() - self.config.width..].to_vec();
        }
        let hidden = normed(&last, &self.output_norm, self.config.epsilon);
        let logits = self.output.as_ref().unwrap_or(&self.embeddings).times(&hidden)?;
        // One value that is no number makes every comparison with it meaningless.
        if logits.iter().all(|logit| logit.is_finite()) {
            Ok(logits)
        } else {
            Err(GenerateError::Compute("a result is not a number".to_owned()))
        }
    }

    fn forward(&self, cache: &mut Cache, ids: &[u32], stop: &AtomicBool) -> Result<Vec<f32>, GenerateError> {
        let epsilon = self.config.epsilon;
        let mut hidden = self.embeddings.rows_of(ids)?;
        for (block, (keys, values)) in self.blocks.iter().zip(&mut cache.blocks) {
            if stop.load(Ordering::Relaxed) {
                return Err(GenerateError::Stopped);
            }
            let input = normed(&hidden, &block.attention_norm, epsilon);
            let mut query = block.query.apply(&input)?;
            let mut key = block.key.apply(&input)?;
            self.turn(&mut query, block.query_norm.as_deref(), self.config.heads, cache.length);
            self.turn(&mut key, block.key_norm.as_deref(), self.config.key_heads, cache.length);
            keys.extend(key);
            values.extend(block.value.apply(&input)?);
            let attended = self.attend(&query, keys, values, cache.length);
            add(&mut hidden, &block.out.apply(&attended)?);

            let input = normed(&hidden, &block.inner_norm, epsilon);
            let mut gate = block.gate.times(&input)?;
            for (gate, up) in gate.iter_mut().zip(block.up.times(&input)?) {
                *gate *= up / (1.0 + (-*gate).exp());
            }
            add(&mut hidden, &block.down.times(&gate)?);
        }
        cache.length += ids.len();
        Ok(hidden)
    }

    /// Norms each head where the model does so, and turns it by its position.
    fn turn(&self, rows: &mut [f32], norm: Option<&[f32]>, heads: usize, first: usize) {
        let head_width = self.config.head_width;
        for (row, values) in rows.chunks_exact_mut(heads * head_width).enumerate() {
            let angles = self.angles(first + row);
            for head in values.chunks_exact_mut(head_width) {
                if let Some(norm) = norm {
                    let scaled = normed(head, norm, self.config.epsilon);
                    head.copy_from_slice(&scaled);
                }
                turn_head(head, &angles, self.config.turning);
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a sine loses digits, not its size")]
    #[expect(clippy::cast_precision_loss, reason = "a position is far below 2^52")]
    fn angles(&self, position: usize) -> Vec<(f32, f32)> {
        let turn = |frequency: &f64| (position as f64 * frequency).sin_cos();
        self.frequencies.iter().map(turn).map(|(sine, cosine)| (sine as f32, cosine as f32)).collect()
    }

    /// What each head of each row takes from the values of the tokens up to its own.
    fn attend(&self, query: &[f32], keys: &[f32], values: &[f32], first: usize) -> Vec<f32> {
        let Config { heads, key_heads, head_width, .. } = self.config;
        let stride = key_heads * head_width;
        let scale = 1.0 / root(head_width);
        let mut output = vec![0.0; query.len()];
        let mut weights = Vec::new();
        let rows = query.chunks_exact(heads * head_width).zip(output.chunks_exact_mut(heads * head_width));
        for (row, (query, output)) in rows.enumerate() {
            let seen = first + row + 1;
            for (head, (query, output)) in
                query.chunks_exact(head_width).zip(output.chunks_exact_mut(head_width)).enumerate()
            {
                let at = head / (heads / key_heads) * head_width;
                weights.clear();
                weights.extend(
                    keys.chunks_exact(stride).take(seen).map(|key| dot(query, &key[at..at + head_width]) * scale),
                );
                softmax(&mut weights);
                for (weight, value) in weights.iter().zip(values.chunks_exact(stride)) {
                    for (sum, value) in output.iter_mut().zip(&value[at..at + head_width]) {
                        *sum += weight * value;
                    }
                }
            }
        }
        output
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
fn frequencies(config: &Config) -> Vec<f64> {
    let turned = config.turned as f64;
    let frequency = |pair: usize| config.frequency_base.powf(-2.0 * pair as f64 / turned) / config.position_scale;
    (0..config.turned / 2).map(frequency).collect()
}

fn turn_head(head: &mut [f32], angles: &[(f32, f32)], turning: Turning) {
    for (pair, (sine, cosine)) in angles.iter().enumerate() {
        let (left, right) = match turning {
            Turning::Pairs => (2 * pair, 2 * pair + 1),
            Turning::Halves => (pair, pair + angles.len()),
        };
        let (x, y) = (head[left], head[right]);
        head[left] = x * cosine - y * sine;
        head[right] = x * sine + y * cosine;
    }
}

/// Rows scaled to a mean square of 1, then weighted.
fn normed(rows: &[f32], weight: &[f32], epsilon: f32) -> Vec<f32> {
    let mut output = Vec::with_capacity(rows.len());
    let share = 1.0 / root(weight.len()).powi(2);
    for row in rows.chunks_exact(weight.len()) {
        let scale = 1.0 / (dot(row, row) * share + epsilon).sqrt();
        output.extend(row.iter().zip(weight).map(|(value, weight)| value * scale * weight));
    }
    output
}

#[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^52")]
#[expect(clippy::cast_possible_truncation, reason = "a root loses digits, not its size")]
fn root(size: usize) -> f32 {
    (size as f64).sqrt() as f32
}

fn add(sums: &mut [f32], values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

fn softmax(weights: &mut [f32]) {
    let highest = weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for weight in weights.iter_mut() {
        *weight = (*weight - highest).exp();
        sum += *weight;
    }
    for weight in weights.iter_mut() {
        *weight /= sum;
    }
}
