//! Words that are heard rather than read: spelled in pinyin, or written with characters that sound alike.

use std::collections::BTreeMap;

use crate::{
    Likeness,
    characters::Character,
    lexicon::{Lengths, index_of},
    phonetic::{Syllable, syllable_of, syllables},
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
    pub fn likeness(&self, word: &str, places: &[Character], bytes: impl Fn(&Character) -> usize) -> Option<Likeness> {
        if let [first, second] = places
            && first.number() != 0
            && second.number() != 0
            && !self.vague
        {
            return None;
        }
        let spelled = places.iter().filter(|place| place.number() == 0).count();
        if spelled == places.len() {
            let letters: usize = places.iter().map(bytes).sum();
            return (letters >= MIN_PINYIN_LETTERS).then_some(Likeness::Sounded);
        }
        if !self.by_character {
            return None;
        }
        let pairs = || places.iter().zip(word.chars()).filter(|(place, _)| place.number() != 0);
        let same = pairs().filter(|(place, c)| place.number() == u32::from(*c)).count();
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

/// What words are heard by.
pub(crate) struct Heard {
    /// Short ones first, and each kind in order.
    pub sounded: Lengths,
    /// In the order of the patterns of `sounded`.
    pub alikes: Vec<Alike>,
    /// By pattern of `sounded`: where its alikes begin; the next one's is where they end.
    pub alikes_from: Vec<u32>,
    /// Words of two that are recognised vaguely.
    pub vague: Vec<[char; 2]>,
    /// The first three syllables of words.
    pub threes: Vec<[u32; 3]>,
}

/// The tries of the syllables of words, each with its number and whether it matters if it is recognised vaguely. Words
/// that are not Chinese throughout are left out.
pub(crate) fn sounds_of<'a>(words: impl Iterator<Item = (u32, &'a str, bool)>) -> Heard {
    let mut ways: BTreeMap<Box<[u32]>, Vec<Alike>> = BTreeMap::new();
    let mut pairs: Vec<[char; 2]> = Vec::new();
    let mut threes: Vec<[u32; 3]> = Vec::new();
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
        if let [first, second, third, ..] = said.as_slice() {
            threes.push([first, second, third].map(|syllable| u32::from(syllable.0)));
        } else if vague && let [a, b] = word.chars().collect::<Vec<char>>().as_slice() {
            pairs.push([*a, *b]);
        }
    }
    let (short, long): (Vec<_>, Vec<_>) = ways.into_iter().partition(|(way, _)| way.len() < Lengths::LONG);
    let (ways, lists): (Vec<_>, Vec<_>) = short.into_iter().chain(long).unzip();
    let mut alikes = Vec::with_capacity(lists.iter().map(Vec::len).sum());
    let mut alikes_from = vec![0];
    for list in lists {
        alikes.extend(list);
        alikes_from.push(index_of(alikes.len()));
    }
    Heard { sounded: Lengths::of(&ways), alikes, alikes_from, vague: pairs, threes }
}
