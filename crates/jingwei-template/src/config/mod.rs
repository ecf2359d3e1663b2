//! Configurations beside weights: what they make a loader import, run and fetch.

mod chains;
mod entry;
mod findings;
mod json;
pub(crate) mod loaders;
pub(crate) mod nesting;
mod plain;
mod repair;
mod shards;
mod targets;
mod yaml;

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Source};

use crate::read::{self, Content};
use findings::Findings;
pub(crate) use repair::mended;

/// A JSON file: configurations of models, tokenizers, generation, processors, adapters and pipelines, and tokenizers
/// themselves. `names` is the list `config-targets`.
pub fn inspect_config(source: &mut dyn Source, file_name: &str, names: &NameTable, limits: &Limits) -> Inspection {
    match read::all(source, limits.header_bytes) {
        Content::Bytes(bytes) => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
            json::inspect(bytes, || Findings::new(names, limits, file_name))
        }
        Content::Seen(inspection) => inspection,
    }
}

/// A YAML file, read by its lines: keys, values, tags and anchors, but no structure.
pub fn inspect_yaml(source: &mut dyn Source, file_name: &str, names: &NameTable, limits: &Limits) -> Inspection {
    match read::all(source, limits.header_bytes) {
        Content::Bytes(bytes) => yaml::inspect(&bytes, Findings::new(names, limits, file_name)),
        Content::Seen(inspection) => inspection,
    }
}

/// Settings in INI, TOML, properties, gin or the text form of a protobuf: keys and values, whatever stands between them.
pub fn inspect_settings(source: &mut dyn Source, file_name: &str, names: &NameTable, limits: &Limits) -> Inspection {
    match read::all(source, limits.header_bytes) {
        Content::Bytes(bytes) => plain::inspect(&bytes, Findings::new(names, limits, file_name)),
        Content::Seen(inspection) => inspection,
    }
}
