//! Cuts a template into text and tokens.

use crate::template::escapes;

/// Where a template breaks the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub offset: usize,
    pub zh: String,
    pub en: String,
    /// The template is over before what was begun has ended.
    pub is_open: bool,
}

impl Fault {
    pub(crate) fn new(offset: usize, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { offset, zh: zh.into(), en: en.into(), is_open: false }
    }

    fn unended(offset: usize, zh: &str, en: &str) -> Self {
        Self { is_open: true, ..Self::new(offset, zh, en) }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token<'t> {
    /// Text that the template emits as it stands.
    Text(&'t str),
    OpenOutput,
    CloseOutput,
    OpenBlock,
    CloseBlock,
    Name(&'t str),
    /// A string literal with its escapes decoded, and whether all of them are known.
    Str(String, bool),
    Int(i64),
    Float(f64),
    /// An operator or bracket.
    Sign(&'static str),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spanned<'t> {
    pub token: Token<'t>,
    pub offset: usize,
}

/// Longest first, so that `**` is not two `*`.
const SIGNS: [&str; 28] = [
    "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",",
    ".", ":", "|", ";", "!", "&",
];

/// All tokens, or those before the first fault.
pub(crate) fn tokens(text: &str) -> (Vec<Spanned<'_>>, Option<Fault>) {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new(), trim_next: false };
    let fault = lexer.run().err();
    (lexer.tokens, fault)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Spanned<'t>>,
    /// The tag before ended with `-`, which eats the white space that follows.
    trim_next: bool,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, token: Token<'t>, offset: usize) {
        self.tokens.push(Spanned { token, offset });
    }

    fn run(&mut self) -> Result<(), Fault> {
        while self.at < self.text.len() {
            let Some(open) = next_opening(self.rest()) else {
                let rest = self.rest();
                self.emit(rest);
                return Ok(());
            };
            let (before, tag) = self.rest().split_at(open);
            let mark = tag.as_bytes().get(2).copied();
            let trimmed = if mark == Some(b'-') { before.trim_end() } else { before };
            self.emit(trimmed);
            self.at += open;
            self.tag(tag)?;
        }
        Ok(())
    }

    fn emit(&mut self, text: &'t str) {
        let trimmed = if self.trim_next { text.trim_start() } else { text };
        let offset = self.at + (text.len() - trimmed.len());
        if !trimmed.is_empty() {
            self.push(Token::Text(trimmed), offset);
        }
        self.trim_next = false;
    }

    fn tag(&mut self, tag: &'t str) -> Result<(), Fault> {
        let start = self.at;
        if tag.starts_with("{#") {
            return self.comment(tag);
        }
        let output = tag.starts_with("{{");
        self.at += if tag.as_bytes().get(2).is_some_and(|b| matches!(b, b'-' | b'+')) { 3 } else { 2 };
        if !output && let Some(inside) = raw_block(self.rest()) {
            return self.raw(start, inside);
        }
        self.push(if output { Token::OpenOutput } else { Token::OpenBlock }, start);
        self.inside(start, output)
    }

    fn comment(&mut self, tag: &str) -> Result<(), Fault> {
        let Some(end) = tag.find("#}") else {
            return Err(Fault::unended(self.at, "注释没有结束", "a comment does not end"));
        };
        self.trim_next = end > 2 && tag[..end].ends_with('-');
        self.at += end + 2;
        Ok(())
    }

    /// Everything up to `{% endraw %}` is text. `inside` is where it begins, from here on.
    fn raw(&mut self, start: usize, inside: usize) -> Result<(), Fault> {
        self.at += inside;
        let body = self.rest();
        let mut from = 0;
        while let Some(found) = body[from..].find("{%") {
            let open = from + found;
            let tag = &body[open + 2..];
            let tag = tag.strip_prefix(['-', '+']).unwrap_or(tag);
            let name = tag.trim_start();
            let end = name.strip_prefix("endraw").map(str::trim_start).and_then(|rest| {
                rest.strip_prefix("-%}").or_else(|| rest.strip_prefix("+%}")).or_else(|| rest.strip_prefix("%}"))
            });
            if let Some(rest) = end {
                self.emit(&body[..open]);
                self.at += body.len() - rest.len();
                return Ok(());
            }
            from = open + 2;
        }
        Err(Fault::unended(start, "raw 块没有结束", "a raw block does not end"))
    }

    /// The tokens of one tag, up to its end.
    fn inside(&mut self, start: usize, output: bool) -> Result<(), Fault> {
        let close = if output { "}}" } else { "%}" };
        let mut open_brackets = 0usize;
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let Some(first) = trimmed.chars().next() else {
                return Err(Fault::unended(start, "标签没有结束", "a tag does not end"));
            };
            let marked = trimmed.strip_prefix(['-', '+']).filter(|rest| rest.starts_with(close));
            if open_brackets == 0 && (trimmed.starts_with(close) || marked.is_some()) {
                self.trim_next = first == '-';
                self.push(if output { Token::CloseOutput } else { Token::CloseBlock }, self.at);
                self.at += if marked.is_some() { 3 } else { 2 };
                if !output && !self.trim_next && self.rest().starts_with('\n') {
                    // Loaders of chat templates switch `trim_blocks` on: a line break after a block is not emitted.
                    self.at += 1;
                }
                return Ok(());
            }
            match first {
                '"' | '\'' => self.string(first)?,
                '0'..='9' => self.number(trimmed),
                c if c == '_' || c.is_alphabetic() => {
                    let end = trimmed.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(trimmed.len());
                    self.push(Token::Name(&trimmed[..end]), self.at);
                    self.at += end;
                }
                _ => self.sign(trimmed, first, &mut open_brackets)?,
            }
        }
    }

    fn sign(&mut self, rest: &str, first: char, open_brackets: &mut usize) -> Result<(), Fault> {
        match first {
            '(' | '[' | '{' => *open_brackets += 1,
            ')' | ']' | '}' => *open_brackets = open_brackets.saturating_sub(1),
            _ => {}
        }
        let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) else {
            let shown = jingwei_read::shown(&first.to_string());
            return Err(Fault::new(self.at, format!("不认识的字符 {shown}"), format!("unknown character {shown}")));
        };
        self.push(Token::Sign(sign), self.at);
        self.at += sign.len();
        Ok(())
    }

    fn string(&mut self, quote: char) -> Result<(), Fault> {
        let start = self.at;
        let body = &self.text[start + 1..];
        let mut escaped = false;
        for (at, c) in body.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => {
                    let (text, known) = escapes::decoded(&body[..at]);
                    self.push(Token::Str(text, known), start);
                    self.at = start + 1 + at + 1;
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(Fault::unended(start, "字符串没有结束", "a string does not end"))
    }

    fn number(&mut self, rest: &str) {
        let radix = match rest.get(..2) {
            Some("0x" | "0X") => Some(16),
            Some("0o" | "0O") => Some(8),
            Some("0b" | "0B") => Some(2),
            _ => None,
        };
        let bytes = rest.as_bytes();
        let body = if radix.is_some() { 2 } else { 0 };
        let mut end = body;
        let mut float = false;
        while let Some(byte) = bytes.get(end) {
            let exponent = radix.is_none() && matches!(byte, b'e' | b'E');
            let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
            match byte {
                b'_' => end += 1,
                _ if exponent
                    && (digit(end + 1) || (matches!(bytes.get(end + 1), Some(b'+' | b'-')) && digit(end + 2))) =>
                {
                    float = true;
                    end += 2;
                }
                b'.' if radix.is_none() && !float && digit(end + 1) => {
                    float = true;
                    end += 1;
                }
                b if (*b as char).is_digit(radix.unwrap_or(10)) => end += 1,
                _ => break,
            }
        }
        let digits: String = rest[body..end].chars().filter(|c| *c != '_').collect();
        let token = if float {
            Token::Float(digits.parse().unwrap_or(f64::MAX))
        } else {
            Token::Int(i64::from_str_radix(&digits, radix.unwrap_or(10)).unwrap_or(i64::MAX))
        };
        self.push(token, self.at);
        self.at += end;
    }
}

/// The next `{{`, `{%` or `{#`.
fn next_opening(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = bytes[from..].iter().position(|b| *b == b'{') {
        let at = from + found;
        if matches!(bytes.get(at + 1), Some(b'{' | b'%' | b'#')) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// Where the text of a raw block begins, if this tag opens one.
fn raw_block(rest: &str) -> Option<usize> {
    let after = rest.trim_start().strip_prefix("raw")?.trim_start();
    let body = after.strip_prefix("-%}").or_else(|| after.strip_prefix("+%}")).or_else(|| after.strip_prefix("%}"))?;
    Some(rest.len() - body.len())
}
