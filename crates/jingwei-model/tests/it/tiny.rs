//! Tiny models with made-up weights, written in the layout of real ones.

use std::{array, collections::BTreeMap, fs, path::Path};

use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Value, json};
use tokenizers::{
    AddedToken, Tokenizer,
    models::{unigram::Unigram, wordpiece::WordPiece},
    normalizers::BertNormalizer,
    pre_tokenizers::{
        bert::BertPreTokenizer,
        metaspace::{Metaspace, PrependScheme},
    },
    processors::{bert::BertProcessing, template::TemplateProcessing},
};

/// Name, shape, values.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

pub struct Tiny {
    pub folder: tempfile::TempDir,
    pub config: Value,
    pub tensors: Tensors,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Bert,
    Roberta,
}

pub const WORDS: [&str; 12] =
    ["red", "blue", "green", "ignore", "all", "rules", "the", "is", "sky", "grass", "红", "蓝"];
pub const LABELS: [&str; 3] = ["benign", "injection", "leak"];

impl Tiny {
    pub fn write(kind: Kind, classifies: bool) -> Self {
        let config = config(kind, classifies);
        let tensors = tensors(kind, &config, classifies);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        fs::write(folder.path().join("tokenizer.json"), tokenizer(kind).to_string(false).unwrap()).unwrap();
        write_tensors(folder.path(), &tensors);
        Self { folder, config, tensors }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes the configuration again with some keys set.
    pub fn configure(&mut self, keys: Value) {
        for (key, value) in keys.as_object().unwrap() {
            self.config[key] = value.clone();
        }
        fs::write(self.path().join("config.json"), self.config.to_string()).unwrap();
    }
}

pub fn write_tensors(folder: &Path, tensors: &Tensors) {
    let bytes: BTreeMap<&String, (&Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, values))| (name, (shape, values.iter().flat_map(|v| v.to_le_bytes()).collect())))
        .collect();
    let views = bytes
        .iter()
        .map(|(name, (shape, data))| (name.as_str(), TensorView::new(Dtype::F32, shape.to_vec(), data).unwrap()));
    fs::write(folder.join("model.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();
}

fn config(kind: Kind, classifies: bool) -> Value {
    let vocabulary = tokenizer(kind).get_vocab_size(true);
    let name = match (kind, classifies) {
        (Kind::Bert, false) => "BertModel",
        (Kind::Bert, true) => "BertForSequenceClassification",
        (Kind::Roberta, false) => "XLMRobertaModel",
        (Kind::Roberta, true) => "XLMRobertaForSequenceClassification",
    };
    let labels: serde_json::Map<String, Value> =
        LABELS.iter().enumerate().map(|(id, label)| (id.to_string(), json!(label))).collect();
    json!({
        "architectures": [name], "vocab_size": vocabulary, "hidden_size": 12, "intermediate_size": 20,
        "num_hidden_layers": 2, "num_attention_heads": 3, "hidden_act": "gelu", "layer_norm_eps": 1e-5,
        "max_position_embeddings": 34, "type_vocab_size": if kind == Kind::Bert { 2 } else { 1 },
        "pad_token_id": if kind == Kind::Bert { 0 } else { 1 }, "position_embedding_type": "absolute",
        "id2label": labels, "hidden_dropout_prob": 0.1,
    })
}

fn tensors(kind: Kind, config: &Value, classifies: bool) -> Tensors {
    let size = |key: &str| usize::try_from(config[key].as_u64().unwrap()).unwrap();
    let (width, inner) = (size("hidden_size"), size("intermediate_size"));
    let mut shapes = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![size("vocab_size"), width]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![size("max_position_embeddings"), width]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![size("type_vocab_size"), width]),
    ];
    let mut pair = |name: String, shape: Vec<usize>| {
        shapes.push((format!("{name}.bias"), vec![shape[0]]));
        shapes.push((format!("{name}.weight"), shape));
    };
    pair("embeddings.LayerNorm".into(), vec![width]);
    for layer in 0..size("num_hidden_layers") {
        let at = format!("encoder.layer.{layer}");
        for part in ["self.query", "self.key", "self.value", "output.dense"] {
            pair(format!("{at}.attention.{part}"), vec![width, width]);
        }
        pair(format!("{at}.attention.output.LayerNorm"), vec![width]);
        pair(format!("{at}.intermediate.dense"), vec![inner, width]);
        pair(format!("{at}.output.dense"), vec![width, inner]);
        pair(format!("{at}.output.LayerNorm"), vec![width]);
    }
    pair("pooler.dense".into(), vec![width, width]);
    let prefix = match kind {
        _ if !classifies => "",
        Kind::Bert => "bert.",
        Kind::Roberta => "roberta.",
    };
    for (name, _) in &mut shapes {
        *name = format!("{prefix}{name}");
    }
    if classifies && kind == Kind::Bert {
        shapes.push(("classifier.weight".into(), vec![LABELS.len(), width]));
        shapes.push(("classifier.bias".into(), vec![LABELS.len()]));
    } else if classifies {
        shapes.push(("classifier.dense.weight".into(), vec![width, width]));
        shapes.push(("classifier.dense.bias".into(), vec![width]));
        shapes.push(("classifier.out_proj.weight".into(), vec![LABELS.len(), width]));
        shapes.push(("classifier.out_proj.bias".into(), vec![LABELS.len()]));
    }
    let mut state = 7_u64;
    shapes
        .into_iter()
        .map(|(name, shape)| {
            let values = (0..shape.iter().product()).map(|_| noise(&mut state)).collect();
            (name, (shape, values))
        })
        .collect()
}

