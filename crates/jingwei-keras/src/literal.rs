use jingwei_core::Limits;

use crate::{fault::Fault, json::DEEPEST};

/// A Python literal of the few kinds that an array header needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Literal {
    Text(String),
    Integer(u64),
    Bool(bool),
    None,
    Tuple(Vec<Literal>),
    List(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
}

/// Parses without evaluating. Signs, sums, bytes, sets and comments are not part of what NumPy writes, and are refused.
/// Offsets in faults count from `origin`.
pub(crate) fn parse(bytes: &[u8], origin: u64, limits: &Limits) -> Result<Literal, Fault> {
    let depth = limits.depth.min(DEEPEST);
    let mut parser = Parser { bytes, at: 0, origin, left: limits.entries, limits, depth };
    let literal = parser.value(0)?;
    parser.space();
    match parser.peek() {
        None => Ok(literal),
        Some(_) => Err(parser.broken("描述之后还有内容", "there is more after the description")),
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    origin: u64,
    left: u64,
    limits: &'a Limits,
    depth: u32,
}

impl Parser<'_> {
    fn value(&mut self, depth: u32) -> Result<Literal, Fault> {
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => return Err(Fault::Limit { name: "entries", value: self.limits.entries }),
        };
        if depth > self.depth {
            return Err(Fault::Limit { name: "depth", value: u64::from(self.depth) });
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.dict(depth),
            Some(b'(') => {
                let (mut items, comma) = self.items(b')', depth)?;
                match items.len() {
                    1 if !comma => Ok(items.remove(0)),
                    _ => Ok(Literal::Tuple(items)),
                }
            }
            Some(b'[') => Ok(Literal::List(self.items(b']', depth)?.0)),
            Some(quote @ (b'\'' | b'"')) => self.string(quote),
            Some(b'0'..=b'9') => self.integer(),
            _ => self.word(),
        }
    }

    fn dict(&mut self, depth: u32) -> Result<Literal, Fault> {
        self.at += 1;
        let mut pairs = Vec::new();
        loop {
            self.space();
            if self.eat(b'}') {
                return Ok(Literal::Dict(pairs));
            }
            let key = self.value(depth + 1)?;
            self.space();
            if !self.eat(b':') {
                return Err(self.broken("键后缺少冒号", "a colon is missing after a key"));
            }
            pairs.push((key, self.value(depth + 1)?));
            self.separator(b'}')?;
        }
    }

    /// The items, and whether a comma stood after the last one.
    fn items(&mut self, end: u8, depth: u32) -> Result<(Vec<Literal>, bool), Fault> {
        self.at += 1;
        let (mut items, mut comma) = (Vec::new(), false);
        loop {
            self.space();
            if self.eat(end) {
                return Ok((items, comma));
            }
            items.push(self.value(depth + 1)?);
            comma = self.separator(end)?;
        }
    }

    fn separator(&mut self, end: u8) -> Result<bool, Fault> {
        self.space();
        let comma = self.eat(b',');
        if comma || self.peek() == Some(end) {
            return Ok(comma);
        }
        Err(self.broken("此处应为逗号或结束括号", "a comma or a closing bracket is missing"))
    }

    fn string(&mut self, quote: u8) -> Result<Literal, Fault> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            if out.len() as u64 > self.limits.string_bytes {
                return Err(Fault::Limit { name: "string_bytes", value: self.limits.string_bytes });
            }
            match self.peek() {
                Some(b) if b == quote => break,
                Some(b'\\') => {
                    self.escape(&mut out)?;
                    continue;
                }
                Some(b) => out.push(b),
                None => return Err(self.broken("字符串没有结束", "a string does not end")),
            }
            self.at += 1;
        }
        self.at += 1;
        Ok(Literal::Text(String::from_utf8_lossy(&out).into_owned()))
    }

    /// As Python decodes it: a key may be written so that only an evaluation tells what it is.
    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.at += 1;
        let Some(letter) = self.peek() else {
            return Err(self.broken("字符串没有结束", "a string does not end"));
        };
        let (most, least, radix) = match letter {
            b'x' => (2, 2, 16),
            b'u' => (4, 4, 16),
            b'U' => (8, 8, 16),
            b'0'..=b'7' => (3, 1, 8),
            _ => (0, 0, 0),
        };
        self.at += usize::from(radix != 8);
        if radix == 0 {
            match letter {
                b'\n' => {}
                b'\\' | b'\'' | b'"' => out.push(letter),
                b'a' => out.push(7),
                b'b' => out.push(8),
                b't' => out.push(b'\t'),
                b'n' => out.push(b'\n'),
                b'v' => out.push(11),
                b'f' => out.push(12),
                b'r' => out.push(b'\r'),
                b'N' => return Err(self.broken("不支持按名称转义的字符", "an escape names its character")),
                _ => out.extend([b'\\', letter]),
            }
            return Ok(());
        }
        let (mut code, mut count) = (0u32, 0);
        while let Some(digit) = self.peek().filter(|_| count < most).and_then(|b| char::from(b).to_digit(radix)) {
            code = code.wrapping_mul(radix) | digit;
            count += 1;
            self.at += 1;
        }
        match char::from_u32(code).filter(|_| count >= least) {
            Some(c) => out.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            None => return Err(self.broken("转义序列无效", "an escape is invalid")),
        }
        Ok(())
    }

    /// Python 2 wrote an `L` after long ones.
    fn integer(&mut self) -> Result<Literal, Fault> {
        let mut value: Option<u64> = Some(0);
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.and_then(|v| v.checked_mul(10)?.checked_add(u64::from(digit - b'0')));
            self.at += 1;
        }
        self.eat(b'L');
        value.map(Literal::Integer).ok_or_else(|| self.broken("整数过大", "an integer is too large"))
    }

    fn word(&mut self) -> Result<Literal, Fault> {
        for (word, literal) in [("True", Literal::Bool(true)), ("False", Literal::Bool(false)), ("None", Literal::None)]
        {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(literal);
            }
        }
        // Python 2 wrote u'…' where a name was Unicode.
        if matches!(self.bytes.get(self.at..self.at + 2), Some([b'u' | b'U', b'\'' | b'"'])) {
            self.at += 1;
            let quote = self.bytes[self.at];
            return self.string(quote);
        }
        Err(self.broken("此处应为一个值", "a value is missing"))
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn broken(&self, zh: &str, en: &str) -> Fault {
        Fault::broken(self.origin + self.at as u64, zh, en)
    }
}
