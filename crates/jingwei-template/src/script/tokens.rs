//! Python's tokens, as far as comments and strings must not be taken for code.

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Token<'t> {
    Name(&'t str),
    /// The text between the quotes, escapes as they stand.
    Str(&'t str),
    Number,
    Sign(char),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spanned<'t> {
    pub token: Token<'t>,
    pub offset: usize,
    /// Brackets that are open around it.
    pub depth: u32,
}

/// What stands between two line ends that count.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line<'t> {
    pub indent: usize,
    pub tokens: Vec<Spanned<'t>>,
}

pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut scanner = Scanner { text, at: 0, depth: 0, lines: Vec::new(), tokens: Vec::new(), indent: 0, fresh: true };
    scanner.run();
    scanner.lines
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
    lines: Vec<Line<'t>>,
    tokens: Vec<Spanned<'t>>,
    indent: usize,
    /// No token of the line was read yet.
    fresh: bool,
}

impl<'t> Scanner<'t> {
    fn run(&mut self) {
        while let Some(c) = self.text[self.at..].chars().next() {
            match c {
                '\n' => {
                    self.at += 1;
                    if self.depth == 0 {
                        self.end();
                    }
                }
                '\\' if self.text[self.at + 1..].starts_with(['\n', '\r']) => self.at += 2,
                '#' => self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at),
                ';' if self.depth == 0 => {
                    self.at += 1;
                    let indent = self.indent;
                    self.end();
                    (self.indent, self.fresh) = (indent, false);
                }
                c if c.is_whitespace() => {
                    if self.fresh && self.depth == 0 {
                        self.indent += if c == '\t' { 8 } else { 1 };
                    }
                    self.at += c.len_utf8();
                }
                '"' | '\'' => self.string(),
                c if c == '_' || c.is_alphabetic() => self.word(),
                c if c.is_ascii_digit() => {
                    let rest = &self.text[self.at..];
                    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
                    self.push(Token::Number, end);
                }
                c => self.sign(c),
            }
        }
        self.end();
    }

    fn push(&mut self, token: Token<'t>, length: usize) {
        self.tokens.push(Spanned { token, offset: self.at, depth: self.depth });
        self.fresh = false;
        self.at += length;
    }

    fn end(&mut self) {
        if !self.tokens.is_empty() {
            let tokens = std::mem::take(&mut self.tokens);
            self.lines.push(Line { indent: self.indent, tokens });
        }
        (self.indent, self.fresh) = (0, true);
    }

    fn sign(&mut self, c: char) {
        if matches!(c, ')' | ']' | '}') {
            self.depth = self.depth.saturating_sub(1);
        }
        self.push(Token::Sign(c), c.len_utf8());
        if matches!(c, '(' | '[' | '{') {
            self.depth += 1;
        }
    }

    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let prefix = end <= 2 && rest[..end].chars().all(|c| "rbufRBUFtT".contains(c));
        if prefix && rest[end..].starts_with(['"', '\'']) {
            self.at += end;
            return self.string();
        }
        self.push(Token::Name(&rest[..end]), end);
    }

    fn string(&mut self) {
        let rest = &self.text[self.at..];
        let quote = &rest[..1];
        let triple = [quote; 3].concat();
        let (open, close) = if rest.starts_with(&triple) { (3, triple.as_str()) } else { (1, quote) };
        let body = &rest[open..];
        let bytes = body.as_bytes();
        let mut at = 0;
        let end = loop {
            match bytes.get(at) {
                None => break body.len(),
                Some(b'\\') => at += 2,
                // A string on one line ends with it, closed or not.
                Some(b'\n') if open == 1 => break at,
                Some(_) if bytes[at..].starts_with(close.as_bytes()) => break at,
                Some(_) => at += 1,
            }
        };
        let inner = body.get(..end).unwrap_or(body);
        let closed = body.get(end..).is_some_and(|rest| rest.starts_with(close));
        self.push(Token::Str(inner), open + inner.len() + if closed { open } else { 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_are_no_code() {
        let text = "x = 'os.system()' # os.system()\n\"\"\"a\nb\"\"\"\nif a: b(1,\n  2); c()\n  d('''e''' \\\n 'f\n";
        let lines = lines(text);
        let names: Vec<(usize, Vec<&str>)> = lines
            .iter()
            .map(|line| {
                let names = line.tokens.iter().filter_map(|spanned| match spanned.token {
                    Token::Name(name) => Some(name),
                    _ => None,
                });
                (line.indent, names.collect())
            })
            .collect();
        assert_eq!(names, [(0, vec!["x"]), (0, vec![]), (0, vec!["if", "a", "b"]), (0, vec!["c"]), (2, vec!["d"])]);
    }
}
