use jingwei_core::Limits;
use jingwei_graph::GraphFormat;

use crate::builders::*;
use crate::{check, look, look_with, seen};

fn data(bytes: usize) -> Vec<Fb> {
    vec![Fb::Bytes(vec![1; bytes])]
}

#[test]
fn operators_that_are_not_its_own_are_named() {
    for (operator, expected) in [
        (Ok(0), &[][..]),
        (Ok(150), &[]),
        (Err("TFLite_Detection_PostProcess"), &["graph-custom-operator TFLite"]),
        (Err("Mine"), &["graph-unknown-operator TFLite"]),
        (Err("FlexErf"), &["graph-custom-operator TensorFlow Flex delegate"]),
        (Err("FlexPyFunc"), &["graph-dangerous-operator FlexPyFunc"]),
        (Err("FlexWriteFile"), &["graph-dangerous-operator FlexWriteFile"]),
        (Err("FlexInitializeTableFromTextFileV2"), &["graph-dangerous-operator FlexInitializeTableFromTextFileV2"]),
        (Err("FlexTFRecordDataset"), &["graph-review-operator FlexTFRecordDataset"]),
        (Err("./evil.so"), &["graph-native-library ./evil.so"]),
    ] {
        let bytes = tflite(&[operator], tflite_tensor(&[2, 2], 0, 1), data(16), tflite_node(0, 0));
        check(&format!("{operator:?}"), GraphFormat::Tflite, &bytes, expected);
    }
}

#[test]
fn what_an_operator_prints_to_is_seen() {
    for (options, expected) in [
        (&b"PrintV2 stderr"[..], &[][..]),
        (b"..output_stream..file:///tmp/x", &["graph-dangerous-operator FlexPrintV2"]),
    ] {
        let mut node = tflite_node(0, 0);
        node.extend([Fb::Absent, Fb::Absent, Fb::Bytes(options.to_vec())]);
        let bytes = tflite(&[Err("FlexPrintV2")], tflite_tensor(&[2, 2], 0, 1), data(16), node);
        check("print", GraphFormat::Tflite, &bytes, expected);
    }
}

#[test]
fn what_does_not_fit_is_seen() {
    let relu = &[Ok(19)][..];
    let tensor = || tflite_tensor(&[2, 2], 0, 1);
    let node = || tflite_node(0, 0);
    let outside = |offset, size| vec![Fb::Absent, Fb::U64(offset), Fb::U64(size)];
    let broken = &["header-malformed"][..];
    for (case, bytes, expected) in [
        ("true", tflite(relu, tensor(), data(16), node()), &[][..]),
        ("no input", tflite(relu, tensor(), data(16), tflite_node(0, -1)), &[]),
        ("four bits", tflite(relu, tflite_tensor(&[3], 17, 1), data(2), node()), &[]),
        ("no data", tflite(relu, tflite_tensor(&[1, -1], 0, 0), vec![], node()), &[]),
        ("no data, and large", tflite(relu, tflite_tensor(&[1, 4096, 4096, 512], 0, 0), vec![], node()), &[]),
        (
            "no data, and too large",
            tflite(relu, tflite_tensor(&[1 << 30, 1 << 30], 0, 0), vec![], node()),
            &["graph-lie w"],
        ),
        ("no data, and too many", tflite(relu, tflite_tensor(&[i32::MAX; 3], 0, 0), vec![], node()), &["graph-lie w"]),
        ("too little data", tflite(relu, tensor(), data(15), node()), &["graph-lie w"]),
        ("negative", tflite(relu, tflite_tensor(&[-1], 0, 1), data(16), node()), &["graph-lie w"]),
        ("too many", tflite(relu, tflite_tensor(&[i32::MAX; 3], 0, 1), data(16), node()), broken),
        ("no such operator", tflite(relu, tensor(), data(16), tflite_node(1, 0)), broken),
        ("no such tensor", tflite(relu, tensor(), data(16), tflite_node(0, 1)), broken),
        ("below any tensor", tflite(relu, tensor(), data(16), tflite_node(0, -2)), broken),
        ("no such buffer", tflite(relu, tflite_tensor(&[1], 0, 2), data(16), node()), broken),
        ("a buffer behind", tflite(relu, tensor(), outside(8, 16), node()), &[]),
        ("a buffer behind the end", tflite(relu, tensor(), outside(8, 1 << 40), node()), broken),
        ("a buffer that wraps", tflite(relu, tensor(), outside(u64::MAX, 2), node()), broken),
    ] {
        check(case, GraphFormat::Tflite, &bytes, expected);
    }
}

