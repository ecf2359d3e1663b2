//! Documents of three notations as one tree that knows its lines.

mod json;
mod toml;
pub(crate) mod xml;
mod yaml;

use jingwei_core::{Limits, Text};
use jingwei_read::shown;

pub(crate) use json::{parse as json, parse_relaxed as json_relaxed};
pub(crate) use toml::parse as toml;
pub(crate) use yaml::parse as yaml;

/// A value and the line that it begins on, from 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub line: u32,
    pub value: Value,
}

/// Numbers are kept as they are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

/// The document could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    pub line: u32,
    pub reason: Text,
    /// The field of [`Limits`] that was crossed.
    pub limit: Option<&'static str>,
}

impl Broken {
    fn malformed(line: u32, notation: &str, reason: &str) -> Self {
        let reason = shown(reason);
        Self {
            line,
            reason: Text::new(
                format!("不是有效的 {notation}（{reason}）"),
                format!("it is not valid {notation} ({reason})"),
            ),
            limit: None,
        }
    }

    pub(crate) fn crossed(line: u32, limit: &'static str, value: u64) -> Self {
        let reason = Text::new(format!("超过上限 {limit}={value}"), format!("it crosses the limit {limit} = {value}"));
        Self { line, reason, limit: Some(limit) }
    }
}

/// What may still be read.
struct Budget<'a> {
    limits: &'a Limits,
    entries: u64,
}

impl<'a> Budget<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self { limits, entries: 0 }
    }

    fn entry(&mut self, line: u32) -> Result<(), Broken> {
        self.entries += 1;
        // A tree has more nodes than the list that it describes has members.
        let most = self.limits.entries.saturating_mul(8);
        if self.entries <= most { Ok(()) } else { Err(Broken::crossed(line, "entries", self.limits.entries)) }
    }

    fn depth(&self, line: u32, depth: usize) -> Result<(), Broken> {
        let most = self.limits.depth as usize;
        if depth <= most { Ok(()) } else { Err(Broken::crossed(line, "depth", u64::from(self.limits.depth))) }
    }
}

const NOTHING: &Node = &Node { line: 0, value: Value::Null };

impl Node {
    /// The value of a key; null where this is no table or has none. The last one wins, as in every reader of these formats.
    pub(crate) fn get(&self, key: &str) -> &Node {
        self.table().iter().rev().find(|(name, _)| name == key).map_or(NOTHING, |(_, node)| node)
    }

    pub(crate) fn path(&self, keys: &[&str]) -> &Node {
        keys.iter().fold(self, |node, key| node.get(key))
    }

    pub(crate) fn table(&self) -> &[(String, Node)] {
        match &self.value {
            Value::Table(table) => table,
            _ => &[],
        }
    }

    pub(crate) fn list(&self) -> &[Node] {
        match &self.value {
            Value::List(list) => list,
            _ => &[],
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A text that is not empty.
    pub(crate) fn filled(&self) -> Option<&str> {
        self.text().filter(|text| !text.is_empty())
    }

    /// A text, or a number or truth value as it is written: YAML without quotes gives `version: 1.0`.
    pub(crate) fn written(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => None,
        }
    }

    pub(crate) fn is_true(&self) -> bool {
        self.value == Value::Bool(true)
    }

    pub(crate) fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.list().iter().filter_map(Node::text)
    }
}

/// The line of each byte offset, from 1.
pub(crate) struct Lines(Vec<usize>);

impl Lines {
    pub(crate) fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    pub(crate) fn at(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|end| *end < offset) + 1).unwrap_or(u32::MAX)
    }
}
