use std::fs;

use jingwei_core::{ChatMessage, Limits};
use jingwei_model::Generator;
use proptest::prelude::*;

use crate::{
    generate::request,
    tiny_gguf::{Key, Stored, TinyGguf, WIDTH, vocabulary, write},
};

#[track_caller]
fn check(bytes: &[u8], limits: &Limits, words: &str) {
    let (_folder, file) = write(bytes);
    let problem = match Generator::open(&file, limits) {
        Ok(_) => panic!("opened; expected {words:?}"),
        Err(error) => error.to_string(),
    };
    assert!(problem.contains(words), "{problem:?} does not say {words:?}");
    assert!(problem.contains("tiny.gguf") && problem.len() < 600, "{problem}");
}

fn list(kind: u32, count: u64) -> Key {
    Key::Raw(9, [&kind.to_le_bytes()[..], &count.to_le_bytes()].concat())
}

#[test]
fn keys_that_cannot_be_are_refused() {
    let text = |text: &str| Key::Text(text.into());
    let cases = [
        ("general.architecture", text("mamba"), "it is a mamba model"),
        ("general.architecture", Key::U32(1), "is not a text"),
        ("general.architecture", text("qwen2"), "qwen2.embedding_length is missing"),
        ("general.alignment", Key::U32(0), "general.alignment is 0"),
        ("general.alignment", Key::U32(33), "general.alignment is 33"),
        ("general.alignment", text("x"), "general.alignment is no number"),
        ("llama.block_count", Key::U32(0), "whole number from 1"),
        ("llama.block_count", Key::U32(3), "tells of 3 blocks but has"),
        ("llama.block_count", Key::U32(1), "tensor blk.1.attn_k.weight is not known"),
        ("llama.block_count", Key::U32(2_000_000_000), "tells of 2000000000 blocks"),
        ("llama.context_length", Key::U32(0), "whole number from 1"),
        ("llama.embedding_length", Key::U32(u32::MAX), "a whole number that can be a size"),
        ("llama.embedding_length", Key::U32(48), "its keys ask for"),
        ("llama.embedding_length", Key::F32(24.0), "a whole number that can be a size"),
        ("llama.feed_forward_length", Key::U32(21), "tensor blk.0.ffn_down.weight has shape [24, 20]"),
        ("llama.attention.head_count", Key::U32(3), "its heads do not fit together"),
        ("llama.attention.head_count", Key::U32(1000), "its heads do not fit together"),
        ("llama.attention.head_count_kv", Key::U32(3), "its heads do not fit together"),
        ("llama.attention.key_length", Key::U32(2_000_000_000), "its keys ask for"),
        ("llama.attention.value_length", Key::U32(7), "differ in length"),
        ("llama.attention.layer_norm_rms_epsilon", Key::F32(f32::NAN), "a number above 0"),
        ("llama.attention.layer_norm_rms_epsilon", Key::F32(0.0), "a number above 0"),
        ("llama.rope.freq_base", Key::F32(f32::INFINITY), "a number above 0"),
        ("llama.rope.dimension_count", Key::U32(7), "its heads do not fit together"),
        ("llama.rope.dimension_count", Key::U32(5), "its heads do not fit together"),
        ("llama.rope.scaling.type", text("yarn"), "scaled by yarn"),
        ("llama.rope.scaling.type", text("linear"), "llama.rope.scaling.factor is missing"),
        ("llama.expert_count", Key::U32(8), "mixture of experts"),
        ("tokenizer.ggml.model", text("llama"), "its tokenizer is of model llama"),
        ("tokenizer.ggml.pre", text("tekken"), "it cuts text as tekken"),
        ("tokenizer.ggml.tokens", Key::Texts(vec!["a".into()]), "its keys ask for"),
        ("tokenizer.ggml.tokens", Key::Texts(vec!["a".into(); vocabulary().len()]), "has the token \"a\" twice"),
        ("tokenizer.ggml.tokens", text("x"), "a list of texts"),
        ("tokenizer.ggml.token_type", Key::I32s(vec![1; 3]), "and 3 kinds of tokens"),
        ("tokenizer.ggml.token_type", Key::I32s(vec![1; vocabulary().len()]), "<|im_end|>, which is no control token"),
        ("tokenizer.ggml.merges", Key::Texts(vec!["ab".into()]), "one of its merges is no pair"),
        ("tokenizer.ggml.merges", Key::Texts(vec!["q zz".into()]), "its tokenizer cannot be built"),
        ("tokenizer.ggml.eos_token_id", Key::U32(1_000_000), "the number of a token"),
        ("tokenizer.ggml.add_bos_token", Key::U32(1), "true or false"),
        ("tokenizer.chat_template", text("{{ messages }}"), "its chat template is of a form"),
        ("tokenizer.chat_template", Key::Truth(true), "is not a text"),
        ("x", Key::Raw(13, Vec::new()), "of the unknown kind 13"),
        ("x", Key::Raw(7, vec![2]), "neither true nor false"),
        ("x", list(9, 1), "a list of kind 9"),
        ("x", list(8, u64::MAX), "the number of elements of its lists"),
        ("x", list(10, 900_000), "truncated within its header"),
        ("x", Key::Raw(8, u64::MAX.to_le_bytes().to_vec()), "the length of a text"),
        ("x", Key::Raw(8, [&1_u64.to_le_bytes()[..], &[0xff]].concat()), "no UTF-8"),
    ];
    for (key, value, words) in cases {
        let mut tiny = TinyGguf::new("llama");
        tiny.set(key, value);
        check(&tiny.bytes(), &Limits::default(), words);
    }
    for key in TinyGguf::new("llama").keys.keys() {
        let mut tiny = TinyGguf::new("llama");
        tiny.keys.remove(key);
        let optional = ["rope.freq_base", "bos_token_id", "eos_token_id", "ggml.pre"];
        match key.as_str() {
            key if optional.iter().any(|optional| key.ends_with(optional)) => {}
            "tokenizer.chat_template" => check(&tiny.bytes(), &Limits::default(), "it has no chat template"),
            key if key.ends_with("head_count_kv") => check(&tiny.bytes(), &Limits::default(), "its keys ask for"),
            key => check(&tiny.bytes(), &Limits::default(), &format!("{key} is")),
        }
    }
}

