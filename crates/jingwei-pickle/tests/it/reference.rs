use jingwei_core::Limits;
use jingwei_pickle::run;
use jingwei_read::NameTable;

/// What CPython's own unpickler imports and calls, from peers/pickle_reference.py.
#[test]
fn imports_and_calls_are_those_of_cpython() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../reference.json")).unwrap();
    assert!(cases.len() >= 500);
    for case in &cases {
        let text = case["hex"].as_str().unwrap();
        let bytes: Vec<u8> =
            (0..text.len()).step_by(2).map(|n| u8::from_str_radix(&text[n..n + 2], 16).unwrap()).collect();
        let execution = run(&mut bytes.as_slice(), &NameTable::default(), &Limits::default());
        let found: Vec<serde_json::Value> =
            execution.imports.iter().map(|i| serde_json::json!([i.module, i.name, i.calls])).collect();
        assert!(execution.is_complete, "{text}: {:?}", execution.inspection.sightings.last());
        assert_eq!(serde_json::Value::Array(found), case["imports"], "{text}");
    }
}
