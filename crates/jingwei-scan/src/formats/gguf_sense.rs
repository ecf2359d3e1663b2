//! Metadata of GGUF that contradict each other, or that readers take without a look: llama.cpp divides by some of the
//! numbers, and goes through lists by the number of tokens.

use jingwei_core::Text;
use jingwei_read::{Sighting, shown};

use super::gguf_types::{ARRAY, FLOAT32, INT32, STRING, UINT32};

/// Keys by which a reader takes memory, each with more than any model has.
const MOST: [(&str, u64); 10] = [
    (".block_count", 1 << 16),
    (".expert_count", 1 << 16),
    (".attention.head_count", 1 << 16),
    (".attention.head_count_kv", 1 << 16),
    (".attention.key_length", 1 << 20),
    (".attention.value_length", 1 << 20),
    (".embedding_length", 1 << 24),
    (".feed_forward_length", 1 << 26),
    (".vocab_size", 1 << 26),
    (".context_length", 1 << 30),
];
/// Keys without which there is no model: readers divide by them.
const NEEDED: [&str; 3] = [".block_count", ".embedding_length", ".attention.head_count"];
/// Parts of keys of models without attention, which say that they have no heads.
const RECURRENT: [&str; 4] = [".ssm.", ".wkv.", ".shortconv.", ".token_shift_count"];
/// Longest tensor name that readers of language models have room for, in bytes.
const ROOM: usize = 63;
/// Keys that have to be texts.
const TEXTS: [&str; 4] = ["general.architecture", "tokenizer.ggml.model", "tokenizer.ggml.pre", super::gguf::TEMPLATE];
const TOKENS: &str = "tokenizer.ggml.tokens";

/// What is held against each other once the header is read.
#[derive(Default)]
pub(super) struct Sense {
    pub tokens: Option<u64>,
    pub tensors: u64,
    /// Start and end of a text, as numbers of tokens.
    marks: Vec<(String, u64)>,
    /// Lists that go along with the tokens, and how long they are.
    lists: Vec<(String, u64)>,
    /// Counts of parts of the model that are far beyond any.
    huge: Vec<(String, u64)>,
    /// Keys whose value is zero, and that readers divide by.
    zero: Vec<String>,
    /// Keys of another kind than readers take them for.
    kinds: Vec<String>,
    is_recurrent: bool,
    experts: [Option<u64>; 2],
    long_name: Option<String>,
    part: Option<u64>,
    parts: Option<u64>,
    all_tensors: Option<u64>,
}

impl Sense {
    /// Of each key before its value is read.
    pub fn key(&mut self, key: &str, kind: u32) {
        self.is_recurrent |= RECURRENT.iter().any(|part| key.contains(part));
        let is_wrong = TEXTS.contains(&key) && kind != STRING || key == TOKENS && kind != ARRAY;
        if is_wrong {
            self.kinds.push(key.to_owned());
        }
    }

    pub fn number(&mut self, key: &str, number: u64) {
        match key {
            key if key.starts_with("tokenizer.ggml.") && key.ends_with("_token_id") => {
                self.marks.push((key.to_owned(), number));
            }
            "split.no" => self.part = Some(number),
            "split.count" => self.parts = Some(number),
            "split.tensors.count" => self.all_tensors = Some(number),
            _ => {}
        }
        if MOST.iter().any(|(part, most)| key.ends_with(part) && number > *most) {
            self.huge.push((key.to_owned(), number));
        }
        // The parts of a model that are no language model have prefixes of their own.
        if number == 0 && key.matches('.').count() <= 2 && NEEDED.iter().any(|part| key.ends_with(part)) {
            self.zero.push(key.to_owned());
        }
        if key.ends_with(".expert_count") {
            self.experts[0] = Some(number);
        } else if key.ends_with(".expert_used_count") {
            self.experts[1] = Some(number);
        }
    }

    /// A list about the vocabulary: what kind its entries are, and how many.
    pub fn list(&mut self, key: &str, kind: u32, count: u64) {
        let is_right = match key {
            TOKENS | "tokenizer.ggml.merges" => kind == STRING,
            "tokenizer.ggml.scores" => kind == FLOAT32,
            "tokenizer.ggml.token_type" => matches!(kind, INT32 | UINT32),
            _ => return,
        };
        if !is_right {
            self.kinds.push(key.to_owned());
        } else if key != TOKENS && key != "tokenizer.ggml.merges" {
            self.lists.push((key.to_owned(), count));
        }
    }

