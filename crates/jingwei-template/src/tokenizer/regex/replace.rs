//! What a step that replaces a pattern makes of a text: each part of the pattern takes as little as it can.

use super::{
    letters::{Letters, Set},
    parser::{self, Node},
};

/// Longest pattern that is followed, in bytes. Those that find a few letters are short.
const LONGEST: usize = 256;
/// Parts in a row that are followed.
const PARTS: usize = 64;

/// A pattern as a row of letters, each perhaps as often as it stands there.
pub(crate) struct Replaced {
    letters: Letters,
    parts: Vec<(Set, bool)>,
    /// It matches a place and no letter: the front or the end of a text.
    is_end: bool,
}

impl Replaced {
    /// `others`: letters of the texts in which it is looked for. Patterns that are traps are told as such.
    pub(crate) fn of(pattern: &str, others: &str) -> Option<Self> {
        if pattern.len() > LONGEST {
            return None;
        }
        let letters = Letters::of(&[pattern, others].concat());
        let node = parser::parse(pattern, &letters).ok()?;
        let mut parts = Vec::new();
        row(&node, &mut parts);
        let at_end = pattern.starts_with('^') || ["$", "\\A", "\\z", "\\Z"].iter().any(|end| pattern.ends_with(end));
        let is_end = parts.is_empty() && at_end;
        Some(Self { letters, parts, is_end })
    }

    /// The text with each match replaced, given up where it has more than `most` bytes.
    pub(crate) fn replace(&self, text: &str, content: &str, most: usize) -> String {
        if self.is_end {
            return [text, content].concat();
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next().filter(|_| out.len() <= most) {
            let length = self.matched(rest);
            if let Some(length) = length {
                out.push_str(content);
                rest = rest.get(length..).unwrap_or_default();
            }
            if matches!(length, None | Some(0)) {
                out.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
        out
    }

    /// How many bytes match at the front of a text.
    fn matched(&self, text: &str) -> Option<usize> {
        let mut chars = text.chars().peekable();
        let mut length = 0;
        for (set, many) in &self.parts {
            let holds = |c: &char| self.letters.holds(*set, *c);
            length += chars.next_if(holds)?.len_utf8();
            while *many && let Some(c) = chars.next_if(holds) {
                length += c.len_utf8();
            }
        }
        Some(length)
    }
}

/// The letters that a part takes at least.
fn row(node: &Node, parts: &mut Vec<(Set, bool)>) {
    if parts.len() >= PARTS {
        return;
    }
    match node {
        Node::Empty | Node::Looked(_) => {}
        Node::Set(set) => parts.push((*set, false)),
        Node::Kept(of) => row(of, parts),
        Node::Sequence(nodes) => nodes.iter().for_each(|node| row(node, parts)),
        Node::Alternatives(nodes) => shortest(nodes, parts),
        Node::Repeat { of, least, most } => {
            let start = parts.len();
            (0..(*least).min(8)).for_each(|_| row(of, parts));
            if most.is_none()
                && parts.len() > start
                && let Some((_, many)) = parts.last_mut()
            {
                *many = true;
            }
        }
    }
}

/// The shortest of several, and all that are one letter as one.
fn shortest(nodes: &[Node], parts: &mut Vec<(Set, bool)>) {
    let rows = nodes.iter().map(|node| {
        let mut own = Vec::new();
        row(node, &mut own);
        own
    });
    let shorter = |best: Vec<(Set, bool)>, own: Vec<(Set, bool)>| match (best.as_slice(), own.as_slice()) {
        ([(one, _)], [(other, _)]) => vec![(one.or(*other), false)],
        (best_row, own_row) if own_row.len() < best_row.len() => own,
        _ => best,
    };
    parts.extend(rows.reduce(shorter).unwrap_or_default());
}
