//! Graphs written as text: `saved_model.pbtxt` is loaded by the same call as `saved_model.pb`.

use std::collections::{BTreeSet, HashSet};

use jingwei_core::Limits;
use jingwei_read::{Effect, Inspection, NameClass, NameTable, Source};

use crate::findings::{Findings, Stop, named, place};

const TOLD_APART: usize = 4096;

/// Whether a file begins as a graph in text: a message's name and its bracket.
pub(crate) fn is_graph_text(front: &[u8]) -> bool {
    let mut tokens = Tokens { rest: front };
    let (Some(Token::Word(first)), Some(second), Some(third)) = (tokens.next(), tokens.next(), tokens.next()) else {
        return false;
    };
    let opens = |token: &Token| matches!(token, Token::Sign(b'{' | b'<'));
    let text = String::from_utf8_lossy(front);
    match first.as_str() {
        "saved_model_schema_version" => true,
        "meta_graphs" | "graph_def" => opens(&second) || opens(&third),
        "node" => (opens(&second) || opens(&third)) && text.contains("op:"),
        _ => false,
    }
}

/// Reads a graph in text: the names of its operators, wherever they stand.
pub fn inspect_tensorflow_text(source: &mut dyn Source, names: &NameTable, limits: &Limits) -> Inspection {
    let mut findings = Findings::default();
    let result = read(source, names, limits, &mut findings);
    findings.finish(result)
}

fn read(source: &mut dyn Source, names: &NameTable, limits: &Limits, findings: &mut Findings) -> Result<(), Stop> {
    let bytes = crate::whole(source, limits)?;
    let mut tokens = Tokens { rest: &bytes };
    let (mut foreign_names, mut functions, mut nodes) = (Foreign::default(), HashSet::new(), 0u64);
    let (mut last, mut before) = (String::new(), String::new());
    let mut prints = false;
    while let Some(token) = tokens.next() {
        match token {
            Token::Word(word) => before = std::mem::replace(&mut last, word),
            Token::Text(text) => {
                let text = String::from_utf8_lossy(&text).into_owned();
                let at = (bytes.len() - tokens.rest.len()) as u64;
                match last.as_str() {
                    "op" => {
                        nodes += 1;
                        prints |= text == "PrintV2";
                        operator(&text, at, names, findings, &mut foreign_names);
                    }
                    "name" if before == "signature" && functions.len() < TOLD_APART => drop(functions.insert(text)),
                    _ if prints && text.starts_with("file://") => {
                        findings.dangerous("PrintV2", Effect::File, &place("文件", "file", &text), at);
                    }
                    _ => {}
                }
            }
            Token::Sign(_) => {}
        }
    }
    let foreign = |names: BTreeSet<String>| -> Vec<String> {
        names.into_iter().filter(|name| !functions.contains(name)).collect()
    };
    let (unknown, companions) = (foreign(foreign_names.unknown), foreign(foreign_names.companions));
    if !unknown.is_empty() {
        findings.unknown("TensorFlow", &named(&unknown), 0);
    }
    if !companions.is_empty() {
        findings.custom("TensorFlow", &named(&companions), 0);
    }
    findings.inspection.facts.more.insert("nodes", nodes.to_string());
    Ok(())
}

/// Operators that are not TensorFlow's own.
#[derive(Default)]
struct Foreign {
    unknown: BTreeSet<String>,
    companions: BTreeSet<String>,
}

fn operator(name: &str, at: u64, names: &NameTable, findings: &mut Findings, foreign: &mut Foreign) {
    let place = place("算子", "operator", name);
    match names.classify(name) {
        NameClass::Dangerous(effect) => findings.dangerous(name, effect, &place, at),
        NameClass::Review => findings.review(name, &place, at),
        NameClass::Unknown if foreign.unknown.len() < TOLD_APART => drop(foreign.unknown.insert(name.to_owned())),
        NameClass::Allowed { when: Some("companion-library") } if foreign.companions.len() < TOLD_APART => {
            foreign.companions.insert(name.to_owned());
        }
        NameClass::Unknown | NameClass::Allowed { .. } => {}
    }
}

/// The parts of a protobuf in text.
pub(crate) enum Token {
    Word(String),
    /// Texts that stand side by side are one, and their escapes are resolved.
    Text(Vec<u8>),
    Sign(u8),
}

pub(crate) struct Tokens<'b> {
    pub rest: &'b [u8],
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip();
        let first = *self.rest.first()?;
        if matches!(first, b'"' | b'\'') {
            let mut text = Vec::new();
            while let Some(quote) = self.rest.first().copied().filter(|b| matches!(b, b'"' | b'\'')) {
                self.quoted(quote, &mut text);
                self.skip();
            }
            return Some(Token::Text(text));
        }
        let length = self.rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"_.-+".contains(b)).count();
        let (token, rest) = self.rest.split_at(length.max(1));
        self.rest = rest;
        Some(if length == 0 { Token::Sign(first) } else { Token::Word(String::from_utf8_lossy(token).into_owned()) })
    }
}

impl Tokens<'_> {
    /// Skips blanks and comments.
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_ascii_start();
            if self.rest.first() != Some(&b'#') {
                return;
            }
            let length = self.rest.iter().take_while(|b| **b != b'\n').count();
            self.rest = &self.rest[length..];
        }
    }

    fn quoted(&mut self, quote: u8, text: &mut Vec<u8>) {
        let mut at = 1;
        while let Some(byte) = self.rest.get(at).copied() {
            at += 1;
            if byte == quote {
                break;
            }
            if byte != b'\\' {
                text.push(byte);
                continue;
            }
            let after = &self.rest[at.min(self.rest.len())..];
            let (byte, length) = unescaped(after);
            text.push(byte);
            at += length;
        }
        self.rest = &self.rest[at.min(self.rest.len())..];
    }
}

/// The byte that an escape stands for, and how long it is behind its backslash.
fn unescaped(after: &[u8]) -> (u8, usize) {
    let number = |digits: &[u8], base: u32| {
        let value = digits.iter().filter_map(|b| char::from(*b).to_digit(base)).fold(0, |n, digit| n * base + digit);
        u8::try_from(value & 0xff).unwrap_or(0)
    };
    let digits = |from: &[u8], base: u32, most: usize| {
        from.iter().take(most).take_while(|b| char::from(**b).is_digit(base)).count()
    };
    match after.first() {
        Some(b'0'..=b'7') => {
            let length = digits(after, 8, 3);
            (number(&after[..length], 8), length)
        }
        Some(b'x' | b'X') => {
            let length = digits(&after[1..], 16, 2);
            (number(&after[1..=length], 16), 1 + length)
        }
        Some(b'n') => (b'\n', 1),
        Some(b't') => (b'\t', 1),
        Some(b'r') => (b'\r', 1),
        Some(other) => (*other, 1),
        None => (b'\\', 0),
    }
}
