//! Writes protobufs and FlatBuffers.

/// A protobuf message under construction.
#[derive(Debug, Clone, Default)]
pub struct Pb(pub Vec<u8>);

pub fn pb() -> Pb {
    Pb::default()
}

impl Pb {
    fn raw(mut self, mut number: u64) -> Self {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
        self
    }

    pub fn key(self, number: u32, kind: u64) -> Self {
        self.raw(u64::from(number) << 3 | kind)
    }

    pub fn int(self, number: u32, value: i64) -> Self {
        self.key(number, 0).raw(value.cast_unsigned())
    }

    pub fn bytes(self, number: u32, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let mut message = self.key(number, 2).raw(bytes.len() as u64);
        message.0.extend(bytes);
        message
    }

    pub fn message(self, number: u32, inner: Pb) -> Self {
        self.bytes(number, inner.0)
    }

    pub fn messages(self, number: u32, inner: impl IntoIterator<Item = Pb>) -> Self {
        inner.into_iter().fold(self, |message, inner| message.message(number, inner))
    }

    /// A field that claims another length than it has.
    pub fn lying(self, number: u32, claimed: u64, bytes: &[u8]) -> Self {
        let mut message = self.key(number, 2).raw(claimed);
        message.0.extend(bytes);
        message
    }
}

// ONNX

pub fn onnx_node(domain: &str, operator: &str, name: &str) -> Pb {
    pb().bytes(1, "x").bytes(2, "y").bytes(3, name).bytes(4, operator).bytes(7, domain)
}

pub fn onnx_tensor(name: &str, dims: &[i64], data_type: i64, raw: &[u8]) -> Pb {
    dims.iter().fold(pb(), |tensor, size| tensor.int(1, *size)).int(2, data_type).bytes(8, name).bytes(9, raw)
}

pub fn onnx_external(name: &str, entries: &[(&str, &str)]) -> Pb {
    let entries = entries.iter().map(|(key, value)| pb().bytes(1, key).bytes(2, value));
    pb().int(1, 2).int(2, 1).bytes(8, name).messages(13, entries).int(14, 1)
}

pub fn onnx_model(nodes: Vec<Pb>, tensors: Vec<Pb>, functions: Vec<Pb>) -> Vec<u8> {
    let graph = pb().messages(1, nodes).bytes(2, "graph").messages(5, tensors);
    pb().int(1, 8)
        .bytes(2, "builder")
        .message(7, graph)
        .message(8, pb().bytes(1, "").int(2, 17))
        .messages(25, functions)
        .0
}

pub fn onnx_function(domain: &str, name: &str, calls: &[(&str, &str)]) -> Pb {
    let nodes = calls.iter().map(|(domain, operator)| onnx_node(domain, operator, "n"));
    pb().bytes(1, name).messages(7, nodes).bytes(10, domain)
}

// TensorFlow

pub fn tf_node(name: &str, operator: &str, inputs: &[&str], attributes: &[(&str, Pb)]) -> Pb {
    let node = inputs.iter().fold(pb().bytes(1, name).bytes(2, operator), |node, input| node.bytes(3, input));
    attributes.iter().fold(node, |node, (key, value)| node.message(5, pb().bytes(1, key).message(2, value.clone())))
}

pub fn tf_text(text: &str) -> Pb {
    pb().bytes(2, text)
}

pub fn tf_const(name: &str, text: &str) -> Pb {
    let value = pb().message(8, pb().int(1, 7).message(2, pb()).bytes(8, text));
    tf_node(name, "Const", &[], &[("dtype", pb().int(6, 7)), ("value", value)])
}

pub fn tf_function(name: &str, nodes: Vec<Pb>) -> Pb {
    pb().message(1, pb().bytes(1, name)).messages(3, nodes)
}

pub fn tf_graph(nodes: Vec<Pb>, functions: Vec<Pb>) -> Pb {
    pb().messages(1, nodes).message(2, pb().messages(1, functions)).message(4, pb().int(1, 987))
}

pub fn saved_model(graph: Pb, rest: Pb) -> Vec<u8> {
    let info = pb().bytes(4, "serve").bytes(5, "2.21.0");
    let mut meta = pb().message(1, info).message(2, graph);
    meta.0.extend(rest.0);
    pb().int(1, 1).message(2, meta).0
}

// FlatBuffers

