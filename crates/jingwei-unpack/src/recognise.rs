use std::io::Read;

use flate2::bufread::ZlibDecoder;
use jingwei_read::Source;
use lzma_rust2::LzmaReader;

use crate::{stream::lzma_header, tar, zip};

/// How bytes are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Packing {
    Zip,
    Tar,
    SevenZip,
    Gzip,
    Zlib,
    Bzip2,
    Xz,
    /// LZMA without a container, `.lzma`.
    Lzma,
    /// The frame format, not bare blocks.
    Lz4,
    Zstd,
    /// What joblib wrote before 0.10: `ZF`, a length and a zlib stream.
    OldJoblib,
    /// Known, and not opened here: its name.
    Closed(&'static str),
}

impl Packing {
    /// It has members ([`crate::Archive::read`]); otherwise it is one stream ([`crate::unpack`]).
    #[must_use]
    pub fn is_archive(self) -> bool {
        matches!(self, Packing::Zip | Packing::Tar | Packing::SevenZip)
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Packing::Zip => "zip",
            Packing::Tar => "tar",
            Packing::SevenZip => "7z",
            Packing::Gzip => "gzip",
            Packing::Zlib => "zlib",
            Packing::Bzip2 => "bzip2",
            Packing::Xz => "xz",
            Packing::Lzma => "lzma",
            Packing::Lz4 => "lz4",
            Packing::Zstd => "zstd",
            Packing::OldJoblib => "joblib-z",
            Packing::Closed(name) => name,
        }
    }
}

/// Beginnings that decide alone.
const BEGINNINGS: [(&[u8], Packing); 15] = [
    (b"PK\x03\x04", Packing::Zip),
    (b"PK\x05\x06", Packing::Zip),
    (b"PK\x07\x08PK\x03\x04", Packing::Zip),
    (b"PK00PK\x03\x04", Packing::Zip),
    (b"7z\xbc\xaf\x27\x1c", Packing::SevenZip),
    (b"\xfd7zXZ\0", Packing::Xz),
    (b"\x28\xb5\x2f\xfd", Packing::Zstd),
    (b"\x04\x22\x4d\x18", Packing::Lz4),
    (b"\x02\x21\x4c\x18", Packing::Closed("lz4-legacy")),
    (b"Rar!\x1a\x07", Packing::Closed("rar")),
    (b"MSCF\0\0\0\0", Packing::Closed("cab")),
    (b"LZIP\x01", Packing::Closed("lzip")),
    (b"\xff\x06\0\0sNaPpY", Packing::Closed("snappy")),
    (b"!<arch>\n", Packing::Closed("ar")),
    (b"\x1f\x9d\x90", Packing::Closed("compress")),
];

/// How the bytes can be opened, by their content alone; more than one way is a polyglot. `front` is the beginning of
/// the source, at least 1 KiB of it where there is as much.
pub fn recognise(front: &[u8], source: &mut dyn Source) -> Vec<Packing> {
    let first = by_beginning(front).or_else(|| by_structure(front));
    let mut packings: Vec<Packing> = first.into_iter().collect();
    // A tar pads its end, so a zip that ends a tar without padding is no member of it.
    if first != Some(Packing::Zip) && zip::ends_as_zip(source, first == Some(Packing::Tar)) {
        packings.push(Packing::Zip);
    }
    packings
}

fn by_beginning(front: &[u8]) -> Option<Packing> {
    if let Some((_, packing)) = BEGINNINGS.iter().find(|(beginning, _)| front.starts_with(beginning)) {
        return Some(*packing);
    }
    match front {
        [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => Some(Packing::Gzip),
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Some(Packing::Bzip2),
        // A frame to be skipped stands before frames of either.
        [first, 0x2a, 0x4d, 0x18, a, b, c, d, rest @ ..] if first & 0xf0 == 0x50 => {
            let length = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).ok()?;
            by_beginning(rest.get(length..)?).filter(|packing| matches!(packing, Packing::Zstd | Packing::Lz4))
        }
        [b'Z', b'F', b'0', b'x', ..] if front.get(21..).is_some_and(is_old_joblib) => Some(Packing::OldJoblib),
        _ => None,
    }
}

fn is_old_joblib(behind: &[u8]) -> bool {
    is_zlib(behind) || behind.strip_prefix(b" ").is_some_and(is_zlib)
}

fn by_structure(front: &[u8]) -> Option<Packing> {
    if tar::is_header(front) {
        Some(Packing::Tar)
    } else if is_zlib(front) {
        Some(Packing::Zlib)
    } else if is_lzma(front) {
        Some(Packing::Lzma)
    } else {
        None
    }
}

/// Two bytes are no evidence, so it must also inflate; with another window than the usual one, further. Windows of 1
/// and 8 KiB are left out: with their first byte a pickle may begin, and it would hide behind some deflated bytes.
fn is_zlib(front: &[u8]) -> bool {
    let [method, flags, _, ..] = *front else { return false };
    // No dictionary.
    let checked = u16::from_be_bytes([method, flags]).is_multiple_of(31) && flags & 0x20 == 0;
    checked
        && match method {
            0x78 => gives_bytes(ZlibDecoder::new(front)),
            0x18 | 0x38 | 0x48 | 0x68 => gives_many(ZlibDecoder::new(front)),
            _ => false,
        }
}

/// As liblzma guesses: a dictionary size that encoders write, a size below 256 GiB, the first byte of the range
/// coder. Numbers and zeros look so too, and zeros even decode, so there must be a size and a code.
fn is_lzma(front: &[u8]) -> bool {
    let Some((header, [0, code @ ..])) = front.split_first_chunk::<13>() else { return false };
    let (properties, dictionary, size) = lzma_header(header);
    let round = |n: u32| n == u32::MAX || n.is_power_of_two() || (n.is_multiple_of(3) && (n / 3).is_power_of_two());
    let sized = size.is_none_or(|n| (1..1 << 38).contains(&n));
    let coded = code.iter().take(4).any(|b| *b != 0);
    let plausible = properties < 225 && dictionary >= 1 << 12 && round(dictionary) && sized && coded;
    plausible
        && LzmaReader::new_with_props(&front[13..], size.unwrap_or(u64::MAX), properties, 1 << 16, None)
            .is_ok_and(gives_bytes)
}

/// Whether the first bytes come out, or the stream is whole and empty.
fn gives_bytes(mut decoder: impl Read) -> bool {
    decoder.read(&mut [0; 16]).is_ok()
}

/// Whether 256 bytes come out, or fewer and a sound end.
fn gives_many(decoder: impl Read) -> bool {
    std::io::copy(&mut decoder.take(256), &mut std::io::sink()).is_ok()
}
