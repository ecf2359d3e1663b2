//! GGUF headers, versions 2 and 3, both byte orders (format description in the ggml project, `docs/gguf.md`).

use jingwei_core::{Limits, Text};
use jingwei_read::{
    Facts, Inspection, Nested, PICKLE_FRONT, Part, QuickSet, Reader, Sighting, Source, begins_like_pickle, shown,
};
use jingwei_template::Note;

use super::{
    HeaderError,
    gguf_sense::Sense,
    gguf_types::{ARRAY, BOOL, STRING, UINT32, fixed_value_bytes, tensor_type},
};
use crate::planted::{Notes, after_padding, pickle_at, program_at};

/// Most pairs of metadata that are read; models have a hundred.
const MOST_PAIRS: u64 = 1 << 16;
/// Longest metadata text that is kept, in bytes.
const KEPT_BYTES: u64 = 64 << 10;
/// The format allows four dimensions.
const MOST_DIMENSIONS: u32 = 4;
/// Fewest bytes that a metadata entry and a tensor description take.
const LEAST_ENTRY: u64 = 13;
const LEAST_TENSOR: u64 = 24;

/// Longest tensor name, in bytes. Builds for pictures allow this many.
const LONGEST_NAME: usize = 127;
/// Arrays within arrays; no known key has any.
const MOST_NESTED: u32 = 4;
/// Tensors whose first bytes are looked at, and those that are looked into.
const MOST_TENSORS: usize = 4096;
const MOST_BYTES: usize = 256;
const TOKENS: &str = "tokenizer.ggml.tokens";
/// What a SentencePiece tokenizer does to characters first: XLM-R's has some 240 KB.
const CHARACTER_MAP: &str = "tokenizer.ggml.precompiled_charsmap";
const LONGEST_MAP: u64 = 16 << 20;
/// Shortest token that can be a sentence or an address, in bytes.
const LONG_TOKEN: u64 = 20;
/// ggml's number of the type I8.
const INT8: u32 = 24;

/// Names of chat templates: the default one, and others by name.
pub(crate) const TEMPLATE: &str = "tokenizer.chat_template";

/// Reads the whole header; of the tensors only their places. Chat templates are handed out.
pub(crate) fn inspect(source: &mut dyn Source, limits: &Limits) -> Inspection {
    let mut inspection = Inspection::default();
    let mut walk = Walk::new(source, limits);
    let extents = walk.header().map_err(|error| inspection.see(Sighting::from(error))).unwrap_or_default();
    inspection.facts = Facts { tensors: Some(extents.len() as u64).filter(|_| walk.data_start > 0), ..walk.facts };
    inspection.nested = walk.nested;
    inspection.sightings.extend(walk.notes.seen);
    inspection.sightings.extend(walk.sense.lies());
    inspection.sightings.extend(walk.character_map);
    let (data, length) = (walk.data_start, walk.length);
    if data > 0 {
        inspection.sightings.extend(programs(source, &extents, data, length, limits));
    }
    inspection
}

/// Tensors that are pickles with a call, and such a pickle behind the tensors.
fn programs(source: &mut dyn Source, extents: &[Extent], data: u64, length: u64, limits: &Limits) -> Vec<Sighting> {
    let mut seen = Vec::new();
    let mut begins_so = |extent: &&Extent| {
        let mut front = Part::new(source, data + extent.start, extent.bytes.min(PICKLE_FRONT));
        extent.holds_bytes || Reader::new(&mut front).peek(PICKLE_FRONT as usize).is_ok_and(begins_like_pickle)
    };
    let likely: Vec<&Extent> = extents.iter().take(MOST_TENSORS).filter(&mut begins_so).take(MOST_BYTES).collect();
    for extent in likely {
        let shown = shown(&extent.name);
        let whose = [&*format!("张量 {shown}"), &*format!("tensor {shown}")];
        seen.extend(pickle_at(source, data + extent.start, extent.bytes, whose, limits));
    }
    let end = extents.iter().map(|extent| data + extent.start + extent.bytes).max().unwrap_or(data);
    let start = after_padding(source, end.min(length), length.saturating_sub(end));
    seen.extend(pickle_at(source, start, u64::MAX, ["张量之后的字节", "what comes behind the tensors"], limits));
    if program_at(source, start, u64::MAX, "<after>").is_some() {
        let sighting = Sighting::new("model.archive-junk").key("<after>").at(start);
        let sighting = sighting.with("length", &length.saturating_sub(start).to_string());
        seen.push(sighting.with_text("reason", Text::new("张量之后", "behind the tensors")));
    }
    seen
}

