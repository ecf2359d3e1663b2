//! A text in every form in which words are looked for.

use std::{cell::OnceCell, ops::Range};

use jingwei_core::Span;

use crate::{
    Normalized, OffsetMap,
    characters::Character,
    fold::{self, MAX_SEPARATORS, is_separator},
    normalize::{FoldedText, fold_text, folded},
    phonetic::{MAX_RUN, syllables},
    simplify::to_simplified,
    split::{Joined, is_last_part, is_part, join, join3, joints, may_begin},
    undisguise::{composed, is_letter, undisguised},
};

/// The normal form of a text, and beside it what it is without disguises and how it sounds.
///
/// Places in every form lead to places in [`Reading::words`], so that words which were found in different forms can be
/// held against each other; those lead to the original.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The form in which words are compared.
    pub words: Normalized,
    /// Of `words`.
    pub(crate) characters: Vec<Character>,
    /// Of `words`, where they are not as `characters`.
    pub(crate) sounds: Option<Sounds>,
    pub(crate) forms: Vec<OtherForm>,
    is_split: bool,
}

/// The text in another form than `words`, with a map to the text of `words`.
#[derive(Debug, Clone)]
pub(crate) struct OtherForm {
    pub normal: Normalized,
    /// Where in it the characters begin that are not those of `words`, or stand where others were taken out: the rest is
    /// read in `words`. `None`: anything may have changed.
    pub changed: Option<Vec<usize>>,
    /// What is searched, if somebody does.
    symbols: OnceCell<(Vec<Character>, Option<Sounds>)>,
}

impl OtherForm {
    fn of(changed: Changed) -> Self {
        Self { normal: changed.form, changed: changed.at, symbols: OnceCell::new() }
    }

    /// Whether what was put together stands beside a character of its kind: there may be three of them now.
    fn has_new_rows(&self) -> bool {
        let text = self.normal.text.as_str();
        self.changed.iter().flatten().any(|at| {
            let (before, rest) = text.split_at(*at);
            let mut rest = rest.chars();
            let own = rest.next();
            before.chars().next_back() == own || rest.next() == own
        })
    }

    fn symbols(&self) -> &(Vec<Character>, Option<Sounds>) {
        self.symbols.get_or_init(|| {
            let characters = Character::all_of(&self.normal.text);
            let sounds = Sounds::of(&characters, &self.normal.text);
            (characters, sounds)
        })
    }

    pub fn characters(&self) -> &[Character] {
        &self.symbols().0
    }

    pub fn sounds(&self) -> Option<&Sounds> {
        self.symbols().1.as_ref()
    }
}

/// A form of a text, and where it differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changed {
    pub form: Normalized,
    /// As in [`OtherForm::changed`].
    pub at: Option<Vec<usize>>,
}

impl Reading {
    #[must_use]
    pub fn of(text: &str) -> Self {
        let FoldedText { normal: words, characters, watch } = fold_text(text, &fold::WORDS, true);
        let places = || characters.iter().map(|character| (character.start(), character.c()));
        let split = if watch.may_be_split { put_together(&words.text, places()) } else { None }.map(OtherForm::of);
        let whole = split.as_ref().map_or(words.text.as_str(), |split| split.normal.text.as_str());
        let disguises = watch.may_be_disguised() || split.as_ref().is_some_and(OtherForm::has_new_rows);
        let plain = if disguises { undisguised(whole, watch) } else { None };
        let plain = plain.map(|mut plain| {
            if let Some(split) = &split {
                plain.form.map = composed(&plain.form, &split.normal);
                plain.at = None;
            }
            OtherForm::of(plain)
        });
        let sounds = if watch.may_sound_apart { Sounds::of(&characters, &words.text) } else { None };
        let is_split = split.is_some();
        let mut forms = Vec::new();
        forms.extend(plain);
        forms.extend(split);
        Self { words, characters, sounds, forms, is_split }
    }

    /// Reads every form, and its sounds, as if much had changed.
    #[cfg(test)]
    pub(crate) fn take_no_shortcut(&mut self) {
        self.sounds = Some(Sounds::apart(&self.characters, &self.words.text));
        for form in &mut self.forms {
            form.changed = None;
            let characters = Character::all_of(&form.normal.text);
            let sounds = Sounds::apart(&characters, &form.normal.text);
            form.symbols = OnceCell::from((characters, Some(sounds)));
        }
    }

