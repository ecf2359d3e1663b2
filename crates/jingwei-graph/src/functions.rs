use std::collections::HashMap;

use jingwei_core::{Limits, Text};
use jingwei_read::Sighting;

/// Functions that are named.
const BOMBS: usize = 64;

/// Functions that a model defines, and who calls whom. A runtime writes their bodies out wherever they are called, so
/// one that calls itself never ends, and twenty that call the next one ten times each make more nodes than any memory holds.
#[derive(Default)]
pub(crate) struct Functions {
    ids: HashMap<String, u32>,
    /// Calls of each function by id, as far as the model defines it.
    bodies: HashMap<u32, Vec<u32>>,
    /// Of the function that is being read.
    calls: Vec<u32>,
    inside: bool,
}

impl Functions {
    pub fn begin(&mut self) {
        self.calls.clear();
        self.inside = true;
    }

    /// `name`: the whole one, by which others call it.
    pub fn end(&mut self, name: &str) {
        let id = self.id(name);
        let calls = std::mem::take(&mut self.calls);
        self.bodies.entry(id).or_default().extend(calls);
        self.inside = false;
    }

    /// Notes that a node stands here; the answer names what it calls.
    pub fn call(&mut self, name: &str) -> u32 {
        let id = self.id(name);
        if self.inside {
            self.calls.push(id);
        }
        id
    }

    pub fn is_defined(&self, id: u32) -> bool {
        self.bodies.contains_key(&id)
    }

    fn id(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        self.ids.insert(name.to_owned(), id);
        id
    }

    /// `nodes`: all that the file has.
    pub fn bombs(&self, nodes: u64, limits: &Limits) -> Vec<Sighting> {
        let mut size: HashMap<u32, u64> = HashMap::new();
        let mut found = Vec::new();
        let mut ids: Vec<u32> = self.bodies.keys().copied().collect();
        ids.sort_unstable();
        for root in ids {
            self.measure(root, &mut size, &mut found);
        }
        let allowed = limits.entries.max(nodes.saturating_mul(limits.expansion_ratio));
        let largest = size.iter().max_by_key(|(id, size)| (**size, std::cmp::Reverse(**id)));
        if let Some((id, size)) = largest.filter(|(_, size)| **size > allowed) {
            let reason =
                Text::new(format!("展开后的节点不少于 {size} 个"), format!("written out it has {size} nodes or more"));
            found.push(self.bomb(*id, reason));
        }
        found
    }

    /// Counts the nodes of a function when all calls are written out, without recursion of ours.
    fn measure(&self, root: u32, size: &mut HashMap<u32, u64>, found: &mut Vec<Sighting>) {
        const OPEN: u64 = 0;
        if size.contains_key(&root) {
            return;
        }
        size.insert(root, OPEN);
        let mut stack = vec![(root, 0usize, 0u64)];
        while let Some((id, next, total)) = stack.pop() {
            let body = self.bodies.get(&id).map_or(&[][..], Vec::as_slice);
            let Some(callee) = body.get(next).copied() else {
                size.insert(id, total.max(1));
                continue;
            };
            match size.get(&callee) {
                _ if !self.is_defined(callee) => stack.push((id, next + 1, total.saturating_add(1))),
                Some(&OPEN) => {
                    let reason =
                        Text::new("函数直接或间接调用自身", "the function calls itself, directly or through others");
                    if found.len() < BOMBS {
                        found.push(self.bomb(callee, reason));
                    }
                    stack.push((id, next + 1, total.saturating_add(1)));
                }
                Some(known) => stack.push((id, next + 1, total.saturating_add(*known))),
                None => {
                    size.insert(callee, OPEN);
                    stack.push((id, next, total));
                    stack.push((callee, 0, 0));
                }
            }
        }
    }

    fn bomb(&self, id: u32, reason: Text) -> Sighting {
        let name = self.ids.iter().find(|(_, known)| **known == id).map_or("", |(name, _)| name.as_str());
        Sighting::new("model.graph-bomb").key(name).with("name", name).with_text("reason", reason)
    }
}
