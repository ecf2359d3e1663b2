//! The tokenizer that the header of a GGUF file describes: byte pairs over bytes, as GPT-2 writes them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokenizers::{
    AddedToken, Tokenizer,
    decoders::byte_level::ByteLevel,
    models::bpe::BPE,
    normalizers::unicode::NFC,
    pre_tokenizers::{
        PreTokenizerWrapper,
        digits::Digits,
        sequence::Sequence,
        split::{Split, SplitPattern},
    },
    tokenizer::SplitDelimiterBehavior,
};

use crate::{chat_template::ChatTemplate, generate_config::Keys, generate_error::GenerateError, gguf::unusable};

const AGAIN: &str = "fetch the file again";
/// Kinds of tokens that are no piece of text, as the header numbers them.
const CONTROL: i64 = 3;
const USER_DEFINED: i64 = 4;
/// Tokens that end an answer whatever else the header says, where the vocabulary has them as control tokens.
const ENDS: [&str; 4] = ["<|endoftext|>", "<|end_of_text|>", "<|eot_id|>", "<|im_end|>"];

/// Text to the ids of a model's tokens, and back.
pub(crate) struct GenerateTokens {
    tokenizer: Tokenizer,
    /// Goes before every prompt.
    first: Option<u32>,
    /// Each ends an answer.
    ends: Vec<u32>,
    /// As text: closes a message where the form of the chat says so.
    pub(crate) end_of_text: String,
    /// Bytes of the longest token: a text of more bytes than the context has room for need not be looked at.
    pub(crate) longest: usize,
}

impl GenerateTokens {
    pub(crate) fn read(keys: &Keys<'_>, template: &ChatTemplate) -> Result<Self, GenerateError> {
        let refused = |problem: String| unusable(keys.file, problem);
        match keys.text("tokenizer.ggml.model")? {
            Some("gpt2") => {}
            None => return Err(keys.wrong("tokenizer.ggml.model", "")),
            Some(other) => {
                let other: String = other.chars().take(40).collect();
                return Err(refused(format!(
                    "its tokenizer is of model {other}, only gpt2 (byte pairs over bytes) is known; serve it yourself"
                )));
            }
        }
        let texts = keys.texts("tokenizer.ggml.tokens")?;
        let kinds = keys.integers("tokenizer.ggml.token_type")?;
        if texts.is_empty() || kinds.len() != texts.len() {
            let (tokens, kinds) = (texts.len(), kinds.len());
            return Err(refused(format!("it has {tokens} tokens and {kinds} kinds of tokens; {AGAIN}")));
        }
        let token = |id: u32| usize::try_from(id).ok().and_then(|at| texts.get(at));
        let id_of = |key: &str| -> Result<Option<u32>, GenerateError> {
            match keys.whole(key)?.map(u32::try_from) {
                None => Ok(None),
                Some(Ok(id)) if token(id).is_some() => Ok(Some(id)),
                Some(_) => Err(keys.wrong(key, "the number of a token")),
            }
        };
        let tokenizer = build(keys, texts, kinds).map_err(refused)?;

        let control = |text: &str| {
            tokenizer.token_to_id(text).filter(|id| kinds.get(*id as usize).is_some_and(|k| *k == CONTROL))
        };
        for marker in template.markers() {
            if control(marker).is_none() {
                let problem = format!("its chat template uses {marker}, which is no control token of it; {AGAIN}");
                return Err(refused(problem));
            }
        }
        let end = id_of("tokenizer.ggml.eos_token_id")?;
        let mut ends: Vec<u32> = ENDS.iter().filter_map(|text| control(text)).chain(end).collect();
        for key in ["tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"] {
            ends.extend(id_of(key)?);
        }
        let begin = id_of("tokenizer.ggml.bos_token_id")?;
        // Llama 3's files leave the key out and mean it.
        let asked = keys.truth("tokenizer.ggml.add_bos_token")?;
        let begins = asked.unwrap_or(splitting(keys)? == Some("llama-bpe"));
        Ok(Self {
            first: begin.filter(|_| begins),
            ends,
            end_of_text: end.and_then(token).cloned().unwrap_or_default(),
            longest: texts.iter().map(String::len).max().unwrap_or(1).max(1),
            tokenizer,
        })
    }

