//! Bodies of messages (specification, IV.A.2).

use jingwei_read::PICKLE_FRONT;

use super::{
    file::{Cursor, File},
    heap::GlobalHeaps,
};
use crate::fault::Fault;

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Hard(u64),
    Soft(String),
    External {
        file: String,
        path: String,
    },
    /// A kind of link that an application defines.
    User(u8),
}

pub(super) struct Link {
    pub(super) name: String,
    pub(super) target: Target,
}

pub(super) fn link(body: &mut Cursor) -> Result<Link, Fault> {
    if body.byte()? != 1 {
        return Err(body.broken("未知的链接版本", "an unknown version of a link"));
    }
    let flags = body.byte()?;
    let kind = if flags & 8 != 0 { body.byte()? } else { 0 };
    body.skip(if flags & 4 != 0 { 8 } else { 0 } + usize::from(flags & 0x10 != 0))?;
    let length = body.sized(1 << (flags & 3))?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let name = String::from_utf8_lossy(body.take(length)?).into_owned();
    let target = match kind {
        0 => Target::Hard(body.address()?),
        1 => {
            let length = usize::from(body.u16()?);
            Target::Soft(String::from_utf8_lossy(body.take(length)?).into_owned())
        }
        64 => {
            body.skip(3)?;
            Target::External { file: body.terminated(), path: body.terminated() }
        }
        other => Target::User(other),
    };
    Ok(Link { name, target })
}

/// The sides of an array, none for a scalar; `None` where there is no value at all.
pub(super) fn dataspace(body: &mut Cursor) -> Result<Option<Vec<u64>>, Fault> {
    let (version, rank, flags) = (body.byte()?, body.byte()?, body.byte()?);
    let _ = flags;
    match version {
        1 => body.skip(5)?,
        2 => {
            if body.byte()? == 2 {
                return Ok(None);
            }
        }
        _ => return Err(body.broken("未知的数据空间版本", "an unknown version of a dataspace")),
    }
    (0..rank).map(|_| body.length()).collect::<Result<_, _>>().map(Some)
}

/// As much of a type as decides how its text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of fixed length; how it is filled up: 0 and 1 by NULs, 2 by blanks.
    FixedText {
        padding: u8,
    },
    VariableText,
    Number,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Datatype {
    pub(super) kind: Kind,
    /// Bytes of one element.
    pub(super) size: u32,
}

pub(super) fn datatype(body: &mut Cursor) -> Result<Datatype, Fault> {
    let class = body.byte()? & 0x0f;
    let bits = body.byte()?;
    body.skip(2)?;
    let size = body.u32()?;
    let kind = match class {
        0 | 1 => Kind::Number,
        3 => Kind::FixedText { padding: bits & 0x0f },
        9 if bits & 0x0f == 1 => Kind::VariableText,
        _ => Kind::Other,
    };
    Ok(Datatype { kind, size })
}

/// The address at which a shared message of this header really stands; `None` in a heap of shared messages.
pub(super) fn shared(body: &mut Cursor) -> Result<Option<u64>, Fault> {
    let (version, kind) = (body.byte()?, body.byte()?);
    match (version, kind) {
        (1, _) => {
            body.skip(6)?;
            body.address().map(Some)
        }
        (2, _) | (3, 2) => body.address().map(Some),
        (3, _) => Ok(None),
        _ => Err(body.broken("未知的共享消息版本", "an unknown version of a shared message")),
    }
}

/// Filters that HDF5 has, or h5py or PyTables bring: deflate, shuffle, checksum, szip, nbit, scaleoffset, LZO, bzip2, LZF,
/// Blosc and Blosc2.
pub(super) const FILTERS: [u16; 11] = [1, 2, 3, 4, 5, 6, 305, 307, 32_000, 32_001, 32_026];

/// The filters that values pass through when they are read: number and name.
pub(super) fn filters(body: &mut Cursor) -> Result<Vec<(u16, String)>, Fault> {
    let (version, count) = (body.byte()?, body.byte()?);
    match version {
        1 => body.skip(6)?,
        2 => {}
        _ => return Err(body.broken("未知的过滤器版本", "an unknown version of filters")),
    }
    let mut filters = Vec::new();
    for _ in 0..count {
        let id = body.u16()?;
        // The second version leaves out the names of filters that everybody has.
        let named = version == 1 || id >= 256;
        let length = if named { usize::from(body.u16()?) } else { 0 };
        body.skip(2)?;
        let values = usize::from(body.u16()?);
        let padded = if version == 1 { length.next_multiple_of(8) } else { length };
        let name = body.part(padded)?.terminated();
        let odd = usize::from(version == 1 && values % 2 == 1);
        body.skip((values + odd).saturating_mul(4))?;
        filters.push((id, name));
    }
    Ok(filters)
}

/// Where the values of a dataset are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    /// In the message itself, with how they begin.
    Compact {
        offset: u64,
        length: u64,
        front: Vec<u8>,
    },
    Contiguous {
        address: u64,
        length: Option<u64>,
    },
    Chunked {
        address: u64,
    },
    Virtual {
        heap: u64,
        index: u32,
    },
}

