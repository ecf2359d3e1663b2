//! ONNX models that are spelled as text.

use jingwei_graph::GraphFormat;

use crate::{check, seen, told};

fn json(initializer: &str) -> String {
    format!(
        r#"{{"irVersion": "8", "producerName": "builder",
            "graph": {{"node": [{{"input": ["x", "w"], "output": ["y"], "opType": "Add"}}], "name": "main",
                "initializer": [{initializer}],
                "input": [{{"name": "x", "type": {{"tensorType": {{"elemType": 1}}}}}}]}},
            "opsetImport": [{{"domain": "", "version": "17"}}]}}"#
    )
}

fn external(location: &str) -> String {
    format!(
        r#"{{"dims": ["2"], "dataType": 1, "name": "w", "dataLocation": "EXTERNAL",
            "externalData": [{{"key": "location", "value": "{location}"}}, {{"key": "length", "value": "8"}}]}}"#
    )
}

#[test]
fn a_model_in_json_is_read_as_what_it_spells() {
    for (case, text, expected) in [
        ("beside it", json(&external("weights.bin")), &[][..]),
        ("outside", json(&external("/etc/passwd")), &["graph-external-data /etc/passwd"]),
        ("escaped", json(&external("\\u002e./x")), &["graph-external-data ../x"]),
        (
            "other names and numbers",
            r#"{"graph": {"initializer": [{"dims": [2], "data_type": 1.0, "data_location": 1,
                "external_data": [{"key": "location", "value": "../x"}]}]}, "ir_version": 8}"#
                .to_owned(),
            &["graph-external-data ../x"],
        ),
        (
            "an operator",
            json("").replace("Add", "PyOp").replace("\"irVersion\"", "\"ir\\u0056ersion\""),
            &["graph-dangerous-operator ai.onnx.PyOp"],
        ),
        ("bytes", json(r#"{"dims": ["2"], "dataType": 1, "rawData": "AAAAAAAAgD8="}"#), &[]),
        (
            "too few bytes",
            json(r#"{"dims": ["2"], "dataType": 1, "name": "w", "rawData": "AAAAAA=="}"#),
            &["graph-lie w"],
        ),
        ("numbers", json(r#"{"dims": ["2"], "dataType": 1, "name": "w", "floatData": [1, "Infinity"]}"#), &[]),
        (
            "too few numbers",
            json(r#"{"dims": ["3"], "dataType": 1, "name": "w", "floatData": [1, 2.5]}"#),
            &["graph-lie w"],
        ),
        ("no JSON", json(r#"{"dims": ["1"], "dataType": 1, "floatData": [NaN]}"#), &["header-malformed"]),
    ] {
        check(case, GraphFormat::OnnxJson, text.as_bytes(), expected);
        let behind = format!("{}{text}", " \n".repeat(4000));
        check(case, GraphFormat::OnnxJson, behind.as_bytes(), expected);
    }
    let facts = check("facts", GraphFormat::OnnxJson, json(&external("w.bin")).as_bytes(), &[]).facts;
    assert_eq!(facts.more.get("external_data").map(String::as_str), Some("w.bin"));
    assert_eq!((facts.tensors, facts.parameters), (Some(1), Some(2)));
}

#[test]
fn other_documents_are_no_models() {
    for text in [
        "{}",
        "{\"graph\": {}}",
        "{\"graph\": null}",
        "{\"graph\": {\"nodes\": [], \"edges\": []}}",
        "{\"graph\": {\"node\": [{\"id\": 1}]}}",
        "{\"graph\": {\"name\": \"x\"}, \"model_type\": \"bert\"}",
        "{\"domain\": \"example.org\"}",
        "{\"functions\": [{\"name\": \"f\", \"parameters\": {}}]}",
        "{\"graph\": {\"name\": \"x\"",
        "graph: a drawing",
        "ir_version: 8\nimport os",
        "domain: example.org\nname: x",
        "ir_version: 8\nproducer_name: 'x'",
    ] {
        assert_eq!(told(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_model_in_text_is_read_as_what_it_spells() {
    let text = |tensor: &str| {
        format!(
            "# a model\nir_version: 8\nproducer_name: \"builder\"\ngraph {{\n  node {{ input: ['x', 'w'] output: \"y\" \
             op_type: \"Add\" }}\n  initializer < dims: 2 data_type: 1 name: \"w\" {tensor} >\n  input {{ name: \"x\" \
             type {{ tensor_type {{ elem_type: 1; shape {{ dim {{ dim_value: 1 }} }} }} }} }}\n}}\nopset_import {{ version: 17 }}\n"
        )
    };
    let external = |location: &str| {
        text(&format!("data_location: EXTERNAL external_data {{ key: \"location\" value: {location} }}"))
    };
    for (case, text, expected) in [
        ("beside it", external("\"w.bin\""), &[][..]),
        ("outside", external("\"/etc/passwd\""), &["graph-external-data /etc/passwd"]),
        ("in pieces", external("'.' \"\\056/x\""), &["graph-external-data ../x"]),
        ("bytes", text(r#"raw_data: "\000\000\200?\377\n\t\r""#), &[]),
        ("too few bytes", text(r#"raw_data: "\000""#), &["graph-lie w"]),
        ("numbers", text("float_data: 1e+20 float_data: -inf"), &[]),
        (
            "an operator",
            text("float_data: [1.5, 2]").replace("Add", "PyOp"),
            &["graph-dangerous-operator ai.onnx.PyOp"],
        ),
    ] {
        check(case, GraphFormat::OnnxText, text.as_bytes(), expected);
    }
    for text in [text("unknown: 1"), text("name: 1"), text("float_data: x"), text("").replace("17 }", "17")] {
        assert_eq!(told(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn what_may_be_a_pickle_is_handed_out() {
    let tensor = r#"{"dims": ["16"], "dataType": 2, "name": "w", "rawData": "gAKMAm9zlIwGc3lzdGVtlA=="}"#;
    let inspection = check("a pickle", GraphFormat::OnnxJson, json(tensor).as_bytes(), &[]);
    assert_eq!(inspection.pickles.len(), 0);
    assert_eq!(inspection.nested.len(), 1);
    assert!(inspection.nested[0].bytes.starts_with(b"\x80\x02\x8c\x02os"));
}

#[test]
fn deep_and_large_texts_cost_little() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(90), close.repeat(90));
    let attribute = deep(r#"{"attribute": [{"g": {"node": ["#, "]}}]}");
    let bytes = format!(r#"{{"irVersion": 8, "graph": {{"node": [{attribute}]}}}}"#);
    let found = crate::look(bytes.as_bytes());
    assert_eq!(seen(&found), ["header-malformed"]);
    let attribute = deep("attribute { g { node { ", "} } }");
    assert_eq!(told(format!("graph {{ node {{ {attribute} }} }}").as_bytes()), None);
}
