//! Lists the tensors of a PyTorch checkpoint from the values that a run left, without executing anything.

use std::collections::HashSet;

use crate::heap::{Call, Heap, Node, NodeId, Value};

/// Most leaves that are listed.
const MOST_LEAVES: usize = 1_000_000;
/// Deepest nesting of dictionaries, lists and modules.
const DEEPEST: u32 = 64;
/// Most values that are visited, however often they are shared, and bytes of names that are made.
const MOST_VISITS: u64 = 4_000_000;
const MOST_NAME_BYTES: usize = 256 << 20;
/// Attributes of a module that are looked through for its parts.
const MOST_KEYS: usize = 256;
/// Most axes of a tensor.
const MOST_AXES: usize = 64;

/// A tensor as the checkpoint describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorRecord {
    /// Path in the state dictionary, such as `layers.0.weight`.
    pub name: String,
    pub storage_key: String,
    /// As safetensors names it, such as `BF16`; `C128`, which it lacks, and so on for the rest.
    pub dtype: &'static str,
    /// Of one element, in bytes.
    pub element_bytes: u64,
    pub shape: Vec<u64>,
    /// In elements.
    pub stride: Vec<u64>,
    pub offset_elements: u64,
    pub storage_elements: u64,
}

impl TensorRecord {
    /// Number of elements; `None` where it overflows.
    #[must_use]
    pub fn elements(&self) -> Option<u64> {
        self.shape.iter().try_fold(1u64, |count, axis| count.checked_mul(*axis))
    }

    /// Whether every element lies inside the storage.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        if self.shape.contains(&0) {
            return self.offset_elements <= self.storage_elements;
        }
        let last =
            self.shape.iter().zip(&self.stride).try_fold(self.offset_elements, |last, (axis, stride)| {
                (axis - 1).checked_mul(*stride)?.checked_add(last)
            });
        self.shape.len() == self.stride.len() && last.is_some_and(|last| last < self.storage_elements)
    }
}

/// Something in a checkpoint that is no plain tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    pub name: String,
    /// What it is, such as `int` or `torch._utils._rebuild_qtensor`.
    pub what: String,
}

/// Everything in a checkpoint, by name. Nothing is left out silently.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkpoint {
    pub tensors: Vec<TensorRecord>,
    /// Values that are no tensors, such as numbers of an optimizer.
    pub skipped: Vec<Leaf>,
    /// Tensors that are not plain and dense, or whose description cannot be read.
    pub unsupported: Vec<Leaf>,
    /// Not everything is listed: the file is larger than the limits.
    pub is_cut: bool,
}

/// Type of a storage's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StorageType {
    dtype: &'static str,
    size: u64,
}

/// Storage classes and dtypes of PyTorch, with the name in safetensors and the size.
const STORAGES: &[(&str, &str, &str, u64)] = &[
    ("torch.DoubleStorage", "torch.float64", "F64", 8),
    ("torch.FloatStorage", "torch.float32", "F32", 4),
    ("torch.HalfStorage", "torch.float16", "F16", 2),
    ("torch.BFloat16Storage", "torch.bfloat16", "BF16", 2),
    ("torch.LongStorage", "torch.int64", "I64", 8),
    ("torch.IntStorage", "torch.int32", "I32", 4),
    ("torch.ShortStorage", "torch.int16", "I16", 2),
    ("torch.CharStorage", "torch.int8", "I8", 1),
    ("torch.ByteStorage", "torch.uint8", "U8", 1),
    ("torch.BoolStorage", "torch.bool", "BOOL", 1),
    ("torch.ComplexFloatStorage", "torch.complex64", "C64", 8),
    ("torch.ComplexDoubleStorage", "torch.complex128", "C128", 16),
    ("torch.storage.UntypedStorage", "", "U8", 1),
    ("torch.UntypedStorage", "", "U8", 1),
    ("", "torch.uint16", "U16", 2),
    ("", "torch.uint32", "U32", 4),
    ("", "torch.uint64", "U64", 8),
    ("", "torch.float8_e4m3fn", "F8_E4M3", 1),
    ("", "torch.float8_e5m2", "F8_E5M2", 1),
    ("", "torch.float8_e8m0fnu", "F8_E8M0", 1),
];

impl StorageType {
    pub(crate) fn size(self) -> u64 {
        self.size
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = name.replace("torch.cuda.", "torch.");
        let found = STORAGES.iter().find(|(class, ..)| *class == name && !class.is_empty());
        found.map(|(_, _, dtype, size)| Self { dtype, size: *size })
    }