/// Where the tensors lie whose elements are plain floats, for a look at the weights: name, dtype, offset, bytes.
pub(crate) fn float_tensors(source: &mut dyn Source, limits: &Limits) -> Vec<(String, &'static str, u64, u64)> {
    let mut walk = Walk::new(source, limits);
    let Ok(extents) = walk.header() else { return Vec::new() };
    if walk.big_endian {
        return Vec::new();
    }
    let data = walk.data_start;
    let plain = extents.into_iter().filter_map(|e| Some((e.name, e.dtype?, data.checked_add(e.start)?, e.bytes)));
    plain.collect()
}

struct Walk<'s> {
    reader: Reader<'s>,
    length: u64,
    limits: &'s Limits,
    big_endian: bool,
    facts: Facts,
    nested: Vec<Nested>,
    /// Where the tensor data begins, once the header is read.
    data_start: u64,
    notes: Notes<'s>,
    /// What is wrong with the map of characters.
    character_map: Option<Sighting>,
    sense: Sense,
}

/// A tensor's place, relative to the start of the tensor data.
struct Extent {
    name: String,
    /// Where the header describes it.
    described_at: u64,
    start: u64,
    bytes: u64,
    /// Where its elements are plain floats: `F32`, `F16`, `BF16`, `F64`.
    dtype: Option<&'static str>,
    /// Its elements are single bytes, which some writers use for anything.
    holds_bytes: bool,
}

impl<'s> Walk<'s> {
    fn new(source: &'s mut dyn Source, limits: &'s Limits) -> Self {
        let length = source.length();
        Self {
            reader: Reader::new(source),
            length,
            limits,
            big_endian: false,
            facts: Facts::default(),
            nested: vec![],
            data_start: 0,
            notes: Notes::new(limits),
            character_map: None,
            sense: Sense::default(),
        }
    }

    fn header(&mut self) -> Result<Vec<Extent>, HeaderError> {
        self.magic_and_version()?;
        let tensors = self.count(LEAST_TENSOR, ["张量", "tensors"])?;
        let entries = self.count(LEAST_ENTRY, ["元数据条目", "metadata entries"])?;
        let alignment = self.metadata(entries)?;
        self.sense.tensors = tensors;
        let described = self.tensors(tensors, alignment)?;
        self.data_start = self.reader.position().next_multiple_of(alignment);
        check_layout(&described, self.data_start, self.length)?;
        Ok(described)
    }

    fn magic_and_version(&mut self) -> Result<(), HeaderError> {
        let mut magic = [0; 4];
        self.reader.take(&mut magic)?;
        let version = self.u32()?;
        // Big-endian files keep the letters of the magic and swap everything after it; some writers swap both.
        self.big_endian = &magic == b"FUGG" || version & 0xffff == 0;
        let version = if self.big_endian { version.swap_bytes() } else { version };
        if !matches!(version, 2 | 3) {
            return Err(HeaderError::malformed(
                4,
                format!("版本 {version} 无法读取（支持 2 和 3）"),
                format!("version {version} cannot be read (2 and 3 can)"),
            ));
        }
        Ok(())
    }

    /// How many things follow. A count that the file could not hold is a lie, whatever the limit.
    fn count(&mut self, least_bytes: u64, [zh, en]: [&str; 2]) -> Result<u64, HeaderError> {
        let offset = self.reader.position();
        let count = self.u64()?;
        if count.checked_mul(least_bytes).is_none_or(|bytes| bytes > self.left()) {
            return Err(HeaderError::malformed(
                offset,
                format!("声明了 {count} 个{zh}，文件容纳不下"),
                format!("{count} {en} are announced, and the file could not hold them"),
            ));
        }
        if count > self.limits.entries {
            return Err(HeaderError::limit("entries", self.limits.entries));
        }
        Ok(count)
    }

