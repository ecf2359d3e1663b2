use jingwei_read::{Sighting, Source};

use super::entry::{DESCRIPTOR, ENCRYPTED};
use crate::{
    budget::Budget,
    feed::Stretch,
    frames::Coder,
    member::{How, Member},
    notes::{encrypted, inconsistent},
    numbers::u32_at,
    opened::Opened,
    packed::Plan,
};

/// Stored content up to this size is held against its checksum. Readers of larger content go through it anyway, and
/// no finding about what it holds depends on it.
const CHECKED: u64 = 4 << 20;
/// What looking again at shared bytes costs, against decoding them.
const OVERLAP_FEE: u64 = 16;
/// An LZMA member has an end mark, and so no need of its size.
const END_MARK: u16 = 0x2;

pub(crate) fn open<'a>(stretch: &Stretch<'a>, member: &Member, budget: &Budget, inner: Budget) -> Opened<'a> {
    let How::Zip { method, overlaps, .. } = member.how else {
        return Opened::nothing(&inner, None);
    };
    if overlaps && !budget.spend(member.packed_bytes.saturating_mul(OVERLAP_FEE)) {
        return Opened::nothing(&inner, budget.verdict());
    }
    if method == 0 { stored(stretch, member, inner) } else { packed(stretch, member, budget, inner) }
}

fn stored<'a>(stretch: &Stretch<'a>, member: &Member, inner: Budget) -> Opened<'a> {
    let How::Zip { crc, flags, .. } = member.how else {
        return Opened::nothing(&inner, None);
    };
    let open_end = flags & DESCRIPTOR != 0 && member.unpacked_bytes == 0;
    // Some readers take the one number, some the other.
    let mut content = stretch.part(member.offset, member.packed_bytes.max(member.unpacked_bytes));
    let checked = content.length() <= CHECKED || member.encrypted;
    let sum = (checked && !open_end).then(|| sum(&mut content));
    let matches = sum.is_none_or(|sum| sum == crc);
    if member.encrypted && !matches {
        return Opened::nothing(&inner, Some(encrypted(&member.name, member.offset)));
    }
    let mut opened = Opened::content(Box::new(content), inner);
    if member.encrypted {
        opened.sightings.push(not_encrypted(member));
    }
    if member.packed_bytes != member.unpacked_bytes && !open_end {
        let (zh, en) = ("未压缩，而两个大小不同", "is stored as it is, yet its two sizes differ");
        opened.sightings.push(inconsistent(&member.name, member.offset, zh, en));
    } else if !matches && crc != 0 {
        // Zero: PyTorch can be told to leave checksums out.
        opened.sightings.push(wrong_sum(member));
    }
    opened
}

fn packed<'a>(stretch: &Stretch<'a>, member: &Member, budget: &Budget, inner: Budget) -> Opened<'a> {
    let How::Zip { method, flags, crc, .. } = member.how else {
        return Opened::nothing(&inner, None);
    };
    let mut packed = stretch.part(member.offset, member.packed_bytes);
    let Some((skip, coder)) = coder(method, flags, member.unpacked_bytes, &mut packed) else {
        let sighting = match method {
            99 => encrypted(&member.name, member.offset),
            _ => Sighting::not_inspected(
                format!("{} 以方法 {method} 压缩", member.name),
                format!("{} is packed by method {method}", member.name),
            ),
        };
        return Opened::nothing(&inner, Some(sighting));
    };
    let packed = packed.part(skip, member.packed_bytes);
    let packed_length = packed.length();
    let open_end = flags & DESCRIPTOR != 0 && member.unpacked_bytes == 0;
    let claimed = (!open_end).then_some(member.unpacked_bytes);
    let decoded = Plan { packed, coder, filters: Vec::new(), budget: budget.clone() }.decode(claimed);
    let (sum, found, end) = (decoded.crc, decoded.length, decoded.end);
    let complete = decoded.fault.is_none() && !decoded.cut;
    let matches = open_end || sum == crc;
    if member.encrypted && !decoded.cut && !(complete && matches) {
        return Opened::nothing(&inner, Some(encrypted(&member.name, member.offset)));
    }
    let mut opened = Opened::decoded(decoded, member.offset, inner);
    if member.encrypted {
        opened.sightings.push(not_encrypted(member));
    }
    if complete && !open_end && found != member.unpacked_bytes {
        let zh = format!("声称 {} 字节，实为 {found} 字节", member.unpacked_bytes);
        let en = format!("claims {} bytes and holds {found}", member.unpacked_bytes);
        opened.sightings.push(inconsistent(&member.name, member.offset, &zh, &en));
    } else if complete && !matches {
        opened.sightings.push(wrong_sum(member));
    }
    if complete && !open_end && end < packed_length && !matches!(coder, Coder::Lzma { .. }) {
        let (zh, en) = ("压缩数据之后另有数据", "has data behind its packed data");
        opened.sightings.push(inconsistent(&member.name, member.offset + end, zh, en));
    }
    opened
}

/// How many bytes stand before the packed ones, and how they are packed.
fn coder(method: u16, flags: u16, unpacked: u64, packed: &mut Stretch<'_>) -> Option<(u64, Coder)> {
    Some(match method {
        8 => (0, Coder::Deflate),
        9 => (0, Coder::Deflate64),
        12 => (0, Coder::Bzip2),
        14 => {
            // Two bytes of version, two of length, then the properties.
            let head = packed.bytes(0, 9);
            let (5, properties) = (*head.get(2)?, *head.get(4)?) else { return None };
            let size = (flags & END_MARK == 0).then_some(unpacked);
            (9, Coder::Lzma { properties, dictionary: u32_at(&head, 5), size })
        }
        20 | 93 => (0, Coder::Zstd),
        95 => (0, Coder::Xz),
        _ => return None,
    })
}

fn sum(content: &mut Stretch<'_>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    let mut block = vec![0; usize::try_from(content.length()).unwrap_or(usize::MAX).min(64 << 10)];
    let mut at = 0;
    while let Ok(got) = content.read_at(at, &mut block) {
        if got == 0 {
            break;
        }
        hasher.update(&block[..got]);
        at += got as u64;
    }
    hasher.finalize()
}

fn not_encrypted(member: &Member) -> Sighting {
    debug_assert!(matches!(member.how, How::Zip { flags, .. } if flags & ENCRYPTED != 0));
    let (zh, en) = ("标为加密，实际并未加密", "is marked as encrypted and is not");
    inconsistent(&member.name, member.offset, zh, en)
}

fn wrong_sum(member: &Member) -> Sighting {
    inconsistent(&member.name, member.offset, "的校验和与内容不符", "has a checksum that does not match its content")
}
