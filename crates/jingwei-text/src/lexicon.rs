//! Words of lexicons, in whatever disguise.

use std::{collections::BTreeSet, ops::Range};

use jingwei_core::Span;

use crate::{
    NormalizeOptions, Normalized, Reading,
    beginnings::{Beginnings, Marks},
    characters::{Character, Said, Written},
    fold::{MAX_SEPARATORS, is_ideograph, is_separator},
    heard::{Alike, Heard, sounds_of},
    normalize,
    reading::{OtherForm, Sounds},
    split,
    trie::{Row, Trie},
};

/// A word to look for, and the category that it stands for. A `*` at the end lets a Latin word go on: `bomb*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LexiconWord<'a> {
    pub text: &'a str,
    pub category: u32,
}

/// A word that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LexiconMatch {
    /// Bytes `start..end` of the words of the reading; [`Reading::original`] leads back.
    pub start: usize,
    pub end: usize,
    pub category: u32,
    /// Index of the word among those that the automaton was built from.
    pub word: u32,
    pub likeness: Likeness,
}

/// How a word was recognised, from the surest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// It stands there, folded or taken out of a disguise.
    Written,
    /// It is spelled in pinyin, or most of its characters are there and the others sound like it.
    Sounded,
    /// Two characters, of which one is there and the other sounds like it. Chance makes such pairs in ordinary text:
    /// they count beside other words only.
    Vague,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    pub matches: Vec<LexiconMatch>,
    /// There were more matches than the limit; the rest of the text was not searched.
    pub cut_short: bool,
}

/// A word that cannot be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableWord {
    pub word: u32,
    pub why: Unusable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// Nothing is left of it in normal form.
    Empty,
    /// It is longer than [`Automaton::MAX_WORD_BYTES`] in normal form.
    TooLong,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LexiconError {
    #[error("there are more than {limit} words; split them over several policies")]
    TooMany { limit: usize },
    #[error("the words do not fit one automaton: {reason}")]
    Automaton { reason: String },
}

/// Any number of words, found in one pass over each form of a text.
///
/// Words and texts are compared in the normal form of [`NormalizeOptions::WORDS`]. A Latin word matches
/// whole words only; a Chinese one matches anywhere.
#[derive(Debug, Clone)]
pub struct Automaton {
    /// Words of two characters and of one, and longer ones: those are found by their first three.
    written: Lengths,
    /// By pattern of `written`.
    patterns: Vec<Pattern>,
    /// The same, as far as it is read where a word is found: what most words need lies in one place.
    endings: Vec<Ending>,
    meanings: Vec<Meaning>,
    sounded: Lengths,
    /// The patterns of `written` that sound as those of `sounded`, in their order.
    alikes: Vec<Alike>,
    /// By pattern of `sounded`: where its alikes begin; the next one's is where they end.
    alikes_from: Vec<u32>,
    beginnings: Beginnings,
    /// First parts of the characters that words begin with, and of those that come later in words.
    parts_first: BTreeSet<char>,
    parts_within: BTreeSet<char>,
    /// Longest word, in characters and in bytes.
    longest: (usize, usize),
}

/// A word in normal form.
#[derive(Debug, Clone)]
struct Pattern {
    form: Box<str>,
    /// A range of `meanings`.
    means: Range<u32>,
    characters: u16,
}

/// What must be known of a word that is found.
#[derive(Debug, Clone)]
struct Ending {
    means: Means,
    characters: u16,
    /// It begins, or ends, with a letter of a writing that puts spaces between words.
    letter_first: bool,
    letter_last: bool,
}

#[derive(Debug, Clone)]
enum Means {
    One(Meaning),
    /// A range of `meanings`.
    Several(Range<u32>),
}

#[derive(Debug, Clone, Copy)]
struct Meaning {
    category: u32,
    word: u32,
    /// The word may go on.
    open: bool,
}