pub(super) fn layout(body: &mut Cursor) -> Result<Layout, Fault> {
    let version = body.byte()?;
    match version {
        1 | 2 => {
            let (rank, class) = (body.byte()?, body.byte()?);
            body.skip(5)?;
            match class {
                0 => {
                    body.skip(4usize.saturating_mul(usize::from(rank)))?;
                    let length = body.u32()?;
                    compact(body, u64::from(length))
                }
                1 => Ok(Layout::Contiguous { address: body.address()?, length: None }),
                2 => Ok(Layout::Chunked { address: body.address()? }),
                _ => Err(body.broken("未知的存储方式", "an unknown layout of values")),
            }
        }
        3..=5 => match body.byte()? {
            0 => {
                let length = body.u16()?;
                compact(body, u64::from(length))
            }
            1 => Ok(Layout::Contiguous { address: body.address()?, length: Some(body.length()?) }),
            2 if version == 3 => {
                body.skip(1)?;
                Ok(Layout::Chunked { address: body.address()? })
            }
            // What depends on the kind of index stands in between.
            2 => Ok(Layout::Chunked { address: body.last_address()? }),
            3 => Ok(Layout::Virtual { heap: body.address()?, index: body.u32()? }),
            _ => Err(body.broken("未知的存储方式", "an unknown layout of values")),
        },
        _ => Err(body.broken("未知的存储方式版本", "an unknown version of a layout")),
    }
}

fn compact(body: &mut Cursor, length: u64) -> Result<Layout, Fault> {
    let offset = body.position();
    let length = length.min(body.left() as u64);
    let count = usize::try_from(length.min(PICKLE_FRONT)).unwrap_or(0);
    Ok(Layout::Compact { offset, length, front: body.take(count)?.to_vec() })
}

/// An attribute before its text is read.
pub(super) struct RawAttribute {
    pub(super) name: String,
    pub(super) datatype: Result<Datatype, u64>,
    pub(super) shape: Option<Vec<u64>>,
    pub(super) data: Cursor,
}

/// The datatype is an address where it is shared.
pub(super) fn attribute(body: &mut Cursor) -> Result<RawAttribute, Fault> {
    let version = body.byte()?;
    if !(1..=3).contains(&version) {
        return Err(body.broken("未知的属性版本", "an unknown version of an attribute"));
    }
    let flags = body.byte()?;
    let flags = if version == 1 { 0 } else { flags };
    let sizes = [usize::from(body.u16()?), usize::from(body.u16()?), usize::from(body.u16()?)];
    body.skip(usize::from(version == 3))?;
    let padded = |size: usize| if version == 1 { size.next_multiple_of(8) } else { size };
    let name = body.part(padded(sizes[0]))?.terminated();
    let mut datatype_body = body.part(padded(sizes[1]))?;
    let mut space = body.part(padded(sizes[2]))?;
    let unread = || {
        Fault::unread(
            "共享消息堆中的属性类型未解读",
            "an attribute whose type stands in a heap of shared messages was not read",
        )
    };
    if flags & 2 != 0 {
        return Err(unread());
    }
    let datatype = match flags & 1 {
        0 => Ok(datatype(&mut datatype_body)?),
        _ => Err(shared(&mut datatype_body)?.ok_or_else(unread)?),
    };
    let shape = dataspace(&mut space)?;
    let left = body.left();
    let data = body.part(left)?;
    Ok(RawAttribute { name, datatype, shape, data })
}

/// The texts of an attribute; `None` where it holds something else.
pub(super) fn texts(
    file: &mut File<'_>,
    heaps: &mut GlobalHeaps,
    datatype: Datatype,
    shape: Option<&[u64]>,
    data: &mut Cursor,
) -> Result<Option<Vec<String>>, Fault> {
    let Some(shape) = shape else { return Ok(None) };
    let count = shape.iter().fold(1u64, |n, side| n.saturating_mul(*side));
    let mut texts = Vec::new();
    match datatype.kind {
        Kind::FixedText { padding } => {
            let size = usize::try_from(datatype.size).unwrap_or(usize::MAX);
            for _ in 0..count {
                file.entry()?;
                let bytes = data.take(size)?;
                texts.push(fixed(bytes, padding));
            }
        }
        Kind::VariableText => {
            for _ in 0..count {
                file.entry()?;
                let (length, collection, index) = (u64::from(data.u32()?), data.address()?, data.u32()?);
                texts.push(if length == 0 { String::new() } else { variable(file, heaps, collection, index, length)? });
            }
        }
        Kind::Number | Kind::Other => return Ok(None),
    }
    Ok(Some(texts))
}

fn fixed(bytes: &[u8], padding: u8) -> String {
    let end = match padding {
        1 => bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1),
        2 => bytes.iter().rposition(|b| *b != b' ').map_or(0, |last| last + 1),
        _ => bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len()),
    };
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn variable(
    file: &mut File<'_>,
    heaps: &mut GlobalHeaps,
    collection: u64,
    index: u32,
    length: u64,
) -> Result<String, Fault> {
    let mut object = heaps.object(file, collection, index)?;
    let bytes = object.rest();
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(bytes.len());
    let end = bytes[..length].iter().position(|b| *b == 0).unwrap_or(length);
    Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
}
