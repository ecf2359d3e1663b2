//! Zip archives (PKWARE APPNOTE 6.3.10): the central directory is read, nothing is expanded. Members that
//! are stored as they are get the pickle walk; of packed ones only the name is known.

use std::io::{Read, Seek, SeekFrom, Take};

use jingwei_core::{Limits, NoProgress};

use super::{
    HeaderError,
    pickle::{Walk, walk},
};
use crate::{
    stream::{Stream, StreamError},
    words::shown,
};

/// What the archive holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ZipFacts {
    /// Pickles inside: name, offset of its local header, protocol where it could be read.
    pub pickles: Vec<(String, u64, Option<u8>)>,
    /// Packed members whose content nobody looked at.
    pub unseen: u64,
    /// Unpacked size over packed size crosses the limit.
    pub expands_too_far: bool,
}

const END: u32 = 0x0605_4b50;
const END_64: u32 = 0x0606_4b50;
const END_64_LOCATOR: u32 = 0x0706_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const LOCAL: u32 = 0x0403_4b50;
const END_BYTES: usize = 22;
const CENTRAL_BYTES: usize = 46;
const LOCAL_BYTES: u64 = 30;
/// Archives below this size, unpacked, are no bombs whatever their ratio.
const HARMLESS_BYTES: u64 = 1 << 20;
const MEMBER_WINDOW: usize = 4096;
const PICKLE_NAMES: [&str; 3] = [".pkl", ".pickle", ".pck"];

/// The central directory, as the end of the file announces it.
struct Directory {
    /// Where it really starts.
    start: u64,
    bytes: u64,
    entries: u64,
    /// Bytes before the archive: all its own offsets are shifted by them.
    prefix: u64,
}

/// Whether a zip archive ends where the file ends. Archives may stand behind other content.
pub(crate) fn ends_like_zip<S: Read + Seek>(source: &mut S, length: u64) -> Result<bool, HeaderError> {
    Ok(find_directory(source, length).is_ok_and(|directory| directory.entries > 0))
}

pub(crate) fn parse<S: Read + Seek + ?Sized>(
    source: &mut S,
    length: u64,
    limits: &Limits,
) -> Result<ZipFacts, HeaderError> {
    let directory = find_directory(source, length)?;
    if directory.entries > limits.entries {
        return Err(HeaderError::limit("entries", limits.entries));
    }
    if directory.bytes > limits.header_bytes {
        return Err(HeaderError::limit("header_bytes", limits.header_bytes));
    }
    let bytes = read_at(source, directory.start, directory.bytes)?;
    let members = read_members(&bytes, &directory)?;
    check_overlap(&members, directory.start)?;
    let mut facts = ZipFacts::default();
    for member in &members {
        look_into(source, member, limits, &mut facts)?;
    }
    let packed: u64 = members.iter().fold(0, |sum, m| sum.saturating_add(m.packed));
    let unpacked: u64 = members.iter().fold(0, |sum, m| sum.saturating_add(m.unpacked));
    facts.expands_too_far = unpacked > HARMLESS_BYTES && unpacked / packed.max(1) > limits.expansion_ratio;
    Ok(facts)
}

fn find_directory<S: Read + Seek + ?Sized>(source: &mut S, length: u64) -> Result<Directory, HeaderError> {
    let no_end =
        || HeaderError::malformed(length, "没有 zip 结束记录，文件被截断", "no end record of a zip archive: it is cut");
    let tail_bytes = length.min(END_BYTES as u64 + 0xffff);
    let tail_start = length - tail_bytes;
    let tail = read_at(source, tail_start, tail_bytes)?;
    // The last record whose comment ends exactly at the end of the file.
    let is_end = |at: &usize| {
        u32_at(&tail, *at) == Some(END)
            && u16_at(&tail, at + 20).is_some_and(|comment| at + END_BYTES + usize::from(comment) == tail.len())
    };
    let last = tail.len().checked_sub(END_BYTES).ok_or_else(no_end)?;
    let at = (0..=last).rev().find(is_end).ok_or_else(no_end)?;
    let end_offset = tail_start + at as u64;
    let fields = (u16_at(&tail, at + 10), u32_at(&tail, at + 12), u32_at(&tail, at + 16));
    let (Some(entries), Some(bytes), Some(offset)) = fields else { return Err(no_end()) };
    let (mut entries, mut bytes, mut offset) = (u64::from(entries), u64::from(bytes), u64::from(offset));
    let mut directory_end = end_offset;
    if let Some(wide_end) = find_wide_end(source, end_offset)? {
        let record = read_at(source, wide_end, 56)?;
        let wide = (u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48));
        let (Some(e), Some(b), Some(o)) = wide else { return Err(no_end()) };
        (entries, bytes, offset, directory_end) = (e, b, o, wide_end);
    }
    let start = directory_end.checked_sub(bytes);
    match start.and_then(|start| Some((start, start.checked_sub(offset)?))) {
        Some((start, prefix)) => Ok(Directory { start, bytes, entries, prefix }),
        None => Err(HeaderError::malformed(
            end_offset,
            "zip 目录的位置在文件之外",
            "the directory of the zip archive lies outside the file",
        )),
    }
}

