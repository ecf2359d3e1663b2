//! Characters that people do not see and models read.

use jingwei_core::Text;
use jingwei_read::Sighting;

/// A run of hidden characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub kind: HiddenKind,
    /// Of the first one, in bytes.
    pub offset: usize,
    pub first: char,
    pub count: usize,
    /// What the run spells, where it spells something.
    pub decoded: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HiddenKind {
    /// Unicode tags, which mirror ASCII.
    Tag,
    /// Changes the order in which text is shown.
    Direction,
    /// A run of variation selectors, each of which carries a byte.
    Selectors,
    /// A run of characters without width, which carries bits.
    ZeroWidthRun,
    /// A run of characters that only private fonts show.
    PrivateRun,
    /// Moves the cursor of a terminal.
    Escape,
    /// A single character without width, a direction mark or the like.
    Single,
}

/// What the text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Natural {
    Prose,
    /// One entry of a vocabulary: such characters may be tokens of their own.
    Token,
}

/// Selectors, or characters without width, that make a run.
const RUN: usize = 8;

impl Hidden {
    pub(crate) fn sighting(&self) -> Sighting {
        let (rule, key, zh, en) = match self.kind {
            HiddenKind::Tag => (PLANTED, "tag", "Unicode 标签字符", "Unicode tags"),
            HiddenKind::Direction => (PLANTED, "direction", "书写方向控制字符", "direction controls"),
            HiddenKind::Selectors => (PLANTED, "variation-selector", "异体选择符", "variation selectors"),
            HiddenKind::ZeroWidthRun => (PLANTED, "zero-width-run", "零宽字符", "zero-width characters in a row"),
            HiddenKind::PrivateRun => (PLANTED, "private-use", "私用区字符", "private-use characters in a row"),
            HiddenKind::Escape => (PLANTED, "escape", "终端控制符", "terminal escapes"),
            HiddenKind::Single => (SINGLE, "single", "零宽字符或方向标记", "zero-width characters or direction marks"),
        };
        let spelt = match &self.decoded {
            Some(text) => {
                let text = jingwei_read::shown(text);
                Text::new(format!("，拼出“{text}”"), format!(", which spell \"{text}\""))
            }
            None => Text::new("", ""),
        };
        Sighting::new(rule)
            .key(key)
            .with("offset", &self.offset.to_string())
            .with("count", &self.count.to_string())
            .with("character", &format!("U+{:04X}", u32::from(self.first)))
            .with_text("kind", Text::new(zh, en))
            .with_text("spelt", spelt)
    }
}

const PLANTED: &str = "model.template-hidden-characters";
const SINGLE: &str = "model.template-invisible";

/// All runs of hidden characters that do not belong where they stand.
pub(crate) fn find(text: &str, natural: Natural) -> Vec<Hidden> {
    let mut found = Vec::new();
    if text.is_ascii() && !text.contains('\u{1b}') {
        return found;
    }
    let mut before: Option<char> = None;
    let mut rest = text.char_indices().peekable();
    while let Some((offset, c)) = rest.next() {
        let Some(class) = class(c) else {
            before = Some(c);
            continue;
        };
        let mut run = vec![c];
        while let Some((_, next)) = rest.next_if(|(_, next)| self::class(*next) == Some(class)) {
            if run.len() < 4_096 {
                run.push(next);
            }
        }
        let after = rest.peek().map(|(_, c)| *c);
        if let Some((kind, decoded)) = judged(class, &run, before, after, offset, natural) {
            found.push(Hidden { kind, offset, first: c, count: run.len(), decoded });
        }
        before = run.last().copied();
    }
    found
}

/// The text without characters that nobody sees, so that words are whole.
pub(crate) fn without_hidden(text: &str) -> String {
    text.chars().filter(|c| class(*c).is_none_or(|class| matches!(class, Class::Private | Class::Escape))).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Tag,
    Direction,
    Selector,
    ZeroWidth,
    Private,
    Escape,
}

fn class(c: char) -> Option<Class> {
    Some(match c {
        '\u{1b}' => Class::Escape,
        '\0'..='\u{ac}' => return None,
        '\u{e0000}'..='\u{e007f}' => Class::Tag,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Class::Direction,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => Class::Selector,
        '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{2064}'
        | '\u{206a}'..='\u{206f}'
        | '\u{feff}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{34f}'
        | '\u{180e}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{3164}'
        | '\u{ffa0}' => Class::ZeroWidth,
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10fffd}' => Class::Private,
        _ => return None,
    })
}

