//! Files that a dataset takes its values from: external storage and virtual datasets.

use super::{
    file::{Cursor, File},
    heap::{GlobalHeaps, LocalHeap},
};
use crate::fault::Fault;

/// Names of the files of an external file list (message 0x0007).
pub(super) fn external_files(file: &mut File<'_>, body: &mut Cursor) -> Result<Vec<String>, Fault> {
    body.skip(6)?;
    let used = body.u16()?;
    let heap = LocalHeap::open(file, body.address()?)?;
    let mut names = Vec::new();
    for _ in 0..used {
        file.entry()?;
        let (name, _offset, _size) = (body.length()?, body.length()?, body.length()?);
        names.push(heap.text(file, name)?);
    }
    Ok(names)
}

/// Names of the files of a virtual dataset; `.` is the file itself.
pub(super) fn virtual_files(
    file: &mut File<'_>,
    heaps: &mut GlobalHeaps,
    heap: u64,
    index: u32,
) -> Result<Vec<String>, Fault> {
    if file.is_undefined(heap) {
        return Ok(Vec::new());
    }
    let mut block = heaps.object(file, heap, index)?;
    let version = block.byte()?;
    if version > 1 {
        return Err(Fault::unread(
            "此版本的虚拟数据集映射未解读",
            "this version of a virtual dataset's mapping was not read",
        ));
    }
    let count = block.length()?;
    let mut names = Vec::new();
    for _ in 0..count {
        file.entry()?;
        // Version 1, which HDF5 2.0 writes: 1 and 2 say that the name of an earlier entry is meant, 4 that the file itself is.
        let flags = if version == 1 { block.byte()? } else { 0 };
        match flags & 5 {
            0 => names.push(block.terminated()),
            1 => {
                block.length()?;
            }
            _ => {}
        }
        if flags & 2 == 0 {
            block.terminated();
        } else {
            block.length()?;
        }
        selection(&mut block)?;
        selection(&mut block)?;
    }
    Ok(names)
}

/// Passes over a selection of elements (specification, VIII.A).
fn selection(block: &mut Cursor) -> Result<(), Fault> {
    const NONE: u32 = 0;
    const POINTS: u32 = 1;
    const SLAB: u32 = 2;
    const ALL: u32 = 3;
    let skip = |block: &mut Cursor, bytes: u64| block.skip(usize::try_from(bytes).unwrap_or(usize::MAX));
    match (block.u32()?, block.u32()?) {
        (NONE | ALL, _) => block.skip(8),
        (POINTS | SLAB, 1) => {
            block.skip(4)?;
            let length = block.u32()?;
            skip(block, u64::from(length))
        }
        (SLAB, 2) => {
            block.skip(1)?;
            let length = block.u32()?;
            skip(block, u64::from(length))
        }
        (SLAB, 3) => {
            let (flags, width) = (block.byte()?, block.byte()?);
            let rank = u64::from(block.u32()?);
            if width > 8 {
                return Err(block.broken("选区的数字过宽", "the numbers of a selection are too wide"));
            }
            let numbers = if flags & 1 != 0 {
                rank.saturating_mul(4)
            } else {
                block.sized(width)?.saturating_mul(rank.saturating_mul(2))
            };
            skip(block, numbers.saturating_mul(u64::from(width)))
        }
        (POINTS, 2) => {
            let width = block.byte()?;
            let rank = u64::from(block.u32()?);
            let points = block.sized(width.min(8))?;
            skip(block, points.saturating_mul(rank).saturating_mul(u64::from(width)))
        }
        _ => Err(block.broken("未知的选区", "an unknown selection")),
    }
}
