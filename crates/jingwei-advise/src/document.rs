//! JSON, YAML and CSV from outside, bounded before anything is built from them.

use jingwei_core::Limits;
use saphyr_parser::{Event, Parser};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::flaw::{Flaw, check_size, utf8};

/// Parses only after one pass over the bytes has shown that depth and entries stay within the limits.
pub(crate) fn json<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, Flaw> {
    check_size(bytes, limits)?;
    let text = utf8(bytes, "JSON")?;
    check_shape(text.as_bytes(), limits)?;
    serde_json::from_str(text).map_err(|e| Flaw::malformed("JSON", &e))
}

fn check_shape(bytes: &[u8], limits: &Limits) -> Result<(), Flaw> {
    let (mut depth, mut entries) = (0_u32, 0_u64);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                (depth, entries) = (depth + 1, entries + 1);
                if depth > limits.depth {
                    return Err(Flaw::Limit { limit: "depth", value: u64::from(limits.depth) });
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => entries += 1,
            _ => {}
        }
        if entries > limits.entries {
            return Err(Flaw::Limit { limit: "entries", value: limits.entries });
        }
    }
    Ok(())
}

/// The first document of a YAML text. Scalars stay texts, so that the version `1.10` does not become a number;
/// aliases are not followed.
pub(crate) fn yaml<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, Flaw> {
    check_size(bytes, limits)?;
    let value = yaml_value(utf8(bytes, "YAML")?, limits)?;
    serde_json::from_value(value).map_err(|e| Flaw::malformed("YAML", &e))
}

enum Open {
    List(Vec<Value>),
    Table(Map<String, Value>, Option<String>),
}

impl Open {
    fn add(&mut self, value: Value) {
        match self {
            Open::List(list) => list.push(value),
            Open::Table(table, waiting) => match waiting.take() {
                Some(key) => drop(table.insert(key, value)),
                None => *waiting = Some(value.as_str().unwrap_or_default().to_owned()),
            },
        }
    }

    fn close(self) -> Value {
        match self {
            Open::List(list) => Value::Array(list),
            Open::Table(table, _) => Value::Object(table),
        }
    }
}

fn yaml_value(text: &str, limits: &Limits) -> Result<Value, Flaw> {
    let mut open: Vec<Open> = Vec::new();
    let mut entries = 0_u64;
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|e| Flaw::malformed("YAML", &e.info()))?;
        let done = match event {
            Event::Scalar(value, style, ..) => {
                let plain = style == saphyr_parser::ScalarStyle::Plain;
                let null = plain && matches!(value.as_ref(), "~" | "null" | "");
                Some(if null { Value::Null } else { Value::String(value.into_owned()) })
            }
            Event::Alias(_) => Some(Value::Null),
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Table(Map::new(), None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(Open::close),
            _ => None,
        };
        if open.len() as u64 > u64::from(limits.depth) {
            return Err(Flaw::Limit { limit: "depth", value: u64::from(limits.depth) });
        }
        let Some(value) = done else { continue };
        entries += 1;
        if entries > limits.entries {
            return Err(Flaw::Limit { limit: "entries", value: limits.entries });
        }
        match open.last_mut() {
            Some(parent) => parent.add(value),
            None => return Ok(value),
        }
    }
    Err(Flaw::malformed("YAML", &"it is empty"))
}

/// Rows of a CSV text (RFC 4180), lazily; a quote that never closes ends its field with the text.
pub(crate) struct Csv<'a> {
    rest: &'a str,
}

impl<'a> Csv<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    fn field(&mut self) -> String {
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
            let (field, rest) = self.rest.split_at(end);
            self.rest = rest;
            return field.strip_suffix('\r').unwrap_or(field).to_owned();
        };
        let mut field = String::new();
        let mut rest = quoted;
        loop {
            let Some((piece, after)) = rest.split_once('"') else {
                field.push_str(rest);
                self.rest = "";
                return field;
            };
            field.push_str(piece);
            match after.strip_prefix('"') {
                Some(more) => {
                    field.push('"');
                    rest = more;
                }
                None => {
                    self.rest = after.strip_prefix('\r').unwrap_or(after);
                    return field;
                }
            }
        }
    }
}

impl Iterator for Csv<'_> {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Vec<String>> {
        if self.rest.is_empty() {
            return None;
        }
        let mut row = Vec::new();
        loop {
            row.push(self.field());
            match self.rest.chars().next() {
                Some(',') => self.rest = &self.rest[1..],
                Some('\n') => {
                    self.rest = &self.rest[1..];
                    return Some(row);
                }
                None => return Some(row),
                // Text between a closing quote and the comma.
                Some(_) => {
                    let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
                    self.rest = &self.rest[end..];
                    if self.rest.is_empty() {
                        return Some(row);
                    }
                    if self.rest.starts_with('\n') {
                        self.rest = &self.rest[1..];
                        return Some(row);
                    }
                    self.rest = &self.rest[1..];
                }
            }
        }
    }
}
