//! The layout that PyTorch wrote before 1.6: five pickles (mark, protocol, system, object, keys), then raw storages.

use crate::{
    checkpoint::StorageType,
    heap::{Heap, Node, Value},
    lexer::Fault,
    machine::Machine,
};

/// 0x1950a86a20f9469cfc6c, little end first, as LONG1 holds it.
const MAGIC: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// Raw elements of a storage in a file of the older layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyStorage {
    pub key: String,
    /// Of the first element, in the file.
    pub offset: u64,
    pub elements: u64,
    pub bytes: u64,
}

pub(crate) fn is_magic(heap: &Heap, value: Value) -> bool {
    matches!(heap.get(value), Some(Node::Long(constant)) if *constant.head == MAGIC)
}

/// Passes over the storages, in the order of the keys. Each is a count of elements and then the elements.
pub(crate) fn storages(machine: &mut Machine, keys: Value) -> Result<Vec<LegacyStorage>, Fault> {
    let known = known_storages(machine);
    let at = machine.lexer.position();
    let keys: Vec<String> = match machine.heap.get(keys) {
        Some(Node::List(items)) if items.more == 0 => {
            items.kept.iter().filter_map(|key| machine.heap.whole_text(*key).map(str::to_owned)).collect()
        }
        _ => return Err(Fault::broken(at, "存储键的列表无效", "the list of storage keys is broken")),
    };
    let mut storages = Vec::new();
    for key in keys {
        let at = machine.lexer.position();
        let (kind, elements) =
            known.get(&key).ok_or_else(|| Fault::broken(at, "存储没有对应的张量", "a storage belongs to no tensor"))?;
        let written = machine.lexer.u64()?;
        if written != *elements {
            return Err(Fault::broken(
                at,
                "存储的元素数量不符",
                "a storage has another number of elements than its tensors say",
            ));
        }
        let bytes = elements.checked_mul(kind.size()).ok_or(Fault::End(at))?;
        storages.push(LegacyStorage { key, offset: machine.lexer.position(), elements: *elements, bytes });
        machine.lexer.skip(bytes)?;
    }
    let end = machine.lexer.position();
    match machine.lexer.remaining() {
        0 => Ok(storages),
        _ => Err(Fault::broken(end, "存储之后还有其他字节", "other bytes follow the storages")),
    }
}

/// What stands behind one pickle in a tar that PyTorch wrote before 0.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfTar {
    /// A count, and then elements of so many bytes.
    Storage(u64),
    /// Four bytes for the number of sides and four of nothing, a size and a step for each, and where it begins.
    Tensor,
}

/// Whether a root describes what follows it raw: `(key, location, storage class)`, `(key, storage key, tensor class)`.
pub(crate) fn of_tar(machine: &Machine, root: Value) -> Option<OfTar> {
    let [_, _, class] = machine.heap.tuple_of(root)? else { return None };
    let class = machine.judge.canonical(*class)?;
    if let Some(kind) = StorageType::named(class) {
        return Some(OfTar::Storage(kind.size()));
    }
    (class.starts_with("torch.") && class.ends_with("Tensor")).then_some(OfTar::Tensor)
}

pub(crate) fn pass_over(machine: &mut Machine, what: OfTar) -> Result<(), Fault> {
    let at = machine.lexer.position();
    let bytes = match what {
        OfTar::Storage(size) => machine.lexer.u64()?.checked_mul(size),
        OfTar::Tensor => {
            let sides = machine.lexer.u32()?;
            machine.lexer.skip(4)?;
            sides.checked_mul(16).and_then(|bytes| bytes.checked_add(8))
        }
    };
    machine.lexer.skip(bytes.ok_or(Fault::End(at))?)
}

/// Type and number of elements of each storage that a persistent id names.
fn known_storages(machine: &Machine) -> std::collections::HashMap<String, (StorageType, u64)> {
    let heap = &machine.heap;
    let names = |value| machine.judge.canonical(value);
    let mut known = std::collections::HashMap::new();
    for id in &machine.persistent {
        if let Some([_, kind, key, _, Value::Int(elements), ..]) = heap.tuple_of(*id)
            && let Some(kind) = names(*kind).and_then(StorageType::named)
            && let (Some(key), Ok(elements)) = (heap.whole_text(*key), u64::try_from(*elements))
        {
            known.insert(key.to_owned(), (kind, elements));
        }
    }
    known
}
