//! Random access to bytes that nobody vouches for, and the words in which a parser of such bytes says what it saw.
//!
//! Never knows: any format, the file system, what a sighting means for a risk.
//!
//! Invariant: reading past an end is an answer, never a panic; a length that a file claims never decides how much
//! memory is taken.

mod inspection;
mod names;
mod reader;
mod source;
mod tables;

pub use inspection::{Facts, Inspection, Nested, PICKLE_FRONT, Sighting, ValueSpan, begins_like_pickle, shown};
pub use names::{Effect, NameClass, NameGroup, NameKind, NameList, NameListKind, NameTable};
pub use reader::{ReadError, Reader};
pub use source::{FileSource, Part, Source};
pub use tables::{QuickMap, QuickSet};
