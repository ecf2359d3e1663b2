//! Text to windows of token ids.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use jingwei_core::Limits;
use tokenizers::Tokenizer;

use crate::{
    config::{Config, unusable},
    error::ModelError,
};

/// A piece of one text, with the special tokens that the model wants around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    /// Index of the text.
    pub text: usize,
    pub ids: Vec<u32>,
}

pub(crate) struct Tokens {
    tokenizer: Tokenizer,
    before: Vec<u32>,
    after: Vec<u32>,
    /// Text tokens of one window.
    room: usize,
    /// Text tokens that a window shares with the next: an attack that stands on a border is whole in one of them.
    overlap: usize,
}

impl Tokens {
    pub(crate) fn parse(file: &Path, bytes: &[u8], config: &Config) -> Result<Self, ModelError> {
        let parsed = guarded(|| Tokenizer::from_bytes(bytes));
        let mut tokenizer = parsed.map_err(|problem| {
            let problem: String = problem.chars().take(200).collect();
            unusable(file, format!("{problem}; take tokenizer.json from the model's own folder"))
        })?;
        let last = tokenizer.get_vocab(true).into_values().max();
        let Some(last) = last.and_then(|id| usize::try_from(id).ok()) else {
            return Err(unusable(file, "it has no tokens; take tokenizer.json from the model's own folder"));
        };
        if last >= config.vocabulary {
            let problem =
                format!("it has a token {last}, the model knows {}; they are of two models", config.vocabulary);
            return Err(unusable(file, problem));
        }
        // The file may cut and pad by itself (to 128 tokens, say): nothing may be cut here.
        tokenizer.with_padding(None);
        // What a text says is text: "[SEP]" that somebody typed must not become the separator.
        tokenizer.set_encode_special_tokens(true);
        tokenizer.with_truncation(None).map_err(|error| unusable(file, error.to_string()))?;

        let (before, after) = surroundings(&tokenizer).map_err(|problem| unusable(file, problem))?;
        let special = before.len() + after.len();
        if before.is_empty() || special * 2 > config.window() {
            let problem =
                "it puts no start token, or too many tokens, around a text; take the model's own tokenizer.json";
            return Err(unusable(file, problem));
        }
        let room = config.window() - special;
        Ok(Self { tokenizer, before, after, room, overlap: room / 8 })
    }

    /// Every token of every text, in windows, in order. An empty text is one window without text.
    pub(crate) fn windows(&self, texts: &[&str], limits: &Limits) -> Result<Vec<Window>, ModelError> {
        over("the number of texts", texts.len(), limits.entries)?;
        let mut windows = Vec::new();
        for (text, content) in texts.iter().enumerate() {
            over("the length of a text, in bytes,", content.len(), limits.string_bytes)?;
            let encoding = guarded(|| self.tokenizer.encode_fast(*content, false)).map_err(ModelError::Tokenizer)?;
            let ids = encoding.get_ids();
            let mut start = 0;
            loop {
                let end = (start + self.room).min(ids.len());
                windows.push(Window { text, ids: [&self.before, &ids[start..end], &self.after].concat() });
                if end == ids.len() {
                    break;
                }
                start = end - self.overlap;
            }
        }
        Ok(windows)
    }
}

/// The special tokens before and after a text.
fn surroundings(tokenizer: &Tokenizer) -> Result<(Vec<u32>, Vec<u32>), String> {
    let example = "a";
    let bare = guarded(|| tokenizer.encode_fast(example, false))?;
    let whole = guarded(|| tokenizer.encode_fast(example, true))?;
    let (bare, whole) = (bare.get_ids(), whole.get_ids());
    let found = whole.windows(bare.len().max(1)).position(|part| part == bare);
    let start = found.ok_or("it changes a text when it puts special tokens around it; such a model is not known")?;
    Ok((whole[..start].to_vec(), whole[start + bare.len()..].to_vec()))
}

/// The library indexes into tables that come from the file, and a damaged table makes it panic: here that is an error.
fn guarded<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its tables are damaged".into()),
    }
}

fn over(what: &'static str, found: usize, allowed: u64) -> Result<(), ModelError> {
    let found = found as u64;
    if found > allowed { Err(ModelError::TextOverLimit { what, found, allowed }) } else { Ok(()) }
}
