//! XGBoost models as they were written before JSON: structures of C, one behind the other. `binf` may stand before them;
//! behind `bs64` they are base64.

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Reader, Source};

use super::{Child, Faults, MOST_CLASSES, MOST_FEATURES, index};
use crate::findings::{Findings, Stop};

/// Bytes of the structures: of the learner, a forest, a tree, a node, its statistics and a linear model.
const LEARNER: u64 = 136;
const FOREST: u64 = 160;
const TREE: u64 = 148;
const NODE: u64 = 20;
const STATISTICS: u64 = 16;
const LINEAR: u64 = 136;
/// Longest name of an objective or of a booster.
const LONGEST_NAME: u64 = 256;
const BOOSTERS: [&[u8]; 3] = [b"gbtree", b"dart", b"gblinear"];
const OBJECTIVES: [&[u8]; 7] = [b"reg:", b"binary:", b"multi:", b"rank:", b"count:", b"survival:", b"gpu:"];

/// Told by the names of the objective and of the booster.
pub(crate) fn is_xgboost_binary(front: &[u8]) -> bool {
    // A text may begin so too.
    let is_binary = |rest: &[u8]| rest.iter().take(32).any(|byte| *byte < 9);
    if front.starts_with(b"bs64\t") || front.strip_prefix(b"binf").is_some_and(is_binary) {
        return true;
    }
    let Some(names) = front.get(136..) else { return false };
    let name = |bytes: &[u8]| -> Option<(Vec<u8>, Vec<u8>)> {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok().filter(|length| *length < 64)?;
        Some((rest.get(..length)?.to_vec(), rest.get(length..)?.to_vec()))
    };
    let Some((objective, rest)) = name(names) else { return false };
    let booster = name(&rest).map(|(booster, _)| booster).unwrap_or_default();
    OBJECTIVES.iter().any(|known| objective.starts_with(known)) || BOOSTERS.contains(&booster.as_slice())
}

/// Reads an XGBoost model in its old binary form.
pub fn inspect_xgboost_binary(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let mut faults = Faults::default();
    let result = letters(source, limits).and_then(|mut decoded| {
        let source = decoded.as_mut().map_or(source as &mut dyn Source, |bytes| bytes);
        Walk { reader: Reader::new(source), limits, faults: &mut faults }.model()
    });
    let result = result.map(|trees| drop(findings.inspection.facts.more.insert("trees", trees.to_string())));
    faults.report(&mut findings);
    findings.finish(result)
}

/// What base64 behind its mark stands for; `None` without the mark.
fn letters(source: &mut dyn Source, limits: &Limits) -> Result<Option<Vec<u8>>, Stop> {
    const MARK: &[u8] = b"bs64\t";
    if !Reader::new(source).peek(MARK.len())?.starts_with(MARK) {
        return Ok(None);
    }
    let text = crate::whole(source, limits)?;
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0u32);
    for (at, letter) in text.iter().enumerate().skip(MARK.len()) {
        let digit = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            letter if letter.is_ascii_whitespace() => continue,
            _ => return Err(Stop::malformed(at as u64, "base64 中有其他字符", "its base64 holds other letters")),
        };
        held = held << 6 | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap_or(0));
        }
    }
    Ok(Some(bytes))
}

struct Walk<'s, 'f> {
    reader: Reader<'s>,
    limits: &'f Limits,
    faults: &'f mut Faults,
}

impl Walk<'_, '_> {
    fn model(&mut self) -> Result<usize, Stop> {
        if self.reader.peek(4)? == b"binf" {
            self.reader.skip(4)?;
        }
        let start = self.reader.position();
        self.reader.skip(4)?;
        let features = self.reader.u32_le()?;
        let classes = self.reader.i32_le()?;
        self.faults.amount("num_feature", Some(features.into()), 0, MOST_FEATURES);
        self.faults.amount("num_class", Some(classes.into()), 0, MOST_CLASSES);
        self.reader.seek(start + LEARNER);
        self.name()?;
        let booster = self.name()?;
        match booster.as_slice() {
            b"gblinear" => self.linear(features, classes).map(|()| 0),
            b"gbtree" => self.forest(features, classes, false),
            b"dart" => self.forest(features, classes, true),
            _ => Err(Stop::malformed(start + LEARNER, "增强器的名称未知", "the name of the booster is unknown")),
        }
    }