    fn of_dtype(name: &str) -> Option<Self> {
        let found = STORAGES.iter().find(|(_, torch, ..)| *torch == name && !torch.is_empty());
        found.map(|(_, _, dtype, size)| Self { dtype, size: *size })
    }
}

/// Number of tensors and of their elements, if there are any.
pub(crate) fn counts(checkpoint: &Checkpoint) -> Option<(u64, u64)> {
    let tensors = checkpoint.tensors.len() as u64;
    let elements = checkpoint.tensors.iter().filter_map(TensorRecord::elements);
    (tensors > 0).then(|| (tensors, elements.fold(0, u64::saturating_add)))
}

pub(crate) fn of(root: Value, heap: &Heap, names: &[String]) -> Checkpoint {
    let mut walk =
        Walk { heap, names, checkpoint: Checkpoint::default(), open: HashSet::new(), visits: 0, name_bytes: 0 };
    walk.checkpoint.is_cut = heap.is_cut;
    walk.value(root, String::new(), 0);
    walk.checkpoint
}

struct Walk<'a> {
    heap: &'a Heap,
    names: &'a [String],
    checkpoint: Checkpoint,
    /// Containers on the way from the root, so that a loop ends.
    open: HashSet<NodeId>,
    visits: u64,
    name_bytes: usize,
}

/// A storage, or a stretch of one.
struct Storage {
    key: String,
    kind: StorageType,
    elements: u64,
    /// Where the stretch begins, in elements.
    start: u64,
}