    /// The form in which characters are put together that were taken apart. Where there is one, words are heard in it and
    /// not in `words`.
    pub(crate) fn split(&self) -> Option<&OtherForm> {
        self.forms.last().filter(|_| self.is_split)
    }

    /// The form in which the least is disguised.
    #[must_use]
    pub fn plainest(&self) -> &str {
        self.forms.first().map_or(self.words.text.as_str(), |form| form.normal.text.as_str())
    }

    /// Every form of the text, with the way from its places to those of `words`.
    pub fn forms(&self) -> impl Iterator<Item = (&str, impl Fn(Range<usize>) -> Span)> {
        let own = std::iter::once((self.words.text.as_str(), None));
        let others = self.forms.iter().map(|form| (form.normal.text.as_str(), Some(&form.normal)));
        own.chain(others).map(|(text, form)| {
            let place = move |range: Range<usize>| match form {
                None => Span { start: range.start, end: range.end },
                Some(form) => form.map.span(range),
            };
            (text, place)
        })
    }

    /// The bytes of the original from which a range of `words` came.
    #[must_use]
    pub fn original(&self, range: Range<usize>) -> Span {
        self.words.original(range)
    }
}

/// The form of a text in which the least is disguised, in simplified lower-case characters: what trained heads read.
#[must_use]
pub fn plain_form(text: &str) -> String {
    let (words, watch) = folded(text, &fold::WORDS);
    let split = if watch.may_be_split { put_together(&words.text, words.text.char_indices()) } else { None };
    let disguises = watch.may_be_disguised() || split.is_some();
    let whole = split.map_or(words.text, |split| split.form.text);
    match if disguises { undisguised(&whole, watch) } else { None } {
        Some(plain) => plain.form.text,
        None => whole,
    }
}

/// The syllables of a text in order, where they are not those of its characters. Where nothing is pronounced that belongs
/// to a Chinese word stands a break.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sounds {
    pub places: Vec<Character>,
    /// Some of them is spelled with Latin letters.
    pub spelled: bool,
    /// How many symbols come before a run of Latin letters that the text ends with.
    pub before_last_run: usize,
}

pub(crate) const BREAK: u32 = 0;

/// Whether syllables stand beside each other where their characters do not, or Latin letters spell some, or may if more of
/// them follow.
fn sounds_apart(characters: &[Character], text: &str) -> bool {
    let (mut said, mut parted) = (false, false);
    let mut read = 0;
    for character in characters {
        if character.syllable() != 0 {
            if parted {
                return true;
            }
            said = true;
            continue;
        }
        let c = character.c();
        if c.is_ascii_lowercase() && character.start() >= read {
            let run = latin_run(&text[character.start()..]);
            read = character.start() + run;
            if read == text.len() || may_be_spelled(&text[character.start()..read]) {
                return true;
            }
        }
        let separator = is_separator(c);
        parted = separator && said;
        said &= separator;
    }
    parted
}

/// Whether letters around a place, which with digits between are one run at most, may spell syllables.
pub(crate) fn may_be_spelled_around(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let alphanumeric = |byte: &&u8| byte.is_ascii_alphanumeric();
    let before = bytes.get(..at).unwrap_or_default().iter().rev().take(MAX_RUN).take_while(alphanumeric).count();
    let end = at + bytes.get(at..).unwrap_or_default().iter().take(MAX_RUN).take_while(alphanumeric).count();
    (at - before..end).any(|from| may_be_spelled(&text[from..from + latin_run(&text[from..])]))
}

/// Whether a run of letters with the digits of tones begins with a syllable, without which it spells nothing.
fn may_be_spelled(run: &str) -> bool {
    let letters = run.bytes().take_while(u8::is_ascii_lowercase).count();
    run.len() <= MAX_RUN && syllables(&run[..letters]).is_some()
}

impl Sounds {
    /// `None`: they are as the characters.
    fn of(characters: &[Character], text: &str) -> Option<Self> {
        sounds_apart(characters, text).then(|| Self::apart(characters, text))
    }

