//! The messages of ONNX by the names of their fields (`onnx/onnx.proto` of the project), and how they are written.

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Sparse,
    Function,
    Training,
    Value,
    Opset,
    Entry,
}

/// What stands in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Whole,
    Float,
    Double,
    Text,
    Bytes,
    Message(Type),
    /// Nothing that is read here.
    Other,
}

/// Names of values, which stand for numbers.
const CHOICES: [(&str, u64); 16] = [
    ("DEFAULT", 0),
    ("EXTERNAL", 1),
    ("UNDEFINED", 0),
    ("FLOAT", 1),
    ("INT", 2),
    ("STRING", 3),
    ("TENSOR", 4),
    ("GRAPH", 5),
    ("FLOATS", 6),
    ("INTS", 7),
    ("STRINGS", 8),
    ("TENSORS", 9),
    ("GRAPHS", 10),
    ("SPARSE_TENSOR", 11),
    ("SPARSE_TENSORS", 12),
    ("TYPE_PROTO", 13),
];

impl Type {
    /// Number and kind of a field; `None`: the message has no such field, and loaders refuse it.
    pub fn field(self, name: &str) -> Option<(u32, Kind)> {
        use Kind::{Bytes, Double, Float, Message, Other, Text, Whole};
        let name = with_strokes(name);
        Some(match (self, name.as_str()) {
            (Self::Model, "ir_version") => (1, Whole),
            (Self::Model, "producer_name") => (2, Text),
            (Self::Model, "producer_version") => (3, Text),
            (Self::Model, "domain") => (4, Text),
            (Self::Model, "model_version") => (5, Whole),
            (Self::Model, "doc_string") => (6, Text),
            (Self::Model, "graph") => (7, Message(Self::Graph)),
            (Self::Model, "opset_import") => (8, Message(Self::Opset)),
            (Self::Model, "metadata_props") => (14, Message(Self::Entry)),
            (Self::Model, "training_info") => (20, Message(Self::Training)),
            (Self::Model, "functions") => (25, Message(Self::Function)),
            (Self::Model, "configuration") => (26, Other),
            (Self::Graph, "node") => (1, Message(Self::Node)),
            (Self::Graph, "name") => (2, Text),
            (Self::Graph, "initializer") => (5, Message(Self::Tensor)),
            (Self::Graph, "doc_string") => (10, Text),
            (Self::Graph, "input") => (11, Message(Self::Value)),
            (Self::Graph, "output") => (12, Message(Self::Value)),
            (Self::Graph, "value_info") => (13, Message(Self::Value)),
            (Self::Graph, "quantization_annotation") => (14, Other),
            (Self::Graph, "sparse_initializer") => (15, Message(Self::Sparse)),
            (Self::Graph, "metadata_props") => (16, Message(Self::Entry)),
            (Self::Node, "input") => (1, Text),
            (Self::Node, "output") => (2, Text),
            (Self::Node, "name") => (3, Text),
            (Self::Node, "op_type") => (4, Text),
            (Self::Node, "attribute") => (5, Message(Self::Attribute)),
            (Self::Node, "doc_string") => (6, Text),
            (Self::Node, "domain") => (7, Text),
            (Self::Node, "overload") => (8, Text),
            (Self::Node, "metadata_props") => (9, Message(Self::Entry)),
            (Self::Node, "device_configurations") => (10, Other),
            (Self::Attribute, "name") => (1, Text),
            (Self::Attribute, "f") => (2, Float),
            (Self::Attribute, "i") => (3, Whole),
            (Self::Attribute, "s") => (4, Bytes),
            (Self::Attribute, "t") => (5, Message(Self::Tensor)),
            (Self::Attribute, "g") => (6, Message(Self::Graph)),
            (Self::Attribute, "floats") => (7, Float),
            (Self::Attribute, "ints") => (8, Whole),
            (Self::Attribute, "strings") => (9, Bytes),
            (Self::Attribute, "tensors") => (10, Message(Self::Tensor)),
            (Self::Attribute, "graphs") => (11, Message(Self::Graph)),
            (Self::Attribute, "doc_string") => (13, Text),
            (Self::Attribute, "tp") => (14, Other),
            (Self::Attribute, "type_protos") => (15, Other),
            (Self::Attribute, "type") => (20, Whole),
            (Self::Attribute, "ref_attr_name") => (21, Text),
            (Self::Attribute, "sparse_tensor") => (22, Message(Self::Sparse)),
            (Self::Attribute, "sparse_tensors") => (23, Message(Self::Sparse)),
            (Self::Tensor, "dims") => (1, Whole),
            (Self::Tensor, "data_type") => (2, Whole),
            (Self::Tensor, "segment") => (3, Other),
            (Self::Tensor, "float_data") => (4, Float),
            (Self::Tensor, "int32_data") => (5, Whole),
            (Self::Tensor, "string_data") => (6, Bytes),
            (Self::Tensor, "int64_data") => (7, Whole),
            (Self::Tensor, "name") => (8, Text),
            (Self::Tensor, "raw_data") => (9, Bytes),
            (Self::Tensor, "double_data") => (10, Double),
            (Self::Tensor, "uint64_data") => (11, Whole),
            (Self::Tensor, "doc_string") => (12, Text),
            (Self::Tensor, "external_data") => (13, Message(Self::Entry)),
            (Self::Tensor, "data_location") => (14, Whole),
            (Self::Tensor, "metadata_props") => (16, Message(Self::Entry)),
            (Self::Sparse, "values") => (1, Message(Self::Tensor)),
            (Self::Sparse, "indices") => (2, Message(Self::Tensor)),
            (Self::Sparse, "dims") => (3, Whole),
            (Self::Function, "name") => (1, Text),
            (Self::Function, "input") => (4, Text),
            (Self::Function, "output") => (5, Text),
            (Self::Function, "attribute") => (6, Text),
            (Self::Function, "node") => (7, Message(Self::Node)),
            (Self::Function, "doc_string") => (8, Text),
            (Self::Function, "opset_import") => (9, Message(Self::Opset)),
            (Self::Function, "domain") => (10, Text),
            (Self::Function, "attribute_proto") => (11, Message(Self::Attribute)),
            (Self::Function, "value_info") => (12, Message(Self::Value)),
            (Self::Function, "overload") => (13, Text),
            (Self::Function, "metadata_props") => (14, Message(Self::Entry)),
            (Self::Training, "initialization") => (1, Message(Self::Graph)),
            (Self::Training, "algorithm") => (2, Message(Self::Graph)),
            (Self::Training, "initialization_binding") => (3, Other),
            (Self::Training, "update_binding") => (4, Other),
            (Self::Value, "name") => (1, Text),
            (Self::Value, "type") => (2, Other),
            (Self::Value, "doc_string") => (3, Text),
            (Self::Value, "metadata_props") => (4, Message(Self::Entry)),
            (Self::Opset, "domain") => (1, Text),
            (Self::Opset, "version") => (2, Whole),
            (Self::Entry, "key") => (1, Text),
            (Self::Entry, "value") => (2, Text),
            _ => return None,
        })
    }
}

