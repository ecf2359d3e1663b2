use std::ops::Range;

use jingwei_core::Span;

pub use crate::fold::is_ideograph;
use crate::{
    OffsetMap,
    characters::{Character, Gathered, Sound},
    fold::{self, Eastern, Folded, MAX_SEPARATORS, Table, Unit, fold_cluster},
    lexicon::index_of,
    reading::Changed,
    split::joints,
    undisguise::{Plain, Watch, composed, undisguised},
};

/// Which form a text is brought into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NormalizeOptions(Form);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Literal,
    Caseless,
    Words,
    Disguised,
}

impl NormalizeOptions {
    /// NFKC (with width) and hidden characters only: for values whose case and signs matter.
    pub const LITERAL: Self = Self(Form::Literal);

    /// And lower case, and simplified characters: for reading what nobody disguises.
    pub const CASELESS: Self = Self(Form::Caseless);

    /// The form in which words are compared: lower case; look-alikes of Latin letters, and accents on them;
    /// simplified characters; separators between Chinese characters taken out (炸-弹); runs of white space one space.
    pub const WORDS: Self = Self(Form::Words);

    /// The form in which disguised words are compared: digits and signs beside letters become the letters that
    /// they pass for (`b0mb`), what stands three times or more in a row stands once, letters that are spelled out
    /// are joined (`b-o-m-b`). Beside [`Self::WORDS`], never instead of it, because it changes innocent text too
    /// (`4ll` and `book 3` and `www` are not what they were).
    pub const DISGUISED: Self = Self(Form::Disguised);
}

impl Default for NormalizeOptions {
    fn default() -> Self {
        Self::WORDS
    }
}

/// A text in normal form, with the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalized {
    pub text: String,
    pub map: OffsetMap,
}

impl Normalized {
    /// The bytes of the original from which a range of the normal form came.
    #[must_use]
    pub fn original(&self, range: Range<usize>) -> Span {
        self.map.span(range)
    }
}

/// Normalises a text. Everything that was folded away can be found again through the map.
#[must_use]
pub fn normalize(text: &str, options: &NormalizeOptions) -> Normalized {
    match options.0 {
        Form::Literal => folded(text, &fold::COMPATIBILITY).0,
        Form::Caseless => folded(text, &fold::CASELESS).0,
        Form::Words => folded(text, &fold::WORDS).0,
        Form::Disguised => {
            let (words, watch) = folded(text, &fold::WORDS);
            match if watch.may_be_disguised() { undisguised(&words.text, watch) } else { None } {
                Some(Changed { form, .. }) => Normalized { map: composed(&form, &words), text: form.text },
                None => words,
            }
        }
    }
}

/// What folding gives.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct FoldedText {
    pub normal: Normalized,
    /// The characters of `normal`, if they were asked for.
    pub characters: Vec<Character>,
    pub watch: Watch,
}

/// The normal form of a text and what the watch saw of it.
pub(crate) fn folded(text: &str, table: &'static Table) -> (Normalized, Watch) {
    let FoldedText { normal, watch, .. } = fold_text(text, table, false);
    (normal, watch)
}

/// One pass: characters that fold alone come from a table, clusters of letters and marks are folded together.
pub(crate) fn fold_text(text: &str, table: &'static Table, characters: bool) -> FoldedText {
    fold_in(text, table, characters, true)
}

