//! CatBoost models: a mark, a length, a FlatBuffer (`model.fbs` and `features.fbs` of the project), then parts by name.

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Part, Reader, Source};

use super::{Faults, MOST_CLASSES, index};
use crate::findings::{Findings, Stop};
use crate::flatbuffer::{Flat, Table, Vector};

/// Bytes before the FlatBuffer: the mark and the length.
const FRONT: u64 = 8;
/// A symmetric tree has two to this many leaves at most.
const DEEPEST: i32 = 30;
/// Features of a row that loaders count up to.
const MOST_FEATURES: i32 = 1 << 24;
/// How the names of parts begin that may follow: counts of categories, and what texts and embeddings are turned into.
const PARTS: [&str; 3] = ["static_provider_v", "text_process_", "embed_process_"];

/// Reads a CatBoost model.
pub fn inspect_catboost(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let mut faults = Faults::default();
    let result = model(source, limits, &mut findings, &mut faults);
    faults.report(&mut findings);
    findings.finish(result)
}

fn model(source: &mut dyn Source, limits: &Limits, findings: &mut Findings, faults: &mut Faults) -> Result<(), Stop> {
    let mut reader = Reader::new(source);
    reader.seek(4);
    let claimed = u64::from(reader.u32_le()?);
    let behind = reader.remaining().checked_sub(claimed).ok_or_else(|| {
        Stop::malformed(4, "模型声称的字节数超出文件", "the model claims more bytes than the file has")
    })?;
    drop(reader);
    let mut core = Part::new(source, FRONT, claimed);
    let mut walk = Walk { flat: Flat::new(&mut core, limits), faults };
    let model = walk.flat.root()?;
    walk.flat.text(model, 0)?;
    if let Some(trees) = walk.flat.child(model, 1)? {
        let count = walk.trees(trees)?;
        findings.inspection.facts.more.insert("trees", count.to_string());
    }
    let entries = walk.flat.vector(model, 2, 4)?;
    for n in 0..entries.count {
        let entry = walk.flat.element(entries, n)?;
        let (key, value) = (walk.flat.text(entry, 0)?, walk.flat.text(entry, 1)?);
        findings.note(&key, &value);
    }
    let parts = walk.flat.vector(model, 3, 4)?;
    for n in 0..parts.count {
        let part = walk.flat.string(parts, n)?;
        if !PARTS.iter().any(|known| part.starts_with(known)) {
            let (zh, en) = (
                format!("部分 {} 未知", jingwei_read::shown(&part)),
                format!("its part {} is unknown", jingwei_read::shown(&part)),
            );
            walk.faults.lie(None, zh, en);
        }
    }
    if (behind > 0) != (parts.count > 0) {
        let (zh, en) = (
            format!("声明了 {} 个部分，其后有 {behind} 字节", parts.count),
            format!("{} parts are named, and {behind} bytes follow", parts.count),
        );
        walk.faults.lie(None, zh, en);
    }
    Ok(())
}

struct Walk<'s, 'f> {
    flat: Flat<'s>,
    faults: &'f mut Faults,
}

impl Walk<'_, '_> {
    /// How many trees there are.
    fn trees(&mut self, trees: Table) -> Result<u32, Stop> {
        let outputs = self.flat.i32(trees, 0)?;
        self.faults.amount("ApproxDimension", Some(outputs.into()), 0, MOST_CLASSES);
        let splits = self.flat.vector(trees, 1, 4)?;
        let sizes = self.flat.vector(trees, 2, 4)?;
        let starts = self.flat.vector(trees, 3, 4)?;
        let values = self.flat.vector(trees, 8, 8)?;
        let weights = self.flat.vector(trees, 9, 8)?;
        let steps = self.flat.vector(trees, 10, 4)?;
        let leaves = self.flat.vector(trees, 11, 4)?;
        let outputs =
            index(outputs.into()).filter(|outputs| *outputs > 0 || sizes.count == 0).map(|outputs| outputs as u64);
        let Some(outputs) = outputs else {
            self.faults.outside(None, "ApproxDimension 不是正数", "ApproxDimension is no positive number");
            return Ok(sizes.count);
        };
        if starts.count > 0 {
            self.faults.count(None, "TreeStartOffsets", starts.count.into(), sizes.count.into());
        }
        let is_symmetric = steps.count == 0;
        if !is_symmetric {
            self.faults.count(None, "NonSymmetricStepNodes", steps.count.into(), splits.count.into());
            self.faults.count(None, "NonSymmetricNodeIdToLeafId", leaves.count.into(), splits.count.into());
        }
        let (mut at, mut ends) = (0u64, 0u64);
        for n in 0..sizes.count {
            let tree = Some(n as usize);
            let size = self.flat.number(sizes, n)?;
            let most = if is_symmetric { DEEPEST } else { i32::MAX };
            let Some(length) = u64::try_from(size).ok().filter(|_| size <= most) else {
                self.faults.outside(tree, format!("大小 {size} 不可能存在"), format!("its size {size} cannot be"));
                return Ok(sizes.count);
            };
            if n < starts.count && i64::from(self.flat.number(starts, n)?) != i64::try_from(at).unwrap_or(i64::MAX) {
                let (zh, en) = ("起点与各树的大小不符", "it does not begin where the one before ends");
                self.faults.outside(tree, zh, en);
            }
            if !is_symmetric {
                self.steps(tree, [steps, leaves], at, length, values)?;
            }
            at += length;
            ends = ends.saturating_add(1u64.checked_shl(u32::try_from(size).unwrap_or(0)).unwrap_or(u64::MAX));
        }
        self.faults.count(None, "TreeSplits", splits.count.into(), at);
        if is_symmetric {
            self.faults.count(None, "LeafValues", values.count.into(), ends.saturating_mul(outputs));
            if weights.count > 0 {
                self.faults.count(None, "LeafWeights", weights.count.into(), ends);
            }
        }
        let most = self.features(trees)?;
        self.splits(splits, most)?;
        Ok(sizes.count)
    }

