//! Arrays that joblib writes between the opcodes: after the BUILD of their wrapper come the raw elements.

use crate::{
    heap::{Heap, Value},
    judge::Judge,
    lexer::Fault,
    machine::Machine,
};

pub(crate) const WRAPPER: &str = "joblib.numpy_pickle.NumpyArrayWrapper";

/// Wrappers of arrays that lie in a file beside the pickle, as joblib wrote them before 0.10.
pub(crate) const OUTSIDE: &[&str] = &[
    "joblib.numpy_pickle.NDArrayWrapper",
    "joblib.numpy_pickle.ZNDArrayWrapper",
    "joblib.numpy_pickle_compat.NDArrayWrapper",
    "joblib.numpy_pickle_compat.ZNDArrayWrapper",
];

/// A wrapper has six keys.
const MOST_KEYS: usize = 16;

/// Flag of a dtype whose elements are references.
const HAS_OBJECTS: i64 = 1;

/// What stands in the place of an element.
#[derive(Debug, PartialEq, Eq)]
enum Element {
    Bytes(u64),
    /// The elements are one pickle.
    Object,
}

impl Machine<'_, '_> {
    /// The file of an array is named without a folder.
    pub(crate) fn outside_array(&mut self, at: u64, state: Value) {
        let file = self.heap.lookup(state, "filename", MOST_KEYS).and_then(|name| self.heap.whole_text(name));
        let is_beside = file.is_some_and(|name| !name.contains(['/', '\\', ':']) && name != "..");
        if !is_beside {
            self.note(at, "数组取自其他位置的文件", "an array is read from a file elsewhere");
        }
    }

    /// Passes over the elements of the array whose wrapper was just built; gives what replaces the wrapper.
    pub(crate) fn inline_array(&mut self, at: u64, wrapper: Value, depth: u32) -> Result<Value, Fault> {
        let state = self.heap.call(wrapper).and_then(|call| call.state).unwrap_or(Value::None);
        let unknown =
            || Fault::broken(at, "无法得知内嵌数组的大小", "the size of an array between the opcodes is unknown");
        let element =
            self.heap.lookup(state, "dtype", MOST_KEYS).and_then(|dtype| element(&self.heap, &self.judge, dtype));
        let count = self.heap.lookup(state, "shape", MOST_KEYS).and_then(|shape| count(&self.heap, shape));
        match element.ok_or_else(unknown)? {
            Element::Object => {
                self.lexer.leave_frame();
                self.stream(depth + 1)
            }
            Element::Bytes(size) => {
                let length = count.and_then(|count| count.checked_mul(size)).ok_or_else(unknown)?;
                self.lexer.leave_frame();
                let alignment = self.heap.lookup(state, "numpy_array_alignment_bytes", MOST_KEYS);
                if matches!(alignment, Some(Value::Int(_))) {
                    let padding = self.lexer.u8()?;
                    self.lexer.skip(padding)?;
                }
                self.lexer.skip(length)?;
                Ok(wrapper)
            }
        }
    }
}

fn count(heap: &Heap, shape: Value) -> Option<u64> {
    heap.tuple_of(shape)?.iter().try_fold(1u64, |count, axis| match axis {
        Value::Int(length) => count.checked_mul(u64::try_from(*length).ok()?),
        _ => None,
    })
}

/// Reads `numpy.dtype('f8', False, True)` and the state that BUILD gave it:
/// `(version, byte order, subtype, names, fields, size, alignment, flags)`.
fn element(heap: &Heap, judge: &Judge, dtype: Value) -> Option<Element> {
    let call = heap.call(dtype)?;
    // NumPy's strings of any length: joblib pickles them.
    if judge.canonical(call.callable)? == "numpy._core._internal._convert_to_stringdtype_kwargs" {
        return Some(Element::Object);
    }
    if judge.canonical(call.callable)? != "numpy.dtype" && !judge.canonical(call.callable)?.starts_with("numpy.dtypes.")
    {
        return None;
    }
    let code = heap.tuple_of(call.arguments)?.first().and_then(|code| heap.whole_text(*code));
    let state = call.state.and_then(|state| heap.tuple_of(state)).unwrap_or_default();
    if matches!(state.get(7), Some(Value::Int(flags)) if flags & HAS_OBJECTS != 0) {
        return Some(Element::Object);
    }
    if let Some(Value::Int(size)) = state.get(5)
        && let Ok(size) = u64::try_from(*size)
    {
        return Some(Element::Bytes(size));
    }
    let code = code?;
    let (kind, digits) = code.split_at_checked(1)?;
    let size: u64 = if digits.is_empty() && matches!(kind, "?" | "b" | "B") { 1 } else { digits.parse().ok()? };
    match kind {
        "O" => Some(Element::Object),
        "U" => size.checked_mul(4).map(Element::Bytes),
        "b" | "i" | "u" | "f" | "c" | "S" | "V" | "M" | "m" | "?" | "B" => Some(Element::Bytes(size)),
        _ => None,
    }
}
