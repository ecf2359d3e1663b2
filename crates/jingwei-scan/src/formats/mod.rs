//! Recognisers and parsers of model files. All of them take untrusted bytes, and none trusts a file's name.

pub(crate) mod ggml;
pub(crate) mod gguf;
mod gguf_sense;
mod gguf_types;
pub(crate) mod json;
pub(crate) mod r_object;
pub(crate) mod safetensors;

use jingwei_core::Text;
use jingwei_graph::GraphFormat;
use jingwei_keras::{NPY_MAGIC, is_hdf5};
use jingwei_read::{ReadError, Sighting};
use jingwei_unpack::Packing;

use crate::words::io_reason;
pub(crate) use json::offset_of;
pub(crate) use safetensors::knows as safetensors_knows;

/// What a file is, told from its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    Empty,
    /// As ggml wrote its models before GGUF.
    Ggml,
    Gguf,
    Safetensors,
    Pickle,
    /// An archive or a packed stream.
    Packed(Packing),
    Hdf5,
    Npy,
    Graph(GraphFormat),
    /// A serialized R object.
    RObject,
    /// A vocabulary of SentencePiece.
    SentencePiece,
    Json,
    Text,
    Unknown,
}

impl Format {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Format::Empty => "empty",
            Format::Ggml => "ggml",
            Format::Gguf => "gguf",
            Format::Safetensors => "safetensors",
            Format::Pickle => "pickle",
            Format::Packed(packing) => packing.name(),
            Format::Hdf5 => "hdf5",
            Format::Npy => "npy",
            Format::Graph(format) => format.name(),
            Format::RObject => "r-object",
            Format::SentencePiece => "sentencepiece",
            Format::Json => "json",
            Format::Text => "text",
            Format::Unknown => "unknown",
        }
    }

    /// Formats that hold weights, or mostly do.
    #[must_use]
    pub fn is_weights(self) -> bool {
        use Format::{Ggml, Gguf, Graph, Hdf5, Npy, Packed, Pickle, RObject, Safetensors};
        matches!(self, Ggml | Gguf | Safetensors | Pickle | Packed(_) | Hdf5 | Npy | Graph(_) | RObject)
    }
}

/// How many bytes of the front decide.
pub(crate) const FRONT: usize = 4096;

/// The formats that are neither packed nor graphs, by the first bytes of a file of `length` bytes. Pickles without a
/// protocol mark look like text or unknown here.
pub(crate) fn of_front(front: &[u8], length: u64) -> Format {
    if front.is_empty() {
        Format::Empty
    } else if front.starts_with(b"GGUF") || front.starts_with(b"FUGG") {
        Format::Gguf
    } else if ggml::looks_like(front) {
        Format::Ggml
    } else if front.starts_with(NPY_MAGIC) {
        Format::Npy
    } else if is_hdf5(front) {
        Format::Hdf5
    } else if r_object::looks_like(front) {
        Format::RObject
    } else if safetensors::looks_like(front, length) {
        Format::Safetensors
    } else if is_text(front) {
        if json::looks_like(front) { Format::Json } else { Format::Text }
    } else {
        Format::Unknown
    }
}

/// UTF-8 without control characters other than those of plain text. The last character may be cut.
fn is_text(front: &[u8]) -> bool {
    let valid = match std::str::from_utf8(front) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none() && front.len() == FRONT,
    };
    valid && !front.iter().any(|b| matches!(b, 0..=8 | 14..=26 | 28..=31 | 127))
}

/// Why a header could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HeaderError {
    /// It breaks its format at this byte of the file.
    Malformed {
        offset: u64,
        reason: Text,
    },
    /// It crosses this limit.
    Limit(Crossed),
    Io(String),
}

/// A limit that something untrusted crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossed {
    /// Name of the field of [`jingwei_core::Limits`].
    pub limit: &'static str,
    pub value: u64,
}

impl HeaderError {
    pub(crate) fn malformed(offset: u64, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Malformed { offset, reason: Text::new(zh, en) }
    }

    pub(crate) fn limit(limit: &'static str, value: u64) -> Self {
        Self::Limit(Crossed { limit, value })
    }
}

impl From<ReadError> for HeaderError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::End(offset) => Self::malformed(offset, "文件在头部中间结束", "the file ends inside its header"),
            ReadError::Io(reason) => Self::Io(reason),
        }
    }
}

impl From<HeaderError> for Sighting {
    fn from(error: HeaderError) -> Self {
        match error {
            HeaderError::Malformed { offset, reason } => Sighting::malformed(offset, reason.zh, reason.en),
            HeaderError::Limit(Crossed { limit, value }) => Sighting::limit(limit, value),
            HeaderError::Io(reason) => unreadable(io_reason(&reason)),
        }
    }
}

/// The content cannot be read.
pub(crate) fn unreadable(reason: Text) -> Sighting {
    Sighting::new("model.unreadable").with_text("reason", reason)
}
