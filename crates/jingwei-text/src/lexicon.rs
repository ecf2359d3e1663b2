use std::{collections::BTreeMap, ops::Range};

use aho_corasick::{AhoCorasick, MatchKind};

use crate::{
    NormalizeOptions, Normalized, is_ideograph, normalize,
    normalize::{MAX_SEPARATORS, is_separator},
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
    /// Bytes `start..end` of the normal form; [`Normalized::original`] leads back.
    pub start: usize,
    pub end: usize,
    pub category: u32,
    /// Index of the word among those that the automaton was built from.
    pub word: u32,
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

/// Any number of words, found in one pass (Aho and Corasick, 1975).
///
/// Words and texts are compared in the normal form of [`NormalizeOptions::WORDS`]. A Latin word matches
/// whole words only; a Chinese one matches anywhere.
#[derive(Debug, Clone)]
pub struct Automaton {
    searcher: AhoCorasick,
    patterns: Vec<Pattern>,
    /// Normal forms in order, to ask whether a text may be the beginning of one.
    sorted: Vec<Box<str>>,
    longest: usize,
}

#[derive(Debug, Clone)]
struct Pattern {
    /// (category, word), sorted, without repetition of a category.
    means: Vec<(u32, u32)>,
    bounded_left: bool,
    bounded_right: bool,
}

impl Automaton {
    pub const MAX_WORD_BYTES: usize = 512;
    pub const MAX_WORDS: usize = 4_000_000;

    /// Builds the automaton. Words that cannot be looked for are returned beside it and left out.
    pub fn build<'a>(
        words: impl IntoIterator<Item = LexiconWord<'a>>,
    ) -> Result<(Self, Vec<UnusableWord>), LexiconError> {
        let mut unusable = Vec::new();
        // Keyed by form and openness, so that `bomb` and `bomb*` stay two patterns.
        let mut forms: BTreeMap<(Box<str>, bool), BTreeMap<u32, u32>> = BTreeMap::new();
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
                _ => {
                    forms.entry((form.into(), open)).or_default().entry(word.category).or_insert(index);
                }
            }
        }
        let searcher = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(forms.keys().map(|(form, _)| form.as_bytes()))
            .map_err(|error| LexiconError::Automaton { reason: error.to_string() })?;
        let longest = forms.keys().map(|(form, _)| form.len()).max().unwrap_or(0);
        let patterns = forms.iter().map(|((form, open), means)| Pattern {
            means: means.iter().map(|(category, word)| (*category, *word)).collect(),
            bounded_left: form.chars().next().is_some_and(joins_words),
            bounded_right: !open && form.chars().next_back().is_some_and(joins_words),
        });
        let patterns = patterns.collect();
        let sorted = forms.into_keys().map(|(form, _)| form).collect();
        Ok((Self { searcher, patterns, sorted, longest }, unusable))
    }

    /// How many different words it looks for.
    #[must_use]
    pub fn word_count(&self) -> usize {
        self.patterns.len()
    }

    /// Bytes of the longest word in normal form: no match is longer.
    #[must_use]
    pub fn longest_word(&self) -> usize {
        self.longest
    }

    /// Every word in a text that was normalised with [`NormalizeOptions::WORDS`] or more, in order of place,
    /// overlapping ones too.
    #[must_use]
    pub fn search(&self, text: &Normalized, max_matches: usize) -> Scan {
        let mut scan = Scan::default();
        if self.patterns.is_empty() {
            return scan;
        }
        for found in self.searcher.find_overlapping_iter(&text.text) {
            let Some(pattern) = self.patterns.get(found.pattern().as_usize()) else { continue };
            if !stands_alone(&text.text, found.range(), pattern) {
                continue;
            }
            for (category, word) in &pattern.means {
                if scan.matches.len() >= max_matches {
                    scan.cut_short = true;
                    scan.matches.sort_unstable();
                    return scan;
                }
                scan.matches.push(LexiconMatch {
                    start: found.start(),
                    end: found.end(),
                    category: *category,
                    word: *word,
                });
            }
        }
        scan.matches.sort_unstable();
        scan
    }

    /// Where in a text the earliest word may have begun that what follows could still complete:
    /// an offset of the normal form, its length where nothing may. What a later character can still take out
    /// of the text (separators, the second of three repeated characters) is reckoned with.
    #[must_use]
    pub fn open_from(&self, text: &str) -> usize {
        let mut open = self.open_suffix(text).min(text.len());
        let trimmed = text.trim_end_matches(is_separator);
        if text[trimmed.len()..].chars().count() <= MAX_SEPARATORS {
            open = open.min(self.open_suffix(trimmed));
        }
        for end in [text, trimmed] {
            let mut last = end.chars().rev();
            if let (Some(a), Some(b)) = (last.next(), last.next())
                && a == b
            {
                open = open.min(self.open_suffix(&end[..end.len() - a.len_utf8()]));
            }
        }
        // A word that begins with a repeated character begins with the first one.
        while let (Some(before), Some(at)) = (text[..open].chars().next_back(), text[open..].chars().next())
            && before == at
        {
            open -= before.len_utf8();
        }
        open
    }

    fn open_suffix(&self, text: &str) -> usize {
        let earliest = text.len().saturating_sub(self.longest);
        let starts = text.char_indices().map(|(at, _)| at).skip_while(|at| *at < earliest);
        let mut open = starts.filter(|at| self.is_proper_prefix(&text[*at..]));
        open.next().unwrap_or(usize::MAX)
    }

    fn is_proper_prefix(&self, start: &str) -> bool {
        let from = self.sorted.partition_point(|form| form.as_ref() < start);
        self.sorted[from..].iter().take_while(|form| form.starts_with(start)).any(|form| form.len() > start.len())
    }
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
    c.is_alphanumeric() && !is_ideograph(c) && !matches!(c, '\u{3040}'..='\u{30ff}')
}

