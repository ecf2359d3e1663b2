//! The three kinds of heaps (specification, III.D to III.G).

use std::collections::HashMap;

use super::{
    file::{Cursor, File},
    tree::{self, width},
};
use crate::fault::Fault;

/// Names of old groups and of external files.
pub(super) struct LocalHeap {
    data: u64,
    length: u64,
}

impl LocalHeap {
    pub(super) fn open(file: &mut File<'_>, address: u64) -> Result<Self, Fault> {
        let mut head = file.read(address, 8 + 2 * u64::from(file.length_bytes) + u64::from(file.address_bytes))?;
        head.expect(b"HEAP\0", "本地堆的标记有误", "the mark of a local heap is wrong")?;
        head.skip(3)?;
        let (length, _free, data) = (head.length()?, head.length()?, head.address()?);
        Ok(Self { data, length })
    }

    /// The text that begins at an offset of the heap.
    pub(super) fn text(&self, file: &mut File<'_>, offset: u64) -> Result<String, Fault> {
        let most = self.length.saturating_sub(offset).min(file.limits.string_bytes);
        let at = self.data.saturating_add(offset);
        let mut text = Vec::new();
        // Names are short: read little, and more only where no end is in sight.
        let mut step = 64;
        while (text.len() as u64) < most {
            let start = at.saturating_add(text.len() as u64);
            let there = file.length().saturating_sub(file.base.saturating_add(start));
            let count = (most - text.len() as u64).min(step).min(there);
            if count == 0 {
                break;
            }
            let mut chunk = file.read(start, count)?;
            let chunk = chunk.rest();
            if let Some(end) = chunk.iter().position(|b| *b == 0) {
                text.extend_from_slice(&chunk[..end]);
                return Ok(String::from_utf8_lossy(&text).into_owned());
            }
            text.extend_from_slice(chunk);
            step = step.saturating_mul(4);
        }
        Err(Fault::broken(
            file.base.saturating_add(at),
            "名称没有结束或在堆之外",
            "a name does not end, or lies outside its heap",
        ))
    }
}

/// Address and length of the objects of a collection, by index.
type Objects = HashMap<u32, (u64, u64)>;

/// Values of variable length. Collections are indexed once.
#[derive(Default)]
pub(super) struct GlobalHeaps {
    collections: HashMap<u64, Result<Objects, Fault>>,
}

impl GlobalHeaps {
    /// Address and length of every object in the collection at an address.
    pub(super) fn all(&mut self, file: &mut File<'_>, collection: u64) -> Vec<(u64, u64)> {
        let objects = self.collections.entry(collection).or_insert_with(|| index_collection(file, collection));
        let mut places: Vec<(u64, u64)> = objects.iter().flat_map(|objects| objects.values().copied()).collect();
        places.sort_unstable();
        places
    }

    pub(super) fn object(&mut self, file: &mut File<'_>, collection: u64, index: u32) -> Result<Cursor, Fault> {
        let objects = self.collections.entry(collection).or_insert_with(|| index_collection(file, collection));
        let place = objects.as_ref().map_err(Clone::clone)?.get(&index).copied();
        let (address, length) = place.ok_or_else(|| {
            Fault::broken(
                file.base.saturating_add(collection),
                "全局堆中没有所指的对象",
                "a global heap lacks the object that is asked for",
            )
        })?;
        if length > file.limits.string_bytes {
            return Err(Fault::Limit { name: "string_bytes", value: file.limits.string_bytes });
        }
        file.read(address, length)
    }
}

fn index_collection(file: &mut File<'_>, address: u64) -> Result<Objects, Fault> {
    let head_bytes = 8 + u64::from(file.length_bytes);
    let mut head = file.read(address, head_bytes)?;
    head.expect(b"GCOL\x01", "全局堆的标记有误", "the mark of a global heap is wrong")?;
    head.skip(3)?;
    let end = address.saturating_add(head.length()?);
    let mut objects = HashMap::new();
    let mut at = address.saturating_add(head_bytes);
    while at.saturating_add(head_bytes) <= end {
        file.entry()?;
        let mut object = file.read(at, head_bytes)?;
        let index = u32::from(object.u16()?);
        object.skip(6)?;
        let length = object.length()?;
        if index == 0 {
            break;
        }
        let data = at.saturating_add(head_bytes);
        objects.insert(index, (data, length));
        at = data.saturating_add(length.saturating_add(7) & !7);
    }
    Ok(objects)
}

/// Links and attributes of objects that have many.
pub(super) struct FractalHeap {
    address: u64,
    offset_bytes: u8,
    length_bytes: u8,
    table_width: u64,
    start_block: u64,
    largest_direct: u64,
    root: u64,
    root_rows: u64,
    huge_tree: u64,
    huge: Option<HashMap<u64, (u64, u64)>>,
}

