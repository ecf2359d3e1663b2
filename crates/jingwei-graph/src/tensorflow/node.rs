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
/// Inputs and texts of a node that are kept.
const KEPT: usize = 16;

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
}

impl Walk<'_, '_> {
    pub(super) fn node(&mut self, mut message: Message) -> Result<Node, Stop> {
        let mut node = Node { at: message.start, ..Node::default() };
        while let Some(field) = self.wire.next(&mut message)? {
            let Value::Bytes(span) = field.value else { continue };
            match field.number {
                1 => node.name = self.wire.name(span)?,
                2 => node.operator = self.wire.name(span)?,
                3 if node.inputs.len() < KEPT => node.inputs.push(self.wire.name(span)?),
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
            "value" => node.texts = self.texts_of(value, &entry)?,
            // Some operators name their file or their address in an attribute.
            key if PATHS.contains(&key) => node.texts = self.texts_of(value, &entry)?,
            _ => {}
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