impl Walk<'_> {
    fn name_of(&self, value: Value) -> &str {
        match value {
            Value::Name(id) => self.names.get(id.0 as usize).map_or("", String::as_str),
            _ => "",
        }
    }

    fn value(&mut self, value: Value, path: String, depth: u32) {
        let listed = self.checkpoint.tensors.len() + self.checkpoint.skipped.len() + self.checkpoint.unsupported.len();
        self.visits += 1;
        self.name_bytes += path.len();
        let spent = self.visits > MOST_VISITS || self.name_bytes > MOST_NAME_BYTES;
        if depth > DEEPEST || listed >= MOST_LEAVES || spent {
            self.checkpoint.is_cut = true;
            return;
        }
        let Value::Node(id) = value else {
            return self.leaf(value, path);
        };
        if !self.open.insert(id) {
            return self.skip(path, "a loop");
        }
        self.node(value, path, depth);
        self.open.remove(&id);
    }

    fn node(&mut self, value: Value, path: String, depth: u32) {
        let heap = self.heap;
        match heap.get(value) {
            Some(Node::Dict(pairs)) => self.pairs(&pairs.kept, &path, depth),
            Some(Node::List(items)) => self.elements(&items.kept, &path, depth),
            Some(Node::Tuple(values)) => self.elements(values, &path, depth),
            Some(Node::Call(call)) => self.call(call, path, depth),
            _ => self.leaf(value, path),
        }
    }

    fn pairs(&mut self, pairs: &[(Value, Value)], path: &str, depth: u32) {
        for (key, value) in pairs {
            let key = match key {
                Value::Int(n) => n.to_string(),
                key => match self.heap.whole_text(*key) {
                    Some(text) => text.to_owned(),
                    None => "?".to_owned(),
                },
            };
            self.value(*value, join(path, &key), depth + 1);
        }
    }

    fn elements(&mut self, values: &[Value], path: &str, depth: u32) {
        for (n, value) in values.iter().enumerate() {
            self.value(*value, join(path, &n.to_string()), depth + 1);
        }
    }

    fn call(&mut self, call: &Call, path: String, depth: u32) {
        let name = self.name_of(call.callable).to_owned();
        match self.tensor(&name, call, &path, 0) {
            Found::Tensor(tensor) => return self.checkpoint.tensors.push(tensor),
            Found::Unsupported(what) => return self.checkpoint.unsupported.push(Leaf { name: path, what }),
            Found::Nothing => {}
        }
        match name.as_str() {
            "collections.OrderedDict" | "collections.defaultdict" | "collections.Counter" | "builtins.dict" => {
                if call.pairs().is_empty() {
                    let first = self.heap.tuple_of(call.arguments).and_then(|values| values.first().copied());
                    if let Some(first) = first.filter(|value| matches!(value, Value::Node(_))) {
                        return self.old_pairs(first, &path, depth);
                    }
                }
                self.pairs(call.pairs(), &path, depth);
            }
            _ => self.object(call, &name, path, depth),
        }
    }

    /// `OrderedDict([[key, value], …])`, as Python 2 wrote it.
    fn old_pairs(&mut self, list: Value, path: &str, depth: u32) {
        let heap = self.heap;
        let values = match heap.get(list) {
            Some(Node::List(items)) => items.kept.as_slice(),
            Some(Node::Tuple(values)) => values,
            _ => return self.value(list, path.to_owned(), depth + 1),
        };
        let pairs: Vec<(Value, Value)> = values
            .iter()
            .filter_map(|pair| match heap.get(*pair)? {
                Node::Tuple(pair) => Some((*pair.first()?, *pair.get(1)?)),
                Node::List(pair) => Some((*pair.kept.first()?, *pair.kept.get(1)?)),
                _ => None,
            })
            .collect();
        self.pairs(&pairs, path, depth);
    }

    /// Modules keep their tensors in `_parameters` and `_buffers` and each other in `_modules`, which names leave out.
    fn object(&mut self, call: &Call, name: &str, path: String, depth: u32) {
        let heap = self.heap;
        let modules = call.state.map(|state| (state, heap.lookup(state, "_modules", MOST_KEYS)));
        if let Some((state, Some(modules))) = modules {
            for key in ["_parameters", "_buffers"] {
                if let Some(held) = heap.lookup(state, key, MOST_KEYS) {
                    self.value(held, path.clone(), depth + 1);
                }
            }
            return self.value(modules, path, depth + 1);
        }
        let arguments = heap.tuple_of(call.arguments).unwrap_or_default();
        let before = self.count();
        self.elements(arguments, &path, depth);
        self.elements(call.items(), &path, depth);
        self.pairs(call.pairs(), &path, depth);
        if let Some(state) = call.state {
            self.value(state, path.clone(), depth + 1);
        }
        if self.count() == before {
            let what = if name.is_empty() { "an object" } else { name };
            self.skip(path, what);
        }
    }

    fn count(&self) -> usize {
        self.checkpoint.tensors.len() + self.checkpoint.unsupported.len() + self.checkpoint.skipped.len()
    }

    fn leaf(&mut self, value: Value, path: String) {
        let what = match value {
            Value::None => "None",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Name(_) => self.name_of(value),
            Value::Unknown => "unknown",
            Value::Node(_) | Value::Recent(_) => match self.heap.get(value) {
                Some(Node::Text(_)) => "str",
                Some(Node::Bytes(_)) => "bytes",
                Some(Node::Long(_)) => "int",
                Some(Node::Set(_)) => "set",
                Some(Node::Persistent(id)) => return self.persistent(*id, path),
                _ => "unknown",
            },
        };
        let what = what.to_owned();
        self.skip(path, &what);
    }

    /// A storage that stands alone, or a module of the older layout with its source beside it.
    fn persistent(&mut self, id: Value, path: String) {
        match self.heap.tuple_of(id) {
            Some([kind, class, ..]) if self.heap.whole_text(*kind) == Some("module") => {
                let class = self.name_of(*class).to_owned();
                self.skip(path, &class);
            }
            _ => self.checkpoint.unsupported.push(Leaf { name: path, what: "a bare storage".to_owned() }),
        }
    }

    fn skip(&mut self, name: String, what: &str) {
        self.checkpoint.skipped.push(Leaf { name, what: what.to_owned() });
    }

    fn tensor(&self, name: &str, call: &Call, path: &str, nesting: u32) -> Found {
        let arguments = self.heap.tuple_of(call.arguments).unwrap_or_default();
        let again = |value: Value| match self.heap.call(value) {
            Some(inner) if nesting < 8 => {
                let name = self.name_of(inner.callable).to_owned();
                match self.tensor(&name, inner, path, nesting + 1) {
                    Found::Nothing => Found::Unsupported(name),
                    found => found,
                }
            }
            _ => Found::Unsupported(name.to_owned()),
        };
        // `{'neg': True}` or `{'conj': True}`: the storage holds other values than the tensor.
        let metadata = match name {
            "torch._utils._rebuild_tensor_v2" => arguments.get(6),
            "torch._utils._rebuild_tensor_v3" => arguments.get(7),
            _ => None,
        };
        let is_changed = metadata.is_some_and(|metadata| match self.heap.get(*metadata) {
            Some(Node::Dict(pairs)) => !pairs.kept.is_empty() || pairs.more > 0,
            _ => *metadata != Value::None,
        });
        if is_changed {
            return Found::Unsupported(name.to_owned());
        }
        let dense = match (name, arguments) {
            ("torch._utils._rebuild_tensor_v3", [storage, offset, shape, stride, _, _, dtype, ..]) => {
                let kind = StorageType::of_dtype(self.name_of(*dtype));
                kind.and_then(|kind| self.dense(path, [*storage, *offset, *shape, *stride], Some(kind)))
            }
            (
                "torch._utils._rebuild_tensor_v2" | "torch._utils._rebuild_tensor",
                [storage, offset, shape, stride, ..],
            ) => self.dense(path, [*storage, *offset, *shape, *stride], None),
            (
                "torch._utils._rebuild_parameter"
                | "torch._utils._rebuild_parameter_with_state"
                | "torch.nn.parameter.Parameter"
                | "torch.nn.parameter.Buffer",
                [inner, ..],
            ) => return again(*inner),
            ("torch._tensor._rebuild_from_type_v2", [Value::Name(function), class, inner, ..]) => {
                let function = self.names.get(function.0 as usize).map(String::as_str).unwrap_or_default();
                let plain = matches!(
                    self.name_of(*class),
                    "torch.Tensor"
                        | "torch._tensor.Tensor"
                        | "torch.nn.parameter.Parameter"
                        | "torch.nn.parameter.Buffer"
                );
                if !plain || nesting >= 8 {
                    return Found::Unsupported(self.name_of(*class).to_owned());
                }
                let rebuilt = rebuilt(call, *inner);
                return self.tensor(function, &rebuilt, path, nesting + 1);
            }
            _ if name.starts_with("torch._utils._rebuild") || name.starts_with("torch._tensor._rebuild") => None,
            _ => return Found::Nothing,
        };
        dense.map_or_else(|| Found::Unsupported(name.to_owned()), Found::Tensor)
    }

    fn dense(
        &self,
        path: &str,
        [storage, offset, shape, stride]: [Value; 4],
        kind: Option<StorageType>,
    ) -> Option<TensorRecord> {
        let storage = self.storage(storage)?;
        let kind_of_bytes = kind.unwrap_or(storage.kind);
        let per_element = kind_of_bytes.size / storage.kind.size.max(1);
        let scale = |elements: u64| if kind.is_some() { elements / per_element.max(1) } else { elements };
        Some(TensorRecord {
            name: path.to_owned(),
            storage_key: storage.key,
            dtype: kind_of_bytes.dtype,
            element_bytes: kind_of_bytes.size,
            shape: self.lengths(shape)?,
            stride: self.lengths(stride)?,
            offset_elements: length(offset)?.checked_add(scale(storage.start))?,
            storage_elements: scale(storage.elements),
        })
    }

    /// `('storage', class, key, location, elements)`, in the older layout with a view `(key, start, elements)` behind.
    fn storage(&self, value: Value) -> Option<Storage> {
        let id = match self.heap.get(value)? {
            Node::Persistent(id) => *id,
            _ => return None,
        };
        let [tag, class, key, _, elements, rest @ ..] = self.heap.tuple_of(id)? else { return None };
        if self.heap.whole_text(*tag) != Some("storage") {
            return None;
        }
        let view = rest.first().and_then(|view| self.heap.tuple_of(*view));
        let start = match view {
            Some([_, start, _]) => length(*start)?,
            _ => 0,
        };
        Some(Storage {
            key: self.heap.whole_text(*key)?.to_owned(),
            kind: StorageType::named(self.name_of(*class))?,
            elements: length(*elements)?,
            start,
        })
    }

    /// Axes or strides: a tuple, or a `torch.Size` of one.
    fn lengths(&self, value: Value) -> Option<Vec<u64>> {
        let values = match self.heap.get(value)? {
            Node::Tuple(values) => values.as_ref(),
            Node::List(items) => items.kept.as_slice(),
            Node::Call(call) => {
                let inner = self.heap.tuple_of(call.arguments)?.first()?;
                self.heap.tuple_of(*inner)?
            }
            _ => return None,
        };
        (values.len() <= MOST_AXES).then(|| values.iter().map(|value| length(*value)).collect())?
    }
}

enum Found {
    Tensor(TensorRecord),
    Unsupported(String),
    /// No tensor at all.
    Nothing,
}

fn rebuilt(call: &Call, arguments: Value) -> Call {
    Call { at: call.at, callable: call.callable, arguments, keywords: None, is_new: false, state: None, added: None }
}

fn length(value: Value) -> Option<u64> {
    match value {
        Value::Int(n) => u64::try_from(n).ok(),
        _ => None,
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
