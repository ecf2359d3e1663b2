use jingwei_read::{Sighting, Source as _};

use super::{
    header::{Block, Broken, File, Header, block, start},
    open::{Closed, Folders},
};
use crate::{
    archive::Listing,
    feed::Stretch,
    member::{How, Kind, Member},
    notes::encrypted,
    stream::is_zero,
};

/// The signature header.
pub(super) const FRONT: u64 = 32;
/// How often a header may lie packed in another; 7-Zip does it once.
const LAYERS: usize = 4;

pub(crate) fn list<'a>(stretch: &Stretch<'a>, listing: &mut Listing) -> Folders<'a> {
    let Some(header) = read_header(stretch, listing) else { return Folders::default() };
    let folders = Folders::new(&header.streams);
    let mut parts = header.streams.parts.iter().enumerate().flat_map(|(folder, parts)| {
        let mut skip = 0u64;
        parts.iter().map(move |(size, crc)| {
            let before = skip;
            skip = skip.saturating_add(*size);
            (folder, before, *size, *crc)
        })
    });
    let mut links = Vec::new();
    for file in &header.files {
        let part = if file.has_content { parts.next() } else { None };
        let kind = kind(file);
        listing.notes.check_name(&file.name, FRONT);
        let how = match part {
            Some((folder, skip, _, crc)) => How::Seven { folder: u32::try_from(folder).unwrap_or(u32::MAX), skip, crc },
            None => How::Nothing,
        };
        if file.has_content && part.is_none() {
            let (zh, en) = ("没有对应的内容", "has no content that is its own");
            listing.notes.inconsistent(&file.name, FRONT, zh, en);
        }
        if matches!(kind, Kind::Link { .. }) {
            links.push(listing.members.len());
        }
        let (folder, size) = part.map_or((usize::MAX, 0), |(folder, _, size, _)| (folder, size));
        let place = folders.place(folder);
        let member = Member {
            name: file.name.clone(),
            kind,
            packed_bytes: place.map_or(0, |p| p.length),
            unpacked_bytes: size,
            offset: place.map_or(FRONT, |p| p.start),
            encrypted: place.is_some_and(|p| matches!(p.how, Err(Closed::Encrypted))),
            how,
        };
        if !listing.add(member) {
            break;
        }
    }
    read_links(stretch, folders, &links, listing)
}

fn read_links<'a>(
    stretch: &Stretch<'a>,
    mut folders: Folders<'a>,
    links: &[usize],
    listing: &mut Listing,
) -> Folders<'a> {
    let budget = listing.budget.clone();
    for n in links {
        let content = listing.members.get(*n).and_then(|m| folders.open(stretch, m, &budget, budget.clone()).source);
        listing.set_target(*n, content);
    }
    folders
}

fn kind(file: &File) -> Kind {
    // The upper half is the mode of Unix, where the bit 0x8000 says so.
    let unix = if file.attributes & 0x8000 != 0 { file.attributes >> 28 } else { 8 };
    match unix {
        0xa => Kind::Link { target: String::new() },
        0x1 | 0x2 | 0x6 | 0xc => Kind::Other,
        _ if file.is_folder || (file.attributes & 0x10 != 0 && !file.has_content) => Kind::Folder,
        _ => Kind::File,
    }
}

fn read_header(stretch: &Stretch<'_>, listing: &mut Listing) -> Option<Header> {
    let mut whole = stretch.clone();
    let front: [u8; 32] = whole
        .bytes(0, 32)
        .try_into()
        .ok()
        .or_else(|| malformed(0, "文件头不完整", "the front is cut short", listing))?;
    let (offset, size, crc, intact) = start(&front);
    if !intact {
        malformed::<()>(0, "文件头的校验和不符", "the checksum of the front is wrong", listing);
    }
    let limits = *listing.budget.limits();
    if size > limits.header_bytes {
        listing.notes.see(Sighting::limit("header_bytes", limits.header_bytes));
        return None;
    }
    let at = FRONT.saturating_add(offset);
    let end = at.saturating_add(size);
    if end > whole.length() {
        return malformed(at, "目录超出文件末尾", "the header lies beyond the end", listing);
    }
    if end < whole.length() && !is_zero(&mut whole, end, stretch.length()) {
        listing.add_junk("after", end, stretch.length() - end, stretch.length(), ("归档之后", "behind the 7z archive"));
    }
    if size == 0 {
        return Some(Header::default());
    }
    let mut bytes = whole.bytes(at, usize::try_from(size).ok()?);
    if crc32fast::hash(&bytes) != crc {
        malformed::<()>(at, "目录的校验和不符", "the checksum of the header is wrong", listing);
    }
    for _ in 0..LAYERS {
        match block(&bytes, limits.entries) {
            Ok(Block::Header(header)) => return Some(header),
            Ok(Block::Packed(streams)) => bytes = unpacked_header(stretch, Folders::new(&streams), at, listing)?,
            Err(broken) => {
                let (zh, en) = match broken {
                    Broken::End => ("目录不完整".to_owned(), "the header is cut short".to_owned()),
                    Broken::Count => ("目录中的数量不可能".to_owned(), "the header has impossible counts".to_owned()),
                    Broken::Unknown(id) => {
                        (format!("目录中有未知的属性 {id}"), format!("the header has an unknown property {id}"))
                    }
                };
                return malformed(at, &zh, &en, listing);
            }
        }
    }
    malformed(at, "目录层层打包", "the header is packed again and again", listing)
}

/// A header that lies packed in the archive's first folder.
fn unpacked_header<'a>(
    stretch: &Stretch<'a>,
    mut folders: Folders<'a>,
    at: u64,
    listing: &mut Listing,
) -> Option<Vec<u8>> {
    let size = folders.place(0)?.size;
    let most = listing.budget.limits().header_bytes;
    if size > most {
        listing.notes.see(Sighting::limit("header_bytes", most));
        return None;
    }
    let how = How::Seven { folder: 0, skip: 0, crc: None };
    let member = Member {
        name: "<header>".to_owned(),
        kind: Kind::File,
        packed_bytes: 0,
        unpacked_bytes: size,
        offset: at,
        encrypted: false,
        how,
    };
    if matches!(folders.place(0)?.how, Err(Closed::Encrypted)) {
        listing.notes.see(encrypted(&member.name, at));
        return None;
    }
    let budget = listing.budget.clone();
    let opened = folders.open(stretch, &member, &budget, budget.clone());
    opened.sightings.into_iter().for_each(|s| listing.notes.see(s));
    let mut content = opened.source?;
    let mut bytes = vec![0; usize::try_from(content.length()).ok()?];
    let got = content.read_at(0, &mut bytes).ok()?;
    bytes.truncate(got);
    Some(bytes)
}

fn malformed<T>(at: u64, zh: &str, en: &str, listing: &mut Listing) -> Option<T> {
    listing.notes.see(Sighting::malformed(at, format!("7z：{zh}"), format!("7z: {en}")));
    None
}
