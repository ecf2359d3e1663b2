//! The two kinds of B-trees (specification, III.A), walked from the root down. Siblings are not followed, because readers
//! do not need them and hostile files make rings of them.

use std::collections::HashSet;

use super::file::File;
use crate::fault::Fault;

const WRONG_MARK: (&str, &str) = ("B 树节点的标记有误", "the mark of a B-tree node is wrong");
const WRONG_SHAPE: (&str, &str) = ("B 树的形状不可能", "the shape of a B-tree is impossible");
/// No real tree is deeper: each level multiplies the records by more than two.
const DEEPEST: u16 = 32;

/// Addresses of the symbol nodes of a group's tree of version 1.
pub(super) fn symbol_nodes(file: &mut File<'_>, root: u64) -> Result<Vec<u64>, Fault> {
    let mut leaves = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![(root, None)];
    while let Some((address, expected)) = open.pop() {
        file.entry()?;
        let mut node = file.read(address, 8 + 2 * u64::from(file.address_bytes))?;
        let at = node.position();
        node.expect(b"TREE", WRONG_MARK.0, WRONG_MARK.1)?;
        let (kind, level, used) = (node.byte()?, node.byte()?, node.u16()?);
        let is_expected = expected.is_none_or(|expected| expected == level);
        if kind != 0 || !is_expected || !seen.insert(address) {
            return Err(Fault::broken(at, WRONG_SHAPE.0, WRONG_SHAPE.1));
        }
        let pair = u64::from(file.address_bytes) + u64::from(file.length_bytes);
        let mut pairs =
            file.read(address.saturating_add(8 + 2 * u64::from(file.address_bytes)), pair * u64::from(used))?;
        let mut children = Vec::new();
        for _ in 0..used {
            pairs.length()?;
            children.push(pairs.address()?);
        }
        match level.checked_sub(1) {
            None => leaves.extend(children),
            Some(below) => open.extend(children.into_iter().rev().map(|child| (child, Some(below)))),
        }
    }
    Ok(leaves)
}

/// A tree of version 2.
pub(super) struct Records {
    pub(super) kind: u8,
    pub(super) bytes: Vec<Vec<u8>>,
}

/// All records of a tree of version 2.
pub(super) fn records(file: &mut File<'_>, address: u64) -> Result<Records, Fault> {
    let mut head = file.read(address, 16 + u64::from(file.address_bytes) + 2)?;
    let at = head.position();
    head.expect(b"BTHD\0", WRONG_MARK.0, WRONG_MARK.1)?;
    let (kind, node_bytes, record_bytes, depth) = (head.byte()?, head.u32()?, head.u16()?, head.u16()?);
    head.skip(2)?;
    let (root, root_records) = (head.address()?, head.u16()?);
    let mut out = Records { kind, bytes: Vec::new() };
    if file.is_undefined(root) {
        return Ok(out);
    }
    let levels = levels(u64::from(node_bytes), u64::from(record_bytes), depth, u64::from(file.address_bytes))
        .ok_or_else(|| Fault::broken(at, WRONG_SHAPE.0, WRONG_SHAPE.1))?;
    let mut seen = HashSet::new();
    let mut open = vec![(root, u64::from(root_records), depth)];
    while let Some((address, count, level)) = open.pop() {
        file.entry()?;
        if !seen.insert(address) {
            return Err(Fault::broken(file.base.saturating_add(address), WRONG_SHAPE.0, WRONG_SHAPE.1));
        }
        let pointer = if level == 0 { 0 } else { levels[usize::from(level)].pointer_bytes };
        let length = 6 + count * u64::from(record_bytes) + if level == 0 { 0 } else { (count + 1) * pointer };
        let mut node = file.read(address, length)?;
        let mark: &[u8] = if level == 0 { b"BTLF\0" } else { b"BTIN\0" };
        node.expect(mark, WRONG_MARK.0, WRONG_MARK.1)?;
        node.skip(1)?;
        for _ in 0..count {
            file.entry()?;
            out.bytes.push(node.take(usize::from(record_bytes))?.to_vec());
        }
        if let Some(below) = level.checked_sub(1) {
            let shape = &levels[usize::from(level)];
            for _ in 0..=count {
                let child = node.address()?;
                let child_count = node.sized(shape.count_bytes)?;
                node.skip(usize::from(shape.total_bytes))?;
                open.push((child, child_count.min(0xffff), below));
            }
        }
    }
    Ok(out)
}

struct Level {
    pointer_bytes: u64,
    count_bytes: u8,
    total_bytes: u8,
    most: u64,
    most_below: u64,
}

/// How wide the child pointers of each level are. Index 0 is the leaves' level.
fn levels(node: u64, record: u64, depth: u16, address: u64) -> Option<Vec<Level>> {
    if record == 0 || depth > DEEPEST {
        return None;
    }
    let leaf = node.checked_sub(10)? / record;
    let count_bytes = width(leaf);
    let mut levels = vec![Level { pointer_bytes: 0, count_bytes, total_bytes: 0, most: leaf, most_below: leaf }];
    for level in 1..=usize::from(depth) {
        let below = levels.get(level - 1)?;
        let total_bytes = if level == 1 { 0 } else { width(below.most_below) };
        let pointer_bytes = address + u64::from(count_bytes) + u64::from(total_bytes);
        let most = node.checked_sub(10 + pointer_bytes)? / (record + pointer_bytes);
        let most_below = (most + 1).saturating_mul(below.most_below).saturating_add(most);
        levels.push(Level { pointer_bytes, count_bytes, total_bytes, most, most_below });
    }
    levels.iter().all(|level| level.most > 0).then_some(levels)
}

/// Bytes that a number up to `most` takes.
pub(super) fn width(most: u64) -> u8 {
    let bits = 64 - most.max(1).leading_zeros();
    u8::try_from(bits.div_ceil(8)).unwrap_or(8)
}
