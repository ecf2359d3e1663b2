use std::{iter, ops::Range};

use jingwei_core::Span;
use unicode_normalization::{IsNormalized, UnicodeNormalization, char::canonical_combining_class, is_nfkc_quick};

use crate::{OffsetMap, confusables, hidden::is_hidden, simplify::to_simplified};

/// What is folded away. Everything that was folded can be found again through the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NormalizeOptions {
    /// Lower case.
    pub case: bool,
    /// Look-alikes of Latin letters, and accents on them.
    pub confusables: bool,
    /// Traditional characters become simplified.
    pub simplify: bool,
    /// Separators between Chinese characters are taken out: 炸-弹.
    pub separators: bool,
    /// Runs of white space become one space.
    pub white_space: bool,
    /// Digits and signs beside letters become the letters that they pass for: `b0mb`, `p@ss`.
    pub leetspeak: bool,
    /// A character that stands three times or more in a row stands once.
    pub repeats: bool,
    /// Letters that are spelled out are joined: `b-o-m-b`, `b o m b`.
    pub spelled: bool,
}

impl NormalizeOptions {
    /// NFKC (with width) and hidden characters only: for values whose case and signs matter.
    pub const LITERAL: Self = Self {
        case: false,
        confusables: false,
        simplify: false,
        separators: false,
        white_space: false,
        leetspeak: false,
        repeats: false,
        spelled: false,
    };

    /// The form in which words are compared.
    pub const WORDS: Self =
        Self { case: true, confusables: true, simplify: true, separators: true, white_space: true, ..Self::LITERAL };

    /// The form in which disguised words are compared: beside [`Self::WORDS`], never instead of it,
    /// because it changes innocent text too (`4ll` and `book 3` and `www` are not what they were).
    pub const DISGUISED: Self = Self { leetspeak: true, repeats: true, spelled: true, ..Self::WORDS };
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

/// A character of the normal form and the bytes that it came from.
#[derive(Debug, Clone, Copy)]
struct Unit {
    c: char,
    start: usize,
    end: usize,
}

/// Normalises a text: NFKC and removal of hidden characters always, the rest as asked.
#[must_use]
pub fn normalize(text: &str, options: &NormalizeOptions) -> Normalized {
    let mut units = fold(text, options);
    if options.separators {
        units = without_separators(units);
    }
    if options.white_space {
        units = with_single_spaces(units);
    }
    if options.spelled {
        units = with_joined_letters(units);
    }
    if options.leetspeak {
        fold_leetspeak(&mut units);
    }
    if options.repeats {
        units = without_repeats(units);
    }
    assemble(text, &units)
}

fn assemble(text: &str, units: &[Unit]) -> Normalized {
    let mut out = String::with_capacity(text.len());
    let mut map = OffsetMap::new(text.len());
    for (index, unit) in units.iter().enumerate() {
        let shares = |other: Option<&Unit>| other.is_some_and(|o| o.start == unit.start && o.end == unit.end);
        let alone = !shares(index.checked_sub(1).and_then(|i| units.get(i))) && !shares(units.get(index + 1));
        let len = unit.c.len_utf8();
        if alone && len == unit.end - unit.start {
            map.copied(unit.start..unit.end);
        } else {
            map.replaced(len, unit.start..unit.end);
        }
        out.push(unit.c);
    }
    Normalized { text: out, map }
}

/// A character at which no composition with what stands before can happen.
fn begins_cluster(c: char) -> bool {
    c.is_ascii()
        || is_ideograph(c)
        || (canonical_combining_class(c) == 0 && is_nfkc_quick(iter::once(c)) != IsNormalized::Maybe)
}

fn fold(text: &str, options: &NormalizeOptions) -> Vec<Unit> {
    let mut units = Vec::with_capacity(text.len());
    let mut cluster: Vec<Unit> = Vec::new();
    for (at, c) in text.char_indices() {
        if is_hidden(c).is_some() {
            continue;
        }
        if begins_cluster(c) {
            fold_cluster(&cluster, options, &mut units);
            cluster.clear();
        }
        cluster.push(Unit { c, start: at, end: at + c.len_utf8() });
    }
    fold_cluster(&cluster, options, &mut units);
    units
}

fn fold_cluster(cluster: &[Unit], options: &NormalizeOptions, units: &mut Vec<Unit>) {
    let (Some(first), Some(last)) = (cluster.first(), cluster.last()) else { return };
    if let [Unit { c, .. }] = *cluster {
        if c.is_ascii() {
            return units.push(Unit { c: if options.case { c.to_ascii_lowercase() } else { c }, ..*first });
        }
        if is_ideograph(c) && !is_compatibility_ideograph(c) {
            return units.push(Unit { c: if options.simplify { to_simplified(c) } else { c }, ..*first });
        }
    }
    let composed: Vec<char> = cluster.iter().map(|unit| unit.c).nfkc().filter(|c| is_hidden(*c).is_none()).collect();
    // Characters that did not join keep their own places.
    let unjoined = cluster.iter().map(|unit| unit.c).eq(composed.iter().copied());
    for (nth, c) in composed.into_iter().enumerate() {
        let own = cluster.get(nth).filter(|_| unjoined);
        let (start, end) = own.map_or((first.start, last.end), |unit| (unit.start, unit.end));
        let mut push = |c: char| units.push(Unit { c, start, end });
        if options.case && !c.is_lowercase() {
            c.to_lowercase().for_each(|c| fold_letter(c, options, &mut push));
        } else {
            fold_letter(c, options, &mut push);
        }
    }
}

fn fold_letter(c: char, options: &NormalizeOptions, push: &mut impl FnMut(char)) {
    if options.confusables && !c.is_ascii() {
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
    push(if options.simplify { to_simplified(c) } else { c });
}

/// Chinese characters (Han), the writing that has no spaces between words.
#[must_use]
pub fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_compatibility_ideograph(c: char) -> bool {
    matches!(c, '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}')
}

/// Signs that are put between characters to break a word. Sentence punctuation and enumeration are not among them.
pub(crate) fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '_' | '*' | '.' | '·' | '|' | '/' | '\\' | '~' | '+' | '=' | '^' | '#' | '\'' | '"' | '•')
        || matches!(c, '・' | '‧' | '⋅' | '°' | '¯' | '\u{fffd}')
}

