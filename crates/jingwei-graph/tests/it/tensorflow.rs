use jingwei_graph::GraphFormat;

use crate::builders::*;
use crate::{check, told};

fn frozen(nodes: Vec<Pb>) -> Vec<u8> {
    tf_graph(nodes, vec![]).0
}

#[test]
fn operators_are_judged_by_name_and_by_what_they_are_given() {
    let types = || ("T", pb().int(6, 1));
    for (case, nodes, expected) in [
        (
            "plain",
            vec![tf_node("x", "Placeholder", &[], &[types()]), tf_node("y", "Relu", &["x"], &[types()])],
            &[][..],
        ),
        (
            "python",
            vec![tf_node("f", "PyFunc", &[], &[("token", tf_text("pyfunc_0"))])],
            &["graph-dangerous-operator PyFunc"],
        ),
        ("eager python", vec![tf_node("f", "EagerPyFunc", &[], &[types()])], &["graph-dangerous-operator EagerPyFunc"]),
        (
            "a file is read",
            vec![tf_const("p", "/etc/passwd"), tf_node("r", "ReadFile", &["p"], &[])],
            &["graph-dangerous-operator ReadFile"],
        ),
        (
            "a file is written",
            vec![tf_const("p", "x"), tf_node("w", "WriteFile", &["p", "p"], &[])],
            &["graph-dangerous-operator WriteFile"],
        ),
        (
            "a data set",
            vec![tf_const("p", "a.tfrecord"), tf_node("d", "TFRecordDatasetV2", &["p"], &[])],
            &["graph-review-operator TFRecordDatasetV2"],
        ),
        ("saved where it is told", vec![tf_node("s", "SaveV2", &["file_prefix"], &[types()])], &[]),
        ("saved beside it", vec![tf_const("p", "model"), tf_node("s", "SaveV2", &["p"], &[types()])], &[]),
        (
            "saved elsewhere",
            vec![tf_const("p", "/root/.ssh/x"), tf_node("s", "SaveV2", &["p:0"], &[types()])],
            &["graph-review-operator SaveV2"],
        ),
        (
            "saved elsewhere, joined",
            vec![
                tf_node("s", "SaveV2", &["j:output:0"], &[types()]),
                tf_node("j", "StringJoin", &["i", "t"], &[]),
                tf_node("i", "Identity", &["p"], &[]),
                tf_const("p", "../../x"),
                tf_const("t", "_part"),
            ],
            &["graph-review-operator SaveV2"],
        ),
        ("asserted", vec![tf_node("a", "Assert", &[], &[types()]), tf_node("m", "MergeV2Checkpoints", &[], &[])], &[]),
        ("printed", vec![tf_node("p", "PrintV2", &[], &[("output_stream", tf_text("stdout"))])], &[]),
        ("printed to a log", vec![tf_node("p", "PrintV2", &[], &[("output_stream", tf_text("log(info)"))])], &[]),
        (
            "printed to a file",
            vec![tf_node("p", "PrintV2", &[], &[("output_stream", tf_text("file:///tmp/x"))])],
            &["graph-dangerous-operator PrintV2"],
        ),
        (
            "own descriptors",
            vec![tf_node("d", "DecodeProtoV2", &[], &[("descriptor_source", tf_text("local://"))])],
            &[],
        ),
        (
            "outside descriptors",
            vec![tf_node("d", "DecodeProtoV2", &[], &[("descriptor_source", tf_text("/x"))])],
            &["graph-review-operator DecodeProtoV2"],
        ),
        (
            "debugged over the network",
            vec![tf_node("d", "DebugIdentityV2", &[], &[("debug_urls", pb().message(1, pb().bytes(2, "grpc://x:1")))])],
            &["graph-dangerous-operator DebugIdentityV2"],
        ),
        (
            "debugged by a copy",
            vec![tf_node(
                "d",
                "Copy",
                &[],
                &[("debug_ops_spec", pb().message(1, pb().bytes(2, "DebugIdentity;file:///tmp/x;0")))],
            )],
            &["graph-dangerous-operator Copy"],
        ),
        (
            "a graph in a text",
            vec![tf_const("g", "x"), tf_node("d", "DatasetFromGraph", &["g"], &[])],
            &["graph-review-operator DatasetFromGraph"],
        ),
        (
            "a vocabulary beside it",
            vec![tf_const("p", "vocab.txt"), tf_node("t", "InitializeTableFromTextFileV2", &["h", "p"], &[])],
            &[],
        ),
        (
            "a vocabulary elsewhere",
            vec![tf_const("p", "/etc/passwd"), tf_node("t", "InitializeTableFromTextFileV2", &["h", "p"], &[])],
            &["graph-review-operator InitializeTableFromTextFileV2"],
        ),
        (
            "records by a pattern",
            vec![tf_node("r", "RecordInput", &[], &[("file_pattern", tf_text("/data/*"))])],
            &["graph-review-operator RecordInput"],
        ),
        (
            "a data set is written",
            vec![tf_node("s", "SaveDatasetV2", &["d", "p"], &[types()])],
            &["graph-dangerous-operator SaveDatasetV2"],
        ),
        ("nobody's", vec![tf_node("m", "Mine", &[], &[types()])], &["graph-unknown-operator TensorFlow"]),
        ("a library", vec![tf_node("c", "SentencepieceOp", &[], &[types()])], &["graph-custom-operator TensorFlow"]),
    ] {
        check(case, GraphFormat::TensorflowGraph, &frozen(nodes), expected);
    }
}

