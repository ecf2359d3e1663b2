//! Fitted trees of scikit-learn. Their elements name others by number, and compiled code follows the numbers without
//! looking: a number that is none reads memory that is not the tree's, a ring is followed without end.
//!
//! `sklearn/tree/_tree.pyx`, `sklearn/ensemble/_hist_gradient_boosting/predictor.py`, `sklearn/neighbors/_binary_tree.pxi.tp`.

use std::collections::{HashMap, HashSet};

use jingwei_core::Text;
use jingwei_read::Sighting;

use crate::{
    array,
    heap::{Call, Heap, Node, NodeId, Value},
    lexer::Fault,
    machine::Machine,
};

/// Keys of the dictionaries that are looked through.
const MOST_KEYS: usize = 64;
/// Bytes that are read at once.
const PIECE: u64 = 1 << 20;
/// Largest element of a tree: those of scikit-learn have 64 bytes.
const LARGEST: u64 = 4096;
/// A source is read so many times more for its trees, at most.
const MOST_AGAIN: u64 = 2;

/// The first fitted tree of a run whose numbers lead nowhere.
pub(crate) fn astray(machine: &mut Machine) -> Option<Sighting> {
    if !machine.judge.names.iter().any(|name| name.canonical.starts_with("sklearn.")) {
        return None;
    }
    let about = About::of(machine);
    let mut seen: HashSet<(u64, Layout)> = HashSet::new();
    let mut left = machine.lexer.length().saturating_mul(MOST_AGAIN).saturating_add(PIECE);
    for n in 0..machine.heap.count() {
        let Some(array) = Array::at(machine, n) else { continue };
        let Some(layout) = Layout::of(machine, array.dtype) else { continue };
        let count = array.length / layout.size;
        let known = about.arrays.get(&array.node);
        let limits = Bounds { count, ..known.copied().unwrap_or_default() };
        // Whole numbers are rows only where a tree says so.
        if matches!(layout.kind, Kind::Row(_)) && limits.rows.is_none() {
            continue;
        }
        if limits.claimed.is_some_and(|claimed| claimed > count) {
            return Some(lie(Text::new("它声称的节点多于数组", "it claims more nodes than its array has")));
        }
        if !seen.insert((array.place, layout)) {
            continue;
        }
        match left.checked_sub(array.length) {
            Some(rest) => left = rest,
            None => return Some(Sighting::limit("header_bytes", left)),
        }
        match wrong(machine, &array, &layout, &limits) {
            Ok(None) => {}
            Ok(Some(reason)) => return Some(lie(reason)),
            // Whoever followed the stream says so.
            Err(_) => return None,
        }
    }
    None
}

fn lie(reason: Text) -> Sighting {
    let place = Text::new("scikit-learn 的树", "a tree of scikit-learn");
    Sighting::new("model.graph-lie").key("tree").with_text("where", place).with_text("reason", reason)
}

/// What must hold for the elements of an array.
#[derive(Debug, Clone, Copy, Default)]
struct Bounds {
    count: u64,
    /// Nodes that the tree says it has.
    claimed: Option<u64>,
    /// Columns of what is predicted from.
    features: Option<i64>,
    /// Rows among which a tree of neighbours looks.
    rows: Option<u64>,
}

/// What trees say of their arrays, by the array.
struct About {
    arrays: HashMap<NodeId, Bounds>,
}

impl About {
    fn of(machine: &Machine) -> Self {
        let mut arrays = HashMap::new();
        for n in 0..machine.heap.count() {
            let Some(Node::Call(call)) = machine.heap.at(n) else { continue };
            let Some(state) = call.state else { continue };
            let name = machine.judge.canonical(call.callable).unwrap_or_default();
            if name == "sklearn.tree._tree.Tree" {
                let nodes = machine.heap.lookup(state, "nodes", MOST_KEYS).and_then(Value::node);
                let features = match machine.heap.tuple_of(call.arguments) {
                    Some([Value::Int(features), ..]) => Some(*features),
                    _ => None,
                };
                let claimed = match machine.heap.lookup(state, "node_count", MOST_KEYS) {
                    Some(Value::Int(count)) => Some(u64::try_from(count).unwrap_or(u64::MAX)),
                    _ => None,
                };
                nodes.and_then(|nodes| arrays.insert(nodes, Bounds { claimed, features, ..Bounds::default() }));
            } else if name.starts_with("sklearn.neighbors.")
                && let Some([data, indices, nodes, ..]) = machine.heap.tuple_of(state)
            {
                let bounds = Bounds { rows: rows(machine, *data), ..Bounds::default() };
                [indices, nodes].into_iter().filter_map(|value| value.node()).for_each(|node| {
                    arrays.insert(node, bounds);
                });
            }
        }
        Self { arrays }
    }
}