/// Longest run of separators that is taken out of a word.
pub(crate) const MAX_SEPARATORS: usize = 3;

fn without_separators(units: Vec<Unit>) -> Vec<Unit> {
    let mut out: Vec<Unit> = Vec::with_capacity(units.len());
    let mut at = 0;
    while let Some(unit) = units.get(at) {
        let after_ideograph = out.last().is_some_and(|last| is_ideograph(last.c));
        if after_ideograph && is_separator(unit.c) {
            let run = units[at..].iter().take_while(|u| is_separator(u.c)).count();
            let before_ideograph = units.get(at + run).is_some_and(|next| is_ideograph(next.c));
            if run > MAX_SEPARATORS || !before_ideograph {
                out.extend_from_slice(&units[at..at + run]);
            }
            at += run;
            continue;
        }
        out.push(*unit);
        at += 1;
    }
    out
}

fn with_single_spaces(units: Vec<Unit>) -> Vec<Unit> {
    let mut out: Vec<Unit> = Vec::with_capacity(units.len());
    for unit in units {
        if !unit.c.is_whitespace() {
            out.push(unit);
        } else if let Some(last) = out.last_mut().filter(|last| last.c == ' ') {
            last.end = unit.end;
        } else {
            out.push(Unit { c: ' ', ..unit });
        }
    }
    out
}

/// Fewest single letters in a row that count as spelled out.
const MIN_SPELLED: usize = 3;

