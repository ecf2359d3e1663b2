use jingwei_graph::{GraphFormat, OpaqueFormat};
use jingwei_read::Source;
use proptest::prelude::*;

use crate::builders::*;
use crate::{check, told};

#[test]
fn formats_are_told_by_content() {
    let onnx = onnx_model(vec![onnx_node("", "Relu", "n")], vec![], vec![]);
    for (case, bytes, expected) in [
        ("onnx", onnx.clone(), GraphFormat::Onnx),
        (
            "onnx without a version",
            pb().message(7, pb().message(1, onnx_node("", "Relu", "n")).bytes(2, "g")).0,
            GraphFormat::Onnx,
        ),
        ("onnx without nodes", onnx_model(vec![], vec![], vec![]), GraphFormat::Onnx),
        ("onnx cut off", onnx[..onnx.len() - 8].to_vec(), GraphFormat::Onnx),
        ("tensor", onnx_tensor("w", &[2], 1, &[0; 8]).0, GraphFormat::OnnxTensor),
        ("external tensor", onnx_external("w", &[("location", "/x")]).0, GraphFormat::OnnxTensor),
        ("frozen graph", tf_graph(vec![tf_const("c", "x")], vec![]).0, GraphFormat::TensorflowGraph),
        ("saved model", saved_model(tf_graph(vec![tf_const("c", "x")], vec![]), pb()), GraphFormat::SavedModel),
        (
            "pmml",
            b"\xef\xbb\xbf <?xml version='1.0'?>\n<!DOCTYPE PMML [ <!ENTITY a '>'> ]>\n<PMML/>".to_vec(),
            GraphFormat::Pmml,
        ),
        ("pmml with a prefix", b"<p:PMML xmlns:p='x'/>".to_vec(), GraphFormat::Pmml),
        ("pmml behind a long comment", format!("<!--{}--><PMML/>", "x".repeat(9000)).into_bytes(), GraphFormat::Pmml),
    ] {
        assert_eq!(told(&bytes), Some(expected), "{case}");
    }
}

/// Defaults are left out when a graph is exported, so that nodes may have no attribute at all.
#[test]
fn a_graph_without_attributes_is_told_by_its_edges() {
    let node = |name: &str, operator: &str, inputs: &[&str]| tf_node(name, operator, inputs, &[]);
    let nodes = || vec![node("x", "Placeholder", &[]), node("n", "NoOp", &[]), node("y", "Relu", &["^n", "x:0"])];
    let bare = |nodes: Vec<Pb>| pb().messages(1, nodes);
    let many = || (0..500).map(|n| node(&format!("n{n}"), "NoOp", &[])).chain(nodes()).collect::<Vec<_>>();
    let library = || pb().message(2, pb().message(1, tf_function("f", vec![node("y", "WriteFile", &["x"])])));
    let whole = saved_model(bare(nodes()), pb());
    let texts = |a: &str, b: &str| pb().bytes(1, a).bytes(2, b);
    for (case, bytes, expected) in [
        ("frozen", bare(nodes()).0, Some(GraphFormat::TensorflowGraph)),
        ("behind many that stand alone", bare(many()).0, Some(GraphFormat::TensorflowGraph)),
        ("an input before its node", bare(nodes().into_iter().rev().collect()).0, Some(GraphFormat::TensorflowGraph)),
        ("meta graph", pb().message(2, bare(nodes())).0, Some(GraphFormat::MetaGraph)),
        ("saved model", whole.clone(), Some(GraphFormat::SavedModel)),
        ("saved model, cut off", whole[..whole.len() - 4].to_vec(), Some(GraphFormat::SavedModel)),
        ("only functions", saved_model(library(), pb()), Some(GraphFormat::SavedModel)),
        ("no edge", bare(vec![node("x", "Placeholder", &[]), node("y", "Relu", &["z"])]).0, None),
        ("small letters", bare(vec![node("x", "a", &[]), node("y", "b", &["x"])]).0, None),
        ("pairs of texts", bare(vec![texts("Red", "Blue"), texts("Blue", "Green")]).0, None),
    ] {
        assert_eq!(told(&bytes), expected, "{case}");
    }
    let hidden = saved_model(library(), pb());
    check("a file is written", GraphFormat::SavedModel, &hidden, &["graph-dangerous-operator WriteFile"]);
    check("cut off", GraphFormat::SavedModel, &whole[..whole.len() - 4], &["header-malformed"]);
}

