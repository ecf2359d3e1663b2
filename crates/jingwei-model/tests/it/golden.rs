//! Vectors against another implementation (`peers/encoder_golden.py`, plain numpy with a tokenizer of its own), and
//! answers against those of an earlier day (`peers/model_generate.py` compares them with llama.cpp's).

use std::{path::Path, sync::atomic::AtomicBool};

use jingwei_core::{ChatMessage, ChatRequest, Finish, Limits, Usage};
use jingwei_model::{Encoder, Generator};

#[derive(serde::Deserialize)]
struct Golden {
    digest: String,
    cases: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    text: String,
    first: Vec<f64>,
    sum: f64,
    norm: f64,
}

/// Runs where `JINGWEI_MINILM` names the folder with the model: it is no part of this repository.
#[test]
fn minilm_gives_the_peers_vectors() {
    let Some(folder) = std::env::var_os("JINGWEI_MINILM") else {
        println!("skipped: JINGWEI_MINILM names no folder");
        return;
    };
    let golden: Golden = serde_json::from_str(include_str!("../../testdata/minilm_golden.json")).unwrap();
    let encoder = Encoder::open(Path::new(&folder), &Limits::default()).unwrap();
    assert_eq!(encoder.digest().to_string(), golden.digest, "another model, or another digest of it");
    let texts: Vec<&str> = golden.cases.iter().map(|case| case.text.as_str()).collect();
    for (case, vector) in golden.cases.iter().zip(encoder.embed(&texts).unwrap()) {
        let vector: Vec<f64> = vector.into_iter().map(f64::from).collect();
        let found = vector
            .iter()
            .take(8)
            .copied()
            .chain([vector.iter().sum(), vector.iter().map(|value| value * value).sum::<f64>().sqrt()]);
        let mut expected = case.first.clone();
        expected.extend([case.sum, case.norm]);
        for (found, expected) in found.zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{:?}: {found} is not {expected}", case.text);
        }
    }
}

#[derive(serde::Deserialize)]
struct Answers {
    digest: String,
    max_tokens: u32,
    cases: Vec<AnswerCase>,
}

#[derive(serde::Deserialize)]
struct AnswerCase {
    messages: Vec<ChatMessage>,
    text: String,
    finish: Finish,
    input_tokens: u64,
    output_tokens: u64,
}

/// Runs where `JINGWEI_SMOLLM2` names the model file; `peers/model_generate.py` writes the answers.
#[test]
fn smollm2_answers_as_it_did() {
    let Some(file) = std::env::var_os("JINGWEI_SMOLLM2") else {
        println!("skipped: JINGWEI_SMOLLM2 names no file");
        return;
    };
    let golden: Answers = serde_json::from_str(include_str!("../../testdata/smollm2_golden.json")).unwrap();
    let model = Generator::open(Path::new(&file), &Limits::default()).unwrap();
    assert_eq!(model.digest().to_string(), golden.digest, "another model");
    for case in golden.cases {
        let (messages, max_tokens) = (case.messages, golden.max_tokens);
        let request = ChatRequest { messages, tools: Vec::new(), max_tokens, temperature: 0.0, seed: 0 };
        let reply = model.answer(&request, &AtomicBool::new(false)).unwrap();
        let usage = Usage { input_tokens: case.input_tokens, output_tokens: case.output_tokens };
        assert_eq!((reply.text, reply.finish, reply.usage), (case.text, case.finish, usage));
    }
}
