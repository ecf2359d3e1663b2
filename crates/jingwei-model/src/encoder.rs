use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use candle_core::Tensor;
use jingwei_core::{Digest, Hasher, Limits};

use crate::{
    config::{Config, Pooling, Scoring},
    error::ModelError,
    head::LinearHead,
    network::{Network, tensors},
    tokens::{Tokens, Window},
    weights::{Weights, size_within},
};

/// Tokens of one batch, padding included: bounds the memory of a call whatever the number of texts.
const BATCH_TOKENS: usize = 2048;

/// A BERT- or RoBERTa-shaped model, ready to use from many threads.
pub struct Encoder {
    config: Config,
    pooling: Pooling,
    tokens: Tokens,
    network: Network,
    digest: Digest,
    limits: Limits,
}

impl Encoder {
    /// Loads `config.json`, `tokenizer.json` and `model.safetensors` (F32) from a folder, and
    /// `1_Pooling/config.json` where sentence-transformers put one.
    ///
    /// # Errors
    /// A file is missing, over a limit, damaged, of an unknown architecture, or does not belong to the others.
    pub fn open(folder: &Path, limits: &Limits) -> Result<Self, ModelError> {
        let mut digests = Digests::default();
        let (file, bytes) = digests.read(folder, "config.json", limits)?;
        let config = Config::parse(&file, &bytes, limits)?;
        let (file, bytes) = digests.read(folder, "tokenizer.json", limits)?;
        let tokens = Tokens::parse(&file, &bytes, &config)?;
        let pooling = match digests.read(folder, "1_Pooling/config.json", limits) {
            Ok((file, bytes)) => Pooling::parse(&file, &bytes)?,
            Err(ModelError::Read { source, .. }) if source.kind() == ErrorKind::NotFound => Pooling::Mean,
            Err(error) => return Err(error),
        };
        let file = folder.join("model.safetensors");
        let (mut weights, digest) = Weights::read(&file, &config, tensors(&config), limits)?;
        digests.add("model.safetensors", digest);
        let network = Network::build(&config, &mut weights)?;
        Ok(Self { config, pooling, tokens, network, digest: digests.0.finish(), limits: *limits })
    }

