//! MessagePack: weights of Flax, arrays of msgpack-numpy, and what else frameworks write in it. Lengths are claims; bytes
//! are jumped over.

use jingwei_core::{Limits, Text};
use jingwei_read::{Inspection, NameTable, PICKLE_FRONT, Reader, Sighting, Source, begins_like_pickle};

use crate::findings::{Findings, Stop, place};
use crate::shape::Elements;

/// Longest text that may be a key, a type or a note, in bytes.
const TEXT: u64 = 64 << 10;
/// Longest key that is remembered, in bytes.
const KEY: usize = 64;
/// Names under which NumPy has pointers to objects.
const OBJECTS: [&str; 6] = ["|O", "O", "object", "|O8", "O8", "object_"];
/// The type by which MessagePack itself writes a time.
const TIME: u8 = 0xff;

/// Whether a file is MessagePack from front to end: a map or a list that is not empty, and nothing behind it.
pub(crate) fn recognise(front: &[u8], source: &mut dyn Source) -> bool {
    let holds = match front {
        [0x81..=0x8f | 0xde | 0xdf, ..] => true,
        // A list of maps or of arrays.
        [0x91..=0x9f, next, ..] => matches!(next, 0x81..=0x8f | 0xc7..=0xc9 | 0xde | 0xdf),
        _ => false,
    };
    if !holds || !begins_with_name(front) {
        return false;
    }
    let limits = Limits { entries: 100_000, ..Limits::default() };
    let mut findings = Findings::default();
    let mut walk = Walk::new(source, &limits, &mut findings);
    // What is too deep or too much for a look is told by the reader.
    matches!(walk.read(), Ok(()) | Err(Stop::Limit(..)))
}

/// The first key is a name: numbers that only look like a map have none.
fn begins_with_name(front: &[u8]) -> bool {
    let mut reader = front;
    for _ in 0..2 {
        let Some((first, rest)) = reader.split_first() else { return false };
        let (skip, is_list) = match first {
            0x81..=0x8f => (0, false),
            0x91..=0x9f => (0, true),
            0xde => (2, false),
            0xdf => (4, false),
            0xc7..=0xc9 => return true,
            _ => return false,
        };
        reader = rest.get(skip..).unwrap_or_default();
        if !is_list {
            break;
        }
    }
    let (length, text) = match reader {
        [first @ 0xa1..=0xbf, rest @ ..] => (usize::from(first & 31), rest),
        [0xd9 | 0xc4, length, rest @ ..] => (usize::from(*length), rest),
        _ => return false,
    };
    let text = text.get(..length).unwrap_or_default();
    !text.is_empty() && std::str::from_utf8(text).is_ok_and(|text| !text.contains(char::is_control))
}

/// Reads a file that [`recognise`] knows, or whose first key is Flax's.
pub fn inspect_flax(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let mut walk = Walk::new(source, limits, &mut findings);
    let mut result = walk.read();
    let arrays = walk.arrays;
    if let Err(Stop::Limit("depth", _)) = result {
        // Readers of MessagePack call themselves for each level, and no writer of weights goes so deep.
        let reason = Text::new("列表或映射嵌套过深", "its lists or maps lie too deep within each other");
        let bomb = Sighting::new("model.graph-bomb").key("depth").with("name", "MessagePack");
        findings.see(bomb.with_text("reason", reason));
        result = Ok(());
    }
    findings.inspection.facts.tensors = Some(arrays);
    findings.finish(result)
}

struct Walk<'s, 'f> {
    reader: Reader<'s>,
    limits: &'f Limits,
    findings: &'f mut Findings,
    arrays: u64,
    open: Vec<Level>,
}

/// A list or a map that is being read.
#[derive(Default)]
struct Level {
    left: u64,
    is_map: bool,
    /// Of a map: the next value is a key.
    at_key: bool,
    key: String,
    at: u64,
    array: Array,
}