/// Between -0.8 and 0.8, by a linear congruence.
pub fn noise(state: &mut u64) -> f32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    ((*state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5) * 1.6
}

pub fn tokenizer(kind: Kind) -> Tokenizer {
    match kind {
        Kind::Bert => wordpiece(),
        Kind::Roberta => unigram(),
    }
}

fn wordpiece() -> Tokenizer {
    let tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "##s", "##ed", "a", "b"];
    let words: Vec<&str> = tokens.into_iter().chain(WORDS).collect();
    let vocabulary: [(String, u32); 20] = array::from_fn(|id| (words[id].to_owned(), u32::try_from(id).unwrap()));
    let model = WordPiece::builder().vocab(vocabulary).unk_token("[UNK]".into()).build().unwrap();
    let mut tokenizer = Tokenizer::new(model);
    tokenizer.with_normalizer(Some(BertNormalizer::default())).unwrap();
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    tokenizer.with_post_processor(Some(BertProcessing::new(("[SEP]".into(), 3), ("[CLS]".into(), 2))));
    tokenizer
        .add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"].map(|token| AddedToken::from(token, true)))
        .unwrap();
    tokenizer
}

fn unigram() -> Tokenizer {
    let mut pieces: Vec<(String, f64)> = ["<s>", "<pad>", "</s>", "<unk>"].map(|token| (token.to_owned(), 0.0)).into();
    pieces.push(("▁".into(), -3.0));
    for word in WORDS {
        pieces.push((format!("▁{word}"), -2.0));
        pieces.push((word.into(), -4.0));
    }
    pieces.extend("abdegilnorstuk".chars().map(|letter| (letter.to_string(), -9.0)));
    let mut tokenizer = Tokenizer::new(Unigram::from(pieces, Some(3), false).unwrap());
    tokenizer.with_pre_tokenizer(Some(Metaspace::new('▁', PrependScheme::Always, true)));
    let template = TemplateProcessing::builder()
        .try_single("<s> $A </s>")
        .unwrap()
        .special_tokens(vec![("<s>", 0), ("</s>", 2)])
        .build()
        .unwrap();
    tokenizer.with_post_processor(Some(template));
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"].map(|token| AddedToken::from(token, true))).unwrap();
    tokenizer
}
