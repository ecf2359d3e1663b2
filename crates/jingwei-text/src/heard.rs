//! Words that are heard rather than read: spelled in pinyin, or written with characters that sound alike.

use std::collections::BTreeMap;

use crate::{
    Likeness,
    lexicon::index_of,
    phonetic::{Syllable, syllable_of, syllables},
    reading::{BREAK, Place},
    trie::{Pairs, Trie},
};

/// A word that sounds like a pattern of the sounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alike {
    pub pattern: u32,
    pub syllables: u16,
    /// Each syllable is one character. Otherwise its letters are cut in another way: `xi an`, `xian`.
    by_character: bool,
    /// It matters to somebody if it is recognised vaguely.
    vague: bool,
}

impl Alike {
    /// Whether syllables in a text stand for the word. What is written as the word is written is none of ours.
    /// `bytes` are those of the words of the reading that are read so.
    pub fn likeness(&self, word: &str, places: &[Place], bytes: impl Fn(&Place) -> usize) -> Option<Likeness> {
        if let [first, second] = places
            && first.character() != 0
            && second.character() != 0
            && !self.vague
        {
            return None;
        }
        let spelled = places.iter().filter(|place| place.character() == 0).count();
        if spelled == places.len() {
            let letters: usize = places.iter().map(bytes).sum();
            return (letters >= MIN_PINYIN_LETTERS).then_some(Likeness::Sounded);
        }
        if !self.by_character {
            return None;
        }
        let pairs = || places.iter().zip(word.chars()).filter(|(place, _)| place.character() != 0);
        let same = pairs().filter(|(place, c)| place.character() == u32::from(*c)).count();
        let other = places.len() - spelled - same;
        match (spelled, same, other) {
            (0, _, 0) => None,
            (_, _, 0) => Some(Likeness::Sounded),
            (0, 1, 1) => Some(Likeness::Vague),
            (_, 1.., _) if places.len() >= 3 && same + spelled >= other => Some(Likeness::Sounded),
            _ => None,
        }
    }
}

/// Fewest letters of a word in pinyin: shorter ones are Latin words and abbreviations.
const MIN_PINYIN_LETTERS: usize = 5;

/// With what words that are heard can begin, beyond what the trie itself knows: a homophone shares a character with
/// the word, so most pairs of syllables in a text that is written in characters begin nothing.
#[derive(Debug, Clone)]
pub(crate) struct Openings {
    /// First character and second syllable, first syllable and second character, of words of two.
    pairs: Pairs,
    /// There are words of two that are recognised vaguely.
    has_pairs: bool,
    /// First two syllables, and the third.
    triples: Pairs,
}

/// Keeps characters and syllables apart.
const OF_CHARACTER: u32 = 1 << 24;

impl Openings {
    /// The first place from one on where a word may begin that is heard: their number, if there is none.
    #[inline]
    pub fn beginning(&self, places: &[Place], from: usize) -> usize {
        let rest = places.get(from..).unwrap_or_default();
        let triple = |three: &[Place]| match three {
            // Three characters: most of a Chinese text.
            [a, b, third] if a.character() != 0 && b.character() != 0 && !self.has_pairs => {
                self.triples.contains(pair(a.syllable(), b.syllable()), third.syllable())
            }
            _ => self.may_begin(three),
        };
        // The last two places have no third.
        let at = rest.windows(3).position(triple).unwrap_or_else(|| {
            let end = rest.len().saturating_sub(2);
            let last = rest.get(end..).unwrap_or_default();
            end + (0..last.len())
                .position(|at| self.may_begin(last.get(at..).unwrap_or_default()))
                .unwrap_or(last.len())
        });
        from + at
    }

    /// Whether a word may be heard that begins where the places do. Two characters or more make one, without a break
    /// between; only what is wholly spelled may be a single syllable.
    fn may_begin(&self, places: &[Place]) -> bool {
        let (Some(first), second) = (places.first(), places.get(1)) else { return false };
        let a = first.character();
        if a == 0 {
            return first.syllable() != BREAK;
        }
        let Some(second) = second.filter(|place| place.syllable() != BREAK) else { return false };
        let b = second.character();
        if b == 0 {
            return true;
        }
        let pair = pair(first.syllable(), second.syllable());
        places.get(2).is_some_and(|third| self.triples.contains(pair, third.syllable()))
            || self.has_pairs
                && (self.pairs.contains(a | OF_CHARACTER, second.syllable())
                    || self.pairs.contains(first.syllable(), b | OF_CHARACTER))
    }
}

/// Syllables are fewer than 2^12.
fn pair(first: u32, second: u32) -> u32 {
    first << 12 | second
}

/// What words are heard by.
pub(crate) struct Heard {
    pub sounded: Trie,
    /// In the order of the patterns of `sounded`.
    pub alikes: Vec<Alike>,
    /// By pattern of `sounded`: where its alikes begin; the next one's is where they end.
    pub alikes_from: Vec<u32>,
    pub openings: Openings,
}

/// The trie of the syllables of words, each with its number and whether it matters if it is recognised vaguely. Words
/// that are not Chinese throughout are left out.
pub(crate) fn sounds_of<'a>(words: impl Iterator<Item = (u32, &'a str, bool)>) -> Heard {
    let mut ways: BTreeMap<Box<[u32]>, Vec<Alike>> = BTreeMap::new();
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    let mut triples: Vec<(u32, u32)> = Vec::new();
    for (pattern, word, vague) in words {
        let Some(said) = word.chars().map(syllable_of).collect::<Option<Vec<Syllable>>>() else { continue };
        let mut enter = |cut: &[Syllable], by_character: bool| {
            let way: Box<[u32]> = cut.iter().map(|syllable| u32::from(syllable.0)).collect();
            let syllables = u16::try_from(cut.len()).unwrap_or(u16::MAX);
            ways.entry(way).or_default().push(Alike { pattern, syllables, by_character, vague });
        };
        let letters: String = said.iter().map(|syllable| syllable.letters()).collect();
        if let Some(cut) = syllables(&letters).filter(|cut| *cut != said) {
            enter(&cut, false);
        }
        enter(&said, true);
        let characters: Vec<u32> = word.chars().take(2).map(|c| u32::from(c) | OF_CHARACTER).collect();
        match (said.as_slice(), characters.as_slice()) {
            ([first, second], [a, b]) if vague => {
                pairs.extend([(*a, u32::from(second.0)), (u32::from(first.0), *b)]);
            }
            ([first, second, third, ..], _) => {
                triples.push((pair(u32::from(first.0), u32::from(second.0)), u32::from(third.0)));
            }
            _ => {}
        }
    }
    let openings = Openings { has_pairs: !pairs.is_empty(), pairs: Pairs::of(pairs), triples: Pairs::of(triples) };
    let (ways, lists): (Vec<_>, Vec<_>) = ways.into_iter().unzip();
    let mut alikes = Vec::with_capacity(lists.iter().map(Vec::len).sum());
    let mut alikes_from = vec![0];
    for list in lists {
        alikes.extend(list);
        alikes_from.push(index_of(alikes.len()));
    }
    Heard { sounded: Trie::build(&ways), alikes, alikes_from, openings }
}
