//! Calls that make far more than they were given: arrays as large as a number says, iterators without an end that a
//! container reads to its end, and keys of one hash, among which a dictionary looks for each.

use jingwei_core::Text;

use crate::{
    heap::{Constant, Heap, Node, Value},
    machine::Machine,
};

/// Elements that one call may make: a thousand million is more memory than most readers have.
const MOST: f64 = 1e9;
/// Digits that an exponent may write out: dividing such numbers takes the square of that in time.
const MOST_DIGITS: f64 = 1e6;
/// Keys of one hash that a dictionary may have. Python compares each with all before it.
const MOST_ALIKE: usize = 2_000;
/// How far an iterator of iterators is followed, and how many of them in all.
const DEEPEST: u32 = 24;
const MOST_FOLLOWED: u32 = 200_000;
/// Python's hash of a number is the rest when it is divided by this one (Python documentation, "Hashing of numeric types").
const MODULUS: u128 = (1 << 61) - 1;

/// They make as many elements as a number, or the product of numbers, says.
const ALLOCATORS: &[&str] = &[
    "array.array",
    "builtins.bytearray",
    "builtins.bytes",
    "numpy.arange",
    "numpy.empty",
    "numpy.full",
    "numpy.ndarray",
    "numpy.ones",
    "numpy.zeros",
    "numpy.matrix",
    "torch.Tensor",
];
/// They read what they are given to its end.
const CONSUMERS: &[&str] = &[
    "array.array",
    "builtins.bytearray",
    "builtins.bytes",
    "builtins.dict",
    "builtins.dict.fromkeys",
    "builtins.frozenset",
    "builtins.list",
    "builtins.max",
    "builtins.min",
    "builtins.set",
    "builtins.sorted",
    "builtins.str.join",
    "builtins.sum",
    "builtins.tuple",
    "collections.Counter",
    "collections.OrderedDict",
    "collections.OrderedDict.fromkeys",
    "collections.deque",
    "itertools.product",
    "numpy.array",
    "numpy.asarray",
];
/// They write a number out whose exponent is short: `1e999999999`.
const WRITERS: &[&str] = &["fractions.Fraction", "builtins.int"];
/// Operators that make a long value of short ones.
const REPEATERS: &[&str] = &["operator.mul", "builtins.pow"];

/// The first call of a run that makes too much, and the first dictionary or set of keys that collide.
pub(crate) fn weigh(machine: &mut Machine) {
    let kinds: Vec<Kind> = machine.judge.names.iter().map(|name| Kind::of(&name.canonical)).collect();
    let is_asked = kinds.iter().any(|kind| *kind != Kind::default());
    let mut follower = Follower { machine, kinds, left: MOST_FOLLOWED };
    let calls = if is_asked { 0..follower.machine.heap.count() } else { 0..0 };
    let grown = calls.into_iter().find_map(|n| follower.grown(n));
    let alike = (0..machine.heap.count()).find_map(|n| alike(&machine.heap, n));
    if let Some((at, name, elements)) = grown {
        let (zh, en) = if elements.is_finite() {
            (format!("{name} 会生成约 {elements:.0e} 个元素"), format!("{name} makes about {elements:.0e} elements"))
        } else {
            (format!("{name} 会读取没有尽头的迭代器"), format!("{name} reads an iterator that has no end"))
        };
        machine.burden("allocation", at, || Text::new(zh, en));
    }
    if let Some(keys) = alike {
        let zh = format!("字典或集合中有 {keys} 个散列值相同的键，插入耗时随数量平方增长");
        let en = format!(
            "{keys} keys of one dictionary or set share a hash, and adding them takes the square of that in time"
        );
        machine.burden("collisions", 0, || Text::new(zh, en));
    }
}

/// What a call of a name does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Kind {
    makes: bool,
    reads: bool,
    repeats: bool,
    writes: bool,
}

impl Kind {
    fn of(name: &str) -> Self {
        let is_one_of = |names: &[&str]| names.contains(&name);
        Self {
            makes: is_one_of(ALLOCATORS),
            reads: is_one_of(CONSUMERS),
            repeats: is_one_of(REPEATERS),
            writes: is_one_of(WRITERS),
        }
    }
}

struct Follower<'m, 'a, 't> {
    machine: &'m Machine<'a, 't>,
    /// By name.
    kinds: Vec<Kind>,
    left: u32,
}

