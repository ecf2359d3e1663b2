//! The escapes of Python string literals, which templates share.

/// The text that a literal stands for, and whether every escape in it is known.
pub(crate) fn decoded(body: &str) -> (String, bool) {
    let mut out = String::with_capacity(body.len());
    let mut known = true;
    let mut rest = body;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let Some(first) = escape.chars().next() else {
            out.push('\\');
            return (out, known);
        };
        let after = first.len_utf8();
        let (character, used) = match first {
            'n' => (Some('\n'), after),
            't' => (Some('\t'), after),
            'r' => (Some('\r'), after),
            'a' => (Some('\u{7}'), after),
            'b' => (Some('\u{8}'), after),
            'f' => (Some('\u{c}'), after),
            'v' => (Some('\u{b}'), after),
            '\n' => (None, after),
            '\\' | '\'' | '"' => (Some(first), after),
            'x' => coded(escape, 2),
            'u' => coded(escape, 4),
            'U' => coded(escape, 8),
            'N' => named(escape, &mut known),
            '0'..='7' => octal(escape),
            _ => {
                out.push('\\');
                (Some(first), after)
            }
        };
        out.extend(character);
        rest = &escape[used..];
    }
    out.push_str(rest);
    (out, known)
}

fn coded(escape: &str, digits: usize) -> (Option<char>, usize) {
    let code = escape.get(1..=digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    match code {
        // Half of a pair stands for no character.
        Some(code) => (Some(char::from_u32(code).unwrap_or('\u{fffd}')), 1 + digits),
        None => (escape.chars().next(), 1),
    }
}

fn octal(escape: &str) -> (Option<char>, usize) {
    let count = escape.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
    (u32::from_str_radix(&escape[..count], 8).ok().and_then(char::from_u32), count)
}

/// `\N{LOW LINE}`. The names that spell attribute names are known, the others are not.
fn named(escape: &str, known: &mut bool) -> (Option<char>, usize) {
    let body = escape.strip_prefix("N{");
    let Some((name, _)) = body.and_then(|body| body.split_once('}')) else {
        return (Some('N'), 1);
    };
    let upper = name.to_ascii_uppercase();
    let letter = |prefix: &str| upper.strip_prefix(prefix).filter(|l| l.len() == 1).and_then(|l| l.chars().next());
    let character = match upper.as_str() {
        "LOW LINE" | "UNDERSCORE" | "SPACING UNDERSCORE" => Some('_'),
        "SPACE" => Some(' '),
        "FULL STOP" => Some('.'),
        _ => letter("LATIN SMALL LETTER ").map(|c| c.to_ascii_lowercase()).or(letter("LATIN CAPITAL LETTER ")),
    };
    *known &= character.is_some();
    (Some(character.unwrap_or('\u{fffd}')), name.len() + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_characters() {
        for (body, expected, known) in [
            ("plain", "plain", true),
            (r"\x5f\x5fclass\137_", "__class__", true),
            (r"\u005f\U0000005f", "__", true),
            (r"\N{LOW LINE}\N{LATIN SMALL LETTER A}", "_a", true),
            (r"\N{BLACK CHESS KING}", "\u{fffd}", false),
            (r"\ud800", "\u{fffd}", true),
            (r"\x5", "x5", true),
            (r"\N", "N", true),
            ("\\", "\\", true),
            ("\\\n\\'\\q", "'\\q", true),
        ] {
            assert_eq!(decoded(body), (expected.to_owned(), known), "{body}");
        }
    }
}
