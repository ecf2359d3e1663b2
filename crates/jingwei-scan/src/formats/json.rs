//! JSON files beside weights: do they make a loader run code that came with the model?

use std::{cell::Cell, fmt};

use jingwei_core::{Limits, Text};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::{Crossed, HeaderError};
use crate::words::shown;

/// The front of an object.
pub(crate) fn looks_like(front: &[u8]) -> bool {
    let front = without_mark(front);
    let first = front.iter().position(|b| !b.is_ascii_whitespace()).map(|at| &front[at..]);
    let Some([b'{', rest @ ..]) = first else { return false };
    matches!(rest.iter().find(|b| !b.is_ascii_whitespace()), Some(b'"' | b'}'))
}

/// Without the UTF-8 byte order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Top-level keys under which `transformers` and `diffusers` find the names of code to load.
const CODE_KEYS: [&str; 2] = ["auto_map", "custom_pipelines"];
const TRUST_KEY: &str = "trust_remote_code";

/// Keys that switch remote code on, in the order of the file, and how far the file could be read.
pub(crate) fn remote_code(bytes: &[u8], limits: &Limits) -> (Vec<String>, Result<(), HeaderError>) {
    let walk = Walk { limits, entries: Cell::new(0), crossed: Cell::new(None), keys: Cell::new(Vec::new()) };
    let mut parser = serde_json::Deserializer::from_slice(without_mark(bytes));
    let ended = Value { walk: &walk, depth: 0, key: None }.deserialize(&mut parser).and_then(|_| parser.end());
    let ended = ended.map_err(|e| malformed(bytes, &e, walk.crossed.get(), limits));
    (walk.keys.into_inner(), ended)
}

fn malformed(bytes: &[u8], error: &serde_json::Error, crossed: Option<Crossed>, limits: &Limits) -> HeaderError {
    if let Some(Crossed { limit, value }) = crossed {
        return HeaderError::limit(limit, value);
    }
    if error.to_string().starts_with("recursion limit") {
        return HeaderError::limit("depth", u64::from(limits.depth));
    }
    HeaderError::Malformed {
        offset: offset_of(bytes, error),
        reason: Text::new(
            format!("不是有效的 JSON（{}）", shown(&error.to_string())),
            format!("it is not valid JSON ({})", shown(&error.to_string())),
        ),
    }
}

/// serde_json tells line and column; a report wants the byte.
pub(crate) fn offset_of(bytes: &[u8], error: &serde_json::Error) -> u64 {
    let lines_before = bytes.split_inclusive(|b| *b == b'\n').take(error.line().saturating_sub(1));
    (lines_before.map(<[u8]>::len).sum::<usize>() + error.column().saturating_sub(1)) as u64
}

struct Walk<'a> {
    limits: &'a Limits,
    entries: Cell<u64>,
    crossed: Cell<Option<Crossed>>,
    keys: Cell<Vec<String>>,
}

impl Walk<'_> {
    fn found(&self, key: &str) {
        let mut keys = self.keys.take();
        if !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
        self.keys.set(keys);
    }

    fn cross<E: Error>(&self, limit: &'static str, value: u64) -> E {
        self.crossed.set(Some(Crossed { limit, value }));
        E::custom("limit")
    }
}

/// A value and whether it is empty. `key` is the one it stands under, where that matters.
#[derive(Clone, Copy)]
struct Value<'a> {
    walk: &'a Walk<'a>,
    depth: u32,
    key: Option<&'static str>,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Content {
    Empty,
    Some,
}

impl<'a> Value<'a> {
    fn below<E: Error>(self, key: Option<&'static str>) -> Result<Value<'a>, E> {
        if self.depth >= self.walk.limits.depth {
            return Err(self.walk.cross("depth", u64::from(self.walk.limits.depth)));
        }
        Ok(Value { depth: self.depth + 1, key, ..self })
    }

    fn count<E: Error>(self) -> Result<(), E> {
        self.walk.entries.set(self.walk.entries.get() + 1);
        if self.walk.entries.get() > self.walk.limits.entries {
            return Err(self.walk.cross("entries", self.walk.limits.entries));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Content;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Content, E> {
        Ok(Content::Empty)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Content, E> {
        if value && self.key == Some(TRUST_KEY) {
            self.walk.found(TRUST_KEY);
        }
        Ok(if value { Content::Some } else { Content::Empty })
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Content, E> {
        Ok(Content::Some)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Content, E> {
        Ok(Content::Some)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Content, E> {
        Ok(Content::Some)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Content, E> {
        Ok(if value.is_empty() { Content::Empty } else { Content::Some })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Content, A::Error> {
        let below = self.below(None)?;
        let mut content = Content::Empty;
        while seq.next_element_seed(below)?.is_some() {
            content = Content::Some;
            self.count()?;
        }
        Ok(content)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let mut content = Content::Empty;
        while let Some(name) = map.next_key::<String>()? {
            self.count()?;
            content = Content::Some;
            let names_code = CODE_KEYS.iter().find(|key| self.depth == 0 && **key == name).copied();
            let key = names_code.or((name == TRUST_KEY).then_some(TRUST_KEY));
            let value = map.next_value_seed(self.below(key)?)?;
            if let (Some(key), Content::Some) = (names_code, value) {
                self.walk.found(key);
            }
        }
        Ok(content)
    }
}
