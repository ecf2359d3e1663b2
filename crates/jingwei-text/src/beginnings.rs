//! Where in a text words may begin, by two and three characters: nearly nowhere, so this is what a search mostly does.

use std::ops::Range;

use smallvec::SmallVec;

use crate::{
    characters::{Character, Sound},
    filter::{Filter, Sieve},
    fold::is_separator,
    reading::{BREAK, OtherForm, may_be_spelled_around},
    trie::Singles,
};

/// What is known of the words.
#[derive(Debug, Clone)]
pub(crate) struct Beginnings {
    /// The sounds of the first two characters of words: elsewhere there is nothing to ask.
    pairs: Sieve,
    /// The sounds of the first three characters of words. A homophone has them too, so one look serves words as they are
    /// written and as they are heard.
    threes: Filter,
    /// Words of two characters.
    twos: Filter,
    /// Sounds of any three characters of words beside each other.
    inner: Filter,
    /// First character and second sound, first sound and second character, of words of two that are recognised vaguely.
    vague: Option<Filter>,
}

/// Where words may begin in a text: bits, 64 places at a time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks(SmallVec<[Mark; 2]>);

#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    /// Words of three and more, read or heard.
    long: u64,
    /// Shorter words, as they are written.
    short: u64,
    /// Words of two that are recognised vaguely.
    vague: u64,
}

/// Keeps characters and sounds apart.
const WRITTEN: u32 = 1 << 24;

