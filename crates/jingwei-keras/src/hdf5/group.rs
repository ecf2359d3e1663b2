//! Links of a group, whether they stand in its header, in a symbol table or in a heap.

use std::collections::HashSet;

use super::{
    file::{Cursor, File},
    heap::{FractalHeap, LocalHeap},
    message::{self, Link, Target},
    tree,
};
use crate::fault::Fault;

/// A group of the old style (message 0x0011).
pub(super) fn symbol_table(file: &mut File<'_>, body: &mut Cursor, links: &mut Vec<Link>) -> Result<(), Fault> {
    let (root, heap) = (body.address()?, body.address()?);
    let heap = LocalHeap::open(file, heap)?;
    let wide = u64::from(file.address_bytes);
    for address in tree::symbol_nodes(file, root)? {
        file.entry()?;
        let mut head = file.read(address, 8)?;
        head.expect(b"SNOD\x01", "符号表节点的标记有误", "the mark of a symbol table node is wrong")?;
        head.skip(1)?;
        let count = u64::from(head.u16()?);
        let mut entries = file.read(address.saturating_add(8), count * (2 * wide + 24))?;
        for _ in 0..count {
            file.entry()?;
            let (name, object, cached) = (entries.address()?, entries.address()?, entries.u32()?);
            entries.skip(4)?;
            let text = entries.u32()?;
            entries.skip(12)?;
            let name = heap.text(file, name)?;
            // 2 marks a soft link, whose text stands in the heap too.
            let target = match cached {
                2 => Target::Soft(heap.text(file, text.into())?),
                _ => Target::Hard(object),
            };
            links.push(Link { name, target });
        }
    }
    Ok(())
}

/// The objects of a fractal heap that the indexes of an info message list: by name and, where there is one, by the order
/// of creation. A reader may use either, so both count.
pub(super) fn dense(
    file: &mut File<'_>,
    heap: u64,
    indexes: [Option<u64>; 2],
    mut each: impl FnMut(&mut File<'_>, Cursor) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if file.is_undefined(heap) {
        return Ok(());
    }
    let mut heap = FractalHeap::open(file, heap)?;
    let mut seen = HashSet::new();
    for index in indexes.into_iter().flatten().filter(|index| !file.is_undefined(*index)).collect::<Vec<_>>() {
        let records = tree::records(file, index)?;
        let id = match records.kind {
            5 => 4..11,
            6 => 8..15,
            8 | 9 => 0..8,
            _ => return Err(Fault::unread("未知种类的索引未解读", "an index of an unknown kind was not read")),
        };
        // Attributes may stand in a heap of shared messages instead.
        let flags = if records.kind >= 8 { Some(8) } else { None };
        for record in &records.bytes {
            let Some(id) = record.get(id.clone()) else { continue };
            if flags.and_then(|at| record.get(at)).is_some_and(|flags| flags & 2 != 0) {
                return Err(Fault::unread(
                    "共享消息堆中的属性未解读",
                    "an attribute in a heap of shared messages was not read",
                ));
            }
            if seen.insert(id.to_vec()) {
                let body = heap.object(file, id)?;
                each(file, body)?;
            }
        }
    }
    Ok(())
}

/// A group of the new style with many links (message 0x0002).
pub(super) fn link_info(file: &mut File<'_>, body: &mut Cursor, links: &mut Vec<Link>) -> Result<(), Fault> {
    body.skip(1)?;
    let flags = body.byte()?;
    body.skip(if flags & 1 != 0 { 8 } else { 0 })?;
    let (heap, by_name) = (body.address()?, body.address()?);
    let by_order = if flags & 2 != 0 { Some(body.address()?) } else { None };
    dense(file, heap, [Some(by_name), by_order], |_, mut body| {
        links.push(message::link(&mut body)?);
        Ok(())
    })
}

/// Where an object with many attributes keeps them (message 0x0015): heap and indexes.
pub(super) fn attribute_info(body: &mut Cursor) -> Result<(u64, [Option<u64>; 2]), Fault> {
    body.skip(1)?;
    let flags = body.byte()?;
    body.skip(if flags & 1 != 0 { 2 } else { 0 })?;
    let (heap, by_name) = (body.address()?, body.address()?);
    let by_order = if flags & 2 != 0 { Some(body.address()?) } else { None };
    Ok((heap, [Some(by_name), by_order]))
}
