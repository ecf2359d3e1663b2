//! MXNet parameters: a list of arrays, then their names (`src/ndarray/ndarray.cc` of the project).

use jingwei_core::{Limits, Text};
use jingwei_read::{Inspection, NameTable, PICKLE_FRONT, Reader, Source, begins_like_pickle};

use crate::findings::{Findings, Stop};
use crate::shape::Elements;

/// How a list begins.
pub(crate) const MARK: &[u8] = b"\x12\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
/// Marks of an array, by version; before the first one stood the number of dimensions.
const VERSIONS: [u32; 3] = [0xf993_fac8, 0xf993_fac9, 0xf993_faca];
const MOST_DIMENSIONS: u32 = 32;
const LONGEST_NAME: u64 = 1 << 16;
/// Fewest bytes of an array and of a name.
const LEAST: u64 = 8;

/// Reads MXNet parameters. Values are jumped over.
pub fn inspect_mxnet_params(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let result = Walk { reader: Reader::new(source), limits, findings: &mut findings }.list();
    findings.finish(result)
}

struct Walk<'s, 'f> {
    reader: Reader<'s>,
    limits: &'f Limits,
    findings: &'f mut Findings,
}

impl Walk<'_, '_> {
    fn list(&mut self) -> Result<(), Stop> {
        self.reader.seek(MARK.len() as u64);
        let arrays = self.count()?;
        let mut parameters = 0u128;
        for n in 0..arrays {
            parameters = parameters.saturating_add(self.array(n)?);
        }
        let at = self.reader.position();
        let names = self.count()?;
        for _ in 0..names {
            let at = self.reader.position();
            let length = self.reader.u64_le()?;
            if length > LONGEST_NAME {
                return Err(Stop::malformed(at, "名称的长度不可能存在", "a name is longer than any"));
            }
            self.reader.skip(length)?;
        }
        if names != arrays && names != 0 {
            let reason = Text::new(
                format!("有 {arrays} 个数组，而名称有 {names} 个"),
                format!("it has {arrays} arrays and {names} names"),
            );
            self.findings.lie("names", &Text::new("名称表", "the list of names"), reason, at);
        }
        let facts = &mut self.findings.inspection.facts;
        facts.tensors = Some(arrays);
        facts.parameters = Some(u64::try_from(parameters).unwrap_or(u64::MAX));
        Ok(())
    }

    fn count(&mut self) -> Result<u64, Stop> {
        let at = self.reader.position();
        let count = self.reader.u64_le()?;
        if count.checked_mul(LEAST).is_none_or(|bytes| bytes > self.reader.remaining()) {
            return Err(Stop::malformed(at, "声称的数量超出文件", "a count is claimed that the file does not have"));
        }
        if count > self.limits.entries {
            return Err(Stop::Limit("entries", self.limits.entries));
        }
        Ok(count)
    }

    /// How many elements it has.
    fn array(&mut self, number: u64) -> Result<u128, Stop> {
        let at = self.reader.position();
        let mark = self.reader.u32_le()?;
        if mark != VERSIONS[0] && VERSIONS.contains(&mark) && self.reader.i32_le()? != 0 {
            let reason = Text::new("稀疏数组未解读", "an array that is sparse was not read");
            return Err(Stop::Unread(reason));
        }
        let is_old = !VERSIONS.contains(&mark);
        let dimensions = if is_old { mark } else { self.reader.u32_le()? };
        if dimensions > MOST_DIMENSIONS {
            return Err(Stop::malformed(at, "数组的标记未知", "an array begins with an unknown mark"));
        }
        let mut elements = Elements::default();
        for _ in 0..dimensions {
            elements.dimension(if is_old { self.reader.u32_le()?.into() } else { self.reader.i64_le()? });
        }
        if dimensions == 0 {
            return Ok(0);
        }
        self.reader.skip(8)?;
        let kind = self.reader.i32_le()?;
        let width = match kind {
            3 | 5 | 7 => 1,
            2 | 8 | 9 | 12 => 2,
            0 | 4 | 10 => 4,
            1 | 6 | 11 => 8,
            _ => return Err(Stop::malformed(at, "数组的类型未知", "an array has an unknown type")),
        };
        let Some(count) = elements.count() else { return Err(Stop::Malformed(at, elements.wrong())) };
        let bytes = count.checked_mul(width).and_then(|bytes| u64::try_from(bytes).ok());
        let Some(bytes) = bytes.filter(|bytes| *bytes <= self.reader.remaining()) else {
            let (zh, en) = ("数组的数据超出文件", "an array claims more data than the file has");
            return Err(Stop::malformed(at, zh, en));
        };
        let start = self.reader.position();
        let front = usize::try_from(bytes.min(PICKLE_FRONT)).unwrap_or(0);
        if begins_like_pickle(self.reader.peek(front)?) {
            self.findings.pickle(&format!("array {number}"), start, bytes);
        }
        self.reader.skip(bytes)?;
        Ok(count)
    }
}
