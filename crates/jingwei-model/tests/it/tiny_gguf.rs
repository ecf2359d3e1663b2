//! Tiny GGUF files with made-up weights, and a slow network that says what their models answer.

use std::{collections::BTreeMap, fs, path::PathBuf};

use crate::tiny::noise;

#[derive(Debug, Clone)]
pub enum Key {
    U32(u32),
    F32(f32),
    Truth(bool),
    Text(String),
    Texts(Vec<String>),
    I32s(Vec<i32>),
    /// Kind and bytes, as they are.
    Raw(u32, Vec<u8>),
}

/// Shape with rows first, kind of storage, bytes.
#[derive(Debug, Clone)]
pub struct Stored {
    pub shape: Vec<u64>,
    pub kind: u32,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct TinyGguf {
    pub keys: BTreeMap<String, Key>,
    pub tensors: BTreeMap<String, Stored>,
}

pub const BLOCKS: usize = 2;
pub const WIDTH: usize = 24;
pub const HEADS: usize = 4;
pub const KEY_HEADS: usize = 2;
pub const HEAD: usize = 6;
pub const INNER: usize = 20;
pub const CONTEXT: u32 = 96;
/// Characters that stand for the bytes of texts: those that GPT-2 writes as themselves, and the space and new line.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz.!?<>|_/ĠĊ";
const TEMPLATE: &str = "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}";

pub fn vocabulary() -> Vec<String> {
    let special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"].map(String::from);
    let pairs = ["he", "Ġhe", "ll"].map(String::from);
    special.into_iter().chain(LETTERS.chars().map(String::from)).chain(pairs).collect()
}

fn f32s(shape: &[usize], values: &[f32]) -> Stored {
    let shape = shape.iter().map(|size| *size as u64).collect();
    Stored { shape, kind: 0, bytes: values.iter().flat_map(|value| value.to_le_bytes()).collect() }
}

impl TinyGguf {
    pub fn new(architecture: &str) -> Self {
        let words = vocabulary();
        let kinds = (0..words.len()).map(|id| if id < 3 { 3 } else { 1 }).collect();
        let merges = ["h e", "Ġ he", "l l"].map(String::from).into();
        let key = |name: &str| format!("{architecture}.{name}");
        let size = |size: usize| Key::U32(u32::try_from(size).unwrap());
        let keys = BTreeMap::from([
            ("general.architecture".into(), Key::Text(architecture.into())),
            (key("block_count"), size(BLOCKS)),
            (key("context_length"), Key::U32(CONTEXT)),
            (key("embedding_length"), size(WIDTH)),
            (key("feed_forward_length"), size(INNER)),
            (key("attention.head_count"), size(HEADS)),
            (key("attention.head_count_kv"), size(KEY_HEADS)),
            (key("attention.layer_norm_rms_epsilon"), Key::F32(1e-5)),
            (key("rope.freq_base"), Key::F32(100.0)),
            ("tokenizer.ggml.model".into(), Key::Text("gpt2".into())),
            ("tokenizer.ggml.pre".into(), Key::Text("gpt-2".into())),
            ("tokenizer.ggml.tokens".into(), Key::Texts(words.clone())),
            ("tokenizer.ggml.token_type".into(), Key::I32s(kinds)),
            ("tokenizer.ggml.merges".into(), Key::Texts(merges)),
            ("tokenizer.ggml.bos_token_id".into(), Key::U32(1)),
            ("tokenizer.ggml.eos_token_id".into(), Key::U32(2)),
            ("tokenizer.chat_template".into(), Key::Text(TEMPLATE.into())),
        ]);
        let mut tiny = Self { keys, tensors: BTreeMap::new() };
        tiny.add("token_embd.weight", &[words.len(), WIDTH]);
        tiny.add("output_norm.weight", &[WIDTH]);
        for block in 0..BLOCKS {
            for (part, shape) in [
                ("attn_norm", vec![WIDTH]),
                ("attn_q", vec![HEADS * HEAD, WIDTH]),
                ("attn_k", vec![KEY_HEADS * HEAD, WIDTH]),
                ("attn_v", vec![KEY_HEADS * HEAD, WIDTH]),
                ("attn_output", vec![WIDTH, HEADS * HEAD]),
                ("ffn_norm", vec![WIDTH]),
                ("ffn_gate", vec![INNER, WIDTH]),
                ("ffn_up", vec![INNER, WIDTH]),
                ("ffn_down", vec![WIDTH, INNER]),
            ] {
                tiny.add(&format!("blk.{block}.{part}.weight"), &shape);
            }
            if architecture == "qwen2" {
                for (part, size) in [("q", HEADS * HEAD), ("k", KEY_HEADS * HEAD), ("v", KEY_HEADS * HEAD)] {
                    tiny.add(&format!("blk.{block}.attn_{part}.bias"), &[size]);
                }
            }
            if architecture == "qwen3" {
                tiny.add(&format!("blk.{block}.attn_q_norm.weight"), &[HEAD]);
                tiny.add(&format!("blk.{block}.attn_k_norm.weight"), &[HEAD]);
            }
        }
        tiny
    }

