use jingwei_core::Text;
use jingwei_read::{Sighting, Source};

use crate::{
    budget::Budget,
    feed::Stretch,
    frames::Coder,
    notes::{Notes, inconsistent},
    opened::Opened,
    packed::Plan,
    recognise::Packing,
};

/// Opens a packed stream: every packing that is no archive.
pub fn unpack<'a>(source: &'a mut dyn Source, packing: Packing, budget: &Budget) -> Opened<'a> {
    let Some(inner) = budget.deeper() else {
        return Opened::nothing(budget, budget.verdict());
    };
    let mut whole = Stretch::borrowed(source);
    let Some((start, coder, claimed)) = coder(packing, &mut whole) else {
        let reason =
            Text::new(format!("无法打开 {} 格式", packing.name()), format!("{} is not opened", packing.name()));
        return Opened::nothing(budget, Some(Sighting::not_inspected(reason.zh, reason.en)));
    };
    let length = whole.length();
    let mut notes = Notes::default();
    if packing == Packing::Gzip
        && let Some(name) = gzip_name(&whole.bytes(0, GZIP_FRONT))
    {
        notes.check_name(&name, 0);
    }
    let packed = whole.part(start, length - start.min(length));
    let decoded = Plan { packed, coder, filters: Vec::new(), budget: budget.clone() }.decode(claimed);
    let (found, complete) = (decoded.length, decoded.fault.is_none() && !decoded.cut);
    let end = start + decoded.end;
    let mut opened = Opened::decoded(decoded, start, inner);
    opened.sightings.append(&mut notes.sightings);
    if complete && claimed.is_some_and(|claimed| claimed != found) {
        let en = format!("claims {} bytes and holds {found}", claimed.unwrap_or(0));
        let zh = format!("声称 {} 字节，实为 {found} 字节", claimed.unwrap_or(0));
        opened.sightings.push(inconsistent(packing.name(), start, &zh, &en));
    }
    if complete && end < length && !is_zero(&mut whole, end, length) {
        let mut notes = Notes::default();
        notes.junk("after", end, length - end, "压缩流之后", "after the packed stream");
        opened.sightings.append(&mut notes.sightings);
        opened.rest = Some(end);
    }
    opened
}

/// Bytes at the front of a gzip stream in which its name is looked for.
const GZIP_FRONT: usize = 4 << 10;

/// The name that a gzip stream gives its content (RFC 1952, 2.3.1): `gunzip -N` writes to it.
fn gzip_name(front: &[u8]) -> Option<String> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    let flags = *front.get(3)?;
    let mut at = 10;
    if flags & EXTRA != 0 {
        at += 2 + usize::from(u16::from_le_bytes(front.get(10..12)?.try_into().ok()?));
    }
    let rest = front.get(at..).filter(|_| flags & NAME != 0)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    Some(String::from_utf8_lossy(&rest[..end]).into_owned())
}

/// Where the packed bytes begin, how they are packed, and how many they claim to be.
fn coder(packing: Packing, whole: &mut Stretch<'_>) -> Option<(u64, Coder, Option<u64>)> {
    Some(match packing {
        Packing::Gzip => (0, Coder::Gzip, None),
        Packing::Zlib => (0, Coder::Zlib, None),
        Packing::Bzip2 => (0, Coder::Bzip2, None),
        Packing::Xz => (0, Coder::Xz, None),
        Packing::Lz4 => (0, Coder::Lz4, None),
        Packing::Zstd => (0, Coder::Zstd, None),
        Packing::Lzma => {
            let front: [u8; 13] = whole.bytes(0, 13).try_into().ok()?;
            let (properties, dictionary, size) = lzma_header(&front);
            (13, Coder::Lzma { properties, dictionary, size }, size)
        }
        Packing::OldJoblib => {
            let front = whole.bytes(0, OLD_JOBLIB + 1);
            // Written by Python 2, the number ends in `L` and is one longer.
            let start = if front.get(OLD_JOBLIB) == Some(&b' ') { OLD_JOBLIB + 1 } else { OLD_JOBLIB };
            let number = str::from_utf8(front.get(2..OLD_JOBLIB)?).ok()?.trim().trim_end_matches('L');
            (start as u64, Coder::Zlib, u64::from_str_radix(number.trim_start_matches("0x"), 16).ok())
        }
        Packing::Zip | Packing::Tar | Packing::SevenZip | Packing::Closed(_) => return None,
    })
}

/// `ZF` and a hexadecimal length in 19 characters.
pub(crate) const OLD_JOBLIB: usize = 21;

/// Properties, dictionary and size, which is all ones where the stream has an end mark instead.
pub(crate) fn lzma_header(front: &[u8; 13]) -> (u8, u32, Option<u64>) {
    let [properties, d0, d1, d2, d3, size @ ..] = *front;
    let size = u64::from_le_bytes(size);
    (properties, u32::from_le_bytes([d0, d1, d2, d3]), (size != u64::MAX).then_some(size))
}

/// Whether a stretch is padding. What cannot be read is not.
pub(crate) fn is_zero(whole: &mut Stretch<'_>, start: u64, end: u64) -> bool {
    let mut block = vec![0; 64 << 10];
    let mut at = start;
    while at < end {
        let count = usize::try_from(end - at).unwrap_or(usize::MAX).min(block.len());
        match whole.read_at(at, &mut block[..count]) {
            Ok(got) if got > 0 && block[..got].iter().all(|b| *b == 0) => at += got as u64,
            _ => return false,
        }
    }
    true
}
