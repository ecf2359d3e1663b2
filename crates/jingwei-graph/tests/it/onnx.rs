use jingwei_core::Limits;
use jingwei_graph::GraphFormat;
use proptest::prelude::*;

use crate::builders::*;
use crate::{check, look, look_with, seen};

fn with_node(node: Pb) -> Vec<u8> {
    onnx_model(vec![node], vec![], vec![])
}

#[test]
fn operators_are_judged_by_domain_and_name() {
    for (domain, operator, expected) in [
        ("", "Relu", &[][..]),
        ("ai.onnx", "Relu", &[]),
        ("ai.onnx.ml", "Scaler", &[]),
        ("com.microsoft", "FusedMatMul", &[]),
        ("com.example", "Foo", &["graph-unknown-operator com.example"]),
        ("ai.onnx.contrib", "BertTokenizer", &["graph-custom-operator ai.onnx.contrib"]),
        (
            "com.microsoft.extensions",
            "AzureTextToText",
            &["graph-review-operator com.microsoft.extensions.AzureTextToText"],
        ),
        ("", "PyOp", &["graph-dangerous-operator ai.onnx.PyOp"]),
        ("com.microsoft", "PythonOp", &["graph-dangerous-operator com.microsoft.PythonOp"]),
        ("any.domain", "PythonOp", &["graph-dangerous-operator any.domain.PythonOp"]),
        ("com.microsoft", "TritonOp", &["graph-review-operator com.microsoft.TritonOp"]),
        ("./evil.so", "Foo", &["graph-native-library ./evil.so"]),
        ("C:\\ops\\evil.dll", "Foo", &["graph-native-library C:\\\\ops\\\\evil.dll"]),
        ("pyop", "NotPyOp", &["graph-unknown-operator pyop"]),
    ] {
        check(
            &format!("{domain} {operator}"),
            GraphFormat::Onnx,
            &with_node(onnx_node(domain, operator, "n")),
            expected,
        );
    }
}

#[test]
fn operators_are_found_wherever_a_graph_may_stand() {
    let bad = || onnx_node("", "PyOp", "hidden");
    let graph = || pb().message(1, bad()).bytes(2, "inner");
    let holding = |attribute: Pb| with_node(onnx_node("", "If", "if").message(5, attribute));
    let twice =
        |inner: Pb| pb().bytes(1, "then").message(6, pb().message(1, onnx_node("", "If", "n").message(5, inner)));
    for (case, bytes) in [
        ("attribute", holding(pb().bytes(1, "then").message(6, graph()))),
        ("attributes", holding(pb().bytes(1, "all").message(11, graph()))),
        ("nested", holding(twice(pb().message(6, graph())))),
        (
            "function",
            onnx_model(vec![onnx_node("my", "F", "n")], vec![], vec![onnx_function("my", "F", &[("", "PyOp")])]),
        ),
        ("default of a function's attribute", {
            let function = onnx_function("my", "F", &[]).message(11, pb().bytes(1, "g").message(6, graph()));
            onnx_model(vec![onnx_node("my", "F", "n")], vec![], vec![function])
        }),
        ("training", [with_node(onnx_node("", "Relu", "n")), pb().message(20, pb().message(2, graph())).0].concat()),
        ("second graph that is merged", [with_node(onnx_node("", "Relu", "n")), pb().message(7, graph()).0].concat()),
        ("the last name counts", with_node(onnx_node("", "Relu", "n").bytes(4, "PyOp"))),
        ("behind unknown fields", {
            let unknown = (0..5000).fold(pb(), |message, n| message.bytes(1000 + n % 7, "junk"));
            [unknown.0, with_node(bad())].concat()
        }),
    ] {
        check(case, GraphFormat::Onnx, &bytes, &["graph-dangerous-operator ai.onnx.PyOp"]);
    }
}

