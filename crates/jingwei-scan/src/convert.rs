//! Writes the tensors of a PyTorch checkpoint as safetensors. The pickle in it is followed, never executed: where it
//! would have run code, that code does not run and only the tensors are taken.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use jingwei_core::{Limits, Text};
use jingwei_pickle::{Checkpoint, Execution, Leaf, TensorRecord};
use jingwei_read::{NameTable, Part, Reader, Source};
use jingwei_unpack::{Archive, Budget, Opened, Packing};
use serde_json::{Map, Value, json};

use crate::{ModelNames, formats::safetensors_knows};

/// How many bytes are copied at once.
const WINDOW: usize = 64 << 10;

/// What was written, and what was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    pub tensors: usize,
    /// Of tensor data.
    pub bytes: u64,
    /// Values that are no tensors: they have no place in safetensors.
    pub skipped: Vec<Leaf>,
    /// Tensors that share elements with others; each has its own copy now.
    pub untied: usize,
}

/// Nothing, or nothing whole, was written.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    #[error("{}", .0.en)]
    Refused(Text),
    #[error("it is no checkpoint of torch.save, in its zip or its older layout")]
    NotACheckpoint,
    #[error("the output cannot be written")]
    Output(#[source] io::Error),
}

impl ConvertError {
    fn refused(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Refused(Text::new(zh, en))
    }

    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            ConvertError::Refused(text) => text.clone(),
            ConvertError::NotACheckpoint => {
                Text::new("它不是 torch.save 写出的检查点（zip 或旧格式）", self.to_string())
            }
            ConvertError::Output(error) => Text::new(format!("无法写出：{error}"), format!("{self}: {error}")),
        }
    }
}

/// Converts a checkpoint of `torch.save`, in its zip or its older layout.
pub fn convert(
    source: &mut dyn Source,
    names: &ModelNames,
    limits: &Limits,
    out: &mut dyn Write,
) -> Result<Converted, ConvertError> {
    let mut front = vec![0; 4096];
    let count = source.read_at(0, &mut front).map_err(|e| ConvertError::refused(format!("读取失败：{e}"), e))?;
    let packings = jingwei_unpack::recognise(&front[..count], source);
    if packings.contains(&Packing::Zip) {
        return convert_zip(source, &names.pickle, limits, out);
    }
    let execution = jingwei_pickle::run(source, &names.pickle, limits);
    if !execution.is_legacy() {
        return Err(not_a_checkpoint());
    }
    let checkpoint = checked(&execution)?;
    let mut places = BTreeMap::new();
    for storage in &execution.legacy_storages {
        places.insert(storage.key.clone(), (storage.offset, storage.bytes));
    }
    let most_bytes = most_bytes(source.length(), limits);
    write(&checkpoint, most_bytes, out, |key, act| match places.get(key) {
        Some((offset, bytes)) => act(&mut Part::new(source, *offset, *bytes)),
        None => Err(no_storage(key)),
    })
}

fn not_a_checkpoint() -> ConvertError {
    ConvertError::NotACheckpoint
}

