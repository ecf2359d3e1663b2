use jingwei_core::Text;
use jingwei_read::Source as _;
use memchr::memmem;

use super::{
    entry::{DESCRIPTOR, ENCRYPTED, LOCAL, LOCAL_BYTES},
    list::{Local, read_local},
};
use crate::{
    archive::Listing,
    feed::{Stretch, Window},
    member::{How, Kind, Member, name_of},
    numbers::u16_at,
    stream::is_zero,
};

const BLOCK: usize = 64 << 10;
/// Of a path, to any system.
const LONGEST_NAME: usize = 4 << 10;

/// Bytes that are accounted for: a member with its header, or a part of a directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) member: Option<usize>,
}

/// What no span covers. The spans are sorted by their start.
pub(super) fn gaps(spans: &[Span], length: u64) -> Vec<Span> {
    let mut gaps = Vec::new();
    let mut reached = 0;
    for span in spans {
        if span.start > reached {
            gaps.push(Span { start: reached, end: span.start, member: None });
        }
        reached = reached.max(span.end);
    }
    if reached < length {
        gaps.push(Span { start: reached, end: length, member: None });
    }
    gaps
}

/// Lists members whose headers stand in a gap, and what stands between them there.
pub(super) fn list_gap(
    stretch: &Stretch<'_>,
    window: &mut Window<'_>,
    gap: Span,
    archive_end: u64,
    hidden: bool,
    listing: &mut Listing,
) {
    let length = stretch.length();
    if gap.start == 0 && is_tflite(window) {
        return listing.add_outside("before", 0, gap.end);
    }
    let mut reached = gap.start;
    let mut finder = Finder { window, block: Vec::new(), block_at: gap.start, end: gap.end };
    let mut at = gap.start;
    while let Some(local) = finder.next(at) {
        list_junk(stretch, reached, local.at, archive_end, listing);
        let member = member(&local, gap.end, length);
        if hidden {
            listing.notes.hidden(&member.name, local.at, || Text::new("不在目录中", "is not in the directory"));
        }
        listing.notes.check_name(&member.name, local.at);
        // Where its end is open, the next may begin anywhere behind its header.
        let known = local.header.flags & DESCRIPTOR == 0 && member.packed_bytes <= gap.end - local.content;
        at = local.content + if known { member.packed_bytes } else { 0 };
        reached = if known { reached.max(at) } else { gap.end };
        if !listing.add(member) {
            return;
        }
    }
    list_junk(stretch, reached, gap.end, archive_end, listing);
}

/// Unless it is padding.
fn list_junk(stretch: &Stretch<'_>, start: u64, end: u64, archive_end: u64, listing: &mut Listing) {
    if start >= end || is_zero(&mut stretch.clone(), start, end) {
        return;
    }
    let (key, zh, en) = match start {
        0 => ("before", "归档之前", "before the zip"),
        start if start >= archive_end => ("after", "归档之后", "behind the zip"),
        _ => ("between", "归档成员之间", "between the members of the zip"),
    };
    listing.add_junk(key, start, end - start, stretch.length(), (zh, en));
}

/// TFLite keeps its labels and its metadata as a zip behind the model, and its reader goes by the directory alone.
fn is_tflite(window: &mut Window<'_>) -> bool {
    window.at(0, 8).ends_with(b"TFL3")
}

/// Local headers in a gap, one after the other.
struct Finder<'a, 'w> {
    window: &'w mut Window<'a>,
    block: Vec<u8>,
    block_at: u64,
    end: u64,
}

impl Finder<'_, '_> {
    /// The first one from `from` on.
    fn next(&mut self, from: u64) -> Option<Local> {
        let finder = memmem::Finder::new(LOCAL);
        let mut at = from;
        while at + LOCAL_BYTES as u64 <= self.end {
            let block_end = self.block_at + self.block.len() as u64;
            if at < self.block_at || at + 4 > block_end {
                let count = usize::try_from(self.end - at).unwrap_or(BLOCK).min(BLOCK);
                self.block = self.window.stretch.bytes(at, count);
                self.block_at = at;
                if self.block.len() < 4 {
                    return None;
                }
            }
            let skip = usize::try_from(at - self.block_at).ok()?;
            at = match finder.find(self.block.get(skip..)?) {
                Some(hit) => {
                    let hit = at + hit as u64;
                    if let Some(local) = self.plausible(hit) {
                        return Some(local);
                    }
                    hit + 4
                }
                None => self.block_at + self.block.len() as u64 - 3,
            };
        }
        None
    }

    /// Four bytes alone are found in any large file.
    fn plausible(&mut self, at: u64) -> Option<Local> {
        let fixed = self.window.at(at, LOCAL_BYTES);
        let method = matches!(u16_at(fixed, 8), 0..=20 | 93..=99);
        if !method || !(1..=LONGEST_NAME).contains(&usize::from(u16_at(fixed, 26))) {
            return None;
        }
        let local = read_local(self.window, at, LONGEST_NAME)?;
        (local.content <= self.end && !local.header.name.contains(&0)).then_some(local)
    }
}

fn member(local: &Local, gap_end: u64, length: u64) -> Member {
    let header = &local.header;
    let open = header.flags & DESCRIPTOR != 0 && header.packed == 0;
    let packed_bytes = if open { gap_end - local.content } else { header.packed.min(length - local.content) };
    let how = How::Zip { method: header.method, flags: header.flags, crc: header.crc, overlaps: false };
    Member {
        name: name_of(&header.name),
        kind: Kind::File,
        packed_bytes,
        unpacked_bytes: header.unpacked,
        offset: local.content,
        encrypted: header.flags & ENCRYPTED != 0,
        how,
    }
}
