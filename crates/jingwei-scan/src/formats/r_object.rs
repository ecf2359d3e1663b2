//! Serialized R objects (`.rds`, and the front of `.rda`) in XDR: whether they hold code. A promise, a call or compiled code
//! in such a file can run when the object is read or first used (CVE-2024-27322). Format: R Internals, "Serialization Formats".

use jingwei_core::{Limits, Text};
use jingwei_read::{Inspection, ReadError, Reader, Sighting, Source};

const MARKS: [&[u8]; 3] = [b"X\n\0\0\0\x02", b"X\n\0\0\0\x03", b"RDX"];
/// Longest name of an encoding, in bytes.
const LONGEST_ENCODING: usize = 64;
/// Bits of an item's flags.
const HAS_ATTRIBUTES: u32 = 1 << 9;
const HAS_TAG: u32 = 1 << 10;

/// Types that hold code, by their numbers.
fn code(kind: u32) -> Option<[&'static str; 2]> {
    Some(match kind {
        5 => ["promise（延迟求值的表达式）", "a promise"],
        6 => ["调用表达式", "a call"],
        21 => ["字节码", "compiled code"],
        240 => ["属性与延迟求值的表达式", "a promise with attributes"],
        _ => return None,
    })
}

pub(crate) fn looks_like(front: &[u8]) -> bool {
    MARKS.iter().any(|mark| front.starts_with(mark))
}

/// Walks through the items from the first on, up to the first that holds code.
pub(crate) fn inspect(source: &mut dyn Source, limits: &Limits) -> Inspection {
    let mut inspection = Inspection::default();
    let mut walk = Walk { reader: Reader::new(source), left: limits.entries, limits };
    match walk.start().and_then(|()| walk.items()) {
        Ok(None) => {}
        Ok(Some((offset, [zh, en]))) => {
            let kind = Text::new(zh, en);
            inspection.see(Sighting::new("model.r-code").key(en).at(offset).with_text("kind", kind));
        }
        Err(Stop::Limit(limit, value)) => inspection.see(Sighting::limit(limit, value)),
        Err(Stop::Unknown(at)) => inspection.see(Sighting::not_inspected(
            format!("偏移 {at} 处的 R 对象类型未读"),
            format!("the type of the R object at byte {at} is not read"),
        )),
        Err(Stop::Read(ReadError::End(at))) => {
            inspection.see(Sighting::not_inspected(
                format!("R 对象在偏移 {at} 处提前结束"),
                format!("the R object ends early at byte {at}"),
            ));
        }
        Err(Stop::Read(ReadError::Io(reason))) => {
            inspection.see(super::unreadable(crate::words::io_reason(&reason)));
        }
    }
    inspection
}

