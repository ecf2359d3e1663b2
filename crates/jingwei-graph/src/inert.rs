//! Formats that can hold nothing but numbers and texts: they are read through, to be sure that this is what they are.

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Reader, Sighting, Source};
use serde::de::IgnoredAny;

use crate::findings::{Findings, Stop};

/// Reads an XGBoost model in JSON: it is JSON from front to end.
pub fn inspect_xgboost_json(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let result = crate::whole(source, limits).and_then(|bytes| {
        // Nothing of it is kept: it may be a hundred megabytes.
        serde_json::from_slice::<IgnoredAny>(&bytes).map_err(|e| crate::not_json(&e))?;
        Ok(())
    });
    Findings::default().finish(result)
}

/// Reads a LightGBM model: it is text from front to end.
pub fn inspect_lightgbm(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let result = crate::whole(source, limits).and_then(|bytes| {
        let odd = bytes.iter().position(|b| b.is_ascii_control() && !b.is_ascii_whitespace());
        let at = odd.or(std::str::from_utf8(&bytes).err().map(|e| e.valid_up_to()));
        if let Some(at) = at {
            return Err(Stop::malformed(at as u64, "文本中有二进制内容", "its text holds what is no text"));
        }
        let trees = bytes.split(|b| *b == b'\n').filter(|line| line.starts_with(b"Tree=")).count();
        findings.inspection.facts.more.insert("trees", trees.to_string());
        Ok(())
    });
    findings.finish(result)
}

/// Reads the weights that Flax writes as msgpack. Their bytes are jumped over.
pub fn inspect_flax(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let mut walk = Msgpack { reader: Reader::new(source), limits, findings: &mut findings, arrays: 0 };
    let result = walk.read();
    let arrays = walk.arrays;
    findings.inspection.facts.tensors = Some(arrays);
    findings.finish(result)
}

struct Msgpack<'s, 'f> {
    reader: Reader<'s>,
    limits: &'f Limits,
    findings: &'f mut Findings,
    arrays: u64,
}

/// What a value is to its reader: a number of values that follow, or bytes that are jumped over.
enum Kind {
    Values(u64),
    Bytes(u64),
    /// A type of its own, by number.
    Own(u8, u64),
    Unknown,
}

impl Msgpack<'_, '_> {
    fn read(&mut self) -> Result<(), Stop> {
        // How many values each open list still has.
        let mut open: Vec<u64> = vec![1];
        let mut entries = 0u64;
        while let Some(left) = open.last_mut() {
            let Some(fewer) = left.checked_sub(1) else {
                open.pop();
                continue;
            };
            *left = fewer;
            entries += 1;
            if entries > self.limits.entries {
                return Err(Stop::Limit("entries", self.limits.entries));
            }
            let at = self.reader.position();
            match self.kind()? {
                Kind::Values(count) if open.len() >= self.limits.depth as usize && count > 0 => {
                    return Err(Stop::Limit("depth", u64::from(self.limits.depth)));
                }
                Kind::Values(count) => open.push(count),
                Kind::Bytes(count) => self.reader.skip(count)?,
                Kind::Own(kind, count) => {
                    self.reader.skip(count)?;
                    self.own(kind, at);
                }
                Kind::Unknown => return Err(Stop::malformed(at, "未知的值类型", "a value is of no known type")),
            }
        }
        if self.reader.at_end() {
            return Ok(());
        }
        Err(Stop::malformed(self.reader.position(), "末尾之后还有内容", "there is more behind its end"))
    }

    /// Flax writes arrays as 1, complex numbers as 2 and scalars as 3.
    fn own(&mut self, kind: u8, at: u64) {
        if (1..=3).contains(&kind) {
            self.arrays += u64::from(kind == 1);
            return;
        }
        let zh = format!("msgpack 扩展类型 {kind} 不属于 Flax");
        let en = format!("it holds the msgpack extension {kind}, which is not one of Flax");
        self.findings.see(Sighting::not_inspected(zh, en).key(&kind.to_string()).at(at));
    }

    fn kind(&mut self) -> Result<Kind, Stop> {
        let byte = self.reader.byte()?;
        Ok(match byte {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => Kind::Bytes(0),
            0x80..=0x8f => Kind::Values(2 * u64::from(byte & 15)),
            0x90..=0x9f => Kind::Values(u64::from(byte & 15)),
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
            0xca | 0xce | 0xd2 => Kind::Bytes(4),
            0xcb | 0xcf | 0xd3 => Kind::Bytes(8),
            0xcc | 0xd0 => Kind::Bytes(1),
            0xcd | 0xd1 => Kind::Bytes(2),
            0xd4..=0xd8 => Kind::Own(self.reader.byte()?, 1 << (byte - 0xd4)),
            0xdc => Kind::Values(u64::from(self.reader.u16_be()?)),
            0xdd => Kind::Values(u64::from(self.reader.u32_be()?)),
            0xde => Kind::Values(2 * u64::from(self.reader.u16_be()?)),
            0xdf => Kind::Values(2 * u64::from(self.reader.u32_be()?)),
            0xc1 => Kind::Unknown,
        })
    }
}