    fn metadata(&mut self, entries: u64) -> Result<u64, HeaderError> {
        if entries > MOST_PAIRS {
            return Err(HeaderError::limit("entries", MOST_PAIRS));
        }
        let mut alignment = 32;
        let mut keys = QuickSet::default();
        for _ in 0..entries {
            let offset = self.reader.position();
            let key = self.name(["元数据键", "metadata key"])?;
            let kind = self.u32()?;
            self.sense.key(&key, kind);
            match (key.as_str(), kind) {
                ("general.alignment", UINT32) => alignment = self.alignment()?,
                ("general.alignment", _) => return Err(bad_alignment(offset)),
                ("general.license" | "general.license.name" | "general.license.link", STRING) => {
                    let value = self.noted(&key)?;
                    let known = self.facts.licence.take();
                    self.facts.licence = known.or(Some(value).filter(|v| !v.trim().is_empty()));
                }
                ("general.description", STRING) => self.facts.described = !self.noted(&key)?.trim().is_empty(),
                ("general.architecture", STRING) => self.fact("architecture")?,
                ("general.name", STRING) => self.fact("name")?,
                ("general.base_model.0.repo_url", STRING) => self.fact("base_model")?,
                (name, STRING) if name.starts_with(TEMPLATE) => self.template(name)?,
                (name, STRING) => drop(self.noted(name)?),
                (TOKENS, ARRAY) => self.tokens()?,
                (name, ARRAY) if name.starts_with("tokenizer.ggml.") => self.beside_tokens(&key)?,
                (name, kind) => match fixed_value_bytes(kind).filter(|_| kind != BOOL) {
                    Some(bytes) => self.number(name, bytes)?,
                    None => self.value(kind, 0)?,
                },
            }
            self.notes.text(&key, Note::Name, "key");
            if let Some(twice) = keys.replace(key) {
                return Err(duplicate(offset, ["元数据键", "metadata key"], &twice));
            }
            self.check_header_size()?;
        }
        Ok(alignment)
    }

    fn alignment(&mut self) -> Result<u64, HeaderError> {
        let offset = self.reader.position();
        let alignment = self.u32()?;
        if alignment.is_power_of_two() { Ok(u64::from(alignment)) } else { Err(bad_alignment(offset)) }
    }

    /// A whole number is kept where another entry must agree with it.
    fn number(&mut self, key: &str, bytes: u64) -> Result<(), HeaderError> {
        let mut raw = [0; 8];
        let width = usize::try_from(bytes).unwrap_or(8).min(8);
        self.reader.take(&mut raw[..width])?;
        if self.big_endian {
            raw[..width].reverse();
        }
        self.sense.number(key, u64::from_le_bytes(raw));
        Ok(())
    }

    /// The vocabulary: only what is long enough to be more than a token is read.
    fn tokens(&mut self) -> Result<(), HeaderError> {
        let (at, kind) = (self.reader.position(), self.u32()?);
        if kind != STRING {
            self.sense.list(TOKENS, kind, 0);
            self.reader.seek(at);
            return self.array(0);
        }
        let count = self.count(8, ["词元", "tokens"])?;
        self.sense.tokens = Some(count);
        for _ in 0..count {
            let bytes = self.string_length()?;
            if (LONG_TOKEN..KEPT_BYTES).contains(&bytes) {
                let token = self.reader.take_vec(bytes)?;
                self.notes.text(&String::from_utf8_lossy(&token), Note::Token, TOKENS);
            } else {
                self.reader.skip(bytes)?;
            }
            self.check_header_size()?;
        }
        Ok(())
    }

    /// A list about the vocabulary.
    fn beside_tokens(&mut self, key: &str) -> Result<(), HeaderError> {
        let at = self.reader.position();
        let (kind, count) = (self.u32()?, self.u64()?);
        self.sense.list(key, kind, count);
        if key == CHARACTER_MAP
            && fixed_value_bytes(kind) == Some(1)
            && count <= LONGEST_MAP.min(self.reader.remaining())
        {
            let map = self.reader.take_vec(count)?;
            self.character_map = jingwei_template::inspect_character_map(&map);
        }
        self.reader.seek(at);
        self.array(0)
    }

    /// Skips one metadata value.
    fn value(&mut self, kind: u32, depth: u32) -> Result<(), HeaderError> {
        let offset = self.reader.position();
        match kind {
            STRING => {
                let bytes = self.string_length()?;
                Ok(self.reader.skip(bytes)?)
            }
            ARRAY => self.array(depth),
            BOOL if self.reader.byte()? > 1 => {
                Err(HeaderError::malformed(offset, "布尔值既不是 0 也不是 1", "a truth value is neither 0 nor 1"))
            }
            BOOL => Ok(()),
            _ => match fixed_value_bytes(kind) {
                Some(bytes) => Ok(self.reader.skip(bytes)?),
                None => Err(unknown_value_type(offset, kind)),
            },
        }
    }