#[test]
fn tensors_that_cannot_be_are_refused() {
    type Damage = fn(&mut TinyGguf);
    let query = "blk.0.attn_q.weight";
    let cases: Vec<(Damage, &str)> = vec![
        (|tiny| tiny.tensors.clear(), "tells of 2 blocks but has 0 tensors"),
        (|tiny| drop(tiny.tensors.remove("output_norm.weight")), "tensor output_norm.weight is missing"),
        (|tiny| tiny.add("blk.0.attn_sinks.weight", &[4]), "tensor blk.0.attn_sinks.weight is not known"),
        (|tiny| tiny.add("output.weight", &[7, WIDTH]), "tensor output.weight has shape [7, 24]"),
        (|tiny| tiny.add("rope_freqs.weight", &[3]), "holds a factor that is not above 0"),
        (|tiny| first_value(tiny, f32::NAN), "tensor blk.0.attn_q.weight holds something that is no number"),
        (|tiny| first_value(tiny, f32::NEG_INFINITY), "tensor blk.0.attn_q.weight holds something that is no number"),
        (|tiny| stored(tiny).kind = 31, "is stored in format 31"),
        (|tiny| stored(tiny).kind = 3, "has a shape that cannot be"),
        (|tiny| stored(tiny).shape = vec![u64::MAX, 24], "has a shape that cannot be"),
        (|tiny| stored(tiny).shape = vec![0, 24], "has a shape that cannot be"),
        (|tiny| stored(tiny).shape = vec![24, 0], "has a shape that cannot be"),
        (|tiny| stored(tiny).shape = Vec::new(), "has 0 dimensions"),
        (|tiny| stored(tiny).shape = vec![1; 5], "has 5 dimensions"),
        (|tiny| stored(tiny).shape = vec![1 << 40, 24], "ends behind the end of the file"),
        // Shorter than its place, longer than its place.
        (|tiny| stored(tiny).shape = vec![1, 24], "is not where it should be"),
        (|tiny| stored(tiny).shape = vec![48, 24], "is not where it should be"),
    ];
    fn stored(tiny: &mut TinyGguf) -> &mut Stored {
        tiny.tensors.get_mut("blk.0.attn_q.weight").unwrap()
    }
    fn first_value(tiny: &mut TinyGguf, value: f32) {
        stored(tiny).bytes[..4].copy_from_slice(&value.to_le_bytes());
    }
    assert!(TinyGguf::new("llama").tensors.contains_key(query));
    for (damage, words) in cases {
        let mut tiny = TinyGguf::new("llama");
        damage(&mut tiny);
        check(&tiny.bytes(), &Limits::default(), words);
    }
}

