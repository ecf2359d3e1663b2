//! Object headers (specification, IV.A.1).

use std::collections::HashSet;

use super::file::{Cursor, File};
use crate::fault::Fault;

pub(super) const DATASPACE: u16 = 0x01;
pub(super) const LINK_INFO: u16 = 0x02;
pub(super) const DATATYPE: u16 = 0x03;
pub(super) const LINK: u16 = 0x06;
pub(super) const EXTERNAL_FILES: u16 = 0x07;
pub(super) const LAYOUT: u16 = 0x08;
pub(super) const FILTERS: u16 = 0x0b;
pub(super) const ATTRIBUTE: u16 = 0x0c;
const CONTINUATION: u16 = 0x10;
pub(super) const SYMBOL_TABLE: u16 = 0x11;
pub(super) const DRIVER: u16 = 0x14;
pub(super) const ATTRIBUTE_INFO: u16 = 0x15;
pub(super) const CACHE_IMAGE: u16 = 0x18;
const WANTED: [u16; 12] = [
    DATASPACE,
    LINK_INFO,
    DATATYPE,
    LINK,
    EXTERNAL_FILES,
    LAYOUT,
    FILTERS,
    ATTRIBUTE,
    SYMBOL_TABLE,
    DRIVER,
    ATTRIBUTE_INFO,
    CACHE_IMAGE,
];

pub(super) struct Message {
    pub(super) kind: u16,
    /// The body stands elsewhere and here is only where.
    pub(super) shared: bool,
    pub(super) body: Cursor,
}

/// The messages that this crate knows, and what stopped it if it did not come to the end.
pub(super) fn read(file: &mut File<'_>, address: u64) -> (Vec<Message>, Option<Fault>) {
    let mut messages = Vec::new();
    let fault = read_into(file, address, &mut messages).err();
    (messages, fault)
}

fn read_into(file: &mut File<'_>, address: u64, messages: &mut Vec<Message>) -> Result<(), Fault> {
    let mut start = file.read(address, 6)?;
    let mark = start.rest().to_vec();
    let (first, form) = match mark.as_slice() {
        [b'O', b'H', b'D', b'R', 2, flags] => second_form(file, address, *flags)?,
        [1, ..] => {
            let mut prefix = file.read(address, 12)?;
            prefix.skip(8)?;
            let size = u64::from(prefix.u32()?);
            (file.read(saturating(address, 16), size)?, Form { second: false, ordered: false })
        }
        _ => {
            return Err(Fault::broken(
                file.base.saturating_add(address),
                "对象头的标记有误",
                "the mark of an object header is wrong",
            ));
        }
    };
    let mut blocks = vec![first];
    let mut seen = HashSet::new();
    while let Some(mut block) = blocks.pop() {
        while let Some((kind, shared, mut body)) = next(&mut block, form)? {
            file.entry()?;
            if kind == CONTINUATION {
                let (address, length) = (body.address()?, body.length()?);
                if !seen.insert(address) {
                    return Err(body.broken("对象头的续块成环", "the blocks of an object header form a cycle"));
                }
                blocks.push(continuation(file, address, length, form)?);
            } else if WANTED.contains(&kind) {
                messages.push(Message { kind, shared, body });
            }
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Form {
    second: bool,
    /// Each message carries its creation order.
    ordered: bool,
}

fn second_form(file: &mut File<'_>, address: u64, flags: u8) -> Result<(Cursor, Form), Fault> {
    let times = if flags & 0x20 != 0 { 16 } else { 0 };
    let phase = if flags & 0x10 != 0 { 4 } else { 0 };
    let size_bytes = 1u8 << (flags & 3);
    let at = saturating(address, 6 + times + phase);
    let size = file.read(at, u64::from(size_bytes))?.sized(size_bytes)?;
    let block = file.read(saturating(at, u64::from(size_bytes)), size)?;
    Ok((block, Form { second: true, ordered: flags & 4 != 0 }))
}

fn continuation(file: &mut File<'_>, address: u64, length: u64, form: Form) -> Result<Cursor, Fault> {
    if !form.second {
        return file.read(address, length);
    }
    // A checksum ends the block.
    let mut block = file.read(address, length.saturating_sub(4))?;
    block.expect(b"OCHK", "对象头续块的标记有误", "the mark of an object header's block is wrong")?;
    Ok(block)
}

/// Kind, whether it is shared, body; `None` where the block ends or only a gap is left.
fn next(block: &mut Cursor, form: Form) -> Result<Option<(u16, bool, Cursor)>, Fault> {
    let prefix = match (form.second, form.ordered) {
        (false, _) => 8,
        (true, false) => 4,
        (true, true) => 6,
    };
    if block.left() < prefix {
        return Ok(None);
    }
    let (kind, size, flags);
    if form.second {
        kind = u16::from(block.byte()?);
        size = block.u16()?;
        flags = block.byte()?;
    } else {
        kind = block.u16()?;
        size = block.u16()?;
        flags = block.byte()?;
    }
    block.skip(prefix - if form.second { 4 } else { 5 })?;
    Ok(Some((kind, flags & 2 != 0, block.part(usize::from(size))?)))
}

pub(super) fn saturating(address: u64, more: u64) -> u64 {
    address.saturating_add(more)
}