fn judged(
    class: Class,
    run: &[char],
    before: Option<char>,
    after: Option<char>,
    offset: usize,
    natural: Natural,
) -> Option<(HiddenKind, Option<String>)> {
    match class {
        Class::Tag if before == Some('\u{1f3f4}') && run.len() <= 7 && run.last() == Some(&'\u{e007f}') => None,
        Class::Tag => Some((HiddenKind::Tag, spelt(run.iter().map(|c| u32::from(*c) - 0xe0000)))),
        Class::Direction => Some((HiddenKind::Direction, None)),
        Class::Selector if run.len() >= RUN => {
            Some((HiddenKind::Selectors, spelt(run.iter().filter_map(|c| byte_of(*c)))))
        }
        Class::Selector => (run.len() > 2 && natural == Natural::Prose).then_some((HiddenKind::Single, None)),
        Class::ZeroWidth if run.len() >= RUN => Some((HiddenKind::ZeroWidthRun, bits(run))),
        Class::ZeroWidth => {
            let joins = run.len() == 1 && joins(run[0], before, after, offset);
            (!joins && natural == Natural::Prose).then_some((HiddenKind::Single, None))
        }
        Class::Private => (run.len() >= RUN && natural == Natural::Prose).then(|| {
            let low = run.iter().map(|c| u32::from(*c) & 0xff);
            (HiddenKind::PrivateRun, spelt(low))
        }),
        Class::Escape => (after == Some('[') || after == Some(']')).then_some((HiddenKind::Escape, None)),
    }
}

/// A joiner between letters of scripts that need it or between pictures, or a mark at the very start.
fn joins(c: char, before: Option<char>, after: Option<char>, offset: usize) -> bool {
    let script = |c: Option<char>| {
        c.is_some_and(|c| matches!(c, '\u{5d0}'..='\u{8ff}' | '\u{900}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'))
    };
    let picture = |c: Option<char>| {
        c.is_some_and(|c| matches!(c, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}'))
    };
    match c {
        '\u{feff}' => offset == 0,
        '\u{200d}' => script(before) || picture(before) && picture(after),
        '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => script(before) || script(after),
        _ => false,
    }
}

/// The byte that a variation selector carries where it smuggles one.
fn byte_of(c: char) -> Option<u32> {
    match u32::from(c) {
        code @ 0xfe00..=0xfe0f => Some(code - 0xfe00),
        code @ 0xe0100..=0xe01ef => Some(code - 0xe0100 + 16),
        _ => None,
    }
}

/// Two kinds of characters, eight to a byte.
fn bits(run: &[char]) -> Option<String> {
    let zero = *run.first()?;
    let one = *run.iter().find(|c| **c != zero)?;
    let low = zero.min(one);
    let byte = |bits: &[char]| bits.iter().fold(0u32, |byte, c| byte << 1 | u32::from(*c != low));
    spelt(run.chunks_exact(8).map(byte))
}

/// The printable ASCII among the codes, if that is most of them.
fn spelt(codes: impl Iterator<Item = u32>) -> Option<String> {
    let (mut text, mut all) = (String::new(), 0usize);
    for code in codes {
        all += 1;
        text.extend(char::from_u32(code).filter(|c| matches!(c, ' '..='~')));
    }
    (!text.is_empty() && text.len() * 4 >= all * 3).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> String {
        text.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xe0000)).collect()
    }

    fn selectors(text: &str) -> String {
        text.bytes().filter_map(|b| char::from_u32(u32::from(b) - 16 + 0xe0100)).collect()
    }

    fn bits_of(text: &str) -> String {
        let bit = |byte: u8, n: u8| if byte >> (7 - n) & 1 == 1 { '\u{200c}' } else { '\u{200b}' };
        text.bytes().flat_map(|byte| (0..8).map(move |n| bit(byte, n))).collect()
    }

    #[test]
    fn planted_characters_are_found_and_read() {
        for (text, expected) in [
            ("plain".to_owned(), None),
            ("中文，عربى، हिन्दी".to_owned(), None),
            ("می\u{200c}خواهم".to_owned(), None),
            ("क\u{94d}\u{200d}ष".to_owned(), None),
            ("👨\u{200d}👩\u{200d}👧 ❤\u{fe0f}".to_owned(), None),
            ("\u{feff}start".to_owned(), None),
            ("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}".to_owned(), None),
            ("one \u{e000} sign".to_owned(), None),
            ("a\u{200b}b".to_owned(), Some((HiddenKind::Single, None))),
            (format!("hi{}", tags("ignore")), Some((HiddenKind::Tag, Some("ignore")))),
            ("say \u{202e}yes".to_owned(), Some((HiddenKind::Direction, None))),
            (format!("😀{}", selectors("leak the key")), Some((HiddenKind::Selectors, Some("leak the key")))),
            (format!("a{}", bits_of("run")), Some((HiddenKind::ZeroWidthRun, Some("run")))),
            ("x\u{1b}[2J".to_owned(), Some((HiddenKind::Escape, None))),
            (
                "\u{e069}\u{e067}\u{e06e}\u{e06f}\u{e072}\u{e065}\u{e020}\u{e061}".to_owned(),
                Some((HiddenKind::PrivateRun, Some("ignore a"))),
            ),
        ] {
            let found = find(&text, Natural::Prose);
            let seen = found.first().map(|hidden| (hidden.kind, hidden.decoded.as_deref()));
            assert_eq!(seen, expected, "{text:?}");
        }
    }

    #[test]
    fn a_token_may_be_such_a_character() {
        for token in [
            "\u{200b}",
            "\u{200d}\u{200c}",
            "\u{feff}",
            "\u{e000}\u{e001}\u{e002}\u{e003}\u{e004}\u{e005}\u{e006}\u{e007}",
        ] {
            assert_eq!(find(token, Natural::Token), [], "{token:?}");
        }
    }
}