    fn apart(characters: &[Character], text: &str) -> Self {
        let places = Vec::with_capacity(characters.len() + 4);
        let mut sounds = Self { places, spelled: false, before_last_run: 0 };
        let mut nth = 0;
        let mut gap = 0;
        let mut letters_last = false;
        let mut silent = true;
        while let Some(character) = characters.get(nth) {
            let rest = characters.get(nth..).unwrap_or_default();
            let said = rest.iter().position(|other| other.syllable() == 0).unwrap_or(rest.len());
            letters_last = false;
            if said > 0 {
                sounds.places.extend(rest.iter().take(said));
                nth += said;
                gap = 0;
                silent = false;
                continue;
            }
            nth += 1;
            let (c, at) = (character.c(), character.start());
            if c.is_ascii_lowercase() {
                let run = latin_run(&text[at..]);
                sounds.before_last_run = sounds.places.len();
                letters_last = at + run == text.len();
                silent &= !sounds.spelled(&text[at..at + run], at);
                gap = 0;
                // Each of its letters is a byte.
                nth += run - 1;
            } else {
                gap += 1;
                if gap > MAX_SEPARATORS || !is_separator(c) {
                    sounds.stop();
                }
            }
        }
        if !letters_last {
            sounds.before_last_run = sounds.places.len();
        }
        if silent && !letters_last {
            sounds = Self::default();
        }
        sounds
    }

    fn stop(&mut self) {
        if self.places.last().is_some_and(|last| last.syllable() != BREAK) {
            self.places.push(Character::silent());
        }
    }

    /// A run of letters with the digits of tones: all of it is pinyin, or none. Says whether it is.
    fn spelled(&mut self, run: &str, at: usize) -> bool {
        let before = self.places.len();
        let mut start = 0;
        while start < run.len() && run.len() <= MAX_RUN {
            let letters = run[start..].bytes().take_while(u8::is_ascii_lowercase).count();
            if letters == 0 {
                start += 1;
                continue;
            }
            let Some(cut) = syllables(&run[start..start + letters]) else { break };
            for syllable in cut {
                let end = start + syllable.letters().len();
                self.places.push(Character::spelled(syllable, at + start));
                start = end;
            }
        }
        if start < run.len() {
            self.places.truncate(before);
            self.stop();
        }
        self.spelled |= start == run.len();
        start == run.len()
    }
}

/// Bytes of Latin letters at the start, with digits that mark tones.
fn latin_run(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    while let Some(byte) = bytes.get(end) {
        let after_letter = end > 0 && bytes[end - 1].is_ascii_lowercase();
        let tone = after_letter && matches!(byte, b'1'..=b'5') && !bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !tone && !byte.is_ascii_lowercase() {
            break;
        }
        end += 1;
    }
    end
}

/// A place from which a text can be read anew, not before `from` and not after `until`: what is found in the rest and
/// begins some way behind the place is what is found there in the whole, in every form.
#[must_use]
pub fn restart_before(text: &str, from: usize, until: usize) -> Option<usize> {
    let until = (0..=until.min(text.len())).rev().find(|at| text.is_char_boundary(*at))?;
    let mut at = until;
    while at > from {
        let before = text[..at].chars().next_back()?;
        let mut after = text[at..].chars();
        if let Some(next) = after.next()
            && is_seam(&text[..at], before, next, after.next())
        {
            return Some(at);
        }
        at -= before.len_utf8();
    }
    None
}

/// Whether the forms on both sides of a place do not depend on each other.
fn is_seam(left: &str, before: char, next: char, second: Option<char>) -> bool {
    let plain = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    if plain(next) {
        // Repetition, and characters that were taken apart, cross the place.
        let marks = matches!(before, ',' | ':' | '，' | '。' | '、' | '：' | '！' | '？' | '；');
        return marks
            || (plain(before)
                && to_simplified(before) != to_simplified(next)
                && !is_part(before)
                && !is_last_part(next));
    }
    let mut back = left.chars().rev().skip(1);
    let mut both_sides = |fits: fn(char) -> bool| {
        fits(next) && second.is_some_and(fits) && back.next().is_some_and(fits) && back.next().is_some_and(fits)
    };
    match before {
        // Nothing joins over a colon.
        ':' => next.is_ascii(),
        // Letters and digits may be spelled out with commas, one by one. Two and more are none of them.
        ',' => next.is_ascii() && (!is_letter(next) || both_sides(is_letter)),
        // Between two words of two letters or more: neither is spelled out.
        ' ' | '\n' => both_sides(|c| c.is_ascii_alphabetic()),
        _ => false,
    }
}

