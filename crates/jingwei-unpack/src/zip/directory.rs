use jingwei_read::Source;
use memchr::memmem;

use crate::{
    feed::Stretch,
    numbers::{u16_at, u32_at, u64_at},
};

/// The end record, the longest comment, and the records of zip64 before it.
const TAIL: u64 = 22 + 65_535 + 76;
/// End records that are tried; a real archive has one, and a member or a comment may hold a few.
const TRIED: usize = 16;
pub(crate) const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";
pub(crate) const CENTRAL: &[u8] = b"PK\x01\x02";

/// A central directory, as one reading of one end record finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Directory {
    pub(crate) start: u64,
    /// Where its records end at the latest: at the end record.
    pub(crate) end: u64,
    pub(crate) count: u64,
    /// Added to every offset that it holds: what stands before an archive that was put behind something.
    pub(crate) base: i128,
    /// Where the archive ends, comment included.
    pub(crate) archive_end: u64,
}

/// The directories of an archive. The first is what Python reads; more than one is two readers' disagreement.
pub(crate) fn directories(whole: &mut Stretch<'_>) -> Vec<Directory> {
    let length = whole.length();
    let tail_at = length.saturating_sub(TAIL);
    let tail = whole.bytes(tail_at, usize::try_from(TAIL).unwrap_or(usize::MAX));
    let mut found: Vec<Directory> = Vec::new();
    for at in memmem::rfind_iter(&tail, END).take(TRIED) {
        let Some(record) = tail.get(at..at + 22) else { continue };
        let end_at = tail_at + at as u64;
        let archive_end = end_at + 22 + u64::from(u16_at(record, 20));
        // An earlier end record counts beside a later one if the later one is within its comment.
        if !found.is_empty() && archive_end != length {
            continue;
        }
        let archive_end = archive_end.min(length);
        for reading in readings(whole, record, end_at) {
            for directory in reading.places(archive_end) {
                if found.iter().all(|d| d.start != directory.start) && is_directory(whole, &directory) {
                    found.push(directory);
                }
            }
        }
    }
    found
}

/// What the numbers of an end record say.
struct Reading {
    size: u64,
    offset: u64,
    count: u64,
    /// Where the directory has to end.
    end: u64,
}

impl Reading {
    /// Right before its end, as Python takes it, and where its offset says, as most others do.
    fn places(&self, archive_end: u64) -> impl Iterator<Item = Directory> {
        let Self { size, offset, count, end } = *self;
        let before_end = end.checked_sub(size).map(|start| (start, i128::from(start) - i128::from(offset)));
        let by_offset = (offset <= end).then_some((offset, 0));
        [before_end, by_offset].into_iter().flatten().map(move |(start, base)| Directory {
            start,
            end,
            count,
            base,
            archive_end,
        })
    }
}

/// The end record alone, and the one of zip64 where there is one. Zip64 first: where it stands, readers believe it.
fn readings(whole: &mut Stretch<'_>, record: &[u8], end_at: u64) -> Vec<Reading> {
    let mut readings = Vec::new();
    let locator = end_at.checked_sub(20).map(|at| whole.bytes(at, 20)).filter(|l| l.starts_with(LOCATOR64));
    if let (Some(locator), true) = (locator, end_at >= 76) {
        for at in [end_at - 76, u64_at(&locator, 8)] {
            let record = whole.bytes(at, 56);
            if record.starts_with(END64) && record.len() == 56 && at < end_at {
                let (count, size, offset) = (u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48));
                readings.push(Reading { size, offset, count, end: at });
                break;
            }
        }
    }
    let (count, size, offset) = (u16_at(record, 10), u32_at(record, 12), u32_at(record, 16));
    if readings.is_empty() || (size != u32::MAX && offset != u32::MAX) {
        let end = readings.first().map_or(end_at, |r| r.end);
        readings.push(Reading { size: u64::from(size), offset: u64::from(offset), count: u64::from(count), end });
    }
    readings
}

fn is_directory(whole: &mut Stretch<'_>, directory: &Directory) -> bool {
    let empty = directory.count == 0 && directory.start == directory.end;
    empty || (directory.start < directory.end && whole.bytes(directory.start, 4) == CENTRAL)
}

/// Whether the bytes end as a zip with members does, whatever they begin with; `at_the_end`: with nothing behind it.
pub(crate) fn ends_as_zip(source: &mut dyn Source, at_the_end: bool) -> bool {
    let length = source.length();
    if length < 22 + 46 {
        return false;
    }
    let mut whole = Stretch::borrowed(source);
    directories(&mut whole).iter().any(|d| d.count > 0 && (!at_the_end || d.archive_end == length))
}
