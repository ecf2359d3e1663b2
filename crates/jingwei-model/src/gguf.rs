//! Reads a GGUF file (versions 2 and 3, little-endian) once, front to back: every byte is digested.
//!
//! The header is read by hand and not by candle-core, whose reader keeps 32 bytes per element of an array and ends an
//! array only at the end of the file: a file of 1 GB could take 32 GB.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use jingwei_core::{Digest, Hasher, Limits};

use crate::{
    generate_error::GenerateError,
    gguf_tensor::{Kind, Matrix},
};

const AGAIN: &str = "fetch the file again";
/// Longest name of a key or tensor, in bytes.
const NAME_BYTES: u64 = 256;
/// Most dimensions of a tensor.
const DIMENSIONS: u32 = 4;
/// Where the file does not say otherwise, tensors begin at multiples of this.
const ALIGNMENT: u64 = 32;

/// What a key of the header holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Integer(i128),
    Number(f64),
    Truth(bool),
    Text(String),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

/// A tensor as the header tells of it; rows first.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) shape: Vec<u64>,
    offset: u64,
}

/// The header of a file, and the file behind it.
pub(crate) struct Gguf<'a> {
    source: Source<'a>,
    pub(crate) metadata: HashMap<String, Value>,
    pub(crate) tensors: BTreeMap<String, Entry>,
}

pub(crate) fn unusable(file: &Path, problem: impl Into<String>) -> GenerateError {
    GenerateError::Unusable { file: file.to_owned(), problem: problem.into() }
}

impl<'a> Gguf<'a> {
    pub(crate) fn open(path: &'a Path, limits: &Limits) -> Result<Self, GenerateError> {
        let mut source = Source::open(path, limits)?;
        if source.array::<4>()? != *b"GGUF" {
            return Err(unusable(path, "it is no GGUF file; give a model file in this format"));
        }
        let version = source.u32()?;
        if !(2..=3).contains(&version) {
            let problem = format!("it is of GGUF version {version}, versions 2 and 3 (little-endian) are known");
            return Err(unusable(path, problem));
        }
        let tensor_count = source.counted("the number of its tensors")?;
        let key_count = source.counted("the number of its keys")?;
        let mut metadata = HashMap::new();
        for _ in 0..key_count {
            let key = source.text("the length of a key", NAME_BYTES)?;
            let kind = source.u32()?;
            let value = source.value(&key, kind)?;
            if metadata.insert(key.clone(), value).is_some() {
                return Err(unusable(path, format!("it has the key {key} twice; {AGAIN}")));
            }
        }
        let mut tensors = BTreeMap::new();
        for _ in 0..tensor_count {
            let name = source.text("the length of a tensor's name", NAME_BYTES)?;
            let entry = source.entry(&name)?;
            if tensors.insert(name.clone(), entry).is_some() {
                return Err(unusable(path, format!("it has the tensor {name} twice; {AGAIN}")));
            }
        }
        let alignment = match metadata.get("general.alignment") {
            None => ALIGNMENT,
            Some(Value::Integer(found)) => u64::try_from(*found)
                .ok()
                .filter(|found| found.is_power_of_two() && (8..=65_536).contains(found))
                .ok_or_else(|| unusable(path, format!("its general.alignment is {found}; {AGAIN}")))?,
            Some(_) => return Err(unusable(path, format!("its general.alignment is no number; {AGAIN}"))),
        };
        source.skip_to_multiple(alignment)?;
        let gguf = Self { source, metadata, tensors };
        gguf.check_layout(alignment)?;
        Ok(gguf)
    }