impl Ending {
    fn of(pattern: &Pattern, meanings: &[Meaning]) -> Self {
        let means = meanings.get(pattern.means.start as usize..pattern.means.end as usize);
        Self {
            means: match means.unwrap_or_default() {
                [only] => Means::One(*only),
                _ => Means::Several(pattern.means.clone()),
            },
            characters: pattern.characters,
            letter_first: pattern.form.chars().next().is_some_and(joins_words),
            letter_last: pattern.form.chars().next_back().is_some_and(joins_words),
        }
    }
}

impl Automaton {
    pub const MAX_WORD_BYTES: usize = 512;
    pub const MAX_WORDS: usize = 4_000_000;
    /// Of all words together: states are counted in 30 bits.
    const MAX_BYTES: usize = 1 << 30;

    /// Builds the automaton. Words that cannot be looked for are returned beside it and left out.
    pub fn build<'a>(
        words: impl IntoIterator<Item = LexiconWord<'a>>,
    ) -> Result<(Self, Vec<UnusableWord>), LexiconError> {
        Self::build_for(words, |_| true)
    }

    /// The same for a caller to whom [`Likeness::Vague`] matters in some categories only: looking for it costs time, and
    /// elsewhere it is left out.
    pub fn build_for<'a>(
        words: impl IntoIterator<Item = LexiconWord<'a>>,
        vague_matters: impl Fn(u32) -> bool,
    ) -> Result<(Self, Vec<UnusableWord>), LexiconError> {
        let mut unusable = Vec::new();
        let mut forms: Vec<(Box<str>, Meaning)> = Vec::new();
        for (index, word) in words.into_iter().enumerate() {
            let index = match u32::try_from(index) {
                Ok(index) if (index as usize) < Self::MAX_WORDS => index,
                _ => return Err(LexiconError::TooMany { limit: Self::MAX_WORDS }),
            };
            let (form, open) = normal_form(word.text);
            match form.len() {
                0 => unusable.push(UnusableWord { word: index, why: Unusable::Empty }),
                len if len > Self::MAX_WORD_BYTES => {
                    unusable.push(UnusableWord { word: index, why: Unusable::TooLong });
                }
                _ => forms.push((form.into(), Meaning { category: word.category, word: index, open })),
            }
        }
        let symbols: usize = forms.iter().map(|(form, _)| form.len()).sum();
        if symbols > Self::MAX_BYTES {
            let reason = format!("they have {symbols} bytes, and {} is the most", Self::MAX_BYTES);
            return Err(LexiconError::Automaton { reason });
        }
        Ok((Self::of_forms(forms, &vague_matters), unusable))
    }

    fn of_forms(mut forms: Vec<(Box<str>, Meaning)>, vague_matters: &dyn Fn(u32) -> bool) -> Self {
        let key = |meaning: &Meaning| (meaning.open, meaning.category);
        forms.sort_by(|a, b| (&a.0, key(&a.1), a.1.word).cmp(&(&b.0, key(&b.1), b.1.word)));
        forms.dedup_by(|next, first| next.0 == first.0 && key(&next.1) == key(&first.1));
        let mut patterns: Vec<Pattern> = Vec::new();
        let mut meanings: Vec<Meaning> = Vec::with_capacity(forms.len());
        for (form, meaning) in forms {
            let at = index_of(meanings.len());
            meanings.push(meaning);
            match patterns.last_mut().filter(|last| last.form == form) {
                Some(last) => last.means.end = at + 1,
                None => patterns.push(Pattern {
                    means: at..at + 1,
                    characters: u16::try_from(form.chars().count()).unwrap_or(u16::MAX),
                    form,
                }),
            }
        }
        patterns.sort_by_key(|pattern| usize::from(pattern.characters) >= Lengths::LONG);
        let ways: Vec<Box<[u32]>> = patterns.iter().map(|p| p.form.chars().map(u32::from).collect()).collect();
        let characters = patterns.iter().map(|p| usize::from(p.characters)).max().unwrap_or(0);
        let bytes = patterns.iter().map(|p| p.form.len()).max().unwrap_or(0);
        let vague = |pattern: &Pattern| {
            let meanings = meanings.get(pattern.means.start as usize..pattern.means.end as usize);
            meanings.unwrap_or_default().iter().any(|meaning| vague_matters(meaning.category))
        };
        let chinese = patterns.iter().zip(0_u32..).filter(|(pattern, _)| pattern.characters >= 2);
        let said = chinese.map(|(pattern, number)| (number, pattern.form.as_ref(), vague(pattern)));
        let Heard { sounded, alikes, alikes_from, vague, threes } = sounds_of(said);
        let written = patterns.iter().map(|pattern| pattern.form.as_ref());
        let beginnings = Beginnings::of(written, threes.into_iter(), vague.into_iter());
        let first = patterns.iter().filter_map(|pattern| pattern.form.chars().next());
        let within = patterns.iter().flat_map(|pattern| pattern.form.chars().skip(1));
        let (parts_first, parts_within) = (first_parts(first), first_parts(within));
        let endings = patterns.iter().map(|pattern| Ending::of(pattern, &meanings)).collect();
        Self {
            endings,
            parts_first,
            parts_within,
            written: Lengths::of(&ways),
            patterns,
            meanings,
            sounded,
            alikes,
            alikes_from,
            beginnings,
            longest: (characters, bytes),
        }
    }

    /// How many different words it looks for.
    #[must_use]
    pub fn word_count(&self) -> usize {
        self.patterns.len()
    }

    /// Bytes of the longest word in normal form: no match is longer.
    #[must_use]
    pub fn longest_word(&self) -> usize {
        self.longest.1
    }

    /// Every word in a text, in order of place, overlapping ones too.
    #[must_use]
    pub fn find(&self, reading: &Reading, max_matches: usize) -> Scan {
        let mut scan = Scan { matches: Vec::with_capacity(8), cut_short: false };
        if self.patterns.is_empty() {
            return scan;
        }
        let words = Symbols::of_words(reading);
        let marks = self.beginnings.marks(words.characters, self.written.short.singles());
        self.written_at(words, &marks, None, max_matches, &mut scan);
        let matters = |form: &&OtherForm| self.beginnings.may_matter(form, self.written.short.singles());
        let unread_split = reading.split().filter(|form| !matters(form));
        if reading.split().is_none() || unread_split.is_some() {
            let before = scan.matches.len();
            self.heard_at(words, reading.sounds.as_ref(), &marks, None, max_matches, &mut scan);
            // Parts of a character are not heard by themselves.
            if let Some(form) = unread_split {
                let parts = form.changed.iter().flatten().map(|at| form.normal.map.span(*at..*at + 1));
                let parts: Vec<Span> = parts.collect();
                let heard = scan.matches.split_off(before);
                scan.matches.extend(heard.into_iter().filter(|found| !touches(&parts, found.start..found.end)));
            }
        }
        for form in reading.forms.iter().filter(matters) {
            let symbols = Symbols::of_form(form);
            let marks = self.beginnings.marks(symbols.characters, self.written.short.singles());
            self.written_at(symbols, &marks, Some(&form.normal), max_matches, &mut scan);
            self.heard_at(symbols, form.sounds(), &marks, Some(&form.normal), max_matches, &mut scan);
        }
        scan.matches.sort_unstable();
        // In several forms, or in several ways: the surest way is the first.
        scan.matches.dedup_by(|next, first| {
            (next.start, next.end, next.category, next.word) == (first.start, first.end, first.category, first.word)
        });
        scan
    }

    /// Words that are written in a form.
    fn written_at(&self, symbols: Symbols<'_>, marks: &Marks, form: Option<&Normalized>, most: usize, scan: &mut Scan) {
        self.written_in(symbols, &self.written.long, |at| marks.long(at), form, most, scan);
        self.written_in(symbols, &self.written.short, |at| marks.short(at), form, most, scan);
    }

    /// Words that are heard in a form.
    fn heard_at(
        &self,
        symbols: Symbols<'_>,
        sounds: Option<&Sounds>,
        marks: &Marks,
        form: Option<&Normalized>,
        most: usize,
        scan: &mut Scan,
    ) {
        match sounds {
            Some(Sounds { places, spelled, .. }) => {
                let next = |at| (self.beginnings.heard(places, at), *spelled);
                self.heard_in(places, &self.sounded.long, next, form, most, scan);
                if *spelled || self.beginnings.are_vague() {
                    let next = |at| (self.beginnings.heard_short(places, at), true);
                    self.heard_in(places, &self.sounded.short, next, form, most, scan);
                }
            }
            None => {
                let characters = symbols.characters;
                self.heard_in(characters, &self.sounded.long, |at| marks.long(at), form, most, scan);
                self.heard_in(characters, &self.sounded.short, |at| marks.vague(at), form, most, scan);
            }
        }
    }

    fn written_in(
        &self,
        symbols: Symbols<'_>,
        trie: &Trie,
        next: impl Fn(usize) -> (usize, bool),
        form: Option<&Normalized>,
        most: usize,
        scan: &mut Scan,
    ) {
        trie.search(
            Written(symbols.characters),
            next,
            |at| symbols.is_inside_word(at),
            |end, pattern| {
                let Some(found) = self.endings.get(pattern as usize) else { return true };
                let start = end - usize::from(found.characters);
                if found.letter_first && symbols.is_inside_word(start) {
                    return true;
                }
                let goes_on = found.letter_last && symbols.is_inside_word(end);
                let range = in_words(form, symbols.starts(start)..symbols.starts(end));
                self.meant(&found.means, range, Likeness::Written, goes_on, most, scan)
            },
        );
    }

    /// Enters the meanings of a word. Says no when there are too many.
    fn meant(
        &self,
        means: &Means,
        place: Range<usize>,
        likeness: Likeness,
        goes_on: bool,
        most: usize,
        scan: &mut Scan,
    ) -> bool {
        let meanings = match means {
            Means::One(meaning) => std::slice::from_ref(meaning),
            Means::Several(range) => self.meanings.get(range.start as usize..range.end as usize).unwrap_or_default(),
        };
        for meaning in meanings.iter().filter(|meaning| meaning.open || !goes_on) {
            if scan.matches.len() >= most {
                scan.cut_short = true;
                return false;
            }
            let Meaning { category, word, .. } = *meaning;
            scan.matches.push(LexiconMatch { start: place.start, end: place.end, category, word, likeness });
        }
        true
    }

    fn heard_in(
        &self,
        places: &[Character],
        trie: &Trie,
        next: impl Fn(usize) -> (usize, bool),
        form: Option<&Normalized>,
        most: usize,
        scan: &mut Scan,
    ) {
        let in_words = |place: &Character| in_words(form, place.said());
        trie.search(
            Said(places),
            next,
            |_| false,
            |end, pattern| {
                for alike in self.alikes_of(pattern) {
                    let Some(found) = self.patterns.get(alike.pattern as usize) else { continue };
                    let places = &places[end - usize::from(alike.syllables)..end];
                    let (Some(first), Some(last)) = (places.first(), places.last()) else { continue };
                    let likeness = alike.likeness(&found.form, places, |place| in_words(place).len());
                    let (Some(likeness), Some(ending)) = (likeness, self.endings.get(alike.pattern as usize)) else {
                        continue;
                    };
                    // Letters on either side would make a Latin word of what is only a part of one.
                    let place = in_words(first).start..in_words(last).end;
                    if !self.meant(&ending.means, place, likeness, false, most, scan) {
                        return false;
                    }
                }
                true
            },
        );
    }

    /// The words that sound like a pattern of the sounds.
    fn alikes_of(&self, pattern: u32) -> &[Alike] {
        let from = self.alikes_from.get(pattern as usize).copied().unwrap_or(0) as usize;
        let end = self.alikes_from.get(pattern as usize + 1).copied().unwrap_or(0) as usize;
        self.alikes.get(from..end).unwrap_or_default()
    }

    /// Where in the words of a reading the earliest word may have begun that what follows could still complete:
    /// their length where none may. What a later character can still take out of the text (separators, the second
    /// of three repeated characters) is reckoned with.
    #[must_use]
    pub fn open_from(&self, reading: &Reading) -> usize {
        let open_in = |symbols: Symbols<'_>, sounds: Option<&Sounds>, is_heard: bool| {
            let symbols = symbols.last(2 * self.longest.0 + 4 * MAX_SEPARATORS);
            let marks = self.beginnings.long_marks(symbols.characters);
            let written = self.open_written(symbols, &marks).min(self.open_before_parts(symbols, &marks));
            let heard = match sounds {
                _ if !is_heard => usize::MAX,
                None => self.open_heard(symbols.characters, |at| marks.long(at).0),
                Some(Sounds { places, before_last_run, .. }) => {
                    let ends = [places.len(), *before_last_run];
                    let ends = if ends[0] == ends[1] { &ends[..1] } else { &ends[..] };
                    let opens = ends.iter().map(|end| {
                        let from = end.saturating_sub(2 * self.longest.0 * MOST_SYLLABLES);
                        let last = &places[from..*end];
                        self.open_heard(last, |at| self.beginnings.long_or_last(last, at))
                    });
                    opens.min().unwrap_or(usize::MAX)
                }
            };
            written.min(heard)
        };
        let is_heard = reading.split().is_none();
        let mut open = open_in(Symbols::of_words(reading), reading.sounds.as_ref(), is_heard);
        for form in &reading.forms {
            let at = open_in(Symbols::of_form(form), form.sounds(), true);
            if at < form.normal.text.len() {
                open = open.min(form.normal.map.start(at));
            }
        }
        open.min(reading.words.text.len())
    }

    /// Parts at the end may become one character of a word with what follows.
    fn open_before_parts(&self, symbols: Symbols<'_>, marks: &Marks) -> usize {
        let mut open = usize::MAX;
        let mut before = symbols;
        for _ in 0..MAX_PARTS - 1 {
            let Some((last, characters)) = before.characters.split_last() else { break };
            before = Symbols { characters, len: last.start() };
            if self.parts_within.contains(&last.c()) {
                let at = self.open_written(before, marks);
                if at < before.len {
                    open = open.min(at);
                }
            }
            if self.parts_first.contains(&last.c()) {
                open = open.min(before.len);
            }
        }
        open
    }

    /// The marks are those of the symbols, or of more.
    fn open_written(&self, symbols: Symbols<'_>, marks: &Marks) -> usize {
        let mut open = self.open_symbols(symbols, symbols.characters.len(), marks);
        let is_gap = |at: usize| symbols.characters.get(at).is_some_and(|character| is_separator(character.c()));
        let mut trimmed = symbols.characters.len();
        while trimmed > 0 && is_gap(trimmed - 1) {
            trimmed -= 1;
        }
        let has_gap = trimmed < symbols.characters.len();
        if has_gap && symbols.characters.len() - trimmed <= MAX_SEPARATORS {
            open = open.min(self.open_symbols(symbols, trimmed, marks));
        }
        let ends = [symbols.characters.len(), trimmed];
        for end in ends.into_iter().take(if has_gap { 2 } else { 1 }) {
            if end >= 2 && symbols.characters[end - 1].c() == symbols.characters[end - 2].c() {
                open = open.min(self.open_symbols(symbols, end - 1, marks));
            }
        }
        // A word that begins with a repeated character begins with the first one.
        while open > 0 && symbols.characters.get(open).is_some_and(|next| symbols.characters[open - 1].c() == next.c())
        {
            open -= 1;
        }
        symbols.starts(open)
    }

    /// Index of the first symbol that is open when the text ends before `end`.
    fn open_symbols(&self, symbols: Symbols<'_>, end: usize, marks: &Marks) -> usize {
        let read = &symbols.characters[..end];
        let inside = |at: usize| symbols.is_inside_word(at);
        let last = read.last().map(|last| last.number());
        let next = |at| marks.long(at).0;
        let open =
            self.written.open(Written(read), end, last, next, inside, |length| !symbols.is_inside_word(end - length));
        if open == 0 { symbols.characters.len() } else { end - open }
    }

    fn open_heard(&self, places: &[Character], next: impl Fn(usize) -> usize) -> usize {
        let (end, last) = (places.len(), places.last().map(|last| last.syllable()));
        let open = self.sounded.open(Said(places), end, last, next, |_| false, |_| true);
        let place = (open > 0).then(|| places.get(end - open)).flatten();
        place.map_or(usize::MAX, |place| place.said().start)
    }
}