/// Length of the first axis of an array.
fn rows(machine: &Machine, value: Value) -> Option<u64> {
    let Value::Node(node) = value else { return None };
    let shape = Array::at(machine, node.index())?.shape?;
    match machine.heap.tuple_of(shape)? {
        [Value::Int(rows), ..] => u64::try_from(*rows).ok(),
        _ => None,
    }
}

/// An array of NumPy, and where its elements lie.
struct Array {
    node: NodeId,
    dtype: Value,
    shape: Option<Value>,
    /// In the source; or, where they do not stand there, the node that holds them.
    place: u64,
    length: u64,
    kept: Option<NodeId>,
}

impl Array {
    fn at(machine: &Machine, n: usize) -> Option<Self> {
        let Some(Node::Call(call)) = machine.heap.at(n) else { return None };
        let node = Heap::id_of(n);
        let name = machine.judge.canonical(call.callable)?;
        let (dtype, shape, content) = match name {
            array::WRAPPER => {
                let (place, length) = *machine.inlined.get(&node)?;
                let dtype = machine.heap.lookup(call.state?, "dtype", MOST_KEYS)?;
                let shape = machine.heap.lookup(call.state?, "shape", MOST_KEYS);
                return Some(Self { node, dtype, shape, place, length, kept: None });
            }
            _ if name.ends_with(".multiarray._reconstruct") => Self::parts(machine, call)?,
            // Content, type, shape and order.
            _ if name.ends_with(".numeric._frombuffer") => match machine.heap.tuple_of(call.arguments)? {
                [content, dtype, shape, ..] => (*dtype, *shape, *content),
                _ => return None,
            },
            _ => return None,
        };
        let Some(Node::Bytes(constant)) = machine.heap.get(content) else { return None };
        let (length, shape) = (constant.length, Some(shape));
        match constant.at {
            Some(place) => Some(Self { node, dtype, shape, place, length, kept: None }),
            None if constant.is_whole() => {
                Some(Self { node, dtype, shape, place: u64::MAX - n as u64, length, kept: content.node() })
            }
            None => None,
        }
    }

    /// Version, shape, type, order, content.
    fn parts(machine: &Machine, call: &Call) -> Option<(Value, Value, Value)> {
        match machine.heap.tuple_of(call.state?)? {
            [.., shape, dtype, _, content] => Some((*dtype, *shape, *content)),
            _ => None,
        }
    }
}

/// A whole number within an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Field {
    offset: usize,
    bytes: usize,
    is_signed: bool,
    is_big: bool,
}

impl Field {
    /// `(dtype, offset)`, where the dtype is `numpy.dtype('i8', …)` with `(version, byte order, …)` as its state.
    fn of(machine: &Machine, place: Value) -> Option<Self> {
        let [dtype, Value::Int(offset), ..] = machine.heap.tuple_of(place)? else { return None };
        let (bytes, is_signed, is_big) = number_of(machine, *dtype)?;
        Some(Self { offset: usize::try_from(*offset).ok()?, bytes, is_signed, is_big })
    }

    fn read(self, element: &[u8]) -> Option<i128> {
        let bytes = element.get(self.offset..self.offset + self.bytes)?;
        let mut wide = [0; 16];
        wide[..bytes.len()].copy_from_slice(bytes);
        if self.is_big {
            wide[..bytes.len()].reverse();
        }
        let value = i128::from_le_bytes(wide);
        let bits = 8 * u32::try_from(self.bytes).ok()?;
        let sign = 1_i128 << (bits - 1);
        Some(if self.is_signed && value & sign != 0 { value - (sign << 1) } else { value })
    }
}

/// Size, sign and order of a dtype of whole numbers.
fn number_of(machine: &Machine, dtype: Value) -> Option<(usize, bool, bool)> {
    let call = machine.heap.call(dtype).filter(|call| machine.judge.canonical(call.callable) == Some("numpy.dtype"))?;
    let code = machine.heap.whole_text(*machine.heap.tuple_of(call.arguments)?.first()?)?;
    let (order, code) = match code.strip_prefix(['<', '>', '=', '|']) {
        Some(rest) => (code.get(..1), rest),
        None => (None, code),
    };
    let (kind, digits) = code.split_at_checked(1)?;
    let size: usize = digits.parse().ok()?;
    if !matches!(kind, "i" | "u") || !matches!(size, 1 | 2 | 4 | 8) {
        return None;
    }
    let state = call.state.and_then(|state| machine.heap.tuple_of(state)).and_then(|state| state.get(1).copied());
    let stated = state.and_then(|order| machine.heap.whole_text(order));
    Some((size, kind == "i", stated.or(order) == Some(">")))
}