/// `opsetImport` and `opset_import` are one name.
fn with_strokes(name: &str) -> String {
    let mut whole = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            whole.push('_');
        }
        whole.push(letter.to_ascii_lowercase());
    }
    whole
}

/// A whole number as it is spelled, or the name of a value.
pub(super) fn whole(text: &str) -> Option<u64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let number = match hexadecimal {
        Some(digits) => i128::from_str_radix(digits, 16),
        None => digits.parse::<i128>(),
    };
    match number {
        Ok(number) => {
            let number = number.checked_mul(sign)?;
            u64::try_from(number).ok().or_else(|| i64::try_from(number).ok().map(i64::cast_unsigned))
        }
        Err(_) => CHOICES.iter().find(|(name, _)| *name == text).map(|(_, number)| *number),
    }
}

/// Writes a number into a field.
pub(super) fn put_whole(out: &mut Vec<u8>, field: u32, number: u64) {
    varint(out, u64::from(field) << 3);
    varint(out, number);
}

/// Writes bytes, a text or a message into a field.
pub(super) fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    varint(out, u64::from(field) << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend(bytes);
}

/// The bytes of a number that is not whole.
#[allow(clippy::cast_possible_truncation, reason = "so does every reader")]
pub(super) fn float(out: &mut Vec<u8>, kind: Kind, number: f64) {
    match kind {
        Kind::Double => out.extend(number.to_le_bytes()),
        _ => out.extend((number as f32).to_le_bytes()),
    }
}

fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
