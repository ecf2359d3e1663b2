//! What the header says of the network: sizes, and the tensors that it must have.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use crate::{
    generate_error::GenerateError,
    gguf::{Entry, Gguf, Value, unusable},
};

/// Longest context that is used, whatever the file says: it bounds the memory of a call.
const MOST_CONTEXT: usize = 8192;
const AGAIN: &str = "fetch the file again";

/// Which values of a head are turned together with the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turning {
    /// Neighbours: 0 and 1, 2 and 3.
    Pairs,
    /// The first half with the second.
    Halves,
}

/// The sizes of a network.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    pub(crate) blocks: usize,
    pub(crate) width: usize,
    pub(crate) inner: usize,
    pub(crate) heads: usize,
    pub(crate) key_heads: usize,
    pub(crate) head_width: usize,
    /// Values of a head that are turned.
    pub(crate) turned: usize,
    pub(crate) turning: Turning,
    pub(crate) frequency_base: f64,
    /// Positions are divided by this.
    pub(crate) position_scale: f64,
    pub(crate) epsilon: f32,
    /// Tokens of prompt and answer together.
    pub(crate) context: usize,
    pub(crate) vocabulary: usize,
}

/// Looks keys up, and says of each what is wrong with it.
pub(crate) struct Keys<'a> {
    pub(crate) file: &'a Path,
    pub(crate) metadata: &'a HashMap<String, Value>,
}

impl<'a> Keys<'a> {
    pub(crate) fn of(gguf: &'a Gguf<'_>) -> Self {
        Self { file: gguf.path(), metadata: &gguf.metadata }
    }

    pub(crate) fn wrong(&self, key: &str, wanted: &str) -> GenerateError {
        let problem = match self.metadata.get(key) {
            None => format!("its key {key} is missing; {AGAIN}"),
            Some(_) => format!("its key {key} is not {wanted}; {AGAIN}"),
        };
        unusable(self.file, problem)
    }

    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, GenerateError> {
        match self.metadata.get(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "a text")),
        }
    }

    pub(crate) fn texts(&self, key: &str) -> Result<&'a [String], GenerateError> {
        match self.metadata.get(key) {
            Some(Value::Texts(texts)) => Ok(texts),
            _ => Err(self.wrong(key, "a list of texts")),
        }
    }

    pub(crate) fn integers(&self, key: &str) -> Result<&'a [i64], GenerateError> {
        match self.metadata.get(key) {
            Some(Value::Integers(integers)) => Ok(integers),
            _ => Err(self.wrong(key, "a list of whole numbers")),
        }
    }

    pub(crate) fn truth(&self, key: &str) -> Result<Option<bool>, GenerateError> {
        match self.metadata.get(key) {
            None => Ok(None),
            Some(Value::Truth(truth)) => Ok(Some(*truth)),
            Some(_) => Err(self.wrong(key, "true or false")),
        }
    }

    /// A size: a whole number from 1.
    pub(crate) fn size(&self, key: &str) -> Result<Option<usize>, GenerateError> {
        match self.whole(key)? {
            Some(0) => Err(self.wrong(key, "a whole number from 1")),
            size => Ok(size),
        }
    }

    pub(crate) fn whole(&self, key: &str) -> Result<Option<usize>, GenerateError> {
        match self.metadata.get(key) {
            None => Ok(None),
            // 2^31: products of three sizes are then still within 128 bits, and no model comes near it.
            Some(Value::Integer(found)) if (0..1 << 31).contains(found) => Ok(usize::try_from(*found).ok()),
            Some(_) => Err(self.wrong(key, "a whole number that can be a size")),
        }
    }

    fn needed(&self, key: &str) -> Result<usize, GenerateError> {
        self.size(key)?.ok_or_else(|| self.wrong(key, ""))
    }

    fn positive(&self, key: &str) -> Result<Option<f64>, GenerateError> {
        match self.metadata.get(key) {
            None => Ok(None),
            Some(Value::Number(found)) if *found > 0.0 && found.is_finite() => Ok(Some(*found)),
            Some(_) => Err(self.wrong(key, "a number above 0")),
        }
    }
}

impl Config {
    pub(crate) fn read(gguf: &Gguf<'_>) -> Result<Self, GenerateError> {
        let keys = Keys::of(gguf);
        let named = keys.text("general.architecture")?.ok_or_else(|| keys.wrong("general.architecture", ""))?;
        let turning = match named {
            "llama" => Turning::Pairs,
            "qwen2" | "qwen3" => Turning::Halves,
            _ => {
                let named: String = named.chars().take(40).collect();
                let problem = format!("it is a {named} model; llama, qwen2 and qwen3 are known, serve others yourself");
                return Err(unusable(gguf.path(), problem));
            }
        };
        let key = |name: &str| format!("{named}.{name}");
        if keys.whole(&key("expert_count"))?.is_some_and(|count| count > 0) {
            return Err(unusable(
                gguf.path(),
                "it is a mixture of experts, which is not known here; serve it yourself",
            ));
        }
        let width = keys.needed(&key("embedding_length"))?;
        let heads = keys.needed(&key("attention.head_count"))?;
        let key_heads = keys.size(&key("attention.head_count_kv"))?.unwrap_or(heads);
        let head_width = keys.size(&key("attention.key_length"))?.unwrap_or(width / heads);
        let turned = keys.size(&key("rope.dimension_count"))?.unwrap_or(head_width);
        if !heads.is_multiple_of(key_heads) || head_width == 0 || turned > head_width || turned % 2 == 1 {
            let problem = format!("its heads do not fit together (attention and rope keys of {named}.*); {AGAIN}");
            return Err(unusable(gguf.path(), problem));
        }
        if keys.size(&key("attention.value_length"))?.is_some_and(|found| found != head_width) {
            return Err(unusable(gguf.path(), "its keys and values differ in length, which is not known here"));
        }
        let window = keys.whole(&key("attention.sliding_window"))?.filter(|window| *window > 0);
        let context = keys.needed(&key("context_length"))?;
        let epsilon_key = key("attention.layer_norm_rms_epsilon");
        let epsilon = keys.positive(&epsilon_key)?.ok_or_else(|| keys.wrong(&epsilon_key, ""))?;
        #[expect(clippy::cast_possible_truncation, reason = "the file has it as an f32")]
        let config = Self {
            blocks: keys.needed(&key("block_count"))?,
            width,
            inner: keys.needed(&key("feed_forward_length"))?,
            heads,
            key_heads,
            head_width,
            turned,
            turning,
            frequency_base: keys.positive(&key("rope.freq_base"))?.unwrap_or(10_000.0),
            position_scale: position_scale(&keys, named)?,
            epsilon: epsilon as f32,
            // Within a sliding window all attention is full attention.
            context: context.min(MOST_CONTEXT).min(window.unwrap_or(MOST_CONTEXT)),
            vocabulary: keys.texts("tokenizer.ggml.tokens")?.len(),
        };
        config.check_tensors(gguf)?;
        Ok(config)
    }