/// Patterns of one and two symbols, which come first, and longer ones.
#[derive(Debug, Clone)]
pub(crate) struct Lengths {
    short: Trie,
    long: Trie,
}

impl Lengths {
    /// Symbols of a long one, at least.
    pub const LONG: usize = 3;

    /// Short patterns in order, and then long ones in order.
    pub fn of(patterns: &[Box<[u32]>]) -> Self {
        let (short, long) = patterns.split_at(patterns.partition_point(|pattern| pattern.len() < Self::LONG));
        Self { short: Trie::build(0, short), long: Trie::build(index_of(short.len()), long) }
    }

    /// How many symbols before `end`, where they end and of which this is the last, may be the beginning of a longer
    /// pattern, at most. `next(at)` is the first place from one on where a long one may begin, but for the last two.
    fn open(
        &self,
        symbols: impl Row,
        end: usize,
        last: Option<u32>,
        next: impl Fn(usize) -> usize,
        inner: impl Fn(usize) -> bool,
        may_begin: impl Fn(usize) -> bool,
    ) -> usize {
        let next = |at: usize| (next(at).min(at.max(end.saturating_sub(2))), true);
        let state = self.long.search(symbols, next, inner, |_, _| true);
        match self.long.open(state, &may_begin) {
            // A short one has one symbol so far.
            0 => usize::from(last.is_some_and(|last| self.short.leads_on(last)) && may_begin(1)),
            long => long,
        }
    }
}

