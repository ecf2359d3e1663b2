use std::fs;

use jingwei_core::Limits;
use jingwei_model::Encoder;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tiny::{Kind, Tiny, write_tensors};

/// The folder must be refused, in words that say what is wrong and where.
fn check(tiny: &Tiny, limits: &Limits, words: &[&str]) {
    let error = match Encoder::open(tiny.path(), limits) {
        Ok(_) => panic!("opened, though {words:?}"),
        Err(error) => error.to_string(),
    };
    assert!(error.len() < 700, "{error}");
    for word in words {
        assert!(error.contains(word), "{error:?} does not say {word:?}");
    }
}

#[test]
fn hostile_configurations_are_refused() {
    let huge = u64::MAX / 2;
    let cases: Vec<(Value, &str)> = vec![
        (json!({"architectures": ["LlamaForCausalLM"]}), "\"LlamaForCausalLM\" is not known; known are BertModel"),
        (json!({"architectures": []}), "\"none\" is not known"),
        (json!({"architectures": ["x".repeat(100_000)]}), "is not known"),
        (json!({"architectures": null}), "take config.json"),
        (json!({"hidden_size": huge, "num_attention_heads": 1}), "over a limit"),
        (json!({"hidden_size": huge, "vocab_size": huge, "num_attention_heads": 1}), "over a limit"),
        (json!({"vocab_size": 1_u64 << 40}), "over a limit"),
        (json!({"vocab_size": 1_000_000}), "they are of two models"),
        (json!({"num_hidden_layers": huge}), "num_hidden_layers is"),
        (json!({"num_hidden_layers": 1_000_000}), "encoder.layer.2.attention.self.query.weight is missing"),
        (json!({"num_hidden_layers": 0}), "a size in it is 0"),
        (json!({"num_attention_heads": 0}), "a size in it is 0"),
        (json!({"num_attention_heads": 5}), "not a multiple"),
        (json!({"hidden_size": -1}), "take config.json"),
        (json!({"hidden_size": 1e300}), "take config.json"),
        (json!({"hidden_size": "12"}), "take config.json"),
        (json!({"intermediate_size": 24}), "asks for [24, 12]"),
        (json!({"max_position_embeddings": 8}), "max_position_embeddings leaves"),
        (json!({"vocab_size": 5}), "they are of two models"),
        (json!({"layer_norm_eps": 0.0}), "layer_norm_eps"),
        (json!({"layer_norm_eps": -1.0}), "layer_norm_eps"),
        (json!({"hidden_act": "silu"}), "hidden_act must be"),
        (json!({"position_embedding_type": "relative_key"}), "must be absolute"),
        (json!({"is_decoder": true}), "take an encoder"),
        (json!({"id2label": {"0": "a", "2": "b"}}), "no label 1"),
        (json!({"id2label": {}}), "names no labels"),
        (json!({"id2label": {"0": "a"}}), "classifier.weight has shape [3, 12], config.json asks for [1, 12]"),
        (json!({"id2label": null, "num_labels": huge}), "the number of labels"),
        (json!({"problem_type": "regression"}), "problem_type must be"),
    ];
    for (keys, words) in cases {
        let mut tiny = Tiny::write(Kind::Bert, true);
        tiny.configure(keys);
        check(&tiny, &Limits::default(), &[words]);
    }
}

#[test]
fn damaged_files_are_refused() {
    type Damage = fn(Vec<u8>) -> Vec<u8>;
    let garbage: Damage = |_| b"\xff\xfe not what you think".to_vec();
    let nested: Damage = |_| "[".repeat(10_000).into_bytes();
    let cases: Vec<(&str, Damage, &str)> = vec![
        ("config.json", garbage, "take config.json"),
        ("config.json", nested, "take config.json"),
        ("config.json", |_| Vec::new(), "take config.json"),
        ("tokenizer.json", garbage, "take tokenizer.json"),
        ("tokenizer.json", nested, "take tokenizer.json"),
        ("tokenizer.json", |bytes| bytes[..bytes.len() / 2].to_vec(), "take tokenizer.json"),
        ("tokenizer.json", |_| br#"{"model": {"type": "WordPiece"}}"#.to_vec(), "take tokenizer.json"),
        ("tokenizer.json", |bytes| edited(&bytes, "/post_processor", Value::Null), "no start token"),
        ("tokenizer.json", |bytes| edited(&bytes, "/normalizer", charsmap()), "its tables are damaged"),
        ("tokenizer.json", |bytes| edited(&bytes, "/model/vocab/red", json!(70_000)), "they are of two models"),
        ("model.safetensors", |_| Vec::new(), "truncated within its first 8 bytes"),
        ("model.safetensors", |bytes| bytes[..5].to_vec(), "truncated within its first 8 bytes"),
        ("model.safetensors", |bytes| bytes[..200].to_vec(), "truncated within its header"),
        ("model.safetensors", |bytes| bytes[..bytes.len() - 1].to_vec(), "bytes of weights"),
        ("model.safetensors", |bytes| [bytes, vec![0]].concat(), "bytes of weights"),
        ("model.safetensors", |_| vec![0xff; 4096], "the size of its header"),
        ("model.safetensors", |_| [&4_u64.to_le_bytes(), &b"nope"[..]].concat(), "its header is damaged"),
        ("model.safetensors", |_| [&2_u64.to_le_bytes(), &b"{}"[..]].concat(), "is missing"),
        ("model.safetensors", |bytes| replaced(&bytes, b"\"F32\"", b"\"I32\""), "is I32, not F32"),
        (
            "model.safetensors",
            |bytes| replaced(&bytes, b"\"data_offsets\":[0,", b"\"data_offsets\":[4,"),
            "where it should be",
        ),
    ];
    for (file, damage, words) in cases {
        let tiny = Tiny::write(Kind::Bert, true);
        let path = tiny.path().join(file);
        fs::write(&path, damage(fs::read(&path).unwrap())).unwrap();
        check(&tiny, &Limits::default(), &[file, words]);
    }
}

fn edited(bytes: &[u8], place: &str, value: Value) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(bytes).unwrap();
    *document.pointer_mut(place).unwrap() = value;
    document.to_string().into_bytes()
}

