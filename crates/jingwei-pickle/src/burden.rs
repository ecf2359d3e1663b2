//! What costs whoever reads a pickle more than its bytes are worth: values that double with every level, nests, far memo
//! slots, endless numbers and names. What is a burden to Python costs nothing here, because sharing is kept.

use jingwei_core::Text;

use crate::{
    heap::{Heap, Node, Value},
    judge::Judge,
    lexer::Overlong,
    machine::Machine,
};

/// Deepest nest that a pickler writes: Python's own recursion ends long before.
pub(crate) const DEEPEST: usize = 10_000;
/// Most leaves that honest sharing gives when every path to them is walked: so many, or so many for each value that a
/// container was given. A list of a thousand rows that are one and the same has a thousand for each.
const MOST_LEAVES: f32 = 1.1e12;
const MANY_LEAVES: f32 = 2e8;
const MOST_LEAVES_EACH: f32 = 1e6;
/// Most leaves of a key: Python goes over all of them while it loads.
const MOST_HASHED: f32 = 1e8;
/// Memo slots past those in use. Python takes memory for all of them.
const FARTHEST: u64 = 1 << 20;
/// Values that are made and dropped. Picklers drop one now and then, for a tuple that holds itself.
pub(crate) const MOST_DROPPED: u64 = 1_000_000;
/// Most different names that anything imports.
const MOST_NAMES: usize = 10_000;

/// Calls that give a container of what they are given.
const CONTAINERS: &[&str] = &[
    "builtins.list",
    "builtins.tuple",
    "builtins.set",
    "builtins.frozenset",
    "builtins.dict",
    "collections.OrderedDict",
    "collections.defaultdict",
    "collections.deque",
    "collections.Counter",
    "copyreg.__newobj__",
];

/// Those that hash what they are given.
const HASHED: [&str; 2] = ["builtins.set", "builtins.frozenset"];

/// One way to wear a reader out.
#[derive(Debug)]
pub(crate) struct Burden {
    /// Without numbers, so that it is the same from run to run.
    pub(crate) key: &'static str,
    pub(crate) at: u64,
    pub(crate) reason: Text,
}

/// Whether a memo slot lies so far beyond those in use that no writer put it there.
pub(crate) fn is_far(index: u64, count: u64) -> bool {
    index > FARTHEST.saturating_add(count.saturating_mul(64))
}

/// What shows only when a run is over.
pub(crate) fn weigh(machine: &mut Machine) {
    let weight = weight(&machine.heap, &machine.judge);
    let is_dense = weight.leaves > MANY_LEAVES && weight.leaves > MOST_LEAVES_EACH * weight.given;
    if weight.leaves > MOST_LEAVES || is_dense {
        let power = weight.leaves.log10().floor().min(38.0);
        let (zh, en) = (
            format!("容器层层共享，逐项遍历（比较、散列、打印、复制）会超过 10^{power} 项"),
            format!(
                "containers that share each other have more than 10^{power} items once they are compared, hashed, printed or copied"
            ),
        );
        machine.burden("expansion", 0, || Text::new(zh, en));
    } else if weight.hashed > MOST_HASHED {
        let (zh, en) = (
            "用作键的元组层层共享，加载时散列会超过一亿项",
            "a key is made of tuples that share each other: hashing it goes over more than 10^8 items, and loading does that",
        );
        machine.burden("expansion", 0, || Text::new(zh, en));
    }
    if weight.depth as usize > DEEPEST {
        let depth = weight.depth;
        let (zh, en) = (format!("容器嵌套 {depth} 层"), format!("containers are nested {depth} deep"));
        machine.burden("depth", 0, || Text::new(zh, en));
    }
    match machine.lexer.overlong {
        Some((at, Overlong::Name)) => {
            machine.burden("name", at, || Text::new("导入的名称超过 64 KiB", "a name to import is longer than 64 KiB"));
        }
        Some((at, Overlong::Number)) => {
            let en = "a number is so long that converting it takes its square in time";
            machine.burden("number", at, || Text::new("数字过长，转换耗时随长度平方增长", en));
        }
        None => {}
    }
    let names = machine.judge.names.iter().filter(|name| name.is_import).count();
    if names > MOST_NAMES {
        let (zh, en) = (format!("导入 {names} 个不同名称"), format!("it imports {names} different names"));
        machine.burden("names", 0, || Text::new(zh, en));
    }
}

/// Of a value with everything that it holds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Weight {
    /// When every path is walked. Approximate, and never overflows.
    leaves: f32,
    depth: u32,
    /// Of the heaviest key.
    hashed: f32,
    /// Values that all containers of the run were given.
    given: f32,
}

const LEAF: Weight = Weight { leaves: 1.0, depth: 0, hashed: 0.0, given: 0.0 };
/// Marks a value under way: a cycle ends there.
const OPEN: Weight = Weight { depth: u32::MAX, ..LEAF };

