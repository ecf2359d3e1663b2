mod opaque;
mod protobuf;

use jingwei_read::Source;

use crate::GraphFormat;
pub use opaque::OpaqueFormat;
pub(crate) use opaque::compiled_lua;

/// Tells a model graph by its content, never by a name. `front` is how the file begins: 4 KiB, or all of it.
#[must_use]
pub fn recognise(front: &[u8], length: u64, source: &mut dyn Source) -> Option<GraphFormat> {
    if front.get(4..8) == Some(b"TFL3") {
        return Some(GraphFormat::Tflite);
    }
    if let Some(format) = opaque::recognise(front, length) {
        return Some(format);
    }
    if let Some(format) = crate::xml::recognise(front, source) {
        return Some(format);
    }
    if crate::coreml::is_package_manifest(front) {
        return Some(GraphFormat::CoreMlPackage);
    }
    if crate::tensorflow::is_graph_text(front) {
        return Some(GraphFormat::TensorflowText);
    }
    if crate::onnx::is_json(front, source) {
        return Some(GraphFormat::OnnxJson);
    }
    if crate::onnx::is_text(front, source) {
        return Some(GraphFormat::OnnxText);
    }
    if crate::msgpack::recognise(front, source) {
        return Some(GraphFormat::Flax);
    }
    // The first key of a message: a field number, and a wire type that begins one.
    let first = *front.first()?;
    let may_be_protobuf = length > 4 && first >> 3 != 0 && matches!(first & 7, 0 | 1 | 2 | 3 | 5);
    if may_be_protobuf { protobuf::recognise(source) } else { None }
}