#[test]
fn damaged_files_are_refused() {
    let usual = Limits::default();
    let whole = TinyGguf::new("llama").bytes();
    for length in [0, 3, 4, 8, 16, 24, 40, 500, 2000] {
        check(&whole[..length], &usual, "truncated within its header");
    }
    check(&whole[..whole.len() - 1], &usual, "ends behind the end of the file");
    check(&[&whole[..], &[0; 64]].concat(), &usual, "bytes behind its last tensor");
    check(b"not a model at all", &usual, "it is no GGUF file");
    let with = |at: usize, bytes: &[u8]| [&whole[..at], bytes, &whole[at + bytes.len()..]].concat();
    check(&with(4, &1_u32.to_le_bytes()), &usual, "of GGUF version 1");
    check(&with(4, &3_u32.to_be_bytes()), &usual, "little-endian");
    check(&with(8, &u64::MAX.to_le_bytes()), &usual, "the number of its tensors");
    check(&with(16, &u64::MAX.to_le_bytes()), &usual, "the number of its keys");
    check(&with(24, &u64::MAX.to_le_bytes()), &usual, "the length of a key");
    check(&replaced(&whole, b"blk.1.attn_k.weight", b"blk.0.attn_k.weight"), &usual, "it has the tensor");
    check(&replaced(&whole, b"tokenizer.ggml.bos_token_id", b"tokenizer.ggml.eos_token_id"), &usual, "it has the key");
}

/// The first occurrence; as long as what it replaces, so that offsets stay.
fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

#[test]
fn what_is_no_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let open = |file: &std::path::Path| match Generator::open(file, &Limits::default()) {
        Ok(_) => panic!("opened"),
        Err(error) => error.to_string(),
    };
    assert!(open(folder.path()).contains("it is not a file"));
    assert!(open(&folder.path().join("missing.gguf")).contains("missing.gguf cannot be read"));
}

#[test]
fn every_limit_is_kept() {
    let usual = Limits::default();
    let bytes = TinyGguf::new("llama").bytes();
    check(&bytes, &Limits { file_bytes: 1000, ..usual }, "its size in bytes");
    check(&bytes, &Limits { header_bytes: 1000, ..usual }, "the size of its header in bytes");
    check(&bytes, &Limits { entries: 10, ..usual }, "the number of its tensors");
    check(&bytes, &Limits { entries: 30, ..usual }, "the number of its keys is 37, at most 30");
    check(&bytes, &Limits { entries: 100, ..usual }, "the number of elements of its lists");
    check(&bytes, &Limits { string_bytes: 40, ..usual }, "the length of a text, in bytes,");
    check(&bytes, &Limits { string_bytes: 10, ..usual }, "the length of a key");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happened to a file, the answer is a model or an error.
    #[test]
    fn no_damage_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        end in any::<prop::sample::Index>(),
        cut in prop::bool::weighted(0.1),
    ) {
        let mut bytes = TinyGguf::new("qwen3").bytes();
        let reach = bytes.len().min(6000);
        for (at, byte) in &changes {
            bytes[at.index(reach)] = *byte;
        }
        if cut {
            bytes.truncate(end.index(reach));
        }
        let (_folder, file) = write(&bytes);
        if let Ok(model) = Generator::open(&file, &Limits::default()) {
            let asked = request(&[ChatMessage::user("hello 蓝")], 2);
            let _ = model.answer(&asked, &std::sync::atomic::AtomicBool::new(false));
        }
        prop_assert!(fs::metadata(&file).is_ok());
    }
}