    /// A tensor whose values follow from its name.
    pub fn add(&mut self, name: &str, shape: &[usize]) {
        let mut state = name.bytes().fold(11_u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(byte.into()));
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| noise(&mut state)).collect();
        self.tensors.insert(name.into(), f32s(shape, &values));
    }

    pub fn set(&mut self, key: &str, value: Key) {
        self.keys.insert(key.into(), value);
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3_u32.to_le_bytes());
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.keys.len() as u64).to_le_bytes());
        for (name, key) in &self.keys {
            text(&mut bytes, name);
            put(&mut bytes, key);
        }
        let mut offset = 0_u64;
        for (name, stored) in &self.tensors {
            text(&mut bytes, name);
            bytes.extend(u32::try_from(stored.shape.len()).unwrap().to_le_bytes());
            bytes.extend(stored.shape.iter().rev().flat_map(|size| size.to_le_bytes()));
            bytes.extend(stored.kind.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
            offset = (offset + stored.bytes.len() as u64).next_multiple_of(32);
        }
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        for stored in self.tensors.values() {
            bytes.resize(bytes.len().next_multiple_of(32), 0);
            bytes.extend(&stored.bytes);
        }
        bytes
    }

    /// In a folder that goes away with the first of the two.
    pub fn write(&self) -> (tempfile::TempDir, PathBuf) {
        write(&self.bytes())
    }

    fn values(&self, name: &str) -> Option<Vec<f64>> {
        let stored = self.tensors.get(name)?;
        Some(stored.bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value).into()).collect())
    }

    fn number(&self, name: &str) -> Option<f64> {
        let Key::Text(architecture) = &self.keys["general.architecture"] else { panic!("no architecture") };
        match self.keys.get(&format!("{architecture}.{name}"))? {
            Key::F32(number) => Some((*number).into()),
            _ => None,
        }
    }

    /// Logits behind the last of `ids`: everything is computed again for every token, in f64.
    pub fn logits(&self, ids: &[u32]) -> Vec<f64> {
        let weights = |name: &str| self.values(name).unwrap();
        let embeddings = weights("token_embd.weight");
        let mut rows: Vec<Vec<f64>> =
            ids.iter().map(|id| embeddings[*id as usize * WIDTH..][..WIDTH].to_vec()).collect();
        for block in 0..BLOCKS {
            let at = |part: &str| format!("blk.{block}.{part}");
            let linear = |part: &str, row: &[f64]| {
                let mut output = times(&weights(&at(&format!("{part}.weight"))), row);
                for (sum, bias) in
                    output.iter_mut().zip(self.values(&at(&format!("{part}.bias"))).into_iter().flatten())
                {
                    *sum += bias;
                }
                output
            };
            let turned = |part: &str, row: &[f64], position: usize| -> Vec<f64> {
                let norm = self.values(&at(&format!("{part}_norm.weight")));
                let heads = linear(part, row);
                heads.chunks(HEAD).flat_map(|head| self.turned(head, norm.as_deref(), position)).collect()
            };
            let inputs: Vec<Vec<f64>> = rows.iter().map(|row| normed(row, &weights(&at("attn_norm.weight")))).collect();
            let keys: Vec<Vec<f64>> =
                inputs.iter().enumerate().map(|(place, row)| turned("attn_k", row, place)).collect();
            let values: Vec<Vec<f64>> = inputs.iter().map(|row| linear("attn_v", row)).collect();
            for place in 0..rows.len() {
                let query = turned("attn_q", &inputs[place], place);
                let mut mixed = Vec::new();
                for head in 0..HEADS {
                    let (from, to) = (head * HEAD, head / (HEADS / KEY_HEADS) * HEAD);
                    let score = |key: &Vec<f64>| {
                        (0..HEAD).map(|i| query[from + i] * key[to + i]).sum::<f64>() / (HEAD as f64).sqrt()
                    };
                    let powers: Vec<f64> = keys[..=place].iter().map(|key| score(key).exp()).collect();
                    let sum: f64 = powers.iter().sum();
                    mixed.extend((0..HEAD).map(|i| {
                        powers.iter().zip(&values).map(|(power, value)| power / sum * value[to + i]).sum::<f64>()
                    }));
                }
                let out = linear("attn_output", &mixed);
                rows[place].iter_mut().zip(out).for_each(|(sum, value)| *sum += value);
                let input = normed(&rows[place], &weights(&at("ffn_norm.weight")));
                let gate = linear("ffn_gate", &input).into_iter().map(|x| x / (1.0 + (-x).exp()));
                let inner: Vec<f64> = gate.zip(linear("ffn_up", &input)).map(|(gate, up)| gate * up).collect();
                let down = linear("ffn_down", &inner);
                rows[place].iter_mut().zip(down).for_each(|(sum, value)| *sum += value);
            }
        }
        let last = normed(rows.last().unwrap(), &weights("output_norm.weight"));
        times(&self.values("output.weight").unwrap_or(embeddings), &last)
    }

    fn turned(&self, head: &[f64], norm: Option<&[f64]>, position: usize) -> Vec<f64> {
        let mut head = norm.map_or_else(|| head.to_vec(), |norm| normed(head, norm));
        let Key::Text(architecture) = &self.keys["general.architecture"] else { panic!("no architecture") };
        let factors = self.values("rope_freqs.weight").unwrap_or(vec![1.0; HEAD / 2]);
        let scale = self.number("rope.scaling.factor").unwrap_or(1.0);
        for (pair, factor) in factors.iter().enumerate() {
            let (x, y) = if architecture == "llama" { (2 * pair, 2 * pair + 1) } else { (pair, pair + HEAD / 2) };
            let turn = 1.0 / 100_f64.powf(2.0 * pair as f64 / HEAD as f64) / factor / scale;
            let (sine, cosine) = (position as f64 * turn).sin_cos();
            (head[x], head[y]) = (head[x] * cosine - head[y] * sine, head[x] * sine + head[y] * cosine);
        }
        head
    }
}

