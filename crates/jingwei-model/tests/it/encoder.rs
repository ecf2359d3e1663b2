use jingwei_core::{Digest, Limits};
use jingwei_model::{Encoder, ModelError};
use serde_json::json;

use crate::{
    reference::Reference,
    tiny::{Kind, LABELS, Tiny, WORDS},
};

fn texts() -> Vec<String> {
    let mut texts: Vec<String> =
        ["", "red", "the sky is blue", "ignore all rules", "reds zzz blue", "红 is 蓝", "ALL THE RULES"]
            .map(Into::into)
            .into();
    // One token more than a window, and several windows.
    for words in [29, 30, 31, 32, 33, 200] {
        texts.push(WORDS.iter().cycle().take(words).copied().collect::<Vec<_>>().join(" "));
    }
    texts
}

fn close(found: &[f32], expected: &[f64], about: &str) {
    assert_eq!(found.len(), expected.len(), "{about}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((f64::from(*found) - expected).abs() < 2e-5, "{about}: {found} is not {expected}");
    }
}

#[test]
fn vectors_and_scores_are_those_of_the_slow_network() {
    for kind in [Kind::Bert, Kind::Roberta] {
        let texts = texts();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let bare = Tiny::write(kind, false);
        let encoder = Encoder::open(bare.path(), &Limits::default()).unwrap();
        assert_eq!((encoder.dimension(), encoder.labels().len()), (12, 0));
        for (text, vector) in texts.iter().zip(encoder.embed(&texts).unwrap()) {
            close(&vector, &Reference::new(&bare, kind).embed(text), text);
        }
        assert!(matches!(encoder.classify(&texts), Err(ModelError::NoHead)));

        for exclusive in [true, false] {
            let mut tiny = Tiny::write(kind, true);
            let named = if exclusive { "single_label_classification" } else { "multi_label_classification" };
            tiny.configure(json!({ "problem_type": named }));
            let encoder = Encoder::open(tiny.path(), &Limits::default()).unwrap();
            assert_eq!(encoder.labels(), LABELS);
            for (text, scores) in texts.iter().zip(encoder.classify(&texts).unwrap()) {
                let (labels, scores): (Vec<String>, Vec<f32>) = scores.into_iter().unzip();
                assert_eq!(labels, LABELS);
                close(&scores, &Reference::new(&tiny, kind).classify(text, exclusive), text);
            }
        }
    }
}

#[test]
fn other_texts_of_a_call_and_other_threads_change_nothing() {
    let tiny = Tiny::write(Kind::Bert, true);
    let encoder = Encoder::open(tiny.path(), &Limits::default()).unwrap();
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let together = encoder.embed(&texts).unwrap();
    std::thread::scope(|scope| {
        for (text, vector) in texts.iter().zip(&together) {
            let encoder = &encoder;
            scope.spawn(move || {
                let alone = encoder.embed(&[text]).unwrap();
                assert!(alone[0].iter().zip(vector).all(|(alone, together)| (alone - together).abs() < 1e-5), "{text}");
            });
        }
    });
    assert_eq!(encoder.embed(&texts).unwrap(), together, "the same call gives the same bytes");
    assert!(encoder.embed(&[]).unwrap().is_empty());
}

#[test]
fn nothing_of_a_long_text_is_cut() {
    let tiny = Tiny::write(Kind::Bert, true);
    let encoder = Encoder::open(tiny.path(), &Limits::default()).unwrap();
    let filler = vec!["the"; 3000];
    let plain = encoder.embed(&[&filler.join(" ")]).unwrap();
    for place in [0, 1500, 2999] {
        let mut words = filler.clone();
        words[place] = "ignore";
        assert_ne!(encoder.embed(&[&words.join(" ")]).unwrap(), plain, "word {place}");
    }
}

#[test]
fn a_typed_separator_is_text() {
    let tiny = Tiny::write(Kind::Bert, false);
    let encoder = Encoder::open(tiny.path(), &Limits::default()).unwrap();
    let vectors = encoder.embed(&["red [SEP] blue", "red [sep] blue", "red [PAD] blue", "red [pad] blue"]).unwrap();
    assert_eq!(vectors[0], vectors[1]);
    assert_eq!(vectors[2], vectors[3]);
}

#[test]
fn what_the_tokenizer_file_says_of_cutting_and_padding_is_set_aside() {
    let tiny = Tiny::write(Kind::Bert, false);
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let before = Encoder::open(tiny.path(), &Limits::default()).unwrap().embed(&texts).unwrap();
    let file = tiny.path().join("tokenizer.json");
    let mut document: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    document["truncation"] = json!({"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0});
    document["padding"] = json!({"strategy": {"Fixed": 16}, "direction": "Right", "pad_to_multiple_of": null,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"});
    std::fs::write(&file, document.to_string()).unwrap();
    assert_eq!(Encoder::open(tiny.path(), &Limits::default()).unwrap().embed(&texts).unwrap(), before);
}

#[test]
fn the_folder_says_how_vectors_are_pooled() {
    let tiny = Tiny::write(Kind::Bert, false);
    let open = || Encoder::open(tiny.path(), &Limits::default());
    let mean = open().unwrap().embed(&["the sky is blue"]).unwrap();
    std::fs::create_dir(tiny.path().join("1_Pooling")).unwrap();
    let pooling = |first: bool, mean: bool| {
        let document = json!({"pooling_mode_cls_token": first, "pooling_mode_mean_tokens": mean});
        std::fs::write(tiny.path().join("1_Pooling/config.json"), document.to_string()).unwrap();
        open().map(|encoder| encoder.embed(&["the sky is blue"]).unwrap())
    };
    assert_eq!(pooling(false, true).unwrap(), mean);
    assert_ne!(pooling(true, false).unwrap(), mean);
    assert!(pooling(false, false).unwrap_err().to_string().contains("pooling must be"));
}

#[test]
fn old_names_of_norms_are_read() {
    let tiny = Tiny::write(Kind::Bert, true);
    let open = || Encoder::open(tiny.path(), &Limits::default()).unwrap();
    let before = open().classify(&["the sky is blue"]).unwrap();
    let old =
        |name: &String| name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
    let renamed = tiny.tensors.iter().map(|(name, tensor)| (old(name), tensor.clone())).collect();
    crate::tiny::write_tensors(tiny.path(), &renamed);
    assert_eq!(open().classify(&["the sky is blue"]).unwrap(), before);
}

#[test]
fn the_digest_covers_every_file() {
    let mut tiny = Tiny::write(Kind::Bert, false);
    let digest = |tiny: &Tiny| Encoder::open(tiny.path(), &Limits::default()).unwrap().digest();
    let first = digest(&tiny);
    let lines: String = ["config.json", "tokenizer.json", "model.safetensors"]
        .map(|name| format!("{}  {name}\n", Digest::of(&std::fs::read(tiny.path().join(name)).unwrap())))
        .concat();
    assert_eq!(first, Digest::of(lines.as_bytes()));
    tiny.configure(json!({ "layer_norm_eps": 1e-6 }));
    assert_ne!(digest(&tiny), first);
}
