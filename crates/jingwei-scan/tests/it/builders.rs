//! Writes valid files, and files that lie in one chosen place.

/// A GGUF file under construction. Fields may be set to anything; `bytes` writes what they say.
#[derive(Clone)]
pub struct Gguf {
    pub big_endian: bool,
    pub magic: [u8; 4],
    pub version: u32,
    /// `None`: the true count.
    pub tensor_count: Option<u64>,
    pub entry_count: Option<u64>,
    pub entries: Vec<(Vec<u8>, u32, Value)>,
    pub tensors: Vec<Tensor>,
    pub data: Vec<u8>,
    pub alignment: usize,
}

#[derive(Clone)]
pub struct Tensor {
    pub name: Vec<u8>,
    pub shape: Vec<u64>,
    pub kind: u32,
    pub offset: u64,
}

/// A metadata value.
#[derive(Clone)]
pub enum Value {
    U32(u32),
    Bool(u8),
    Text(Vec<u8>),
    /// Element type, announced count, elements.
    Array(u32, Option<u64>, Vec<Value>),
    /// A string that announces another length than it has.
    Lie(u64),
}

impl Value {
    pub fn text(text: &str) -> Self {
        Value::Text(text.as_bytes().to_vec())
    }

    fn kind(&self) -> u32 {
        match self {
            Value::U32(_) => 4,
            Value::Bool(_) => 7,
            Value::Text(_) | Value::Lie(_) => 8,
            Value::Array(..) => 9,
        }
    }
}

impl Default for Gguf {
    fn default() -> Self {
        Self {
            big_endian: false,
            magic: *b"GGUF",
            version: 3,
            tensor_count: None,
            entry_count: None,
            entries: Vec::new(),
            tensors: Vec::new(),
            data: Vec::new(),
            alignment: 32,
        }
    }
}

impl Gguf {
    /// A small model: three kinds of metadata, an F32 and a Q4_0 tensor.
    pub fn sample() -> Self {
        let scores = Value::Array(4, None, (0..4).map(Value::U32).collect());
        let nested = Value::Array(9, None, vec![Value::Array(8, None, vec![Value::text("a"), Value::text("b")])]);
        Self::default()
            .entry("general.architecture", Value::text("llama"))
            .entry("general.license", Value::text("apache-2.0"))
            .entry("tokenizer.scores", scores)
            .entry("tokenizer.merges", nested)
            .entry("flag", Value::Bool(1))
            .tensor("token_embd.weight", &[8, 2], 0, 0)
            .tensor("output.weight", &[32, 2], 2, 64)
            .data(vec![7; 100])
    }

    pub fn entry(self, key: &str, value: Value) -> Self {
        let kind = value.kind();
        self.typed_entry(key.as_bytes(), kind, value)
    }

    pub fn typed_entry(mut self, key: &[u8], kind: u32, value: Value) -> Self {
        self.entries.push((key.to_vec(), kind, value));
        self
    }

    pub fn tensor(mut self, name: &str, shape: &[u64], kind: u32, offset: u64) -> Self {
        self.tensors.push(Tensor { name: name.as_bytes().to_vec(), shape: shape.to_vec(), kind, offset });
        self
    }

    pub fn data(mut self, data: Vec<u8>) -> Self {
        self.data = data;
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.magic.to_vec();
        self.u32(&mut out, self.version);
        self.u64(&mut out, self.tensor_count.unwrap_or(self.tensors.len() as u64));
        self.u64(&mut out, self.entry_count.unwrap_or(self.entries.len() as u64));
        for (key, kind, value) in &self.entries {
            self.string(&mut out, key);
            self.u32(&mut out, *kind);
            self.value(&mut out, value);
        }
        for tensor in &self.tensors {
            self.string(&mut out, &tensor.name);
            self.u32(&mut out, u32::try_from(tensor.shape.len()).unwrap());
            tensor.shape.iter().for_each(|extent| self.u64(&mut out, *extent));
            self.u32(&mut out, tensor.kind);
            self.u64(&mut out, tensor.offset);
        }
        out.resize(out.len().next_multiple_of(self.alignment), 0);
        out.extend_from_slice(&self.data);
        out
    }