/// Offset of the ZIP64 end record, if its locator stands before the end record.
fn find_wide_end<S: Read + Seek + ?Sized>(source: &mut S, end_offset: u64) -> Result<Option<u64>, HeaderError> {
    let Some(locator_offset) = end_offset.checked_sub(20) else { return Ok(None) };
    let locator = read_at(source, locator_offset, 20)?;
    if u32_at(&locator, 0) != Some(END_64_LOCATOR) {
        return Ok(None);
    }
    // The record stands right before its locator; the announced offset may be shifted by a prefix.
    let Some(offset) = locator_offset.checked_sub(56) else { return Ok(None) };
    let record = read_at(source, offset, 4)?;
    if u32_at(&record, 0) == Some(END_64) {
        return Ok(Some(offset));
    }
    Err(HeaderError::malformed(
        locator_offset,
        "ZIP64 结束记录不在其定位记录之前",
        "the ZIP64 end record does not stand before its locator",
    ))
}

struct Member {
    name: Vec<u8>,
    stored: bool,
    packed: u64,
    unpacked: u64,
    /// Of the local header, in the file.
    offset: u64,
}

fn read_members(bytes: &[u8], directory: &Directory) -> Result<Vec<Member>, HeaderError> {
    let mut members = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let entry_offset = directory.start + at as u64;
        let bad =
            || HeaderError::malformed(entry_offset, "zip 目录条目损坏", "an entry of the zip directory is broken");
        let rest = &bytes[at..];
        if u32_at(rest, 0) != Some(CENTRAL) {
            return Err(bad());
        }
        let length_at = |field| u16_at(rest, field).map(usize::from).ok_or_else(bad);
        let (name_bytes, extra_bytes, comment_bytes) = (length_at(28)?, length_at(30)?, length_at(32)?);
        let name = rest.get(CENTRAL_BYTES..CENTRAL_BYTES + name_bytes).ok_or_else(bad)?;
        let extra_at = CENTRAL_BYTES + name_bytes;
        let extra = rest.get(extra_at..extra_at + extra_bytes).ok_or_else(bad)?;
        let narrow = |field| u32_at(rest, field).ok_or_else(bad);
        let [unpacked, packed, offset] = widened([narrow(24)?, narrow(20)?, narrow(42)?], extra).ok_or_else(bad)?;
        let offset = offset.checked_add(directory.prefix).filter(|o| *o < directory.start).ok_or_else(bad)?;
        members.push(Member { name: name.to_vec(), stored: length_at(10)? == 0, packed, unpacked, offset });
        at += CENTRAL_BYTES + name_bytes + extra_bytes + comment_bytes;
    }
    if at > bytes.len() || members.len() as u64 != directory.entries {
        return Err(HeaderError::malformed(
            directory.start,
            format!("zip 目录声明 {} 个条目，实有 {} 个", directory.entries, members.len()),
            format!("the zip directory announces {} entries and has {}", directory.entries, members.len()),
        ));
    }
    Ok(members)
}

/// Unpacked size, packed size and offset; those that do not fit into 32 bits stand in the ZIP64 extra field, in this order.
fn widened(narrow: [u32; 3], extra: &[u8]) -> Option<[u64; 3]> {
    let mut wide = narrow.map(u64::from);
    if !narrow.contains(&u32::MAX) {
        return Some(wide);
    }
    let mut rest = extra;
    while let (Some(tag), Some(bytes)) = (u16_at(rest, 0), u16_at(rest, 2)) {
        let body = rest.get(4..4 + usize::from(bytes))?;
        if tag == 1 {
            let mut at = 0;
            for (value, narrow) in wide.iter_mut().zip(narrow) {
                if narrow == u32::MAX {
                    *value = u64_at(body, at)?;
                    at += 8;
                }
            }
            return Some(wide);
        }
        rest = &rest[4 + usize::from(bytes)..];
    }
    None
}