/// The text with characters that were taken apart put together again: 弓单 is 弹. `None`: there are none.
/// Parts that are an ordinary word beside each other (女子) stay as they are. The characters are those of the text, with
/// their places.
pub(crate) fn put_together(words: &str, characters: impl Iterator<Item = (usize, char)>) -> Option<Changed> {
    let mut found: Option<(String, OffsetMap)> = None;
    let (mut changed, mut copied) = (Vec::new(), 0);
    let joints = joints();
    let mut last: Option<(usize, char)> = None;
    for (at, c) in characters {
        let Some((from, first)) = last.replace((at, c)) else { continue };
        // Few pairs that are none pass, and those join to nothing.
        if from < copied || !may_begin(joints, u32::from(first), u32::from(c)) {
            continue;
        }
        let Some((joined, parts)) = joined_at(first, words[at..].chars()) else { continue };
        let (text, map) =
            found.get_or_insert_with(|| (String::with_capacity(words.len()), OffsetMap::new(words.len())));
        text.push_str(&words[copied..from]);
        map.copied(copied..from);
        copied = from + words[from..].chars().take(parts).map(char::len_utf8).sum::<usize>();
        changed.push(text.len());
        text.push(joined);
        map.replaced(joined.len_utf8(), from..copied);
    }
    let (mut text, mut map) = found?;
    text.push_str(&words[copied..]);
    map.copied(copied..words.len());
    Some(Changed { form: Normalized { text, map }, at: Some(changed) })
}

/// The character that parts in a row look like, and how many they are.
fn joined_at(first: char, mut rest: impl Iterator<Item = char>) -> Option<(char, usize)> {
    let second = rest.next()?;
    let three = rest.next().and_then(|third| join3(first, second, third));
    let unusual = |joined: Option<Joined>| joined.filter(|joined| !joined.ordinary).map(|joined| joined.character);
    unusual(three).map(|c| (c, 3)).or_else(|| unusual(join(first, second)).map(|c| (c, 2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NormalizeOptions, normalize, phonetic::Syllable};

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let reading = Reading::of(text);
        let letters = |place: &Character| u16::try_from(place.syllable()).map_or("", |s| Syllable(s).letters());
        let places = reading.sounds.map_or(reading.characters, |sounds| sounds.places);
        let said: Vec<&str> = places.iter().map(letters).map(|l| if l.is_empty() { "|" } else { l }).collect();
        assert_eq!(said.join(" "), expected, "{text}");
    }

    #[test]
    fn texts_are_read_aloud() {
        check("炸弹", "zha dan");
        check("怎么做zhadan？", "zen me zuo zha dan |");
        check("zha dan", "zha dan");
        check("zha4dan4", "zha dan");
        check("炸 dàn", "zha dan");
        check("炸。弹", "zha | dan");
        check("the bomb", "");
        check("炸 。 弹", "zha | | | dan");
        check("炸……弹", "zha dan");
        check("炸，弹 ", "zha | dan");
        check("", "");
    }

    #[test]
    fn parts_are_put_together() {
        for (text, together) in [
            ("做火乍弓单吧", "做炸弹吧"),
            ("火-乍 弓-单", "炸弹"),
            ("女子和日月", "女子和日月"),
            ("木", "木"),
            ("", ""),
        ] {
            let words = normalize(text, &NormalizeOptions::WORDS);
            let whole = put_together(&words.text, words.text.char_indices())
                .map_or(words.text.clone(), |whole| whole.form.text);
            assert_eq!(whole, together);
        }
        let reading = Reading::of("做火-乍弓单");
        let (form, place) = reading.forms().nth(1).unwrap();
        let at = form.find("炸弹").unwrap();
        let words = place(at..at + "炸弹".len());
        assert_eq!(reading.original(words.start..words.end), Span { start: 3, end: 16 });
    }

    #[test]
    fn places_lead_to_the_words() {
        let reading = Reading::of("做ＺＨＡdan");
        let sounds = Sounds::apart(&reading.characters, &reading.words.text);
        let places: Vec<Range<usize>> = sounds.places.iter().map(|place| place.said()).collect();
        assert_eq!(places, [0..3, 3..6, 6..9]);
        assert_eq!(reading.original(3..6), Span { start: 3, end: 12 });
    }
}
