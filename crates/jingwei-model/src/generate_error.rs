use std::{io, path::PathBuf};

/// A model file cannot be used, or a chat cannot be answered. Each message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    #[error("{} cannot be read: give the path of a GGUF file", file.display())]
    Read { file: PathBuf, source: io::Error },
    #[error("{} is no model that can generate text here: {problem}", file.display())]
    Unusable { file: PathBuf, problem: String },
    #[error("{} is over a limit: {what} is {found}, at most {allowed} is read", file.display())]
    FileOverLimit { file: PathBuf, what: &'static str, found: u64, allowed: u64 },
    #[error(
        "the prompt has {found} {unit}, the model takes {allowed}: shorten it, or take a model with a longer context"
    )]
    PromptTooLong { unit: &'static str, found: u64, allowed: u64 },
    #[error("this model cannot be asked so: {0}")]
    Request(String),
    #[error("the tokenizer refused a text ({0}): fetch the model file again")]
    Tokenizer(String),
    #[error("the network could not be computed ({0}): the weights do not suit this input")]
    Compute(String),
    #[error("the answer was called off before it was whole")]
    Stopped,
}

impl From<candle_core::Error> for GenerateError {
    fn from(error: candle_core::Error) -> Self {
        Self::Compute(error.to_string())
    }
}