    fn array(&mut self, depth: u32) -> Result<(), HeaderError> {
        let offset = self.reader.position();
        if depth >= self.limits.depth {
            return Err(HeaderError::limit("depth", u64::from(self.limits.depth)));
        }
        if depth >= MOST_NESTED {
            return Err(HeaderError::malformed(
                offset,
                format!("数组嵌套超过 {MOST_NESTED} 层"),
                format!("arrays are nested deeper than {MOST_NESTED}"),
            ));
        }
        let kind = self.u32()?;
        let least_bytes = match kind {
            STRING => 8,
            ARRAY => 12,
            _ => fixed_value_bytes(kind).ok_or_else(|| unknown_value_type(offset, kind))?,
        };
        let count = self.count(least_bytes, ["数组元素", "array elements"])?;
        if let Some(bytes) = fixed_value_bytes(kind) {
            // `count` has made sure that the product fits into the file.
            return Ok(self.reader.skip(count.saturating_mul(bytes))?);
        }
        for _ in 0..count {
            self.value(kind, depth + 1)?;
            self.check_header_size()?;
        }
        Ok(())
    }

    fn tensors(&mut self, count: u64, alignment: u64) -> Result<Vec<Extent>, HeaderError> {
        let mut extents = Vec::new();
        let mut names = QuickSet::default();
        for _ in 0..count {
            let described_at = self.reader.position();
            let name = self.name(["张量名", "tensor name"])?;
            if name.len() > LONGEST_NAME {
                return Err(HeaderError::malformed(
                    described_at,
                    format!("张量名有 {} 字节", name.len()),
                    format!("a tensor name has {} bytes", name.len()),
                ));
            }
            self.notes.text(&name, Note::Name, "tensor");
            self.sense.name(&name);
            let (bytes, dtype, holds_bytes) = self.tensor_bytes(&name)?;
            let offset = self.reader.position();
            let start = self.u64()?;
            if !start.is_multiple_of(alignment) {
                return Err(HeaderError::malformed(
                    offset,
                    format!("张量 {} 未按 {alignment} 字节对齐", shown(&name)),
                    format!("tensor {} is not aligned to {alignment} bytes", shown(&name)),
                ));
            }
            if !names.insert(name.clone()) {
                return Err(duplicate(described_at, ["张量名", "tensor name"], &name));
            }
            extents.push(Extent { name, described_at, start, bytes, dtype, holds_bytes });
            self.check_header_size()?;
        }
        Ok(extents)
    }

    /// Bytes, plain floats, and whether the elements are single bytes.
    fn tensor_bytes(&mut self, name: &str) -> Result<(u64, Option<&'static str>, bool), HeaderError> {
        let offset = self.reader.position();
        let bad = |zh: &str, en: &str| {
            HeaderError::malformed(offset, format!("张量 {} {zh}", shown(name)), format!("tensor {} {en}", shown(name)))
        };
        let dimensions = self.u32()?;
        if dimensions > MOST_DIMENSIONS {
            return Err(bad("的维数超过 4", "has more than 4 dimensions"));
        }
        let mut elements: u64 = 1;
        let mut row = 1;
        for at in 0..dimensions {
            let extent = self.u64()?;
            row = if at == 0 { extent } else { row };
            elements =
                elements.checked_mul(extent).ok_or_else(|| bad("的元素数溢出", "overflows its element count"))?;
        }
        let number = self.u32()?;
        let known = tensor_type(number).ok_or_else(|| bad("的类型未知", "has an unknown type"))?;
        if !row.is_multiple_of(known.elements) {
            return Err(bad("的行不是整数个块", "has rows that are no whole number of blocks"));
        }
        let bytes = (elements / known.elements).checked_mul(known.bytes);
        let bytes = bytes.ok_or_else(|| bad("的字节数溢出", "overflows its byte count"))?;
        self.facts.parameters = Some(self.facts.parameters.unwrap_or(0).saturating_add(elements));
        Ok((bytes, plain_float(number), number == INT8))
    }

    /// A key or tensor name: UTF-8 and not empty.
    fn name(&mut self, [zh, en]: [&str; 2]) -> Result<String, HeaderError> {
        let offset = self.reader.position();
        let bytes = self.string_length()?;
        let bytes = self.reader.take_vec(bytes)?;
        match String::from_utf8(bytes) {
            Ok(name) if !name.is_empty() => Ok(name),
            Ok(_) => Err(HeaderError::malformed(offset, format!("{zh}为空"), format!("a {en} is empty"))),
            Err(_) => Err(HeaderError::malformed(offset, format!("{zh}不是 UTF-8"), format!("a {en} is not UTF-8"))),
        }
    }

