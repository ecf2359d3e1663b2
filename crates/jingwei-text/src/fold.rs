//! One character, or one cluster of a letter and its marks, becomes what it is compared as.

use std::{
    iter,
    sync::{
        OnceLock,
        atomic::{AtomicU16, Ordering},
    },
};

use unicode_normalization::{IsNormalized, UnicodeNormalization, char::canonical_combining_class, is_nfkc_quick};

use crate::{
    characters::Sound,
    confusables,
    hidden::is_hidden,
    simplify::to_simplified,
    split::{is_later_part, is_part},
};

/// A character of the normal form and the bytes that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unit {
    pub c: char,
    pub start: usize,
    pub end: usize,
}

/// How much is folded away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folding {
    /// NFKC.
    Compatibility,
    /// And case, and traditional characters.
    Caseless,
    /// And look-alikes and accents.
    Words,
}

/// What a single character becomes when no mark follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Folded(u32);

impl Folded {
    /// What it becomes; the sound of a character that is [`Self::PLAIN`].
    const CHARACTER: u32 = (1 << 21) - 1;
    /// No composition with what stands before can happen at it.
    const BEGINS: u32 = 1 << 21;
    /// It becomes exactly one character.
    const SIMPLE: u32 = 1 << 22;
    const HIDDEN: u32 = 1 << 23;
    const IDEOGRAPH: u32 = 1 << 24;
    const SEPARATOR: u32 = 1 << 25;
    const SPACE: u32 = 1 << 26;
    /// It may be the first part of a character that was taken apart, or a later one.
    const PART: u32 = 1 << 27;
    const LATER_PART: u32 = 1 << 28;
    /// A Chinese character that stays as it is.
    const PLAIN: u32 = 1 << 29;

    fn compute(c: char, folding: Folding) -> Self {
        if is_hidden(c).is_some() {
            return Self(Self::HIDDEN);
        }
        let mut units = Vec::new();
        fold_cluster(&[Unit { c, start: 0, end: c.len_utf8() }], folding, &mut units);
        let begins = if begins_cluster(c) { Self::BEGINS } else { 0 };
        match units.as_slice() {
            [unit] => {
                let folded = begins | Self::SIMPLE | Self::of_character(unit.c);
                if begins != 0 && unit.c == c && is_ideograph(c) {
                    return Self(folded & !Self::CHARACTER | Self::PLAIN | Sound::of(c).number());
                }
                Self(folded)
            }
            _ => Self(begins),
        }
    }

    /// The kind of a character that is folded already.
    fn of_character(c: char) -> u32 {
        u32::from(c)
            | if is_ideograph(c) { Self::IDEOGRAPH } else { 0 }
            | if is_separator(c) { Self::SEPARATOR } else { 0 }
            | if c.is_whitespace() { Self::SPACE } else { 0 }
            | if is_part(c) { Self::PART } else { 0 }
            | if is_later_part(c) { Self::LATER_PART } else { 0 }
    }

    /// A character that came out of a cluster.
    pub fn from_character(c: char) -> Self {
        Self(Self::SIMPLE | Self::of_character(c))
    }

    /// What a character becomes of which this is said.
    #[inline]
    pub fn character(self, c: char) -> char {
        if self.is_plain() {
            return c;
        }
        char::from_u32(self.0 & Self::CHARACTER).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    pub fn begins(self) -> bool {
        self.0 & Self::BEGINS != 0
    }

    pub fn is_simple(self) -> bool {
        self.0 & Self::SIMPLE != 0
    }

    pub fn is_hidden(self) -> bool {
        self.0 & Self::HIDDEN != 0
    }

    pub fn is_plain(self) -> bool {
        self.0 & Self::PLAIN != 0
    }

    pub fn is_ideograph(self) -> bool {
        self.0 & Self::IDEOGRAPH != 0
    }

    pub fn is_separator(self) -> bool {
        self.0 & Self::SEPARATOR != 0
    }

    pub fn is_space(self) -> bool {
        self.0 & Self::SPACE != 0
    }

    pub fn is_part(self) -> bool {
        self.0 & Self::PART != 0
    }

    pub fn is_later_part(self) -> bool {
        self.0 & Self::LATER_PART != 0
    }
}

/// Tables of the basic plane, made a page at a time when a text needs them.
pub(crate) struct Table {
    folding: Folding,
    pages: [OnceLock<Box<[Folded; 256]>>; 256],
    /// The East Asian characters of the basic plane once more, half as large: most of a Chinese text, so they should stay
    /// near the processor.
    east: [AtomicU16; Eastern::COUNT],
}

/// A character of U+3000 to U+AFFF: kana, Chinese characters and their punctuation, by its place among them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Eastern(u32);

impl Eastern {
    const FIRST: u32 = 0x3000;
    const COUNT: usize = 0x8000;