    /// A tree whose nodes say how far ahead their children lie; no way ahead is a leaf.
    fn steps(
        &mut self,
        tree: Option<usize>,
        [steps, leaves]: [Vector; 2],
        start: u64,
        length: u64,
        values: Vector,
    ) -> Result<(), Stop> {
        for node in 0..length {
            let Some(n) = u32::try_from(start + node).ok().filter(|n| *n < steps.count.min(leaves.count)) else {
                // Told by its length.
                return Ok(());
            };
            let [low, high] = [
                self.flat.number(steps, n)?.cast_unsigned() & 0xffff,
                self.flat.number(steps, n)?.cast_unsigned() >> 16,
            ];
            if let Some(step) = [low, high].into_iter().find(|step| node + u64::from(*step) >= length) {
                let (zh, en) = (
                    format!("节点 {node} 向前 {step} 个节点，超出该树"),
                    format!("node {node} leads {step} nodes ahead, out of the tree"),
                );
                self.faults.outside(tree, zh, en);
            }
            let leaf = self.flat.number(leaves, n)?.cast_unsigned();
            if (low == 0 || high == 0) && leaf >= values.count {
                let (zh, en) = (
                    format!("节点 {node} 的叶 {leaf} 不存在"),
                    format!("node {node} has the leaf {leaf}, which is not there"),
                );
                self.faults.outside(tree, zh, en);
            }
        }
        Ok(())
    }

    /// In how many ways a row is split: at each border, and by each value that is told apart.
    fn features(&mut self, trees: Table) -> Result<u64, Stop> {
        let mut ways = 0;
        // Floats, those told apart by value, those counted, and those estimated: where their borders stand.
        for (field, borders, indices) in [(5, 3, &[0u16, 1][..]), (6, 1, &[0]), (7, 1, &[]), (13, 3, &[0, 2])] {
            let features = self.flat.vector(trees, field, 4)?;
            for n in 0..features.count {
                let feature = self.flat.element(features, n)?;
                ways += u64::from(self.flat.vector(feature, borders, 4)?.count);
                self.indices(feature, indices)?;
            }
        }
        let features = self.flat.vector(trees, 4, 4)?;
        for n in 0..features.count {
            let feature = self.flat.element(features, n)?;
            self.indices(feature, &[0, 1])?;
        }
        Ok(ways)
    }

    fn indices(&mut self, feature: Table, fields: &[u16]) -> Result<(), Stop> {
        for field in fields {
            let number = if self.flat.has(feature, *field)? { self.flat.i32(feature, *field)? } else { 0 };
            if !(0..MOST_FEATURES).contains(&number) {
                let (zh, en) = (format!("特征编号 {number} 不可能存在"), format!("there is no feature {number}"));
                self.faults.outside(None, zh, en);
            }
        }
        Ok(())
    }

    fn splits(&mut self, splits: Vector, most: u64) -> Result<(), Stop> {
        for n in 0..splits.count {
            let split = self.flat.number(splits, n)?;
            if u64::try_from(split).map_or(true, |split| split >= most) {
                let (zh, en) = (
                    format!("划分 {split} 不在 {most} 个划分中"),
                    format!("the split {split} is none of the {most} that there are"),
                );
                self.faults.outside(None, zh, en);
                return Ok(());
            }
        }
        Ok(())
    }
}
