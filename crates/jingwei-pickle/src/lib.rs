//! Runs pickles of the protocols 0 to 5 in the abstract: every opcode has CPython's effect on stack, marks and memo, but
//! nothing is imported, called or loaded. What the stream would have done is judged by an exact list of names.
//!
//! Never knows: archives and compression, the file system, installed packages, any other format.
//!
//! Invariant: what could not be followed, decoded or recognised is a sighting. A value that a limit made unknown never
//! fulfils a condition, so less knowledge only ever makes the verdict stricter.
//!
//! # Verdict
//! - A dangerous name is a sighting as soon as it is imported, whether called or not, popped or kept.
//! - Indirections are followed to what they lead to: `__import__`, `importlib.import_module`, `pkgutil.resolve_name`,
//!   `getattr`, `operator.attrgetter`, `itemgetter`, `methodcaller` and `call`, `functools.partial` and `reduce`, `map`,
//!   `sys.modules[…]`, `__dict__[…]`, and attributes that BUILD wrote before.
//! - An allowed name with a condition (`when` in `catalog/names/pickle.toml`) is judged call by call: [`CONDITIONS`].
//! - Every other name is for a person to look at.
//!
//! # Limits
//! Opcodes: see [`Steps`]. Per entry of [`jingwei_core::Limits::entries`]: 1 value on the stack and 4 in the memo, 2 objects
//! (1 constant), 3 elements, 72 bytes of both. Longer constants than 4 KiB stay in the source. Lines are held against `string_bytes`, decoded payloads
//! against `string_bytes` and `header_bytes`, streams inside arrays against `depth`.

mod alias;
mod array;
mod bounds;
mod burden;
mod checkpoint;
mod condition;
mod escape;
mod execution;
mod extent;
mod fold;
mod heap;
mod judge;
mod legacy;
mod lexer;
mod machine;
mod object;
mod payload;
mod print;
mod steps;
#[cfg(test)]
mod testing;
mod trees;
mod verdict;

pub use checkpoint::{Checkpoint, Leaf, TensorRecord};
pub use condition::CONDITIONS;
pub use execution::{Execution, Import, inspect, recognise, run, runs_something};
pub use legacy::LegacyStorage;
pub use payload::{begins_like_a_file, may_begin_a_file};
pub use steps::Steps;
