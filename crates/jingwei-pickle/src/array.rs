//! Arrays that joblib writes between the opcodes: after the BUILD of their wrapper come the raw elements.

use jingwei_core::Limits;
use jingwei_read::{NameTable, Source};

use crate::{
    heap::{Constant, Heap, Items, Node, Value},
    judge::Judge,
    lexer::{Fault, Lexer},
    machine::{Machine, Stream, is_opcode},
    steps::Steps,
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

/// Arrays whose places are remembered.
const MOST_INLINED: usize = 100_000;
/// Limit of entries for a run over the bytes of an array.
const MOST_PROBED: u64 = 10_000;
/// Bytes that may be read for it in place of one value.
const BYTES_PER_SCAN: u64 = 4096;

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
    pub(crate) fn inline_array(
        &mut self,
        stream: &Stream,
        at: u64,
        wrapper: Value,
        depth: u32,
    ) -> Result<Value, Fault> {
        let state = self.heap.call(wrapper).and_then(|call| call.state).unwrap_or(Value::None);
        let unknown =
            || Fault::broken(at, "无法得知内嵌数组的大小", "the size of an array between the opcodes is unknown");
        let is_plain = matches!(self.heap.get(state), Some(Node::Dict(pairs)) if pairs.more == 0
            && pairs.kept.len() <= MOST_KEYS
            && pairs.kept.iter().all(|(key, _)| self.heap.whole_text(*key).is_some()));
        if !is_plain {
            return Err(unknown());
        }
        let element =
            self.heap.lookup(state, "dtype", MOST_KEYS).and_then(|dtype| element(&self.heap, &self.judge, dtype));
        let count = self.heap.lookup(state, "shape", MOST_KEYS).and_then(|shape| count(&self.heap, shape));
        match element.ok_or_else(unknown)? {
            Element::Object => {
                self.lexer.leave_frame();
                self.stream(depth + 1)
            }
            Element::Bytes(size) => {
                self.probe(stream, at)?;
                let length = count.and_then(|count| count.checked_mul(size)).ok_or_else(unknown)?;
                self.lexer.leave_frame();
                let alignment = self.heap.lookup(state, "numpy_array_alignment_bytes", MOST_KEYS);
                if !matches!(alignment, None | Some(Value::None)) {
                    let padding = self.lexer.u8()?;
                    self.lexer.skip(padding)?;
                }
                if let Some(node) = wrapper.node().filter(|_| self.inlined.len() < MOST_INLINED) {
                    self.inlined.insert(node, (self.lexer.position(), length));
                }
                self.lexer.skip(length)?;
                Ok(wrapper)
            }
        }
    }
}

/// The bytes behind an array's wrapper, for another run over them.
struct Behind<'l, 'a> {
    lexer: &'l mut Lexer<'a>,
    base: u64,
    length: u64,
    /// How many bytes were read so far.
    read: u64,
}

impl Source for Behind<'_, '_> {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = into.len().min(left);
        let read = self.lexer.again(self.base.saturating_add(offset), count as u64);
        let bytes = read.map_err(|fault| match fault {
            Fault::Io(reason) => reason,
            _ => "the bytes end".to_owned(),
        })?;
        self.read += bytes.len() as u64;
        into[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

impl Machine<'_, '_> {
    /// `pickle.load` does not know of arrays and takes their bytes for opcodes: none may call anything.
    fn probe(&mut self, stream: &Stream, at: u64) -> Result<(), Fault> {
        if self.stop_at_call || !self.lexer.peek(1)?.first().is_some_and(|code| is_opcode(*code)) {
            return Ok(());
        }
        // The memo may be large and is copied only where it is used.
        let acts = match self.probe_with(stream, at, false)? {
            Probed::MissedMemo => self.probe_with(stream, at, true)? == Probed::Acts,
            probed => probed == Probed::Acts,
        };
        if acts {
            self.note(at, "数组的字节也是可调用函数的操作码", "the bytes of an array are opcodes that call something");
        }
        Ok(())
    }

    fn probe_with(&mut self, stream: &Stream, at: u64, with_memo: bool) -> Result<Probed, Fault> {
        self.spend(stream.values(with_memo))?;
        let limits = Limits { entries: MOST_PROBED, ..Limits::default() };
        let (names, steps) = (NameTable::default(), Steps::of(&limits));
        let (base, length) = (self.lexer.position(), self.lexer.remaining());
        let heap = &self.heap;
        let mut behind = Behind { lexer: &mut self.lexer, base, length, read: 0 };
        let mut inner = Machine::new(&mut behind, &names, &limits, &steps);
        inner.stop_at_call = true;
        inner.lexer.is_lenient = true;
        let name = inner.judge.import(at, "outer", "name", false);
        let tuple = inner.heap.put(Node::Tuple(Box::default()));
        let text = inner.heap.put(Node::Text(Constant { head: b"x".as_slice().into(), length: 1, at: None }));
        let other = inner.heap.put(Node::List(Items::default()));
        let copy = stream.map(with_memo, |value| match value {
            Value::Name(_) => name,
            _ => match heap.get(value) {
                Some(Node::Tuple(_)) => tuple,
                Some(Node::Text(_)) => text,
                _ => other,
            },
        });
        let ended = inner.follow(copy, 0);
        let probed = match ended {
            Err(Fault::Io(reason)) => return Err(Fault::Io(reason)),
            _ if inner.has_acted() && inner.notes.is_empty() => Probed::Acts,
            _ if inner.missed_memo => Probed::MissedMemo,
            _ => Probed::Nothing,
        };
        let read = behind.read;
        self.spend(read / BYTES_PER_SCAN)?;
        Ok(probed)
    }

    /// Probing again and again must not cost more than the file has bytes.
    fn spend(&mut self, scans: u64) -> Result<(), Fault> {
        let left = self.scans_left.checked_sub(scans);
        self.scans_left = left.ok_or(Fault::Limit { limit: "entries", value: self.scans_left })?;
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Probed {
    Nothing,
    MissedMemo,
    Acts,
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
    let code = code?;
    let (kind, digits) = code.split_at_checked(1)?;
    // All other kinds have the size that their code says.
    if let ("S" | "U" | "V", Some(Value::Int(size))) = (kind, state.get(5))
        && let Ok(size) = u64::try_from(*size)
    {
        return Some(Element::Bytes(size));
    }
    let size: u64 = if digits.is_empty() && matches!(kind, "?" | "b" | "B") { 1 } else { digits.parse().ok()? };
    match kind {
        "O" => Some(Element::Object),
        "U" => size.checked_mul(4).map(Element::Bytes),
        "b" | "i" | "u" | "f" | "c" | "S" | "V" | "M" | "m" | "?" | "B" => Some(Element::Bytes(size)),
        _ => None,
    }
}
