//! What disguises letters inside words: digits and signs that pass for letters, spelling out, repetition.

use crate::{
    Normalized, OffsetMap,
    filter::Filter,
    fold::{Folded, Parts, Unit, is_bracket, is_ideograph, is_separator},
    normalize::assemble,
    reading::Changed,
    split::{is_part, joints, may_begin, may_join},
};

/// The form in which disguised words are compared, with a map to the text that is given, which must be in the form
/// in which words are compared. `None`: nothing is disguised. `watch` saw the text; only rows of one character may have
/// come since.
pub(crate) fn undisguised(words: &str, watch: Watch) -> Option<Changed> {
    if !watch.may_be_spelled {
        return without_rows(words);
    }
    let units = words.char_indices().map(|(start, c)| Unit { c, start, end: start + c.len_utf8() });
    let mut units = with_joined_letters(units.collect());
    fold_leetspeak(&mut units);
    let units = without_repeats(units);
    let form = assemble(words.len(), &units);
    (form.text != words).then(|| Changed { form, at: changed_units(words, &units) })
}

/// Where in the text of the units characters begin that are not those of `words`, or stand behind something that was taken
/// out.
fn changed_units(words: &str, units: &[Unit]) -> Option<Vec<usize>> {
    let (mut changed, mut at, mut end) = (Vec::new(), 0, 0);
    for unit in units {
        let len = unit.c.len_utf8();
        let stays = unit.start == end && unit.end == end + len && words.get(end..)?.starts_with(unit.c);
        changed.extend((!stays).then_some(at));
        at += len;
        end = unit.end;
    }
    (end == words.len()).then_some(changed)
}

/// Looks at the characters of a text as they come, to know which of its other forms are worth making. It never misses
/// a disguise, and most texts have none.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) struct Watch {
    last: char,
    /// The last two characters that are no separators: those between Chinese characters are taken out.
    shown: [char; 2],
    shown_parts: Parts,
    /// Single letters in a row with a joint between each two.
    singles: u8,
    /// Letters may be spelled out, or digits and signs stand for them.
    may_be_spelled: bool,
    may_be_repeated: bool,
    pub may_be_split: bool,
    /// There are Latin letters, which may spell syllables, or separators, which may stand between some.
    pub may_sound_apart: bool,
}

impl Watch {
    pub fn new() -> Self {
        Self {
            last: '\0',
            shown: ['\0'; 2],
            shown_parts: Parts::default(),
            singles: 0,
            may_be_spelled: false,
            may_be_repeated: false,
            may_be_split: false,
            may_sound_apart: false,
        }
    }

    /// Takes nothing for granted.
    #[cfg(test)]
    pub fn of_anything() -> Self {
        Self { may_be_spelled: true, may_be_repeated: true, may_be_split: true, may_sound_apart: true, ..Self::new() }
    }

    pub fn may_be_disguised(self) -> bool {
        self.may_be_spelled || self.may_be_repeated
    }

    #[inline]
    pub fn see(&mut self, folded: Folded, c: char) {
        if c.is_ascii() || folded.is_separator() {
            self.see_sign(c, folded.is_separator() || c == ',');
        } else {
            self.singles = 0;
        }
        self.last = c;
        self.may_sound_apart |= c.is_ascii_lowercase() || folded.is_separator();
        if folded.is_separator() {
            return;
        }
        if c.is_ascii() {
            self.show_ascii(c);
        } else {
            self.show(folded, c);
        }
    }

    #[inline]
    fn show_ascii(&mut self, c: char) {
        let [last, before_last] = self.shown;
        self.may_be_repeated |= c == last && c == before_last && c.is_ascii_alphabetic();
        self.shown_parts = Parts::default();
        self.shown = [c, last];
    }

    /// What it knows of Chinese characters that stay as they are, to go on with in a row of them.
    pub fn plain(self) -> Plain {
        let [last, before_last] = self.shown.map(u32::from);
        Plain { last, before_last, last_parts: self.shown_parts, may_be_repeated: false, may_be_split: false }
    }

    /// What was seen in the row, which had one East Asian character at least and is followed by another one if it ends with a
    /// sign.
    pub fn take(&mut self, row: Plain) {
        self.singles = 0;
        self.shown = row.shown();
        self.last = self.shown[0];
        self.shown_parts = row.last_parts;
        self.may_be_repeated |= row.may_be_repeated;
        self.may_be_split |= row.may_be_split;
    }

    /// A small letter of ASCII, or a space.
    #[inline]
    pub fn see_lowercase(&mut self, byte: u8) {
        let c = char::from(byte);
        self.may_sound_apart = true;
        if byte != b' ' {
            // Inside a word there is nothing to learn.
            if !self.last.is_ascii_lowercase() {
                self.see_sign(c, false);
            } else {
                self.singles = 0;
            }
            let [last, before_last] = self.shown;
            self.may_be_repeated |= c == last && c == before_last;
            self.shown_parts = Parts::default();
            self.shown = [c, last];
        }
        self.last = c;
    }