    /// Whether the file has the tensors that these sizes ask for, and no others: one that is not known would be left
    /// out of the computation, and the answers would not be the model's.
    fn check_tensors(&self, gguf: &Gguf<'_>) -> Result<(), GenerateError> {
        // Before a list is made that is as long as the header says: each block must have nine of them.
        if self.blocks.saturating_mul(9) > gguf.tensors.len() {
            let (blocks, found) = (self.blocks, gguf.tensors.len());
            return Err(unusable(gguf.path(), format!("it tells of {blocks} blocks but has {found} tensors; {AGAIN}")));
        }
        let mut known: BTreeMap<String, (Vec<usize>, Need)> = BTreeMap::new();
        let mut add = |name: String, shape: &[usize], need| known.insert(name, (shape.to_vec(), need));
        add("token_embd.weight".into(), &[self.vocabulary, self.width], Need::Must);
        add("output_norm.weight".into(), &[self.width], Need::Must);
        add("output.weight".into(), &[self.vocabulary, self.width], Need::May);
        add("rope_freqs.weight".into(), &[self.turned / 2], Need::May);
        for block in 0..self.blocks {
            for (name, shape, need) in self.block_tensors() {
                add(format!("blk.{block}.{name}"), &shape, need);
            }
        }
        for (name, (shape, need)) in &known {
            match gguf.tensors.get(name) {
                Some(entry) => check_shape(gguf.path(), name, entry, shape)?,
                None if *need == Need::May => {}
                None => return Err(unusable(gguf.path(), format!("tensor {name} is missing; {AGAIN}"))),
            }
        }
        match gguf.tensors.keys().find(|name| !known.contains_key(*name)) {
            None => Ok(()),
            Some(name) => {
                let problem = format!("tensor {name} is not known: the network would be computed wrongly without it");
                Err(unusable(gguf.path(), problem))
            }
        }
    }

    fn block_tensors(&self) -> [(&'static str, Vec<usize>, Need); 15] {
        let (queries, keys) =
            (self.heads.saturating_mul(self.head_width), self.key_heads.saturating_mul(self.head_width));
        let (width, inner, head) = (self.width, self.inner, self.head_width);
        [
            ("attn_norm.weight", vec![width], Need::Must),
            ("attn_q.weight", vec![queries, width], Need::Must),
            ("attn_k.weight", vec![keys, width], Need::Must),
            ("attn_v.weight", vec![keys, width], Need::Must),
            ("attn_output.weight", vec![width, queries], Need::Must),
            ("attn_q.bias", vec![queries], Need::May),
            ("attn_k.bias", vec![keys], Need::May),
            ("attn_v.bias", vec![keys], Need::May),
            ("attn_output.bias", vec![width], Need::May),
            ("attn_q_norm.weight", vec![head], Need::May),
            ("attn_k_norm.weight", vec![head], Need::May),
            ("ffn_norm.weight", vec![width], Need::Must),
            ("ffn_gate.weight", vec![inner, width], Need::Must),
            ("ffn_up.weight", vec![inner, width], Need::Must),
            ("ffn_down.weight", vec![width, inner], Need::Must),
        ]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Must,
    May,
}

fn check_shape(file: &Path, name: &str, entry: &Entry, wanted: &[usize]) -> Result<(), GenerateError> {
    let wanted: Vec<u64> = wanted.iter().map(|size| *size as u64).collect();
    if entry.shape == wanted {
        return Ok(());
    }
    let problem = format!("tensor {name} has shape {:?}, its keys ask for {wanted:?}; {AGAIN}", entry.shape);
    Err(unusable(file, problem))
}

fn position_scale(keys: &Keys<'_>, named: &str) -> Result<f64, GenerateError> {
    let key = format!("{named}.rope.scaling.type");
    match keys.text(&key)? {
        None | Some("none") => Ok(1.0),
        Some("linear") => {
            let key = format!("{named}.rope.scaling.factor");
            keys.positive(&key)?.ok_or_else(|| keys.wrong(&key, "a number above 0"))
        }
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            let problem = format!("its positions are scaled by {other}, which is not known here; serve it yourself");
            Err(unusable(keys.file, problem))
        }
    }
}
