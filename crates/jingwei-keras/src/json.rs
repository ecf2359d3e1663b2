use jingwei_core::Limits;

use crate::fault::Fault;

/// Deeper nesting than this is refused whatever `Limits` say, because reading and walking recurse.
pub(crate) const DEEPEST: u32 = 512;

/// A document as Python reads it. Pairs stay in order, and duplicate keys stay.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool,
    /// What is no number, `NaN`, stands as 0.
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map {
        at: u64,
        pairs: Vec<(String, Node)>,
    },
}

impl Node {
    /// The last value of a key, as Python takes it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Node::Map { pairs, .. } => pairs.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn get_text(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }
}

/// Reads JSON as leniently as Python's `json.loads` does, because that is what loads the model: `NaN`, `Infinity`, lone
/// surrogates, UTF-16 and UTF-32 pass. A stricter reader would be blind to what it refuses.
pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Node, Fault> {
    if bytes.len() as u64 > limits.header_bytes {
        return Err(Fault::Limit { name: "header_bytes", value: limits.header_bytes });
    }
    let text = decoded(bytes);
    let mut parser = Parser {
        bytes: text.as_bytes(),
        at: 0,
        left: limits.entries,
        entries: limits.entries,
        depth: limits.depth.min(DEEPEST),
        string_bytes: limits.string_bytes,
    };
    let node = parser.value(0)?;
    parser.space();
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.broken("文档之后还有内容", "there is more after the document")),
    }
}

