//! ONNX operators that ask for far more than there is, texts that are paths, and files that are too short.

use jingwei_graph::GraphFormat;

use crate::builders::*;
use crate::{check, look};

fn node(operator: &str, inputs: &[&str], output: &str) -> Pb {
    inputs.iter().fold(pb(), |node, input| node.bytes(1, input)).bytes(2, output).bytes(3, "n").bytes(4, operator)
}

fn longs(values: &[i64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn sizes(name: &str, values: &[i64]) -> Pb {
    onnx_tensor(name, &[values.len() as i64], 7, &longs(values))
}

fn attribute(name: &str) -> Pb {
    pb().bytes(1, name)
}

#[test]
fn operators_ask_for_no_more_than_a_model_needs() {
    let bomb = |operator: &str| format!("graph-bomb {operator} n");
    let wide = [1 << 20, 1 << 20];
    let in_tensor = |name: &str, values: &[i64]| vec![sizes(name, values)];
    let scales = onnx_tensor("s", &[2], 1, &[1e6f32.to_le_bytes(), 1e6f32.to_le_bytes()].concat());
    let range = |end: i64| vec![sizes("a", &[0]), sizes("b", &[end]), sizes("c", &[1])];
    for (case, nodes, tensors, expected) in [
        ("small", vec![node("ConstantOfShape", &["s"], "y")], in_tensor("s", &[4, 4]), None),
        ("wide", vec![node("ConstantOfShape", &["s"], "y")], in_tensor("s", &wide), Some("ConstantOfShape")),
        ("not a constant", vec![node("ConstantOfShape", &["x"], "y")], in_tensor("s", &wide), None),
        ("expand", vec![node("Expand", &["x", "s"], "y")], in_tensor("s", &wide), Some("Expand")),
        ("the value is large", vec![node("Expand", &["s", "x"], "y")], in_tensor("s", &wide), None),
        ("tile", vec![node("Tile", &["x", "s"], "y")], in_tensor("s", &[1 << 40]), Some("Tile")),
        ("pad", vec![node("Pad", &["x", "s"], "y")], in_tensor("s", &[0, 1 << 40]), Some("Pad")),
        ("depth", vec![node("OneHot", &["x", "s", "v"], "y")], in_tensor("s", &[1 << 40]), Some("OneHot")),
        ("scales", vec![node("Resize", &["x", "", "s"], "y")], vec![scales], Some("Resize")),
        ("a range", vec![node("Range", &["a", "b", "c"], "y")], range(1 << 50), Some("Range")),
        ("a short range", vec![node("Range", &["a", "b", "c"], "y")], range(512), None),
        ("rounds", vec![node("Loop", &["s", ""], "y")], in_tensor("s", &[1 << 40]), Some("Loop")),
        ("as often as needed", vec![node("Loop", &["s", "x"], "y")], in_tensor("s", &[i64::MAX]), None),
        (
            "in a node",
            vec![
                node("Constant", &[], "s").message(5, attribute("value").message(5, sizes("", &wide))),
                node("ConstantOfShape", &["s"], "y"),
            ],
            vec![],
            Some("ConstantOfShape"),
        ),
        (
            "in an attribute",
            vec![
                node("Constant", &[], "s").message(5, attribute("value_ints").int(8, wide[0]).int(8, wide[1])),
                node("ConstantOfShape", &["s"], "y"),
            ],
            vec![],
            Some("ConstantOfShape"),
        ),
        (
            "of noise",
            vec![node("RandomNormal", &[], "y").message(5, attribute("shape").int(8, wide[0]).int(8, wide[1]))],
            vec![],
            Some("RandomNormal"),
        ),
        (
            "from the graph around",
            vec![node("If", &["x"], "y").message(
                5,
                attribute("then").message(6, pb().message(1, node("ConstantOfShape", &["s"], "z")).bytes(2, "inner")),
            )],
            in_tensor("s", &wide),
            Some("ConstantOfShape"),
        ),
    ] {
        let expected: Vec<String> = expected.map(bomb).into_iter().collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(case, GraphFormat::Onnx, &onnx_model(nodes, tensors, vec![]), &expected);
    }
}

#[test]
fn an_operator_from_elsewhere_names_no_file_elsewhere() {
    for (domain, path, expected) in [
        ("ai.onnx.contrib", "../../x", Some("graph-external-data ../../x")),
        ("ai.onnx.contrib", "/etc/x", Some("graph-external-data /etc/x")),
        ("ai.onnx.contrib", "/model/layer", None),
        ("ai.onnx.contrib", "vocab.txt", None),
        ("", "../x", None),
    ] {
        let holding = onnx_node(domain, "Custom", "n").message(5, attribute("model").bytes(4, path));
        let told = look(&onnx_model(vec![holding], vec![], vec![]));
        let paths: Vec<&str> = told
            .sightings
            .iter()
            .filter(|seen| seen.rule == "model.graph-external-data")
            .filter_map(|seen| seen.key.as_deref())
            .collect();
        let expected: Vec<&str> =
            expected.into_iter().filter_map(|text| text.split_once(' ')).map(|(_, path)| path).collect();
        assert_eq!(paths, expected, "{domain} {path}");
    }
}

#[test]
fn how_far_files_have_to_reach_is_known() {
    for (entries, expected) in [
        (&[("location", "w.bin"), ("offset", "100"), ("length", "8")][..], "108 w.bin"),
        (&[("location", "w.bin"), ("offset", "100")], "108 w.bin"),
        (&[("location", "w.bin")], "8 w.bin"),
        (&[("location", "w.bin"), ("offset", "18446744073709551615"), ("length", "8")], "18446744073709551615 w.bin"),
    ] {
        let nodes = vec![onnx_node("", "Relu", "n")];
        let found = look(&onnx_model(nodes, vec![onnx_external("w", entries)], vec![]));
        assert_eq!(found.facts.more.get("external_end").map(String::as_str), Some(expected));
    }
}