fn with_joined_letters(units: Vec<Unit>) -> Vec<Unit> {
    let is_letter =
        |at: usize| units.get(at).is_some_and(|u| u.c.is_ascii_alphanumeric() || leet_letter(u.c).is_some());
    let joint = |at: usize| units.get(at).map(|unit| unit.c).filter(|c| is_separator(*c) || *c == ',');
    let mut out = Vec::with_capacity(units.len());
    let mut at = 0;
    while let Some(unit) = units.get(at) {
        let fresh = at == 0 || !is_letter(at - 1);
        if fresh && is_letter(at) {
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

/// The letter that a digit or sign passes for.
pub(crate) fn leet_letter(c: char) -> Option<char> {
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
        let beside_letter = is_letter(at.checked_sub(1)) || is_letter(at.checked_add(1));
        if let Some(unit) = units.get_mut(at)
            && beside_letter
            && let Some(letter) = leet_letter(unit.c)
        {
            unit.c = letter;
        }
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(options: NormalizeOptions, text: &str, expected: &str) {
        assert_eq!(normalize(text, &options).text, expected, "{text:?}");
    }

    #[test]
    fn writing_is_folded() {
        for (text, expected) in [
            ("", ""),
            ("ＨＴＴＰ：／／", "http://"),
            ("Ⓑⓞⓜⓑ ﬁne ½", "bomb fine 1⁄2"),
            ("bо\u{200b}mb", "bomb"),     // Cyrillic о, zero-width space
            ("bömb, b̶o̶m̶b", "bomb, bomb"), // accents
            ("製造　炸彈", "制造炸弹"),   // traditional, ideographic space between characters
            ("炸-*弹 ok", "炸弹 ok"),
            ("炸——————弹", "炸------弹"), // too many to be one word
            ("炸，弹", "炸,弹"),          // a comma separates
            ("中文 and 英文", "中文 and 英文"),
            ("a \t\n b", "a b"),
            ("\u{e0062}x\u{fe0f}\u{202e}", "x"),
            ("が", "が"),
            ("Straße İ", "straße i"),
        ] {
            check(NormalizeOptions::WORDS, text, expected);
        }
    }

    #[test]
    fn disguises_are_taken_off() {
        for (text, expected) in [
            ("b0mb", "bomb"),
            ("h4ck th3 p@$$word", "hack the password"),
            ("in 1337 there", "in 1337 there"),
            ("b-o-m-b now", "bomb now"),
            ("b o m b s", "bombs"),
            ("a b-o-m-b", "a bomb"),
            ("a b cat", "a b cat"),
            ("i.e. this", "i.e. this"),
            ("fuuuuck 炸炸炸弹 111", "fuck 炸弹 111"),
            ("book", "book"),
        ] {
            check(NormalizeOptions::DISGUISED, text, expected);
        }
    }

    #[test]
    fn values_keep_their_case_and_signs() {
        check(NormalizeOptions::LITERAL, "ＡKIA１２ а b\u{200b}-C  d", "AKIA12 а b-C  d");
    }

    #[test]
    fn the_way_back_leads_to_the_original() {
        let text = "买 ｂо\u{200b}mb 炸-弹";
        let normal = normalize(text, &NormalizeOptions::WORDS);
        for (word, original) in [("bomb", "ｂо\u{200b}mb"), ("炸弹", "炸-弹"), ("弹", "弹")] {
            let at = normal.text.find(word).unwrap();
            let span = normal.original(at..at + word.len());
            assert_eq!(&text[span.start..span.end], original);
        }
    }

    fn any_text() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "a",
            "B",
            "0",
            "4",
            "!",
            " ",
            "\n",
            "-",
            ".",
            "炸",
            "弹",
            "彈",
            "，",
            "ﬁ",
            "é",
            "e\u{301}",
            "\u{301}",
            "\u{200b}",
            "\u{202e}",
            "\u{e0061}",
            "о",
            "Ⓐ",
            "ｂ",
            "각",
            "\u{1112}\u{1161}\u{11ab}",
            "が",
            "か\u{3099}",
            "👩\u{200d}👧",
            "İ",
        ]);
        prop_oneof![prop::collection::vec(pieces, 0..24).prop_map(|p| p.concat()), any::<String>()]
    }

    proptest! {
        #[test]
        fn the_map_is_monotone_in_range_and_on_boundaries(text in any_text(), kind in 0..3_usize) {
            let options =
                [NormalizeOptions::LITERAL, NormalizeOptions::WORDS, NormalizeOptions::DISGUISED][kind];
            let normal = normalize(&text, &options);
            let mut last = Span { start: 0, end: 0 };
            for (at, c) in normal.text.char_indices() {
                let span = normal.original(at..at + c.len_utf8());
                prop_assert!(span.start < span.end && span.end <= text.len());
                prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
                prop_assert!(span.start >= last.start && span.end >= last.end, "{:?} after {:?}", span, last);
                last = span;
            }
            prop_assert_eq!(normal.map.start(normal.text.len()), text.len());
        }

        #[test]
        fn lower_case_ascii_stays_as_it_is(words in prop::collection::vec("[a-z]{1,9}", 0..9)) {
            let text = words.join(" ");
            for options in [NormalizeOptions::LITERAL, NormalizeOptions::WORDS] {
                let normal = normalize(&text, &options);
                prop_assert_eq!(&normal.text, &text);
                prop_assert_eq!(normal.map, OffsetMap::identity(text.len()));
            }
        }

        #[test]
        fn normal_form_is_reached_at_once_without_disguises(text in any_text()) {
            let once = normalize(&text, &NormalizeOptions::LITERAL).text;
            prop_assert_eq!(normalize(&once, &NormalizeOptions::LITERAL).text, once);
        }
    }
}
