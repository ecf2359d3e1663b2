use std::collections::HashSet;

use jingwei_core::Text;
use jingwei_read::{ReadError, Reader, Sighting, Source as _};

use super::{
    directory::{CENTRAL, Directory, directories},
    entry::{CENTRAL_BYTES, Central, DESCRIPTOR, ENCRYPTED, Header, LOCAL, LOCAL_BYTES, PATCH, central, local},
    gaps::{Span, gaps, list_gap},
    open::open,
};
use crate::{
    archive::Listing,
    feed::{Stretch, Window},
    member::{How, Kind, Member, name_of},
    numbers::u16_at,
};

/// Of the extra fields before a content: the sizes of zip64 come first, what follows is padding.
const EXTRA: usize = 256;

pub(crate) fn list(stretch: &Stretch<'_>, listing: &mut Listing) {
    let mut whole = stretch.clone();
    let found = directories(&mut whole);
    let mut window = Window::new(whole);
    let mut spans = Vec::new();
    let mut known = HashSet::new();
    for (n, directory) in found.iter().enumerate() {
        let second = (n > 0).then_some(&known);
        read_directory(stretch, &mut window, directory, second, listing, &mut spans);
        if n + 1 < found.len() {
            known.extend(listing.members.iter().map(|m| m.offset));
        }
    }
    if found.is_empty() {
        let (zh, en) = ("zip 末尾没有目录", "the zip has no directory at its end");
        listing.notes.see(Sighting::malformed(stretch.length(), zh, en));
    }
    note_overlaps(&mut spans, listing);
    note_duplicates(listing);
    let archive_end = found.first().map_or(stretch.length(), |d| d.archive_end);
    if listing.budget.is_list_cut() {
        // What was not listed would all look hidden.
        return read_links(stretch, listing);
    }
    for gap in gaps(&spans, stretch.length()) {
        list_gap(stretch, &mut window, gap, archive_end, !found.is_empty(), listing);
    }
    read_links(stretch, listing);
}

fn read_directory(
    stretch: &Stretch<'_>,
    window: &mut Window<'_>,
    directory: &Directory,
    second: Option<&HashSet<u64>>,
    listing: &mut Listing,
    spans: &mut Vec<Span>,
) {
    let mut source = stretch.clone();
    let mut reader = Reader::new(&mut source);
    reader.seek(directory.start);
    let mut count = 0u64;
    let mut all = true;
    while reader.position() < directory.end {
        let at = reader.position();
        match read_central(&mut reader) {
            Ok(Some(record)) => {
                count += 1;
                if !list_central(window, directory, &record, second, listing, spans) {
                    all = false;
                    break;
                }
            }
            Ok(None) => break,
            Err(error) => {
                listing.notes.see(Sighting::malformed(
                    at,
                    format!("zip 目录：{error}"),
                    format!("zip directory: {error}"),
                ));
                break;
            }
        }
    }
    let end = reader.position();
    spans.push(Span { start: directory.start, end, member: None });
    spans.push(Span { start: directory.end, end: directory.archive_end, member: None });
    // Before zip64, counts wrapped.
    if all && count & 0xffff != directory.count & 0xffff {
        let (zh, en) = ("声称的条目数与实际不符", "has a wrong count of entries");
        listing.notes.inconsistent("<directory>", directory.start, zh, en);
    }
}

/// Nothing where the records end.
fn read_central(reader: &mut Reader<'_>) -> Result<Option<Central>, ReadError> {
    if !reader.peek(4)?.starts_with(CENTRAL) {
        return Ok(None);
    }
    let mut fixed = [0; CENTRAL_BYTES];
    reader.take(&mut fixed)?;
    let name = reader.take_vec(u64::from(u16_at(&fixed, 28)))?;
    let extra = reader.take_vec(u64::from(u16_at(&fixed, 30)))?;
    reader.skip(u64::from(u16_at(&fixed, 32)))?;
    Ok(Some(central(&fixed, &name, &extra)))
}