/// A normalisation table of SentencePiece whose first node points far behind its end.
fn charsmap() -> Value {
    json!({"type": "Precompiled", "precompiled_charsmap": "CAAAAAD8/38A/P9/YWJj"})
}

/// The first occurrence; as long as what it replaces, so that offsets stay.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

#[test]
fn missing_files_are_named() {
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        let tiny = Tiny::write(Kind::Roberta, false);
        fs::remove_file(tiny.path().join(file)).unwrap();
        check(&tiny, &Limits::default(), &[file, "cannot be read", "an encoder is a folder with"]);
        fs::create_dir(tiny.path().join(file)).unwrap();
        check(&tiny, &Limits::default(), &[file, "it is not a file"]);
    }
}

#[test]
fn weights_that_are_no_numbers_are_refused() {
    for value in [f32::NAN, f32::INFINITY] {
        let mut tiny = Tiny::write(Kind::Bert, false);
        let (_, values) = tiny.tensors.get_mut("encoder.layer.1.output.dense.weight").unwrap();
        values[3] = value;
        write_tensors(tiny.path(), &tiny.tensors);
        check(&tiny, &Limits::default(), &["encoder.layer.1.output.dense.weight", "no number"]);
    }
}

#[test]
fn scores_that_are_no_numbers_are_errors() {
    let mut tiny = Tiny::write(Kind::Bert, true);
    tiny.tensors.get_mut("classifier.weight").unwrap().1.fill(f32::MAX);
    write_tensors(tiny.path(), &tiny.tensors);
    let encoder = Encoder::open(tiny.path(), &Limits::default()).unwrap();
    assert!(encoder.classify(&["the sky is blue"]).unwrap_err().to_string().contains("not a number"));
}

#[test]
fn every_limit_is_kept() {
    let tiny = Tiny::write(Kind::Bert, true);
    let usual = Limits::default();
    check(&tiny, &Limits { header_bytes: 300, ..usual }, &["config.json", "its size in bytes"]);
    check(&tiny, &Limits { header_bytes: 800, ..usual }, &["tokenizer.json", "its size in bytes"]);
    check(&tiny, &Limits { header_bytes: 3000, ..usual }, &["model.safetensors", "the size of its header"]);
    check(&tiny, &Limits { file_bytes: 1000, ..usual }, &["config.json", "the size of the weights"]);
    check(&tiny, &Limits { entries: 1, ..usual }, &["config.json", "the number of labels"]);
    check(&tiny, &Limits { entries: 20, ..usual }, &["model.safetensors", "the number of its tensors"]);
    check(&tiny, &Limits { string_bytes: 3, ..usual }, &["config.json", "the length of a label"]);

    let encoder = Encoder::open(tiny.path(), &Limits { entries: 100, string_bytes: 20, ..usual }).unwrap();
    let refused = |texts: &[&str]| encoder.embed(texts).unwrap_err().to_string();
    assert!(refused(&["red"; 101]).contains("the number of texts is 101, at most 100"));
    assert!(
        refused(&["red", "the sky is blue and so on"]).contains("the length of a text, in bytes, is 25, at most 20")
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happened to a file, the answer is an encoder or an error.
    #[test]
    fn no_damage_panics(
        roberta in any::<bool>(),
        file in prop::sample::select(vec!["config.json", "tokenizer.json", "model.safetensors"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        end in any::<prop::sample::Index>(),
        cut in prop::bool::weighted(0.2),
    ) {
        let tiny = Tiny::write(if roberta { Kind::Roberta } else { Kind::Bert }, true);
        let path = tiny.path().join(file);
        let mut bytes = fs::read(&path).unwrap();
        let reach = bytes.len().min(4000);
        for (at, byte) in &changes {
            bytes[at.index(reach)] = *byte;
        }
        if cut {
            bytes.truncate(end.index(reach));
        }
        fs::write(&path, bytes).unwrap();
        let scores = Encoder::open(tiny.path(), &Limits::default())
            .and_then(|encoder| encoder.classify(&["the sky is 蓝", ""]));
        for (_, score) in scores.into_iter().flatten().flatten() {
            prop_assert!((0.0..=1.0).contains(&score));
        }
    }
}