#[test]
fn what_is_known_and_not_read_says_so() {
    for (bytes, format) in [
        (&b"\x18\0\0\0ORTM rest"[..], OpaqueFormat::OnnxRuntime),
        (b"\x18\0\0\0PTMF rest", OpaqueFormat::TorchMobile),
        (b"ptrt rest", OpaqueFormat::TensorRt),
        (b"X\n\0\0\0\x03\0\x04\x03\x01", OpaqueFormat::Rds),
        (b"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1\x0d\0\0\0nn.Sequential.....", OpaqueFormat::Torch7),
    ] {
        let key = format!("not-inspected {}", format.name());
        check(format.name(), GraphFormat::Opaque(format), bytes, &[&key]);
    }
}

#[test]
fn what_holds_only_numbers_is_read_through() {
    let array =
        |kind: u8| [&b"\x81\xa6params\x82\xa1w\xc7\x05"[..], &[kind], b"abcde\xa1b\x93\x01\xc0\xcb12345678"].concat();
    let xgboost = r#"{"learner": {"attributes": {}, "gradient_booster": {}}, "version": [3, 0, 0]}"#;
    let lightgbm = "tree\nversion=v4\nnum_class=1\n\nTree=0\nnum_leaves=1\nleaf_value=0.1\n";
    let broken = &["header-malformed"][..];
    for (case, bytes, format, expected) in [
        ("weights", array(1), GraphFormat::Flax, &[][..]),
        ("another extension", array(7), GraphFormat::Flax, &["not-inspected 7"]),
        ("cut off", array(1)[..20].to_vec(), GraphFormat::Flax, broken),
        ("more behind", [array(1), vec![1]].concat(), GraphFormat::Flax, broken),
        ("a lying length", b"\x81\xa6params\xc6\xff\xff\xff\xff".to_vec(), GraphFormat::Flax, broken),
        ("no type", b"\x81\xa6params\xc1".to_vec(), GraphFormat::Flax, broken),
        ("nested", [&b"\x81\xa6params"[..], &[0x91; 100]].concat(), GraphFormat::Flax, &["graph-bomb depth"]),
        (
            "too many",
            [&b"\x81\xa6params\xdd\x7f\xff\xff\xff"[..], &[1; 1 << 20]].concat(),
            GraphFormat::Flax,
            &["limit-exceeded entries"],
        ),
        ("trees", xgboost.into(), GraphFormat::XgBoostJson, &[]),
        ("trees cut off", xgboost[..60].into(), GraphFormat::XgBoostJson, broken),
        (
            "nested trees",
            format!("{{\"learner\": {{\"attributes\": {}", "[".repeat(100_000)).into(),
            GraphFormat::XgBoostJson,
            broken,
        ),
        ("text", lightgbm.into(), GraphFormat::LightGbm, &[]),
        ("no text", format!("{lightgbm}\0").into(), GraphFormat::LightGbm, broken),
    ] {
        check(case, format, &bytes, expected);
    }
}

#[test]
fn a_model_cannot_hide_behind_what_readers_skip() {
    let junk = |count: usize| [0xa8, 0x46, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f].repeat(count);
    let onnx = onnx_model(vec![onnx_node("", "Relu", "n")], vec![], vec![]);
    assert_eq!(told(&[junk(100_000), onnx].concat()), Some(GraphFormat::Onnx));
    let graph = || tf_graph(vec![tf_const("c", "x")], vec![]);
    let pieces = (0..100).fold(pb().message(1, pb().bytes(5, "2")), |meta, _| meta.message(2, pb()));
    let saved = pb().int(1, 1).message(2, pieces.message(2, graph()));
    assert_eq!(told(&saved.0), Some(GraphFormat::SavedModel));
    // Too much of it is no model, and no other file either.
    let mut endless = Endless(100 << 20);
    let (front, length) = ([0xaa, 0x46, 0x88, 0x27], endless.length());
    assert_eq!(
        jingwei_graph::recognise(&front, length, &mut endless),
        Some(GraphFormat::Opaque(OpaqueFormat::Protobuf))
    );
}