/// The same also for a caller who wants each character looked at by itself and not in rows.
#[inline]
fn fold_in(text: &str, table: &'static Table, characters: bool, rows: bool) -> FoldedText {
    let mut writer = Writer::new(text, table.folding() == fold::Folding::Words, characters);
    let mut clusters = Clusters::default();
    let mut rest = text.chars();
    let mut start = 0;
    let mut current = rest.next().map(|c| (c, table.get(c)));
    while let Some((c, folded)) = current {
        if rows && (folded.is_plain() || c.is_ascii_lowercase()) && writer.separators.is_none() {
            let run =
                if c.is_ascii() { writer.ascii_run(table.folding(), start) } else { writer.plain_run(table, start) };
            if run > start {
                start = run;
                rest = text.get(start..).unwrap_or_default().chars();
                current = rest.next().map(|c| (c, table.get(c)));
                continue;
            }
        }
        let end = text.len() - rest.as_str().len();
        let mut next = rest.next().map(|c| (c, table.get(c)));
        let alone = next.is_none_or(|(_, next)| next.begins());
        if alone && folded.is_simple() {
            writer.character(folded, c, start, end);
        } else if !folded.is_hidden() {
            clusters.begin(Unit { c, start, end });
            let mut at = end;
            while let Some((c, folded)) = next.filter(|(_, next)| !next.begins()) {
                let end = text.len() - rest.as_str().len();
                if !folded.is_hidden() {
                    clusters.join(Unit { c, start: at, end });
                }
                at = end;
                next = rest.next().map(|c| (c, table.get(c)));
            }
            clusters.fold_into(&mut writer, table.folding());
            start = at;
            current = next;
            continue;
        }
        start = end;
        current = next;
    }
    writer.finish()
}

/// Characters with the marks on them.
#[derive(Default)]
struct Clusters {
    cluster: Vec<Unit>,
    units: Vec<Unit>,
}

impl Clusters {
    fn begin(&mut self, unit: Unit) {
        self.cluster.clear();
        self.cluster.push(unit);
    }

    fn join(&mut self, unit: Unit) {
        self.cluster.push(unit);
    }

    fn fold_into(&mut self, writer: &mut Writer<'_>, folding: fold::Folding) {
        self.units.clear();
        fold_cluster(&self.cluster, folding, &mut self.units);
        for (index, unit) in self.units.iter().enumerate() {
            let shared = shares_place(&self.units, index);
            let folded = Folded::from_character(unit.c);
            writer.watch.see(folded, unit.c);
            writer.unit(folded, *unit, shared);
        }
    }
}

/// Whether the characters beside came from the same bytes.
fn shares_place(units: &[Unit], index: usize) -> bool {
    let Some(unit) = units.get(index) else { return false };
    let same = |other: Option<&Unit>| other.is_some_and(|o| o.start == unit.start && o.end == unit.end);
    same(index.checked_sub(1).and_then(|before| units.get(before))) || same(units.get(index + 1))
}

/// Most pieces of a map for which there is room before they come.
const MOST_ROOM: usize = 64;

/// Writes the normal form and its map: joins what separators cut apart, and collapses white space.
struct Writer<'a> {
    original: &'a str,
    text: String,
    map: OffsetMap,
    /// Whether separators and white space are folded.
    words: bool,
    /// Original bytes that are copied as they are and not written yet.
    run: Range<usize>,
    after_ideograph: bool,
    /// Length of the text before the separators that follow an ideograph, and how many they are.
    separators: Option<(usize, usize)>,
    watch: Watch,
    /// Whether characters are wanted.
    gathers: bool,
    characters: Gathered,
}

impl<'a> Writer<'a> {
    fn new(original: &'a str, words: bool, gathers: bool) -> Self {
        let room = match original.len() {
            _ if !gathers => 0,
            len if original.is_ascii() => len,
            len => len / 3 + 16,
        };
        Self {
            gathers,
            characters: Gathered::with_room(room),
            original,
            text: String::with_capacity(original.len() + 8),
            map: OffsetMap::with_room(original.len(), (original.len() / 12 + 4).min(MOST_ROOM)),
            words,
            run: 0..0,
            after_ideograph: false,
            separators: None,
            watch: Watch::new(),
        }
    }

