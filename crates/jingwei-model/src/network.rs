//! The transformer encoder that BERT and RoBERTa share (Devlin et al. 2018; Liu et al. 2019), for inference only.
//!
//! Written here over candle's tensors: one network serves both families, and the hundred others of
//! `candle-transformers` need not be compiled.

use candle_core::{Device, Module, Result, Tensor};
use candle_nn::{LayerNorm, Linear, ops::softmax_last_dim};

use crate::{
    config::{Activation, Config, Family},
    error::ModelError,
    gelu::gelu,
    weights::Weights,
};

/// Added to the attention score of a padding token: its weight becomes 0 without an infinity.
const MASKED: f32 = -1e9;

pub(crate) struct Network {
    words: Tensor,
    /// Position and segment vectors, added up: a single text has one segment.
    places: Tensor,
    norm: LayerNorm,
    layers: Vec<Layer>,
    head: Option<Head>,
}

struct Layer {
    /// Query, key and value in one product.
    attend: Linear,
    attended: Linear,
    attention_norm: LayerNorm,
    widen: Linear,
    narrow: Linear,
    norm: LayerNorm,
    heads: usize,
    activation: Activation,
}

struct Head {
    dense: Linear,
    verdict: Linear,
}

/// Names and shapes of the tensors that a network of this configuration is made of, one by one: whoever finds the
/// first one missing need not hear of the millionth.
pub(crate) fn tensors(config: &Config) -> impl Iterator<Item = (String, Vec<usize>)> {
    let (width, inner) = (config.width, config.inner_width);
    let pair = |name: &str, shape: Vec<usize>| {
        let bias = vec![shape[0]];
        [(format!("{name}.weight"), shape), (format!("{name}.bias"), bias)]
    };
    let tables = [
        ("embeddings.word_embeddings.weight".to_owned(), vec![config.vocabulary, width]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![config.positions, width]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![config.segments, width]),
    ];
    let layers = (0..config.layers).flat_map(move |layer| {
        [
            ("attention.self.query", vec![width, width]),
            ("attention.self.key", vec![width, width]),
            ("attention.self.value", vec![width, width]),
            ("attention.output.dense", vec![width, width]),
            ("attention.output.LayerNorm", vec![width]),
            ("intermediate.dense", vec![inner, width]),
            ("output.dense", vec![width, inner]),
            ("output.LayerNorm", vec![width]),
        ]
        .into_iter()
        .flat_map(move |(name, shape)| pair(&format!("encoder.layer.{layer}.{name}"), shape))
    });
    let labels = config.labels.as_ref().map(|labels| labels.names.len());
    let head = labels.map(|labels| {
        let (dense, verdict) = head_names(config.family);
        [pair(dense, vec![width, width]), pair(verdict, vec![labels, width])].into_iter().flatten()
    });
    tables.into_iter().chain(pair("embeddings.LayerNorm", vec![width])).chain(layers).chain(head.into_iter().flatten())
}

fn head_names(family: Family) -> (&'static str, &'static str) {
    match family {
        Family::Bert => ("pooler.dense", "classifier"),
        Family::Roberta => ("classifier.dense", "classifier.out_proj"),
    }
}

impl Network {
    pub(crate) fn build(config: &Config, weights: &mut Weights) -> std::result::Result<Self, ModelError> {
        let positions = weights.take("embeddings.position_embeddings.weight")?;
        let segments = weights.take("embeddings.token_type_embeddings.weight")?;
        let positions = positions.narrow(0, config.first_position, config.window())?;
        let layers = (0..config.layers)
            .map(|layer| Layer::build(config, weights, layer))
            .collect::<std::result::Result<_, _>>()?;
        let (dense, verdict) = head_names(config.family);
        let head = match config.labels {
            Some(_) => Some(Head { dense: linear(weights, dense)?, verdict: linear(weights, verdict)? }),
            None => None,
        };
        Ok(Self {
            words: weights.take("embeddings.word_embeddings.weight")?,
            places: positions.broadcast_add(&segments.narrow(0, 0, 1)?)?,
            norm: norm(config, weights, "embeddings.LayerNorm")?,
            layers,
            head,
        })
    }

