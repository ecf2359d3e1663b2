use jingwei_core::Text;
use jingwei_read::{Reader, Source};

use crate::GraphFormat;

/// A model format that is known by its mark and that no reader here opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpaqueFormat {
    OnnxRuntime,
    TorchMobile,
    TensorRt,
    Rknn,
    Rds,
    Torch7,
    /// A protobuf that goes on and on before it says what it is.
    Protobuf,
}

impl OpaqueFormat {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OnnxRuntime => "ONNX Runtime (.ort)",
            Self::TorchMobile => "PyTorch Mobile",
            Self::TensorRt => "TensorRT",
            Self::Rknn => "RKNN",
            Self::Rds => "R (.rds)",
            Self::Torch7 => "Torch7",
            Self::Protobuf => "protobuf of unknown kind",
        }
    }

    pub(crate) fn reason(self) -> Text {
        let name = self.name();
        Text::new(
            format!("这是 {name} 模型，暂不支持检查其内容"),
            format!("it is a {name} model, whose content is not read"),
        )
    }
}

pub(super) fn recognise(front: &[u8], length: u64) -> Option<GraphFormat> {
    let starts = |with: &[u8]| front.starts_with(with);
    let format = match front.get(4..8).unwrap_or_default() {
        b"ORTM" => OpaqueFormat::OnnxRuntime,
        b"PTMF" => OpaqueFormat::TorchMobile,
        _ if starts(b"ptrt") || starts(b"ftrt") => OpaqueFormat::TensorRt,
        _ if starts(b"RKNN\0") => OpaqueFormat::Rknn,
        _ if is_rds(front) => OpaqueFormat::Rds,
        _ if is_torch7(front, length) => OpaqueFormat::Torch7,
        _ => return read(front),
    };
    Some(GraphFormat::Opaque(format))
}

fn read(front: &[u8]) -> Option<GraphFormat> {
    use crate::trees;
    // A text may have these letters there too, but no offset before them.
    let is_word = front.iter().take(4).all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'));
    if !is_word && matches!(front.get(4..8), Some([b'E', b'T', b'0'..=b'9', b'0'..=b'9'])) {
        Some(GraphFormat::ExecuTorch)
    } else if front.starts_with(crate::mxnet::MARK) {
        Some(GraphFormat::MxNetParams)
    } else if front.starts_with(b"CBM1") {
        Some(GraphFormat::CatBoost)
    } else if trees::is_lightgbm(front) {
        Some(GraphFormat::LightGbm)
    } else if trees::is_xgboost_json(front) {
        Some(GraphFormat::XgBoostJson)
    } else if trees::is_xgboost_ubjson(front) {
        Some(GraphFormat::XgBoostUbjson)
    } else if trees::is_xgboost_binary(front) {
        Some(GraphFormat::XgBoostBinary)
    } else {
        is_flax(front).then_some(GraphFormat::Flax)
    }
}

/// R's own serialisation, in version 2 or 3, binary or as text. Written compressed as a rule.
fn is_rds(front: &[u8]) -> bool {
    [&b"X\n\0\0\0\x02"[..], b"X\n\0\0\0\x03", b"A\n2\n", b"A\n3\n"].iter().any(|mark| front.starts_with(mark))
}

/// An object of Torch (type 4, index 1), whose version is a text `V 1` of its own length.
fn is_torch7(front: &[u8], length: u64) -> bool {
    let binary = [4, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0];
    // Or a table (type 3) of a few entries, the first key of which is a number, a text or a truth value.
    let table = matches!(front, [3, 0, 0, 0, 1, 0, 0, 0, _, _, 0, 0, 1 | 2 | 5, 0, 0, 0, ..]);
    length > 32 && (table || front.starts_with(&binary) && front.get(12..15) == Some(b"V 1".as_slice()))
        || front.starts_with(b"4\n1\n3\nV 1\n")
}

/// Where compiled Lua begins: Torch7 writes the functions of its objects as that, and loads them again.
pub(crate) fn compiled_lua(source: &mut dyn Source) -> Option<u64> {
    const WINDOW: usize = 32 << 10;
    const MARK: usize = 4;
    let mut reader = Reader::new(source);
    loop {
        let at = reader.position();
        let window = reader.peek(WINDOW).ok()?;
        let is_mark = |bytes: &[u8]| bytes == b"\x1bLua" || bytes.starts_with(b"\x1bLJ");
        if let Some(place) = window.windows(MARK).position(is_mark) {
            return Some(at + place as u64);
        }
        // A mark may lie across two windows, so that the last bytes are looked at again.
        let step = (window.len() + 1).checked_sub(MARK).filter(|step| *step > 0)?;
        reader.seek(at + step as u64);
    }
}

/// A map whose first key is one of those that Flax writes.
fn is_flax(front: &[u8]) -> bool {
    let Some((first, rest)) = front.split_first() else { return false };
    if !matches!(first, 0x81..=0x8f) {
        return false;
    }
    ["params", "batch_stats", "step", "opt_state", "model"].iter().any(|key| {
        let mark = 0xa0 | u8::try_from(key.len()).unwrap_or(0);
        rest.first() == Some(&mark) && rest[1..].starts_with(key.as_bytes())
    })
}