impl Beginnings {
    /// Of words as rows of characters, of those that are heard by their first three sounds, and of words of two that are
    /// recognised vaguely.
    pub fn of<'a>(
        written: impl Iterator<Item = &'a str>,
        heard: impl Iterator<Item = [u32; 3]>,
        vague: impl Iterator<Item = [char; 2]>,
    ) -> Self {
        let heard: Vec<[Sound; 3]> = heard.map(|sounds| sounds.map(Sound::from_number)).collect();
        let mut threes: Vec<u64> = heard.iter().map(|sounds| three(*sounds)).collect();
        let (mut twos, mut inner): (Vec<u64>, Vec<u64>) = (Vec::new(), Vec::new());
        let mut pairs: Vec<u32> = heard.iter().map(|[a, b, _]| pair(*a, *b)).collect();
        for word in written {
            let sounds: Vec<Sound> = word.chars().map(Sound::of).collect();
            pairs.extend(sounds.first_chunk().map(|[a, b]| pair(*a, *b)));
            inner.extend(sounds.array_windows().map(|sounds| three(*sounds)));
            let mut each = word.chars();
            match (each.next(), each.next(), each.next()) {
                (Some(a), Some(b), None) => twos.push(two(u32::from(a), u32::from(b))),
                (Some(a), Some(b), Some(c)) => threes.push(three([a, b, c].map(Sound::of))),
                _ => {}
            }
        }
        let ways = |[a, b]: [char; 2]| {
            let [said_a, said_b] = [a, b].map(|c| Sound::of(c).number());
            [two(u32::from(a) | WRITTEN, said_b), two(said_a, u32::from(b) | WRITTEN)]
        };
        let vague: Vec<u64> = vague.flat_map(ways).collect();
        let vague = Some(vague).filter(|vague| !vague.is_empty()).map(Filter::of);
        Self {
            pairs: Sieve::of(pairs),
            threes: Filter::of(threes),
            twos: Filter::of(twos),
            inner: Filter::of(inner),
            vague,
        }
    }

    fn three(&self, a: Character, b: Character, c: Character) -> bool {
        self.threes.contains(sounds_of(&[a, b, c]))
    }

    fn two(&self, a: Character, b: Character) -> bool {
        self.twos.contains(two(a.number(), b.number()))
    }

    fn vaguely(&self, a: Character, b: Character) -> bool {
        self.vague.as_ref().is_some_and(|vague| {
            vague.contains(two(a.number() | WRITTEN, b.sound().number()))
                || vague.contains(two(a.sound().number(), b.number() | WRITTEN))
        })
    }

    /// Where words may begin in a text whose sounds are those of its characters.
    pub fn marks(&self, characters: &[Character], singles: Option<&Singles>) -> Marks {
        let mut marks = SmallVec::with_capacity(characters.len().div_ceil(64));
        for from in (0..characters.len()).step_by(64) {
            let rest = characters.get(from..).unwrap_or_default();
            let mut mark = Mark::default();
            let mut left = self.pairs_in(rest);
            while left != 0 {
                let nth = left.trailing_zeros();
                left &= left - 1;
                let [a, b, ..] = *rest.get(nth as usize..).unwrap_or_default() else { break };
                mark.short |= u64::from(self.two(a, b)) << nth;
                if self.vague.is_some() {
                    mark.vague |= u64::from(self.vaguely(a, b)) << nth;
                }
                let Some(c) = rest.get(nth as usize + 2) else { break };
                mark.long |= u64::from(self.three(a, b, *c)) << nth;
            }
            let here = rest.get(..64).unwrap_or(rest);
            if let Some(singles) = singles
                && any_in(here, &singles.range())
            {
                for (nth, a) in here.iter().enumerate() {
                    mark.short |= u64::from(singles.contains(a.number())) << nth;
                }
            }
            marks.push(mark);
        }
        Marks(marks)
    }

    /// Where the sounds of two characters begin words, among the next 64.
    #[inline]
    fn pairs_in(&self, rest: &[Character]) -> u64 {
        let [a, behind @ ..] = rest else { return 0 };
        let (mut pairs, mut before) = (0, a.sound());
        for (nth, b) in behind.get(..64).unwrap_or(behind).iter().enumerate() {
            pairs |= self.pairs.passes(pair(before, b.sound())) << nth;
            before = b.sound();
        }
        pairs
    }

    /// Where words of three characters and more may begin among the next 64.
    #[inline]
    fn long_in(&self, rest: &[Character]) -> u64 {
        let [a, b, ..] = rest else { return 0 };
        let behind = rest.get(2..).unwrap_or_default();
        let (mut long, mut row) = (0, three([Sound::NONE, a.sound(), b.sound()]));
        for (nth, c) in behind.get(..64).unwrap_or(behind).iter().enumerate() {
            row = (row << SOUND_BITS | u64::from(c.sound().number())) & THREE;
            long |= u64::from(self.threes.contains(row)) << nth;
        }
        long
    }

    /// Where words of three characters and more may begin.
    pub fn long_marks(&self, characters: &[Character]) -> Marks {
        let blocks = (0..characters.len()).step_by(64);
        let rest = |from: usize| characters.get(from..).unwrap_or_default();
        Marks(blocks.map(|from| Mark { long: self.long_in(rest(from)), ..Mark::default() }).collect())
    }

    /// Whether a form may have words that the text has not: with a character that changed.
    pub fn may_matter(&self, form: &OtherForm, singles: Option<&Singles>) -> bool {
        let text = form.normal.text.as_str();
        let Some(changed) = &form.changed else { return true };
        changed.iter().any(|at| {
            let (before, rest) = text.split_at(*at);
            let mut row: Vec<Character> = before.chars().rev().take(2).map(|c| Character::new(c, 0)).collect();
            let nth = row.len();
            row.reverse();
            row.extend(rest.chars().take(3).map(|c| Character::new(c, 0)));
            // Letters are heard by the run, and separators are not heard.
            let apart = |character: &Character| character.c().is_ascii_lowercase() || is_separator(character.c());
            let is_ascii = row.get(nth).is_some_and(|own| own.c().is_ascii());
            let heard = if is_ascii { may_be_spelled_around(text, *at) } else { row.iter().any(apart) };
            heard
                || row.get(nth).is_some_and(|own| singles.is_some_and(|singles| singles.contains(own.number())))
                || row.array_windows().any(|three| self.inner.contains(sounds_of(three)))
                || row.array_windows().any(|[a, b]| self.two(*a, *b) || self.vaguely(*a, *b))
        })
    }

    /// The first place from one on where a word of three characters or more may begin, read or heard, or one of the last
    /// two, where a text that goes on may have begun any; their number, if there is none.
    pub fn long_or_last(&self, characters: &[Character], from: usize) -> usize {
        let rest = characters.get(from..).unwrap_or_default();
        let may_begin = |three: &[Character; 3]| is_spelled(three[0]) || self.threes.contains(sounds_of(three));
        from + rest.array_windows().position(may_begin).unwrap_or(rest.len().saturating_sub(2))
    }

    /// The first place from one on where a word of three characters or more may be heard: their number, if there is none.
    /// Two or more make one, without a break between; only what is wholly spelled may be a single syllable.
    pub fn heard(&self, places: &[Character], from: usize) -> usize {
        let rest = places.get(from..).unwrap_or_default();
        let may_begin = |at: usize| match rest.get(at..).unwrap_or_default() {
            [a, ..] if is_spelled(*a) => true,
            [a, b, ..] if a.syllable() == BREAK || b.syllable() == BREAK => false,
            [_, b, ..] if is_spelled(*b) => true,
            [a, b, c, ..] => self.three(*a, *b, *c),
            _ => false,
        };
        from + (0..rest.len()).position(may_begin).unwrap_or(rest.len())
    }

    /// The same for words of two characters.
    pub fn heard_short(&self, places: &[Character], from: usize) -> usize {
        let rest = places.get(from..).unwrap_or_default();
        let may_begin = |at: usize| match rest.get(at..).unwrap_or_default() {
            [a, ..] if is_spelled(*a) => true,
            [a, b, ..] if a.syllable() == BREAK || b.syllable() == BREAK => false,
            [a, b, ..] => is_spelled(*b) || self.vaguely(*a, *b),
            _ => false,
        };
        from + (0..rest.len()).position(may_begin).unwrap_or(rest.len())
    }

    /// Whether words of two characters may be heard where nothing is spelled with letters.
    pub fn are_vague(&self) -> bool {
        self.vague.is_some()
    }
}