/// What a map says of itself as an array of msgpack-numpy.
#[derive(Default)]
struct Array {
    is_array: bool,
    objects: bool,
    pickled: bool,
    data: Option<(u64, u64)>,
}

/// What a value is to its reader.
enum Kind {
    /// So many values follow.
    List(u64),
    Map(u64),
    Bytes(u64),
    Number,
    True,
    /// A type of its own, by number.
    Own(u8, u64),
    Unknown,
}

impl<'s, 'f> Walk<'s, 'f> {
    fn new(source: &'s mut dyn Source, limits: &'f Limits, findings: &'f mut Findings) -> Self {
        let open = vec![Level { left: 1, ..Level::default() }];
        Self { reader: Reader::new(source), limits, findings, arrays: 0, open }
    }

    fn read(&mut self) -> Result<(), Stop> {
        let mut entries = 0u64;
        while let Some(level) = self.open.last_mut() {
            let Some(fewer) = level.left.checked_sub(1) else {
                self.close();
                continue;
            };
            level.left = fewer;
            entries += 1;
            if entries > self.limits.entries {
                return Err(Stop::Limit("entries", self.limits.entries));
            }
            self.value()?;
        }
        if self.reader.at_end() {
            return Ok(());
        }
        Err(Stop::malformed(self.reader.position(), "末尾之后还有内容", "there is more behind its end"))
    }

    fn value(&mut self) -> Result<(), Stop> {
        let at = self.reader.position();
        let kind = self.kind()?;
        let is_key = self.open.last().is_some_and(|level| level.is_map && level.at_key);
        match kind {
            Kind::List(count) => self.begin(count, false, at)?,
            Kind::Map(count) => self.begin(count.saturating_mul(2), true, at)?,
            Kind::Bytes(count) => self.bytes(count, is_key)?,
            Kind::True => self.field("true", None),
            Kind::Number => {}
            Kind::Own(kind, count) => self.own(kind, count, at)?,
            Kind::Unknown => return Err(Stop::malformed(at, "未知的值类型", "a value is of no known type")),
        }
        // The level in which the value stands; a list or map that it began lies above it.
        let began = matches!(kind, Kind::List(_) | Kind::Map(_));
        let place = self.open.len().checked_sub(1 + usize::from(began));
        if let Some(level) = place.and_then(|place| self.open.get_mut(place)) {
            level.at_key = level.is_map && !level.at_key;
        }
        Ok(())
    }

    fn begin(&mut self, left: u64, is_map: bool, at: u64) -> Result<(), Stop> {
        if self.open.len() >= self.limits.depth as usize && left > 0 {
            return Err(Stop::Limit("depth", u64::from(self.limits.depth)));
        }
        self.open.push(Level { left, is_map, at_key: is_map, at, ..Level::default() });
        Ok(())
    }

    fn close(&mut self) {
        let Some(level) = self.open.pop() else { return };
        let Array { is_array: true, objects, pickled, data } = level.array else { return };
        self.arrays += 1;
        let key = self.open.last().map(|above| above.key.clone()).unwrap_or_default();
        match data {
            // msgpack-numpy unpickles them.
            Some((start, length)) if pickled => self.findings.pickle(&key, start, length),
            _ if objects => self.pointers(&key, level.at),
            _ => {}
        }
    }

    /// Numbers of a file that are taken for addresses in memory.
    fn pointers(&mut self, key: &str, at: u64) {
        let reason = Text::new(
            "其元素类型是对象指针，而内容只是文件中的字节",
            "its elements are pointers to objects, and its content is nothing but bytes of the file",
        );
        let sighting = Sighting::malformed(at, reason.zh, reason.en).key(key);
        self.findings.see(sighting);
    }