/// Adds one member; false where the limit of entries is crossed.
fn list_central(
    window: &mut Window<'_>,
    directory: &Directory,
    record: &Central,
    second: Option<&HashSet<u64>>,
    listing: &mut Listing,
    spans: &mut Vec<Span>,
) -> bool {
    let header = &record.header;
    let name = name_of(&header.name);
    let found = [directory.base, 0]
        .iter()
        .filter_map(|base| u64::try_from(i128::from(record.offset) + base).ok())
        .find_map(|at| read_local(window, at, header.name.len() + 1));
    note_name(&name, record, listing);
    let Some(Local { at, header: local, content }) = found else {
        let (zh, en) = ("不在目录所指之处", "does not stand where the directory says");
        listing.notes.inconsistent(&name, record.offset, zh, en);
        return listing.add(file(name, header, 0, How::Nothing));
    };
    if let Some(known) = second {
        if known.contains(&content) {
            return true;
        }
        listing.notes.hidden(&name, at, || Text::new("只出现在第二份目录中", "is in a second directory only"));
    }
    compare(&name, at, header, &local, listing);
    let flags = header.flags | (local.flags & (ENCRYPTED | PATCH));
    let how = How::Zip { method: header.method, flags, crc: header.crc, overlaps: false };
    let mut member = file(name, header, content, how);
    member.encrypted = flags & ENCRYPTED != 0;
    member.kind = kind(record);
    let mode = if record.made_by >> 8 == 3 { record.attributes >> 16 } else { 0 };
    if member.kind == Kind::File && mode & 0o6000 != 0 && mode & 0o111 != 0 {
        listing.notes.lends(&member.name, at);
    }
    let end = content.saturating_add(header.packed);
    let behind =
        if flags & DESCRIPTOR != 0 || local.flags & DESCRIPTOR != 0 { descriptor(window, end, header) } else { 0 };
    spans.push(Span { start: at, end: end.saturating_add(behind), member: Some(listing.members.len()) });
    listing.add(member)
}

fn file(name: String, header: &Header, content: u64, how: How) -> Member {
    Member {
        name,
        kind: Kind::File,
        packed_bytes: header.packed,
        unpacked_bytes: header.unpacked,
        offset: content,
        encrypted: header.flags & ENCRYPTED != 0,
        how,
    }
}

/// What a member is, to a system that unpacks it. The target of a link is read later.
fn kind(record: &Central) -> Kind {
    let unix = if record.made_by >> 8 == 3 { record.attributes >> 28 } else { 8 };
    match unix {
        0xa => Kind::Link { target: String::new() },
        0x1 | 0x2 | 0x6 | 0xc => Kind::Other,
        // A folder with content is a file with a folder's name.
        _ if record.header.name.ends_with(b"/") && record.header.unpacked == 0 && record.header.packed <= 2 => {
            Kind::Folder
        }
        _ => Kind::File,
    }
}

pub(super) struct Local {
    pub(super) at: u64,
    pub(super) header: Header,
    /// Where the content begins.
    pub(super) content: u64,
}

/// Reads no more than `name_most` bytes of the name: what many members share must not be read in full for each.
pub(super) fn read_local(window: &mut Window<'_>, at: u64, name_most: usize) -> Option<Local> {
    let fixed = *window.at(at, LOCAL_BYTES).first_chunk::<LOCAL_BYTES>()?;
    if !fixed.starts_with(LOCAL) {
        return None;
    }
    let (name_bytes, extra_bytes) = (usize::from(u16_at(&fixed, 26)), usize::from(u16_at(&fixed, 28)));
    let name_at = at + LOCAL_BYTES as u64;
    let name = window.at(name_at, name_bytes.min(name_most)).to_vec();
    let content = name_at + (name_bytes + extra_bytes) as u64;
    if content > window.stretch.length() {
        return None;
    }
    let extra = window.at(name_at + name_bytes as u64, extra_bytes.min(EXTRA));
    Some(Local { at, header: local(&fixed, &name, extra), content })
}

/// Behind the content: perhaps a signature, the checksum, two sizes of 4 or 8 bytes.
fn descriptor(window: &mut Window<'_>, at: u64, header: &Header) -> u64 {
    let bytes = window.at(at, 24);
    let signed = bytes.starts_with(b"PK\x07\x08");
    let skip = if signed { 4 } else { 0 };
    if !signed && bytes.get(..4) != Some(&header.crc.to_le_bytes()) {
        return 0;
    }
    let long = bytes.get(skip + 4..skip + 12) == Some(&header.packed.to_le_bytes());
    skip as u64 + if long { 20 } else { 12 }
}