impl FractalHeap {
    pub(super) fn open(file: &mut File<'_>, address: u64) -> Result<Self, Fault> {
        let (wide, long) = (u64::from(file.address_bytes), u64::from(file.length_bytes));
        let mut head = file.read(address, 22 + 12 * long + 3 * wide)?;
        let at = head.position();
        head.expect(b"FRHP\0", "分形堆的标记有误", "the mark of a fractal heap is wrong")?;
        let (_id_bytes, filter_bytes, _flags, most_managed) = (head.u16()?, head.u16()?, head.byte()?, head.u32()?);
        let (_next_huge, huge_tree) = (head.length()?, head.address()?);
        let (_free, _manager) = (head.length()?, head.address()?);
        head.skip(8 * usize::from(file.length_bytes))?;
        let (table_width, start_block, largest_direct) = (u64::from(head.u16()?), head.length()?, head.length()?);
        let (heap_bits, _start_rows, root, root_rows) = (head.u16()?, head.u16()?, head.address()?, head.u16()?);
        if filter_bytes > 0 {
            return Err(Fault::unread("压缩的分形堆未解读", "a filtered fractal heap was not read"));
        }
        let powers = [table_width, start_block, largest_direct].iter().all(|n| n.is_power_of_two());
        if !powers || heap_bits > 64 || largest_direct < start_block {
            return Err(Fault::broken(at, "分形堆的尺寸不可能", "the sizes of a fractal heap are impossible"));
        }
        let direct_bytes = u8::try_from(largest_direct.ilog2().div_ceil(8)).unwrap_or(8);
        Ok(Self {
            address,
            offset_bytes: u8::try_from(heap_bits.div_ceil(8)).unwrap_or(8),
            length_bytes: direct_bytes.min(width(u64::from(most_managed))),
            table_width,
            start_block,
            largest_direct,
            root,
            root_rows: u64::from(root_rows),
            huge_tree,
            huge: None,
        })
    }

    /// The object that a heap id stands for.
    pub(super) fn object(&mut self, file: &mut File<'_>, id: &[u8]) -> Result<Cursor, Fault> {
        let here = file.base.saturating_add(self.address);
        let impossible =
            || Fault::broken(here, "分形堆中没有所指的对象", "a fractal heap lacks the object that is asked for");
        let number = |from: usize, bytes: u8| -> Option<u64> {
            let taken = id.get(from..from + usize::from(bytes))?;
            Some(taken.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
        };
        let (place, length) = match id.first().map(|flags| flags >> 4 & 3) {
            Some(0) => {
                let offset = number(1, self.offset_bytes).ok_or_else(impossible)?;
                let length = number(1 + usize::from(self.offset_bytes), self.length_bytes).ok_or_else(impossible)?;
                (self.managed(file, offset)?, length)
            }
            Some(1) => {
                let direct = file.address_bytes + file.length_bytes;
                if id.len() > usize::from(direct) {
                    let place = number(1, file.address_bytes).ok_or_else(impossible)?;
                    (place, number(1 + usize::from(file.address_bytes), file.length_bytes).ok_or_else(impossible)?)
                } else {
                    let bytes = usize::from(file.length_bytes).min(id.len() - 1);
                    let key = number(1, u8::try_from(bytes).unwrap_or(8)).ok_or_else(impossible)?;
                    self.huge(file, key)?.ok_or_else(impossible)?
                }
            }
            _ => return Err(Fault::unread("分形堆中的微小对象未解读", "a tiny object of a fractal heap was not read")),
        };
        if length > file.limits.string_bytes {
            return Err(Fault::Limit { name: "string_bytes", value: file.limits.string_bytes });
        }
        file.read(place, length)
    }

    /// Where a heap offset lies: the doubling table is descended until a direct block holds it.
    fn managed(&self, file: &mut File<'_>, mut offset: u64) -> Result<u64, Fault> {
        let outside = |file: &File<'_>, at: u64| {
            Fault::broken(
                file.base.saturating_add(at),
                "分形堆的偏移在块之外",
                "an offset of a fractal heap lies outside its blocks",
            )
        };
        if self.root_rows == 0 {
            return Ok(self.root.saturating_add(offset));
        }
        let (mut block, mut rows) = (self.root, self.root_rows);
        let first_row = self.table_width.saturating_mul(self.start_block);
        let direct_rows = u64::from(self.largest_direct.ilog2() - self.start_block.ilog2()) + 2;
        let wide = u64::from(file.address_bytes);
        loop {
            let row = if offset < first_row { 0 } else { u64::from((offset / first_row).ilog2()) + 1 };
            let doublings = u32::try_from(row.saturating_sub(1)).unwrap_or(u32::MAX);
            let size = self.start_block.checked_shl(doublings).filter(|size| *size > 0);
            let (Some(size), true) = (size, row < rows) else { return Err(outside(file, block)) };
            let row_start = if row == 0 { 0 } else { self.table_width.saturating_mul(size) };
            let column = (offset - row_start) / size;
            offset = offset - row_start - column * size;
            let index = row * self.table_width + column;
            let mut entry = file.read(block, 4)?;
            entry.expect(b"FHIB", "间接块的标记有误", "the mark of an indirect block is wrong")?;
            let entries = block.saturating_add(5 + wide + u64::from(self.offset_bytes));
            let child = file.read(entries.saturating_add(index.saturating_mul(wide)), wide)?.address()?;
            if file.is_undefined(child) {
                return Err(outside(file, block));
            }
            if row < direct_rows {
                return Ok(child.saturating_add(offset));
            }
            let child_rows = u64::from(size.ilog2().saturating_sub(first_row.ilog2())) + 1;
            if child_rows >= rows {
                return Err(outside(file, block));
            }
            (block, rows) = (child, child_rows);
        }
    }

    fn huge(&mut self, file: &mut File<'_>, key: u64) -> Result<Option<(u64, u64)>, Fault> {
        if self.huge.is_none() {
            let mut all = HashMap::new();
            let records = tree::records(file, self.huge_tree)?;
            if records.kind != 1 {
                return Err(Fault::unread(
                    "分形堆中的压缩大对象未解读",
                    "filtered huge objects of a fractal heap were not read",
                ));
            }
            let (wide, long) = (usize::from(file.address_bytes), usize::from(file.length_bytes));
            let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
            for record in records.bytes.iter().filter(|r| r.len() >= wide + 2 * long) {
                let (address, rest) = record.split_at(wide);
                let (length, id) = rest.split_at(long);
                all.insert(number(&id[..long]), (number(address), number(length)));
            }
            self.huge = Some(all);
        }
        Ok(self.huge.as_ref().and_then(|all| all.get(&key).copied()))
    }
}