#[test]
fn a_model_cannot_hide_behind_a_name() {
    let long = "a".repeat(5000);
    let call = || tf_node("n", "PyFunc", &[], &[("token", tf_text("t"))]);
    let graph = |first: &str| tf_graph(vec![tf_node(first, "NoOp", &[], &[]), call()], vec![]);
    let onnx = |first: &str| onnx_model(vec![onnx_node("", first, "n"), onnx_node("", "Relu", "n")], vec![], vec![]);
    let odd = pb().message(1, onnx_node("", "a b", "n"));
    let unnamed = pb().int(1, 8).message(7, odd).message(8, pb().bytes(1, "").int(2, 17));
    let opaque = GraphFormat::Opaque(OpaqueFormat::Protobuf);
    for (case, bytes, expected) in [
        ("graph", graph(&long).0, GraphFormat::TensorflowGraph),
        ("saved model", saved_model(graph(&long), pb()), GraphFormat::SavedModel),
        ("onnx", onnx_model(vec![onnx_node("", &long, "n")], vec![], vec![]), GraphFormat::Onnx),
        ("odd name in a graph", graph("a b").0, opaque),
        ("odd name at the end", tf_graph(vec![call(), tf_node("a b", "NoOp", &[], &[])], vec![]).0, opaque),
        ("odd name in a saved model", saved_model(graph("a b"), pb()), opaque),
        ("odd operator first", onnx("a b"), GraphFormat::Onnx),
        ("odd operators only", onnx_model(vec![onnx_node("", "a b", "n")], vec![], vec![]), GraphFormat::Onnx),
        ("and no name", unnamed.0, opaque),
    ] {
        assert_eq!(told(&bytes), Some(expected), "{case}");
    }
}

/// A field of 5,000 zeros that nobody knows, again and again.
struct Endless(u64);

impl Source for Endless {
    fn length(&self) -> u64 {
        self.0
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        let count = into.len().min(usize::try_from(self.0.saturating_sub(offset)).unwrap());
        into[..count].fill(0);
        let phase = usize::try_from(offset % 5004).unwrap();
        for (n, byte) in [0xaa, 0x46, 0x88, 0x27].into_iter().enumerate() {
            let first = (n + 5004 - phase) % 5004;
            into[..count].iter_mut().skip(first).step_by(5004).for_each(|slot| *slot = byte);
        }
        Ok(count)
    }
}

#[test]
fn other_files_are_left_alone() {
    for bytes in [
        &b""[..],
        b"\n",
        b"\x08\x01",
        b"\nname\nop\nsome text that begins with a line feed, as a field of a protobuf would\n",
        b"# A model card\n\nThis model uses Relu.\n",
        b"{\"items\": []}",
        b"<html><body/></html>",
        b"<net>a fishing net</net>",
        b"<?xml version='1.0'?><opencv_storage><cascade/></opencv_storage>",
        b"<!-- never closed",
        b"<!DOCTYPE x [",
        b"\x80\x02}q\x00.",
        b"PK\x03\x04",
        b"\x89HDF\r\n\x1a\n",
        b"GGUF\x03\0\0\0",
    ] {
        assert_eq!(told(bytes), None, "{}", bytes.escape_ascii());
    }
    // Protobufs of others: fingerprints of saved models, maps, plain records.
    for other in [
        (1..6).fold(pb(), |m, n| m.int(n, 12345)),
        pb().int(1, 3).bytes(2, "a name").bytes(7, "some text").message(8, pb().bytes(1, "x")),
        pb().bytes(1, "name").bytes(2, "other").int(3, 4),
        pb().message(1, pb().bytes(1, "key").bytes(2, "value")).message(1, pb().bytes(1, "k").bytes(2, "v")),
        pb().int(1, 1).message(2, pb().bytes(1, "title").bytes(2, "text")),
    ] {
        assert_eq!(told(&other.0), None, "{}", other.0.escape_ascii());
    }
}

proptest! {
    #[test]
    fn random_protobufs_and_texts_are_no_models(
        fields in prop::collection::vec((1u32..30, prop_oneof![
            any::<i64>().prop_map(Ok), "[a-zA-Z_ .]{0,20}".prop_map(|s| Err(s.into_bytes())), prop::collection::vec(any::<u8>(), 0..40).prop_map(Err),
        ]), 0..12),
        text in "[ -~\n]{0,300}",
    ) {
        let message = fields.into_iter().fold(pb(), |message, (number, value)| match value {
            Ok(number_value) => message.int(number, number_value),
            Err(bytes) => message.bytes(number, bytes),
        });
        prop_assert_eq!(told(&message.0), None);
        prop_assert_eq!(told(text.as_bytes()), None);
    }
}
