//! safetensors headers: eight bytes of length, a JSON object, then the tensors without gaps.

use std::{collections::BTreeMap, fmt, hash::BuildHasher as _};

use jingwei_core::Limits;
use jingwei_read::{Facts, Inspection, QuickSet, Reader, Sighting, Source, shown};
use jingwei_template::Note;
use serde::{
    Deserialize,
    de::{Error, MapAccess, Visitor},
};

use super::{HeaderError, offset_of};
use crate::planted::{Notes, pickle_at, program_at};

/// The one key that is no tensor.
const METADATA: &str = "__metadata__";
/// Bytes before the JSON header.
const PREFIX: u64 = 8;

/// (name, bits per element), restated from the safetensors format description.
const DTYPES: &[(&str, u64)] = &[
    ("BOOL", 8),
    ("F4", 4),
    ("F6_E2M3", 6),
    ("F6_E3M2", 6),
    ("U8", 8),
    ("I8", 8),
    ("F8_E5M2", 8),
    ("F8_E4M3", 8),
    ("F8_E8M0", 8),
    ("F8_E4M3FNUZ", 8),
    ("F8_E5M2FNUZ", 8),
    ("I16", 16),
    ("U16", 16),
    ("F16", 16),
    ("BF16", 16),
    ("I32", 32),
    ("U32", 32),
    ("F32", 32),
    ("C64", 64),
    ("F64", 64),
    ("I64", 64),
    ("U64", 64),
];

/// Types whose tensors some writers use for bytes of any kind.
const BYTES: [&str; 3] = ["U8", "I8", "BOOL"];

/// Whether safetensors has a type of this name and size.
pub(crate) fn knows(dtype: &str, bytes: u64) -> bool {
    DTYPES.iter().any(|(known, bits)| *known == dtype && *bits == bytes * 8)
}

/// A length, then an object. A lying length does not hide the file, unless all of it is text.
pub(crate) fn looks_like(front: &[u8], length: u64) -> bool {
    let Some((prefix, json)) = front.split_first_chunk::<8>() else { return false };
    let announced = u64::from_le_bytes(*prefix);
    let plausible = announced <= length.saturating_sub(PREFIX);
    let binary = !prefix.iter().all(|b| matches!(b, 9 | 10 | 13 | 32..=126));
    json.starts_with(b"{") && (plausible || (binary && json.starts_with(b"{\"")))
}

/// Reads the header; of the tensors only their places.
pub(crate) fn inspect(source: &mut dyn Source, limits: &Limits) -> Inspection {
    let mut inspection = Inspection::default();
    match read(source, limits) {
        Ok((header, data_start)) => {
            inspection.facts = facts(&header);
            inspection.sightings = planted(source, &header, data_start, limits);
        }
        Err(error) => inspection.see(Sighting::from(error)),
    }
    inspection
}

/// What the names and the notes of a sound header hold besides themselves, and tensors that are programs.
fn planted(source: &mut dyn Source, header: &Header, data_start: u64, limits: &Limits) -> Vec<Sighting> {
    let mut notes = Notes::new(limits);
    for (key, value) in &header.metadata {
        notes.text(key, Note::Name, METADATA);
        notes.text(value, Note::Value, key);
    }
    for (name, tensor) in &header.tensors {
        notes.text(name, Note::Name, "tensor");
        if BYTES.contains(&tensor.dtype.name()) {
            let [start, end] = tensor.data_offsets;
            let shown = shown(name);
            let whose = [&*format!("张量 {shown}"), &*format!("tensor {shown}")];
            notes.seen.extend(pickle_at(source, data_start + start, end - start, whose, limits));
            notes.seen.extend(program_at(source, data_start + start, end - start, &shown));
        }
    }
    notes.seen
}

/// The tensors of a sound file: name, dtype, offset in the file, bytes.
pub(crate) fn tensors(source: &mut dyn Source, limits: &Limits) -> Vec<(String, &'static str, u64, u64)> {
    let Ok((header, data_start)) = read(source, limits) else { return Vec::new() };
    let place = |(name, tensor): (String, Tensor)| {
        let [start, end] = tensor.data_offsets;
        (name, tensor.dtype.name(), data_start + start, end - start)
    };
    header.tensors.into_iter().map(place).collect()
}

/// The header, and where the data begins.
fn read(source: &mut dyn Source, limits: &Limits) -> Result<(Header, u64), HeaderError> {
    let length = source.length();
    let mut reader = Reader::new(source);
    let header_bytes = reader.u64_le()?;
    let data_bytes = length.saturating_sub(PREFIX).checked_sub(header_bytes).ok_or_else(|| {
        HeaderError::malformed(
            0,
            format!("声明头部 {header_bytes} 字节，超出文件末尾"),
            format!("a header of {header_bytes} bytes is announced and would end beyond the file"),
        )
    })?;
    if header_bytes > limits.header_bytes {
        return Err(HeaderError::limit("header_bytes", limits.header_bytes));
    }
    let json = reader.take_vec(header_bytes)?;
    let header: Header = serde_json::from_slice(&json).map_err(|e| bad_json(&json, &e))?;
    if header.tensors.len() as u64 > limits.entries {
        return Err(HeaderError::limit("entries", limits.entries));
    }
    if header.longest_name as u64 > limits.string_bytes {
        return Err(HeaderError::limit("string_bytes", limits.string_bytes));
    }
    check_layout(&header.tensors, PREFIX + header_bytes, data_bytes)?;
    Ok((header, PREFIX + header_bytes))
}

