//! What can be told of JSON from its front.

/// The front of an object, or of a list of objects or texts.
pub(crate) fn looks_like(front: &[u8]) -> bool {
    let front = without_mark(front);
    let first = front.iter().position(|b| !b.is_ascii_whitespace()).map(|at| &front[at..]);
    let (rest, inside): (&[u8], &[u8]) = match first {
        Some([b'{', rest @ ..]) => (rest, b"\"}"),
        Some([b'[', rest @ ..]) => (rest, b"{\"]"),
        _ => return false,
    };
    rest.iter().find(|b| !b.is_ascii_whitespace()).is_some_and(|b| inside.contains(b))
}

/// Without the UTF-8 byte order mark.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// serde_json tells line and column; a report wants the byte.
pub(crate) fn offset_of(bytes: &[u8], error: &serde_json::Error) -> u64 {
    let lines_before = bytes.split_inclusive(|b| *b == b'\n').take(error.line().saturating_sub(1));
    (lines_before.map(<[u8]>::len).sum::<usize>() + error.column().saturating_sub(1)) as u64
}
