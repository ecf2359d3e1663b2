//! The string literals of a JSON text, as they stand: whole or broken off, with keys that stand twice, however deep.
//!
//! Tools read the arguments of a call with parsers of their own, so what a strict parser refuses is read here too.

use std::ops::Range;

/// One string literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Literal {
    /// What stands between the quotes.
    pub place: Range<usize>,
    pub is_key: bool,
    /// Where it stands: `/a/0/b`. That of a key is that of its value.
    pub pointer: String,
}

/// It is nested deeper than was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooDeep;

struct Frame {
    is_object: bool,
    expects_key: bool,
    key: String,
    index: usize,
}

/// Whether a text looks like a JSON object, list or string.
pub(crate) fn looks_like_json(text: &str) -> bool {
    matches!(text.trim_start().as_bytes().first(), Some(b'{' | b'[' | b'"'))
}

/// Every string literal for which `wanted` says so, by what stands between its quotes.
pub(crate) fn literals(text: &str, deepest: u32, wanted: impl Fn(&str) -> bool) -> Result<Vec<Literal>, TooDeep> {
    let bytes = text.as_bytes();
    let (mut found, mut frames): (Vec<Literal>, Vec<Frame>) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => {
                if frames.len() >= deepest as usize {
                    return Err(TooDeep);
                }
                let is_object = *byte == b'{';
                frames.push(Frame { is_object, expects_key: is_object, key: String::new(), index: 0 });
            }
            b'}' | b']' => {
                frames.pop();
            }
            b',' => {
                if let Some(frame) = frames.last_mut() {
                    frame.expects_key = frame.is_object;
                    frame.index += 1;
                }
            }
            b':' => {
                if let Some(frame) = frames.last_mut() {
                    frame.expects_key = false;
                }
            }
            b'"' => {
                let place = at..end_of(bytes, at);
                at = (place.end + 1).min(bytes.len());
                let inner = text.get(place.clone()).unwrap_or_default();
                let is_key = frames.last().is_some_and(|frame| frame.expects_key);
                if let Some(frame) = frames.last_mut().filter(|_| is_key) {
                    frame.key = decoded(inner);
                }
                if wanted(inner) {
                    found.push(Literal { place, is_key, pointer: pointer(&frames) });
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Where the literal ends that begins at `at`: its closing quote, or the end of a text that was broken off.
fn end_of(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn pointer(frames: &[Frame]) -> String {
    let mut pointer = String::new();
    for frame in frames {
        pointer.push('/');
        if frame.is_object {
            pointer.push_str(&frame.key.replace('~', "~0").replace('/', "~1"));
        } else {
            pointer.push_str(&frame.index.to_string());
        }
    }
    pointer
}

/// What a literal says once its escapes are read. A broken escape stays as it stands, half a surrogate pair is U+FFFD.
pub(crate) fn decoded(literal: &str) -> String {
    let mut out = String::with_capacity(literal.len());
    let mut rest = literal;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at..];
        let (decoded, length) = match escape.as_bytes().get(1) {
            Some(b'n') => ('\n', 2),
            Some(b't') => ('\t', 2),
            Some(b'r') => ('\r', 2),
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'"') => ('"', 2),
            Some(b'\\') => ('\\', 2),
            Some(b'/') => ('/', 2),
            Some(b'u') => unit_or_pair(escape),
            _ => ('\\', 1),
        };
        out.push(decoded);
        rest = &escape[length..];
    }
    out.push_str(rest);
    out
}

/// The character of `\uXXXX` or of a pair of them, and the bytes that it takes.
fn unit_or_pair(escape: &str) -> (char, usize) {
    let unit = |from: usize| {
        let digits = escape.get(from..from + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok())
    };
    let Some(first) = unit(2) else { return ('\\', 1) };
    if let Some(c) = char::from_u32(first) {
        return (c, 6);
    }
    let second = escape.get(6..8).filter(|begins| *begins == "\\u").and_then(|_| unit(8));
    match second {
        Some(second @ 0xdc00..=0xdfff) if first < 0xdc00 => {
            let c = char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            (c.unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        _ => (char::REPLACEMENT_CHARACTER, 6),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str, bool)]) {
        let found = literals(text, 10, |_| true).unwrap();
        let found: Vec<_> =
            found.iter().map(|l| (l.pointer.as_str(), decoded(&text[l.place.clone()]), l.is_key)).collect();
        let expected: Vec<_> = expected.iter().map(|(p, t, k)| (*p, (*t).to_owned(), *k)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn literals_are_found_in_whole_and_in_broken_json() {
        check(
            r#"{"a":["x",{"b/c":"\u70b8\ud83d\ude00"}],"n":1}"#,
            &[
                ("/a", "a", true),
                ("/a/0", "x", false),
                ("/a/1/b~1c", "b/c", true),
                ("/a/1/b~1c", "炸😀", false),
                ("/n", "n", true),
            ],
        );
        check(
            r#"{"a":"1","a":"\n2"}"#,
            &[("/a", "a", true), ("/a", "1", false), ("/a", "a", true), ("/a", "\n2", false)],
        );
        check(r#"{"a":"bro"#, &[("/a", "a", true), ("/a", "bro", false)]);
        check(r#""\ud83d \q \u12 \\\"""#, &[("", "\u{fffd} \\q \\u12 \\\"", false)]);
        check("", &[]);
        check("]},:", &[]);
        check("\"\\", &[("", "\\", false)]);
        assert_eq!(literals(&"[".repeat(10_000), 64, |_| true), Err(TooDeep));
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_read_back(text in ".{0,40}") {
            let json = serde_json::to_string(&text).unwrap();
            let found = literals(&json, 4, |_| true).unwrap();
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(decoded(&json[found[0].place.clone()]), text);
        }

        #[test]
        fn no_text_is_too_odd(text in r#"[\[\]{}",:\\ua0炸]{0,60}"#) {
            for literal in literals(&text, 64, |_| true).unwrap() {
                decoded(&text[literal.place]);
            }
        }
    }
}
