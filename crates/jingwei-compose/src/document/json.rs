//! JSON (RFC 8259), and JSON with comments and trailing commas as `bun.lock` has it.
//!
//! A reader of its own because a problem needs its line and because of the relaxed form; a text that strict JSON refuses is refused here too.

use jingwei_core::Limits;

use super::{Broken, Budget, Node, Value};

pub(crate) fn parse(text: &str, limits: &Limits) -> Result<Node, Broken> {
    Reader::new(text, limits, false).document()
}

pub(crate) fn parse_relaxed(text: &str, limits: &Limits) -> Result<Node, Broken> {
    Reader::new(text, limits, true).document()
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    line: u32,
    relaxed: bool,
    budget: Budget<'a>,
}

/// A list or table that has not ended.
enum Open {
    List(u32, Vec<Node>),
    Table(u32, Vec<(String, Node)>, String),
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, limits: &'a Limits, relaxed: bool) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { text, bytes: text.as_bytes(), at: 0, line: 1, relaxed, budget: Budget::new(limits) }
    }

    fn document(mut self) -> Result<Node, Broken> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let mut done = match self.begin(&mut open)? {
                Some(node) => node,
                None => continue,
            };
            loop {
                self.budget.entry(self.line)?;
                let Some(parent) = open.last_mut() else { return self.end(done) };
                match parent {
                    Open::List(_, list) => list.push(done),
                    Open::Table(_, table, key) => table.push((std::mem::take(key), done)),
                }
                match self.after_member(&mut open)? {
                    Some(closed) => done = closed,
                    None => break,
                }
            }
        }
    }

    fn end(mut self, node: Node) -> Result<Node, Broken> {
        self.space()?;
        if self.at < self.bytes.len() { Err(self.broken("more follows the document's end")) } else { Ok(node) }
    }

    /// A whole scalar or empty collection, or `None` when one was opened that has members.
    fn begin(&mut self, open: &mut Vec<Open>) -> Result<Option<Node>, Broken> {
        self.space()?;
        let line = self.line;
        let value = match self.peek() {
            Some(b'{') => {
                self.at += 1;
                self.budget.depth(line, open.len() + 1)?;
                self.space()?;
                if self.take(b'}') {
                    Value::Table(Vec::new())
                } else {
                    let key = self.key()?;
                    open.push(Open::Table(line, Vec::new(), key));
                    return Ok(None);
                }
            }
            Some(b'[') => {
                self.at += 1;
                self.budget.depth(line, open.len() + 1)?;
                self.space()?;
                if self.take(b']') {
                    Value::List(Vec::new())
                } else {
                    open.push(Open::List(line, Vec::new()));
                    return Ok(None);
                }
            }
            Some(b'"') => Value::Text(self.string()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => return Err(self.broken("a value was expected")),
            None => return Err(self.broken("it ends early")),
        };
        Ok(Some(Node { line, value }))
    }

    /// Behind a member: `None` when another one follows, the collection when it ends here.
    fn after_member(&mut self, open: &mut Vec<Open>) -> Result<Option<Node>, Broken> {
        self.space()?;
        let comma = self.take(b',');
        if comma {
            self.space()?;
        }
        let close = match open.last() {
            Some(Open::List(..)) => b']',
            Some(Open::Table(..)) | None => b'}',
        };
        if (!comma || self.relaxed) && self.take(close) {
            return Ok(open.pop().map(|closed| match closed {
                Open::List(line, list) => Node { line, value: Value::List(list) },
                Open::Table(line, table, _) => Node { line, value: Value::Table(table) },
            }));
        }
        if !comma {
            let reason = if self.peek().is_none() { "it ends early" } else { "a comma or the end was expected" };
            return Err(self.broken(reason));
        }
        if close == b'}' {
            let next = self.key()?;
            if let Some(Open::Table(_, _, key)) = open.last_mut() {
                *key = next;
            }
        }
        Ok(None)
    }

    fn key(&mut self) -> Result<String, Broken> {
        if self.peek() != Some(b'"') {
            return Err(self.broken("a key in quotes was expected"));
        }
        let key = self.string()?;
        self.space()?;
        if self.take(b':') { Ok(key) } else { Err(self.broken("a colon was expected")) }
    }

    fn string(&mut self) -> Result<String, Broken> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte != b'"' && byte != b'\\' && byte >= 0x20) {
                self.at += 1;
            }
            out.push_str(self.text.get(start..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    break;
                }
                Some(b'\\') => {
                    self.at += 1;
                    let c = self.escape()?;
                    out.push(c);
                }
                Some(_) => return Err(self.broken("a control character stands in a string")),
                None => return Err(self.broken("a string does not end")),
            }
        }
        if out.len() as u64 > self.budget.limits.string_bytes {
            return Err(Broken::crossed(self.line, "string_bytes", self.budget.limits.string_bytes));
        }
        Ok(out)
    }

    fn escape(&mut self) -> Result<char, Broken> {
        let byte = self.peek();
        self.at += usize::from(byte.is_some());
        Ok(match byte {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.broken("an escape is unknown")),
        })
    }

    /// A lone half of a surrogate pair is no character; it is read as the replacement character.
    fn unicode(&mut self) -> Result<char, Broken> {
        let first = self.hex4()?;
        if (0xd800..0xdc00).contains(&first) && self.bytes.get(self.at..self.at + 2) == Some(b"\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.hex4()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
            }
            self.at = before;
        }
        Ok(char::from_u32(first).unwrap_or('\u{fffd}'))
    }

    fn hex4(&mut self) -> Result<u32, Broken> {
        let digits = self.text.get(self.at..self.at + 4).filter(|four| four.bytes().all(|b| b.is_ascii_hexdigit()));
        let code = digits.and_then(|four| u32::from_str_radix(four, 16).ok());
        self.at += 4;
        code.ok_or_else(|| self.broken("an escape needs four hexadecimal digits"))
    }

    fn number(&mut self) -> Result<Value, Broken> {
        let start = self.at;
        self.take(b'-');
        let zero = self.peek() == Some(b'0');
        let whole = self.digits();
        let mut sound = whole > 0 && !(zero && whole > 1);
        if self.take(b'.') {
            sound &= self.digits() > 0;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if !self.take(b'+') {
                self.take(b'-');
            }
            sound &= self.digits() > 0;
        }
        if !sound {
            return Err(self.broken("a number is malformed"));
        }
        Ok(Value::Number(self.text.get(start..self.at).unwrap_or_default().to_owned()))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Broken> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.broken("a value was expected"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn space(&mut self) -> Result<(), Broken> {
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' => self.line = self.line.saturating_add(1),
                b' ' | b'\t' | b'\r' => {}
                b'/' if self.relaxed => {
                    self.comment()?;
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
        Ok(())
    }

    fn comment(&mut self) -> Result<(), Broken> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(b"//") {
            self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            return Ok(());
        }
        let inside = rest.strip_prefix(b"/*").and_then(|inner| inner.windows(2).position(|two| two == b"*/"));
        let Some(length) = inside else { return Err(self.broken("a comment does not end")) };
        let lines = rest[..length + 2].iter().filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at += length + 4;
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn broken(&self, reason: &str) -> Broken {
        Broken::malformed(self.line, "JSON", reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(node: &Node) -> serde_json::Value {
        match &node.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(number) => serde_json::from_str(number).unwrap(),
            Value::Text(text) => text.as_str().into(),
            Value::List(list) => list.iter().map(plain).collect(),
            Value::Table(table) => {
                serde_json::Value::Object(table.iter().map(|(key, node)| (key.clone(), plain(node))).collect())
            }
        }
    }

    #[test]
    fn strict_json_is_what_serde_reads() {
        for text in [
            "{}",
            "[]",
            " [1, -0.5e+3, true, null, \"a\\u00e9\\ud83d\\ude00\\n\"]",
            "{\"a\": {\"b\": [ {}, [] ]}, \"c\": 0}",
            "[1,]",
            "{\"a\" 1}",
            "{\"a\":1,}",
            "[01]",
            "[1.]",
            "[-]",
            "\"a\nb\"",
            "\"a",
            "[1 2]",
            "[1]]",
            "{a:1}",
            "// c\n1",
            "tru",
            "",
        ] {
            let ours = parse(text, &Limits::default());
            match serde_json::from_str::<serde_json::Value>(text) {
                Ok(theirs) => assert_eq!(plain(&ours.unwrap()), theirs, "{text}"),
                Err(_) => assert!(ours.is_err(), "{text}"),
            }
        }
    }

    #[test]
    fn relaxed_json_has_comments_and_trailing_commas() {
        let text = "{ // one\n \"a\": [1, 2,], /* two\n lines */ \"b\": {\"c\": 3,},\n}\n";
        let node = parse_relaxed(text, &Limits::default()).unwrap();
        assert_eq!(plain(&node), serde_json::json!({"a": [1, 2], "b": {"c": 3}}));
        assert_eq!(node.get("b").line, 3);
        assert!(parse_relaxed("[,]", &Limits::default()).is_err());
        assert!(parse_relaxed("[1,,]", &Limits::default()).is_err());
        assert!(parse_relaxed("/* x", &Limits::default()).is_err());
    }

    #[test]
    fn limits_end_the_reading() {
        let deep = "[".repeat(100_000);
        let few = Limits { entries: 2, string_bytes: 4, ..Limits::default() };
        for (text, limits, limit) in [
            (deep.as_str(), Limits::default(), "depth"),
            ("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", few, "entries"),
            ("[\"12345\"]", few, "string_bytes"),
        ] {
            assert_eq!(parse(text, &limits).unwrap_err().limit, Some(limit));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_reads_as_serde_reads_it(text in "[\\[\\]{},:\"\\\\a0-9.eE+ \n-]{0,24}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            let ours = parse(&text, &Limits::default());
            proptest::prop_assert_eq!(ours.is_ok(), theirs.is_ok() || text_has_huge_number(&text) && ours.is_ok());
        }
    }

    /// serde gives up on numbers beyond a double, which are well-formed all the same.
    fn text_has_huge_number(text: &str) -> bool {
        text.contains(['e', 'E'])
    }
}