    /// A text or bytes.
    fn bytes(&mut self, count: u64, is_key: bool) -> Result<(), Stop> {
        let start = self.reader.position();
        if count > TEXT {
            self.maybe_pickle(start, count);
            self.field("", Some((start, count)));
            self.reader.seek(start);
            self.reader.skip(count)?;
            return Ok(());
        }
        let bytes = self.reader.take_vec(count)?;
        let text = String::from_utf8_lossy(bytes.get(..bytes.len().min(KEY)).unwrap_or_default()).into_owned();
        if is_key {
            if let Some(level) = self.open.last_mut() {
                level.key = text;
            }
            return Ok(());
        }
        self.field(&text, Some((start, count)));
        let key = self.open.last().map(|level| level.key.clone()).unwrap_or_default();
        if begins_like_pickle(bytes.get(..bytes.len().min(160)).unwrap_or_default()) {
            self.findings.pickle(&key, start, count);
        } else if let Ok(text) = String::from_utf8(bytes)
            && text.len() > KEY / 2
        {
            self.findings.note(&key, &text);
        }
        Ok(())
    }

    fn maybe_pickle(&mut self, start: u64, count: u64) {
        let most = usize::try_from(PICKLE_FRONT).unwrap_or(0);
        let is_one = self.reader.peek(most).is_ok_and(begins_like_pickle);
        if is_one {
            let key = self.open.last().map(|level| level.key.clone()).unwrap_or_default();
            self.findings.pickle(&key, start, count);
        }
    }

    /// A value of a map that may describe an array, or one in a list of types within such a map.
    fn field(&mut self, text: &str, span: Option<(u64, u64)>) {
        let depth = self.open.len();
        for (n, level) in self.open.iter_mut().enumerate().rev().take(4) {
            let innermost = n + 1 == depth;
            match level.key.as_str() {
                _ if !level.is_map => {}
                "nd" if innermost && text == "true" => level.array.is_array = true,
                "kind" if innermost => level.array.pickled |= text == "O",
                "type" => level.array.objects |= OBJECTS.contains(&text),
                "data" if innermost => level.array.data = span.or(level.array.data),
                _ => {}
            }
        }
    }

    /// Flax writes arrays as 1, complex numbers as 2 and scalars as 3.
    fn own(&mut self, kind: u8, count: u64, at: u64) -> Result<(), Stop> {
        let start = self.reader.position();
        let end = start.checked_add(count).filter(|end| *end <= self.reader.length());
        let Some(end) = end else {
            return Err(Stop::malformed(at, "声称的长度超出文件", "it claims more bytes than the file has"));
        };
        let key = self.open.last().map(|level| level.key.clone()).unwrap_or_default();
        match kind {
            1 | 3 => {
                self.arrays += u64::from(kind == 1);
                self.flax(&key, at, end)?;
            }
            2 | TIME => {}
            kind => {
                self.maybe_pickle(start, count);
                let zh = format!("msgpack 扩展类型 {kind} 不属于 Flax");
                let en = format!("it holds the msgpack extension {kind}, which is not one of Flax");
                self.findings.see(Sighting::not_inspected(zh, en).key(&kind.to_string()).at(at));
            }
        }
        self.reader.seek(end);
        Ok(())
    }