/// Whether a range shares something with one of some others, which are in order and apart.
fn touches(others: &[Span], range: Range<usize>) -> bool {
    let from = others.partition_point(|other| other.end <= range.start);
    others.get(from).is_some_and(|other| other.start < range.end)
}

/// Where a range of a form, or of the words themselves, stands in the words of the reading.
fn in_words(form: Option<&Normalized>, range: Range<usize>) -> Range<usize> {
    form.map_or(range.clone(), |form| {
        let span = form.map.span(range);
        span.start..span.end
    })
}

/// The parts with which characters are begun when they are taken apart.
fn first_parts(characters: impl Iterator<Item = char>) -> BTreeSet<char> {
    let characters: BTreeSet<char> = characters.collect();
    characters.into_iter().filter_map(split::parts).flatten().filter_map(|parts| parts.chars().next()).collect()
}

/// Most parts that a character is taken into.
const MAX_PARTS: usize = 3;

/// Syllables that one character may turn into when its letters are cut another way.
const MOST_SYLLABLES: usize = 2;

/// The characters of a text, or the last of them.
#[derive(Clone, Copy)]
struct Symbols<'a> {
    characters: &'a [Character],
    /// Length of the text.
    len: usize,
}

impl<'a> Symbols<'a> {
    fn of_words(reading: &'a Reading) -> Self {
        Self { characters: &reading.characters, len: reading.words.text.len() }
    }