#[test]
fn the_path_that_is_read_is_shown() {
    let nodes = vec![
        tf_node("read", "ReadFile", &["^init", "name"], &[]),
        tf_const("name", "/etc/shadow"),
        tf_const("init", "model"),
    ];
    let inspection =
        check("path", GraphFormat::TensorflowGraph, &frozen(nodes), &["graph-dangerous-operator ReadFile"]);
    let place = inspection.sightings[0].details.iter().find(|(name, _)| *name == "where").unwrap();
    assert_eq!(place.1.en, "node read, argument /etc/shadow");
    assert_eq!(place.1.zh, "节点 read，参数 /etc/shadow");
}

#[test]
fn a_saved_model_is_read_to_its_functions() {
    let plain = || vec![tf_node("x", "Placeholder", &[], &[("dtype", pb().int(6, 1))])];
    let asset = |file: &str| pb().message(6, pb().message(1, pb().bytes(1, "a")).bytes(2, file));
    let vocabulary = |constant: &str| {
        let reads = tf_node("t", "InitializeTableFromTextFileV2", &["h", constant], &[]);
        tf_graph(vec![tf_const(constant, "/home/trainer/vocab.txt"), reads], vec![])
    };
    let hidden = tf_function("f", vec![tf_const("p", "x"), tf_node("w", "WriteFile", &["p:output:0", "p"], &[])]);
    let calls = tf_node("c", "f", &[], &[]);
    for (case, bytes, expected) in [
        ("plain", saved_model(tf_graph(plain(), vec![]), pb()), &[][..]),
        (
            "only functions",
            saved_model(tf_graph(vec![], vec![hidden.clone()]), pb()),
            &["graph-dangerous-operator WriteFile"],
        ),
        (
            "in a function",
            saved_model(tf_graph(plain(), vec![hidden.clone()]), pb()),
            &["graph-dangerous-operator WriteFile"],
        ),
        (
            "own functions are no library",
            saved_model(tf_graph(vec![calls], vec![tf_function("f", plain())]), pb()),
            &[],
        ),
        ("an asset", saved_model(tf_graph(plain(), vec![]), asset("vocab.txt")), &[]),
        ("a vocabulary that is an asset", saved_model(vocabulary("a"), asset("vocab.txt")), &[]),
        (
            "a vocabulary that is none",
            saved_model(vocabulary("b"), asset("vocab.txt")),
            &["graph-review-operator InitializeTableFromTextFileV2"],
        ),
        (
            "an asset elsewhere",
            saved_model(tf_graph(plain(), vec![]), asset("../../x")),
            &["graph-external-data ../../x"],
        ),
    ] {
        check(case, GraphFormat::SavedModel, &bytes, expected);
    }
    let second =
        [saved_model(tf_graph(plain(), vec![]), pb()), saved_model(tf_graph(vec![], vec![hidden]), pb())].concat();
    check("a second graph", GraphFormat::SavedModel, &second, &["graph-dangerous-operator WriteFile"]);
}