    /// The three bytes of UTF-8, if they are those of one.
    #[inline(always)]
    pub fn of([a, b, c]: [u8; 3]) -> Option<Self> {
        let lead = a.wrapping_sub(0xe3);
        (lead < 8).then_some(Self(u32::from(lead) << 12 | u32::from(b & 63) << 6 | u32::from(c & 63)))
    }

    #[inline(always)]
    pub fn code(self) -> u32 {
        self.0 + Self::FIRST
    }
}

/// What must be known of such a character if it may stay as it is: its sound, and what stands above.
#[derive(Debug, Clone, Copy)]
pub(crate) struct East(u16);

/// Whether a character is a part of others.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Parts(u16);

/// Of what came last only this matters.
#[cfg(test)]
impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        (self.0 ^ other.0) & Self::FIRST == 0
    }
}

impl East {
    const SOUND: u16 = (1 << Sound::BITS) - 1;
    /// It stays as it is, and neither it nor what stands on its sides depends on the other.
    const PLAIN: u16 = 1 << 11;
    /// Of one that is not plain: so much is known of it.
    const KNOWN: u16 = 1;

    fn of(c: char, folded: Folded) -> Self {
        let alone = folded.begins() && folded.is_simple() && folded.character(c) == c;
        if !alone || folded.is_separator() || folded.is_space() {
            return Self(Self::KNOWN);
        }
        let sound = u16::try_from(Sound::of(c).number()).unwrap_or_default();
        Self(Self::PLAIN | Parts::of(folded.is_part(), folded.is_later_part()).0 | sound)
    }

    #[inline(always)]
    fn is_plain(self) -> bool {
        self.0 & Self::PLAIN != 0
    }

    #[inline(always)]
    pub fn sound(self) -> Sound {
        Sound::from_number(u32::from(self.0 & Self::SOUND))
    }

    #[inline(always)]
    pub fn parts(self) -> Parts {
        Parts(self.0)
    }
}

impl Parts {
    const FIRST: u16 = 1 << 13;
    const LATER: u16 = 1 << 12;

    #[inline]
    pub fn of(first: bool, later: bool) -> Self {
        Self(if first { Self::FIRST } else { 0 } | if later { Self::LATER } else { 0 })
    }

    /// Whether this may be the first part of a character and the next one a later part of it.
    #[inline(always)]
    pub fn may_join(self, next: Self) -> bool {
        self.0 & next.0 << 1 & Self::FIRST != 0
    }
}

impl Table {
    pub const fn new(folding: Folding) -> Self {
        Self { folding, pages: [const { OnceLock::new() }; 256], east: [const { AtomicU16::new(0) }; Eastern::COUNT] }
    }

    pub fn folding(&self) -> Folding {
        self.folding
    }

    #[inline]
    pub fn get(&self, c: char) -> Folded {
        let code = u32::from(c);
        match self.pages.get((code >> 8) as usize) {
            Some(page) => page.get_or_init(|| self.page(code >> 8))[(code & 255) as usize],
            None => Folded::compute(c, self.folding),
        }
    }

    /// What is known of a character, if it stays as it is.
    #[inline(always)]
    pub fn plain(&self, character: Eastern) -> Option<East> {
        let known = self.east.get(character.0 as usize)?;
        let east = East(known.load(Ordering::Relaxed));
        if east.is_plain() { Some(east) } else { self.learn(character, east, known) }
    }

    #[cold]
    #[inline(never)]
    fn learn(&self, character: Eastern, east: East, known: &AtomicU16) -> Option<East> {
        if east.0 == East::KNOWN {
            return None;
        }
        let east = char::from_u32(character.code()).map_or(East(East::KNOWN), |c| East::of(c, self.get(c)));
        known.store(east.0, Ordering::Relaxed);
        east.is_plain().then_some(east)
    }

    #[cold]
    fn page(&self, number: u32) -> Box<[Folded; 256]> {
        let mut page = Box::new([Folded(0); 256]);
        for (entry, code) in page.iter_mut().zip(number << 8..) {
            // Surrogates are no characters, and no text has them.
            *entry = char::from_u32(code).map_or(Folded(0), |c| Folded::compute(c, self.folding));
        }
        page
    }
}

pub(crate) static COMPATIBILITY: Table = Table::new(Folding::Compatibility);
pub(crate) static CASELESS: Table = Table::new(Folding::Caseless);
pub(crate) static WORDS: Table = Table::new(Folding::Words);

/// A character at which no composition with what stands before can happen.
pub(crate) fn begins_cluster(c: char) -> bool {
    c.is_ascii()
        || is_ideograph(c)
        // Some stand for a mark or a vowel that joins what is before: ﾞ of ﾊﾞ.
        || iter::once(c).nfkd().next().is_some_and(|c| {
            canonical_combining_class(c) == 0 && is_nfkc_quick(iter::once(c)) != IsNormalized::Maybe
        })
}

