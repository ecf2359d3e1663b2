//! Writes values as the Python that would make them: short, bounded, and never evaluated.

use crate::{
    heap::{Call, Constant, Heap, Node, Value},
    judge::Judge,
};

/// Longest expression, in characters.
const LONGEST: usize = 150;
const MOST_ELEMENTS: usize = 6;
const DEEPEST: u32 = 8;
const LONGEST_TEXT: usize = 60;

pub(crate) struct Printer<'a, 't> {
    heap: &'a Heap,
    judge: &'a Judge<'t>,
    out: String,
    /// Characters so far.
    written: usize,
}

/// The expression of a value.
pub(crate) fn expression(heap: &Heap, judge: &Judge, value: Value) -> String {
    let mut printer = Printer { heap, judge, out: String::new(), written: 0 };
    printer.value(value, 0);
    printer.out
}

impl Printer<'_, '_> {
    fn is_full(&self) -> bool {
        self.written >= LONGEST
    }

    fn push(&mut self, text: &str) {
        for c in text.chars() {
            if self.is_full() {
                if !self.out.ends_with('…') {
                    self.out.push('…');
                }
                return;
            }
            self.out.push(c);
            self.written += 1;
        }
    }

    fn value(&mut self, value: Value, depth: u32) {
        if depth > DEEPEST || self.is_full() {
            return self.push("…");
        }
        match value {
            Value::None => self.push("None"),
            Value::Bool(true) => self.push("True"),
            Value::Bool(false) => self.push("False"),
            Value::Int(n) => self.push(&n.to_string()),
            Value::Float(n) => self.push(&n.to_string()),
            Value::Unknown => self.push("?"),
            Value::Name(id) => {
                let name = self.judge.name(id).map_or("?", |name| &*name.canonical);
                self.push(name.strip_prefix("builtins.").unwrap_or(name));
            }
            Value::Node(_) | Value::Recent(_) => match self.heap.get(value) {
                Some(node) => self.node(node, depth),
                None => self.push("?"),
            },
        }
    }

    fn node(&mut self, node: &Node, depth: u32) {
        match node {
            Node::Long(_) => self.push("<int>"),
            Node::Text(text) => self.text(text),
            Node::Bytes(bytes) => {
                self.push("b");
                self.text(bytes);
            }
            Node::Tuple(values) => {
                self.push("(");
                self.elements(values, 0, depth);
                self.push(if values.len() == 1 { ",)" } else { ")" });
            }
            Node::List(items) => {
                self.push("[");
                self.elements(&items.kept, items.more, depth);
                self.push("]");
            }
            Node::Set(items) => {
                self.push("{");
                self.elements(&items.kept, items.more, depth);
                self.push("}");
            }
            Node::Dict(pairs) => {
                self.push("{");
                for (n, (key, value)) in pairs.kept.iter().enumerate() {
                    if n == MOST_ELEMENTS || self.is_full() {
                        self.push(", …");
                        break;
                    }
                    self.push(if n > 0 { ", " } else { "" });
                    self.value(*key, depth + 1);
                    self.push(": ");
                    self.value(*value, depth + 1);
                }
                self.push("}");
            }
            Node::Module(name) => self.push(name),
            Node::Call(call) => self.call(call, depth),
            Node::Attribute(base, name) => {
                self.value(*base, depth + 1);
                self.push(".");
                self.push(name);
            }
            Node::Persistent(id) => {
                self.push("persistent_load(");
                self.value(*id, depth + 1);
                self.push(")");
            }
        }
    }

    fn call(&mut self, call: &Call, depth: u32) {
        self.value(call.callable, depth + 1);
        self.push(if call.is_new { ".__new__(" } else { "(" });
        match self.heap.tuple_of(call.arguments) {
            Some(values) => self.elements(values, 0, depth),
            None => {
                self.push("*");
                self.value(call.arguments, depth + 1);
            }
        }
        if let Some(keywords) = call.keywords {
            self.push(", **");
            self.value(keywords, depth + 1);
        }
        self.push(")");
    }

    fn elements(&mut self, values: &[Value], more: u64, depth: u32) {
        for (n, value) in values.iter().enumerate() {
            if n == MOST_ELEMENTS || self.is_full() {
                return self.push(", …");
            }
            self.push(if n > 0 { ", " } else { "" });
            self.value(*value, depth + 1);
        }
        self.push(if more > 0 { ", …" } else { "" });
    }

    fn text(&mut self, constant: &Constant) {
        let head = String::from_utf8_lossy(&constant.head);
        let shown: String = head.chars().take(LONGEST_TEXT).collect();
        let cut = !constant.is_whole() || shown.len() < head.len();
        let quote = if shown.contains('\'') && !shown.contains('"') { "\"" } else { "'" };
        // Backslashes and control characters are escaped where a sighting takes the expression.
        let shown = if quote == "'" { shown.replace('\'', "\\x27") } else { shown };
        self.push(quote);
        self.push(&shown);
        self.push(if cut { "…" } else { "" });
        self.push(quote);
    }
}
