//! Against another implementation: `peers/encoder_golden.py`, plain numpy with a tokenizer of its own.

use std::path::Path;

use jingwei_core::Limits;
use jingwei_model::Encoder;

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