    pub(crate) fn path(&self) -> &'a Path {
        self.source.path
    }

    /// Tensors must follow each other without overlap, with no gap but that of alignment, and fill the file.
    fn check_layout(&self, alignment: u64) -> Result<(), GenerateError> {
        let mut end = 0_u64;
        for (name, entry) in self.by_offset() {
            let bytes = entry
                .kind
                .bytes(&entry.shape)
                .ok_or_else(|| unusable(self.path(), format!("tensor {name} has a shape that cannot be; {AGAIN}")))?;
            let begins = end.checked_next_multiple_of(alignment);
            let stop = entry.offset.checked_add(bytes);
            let (Some(begins), Some(stop)) = (begins, stop) else {
                return Err(unusable(self.path(), format!("tensor {name} is not where it should be; {AGAIN}")));
            };
            if entry.offset != begins {
                return Err(unusable(self.path(), format!("tensor {name} is not where it should be; {AGAIN}")));
            }
            if stop > self.source.left {
                let problem = format!("it is truncated: tensor {name} ends behind the end of the file; {AGAIN}");
                return Err(unusable(self.path(), problem));
            }
            end = stop;
        }
        if self.source.left - end >= alignment {
            let problem = format!("it has {} bytes behind its last tensor; {AGAIN}", self.source.left - end);
            return Err(unusable(self.path(), problem));
        }
        Ok(())
    }

    fn by_offset(&self) -> Vec<(&String, &Entry)> {
        let mut ordered: Vec<_> = self.tensors.iter().collect();
        ordered.sort_by_key(|(_, entry)| entry.offset);
        ordered
    }

    /// Every tensor, by name, and the digest of the whole file.
    pub(crate) fn read(mut self) -> Result<(HashMap<String, Matrix>, Digest), GenerateError> {
        let ordered: Vec<(String, Entry)> =
            self.by_offset().into_iter().map(|(name, entry)| (name.clone(), entry.clone())).collect();
        let begin = self.source.at;
        let mut matrices = HashMap::with_capacity(ordered.len());
        for (name, entry) in ordered {
            let gap = (begin + entry.offset).saturating_sub(self.source.at);
            self.source.skip(gap)?;
            let path = self.source.path;
            let matrix = Matrix::read(entry.kind, &entry.shape, |bytes| self.source.fill(bytes))?
                .map_err(|problem| unusable(path, format!("tensor {name} {problem}; {AGAIN}")))?;
            matrices.insert(name, matrix);
        }
        self.source.skip(self.source.left)?;
        Ok((matrices, self.source.finish()?))
    }
}

/// The file, read front to back, and the digest of what was read.
struct Source<'a> {
    path: &'a Path,
    file: BufReader<File>,
    hasher: Hasher,
    at: u64,
    /// Bytes that the file had when it was opened and that were not read yet.
    left: u64,
    /// Keys, tensors and elements of arrays that may still come.
    entries_left: u64,
    limits: Limits,
}

impl<'a> Source<'a> {
    fn open(path: &'a Path, limits: &Limits) -> Result<Self, GenerateError> {
        let read_error = |source| GenerateError::Read { file: path.to_owned(), source };
        let metadata = std::fs::metadata(path).map_err(read_error)?;
        // Opening a pipe or a device could wait for ever.
        if !metadata.is_file() {
            return Err(unusable(path, "it is not a file; give the path of a GGUF file"));
        }
        let left = metadata.len();
        if left > limits.file_bytes {
            let (found, allowed) = (left, limits.file_bytes);
            return Err(GenerateError::FileOverLimit {
                file: path.to_owned(),
                what: "its size in bytes",
                found,
                allowed,
            });
        }
        let file = BufReader::new(File::open(path).map_err(read_error)?);
        let (hasher, limits) = (Hasher::default(), *limits);
        Ok(Self { path, file, hasher, at: 0, left, entries_left: limits.entries, limits })
    }

    fn over(&self, what: &'static str, found: u64, allowed: u64) -> GenerateError {
        GenerateError::FileOverLimit { file: self.path.to_owned(), what, found, allowed }
    }

    fn truncated(&self) -> GenerateError {
        unusable(self.path, format!("it is truncated within its header; {AGAIN}"))
    }

    /// Everything but tensors is read through this.
    fn header(&mut self, bytes: &mut [u8]) -> Result<(), GenerateError> {
        let length = bytes.len() as u64;
        if length > self.left {
            return Err(self.truncated());
        }
        if self.at + length > self.limits.header_bytes {
            return Err(self.over("the size of its header in bytes", self.at + length, self.limits.header_bytes));
        }
        self.fill(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), GenerateError> {
        let read_error = |source| GenerateError::Read { file: self.path.to_owned(), source };
        self.file.read_exact(bytes).map_err(read_error)?;
        self.hasher.update(bytes);
        self.at += bytes.len() as u64;
        self.left = self.left.saturating_sub(bytes.len() as u64);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], GenerateError> {
        let mut bytes = [0; N];
        self.header(&mut bytes)?;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, GenerateError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, GenerateError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// How many of something follow. All of them together are bounded, not each list by itself.
    fn counted(&mut self, what: &'static str) -> Result<u64, GenerateError> {
        let count = self.u64()?;
        let (left, allowed) = (self.entries_left, self.limits.entries);
        self.entries_left =
            left.checked_sub(count).ok_or_else(|| self.over(what, count.saturating_add(allowed - left), allowed))?;
        Ok(count)
    }

    fn text(&mut self, what: &'static str, most: u64) -> Result<String, GenerateError> {
        let length = self.u64()?;
        let most = most.min(self.limits.string_bytes);
        if length > most {
            return Err(self.over(what, length, most));
        }
        if length > self.left {
            return Err(self.truncated());
        }
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| self.truncated())?];
        self.header(&mut bytes)?;
        String::from_utf8(bytes).map_err(|_| unusable(self.path, format!("it has {what} that is no UTF-8; {AGAIN}")))
    }