    pub(crate) fn encode(&self, text: &str) -> Result<Vec<u32>, GenerateError> {
        let encoding = guarded(|| self.tokenizer.encode_fast(text, false)).map_err(GenerateError::Tokenizer)?;
        Ok(self.first.iter().chain(encoding.get_ids()).copied().collect())
    }

    /// Text without control tokens. Bytes that are no UTF-8 become U+FFFD.
    pub(crate) fn decode(&self, ids: &[u32]) -> Result<String, GenerateError> {
        guarded(|| self.tokenizer.decode(ids, true)).map_err(GenerateError::Tokenizer)
    }

    pub(crate) fn ends(&self, id: u32) -> bool {
        self.ends.contains(&id)
    }
}

/// How text is cut before byte pairs are looked for.
fn splitting<'a>(keys: &Keys<'a>) -> Result<Option<&'a str>, GenerateError> {
    keys.text("tokenizer.ggml.pre")
}

fn build(keys: &Keys<'_>, texts: &[String], kinds: &[i64]) -> Result<Tokenizer, String> {
    let said = |error: GenerateError| error.to_string();
    let merges = keys.texts("tokenizer.ggml.merges").map_err(said)?;
    let merges: Option<Vec<(String, String)>> = merges
        .iter()
        .map(|merge| merge.split_once(' ').map(|(left, right)| (left.to_owned(), right.to_owned())))
        .collect();
    let merges = merges.ok_or_else(|| format!("one of its merges is no pair; {AGAIN}"))?;
    let mut vocabulary = tokenizers::models::bpe::Vocab::default();
    for (id, text) in texts.iter().enumerate() {
        let id = u32::try_from(id).map_err(|_| format!("it has too many tokens; {AGAIN}"))?;
        if vocabulary.insert(text.clone(), id).is_some() {
            let text: String = text.chars().take(40).collect();
            return Err(format!("it has the token {text:?} twice; {AGAIN}"));
        }
    }
    let pre = splitting(keys).map_err(said)?;
    let model =
        guarded(|| BPE::builder().vocab_and_merges(vocabulary, merges).ignore_merges(pre == Some("llama-bpe")).build());
    let model = model.map_err(|problem| {
        let problem: String = problem.chars().take(200).collect();
        format!("its tokenizer cannot be built ({problem}); {AGAIN}")
    })?;
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_pre_tokenizer(Some(cutting(pre)?));
    tokenizer.with_decoder(Some(ByteLevel::default()));
    if pre == Some("qwen2") {
        tokenizer.with_normalizer(Some(NFC)).map_err(|error| error.to_string())?;
    }
    let special = |kind: i64, special: bool| {
        let of_kind = texts.iter().zip(kinds).filter(move |(text, found)| **found == kind && !text.is_empty());
        of_kind.map(move |(text, _)| AddedToken::from(text.clone(), special).normalized(false)).collect::<Vec<_>>()
    };
    guarded(|| {
        tokenizer.add_special_tokens(special(CONTROL, true))?;
        tokenizer.add_tokens(special(USER_DEFINED, false))
    })
    .map_err(|problem| format!("its control tokens cannot be used ({problem}); {AGAIN}"))?;
    Ok(tokenizer)
}

/// The patterns are facts of each model family: another one gives other tokens than the model was trained with.
fn cutting(pre: Option<&str>) -> Result<PreTokenizerWrapper, String> {
    let bytes = |by_words: bool| ByteLevel::new(false, true, by_words);
    let grouped = |digits: &str| {
        let pattern = format!(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        );
        let split = Split::new(SplitPattern::Regex(pattern), SplitDelimiterBehavior::Isolated, false);
        let split = split.map_err(|error| error.to_string())?;
        Ok(Sequence::new(vec![split.into(), bytes(false).into()]).into())
    };
    match pre {
        None | Some("gpt-2") => Ok(bytes(true).into()),
        Some("smollm") => Ok(Sequence::new(vec![Digits::new(true).into(), bytes(true).into()]).into()),
        Some("llama-bpe") => grouped("{1,3}"),
        Some("qwen2") => grouped(""),
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            Err(format!("it cuts text as {other}; gpt-2, smollm, llama-bpe and qwen2 are known, serve it yourself"))
        }
    }
}

/// The library indexes into tables that come from the file; where a damaged one makes it panic, that is an error.
fn guarded<T>(work: impl FnOnce() -> tokenizers::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its tables are damaged".to_owned()),
    }
}