    /// Chinese characters that stay as they are, from one on, with full-width signs between them, each but a last one that
    /// what follows may join. Most of a Chinese text. Gives where they end.
    #[inline(never)]
    fn plain_run(&mut self, table: &'static Table, start: usize) -> usize {
        let mut at = start;
        let mut row = self.watch.plain();
        loop {
            let rest = self.original.get(at..).unwrap_or_default();
            let place = index_of(self.place_of(at));
            let before = row;
            let mut count;
            (row, count) = if self.gathers {
                self.characters.make_room(rest.len() / 3);
                plain_row(rest, table, place, before, self.characters.free().iter_mut().map(Some))
            } else {
                plain_row(rest, table, place, before, std::iter::repeat_with(|| None))
            };
            let after = rest.get(3 * count..).unwrap_or_default();
            let sign = if count > 0 { sign_in_row(after, table) } else { None };
            if sign.is_none()
                && count > 0
                && let Some(next) = after.chars().next()
                && !table.get(next).begins()
            {
                count -= 1;
                row = row.showing(before, rest.get(..3 * count).unwrap_or_default().chars().rev());
            }
            if self.gathers {
                self.characters.took(count);
            }
            at += 3 * count;
            self.run.end = at;
            let Some(sign) = sign else { break };
            self.full_width(sign, at);
            row.pass(u32::from(sign));
            at += FULL_WIDTH;
        }
        if at > start {
            self.after_ideograph = row.ends_with_ideograph();
            if self.words {
                self.watch.take(row);
            }
        }
        at
    }

    /// A full-width sign becomes that of ASCII.
    #[inline]
    fn full_width(&mut self, sign: u8, start: usize) {
        self.flush();
        self.map.replaced(1, start..start + FULL_WIDTH);
        let sign = char::from(sign);
        if self.gathers {
            self.characters.push(Character::new(sign, self.text.len()));
        }
        self.text.push(sign);
    }

    /// Words in small letters with single spaces between them, from a letter on, which stay as they are too: most of an
    /// English text. Where no case is folded, all of ASCII that shows. The last of them waits for what follows it.
    #[inline(never)]
    fn ascii_run(&mut self, folding: fold::Folding, start: usize) -> usize {
        let bytes = self.original.as_bytes().get(start..).unwrap_or_default();
        let stays = |byte: u8| match folding {
            fold::Folding::Compatibility => matches!(byte, b' '..=b'~'),
            fold::Folding::Caseless => matches!(byte, b' '..=b'@' | b'['..=b'~'),
            fold::Folding::Words => byte.is_ascii_lowercase() || byte == b' ',
        };
        let (mut len, mut last) = (0, b' ');
        let mut place = index_of(self.place_of(start));
        while let Some([byte, next]) = bytes.get(len..len + 2) {
            if !stays(*byte) || !next.is_ascii() || self.words && *byte == b' ' && last == b' ' {
                break;
            }
            if self.words {
                self.watch.see_lowercase(*byte);
            }
            if self.gathers {
                self.characters.push(Character::with_sound(char::from(*byte), Sound::of(char::from(*byte)), place));
            }
            place = place.saturating_add(1);
            last = *byte;
            len += 1;
        }
        if len > 0 {
            self.after_ideograph = false;
            self.run.end = start + len;
        }
        start + len
    }

    /// The place in the normal form of what is copied next from a place.
    fn place_of(&mut self, start: usize) -> usize {
        if self.run.end != start {
            self.flush();
            self.run = start..start;
        }
        self.text.len() + (start - self.run.start)
    }

    /// The next character stays as it is. Gives its place in the normal form.
    #[inline]
    fn copy(&mut self, start: usize, end: usize) -> usize {
        let at = self.place_of(start);
        self.run.end = end;
        at
    }

    /// A character that stands alone.
    #[inline]
    fn character(&mut self, folded: Folded, c: char, start: usize, end: usize) {
        let to = folded.character(c);
        if self.words {
            self.watch.see(folded, to);
        }
        if to == c && !(self.words && (folded.is_separator() || self.separators.is_some())) {
            self.after_ideograph = folded.is_ideograph();
            let at = self.copy(start, end);
            if self.gathers {
                self.characters.push(Character::new(c, at));
            }
            return;
        }
        self.unit(folded, Unit { c: to, start, end }, false);
    }

