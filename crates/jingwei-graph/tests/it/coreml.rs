use jingwei_graph::GraphFormat;

use crate::builders::*;
use crate::check;

fn model(kind: u32, inner: Pb) -> Vec<u8> {
    let metadata = pb().bytes(1, "a model").bytes(3, "author").bytes(4, "MIT");
    pb().int(1, 6).message(2, pb().message(1, pb().bytes(1, "x")).message(100, metadata)).message(kind, inner).0
}

fn program(file: &str) -> Pb {
    let value = pb().message(5, pb().bytes(1, file).int(2, 64));
    let operation = pb().bytes(1, "const").message(5, pb().bytes(1, "val").message(2, value));
    let block = pb().message(3, operation);
    let function = pb().message(3, pb().bytes(1, "CoreML5").message(2, block));
    pb().int(1, 1).message(2, pb().bytes(1, "main").message(2, function))
}

#[test]
fn classes_and_files_of_others_are_named() {
    let custom = || pb().bytes(10, "MyClass");
    let layer = |inner: Pb| pb().message(1, pb().bytes(1, "layer").message(500, inner));
    let plain = || pb().message(1, pb().bytes(1, "layer").message(130, pb()));
    let note = &["graph-unknown-operator Core ML"][..];
    let link = |name: &str, search: &str| {
        pb().message(1, pb().message(1, pb().bytes(1, name)).message(2, pb().bytes(1, search)))
    };
    let whole = |kind, inner| Pb(model(kind, inner));
    for (case, bytes, expected) in [
        ("a network", model(500, plain()), &[][..]),
        ("a layer", model(500, layer(custom())), note),
        ("of a classifier", model(403, layer(custom())), note),
        ("in a branch", model(500, pb().message(1, pb().message(605, pb().message(2, layer(custom()))))), note),
        ("in a loop", model(500, pb().message(1, pb().message(615, pb().message(4, layer(custom()))))), note),
        ("a model", model(555, custom()), note),
        ("in a pipeline", model(202, pb().message(1, whole(555, custom()))), note),
        ("in a classifier's pipeline", model(200, pb().message(1, pb().message(1, whole(555, custom())))), note),
        ("a program", model(502, program("@model_path/weights/weight.bin")), &[]),
        ("weights elsewhere", model(502, program("../x")), &["graph-external-data ../x"]),
        ("weights elsewhere still", model(502, program("@model_path/../x")), &["graph-external-data @model_path/../x"]),
        ("a link", model(556, link("Other.mlmodelc", ".")), &[]),
        ("a link elsewhere", model(556, link("Other.mlmodelc", ".:/tmp")), &["graph-external-data /tmp"]),
    ] {
        let facts = check(case, GraphFormat::CoreMl, &bytes, expected).facts;
        assert_eq!((facts.licence.as_deref(), facts.described), (Some("MIT"), true), "{case}");
    }
}

#[test]
fn a_manifest_names_files_of_its_package() {
    let manifest = |path: &str, root: &str| {
        format!(
            r#"{{"fileFormatVersion": "1.0.0", "itemInfoEntries": {{"A-1": {{"path": "{path}"}}}}, "rootModelIdentifier": "{root}"}}"#
        )
    };
    for (case, text, expected) in [
        ("plain", manifest("com.apple.CoreML/model.mlmodel", "A-1"), &[][..]),
        ("elsewhere", manifest("../../x", "A-1"), &["graph-external-data ../../x"]),
        ("no model", manifest("x", "B"), &["header-malformed"]),
        ("cut off", manifest("x", "A-1").replace("}}", ""), &["header-malformed"]),
    ] {
        check(case, GraphFormat::CoreMlPackage, text.as_bytes(), expected);
    }
}
