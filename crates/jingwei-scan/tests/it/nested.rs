//! Files within files: what lies in an archive is looked at as if it lay in the folder.

use jingwei_core::Limits;
use jingwei_testkit::MemoryFiles;

use crate::{
    builders::{Gguf, PICKLE, member, torch_zip, zip},
    support::{scan_file, scan_folder, scan_single},
};

/// `os.system('true')`, protocol 0.
const CALL: &[u8] = b"cos\nsystem\n(S'true'\ntR.";

#[track_caller]
fn dangerous(bytes: Vec<u8>, expected: &[&str]) {
    let seen = scan_file(bytes, &Limits::default());
    let findings = seen.findings.iter().filter(|finding| finding.rule.as_str() == "model.pickle-dangerous");
    let keys: Vec<_> = findings.map(|finding| finding.place.key.as_deref().unwrap_or_default()).collect();
    assert_eq!(keys, expected, "{:?}", seen.lines());
}

#[test]
fn a_pickle_is_found_wherever_it_lies() {
    dangerous(CALL.to_vec(), &["os.system"]);
    dangerous(
        zip(&[member("archive/data.pkl", CALL), member("archive/data/0", b"12345678")]),
        &["archive/data.pkl:os.system"],
    );
    dangerous(zip(&[member("no-ending", CALL), member(".hidden", b"text")]), &["no-ending:os.system"]);
    dangerous(zip(&[member("inner.bin", &zip(&[member("x", CALL)]))]), &["inner.bin!x:os.system"]);
    dangerous([&b"#!/bin/sh\nexit\n"[..], &zip(&[member("x", CALL)])].concat(), &["x:os.system"]);
    dangerous([Gguf::sample().bytes(), zip(&[member("x", CALL)])].concat(), &["x:os.system"]);
    dangerous([torch_zip(), CALL.to_vec()].concat(), &["<after>:os.system"]);
    let header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n";
    let array = [&b"\x93NUMPY\x01\x00"[..], &[u8::try_from(header.len()).unwrap(), 0], &header[..], CALL].concat();
    dangerous(array.clone(), &["objects:os.system"]);
    dangerous(zip(&[member("a.npy", &array)]), &["a.npy!objects:os.system"]);
}

#[test]
fn layers_of_packing_without_need_are_told() {
    let packed = |layers: usize| (0..layers).fold(b"weights".to_vec(), |inner, _| zip(&[member("x", &inner)]));
    for (layers, expected) in [(1, false), (16, false), (17, true), (40, true)] {
        let seen = scan_file(packed(layers), &Limits::default());
        assert_eq!(seen.with_rule("model.archive-inconsistent").is_some(), expected, "{layers}: {:?}", seen.lines());
    }
    // What lies in the middle is still looked at.
    let deep = (0..20).fold(CALL.to_vec(), |inner, _| zip(&[member("x", &inner)]));
    let seen = scan_file(deep, &Limits::default());
    assert!(seen.with_rule("model.pickle-dangerous").is_some(), "{:?}", seen.lines());
}