    /// An array of Flax: its shape, the name of its type, and its bytes.
    fn flax(&mut self, key: &str, at: u64, end: u64) -> Result<(), Stop> {
        let mut elements = Elements::default();
        let Kind::List(3) = self.kind()? else { return Ok(()) };
        let Kind::List(dimensions) = self.kind()? else { return Ok(()) };
        for _ in 0..dimensions.min(64) {
            let Some(size) = self.whole_number()? else { return Ok(()) };
            elements.dimension(size);
        }
        let Kind::Bytes(length) = self.kind()? else { return Ok(()) };
        if length > 64 {
            return Ok(());
        }
        let name = self.reader.take_vec(length)?;
        let name = String::from_utf8_lossy(&name).into_owned();
        if OBJECTS.contains(&name.as_str()) {
            self.pointers(key, at);
            return Ok(());
        }
        let Kind::Bytes(held) = self.kind()? else { return Ok(()) };
        let start = self.reader.position();
        self.maybe_pickle(start, held.min(end.saturating_sub(start)));
        let Some(size) = size_of(&name) else { return Ok(()) };
        let place = place("数组", "array", key);
        let expected = elements.count().and_then(|count| count.checked_mul(size));
        match expected {
            None => self.findings.lie(key, &place, elements.wrong(), at),
            Some(expected) if expected != u128::from(held) => {
                let zh = format!("形状需要 {expected} 字节，而数据为 {held} 字节");
                let en = format!("its shape needs {expected} bytes and its data has {held}");
                self.findings.lie(key, &place, Text::new(zh, en), at);
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn whole_number(&mut self) -> Result<Option<i64>, Stop> {
        let byte = self.reader.byte()?;
        Ok(match byte {
            0x00..=0x7f => Some(i64::from(byte)),
            0xe0..=0xff => Some(i64::from(byte.cast_signed())),
            0xcc => Some(i64::from(self.reader.byte()?)),
            0xcd => Some(i64::from(self.reader.u16_be()?)),
            0xce => Some(i64::from(self.reader.u32_be()?)),
            0xcf | 0xd3 => Some(self.reader.u64_be()?.cast_signed()),
            0xd0 => Some(i64::from(self.reader.byte()?.cast_signed())),
            0xd1 => Some(i64::from(self.reader.u16_be()?.cast_signed())),
            0xd2 => Some(i64::from(self.reader.u32_be()?.cast_signed())),
            _ => None,
        })
    }

    fn kind(&mut self) -> Result<Kind, Stop> {
        let byte = self.reader.byte()?;
        Ok(match byte {
            0xc3 => Kind::True,
            0x00..=0x7f | 0xc0 | 0xc2 | 0xe0..=0xff => Kind::Number,
            0x80..=0x8f => Kind::Map(u64::from(byte & 15)),
            0x90..=0x9f => Kind::List(u64::from(byte & 15)),
            0xa0..=0xbf => Kind::Bytes(u64::from(byte & 31)),
            0xc4 | 0xd9 => Kind::Bytes(u64::from(self.reader.byte()?)),
            0xc5 | 0xda => Kind::Bytes(u64::from(self.reader.u16_be()?)),
            0xc6 | 0xdb => Kind::Bytes(u64::from(self.reader.u32_be()?)),
            0xc7 => {
                let count = u64::from(self.reader.byte()?);
                Kind::Own(self.reader.byte()?, count)
            }
            0xc8 => {
                let count = u64::from(self.reader.u16_be()?);
                Kind::Own(self.reader.byte()?, count)
            }
            0xc9 => {
                let count = u64::from(self.reader.u32_be()?);
                Kind::Own(self.reader.byte()?, count)
            }
            0xca | 0xce | 0xd2 => self.number(4)?,
            0xcb | 0xcf | 0xd3 => self.number(8)?,
            0xcc | 0xd0 => self.number(1)?,
            0xcd | 0xd1 => self.number(2)?,
            0xd4..=0xd8 => Kind::Own(self.reader.byte()?, 1 << (byte - 0xd4)),
            0xdc => Kind::List(u64::from(self.reader.u16_be()?)),
            0xdd => Kind::List(u64::from(self.reader.u32_be()?)),
            0xde => Kind::Map(u64::from(self.reader.u16_be()?)),
            0xdf => Kind::Map(u64::from(self.reader.u32_be()?)),
            0xc1 => Kind::Unknown,
        })
    }

    fn number(&mut self, count: u64) -> Result<Kind, Stop> {
        self.reader.skip(count)?;
        Ok(Kind::Number)
    }
}

/// Bytes of one element of NumPy's or JAX's types.
fn size_of(name: &str) -> Option<u128> {
    Some(match name {
        "bool" | "int8" | "uint8" => 1,
        "int16" | "uint16" | "float16" | "bfloat16" => 2,
        "int32" | "uint32" | "float32" => 4,
        "int64" | "uint64" | "float64" | "complex64" => 8,
        "complex128" => 16,
        _ => return None,
    })
}