impl Follower<'_, '_, '_> {
    fn grown(&mut self, n: usize) -> Option<(u64, String, f64)> {
        let Some(Node::Call(call)) = self.machine.heap.at(n) else { return None };
        let Value::Name(id) = call.callable else { return None };
        let Kind { makes, reads, writes, .. } =
            *self.kinds.get(id.0 as usize).filter(|kind| **kind != Kind::default())?;
        let name = self.machine.judge.canonical(call.callable)?;
        let arguments = self.machine.heap.tuple_of(call.arguments)?;
        let mut elements: f64 = 0.0;
        if makes {
            elements = elements.max(self.sizes(name, arguments));
        }
        if reads {
            for argument in arguments.iter().take(64) {
                elements = elements.max(self.length(*argument, DEEPEST));
            }
        }
        if let ("operator.mul", [a, b]) = (name, arguments) {
            elements = elements.max(self.length(*a, DEEPEST) * number(&self.machine.heap, *b).max(0.0));
            elements = elements.max(self.length(*b, DEEPEST) * number(&self.machine.heap, *a).max(0.0));
        }
        if let ("builtins.pow", [base, power]) = (name, arguments) {
            // Of what is no whole number, Python makes a float.
            let bits = number(&self.machine.heap, *base).abs().max(1.0).log2();
            elements = elements.max(bits * number(&self.machine.heap, *power).max(0.0));
        }
        let digits =
            if writes { arguments.iter().take(2).map(|value| self.exponent(*value)).fold(0.0, f64::max) } else { 0.0 };
        (elements > MOST || digits > MOST_DIGITS).then(|| (call.at, name.to_owned(), elements.max(digits)))
    }

    /// The exponent of a number that is written as a text, or is a decimal made of one, without its sign.
    fn exponent(&self, value: Value) -> f64 {
        let heap = &self.machine.heap;
        let text = match heap.get(value) {
            Some(Node::Call(call)) if self.machine.judge.canonical(call.callable) == Some("decimal.Decimal") => {
                heap.tuple_of(call.arguments).and_then(|arguments| heap.get(*arguments.first()?))
            }
            other => other,
        };
        let Some(Node::Text(constant)) = text else { return 0.0 };
        let front = String::from_utf8_lossy(&constant.head);
        let Some((_, exponent)) = front.split_once(['e', 'E']) else { return 0.0 };
        let digits = exponent.trim().trim_start_matches(['+', '-']).replace('_', "");
        digits.parse().unwrap_or(0.0)
    }

    /// What an allocator is told to make.
    fn sizes(&self, name: &str, arguments: &[Value]) -> f64 {
        let heap = &self.machine.heap;
        let product = |values: &[Value]| values.iter().take(64).map(|value| number(heap, *value).max(0.0)).product();
        let shape = |value: Value| match heap.get(value) {
            Some(Node::Tuple(sizes)) => product(sizes),
            Some(Node::List(sizes)) => product(&sizes.kept),
            _ => number(heap, value),
        };
        match arguments {
            // Its sizes may stand side by side.
            [Value::Int(_), Value::Int(_), ..] if name == "torch.Tensor" => product(arguments),
            // From the first number to the second.
            [first, second, ..] if name == "numpy.arange" => number(heap, *second) - number(heap, *first),
            // A letter for the kind, then the values.
            [_, values, ..] if name == "array.array" => number(heap, *values),
            [first, ..] => shape(*first),
            [] => 0.0,
        }
    }

    /// How many elements a value gives to whoever reads it to its end.
    fn length(&mut self, value: Value, depth: u32) -> f64 {
        let heap = &self.machine.heap;
        let count = |kept: usize, more: u64| float(u64::try_from(kept).unwrap_or(u64::MAX).saturating_add(more));
        let call = match heap.get(value) {
            Some(Node::Text(constant) | Node::Bytes(constant)) => return float(constant.length),
            Some(Node::Tuple(values)) => return count(values.len(), 0),
            Some(Node::List(items) | Node::Set(items)) => return count(items.kept.len(), items.more),
            Some(Node::Dict(pairs)) => return count(pairs.kept.len(), pairs.more),
            Some(Node::Call(call)) => call,
            _ => return 0.0,
        };
        if depth == 0 || self.left == 0 {
            return 0.0;
        }
        self.left -= 1;
        let name = self.machine.judge.canonical(call.callable).unwrap_or_default();
        let arguments = heap.tuple_of(call.arguments).unwrap_or_default();
        let arguments = arguments.get(..arguments.len().min(64)).unwrap_or_default();
        let at = |n: usize| arguments.get(n).copied();
        let whole = |n: usize| at(n).map(|value| number(heap, value));
        match name {
            "builtins.range" => {
                let (from, to) = if arguments.len() > 1 { (whole(0), whole(1)) } else { (None, whole(0)) };
                let step = whole(2).filter(|step| *step != 0.0).unwrap_or(1.0);
                ((to.unwrap_or(0.0) - from.unwrap_or(0.0)) / step).max(0.0)
            }
            "itertools.count" => f64::INFINITY,
            "itertools.repeat" => whole(1).unwrap_or(f64::INFINITY),
            "itertools.cycle" if at(0).is_some_and(|inner| self.length(inner, depth - 1) > 0.0) => f64::INFINITY,
            "itertools.islice" => {
                let end = if arguments.len() > 2 { whole(2) } else { whole(1) };
                let inner = at(0).map_or(0.0, |inner| self.length(inner, depth - 1));
                // Without an end it goes on as long as what it reads.
                end.filter(|end| *end > 0.0).map_or(inner, |end| inner.min(end))
            }
            "itertools.product" => arguments.iter().map(|inner| self.length(*inner, depth - 1)).product(),
            "itertools.chain" | "itertools.zip_longest" => {
                arguments.iter().map(|inner| self.length(*inner, depth - 1)).sum()
            }
            "itertools.chain.from_iterable" => match at(0).and_then(|inner| heap.get(inner)) {
                Some(Node::Tuple(values)) => values.iter().take(64).map(|v| self.length(*v, depth - 1)).sum(),
                Some(Node::List(items)) => items.kept.iter().take(64).map(|v| self.length(*v, depth - 1)).sum(),
                // An iterator of iterators.
                _ => at(0).map_or(0.0, |inner| self.length(inner, depth - 1)),
            },
            "builtins.zip" => {
                arguments.iter().map(|inner| self.length(*inner, depth - 1)).fold(f64::INFINITY, f64::min)
            }
            "builtins.map" | "builtins.filter" => at(1).map_or(0.0, |inner| self.length(inner, depth - 1)),
            "operator.mul" => {
                let product = |a: f64, b: f64| if a > 0.0 && b > 0.0 { a * b } else { 0.0 };
                let (a, b) = (at(0).unwrap_or(Value::None), at(1).unwrap_or(Value::None));
                let one = product(self.length(a, depth - 1), number(heap, b));
                one.max(product(self.length(b, depth - 1), number(heap, a)))
            }
            // Anything else that holds or passes on what it was given.
            _ => {
                let given = at(0).map_or(0.0, |inner| self.length(inner, depth - 1));
                given.max(count(call.items().len(), 0))
            }
        }
    }
}

