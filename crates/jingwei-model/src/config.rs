//! What `config.json` says, checked before anything is allocated.

use std::{collections::BTreeMap, path::Path};

use jingwei_core::Limits;
use serde::Deserialize;

use crate::error::ModelError;

/// Tokens of one window, special tokens included: what these models were trained with.
const MOST_WINDOW_TOKENS: usize = 512;
/// Below this a window has no room for an overlap.
const LEAST_WINDOW_TOKENS: usize = 16;

/// BERT and RoBERTa are one network with two ways to count positions, name tensors and read a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Bert,
    Roberta,
}

impl Family {
    /// The prefix of tensor names in checkpoints that hold more than the bare encoder.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Family::Bert => "bert.",
            Family::Roberta => "roberta.",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    Gelu,
    GeluTanh,
    Relu,
}

/// How logits become scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scoring {
    /// Labels exclude each other.
    Softmax,
    /// Each label stands by itself.
    Sigmoid,
}

/// How token vectors become one vector per text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pooling {
    Mean,
    First,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Labels {
    pub names: Vec<String>,
    pub scoring: Scoring,
}

#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub family: Family,
    pub vocabulary: usize,
    pub width: usize,
    pub inner_width: usize,
    pub layers: usize,
    pub attention_heads: usize,
    pub positions: usize,
    pub segments: usize,
    pub norm_epsilon: f64,
    pub activation: Activation,
    /// Position of the first token: RoBERTa counts from behind the padding id.
    pub first_position: usize,
    pub labels: Option<Labels>,
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    architectures: Vec<String>,
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    max_position_embeddings: usize,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f64>,
    hidden_act: Option<String>,
    pad_token_id: Option<usize>,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
    id2label: Option<BTreeMap<String, String>>,
    num_labels: Option<usize>,
    problem_type: Option<String>,
}

/// Architecture, family, whether it classifies.
const ARCHITECTURES: [(&str, Family, bool); 9] = [
    ("BertModel", Family::Bert, false),
    ("BertForMaskedLM", Family::Bert, false),
    ("BertForSequenceClassification", Family::Bert, true),
    ("XLMRobertaModel", Family::Roberta, false),
    ("XLMRobertaForMaskedLM", Family::Roberta, false),
    ("XLMRobertaForSequenceClassification", Family::Roberta, true),
    ("RobertaModel", Family::Roberta, false),
    ("RobertaForMaskedLM", Family::Roberta, false),
    ("RobertaForSequenceClassification", Family::Roberta, true),
];

impl Config {
    pub(crate) fn parse(file: &Path, bytes: &[u8], limits: &Limits) -> Result<Self, ModelError> {
        let document: Document = serde_json::from_slice(bytes)
            .map_err(|error| unusable(file, format!("{error}; take config.json from the model's own folder")))?;
        let (family, classifies) = architecture(file, &document)?;
        let labels = if classifies { Some(labels(file, &document, limits)?) } else { None };
        let padding = document.pad_token_id.unwrap_or(if family == Family::Bert { 0 } else { 1 });
        let config = Self {
            family,
            vocabulary: document.vocab_size,
            width: document.hidden_size,
            inner_width: document.intermediate_size,
            layers: document.num_hidden_layers,
            attention_heads: document.num_attention_heads,
            positions: document.max_position_embeddings,
            segments: document.type_vocab_size.unwrap_or(2),
            norm_epsilon: document.layer_norm_eps.unwrap_or(1e-12),
            activation: activation(file, document.hidden_act.as_deref().unwrap_or("gelu"))?,
            first_position: if family == Family::Bert { 0 } else { padding.saturating_add(1) },
            labels,
        };
        config.check(file, limits)?;
        Ok(config)
    }

    /// Tokens of one window, special tokens included.
    pub(crate) fn window(&self) -> usize {
        self.positions.saturating_sub(self.first_position).min(MOST_WINDOW_TOKENS)
    }

    fn check(&self, file: &Path, limits: &Limits) -> Result<(), ModelError> {
        if self.layers as u64 > limits.entries {
            let found = self.layers as u64;
            return Err(over(file, "num_hidden_layers", found, limits.entries));
        }
        let sizes = [
            self.vocabulary,
            self.width,
            self.inner_width,
            self.layers,
            self.attention_heads,
            self.positions,
            self.segments,
        ];
        if sizes.contains(&0) {
            return Err(unusable(file, "a size in it is 0; take config.json from the model's own folder"));
        }
        if !self.width.is_multiple_of(self.attention_heads) {
            let problem = "hidden_size is not a multiple of num_attention_heads; one of them is wrong";
            return Err(unusable(file, problem));
        }
        if !(self.norm_epsilon.is_finite() && self.norm_epsilon > 0.0) {
            return Err(unusable(file, "layer_norm_eps must be a number above 0"));
        }
        if self.window() < LEAST_WINDOW_TOKENS {
            let problem = format!("max_position_embeddings leaves less than {LEAST_WINDOW_TOKENS} tokens of text");
            return Err(unusable(file, problem));
        }
        let bytes = self.weight_bytes().unwrap_or(u64::MAX);
        if bytes > limits.file_bytes {
            return Err(over(file, "the size of the weights it describes, in bytes,", bytes, limits.file_bytes));
        }
        Ok(())
    }

