//! Reads `model.safetensors` once, in order: every byte is digested, wanted tensors are kept.
//!
//! Not mapped into memory: that needs `unsafe`, and a file that changes under a mapping changes the model after its
//! digest was taken.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::Read,
    path::Path,
};

use candle_core::{Device, Tensor};
use jingwei_core::{Digest, Hasher, Limits};
use serde::{Deserialize, de::IgnoredAny};

use crate::{
    config::{Config, over, unusable},
    error::ModelError,
};

/// Read at once; a multiple of a value's 4 bytes.
const PIECE_BYTES: u64 = 1 << 20;
const AGAIN: &str = "fetch the file again";

/// The tensors that a network asked for, by the name that it asked for.
pub(crate) struct Weights {
    tensors: HashMap<String, Tensor>,
}

#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__")]
    _metadata: Option<IgnoredAny>,
    #[serde(flatten)]
    tensors: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: (u64, u64),
}

/// A tensor that will be kept: the network's name and shape for it.
struct Wanted {
    name: String,
    shape: Vec<usize>,
}

impl Weights {
    /// `tensors` are the network's names (without the checkpoint's prefix) and shapes.
    pub(crate) fn read(
        file: &Path,
        config: &Config,
        tensors: impl Iterator<Item = (String, Vec<usize>)>,
        limits: &Limits,
    ) -> Result<(Self, Digest), ModelError> {
        let mut source = Source::open(file, limits)?;
        let header = source.header(limits)?;
        let mut wanted = wanted(file, config, &header, tensors)?;
        let mut ordered: Vec<_> = header.tensors.into_iter().collect();
        ordered.sort_by_key(|(_, entry)| entry.data_offsets);
        source.check_layout(&ordered)?;
        let mut kept = HashMap::new();
        for (name, entry) in ordered {
            let length = entry.data_offsets.1 - entry.data_offsets.0;
            match wanted.remove(&name) {
                None => source.pieces(length, |_| ())?,
                Some(Wanted { name, shape }) => {
                    let values = source.values(length)?;
                    if !values.iter().all(|value| value.is_finite()) {
                        return Err(unusable(file, format!("tensor {name} holds what is no number; {AGAIN}")));
                    }
                    kept.insert(name, Tensor::from_vec(values, shape, &Device::Cpu)?);
                }
            }
        }
        Ok((Self { tensors: kept }, source.finish()?))
    }

    pub(crate) fn take(&mut self, name: &str) -> Result<Tensor, ModelError> {
        self.tensors.remove(name).ok_or_else(|| ModelError::Compute(format!("tensor {name} was not read")))
    }
}

/// Which tensor of the file serves which name of the network; says what is missing or has the wrong type or shape.
fn wanted(
    file: &Path,
    config: &Config,
    header: &Header,
    tensors: impl Iterator<Item = (String, Vec<usize>)>,
) -> Result<HashMap<String, Wanted>, ModelError> {
    let mut wanted = HashMap::new();
    for (name, shape) in tensors {
        let Some((stored, entry)) = find(config, header, &name) else {
            let problem = format!("tensor {name} is missing; config.json describes another model");
            return Err(unusable(file, problem));
        };
        if entry.dtype != "F32" {
            let kind: String = entry.dtype.chars().take(16).collect();
            let problem = format!("tensor {name} is {kind}, not F32; convert the model to float32 and save it again");
            return Err(unusable(file, problem));
        }
        if entry.shape != shape {
            let found: Vec<usize> = entry.shape.iter().copied().take(8).collect();
            let problem =
                format!("tensor {name} has shape {found:?}, config.json asks for {shape:?}; they are of two models");
            return Err(unusable(file, problem));
        }
        wanted.insert(stored, Wanted { name, shape });
    }
    Ok(wanted)
}

/// Checkpoints with a head put the encoder under a prefix; those converted from TensorFlow name norms otherwise.
fn find<'a>(config: &Config, header: &'a Header, name: &str) -> Option<(String, &'a Entry)> {
    let old = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
    let prefix = config.family.prefix();
    let candidates = [name.to_owned(), format!("{prefix}{name}"), format!("{prefix}{old}"), old];
    candidates.into_iter().find_map(|stored| header.tensors.get(&stored).map(|entry| (stored, entry)))
}

