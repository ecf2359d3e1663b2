//! Ensembles of decision trees (`ai.onnx.ml`), whose nodes stand in lists: a runtime follows the children of the first node of
//! each tree.

use std::{collections::HashMap, ops::Range};

use crate::trees::{Child, Faults};

/// Nodes that are kept of one ensemble, and characters of the word for a leaf.
pub(super) const MOST: usize = 1 << 22;
pub(super) const LEAF: &[u8] = b"LEAF";
/// Lists whose names do not begin with `nodes_`.
pub(super) const LISTS: [&str; 2] = ["tree_roots", "leaf_targetids"];

/// The lists of one operator, by node.
#[derive(Default)]
pub(super) struct Ensemble {
    pub trees: Vec<i64>,
    pub numbers: Vec<i64>,
    pub yes: Vec<i64>,
    pub no: Vec<i64>,
    pub leaves: Vec<bool>,
    /// Since version 5 of the operators: the first node of each tree, for each node whether its children are leaves, and
    /// what each leaf is for. Children are then places among all nodes, or among all leaves.
    pub roots: Vec<i64>,
    pub yes_leaves: Vec<i64>,
    pub no_leaves: Vec<i64>,
    pub targets: Vec<i64>,
}

impl Ensemble {
    /// Keeps a list, if its name is one of these.
    pub fn keep(&mut self, name: &str, numbers: Vec<i64>) {
        match name {
            "nodes_treeids" => self.trees = numbers,
            "nodes_nodeids" => self.numbers = numbers,
            "nodes_truenodeids" => self.yes = numbers,
            "nodes_falsenodeids" => self.no = numbers,
            "nodes_trueleafs" => self.yes_leaves = numbers,
            "nodes_falseleafs" => self.no_leaves = numbers,
            "tree_roots" => self.roots = numbers,
            "leaf_targetids" => self.targets = numbers,
            _ => {}
        }
    }

    /// More nodes than are kept.
    pub fn is_cut(&self) -> bool {
        [&self.trees, &self.yes, &self.roots, &self.targets].iter().any(|list| list.len() >= MOST)
    }

    /// The lists of version 5.
    fn faults_by_roots(&self) -> Faults {
        let mut faults = Faults::where_parts_are_shared();
        let nodes = self.yes.len();
        let lists = [&self.no, &self.yes_leaves, &self.no_leaves];
        if self.is_cut() || lists.iter().any(|list| list.len() != nodes) {
            return faults;
        }
        let place = |number: i64, count: usize| usize::try_from(number).ok().filter(|place| *place < count);
        let child = |node: usize| {
            [(&self.yes, &self.yes_leaves), (&self.no, &self.no_leaves)].map(|(list, leaves)| {
                let number = list.get(node).copied().unwrap_or(-1);
                let is_leaf = leaves.get(node).is_some_and(|leaf| *leaf != 0);
                match place(number, if is_leaf { self.targets.len() } else { nodes }) {
                    None => Child::Outside(number),
                    Some(_) if is_leaf => Child::Leaf,
                    Some(place) => Child::Node(place),
                }
            })
        };
        let mut state = vec![0; nodes];
        for (tree, root) in self.roots.iter().enumerate() {
            match place(*root, nodes) {
                Some(root) => faults.walk_from(&mut state, tree, root, child),
                None => faults.without_root(tree, *root),
            }
            if faults.is_full() {
                break;
            }
        }
        faults
    }

    /// Rings, and children that no tree has.
    pub fn faults(&self) -> Faults {
        if !self.roots.is_empty() {
            return self.faults_by_roots();
        }
        let mut faults = Faults::where_parts_are_shared();
        let nodes = self.trees.len();
        // Runtimes refuse lists of other lengths. What was cut off at the limit is not judged.
        if self.is_cut() || [&self.numbers, &self.yes, &self.no].iter().any(|list| list.len() != nodes) {
            return faults;
        }
        let mut state = vec![0; nodes];
        let mut start = 0;
        for tree in self.trees.chunk_by(|a, b| a == b) {
            let places = start..start + tree.len();
            start = places.end;
            let lookup = Lookup::new(&self.numbers, places.clone());
            let child = |place: usize| {
                if self.leaves.get(place) == Some(&true) {
                    return [Child::Leaf, Child::Leaf];
                }
                [&self.yes, &self.no].map(|list| {
                    let number = list.get(place).copied().unwrap_or(-1);
                    lookup.place(number).map_or(Child::Outside(number), Child::Node)
                })
            };
            let number = tree.first().and_then(|tree| usize::try_from(*tree).ok()).unwrap_or(0);
            faults.walk_from(&mut state, number, places.start, child);
            if faults.is_full() {
                break;
            }
        }
        faults
    }

    /// Brings the nodes of each tree together, as every exporter has them. Runtimes take them in any order.
    pub fn gather(&mut self) {
        if self.trees.is_sorted() {
            return;
        }
        let mut order: Vec<usize> = (0..self.trees.len()).collect();
        order.sort_by_key(|place| self.trees[*place]);
        for list in [&mut self.trees, &mut self.numbers, &mut self.yes, &mut self.no] {
            // A list of another length keeps another length, and is refused.
            let gathered = order.iter().filter_map(|place| list.get(*place).copied()).collect();
            let is_whole = list.len() == order.len();
            *list = if is_whole { gathered } else { Vec::new() };
        }
        self.leaves = order.iter().map(|place| self.leaves.get(*place).copied().unwrap_or(false)).collect();
    }
}

/// Nodes of one tree by their numbers, which mostly count up from zero.
enum Lookup {
    Counted(Range<usize>),
    Listed(HashMap<i64, usize>),
}

impl Lookup {
    fn new(numbers: &[i64], places: Range<usize>) -> Self {
        let own = numbers.get(places.clone()).unwrap_or_default();
        if own.iter().copied().eq(0..i64::try_from(own.len()).unwrap_or(0)) {
            return Self::Counted(places);
        }
        // Of nodes with one number the first counts.
        Self::Listed(own.iter().copied().zip(places).rev().collect())
    }

    fn place(&self, number: i64) -> Option<usize> {
        match self {
            Self::Counted(places) => {
                let place = places.start.checked_add(usize::try_from(number).ok()?)?;
                places.contains(&place).then_some(place)
            }
            Self::Listed(places) => places.get(&number).copied(),
        }
    }
}
