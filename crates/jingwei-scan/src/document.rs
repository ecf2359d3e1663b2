//! Configuration documents of four notations as one small tree. TOML, JSON, YAML 1.2 and `KEY=value` lines.

use std::{cell::Cell, fmt};

use jingwei_core::{Limits, Text};
use saphyr_parser::{Event, Parser};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use crate::{
    formats::{Crossed, offset_of},
    words::shown,
};

/// A value of a document. Numbers and truth values are kept as they would be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Scalar(String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    Toml,
    Json,
    Yaml,
    Env,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DocumentError {
    Malformed { offset: u64, reason: Text },
    Limit(Crossed),
}

/// The notation that a file's name promises.
pub(crate) fn notation_of(path: &str) -> Option<Notation> {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    if name == ".env" || name.starts_with(".env.") {
        return Some(Notation::Env);
    }
    match name.rsplit_once('.')?.1 {
        "toml" => Some(Notation::Toml),
        "json" => Some(Notation::Json),
        "yaml" | "yml" => Some(Notation::Yaml),
        "env" => Some(Notation::Env),
        _ => None,
    }
}

/// The documents of a text; only YAML has more than one.
pub(crate) fn parse(text: &str, notation: Notation, limits: &Limits) -> Result<Vec<Node>, DocumentError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match notation {
        Notation::Toml => parse_toml(text, limits).map(|node| vec![node]),
        Notation::Json => parse_json(text, limits).map(|node| vec![node]),
        Notation::Yaml => parse_yaml(text, limits),
        Notation::Env => parse_env(text, limits).map(|node| vec![node]),
    }
}

fn malformed(offset: u64, notation: &str, reason: &str) -> DocumentError {
    let reason = shown(reason);
    DocumentError::Malformed {
        offset,
        reason: Text::new(
            format!("不是有效的 {notation}（{reason}）"),
            format!("it is not valid {notation} ({reason})"),
        ),
    }
}

fn parse_json(text: &str, limits: &Limits) -> Result<Node, DocumentError> {
    let budget = Budget::new(limits);
    let mut parser = serde_json::Deserializer::from_str(text);
    let node = Seed { budget: &budget, depth: 0 }.deserialize(&mut parser);
    let ended = node.and_then(|node| parser.end().map(|()| node));
    ended.map_err(|e| match budget.crossed.get() {
        Some(crossed) => DocumentError::Limit(crossed),
        None if e.to_string().starts_with("recursion limit") => too_deep(limits),
        None => malformed(offset_of(text.as_bytes(), &e), "JSON", &e.to_string()),
    })
}

fn parse_toml(text: &str, limits: &Limits) -> Result<Node, DocumentError> {
    let budget = Budget::new(limits);
    let parsed =
        toml::Deserializer::parse(text).and_then(|parser| Seed { budget: &budget, depth: 0 }.deserialize(parser));
    parsed.map_err(|e| match budget.crossed.get() {
        Some(crossed) => DocumentError::Limit(crossed),
        None if e.message().contains("recursion limit") => too_deep(limits),
        None => malformed(e.span().map_or(0, |span| span.start) as u64, "TOML", e.message()),
    })
}

fn too_deep(limits: &Limits) -> DocumentError {
    DocumentError::Limit(Crossed { limit: "depth", value: u64::from(limits.depth) })
}

/// What may still be read.
struct Budget<'a> {
    limits: &'a Limits,
    entries: Cell<u64>,
    crossed: Cell<Option<Crossed>>,
}

impl<'a> Budget<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self { limits, entries: Cell::new(0), crossed: Cell::new(None) }
    }

    fn entry(&self) -> Result<(), Crossed> {
        self.entries.set(self.entries.get() + 1);
        self.check(self.entries.get() <= self.limits.entries, "entries", self.limits.entries)
    }

    fn depth(&self, depth: u32) -> Result<(), Crossed> {
        self.check(depth <= self.limits.depth, "depth", u64::from(self.limits.depth))
    }

    fn check(&self, within: bool, limit: &'static str, value: u64) -> Result<(), Crossed> {
        if within {
            return Ok(());
        }
        let crossed = Crossed { limit, value };
        self.crossed.set(Some(crossed));
        Err(crossed)
    }
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    budget: &'a Budget<'a>,
    depth: u32,
}