fn facts(header: &Header) -> Facts {
    let filled = |names: &[&str]| {
        let mut values = names.iter().filter_map(|name| header.metadata.get(*name));
        values.find(|value| !value.trim().is_empty()).cloned()
    };
    let elements = |tensor: &Tensor| tensor.shape.iter().fold(1u64, |all, extent| all.saturating_mul(*extent));
    let mut facts = Facts {
        tensors: Some(header.tensors.len() as u64),
        parameters: Some(header.tensors.iter().fold(0, |sum, (_, t)| sum.saturating_add(elements(t)))),
        licence: filled(&["license", "licence", "modelspec.license"]),
        described: filled(&["description", "modelspec.description"]).is_some(),
        ..Facts::default()
    };
    if let Some(format) = header.metadata.get("format") {
        facts.more.insert("written_by", shown(format));
    }
    facts
}

/// dtype × shape fits the span, and the spans fill the data from its first byte to its last.
fn check_layout(tensors: &[(String, Tensor)], data_start: u64, data_bytes: u64) -> Result<(), HeaderError> {
    let mut order: Vec<&(String, Tensor)> = tensors.iter().collect();
    order.sort_by_key(|(_, tensor)| tensor.data_offsets);
    let mut taken_to = 0;
    for (name, tensor) in order {
        let [start, end] = tensor.data_offsets;
        let bad = |zh: &str, en: &str| {
            HeaderError::malformed(
                data_start.saturating_add(start),
                format!("张量 {} {zh}", shown(name)),
                format!("tensor {} {en}", shown(name)),
            )
        };
        let bits = tensor.dtype.0.map(|(_, bits)| *bits);
        let bits = bits.ok_or_else(|| bad("的数据类型未知", "has an unknown dtype"))?;
        let bits = tensor.shape.iter().try_fold(bits, |bits, extent| bits.checked_mul(*extent));
        let bits = bits.ok_or_else(|| bad("的元素数溢出", "overflows its element count"))?;
        if end > data_bytes {
            return Err(bad("超出文件末尾", "ends beyond the file"));
        }
        if end.checked_sub(start).and_then(|bytes| bytes.checked_mul(8)) != Some(bits) {
            return Err(bad("的长度与类型和形状不符", "has a length that its dtype and shape do not give"));
        }
        if start < taken_to {
            return Err(bad("与另一张量重叠", "overlaps another tensor"));
        }
        if start > taken_to {
            return Err(bad("之前有不属于任何张量的字节", "comes after bytes that belong to no tensor"));
        }
        taken_to = end;
    }
    if taken_to < data_bytes {
        return Err(HeaderError::malformed(
            data_start + taken_to,
            "末尾有不属于任何张量的字节",
            "bytes at the end belong to no tensor",
        ));
    }
    Ok(())
}

fn bad_json(json: &[u8], error: &serde_json::Error) -> HeaderError {
    let reason = shown(&error.to_string());
    HeaderError::malformed(
        PREFIX + offset_of(json, error),
        format!("头部不是有效的 safetensors JSON（{reason}）"),
        format!("the header is not valid safetensors JSON ({reason})"),
    )
}

#[derive(Debug, Default)]
struct Header {
    metadata: BTreeMap<String, String>,
    tensors: Vec<(String, Tensor)>,
    longest_name: usize,
}

/// Everything else than these three fields is refused, so nesting is bounded by the shape itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tensor {
    dtype: Dtype,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// A row of [`DTYPES`]; nothing, where no row has the name.
#[derive(Debug, Clone, Copy)]
struct Dtype(Option<&'static (&'static str, u64)>);

impl Dtype {
    fn name(self) -> &'static str {
        self.0.map_or("", |(name, _)| name)
    }
}

impl<'de> Deserialize<'de> for Dtype {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(DtypeVisitor)
    }
}

struct DtypeVisitor;

impl Visitor<'_> for DtypeVisitor {
    type Value = Dtype;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a type")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Dtype, E> {
        Ok(Dtype(DTYPES.iter().find(|(known, _)| *known == name)))
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut header = Header::default();
        // By their hashes: names are kept once.
        let mut names: QuickSet<u64> = QuickSet::default();
        let mut has_metadata = false;
        while let Some(name) = map.next_key::<String>()? {
            let is_new = names.insert(names.hasher().hash_one(&name));
            let stands = |name: &str| header.tensors.iter().any(|(known, _)| known == name);
            if !is_new && (stands(&name) || has_metadata && name == METADATA) {
                return Err(A::Error::custom(format!("duplicate key `{}`", shown(&name))));
            }
            header.longest_name = header.longest_name.max(name.len());
            if name == METADATA {
                header.metadata = map.next_value::<Metadata>()?.0;
                has_metadata = true;
            } else {
                header.tensors.push((name, map.next_value()?));
            }
        }
        Ok(header)
    }
}

struct Metadata(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MetadataVisitor)
    }
}

struct MetadataVisitor;

impl<'de> Visitor<'de> for MetadataVisitor {
    type Value = Metadata;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
        let mut metadata = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            if let Some(twice) = metadata.insert(key, value) {
                return Err(A::Error::custom(format!("duplicate metadata key, first with `{}`", shown(&twice))));
            }
        }
        Ok(Metadata(metadata))
    }
}