#[test]
fn a_pickle_is_found_where_a_text_spells_it() {
    // The same call in base64.
    let spelled = "Y29zCnN5c3RlbQooUyd0cnVlJwp0Ui4=";
    for text in [
        format!("{{\"policy\": {{\":serialized:\": \"{spelled}\"}}}}"),
        format!("weights: words\nstate: {spelled}\n"),
        format!("[a]\nb = {}\n", CALL.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    ] {
        let seen = scan_file(text.clone(), &Limits::default());
        let found = seen.with_rule("model.pickle-dangerous").unwrap_or_else(|| panic!("{text}: {:?}", seen.lines()));
        let at = text.find("Y29z").or(text.find("636f73")).unwrap();
        assert_eq!(found.place.offset, u64::try_from(at).ok(), "{text}");
    }
    // It only begins like one.
    let seen = scan_file("{\"a\": \"gASVKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKKK\"}", &Limits::default());
    assert!(seen.findings.iter().all(|found| found.severity < jingwei_core::Severity::Medium), "{:?}", seen.lines());
}

#[test]
fn a_pickle_is_found_among_the_values_of_a_table() {
    let value = b"\x80\x02cos\nsystem\n(U\x04trueq\x00tR.";
    for front in [&b"SQLite format 3\0"[..], b"PAR1", b"ARROW1\0\0", b"\x07\x11\x13\x17"] {
        let table = [front, &[0xfe; 200], value, &[0xfd; 300]].concat();
        let seen = scan_file(table, &Limits::default());
        let found = seen.with_rule("model.pickle-dangerous").unwrap_or_else(|| panic!("{:?}", seen.lines()));
        assert_eq!(found.place.offset, u64::try_from(front.len() + 202).ok(), "{front:?}");
        assert!(seen.with_rule("model.pickle-malformed").is_none(), "{:?}", seen.lines());
    }
    // It calls nothing, or only begins like one.
    for value in [&b"\x80\x02}(K\x01K\x02u."[..], b"\x80\x02cos\n"] {
        let seen =
            scan_file([&b"SQLite format 3\0"[..], &[0xfe; 200], value, &[0xfd; 300]].concat(), &Limits::default());
        assert!(
            seen.findings.iter().all(|found| found.severity < jingwei_core::Severity::Medium),
            "{:?}",
            seen.lines()
        );
    }
}

#[test]
fn a_tensor_of_bytes_is_no_program() {
    for (bytes, expected) in [("\\x7fELF\\x02", true), ("#!/bin/sh\\n", true), ("weights of it", false)] {
        let bytes: Vec<u8> = bytes.replace("\\x7f", "\x7f").replace("\\x02", "\x02").replace("\\n", "\n").into();
        let header = format!("{{\"w\":{{\"dtype\":\"U8\",\"shape\":[{0}],\"data_offsets\":[0,{0}]}}}}", bytes.len());
        let file = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &bytes].concat();
        let seen = scan_file(file, &Limits::default());
        assert_eq!(seen.with_rule("model.graph-native-code").is_some(), expected, "{:?}", seen.lines());
    }
}

#[test]
fn a_record_is_as_long_as_its_pickle_says() {
    // A storage of 10 floats in the record 0.
    let pickle = b"\x80\x02(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x0atQ.";
    for (bytes, expected) in [(40, false), (48, false), (39, true), (0, true)] {
        let record = vec![1; bytes];
        let archive = zip(&[member("archive/data.pkl", pickle), member("archive/data/0", &record)]);
        let seen = scan_file(archive, &Limits::default());
        assert_eq!(seen.with_rule("model.graph-lie").is_some(), expected, "{bytes}: {:?}", seen.lines());
    }
}

#[test]
fn numbers_of_a_checkpoint_may_resemble_another_format() {
    // A memo entry that nobody stored; a header of NumPy that ends at once.
    for numbers in [&b"\x80\x02h\x05q\x01q\x02q\x03q\x04."[..], b"\x93NUMPY\x01\x00\xff\xffnumbers"] {
        let loose = zip(&[member("archive/other.pkl", PICKLE), member("archive/data/0", numbers)]);
        let seen = scan_file(loose, &Limits::default());
        assert!(!seen.findings.is_empty(), "no checkpoint: {:?}", seen.lines());
        let checkpoint = zip(&[member("archive/data.pkl", PICKLE), member("archive/data/0", numbers)]);
        let seen = scan_file(checkpoint, &Limits::default());
        let told = seen.findings.iter().filter(|finding| finding.severity >= jingwei_core::Severity::Medium);
        assert_eq!(told.count(), 0, "{:?}", seen.lines());
    }
    dangerous(
        zip(&[member("archive/data.pkl", PICKLE), member("archive/data/0", CALL)]),
        &["archive/data/0:os.system"],
    );
}

/// A field of a protobuf: text or bytes, shorter than 128.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

#[test]
fn what_stands_behind_the_values_of_an_array_is_opened() {
    let header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n";
    let array = [&b"\x93NUMPY\x01\x00"[..], &[u8::try_from(header.len()).unwrap(), 0], &header[..], &[0; 4]].concat();
    dangerous([array.clone(), zip(&[member("x", CALL)])].concat(), &["x:os.system"]);
    dangerous(array, &[]);
}

