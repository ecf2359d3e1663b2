//! Patterns in the syntax of Oniguruma and of Python, as a tree.

use super::letters::{Letters, Set, is_word};

/// Deepest nesting of groups that is followed. Deeper patterns are taken for traps: no honest one comes near.
const DEEPEST: usize = 32;
/// Brackets that close nothing, and quantifiers behind one part. No honest pattern comes near either.
const MOST_LOOSE: usize = 64;
const MOST_REPEATED: usize = 32;
/// Longest name of a property, and longest count, in bytes.
const LONGEST_NAME: usize = 64;

/// What one part of a pattern may match.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Places and nothing.
    Empty,
    Set(Set),
    Sequence(Vec<Node>),
    Alternatives(Vec<Node>),
    /// `most`: `None` is without bound.
    Repeat {
        of: Box<Node>,
        least: u32,
        most: Option<u32>,
    },
    /// It gives nothing back once it has matched.
    Kept(Box<Node>),
    /// Looked at ahead or behind, and matching nothing itself.
    Looked(Box<Node>),
}

/// A pattern that nests too deeply, or that calls itself.
pub(super) struct Trap;

pub(super) fn parse(pattern: &str, letters: &Letters) -> Result<Node, Trap> {
    let mut parser = Parser { rest: pattern, letters, any_case: false, spaced: false };
    let mut parts = vec![parser.alternatives(0)?];
    // A bracket too many ends nothing.
    while let Some(rest) = parser.rest.strip_prefix(')') {
        if parts.len() >= MOST_LOOSE {
            return Err(Trap);
        }
        parser.rest = rest;
        parts.push(parser.alternatives(0)?);
    }
    Ok(Node::Sequence(parts))
}

struct Parser<'p> {
    rest: &'p str,
    letters: &'p Letters,
    any_case: bool,
    /// Spaces and comments count for nothing.
    spaced: bool,
}

