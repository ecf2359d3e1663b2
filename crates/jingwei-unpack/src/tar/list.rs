use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use jingwei_core::Text;
use jingwei_read::{Sighting, Source, shown};

use super::header::{BLOCK, Header, Pax, header, is_header, text};
use crate::{
    archive::Listing,
    budget::BOMB,
    feed::{Stretch, Window},
    member::{How, Kind, Member, name_from},
};

/// The most that the size in a plain header can say.
const LARGEST_OCTAL: u64 = 0o777_7777_7777;

pub(crate) fn list(stretch: &Stretch<'_>, listing: &mut Listing) {
    let length = stretch.length();
    let mut walk = Walk {
        window: Window::new(stretch.clone()),
        length,
        at: 0,
        general: Pax::default(),
        seen: HashMap::new(),
        hasher: RandomState::new(),
    };
    let mut pending = Pending::default();
    while walk.at < length {
        let start = walk.at;
        let block = walk.window.at(start, BLOCK);
        let Some(block) = block.first_chunk::<BLOCK>().copied() else {
            let (zh, en) = ("tar 的文件头不完整", "a tar header is cut short");
            listing.notes.see(Sighting::malformed(start, zh, en));
            return;
        };
        if block.iter().all(|b| *b == 0) {
            return note_rest(stretch, start, listing);
        }
        if !is_header(&block) {
            let (zh, en) = ("tar 文件头的校验和不符", "the checksum of a tar header is wrong");
            listing.notes.see(Sighting::malformed(start, zh, en));
            return note_rest(stretch, start, listing);
        }
        walk.at += BLOCK as u64;
        if !walk.member(start, header(&block), &mut pending, listing) {
            return;
        }
    }
}

struct Walk<'a> {
    window: Window<'a>,
    length: u64,
    at: u64,
    /// What holds for all members from here on.
    general: Pax,
    /// Size by the hash of a name, whose key nobody can know beforehand.
    seen: HashMap<u64, u64>,
    hasher: RandomState,
}

/// What headers before a member say of it.
#[derive(Default)]
struct Pending {
    pax: Pax,
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
}

