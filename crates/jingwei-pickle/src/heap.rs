use std::collections::HashMap;

use jingwei_core::Limits;

/// What stands on the stack and in containers. Sharing is kept: a copy of a [`Value::Node`] is the same object.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Something imported by name.
    Name(NameId),
    Node(NodeId),
    /// A short text that the full heap could not take: known until four more have come.
    Recent(u64),
    /// Not known any more: a limit was crossed or an extension code stands for it.
    Unknown,
}

impl Value {
    pub(crate) fn node(self) -> Option<NodeId> {
        match self {
            Value::Node(id) => Some(id),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NameId(pub(crate) u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(u32);

impl NodeId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Bytes of a constant, or the beginning of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Constant {
    pub(crate) head: Box<[u8]>,
    /// Of the whole.
    pub(crate) length: u64,
    /// Where the whole stands in the source, if it stands there as it is.
    pub(crate) at: Option<u64>,
}

impl Constant {
    /// All of it is in `head`.
    pub(crate) fn is_whole(&self) -> bool {
        self.head.len() as u64 == self.length
    }
}

#[derive(Debug)]
pub(crate) enum Node {
    /// Two's complement, little end first.
    Long(Constant),
    Text(Constant),
    Bytes(Constant),
    Tuple(Box<[Value]>),
    List(Items),
    Set(Items),
    Dict(Pairs),
    /// A module that folding found by its name.
    Module(Box<str>),
    Call(Box<Call>),
    /// An attribute of something that has no name.
    Attribute(Value, Box<str>),
    Persistent(Value),
}

/// Elements in order; those beyond the limit are only counted.
#[derive(Debug, Default)]
pub(crate) struct Items {
    pub(crate) kept: Vec<Value>,
    pub(crate) more: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Pairs {
    pub(crate) kept: Vec<(Value, Value)>,
    pub(crate) more: u64,
}

/// The result of a call, with what was done to it afterwards.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) at: u64,
    pub(crate) callable: Value,
    /// A tuple, mostly.
    pub(crate) arguments: Value,
    pub(crate) keywords: Option<Value>,
    /// `cls.__new__` instead of a plain call.
    pub(crate) is_new: bool,
    pub(crate) state: Option<Value>,
    /// Elements that were added to the result.
    pub(crate) added: Option<Box<Added>>,
}

#[derive(Debug, Default)]
pub(crate) struct Added {
    pub(crate) items: Items,
    pub(crate) pairs: Pairs,
}

impl Call {
    pub(crate) fn items(&self) -> &[Value] {
        self.added.as_ref().map_or(&[], |added| &added.items.kept)
    }

    pub(crate) fn pairs(&self) -> &[(Value, Value)] {
        self.added.as_ref().map_or(&[], |added| &added.pairs.kept)
    }
}

/// All objects of a run. Past its limits new constants become [`Value::Unknown`], which every judgement takes as
/// unfit, so that a cut heap never makes anything look harmless.
#[derive(Debug)]
pub(crate) struct Heap {
    nodes: Vec<Node>,
    most_nodes: usize,
    most_constants: usize,
    elements_left: u64,
    /// Memory that nodes and elements may still take.
    bytes_left: u64,
    recent: [(u64, Option<Node>); MOST_RECENT],
    recent_count: u64,
    /// Something was left out.
    pub(crate) is_cut: bool,
}

/// Objects per entry of [`Limits::entries`].
const NODES_PER_ENTRY: u64 = 2;
const CONSTANTS_PER_ENTRY: u64 = 1;
/// Longest text that is kept when the heap is full, and how many of them: enough for the next import.
const SHORT: u64 = 512;
const MOST_RECENT: usize = 4;
/// Elements in containers per entry.
const ELEMENTS_PER_ENTRY: u64 = 3;
/// Bytes of all of them per entry, over a small sum that is always there.
const BYTES_PER_ENTRY: u64 = 72;
const BYTES_ALWAYS: u64 = 64 << 10;
/// What an allocation costs over its content.
const ALLOCATION: u64 = 16;

impl Heap {
    pub(crate) fn new(limits: &Limits) -> Self {
        let nodes = limits.entries.saturating_mul(NODES_PER_ENTRY).min(u64::from(u32::MAX));
        let constants = limits.entries.saturating_mul(CONSTANTS_PER_ENTRY).min(nodes);
        Self {
            nodes: Vec::new(),
            most_nodes: usize::try_from(nodes).unwrap_or(usize::MAX),
            most_constants: usize::try_from(constants).unwrap_or(usize::MAX),
            elements_left: limits.entries.saturating_mul(ELEMENTS_PER_ENTRY),
            bytes_left: limits.entries.saturating_mul(BYTES_PER_ENTRY).saturating_add(BYTES_ALWAYS),
            recent: [const { (0, None) }; MOST_RECENT],
            recent_count: 0,
            is_cut: false,
        }
    }

    pub(crate) fn put(&mut self, node: Node) -> Value {
        let most = match node {
            Node::Long(_) | Node::Text(_) | Node::Bytes(_) => self.most_constants,
            _ => self.most_nodes,
        };
        let cost = cost(&node);
        match u32::try_from(self.nodes.len()) {
            Ok(id) if self.nodes.len() < most && cost <= self.bytes_left => {
                self.bytes_left -= cost;
                self.nodes.push(node);
                Value::Node(NodeId(id))
            }
            _ => {
                self.is_cut = true;
                self.put_recent(node)
            }
        }
    }

    fn put_recent(&mut self, node: Node) -> Value {
        match &node {
            Node::Text(text) if text.length <= SHORT => {
                let serial = self.recent_count;
                self.recent_count += 1;
                if let Some(slot) = self.recent.get_mut(recent_slot(serial)) {
                    *slot = (serial, Some(node));
                }
                Value::Recent(serial)
            }
            _ => Value::Unknown,
        }
    }

    pub(crate) fn tuple(&mut self, values: &[Value]) -> Value {
        if self.take_elements(values.len() as u64) { self.put(Node::Tuple(values.into())) } else { Value::Unknown }
    }

    pub(crate) fn get(&self, value: Value) -> Option<&Node> {
        match value {
            Value::Node(id) => self.nodes.get(id.0 as usize),
            Value::Recent(serial) => match self.recent.get(recent_slot(serial))? {
                (held, Some(node)) if *held == serial => Some(node),
                _ => None,
            },
            _ => None,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn at(&self, n: usize) -> Option<&Node> {
        self.nodes.get(n)
    }

    /// The number under which a node is referred to.
    pub(crate) fn id_of(n: usize) -> NodeId {
        NodeId(u32::try_from(n).unwrap_or(u32::MAX))
    }

    pub(crate) fn get_mut(&mut self, value: Value) -> Option<&mut Node> {
        match value {
            Value::Node(id) => self.nodes.get_mut(id.0 as usize),
            _ => None,
        }
    }

    /// Whether so many elements may still be kept.
    pub(crate) fn take_elements(&mut self, count: u64) -> bool {
        let bytes = count.saturating_mul(size_of::<Value>() as u64);
        match (self.elements_left.checked_sub(count), self.bytes_left.checked_sub(bytes)) {
            (Some(elements), Some(bytes)) => {
                self.elements_left = elements;
                self.bytes_left = bytes;
                true
            }
            _ => {
                self.is_cut = true;
                false
            }
        }
    }

    pub(crate) fn items(&mut self, values: &[Value]) -> Items {
        let mut items = Items::default();
        if self.take_elements(values.len() as u64) {
            items.kept.extend_from_slice(values);
        } else {
            items.more = values.len() as u64;
        }
        items
    }

    pub(crate) fn text(&self, value: Value) -> Option<&Constant> {
        match self.get(value)? {
            Node::Text(constant) => Some(constant),
            _ => None,
        }
    }

    /// A text that is held whole.
    pub(crate) fn whole_text(&self, value: Value) -> Option<&str> {
        self.text(value).filter(|text| text.is_whole()).and_then(|text| std::str::from_utf8(&text.head).ok())
    }

    pub(crate) fn is_text(&self, value: Value, expected: &str) -> bool {
        self.text(value).is_some_and(|text| text.is_whole() && *text.head == *expected.as_bytes())
    }

    pub(crate) fn tuple_of(&self, value: Value) -> Option<&[Value]> {
        match self.get(value)? {
            Node::Tuple(values) => Some(values),
            _ => None,
        }
    }

    pub(crate) fn call(&self, value: Value) -> Option<&Call> {
        match self.get(value)? {
            Node::Call(call) => Some(call),
            _ => None,
        }
    }

    pub(crate) fn call_mut(&mut self, value: Value) -> Option<&mut Call> {
        match self.get_mut(value)? {
            Node::Call(call) => Some(call),
            _ => None,
        }
    }

    /// The value under a text key, the last one set. Compares the last `most` keys only, so that a hostile dictionary
    /// that is looked into again and again costs no more than others.
    pub(crate) fn lookup(&self, dict: Value, key: &str, most: usize) -> Option<Value> {
        match self.get(dict)? {
            Node::Dict(pairs) => {
                let found = pairs.kept.iter().rev().take(most).find(|(k, _)| self.is_text(*k, key));
                found.map(|(_, value)| *value)
            }
            _ => None,
        }
    }
}

/// Memory that a node takes. Elements are paid for where they are added, long constants where they are read.
fn cost(node: &Node) -> u64 {
    let content = match node {
        Node::Long(constant) | Node::Text(constant) | Node::Bytes(constant) => constant.head.len().min(64) as u64,
        Node::Tuple(values) if values.is_empty() => return size_of::<Node>() as u64,
        Node::Call(_) => size_of::<Call>() as u64,
        Node::List(_) | Node::Set(_) => size_of::<Value>() as u64,
        Node::Dict(_) => size_of::<(Value, Value)>() as u64,
        Node::Module(name) | Node::Attribute(_, name) => name.len() as u64,
        Node::Tuple(_) | Node::Persistent(_) => 0,
    };
    size_of::<Node>() as u64 + content + ALLOCATION
}

fn recent_slot(serial: u64) -> usize {
    usize::try_from(serial % MOST_RECENT as u64).unwrap_or_default()
}

/// What PUT stored. Small indices lie in a row, as all writers make them.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    row: Vec<Option<Value>>,
    scattered: HashMap<u64, Value>,
    /// How many distinct indices are stored; the next one of MEMOIZE.
    count: u64,
}

impl Memo {
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// How many stand apart from the others.
    pub(crate) fn scattered(&self) -> usize {
        self.scattered.len()
    }

    pub(crate) fn map(&self, mut copy: impl FnMut(Value) -> Value) -> Self {
        Self {
            row: self.row.iter().map(|value| value.map(&mut copy)).collect(),
            scattered: self.scattered.iter().map(|(index, value)| (*index, copy(*value))).collect(),
            count: self.count,
        }
    }

    pub(crate) fn get(&self, index: u64) -> Option<Value> {
        match usize::try_from(index).ok().and_then(|at| self.row.get(at)) {
            Some(Some(value)) => Some(*value),
            _ => self.scattered.get(&index).copied(),
        }
    }

    pub(crate) fn put(&mut self, index: u64, value: Value) {
        let is_new = match usize::try_from(index) {
            // Four times as long as it has entries, so that gaps cost no more than what is stored.
            Ok(at) if at < self.row.len() + 256 && index <= self.count.saturating_mul(4) + 256 => {
                if at >= self.row.len() {
                    self.row.resize(at + 1, None);
                }
                let scattered = self.scattered.remove(&index).is_some();
                self.row[at].replace(value).is_none() && !scattered
            }
            _ => self.scattered.insert(index, value).is_none(),
        };
        self.count += u64::from(is_new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memo_counts_distinct_indices() {
        let mut memo = Memo::default();
        for index in [0, 5, u64::MAX, 5, 300, 2, 300] {
            memo.put(index, Value::Int(i64::try_from(index % 1000).unwrap()));
        }
        assert_eq!(memo.count(), 5);
        assert_eq!(memo.get(300), Some(Value::Int(300)));
        assert_eq!(memo.get(u64::MAX), Some(Value::Int(615)));
        assert_eq!(memo.get(1), None);
        assert_eq!(memo.get(7), None);
    }

    #[test]
    fn past_its_limits_the_heap_knows_nothing() {
        let limits = Limits { entries: 2, ..Limits::default() };
        let mut heap = Heap::new(&limits);
        let text = || Node::Text(Constant { head: Box::default(), length: 0, at: None });
        let values: Vec<Value> = (0..7).map(|_| heap.put(text())).collect();
        let known: Vec<bool> = values.iter().map(|value| heap.text(*value).is_some()).collect();
        assert_eq!(known, [true, true, false, true, true, true, true]);
        assert_ne!(heap.put(Node::Persistent(Value::None)), Value::Unknown);
        assert!(heap.is_cut);
        assert_eq!(heap.tuple(&[Value::None; 9]), Value::Unknown);
    }
}