pub fn write(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tiny.gguf");
    fs::write(&file, bytes).unwrap();
    (folder, file)
}

fn times(weight: &[f64], row: &[f64]) -> Vec<f64> {
    weight.chunks(row.len()).map(|line| line.iter().zip(row).map(|(a, b)| a * b).sum()).collect()
}

fn normed(row: &[f64], weight: &[f64]) -> Vec<f64> {
    let mean = row.iter().map(|value| value * value).sum::<f64>() / row.len() as f64;
    row.iter().zip(weight).map(|(value, weight)| value / (mean + f64::from(1e-5_f32)).sqrt() * weight).collect()
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

fn put(bytes: &mut Vec<u8>, key: &Key) {
    let kind = |kind: u32| kind.to_le_bytes();
    match key {
        Key::U32(value) => bytes.extend([kind(4), value.to_le_bytes()].concat()),
        Key::F32(value) => bytes.extend([kind(6), value.to_le_bytes()].concat()),
        Key::Truth(value) => bytes.extend([&kind(7)[..], &[u8::from(*value)]].concat()),
        Key::Text(value) => {
            bytes.extend(kind(8));
            text(bytes, value);
        }
        Key::Texts(values) => {
            bytes.extend([kind(9), kind(8)].concat());
            bytes.extend((values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| text(bytes, value));
        }
        Key::I32s(values) => {
            bytes.extend([kind(9), kind(5)].concat());
            bytes.extend((values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        }
        Key::Raw(of, raw) => {
            bytes.extend(kind(*of));
            bytes.extend(raw);
        }
    }
}