impl Walk<'_> {
    /// Takes one header and its content; false where there is no going on.
    fn member(&mut self, start: u64, header: Header, pending: &mut Pending, listing: &mut Listing) -> bool {
        let Some(size) = header.size else {
            let (zh, en) = ("tar 成员的大小不是数字", "the size of a tar member is no number");
            listing.notes.see(Sighting::malformed(start, zh, en));
            return false;
        };
        match header.kind {
            b'L' | b'K' | b'x' | b'X' | b'g' => {
                let Some(bytes) = self.description(start, size, listing) else { return false };
                let mut fits = true;
                match header.kind {
                    b'L' => pending.name = Some(text(&bytes).to_vec()),
                    b'K' => pending.target = Some(text(&bytes).to_vec()),
                    b'g' => fits = self.general.read(&bytes),
                    _ => fits = pending.pax.read(&bytes),
                }
                if !fits {
                    listing.notes.see(Sighting::malformed(start, "pax 文件头有误", "a pax header is broken"));
                }
                true
            }
            _ => self.content(start, header, size, std::mem::take(pending), listing),
        }
    }

    /// The content of a header that describes the next one.
    fn description(&mut self, start: u64, size: u64, listing: &mut Listing) -> Option<Vec<u8>> {
        let most = listing.budget.limits().string_bytes;
        if size > most {
            listing.notes.see(Sighting::limit("string_bytes", most).at(start));
            return None;
        }
        let bytes = self.window.stretch.bytes(self.at, usize::try_from(size).ok()?);
        self.skip(size, start, listing).then_some(bytes)
    }

    fn content(&mut self, start: u64, header: Header, size: u64, pending: Pending, listing: &mut Listing) -> bool {
        let pax = pending.pax.or(&self.general);
        let name = name_from(pax.path.or(pending.name).unwrap_or(header.name));
        let target = name_from(pax.target.or(pending.target).unwrap_or(header.target));
        let kind = kind(header.kind, &name, target);
        listing.notes.check_name(&name, start);
        if header.lends {
            listing.notes.lends(&name, start);
        }
        if let Kind::Link { target } = &kind {
            listing.notes.check_link(&name, target, header.kind == b'1', start);
        }
        if let Some(other) = pax.size.filter(|other| *other != size && *other <= LARGEST_OCTAL) {
            let zh = format!("的两处文件头大小不同（{size} 与 {other}）");
            let en = format!("has different sizes in its two headers ({size} and {other})");
            listing.notes.hidden(&name, start, || Text::new(zh, en));
        }
        let size = pax.size.unwrap_or(size);
        if header.continues {
            self.skip_sparse_map();
        }
        let offset = self.at;
        let has_content = matches!(kind, Kind::File);
        if has_content {
            let before = self.seen.insert(self.hasher.hash_one(&name), size);
            if before.is_some_and(|before| before != size) {
                let (zh, en) = ("与另一成员同名而内容不同", "shares its name with a member of other content");
                listing.notes.inconsistent(&name, start, zh, en);
            }
        } else if size > 0 {
            // Some readers skip as many bytes, others read on right here.
            let (zh, en) = ("不是文件，却声称有内容", "is no file, yet claims to have content");
            listing.notes.inconsistent(&name, start, zh, en);
        }
        let bytes = if has_content { size } else { 0 };
        let sparse = header.kind == b'S' || pax.sparse;
        let how = if sparse { How::Sparse } else { How::Stored };
        let real_size = pax.real_size.or(header.real_size).filter(|_| sparse).unwrap_or(0);
        if real_size > MOST_HOLES && real_size / MOST_SPARSE > size {
            let zh = format!("{} 只存 {size} 字节，展开后是 {real_size} 字节的空洞文件", shown(&name));
            let en =
                format!("{} becomes a file of {real_size} bytes out of {size}, nearly all of them holes", shown(&name));
            listing.notes.see(Sighting::new(BOMB).key("holes").with_text("reason", Text::new(zh, en)));
        }
        let room = listing.add(Member {
            name,
            kind,
            packed_bytes: bytes,
            unpacked_bytes: bytes,
            offset,
            encrypted: false,
            how,
        });
        room && self.skip(bytes, start, listing)
    }

    /// Goes behind content and its padding.
    fn skip(&mut self, size: u64, start: u64, listing: &mut Listing) -> bool {
        let end = self.at.checked_add(size).filter(|end| *end <= self.length);
        let Some(end) = end else {
            let (zh, en) = ("tar 成员的内容不完整", "the content of a tar member is cut short");
            listing.notes.see(Sighting::malformed(start, zh, en));
            return false;
        };
        self.at = end.next_multiple_of(BLOCK as u64);
        true
    }

    fn skip_sparse_map(&mut self) {
        loop {
            let more = self.window.at(self.at, BLOCK).get(504).is_some_and(|b| *b != 0);
            self.at += BLOCK as u64;
            if !more {
                return;
            }
        }
    }
}

/// A sparse file is believed up to this size, or so many times what is stored of it.
const MOST_HOLES: u64 = 4 << 30;
const MOST_SPARSE: u64 = 1000;

/// As Python's tarfile takes it: what nobody knows is a file.
fn kind(flag: u8, name: &str, target: String) -> Kind {
    match flag {
        b'1' | b'2' => Kind::Link { target },
        b'3' | b'4' | b'6' => Kind::Other,
        b'5' => Kind::Folder,
        0 if name.ends_with('/') => Kind::Folder,
        _ => Kind::File,
    }
}

/// Behind its end a tar holds nothing but zeros.
fn note_rest(stretch: &Stretch<'_>, end: u64, listing: &mut Listing) {
    let mut whole = stretch.clone();
    let mut block = vec![0; 64 << 10];
    let mut at = end;
    loop {
        match whole.read_at(at, &mut block) {
            Ok(got) if got > 0 => {
                if let Some(n) = block[..got].iter().position(|b| *b != 0) {
                    let start = (at + n as u64) / BLOCK as u64 * BLOCK as u64;
                    let length = stretch.length() - start;
                    listing.add_junk("after", start, length, stretch.length(), ("归档之后", "behind the tar"));
                    return;
                }
                at += got as u64;
            }
            _ => return,
        }
    }
}
