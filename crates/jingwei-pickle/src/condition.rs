//! When a name that could be misused is harmless: the words that `when` may have in a list of names.

use crate::{
    heap::{Call, Heap, Node, Value},
    judge::{Class, ESCAPES, Judge},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    CodecLatin1,
    ConstantAttribute,
    AllowedCallable,
    ConstantArguments,
    ConstantName,
    TypeOfConstant,
    InspectedBytes,
    NotCalled,
    MadeEmpty,
    /// A word that this version does not know: never fulfilled.
    Other,
}

/// The words, and what each asks for.
pub const CONDITIONS: &[(&str, &str)] = &[
    ("codec-latin1", "called with a constant text and the codec latin1 alone, as Python 3 writes bytes for Python 2"),
    ("constant-attribute", "called with a constant attribute name without dots, and without two underscores in front"),
    ("allowed-callable", "called with a name (or None) first, which is judged on its own and has no condition itself"),
    (
        "constant-arguments",
        "called with constants alone, and texts among them have no dots, and no two underscores in front",
    ),
    ("constant-name", "called with a constant module and name alone; what they name is judged on its own"),
    ("type-of-constant", "called with one constant or one name, as the types of None and Ellipsis are written"),
    ("inspected-bytes", "called with constant bytes alone, which are inspected like a file of their own"),
    ("not-called", "named but never called"),
    ("made-empty", "called without arguments, as an object is made that its state follows"),
];

/// No call of these names has more.
const MOST_ARGUMENTS: usize = 64;

impl Condition {
    pub(crate) fn named(word: &str) -> Self {
        match word {
            "codec-latin1" => Self::CodecLatin1,
            "constant-attribute" => Self::ConstantAttribute,
            "allowed-callable" => Self::AllowedCallable,
            "constant-arguments" => Self::ConstantArguments,
            "constant-name" => Self::ConstantName,
            "type-of-constant" => Self::TypeOfConstant,
            "inspected-bytes" => Self::InspectedBytes,
            "not-called" => Self::NotCalled,
            "made-empty" => Self::MadeEmpty,
            _ => Self::Other,
        }
    }

    /// Whether the name may also stand where it is not called, such as in a container.
    pub(crate) fn allows_reference(self) -> bool {
        matches!(self, Self::NotCalled | Self::TypeOfConstant | Self::MadeEmpty)
    }

    /// Whether one call fulfils it.
    pub(crate) fn holds(self, call: &Call, heap: &Heap, judge: &Judge) -> bool {
        let Some(arguments) = heap.tuple_of(call.arguments).filter(|a| a.len() <= MOST_ARGUMENTS) else { return false };
        if call.keywords.is_some_and(|keywords| !is_empty_dict(heap, keywords)) && self != Self::AllowedCallable {
            return false;
        }
        match self {
            Self::CodecLatin1 => match arguments {
                [text, codec] => {
                    heap.text(*text).is_some()
                        && matches!(heap.whole_text(*codec), Some("latin1" | "latin-1" | "iso-8859-1"))
                }
                _ => false,
            },
            Self::ConstantAttribute => match arguments {
                [_, name] => heap.whole_text(*name).is_some_and(is_plain_attribute),
                _ => false,
            },
            Self::AllowedCallable => match arguments.first() {
                None | Some(Value::None) => true,
                Some(Value::Name(id)) => judge.name(*id).is_some_and(|name| match name.class {
                    // Folding makes a call of the class itself of these, and judges that.
                    Class::Conditional(Self::MadeEmpty) => {
                        judge.canonical(call.callable).is_some_and(|name| name.starts_with("copyreg."))
                    }
                    Class::Conditional(_) => false,
                    _ => true,
                }),
                _ => false,
            },
            Self::MadeEmpty => arguments.is_empty(),
            Self::ConstantArguments => arguments.iter().all(|value| is_plain_constant(heap, *value)),
            Self::ConstantName => arguments.len() == 2 && arguments.iter().all(|v| heap.whole_text(*v).is_some()),
            Self::TypeOfConstant => match arguments {
                [value] => matches!(value, Value::Name(_)) || is_constant(heap, *value),
                _ => false,
            },
            Self::InspectedBytes => match arguments {
                [bytes] => crate::payload::Payload::of(*bytes, heap, judge).is_some(),
                _ => false,
            },
            Self::NotCalled | Self::Other => false,
        }
    }
}

fn is_empty_dict(heap: &Heap, value: Value) -> bool {
    matches!(heap.get(value), Some(Node::Dict(pairs)) if pairs.kept.is_empty() && pairs.more == 0)
}

fn is_plain_attribute(name: &str) -> bool {
    !name.starts_with("__") && !name.contains('.') && !name.is_empty() && !ESCAPES.contains(&name)
}

fn is_constant(heap: &Heap, value: Value) -> bool {
    match value {
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => true,
        Value::Name(_) | Value::Unknown => false,
        Value::Node(_) | Value::Recent(_) => {
            matches!(heap.get(value), Some(Node::Long(_) | Node::Text(_) | Node::Bytes(_)))
        }
    }
}

fn is_plain_constant(heap: &Heap, value: Value) -> bool {
    match heap.text(value) {
        Some(_) => heap.whole_text(value).is_some_and(is_plain_attribute),
        None => is_constant(heap, value),
    }
}
