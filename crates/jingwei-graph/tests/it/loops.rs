//! Loops without an end, and those that end.

use jingwei_graph::GraphFormat;

use crate::builders::*;
use crate::check;

fn onnx(operator: &str, inputs: &[&str], output: &str) -> Pb {
    inputs.iter().fold(pb(), |node, input| node.bytes(1, input)).bytes(2, output).bytes(3, "n").bytes(4, operator)
}

fn truth(name: &str, value: u8) -> Pb {
    onnx_tensor(name, &[], 9, &[value])
}

fn count(name: &str, value: i64) -> Pb {
    onnx_tensor(name, &[], 7, &value.to_le_bytes())
}

fn constant(name: &str, value: Pb) -> Pb {
    onnx("Constant", &[], name).message(5, pb().bytes(1, "value").message(5, value))
}

/// A loop over `m`, `go` and one value, whose body takes `i`, `ci` and `vi` and gives `co` and `vo`.
fn looped(inputs: &[&str], nodes: Vec<Pb>) -> Pb {
    let end = |name: &str| pb().bytes(1, name);
    let body = pb()
        .messages(1, nodes)
        .bytes(2, "body")
        .messages(11, ["i", "ci", "vi"].map(end))
        .messages(12, ["co", "vo"].map(end));
    onnx("Loop", inputs, "y").message(5, pb().bytes(1, "body").message(6, body))
}

#[test]
fn a_loop_of_onnx_that_never_ends_is_a_bomb() {
    let same = |from: &str, to: &str| onnx("Identity", &[from], to);
    let passed = || vec![same("ci", "co"), same("vi", "vo")];
    let all = ["m", "go", "x"];
    let around = |rounds: i64, go: u8| vec![count("m", rounds), truth("go", go), count("ten", 10), count("x", 3)];
    let most = || around(i64::MAX, 1);
    for (case, node, tensors, is_endless) in [
        ("passed on", looped(&all, passed()), most(), true),
        ("three rounds", looped(&all, passed()), around(3, 1), false),
        ("no round", looped(&all, passed()), around(i64::MAX, 0), false),
        ("no count", looped(&["", "go", "x"], passed()), around(3, 1), true),
        ("neither count nor condition", looped(&["", "", "x"], passed()), vec![], true),
        ("a count that is computed", looped(&["n", "go", "x"], passed()), most(), false),
        ("a constant", looped(&all, vec![constant("co", truth("", 1)), same("vi", "vo")]), most(), true),
        ("a constant that ends it", looped(&all, vec![constant("co", truth("", 0)), same("vi", "vo")]), most(), false),
        ("a constant around it", looped(&all, vec![same("go", "co"), same("vi", "vo")]), most(), true),
        ("cast", looped(&all, vec![onnx("Cast", &["ci"], "co"), same("vi", "vo")]), most(), true),
        (
            "as exporters write it",
            looped(&all, vec![onnx("Sub", &["vi", "ten"], "vo"), onnx("Less", &["vo", "ten"], "co")]),
            most(),
            false,
        ),
        (
            "and something computed",
            looped(&all, vec![onnx("Less", &["i", "ten"], "l"), onnx("And", &["ci", "l"], "co"), same("vi", "vo")]),
            most(),
            false,
        ),
        (
            "or something computed",
            looped(&all, vec![onnx("Less", &["i", "ten"], "l"), onnx("Or", &["ci", "l"], "co"), same("vi", "vo")]),
            most(),
            true,
        ),
        ("a value that stays", looped(&all, vec![onnx("Less", &["vi", "ten"], "co"), same("vi", "vo")]), most(), true),
        (
            "a value that changes",
            looped(&all, vec![onnx("Less", &["vi", "ten"], "co"), onnx("Add", &["vi", "i"], "vo")]),
            most(),
            false,
        ),
        (
            "not not",
            {
                let nodes = vec![onnx("Not", &["ci"], "a"), onnx("Not", &["a"], "co"), same("vi", "vo")];
                looped(&all, nodes)
            },
            most(),
            true,
        ),
        ("itself", looped(&all, vec![onnx("Equal", &["i", "i"], "co"), same("vi", "vo")]), most(), true),
        ("nothing", looped(&all, vec![]), most(), false),
    ] {
        let expected: &[&str] = if is_endless { &["graph-bomb Loop n"] } else { &[] };
        check(case, GraphFormat::Onnx, &onnx_model(vec![node], tensors, vec![]), expected);
    }
    // In a branch, in a function, and in a ring of values.
    let branch = pb().message(1, looped(&["", "", "x"], passed())).bytes(2, "inner");
    let node = onnx("If", &["x"], "z").message(5, pb().bytes(1, "then_branch").message(6, branch));
    check("branch", GraphFormat::Onnx, &onnx_model(vec![node], vec![], vec![]), &["graph-bomb Loop n"]);
    let function = pb().bytes(1, "F").message(7, looped(&["", "", "x"], passed())).bytes(10, "my");
    let bytes = onnx_model(vec![onnx_node("my", "F", "n")], vec![], vec![function]);
    check("function", GraphFormat::Onnx, &bytes, &["graph-bomb Loop n"]);
    let ring = looped(&all, vec![same("a", "co"), same("co", "a"), same("vi", "vo")]);
    check("ring", GraphFormat::Onnx, &onnx_model(vec![ring], most(), vec![]), &[]);
}

