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

/// Most brackets around one token, and most tokens of a file; the rest is not read.
const DEPTH: u32 = 2_000;
const TOKENS: usize = 500_000;

/// The lines, and where reading was given up.
pub(crate) fn lines(text: &str) -> (Vec<Line<'_>>, Option<usize>) {
    let mut scanner = Scanner {
        text,
        at: 0,
        depth: 0,
        lines: Vec::new(),
        tokens: Vec::new(),
        indent: 0,
        fresh: true,
        left: TOKENS,
        stopped: None,
    };
    scanner.run();
    (scanner.lines, scanner.stopped)
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
    /// Tokens that may still come.
    left: usize,
    stopped: Option<usize>,
}

impl<'t> Scanner<'t> {
    fn run(&mut self) {
        while let Some(c) = self.text[self.at..].chars().next() {
            if self.left == 0 || self.depth > DEPTH {
                self.stopped = Some(self.at);
                break;
            }
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
                '"' | '\'' => self.string(false),
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
        self.left = self.left.saturating_sub(1);
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
            return self.string(rest[..end].contains(['f', 'F', 't', 'T']));
        }
        self.push(Token::Name(&rest[..end]), end);
    }

    fn string(&mut self, formatted: bool) {
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
        let start = self.at + open;
        self.push(Token::Str(inner), open + inner.len() + if closed { open } else { 0 });
        if formatted {
            self.expressions(inner, start);
        }
    }

    /// What stands in the braces of a formatted string is code.
    fn expressions(&mut self, inner: &'t str, start: usize) {
        let bytes = inner.as_bytes();
        let mut at = 0;
        while let Some(open) = bytes[at..].iter().position(|b| *b == b'{').map(|open| at + open + 1) {
            if bytes.get(open) == Some(&b'{') {
                at = open + 1;
                continue;
            }
            let mut depth = 1;
            let closes = |b: &u8| {
                depth += i32::from(*b == b'{') - i32::from(*b == b'}');
                depth == 0
            };
            let end = bytes[open..].iter().position(closes).map_or(bytes.len(), |end| open + end);
            let mut scanner = Scanner {
                text: &self.text[..start + end],
                at: start + open,
                depth: self.depth + 1,
                lines: Vec::new(),
                tokens: Vec::new(),
                indent: 0,
                fresh: false,
                left: self.left,
                stopped: None,
            };
            scanner.run();
            self.left = scanner.left;
            self.stopped = self.stopped.or(scanner.stopped);
            self.tokens.extend(scanner.lines.into_iter().flat_map(|line| line.tokens));
            at = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_are_no_code() {
        let text = "x = 'os.system()' # os.system()\n\"\"\"a\nb\"\"\"\nif a: b(1,\n  2); c()\n  d('''e''' \\\n 'f\n";
        let (lines, _) = lines(text);
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
