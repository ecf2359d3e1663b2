//! Tensors of PyTorch that reach past their storage: readers that do not check take what lies in memory behind it, and
//! PyTorch itself makes the storage as large as it is asked to.

use jingwei_core::Text;
use jingwei_read::Sighting;

use crate::{
    heap::{Call, Node, Value},
    machine::Machine,
};

/// Calls whose first four arguments are a storage, an offset, sizes and strides.
const REBUILDS: [&str; 2] = ["torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor"];
/// Dimensions that PyTorch allows.
const DIMENSIONS: usize = 64;

/// The first tensor of a run that is larger than its storage.
pub(crate) fn beyond(machine: &Machine) -> Option<Sighting> {
    let calls = (0..machine.heap.count()).filter_map(|n| match machine.heap.at(n) {
        Some(Node::Call(call)) => Some(call),
        _ => None,
    });
    let (last, held) = calls.filter_map(|call| reach(machine, call)).find(|(last, held)| last >= held)?;
    let zh = format!("它用到存储的第 {last} 个元素，而存储只有 {held} 个");
    let en = format!("it uses element {last} of its storage, which has {held}");
    let place = Text::new("张量", "a tensor");
    Some(
        Sighting::new("model.graph-lie")
            .key("storage")
            .with_text("where", place)
            .with_text("reason", Text::new(zh, en)),
    )
}

/// The last element that a tensor uses, and how many its storage has.
fn reach(machine: &Machine, call: &Call) -> Option<(i128, i128)> {
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
    for pair in sizes.iter().zip(strides) {
        let (Value::Int(size), Value::Int(stride)) = pair else { return None };
        if *size <= 0 {
            return None;
        }
        let way = i128::from(size - 1).saturating_mul(i128::from(*stride));
        last = last.saturating_add(way.max(0));
        least = least.saturating_add(way.min(0));
    }
    // One that begins before its storage is as far off as one that ends behind it.
    Some((if least < 0 { i128::from(*held).saturating_sub(least) } else { last }, i128::from(*held)))
}