    /// Token vectors of a batch of windows: `[windows, tokens of the longest, width]`. What stands behind a shorter
    /// window's end means nothing.
    pub(crate) fn forward(&self, windows: &[&[u32]]) -> Result<Tensor> {
        let longest = windows.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let mut ids = Vec::with_capacity(windows.len() * longest);
        let mut mask = Vec::with_capacity(windows.len() * longest);
        for window in windows {
            let padding = longest - window.len();
            ids.extend(window.iter().copied().chain(std::iter::repeat_n(0, padding)));
            mask.extend(std::iter::repeat_n(0.0, window.len()).chain(std::iter::repeat_n(MASKED, padding)));
        }
        let padded = windows.iter().any(|window| window.len() != longest);
        let mask =
            if padded { Some(Tensor::from_vec(mask, (windows.len(), 1, 1, longest), &Device::Cpu)?) } else { None };

        let count = ids.len();
        let words = self.words.index_select(&Tensor::from_vec(ids, count, &Device::Cpu)?, 0)?;
        let words = words.reshape((windows.len(), longest, ()))?;
        let mut hidden = self.norm.forward(&words.broadcast_add(&self.places.narrow(0, 0, longest)?)?)?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, mask.as_ref())?;
        }
        Ok(hidden)
    }

    /// Logits `[windows, labels]` of token vectors; `None` without a head.
    pub(crate) fn verdict(&self, hidden: &Tensor) -> Result<Option<Tensor>> {
        let Some(head) = &self.head else { return Ok(None) };
        let first = hidden.narrow(1, 0, 1)?.squeeze(1)?.contiguous()?;
        Ok(Some(head.verdict.forward(&head.dense.forward(&first)?.tanh()?)?))
    }
}

impl Layer {
    fn build(config: &Config, weights: &mut Weights, layer: usize) -> std::result::Result<Self, ModelError> {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let mut parts = [const { Vec::new() }; 2];
        for part in ["query", "key", "value"] {
            for (kind, parts) in ["weight", "bias"].into_iter().zip(&mut parts) {
                parts.push(weights.take(&name(&format!("attention.self.{part}.{kind}")))?);
            }
        }
        let [weight, bias] = parts;
        Ok(Self {
            attend: Linear::new(Tensor::cat(&weight, 0)?, Some(Tensor::cat(&bias, 0)?)),
            attended: linear(weights, &name("attention.output.dense"))?,
            attention_norm: norm(config, weights, &name("attention.output.LayerNorm"))?,
            widen: linear(weights, &name("intermediate.dense"))?,
            narrow: linear(weights, &name("output.dense"))?,
            norm: norm(config, weights, &name("output.LayerNorm"))?,
            heads: config.attention_heads,
            activation: config.activation,
        })
    }

    fn forward(&self, hidden: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let attended = self.attended.forward(&self.attention(hidden, mask)?)?;
        let hidden = self.attention_norm.forward(&(attended + hidden)?)?;
        let wide = self.widen.forward(&hidden)?;
        let wide = match self.activation {
            Activation::Gelu => gelu(&wide)?,
            Activation::GeluTanh => wide.gelu()?,
            Activation::Relu => wide.relu()?,
        };
        self.norm.forward(&(self.narrow.forward(&wide)? + &hidden)?)
    }

    fn attention(&self, hidden: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let (windows, tokens, width) = hidden.dims3()?;
        let head_width = width / self.heads;
        let all = self.attend.forward(hidden)?.reshape((windows, tokens, 3, self.heads, head_width))?;
        // [3, windows, heads, tokens, head_width]
        let all = all.permute((2, 0, 3, 1, 4))?.contiguous()?;
        let (query, key, value) = (all.get(0)?, all.get(1)?, all.get(2)?);
        #[expect(clippy::cast_precision_loss, reason = "a head has far less than 2^52 dimensions")]
        let scale = 1.0 / (head_width as f64).sqrt();
        let mut scores = (query.matmul(&key.t()?)? * scale)?;
        if let Some(mask) = mask {
            scores = scores.broadcast_add(mask)?;
        }
        let context = softmax_last_dim(&scores)?.matmul(&value)?;
        context.transpose(1, 2)?.reshape((windows, tokens, width))
    }
}

fn linear(weights: &mut Weights, name: &str) -> std::result::Result<Linear, ModelError> {
    Ok(Linear::new(weights.take(&format!("{name}.weight"))?, Some(weights.take(&format!("{name}.bias"))?)))
}

fn norm(config: &Config, weights: &mut Weights, name: &str) -> std::result::Result<LayerNorm, ModelError> {
    let (weight, bias) = (weights.take(&format!("{name}.weight"))?, weights.take(&format!("{name}.bias"))?);
    Ok(LayerNorm::new(weight, bias, config.norm_epsilon))
}
