use super::Walk;
use crate::findings::Stop;
use crate::wire::{Message, Span, Value};

/// Longest text that is taken for a path.
const PATH: u64 = 4096;
/// Attributes that name a file or an address.
const PATHS: [&str; 12] = [
    "memory_region_name",
    "file_path",
    "path",
    "filename",
    "file_name",
    "file_pattern",
    "vocab_file",
    "directory",
    "checkpoint_path",
    "address",
    "server_address",
    "url",
];
/// Attributes that name a function.
const FUNCTIONS: [&str; 4] = ["cond", "body", "f", "function"];
/// Texts of a node that are kept, and inputs: loops have one for each value that changes.
const KEPT: usize = 16;
const INPUTS: usize = 64;

/// One node, with what is needed to judge it.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub name: String,
    pub operator: String,
    pub at: u64,
    /// The first ones.
    pub inputs: Vec<String>,
    /// Of a constant, if it is made of short texts.
    pub texts: Vec<String>,
    pub output_stream: Option<String>,
    pub descriptor_source: Option<String>,
    pub debug_urls: Vec<String>,
    /// Of a constant, if it is one number.
    pub number: Option<f64>,
    /// Functions that it calls, each behind what it calls it for.
    pub functions: Vec<(&'static str, String)>,
}

impl Walk<'_, '_> {
    pub(super) fn node(&mut self, mut message: Message) -> Result<Node, Stop> {
        let mut node = Node { at: message.start, ..Node::default() };
        while let Some(field) = self.wire.next(&mut message)? {
            let Value::Bytes(span) = field.value else { continue };
            match field.number {
                1 => node.name = self.wire.name(span)?,
                2 => node.operator = self.wire.name(span)?,
                3 if node.inputs.len() < INPUTS => node.inputs.push(self.wire.name(span)?),
                5 => self.attribute(span, &message, &mut node)?,
                _ => {}
            }
        }
        Ok(node)
    }

    fn attribute(&mut self, span: Span, parent: &Message, node: &mut Node) -> Result<(), Stop> {
        let mut entry = self.wire.enter(span, parent)?;
        let (mut key, mut value) = (String::new(), None);
        while let Some(field) = self.wire.next(&mut entry)? {
            match (field.number, field.value) {
                (1, Value::Bytes(span)) => key = self.wire.name(span)?,
                (2, Value::Bytes(span)) => value = Some(span),
                _ => {}
            }
        }
        let Some(value) = value else { return Ok(()) };
        match key.as_str() {
            "output_stream" => node.output_stream = self.texts_of(value, &entry)?.pop(),
            "descriptor_source" => node.descriptor_source = self.texts_of(value, &entry)?.pop(),
            "debug_urls" => node.debug_urls = self.texts_of(value, &entry)?,
            // Each is an operator, where it sends what it sees, and a flag, between semicolons.
            "debug_ops_spec" => node.debug_urls = self.texts_of(value, &entry)?,
            "value" => {
                node.texts = self.texts_of(value, &entry)?;
                node.number = self.number_of(value, &entry)?;
            }
            // Some operators name their file or their address in an attribute.
            key if PATHS.contains(&key) => node.texts = self.texts_of(value, &entry)?,
            key => {
                if let Some(purpose) = FUNCTIONS.iter().find(|known| **known == key)
                    && let Some(function) = self.function_of(value, &entry)?
                    && node.functions.len() < KEPT
                {
                    node.functions.push((purpose, function));
                }
            }
        }
        Ok(())
    }

    /// The texts of an attribute: itself, those of its list, or those of its tensor.
    fn texts_of(&mut self, span: Span, parent: &Message) -> Result<Vec<String>, Stop> {
        let mut value = self.wire.enter(span, parent)?;
        let mut texts = Vec::new();
        while let Some(field) = self.wire.next(&mut value)? {
            match (field.number, field.value) {
                (2, Value::Bytes(span)) => self.short(span, &mut texts)?,
                (1, Value::Bytes(span)) => self.texts_in(span, &value, 2, &mut texts)?,
                (8, Value::Bytes(span)) => self.texts_in(span, &value, 8, &mut texts)?,
                _ => {}
            }
        }
        Ok(texts)
    }

