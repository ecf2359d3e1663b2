//! LightGBM models, which are text. The reader takes the counts as given and reads past the end of a list that is shorter.

use std::collections::HashMap;

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Source};

use super::{Child, Faults, MOST_CLASSES, MOST_FEATURES, index};
use crate::findings::{Findings, Stop};

/// Reads a LightGBM model.
pub fn inspect_lightgbm(source: &mut dyn Source, _names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let result = crate::whole(source, limits).and_then(|bytes| {
        let odd = bytes.iter().position(|b| b.is_ascii_control() && !b.is_ascii_whitespace());
        let at = odd.or(std::str::from_utf8(&bytes).err().map(|e| e.valid_up_to()));
        if let Some(at) = at {
            return Err(Stop::malformed(at as u64, "文本中有二进制内容", "its text holds what is no text"));
        }
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let mut faults = Faults::default();
        let trees = judge(text, &mut faults);
        faults.report(&mut findings);
        findings.inspection.facts.more.insert("trees", trees.to_string());
        Ok(())
    });
    findings.finish(result)
}

/// The word of its kind alone in a line, then a key and a value. Which keys come first is the writer's choice.
pub(crate) fn is_lightgbm(front: &[u8]) -> bool {
    let Some(rest) = front.strip_prefix(b"tree") else { return false };
    let mut lines = rest.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let is_key = |key: &[u8]| !key.is_empty() && key.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let key = |line: &[u8]| line.iter().position(|byte| *byte == b'=').is_some_and(|end| is_key(&line[..end]));
    lines.next() == Some(b"") && lines.find(|line| !line.is_empty()).is_some_and(key)
}

/// Keys and values of one block of lines.
#[derive(Default)]
struct Block<'t>(HashMap<&'t str, &'t str>);

impl<'t> Block<'t> {
    fn line(&mut self, line: &'t str) {
        if let Some((key, value)) = line.split_once('=') {
            self.0.insert(key.trim(), value);
        }
    }

    fn number(&self, key: &str) -> Option<i64> {
        self.0.get(key)?.trim().parse().ok()
    }

    fn list(&self, key: &str) -> Option<Vec<i64>> {
        // A number that is none is no index of anything.
        let number = |word: &str| word.parse().unwrap_or(i64::MIN);
        Some(self.0.get(key)?.split_ascii_whitespace().map(number).collect())
    }

    fn count(&self, key: &str) -> Option<u64> {
        Some(self.0.get(key)?.split_ascii_whitespace().count() as u64)
    }
}

/// How many trees there are.
fn judge(text: &str, faults: &mut Faults) -> usize {
    let mut head = Block::default();
    let mut tree: Option<Block<'_>> = None;
    let mut starts = Vec::new();
    let mut at = 0;
    let mut features = None;
    let mut judge = |tree: Option<Block<'_>>, number: usize, features: Option<i64>| {
        if let Some(tree) = tree {
            Tree { of: &tree, number, features }.judge(faults);
        }
    };
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_end();
        if line.starts_with("Tree=") {
            if starts.is_empty() {
                features = head.number("max_feature_idx").map(|most| most.saturating_add(1));
            }
            judge(tree.replace(Block::default()), starts.len().saturating_sub(1), features);
            starts.push(start);
        } else if line == "end of trees" {
            break;
        } else if let Some(tree) = &mut tree {
            tree.line(line);
        } else {
            head.line(line);
        }
    }
    judge(tree, starts.len().saturating_sub(1), features);
    faults.amount("max_feature_idx", head.number("max_feature_idx"), 0, MOST_FEATURES);
    faults.amount("num_class", head.number("num_class"), 1, MOST_CLASSES);
    sizes(&head, &starts, text.len(), faults);
    groups(&head, starts.len(), faults);
    starts.len()
}

/// The reader goes from tree to tree by their sizes, wherever that leads.
fn sizes(head: &Block<'_>, starts: &[usize], length: usize, faults: &mut Faults) {
    let Some(sizes) = head.list("tree_sizes") else { return };
    let mut at = starts.first().copied().unwrap_or(0);
    let mut fits = sizes.len() == starts.len();
    for (n, size) in sizes.iter().enumerate() {
        fits &= starts.get(n) == Some(&at);
        let end = index(*size).and_then(|size| at.checked_add(size)).filter(|end| *end <= length);
        let Some(end) = end else {
            let (zh, en) = ("tree_sizes 指向文件之外", "tree_sizes leads beyond the end of the file");
            return faults.outside(None, zh, en);
        };
        at = end;
    }
    if !fits {
        faults.lie(None, "tree_sizes 与各树的位置不符", "tree_sizes does not lead to the trees");
    }
}

fn groups(head: &Block<'_>, trees: usize, faults: &mut Faults) {
    let Some(groups) = head.number("num_tree_per_iteration").or(head.number("num_class")) else { return };
    let classes = head.number("num_class").unwrap_or(groups);
    let is_sound = index(groups).is_some_and(|groups| groups > 0 && trees.is_multiple_of(groups));
    if !is_sound || classes < 1 || classes > groups.max(1) {
        let (zh, en) = (
            format!("{trees} 棵树无法按每轮 {groups} 棵分给 {classes} 类"),
            format!("{trees} trees do not make rounds of {groups} for {classes} classes"),
        );
        faults.outside(None, zh, en);
    }
    let Some(features) = head.number("max_feature_idx").and_then(|most| u64::try_from(most.saturating_add(1)).ok())
    else {
        return;
    };
    for key in ["feature_names", "feature_infos"] {
        if let Some(count) = head.count(key).filter(|count| *count > 0) {
            faults.count(None, key, count, features);
        }
    }
}