/// UTF-8, or what the first bytes show it to be (as `json.detect_encoding` decides).
fn decoded(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    let wide = |unit: usize, big: bool, skip: usize| -> String {
        let bytes = bytes.get(skip..).unwrap_or_default();
        let code = |chunk: &[u8]| {
            let fold = |n: u32, b: &u8| (n << 8) | u32::from(*b);
            if big { chunk.iter().fold(0, fold) } else { chunk.iter().rev().fold(0, fold) }
        };
        let codes = bytes.chunks_exact(unit).map(code);
        if unit == 4 {
            return codes.map(|c| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        }
        let units = codes.map(|c| u16::try_from(c).unwrap_or_default());
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match *bytes {
        [0, 0, 0xfe, 0xff, ..] => wide(4, true, 4).into(),
        [0xff, 0xfe, 0, 0, ..] => wide(4, false, 4).into(),
        [0xfe, 0xff, ..] => wide(2, true, 2).into(),
        [0xff, 0xfe, ..] => wide(2, false, 2).into(),
        [0xef, 0xbb, 0xbf, ..] => String::from_utf8_lossy(&bytes[3..]),
        [0, 0, 0, _, ..] => wide(4, true, 0).into(),
        [0, _, ..] => wide(2, true, 0).into(),
        [_, 0, 0, 0, ..] => wide(4, false, 0).into(),
        [_, 0, ..] => wide(2, false, 0).into(),
        _ => String::from_utf8_lossy(bytes),
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    left: u64,
    entries: u64,
    depth: u32,
    string_bytes: u64,
}

impl Parser<'_> {
    fn value(&mut self, depth: u32) -> Result<Node, Fault> {
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => return Err(Fault::Limit { name: "entries", value: self.entries }),
        };
        self.space();
        match self.peek() {
            Some(b'{') => self.map(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(Node::Text(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn map(&mut self, depth: u32) -> Result<Node, Fault> {
        let at = self.at as u64;
        self.open(depth)?;
        let mut pairs = Vec::new();
        if !self.closes(b'}') {
            loop {
                self.space();
                let key = match self.peek() {
                    Some(b'"') => self.string()?,
                    _ => return Err(self.broken("此处应为带引号的键", "a key in quotes is missing")),
                };
                self.space();
                if !self.eat(b':') {
                    return Err(self.broken("键后缺少冒号", "a colon is missing after a key"));
                }
                pairs.push((key, self.value(depth + 1)?));
                if self.ends_item(b'}')? {
                    break;
                }
            }
        }
        Ok(Node::Map { at, pairs })
    }

    fn list(&mut self, depth: u32) -> Result<Node, Fault> {
        self.open(depth)?;
        let mut items = Vec::new();
        if !self.closes(b']') {
            loop {
                items.push(self.value(depth + 1)?);
                if self.ends_item(b']')? {
                    break;
                }
            }
        }
        Ok(Node::List(items))
    }

    fn open(&mut self, depth: u32) -> Result<(), Fault> {
        self.at += 1;
        if depth >= self.depth { Err(Fault::Limit { name: "depth", value: u64::from(self.depth) }) } else { Ok(()) }
    }

    fn closes(&mut self, end: u8) -> bool {
        self.space();
        self.eat(end)
    }

    fn ends_item(&mut self, end: u8) -> Result<bool, Fault> {
        self.space();
        if self.eat(end) {
            Ok(true)
        } else if self.eat(b',') {
            Ok(false)
        } else {
            Err(self.broken("此处应为逗号或结束括号", "a comma or a closing bracket is missing"))
        }
    }

    fn number(&mut self) -> Result<Node, Fault> {
        if self.bytes[self.at..].starts_with(b"-Infinity") {
            self.at += 9;
            return Ok(Node::Number(f64::NEG_INFINITY));
        }
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')) {
            self.at += 1;
        }
        match self.bytes[start..self.at].last() {
            Some(b'0'..=b'9') => {
                let digits = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or_default();
                Ok(Node::Number(digits.parse().unwrap_or_default()))
            }
            _ => Err(self.broken("数字不完整", "a number is incomplete")),
        }
    }

    fn word(&mut self) -> Result<Node, Fault> {
        for (word, node) in [
            ("null", Node::Null),
            ("true", Node::Bool),
            ("false", Node::Bool),
            ("NaN", Node::Number(0.0)),
            ("Infinity", Node::Number(f64::INFINITY)),
        ] {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(node);
            }
        }
        Err(self.broken("此处应为一个值", "a value is missing"))
    }

    fn string(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\')) {
                self.at += 1;
            }
            out.extend_from_slice(&self.bytes[start..self.at]);
            if out.len() as u64 > self.string_bytes {
                return Err(Fault::Limit { name: "string_bytes", value: self.string_bytes });
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(String::from_utf8_lossy(&out).into_owned());
                }
                Some(_) => {
                    let c = self.escape()?;
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                None => return Err(self.broken("字符串没有结束", "a string does not end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        self.at += 1;
        let c = match self.peek() {
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            _ => return Err(self.broken("未知的转义", "an unknown escape")),
        };
        self.at += 1;
        Ok(c)
    }

    fn unicode(&mut self) -> Result<char, Fault> {
        let high = self.hex4()?;
        if (0xd800..0xdc00).contains(&high) && self.bytes[self.at..].starts_with(b"\\u") {
            let before = self.at;
            self.at += 2;
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Result<u32, Fault> {
        let digits = self.bytes.get(self.at..self.at + 4).unwrap_or_default();
        let mut code = 0;
        for digit in digits {
            match char::from(*digit).to_digit(16) {
                Some(value) => code = code * 16 + value,
                None => return Err(self.broken("转义不是十六进制", "an escape is not hexadecimal")),
            }
        }
        if digits.len() < 4 {
            return Err(self.broken("转义不完整", "an escape is incomplete"));
        }
        self.at += 4;
        Ok(code)
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
        Fault::broken(self.at as u64, zh, en)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits() -> Limits {
        Limits { depth: 4, entries: 20, string_bytes: 8, header_bytes: 100, ..Limits::default() }
    }

    #[test]
    fn reads_what_python_reads() {
        let text = |s: &str| Node::Text(s.to_owned());
        let list = |items: &[Node]| Node::List(items.to_vec());
        for (json, expected) in [
            (
                "[NaN, Infinity, -Infinity, -1.5e+3]",
                list(&[0.0, f64::INFINITY, f64::NEG_INFINITY, -1500.0].map(Node::Number)),
            ),
            ("\"\\ud83d\\ude00\\u4e2d\"", text("😀中")),
            ("\"\\ud800x\"", text("\u{fffd}x")),
            ("\"\\ud800\\u0041\"", text("\u{fffd}A")),
            ("\u{feff}[null,true,false]", list(&[Node::Null, Node::Bool, Node::Bool])),
            (" [ ] ", list(&[])),
        ] {
            assert_eq!(parse(json.as_bytes(), &limits()), Ok(expected), "{json}");
        }
        let map = parse(b"{\"a\": 1, \"a\": \"z\"}", &limits()).unwrap();
        assert_eq!(map.get_text("a"), Some("z"), "the last one counts");
    }

    #[test]
    fn wide_encodings_are_read() {
        let json = "{\"a\":\"中\"}";
        let units: Vec<u16> = json.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|u| u.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|u| u.to_be_bytes()).collect();
        let little4: Vec<u8> = json.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        let big4: Vec<u8> = json.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
        let marked = [vec![0xff, 0xfe], little.clone()].concat();
        for bytes in [json.as_bytes().to_vec(), little, big, little4, big4, marked] {
            let node = parse(&bytes, &limits()).unwrap();
            assert_eq!(node.get_text("a"), Some("中"), "{bytes:?}");
        }
    }

    #[test]
    fn faults_name_themselves() {
        let limit = |name, value| Fault::Limit { name, value };
        for (json, expected) in [
            ("[[[[[]]]]]", limit("depth", 4)),
            ("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", limit("entries", 20)),
            ("\"123456789\"", limit("string_bytes", 8)),
            (&" ".repeat(101), limit("header_bytes", 100)),
            ("", Fault::broken(0, "此处应为一个值", "a value is missing")),
            ("[1] x", Fault::broken(4, "文档之后还有内容", "there is more after the document")),
            ("{\"a\" 1}", Fault::broken(5, "键后缺少冒号", "a colon is missing after a key")),
            ("{1:1}", Fault::broken(1, "此处应为带引号的键", "a key in quotes is missing")),
            ("[1 2]", Fault::broken(3, "此处应为逗号或结束括号", "a comma or a closing bracket is missing")),
            ("\"abc", Fault::broken(4, "字符串没有结束", "a string does not end")),
            ("\"\\x\"", Fault::broken(2, "未知的转义", "an unknown escape")),
            ("\"\\u12", Fault::broken(3, "转义不完整", "an escape is incomplete")),
            ("\"\\u12g4\"", Fault::broken(3, "转义不是十六进制", "an escape is not hexadecimal")),
            ("-", Fault::broken(1, "数字不完整", "a number is incomplete")),
        ] {
            assert_eq!(parse(json.as_bytes(), &limits()), Err(expected), "{json}");
        }
        let deep = "[".repeat(5000);
        let endless = Limits { depth: u32::MAX, ..Limits::default() };
        assert_eq!(parse(deep.as_bytes(), &endless), Err(limit("depth", u64::from(DEEPEST))));
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes, &Limits::default());
        }

        #[test]
        fn what_serde_reads_is_read(depth in 0usize..6, text in ".{0,20}", number in any::<f64>()) {
            let mut value = serde_json::json!({ "k": text, "n": number });
            for _ in 0..depth {
                value = serde_json::json!([value, null, { "x": [] }]);
            }
            prop_assert!(parse(value.to_string().as_bytes(), &Limits::default()).is_ok());
        }
    }
}
