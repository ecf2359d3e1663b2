use jingwei_core::Limits;
use serde_json::Value;

/// Why bytes were not read as JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    #[error("the document is empty")]
    Empty,
    #[error("the document is larger than {limit} bytes")]
    TooLarge { limit: u64 },
    #[error("the document is nested deeper than {limit} levels")]
    TooDeep { limit: u32 },
    #[error("a string is longer than {limit} bytes")]
    LongString { limit: u64 },
    #[error("the document has more than {limit} values")]
    TooMany { limit: u64 },
    #[error("the document is not UTF-8 from byte {offset} on")]
    NotUtf8 { offset: usize },
    #[error("the document ends too early, at byte {bytes}")]
    Truncated { bytes: usize },
    #[error("the document is not JSON at line {line}, column {column}")]
    NotJson { line: usize, column: usize },
}

/// Reads a JSON document within limits. Where a key stands twice the last one counts, so a caller that
/// passes the document on must pass on what it read, not what it got.
pub fn read_json(bytes: &[u8], limits: &Limits) -> Result<Value, JsonFault> {
    if bytes.len() as u64 > limits.header_bytes {
        return Err(JsonFault::TooLarge { limit: limits.header_bytes });
    }
    let text = std::str::from_utf8(bytes).map_err(|e| JsonFault::NotUtf8 { offset: e.valid_up_to() })?;
    if text.trim_ascii().is_empty() {
        return Err(JsonFault::Empty);
    }
    weigh(bytes, limits)?;
    serde_json::from_str(text).map_err(|e| {
        if e.is_eof() {
            JsonFault::Truncated { bytes: bytes.len() }
        } else {
            JsonFault::NotJson { line: e.line(), column: e.column() }
        }
    })
}

/// One pass over the raw bytes before anything is built from them: depth, values, longest string.
fn weigh(bytes: &[u8], limits: &Limits) -> Result<(), JsonFault> {
    // serde_json itself gives up at 128 levels; a larger limit would blame the wrong thing.
    let deepest = limits.depth.min(127);
    let (mut depth, mut values) = (0_u32, 1_u64);
    let mut string_start = None;
    let mut escaped = false;
    for (offset, &byte) in bytes.iter().enumerate() {
        if let Some(start) = string_start {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' if (offset - start) as u64 > limits.string_bytes => {
                    return Err(JsonFault::LongString { limit: limits.string_bytes });
                }
                b'"' => string_start = None,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => string_start = Some(offset + 1),
            b'{' | b'[' => {
                depth += 1;
                values += 1;
                if depth > deepest {
                    return Err(JsonFault::TooDeep { limit: deepest });
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if values > limits.entries {
            return Err(JsonFault::TooMany { limit: limits.entries });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Result<(), JsonFault>) {
        let limits = Limits { header_bytes: 4096, depth: 8, string_bytes: 20, entries: 10, ..Limits::default() };
        assert_eq!(read_json(bytes, &limits).map(|_| ()), expected, "{:?}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn every_limit_and_fault_has_its_name() {
        check(br#"{"a": [1, "x\"]]]]]]]]]]]]", {"b": null}]}"#, Ok(()));
        check(b"", Err(JsonFault::Empty));
        check(b" \n", Err(JsonFault::Empty));
        check(&[b' '; 4097], Err(JsonFault::TooLarge { limit: 4096 }));
        check(&[b'['; 9], Err(JsonFault::TooDeep { limit: 8 }));
        check(format!("\"{}\"", "x".repeat(21)).as_bytes(), Err(JsonFault::LongString { limit: 20 }));
        check(format!("\"{}\"", "x".repeat(20)).as_bytes(), Ok(()));
        check(b"[1,1,1,1,1,1,1,1,1,1,1]", Err(JsonFault::TooMany { limit: 10 }));
        check(b"{\"a\": \"\xff\"}", Err(JsonFault::NotUtf8 { offset: 7 }));
        check(br#"{"a": "#, Err(JsonFault::Truncated { bytes: 6 }));
        check(br#"{"a": nope}"#, Err(JsonFault::NotJson { line: 1, column: 8 }));
        check(b"<html>", Err(JsonFault::NotJson { line: 1, column: 1 }));
    }

    #[test]
    fn ten_thousand_levels_are_refused_by_the_default_limits() {
        let deep = vec![b'['; 10_000];
        assert_eq!(read_json(&deep, &Limits::default()), Err(JsonFault::TooDeep { limit: 64 }));
    }
}