    fn of_form(form: &'a OtherForm) -> Self {
        Self { characters: form.characters(), len: form.normal.text.len() }
    }

    /// The last characters, of which there are at most so many.
    fn last(self, most: usize) -> Self {
        let from = self.characters.len().saturating_sub(most);
        Self { characters: self.characters.get(from..).unwrap_or_default(), ..self }
    }

    /// Offset of a character, or of the end.
    fn starts(&self, at: usize) -> usize {
        self.characters.get(at).map_or(self.len, |character| character.start())
    }

    /// Whether letters of a writing with spaces stand on both sides of a character's beginning.
    fn is_inside_word(&self, at: usize) -> bool {
        let joins = |at: usize| self.characters.get(at).is_some_and(|character| joins_words(character.c()));
        at > 0 && joins(at) && joins(at - 1)
    }
}

/// Words are limited to far fewer than 2^32, texts to what their readers allow.
pub(crate) fn index_of(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The normal form of a word and whether it may go on.
fn normal_form(word: &str) -> (String, bool) {
    let word = word.trim();
    let latin_star = word.strip_suffix('*').filter(|stem| stem.chars().next_back().is_some_and(joins_words));
    let form = normalize(latin_star.unwrap_or(word), &NormalizeOptions::WORDS).text;
    (form.trim().to_owned(), latin_star.is_some())
}

/// Letters and digits of writings that put spaces between words.
fn joins_words(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    !is_ideograph(c) && !matches!(c, '\u{3000}'..='\u{30ff}') && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn build(words: &[&str]) -> (Automaton, Vec<UnusableWord>) {
        let categories = 0_u32..;
        Automaton::build(words.iter().zip(categories).map(|(text, category)| LexiconWord { text, category })).unwrap()
    }

    #[track_caller]
    fn check(words: &[&str], text: &str, expected: &[(usize, &str)]) {
        let reading = Reading::of(text);
        let scan = build(words).0.find(&reading, 1000);
        let found: Vec<(usize, &str)> = scan
            .matches
            .iter()
            .map(|m| {
                let span = reading.original(m.start..m.end);
                (m.word as usize, &text[span.start..span.end])
            })
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn words_are_found_with_their_original_place() {
        check(&["炸弹", "bomb"], "做炸-彈和Bömb吗", &[(0, "炸-彈"), (1, "Bömb")]);
        check(&["炸弹", "弹"], "炸弹", &[(0, "炸弹"), (1, "弹")]);
        check(&["hot dog"], "a HOT  dog!", &[(0, "HOT  dog")]);
        check(&["炸弹"], "", &[]);
    }

    #[test]
    fn latin_words_match_whole_words_and_chinese_ones_anywhere() {
        check(&["ass"], "class assess ass. 我ass们 ass", &[(0, "ass"), (0, "ass"), (0, "ass")]);
        check(&["bomb*"], "bombs bomber abomb", &[(0, "bomb"), (0, "bomb")]);
        check(&["c4"], "c4, c45, xc4", &[(0, "c4")]);
        check(&["枪"], "手枪店", &[(0, "枪")]);
    }

    #[test]
    fn words_are_heard_too() {
        check(&["炸弹"], "怎么做zhadan", &[(0, "zhadan")]);
        check(&["炸弹"], "zha4 dàn", &[(0, "zha4 dàn")]);
        check(&["炸弹"], "炸dan", &[(0, "炸dan")]);
        check(&["炸弹"], "炸蛋", &[(0, "炸蛋")]);
        check(&["炸弹"], "榨蛋", &[]);
        check(&["海洛因"], "海落因", &[(0, "海落因")]);
        check(&["大麻"], "dama", &[]);
        check(&["炸弹"], "z-h-a-d-a-n", &[(0, "z-h-a-d-a-n")]);
        check(&["西安事变"], "xianshibian", &[(0, "xianshibian")]);
        check(&["炸弹"], "炸。蛋", &[]);
    }

    #[test]
    fn odd_words_are_told() {
        let long = "长".repeat(200);
        let (automaton, unusable) = build(&["", " \u{200b} ", "ok", "OK", &long, "*"]);
        let why: Vec<_> = unusable.iter().map(|u| (u.word, u.why)).collect();
        assert_eq!(why, [(0, Unusable::Empty), (1, Unusable::Empty), (4, Unusable::TooLong)]);
        assert_eq!(automaton.word_count(), 2, "`ok` once, and the star, which is a word of its own");
        check(&["ok", "OK"], "ok", &[(0, "ok"), (1, "ok")]);
        check(&[], "anything", &[]);
    }

    #[test]
    fn a_search_ends_at_its_limit() {
        let words: Vec<String> = (1..100).map(|n| "啊".repeat(n)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let scan = build(&words).0.find(&Reading::of(&"啊".repeat(500)), 1000);
        assert_eq!((scan.matches.len(), scan.cut_short), (1000, true));
    }

    #[test]
    fn an_unfinished_word_is_known() {
        let (automaton, _) = build(&["炸弹", "hot dog"]);
        for (text, open) in
            [("做炸", 3), ("做炸-", 3), ("做炸-----------------", 23), ("炸弹", 6), ("a hot ", 2), ("", 0)]
        {
            assert_eq!(automaton.open_from(&Reading::of(text)), open, "{text:?}");
        }
    }

    #[test]
    fn many_words_cost_one_pass() {
        let words: Vec<String> = (0..65_000).map(|n| format!("词{n}语")).collect();
        let (automaton, _) = Automaton::build(words.iter().map(|text| LexiconWord { text, category: 7 })).unwrap();
        assert_eq!(automaton.word_count(), 65_000);
        let scan = automaton.find(&Reading::of("前词64999语后"), 10);
        assert_eq!(
            scan.matches,
            [LexiconMatch { start: 3, end: 14, category: 7, word: 64_999, likeness: Likeness::Written }]
        );
    }

    fn agrees_with_no_shortcut(words: &[String], text: &str) -> Result<(), TestCaseError> {
        let words: Vec<LexiconWord<'_>> =
            words.iter().zip(0..).map(|(text, category)| LexiconWord { text, category }).collect();
        for vague in [false, true] {
            let (automaton, _) = Automaton::build_for(words.iter().copied(), |_| vague).unwrap();
            let quick = automaton.find(&Reading::of(text), 10_000);
            let mut reading = Reading::of(text);
            reading.take_no_shortcut();
            prop_assert_eq!(quick, automaton.find(&reading, 10_000), "{:?}", text);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn shortcuts_lose_nothing(
            words in prop::collection::vec("[炸弹单枪好子毒主母a]{1,4}", 1..6),
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "炸", "弹", "榨", "蛋", "弓单", "火乍", "木仓", "女子", "枪枪枪", "主母", "毒", "督", "dan", "zha", "a", "……", "-", "，", "1",
                ]),
                0..14,
            ),
        ) {
            agrees_with_no_shortcut(&words, &pieces.concat())?;
        }

        #[test]
        fn shortcuts_lose_no_letters(
            words in prop::collection::vec("[abo炸弹]{1,3}", 1..6),
            pieces in prop::collection::vec(
                prop::sample::select(vec!["a", "b", "o", "0", "4", "@", " ", "b-o-a", "a-b-o ", "bbb", "zh4", "d@n", "炸", "弹", "，"]),
                0..10,
            ),
        ) {
            agrees_with_no_shortcut(&words, &pieces.concat())?;
        }

        #[test]
        fn the_automaton_agrees_with_looking_for_each_word(
            words in prop::collection::vec("[ab炸弹 ]{1,4}", 1..6),
            text in "[ab炸弹 .-]{0,20}",
        ) {
            let borrowed: Vec<&str> = words.iter().map(String::as_str).collect();
            let (automaton, _) = build(&borrowed);
            let normal = normalize(&text, &NormalizeOptions::WORDS);
            let mut slow = Vec::new();
            for (word, category) in words.iter().zip(0..) {
                let (form, _) = normal_form(word);
                let edge = |c: Option<char>| c.is_some_and(joins_words);
                for at in (0..normal.text.len()).filter(|at| normal.text.is_char_boundary(*at)) {
                    let end = at + form.len();
                    if form.is_empty() || !normal.text[at..].starts_with(&form) {
                        continue;
                    }
                    let left = edge(form.chars().next()) && edge(normal.text[..at].chars().next_back());
                    let right = edge(form.chars().next_back()) && edge(normal.text[end..].chars().next());
                    if !left && !right {
                        slow.push((at, end, category));
                    }
                }
            }
            slow.sort_unstable();
            let mut reading = Reading::of(&text);
            reading.forms.clear();
            let scan = automaton.find(&reading, 10_000);
            let fast = scan.matches.iter().filter(|m| m.likeness == Likeness::Written);
            prop_assert_eq!(fast.map(|m| (m.start, m.end, m.category)).collect::<Vec<_>>(), slow);
        }
    }
}