impl Seed<'_> {
    fn below<E: Error>(self) -> Result<Self, E> {
        self.budget.depth(self.depth + 1).map_err(|crossed| E::custom(crossed.limit))?;
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn entry<E: Error>(self) -> Result<(), E> {
        self.budget.entry().map_err(|crossed| E::custom(crossed.limit))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a configuration value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Scalar(String::new()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(node) = seq.next_element_seed(below)? {
            self.entry()?;
            list.push(node);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let below = self.below()?;
        let mut table = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            self.entry()?;
            table.push((key, map.next_value_seed(below)?));
        }
        Ok(Node::Table(table))
    }
}

/// Aliases are not followed: what they stand for is read where its anchor is, and they cannot multiply.
fn parse_yaml(text: &str, limits: &Limits) -> Result<Vec<Node>, DocumentError> {
    let budget = Budget::new(limits);
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|e| {
            let offset = text.char_indices().nth(e.marker().index()).map_or(text.len(), |(at, _)| at);
            malformed(offset as u64, "YAML", e.info())
        })?;
        let done = match event {
            Event::Scalar(value, ..) => Some(Node::Scalar(plain(&value))),
            Event::Alias(_) => Some(Node::Scalar(String::new())),
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                None
            }
            Event::MappingStart(..) => {
                open.push(Open::Table(Vec::new(), None));
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(Open::close),
            _ => None,
        };
        budget.depth(u32::try_from(open.len()).unwrap_or(u32::MAX)).map_err(DocumentError::Limit)?;
        let Some(node) = done else { continue };
        budget.entry().map_err(DocumentError::Limit)?;
        match open.last_mut() {
            Some(parent) => parent.add(node),
            None => documents.push(node),
        }
    }
    Ok(documents)
}

fn plain(value: &str) -> String {
    if matches!(value, "~" | "null") { String::new() } else { value.to_owned() }
}

/// A list or table that has not ended yet; a table may wait for the value of a key.
enum Open {
    List(Vec<Node>),
    Table(Vec<(String, Node)>, Option<String>),
}

impl Open {
    fn add(&mut self, node: Node) {
        match self {
            Open::List(list) => list.push(node),
            Open::Table(table, waiting) => match waiting.take() {
                Some(key) => table.push((key, node)),
                None => *waiting = Some(if let Node::Scalar(key) = node { key } else { "?".to_owned() }),
            },
        }
    }

    fn close(self) -> Node {
        match self {
            Open::List(list) => Node::List(list),
            Open::Table(table, _) => Node::Table(table),
        }
    }
}

fn parse_env(text: &str, limits: &Limits) -> Result<Node, DocumentError> {
    let budget = Budget::new(limits);
    let mut table = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        let content = content.strip_prefix("export ").unwrap_or(content).trim_start();
        if !content.is_empty() && !content.starts_with('#') {
            let (key, value) = content
                .split_once('=')
                .filter(|(key, _)| is_variable(key))
                .ok_or_else(|| malformed(offset, "KEY=value", "a line has no `=`"))?;
            budget.entry().map_err(DocumentError::Limit)?;
            table.push((key.to_owned(), Node::Scalar(unquoted(value))));
        }
        offset += line.len() as u64;
    }
    Ok(Node::Table(table))
}

/// A name that a shell could set.
pub(crate) fn is_variable(key: &str) -> bool {
    !key.is_empty()
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner.0.to_owned();
        }
    }
    value.split(" #").next().unwrap_or_default().trim_end().to_owned()
}