    fn name(&mut self) -> Result<Vec<u8>, Stop> {
        let at = self.reader.position();
        let length = self.reader.u64_le()?;
        if length > LONGEST_NAME {
            return Err(Stop::malformed(at, "名称的长度不可能存在", "a name is longer than any"));
        }
        Ok(self.reader.take_vec(length)?)
    }

    fn linear(&mut self, features: u32, classes: i32) -> Result<(), Stop> {
        self.reader.skip(LINEAR)?;
        let at = self.reader.position();
        let weights = self.reader.u64_le()?;
        self.room(at, weights, 4)?;
        let expected = (u64::from(features) + 1).saturating_mul(u64::try_from(classes.max(1)).unwrap_or(1));
        self.faults.count(None, "weights", weights, expected);
        Ok(())
    }

    fn forest(&mut self, features: u32, classes: i32, is_dart: bool) -> Result<usize, Stop> {
        let at = self.reader.position();
        let trees = self.reader.i32_le()?;
        self.reader.seek(at + 24);
        // Later versions left this to the classes.
        let groups = self.reader.i32_le()?.max(classes).max(1);
        self.reader.seek(at + FOREST);
        let trees = self.count(at, trees.into(), TREE + NODE + STATISTICS)?;
        for tree in 0..trees {
            self.tree(tree, features)?;
        }
        for _ in 0..trees {
            let group = self.reader.i32_le()?;
            if !(0..groups).contains(&group) {
                let (zh, en) = (
                    format!("tree_info 把树归入第 {group} 组，而模型有 {groups} 组"),
                    format!("tree_info puts a tree into group {group} of {groups}"),
                );
                self.faults.outside(None, zh, en);
            }
        }
        if is_dart {
            let weights = self.reader.u64_le()?;
            self.faults.count(None, "weight_drop", weights, trees as u64);
        }
        Ok(trees)
    }

    fn tree(&mut self, tree: usize, features: u32) -> Result<(), Stop> {
        let at = self.reader.position();
        self.reader.skip(4)?;
        let nodes = self.reader.i32_le()?;
        self.reader.seek(at + 20);
        let vector = self.reader.i32_le()?;
        self.reader.seek(at + TREE);
        let nodes = self.count(at, nodes.into(), NODE + STATISTICS)?;
        if nodes == 0 {
            self.faults.outside(Some(tree), "树没有节点", "there is no node");
        }
        let mut children = Vec::new();
        for _ in 0..nodes {
            self.reader.skip(4)?;
            let [left, right] = [self.reader.i32_le()?, self.reader.i32_le()?];
            // The highest bit says where a missing value goes.
            let feature = self.reader.u32_le()? & 0x7fff_ffff;
            self.reader.skip(4)?;
            if left != -1 && feature >= features {
                let (zh, en) = (
                    format!("按特征 {feature} 划分，而模型只有 {features} 个特征"),
                    format!("it splits by feature {feature}, and the model has {features}"),
                );
                self.faults.outside(Some(tree), zh, en);
            }
            children.push([left, right]);
        }
        self.reader.skip(STATISTICS.saturating_mul(nodes as u64))?;
        if vector > 0 {
            let at = self.reader.position();
            let values = self.reader.u64_le()?;
            self.room(at, values, 4)?;
            self.reader.skip(values.saturating_mul(4))?;
        }
        let child = |number: i32| match index(number.into()).filter(|next| *next < children.len()) {
            Some(next) => Child::Node(next),
            None => Child::Outside(number.into()),
        };
        self.faults.walk(tree, children.len(), |node| match children[node] {
            [-1, _] => [Child::Leaf, Child::Leaf],
            [left, right] => [child(left), child(right)],
        });
        Ok(())
    }

    fn count(&self, at: u64, count: i64, least: u64) -> Result<usize, Stop> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.room(at, count, least)?;
        if count > self.limits.entries {
            return Err(Stop::Limit("entries", self.limits.entries));
        }
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    fn room(&self, at: u64, count: u64, bytes: u64) -> Result<(), Stop> {
        if count.checked_mul(bytes).is_none_or(|bytes| bytes > self.reader.remaining()) {
            return Err(Stop::malformed(at, "声称的数量超出文件", "a count is claimed that the file does not have"));
        }
        Ok(())
    }
}