#[test]
fn the_type_of_a_tensor_may_stand_behind_its_bytes() {
    let raw = pb().bytes(9, [1]).bytes(8, "go").int(2, 9);
    let nodes = vec![onnx("Identity", &["go"], "co"), onnx("Identity", &["vi"], "vo")];
    let bytes = onnx_model(vec![looped(&["", "", "x"], nodes)], vec![raw], vec![]);
    check("behind", GraphFormat::Onnx, &bytes, &["graph-bomb Loop n"]);
}

fn number(name: &str, tensor: Pb) -> Pb {
    tf_node(name, "Const", &[], &[("dtype", pb().int(6, 10)), ("value", pb().message(8, tensor))])
}

fn boolean(name: &str, value: i64) -> Pb {
    number(name, pb().int(1, 10).message(2, pb()).int(11, value))
}

fn integer(name: &str, value: i32) -> Pb {
    number(name, pb().int(1, 3).message(2, pb()).bytes(4, value.to_le_bytes()))
}

fn function(name: &str, arguments: &[&str], results: &[&str], nodes: Vec<Pb>) -> Pb {
    let argument = |name: &str| pb().bytes(1, name).int(3, 7);
    let outputs: Vec<String> = (0..results.len()).map(|n| format!("out{n}")).collect();
    let signature = pb()
        .bytes(1, name)
        .messages(2, arguments.iter().map(|name| argument(name)))
        .messages(3, outputs.iter().map(|name| argument(name)));
    let results = outputs.iter().zip(results).map(|(output, value)| pb().bytes(1, output).bytes(2, value));
    pb().message(1, signature).messages(3, nodes).messages(4, results)
}

fn called(name: &str) -> Pb {
    pb().message(10, pb().bytes(1, name))
}

fn r#while(inputs: &[&str]) -> Pb {
    tf_node("loop", "StatelessWhile", inputs, &[("cond", called("cond")), ("body", called("body"))])
}

