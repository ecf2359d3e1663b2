//! Recognisers and parsers of model files. All of them take untrusted bytes, and none trusts a file's name.

pub(crate) mod gguf;
mod gguf_types;
pub(crate) mod json;
pub(crate) mod pickle;
pub(crate) mod safetensors;
pub(crate) mod zip;

use jingwei_core::Text;

use crate::stream::StreamError;
pub(crate) use json::offset_of;

/// What a file is, told from its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    Empty,
    Gguf,
    Safetensors,
    Pickle,
    Zip,
    Tar,
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    Lz4,
    SevenZip,
    Hdf5,
    Npy,
    Onnx,
    Tflite,
    Json,
    Text,
    Unknown,
}

impl Format {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Format::Empty => "empty",
            Format::Gguf => "gguf",
            Format::Safetensors => "safetensors",
            Format::Pickle => "pickle",
            Format::Zip => "zip",
            Format::Tar => "tar",
            Format::Gzip => "gzip",
            Format::Bzip2 => "bzip2",
            Format::Xz => "xz",
            Format::Zstd => "zstd",
            Format::Lz4 => "lz4",
            Format::SevenZip => "7z",
            Format::Hdf5 => "hdf5",
            Format::Npy => "npy",
            Format::Onnx => "onnx",
            Format::Tflite => "tflite",
            Format::Json => "json",
            Format::Text => "text",
            Format::Unknown => "unknown",
        }
    }

    /// Formats that may hold other files or code and that are not opened yet.
    #[must_use]
    pub fn is_closed_container(self) -> bool {
        use Format::{Bzip2, Gzip, Hdf5, Lz4, SevenZip, Tar, Xz, Zstd};
        matches!(self, Tar | Gzip | Bzip2 | Xz | Zstd | Lz4 | SevenZip | Hdf5)
    }

    /// Formats that hold weights.
    #[must_use]
    pub fn is_weights(self) -> bool {
        use Format::{Gguf, Hdf5, Npy, Onnx, Pickle, Safetensors, Tflite, Zip};
        matches!(self, Gguf | Safetensors | Pickle | Zip | Hdf5 | Npy | Onnx | Tflite)
    }
}

/// Bytes at an offset that only one format has there.
const SIGNATURES: &[(usize, &[u8], Format)] = &[
    (0, b"GGUF", Format::Gguf),
    (0, b"FUGG", Format::Gguf),
    (0, b"PK\x03\x04", Format::Zip),
    (0, b"PK\x05\x06", Format::Zip),
    (0, b"\x1f\x8b", Format::Gzip),
    (0, b"BZh", Format::Bzip2),
    (0, b"\xfd7zXZ\0", Format::Xz),
    (0, b"\x28\xb5\x2f\xfd", Format::Zstd),
    (0, b"\x04\x22\x4d\x18", Format::Lz4),
    (0, b"7z\xbc\xaf\x27\x1c", Format::SevenZip),
    (0, b"\x89HDF\r\n\x1a\n", Format::Hdf5),
    (0, b"\x93NUMPY", Format::Npy),
    (4, b"TFL3", Format::Tflite),
    (257, b"ustar", Format::Tar),
];

/// How many bytes of the front [`of_front`] looks at.
pub(crate) const FRONT: usize = 4096;

/// The format by the first bytes of a file of `length` bytes. Pickles without a protocol mark look like
/// text or unknown here; [`pickle::walk`] tells them apart.
pub(crate) fn of_front(front: &[u8], length: u64) -> Format {
    if front.is_empty() {
        return Format::Empty;
    }
    let signed = SIGNATURES.iter().find(|(at, bytes, _)| front.get(*at..).is_some_and(|rest| rest.starts_with(bytes)));
    if let Some((_, _, format)) = signed {
        return *format;
    }
    let text = is_text(front);
    if safetensors::looks_like(front, length) {
        Format::Safetensors
    } else if text && json::looks_like(front) {
        Format::Json
    } else if text {
        Format::Text
    } else if looks_like_onnx(front) {
        Format::Onnx
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

/// An ONNX `ModelProto`: `ir_version` first, then the name of a producer or another of its fields. Other
/// protobufs, such as TensorFlow's and Core ML's, have a message where ONNX has the name.
fn looks_like_onnx(front: &[u8]) -> bool {
    match front {
        [0x08, 1..=32, 0x12, length @ 0..=64, rest @ ..] => {
            rest.get(..usize::from(*length)).is_some_and(|name| name.iter().all(|b| matches!(b, 32..=126)))
        }
        [0x08, 1..=32, 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42, ..] => true,
        _ => false,
    }
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

impl From<StreamError> for HeaderError {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::End(offset) => {
                Self::malformed(offset, "文件在头部中间结束", "the file ends inside its header")
            }
            StreamError::Io(reason) => Self::Io(reason),
        }
    }
}
