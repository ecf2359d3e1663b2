//! Models that are spelled as text, which `onnx.load` takes by the ending of their name. They are read as what they spell.

use jingwei_core::{Limits, Text};
use jingwei_read::{Inspection, NameTable, Nested, Source};
use serde_json::error::Category;

use super::{inspect_onnx, json, text};
use crate::findings::{Findings, Stop};
use crate::wire::{Value, Wire};

/// Whether a file is a model as JSON. A loader refuses members that no model has, so no other document is one.
pub(crate) fn is_json(front: &[u8], source: &mut dyn Source) -> bool {
    let Some(bytes) = whole_if(front, source, json::begins_like_model) else { return false };
    match json::transcode(&bytes) {
        Ok(wire) => has_graph(wire),
        // Loaders take some numbers that are no JSON.
        Err(error) => matches!(error.classify(), Category::Syntax) && says_version(&bytes),
    }
}

/// Whether a file is a model as a protobuf in text.
pub(crate) fn is_text(front: &[u8], source: &mut dyn Source) -> bool {
    let Some(bytes) = whole_if(front, source, text::begins_like_model) else { return false };
    text::transcode(&bytes).is_some_and(has_graph)
}

/// The whole file, if it begins as it should behind its blanks.
fn whole_if(front: &[u8], source: &mut dyn Source, begins: fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    let is_blank = front.trim_ascii_start().is_empty();
    if !is_blank && !begins(front) {
        return None;
    }
    crate::whole(source, &Limits::default()).ok().filter(|bytes| begins(bytes))
}

/// Whether the model on the wire has a graph with something in it.
fn has_graph(mut wire: Vec<u8>) -> bool {
    let mut wire = Wire::new(&mut wire, &Limits::default());
    let mut model = wire.root();
    while let Ok(Some(field)) = wire.next(&mut model) {
        if matches!((field.number, field.value), (7, Value::Bytes(span)) if span.len() > 0) {
            return true;
        }
    }
    false
}

fn says_version(json: &[u8]) -> bool {
    let says = |word: &[u8]| json.windows(word.len()).any(|window| window == word);
    (says(b"\"irVersion\"") || says(b"\"ir_version\"")) && says(b"\"graph\"")
}

/// Reads an ONNX model that is spelled as JSON.
pub fn inspect_onnx_json(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    let wire =
        crate::whole(source, limits).and_then(|bytes| json::transcode(&bytes).map_err(|error| crate::not_json(&error)));
    inspect(wire, names, limits)
}

/// Reads an ONNX model that is spelled as a protobuf in text.
pub fn inspect_onnx_text(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    let wire = crate::whole(source, limits).and_then(|bytes| {
        let reason = Text::new("不是有效的 protobuf 文本", "it is no valid protobuf in text");
        text::transcode(&bytes).ok_or(Stop::Malformed(0, reason))
    });
    inspect(wire, names, limits)
}

fn inspect(wire: Result<Vec<u8>, Stop>, names: &NameTable, limits: &Limits) -> Inspection {
    let mut wire = match wire {
        Ok(wire) => wire,
        Err(stop) => return Findings::default().finish(Err(stop)),
    };
    let mut inspection = inspect_onnx(&mut wire, names, limits);
    // Places on the wire are nowhere in the file, so values are handed out as they are.
    for sighting in &mut inspection.sightings {
        sighting.offset = None;
    }
    for value in std::mem::take(&mut inspection.pickles) {
        let start = usize::try_from(value.offset).unwrap_or(usize::MAX);
        let end = usize::try_from(value.offset.saturating_add(value.length)).unwrap_or(usize::MAX);
        if let Some(bytes) = wire.get(start..end) {
            inspection.nested.push(Nested { name: value.name, offset: 0, bytes: bytes.to_vec() });
        }
    }
    inspection
}