    fn unit(&mut self, folded: Folded, unit: Unit, shared: bool) {
        self.flush();
        if self.words {
            if folded.is_separator() {
                self.separators = match self.separators {
                    Some((before, count)) => Some((before, count + 1)),
                    None if self.after_ideograph => Some((self.text.len(), 1)),
                    None => None,
                };
            } else if let Some((before, count)) = self.separators.take()
                && folded.is_ideograph()
                && count <= MAX_SEPARATORS
                && !is_ellipsis(self.text.get(before..).unwrap_or_default())
            {
                self.text.truncate(before);
                self.map.truncate(before);
                while self.characters.last().is_some_and(|last| last.start() >= before) {
                    self.characters.pop();
                }
            }
            self.after_ideograph = folded.is_ideograph();
            if folded.is_space() {
                return self.space(unit);
            }
        }
        self.write(unit, shared);
    }

    fn space(&mut self, unit: Unit) {
        if self.text.ends_with(' ') {
            self.map.extend_last_byte(unit.end);
        } else {
            self.write(Unit { c: ' ', ..unit }, false);
        }
    }

    fn write(&mut self, unit: Unit, shared: bool) {
        let len = unit.c.len_utf8();
        if !shared && len == unit.end - unit.start {
            self.map.copied(unit.start..unit.end);
        } else {
            self.map.replaced(len, unit.start..unit.end);
        }
        if self.gathers {
            self.characters.push(Character::new(unit.c, self.text.len()));
        }
        self.text.push(unit.c);
    }

    #[inline]
    fn flush(&mut self) {
        if self.run.start < self.run.end {
            self.text.push_str(self.original.get(self.run.clone()).unwrap_or_default());
            self.map.copied(self.run.clone());
            self.run = 0..0;
        }
    }

    fn finish(mut self) -> FoldedText {
        self.flush();
        let Self { text, map, characters, watch, .. } = self;
        FoldedText { normal: Normalized { text, map }, characters: characters.into_vec(), watch }
    }
}

/// Looks at Chinese characters that stay as they are, enters each in a place, and counts them.
#[inline(always)]
fn plain_row<'p>(
    text: &str,
    table: &Table,
    first_place: u32,
    before: Plain,
    places: impl Iterator<Item = Option<&'p mut Character>>,
) -> (Plain, usize) {
    let (mut row, joints) = (before, joints());
    let (mut count, mut start) = (0, first_place);
    for (three, place) in text.as_bytes().as_chunks::<3>().0.iter().zip(places) {
        let Some(east) = Eastern::of(*three) else { break };
        let Some(known) = table.plain(east) else { break };
        let code = east.code();
        if let Some(place) = place {
            *place = Character::with_number(code, known.sound(), start);
        }
        row.see(code, known.parts(), joints);
        start = start.wrapping_add(3);
        count += 1;
    }
    (row, count)
}

/// Bytes of a full-width sign.
const FULL_WIDTH: usize = 3;

/// What a full-width sign becomes with which a text begins, if a character follows that stays as it is: `！`, `，`, `：`, `；`
/// and `？`, which part sentences and hide nothing.
#[inline(always)]
fn sign_in_row(text: &str, table: &Table) -> Option<u8> {
    match text.as_bytes() {
        [0xef, 0xbc, last @ (0x81 | 0x8c | 0x9a | 0x9b | 0x9f), a, b, c, ..] => {
            table.plain(Eastern::of([*a, *b, *c])?).map(|_| last - 0x60)
        }
        _ => None,
    }
}

/// `……` and its like, a pause and no disguise: dots by threes, more than one character of them.
pub(crate) fn is_ellipsis(separators: &str) -> bool {
    separators.len() > 3 && separators.len().is_multiple_of(3) && separators.bytes().all(|b| b == b'.')
}

/// A text of units, with its map.
pub(crate) fn assemble(original_len: usize, units: &[Unit]) -> Normalized {
    let mut text = String::with_capacity(original_len);
    let mut map = OffsetMap::new(original_len);
    for (index, unit) in units.iter().enumerate() {
        let len = unit.c.len_utf8();
        if len == unit.end - unit.start && !shares_place(units, index) {
            map.copied(unit.start..unit.end);
        } else {
            map.replaced(len, unit.start..unit.end);
        }
        text.push(unit.c);
    }
    Normalized { text, map }
}

#[cfg(test)]
#[path = "normalize_tests.rs"]
mod tests;