#[test]
fn a_loop_of_tensorflow_that_never_ends_is_a_bomb() {
    let type_of = || ("T", pb().int(6, 10));
    let op = |name: &str, operator: &str, inputs: &[&str]| tf_node(name, operator, inputs, &[type_of()]);
    let same = || function("body", &["p"], &["o:output:0"], vec![op("o", "Identity", &["p"])]);
    let start = || vec![integer("one", 1), r#while(&["one"])];
    let cond = |result: &str, nodes: Vec<Pb>| function("cond", &["p"], &[result], nodes);
    for (case, nodes, functions, is_endless) in [
        ("true", start(), vec![cond("c:output:0", vec![boolean("c", 1)]), same()], true),
        ("false", start(), vec![cond("c:output:0", vec![boolean("c", 0)]), same()], false),
        (
            "handed on",
            start(),
            vec![
                cond(
                    "d:output:1",
                    vec![
                        boolean("c", 1),
                        boolean("f", 0),
                        op("b", "Identity", &["c:output:0"]),
                        op("d", "IdentityN", &["f:output:0", "b:output:0", "^c"]),
                    ],
                ),
                same(),
            ],
            true,
        ),
        (
            "as it is written",
            start(),
            vec![
                cond("l:z:0", vec![integer("n", 10), op("l", "Less", &["p", "n:output:0"])]),
                function("body", &["p"], &["a:z:0"], vec![integer("n", 1), op("a", "AddV2", &["p", "n:output:0"])]),
            ],
            false,
        ),
        (
            "a count that stays",
            start(),
            vec![cond("l:z:0", vec![integer("n", 10), op("l", "Less", &["p", "n:output:0"])]), same()],
            true,
        ),
        (
            "nobody knows the start",
            vec![tf_node("one", "Placeholder", &[], &[]), r#while(&["one"])],
            vec![cond("l:z:0", vec![integer("n", 10), op("l", "Less", &["p", "n:output:0"])]), same()],
            false,
        ),
        (
            "a flag that is set",
            vec![boolean("one", 1), r#while(&["one"])],
            vec![cond("p", vec![]), function("body", &["p"], &["t:output:0"], vec![boolean("t", 1)])],
            true,
        ),
        (
            "a flag that is taken away",
            vec![boolean("one", 1), r#while(&["one"])],
            vec![cond("p", vec![]), function("body", &["p"], &["t:output:0"], vec![boolean("t", 0)])],
            false,
        ),
        ("no such function", start(), vec![same()], false),
    ] {
        let expected: &[&str] = if is_endless { &["graph-bomb StatelessWhile loop"] } else { &[] };
        let bytes = saved_model(tf_graph(nodes, functions), pb());
        check(case, GraphFormat::SavedModel, &bytes, expected);
    }
    let nodes = vec![boolean("c", 1), op("i", "Identity", &["c"]), op("l", "LoopCond", &["i"])];
    check("old", GraphFormat::TensorflowGraph, &tf_graph(nodes, vec![]).0, &["graph-bomb LoopCond l"]);
    let nodes = vec![op("m", "Less", &["a", "b"]), op("l", "LoopCond", &["m"])];
    check("old, and ends", GraphFormat::TensorflowGraph, &tf_graph(nodes, vec![]).0, &[]);
}

#[test]
fn rounds_that_no_switch_ends_are_bombs() {
    let op = |name: &str, operator: &str, inputs: &[&str]| tf_node(name, operator, inputs, &[]);
    let ring = |way: Vec<Pb>, last: &str| {
        let ends = [op("e", "Enter", &["x"]), op("m", "Merge", &["e", "n"]), op("n", "NextIteration", &[last])];
        [vec![tf_node("x", "Placeholder", &[], &[])], ends.to_vec(), way].concat()
    };
    let switched = || {
        let way = [op("c", "Less", &["m", "x"]), op("l", "LoopCond", &["c"]), op("s", "Switch", &["m:0", "l"])];
        [way.to_vec(), vec![op("o", "Exit", &["s"]), op("b", "AddV2", &["s:1", "x"])]].concat()
    };
    let endless = &["graph-bomb NextIteration n"][..];
    for (case, nodes, expected) in [
        ("around", ring(vec![], "m"), endless),
        ("around through others", ring(vec![op("a", "AddV2", &["m:0", "x"])], "a"), endless),
        ("as it is written", ring(switched(), "b"), &[]),
        ("beside the switch", ring([switched(), vec![op("a", "AddV2", &["b", "m"])]].concat(), "a"), &[]),
        ("beside a switch", ring([switched(), vec![op("a", "AddV2", &["x", "m"])]].concat(), "a"), endless),
        ("by control", ring(vec![op("a", "Const", &["^m"])], "a"), endless),
        ("by control behind a switch", ring([switched(), vec![op("a", "Const", &["^b"])]].concat(), "a"), &[]),
    ] {
        check(case, GraphFormat::TensorflowGraph, &tf_graph(nodes.clone(), vec![]).0, expected);
        check(case, GraphFormat::SavedModel, &saved_model(tf_graph(nodes.clone(), vec![]), pb()), expected);
        let body = function("f", &["p"], &["m"], nodes);
        let start = vec![tf_node("y", "PartitionedCall", &[], &[("f", called("f"))])];
        check(case, GraphFormat::SavedModel, &saved_model(tf_graph(start, vec![body]), pb()), expected);
    }
}

#[test]
fn a_graph_has_only_its_own_functions() {
    let body = || function("body", &["p"], &["p"], vec![]);
    let model = |constant: i64| {
        let cond = function("cond", &["p"], &["c:output:0"], vec![boolean("c", constant)]);
        saved_model(tf_graph(vec![integer("one", 1), r#while(&["one"])], vec![cond, body()]), pb())
    };
    check("ends", GraphFormat::SavedModel, &[model(0), model(0)].concat(), &[]);
    let bytes = [model(0), model(1)].concat();
    check("the second does not", GraphFormat::SavedModel, &bytes, &["graph-bomb StatelessWhile loop"]);
}

#[test]
fn functions_of_tensorflow_that_call_themselves_are_bombs() {
    let calls = |name: &str, operator: &str, attribute: &str, callee: &str| {
        let node = tf_node("c", operator, &["p"], &[(attribute, called(callee))]);
        function(name, &["p"], &["c:output:0"], vec![node])
    };
    let start = || vec![tf_node("x", "StatefulPartitionedCall", &["p"], &[("f", called("f"))])];
    let plain = || function("g", &["p"], &["p"], vec![]);
    for (case, functions, expected) in [
        ("another", vec![calls("f", "PartitionedCall", "f", "g"), plain()], &[][..]),
        ("itself", vec![calls("f", "StatefulPartitionedCall", "f", "f")], &["graph-bomb f"]),
        (
            "in a ring",
            vec![calls("f", "PartitionedCall", "f", "g"), calls("g", "PartitionedCall", "f", "f")],
            &["graph-bomb f"],
        ),
        (
            "by its name",
            vec![function("f", &["p"], &["c:o:0"], vec![tf_node("c", "f", &["p"], &[])])],
            &["graph-bomb f"],
        ),
        ("under a condition", vec![calls("f", "If", "then_branch", "f")], &[]),
        ("in a loop's body", vec![calls("f", "While", "body", "f")], &[]),
        ("in a loop's condition", vec![calls("f", "While", "cond", "f")], &["graph-bomb f"]),
    ] {
        let bytes = saved_model(tf_graph(start(), functions), pb());
        check(case, GraphFormat::SavedModel, &bytes, expected);
    }
}