#[test]
fn a_path_that_leaves_the_folder_is_seen_wherever_a_tensor_stands() {
    let model = |tensor: Pb| onnx_model(vec![onnx_node("", "Relu", "n")], vec![tensor], vec![]);
    let at = |location: &str| onnx_external("w", &[("location", location), ("offset", "0"), ("length", "8")]);
    for (location, expected) in [
        ("weights.bin", &[][..]),
        ("sub/weights.bin", &[]),
        ("../../etc/passwd", &["graph-external-data ../../etc/passwd"]),
        ("/etc/passwd", &["graph-external-data /etc/passwd"]),
        ("C:\\x", &["graph-external-data C:\\\\x"]),
        ("https://example.org/w", &["graph-external-data https://example.org/w"]),
        ("w\0.bin", &["graph-external-data w\\u{0}.bin"]),
        ("*/_ORT_MEM_ADDR_/*", &["graph-external-data */_ORT_MEM_ADDR_/*"]),
    ] {
        let inspection = check(location, GraphFormat::Onnx, &model(at(location)), expected);
        let external = inspection.facts.more.get("external_data").map(String::as_str);
        assert_eq!(external, expected.is_empty().then_some(location));
    }
    let node = |attribute: Pb| with_node(onnx_node("", "Constant", "c").message(5, attribute));
    let sparse = pb().message(1, at("../a")).message(2, onnx_tensor("i", &[1], 7, &[0; 8]));
    for (case, bytes) in [
        ("constant", node(pb().bytes(1, "value").message(5, at("../a")))),
        ("list of tensors", node(pb().bytes(1, "values").message(10, at("../a")))),
        ("sparse constant", node(pb().bytes(1, "sparse_value").message(22, sparse.clone()))),
        ("second location", model(onnx_external("w", &[("location", "w.bin"), ("location", "../a"), ("length", "8")]))),
        ("base path", model(onnx_external("w", &[("location", "w.bin"), ("basepath", "../a"), ("length", "8")]))),
        ("compiled model", {
            let context = pb().bytes(1, "ep_cache_context").bytes(4, "../a");
            let mode = pb().bytes(1, "embed_mode").int(3, 0);
            with_node(onnx_node("com.microsoft", "EPContext", "n").message(5, context).message(5, mode))
        }),
    ] {
        check(case, GraphFormat::Onnx, &bytes, &["graph-external-data ../a"]);
    }
}

#[test]
fn what_was_compiled_is_handed_out() {
    let node = |inside: i64, context: &[u8]| {
        let context = pb().bytes(1, "ep_cache_context").bytes(4, context);
        let mode = pb().bytes(1, "embed_mode").int(3, inside);
        with_node(onnx_node("com.microsoft", "EPContext", "n").message(5, mode).message(5, context))
    };
    let inspection = check(
        "inside",
        GraphFormat::Onnx,
        &node(1, b"\x7fELF\x02\x01"),
        &["graph-review-operator com.microsoft.EPContext"],
    );
    assert_eq!(inspection.pickles.len(), 1);
    let beside = check("beside", GraphFormat::Onnx, &node(0, b"context.bin"), &[]);
    assert_eq!(beside.pickles.len(), 0);
    for (domain, operator) in [("org.pytorch.aten", "ATen"), ("com.microsoft", "ATenOp")] {
        let expected = format!("graph-review-operator {domain}.{operator}");
        check(operator, GraphFormat::Onnx, &with_node(onnx_node(domain, operator, "n")), &[&expected]);
    }
}