    #[inline]
    fn show(&mut self, folded: Folded, c: char) {
        let mut row = self.plain();
        row.see(u32::from(c), Parts::of(folded.is_part(), folded.is_later_part()), joints());
        self.shown = row.shown();
        self.shown_parts = row.last_parts;
        self.may_be_repeated |= row.may_be_repeated;
        self.may_be_split |= row.may_be_split;
    }

    fn see_sign(&mut self, c: char, joint: bool) {
        let (own, last) = (Kind::of(c), Kind::of(self.last));
        // A row of what passes for letters begins or ends at a letter, or it is a number or a row of exclamation marks.
        self.may_be_spelled |= own.is_leet() & last.is_alphabetic() | own.is_alphabetic() & last.is_leet();
        self.singles = match (joint, own.is_letter()) {
            (true, _) => self.singles,
            (false, true) if !last.is_letter() => self.singles.saturating_add(1),
            _ => 0,
        };
        self.may_be_spelled |= usize::from(self.singles) >= MIN_SPELLED;
    }
}

/// What a character of ASCII is in a word that is spelled out.
#[derive(Clone, Copy)]
struct Kind(u8);

impl Kind {
    const ALPHABETIC: u8 = 1;
    /// [`leet_letter`] has a letter for it.
    const LEET: u8 = 2;
    /// [`is_letter`].
    const LETTER: u8 = 4;

    const ALL: [u8; 128] = {
        let mut all = [0; 128];
        let mut code = 0;
        while code < 128_u8 {
            let c = code as char;
            let alphabetic = if c.is_ascii_alphabetic() { Self::ALPHABETIC } else { 0 };
            let leet = if leet_letter(c).is_some() { Self::LEET } else { 0 };
            let letter = if c.is_ascii_alphanumeric() || leet != 0 { Self::LETTER } else { 0 };
            all[code as usize] = alphabetic | leet | letter;
            code += 1;
        }
        all
    };

    #[inline]
    fn of(c: char) -> Self {
        Self(Self::ALL.get(c as usize).copied().unwrap_or_default())
    }

    fn is_alphabetic(self) -> bool {
        self.0 & Self::ALPHABETIC != 0
    }

    fn is_leet(self) -> bool {
        self.0 & Self::LEET != 0
    }

    fn is_letter(self) -> bool {
        self.0 & Self::LETTER != 0
    }
}

/// Looks at East Asian characters that are no separators, by their numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain {
    last: u32,
    before_last: u32,
    last_parts: Parts,
    may_be_repeated: bool,
    may_be_split: bool,
}

impl Plain {
    #[inline(always)]
    pub fn see(&mut self, code: u32, parts: Parts, joints: &Filter) {
        if code == self.last {
            self.may_be_repeated |= is_third(code, self.before_last);
        }
        if self.last_parts.may_join(parts) {
            self.may_be_split |= may_begin(joints, self.last, code) && begin_some(self.last, code);
        }
        self.before_last = self.last;
        self.last = code;
        self.last_parts = parts;
    }

    /// A sign of ASCII between such characters.
    #[inline(always)]
    pub fn pass(&mut self, code: u32) {
        self.before_last = self.last;
        self.last = code;
        self.last_parts = Parts::default();
    }

    pub fn ends_with_ideograph(&self) -> bool {
        char::from_u32(self.last).is_some_and(is_ideograph)
    }

    /// The last characters were these, the last one first, and before them what was known before. What was seen stays
    /// seen: it says what may be.
    pub fn showing(self, before: Self, mut last: impl Iterator<Item = char>) -> Self {
        let (first, second) = (last.next(), last.next());
        Self {
            last: first.map_or(before.last, u32::from),
            before_last: match (first, second) {
                (None, _) => before.before_last,
                (Some(_), None) => before.last,
                (Some(_), Some(second)) => u32::from(second),
            },
            last_parts: first.map_or(before.last_parts, |first| Parts::of(is_part(first), false)),
            ..self
        }
    }

    fn shown(&self) -> [char; 2] {
        [self.last, self.before_last].map(|code| char::from_u32(code).unwrap_or_default())
    }
}

/// Whether a letter stands three times in a row: it came before, and before that came this.
#[cold]
#[inline(never)]
fn is_third(code: u32, before_last: u32) -> bool {
    code == before_last && char::from_u32(code).is_some_and(char::is_alphabetic)
}

/// Whether two characters, both of them parts, begin some character that is taken apart.
#[cold]
#[inline(never)]
fn begin_some(first: u32, second: u32) -> bool {
    let [first, second] = [first, second].map(|code| char::from_u32(code).unwrap_or_default());
    may_join(first, second)
}

