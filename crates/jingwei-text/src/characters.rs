//! The characters of a form, as they are searched.

use crate::{
    lexicon::index_of,
    phonetic::{Syllable, syllable_of},
    trie::Symbol,
};

/// A character of a form, where it begins there, and how it sounds. Two words of memory, because every character of
/// every text becomes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Character {
    /// The character in the lower bits, its syllable above them.
    packed: u32,
    start: u32,
}

const BITS: u32 = 21;
const MASK: u32 = (1 << BITS) - 1;

impl Character {
    #[inline]
    pub fn new(c: char, start: usize) -> Self {
        let syllable = if c.is_ascii() { 0 } else { syllable_of(c).map_or(0, |syllable| u32::from(syllable.0)) };
        Self::with_syllable(c, syllable, index_of(start))
    }

    /// The same for a caller who knows the syllable; 0: it has none.
    #[inline]
    pub fn with_syllable(c: char, syllable: u32, start: u32) -> Self {
        Self { packed: u32::from(c) | syllable << BITS, start }
    }

    /// Latin letters that spell a syllable.
    pub fn spelled(syllable: Syllable, start: usize) -> Self {
        Self::with_syllable('\0', u32::from(syllable.0), index_of(start))
    }

    /// Nothing that is said.
    pub const fn silent() -> Self {
        Self { packed: 0, start: 0 }
    }

    pub fn all_of(text: &str) -> Vec<Self> {
        let mut characters = Vec::with_capacity(text.chars().count());
        for (start, c) in text.char_indices() {
            characters.push(Self::new(c, start));
        }
        characters
    }

    #[inline]
    pub fn c(self) -> char {
        char::from_u32(self.packed & MASK).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// Number of its syllable; 0: it has none.
    #[inline]
    pub fn syllable(self) -> u32 {
        self.packed >> BITS
    }

    #[inline]
    pub fn start(self) -> usize {
        self.start as usize
    }
}

impl Symbol for Character {
    #[inline]
    fn number(&self) -> u32 {
        self.packed & MASK
    }
}