/// Members that share bytes multiply work and hide content; honest archives have none.
fn check_overlap(members: &[Member], directory_start: u64) -> Result<(), HeaderError> {
    let mut order: Vec<&Member> = members.iter().collect();
    order.sort_by_key(|member| member.offset);
    let mut taken_to = 0;
    for member in order {
        let bad = |zh: &str, en: &str| {
            let name = shown(&String::from_utf8_lossy(&member.name));
            HeaderError::malformed(member.offset, format!("zip 成员 {name} {zh}"), format!("zip member {name} {en}"))
        };
        if member.offset < taken_to {
            return Err(bad("与另一成员重叠", "overlaps another member"));
        }
        let end = member.offset.checked_add(LOCAL_BYTES).and_then(|o| o.checked_add(member.packed));
        let end = end.filter(|end| *end <= directory_start);
        taken_to = end.ok_or_else(|| bad("超出文件末尾", "ends beyond the file"))?;
    }
    Ok(())
}

fn look_into<S: Read + Seek + ?Sized>(
    source: &mut S,
    member: &Member,
    limits: &Limits,
    facts: &mut ZipFacts,
) -> Result<(), HeaderError> {
    let name = shown(&String::from_utf8_lossy(&member.name));
    let header = read_at(source, member.offset, LOCAL_BYTES)?;
    let (name_bytes, extra_bytes) = (u16_at(&header, 26).unwrap_or(0), u16_at(&header, 28).unwrap_or(0));
    let local_name = read_at(source, member.offset + LOCAL_BYTES, u64::from(name_bytes))?;
    if u32_at(&header, 0) != Some(LOCAL) || local_name != member.name {
        return Err(HeaderError::malformed(
            member.offset,
            format!("zip 成员 {name} 的本地头与目录不符"),
            format!("the local header of zip member {name} differs from the directory"),
        ));
    }
    let data = member.offset + LOCAL_BYTES + u64::from(name_bytes) + u64::from(extra_bytes);
    let is_folder = member.unpacked == 0;
    let named_so = PICKLE_NAMES.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    let mut protocol = None;
    let mut is_pickle = named_so && !is_folder;
    if member.stored && !is_folder {
        match walk(&mut member_stream(source, data, member.packed)?, limits) {
            Walk::Pickle { protocol: seen } => (is_pickle, protocol) = (true, seen),
            Walk::NotPickle => {}
            Walk::Limit { limit, value } => return Err(HeaderError::limit(limit, value)),
            Walk::Io(reason) => return Err(HeaderError::Io(reason)),
        }
    } else if !is_folder && !is_pickle {
        facts.unseen += 1;
    }
    if is_pickle {
        facts.pickles.push((name, member.offset, protocol));
    }
    Ok(())
}

fn member_stream<S: Read + Seek + ?Sized>(
    source: &mut S,
    start: u64,
    bytes: u64,
) -> Result<Stream<'static, Take<&mut S>>, HeaderError> {
    source.seek(SeekFrom::Start(start)).map_err(|e| HeaderError::Io(e.to_string()))?;
    let window = usize::try_from(bytes).unwrap_or(usize::MAX).min(MEMBER_WINDOW);
    Ok(Stream::new(source.take(bytes), window, &NoProgress))
}

/// `count` is bounded by the caller.
fn read_at<S: Read + Seek + ?Sized>(source: &mut S, start: u64, count: u64) -> Result<Vec<u8>, HeaderError> {
    source.seek(SeekFrom::Start(start)).map_err(|e| HeaderError::Io(e.to_string()))?;
    let mut bytes = Vec::new();
    source.take(count).read_to_end(&mut bytes).map_err(|e| HeaderError::Io(e.to_string()))?;
    if bytes.len() as u64 == count {
        return Ok(bytes);
    }
    Err(StreamError::End(start.saturating_add(bytes.len() as u64)).into())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_le_bytes(*b))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|b| u32::from_le_bytes(*b))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|b| u64::from_le_bytes(*b))
}