/// What the elements of an array are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Layout {
    size: u64,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    /// Two children, of which a leaf has none, and a column that decides.
    Children { left: Field, right: Field, leaf: Option<Field>, feature: Option<Field> },
    /// A range of rows.
    Range { start: Field, end: Field },
    /// A row.
    Row(Field),
}

impl Layout {
    fn of(machine: &Machine, dtype: Value) -> Option<Self> {
        if let Some((bytes, is_signed, is_big)) = number_of(machine, dtype) {
            let row = Field { offset: 0, bytes, is_signed, is_big };
            return Some(Self { size: bytes as u64, kind: Kind::Row(row) });
        }
        let call = machine.heap.call(dtype)?;
        if machine.judge.canonical(call.callable) != Some("numpy.dtype") {
            return None;
        }
        let [_, _, _, _, fields, Value::Int(size), ..] = machine.heap.tuple_of(call.state?)? else { return None };
        let size = u64::try_from(*size).ok().filter(|size| (1..=LARGEST).contains(size))?;
        let field = |name| machine.heap.lookup(*fields, name, MOST_KEYS).and_then(|place| Field::of(machine, place));
        let pair = |a, b| field(a).zip(field(b));
        let kind = if let Some((left, right)) = pair("left_child", "right_child") {
            Kind::Children { left, right, leaf: None, feature: field("feature") }
        } else if let Some((left, right)) = pair("left", "right") {
            Kind::Children { left, right, leaf: Some(field("is_leaf")?), feature: field("feature_idx") }
        } else {
            let (start, end) = pair("idx_start", "idx_end")?;
            Kind::Range { start, end }
        };
        Some(Self { size, kind })
    }
}

/// What is wrong with the elements of an array, if anything is.
fn wrong(machine: &mut Machine, array: &Array, layout: &Layout, bounds: &Bounds) -> Result<Option<Text>, Fault> {
    let size = usize::try_from(layout.size).unwrap_or(usize::MAX);
    let check = |nth: u64, bytes: &[u8]| {
        let elements = bytes.chunks_exact(size).zip(nth..);
        elements.filter_map(|(element, nth)| bounds.wrong(nth, element, layout.kind)).next()
    };
    if let Some(Node::Bytes(constant)) = array.kept.and_then(|node| machine.heap.at(node.index())) {
        return Ok(check(0, &constant.head));
    }
    let whole = PIECE / layout.size * layout.size;
    let mut read = 0;
    while read < array.length {
        let piece = machine.lexer.again(array.place + read, whole.min(array.length - read))?;
        if let Some(reason) = check(read / layout.size, &piece) {
            return Ok(Some(reason));
        }
        read += whole;
    }
    Ok(None)
}

impl Bounds {
    fn wrong(&self, nth: u64, element: &[u8], kind: Kind) -> Option<Text> {
        match kind {
            Kind::Children { left, right, leaf, feature } => {
                let (left, right) = (left.read(element)?, right.read(element)?);
                let is_leaf = match leaf {
                    Some(leaf) => leaf.read(element)? != 0,
                    None => left == -1,
                };
                if is_leaf {
                    return None;
                }
                for child in [left, right] {
                    if !(0..i128::from(self.count)).contains(&child) {
                        return Some(Text::new(
                            format!("节点 {nth} 的子节点 {child} 不存在（共 {} 个节点）", self.count),
                            format!("child {child} of node {nth} is none of its {} nodes", self.count),
                        ));
                    }
                    if child <= i128::from(nth) {
                        return Some(Text::new(
                            format!("节点 {nth} 的子节点是更早的节点 {child}：预测可能永不结束"),
                            format!("the child of node {nth} is the earlier node {child}: a prediction may never end"),
                        ));
                    }
                }
                let feature = feature.and_then(|feature| feature.read(element))?;
                let is_outside = feature < 0 || self.features.is_some_and(|most| feature >= i128::from(most));
                is_outside.then(|| {
                    Text::new(
                        format!("节点 {nth} 使用不存在的特征 {feature}"),
                        format!("node {nth} uses feature {feature}, which does not exist"),
                    )
                })
            }
            Kind::Range { start, end } => {
                let (start, end) = (start.read(element)?, end.read(element)?);
                let most = self.rows.map_or(i128::MAX, i128::from);
                (start < 0 || end < start || end > most).then(|| {
                    Text::new(
                        format!("节点 {nth} 的范围 {start}..{end} 超出数据"),
                        format!("the range {start}..{end} of node {nth} leaves its data"),
                    )
                })
            }
            Kind::Row(row) => {
                let (row, rows) = (row.read(element)?, self.rows?);
                (!(0..i128::from(rows)).contains(&row)).then(|| {
                    Text::new(
                        format!("第 {row} 行不存在（共 {rows} 行）"),
                        format!("row {row} is none of its {rows} rows"),
                    )
                })
            }
        }
    }
}