struct Tree<'a, 't> {
    of: &'a Block<'t>,
    number: usize,
    features: Option<i64>,
}

impl Tree<'_, '_> {
    fn judge(&self, faults: &mut Faults) {
        let tree = Some(self.number);
        let leaves = self.of.number("num_leaves").and_then(index).filter(|leaves| *leaves > 0);
        let Some(leaves) = leaves else {
            return faults.outside(tree, "num_leaves 不是正数", "num_leaves is no positive number");
        };
        self.lengths(leaves, faults);
        self.linear(leaves, faults);
        let left = self.of.list("left_child").unwrap_or_default();
        let right = self.of.list("right_child").unwrap_or_default();
        let nodes = left.len();
        if nodes + 1 != leaves {
            // Told by its length.
            return;
        }
        let child = |number: i64| match index(number) {
            Some(next) if next < nodes && next > 0 => Child::Node(next),
            // A leaf is written as the complement of its number.
            None if index(!number).is_some_and(|leaf| leaf < leaves) => Child::Leaf,
            Some(0) => Child::Node(0),
            _ => Child::Outside(number),
        };
        faults
            .walk(self.number, nodes, |node| [child(left[node]), child(right.get(node).copied().unwrap_or(i64::MIN))]);
        self.features(self.of.list("split_feature").unwrap_or_default(), faults);
        self.categories(faults);
    }

    fn lengths(&self, leaves: usize, faults: &mut Faults) {
        let leaves = leaves as u64;
        let inner = leaves - 1;
        for (key, expected, is_needed) in [
            ("leaf_value", leaves, true),
            ("left_child", inner, true),
            ("right_child", inner, true),
            ("split_feature", inner, true),
            ("threshold", inner, true),
            ("decision_type", inner, false),
            ("split_gain", inner, false),
            ("internal_value", inner, false),
            ("internal_weight", inner, false),
            ("internal_count", inner, false),
            ("leaf_weight", leaves, false),
            ("leaf_count", leaves, false),
        ] {
            // A tree of one leaf has no lists but that of its value.
            let found = match self.of.count(key) {
                None if !is_needed || expected == 0 => continue,
                Some(0) if !is_needed => continue,
                Some(_) if leaves == 1 && !is_needed => continue,
                found => found.unwrap_or(0),
            };
            faults.count(Some(self.number), key, found, expected);
        }
    }

    fn features(&self, features: Vec<i64>, faults: &mut Faults) {
        let most = self.features.unwrap_or(i64::MAX);
        if let Some(odd) = features.iter().find(|feature| !(0..most).contains(*feature)) {
            let (zh, en) = (
                format!("按特征 {odd} 划分，而模型只有 {most} 个特征"),
                format!("it splits by feature {odd}, and the model has {most}"),
            );
            faults.outside(Some(self.number), zh, en);
        }
    }

    /// Splits by category name a set of bits by its number.
    fn categories(&self, faults: &mut Faults) {
        let tree = Some(self.number);
        let sets = self.of.number("num_cat").unwrap_or(0);
        let bounds = self.of.list("cat_boundaries").unwrap_or_default();
        let words = self.of.count("cat_threshold").unwrap_or(0);
        if sets != 0 {
            let expected = u64::try_from(sets).unwrap_or(u64::MAX).saturating_add(1);
            faults.count(tree, "cat_boundaries", bounds.len() as u64, expected);
            let ends = bounds.last().and_then(|end| u64::try_from(*end).ok()) == Some(words);
            if !ends || bounds.first() != Some(&0) || !bounds.is_sorted() {
                let (zh, en) = ("cat_boundaries 超出类别表", "cat_boundaries leads outside of the categories");
                faults.outside(tree, zh, en);
            }
        }
        let kinds = self.of.list("decision_type").unwrap_or_default();
        let thresholds = self.of.0.get("threshold").copied().unwrap_or_default().split_ascii_whitespace();
        let set = |text: &str| text.parse::<f64>().ok();
        #[allow(clippy::cast_precision_loss, reason = "a count of sets is far below 2^53")]
        let most = sets as f64;
        let outside = |(kind, threshold): (&i64, &str)| {
            kind & 1 == 1 && !set(threshold).is_some_and(|number| (0.0..most).contains(&number))
        };
        if kinds.iter().zip(thresholds).any(outside) {
            let (zh, en) = ("节点引用了不存在的类别集", "a node names a set of categories that is not there");
            faults.outside(tree, zh, en);
        }
    }

    /// Leaves that are linear models: a count of features for each, then all features and all factors.
    fn linear(&self, leaves: usize, faults: &mut Faults) {
        let tree = Some(self.number);
        if self.of.number("is_linear").unwrap_or(0) == 0 {
            return;
        }
        let counts = self.of.list("num_features").unwrap_or_default();
        faults.count(tree, "num_features", counts.len() as u64, leaves as u64);
        faults.count(tree, "leaf_const", self.of.count("leaf_const").unwrap_or(0), leaves as u64);
        let sum = counts.iter().try_fold(0u64, |sum, count| sum.checked_add(u64::try_from(*count).ok()?));
        let features = self.of.list("leaf_features").unwrap_or_default();
        let sum = sum.unwrap_or(u64::MAX);
        faults.count(tree, "leaf_features", features.len() as u64, sum);
        faults.count(tree, "leaf_coeff", self.of.count("leaf_coeff").unwrap_or(0), sum);
        self.features(features, faults);
    }
}