    fn fact(&mut self, name: &'static str) -> Result<(), HeaderError> {
        let value = self.noted(name)?;
        self.facts.more.insert(name, shown(&value));
        Ok(())
    }

    fn template(&mut self, name: &str) -> Result<(), HeaderError> {
        let bytes = self.string_length()?;
        let offset = self.reader.position();
        let bytes = self.reader.take_vec(bytes)?;
        self.nested.push(Nested { name: name.to_owned(), offset, bytes });
        Ok(())
    }

    /// A text that describes the model, as far as it is kept.
    fn noted(&mut self, key: &str) -> Result<String, HeaderError> {
        let offset = self.reader.position();
        let bytes = self.string_length()?;
        let kept = self.reader.take_vec(bytes.min(KEPT_BYTES))?;
        self.reader.skip(bytes.saturating_sub(KEPT_BYTES))?;
        if std::str::from_utf8(&kept).is_err_and(|error| error.error_len().is_some()) {
            let (zh, en) = ("文本不是 UTF-8", "a text is not UTF-8");
            self.notes.seen.push(Sighting::malformed(offset, zh, en));
        }
        let text = String::from_utf8_lossy(&kept).into_owned();
        self.notes.text(&text, Note::Value, key);
        Ok(text)
    }

    fn string_length(&mut self) -> Result<u64, HeaderError> {
        let offset = self.reader.position();
        let bytes = self.u64()?;
        if bytes > self.left() {
            return Err(HeaderError::malformed(
                offset,
                format!("字符串声明 {bytes} 字节，超出文件末尾"),
                format!("a string announces {bytes} bytes and would end beyond the file"),
            ));
        }
        if bytes > self.limits.string_bytes {
            return Err(HeaderError::limit("string_bytes", self.limits.string_bytes));
        }
        Ok(bytes)
    }

    fn check_header_size(&self) -> Result<(), HeaderError> {
        if self.reader.position() > self.limits.header_bytes {
            return Err(HeaderError::limit("header_bytes", self.limits.header_bytes));
        }
        Ok(())
    }

    fn left(&self) -> u64 {
        self.length.saturating_sub(self.reader.position())
    }

    fn u32(&mut self) -> Result<u32, HeaderError> {
        let mut bytes = [0; 4];
        self.reader.take(&mut bytes)?;
        Ok(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64(&mut self) -> Result<u64, HeaderError> {
        let mut bytes = [0; 8];
        self.reader.take(&mut bytes)?;
        Ok(if self.big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }
}

/// Every tensor lies in the file and no two share a byte.
fn check_layout(extents: &[Extent], data_start: u64, length: u64) -> Result<(), HeaderError> {
    let data_bytes = length.saturating_sub(data_start);
    let mut order: Vec<&Extent> = extents.iter().collect();
    order.sort_by_key(|extent| (extent.start, extent.bytes));
    let mut taken_to = 0;
    for extent in order {
        let bad = |zh: &str, en: &str| {
            HeaderError::malformed(
                extent.described_at,
                format!("张量 {} {zh}", shown(&extent.name)),
                format!("tensor {} {en}", shown(&extent.name)),
            )
        };
        let end = extent.start.checked_add(extent.bytes).filter(|end| *end <= data_bytes);
        let end = end.ok_or_else(|| bad("超出文件末尾", "ends beyond the file"))?;
        if extent.start < taken_to {
            return Err(bad("与另一张量重叠", "overlaps another tensor"));
        }
        taken_to = end.max(taken_to);
    }
    Ok(())
}

/// ggml's types 0, 1, 28 and 30.
fn plain_float(number: u32) -> Option<&'static str> {
    match number {
        0 => Some("F32"),
        1 => Some("F16"),
        28 => Some("F64"),
        30 => Some("BF16"),
        _ => None,
    }
}

fn bad_alignment(offset: u64) -> HeaderError {
    HeaderError::malformed(offset, "general.alignment 不是 2 的幂", "general.alignment is not a power of two")
}

fn duplicate(offset: u64, [zh, en]: [&str; 2], name: &str) -> HeaderError {
    HeaderError::malformed(
        offset,
        format!("{zh} {} 重复", shown(name)),
        format!("the {en} {} occurs twice", shown(name)),
    )
}

fn unknown_value_type(offset: u64, kind: u32) -> HeaderError {
    HeaderError::malformed(
        offset,
        format!("元数据值类型 {kind} 未知"),
        format!("the metadata value type {kind} is unknown"),
    )
}