/// The size of a regular file: opening a pipe or a device could wait for ever.
pub(crate) fn size_within(path: &Path, most: u64) -> Result<u64, ModelError> {
    let metadata = std::fs::metadata(path).map_err(|source| ModelError::Read { file: path.to_owned(), source })?;
    if !metadata.is_file() {
        return Err(unusable(path, "it is not a file; put the model's file there"));
    }
    if metadata.len() > most {
        return Err(over(path, "its size in bytes", metadata.len(), most));
    }
    Ok(metadata.len())
}

/// The file, read front to back, and the digest of what was read.
struct Source<'a> {
    path: &'a Path,
    file: File,
    hasher: Hasher,
    /// Bytes that the file had when it was opened and that were not read yet.
    left: u64,
}

impl<'a> Source<'a> {
    fn open(path: &'a Path, limits: &Limits) -> Result<Self, ModelError> {
        let left = size_within(path, limits.file_bytes)?;
        let file = File::open(path).map_err(|source| ModelError::Read { file: path.to_owned(), source })?;
        Ok(Self { path, file, hasher: Hasher::default(), left })
    }

    fn header(&mut self, limits: &Limits) -> Result<Header, ModelError> {
        let mut length = [0; 8];
        if self.left < 8 {
            return Err(unusable(self.path, format!("it is truncated within its first 8 bytes; {AGAIN}")));
        }
        self.fill(&mut length)?;
        let length = u64::from_le_bytes(length);
        if length > limits.header_bytes {
            return Err(over(self.path, "the size of its header in bytes", length, limits.header_bytes));
        }
        if length > self.left {
            let problem = format!("it is truncated within its header, or is no safetensors file; {AGAIN}");
            return Err(unusable(self.path, problem));
        }
        let bytes = self.bytes(length)?;
        let header: Header = serde_json::from_slice(&bytes)
            .map_err(|error| unusable(self.path, format!("its header is damaged ({error}); {AGAIN}")))?;
        let count = header.tensors.len() as u64;
        if count > limits.entries {
            return Err(over(self.path, "the number of its tensors", count, limits.entries));
        }
        Ok(header)
    }

    /// Tensors must follow each other without gap or overlap, be as long as their shape says and fill the file.
    fn check_layout(&self, ordered: &[(String, Entry)]) -> Result<(), ModelError> {
        let mut end = 0;
        for (name, entry) in ordered {
            let (start, stop) = entry.data_offsets;
            let values = entry.shape.iter().try_fold(1_u64, |product, size| product.checked_mul(*size as u64));
            let fits = entry.dtype != "F32" || values.and_then(|count| count.checked_mul(4)) == stop.checked_sub(start);
            if start != end || stop < start || !fits {
                let name: String = name.chars().take(96).collect();
                return Err(unusable(self.path, format!("tensor {name} is not where it should be; {AGAIN}")));
            }
            end = stop;
        }
        if end != self.left {
            let problem = format!("it has {} bytes of weights, its header tells of {end}; {AGAIN}", self.left);
            return Err(unusable(self.path, problem));
        }
        Ok(())
    }

    fn values(&mut self, length: u64) -> Result<Vec<f32>, ModelError> {
        let mut values = Vec::new();
        self.pieces(length, |piece| {
            values.extend(piece.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)));
        })?;
        Ok(values)
    }

    fn pieces(&mut self, length: u64, mut work: impl FnMut(&[u8])) -> Result<(), ModelError> {
        let mut left = length;
        while left > 0 {
            let piece = self.bytes(left.min(PIECE_BYTES))?;
            work(&piece);
            left -= piece.len() as u64;
        }
        Ok(())
    }

    fn bytes(&mut self, length: u64) -> Result<Vec<u8>, ModelError> {
        let size = usize::try_from(length)
            .map_err(|_| unusable(self.path, "a part of it is larger than this machine can address"))?;
        let mut bytes = vec![0; size];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ModelError> {
        let read_error = |source| ModelError::Read { file: self.path.to_owned(), source };
        self.file.read_exact(bytes).map_err(read_error)?;
        self.hasher.update(bytes);
        self.left = self.left.saturating_sub(bytes.len() as u64);
        Ok(())
    }

    /// The digest, unless the file has grown while it was read.
    fn finish(mut self) -> Result<Digest, ModelError> {
        let read_error = |source| ModelError::Read { file: self.path.to_owned(), source };
        if self.file.read(&mut [0]).map_err(read_error)? != 0 {
            return Err(unusable(self.path, "it changed while it was read; load it again"));
        }
        Ok(self.hasher.finish())
    }
}
