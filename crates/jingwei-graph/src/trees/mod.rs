//! Models of decision trees. They hold nothing but numbers and texts, yet their loaders follow the numbers unchecked:
//! a child outside of its tree is memory that is not the model's, and a ring is a prediction that never ends.

mod catboost;
mod lightgbm;
mod ubjson;
mod xgboost;
mod xgboost_binary;

use jingwei_core::Text;
use jingwei_read::Sighting;

use crate::findings::{Findings, place};

pub use catboost::inspect_catboost;
pub use lightgbm::inspect_lightgbm;
pub(crate) use lightgbm::is_lightgbm;
pub use xgboost::{inspect_xgboost_json, inspect_xgboost_ubjson};
pub(crate) use xgboost::{is_xgboost_json, is_xgboost_ubjson};
pub use xgboost_binary::inspect_xgboost_binary;
pub(crate) use xgboost_binary::is_xgboost_binary;

/// Faults of one file that are told: the first ones say enough.
const MOST: usize = 16;

/// Features and classes for which loaders take memory: more than any model has.
const MOST_FEATURES: i64 = 1 << 30;
const MOST_CLASSES: i64 = 1 << 20;

/// What a node's child is.
pub(crate) enum Child {
    Leaf,
    Node(usize),
    /// A number that is no node and no leaf of its tree.
    Outside(i64),
}

/// What is wrong with a tree.
pub(crate) enum Fault {
    /// Following the children from the root leads back.
    Ring(Text),
    /// Whoever goes by it reads or writes where nothing is.
    Outside(Text),
    /// It cannot be so, and no loader is harmed by it.
    Lie(Text),
}

/// Faults by the tree that has them; without a tree it is the model that has it.
#[derive(Default)]
pub(crate) struct Faults {
    all: Vec<(Option<usize>, Fault)>,
    /// A part of a tree may lie below several nodes.
    may_share: bool,
}

impl Faults {
    pub(crate) fn where_parts_are_shared() -> Self {
        Self { may_share: true, ..Self::default() }
    }

    fn add(&mut self, tree: Option<usize>, fault: Fault) {
        if self.all.len() < MOST {
            self.all.push((tree, fault));
        }
    }

    fn outside(&mut self, tree: Option<usize>, zh: impl Into<String>, en: impl Into<String>) {
        self.add(tree, Fault::Outside(Text::new(zh, en)));
    }

    fn lie(&mut self, tree: Option<usize>, zh: impl Into<String>, en: impl Into<String>) {
        self.add(tree, Fault::Lie(Text::new(zh, en)));
    }

    /// `found` of something that loaders go through as if there were `expected`.
    fn count(&mut self, tree: Option<usize>, what: &str, found: u64, expected: u64) {
        if found != expected {
            let (zh, en) = (
                format!("{what} 有 {found} 项，应为 {expected} 项"),
                format!("{what} has {found} entries where {expected} belong"),
            );
            self.outside(tree, zh, en);
        }
    }

    /// What loaders take memory for by its number alone.
    fn amount(&mut self, what: &str, number: Option<i64>, least: i64, most: i64) {
        if let Some(number) = number.filter(|number| !(least..=most).contains(number)) {
            self.outside(
                None,
                format!("{what} 为 {number}，不可能存在"),
                format!("{what} is {number}, which cannot be"),
            );
        }
    }

    /// Goes from the root to every node once. `child`: the left and right child of a node.
    fn walk(&mut self, tree: usize, nodes: usize, child: impl Fn(usize) -> [Child; 2]) {
        self.walk_from(&mut vec![0u8; nodes], tree, 0, child);
    }

    /// The same from another root, where the trees of a model share a list of `state`s, all zero at first.
    pub(crate) fn walk_from(
        &mut self,
        state: &mut [u8],
        tree: usize,
        root: usize,
        child: impl Fn(usize) -> [Child; 2],
    ) {
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut open = vec![(root, false)];
        while let Some((node, is_left_behind)) = open.pop() {
            if is_left_behind {
                state[node] = DONE;
                continue;
            }
            match state.get(node) {
                None => return,
                Some(&OPEN) => {
                    let (zh, en) = (
                        format!("节点 {node} 是自身的后代，预测不会结束"),
                        format!("node {node} lies below itself, so that a prediction never ends"),
                    );
                    return self.add(Some(tree), Fault::Ring(Text::new(zh, en)));
                }
                Some(&DONE) if self.may_share => continue,
                Some(&DONE) => {
                    let (zh, en) = (format!("节点 {node} 有两个父节点"), format!("node {node} has two parents"));
                    return self.outside(Some(tree), zh, en);
                }
                Some(_) => {}
            }
            state[node] = OPEN;
            open.push((node, true));
            for child in child(node) {
                match child {
                    Child::Leaf => {}
                    Child::Node(next) => open.push((next, false)),
                    Child::Outside(number) => {
                        let (zh, en) = (
                            format!("节点 {node} 的子节点 {number} 不在树中"),
                            format!("node {node} has the child {number}, which the tree does not have"),
                        );
                        return self.outside(Some(tree), zh, en);
                    }
                }
            }
        }
    }

    pub(crate) fn without_root(&mut self, tree: usize, number: i64) {
        let (zh, en) = (format!("根节点 {number} 不存在"), format!("its first node {number} does not exist"));
        self.outside(Some(tree), zh, en);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.all.len() >= MOST
    }

    pub(crate) fn report(self, findings: &mut Findings) {
        for (tree, fault) in self.all {
            let name = tree.map(|tree| tree.to_string()).unwrap_or_default();
            let at = match tree {
                Some(_) => place("树", "tree", &name),
                None => Text::new("模型", "the model"),
            };
            match fault {
                Fault::Ring(reason) => findings.see(
                    Sighting::new("model.graph-bomb")
                        .key("tree")
                        .with("name", &format!("tree {name}"))
                        .with_text("reason", reason),
                ),
                Fault::Outside(reason) => {
                    let zh = format!("{}：{}", at.zh, reason.zh);
                    findings.see(Sighting::malformed(0, zh, format!("in {}, {}", at.en, reason.en)));
                }
                Fault::Lie(reason) => findings.lie(&at.en, &at, reason, 0),
            }
        }
    }
}

/// A number that is an index, if it is one.
fn index(number: i64) -> Option<usize> {
    usize::try_from(number).ok()
}
