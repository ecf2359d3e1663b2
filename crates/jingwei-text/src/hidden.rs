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
    let mut flag_end = 0;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        if c == BLACK_FLAG {
            flag_end = at + flag_len(&text[at..]);
        }
        if let Some(kind) = is_hidden(c)
            && at >= flag_end
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
        // Marks of direction beside a letter of a script that is written from right to left.
        '\u{61c}' | '\u{200e}' | '\u{200f}' => {
            previous.is_some_and(is_right_to_left) || next.is_some_and(is_right_to_left)
        }
        _ => false,
    }
}

const BLACK_FLAG: char = '\u{1f3f4}';
/// Tags of the longest name of a part of a country (ISO 3166-2: two letters, then up to three).
const MAX_FLAG_TAGS: usize = 5;

/// Bytes of the flag of a part of a country that begins here (Unicode UTS 51): a black flag, tags that spell its name
/// in small letters and digits, the cancel tag. 0 if it is no such flag: then its tags may spell anything.
fn flag_len(text: &str) -> usize {
    let mut tags = 0;
    for (at, c) in text.char_indices().skip(1).take(MAX_FLAG_TAGS + 1) {
        match c {
            '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}' => tags += 1,
            '\u{e007f}' if tags >= 3 => return at + c.len_utf8(),
            _ => break,
        }
    }
    0
}

/// Hebrew, Arabic, Syriac, Thaana, N'Ko and their presentation forms.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}') && is_hidden(c).is_none()
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
        check("a\u{200e}b\u{200f}中", &[(HiddenKind::BidiControl, 1), (HiddenKind::BidiControl, 5)]);
        check("א\u{202e}ב", &[(HiddenKind::BidiControl, 2)]);
        // A flag whose name is too long, too short, has capitals or no end carries something else.
        for name in ["evil", "gbengland", "gb", "GBENG"] {
            let end = if name == "evil" { "" } else { "\u{e007f}" };
            let tags = name.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xe0000)).chain(end.chars());
            let expected: Vec<_> = (0..tags.clone().count()).map(|nth| (HiddenKind::Tag, 4 + 4 * nth)).collect();
            check(&format!("🏴{}", tags.collect::<String>()), &expected);
        }
    }

    #[test]
    fn ordinary_writing_has_none() {
        for text in [
            "",
            "tab\tline\r\n",
            "\u{feff}start",
            "👨\u{200d}👩\u{200d}👧 ❤\u{fe0f} 1\u{fe0f}\u{20e3}",
            "می\u{200c}خواهم",
            "שלום\u{200f}! C++\u{200e}עברית\u{200e}، عربي\u{61c}!",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} 🏴\u{e0075}\u{e0073}\u{e0074}\u{e0078}\u{e007f}ok",
        ] {
            check(text, &[]);
        }
    }
}
