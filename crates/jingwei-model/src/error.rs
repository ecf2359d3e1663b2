use std::{io, path::PathBuf};

/// The model, the head or the texts could not be worked with. Each message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error(
        "{} cannot be read: an encoder is a folder with config.json, tokenizer.json and model.safetensors",
        file.display()
    )]
    Read { file: PathBuf, source: io::Error },
    #[error("{} is no encoder that can be loaded: {problem}", file.display())]
    Unusable { file: PathBuf, problem: String },
    #[error("{} is over a limit: {what} is {found}, at most {allowed} is read", file.display())]
    FileOverLimit { file: PathBuf, what: &'static str, found: u64, allowed: u64 },
    #[error("{what} is {found}, at most {allowed} is read: split the work")]
    TextOverLimit { what: &'static str, found: u64, allowed: u64 },
    #[error("the model has no classification head: train a linear head over its vectors, or take a model with one")]
    NoHead,
    #[error("the tokenizer refused a text ({0}): take tokenizer.json from the model's own folder")]
    Tokenizer(String),
    #[error("the network could not be computed ({0}): the weights do not suit this input")]
    Compute(String),
    #[error("the linear head is not usable: {0}")]
    Head(String),
}

impl From<candle_core::Error> for ModelError {
    fn from(error: candle_core::Error) -> Self {
        Self::Compute(error.to_string())
    }
}