/// The heaviest value of a run. Each object is walked once, so it costs what the objects take.
fn weight(heap: &Heap, judge: &Judge) -> Weight {
    let mut known: Vec<Option<Weight>> = vec![None; heap.count()];
    let mut most = LEAF;
    let mut path: Vec<(usize, usize, Weight)> = Vec::new();
    for root in 0..known.len() {
        if known[root].is_some() || !is_container(heap, judge, root) {
            continue;
        }
        // What holds nothing but what came before it, as nearly everything does, needs no path.
        if let Some((done, given)) = of_known(heap, judge, root, &known) {
            known[root] = Some(done);
            most.leaves = most.leaves.max(done.leaves);
            most.depth = most.depth.max(done.depth);
            most.given += given;
            continue;
        }
        known[root] = Some(OPEN);
        path.push((root, 0, LEAF));
        while let Some((at, next, sum)) = path.pop() {
            let Some(child) = child(heap.at(at), next) else {
                let done = Weight { depth: sum.depth + 1, ..sum };
                known[at] = Some(done);
                most = Weight { leaves: most.leaves.max(done.leaves), depth: most.depth.max(done.depth), ..most };
                if let Some((.., outer)) = path.last_mut() {
                    add(outer, done);
                }
                continue;
            };
            path.push((at, next + 1, sum));
            most.given += 1.0;
            let Some(inner) = child.node().map(crate::heap::NodeId::index).filter(|n| is_container(heap, judge, *n))
            else {
                if let Some((.., outer)) = path.last_mut() {
                    outer.leaves += 1.0;
                }
                continue;
            };
            match known[inner] {
                Some(OPEN) => {}
                Some(weight) => {
                    if let Some((.., outer)) = path.last_mut() {
                        add(outer, weight);
                    }
                }
                None => {
                    known[inner] = Some(OPEN);
                    path.push((inner, 0, LEAF));
                }
            }
        }
    }
    let of_key = |key: &Value| known.get(key.node()?.index()).copied().flatten().map(|weight| weight.leaves);
    let heaviest = |node: usize| match heap.at(node) {
        Some(Node::Dict(pairs)) => pairs.kept.iter().filter_map(|(key, _)| of_key(key)).fold(0.0, f32::max),
        Some(Node::Set(items)) => items.kept.iter().filter_map(of_key).fold(0.0, f32::max),
        Some(Node::Call(call)) => {
            let is_set = judge.canonical(call.callable).is_some_and(|name| HASHED.contains(&name));
            let given = heap.tuple_of(call.arguments).and_then(|arguments| arguments.first()).filter(|_| is_set);
            let members = given.and_then(|given| heap.get(*given)).map_or(&[][..], |members| match members {
                Node::List(items) | Node::Set(items) => &items.kept,
                Node::Tuple(values) => values,
                _ => &[],
            });
            let keys = call.pairs().iter().map(|(key, _)| key);
            keys.chain(members).filter_map(of_key).fold(0.0, f32::max)
        }
        _ => 0.0,
    };
    Weight { hashed: (0..known.len()).map(heaviest).fold(0.0, f32::max), ..most }
}

/// The weight of a tuple, list or set and how many values it was given, if the weight of each is known.
fn of_known(heap: &Heap, judge: &Judge, n: usize, known: &[Option<Weight>]) -> Option<(Weight, f32)> {
    let values: &[Value] = match heap.at(n)? {
        Node::Tuple(values) => values,
        Node::List(items) | Node::Set(items) => &items.kept,
        _ => return None,
    };
    let (mut sum, mut given) = (LEAF, 0.0);
    for value in values {
        given += 1.0;
        let Some(inner) = value.node().map(crate::heap::NodeId::index) else {
            sum.leaves += 1.0;
            continue;
        };
        match known[inner] {
            Some(OPEN) => return None,
            Some(weight) => add(&mut sum, weight),
            None if is_container(heap, judge, inner) => return None,
            None => sum.leaves += 1.0,
        }
    }
    Some((Weight { depth: sum.depth + 1, ..sum }, given))
}

fn add(outer: &mut Weight, inner: Weight) {
    outer.leaves += inner.leaves;
    outer.depth = outer.depth.max(inner.depth);
}

/// Objects of other classes are not walked: what Python does with them is theirs.
fn is_container(heap: &Heap, judge: &Judge, n: usize) -> bool {
    match heap.at(n) {
        Some(Node::Tuple(values)) => !values.is_empty(),
        Some(Node::List(items) | Node::Set(items)) => !items.kept.is_empty(),
        Some(Node::Dict(pairs)) => !pairs.kept.is_empty(),
        Some(Node::Call(call)) => judge.canonical(call.callable).is_some_and(|name| CONTAINERS.contains(&name)),
        _ => false,
    }
}

/// What a container holds, one after another.
fn child(node: Option<&Node>, n: usize) -> Option<Value> {
    let of_pairs = |pairs: &[(Value, Value)], n: usize| {
        pairs.get(n / 2).map(|(key, value)| if n.is_multiple_of(2) { *key } else { *value })
    };
    match node? {
        Node::Tuple(values) => values.get(n).copied(),
        Node::List(items) | Node::Set(items) => items.kept.get(n).copied(),
        Node::Dict(pairs) => of_pairs(&pairs.kept, n),
        Node::Call(call) => match n.checked_sub(1) {
            None => Some(call.arguments),
            Some(n) => match n.checked_sub(call.items().len()) {
                None => call.items().get(n).copied(),
                Some(n) => of_pairs(call.pairs(), n),
            },
        },
        _ => None,
    }
}