fn stands_alone(text: &str, range: Range<usize>, pattern: &Pattern) -> bool {
    let before = text[..range.start].chars().next_back().is_some_and(joins_words);
    let after = text[range.end..].chars().next().is_some_and(joins_words);
    !(pattern.bounded_left && before || pattern.bounded_right && after)
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
        let normal = normalize(text, &NormalizeOptions::WORDS);
        let scan = build(words).0.search(&normal, 1000);
        let found: Vec<(usize, &str)> = scan
            .matches
            .iter()
            .map(|m| {
                let span = normal.original(m.start..m.end);
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
        let scan = build(&words).0.search(&normalize(&"啊".repeat(500), &NormalizeOptions::WORDS), 1000);
        assert_eq!((scan.matches.len(), scan.cut_short), (1000, true));
    }

    #[test]
    fn an_unfinished_word_is_known() {
        let (automaton, _) = build(&["炸弹", "hot dog"]);
        for (text, open) in [("做炸", 3), ("做炸-", 3), ("做炸----", 10), ("炸弹", 6), ("a hot ", 2), ("", 0)] {
            assert_eq!(automaton.open_from(text), open, "{text:?}");
        }
    }

    #[test]
    fn many_words_cost_one_pass() {
        let words: Vec<String> = (0..65_000).map(|n| format!("词{n}语")).collect();
        let (automaton, _) = Automaton::build(words.iter().map(|text| LexiconWord { text, category: 7 })).unwrap();
        assert_eq!(automaton.word_count(), 65_000);
        let scan = automaton.search(&normalize("前词64999语后", &NormalizeOptions::WORDS), 10);
        assert_eq!(scan.matches, [LexiconMatch { start: 3, end: 14, category: 7, word: 64_999 }]);
    }

    proptest! {
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
                        slow.push(LexiconMatch { start: at, end, category, word: category });
                    }
                }
            }
            slow.sort_unstable();
            prop_assert_eq!(automaton.search(&normal, 10_000).matches, slow);
        }
    }
}