pub(crate) fn fold_cluster(cluster: &[Unit], folding: Folding, units: &mut Vec<Unit>) {
    let (Some(first), Some(last)) = (cluster.first(), cluster.last()) else { return };
    if is_phrase(first.c) {
        units.push(*first);
        return fold_cluster(&cluster[1..], folding, units);
    }
    let case = folding != Folding::Compatibility;
    if let [Unit { c, .. }] = *cluster {
        if c.is_ascii() {
            return units.push(Unit { c: if case { c.to_ascii_lowercase() } else { c }, ..*first });
        }
        if is_ideograph(c) && !is_compatibility_ideograph(c) {
            return units.push(Unit { c: if case { to_simplified(c) } else { c }, ..*first });
        }
    }
    let composed: Vec<char> = cluster.iter().map(|unit| unit.c).nfkc().filter(|c| is_hidden(*c).is_none()).collect();
    // Characters that did not join keep their own places.
    let unjoined = cluster.iter().map(|unit| unit.c).eq(composed.iter().copied());
    for (nth, c) in composed.into_iter().enumerate() {
        let own = cluster.get(nth).filter(|_| unjoined);
        let (start, end) = own.map_or((first.start, last.end), |unit| (unit.start, unit.end));
        let mut push = |c: char| units.push(Unit { c, start, end });
        if case && !c.is_lowercase() {
            c.to_lowercase().for_each(|c| fold_letter(c, folding, &mut push));
        } else {
            fold_letter(c, folding, &mut push);
        }
    }
}

/// Single characters that stand for a whole phrase in Arabic, up to eleven times as long: a megabyte of them would become
/// eleven. They stay as they are.
fn is_phrase(c: char) -> bool {
    matches!(c, '\u{fdfa}' | '\u{fdfb}')
}

fn fold_letter(c: char, folding: Folding, push: &mut impl FnMut(char)) {
    if folding == Folding::Words && !c.is_ascii() {
        if let Some(latin) = confusables::to_latin(c) {
            return push(latin);
        }
        // An accent on a Latin letter (or on a look-alike of one) hides the letter from a filter, not from a reader.
        let mut parts = iter::once(c).nfd();
        let base = parts.next().unwrap_or(c);
        let latin = if base.is_ascii() { Some(base) } else { confusables::to_latin(base) };
        let only_marks = parts.all(|mark| canonical_combining_class(mark) != 0);
        if base != c
            && only_marks
            && let Some(latin) = latin
        {
            return push(latin);
        }
        // A mark on an ASCII letter that has no composed form: b̶o̶m̶b̶.
        if matches!(c, '\u{300}'..='\u{36f}' | '\u{489}' | '\u{20d0}'..='\u{20ff}') {
            return;
        }
    }
    push(if folding == Folding::Compatibility { c } else { to_simplified(c) });
}

/// Chinese characters (Han), the writing that has no spaces between words.
#[must_use]
pub fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_compatibility_ideograph(c: char) -> bool {
    matches!(c, '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}')
}

/// Signs that are put between characters to break a word: also brackets, pictures and a blank of Braille. Sentence
/// punctuation and enumeration are not among them.
#[must_use]
#[inline]
pub fn is_separator(c: char) -> bool {
    if c.is_ascii() { SEPARATORS >> u32::from(c) & 1 != 0 } else { is_other_separator(c) }
}

/// Those of ASCII, a bit for each.
const SEPARATORS: u128 = bits_of(b"\t\n\x0b\x0c\r -_*.|/\\~+=^#'\"()[]{}<>");

const fn bits_of(bytes: &[u8]) -> u128 {
    let (mut bits, mut at) = (0, 0);
    while at < bytes.len() {
        bits |= 1 << bytes[at];
        at += 1;
    }
    bits
}

fn is_other_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '·' | '•' | '・' | '‧' | '⋅' | '°' | '¯' | '\u{fffd}' | '\u{2800}')
        || is_bracket(c)
        || is_picture(c)
}

/// Brackets as NFKC leaves them.
pub(crate) fn is_bracket(c: char) -> bool {
    matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '《' | '》' | '〈' | '〉' | '「' | '」' | '『' | '』')
        || matches!(c, '【' | '】' | '〔' | '〕' | '〖' | '〗' | '«' | '»')
}

/// Emoji, arrows, shapes and other little pictures.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}' | '\u{25a0}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}')
        || matches!(c, '\u{1f000}'..='\u{1f0ff}' | '\u{1f300}'..='\u{1faff}')
}

/// Longest run of separators that is taken out of a word.
pub(crate) const MAX_SEPARATORS: usize = 12;