/// What stands in a field of a table.
#[derive(Debug, Clone)]
pub enum Fb {
    Absent,
    U8(u8),
    U32(u32),
    U64(u64),
    Bytes(Vec<u8>),
    Numbers(Vec<i32>),
    Wide(Vec<u64>),
    Table(Vec<Fb>),
    Tables(Vec<Vec<Fb>>),
    Texts(Vec<&'static str>),
}

/// A file with one table at its root.
pub fn flatbuffer(mark: &[u8; 4], root: &[Fb]) -> Vec<u8> {
    let mut out = vec![0; 4];
    out.extend(mark);
    let at = table(&mut out, root);
    patch(&mut out, 0, at);
    out
}

fn patch(out: &mut [u8], slot: usize, target: usize) {
    out[slot..slot + 4].copy_from_slice(&u32::try_from(target - slot).unwrap().to_le_bytes());
}

fn table(out: &mut Vec<u8>, fields: &[Fb]) -> usize {
    while !out.len().is_multiple_of(8) {
        out.push(0);
    }
    let vtable = out.len();
    let vtable_size = 4 + 2 * fields.len();
    out.resize(vtable + vtable_size.next_multiple_of(8), 0);
    let at = out.len();
    // Eight bytes for each field, behind the eight of the offset to the vtable.
    let size = 8 + 8 * fields.len();
    out.resize(at + size, 0);
    let short = |n: usize| u16::try_from(n).unwrap().to_le_bytes();
    out[vtable..vtable + 2].copy_from_slice(&short(vtable_size));
    out[vtable + 2..vtable + 4].copy_from_slice(&short(size));
    out[at..at + 4].copy_from_slice(&i32::try_from(at - vtable).unwrap().to_le_bytes());
    for (n, field) in fields.iter().enumerate() {
        let slot = at + 8 + 8 * n;
        if !matches!(field, Fb::Absent) {
            out[vtable + 4 + 2 * n..vtable + 6 + 2 * n].copy_from_slice(&short(slot - at));
        }
        write_field(out, slot, field);
    }
    at
}

fn write_field(out: &mut Vec<u8>, slot: usize, field: &Fb) {
    let start = |out: &mut Vec<u8>, count: usize| {
        while !out.len().is_multiple_of(4) {
            out.push(0);
        }
        let at = out.len();
        out.extend(u32::try_from(count).unwrap().to_le_bytes());
        at
    };
    match field {
        Fb::Absent => {}
        Fb::U8(value) => out[slot] = *value,
        Fb::U32(value) => out[slot..slot + 4].copy_from_slice(&value.to_le_bytes()),
        Fb::U64(value) => out[slot..slot + 8].copy_from_slice(&value.to_le_bytes()),
        Fb::Bytes(bytes) => {
            let at = start(out, bytes.len());
            out.extend(bytes);
            out.push(0);
            patch(out, slot, at);
        }
        Fb::Numbers(numbers) => {
            let at = start(out, numbers.len());
            out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
            patch(out, slot, at);
        }
        Fb::Wide(numbers) => {
            let at = start(out, numbers.len());
            out.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
            patch(out, slot, at);
        }
        Fb::Table(fields) => {
            let inner = table(out, fields);
            patch(out, slot, inner);
        }
        Fb::Texts(texts) => {
            let at = start(out, texts.len());
            out.resize(out.len() + 4 * texts.len(), 0);
            patch(out, slot, at);
            for (n, text) in texts.iter().enumerate() {
                let inner = start(out, text.len());
                out.extend(text.as_bytes());
                out.push(0);
                patch(out, at + 4 + 4 * n, inner);
            }
        }
        Fb::Tables(tables) => {
            let at = start(out, tables.len());
            out.resize(out.len() + 4 * tables.len(), 0);
            patch(out, slot, at);
            for (n, fields) in tables.iter().enumerate() {
                let inner = table(out, fields);
                patch(out, at + 4 + 4 * n, inner);
            }
        }
    }
}

/// A model with the operators of `codes` (name, or a built-in code), one tensor and one node.
pub fn tflite(codes: &[Result<u32, &str>], tensor: Vec<Fb>, buffer: Vec<Fb>, node: Vec<Fb>) -> Vec<u8> {
    let codes = codes.iter().map(|code| match code {
        Ok(code) => vec![Fb::U8((*code).min(127) as u8), Fb::Absent, Fb::U32(1), Fb::U32(*code)],
        Err(name) => vec![Fb::U8(32), Fb::Bytes(name.as_bytes().to_vec()), Fb::U32(1), Fb::U32(32)],
    });
    let subgraph = vec![
        Fb::Tables(vec![tensor]),
        Fb::Numbers(vec![0]),
        Fb::Numbers(vec![0]),
        Fb::Tables(vec![node]),
        Fb::Bytes(b"main".to_vec()),
    ];
    let root = [
        Fb::U32(3),
        Fb::Tables(codes.collect()),
        Fb::Tables(vec![subgraph]),
        Fb::Bytes(b"a model".to_vec()),
        Fb::Tables(vec![vec![], buffer]),
    ];
    flatbuffer(b"TFL3", &root)
}

pub fn tflite_tensor(shape: &[i32], kind: u8, buffer: u32) -> Vec<Fb> {
    vec![Fb::Numbers(shape.to_vec()), Fb::U8(kind), Fb::U32(buffer), Fb::Bytes(b"w".to_vec())]
}

pub fn tflite_node(code: u32, input: i32) -> Vec<Fb> {
    vec![Fb::U32(code), Fb::Numbers(vec![input]), Fb::Numbers(vec![0])]
}