#[test]
fn a_graph_that_begins_like_a_packed_stream_is_read_as_a_graph_too() {
    let node = |name: &[u8], operator: &[u8], input: &[u8]| {
        field(1, &[field(1, name), field(2, operator), field(3, input)].concat())
    };
    let graph = [node(b"x", b"Placeholder", b""), node(b"y", b"WriteFile", b"x")].concat();
    // Fields that no graph has, two numbers and 128 bytes; to zlib the mark and a block of 32,645 bytes that are not packed.
    let fields = [&b"\x78\x01\x78\x85\x7f\x7a\x80\x01"[..], &[b'a'; 128]].concat();
    for front in [vec![], fields] {
        let bytes = [&front[..], &graph].concat();
        let packed = jingwei_unpack::recognise(&bytes, &mut bytes.clone());
        assert_eq!(packed, Vec::from_iter((!front.is_empty()).then_some(jingwei_unpack::Packing::Zlib)));
        let lines = scan_file(bytes, &Limits::default()).lines();
        assert!(lines.iter().any(|line| line.starts_with("model.graph-dangerous-operator")), "{lines:?}");
    }
}

#[test]
fn a_script_that_begins_like_a_graph_in_text_is_read_as_a_script_too() {
    for first in ["saved_model_schema_version: 1", "meta_graphs: {1}", "graph_def: {1}"] {
        let script = format!("{first}\nimport os\nos.system('inert')\n");
        let lines = scan_folder(MemoryFiles::default().with_file("m/run.py", script), &Limits::default()).lines();
        assert!(lines.iter().any(|line| line.starts_with("model.script-dangerous")), "{first}: {lines:?}");
    }
}

#[test]
fn bytes_in_front_of_an_archive_keep_the_name_of_the_file() {
    let script = b"import os\nos.system('inert')\n";
    let files = MemoryFiles::default()
        .with_file("m/LICENSE", "MIT")
        .with_file("m/README.md", "# A")
        .with_file("m/run.py", [&script[..], &zip(&[member("a.txt", b"text\n")])].concat());
    let lines = scan_folder(files, &Limits::default()).lines();
    assert!(lines.iter().any(|line| line.starts_with("model.script-dangerous run.py")), "{lines:?}");
}

#[test]
fn a_pickle_among_the_values_of_a_graph_is_looked_into() {
    let model = |raw: &[u8]| {
        let size = [0x08, u8::try_from(raw.len()).unwrap(), 0x10, 2];
        let tensor = [&size[..], &field(8, b"w"), &field(9, raw)].concat();
        let node = [field(1, b"x"), field(2, b"y"), field(4, b"Relu")].concat();
        let graph = [field(1, &node), field(2, b"g"), field(5, &tensor)].concat();
        [&b"\x08\x08"[..], &field(7, &graph), &field(8, &[0x10, 17])].concat()
    };
    dangerous(model(CALL), &["w:os.system"]);
    dangerous(model(b"\x80\x02}."), &[]);
    dangerous(model(b"cos\nsystem"), &[]);
}

#[test]
fn weights_beside_a_graph_have_to_be_there() {
    let external = [field(1, b"location"), field(2, b"sub/w.bin")].concat();
    let tensor = [&[0x08, 1, 0x10, 1][..], &field(8, b"w"), &field(13, &external), &[0x70, 1]].concat();
    let node = [field(1, b"x"), field(2, b"y"), field(4, b"Relu")].concat();
    let graph = [field(1, &node), field(2, b"g"), field(5, &tensor)].concat();
    let model = [&b"\x08\x08"[..], &field(7, &graph), &field(8, &[0x10, 17])].concat();
    let folder = || MemoryFiles::default().with_file("m/LICENSE", "MIT").with_file("m/README.md", "# A");
    let missing = "model.graph-external-missing a/model.onnx sub/w.bin";
    for (files, expected) in [
        (folder(), Some(missing)),
        (folder().with_file("m/a/sub/w.bin", "1234"), None),
        (folder().with_file("m/sub/w.bin", "1234"), Some(missing)),
        (folder().with_link("m/a/sub/w.bin"), Some(missing)),
    ] {
        let lines = scan_folder(files.with_file("m/a/model.onnx", model.clone()), &Limits::default()).lines();
        let found = lines.iter().find(|line| line.starts_with("model.graph-external-missing"));
        assert_eq!(found.map(String::as_str), expected, "{lines:?}");
    }
    // In an archive the weights are a member, and a file alone says nothing of its folder.
    for bytes in [zip(&[member("model.onnx", &model)]), model] {
        let lines = scan_single(bytes, &Limits::default()).lines();
        assert!(lines.iter().all(|line| !line.contains("external-missing")), "{lines:?}");
    }
}