    pub fn name(&mut self, tensor: &str) {
        if tensor.len() > ROOM && self.long_name.is_none() {
            self.long_name = Some(tensor.to_owned());
        }
    }

    pub fn lies(&self) -> Vec<Sighting> {
        let mut seen = self.harmful();
        self.tokens_lie(&mut seen);
        self.parts_lie(&mut seen);
        for (key, number) in &self.huge {
            let zh = format!("{number} 远多于任何模型所有");
            seen.push(lie(key, zh, format!("{number} is far more than any model has")));
        }
        seen
    }

    /// What readers divide by, or go past the end of.
    fn harmful(&self) -> Vec<Sighting> {
        let mut seen = Vec::new();
        let mut harm = |key: &str, zh: String, en: String| {
            let key = shown(key);
            seen.push(
                Sighting::malformed(0, format!("元数据 {key} {zh}"), format!("the metadata {key} {en}")).key(&key),
            );
        };
        for key in self.zero.iter().filter(|key| !self.is_recurrent || !key.ends_with("head_count")) {
            harm(key, "为 0，而读取程序以它为除数".to_owned(), "is 0, and readers divide by it".to_owned());
        }
        for key in &self.kinds {
            harm(
                key,
                "的类型与读取程序所取的不同".to_owned(),
                "is of another kind than readers take it for".to_owned(),
            );
        }
        for (key, count) in &self.lists {
            // Readers go by the number of tokens, and so past the end of a list that is shorter.
            if let Some(tokens) = self.tokens.filter(|tokens| count < tokens) {
                let zh = format!("只有 {count} 项，而词表有 {tokens} 项");
                harm(key, zh, format!("has {count} entries, and the vocabulary has {tokens}"));
            }
        }
        if let [experts, Some(used)] = self.experts
            && used > experts.unwrap_or(0)
        {
            let experts = experts.unwrap_or(0);
            let zh = format!("为 {used}，而专家共有 {experts} 个");
            harm("expert_used_count", zh, format!("is {used}, and there are {experts} experts"));
        }
        seen
    }

    fn tokens_lie(&self, seen: &mut Vec<Sighting>) {
        let Some(tokens) = self.tokens else { return };
        for (key, number) in &self.marks {
            // All ones say that there is none. A few too many come from tokens that were added later.
            let none = matches!(*number, 0xffff_ffff | u64::MAX);
            if !none && tokens > 0 && *number >= tokens.saturating_mul(2).max(tokens + 1_024) {
                let zh = format!("词元 {number} 不在 {tokens} 项的词表中");
                seen.push(lie(key, zh, format!("token {number} is not in the vocabulary of {tokens}")));
            }
        }
        if let Some(name) = &self.long_name {
            let (zh, en) = (
                format!("张量名有 {} 字节，读取程序只容纳 {ROOM} 字节", name.len()),
                format!("a tensor name has {} bytes, and readers have room for {ROOM}", name.len()),
            );
            seen.push(lie(name, zh, en));
        }
    }

    fn parts_lie(&self, seen: &mut Vec<Sighting>) {
        if let (Some(part), Some(parts)) = (self.part, self.parts)
            && part >= parts.max(1)
        {
            let zh = format!("{parts} 个分片中没有编号 {part}（从 0 起）");
            seen.push(lie("split.no", zh, format!("of {parts} parts, counted from 0, none is number {part}")));
        }
        if let Some(all) = self.all_tensors.filter(|all| *all < self.tensors) {
            let tensors = self.tensors;
            let zh = format!("各分片共有 {all} 个张量，而本文件就有 {tensors} 个");
            seen.push(lie(
                "split.tensors.count",
                zh,
                format!("all parts have {all} tensors, and this one has {tensors}"),
            ));
        }
    }
}

fn lie(key: &str, zh: String, en: String) -> Sighting {
    let shown = shown(key);
    let place = Text::new(format!("元数据 {shown}"), format!("the metadata {shown}"));
    Sighting::new("model.graph-lie").key(key).with_text("where", place).with_text("reason", Text::new(zh, en))
}
