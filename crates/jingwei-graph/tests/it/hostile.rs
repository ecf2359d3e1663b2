//! Whatever the bytes are: an answer, the same each time, and soon.

use jingwei_core::Limits;
use jingwei_graph::{GraphFormat, OpaqueFormat, inspect};
use proptest::prelude::*;

use crate::builders::*;
use crate::{NAMES, seen, told};

const ALL: [GraphFormat; 22] = [
    GraphFormat::Onnx,
    GraphFormat::OnnxTensor,
    GraphFormat::SavedModel,
    GraphFormat::MetaGraph,
    GraphFormat::TensorflowGraph,
    GraphFormat::TensorflowText,
    GraphFormat::KerasMetadata,
    GraphFormat::Tflite,
    GraphFormat::CoreMl,
    GraphFormat::CoreMlPackage,
    GraphFormat::OpenVino,
    GraphFormat::Pmml,
    GraphFormat::Paddle,
    GraphFormat::XgBoostJson,
    GraphFormat::XgBoostUbjson,
    GraphFormat::XgBoostBinary,
    GraphFormat::LightGbm,
    GraphFormat::CatBoost,
    GraphFormat::ExecuTorch,
    GraphFormat::MxNetParams,
    GraphFormat::Flax,
    GraphFormat::Opaque(OpaqueFormat::TensorRt),
];

fn every_reader(bytes: &[u8]) {
    told(bytes);
    for format in ALL {
        let run = || inspect(format, &mut bytes.to_vec(), &NAMES, &Limits::default());
        let inspection = run();
        assert_eq!(inspection, run(), "{format:?}");
        assert!(inspection.sightings.len() < 1000, "{format:?}");
        let handed_out: usize = inspection.nested.iter().map(|nested| nested.bytes.len()).sum();
        assert!(handed_out <= bytes.len(), "{format:?}");
    }
}

fn models() -> Vec<Vec<u8>> {
    let nodes =
        vec![onnx_node("my", "F", "n"), onnx_node("", "If", "i").message(5, pb().bytes(1, "g").message(6, pb()))];
    vec![
        onnx_model(nodes, vec![onnx_external("w", &[("location", "../x")])], vec![onnx_function("my", "F", &[("my", "F")])]),
        saved_model(tf_graph(vec![tf_const("p", "/x"), tf_node("r", "ReadFile", &["p"], &[])], vec![]), pb()),
        tflite(&[Err("FlexPyFunc")], tflite_tensor(&[2, 2], 0, 1), vec![Fb::Bytes(vec![1; 16])], tflite_node(0, 0)),
        b"<?xml version='1.0'?><net version='11'><layers><layer name='a' version='x'><data offset='1' size='2'/></layer></layers></net>".to_vec(),
    ]
}

#[test]
fn nothing_short_is_too_short() {
    for bytes in models() {
        for cut in (0..bytes.len()).step_by(13) {
            every_reader(&bytes[..cut]);
        }
    }
}

#[test]
fn bombs_end_soon() {
    // A million empty nodes, a million groups, a million dimensions, a million entities.
    let nodes = pb().int(1, 8).message(7, Pb([0x0a, 0x00].repeat(600_000))).message(8, pb().int(2, 17));
    let dims = pb().message(5, pb().bytes(1, vec![1; 1_000_000]).int(2, 1).bytes(8, "w"));
    let entities = format!("<PMML>{}</PMML>", "&x;".repeat(200_000));
    let attributes = format!("<PMML {}/>", "a='1' ".repeat(200_000));
    let quotes = "<PMML a='".to_owned() + &"<!DOCTYPE [".repeat(100_000);
    for (format, bytes, expected) in [
        (GraphFormat::Onnx, nodes.0, &[][..]),
        (GraphFormat::Onnx, pb().int(1, 8).message(7, dims.message(1, onnx_node("", "Relu", "n"))).0, &["graph-lie w"]),
        (GraphFormat::Onnx, [0x0b].repeat(1_000_000), &["graph-bomb subgraphs", "limit-exceeded depth"]),
        (GraphFormat::Pmml, entities.into_bytes(), &["graph-xml-entity x"]),
        (GraphFormat::Pmml, attributes.into_bytes(), &["limit-exceeded entries"]),
        (GraphFormat::Pmml, quotes.into_bytes(), &["header-malformed"]),
    ] {
        let inspection = inspect(format, &mut bytes.clone(), &NAMES, &Limits::default());
        assert_eq!(seen(&inspection), expected, "{format:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        every_reader(&bytes);
        every_reader(&[b"\x18\0\0\0TFL3", bytes.as_slice()].concat());
        every_reader(&[&b"\x12\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"[..], bytes.as_slice()].concat());
        every_reader(&[b"{i\x07learner", bytes.as_slice()].concat());
        every_reader(&[b"CBM1\0\x01\0\0\x18\0\0\0", bytes.as_slice()].concat());
    }

    #[test]
    fn any_change_of_a_model_has_an_answer(
        which in 0usize..4, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = models().swap_remove(which);
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        every_reader(&bytes);
    }
}
