//! Ensembles of decision trees (`ai.onnx.ml`), whose nodes stand in lists: a runtime follows the children of the first node of
//! each tree.

use std::collections::HashMap;

use crate::trees::{Child, Faults};

/// Nodes that are kept of one ensemble, and characters of the word for a leaf.
pub(super) const MOST: usize = 1 << 22;
pub(super) const LEAF: &[u8] = b"LEAF";

/// The lists of one operator, by node.
#[derive(Default)]
pub(super) struct Ensemble {
    pub trees: Vec<i64>,
    pub numbers: Vec<i64>,
    pub yes: Vec<i64>,
    pub no: Vec<i64>,
    pub leaves: Vec<bool>,
}

impl Ensemble {
    /// Keeps a list, if its name is one of these.
    pub fn keep(&mut self, name: &str, numbers: Vec<i64>) {
        match name {
            "nodes_treeids" => self.trees = numbers,
            "nodes_nodeids" => self.numbers = numbers,
            "nodes_truenodeids" => self.yes = numbers,
            "nodes_falsenodeids" => self.no = numbers,
            _ => {}
        }
    }

    /// Rings, and children that no tree has.
    pub fn faults(&self) -> Faults {
        let mut faults = Faults::where_parts_are_shared();
        let nodes = self.trees.len();
        if nodes == 0 || [&self.numbers, &self.yes, &self.no].iter().any(|list| list.len() != nodes) {
            // Lists of other lengths: every runtime refuses them.
            return faults;
        }
        let mut places: HashMap<(i64, i64), usize> = HashMap::with_capacity(nodes);
        let mut roots: Vec<(i64, usize)> = Vec::new();
        for (place, key) in self.trees.iter().copied().zip(self.numbers.iter().copied()).enumerate() {
            if roots.last().is_none_or(|(tree, _)| *tree != key.0) {
                roots.push((key.0, place));
            }
            places.entry(key).or_insert(place);
        }
        let mut state = vec![0; nodes];
        for (tree, root) in roots {
            let child = |place: usize| {
                if self.leaves.get(place) == Some(&true) {
                    return [Child::Leaf, Child::Leaf];
                }
                [&self.yes, &self.no].map(|list| {
                    let number = list.get(place).copied().unwrap_or(-1);
                    places.get(&(tree, number)).map_or(Child::Outside(number), |place| Child::Node(*place))
                })
            };
            faults.walk_from(&mut state, usize::try_from(tree).unwrap_or(0), root, child);
            if faults.is_full() {
                break;
            }
        }
        faults
    }
}
