use jingwei_core::Limits;
use jingwei_read::{Inspection, Reader, Sighting, Source, shown};

use crate::{
    fault::Fault,
    literal::{self, Literal},
    notes::Notes,
};

/// What every `.npy` file begins with.
pub const NPY_MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The header of one array (NumPy's format 1.0 to 3.0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpyHeader {
    pub version: (u8, u8),
    /// The element type as the header tells it, escaped and cut.
    pub descr: String,
    /// Some element is a Python object: the data is a pickle, which begins at `data_offset`.
    pub has_objects: bool,
    pub fortran_order: bool,
    pub shape: Vec<u64>,
    pub data_offset: u64,
    /// Bytes of an element; `None` where the type is not one that NumPy writes.
    pub item_bytes: Option<u64>,
    /// Bytes that the data has to have; `None` for pickles, and where the numbers overflow.
    pub expected_bytes: Option<u64>,
}

/// Reads the headers of the arrays that follow each other in a `.npy` file; there is mostly one. After an array of objects
/// nothing is read: only the pickle tells where it ends.
pub fn inspect_npy(source: &mut dyn Source, limits: &Limits) -> (Vec<NpyHeader>, Inspection) {
    let mut notes = Notes::default();
    let mut reader = Reader::new(source);
    let mut headers: Vec<NpyHeader> = Vec::new();
    let (mut tensors, mut parameters) = (0u64, 0u64);
    loop {
        if headers.len() as u64 >= limits.entries {
            notes.see(Sighting::limit("entries", limits.entries));
            break;
        }
        let header = match read_header(&mut reader, limits) {
            Ok(header) => header,
            Err(fault) => {
                notes.see(fault.sighting());
                break;
            }
        };
        let next = (!header.has_objects).then(|| after_data(&mut reader, &header, &mut notes)).flatten();
        if !header.has_objects {
            tensors += 1;
            let elements = header.shape.iter().fold(1, |n: u64, side| n.saturating_mul(*side));
            parameters = parameters.saturating_add(elements);
        }
        headers.push(header);
        match next {
            Some(offset) => reader.seek(offset),
            None => break,
        }
    }
    notes.inspection.facts.tensors = Some(tensors);
    notes.inspection.facts.parameters = Some(parameters);
    (headers, notes.inspection)
}

/// Holds the claimed size against the bytes that are there, and says where the next array begins.
fn after_data(reader: &mut Reader<'_>, header: &NpyHeader, notes: &mut Notes) -> Option<u64> {
    let there = reader.length().saturating_sub(header.data_offset);
    let lie = |expected: &str| {
        Sighting::new("model.numpy-lie")
            .with("descr", &header.descr)
            .with("expected", expected)
            .with("actual", &there.to_string())
    };
    let Some(expected) = header.expected_bytes else {
        if header.item_bytes.is_some() {
            notes.see(lie("> 2^64").at(header.data_offset));
        } else {
            notes.see(Sighting::not_inspected(
                format!("数组的元素类型 {} 不是 NumPy 会写出的类型", header.descr),
                format!("the element type {} of the array is none that NumPy writes", header.descr),
            ));
        }
        return None;
    };
    if there == expected {
        return None;
    }
    if there > expected {
        reader.seek(header.data_offset + expected);
        if reader.peek(NPY_MAGIC.len()).is_ok_and(|next| next == NPY_MAGIC) {
            return Some(header.data_offset + expected);
        }
    }
    notes.see(lie(&expected.to_string()).at(header.data_offset));
    None
}

fn read_header(reader: &mut Reader<'_>, limits: &Limits) -> Result<NpyHeader, Fault> {
    let start = reader.position();
    let short = |_| Fault::broken(start, "数组头不完整", "the array header is cut off");
    let mut prefix = [0; 8];
    reader.take(&mut prefix).map_err(short)?;
    if !prefix.starts_with(NPY_MAGIC) {
        return Err(Fault::broken(start, "没有 NumPy 的标记", "the mark of NumPy is missing"));
    }
    let version = (prefix[6], prefix[7]);
    let length = match version {
        (1, 0) => u64::from(reader.u16_le().map_err(short)?),
        (2 | 3, 0) => u64::from(reader.u32_le().map_err(short)?),
        _ => return Err(Fault::broken(start + 6, "未知的数组格式版本", "an unknown version of the array format")),
    };
    if length > reader.remaining() {
        return Err(Fault::broken(start, "数组头超出了文件", "the array header is longer than the file"));
    }
    if length > limits.header_bytes {
        return Err(Fault::Limit { name: "header_bytes", value: limits.header_bytes });
    }
    let text_at = reader.position();
    let text = reader.take_vec(length).map_err(short)?;
    let described = literal::parse(&text, text_at, limits).map_err(|fault| match fault {
        // NumPy's own headers are a few levels deep, and Python's reader of such texts fails on deep ones.
        Fault::Limit { name: "depth", .. } => {
            Fault::broken(text_at, "数组头层层嵌套", "the array header is nested as no writer nests it")
        }
        fault => fault,
    })?;
    let wrong = || {
        Fault::broken(
            text_at,
            "数组头缺少 descr、fortran_order 或 shape",
            "the array header lacks descr, fortran_order or shape",
        )
    };
    let Literal::Dict(pairs) = described else { return Err(wrong()) };
    let value = |key: &str| pairs.iter().rev().find(|(k, _)| matches!(k, Literal::Text(t) if t == key)).map(|(_, v)| v);
    let (Some(descr), Some(Literal::Bool(fortran_order)), Some(shape)) =
        (value("descr"), value("fortran_order"), value("shape"))
    else {
        return Err(wrong());
    };
    let shape =
        sides(shape).ok_or_else(|| Fault::broken(text_at, "shape 不是整数元组", "shape is not a tuple of integers"))?;
    let kind = element(descr);
    let elements = shape.iter().try_fold(1u64, |n, side| n.checked_mul(*side));
    // A side of zero makes the others meaningless.
    let elements = if shape.contains(&0) { Some(0) } else { elements };
    let expected =
        if kind.has_objects { None } else { elements.zip(kind.bytes).and_then(|(n, bytes)| n.checked_mul(bytes)) };
    Ok(NpyHeader {
        version,
        descr: description(descr),
        has_objects: kind.has_objects,
        fortran_order: *fortran_order,
        shape,
        data_offset: reader.position(),
        item_bytes: kind.bytes,
        expected_bytes: expected,
    })
}

