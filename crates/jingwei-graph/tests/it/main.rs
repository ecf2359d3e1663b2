//! What the readers say of files that small builders write: benign ones, and ones that attack or lie in one chosen place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

mod builders;
mod coreml;
mod executorch;
mod growth;
mod hostile;
mod loops;
mod msgpack;
mod mxnet;
mod onnx;
mod recognise;
mod rules;
mod spelled;
mod tensorflow;
mod tflite;
mod trees;
mod xml;

use std::sync::LazyLock;

use jingwei_core::Limits;
use jingwei_graph::{GraphFormat, inspect, recognise};
use jingwei_read::{Inspection, NameList, NameTable};

pub static NAMES: LazyLock<NameTable> = LazyLock::new(|| {
    let lists = [
        include_str!("../../../../catalog/names/onnx-domains.toml"),
        include_str!("../../../../catalog/names/openvino-ops.toml"),
        include_str!("../../../../catalog/names/paddle-ops.toml"),
        include_str!("../../../../catalog/names/tensorflow-ops.toml"),
        include_str!("../../../../catalog/names/tflite-ops.toml"),
    ];
    let lists: Vec<NameList> = lists.iter().map(|list| toml::from_str(list).unwrap()).collect();
    NameTable::new(&lists)
});

pub fn told(bytes: &[u8]) -> Option<GraphFormat> {
    let mut source = bytes.to_vec();
    recognise(&bytes[..bytes.len().min(4096)], bytes.len() as u64, &mut source)
}

pub fn look_with(bytes: &[u8], limits: &Limits) -> Inspection {
    let format = told(bytes).expect("a known format");
    inspect(format, &mut bytes.to_vec(), &NAMES, limits)
}

pub fn look(bytes: &[u8]) -> Inspection {
    look_with(bytes, &Limits::default())
}

/// Rule, without `model.`, and key of each sighting.
pub fn seen(inspection: &Inspection) -> Vec<String> {
    let short = |rule: &'static str| rule.strip_prefix("model.").unwrap_or(rule);
    inspection
        .sightings
        .iter()
        .map(|s| match &s.key {
            Some(key) => format!("{} {key}", short(s.rule)),
            None => short(s.rule).to_owned(),
        })
        .collect()
}

/// The file is told as `format`, and these are all sightings.
#[track_caller]
pub fn check(case: &str, format: GraphFormat, bytes: &[u8], expected: &[&str]) -> Inspection {
    assert_eq!(told(bytes), Some(format), "{case}");
    let inspection = look(bytes);
    assert_eq!(seen(&inspection), expected, "{case}");
    inspection
}