/// A number as it stands there; 0 for what is none.
fn number(heap: &Heap, value: Value) -> f64 {
    match value {
        Value::Int(n) => {
            let size = float(n.unsigned_abs());
            if n < 0 { -size } else { size }
        }
        Value::Float(n) if n.is_finite() => n,
        Value::Bool(true) => 1.0,
        _ => match heap.get(value) {
            Some(Node::Long(constant)) => long_number(constant),
            _ => 0.0,
        },
    }
}

fn long_number(constant: &Constant) -> f64 {
    match constant.head.last() {
        // Its last byte is its highest, with the sign.
        Some(highest) if constant.is_whole() && highest & 0x80 == 0 => {
            constant.head.iter().rev().fold(0.0, |all, byte| all * 256.0 + f64::from(*byte))
        }
        _ => 0.0,
    }
}

#[allow(clippy::cast_precision_loss, reason = "a size of this order is all that is asked for")]
fn float(n: u64) -> f64 {
    n as f64
}

/// How many keys of the same hash a dictionary or a set has, if that is too many. Only long numbers have it in their
/// hands: what 64 bits hold collides eight times at most, and the hash of a text is another in each process.
fn alike(heap: &Heap, n: usize) -> Option<usize> {
    let keys: Vec<Value> = match heap.at(n)? {
        Node::Dict(pairs) if pairs.kept.len() > MOST_ALIKE => pairs.kept.iter().map(|(key, _)| *key).collect(),
        Node::Set(items) if items.kept.len() > MOST_ALIKE => items.kept.clone(),
        Node::Call(call) if call.pairs().len() > MOST_ALIKE => call.pairs().iter().map(|(key, _)| *key).collect(),
        Node::Call(call) if call.items().len() > MOST_ALIKE => call.items().to_vec(),
        _ => return None,
    };
    let mut hashes: Vec<(u64, &[u8])> = keys.iter().filter_map(|key| hash(heap, *key)).collect();
    if hashes.len() <= MOST_ALIKE {
        return None;
    }
    hashes.sort_unstable();
    // The same key again takes the place of the first.
    hashes.dedup();
    let most = hashes.chunk_by(|a, b| a.0 == b.0).map(<[_]>::len).max().unwrap_or(0);
    (most > MOST_ALIKE).then_some(most)
}

/// Python's hash of a long number, without its sign, and its bytes.
fn hash(heap: &Heap, key: Value) -> Option<(u64, &[u8])> {
    let Some(Node::Long(constant)) = heap.get(key) else { return None };
    if !constant.is_whole() {
        return None;
    }
    let is_negative = constant.head.last().is_some_and(|highest| highest & 0x80 != 0);
    let byte_of = |byte: u8| if is_negative { !byte } else { byte };
    let rest =
        constant.head.iter().rev().fold(0, |rest: u128, byte| (rest << 8 | u128::from(byte_of(*byte))) % MODULUS);
    let rest = if is_negative { (rest + 1) % MODULUS } else { rest };
    Some((u64::try_from(rest).unwrap_or_default(), &constant.head))
}