fn sides(shape: &Literal) -> Option<Vec<u64>> {
    let Literal::Tuple(items) = shape else { return None };
    items.iter().map(|item| if let Literal::Integer(n) = item { Some(*n) } else { None }).collect()
}

#[derive(Clone, Copy)]
struct Element {
    has_objects: bool,
    bytes: Option<u64>,
}

/// What NumPy makes of a description: a type string, a list of fields, or a type with a shape.
fn element(descr: &Literal) -> Element {
    match descr {
        Literal::Text(code) => plain(code),
        Literal::Tuple(parts) => match parts.as_slice() {
            [base, shape] => times(element(base), shape),
            _ => Element { has_objects: any_objects(descr), bytes: None },
        },
        Literal::List(fields) => {
            fields.iter().map(field).fold(Element { has_objects: false, bytes: Some(0) }, |sum, next| Element {
                has_objects: sum.has_objects || next.has_objects,
                bytes: sum.bytes.zip(next.bytes).and_then(|(a, b)| a.checked_add(b)),
            })
        }
        _ => Element { has_objects: any_objects(descr), bytes: None },
    }
}

fn field(field: &Literal) -> Element {
    match field {
        Literal::Tuple(parts) => match parts.as_slice() {
            [_, base] => element(base),
            [_, base, shape] => times(element(base), shape),
            _ => Element { has_objects: any_objects(field), bytes: None },
        },
        _ => Element { has_objects: any_objects(field), bytes: None },
    }
}

fn times(base: Element, shape: &Literal) -> Element {
    let count = match shape {
        Literal::Integer(n) => Some(*n),
        _ => sides(shape).and_then(|sides| sides.iter().try_fold(1u64, |n, side| n.checked_mul(*side))),
    };
    Element { has_objects: base.has_objects, bytes: base.bytes.zip(count).and_then(|(bytes, n)| bytes.checked_mul(n)) }
}

/// `<f4`, `|O`, `<M8[ns]`. What has another form may be anything that `numpy.dtype` understands, such as `object` or
/// `i4,O`: there, a letter that could stand for objects counts as objects.
fn plain(code: &str) -> Element {
    let body = code.strip_prefix(['<', '>', '|', '=']).unwrap_or(code);
    let mut chars = body.chars();
    let kind = chars.next();
    let rest = chars.as_str();
    let digits = rest.split('[').next().unwrap_or_default();
    let unit_is_plain = rest[digits.len()..].chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '[' | ']' | '/'));
    let width: Option<u64> = if digits.is_empty() { None } else { digits.parse().ok() };
    let bytes = match kind {
        Some('b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'a' | 'V') => width,
        Some('?') if rest.is_empty() => Some(1),
        Some('U') => width.and_then(|n| n.checked_mul(4)),
        Some('M' | 'm') if unit_is_plain => width,
        _ => None,
    };
    Element { has_objects: bytes.is_none() && may_be_objects(code), bytes }
}

fn may_be_objects(code: &str) -> bool {
    code.contains('O') || code.contains("object")
}

fn any_objects(literal: &Literal) -> bool {
    match literal {
        Literal::Text(code) => may_be_objects(code),
        Literal::Tuple(items) | Literal::List(items) => items.iter().any(any_objects),
        Literal::Dict(pairs) => pairs.iter().any(|(k, v)| any_objects(k) || any_objects(v)),
        Literal::Integer(_) | Literal::Bool(_) | Literal::None => false,
    }
}

fn description(descr: &Literal) -> String {
    match descr {
        Literal::Text(code) => shown(code),
        Literal::List(fields) => format!("{} fields", fields.len()),
        _ => "nested".to_owned(),
    }
}