    /// The name of the function in an attribute.
    fn function_of(&mut self, span: Span, parent: &Message) -> Result<Option<String>, Stop> {
        let mut value = self.wire.enter(span, parent)?;
        let mut found = None;
        while let Some(field) = self.wire.next(&mut value)? {
            let (10, Value::Bytes(span)) = (field.number, field.value) else { continue };
            let mut function = self.wire.enter(span, &value)?;
            while let Some(field) = self.wire.next(&mut function)? {
                if let (1, Value::Bytes(span)) = (field.number, field.value) {
                    found = Some(self.wire.name(span)?);
                }
            }
        }
        Ok(found)
    }

    /// The only number of the tensor in an attribute.
    fn number_of(&mut self, span: Span, parent: &Message) -> Result<Option<f64>, Stop> {
        let mut value = self.wire.enter(span, parent)?;
        let mut found = None;
        while let Some(field) = self.wire.next(&mut value)? {
            if let (8, Value::Bytes(span)) = (field.number, field.value) {
                found = self.number_in(span, &value)?;
            }
        }
        Ok(found)
    }

    fn number_in(&mut self, span: Span, parent: &Message) -> Result<Option<f64>, Stop> {
        let mut tensor = self.wire.enter(span, parent)?;
        let (mut kind, mut numbers, mut content) = (0, Vec::new(), Vec::new());
        while let Some(field) = self.wire.next(&mut tensor)? {
            match (field.number, field.value) {
                (1, Value::Varint(number)) => kind = number,
                (4, Value::Bytes(span)) if span.len() <= 8 => content = self.wire.front(span, 8)?,
                (5, Value::Bytes(span)) if span.len() == 4 => {
                    numbers.extend(exact(&self.wire.front(span, 4)?).map(|bytes| f64::from(f32::from_le_bytes(bytes))));
                }
                (7 | 10 | 11, Value::Varint(number)) if numbers.len() < 2 => numbers.push(whole(number)),
                (7 | 10 | 11, Value::Bytes(span)) if span.len() <= 16 => {
                    self.wire.packed(span, |number| numbers.push(whole(number)))?;
                }
                _ => {}
            }
        }
        // As the bytes of memory, by the type.
        numbers.extend(match (kind, content.as_slice()) {
            (1, bytes) => exact(bytes).map(|bytes| f64::from(f32::from_le_bytes(bytes))),
            (3, bytes) => exact(bytes).map(|bytes| f64::from(i32::from_le_bytes(bytes))),
            (9, bytes) => exact(bytes).map(|bytes| whole(u64::from_le_bytes(bytes))),
            (10, [byte]) => Some(f64::from(*byte)),
            _ => None,
        });
        Ok(if let [number] = numbers[..] { Some(number) } else { None })
    }

    fn texts_in(&mut self, span: Span, parent: &Message, number: u32, texts: &mut Vec<String>) -> Result<(), Stop> {
        let mut list = self.wire.enter(span, parent)?;
        while let Some(field) = self.wire.next(&mut list)? {
            if let Value::Bytes(span) = field.value
                && field.number == number
            {
                self.short(span, texts)?;
            }
        }
        Ok(())
    }

    fn short(&mut self, span: Span, texts: &mut Vec<String>) -> Result<(), Stop> {
        if texts.len() < KEPT && span.len() <= PATH {
            texts.push(self.wire.text(span)?);
        }
        Ok(())
    }
}

/// All bytes of a number, if there are no others.
fn exact<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

#[allow(clippy::cast_precision_loss, reason = "a condition asks for a magnitude")]
fn whole(number: u64) -> f64 {
    number.cast_signed() as f64
}
