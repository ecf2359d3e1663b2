//! The two records of a member.

use crate::numbers::{u16_at, u32_at, u64_at};

pub(crate) const LOCAL: &[u8] = b"PK\x03\x04";
pub(crate) const LOCAL_BYTES: usize = 30;
pub(crate) const CENTRAL_BYTES: usize = 46;

/// Encrypted, strongly encrypted.
pub(crate) const ENCRYPTED: u16 = 0x41;
/// Sizes and checksum stand behind the content.
pub(crate) const DESCRIPTOR: u16 = 0x8;
pub(crate) const PATCH: u16 = 0x20;

/// What both records say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) packed: u64,
    pub(crate) unpacked: u64,
    pub(crate) name: Vec<u8>,
}

/// A record of the central directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Central {
    pub(crate) header: Header,
    pub(crate) made_by: u16,
    pub(crate) attributes: u32,
    pub(crate) offset: u64,
    /// The name that Info-ZIP keeps beside the other, and prefers.
    pub(crate) other_name: Option<Vec<u8>>,
}

/// `fixed` are its 46 bytes, `rest` name and extra fields.
pub(crate) fn central(fixed: &[u8; CENTRAL_BYTES], name: &[u8], extra: &[u8]) -> Central {
    let mut header = header(&fixed[8..], name);
    let mut offset = u64::from(u32_at(fixed, 42));
    if let Some(zip64) = field(extra, 1) {
        let mut numbers = zip64.chunks_exact(8).map(|n| u64_at(n, 0));
        for number in [&mut header.unpacked, &mut header.packed, &mut offset] {
            if *number == u64::from(u32::MAX) {
                *number = numbers.next().unwrap_or(*number);
            }
        }
    }
    let other_name = field(extra, 0x7075).and_then(|f| f.get(5..)).map(<[u8]>::to_vec);
    Central { header, made_by: u16_at(fixed, 4), attributes: u32_at(fixed, 38), offset, other_name }
}

pub(crate) fn local(fixed: &[u8; LOCAL_BYTES], name: &[u8], extra: &[u8]) -> Header {
    let mut header = header(&fixed[6..], name);
    if let Some(zip64) = field(extra, 1) {
        let mut numbers = zip64.chunks_exact(8).map(|n| u64_at(n, 0));
        for number in [&mut header.unpacked, &mut header.packed] {
            if *number == u64::from(u32::MAX) {
                *number = numbers.next().unwrap_or(*number);
            }
        }
    }
    header
}

/// From the flags on, both records are alike.
fn header(from_flags: &[u8], name: &[u8]) -> Header {
    Header {
        flags: u16_at(from_flags, 0),
        method: u16_at(from_flags, 2),
        crc: u32_at(from_flags, 8),
        packed: u64::from(u32_at(from_flags, 12)),
        unpacked: u64::from(u32_at(from_flags, 16)),
        name: name.to_vec(),
    }
}

/// An extra field by its number.
fn field(extra: &[u8], id: u16) -> Option<&[u8]> {
    let mut rest = extra;
    while let Some((head, behind)) = rest.split_at_checked(4) {
        let length = usize::from(u16_at(head, 2)).min(behind.len());
        if u16_at(head, 0) == id {
            return Some(&behind[..length]);
        }
        rest = &behind[length..];
    }
    None
}
