//! Escapes of the text opcodes of protocol 0.

/// `\n`, `\x41`, `\101` in bytes, as in a `repr` of Python 2. `None`: cut short.
pub(crate) fn bytes(escaped: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let (code, tail) = rest.split_first()?;
        rest = tail;
        match code {
            b'\n' => {}
            b'\\' | b'\'' | b'"' => out.push(*code),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'0'..=b'7' => {
                let digits = 1 + rest.iter().take(2).take_while(|b| matches!(b, b'0'..=b'7')).count();
                let value =
                    std::iter::once(code).chain(rest).take(digits).fold(0u32, |n, b| n * 8 + u32::from(b - b'0'));
                out.push(value.to_le_bytes()[0]);
                rest = &rest[digits - 1..];
            }
            b'x' => {
                let digits = rest.get(..2)?;
                out.push(u8::try_from(hex(digits)?).ok()?);
                rest = &rest[2..];
            }
            other => out.extend([b'\\', *other]),
        }
    }
    Some(out)
}

/// Whether Python decodes a text, or the beginning of one: UTF-8, with lone surrogates let pass.
pub(crate) fn is_utf8(text: &[u8], is_whole: bool) -> bool {
    let mut rest = text;
    loop {
        let Err(error) = std::str::from_utf8(rest) else { return true };
        rest = &rest[error.valid_up_to()..];
        match rest {
            [0xed, 0xa0..=0xbf, 0x80..=0xbf, after @ ..] => rest = after,
            // Cut within a character.
            [0xed] | [0xed, 0xa0..=0xbf] => return !is_whole,
            _ => return !is_whole && error.error_len().is_none(),
        }
    }
}

/// `\u4e00` and `\U0001f600` in latin-1 bytes, as UTF-8. Lone surrogates become three bytes each, as Python's
/// `surrogatepass` writes them.
pub(crate) fn raw_unicode(escaped: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(escaped.len());
    let mut at = 0;
    while let Some(byte) = escaped.get(at) {
        let backslashes = escaped[at..].iter().take_while(|b| **b == b'\\').count();
        let code = escaped.get(at + backslashes).copied();
        if backslashes % 2 == 1 && matches!(code, Some(b'u' | b'U')) {
            out.extend(std::iter::repeat_n(b'\\', backslashes - 1));
            let digits = if code == Some(b'u') { 4 } else { 8 };
            let start = at + backslashes + 1;
            push(&mut out, hex(escaped.get(start..start + digits)?)?)?;
            at = start + digits;
        } else if backslashes > 0 {
            out.extend(std::iter::repeat_n(b'\\', backslashes));
            at += backslashes;
        } else {
            push(&mut out, u32::from(*byte))?;
            at += 1;
        }
    }
    Some(out)
}

fn push(out: &mut Vec<u8>, code: u32) -> Option<()> {
    match char::from_u32(code) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None if (0xd800..0xe000).contains(&code) => {
            let [low, high, ..] = code.to_le_bytes();
            out.extend([0xe0 | (high >> 4), 0x80 | ((high & 0x0f) << 2) | (low >> 6), 0x80 | (low & 0x3f)]);
        }
        None => return None,
    }
    Some(())
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |n, b| Some((n << 4) | char::from(*b).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_python_s() {
        for (escaped, expected) in [
            (r"plain", Some(b"plain".to_vec())),
            (r"a\n\x41\101\0", Some(b"a\nAA\0".to_vec())),
            (r"\q\'", Some(br"\q'".to_vec())),
            (r"\x4", None),
            ("\\", None),
        ] {
            assert_eq!(bytes(escaped.as_bytes()), expected, "{escaped}");
        }
        for (escaped, expected) in [
            (&b"os"[..], Some("os".as_bytes().to_vec())),
            (br"\u6a21\U0001f600\n", Some("模😀\\n".as_bytes().to_vec())),
            (br"\\u0041", Some(br"\\u0041".to_vec())),
            (b"\xe9", Some("é".as_bytes().to_vec())),
            (br"\ud800", Some(vec![0xed, 0xa0, 0x80])),
            (br"\u12", None),
            (br"\U00110000", None),
        ] {
            assert_eq!(raw_unicode(escaped), expected, "{escaped:?}");
        }
    }
}