fn note_name(name: &str, record: &Central, listing: &mut Listing) {
    let other = record.other_name.as_deref().map(name_of);
    for name in [Some(name), other.as_deref()].into_iter().flatten() {
        listing.notes.check_name(name, record.offset);
    }
    if name.contains('\0') {
        let (zh, en) = (
            "的名称中含 NUL，不同的读取器会看到不同的名称",
            "has a NUL in its name, so that readers see different names",
        );
        listing.notes.hidden(name, record.offset, || Text::new(zh, en));
    }
}

/// The directory against the header before the content.
fn compare(name: &str, at: u64, central: &Header, local: &Header, listing: &mut Listing) {
    let notes = &mut listing.notes;
    if local.name != central.name {
        notes.hidden(name, at, || {
            let other = name_of(&local.name);
            Text::new(format!("在本地文件头中名为 {other}"), format!("is called {other} in its own header"))
        });
    }
    if local.method != central.method {
        notes.hidden(name, at, || Text::new("的两处文件头压缩方法不同", "has different methods in its two headers"));
    }
    // A header written before its content was known leaves the numbers open.
    let open = local.flags & DESCRIPTOR != 0;
    let differs =
        |local: u64, central: u64| local != central && !(open && (local == 0 || local == u64::from(u32::MAX)));
    if differs(local.packed, central.packed) || differs(local.unpacked, central.unpacked) {
        notes.hidden(name, at, || Text::new("的两处文件头大小不同", "has different sizes in its two headers"));
    }
    if differs(u64::from(local.crc), u64::from(central.crc)) {
        notes.inconsistent(name, at, "的两处文件头校验和不同", "has different checksums in its two headers");
    }
    let told_apart = ENCRYPTED | PATCH;
    if local.flags & told_apart != central.flags & told_apart {
        notes.inconsistent(name, at, "只在一处文件头标为加密", "is marked as encrypted in only one of its two headers");
    }
    if (local.flags | central.flags) & PATCH != 0 {
        notes.inconsistent(name, at, "标为补丁数据，没有工具能读取", "is marked as a patch, which no tool reads");
    }
}

/// Members that share bytes are what dense bombs are made of.
fn note_overlaps(spans: &mut [Span], listing: &mut Listing) {
    spans.sort_by_key(|s| (s.start, s.end));
    let mut reached = 0;
    for span in spans.iter() {
        if let (true, Some(member)) = (span.start < reached, span.member.and_then(|n| listing.members.get_mut(n))) {
            if let How::Zip { overlaps, .. } = &mut member.how {
                *overlaps = true;
            }
            let (zh, en) = ("与其他成员共用字节", "shares bytes with another member");
            listing.notes.inconsistent(&member.name, span.start, zh, en);
        }
        reached = reached.max(span.end);
    }
}

/// Which of two members of a name is loaded depends on the reader.
fn note_duplicates(listing: &mut Listing) {
    let Listing { members, notes, .. } = listing;
    let mut order: Vec<&Member> = members.iter().collect();
    order.sort_by(|a, b| a.name.cmp(&b.name));
    for pair in order.windows(2) {
        if let [a, b] = pair
            && a.name == b.name
            && (a.unpacked_bytes, checksum(a)) != (b.unpacked_bytes, checksum(b))
        {
            notes.inconsistent(
                &b.name,
                b.offset,
                "与另一成员同名而内容不同",
                "shares its name with a member of other content",
            );
        }
    }
}

fn checksum(member: &Member) -> Option<u32> {
    match member.how {
        How::Zip { crc, .. } => Some(crc),
        _ => None,
    }
}

/// The target of a link is its content.
fn read_links(stretch: &Stretch<'_>, listing: &mut Listing) {
    for n in 0..listing.members.len() {
        if matches!(listing.members[n].kind, Kind::Link { .. }) {
            let budget = listing.budget.clone();
            let content = open(stretch, &listing.members[n], &budget, budget.clone()).source;
            listing.set_target(n, content);
        }
    }
}
