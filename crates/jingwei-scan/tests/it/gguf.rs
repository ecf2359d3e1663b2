use jingwei_core::{ComponentKind, Limits};
use jingwei_scan::{Format, inventory};
use jingwei_testkit::{MemoryFiles, World};

use crate::{
    builders::{Gguf, Value},
    support::{component, limit_crossed, malformed, names, scan_file},
};

#[test]
fn both_versions_and_both_byte_orders_are_read() {
    for (name, file) in [
        ("v3", Gguf::sample()),
        ("v2", Gguf { version: 2, ..Gguf::sample() }),
        ("big-endian", Gguf { big_endian: true, ..Gguf::sample() }),
        ("big-endian magic", Gguf { big_endian: true, magic: *b"FUGG", ..Gguf::sample() }),
        ("empty", Gguf::default()),
        ("wide alignment", Gguf { alignment: 64, ..Gguf::sample().entry("general.alignment", Value::U32(64)) }),
    ] {
        let seen = scan_file(file.bytes(), &Limits::default());
        assert_eq!(seen.lines(), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn the_header_tells_its_facts() {
    let world = World::of_files(MemoryFiles::default().with_file("m/x", Gguf::sample().bytes()));
    let inventory =
        inventory(&component(ComponentKind::Model, "m/x"), names(), false, &world.ctx(), &Limits::default()).unwrap();
    let file = &inventory.files[0];
    assert_eq!((file.path.as_str(), file.format), ("x", Format::Gguf));
    assert_eq!((file.facts.tensors, file.facts.licence.as_deref()), (Some(2), Some("apache-2.0")));
}

#[test]
fn a_lie_in_the_header_is_found_with_its_place() {
    let one = |shape: &[u64], kind, offset| Gguf::default().tensor("w", shape, kind, offset).data(vec![0; 64]);
    let entry = |value| Gguf::default().entry("key", value);
    for (reason, offset, file) in [
        ("version 1 cannot be read", 4, Gguf { version: 1, ..Gguf::default() }),
        ("version 4 cannot be read", 4, Gguf { version: 4, ..Gguf::sample() }),
        ("tensors are announced", 8, Gguf { tensor_count: Some(u64::MAX), ..Gguf::sample() }),
        ("metadata entries are announced", 16, Gguf { entry_count: Some(u64::MAX), ..Gguf::sample() }),
        ("metadata entries are announced", 16, Gguf { entry_count: Some(1 << 40), ..Gguf::sample() }),
        ("string announces", 39, entry(Value::Lie(u64::MAX))),
        ("string announces", 39, entry(Value::Lie(1000))),
        ("array elements are announced", 43, entry(Value::Array(0, Some(u64::MAX), vec![]))),
        ("array elements are announced", 43, entry(Value::Array(12, Some(u64::MAX / 8), vec![]))),
        ("array elements are announced", 43, entry(Value::Array(9, Some(u64::MAX / 12), vec![]))),
        ("value type 13 is unknown", 39, Gguf::default().typed_entry(b"key", 13, Value::U32(0))),
        ("value type 77 is unknown", 39, entry(Value::Array(77, Some(0), vec![]))),
        ("neither 0 nor 1", 39, entry(Value::Bool(2))),
        ("key key occurs twice", 39 + 4, entry(Value::U32(0)).entry("key", Value::U32(0))),
        ("metadata key is empty", 24, Gguf::default().entry("", Value::U32(0))),
        ("metadata key is not UTF-8", 24, Gguf::default().typed_entry(b"\xff\xfe", 4, Value::U32(0))),
        ("not a power of two", 53, Gguf::default().entry("general.alignment", Value::U32(0))),
        ("not a power of two", 53, Gguf::default().entry("general.alignment", Value::U32(48))),
        ("not a power of two", 24, Gguf::default().entry("general.alignment", Value::Bool(1))),
        ("more than 4 dimensions", 33, one(&[1; 5], 0, 0)),
        ("overflows its element count", 33, one(&[1 << 33, 1 << 33], 0, 0)),
        ("overflows its byte count", 33, one(&[1 << 62], 0, 0)),
        ("unknown type", 33, one(&[1], 4, 0)),
        ("no whole number of blocks", 33, one(&[33], 2, 0)),
        ("not aligned to 32 bytes", 49, one(&[1], 0, 16)),
        ("ends beyond the file", 24, one(&[17], 0, 0)),
        ("ends beyond the file", 24, one(&[1], 0, u64::MAX - 31)),
        ("name w occurs twice", 57, one(&[1], 0, 0).tensor("w", &[1], 0, 32)),
        ("overlaps another tensor", 57, one(&[16], 0, 0).tensor("v", &[1], 0, 32)),
        ("tensor name is empty", 24, Gguf::default().tensor("", &[1], 0, 0).data(vec![0; 32])),
    ] {
        let (found, message) = malformed(file.bytes());
        assert!(message.contains(reason), "{reason}: {message}");
        assert_eq!(found, offset, "{reason}: {message}");
    }
}

#[test]
fn a_cut_file_is_malformed_wherever_it_is_cut() {
    let whole = Gguf::sample().bytes();
    for length in 4..whole.len() {
        let (offset, message) = malformed(&whole[..length]);
        assert!(offset <= length as u64, "cut at {length}: {message}");
    }
}

#[test]
fn names_of_strangers_are_shown_harmlessly() {
    let name = "w\u{202e}\n\u{7}".to_owned() + &"x".repeat(100);
    let (_, message) = malformed(Gguf::default().tensor(&name, &[99], 0, 0).bytes());
    assert!(message.contains("\\u{202e}\\n\\u{7}xxx") && message.len() < 400, "{message}");
}

#[test]
fn every_limit_is_noticed() {
    let limits = Limits::default();
    let deep = || (0..70).fold(Value::Array(4, None, vec![]), |inner, _| Value::Array(9, None, vec![inner]));
    let (_, message) = malformed(Gguf::default().entry("k", deep()).bytes());
    assert!(message.contains("nested deeper than 4"), "{message}");
    let (_, message) = malformed(Gguf::default().tensor(&"x".repeat(300), &[1], 0, 0).bytes());
    assert!(message.contains("a tensor name has 300 bytes"), "{message}");
    for (name, limits, file) in [
        ("entries", Limits { entries: 4, ..limits }, Gguf::sample()),
        (
            "entries",
            Limits { entries: 6, ..limits },
            Gguf::default().entry("k", Value::Array(0, Some(7), vec![Value::U32(0); 2])),
        ),
        ("depth", Limits { depth: 2, ..limits }, Gguf::default().entry("k", deep())),
        ("string_bytes", Limits { string_bytes: 9, ..limits }, Gguf::sample()),
        ("header_bytes", Limits { header_bytes: 100, ..limits }, Gguf::sample()),
        ("file_bytes", Limits { file_bytes: 100, ..limits }, Gguf::sample()),
    ] {
        assert_eq!(limit_crossed(file.bytes(), &limits), name);
    }
}

#[test]
fn metadata_that_readers_take_without_a_look_are_held_against_each_other() {
    let texts = |texts: &[&str]| Value::Array(8, None, texts.iter().map(|text| Value::text(text)).collect());
    let whole = |kind: u32, count: u32| Value::Array(kind, None, (0..count).map(Value::U32).collect());
    const RULES: [&str; 2] = ["model.graph-lie", "model.header-malformed"];
    let harm = |key: &str| Some(format!("model.header-malformed weights {key}"));
    let lie = |key: &str| Some(format!("model.graph-lie weights {key}"));
    let tokens = || Gguf::default().entry("tokenizer.ggml.tokens", texts(&["a", "b"]));
    let split =
        |no: u32, count: u32| Gguf::default().entry("split.no", Value::U32(no)).entry("split.count", Value::U32(count));
    for (file, expected) in [
        (tokens().entry("tokenizer.ggml.token_type", whole(5, 2)), None),
        (tokens().entry("tokenizer.ggml.token_type", whole(5, 1)), harm("tokenizer.ggml.token_type")),
        (tokens().entry("tokenizer.ggml.token_type", texts(&["1", "1"])), harm("tokenizer.ggml.token_type")),
        (tokens().entry("tokenizer.ggml.scores", whole(6, 2)), None),
        (tokens().entry("tokenizer.ggml.scores", whole(6, 1)), harm("tokenizer.ggml.scores")),
        (tokens().entry("tokenizer.ggml.scores", whole(5, 2)), harm("tokenizer.ggml.scores")),
        (tokens().entry("tokenizer.ggml.merges", texts(&["a b"])), None),
        (tokens().entry("tokenizer.ggml.merges", whole(5, 2)), harm("tokenizer.ggml.merges")),
        (Gguf::default().entry("tokenizer.ggml.tokens", whole(5, 2)), harm("tokenizer.ggml.tokens")),
        (Gguf::default().entry("tokenizer.ggml.tokens", Value::U32(2)), harm("tokenizer.ggml.tokens")),
        (Gguf::default().entry("tokenizer.chat_template", Value::U32(2)), harm("tokenizer.chat_template")),
        (Gguf::default().entry("general.architecture", Value::U32(2)), harm("general.architecture")),
        (Gguf::default().entry("llama.block_count", Value::U32(32)), None),
        (Gguf::default().entry("llama.block_count", Value::U32(1 << 30)), lie("llama.block_count")),
        (Gguf::default().entry("llama.block_count", Value::U32(0)), harm("llama.block_count")),
        (Gguf::default().entry("llama4.context_length", Value::U32(10_485_760)), None),
        (Gguf::default().entry("llama.context_length", Value::U32(u32::MAX)), lie("llama.context_length")),
        (Gguf::default().entry("qwen2.embedding_length", Value::U32(0)), harm("qwen2.embedding_length")),
        (Gguf::default().entry("llama.attention.head_count", Value::U32(0)), harm("llama.attention.head_count")),
        // What has no attention says so.
        (
            Gguf::default()
                .entry("mamba.attention.head_count", Value::U32(0))
                .entry("mamba.ssm.state_size", Value::U32(16)),
            None,
        ),
        (
            Gguf::default().entry("llama.expert_count", Value::U32(8)).entry("llama.expert_used_count", Value::U32(9)),
            harm("expert_used_count"),
        ),
        (split(1, 2), None),
        (split(2, 2), lie("split.no")),
        (split(1, 0), lie("split.no")),
        (tokens().tensor(&"x".repeat(64), &[1], 0, 0).data(vec![0; 4]), lie(&"x".repeat(64))),
        // Models of pictures have longer names, and readers that have room for them.
        (Gguf::default().tensor(&"x".repeat(100), &[1], 0, 0).data(vec![0; 4]), None),
    ] {
        let seen = scan_file(file.bytes(), &Limits::default());
        let told = seen.lines().into_iter().find(|line| RULES.iter().any(|rule| line.starts_with(rule)));
        assert_eq!(told, expected);
    }
}

#[test]
fn a_pickle_in_the_place_of_numbers_is_told() {
    let pickle = b"\x80\x02cos\nsystem\nX\x0c\0\0\0echo inert  \x85R.".to_vec();
    let length = pickle.len() as u64;
    for (kind, elements) in [(24, length), (0, length.div_ceil(4))] {
        let mut file = Gguf::default().tensor("w", &[elements], kind, 0).bytes();
        file.resize(file.len().next_multiple_of(32), 0);
        file.extend(&pickle);
        file.resize(file.len() + 4, 0);
        let lines = scan_file(file, &Limits::default()).lines();
        assert!(lines.iter().any(|line| line.starts_with("model.pickle-in-tensors")), "{kind}: {lines:?}");
    }
}

#[test]
fn a_program_behind_the_tensors_is_told() {
    for (behind, told) in [(&b"\x7fELF\x02\x01\x01\0\0\0\0\0"[..], true), (b"", false), (&[0; 64], false)] {
        let mut file = Gguf::default().tensor("w", &[8], 0, 0).bytes();
        file.resize(file.len().next_multiple_of(32), 0);
        file.resize(file.len() + 32, 7);
        file.extend(behind);
        let lines = scan_file(file, &Limits::default()).lines();
        assert_eq!(lines.iter().any(|line| line.starts_with("model.archive-junk")), told, "{lines:?}");
    }
}