fn convert_zip(
    source: &mut dyn Source,
    names: &NameTable,
    limits: &Limits,
    out: &mut dyn Write,
) -> Result<Converted, ConvertError> {
    let most_bytes = most_bytes(source.length(), limits);
    let budget = Budget::new(source.length(), limits);
    let mut archive = Archive::read(source, Packing::Zip, &budget);
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    for (at, member) in archive.members().iter().enumerate() {
        if by_name.insert(member.name.clone(), at).is_some() {
            return Err(ConvertError::refused(
                format!("压缩包中有重名成员 {}", member.name),
                format!("the archive has two members {}", member.name),
            ));
        }
    }
    let pickles: Vec<&String> = by_name.keys().filter(|n| *n == "data.pkl" || n.ends_with("/data.pkl")).collect();
    let [pickle] = pickles.as_slice() else { return Err(not_a_checkpoint()) };
    let prefix = pickle.trim_end_matches("data.pkl").to_owned();
    let open = |archive: &mut Archive<'_>, name: &str| -> Result<Vec<u8>, ConvertError> {
        let Some(at) = by_name.get(name) else { return Ok(Vec::new()) };
        let mut opened = archive.open(*at);
        let source = content(&mut opened, name)?;
        let length = source.length();
        if length > limits.header_bytes {
            return Err(ConvertError::refused(format!("{name} 过大"), format!("{name} is too large")));
        }
        Reader::new(source).take_vec(length).map_err(|e| unreadable(name, &e.to_string()))
    };
    let order = open(&mut archive, &format!("{prefix}byteorder"))?;
    if !order.is_empty() && order.trim_ascii() != b"little" {
        return Err(ConvertError::refused("它不是小端字节序", "its byte order is not little-endian"));
    }
    let mut bytes = open(&mut archive, &format!("{prefix}data.pkl"))?;
    let execution = jingwei_pickle::run(&mut bytes, names, limits);
    let checkpoint = checked(&execution)?;
    write(&checkpoint, most_bytes, out, |key, act| {
        let name = format!("{prefix}data/{key}");
        let at = by_name.get(&name).ok_or_else(|| no_storage(key))?;
        let mut opened = archive.open(*at);
        act(content(&mut opened, &name)?)
    })
}

fn content<'o>(opened: &'o mut Opened<'_>, name: &str) -> Result<&'o mut dyn Source, ConvertError> {
    match &mut opened.source {
        Some(source) => Ok(source.as_mut()),
        None => Err(unreadable(name, "it cannot be opened")),
    }
}

fn unreadable(name: &str, reason: &str) -> ConvertError {
    ConvertError::refused(format!("{name} 无法读取（{reason}）"), format!("{name} cannot be read ({reason})"))
}

fn no_storage(key: &str) -> ConvertError {
    let key = jingwei_read::shown(key);
    ConvertError::refused(format!("缺少存储 {key}"), format!("storage {key} is missing"))
}

/// The tensors, if all of them can be written.
fn checked(execution: &Execution) -> Result<Checkpoint, ConvertError> {
    let checkpoint = execution.checkpoint();
    if checkpoint.is_cut {
        return Err(ConvertError::refused("张量过多，超出限制", "it holds more than the limits allow"));
    }
    let named = |leaf: &Leaf| format!("{} ({})", jingwei_read::shown(&leaf.name), jingwei_read::shown(&leaf.what));
    let mut unfit: Vec<String> = checkpoint.unsupported.iter().map(named).collect();
    let unfit_tensor = |t: &&TensorRecord| !t.is_inside() || !safetensors_knows(t.dtype, t.element_bytes);
    let tensors = checkpoint.tensors.iter().filter(unfit_tensor);
    unfit.extend(tensors.map(|t| format!("{} ({})", jingwei_read::shown(&t.name), t.dtype)));
    if !unfit.is_empty() {
        unfit.truncate(20);
        let list = unfit.join(", ");
        return Err(ConvertError::refused(
            format!("以下张量无法写成 safetensors：{list}"),
            format!("these tensors cannot be written as safetensors: {list}"),
        ));
    }
    if checkpoint.tensors.is_empty() {
        return Err(ConvertError::refused("其中没有张量", "it holds no tensors"));
    }
    Ok(checkpoint)
}

/// Views may repeat elements, and a stride of 0 repeats them for ever.
fn most_bytes(file_bytes: u64, limits: &Limits) -> u64 {
    file_bytes.saturating_mul(limits.expansion_ratio).max(64 << 20)
}

type Act<'a> = &'a mut dyn FnMut(&mut dyn Source) -> Result<(), ConvertError>;

