//! The characters of a form, as they are searched.

use std::ops::Range;

use crate::{
    lexicon::index_of,
    phonetic::{Syllable, syllable_of},
    trie::Row,
};

/// A character of a form, where it begins there, and how it sounds. Two words of memory, because every character of
/// every text becomes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Character {
    /// The character in the lower bits, its sound above them.
    packed: u32,
    start: u32,
}

/// How a character sounds: the number of its syllable, or, with [`SILENT`], some bits of a character that has none.
/// Different characters with one sound are what disguises are made of, so words are told apart by their sounds first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sound(u32);

const BITS: u32 = 32 - Sound::BITS;
const MASK: u32 = (1 << BITS) - 1;
/// Syllables are fewer.
const SILENT: u32 = 1 << 10;

impl Sound {
    pub const BITS: u32 = 11;
    pub const NONE: Self = Self(0);

    #[inline]
    pub fn of(c: char) -> Self {
        let syllable = if c.is_ascii() { None } else { syllable_of(c) };
        match syllable {
            Some(syllable) => Self(u32::from(syllable.0)),
            None => Self(SILENT | u32::from(c).wrapping_mul(0x9e37_79b1) >> 22),
        }
    }

    pub fn number(self) -> u32 {
        self.0
    }

    /// A sound that was kept as a number.
    #[inline]
    pub fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// The number of the syllable; 0: there is none.
    #[inline]
    fn syllable(self) -> u32 {
        if self.0 & SILENT == 0 { self.0 } else { 0 }
    }
}

impl Character {
    #[inline]
    pub fn new(c: char, start: usize) -> Self {
        Self::with_sound(c, Sound::of(c), index_of(start))
    }

    /// The same for a caller who knows the sound.
    #[inline]
    pub fn with_sound(c: char, sound: Sound, start: u32) -> Self {
        Self { packed: u32::from(c) | sound.0 << BITS, start }
    }

    /// The same by the number of a character.
    #[inline(always)]
    pub fn with_number(code: u32, sound: Sound, start: u32) -> Self {
        Self { packed: code & MASK | sound.0 << BITS, start }
    }

    /// Latin letters that spell a syllable.
    pub fn spelled(syllable: Syllable, start: usize) -> Self {
        Self::with_sound('\0', Sound(u32::from(syllable.0)), index_of(start))
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
        char::from_u32(self.number()).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// The character as a number; 0: it is a syllable that is spelled with Latin letters, or nothing is said.
    #[inline]
    pub fn number(self) -> u32 {
        self.packed & MASK
    }

    #[inline]
    pub fn sound(self) -> Sound {
        Sound(self.packed >> BITS)
    }

    /// Number of its syllable; 0: it has none.
    #[inline]
    pub fn syllable(self) -> u32 {
        self.sound().syllable()
    }

    #[inline]
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// The bytes of its form that are read as a syllable, if it has one.
    pub fn said(self) -> Range<usize> {
        let spelled = || u16::try_from(self.syllable()).map_or(0, |number| Syllable(number).letters().len());
        let bytes = if self.number() == 0 { spelled() } else { BYTES };
        self.start()..self.start() + bytes
    }
}

/// Characters that are gathered one after the other, in places that are there already.
#[derive(Default)]
pub(crate) struct Gathered {
    all: Vec<Character>,
    len: usize,
}

impl Gathered {
    pub fn with_room(room: usize) -> Self {
        Self { all: vec![Character::silent(); room], len: 0 }
    }

    #[inline]
    pub fn push(&mut self, character: Character) {
        match self.all.get_mut(self.len) {
            Some(place) => *place = character,
            None => self.all.push(character),
        }
        self.len += 1;
    }

    pub fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
    }

    pub fn last(&self) -> Option<&Character> {
        self.len.checked_sub(1).and_then(|last| self.all.get(last))
    }

    /// Makes places for so many more.
    #[inline]
    pub fn make_room(&mut self, more: usize) {
        if self.all.len() - self.len < more {
            self.all.resize(self.len + more, Character::silent());
        }
    }

    /// Places for the next ones, of which [`Self::took`] tells how many were filled.
    #[inline]
    pub fn free(&mut self) -> &mut [Character] {
        self.all.get_mut(self.len..).unwrap_or_default()
    }

    pub fn took(&mut self, more: usize) {
        self.len += more;
    }

    pub fn into_vec(mut self) -> Vec<Character> {
        self.all.truncate(self.len);
        self.all
    }
}

/// Of every character that has a syllable.
const BYTES: usize = 3;

/// Characters as they are written.
#[derive(Clone, Copy)]
pub(crate) struct Written<'a>(pub &'a [Character]);

/// Characters as they are said: what has no syllable is number 0.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a>(pub &'a [Character]);

impl Row for Written<'_> {
    #[inline]
    fn number(&self, at: usize) -> Option<u32> {
        self.0.get(at).map(|character| character.number())
    }
}

impl Row for Said<'_> {
    #[inline]
    fn number(&self, at: usize) -> Option<u32> {
        self.0.get(at).map(|character| character.syllable())
    }
}