    fn value(&self, out: &mut Vec<u8>, value: &Value) {
        match value {
            Value::U32(number) => self.u32(out, *number),
            Value::Bool(byte) => out.push(*byte),
            Value::Text(bytes) => self.string(out, bytes),
            Value::Lie(length) => self.u64(out, *length),
            Value::Array(kind, count, items) => {
                self.u32(out, *kind);
                self.u64(out, count.unwrap_or(items.len() as u64));
                items.iter().for_each(|item| self.value(out, item));
            }
        }
    }

    fn string(&self, out: &mut Vec<u8>, bytes: &[u8]) {
        self.u64(out, bytes.len() as u64);
        out.extend_from_slice(bytes);
    }

    fn u32(&self, out: &mut Vec<u8>, value: u32) {
        out.extend_from_slice(&if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    fn u64(&self, out: &mut Vec<u8>, value: u64) {
        out.extend_from_slice(&if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
    }
}

/// A safetensors file with this header and so many bytes of data.
pub fn safetensors(json: &str, data_bytes: usize) -> Vec<u8> {
    let mut out = (json.len() as u64).to_le_bytes().to_vec();
    out.extend_from_slice(json.as_bytes());
    out.resize(out.len() + data_bytes, 3);
    out
}

pub const SAFETENSORS_HEADER: &str = r#"{"__metadata__":{"license":"mit"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"BF16","shape":[4],"data_offsets":[16,24]}}"#;

/// A member of a zip archive.
#[derive(Clone)]
pub struct Member {
    pub name: Vec<u8>,
    /// As the local header says it.
    pub local_name: Vec<u8>,
    pub content: Vec<u8>,
    /// 0: stored.
    pub method: u16,
    pub unpacked: u32,
}

pub fn member(name: &str, content: &[u8]) -> Member {
    Member {
        name: name.as_bytes().to_vec(),
        local_name: name.as_bytes().to_vec(),
        content: content.to_vec(),
        method: 0,
        unpacked: u32::try_from(content.len()).unwrap(),
    }
}

pub fn zip(members: &[Member]) -> Vec<u8> {
    let offsets = members.iter().scan(0, |at, member| {
        let start = *at;
        *at += 30 + member.local_name.len() + member.content.len();
        Some(start)
    });
    zip_with_offsets(members, &offsets.collect::<Vec<_>>())
}

/// The directory tells these offsets, true or not.
pub fn zip_with_offsets(members: &[Member], offsets: &[usize]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (member, offset) in members.iter().zip(offsets) {
        let packed = u32::try_from(member.content.len()).unwrap();
        let sizes = |name: &[u8]| {
            let mut fields = [0, packed, member.unpacked].map(u32::to_le_bytes).concat();
            fields.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
            fields
        };
        out.extend_from_slice(b"PK\x03\x04\x14\0\0\0");
        out.extend_from_slice(&member.method.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&sizes(&member.local_name));
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&member.local_name);
        out.extend_from_slice(&member.content);
        directory.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0");
        directory.extend_from_slice(&member.method.to_le_bytes());
        directory.extend_from_slice(&[0; 4]);
        directory.extend_from_slice(&sizes(&member.name));
        directory.extend_from_slice(&[0; 12]);
        directory.extend_from_slice(&u32::try_from(*offset).unwrap().to_le_bytes());
        directory.extend_from_slice(&member.name);
    }
    let start = u32::try_from(out.len()).unwrap();
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&[count, count].concat());
    out.extend_from_slice(&u32::try_from(directory.len()).unwrap().to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out
}

/// Protocol 2: an empty dict.
pub const PICKLE: &[u8] = b"\x80\x02}q\x00.";

/// The archive that `torch.save` writes.
pub fn torch_zip() -> Vec<u8> {
    zip(&[member("archive/data.pkl", PICKLE), member("archive/data/0", &[1; 40]), member("archive/version", b"3\n")])
}
