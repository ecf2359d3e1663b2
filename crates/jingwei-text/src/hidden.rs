use jingwei_core::Span;

/// A character that shows nothing and may carry something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hidden {
    pub kind: HiddenKind,
    pub character: char,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HiddenKind {
    /// Zero-width space, joiner, non-joiner, word joiner, soft hyphen, byte order mark, fillers.
    ZeroWidth,
    /// Changes the direction in which text is shown (Unicode UAX 9).
    BidiControl,
    /// Tags U+E0000–U+E007F, which can spell ASCII that nobody sees.
    Tag,
    /// U+FE00–U+FE0F, U+E0100–U+E01EF and the Mongolian ones.
    VariationSelector,
    /// C0 and C1 controls other than tab, line feed and carriage return.
    Control,
}

/// What kind of hidden character it is, if it is one.
#[must_use]
pub fn is_hidden(c: char) -> Option<HiddenKind> {
    Some(match c {
        '\t' | '\n' | '\r' | ' '..='~' => return None,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' => HiddenKind::Control,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' => HiddenKind::ZeroWidth,
        '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' => HiddenKind::ZeroWidth,
        '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' => HiddenKind::ZeroWidth,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' => HiddenKind::ZeroWidth,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            HiddenKind::BidiControl
        }
        '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
            HiddenKind::VariationSelector
        }
        '\u{e0000}'..='\u{e007f}' => HiddenKind::Tag,
        _ => return None,
    })
}

/// Hidden characters and where they stand. Left out are those that ordinary writing needs: joiners and
/// selectors inside emoji, joiners between letters of scripts that use them, a byte order mark at the start.
#[must_use]
pub fn find_hidden(text: &str) -> Vec<Hidden> {
    let mut found = Vec::new();
    let mut previous: Option<char> = None;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        if let Some(kind) = is_hidden(c)
            && !is_ordinary(c, at, previous, next)
        {
            found.push(Hidden { kind, character: c, span: Span { start: at, end: at + c.len_utf8() } });
        }
        if c != '\u{fe0f}' && c != '\u{fe0e}' {
            previous = Some(c);
        }
    }
    found
}

fn is_ordinary(c: char, at: usize, previous: Option<char>, next: Option<char>) -> bool {
    match c {
        '\u{feff}' => at == 0,
        // A selector chooses the look of a symbol, and of nothing else.
        '\u{fe0e}' | '\u{fe0f}' => previous.is_some_and(|p| is_pictograph(p) || matches!(p, '0'..='9' | '#' | '*')),
        '\u{200d}' => {
            let joins = |c: Option<char>| c.is_some_and(|c| is_pictograph(c) || needs_joiners(c));
            joins(previous) && joins(next)
        }
        '\u{200c}' => previous.is_some_and(needs_joiners) && next.is_some_and(needs_joiners),
        // A flag of a part of a country: a black flag, then tags.
        '\u{e0020}'..='\u{e007f}' => previous.is_some_and(|p| p == '\u{1f3f4}'),
        _ => false,
    }
}

fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{a9}' | '\u{ae}' | '\u{203c}'..='\u{3299}' | '\u{1f000}'..='\u{1faff}') && is_hidden(c).is_none()
}

/// Arabic, Syriac, Indic and South-East Asian letters, in which joiners are spelling.
fn needs_joiners(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
        && is_hidden(c).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(HiddenKind, usize)]) {
        let found: Vec<_> = find_hidden(text).iter().map(|h| (h.kind, h.span.start)).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn hidden_characters_are_found_where_they_stand() {
        check("a\u{200b}b", &[(HiddenKind::ZeroWidth, 1)]);
        check("经\u{202e}纬", &[(HiddenKind::BidiControl, 3)]);
        check("x\u{e0041}", &[(HiddenKind::Tag, 1)]);
        check("x\u{fe01}\u{e0100}", &[(HiddenKind::VariationSelector, 1), (HiddenKind::VariationSelector, 4)]);
        check("a\u{feff}b\u{0}", &[(HiddenKind::ZeroWidth, 1), (HiddenKind::Control, 5)]);
        check("a\u{200d}b", &[(HiddenKind::ZeroWidth, 1)]);
    }

    #[test]
    fn ordinary_writing_has_none() {
        for text in [
            "",
            "tab\tline\r\n",
            "\u{feff}start",
            "👨\u{200d}👩\u{200d}👧 ❤\u{fe0f} 1\u{fe0f}\u{20e3}",
            "می\u{200c}خواهم",
        ] {
            check(text, &[]);
        }
    }
}
