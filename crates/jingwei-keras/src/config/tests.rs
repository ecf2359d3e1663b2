use std::{fs, path::Path};

use jingwei_read::NameList;

use super::*;

fn names() -> NameTable {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog/names/keras.toml");
    let list: NameList = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    NameTable::new([&list])
}

fn check(names: &NameTable, json: &str, expected: &[&str]) {
    let found = inspect_config(json.as_bytes(), names, &Limits::default());
    let seen: Vec<_> = found
        .sightings
        .iter()
        .map(|s| format!("{} {}", s.rule.trim_start_matches("model."), s.key.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(seen, expected, "{json}");
}

/// A model with one layer, as Keras 3 writes it.
fn model(layer: &str) -> String {
    format!(
        r#"{{"module": "keras", "class_name": "Sequential", "config": {{"name": "m", "layers": [{layer}]}}, "registered_name": null}}"#
    )
}

#[test]
fn what_keras_itself_writes_is_clean() {
    let names = names();
    for json in [
        r#"{"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "activation": "relu"}, "registered_name": null}"#,
        r#"{"class_name": "Dense", "config": {"kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": null}}}}"#,
        r#"{"module": "keras.src.ops.numpy", "class_name": "Add", "config": {"name": "add"}, "registered_name": "Add"}"#,
        r#"{"module": "tf_keras.src.engine.functional", "class_name": "Functional", "config": {}, "registered_name": "Functional"}"#,
        r#"{"module": "keras.engine.functional", "class_name": "Functional", "config": {}, "registered_name": "Functional"}"#,
        r#"{"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}"#,
        r#"{"class_name": "__typespec__", "spec_name": "TensorSpec", "module": "tensorflow.python.framework.tensor_spec", "config": [], "registered_name": null}"#,
        r#"{"module": "keras_nlp.src.models.bert.bert_backbone", "class_name": "BertBackbone", "config": {}, "registered_name": "keras_nlp>BertBackbone"}"#,
        r#"{"class_name": "TFOpLambda", "config": {"name": "tf.math.multiply", "function": "math.multiply"}}"#,
        r#"{"class_name": "TensorFlowOpLayer", "config": {"name": "x", "node_def": "{\"name\": \"x\", \"op\": \"AddV2\"}"}}"#,
        r#"{"class_name": "StringLookup", "config": {"name": "s", "vocabulary": ["/etc/passwd"], "max_value": Infinity}}"#,
        r#"{"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"input_shape": {"class_name": "TensorShape", "items": [null]}}}]}"#,
        r#"{"module": "keras.layers", "class_name": "Lambda", "config": {"name": "l", "function": {"module": "keras.ops", "class_name": "function", "config": "relu", "registered_name": "relu"}}}"#,
        r#"{"name": "d", "class_name": "Dense", "config": {"name": "d"}, "input_spec": {"class_name": "InputSpec", "config": {}}, "save_spec": {"class_name": "TypeSpec", "type_spec": "tf.TensorSpec", "serialized": [{"class_name": "TensorShape", "items": [null, 4]}, "float32"]}}"#,
        r#"{"compile_config": {"optimizer": {"module": "keras.optimizers", "class_name": "Adam", "config": {}}, "loss": {"a": "mse"}, "metrics": [["acc"], ["AUC"]], "jit_compile": true}}"#,
    ] {
        check(&names, json, &[]);
        check(&names, &model(json), &[]);
    }
}

#[test]
fn layers_beyond_all_measure_are_bombs() {
    let names = names();
    for (layer, expected) in [
        (r#"{"class_name": "Dense", "config": {"name": "d", "units": 1000000000000}}"#, &["config-bomb units"][..]),
        (r#"{"class_name": "Dense", "config": {"name": "d", "units": 1e12}}"#, &["config-bomb units"]),
        (
            r#"{"class_name": "Conv2D", "config": {"name": "d", "kernel_size": [3, 4294967296]}}"#,
            &["config-bomb kernel_size"],
        ),
        (
            r#"{"class_name": "InputLayer", "config": {"batch_shape": [null, 1000000000000]}}"#,
            &["config-bomb batch_shape"],
        ),
        (r#"{"class_name": "Embedding", "config": {"name": "e", "input_dim": 256000000, "output_dim": 128}}"#, &[]),
        (r#"{"class_name": "Dense", "config": {"name": "d", "units": 2, "seed": 1000000000000}}"#, &[]),
    ] {
        check(&names, layer, expected);
        check(&names, &model(layer), expected);
    }
}

#[test]
fn code_in_lambdas_is_seen() {
    let names = names();
    let code = "4wEAAAAAAAAAAAAAAAEAAAACAAAAQwAAAHMIAAAAfABkARQAUwApAg==";
    let raw = "\\u00e3\\u0001\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0001\\u0000\\u0000\\u0000\\u0002\\u0000\\u0000\\u0000C\\u0000\\u0000\\u0000s\\b\\u0000\\u0000\\u0000|\\u0000d\\u0001\\u0014\\u0000S\\u0000";
    for layer in [
        r#"{"module": "keras.layers", "class_name": "Lambda", "config": {"name": "l", "function": {"class_name": "__lambda__", "config": {"code": "x", "defaults": null, "closure": null}}}}"#.to_owned(),
        r#"{"class_name": "Lambda", "config": {"name": "l", "function": ["x", null, null], "function_type": "lambda", "module": "__main__"}}"#.to_owned(),
        r#"{"class_name": "Lambda", "config": {"name": "l", "function": {"class_name": "__tuple__", "items": ["x", null, null]}}}"#.to_owned(),
        r#"{"class_name": "Lambda", "config": {"name": "l", "function": ["x"]}}"#.to_owned(),
        r#"{"class_name": "Lambda", "config": {"name": "l", "function": "relu", "output_shape": ["x"], "output_shape_type": "lambda"}}"#.to_owned(),
        r#"{"class_name": "Merge", "config": {"name": "l", "mode": "x", "mode_type": "lambda"}}"#.to_owned(),
        r#"{"class_name": "Dense", "config": {"name": "l", "activation": {"class_name": "__lambda__", "config": {"value": ["x"]}}}}"#.to_owned(),
        r#"{"class_name": "TimeDistributed", "config": {"layer": {"class_name": "Lambda", "config": {"name": "l", "function": ["x"]}}}}"#.to_owned(),
        format!(r#"{{"class_name": "Dense", "config": {{"name": "l", "bias_initializer": "{code}"}}}}"#),
        format!(r#"{{"class_name": "Dense", "config": {{"name": "l", "bias_initializer": " \n{code}"}}}}"#),
        format!(r#"{{"class_name": "Dense", "config": {{"name": "l", "bias_initializer": "{raw}"}}}}"#),
    ] {
        check(&names, &layer, &["keras-lambda l"]);
        check(&names, &model(&layer), &["keras-lambda l"]);
    }
}

#[test]
fn functions_named_by_lambdas_are_seen() {
    let names = names();
    for (config, expected) in [
        (
            r#""function": "scaling", "function_type": "function", "module": "__main__""#,
            "keras-lambda-function scaling",
        ),
        (r#""function": "f", "function_type": "function", "module": "theirs""#, "keras-lambda-function theirs.f"),
        (r#""function": "system", "function_type": "function", "module": "os""#, "keras-dangerous-class os.system"),
        (r#""function": "eval", "function_type": "function", "module": "builtins""#, "keras-dangerous-class eval"),
        (
            r#""function": {"module": "builtins", "class_name": "function", "config": "scaling", "registered_name": "function"}"#,
            "keras-lambda-function scaling",
        ),
        (r#""function": null"#, "keras-lambda-function ?"),
    ] {
        check(&names, &format!(r#"{{"class_name": "Lambda", "config": {{"name": "l", {config}}}}}"#), &[expected]);
    }
}

#[test]
fn names_outside_of_keras_are_seen() {
    let names = names();
    for (object, expected) in [
        (
            r#""module": "os", "class_name": "function", "config": "system", "registered_name": "system""#,
            "keras-dangerous-class os.system",
        ),
        (
            r#""module": "builtins", "class_name": "function", "config": "exec", "registered_name": "function""#,
            "keras-dangerous-class exec",
        ),
        (
            r#""module": "keras.utils", "class_name": "get_file", "config": {}"#,
            "keras-dangerous-class keras.utils.get_file",
        ),
        (
            r#""module": "tf_keras.utils", "class_name": "get_file", "config": {}"#,
            "keras-dangerous-class tf_keras.utils.get_file",
        ),
        (
            r#""module": "keras", "class_name": "utils.get_file", "config": {}"#,
            "keras-dangerous-class keras.utils.get_file",
        ),
        (
            r#""module": "keras.src.utils.file_utils", "class_name": "extract_archive", "config": {}"#,
            "keras-dangerous-class keras.src.utils.file_utils.extract_archive",
        ),
        (
            r#""module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization""#,
            "keras-dangerous-class keras.config.enable_unsafe_deserialization",
        ),
        (r#""module": "numpy", "class_name": "load", "config": {}"#, "keras-dangerous-class numpy.load"),
        (
            r#""module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {}"#,
            "keras-dangerous-class keras.layers.TorchModuleWrapper",
        ),
        (r#""module": "subprocess", "fn": "relu""#, "keras-dangerous-class subprocess"),
        (
            r#""class_name": "TFOpLambda", "config": {"name": "tf.math.add", "function": "io.write_file"}"#,
            "keras-dangerous-class tensorflow.io.write_file",
        ),
        (
            r#""class_name": "TensorFlowOpLayer", "config": {"node_def": "{\"op\": \"ReadFile\"}"}"#,
            "keras-dangerous-class tensorflow.raw_ops.ReadFile",
        ),
        (
            r#""class_name": "TensorFlowOpLayer", "config": {"name": "n", "node_def": "op: ReadFile"}"#,
            "not-inspected n",
        ),
        (
            r#""class_name": "__typespec__", "spec_name": "Popen", "module": "subprocess", "config": []"#,
            "keras-dangerous-class subprocess.Popen",
        ),
        (r#""class_name": "Mine", "config": {}"#, "keras-unknown-class Mine"),
        (r#""class_name": "Custom>Mine", "config": {}"#, "keras-unknown-class Custom>Mine"),
        (r#""module": "theirs", "class_name": "Dense", "config": {}"#, "keras-unknown-class theirs.Dense"),
        (
            r#""module": "keras.layers", "class_name": "Dense", "config": {}, "registered_name": "Custom>Dense""#,
            "keras-unknown-class Custom>Dense",
        ),
        (
            r#""module": null, "class_name": "Mine", "config": {}, "registered_name": "Custom>Mine""#,
            "keras-unknown-class Custom>Mine",
        ),
        (r#""class_name": "Dense", "class_name": "Mine", "config": {}"#, "keras-unknown-class Mine"),
    ] {
        check(&names, &model(&format!("{{{object}}}")), &[expected]);
    }
}

#[test]
fn training_may_use_functions_of_its_own() {
    let names = names();
    for (compiled, expected) in [
        (r#""loss": "my_loss", "metrics": ["accuracy"]"#, "keras-custom-object my_loss"),
        (
            r#""loss": {"out": {"module": "builtins", "class_name": "function", "config": "my_loss"}}"#,
            "keras-custom-object my_loss",
        ),
        (
            r#""metrics": [{"class_name": "MeanMetricWrapper", "config": {"fn": "my_metric"}}]"#,
            "keras-custom-object my_metric",
        ),
        (r#""optimizer": {"class_name": "Addons>Lamb", "config": {}}"#, "keras-custom-object Addons>Lamb"),
        (
            r#""loss": {"module": "theirs", "class_name": "function", "config": "my_loss"}"#,
            "keras-unknown-class theirs.my_loss",
        ),
        (
            r#""loss": {"module": "os", "class_name": "function", "config": "system"}"#,
            "keras-dangerous-class os.system",
        ),
    ] {
        check(&names, &format!(r#"{{"compile_config": {{{compiled}}}}}"#), &[expected]);
    }
}

#[test]
fn files_that_are_opened_are_seen() {
    let names = names();
    for (layer, expected) in [
        (
            r#"{"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}"#,
            "keras-file-reference vocabulary=/etc/passwd",
        ),
        (
            r#"{"class_name": "IntegerLookup", "config": {"vocabulary": "http://canary.invalid/v"}}"#,
            "keras-file-reference vocabulary=http://canary.invalid/v",
        ),
        (
            r#"{"class_name": "TextVectorization", "config": {"vocabulary": "../v"}}"#,
            "keras-file-reference vocabulary=../v",
        ),
        (
            r#"{"class_name": "TextVectorization", "config": {"vocabulary": "v.txt"}}"#,
            "keras-relative-file vocabulary=v.txt",
        ),
        (r#"{"class_name": "TFSMLayer", "config": {"filepath": "model"}}"#, "keras-file-reference filepath=model"),
        (
            r#"{"class_name": "Dense", "config": {"url": "https://canary.invalid/x"}}"#,
            "keras-file-reference url=https://canary.invalid/x",
        ),
    ] {
        let found = inspect_config(layer.as_bytes(), &names, &Limits::default());
        let seen: Vec<_> =
            found.sightings.iter().map(|s| format!("{} {}", &s.rule[6..], s.key.as_deref().unwrap())).collect();
        assert!(seen.contains(&expected.to_owned()), "{seen:?}");
    }
}

#[test]
fn a_pickled_torch_module_is_handed_on() {
    let json = model(
        r#"{"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {"module": "gAJ9\nLg=="}}"#
            .replace('\n', "\\n")
            .as_str(),
    );
    let found = inspect_config(json.as_bytes(), &names(), &Limits::default());
    assert_eq!(found.nested.len(), 1);
    assert_eq!(found.nested[0].bytes, b"\x80\x02}.");
}

#[test]
fn documents_that_cannot_be_read_are_never_clean() {
    let names = names();
    for (json, expected) in [
        ("", "header-malformed -"),
        ("{\"class_name\": ", "header-malformed -"),
        (&"[".repeat(100), "limit-exceeded depth"),
    ] {
        check(&names, json, &[expected]);
    }
    let metadata = br#"{"keras_version": "3.8.0", "date_saved": "x"}"#;
    let found = inspect_metadata(metadata, &Limits::default());
    assert_eq!(found.facts.more.get("keras_version").map(String::as_str), Some("3.8.0"));
    assert_eq!(inspect_metadata(b"no", &Limits::default()).sightings.len(), 1);
}
