//! What Python reads as JSON and the standard does not allow.

/// `NaN` and `Infinity` as numbers and halves of surrogate pairs as replacement characters, each of the same length,
/// so that offsets stay. Nothing where there is nothing to mend.
pub(crate) fn mended(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.to_vec();
    let mut changed = false;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string(bytes, &mut out, at + 1, &mut changed),
            b'N' if bytes[at..].starts_with(b"NaN") => {
                out[at..at + 3].copy_from_slice(b"0.0");
                changed = true;
                at += 3;
            }
            b'I' if bytes[at..].starts_with(b"Infinity") => {
                out[at..at + 8].copy_from_slice(b"1.000000");
                changed = true;
                at += 8;
            }
            _ => at += 1,
        }
    }
    changed.then_some(out)
}

/// Past the end of the string that begins here.
fn string(bytes: &[u8], out: &mut [u8], mut at: usize, changed: &mut bool) -> usize {
    let code = |at: usize| {
        let digits = bytes.get(at..at + 6).filter(|escape| escape.starts_with(b"\\u"))?;
        u32::from_str_radix(std::str::from_utf8(&digits[2..]).ok()?, 16).ok()
    };
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => match code(at) {
                Some(0xd800..=0xdbff) if matches!(code(at + 6), Some(0xdc00..=0xdfff)) => at += 12,
                Some(0xd800..=0xdfff) => {
                    out[at + 2..at + 6].copy_from_slice(b"fffd");
                    *changed = true;
                    at += 6;
                }
                _ => at += 2,
            },
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_python_allows_is_mended() {
        for (text, expected) in [
            (r#"{"a": [0.0, Infinity]}"#, Some(r#"{"a": [0.0, 1.000000]}"#)),
            (r#"{"a": -Infinity, "b": NaN}"#, Some(r#"{"a": -1.000000, "b": 0.0}"#)),
            (r#"{"NaN": "Infinity \" NaN"}"#, None),
            (r#"{"a": "\ud800"}"#, Some(r#"{"a": "\ufffd"}"#)),
            (r#"{"a": "\ud83d\ude00"}"#, None),
            (r#"{"a": "\\ud800"}"#, None),
            (r#"{"a": "\ud8"#, None),
        ] {
            assert_eq!(mended(text.as_bytes()), expected.map(|text| text.as_bytes().to_vec()), "{text}");
        }
    }
}