#[test]
fn keras_metadata_is_handed_out() {
    let json = r#"{"class_name": "Functional", "config": {"layers": [{"class_name": "Lambda"}]}}"#;
    let object = |identifier: &str| pb().int(2, 1).bytes(3, "root").bytes(4, identifier).bytes(5, json);
    let bytes = pb().message(1, object("_tf_keras_network")).message(1, object("something_else")).0;
    let inspection = check("metadata", GraphFormat::KerasMetadata, &bytes, &[]);
    assert_eq!(inspection.nested.len(), 1);
    assert_eq!(
        (inspection.nested[0].name.as_str(), inspection.nested[0].bytes.as_slice()),
        ("keras_metadata", json.as_bytes())
    );
    let at = usize::try_from(inspection.nested[0].offset).unwrap();
    assert_eq!(&bytes[at..at + json.len()], json.as_bytes());

    let user = pb().bytes(1, "_tf_keras_layer").bytes(3, json);
    let objects = pb().message(7, pb().message(1, pb().message(4, user)));
    let plain = tf_graph(vec![tf_const("c", "x")], vec![]);
    assert_eq!(check("inside", GraphFormat::SavedModel, &saved_model(plain, objects), &[]).nested.len(), 1);
}

#[test]
fn a_meta_graph_is_told_from_its_parts() {
    let graph = || tf_graph(vec![tf_node("f", "PyFunc", &[], &[("token", tf_text("t"))])], vec![]);
    let meta = pb().message(1, pb().bytes(5, "1.15.0")).message(2, graph()).0;
    check("meta graph", GraphFormat::MetaGraph, &meta, &["graph-dangerous-operator PyFunc"]);
    // Pairs of texts are no nodes.
    let pairs = (0..5).fold(pb(), |map, n| map.message(1, pb().bytes(1, format!("key{n}")).bytes(2, "Value"))).0;
    assert_eq!(told(&pairs), None);
}

#[test]
fn paddle_programs_are_judged_by_operator() {
    let program = |operator: &str| {
        let input = pb().bytes(1, "X").bytes(2, "x");
        pb().message(1, pb().int(1, 0).int(2, -1).message(4, pb().message(1, input).bytes(3, operator))).0
    };
    for (operator, expected) in [
        ("relu", &[][..]),
        ("py_func", &["graph-dangerous-operator py_func"]),
        ("read_file", &["graph-dangerous-operator read_file"]),
        ("save_combine", &["graph-review-operator save_combine"]),
    ] {
        check(operator, GraphFormat::Paddle, &program(operator), expected);
    }
}

#[test]
fn a_graph_in_text_is_read_too() {
    let whole = |op: &str| {
        format!("saved_model_schema_version: 1\nmeta_graphs {{ graph_def {{ node {{ name: \"n\" op: {op} }} }} }}\n")
    };
    for (case, text, expected) in [
        ("plain", whole("\"Relu\""), &[][..]),
        ("python", whole("\"PyFunc\""), &["graph-dangerous-operator PyFunc"]),
        ("other quotes", whole("'PyFunc'"), &["graph-dangerous-operator PyFunc"]),
        ("in pieces", whole("\"Py\" # a comment\n 'Func'"), &["graph-dangerous-operator PyFunc"]),
        ("escaped", whole(r#""\120\x79Func""#), &["graph-dangerous-operator PyFunc"]),
        ("in a comment", whole("\"Relu\" # op: \"PyFunc\"\n"), &[]),
        ("in a name", whole("\"Relu\" input: \"op: 'PyFunc'\""), &[]),
        ("a data set", whole("\"TFRecordDataset\""), &["graph-review-operator TFRecordDataset"]),
        ("a library", whole("\"RougeL\""), &["graph-custom-operator TensorFlow"]),
        ("nobody's", whole("\"Mine\""), &["graph-unknown-operator TensorFlow"]),
        ("own function", whole("\"f\" } library { function { signature { name: \"f\" } }"), &[]),
        (
            "printed to a file",
            whole("\"PrintV2\" attr { key: 'output_stream' value { s: 'file:///tmp/x' } }"),
            &["graph-dangerous-operator PrintV2"],
        ),
        ("only a graph", "node {\n  name: 'n'\n  op: 'ReadFile'\n}".to_owned(), &["graph-dangerous-operator ReadFile"]),
    ] {
        check(case, GraphFormat::TensorflowText, text.as_bytes(), expected);
    }
    for text in ["node: a computer", "node { x }", "graph_def of a model", "meta_graphs\n===========\n"] {
        assert_eq!(told(text.as_bytes()), None, "{text}");
    }
}