#[test]
fn options_of_sessions_name_no_files() {
    let told = |key: &str, options: &str| {
        let metadata = pb().message(14, pb().bytes(1, key).bytes(2, options)).0;
        let seen = seen(&look(&[with_node(onnx_node("", "Relu", "n")), metadata].concat()));
        seen.into_iter().map(|text| text.replace("config-outside-reference ort_config.", "")).collect::<Vec<_>>()
    };
    for (options, expected) in [
        (r#"{"session_options": {"intra_op_num_threads": 2, "graph_optimization_level": 99}}"#, &[][..]),
        (r#"{"session_options": {"enable_profiling": 0, "execution_mode": 1}}"#, &[]),
        (r#"{"session_options": {"enable_profiling": false, "optimized_model_filepath": ""}}"#, &[]),
        (r#"{"session_options": {"log_id": "model"}}"#, &[]),
        (r#"{"session_options": {"enable_profiling": 1}}"#, &["session_options.enable_profiling"]),
        (r#"{"session_options": {"enable_profiling": true}}"#, &["session_options.enable_profiling"]),
        (
            r#"{"session_options": {"optimized_model_filepath": "m.onnx", "profile_file_prefix": "/x/y"}}"#,
            &["session_options.optimized_model_filepath", "session_options.profile_file_prefix"],
        ),
        (r#"{"session_options": {"custom_op_libraries": ["ops"]}}"#, &["session_options.custom_op_libraries"]),
        (r#"{"session_options": {"ops": {"mine": ["libmine.so"]}}}"#, &["session_options.ops.mine"]),
        (r#"{"run_options": {"log_id": "../../x"}}"#, &["run_options.log_id"]),
    ] {
        assert_eq!(told("ort_config", options), expected, "{options}");
    }
    assert_eq!(told("training", r#"{"profile_file_prefix": "/x/y"}"#), [""; 0]);
    assert_eq!(told("ort_config", &" ".repeat((1 << 20) + 1)), ["limit-exceeded string_bytes"]);
}

#[test]
fn a_tensor_that_lies_is_seen() {
    let huge = i64::MAX;
    for (case, tensor, expected) in [
        ("true", onnx_tensor("w", &[2, 3], 1, &[0; 24]), &[][..]),
        ("scalar", onnx_tensor("w", &[], 7, &[0; 8]), &[]),
        ("no elements", onnx_tensor("w", &[0, huge, huge], 1, &[]), &[]),
        ("four bits", onnx_tensor("w", &[3], 22, &[0; 2]), &[]),
        ("packed sizes", pb().bytes(1, [2, 3]).int(2, 1).bytes(8, "w").bytes(9, [0; 24]), &[]),
        ("too short", onnx_tensor("w", &[2, 3], 1, &[0; 20]), &["graph-lie w"]),
        ("too long", onnx_tensor("w", &[2, 3], 1, &[0; 25]), &["graph-lie w"]),
        ("negative", onnx_tensor("w", &[-1], 1, &[0; 4]), &["graph-lie w"]),
        ("too many", onnx_tensor("w", &[huge, huge, huge], 1, &[0; 4]), &["graph-lie w"]),
        ("no data at all", pb().int(1, 1 << 32).int(2, 1).bytes(8, "w"), &["graph-lie w"]),
        ("no texts", pb().int(1, 1 << 32).int(2, 8).bytes(6, "a").bytes(8, "w"), &["graph-lie w"]),
        ("fewer whole numbers", pb().int(1, 100).int(2, 7).bytes(7, [1, 2]).bytes(8, "w"), &["graph-lie w"]),
        ("empty texts", pb().int(1, 2).int(2, 8).bytes(6, "").bytes(6, "").bytes(8, "w"), &[]),
        ("nothing", pb().int(1, 0).int(2, 1).bytes(8, "w"), &[]),
        ("packed floats", pb().int(1, 2).int(2, 1).bytes(4, [0; 12]).bytes(8, "w"), &["graph-lie w"]),
        ("external length", onnx_external("w", &[("location", "w.bin"), ("length", "9")]), &["graph-lie w"]),
        ("external offset", onnx_external("w", &[("location", "w.bin"), ("offset", "-1")]), &["graph-lie w"]),
        ("nowhere", onnx_external("w", &[]), &["graph-lie w"]),
        (
            "key of the reader",
            onnx_external("w", &[("location", "w.bin"), ("__class__", "x")]),
            &["graph-external-data __class__"],
        ),
    ] {
        let bytes = onnx_model(vec![onnx_node("", "Relu", "n")], vec![tensor], vec![]);
        check(case, GraphFormat::Onnx, &bytes, expected);
    }
}

#[test]
fn a_tensor_that_begins_like_a_pickle_is_handed_out() {
    for (raw, expected) in [
        (&b"\x80\x04\x8c\x02os\x94."[..], true),
        (b"cos\nsystem\n(S'x'\ntR.", true),
        (b"\x80\x80\x80\x80", false),
        (b"", false),
    ] {
        let tensor = onnx_tensor("w", &[raw.len() as i64], 2, raw);
        let constant = pb().bytes(1, "value").message(5, tensor.clone());
        for bytes in [
            onnx_model(vec![onnx_node("", "Relu", "n")], vec![tensor], vec![]),
            with_node(onnx_node("", "Constant", "c").message(5, constant)),
        ] {
            let found = look(&bytes).pickles;
            let found: Vec<_> = found.iter().map(|value| (value.name.as_str(), value.length)).collect();
            assert_eq!(found, Vec::from_iter(expected.then_some(("w", raw.len() as u64))), "{raw:?}");
        }
    }
}

#[test]
fn functions_that_cannot_be_written_out_are_bombs() {
    let doubling = |levels: usize| -> Vec<Pb> {
        let name = |n: usize| format!("f{n}");
        (0..levels)
            .map(|n| {
                let next = name(n + 1);
                onnx_function("my", &name(n), &[("my", &next), ("my", &next)])
            })
            .chain([onnx_function("my", &name(levels), &[("", "Relu"), ("", "Relu")])])
            .collect()
    };
    for (case, functions, expected) in [
        ("a chain", doubling(4), &[][..]),
        ("doubling", doubling(60), &["graph-bomb my.f0"]),
        ("itself", vec![onnx_function("my", "f0", &[("my", "f0")])], &["graph-bomb my.f0"]),
        (
            "in a ring",
            vec![onnx_function("my", "f0", &[("my", "f1")]), onnx_function("my", "f1", &[("my", "f0")])],
            &["graph-bomb my.f0"],
        ),
        (
            "another overload",
            vec![
                pb().bytes(1, "f0").message(7, onnx_node("my", "f0", "n").bytes(8, "b")).bytes(10, "my").bytes(13, "a"),
                onnx_function("my", "f0", &[]),
            ],
            &["graph-unknown-operator my"],
        ),
    ] {
        let bytes = onnx_model(vec![onnx_node("my", "f0", "n")], vec![], functions);
        check(case, GraphFormat::Onnx, &bytes, expected);
    }
}

#[test]
fn a_model_is_described() {
    let metadata = pb().message(14, pb().bytes(1, "license").bytes(2, "MIT")).bytes(6, "a model");
    let tensors = vec![onnx_tensor("a", &[2, 3], 1, &[0; 24]), onnx_tensor("b", &[4], 7, &[0; 32])];
    let nodes = vec![onnx_node("", "Relu", "n"), onnx_node("com.microsoft", "Gelu", "m")];
    let bytes = [onnx_model(nodes, tensors, vec![]), metadata.0].concat();
    let facts = check("facts", GraphFormat::Onnx, &bytes, &[]).facts;
    assert_eq!((facts.tensors, facts.parameters, facts.described), (Some(2), Some(10), true));
    assert_eq!(facts.licence.as_deref(), Some("MIT"));
    for (key, value) in [("nodes", "2"), ("opset", "ai.onnx 17"), ("ir_version", "8"), ("producer", "builder")] {
        assert_eq!(facts.more.get(key).map(String::as_str), Some(value), "{key}");
    }
}

#[test]
fn the_operators_of_one_domain_are_one_note_and_many_names_are_cut() {
    let nodes = (0..5000).map(|n| onnx_node(&format!("d{}", n % 3), &format!("Op{n}"), "n")).collect();
    let inspection = look(&onnx_model(nodes, vec![], vec![]));
    assert_eq!(
        seen(&inspection),
        ["graph-unknown-operator d0", "graph-unknown-operator d1", "graph-unknown-operator d2"]
    );
    let nodes = (0..5000).map(|n| onnx_node(&format!("d{n}"), "PyOp", "n")).collect();
    assert_eq!(look(&onnx_model(nodes, vec![], vec![])).sightings.len(), 64);
}

#[test]
fn a_broken_model_says_so_and_keeps_what_was_seen() {
    let model = with_node(onnx_node("", "PyOp", "n"));
    let whole = "graph-dangerous-operator ai.onnx.PyOp";
    for (case, bytes) in [
        ("a lying length", [model.clone(), pb().lying(14, 1 << 40, b"x").0].concat()),
        ("a number without end", [model.clone(), vec![0x08, 0xff, 0xff, 0xff]].concat()),
        ("field zero", [model.clone(), vec![0x00, 0x01]].concat()),
        ("an unknown wire type", [model.clone(), vec![0x0f]].concat()),
        ("an end of no group", [model.clone(), pb().key(900, 4).0].concat()),
        ("a group of another's end", [model.clone(), pb().key(900, 3).key(901, 4).0].concat()),
        ("a number cut off", [model.clone(), pb().key(900, 1).0].concat()),
    ] {
        check(case, GraphFormat::Onnx, &bytes, &[whole, "header-malformed"]);
    }
    let grouped = [model, pb().key(900, 3).int(1, 5).bytes(2, "x").key(3, 3).key(3, 4).key(900, 4).0].concat();
    check("groups are skipped", GraphFormat::Onnx, &grouped, &[whole]);
}

#[test]
fn each_limit_is_a_sighting() {
    let deep = (0..40).fold(pb().bytes(1, "g"), |inner, _| {
        pb().bytes(1, "g").message(6, pb().message(1, onnx_node("", "If", "n").message(5, inner)))
    });
    let deep = with_node(onnx_node("", "If", "n").message(5, deep));
    let wide = onnx_model((0..300).map(|_| onnx_node("", "Relu", "n")).collect(), vec![], vec![]);
    let long = onnx_model(
        vec![onnx_node("", "Relu", "n")],
        vec![onnx_external("w", &[("location", &"x".repeat(2000))])],
        vec![],
    );
    let default = Limits::default();
    for (bytes, limits, expected) in [
        (&deep, default, "limit-exceeded depth"),
        (&wide, Limits { entries: 100, ..default }, "limit-exceeded entries"),
        (&wide, Limits { header_bytes: 1000, ..default }, "limit-exceeded header_bytes"),
        (&long, Limits { string_bytes: 1500, ..default }, "limit-exceeded string_bytes"),
    ] {
        assert!(seen(&look_with(bytes, &limits)).contains(&expected.to_owned()), "{expected}");
    }
    let groups = [wide, vec![0x0b; 100]].concat();
    assert_eq!(seen(&look(&groups)), ["graph-bomb subgraphs", "limit-exceeded depth"]);
}

proptest! {
    #[test]
    fn counts_are_what_was_written(nodes in 0usize..40, shapes in prop::collection::vec((1i64..50, 1i64..50), 0..20)) {
        let tensors = shapes.iter().map(|(a, b)| onnx_tensor("w", &[*a, *b], 9, &vec![0; (a * b) as usize])).collect();
        let bytes = onnx_model((0..nodes).map(|_| onnx_node("", "Relu", "n")).collect(), tensors, vec![]);
        let inspection = look(&bytes);
        prop_assert!(inspection.sightings.is_empty());
        prop_assert_eq!(inspection.facts.tensors, Some(shapes.len() as u64));
        prop_assert_eq!(inspection.facts.parameters, Some(shapes.iter().map(|(a, b)| (a * b) as u64).sum()));
    }
}
