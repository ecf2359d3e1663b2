//! A head over an encoder's vectors, trained on the same labelled examples as the built-in heads.

use std::{cell::RefCell, path::PathBuf};

use jingwei_core::{Digest, Limits, Text};
use jingwei_model::{Encoder, LabelledVector, LinearHead, ModelError, Training};
use jingwei_text::{
    heads::{Example, Severity, Split, UNKNOWN_CLASS},
    sentences,
};
use serde::Serialize;

use crate::{
    Error,
    encoder_detector::EncoderDetector,
    heads::{ExampleFile, Role, document, put, read_examples, warn_of_overlap},
    scores::{self, Judge, Said, Score, ScoreOptions},
};

/// What to train on, over which encoder, and where to put what comes of it.
#[derive(Debug, Clone, Default)]
pub struct EncoderHeadRequest {
    pub data: Vec<PathBuf>,
    pub feedback: Vec<PathBuf>,
    pub encoder: PathBuf,
    pub out: PathBuf,
}

/// What training came to.
#[derive(Debug)]
pub struct TrainedHead {
    pub files: Vec<ExampleFile>,
    pub encoder: Digest,
    pub labels: Vec<String>,
    pub score: Score,
    /// Digest of the head's file.
    pub digest: Digest,
    pub written: Vec<PathBuf>,
}

/// From what a head was trained. Whoever has the encoder and the inputs makes the same head.
#[derive(Serialize)]
struct Manifest<'a> {
    kind: &'static str,
    version: u32,
    inputs: &'a [ExampleFile],
    /// SHA-256 of the encoder's files, as its detector tells it.
    encoder: Digest,
    labels: &'a [String],
    l2: f64,
    iterations: u32,
}

/// Texts that are embedded at once, between two words about progress.
const AT_ONCE: usize = 512;

/// Trains a head on the `train` rows and writes `head.json`, `manifest.json` and `scorecard.json`. Figures are those of
/// the `test` rows, or of all where there are none, read sentence by sentence as the guard does.
pub fn train(request: &EncoderHeadRequest, progress: &dyn Fn(&Text), limits: &Limits) -> Result<TrainedHead, Error> {
    let data = read_examples(&request.data, Role::Data, limits)?;
    let feedback = read_examples(&request.feedback, Role::Feedback, limits)?;
    let examples = [data.examples, feedback.examples].concat();
    let files = [data.files, feedback.files].concat();
    warn_of_overlap(&examples, progress);
    let shown = request.encoder.display();
    let unusable = |error: String| {
        Error::invalid(
            format!("编码器 `{shown}` 不可用：{error}"),
            format!("the encoder `{shown}` cannot be used: {error}"),
        )
    };
    let encoder = Encoder::open(&request.encoder, limits).map_err(|error| unusable(error.to_string()))?;
    let vectors = embed(&encoder, &examples, progress).map_err(|error| unusable(error.to_string()))?;
    progress(&Text::new("训练中", "training"));
    let training = Training::default();
    let wrong = |error: ModelError| Error::invalid(format!("无法训练：{error}"), format!("cannot train: {error}"));
    let head = LinearHead::fit(encoder.digest(), &vectors, &training).map_err(wrong)?;
    let bytes = head.to_bytes().map_err(wrong)?;
    let labels = head.labels().to_vec();
    let manifest = document(&Manifest {
        kind: "encoder-head-manifest",
        version: 1,
        inputs: &files,
        encoder: encoder.digest(),
        labels: &labels,
        l2: training.l2,
        iterations: training.iterations,
    })?;
    let (digest, of_encoder) = (Digest::of(&bytes), encoder.digest());
    progress(&Text::new("评分中", "scoring"));
    let detector = EncoderDetector::new("encoder", encoder, Some(head)).map_err(unusable)?;
    let score = scored(&detector, digest, &examples).map_err(|error| unusable(error.to_string()))?;
    let scorecard = document(&score)?;
    let written =
        put(&request.out, &[("manifest.json", &manifest), ("scorecard.json", &scorecard), ("head.json", &bytes)])?;
    Ok(TrainedHead { files, encoder: of_encoder, labels, score, digest, written })
}

fn embed(encoder: &Encoder, examples: &[Example], progress: &dyn Fn(&Text)) -> Result<Vec<LabelledVector>, ModelError> {
    let learnt: Vec<&Example> = examples.iter().filter(|example| example.split == Split::Train).collect();
    let mut vectors = Vec::with_capacity(learnt.len());
    for part in learnt.chunks(AT_ONCE) {
        let texts: Vec<&str> = part.iter().map(|example| example.text.as_str()).collect();
        let labelled = encoder.embed(&texts)?.into_iter().zip(part);
        vectors.extend(labelled.map(|(vector, example)| LabelledVector { vector, label: label_of(example) }));
        let (done, of) = (vectors.len(), learnt.len());
        progress(&Text::new(format!("已编码 {done} / {of} 个样本"), format!("embedded {done} of {of} examples")));
    }
    Ok(vectors)
}

/// The name of a class is understood by the detector; where nobody said which it is, the head's own name is.
fn label_of(example: &Example) -> String {
    if example.class == UNKNOWN_CLASS { example.head.clone() } else { example.class.clone() }
}

/// Sentences alone and with those before them, the worst of each head.
fn scored(detector: &EncoderDetector, digest: Digest, examples: &[Example]) -> Result<Score, ModelError> {
    let failed: RefCell<Option<ModelError>> = RefCell::new(None);
    let says = |text: &str| {
        let sentences: Vec<&str> = sentences(text).collect();
        let windows = jingwei_guard::with_context(&sentences, 0);
        let texts: Vec<&str> = sentences.iter().copied().chain(windows.iter().map(String::as_str)).collect();
        let judged = detector.judgements(&texts).unwrap_or_else(|error| {
            failed.borrow_mut().get_or_insert(error);
            Vec::new()
        });
        let mut said: Vec<Said> = Vec::new();
        for judgement in judged.into_iter().flatten() {
            let severity = match judgement.level {
                jingwei_guard::Level::Safe => Severity::Safe,
                jingwei_guard::Level::Controversial => Severity::Controversial,
                jingwei_guard::Level::Unsafe => Severity::Unsafe,
            };
            match said.iter_mut().find(|said| said.head == judgement.head) {
                None => said.push(Said { head: judgement.head, probability: judgement.probability, severity }),
                Some(said) => {
                    said.probability = said.probability.max(judgement.probability);
                    said.severity = said.severity.max(severity);
                }
            }
        }
        said
    };
    let judge = Judge::Detector { name: format!("encoder-head@sha256-{}", digest.short()), says: &says };
    let score = scores::score(&judge, examples, &ScoreOptions::default());
    match failed.into_inner() {
        Some(error) => Err(error),
        None => Ok(score),
    }
}

#[cfg(test)]
mod tests {
    use jingwei_core::Lang;

    use super::*;
    use crate::heads::NONE;

    #[test]
    fn labels_are_what_the_detector_understands() {
        let example = |head: &str, class: &str| Example {
            text: "x".to_owned(),
            lang: Lang::En,
            head: head.to_owned(),
            class: class.to_owned(),
            severity: if class == NONE { Severity::Safe } else { Severity::Unsafe },
            source: String::new(),
            group: None,
            split: Split::Train,
        };
        for (head, class, label) in
            [("harm", "A.1", "A.1"), ("harm", "?", "harm"), ("injection", "?", "injection"), ("harm", NONE, NONE)]
        {
            assert_eq!(label_of(&example(head, class)), label);
        }
    }
}