enum Stop {
    Limit(&'static str, u64),
    /// An item of a type that is not followed, at this byte.
    Unknown(u64),
    Read(ReadError),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

struct Walk<'s> {
    reader: Reader<'s>,
    left: u64,
    limits: &'s Limits,
}

type Found = Option<(u64, [&'static str; 2])>;

impl Walk<'_> {
    /// `RDX3\n` stands before the stream in a file of several objects. Version 3 names an encoding.
    fn start(&mut self) -> Result<(), Stop> {
        if self.reader.peek(3)? == b"RDX" {
            self.reader.skip(5)?;
        }
        self.reader.skip(2)?;
        let version = self.number()?;
        self.reader.skip(8)?;
        if version >= 3 {
            // Writers other than R leave the encoding out; its name is told by its letters.
            let front = self.reader.peek(4 + LONGEST_ENCODING)?;
            let (length, name) = front.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
            let length = u32::from_be_bytes(*length);
            let name = usize::try_from(length).ok().and_then(|length| name.get(..length));
            if name.is_some_and(|name| !name.is_empty() && name.iter().all(u8::is_ascii_graphic)) {
                self.reader.skip(4 + u64::from(length))?;
            }
        }
        Ok(())
    }

    /// Items are counted, not nested: `wanted` is how many more there must be.
    fn items(&mut self) -> Result<Found, Stop> {
        let mut wanted: u64 = 1;
        while wanted > 0 {
            self.left = self.left.checked_sub(1).ok_or(Stop::Limit("entries", self.limits.entries))?;
            wanted -= 1;
            let at = self.reader.position();
            let flags = self.number()?;
            let kind = flags & 0xff;
            if let Some(what) = code(kind) {
                return Ok(Some((at, what)));
            }
            let has = |bit: u32| u64::from(flags & bit != 0);
            let more = match kind {
                // Symbols, environments by name, nothing, and the like.
                0 | 241 | 242 | 251..=254 => 0,
                1 => 1,
                // A reference: its number is packed into the flags, or follows.
                255 => {
                    if flags >> 8 == 0 {
                        self.reader.skip(4)?;
                    }
                    0
                }
                // Lists of pairs and functions: attributes, a tag, a value, the rest.
                2 | 3 => 2 + has(HAS_ATTRIBUTES) + has(HAS_TAG),
                // An environment: locked or not, then its parent, its variables, a table and attributes.
                4 => {
                    self.reader.skip(4)?;
                    4
                }
                9 => {
                    let length = self.number()?;
                    self.reader.skip(if length == u32::MAX { 0 } else { u64::from(length) })?;
                    has(HAS_ATTRIBUTES)
                }
                10 | 13 => self.vector(4)? + has(HAS_ATTRIBUTES),
                14 => self.vector(8)? + has(HAS_ATTRIBUTES),
                15 => self.vector(16)? + has(HAS_ATTRIBUTES),
                24 => self.vector(1)? + has(HAS_ATTRIBUTES),
                16 | 19 | 20 => self.length()? + has(HAS_ATTRIBUTES),
                25 => has(HAS_ATTRIBUTES),
                7 | 8 => {
                    let length = self.number()?;
                    self.reader.skip(u64::from(length))?;
                    0
                }
                // Compact forms: a class, its state, attributes.
                238 => 3,
                _ => return Err(Stop::Unknown(at)),
            };
            wanted = wanted.saturating_add(more);
        }
        Ok(None)
    }

    fn vector(&mut self, bytes: u64) -> Result<u64, Stop> {
        let length = self.length()?;
        self.reader.skip(length.saturating_mul(bytes))?;
        Ok(0)
    }

    fn length(&mut self) -> Result<u64, Stop> {
        match self.number()? {
            u32::MAX => Ok(u64::from(self.number()?) << 32 | u64::from(self.number()?)),
            length => Ok(u64::from(length)),
        }
    }

    fn number(&mut self) -> Result<u32, Stop> {
        let mut bytes = [0; 4];
        self.reader.take(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: &[u8] = b"X\n\0\0\0\x03\0\x04\x02\0\0\x03\x05\0\0\0\0\x05UTF-8";

    fn check(bytes: &[u8], expected: &[&str]) {
        let seen = inspect(&mut bytes.to_vec(), &Limits { entries: 50, ..Limits::default() });
        let rules: Vec<&str> = seen.sightings.iter().map(|sighting| sighting.rule).collect();
        assert_eq!(rules, expected, "{bytes:?}");
    }

    #[test]
    fn code_in_an_object_is_told() {
        let with = |items: &[u8]| [FRONT, items].concat();
        // A list of one whole number and one promise.
        let list = b"\0\0\0\x13\0\0\0\x02\0\0\0\x0d\0\0\0\x01\0\0\0\x07\0\0\0\x05\0\0\0\xfe";
        check(&with(list), &["model.r-code"]);
        check(&with(&list[..20]), &["model.not-inspected"]);
        check(&with(b"\0\0\0\x0d\0\0\0\x01\0\0\0\x07"), &[]);
        check(&with(b"\0\0\0\x06\0\0\0\xfe"), &["model.r-code"]);
        check(&with(b"\0\0\x04\x02\0\0\0\x01\0\x04\0\x09\0\0\0\x01a\0\0\0\xfe\0\0\0\xfe"), &[]);
        check(&with(b"\0\0\0\x0d\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), &["model.not-inspected"]);
        check(
            &with(&[&b"\0\0\0\x13\0\xff\xff\xff"[..], &b"\0\0\0\xfe".repeat(99)].concat()),
            &["model.limit-exceeded"],
        );
        check(b"X\n\0\0\0\x02\0\x04\x02\0\0\x02\x03\0\0\0\0\xfe", &[]);
        check(b"RDX3\nX\n\0\0\0\x02\0\x04\x02\0\0\x02\x03\0\0\0\0\x15", &["model.r-code"]);
        check(b"X\n\0\0\0\x03\0\x04\x02\0\0\x03\x05\0\0\0\0\x05\0\0\0\xfe", &["model.r-code"]);
        check(b"X\n\0\0\0\x02", &["model.not-inspected"]);
    }
}