#[test]
fn a_file_that_has_pickles_says_so_once() {
    let several = zip(&[member("a", PICKLE), member("b", PICKLE), member("c", b"words\n")]);
    let seen = scan_file(several, &Limits::default());
    assert_eq!(seen.lines(), ["model.pickle-file weights"]);
    assert_eq!(scan_file(torch_zip(), &Limits::default()).lines(), ["model.pickle-file weights"]);
}

#[test]
fn limits_hold_for_everything_inside_together() {
    let mut deep = CALL.to_vec();
    for _ in 0..12 {
        deep = zip(&[member("x", &deep)]);
    }
    let limits = Limits { depth: 8, ..Limits::default() };
    let lines = scan_single(deep, &limits).lines();
    assert!(lines[0].starts_with("model.archive-bomb weights") && lines[0].ends_with("depth"), "{lines:?}");
    let many: Vec<_> = (0..50).map(|n| member(&format!("m{n}"), b"x")).collect();
    let limits = Limits { entries: 20, ..Limits::default() };
    let seen = scan_single(zip(&many), &limits);
    assert!(seen.lines().contains(&"model.archive-bomb weights entries".to_owned()), "{:?}", seen.lines());
}

#[test]
fn what_nobody_knows_is_said() {
    let files = MemoryFiles::default()
        .with_file("m/LICENSE", "MIT")
        .with_file("m/README.md", "# A")
        .with_file("m/weights.dat", vec![0xd1; 100])
        .with_file("m/empty", "");
    assert_eq!(scan_folder(files, &Limits::default()).lines(), ["model.unknown-format weights.dat"]);
}

/// The smallest model of TFLite: a version and nothing else, or an operator of TensorFlow that runs Python.
fn tflite(bad: bool) -> Vec<u8> {
    let mut bytes = b"\x20\0\0\0TFL3".to_vec();
    bytes.extend([12, 0, 12, 0, 4, 0, if bad { 8 } else { 0 }, 0, 0, 0, 0, 0]);
    bytes.resize(32, 0);
    bytes.extend([24, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0]);
    // A list of one code, which names an operator.
    bytes.extend([1, 0, 0, 0, 16, 0, 0, 0, 12, 0, 12, 0, 4, 0, 8, 0, 0, 0, 0, 0]);
    bytes.extend([12, 0, 0, 0, 32, 0, 0, 0, 4, 0, 0, 0, 10, 0, 0, 0]);
    bytes.extend(b"FlexPyFunc\0\0");
    bytes
}

#[test]
fn a_zip_behind_a_graph_hides_neither() {
    for (bad, name, content, expected) in [
        (false, "labels.txt", &b"cat\ndog\n"[..], None),
        (false, "setup.py", b"print(1)\n", Some("model.program-beside-weights")),
        (false, "x", CALL, Some("model.pickle-dangerous")),
        (true, "labels.txt", b"cat\ndog\n", Some("model.graph-dangerous-operator")),
    ] {
        let file = [tflite(bad), zip(&[member(name, content)])].concat();
        let seen = scan_file(file, &Limits::default());
        let told: Vec<&str> = seen
            .findings
            .iter()
            .filter(|finding| finding.severity >= jingwei_core::Severity::Medium)
            .map(|finding| finding.rule.as_str())
            .collect();
        assert_eq!(told.first().copied(), expected, "{name}: {:?}", seen.lines());
    }
}

#[test]
fn what_a_manifest_names_is_known_by_that() {
    let manifest = |path: &str| format!(r#"{{"weightsManifest": [{{"paths": ["{path}"], "weights": []}}]}}"#);
    let raw = vec![0x9c, 0x11, 0x3d, 0xc0, 0xff, 0x01];
    for (path, expected) in [
        ("group1-shard1of1.bin", vec![]),
        ("../group1-shard1of1.bin", vec!["model.index-escape", "model.unknown-format"]),
        ("https://example.com/w.bin", vec!["model.index-escape", "model.unknown-format"]),
    ] {
        let files = MemoryFiles::default().with_file("m/model.json", manifest(path).into_bytes());
        let seen = scan_folder(files.with_file("m/group1-shard1of1.bin", raw.clone()), &Limits::default());
        let wanted = ["model.index-escape", "model.unknown-format"];
        let mut told: Vec<&str> =
            seen.findings.iter().map(|f| f.rule.as_str()).filter(|r| wanted.contains(r)).collect();
        told.sort_unstable();
        assert_eq!(told, expected, "{path}");
    }
}