/// Writes the header, then each tensor from its storage.
fn write(
    checkpoint: &Checkpoint,
    most_bytes: u64,
    out: &mut dyn Write,
    mut with_storage: impl FnMut(&str, Act<'_>) -> Result<(), ConvertError>,
) -> Result<Converted, ConvertError> {
    // Wide elements first, so that every tensor is aligned; then by name, so that the bytes are always the same.
    let mut tensors: Vec<&TensorRecord> = checkpoint.tensors.iter().collect();
    tensors.sort_by(|a, b| b.element_bytes.cmp(&a.element_bytes).then_with(|| a.name.cmp(&b.name)));
    let mut header = Map::new();
    header.insert("__metadata__".to_owned(), json!({"format": "pt"}));
    let mut at = 0u64;
    for tensor in &tensors {
        let bytes = tensor.elements().and_then(|count| count.checked_mul(tensor.element_bytes));
        let end = bytes.and_then(|bytes| at.checked_add(bytes)).ok_or_else(|| overflow(tensor))?;
        let entry = json!({"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [at, end]});
        if header.insert(tensor.name.clone(), entry).is_some() {
            return Err(ConvertError::refused(
                format!("两个张量同名：{}", jingwei_read::shown(&tensor.name)),
                format!("two tensors are called {}", jingwei_read::shown(&tensor.name)),
            ));
        }
        at = end;
    }
    if at > most_bytes {
        return Err(ConvertError::refused(
            format!("张量共 {at} 字节，远多于文件所含"),
            format!("the tensors come to {at} bytes, far more than the file holds"),
        ));
    }
    let mut json = serde_json::to_vec(&Value::Object(header)).map_err(|e| ConvertError::Output(e.into()))?;
    json.resize(json.len().next_multiple_of(8), b' ');
    out.write_all(&(json.len() as u64).to_le_bytes()).map_err(ConvertError::Output)?;
    out.write_all(&json).map_err(ConvertError::Output)?;
    for tensor in &tensors {
        if tensor.elements() != Some(0) {
            with_storage(&tensor.storage_key, &mut |source| gather(tensor, source, out))?;
        }
    }
    out.flush().map_err(ConvertError::Output)?;
    let storages: BTreeSet<&str> = tensors.iter().map(|tensor| tensor.storage_key.as_str()).collect();
    Ok(Converted {
        tensors: tensors.len(),
        bytes: at,
        skipped: checkpoint.skipped.clone(),
        untied: tensors.len() - storages.len(),
    })
}

fn overflow(tensor: &TensorRecord) -> ConvertError {
    let name = jingwei_read::shown(&tensor.name);
    ConvertError::refused(format!("张量 {name} 的大小溢出"), format!("the size of tensor {name} overflows"))
}

/// Copies a tensor's elements in row-major order. Neighbouring elements are copied together.
fn gather(tensor: &TensorRecord, source: &mut dyn Source, out: &mut dyn Write) -> Result<(), ConvertError> {
    let mut run = 1u64;
    let mut outer = tensor.shape.len();
    while outer > 0 && (tensor.shape[outer - 1] == 1 || tensor.stride[outer - 1] == run) {
        outer -= 1;
        run = run.checked_mul(tensor.shape[outer]).ok_or_else(|| overflow(tensor))?;
    }
    let mut index = vec![0u64; outer];
    let mut reader = Reader::new(source);
    let mut window = vec![0; WINDOW];
    loop {
        // Sums stay inside the storage: `is_inside` has been asked.
        let element = index.iter().zip(&tensor.stride).fold(tensor.offset_elements, |sum, (i, s)| sum + i * s);
        reader.seek(element * tensor.element_bytes);
        copy(&mut reader, run * tensor.element_bytes, &mut window, out)
            .map_err(|error| error.unwrap_or_else(|| no_storage(&tensor.storage_key)))?;
        let mut axis = outer;
        loop {
            if axis == 0 {
                return Ok(());
            }
            axis -= 1;
            index[axis] += 1;
            if index[axis] < tensor.shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}

/// `Err(None)`: the storage is shorter than it claims.
fn copy(
    reader: &mut Reader<'_>,
    mut bytes: u64,
    window: &mut [u8],
    out: &mut dyn Write,
) -> Result<(), Option<ConvertError>> {
    while bytes > 0 {
        let count = usize::try_from(bytes).unwrap_or(WINDOW).min(WINDOW);
        reader.take(&mut window[..count]).map_err(|_| None)?;
        out.write_all(&window[..count]).map_err(|e| Some(ConvertError::Output(e)))?;
        bytes -= count as u64;
    }
    Ok(())
}