#[test]
fn subgraphs_that_run_themselves_are_told() {
    let subgraph = |code: u32, targets: &[u32]| {
        let options = Fb::Table(targets.iter().map(|target| Fb::U32(*target)).collect());
        let mut node = tflite_node(code, -1);
        node.extend([Fb::U8(1), options]);
        vec![Fb::Tables(vec![tflite_tensor(&[1], 0, 0)]), Fb::Absent, Fb::Absent, Fb::Tables(vec![node])]
    };
    // RELU, CALL, IF, WHILE and CALL_ONCE.
    let codes = [19u8, 31, 118, 119, 127]
        .map(|code| vec![Fb::U8(code), Fb::Absent, Fb::U32(1), Fb::U32(if code == 127 { 129 } else { code.into() })]);
    let ring = &["graph-bomb subgraph"][..];
    for (case, subgraphs, expected) in [
        ("other subgraphs", vec![subgraph(2, &[1, 2]), subgraph(0, &[]), subgraph(1, &[1])], &[][..]),
        ("itself", vec![subgraph(1, &[0])], ring),
        ("each other", vec![subgraph(3, &[1, 2]), subgraph(0, &[]), subgraph(4, &[0])], ring),
        ("a subgraph that is not there", vec![subgraph(3, &[0, 9])], &["header-malformed"]),
    ] {
        let root = [Fb::U32(3), Fb::Tables(codes.to_vec()), Fb::Tables(subgraphs)];
        check(case, GraphFormat::Tflite, &flatbuffer(b"TFL3", &root), expected);
    }
}

#[test]
fn a_loop_whose_condition_is_a_constant_is_told() {
    let codes = [19u8, 119].map(|code| vec![Fb::U8(code), Fb::Absent, Fb::U32(1), Fb::U32(code.into())]);
    let subgraph = |nodes: Vec<Vec<Fb>>, kind: u8| {
        let tensors = Fb::Tables(vec![tflite_tensor(&[1], kind, 1)]);
        vec![tensors, Fb::Absent, Fb::Numbers(vec![0]), Fb::Tables(nodes)]
    };
    let mut node = tflite_node(1, -1);
    node.extend([Fb::U8(93), Fb::Table(vec![Fb::U32(1), Fb::U32(2)])]);
    for (case, nodes, kind, value, is_told) in [
        ("true", vec![], 6, 1, true),
        ("false", vec![], 6, 0, false),
        ("computed", vec![tflite_node(0, -1)], 6, 1, false),
        ("a number", vec![], 2, 1, false),
    ] {
        let main = subgraph(vec![node.clone()], 6);
        let subgraphs = vec![main, subgraph(nodes, kind), subgraph(vec![], 6)];
        let buffers = Fb::Tables(vec![vec![], vec![Fb::Bytes(vec![value; 4])]]);
        let root = [Fb::U32(3), Fb::Tables(codes.to_vec()), Fb::Tables(subgraphs), Fb::Absent, buffers];
        let expected: &[&str] = if is_told { &["graph-bomb condition"] } else { &[] };
        check(case, GraphFormat::Tflite, &flatbuffer(b"TFL3", &root), expected);
    }
}

#[test]
fn every_offset_is_held_against_the_file() {
    let whole = tflite(&[Err("Mine")], tflite_tensor(&[2, 2], 0, 1), data(16), tflite_node(0, 0));
    let expected = seen(&look(&whole));
    for cut in 8..whole.len() {
        // What is cut off at the very end may be a final zero that nobody reads.
        let found = seen(&look(&whole[..cut]));
        assert!(found.contains(&"header-malformed".to_owned()) || found == expected && cut + 8 > whole.len(), "{cut}");
    }
    for at in (8..whole.len() - 4).step_by(2) {
        for value in [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
            let mut bytes = whole.clone();
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            look(&bytes);
        }
    }
}

#[test]
fn shared_tables_cannot_ask_for_more_work_than_there_are_bytes() {
    let node = vec![Fb::U32(0), Fb::Numbers(vec![0; 100_000]), Fb::Numbers(vec![0])];
    let subgraph = || {
        vec![
            Fb::Tables(vec![tflite_tensor(&[1], 0, 0)]),
            Fb::Numbers(vec![]),
            Fb::Numbers(vec![]),
            Fb::Tables(vec![node.clone()]),
        ]
    };
    let model = |subgraphs, further| {
        let codes = Fb::Tables(vec![vec![Fb::U8(0)]]);
        let rest = [Fb::Absent, Fb::Absent, Fb::Absent, Fb::Absent];
        flatbuffer(b"TFL3", &[&[Fb::U32(3), codes, subgraphs], &rest[..], &[further]].concat())
    };
    assert_eq!(seen(&look(&model(Fb::Tables(vec![subgraph(); 3]), Fb::Absent))), [""; 0]);
    // Two hundred subgraphs that are all the same table, which a field that nobody knows brings.
    let mut bytes = model(Fb::Numbers(vec![0; 200]), Fb::Tables(vec![subgraph()]));
    let list = bytes.windows(4).position(|window| window == 200u32.to_le_bytes()).unwrap();
    let target = table_of_last_field(&bytes);
    for slot in (list + 4..).step_by(4).take(200) {
        bytes[slot..slot + 4].copy_from_slice(&u32::try_from(target - slot).unwrap().to_le_bytes());
    }
    assert_eq!(seen(&look(&bytes)), ["limit-exceeded expansion_ratio"]);
    let few = Limits { entries: 50, ..Limits::default() };
    assert_eq!(seen(&look_with(&bytes, &few)), ["limit-exceeded entries"]);
}

/// Where the first table stands in the list that the last field of the root holds.
fn table_of_last_field(bytes: &[u8]) -> usize {
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let root = u32_at(0);
    let slot = root + 8 + 8 * 7;
    let vector = slot + u32_at(slot);
    vector + 4 + u32_at(vector + 4)
}
