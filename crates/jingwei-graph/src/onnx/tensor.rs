use std::collections::HashMap;

use jingwei_core::Text;
use jingwei_read::{PICKLE_FRONT, begins_like_pickle};

use super::growth::LONGEST;
use super::{TOLD_APART, Walk, tensor_place};
use crate::findings::Stop;
use crate::location;
use crate::shape::Elements;
use crate::wire::{Message, Span, Value};

/// What ONNX and ONNX Runtime write into an entry of external data.
const EXTERNAL_KEYS: [&str; 5] = ["location", "offset", "length", "checksum", "basepath"];

#[derive(Default)]
struct Tensor {
    elements: Elements,
    data_type: u64,
    name: String,
    /// Where `raw_data` lies, if there is any.
    raw: Option<Span>,
    /// Where `raw_data` lies, if it begins like a pickle.
    pickle: Option<Span>,
    /// Numbers of 4 or 8 bytes that are packed, in bytes.
    floats: Option<u64>,
    /// Bytes of numbers and texts of any kind; each of them has one at least.
    any: u64,
    /// Its numbers, where they are few enough to be a shape.
    values: Vec<f64>,
    external: HashMap<String, (String, u64)>,
    is_external: bool,
}

impl Walk<'_, '_> {
    /// `counts`: it is a weight, not a constant of an operator.
    /// The answer is its name, and its numbers where they may be a shape.
    pub(super) fn tensor(&mut self, mut message: Message, counts: bool) -> Result<(String, Vec<f64>), Stop> {
        let mut tensor = Tensor::default();
        while let Some(field) = self.wire.next(&mut message)? {
            if let 4..=7 | 9..=11 = field.number {
                tensor.any += if let Value::Bytes(span) = field.value { span.len().max(1) } else { 1 };
            }
            match (field.number, field.value) {
                (1, Value::Varint(size)) => tensor.elements.dimension(size.cast_signed()),
                (1, Value::Bytes(span)) => {
                    let elements = &mut tensor.elements;
                    self.wire.packed(span, |size| elements.dimension(size.cast_signed()))?;
                }
                (2, Value::Varint(data_type)) => tensor.data_type = data_type,
                (4 | 10, Value::Bytes(span)) => {
                    tensor.floats = Some(tensor.floats.unwrap_or(0) + span.len());
                    if field.number == 4 {
                        self.small(&mut tensor, span, 1)?;
                    }
                }
                (5 | 7, Value::Bytes(span)) if span.len() <= 160 && tensor.values.len() < LONGEST => {
                    let values = &mut tensor.values;
                    self.wire.packed(span, |value| values.push(number(value)))?;
                }
                (5 | 7, Value::Varint(value)) if tensor.values.len() < LONGEST => tensor.values.push(number(value)),
                (8, Value::Bytes(span)) => tensor.name = self.wire.name(span)?,
                (9, Value::Bytes(span)) => {
                    tensor.raw = Some(span);
                    if begins_like_pickle(&self.wire.front(span, PICKLE_FRONT)?) {
                        tensor.pickle = Some(span);
                    }
                }
                (13, Value::Bytes(span)) => {
                    let entry = self.wire.enter(span, &message)?;
                    let (key, value, at) = self.key_value(entry)?;
                    if tensor.external.len() < TOLD_APART {
                        self.external_entry(&tensor.name, &key, &value, at);
                        tensor.external.insert(key, (value, at));
                    }
                }
                (14, Value::Varint(place)) => tensor.is_external = place == 1,
                _ => {}
            }
        }
        // The type may stand behind the bytes.
        if let Some(span) = tensor.raw {
            let data_type = tensor.data_type;
            self.small(&mut tensor, span, data_type)?;
        }
        self.judge_tensor(&tensor, counts, message.start);
        if let Some(span) = tensor.pickle {
            self.findings.pickle(&tensor.name, span.start, span.len());
        }
        if counts {
            self.tensors += 1;
            self.parameters = self.parameters.saturating_add(tensor.elements.count().unwrap_or(0));
        }
        self.note_end(&tensor);
        Ok((tensor.name, tensor.values))
    }

    /// Numbers as the bytes of memory, where they are few.
    fn small(&mut self, tensor: &mut Tensor, span: Span, data_type: u64) -> Result<(), Stop> {
        if span.len() > 8 * LONGEST as u64 || !matches!(data_type, 1 | 6 | 7 | 9) {
            return Ok(());
        }
        let bytes = self.wire.bytes(span)?;
        tensor.values = match data_type {
            7 => bytes.as_chunks().0.iter().map(|b| number(u64::from_le_bytes(*b))).collect(),
            6 => bytes.as_chunks().0.iter().map(|b| f64::from(i32::from_le_bytes(*b))).collect(),
            9 => bytes.into_iter().map(f64::from).collect(),
            _ => bytes.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
        };
        tensor.values.retain(|value| value.is_finite());
        Ok(())
    }

