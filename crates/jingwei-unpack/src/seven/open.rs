use jingwei_read::{Sighting, Source as _};

use super::{
    header::{Folder, Step, Streams},
    list::FRONT,
};
use crate::{
    budget::Budget,
    feed::Stretch,
    frames::Coder,
    member::{How, Member},
    notes::{encrypted, inconsistent},
    numbers::u32_at,
    opened::Opened,
    packed::{Filter, Plan},
};

/// Content up to this size is held against its checksum.
const CHECKED: u64 = 4 << 20;

/// The packed stretches of a 7z archive, and the one that was opened last: its files are next to each other.
#[derive(Default)]
pub(crate) struct Folders<'a> {
    places: Vec<Place>,
    current: Option<Current<'a>>,
}

pub(super) struct Place {
    pub(super) start: u64,
    pub(super) length: u64,
    /// Of its content.
    pub(super) size: u64,
    pub(super) how: Result<(Coder, Vec<Filter>), Closed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    Encrypted,
    Method(u64),
}

struct Current<'a> {
    folder: u32,
    content: Option<Stretch<'a>>,
    /// Not all of it came out.
    partial: bool,
    trouble: Vec<Sighting>,
}

impl<'a> Folders<'a> {
    pub(super) fn new(streams: &Streams) -> Self {
        let mut at = FRONT.saturating_add(streams.offset);
        let mut packed = streams.packed.iter().copied();
        let places = streams.folders.iter().map(|folder| {
            let start = at;
            let length = packed.by_ref().take(folder.packed_streams).fold(0, u64::saturating_add);
            at = at.saturating_add(length);
            Place { start, length, size: folder.size(), how: how(folder) }
        });
        Self { places: places.collect(), current: None }
    }

    pub(super) fn place(&self, folder: usize) -> Option<&Place> {
        self.places.get(folder)
    }

    pub(crate) fn open(
        &mut self,
        stretch: &Stretch<'a>,
        member: &Member,
        budget: &Budget,
        inner: Budget,
    ) -> Opened<'a> {
        let How::Seven { folder, skip, crc } = member.how else {
            return Opened::nothing(&inner, None);
        };
        let Some(place) = usize::try_from(folder).ok().and_then(|n| self.places.get(n)) else {
            return Opened::nothing(&inner, None);
        };
        let (coder, filters) = match &place.how {
            Ok((coder, filters)) => (*coder, filters.clone()),
            Err(Closed::Encrypted) => return Opened::nothing(&inner, Some(encrypted(&member.name, member.offset))),
            Err(Closed::Method(method)) => {
                let zh = format!("{} 以 7z 方法 {method:x} 打包", member.name);
                let en = format!("{} is packed by the 7z method {method:x}", member.name);
                return Opened::nothing(&inner, Some(Sighting::not_inspected(zh, en)));
            }
        };
        let current = match self.current.take().filter(|c| c.folder == folder) {
            Some(current) => current,
            None => {
                let packed = stretch.part(place.start, place.length);
                let decoded = Plan { packed, coder, filters, budget: budget.clone() }.decode(Some(place.size));
                let partial = decoded.cut || decoded.fault.is_some();
                let opened = Opened::decoded(decoded, place.start, inner.clone());
                Current { folder, content: opened.source.map(Stretch::owned), partial, trouble: opened.sightings }
            }
        };
        let opened = part(&current, member, skip, crc, inner);
        self.current = Some(current);
        opened
    }
}