/// What may be a letter of a word that is spelled out.
pub(crate) fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || leet_letter(c).is_some()
}

/// A map from an outer form to the original, through the form between.
pub(crate) fn composed(outer: &Normalized, inner: &Normalized) -> OffsetMap {
    let mut map = OffsetMap::new(inner.map.original_len());
    for (at, c) in outer.text.char_indices() {
        let between = outer.map.span(at..at + c.len_utf8());
        let span = inner.map.span(between.start..between.end);
        let len = c.len_utf8();
        if len == span.end - span.start && between.end - between.start == len {
            map.copied(span.start..span.end);
        } else {
            map.replaced(len, span.start..span.end);
        }
    }
    map
}

/// Fewest single letters in a row that count as spelled out.
const MIN_SPELLED: usize = 3;

fn with_joined_letters(units: Vec<Unit>) -> Vec<Unit> {
    let is_letter = |at: usize| units.get(at).is_some_and(|u| is_letter(u.c));
    // Opening and closing brackets are one kind.
    let kind = |c: char| if is_bracket(c) { '(' } else { c };
    let joint = |at: usize| units.get(at).map(|unit| unit.c).filter(|c| is_separator(*c) || *c == ',').map(kind);
    let mut out = Vec::with_capacity(units.len());
    let mut at = 0;
    while let Some(unit) = units.get(at) {
        if is_letter(at) && (at == 0 || !is_letter(at - 1)) {
            // One kind of joint throughout: `a b-o-m-b` is an article and a word.
            let first = joint(at + 1);
            let mut letters = 1;
            while first.is_some() && joint(at + 2 * letters - 1) == first && is_letter(at + 2 * letters) {
                letters += 1;
            }
            // The last one may be the first letter of an ordinary word.
            if is_letter(at + 2 * letters - 1) {
                letters -= 1;
            }
            if letters >= MIN_SPELLED {
                out.extend((0..letters).filter_map(|n| units.get(at + 2 * n)).copied());
                at += 2 * letters - 1;
                continue;
            }
        }
        out.push(*unit);
        at += 1;
    }
    out
}

/// The letter that a digit or sign passes for beside a letter.
#[must_use]
pub const fn leet_letter(c: char) -> Option<char> {
    Some(match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        _ => return None,
    })
}

fn fold_leetspeak(units: &mut [Unit]) {
    for at in 0..units.len() {
        // What stands before may have become a letter just now: p@$$.
        let is_letter = |at: Option<usize>| at.and_then(|at| units.get(at)).is_some_and(|u| u.c.is_ascii_alphabetic());
        let beside_letter = || is_letter(at.checked_sub(1)) || is_letter(at.checked_add(1));
        let letter = units.get(at).and_then(|unit| leet_letter(unit.c)).filter(|_| beside_letter());
        if let (Some(letter), Some(unit)) = (letter, units.get_mut(at)) {
            unit.c = letter;
        }
    }
}

/// The text with one of each three and more letters that are the same in a row, as [`without_repeats`] leaves it.
fn without_rows(words: &str) -> Option<Changed> {
    let mut found: Option<(String, OffsetMap)> = None;
    let mut changed = Vec::new();
    let mut copied = 0;
    let (mut first, mut row, mut len) = (0, '\0', 0);
    // What ends the last row is no letter.
    for (at, c) in words.char_indices().chain([(words.len(), '\0')]) {
        if c == row {
            len += 1;
            continue;
        }
        if len >= 3 && row.is_alphabetic() {
            let (text, map) =
                found.get_or_insert_with(|| (String::with_capacity(words.len()), OffsetMap::new(words.len())));
            text.push_str(&words[copied..first]);
            map.copied(copied..first);
            changed.push(text.len());
            text.push(row);
            map.replaced(row.len_utf8(), first..at);
            copied = at;
        }
        (first, row, len) = (at, c, 1);
    }
    let (mut text, mut map) = found?;
    text.push_str(&words[copied..]);
    map.copied(copied..words.len());
    Some(Changed { form: Normalized { text, map }, at: Some(changed) })
}

fn without_repeats(units: Vec<Unit>) -> Vec<Unit> {
    let mut out: Vec<Unit> = Vec::with_capacity(units.len());
    let mut at = 0;
    while let Some(unit) = units.get(at) {
        let run = units[at..].iter().take_while(|next| next.c == unit.c).count();
        if run >= 3 && unit.c.is_alphabetic() {
            let end = units.get(at + run - 1).map_or(unit.end, |last| last.end);
            out.push(Unit { end, ..*unit });
        } else {
            out.extend_from_slice(&units[at..at + run]);
        }
        at += run;
    }
    out
}