    /// What was loaded, for evidence: the SHA-256 of the lines that `sha256sum config.json tokenizer.json
    /// [1_Pooling/config.json] model.safetensors` prints in the folder.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Numbers in one vector of [`Self::embed`].
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.config.width
    }

    /// The labels of the model's own head, in its order; empty without one.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        self.config.labels.as_ref().map_or(&[], |labels| &labels.names)
    }

    /// One score in 0..=1 per label and text. A text of several windows has the highest score that any of them has,
    /// for each label by itself: scores of exclusive labels then add up to more than 1.
    ///
    /// # Errors
    /// The model has no head; a text is over a limit.
    pub fn classify(&self, texts: &[&str]) -> Result<Vec<Vec<(String, f32)>>, ModelError> {
        let labels = self.config.labels.as_ref().ok_or(ModelError::NoHead)?;
        let mut highest = vec![vec![0.0_f32; labels.names.len()]; texts.len()];
        self.each_batch(texts, |windows, hidden| {
            let logits = self.network.verdict(hidden)?.ok_or(ModelError::NoHead)?.to_vec2::<f32>()?;
            for (window, logits) in windows.iter().zip(logits) {
                for (highest, score) in highest[window.text].iter_mut().zip(scores(&logits, labels.scoring)?) {
                    *highest = highest.max(score);
                }
            }
            Ok(())
        })?;
        Ok(highest.into_iter().map(|scores| labels.names.iter().cloned().zip(scores).collect()).collect())
    }

    /// One vector of length 1 per text, as sentence-transformers makes it: the mean of the token vectors (or the
    /// first one, where the folder says so). A text of several windows has the mean over all of them, so nothing of
    /// it is cut; a short attack in a long text is better found sentence by sentence.
    ///
    /// # Errors
    /// A text is over a limit.
    pub fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, ModelError> {
        let width = self.config.width;
        let mut sums = vec![vec![0.0_f64; width]; texts.len()];
        self.each_batch(texts, |windows, hidden| {
            let vectors = hidden.to_vec3::<f32>()?;
            for (window, vectors) in windows.iter().zip(vectors) {
                let counted = match self.pooling {
                    Pooling::Mean => window.ids.len(),
                    Pooling::First => 1,
                };
                for vector in &vectors[..counted] {
                    for (sum, value) in sums[window.text].iter_mut().zip(vector) {
                        *sum += f64::from(*value);
                    }
                }
            }
            Ok(())
        })?;
        // The mean's divisor falls out when the length becomes 1.
        sums.into_iter().map(|sum| normalised(&sum)).collect()
    }

    /// Scores of a linear head over [`Self::embed`], per label and text.
    ///
    /// # Errors
    /// The head was trained over another encoder: its scores would be noise that looks like scores.
    pub fn score(&self, head: &LinearHead, texts: &[&str]) -> Result<Vec<Vec<(String, f32)>>, ModelError> {
        if head.encoder() != self.digest {
            let (trained, loaded) = (head.encoder().short(), self.digest.short());
            let problem = format!("it was trained over encoder {trained}, loaded is {loaded}; train it again");
            return Err(ModelError::Head(problem));
        }
        self.embed(texts)?.iter().map(|vector| head.score(vector)).collect()
    }

    /// Runs the network over all windows of all texts, in batches of like length.
    fn each_batch(
        &self,
        texts: &[&str],
        mut work: impl FnMut(&[Window], &Tensor) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        let mut windows = self.tokens.windows(texts, &self.limits)?;
        windows.sort_by_key(|window| window.ids.len());
        let mut rest = windows.as_slice();
        while !rest.is_empty() {
            // Sorted: the last window of a batch is its longest.
            let fits = |count: &usize| count * rest[count - 1].ids.len() <= BATCH_TOKENS;
            let count = (1..=rest.len()).take_while(fits).last().unwrap_or(1);
            let (batch, later) = rest.split_at(count);
            let ids: Vec<&[u32]> = batch.iter().map(|window| window.ids.as_slice()).collect();
            work(batch, &self.network.forward(&ids)?)?;
            rest = later;
        }
        Ok(())
    }
}

fn scores(logits: &[f32], scoring: Scoring) -> Result<Vec<f32>, ModelError> {
    let scores: Vec<f32> = match scoring {
        Scoring::Sigmoid => logits.iter().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect(),
        Scoring::Softmax => softmax(&logits.iter().copied().map(f64::from).collect::<Vec<_>>()),
    };
    if scores.iter().all(|score| score.is_finite()) { Ok(scores) } else { Err(not_finite()) }
}

/// Probabilities of labels that exclude each other.
#[expect(clippy::cast_possible_truncation, reason = "a number between 0 and 1 loses digits, not its size")]
pub(crate) fn softmax(logits: &[f64]) -> Vec<f32> {
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (logit - highest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| (power / sum) as f32).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "a number between -1 and 1 loses digits, not its size")]
fn normalised(sum: &[f64]) -> Result<Vec<f32>, ModelError> {
    let length = sum.iter().map(|value| value * value).sum::<f64>().sqrt();
    if !length.is_finite() {
        return Err(not_finite());
    }
    // A vector of zeros has no direction and stays as it is.
    Ok(sum.iter().map(|value| (value / length.max(1e-12)) as f32).collect())
}

fn not_finite() -> ModelError {
    ModelError::Compute("a result is not a number".into())
}

/// Lines as `sha256sum` prints them.
#[derive(Default)]
struct Digests(Hasher);

impl Digests {
    fn add(&mut self, name: &str, digest: Digest) {
        self.0.update(format!("{digest}  {name}\n").as_bytes());
    }

    fn read(&mut self, folder: &Path, name: &str, limits: &Limits) -> Result<(PathBuf, Vec<u8>), ModelError> {
        let file = folder.join(name);
        size_within(&file, limits.header_bytes)?;
        let bytes = std::fs::read(&file).map_err(|source| ModelError::Read { file: file.clone(), source })?;
        self.add(name, Digest::of(&bytes));
        Ok((file, bytes))
    }
}