    /// How far a file of weights has to reach.
    fn note_end(&mut self, tensor: &Tensor) {
        let Some((location, _)) = tensor.external.get("location").filter(|_| tensor.is_external) else { return };
        let number = |key: &str| tensor.external.get(key).and_then(|(value, _)| value.trim().parse::<u64>().ok());
        let shape = || {
            let bytes = tensor.elements.count()?.checked_mul(bits(tensor.data_type)?)?.div_ceil(8);
            u64::try_from(bytes).ok()
        };
        let Some(length) = number("length").or_else(shape) else { return };
        let end = number("offset").unwrap_or(0).saturating_add(length);
        let location = jingwei_read::shown(location);
        if self.external_end.len() < TOLD_APART || self.external_end.contains_key(&location) {
            let known = self.external_end.entry(location).or_default();
            *known = end.max(*known);
        }
    }

    /// Every entry is judged, because readers disagree about which of two counts.
    fn external_entry(&mut self, name: &str, key: &str, value: &str, at: u64) {
        let place = tensor_place(name);
        let is_path = matches!(key, "location" | "basepath");
        if is_path && let Some(reason) = location::escape(value) {
            self.findings.escape(value, &place, reason, at);
        } else if key == "location" && self.external.len() < TOLD_APART {
            self.external.insert(jingwei_read::shown(value));
        }
        if matches!(key, "offset" | "length") && value.trim().parse::<u64>().is_err() {
            let reason = Text::new(
                format!("外部数据的 {key} 不是非负整数"),
                format!("{key} of its external data is not a number of bytes"),
            );
            self.findings.lie(name, &place, reason, at);
        }
        if !EXTERNAL_KEYS.contains(&key) && key.starts_with("__") {
            let reason =
                Text::new("键会覆盖读取程序自身的属性", "the key overwrites an attribute of the reader itself");
            self.findings.escape(key, &place, reason, at);
        }
    }

    fn judge_tensor(&mut self, tensor: &Tensor, counts: bool, at: u64) {
        let place = tensor_place(&tensor.name);
        if tensor.is_external && !tensor.external.contains_key("location") {
            let reason = Text::new(
                "声明数据在外部文件中却没有给出位置",
                "its data is said to lie outside, and nothing says where",
            );
            self.findings.lie(&tensor.name, &place, reason, at);
        }
        let Some(count) = tensor.elements.count() else {
            self.findings.lie(&tensor.name, &place, tensor.elements.wrong(), at);
            return;
        };
        // The smallest numbers are eight to a byte.
        if !tensor.is_external && counts && count > u128::from(tensor.any) * 8 {
            let reason = Text::new(
                format!("形状有 {count} 个元素，而数据只有 {} 字节", tensor.any),
                format!("its shape has {count} elements and its data {} bytes", tensor.any),
            );
            return self.findings.lie(&tensor.name, &place, reason, at);
        }
        let Some(bits) = bits(tensor.data_type) else { return };
        let Some(expected) = count.checked_mul(bits).map(|bits| bits.div_ceil(8)) else {
            self.findings.lie(&tensor.name, &place, tensor.elements.wrong(), at);
            return;
        };
        let declared = tensor.external.get("length").and_then(|(length, _)| length.trim().parse().ok());
        let typed = tensor.floats.filter(|_| matches!(tensor.data_type, 1 | 11 | 14 | 15));
        let held = if tensor.is_external { declared } else { tensor.raw.map(Span::len).or(typed) };
        if let Some(held) = held
            && u128::from(held) != expected
        {
            let reason = Text::new(
                format!("形状需要 {expected} 字节，而数据为 {held} 字节"),
                format!("its shape needs {expected} bytes and its data has {held}"),
            );
            self.findings.lie(&tensor.name, &place, reason, at);
        }
    }
}

/// A whole number with its sign, as far as sizes need one.
#[allow(clippy::cast_precision_loss, reason = "a size is judged by its magnitude")]
pub(super) fn number(value: u64) -> f64 {
    value.cast_signed() as f64
}

/// Bits of one element; `None` for texts and types that came later.
pub(crate) fn bits(data_type: u64) -> Option<u128> {
    Some(match data_type {
        15 => 128,
        7 | 11 | 13 | 14 => 64,
        1 | 6 | 12 => 32,
        4 | 5 | 10 | 16 => 16,
        2 | 3 | 9 | 17..=20 | 24 => 8,
        21..=23 => 4,
        25 | 26 => 2,
        _ => return None,
    })
}