/// A syllable in Latin letters.
fn is_spelled(place: Character) -> bool {
    place.number() == 0 && place.syllable() != BREAK
}

fn sounds_of(characters: &[Character; 3]) -> u64 {
    three(characters.map(Character::sound))
}

/// Whether one of the characters is in a range. It looks at all of them, which is quicker than to stop.
fn any_in(characters: &[Character], range: &Range<u32>) -> bool {
    let width = range.end.wrapping_sub(range.start);
    characters.iter().fold(false, |any, c| any | (c.number().wrapping_sub(range.start) < width))
}

/// The first sound in the upper bits, where a character has it.
#[inline(always)]
fn pair(first: Sound, second: Sound) -> u32 {
    first.number() << (u32::BITS - SOUND_BITS) | second.number()
}

#[inline(always)]
fn two(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

const SOUND_BITS: u32 = Sound::BITS;
const THREE: u64 = (1 << (3 * SOUND_BITS)) - 1;

fn three(sounds: [Sound; 3]) -> u64 {
    sounds.iter().fold(0, |row, sound| row << SOUND_BITS | u64::from(sound.number()))
}

impl Marks {
    /// The first place from one on where a word of three characters or more may begin, read or heard, and that it is none
    /// of two; a number that is no place, if there is none.
    #[inline]
    pub fn long(&self, from: usize) -> (usize, bool) {
        (self.next(from, |mark| mark.long), false)
    }

    /// The same for words of two characters and of one, as they are written.
    #[inline]
    pub fn short(&self, from: usize) -> (usize, bool) {
        (self.next(from, |mark| mark.short), true)
    }

    /// The same for words of two that are recognised vaguely.
    #[inline]
    pub fn vague(&self, from: usize) -> (usize, bool) {
        (self.next(from, |mark| mark.vague), true)
    }

    #[inline]
    fn next(&self, from: usize, bits: impl Fn(&Mark) -> u64) -> usize {
        let mut block = from / 64;
        let mut kept = u64::MAX << (from % 64);
        while let Some(mark) = self.0.get(block) {
            let rest = bits(mark) & kept;
            if rest != 0 {
                return block * 64 + rest.trailing_zeros() as usize;
            }
            kept = u64::MAX;
            block += 1;
        }
        NOWHERE
    }
}

/// Beyond every text, and three places more are still a number.
const NOWHERE: usize = usize::MAX / 2;