impl Parser<'_> {
    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn set(&self, set: Set) -> Node {
        Node::Set(if self.any_case { Letters::any_case(set) } else { set })
    }

    fn alternatives(&mut self, depth: usize) -> Result<Node, Trap> {
        if depth >= DEEPEST {
            return Err(Trap);
        }
        let mut all: Vec<Vec<Node>> = vec![Vec::new()];
        while !self.rest.is_empty() && !self.rest.starts_with(')') {
            if self.take("|") {
                all.push(Vec::new());
                continue;
            }
            let element = self.element(depth)?;
            let element = self.repeated(element)?;
            if let Some(last) = all.last_mut() {
                last.push(element);
            }
        }
        let mut all: Vec<Node> = all.into_iter().map(Node::Sequence).collect();
        Ok(if all.len() == 1 { all.remove(0) } else { Node::Alternatives(all) })
    }

    fn element(&mut self, depth: usize) -> Result<Node, Trap> {
        let Some(first) = self.next() else { return Ok(Node::Empty) };
        Ok(match first {
            '(' => self.group(depth)?,
            '[' => {
                let set = self.class(0);
                self.set(set)
            }
            '\\' => self.escape()?,
            '^' | '$' => Node::Empty,
            '.' => Node::Set(self.letters.with(|c| c != '\n')),
            '#' if self.spaced => {
                self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
                Node::Empty
            }
            c if self.spaced && c.is_whitespace() => Node::Empty,
            c => self.set(self.letters.with(|other| other == c)),
        })
    }

    fn group(&mut self, depth: usize) -> Result<Node, Trap> {
        let looked = ["?=", "?!", "?<=", "?<!"].iter().any(|head| self.rest.starts_with(head));
        let kept = self.rest.starts_with("?>");
        let (any_case, spaced) = (self.any_case, self.spaced);
        if let Some(inner) = self.rest.strip_prefix('?') {
            if ["R)", "0)", "&", "P>"].iter().any(|call| inner.starts_with(call)) {
                return Err(Trap);
            }
            if inner.starts_with('#') {
                self.rest = inner.split_once(')').map_or("", |(_, rest)| rest);
                return Ok(Node::Empty);
            }
            let named = ["P<", "'", "<"].iter().find(|head| inner.starts_with(**head));
            if looked || kept {
                self.rest = &inner[if inner.starts_with('<') { 2 } else { 1 }..];
            } else if let Some(head) = named {
                let end = inner[head.len()..].find(['>', '\'']).map_or(inner.len(), |end| head.len() + end + 1);
                self.rest = &inner[end..];
            } else {
                let flags = inner.find(|c: char| !c.is_ascii_alphabetic() && c != '-').unwrap_or(inner.len());
                let set = inner[..flags].split('-').next().unwrap_or_default();
                self.any_case |= set.contains('i');
                self.spaced |= set.contains('x');
                self.rest = &inner[flags..];
                // Flags without a body hold up to the end of the group around.
                if self.take(")") {
                    return Ok(Node::Empty);
                }
                self.take(":");
            }
        }
        let node = self.alternatives(depth + 1)?;
        self.take(")");
        (self.any_case, self.spaced) = (any_case, spaced);
        Ok(match node {
            node if looked => Node::Looked(Box::new(node)),
            node if kept => Node::Kept(Box::new(node)),
            node => node,
        })
    }

    fn escape(&mut self) -> Result<Node, Trap> {
        let before = self.rest;
        let Some(kind) = self.next() else { return Ok(Node::Empty) };
        Ok(match kind {
            'b' | 'B' | 'A' | 'z' | 'Z' | 'G' | 'K' => Node::Empty,
            // A pattern that calls itself has no bound of its own.
            'g' => return Err(Trap),
            // What was matched before may be anything.
            '1'..='9' | 'k' => {
                if kind == 'k' {
                    self.braced();
                }
                Node::Set(self.letters.with(|_| true))
            }
            'X' | 'R' => Node::Set(self.letters.with(|c| kind == 'X' || c.is_whitespace())),
            _ => {
                self.rest = before;
                let set = self.escaped_set();
                self.set(set)
            }
        })
    }

    /// What stands behind a backslash, within a class and outside of one.
    fn escaped_set(&mut self) -> Set {
        let letters = self.letters;
        let Some(kind) = self.next() else { return Set::default() };
        let set = match kind.to_ascii_lowercase() {
            's' => letters.with(char::is_whitespace),
            'd' => letters.property("digit"),
            'w' => letters.with(is_word),
            'h' => letters.with(|c| c.is_ascii_hexdigit()),
            'p' => {
                let name = self.braced().or_else(|| self.next().map(String::from)).unwrap_or_default();
                letters.property(&name)
            }
            _ => {
                let c = self.escaped_character(kind);
                return letters.with(|other| other == c);
            }
        };
        if kind.is_ascii_uppercase() { letters.without(set) } else { set }
    }

    fn escaped_character(&mut self, kind: char) -> char {
        let digits = match kind {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            'n' => return '\n',
            'r' => return '\r',
            't' => return '\t',
            'f' => return '\u{c}',
            'v' => return '\u{b}',
            'e' => return '\u{1b}',
            '0' => return '\0',
            c => return c,
        };
        let text = self.braced().unwrap_or_else(|| {
            let text: String = self.rest.chars().take(digits).take_while(char::is_ascii_hexdigit).collect();
            self.rest = &self.rest[text.len()..];
            text
        });
        u32::from_str_radix(text.trim(), 16).ok().and_then(char::from_u32).unwrap_or(kind)
    }

    /// `{…}` or `<…>` at the front.
    fn braced(&mut self) -> Option<String> {
        let close = match self.rest.chars().next()? {
            '{' => b'}',
            '<' => b'>',
            _ => return None,
        };
        let end = self.rest.bytes().take(LONGEST_NAME).position(|b| b == close)?;
        let inner = self.rest[1..end].to_owned();
        self.rest = &self.rest[end + 1..];
        Some(inner)
    }

    /// The inside of `[…]`, behind its bracket. Classes may hold classes.
    fn class(&mut self, depth: usize) -> Set {
        let negated = self.take("^");
        let mut set = Set::default();
        let mut kept: Option<Set> = None;
        let mut last: Option<char> = None;
        let mut first = true;
        while !self.rest.is_empty() {
            let is_first = std::mem::take(&mut first);
            if !is_first && self.take("]") {
                break;
            }
            if self.take("&&") {
                kept = Some(kept.map_or(set, |before| before.and(set)));
                set = Set::default();
                continue;
            }
            if let Some(end) = posix_end(self.rest) {
                set = set.or(self.letters.property(&self.rest[2..end]));
                self.rest = &self.rest[end + 2..];
                continue;
            }
            if depth < DEEPEST && self.take("[") {
                set = set.or(self.class(depth + 1));
                continue;
            }
            let range = last.filter(|_| self.rest.starts_with('-') && !self.rest.starts_with("-]"));
            if range.is_some() {
                self.rest = &self.rest[1..];
            }
            let (one, c) = self.item();
            set = set.or(one);
            if let (Some(from), Some(to)) = (range, c) {
                set = set.or(self.letters.with(|c| (from..=to).contains(&c)));
            }
            last = if range.is_some() { None } else { c };
        }
        let set = kept.map_or(set, |before| before.and(set));
        if negated { self.letters.without(set) } else { set }
    }

    /// One item of a class, and the character that it is.
    fn item(&mut self) -> (Set, Option<char>) {
        let letters = self.letters;
        match self.next() {
            Some('\\') => {
                let single = self.rest.chars().next().filter(|c| !"sSdDwWhHpP".contains(*c));
                match single {
                    Some(kind) => {
                        self.rest = &self.rest[kind.len_utf8()..];
                        let c = self.escaped_character(kind);
                        (letters.with(|other| other == c), Some(c))
                    }
                    None => (self.escaped_set(), None),
                }
            }
            Some(c) => (letters.with(|other| other == c), Some(c)),
            None => (Set::default(), None),
        }
    }

    fn repeated(&mut self, mut node: Node) -> Result<Node, Trap> {
        let mut quantifiers = 0;
        while let Some((least, most, used)) = quantifier(self.rest) {
            quantifiers += 1;
            if quantifiers > MOST_REPEATED {
                return Err(Trap);
            }
            let counted = self.rest.starts_with('{');
            self.rest = &self.rest[used..];
            let possessive = self.rest.starts_with('+') && !counted;
            if possessive || self.rest.starts_with('?') {
                self.rest = &self.rest[1..];
            }
            node = Node::Repeat { of: Box::new(node), least, most };
            if possessive {
                node = Node::Kept(Box::new(node));
            }
        }
        Ok(node)
    }
}

/// Where the name of a POSIX class ends, behind `[:`.
fn posix_end(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix("[:")?;
    let end = inner.bytes().take(LONGEST_NAME).position(|b| !b.is_ascii_alphabetic() && b != b'^')?;
    inner[end..].starts_with(":]").then_some(end + 2)
}

/// Least, most, and its bytes.
fn quantifier(rest: &str) -> Option<(u32, Option<u32>, usize)> {
    match rest.as_bytes() {
        [b'*', ..] => Some((0, None, 1)),
        [b'+', ..] => Some((1, None, 1)),
        [b'?', ..] => Some((0, Some(1), 1)),
        [b'{', ..] => {
            let end = rest.bytes().take(LONGEST_NAME).position(|b| b == b'}')?;
            let (least, most) = match rest[1..end].split_once(',') {
                Some((least, "")) => (least.parse().ok()?, None),
                Some(("", most)) => (0, Some(most.parse().ok()?)),
                Some((least, most)) => (least.parse().ok()?, Some(most.parse().ok()?)),
                None => {
                    let count = rest[1..end].parse().ok()?;
                    (count, Some(count))
                }
            };
            Some((least, most, end + 1))
        }
        _ => None,
    }
}