    /// At least so many bytes the weights take; `None` when no machine could count them.
    fn weight_bytes(&self) -> Option<u64> {
        let tables = self.vocabulary.checked_add(self.positions)?.checked_add(self.segments)?;
        let attention = self.width.checked_mul(4)?;
        let layer = attention.checked_add(self.inner_width.checked_mul(2)?)?;
        let rows = tables.checked_add(layer.checked_mul(self.layers)?)?;
        u64::try_from(rows.checked_mul(self.width)?.checked_mul(size_of::<f32>())?).ok()
    }
}

fn architecture(file: &Path, document: &Document) -> Result<(Family, bool), ModelError> {
    let known = || ARCHITECTURES.map(|(name, ..)| name).join(", ");
    let found = ARCHITECTURES.iter().find(|(name, ..)| document.architectures.iter().any(|named| named == name));
    let Some(&(_, family, classifies)) = found else {
        let named = document.architectures.first().map_or("none", String::as_str);
        let named: String = named.chars().take(64).collect();
        return Err(unusable(file, format!("architecture {named:?} is not known; known are {}", known())));
    };
    if document.position_embedding_type.as_deref().is_some_and(|kind| kind != "absolute") {
        return Err(unusable(file, "position_embedding_type must be absolute; take a model that has it"));
    }
    if document.is_decoder {
        return Err(unusable(file, "is_decoder is true; take an encoder"));
    }
    Ok((family, classifies))
}

fn activation(file: &Path, name: &str) -> Result<Activation, ModelError> {
    match name {
        "gelu" => Ok(Activation::Gelu),
        "gelu_new" | "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
        "relu" => Ok(Activation::Relu),
        _ => Err(unusable(file, "hidden_act must be gelu, gelu_new, gelu_pytorch_tanh or relu")),
    }
}

fn labels(file: &Path, document: &Document, limits: &Limits) -> Result<Labels, ModelError> {
    let count = document.id2label.as_ref().map(BTreeMap::len).or(document.num_labels).unwrap_or(2);
    if count as u64 > limits.entries {
        return Err(over(file, "the number of labels", count as u64, limits.entries));
    }
    let mut names = Vec::new();
    for id in 0..count {
        let name = match &document.id2label {
            None => format!("LABEL_{id}"),
            Some(map) => {
                let Some(name) = map.get(&id.to_string()) else {
                    return Err(unusable(file, format!("id2label has no label {id}; number the labels from 0")));
                };
                name.clone()
            }
        };
        if name.len() as u64 > limits.string_bytes {
            return Err(over(file, "the length of a label, in bytes,", name.len() as u64, limits.string_bytes));
        }
        names.push(name);
    }
    let scoring = match document.problem_type.as_deref() {
        Some("multi_label_classification") => Scoring::Sigmoid,
        Some("single_label_classification") => Scoring::Softmax,
        None if names.len() == 1 => Scoring::Sigmoid,
        None => Scoring::Softmax,
        Some(_) => return Err(unusable(file, "problem_type must be single_ or multi_label_classification")),
    };
    if names.is_empty() {
        return Err(unusable(file, "it names no labels; a classification head has at least one"));
    }
    Ok(Labels { names, scoring })
}

#[derive(Deserialize)]
struct PoolingDocument {
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
}

impl Pooling {
    /// `1_Pooling/config.json` of a sentence-transformers folder.
    pub(crate) fn parse(file: &Path, bytes: &[u8]) -> Result<Self, ModelError> {
        let document: PoolingDocument = serde_json::from_slice(bytes)
            .map_err(|error| unusable(file, format!("{error}; take it from the model's own folder")))?;
        match (document.pooling_mode_mean_tokens, document.pooling_mode_cls_token) {
            (true, false) => Ok(Pooling::Mean),
            (false, true) => Ok(Pooling::First),
            _ => Err(unusable(file, "pooling must be either of mean tokens or of the first token; take such a model")),
        }
    }
}

pub(crate) fn unusable(file: &Path, problem: impl Into<String>) -> ModelError {
    ModelError::Unusable { file: file.to_owned(), problem: problem.into() }
}

pub(crate) fn over(file: &Path, what: &'static str, found: u64, allowed: u64) -> ModelError {
    ModelError::FileOverLimit { file: file.to_owned(), what, found, allowed }
}