/// One file of the folder's content.
fn part<'a>(current: &Current<'a>, member: &Member, skip: u64, crc: Option<u32>, inner: Budget) -> Opened<'a> {
    let whole = current.content.as_ref().map_or(0, |c| c.length());
    let missing = skip.saturating_add(member.unpacked_bytes) > whole;
    let mut content = current.content.as_ref().map(|c| c.part(skip, member.unpacked_bytes)).filter(|_| skip <= whole);
    let mut sightings = if missing { current.trouble.clone() } else { Vec::new() };
    if missing && !current.partial {
        let (zh, en) = ("的内容比声称的少", "holds less than it claims");
        sightings.push(inconsistent(&member.name, member.offset, zh, en));
    }
    if let (Some(content), Some(crc), false) = (content.as_mut().filter(|c| c.length() <= CHECKED), crc, missing) {
        let bytes = content.bytes(0, usize::try_from(CHECKED).unwrap_or(0));
        if crc32fast::hash(&bytes) != crc {
            let (zh, en) = ("的校验和与内容不符", "has a checksum that does not match its content");
            sightings.push(inconsistent(&member.name, member.offset, zh, en));
        }
    }
    let source = content.map(|content| Box::new(content) as Box<_>);
    Opened { source, sightings, rest: None, budget: inner }
}

/// One coder, and filters behind it: other chains are not in use.
fn how(folder: &Folder) -> Result<(Coder, Vec<Filter>), Closed> {
    const AES: u64 = 0x06f1_0701;
    if folder.coders.iter().any(|step| step.method == AES) {
        return Err(Closed::Encrypted);
    }
    let closed = || Closed::Method(folder.coders.last().map_or(0, |step| step.method));
    if folder.coders.iter().any(|step| step.inputs != 1 || step.outputs != 1) || folder.packed_streams != 1 {
        return Err(closed());
    }
    let count = folder.coders.len();
    // The one whose input is bound to no output takes the packed bytes.
    let mut at = (0..count).find(|n| folder.bonds.iter().all(|(input, _)| *input != *n as u64)).ok_or_else(closed)?;
    let first = folder.coders.get(at).ok_or_else(closed)?;
    let coder = coder(first, folder.sizes.get(at).copied()).ok_or(Closed::Method(first.method))?;
    let mut filters = Vec::new();
    while let Some((input, _)) = folder.bonds.iter().find(|(_, output)| *output == at as u64) {
        at = usize::try_from(*input).map_err(|_| closed())?;
        let step = folder.coders.get(at).filter(|_| filters.len() < count).ok_or_else(closed)?;
        filters.push(filter(step).ok_or(Closed::Method(step.method))?);
    }
    if filters.len() + 1 == count { Ok((coder, filters)) } else { Err(closed()) }
}

fn coder(step: &Step, size: Option<u64>) -> Option<Coder> {
    // A dictionary larger than the content is never filled.
    let fit = |dictionary: u32| dictionary.min(u32::try_from(size.unwrap_or(u64::MAX)).unwrap_or(u32::MAX).max(4096));
    Some(match step.method {
        0 => Coder::Copy,
        0x21 => {
            let code = u32::from(*step.properties.first()?);
            let dictionary = match code {
                0..=39 => (2 | (code & 1)) << (code / 2 + 11),
                40 => u32::MAX,
                _ => return None,
            };
            Coder::Lzma2 { dictionary: fit(dictionary) }
        }
        0x3_0101 => {
            let (properties, rest) = step.properties.split_first()?;
            Coder::Lzma { properties: *properties, dictionary: fit(u32_at(rest, 0)), size }
        }
        0x4_0108 => Coder::Deflate,
        0x4_0109 => Coder::Deflate64,
        0x4_0202 => Coder::Bzip2,
        0x04f7_1101 => Coder::Zstd,
        0x04f7_1104 => Coder::Lz4,
        _ => return None,
    })
}

fn filter(step: &Step) -> Option<Filter> {
    Some(match step.method {
        0x3 => Filter::Delta(usize::from(*step.properties.first()?) + 1),
        0x4 | 0x0303_0103 => Filter::X86,
        0x5 | 0x0303_0205 => Filter::PowerPc,
        0x6 | 0x0303_0401 => Filter::Ia64,
        0x7 | 0x0303_0501 => Filter::Arm,
        0x8 | 0x0303_0701 => Filter::ArmThumb,
        0x9 | 0x0303_0805 => Filter::Sparc,
        0xa => Filter::Arm64,
        0xb => Filter::RiscV,
        _ => return None,
    })
}
