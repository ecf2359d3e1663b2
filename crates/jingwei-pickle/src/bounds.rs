//! Tensors of PyTorch that reach past their storage: readers that do not check take what lies in memory behind it, and
//! PyTorch itself makes the storage as large as it is asked to.

use std::collections::BTreeMap;

use jingwei_core::Text;
use jingwei_read::Sighting;

use crate::{
    checkpoint::StorageType,
    heap::{Call, Node, Value},
    machine::Machine,
};

/// Calls whose first four arguments are a storage, an offset, sizes and strides.
const REBUILDS: [&str; 2] = ["torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"];
/// Dimensions that PyTorch allows.
const DIMENSIONS: usize = 64;

/// What a tensor claims.
struct Reach {
    /// Index of the last element that it uses.
    last: i128,
    /// Elements that it has.
    elements: i128,
    /// Elements of its storage.
    held: i128,
}

/// Elements of which a thousand million stand on one of the storage.
const MOST_SPREAD: i128 = 1 << 36;

/// The first tensor of a run whose claims no writer makes.
pub(crate) fn beyond(machine: &Machine) -> Option<Sighting> {
    let calls = (0..machine.heap.count()).filter_map(|n| match machine.heap.at(n) {
        Some(Node::Call(call)) if is_tensor(machine, call) => Some(call),
        _ => None,
    });
    let (key, reason) = calls.filter_map(|call| claim(machine, call)).next()?;
    let place = Text::new("张量", "a tensor");
    Some(Sighting::new("model.graph-lie").key(key).with_text("where", place).with_text("reason", reason))
}

/// Objects of NumPy whose content is bytes: NumPy takes these for addresses of objects.
pub(crate) fn addresses(machine: &Machine) -> Option<Sighting> {
    let heap = &machine.heap;
    let is_objects = |dtype: Value| {
        let call = heap.call(dtype).filter(|call| machine.judge.canonical(call.callable) == Some("numpy.dtype"));
        let first = call.and_then(|call| heap.tuple_of(call.arguments)).and_then(|arguments| arguments.first());
        first
            .and_then(|first| heap.whole_text(*first))
            .is_some_and(|name| name.trim_start_matches(['|', '=', '<', '>']).starts_with('O'))
    };
    let is_bytes = |value: Value| matches!(heap.get(value), Some(Node::Bytes(constant)) if constant.length > 0);
    let of_call = |call: &Call| {
        let name = machine.judge.canonical(call.callable).unwrap_or_default();
        let parts = if name.ends_with("multiarray.scalar") { heap.tuple_of(call.arguments) } else { None };
        if let Some([dtype, content]) = parts {
            return is_objects(*dtype) && is_bytes(*content);
        }
        // Version, shape, type, order, content.
        let state =
            call.state.filter(|_| name.ends_with("multiarray._reconstruct")).and_then(|state| heap.tuple_of(state));
        matches!(state, Some([.., dtype, _, content]) if is_objects(*dtype) && is_bytes(*content))
    };
    let found = (0..heap.count()).any(|n| matches!(heap.at(n), Some(Node::Call(call)) if of_call(call)));
    let reason = Text::new(
        "元素是对象，内容却是字节：NumPy 会把它们当作内存地址",
        "its elements are objects and its content is bytes, which NumPy takes for addresses in memory",
    );
    let place = Text::new("数组", "an array");
    found.then(|| Sighting::new("model.graph-lie").key("objects").with_text("where", place).with_text("reason", reason))
}

fn is_tensor(machine: &Machine, call: &Call) -> bool {
    machine.judge.canonical(call.callable).is_some_and(|name| name.starts_with("torch._utils._rebuild_"))
}

fn claim(machine: &Machine, call: &Call) -> Option<(&'static str, Text)> {
    if !call.items().is_empty() || !call.pairs().is_empty() {
        let en = "opcodes set its elements, which writes into memory by an index that nothing checks";
        return Some(("set-item", Text::new("操作码直接改写其元素，写入的下标无人检查", en)));
    }
    let Reach { last, elements, held } = reach(machine, call)?;
    if last >= held {
        let zh = format!("它用到存储的第 {last} 个元素，而存储只有 {held} 个");
        return Some(("storage", Text::new(zh, format!("it uses element {last} of its storage, which has {held}"))));
    }
    if elements > MOST_SPREAD && elements / held.max(1) > 1 << 20 {
        let zh = format!("它有 {elements} 个元素，都来自存储中的 {held} 个：复制它的读取者会耗尽内存");
        let en = format!(
            "it has {elements} elements, all of them from {held} of its storage: a reader that copies it runs out of memory"
        );
        return Some(("spread", Text::new(zh, en)));
    }
    None
}

/// Bytes that each storage is said to have, by its key. A reader of an archive takes as many from the storage's record.
pub(crate) fn storages(machine: &Machine) -> BTreeMap<String, u64> {
    let storage = |n: usize| {
        let Some(Node::Persistent(id)) = machine.heap.at(n) else { return None };
        let [tag, kind, key, _, Value::Int(held), ..] = machine.heap.tuple_of(*id)? else { return None };
        let size = StorageType::named(machine.judge.canonical(*kind)?)?.size();
        let key = machine.heap.whole_text(*key).filter(|_| machine.heap.is_text(*tag, "storage"))?;
        Some((key.to_owned(), u64::try_from(*held).unwrap_or(u64::MAX).saturating_mul(size)))
    };
    (0..machine.heap.count()).filter_map(storage).collect()
}

fn reach(machine: &Machine, call: &Call) -> Option<Reach> {
    let name = machine.judge.canonical(call.callable)?;
    if !REBUILDS.contains(&name) {
        return None;
    }
    let [storage, Value::Int(offset), sizes, strides, ..] = machine.heap.tuple_of(call.arguments)? else { return None };
    let Some(Node::Persistent(id)) = machine.heap.get(*storage) else { return None };
    let [_, kind, _, _, Value::Int(held), ..] = machine.heap.tuple_of(*id)? else { return None };
    // Storages without a type count bytes.
    if machine.judge.canonical(*kind)?.ends_with("UntypedStorage") {
        return None;
    }
    let (sizes, strides) = (machine.heap.tuple_of(*sizes)?, machine.heap.tuple_of(*strides)?);
    if sizes.len() != strides.len() || sizes.len() > DIMENSIONS {
        return None;
    }
    let mut last = i128::from(*offset);
    let mut least = last;
    let mut elements: i128 = 1;
    for pair in sizes.iter().zip(strides) {
        let (Value::Int(size), Value::Int(stride)) = pair else { return None };
        if *size <= 0 {
            return None;
        }
        let way = i128::from(size - 1).saturating_mul(i128::from(*stride));
        elements = elements.saturating_mul(i128::from(*size));
        last = last.saturating_add(way.max(0));
        least = least.saturating_add(way.min(0));
    }
    // One that begins before its storage is as far off as one that ends behind it.
    let held = i128::from(*held);
    Some(Reach { last: if least < 0 { held.saturating_sub(least) } else { last }, elements, held })
}