    fn value(&mut self, key: &str, kind: u32) -> Result<Value, GenerateError> {
        if let Some(value) = self.scalar(key, kind)? {
            return Ok(value);
        }
        if kind != 9 {
            return Err(unusable(self.path, format!("its key {key} has a value of the unknown kind {kind}; {AGAIN}")));
        }
        let kind = self.u32()?;
        let count = self.counted("the number of elements of its lists")?;
        let (mut integers, mut numbers, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count {
            match self.scalar(key, kind)? {
                Some(Value::Integer(value)) => integers.push(i64::try_from(value).unwrap_or(i64::MAX)),
                Some(Value::Truth(value)) => integers.push(i64::from(value)),
                Some(Value::Number(value)) => numbers.push(value),
                Some(Value::Text(value)) => texts.push(value),
                _ => {
                    let problem = format!("its key {key} is a list of kind {kind}, which is not known; {AGAIN}");
                    return Err(unusable(self.path, problem));
                }
            }
        }
        Ok(match kind {
            6 | 12 => Value::Numbers(numbers),
            8 => Value::Texts(texts),
            _ => Value::Integers(integers),
        })
    }

    fn scalar(&mut self, key: &str, kind: u32) -> Result<Option<Value>, GenerateError> {
        let value = match kind {
            0 => Value::Integer(u8::from_le_bytes(self.array()?).into()),
            1 => Value::Integer(i8::from_le_bytes(self.array()?).into()),
            2 => Value::Integer(u16::from_le_bytes(self.array()?).into()),
            3 => Value::Integer(i16::from_le_bytes(self.array()?).into()),
            4 => Value::Integer(self.u32()?.into()),
            5 => Value::Integer(i32::from_le_bytes(self.array()?).into()),
            6 => Value::Number(f32::from_le_bytes(self.array()?).into()),
            7 => match self.array::<1>()? {
                [0] => Value::Truth(false),
                [1] => Value::Truth(true),
                _ => return Err(unusable(self.path, format!("its key {key} is neither true nor false; {AGAIN}"))),
            },
            8 => Value::Text(self.text("the length of a text, in bytes,", u64::MAX)?),
            10 => Value::Integer(self.u64()?.into()),
            11 => Value::Integer(i64::from_le_bytes(self.array()?).into()),
            12 => Value::Number(f64::from_le_bytes(self.array()?)),
            _ => return Ok(None),
        };
        Ok(Some(value))
    }

    fn entry(&mut self, name: &str) -> Result<Entry, GenerateError> {
        let dimensions = self.u32()?;
        if !(1..=DIMENSIONS).contains(&dimensions) {
            let problem = format!("tensor {name} has {dimensions} dimensions, 1 to {DIMENSIONS} are known; {AGAIN}");
            return Err(unusable(self.path, problem));
        }
        let mut shape = Vec::new();
        for _ in 0..dimensions {
            shape.push(self.u64()?);
        }
        // The file has the dimension that changes fastest first.
        shape.reverse();
        let code = self.u32()?;
        let kind = Kind::of_code(code).ok_or_else(|| {
            let problem = format!(
                "tensor {name} is stored in format {code}, which is not known; take the model as {}",
                Kind::NAMES
            );
            unusable(self.path, problem)
        })?;
        Ok(Entry { kind, shape, offset: self.u64()? })
    }

    fn skip(&mut self, count: u64) -> Result<(), GenerateError> {
        let mut piece = [0; 4096];
        let mut left = count;
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
            self.fill(&mut piece[..length])?;
            left -= length as u64;
        }
        Ok(())
    }

    fn skip_to_multiple(&mut self, alignment: u64) -> Result<(), GenerateError> {
        let gap = self.at.next_multiple_of(alignment) - self.at;
        if gap > self.left {
            return Err(self.truncated());
        }
        self.skip(gap)
    }

    /// The digest, unless the file has grown while it was read.
    fn finish(mut self) -> Result<Digest, GenerateError> {
        let read_error = |source| GenerateError::Read { file: self.path.to_owned(), source };
        if self.file.read(&mut [0]).map_err(read_error)? != 0 {
            return Err(unusable(self.path, "it changed while it was read; load it again"));
        }
        Ok(self.hasher.finish())
    }
}
