//! Loops of the older kind, whose values go around from `NextIteration` to `Merge`: one on whose way nothing waits for a
//! `Switch` never ends, for a `Switch` alone takes values away, and whatever else had one of them.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::node::Node;

/// Edges that are kept of one graph.
const KEPT: usize = 1 << 20;

/// The edges of one graph or function. Names are kept by their hash.
#[derive(Default)]
pub(super) struct Rings {
    edges: Vec<(u64, u64)>,
    switches: Vec<u64>,
    /// They hand on whichever value comes.
    merges: HashSet<u64>,
    /// The nodes that begin another round, and where they stand.
    again: Vec<(u64, String, u64)>,
    is_cut: bool,
}

impl Rings {
    pub fn meet(&mut self, node: &Node) {
        let kept = self.edges.len() + self.switches.len() + self.merges.len() + self.again.len();
        if kept + node.inputs.len() >= KEPT {
            self.is_cut = true;
            return;
        }
        let own = hash(&node.name);
        // A node also waits for those that it only comes after.
        let before = |input: &String| hash(input.trim_start_matches('^').split(':').next().unwrap_or(input));
        self.edges.extend(node.inputs.iter().map(|input| (before(input), own)));
        match node.operator.as_str() {
            "Merge" | "RefMerge" | "_XlaMerge" => drop(self.merges.insert(own)),
            "NextIteration" | "RefNextIteration" => self.again.push((own, node.name.clone(), node.at)),
            operator if operator.contains("Switch") => self.switches.push(own),
            _ => {}
        }
    }

    /// The first node that begins another round in any case, and whether there are too many edges to know.
    pub fn finish(&self) -> (Option<(&str, u64)>, bool) {
        if self.again.is_empty() {
            return (None, false);
        }
        let mut next: HashMap<u64, Vec<u64>> = HashMap::new();
        for (from, to) in &self.edges {
            next.entry(*from).or_default().push(*to);
        }
        let after = |node: u64| next.get(&node).into_iter().flatten().copied();
        // Whose value may be taken away.
        let mut mortal: HashSet<u64> = self.switches.iter().copied().collect();
        let mut open = self.switches.clone();
        while let Some(node) = open.pop() {
            open.extend(after(node).filter(|to| !self.merges.contains(to) && mortal.insert(*to)));
        }
        let mut waiting: HashMap<u64, u32> = HashMap::new();
        for (from, to) in self.edges.iter().filter(|(from, to)| !mortal.contains(from) && !mortal.contains(to)) {
            *waiting.entry(*to).or_default() += 1;
            waiting.entry(*from).or_default();
        }
        let mut done: Vec<u64> = waiting.iter().filter(|(_, left)| **left == 0).map(|(node, _)| *node).collect();
        while let Some(node) = done.pop() {
            for to in after(node) {
                if let Some(left) = waiting.get_mut(&to) {
                    *left = left.saturating_sub(1);
                    if *left == 0 {
                        done.push(to);
                    }
                }
            }
        }
        // What comes behind a ring waits too, but there is a ring.
        let waits = |node: &u64| waiting.get(node).is_some_and(|left| *left > 0);
        let endless = self.again.iter().find(|(node, ..)| waits(node)).map(|(_, name, at)| (name.as_str(), *at));
        (endless, self.is_cut)
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
