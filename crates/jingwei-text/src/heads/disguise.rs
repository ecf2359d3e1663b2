//! Copies of Chinese examples in which some characters are written as they sound, so that the sounds carry weight too.

use std::collections::{BTreeMap, BTreeSet};

use crate::phonetic::{Syllable, syllable_of};

/// SplitMix64 (Steele, Lea, Flood 2014): few lines, good enough to choose characters with.
pub(super) struct Choices(u64);

impl Choices {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is small.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % (end.max(1) as u64)).unwrap_or(0)
    }
}

/// Characters that sound alike, among those that the examples use.
pub(super) struct Homophones(BTreeMap<Syllable, Vec<char>>);

/// Of a hundred characters, so many are written otherwise.
const REPLACED: usize = 40;

impl Homophones {
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let used: BTreeSet<char> = texts.flat_map(str::chars).collect();
        let mut alike: BTreeMap<Syllable, Vec<char>> = BTreeMap::new();
        for c in used {
            if let Some(syllable) = syllable_of(c) {
                alike.entry(syllable).or_default().push(c);
            }
        }
        Self(alike)
    }

    /// The text with some characters as pinyin, some as other characters of the same sound.
    pub fn disguise(&self, text: &str, choices: &mut Choices) -> String {
        let mut disguised = String::with_capacity(text.len());
        for c in text.chars() {
            let syllable = syllable_of(c).filter(|_| choices.below(100) < REPLACED);
            let alike = syllable.and_then(|syllable| self.0.get(&syllable));
            match (syllable, alike) {
                (Some(syllable), _) if choices.below(2) == 0 => disguised.push_str(syllable.letters()),
                (Some(_), Some(alike)) => disguised.push(alike.get(choices.below(alike.len())).copied().unwrap_or(c)),
                _ => disguised.push(c),
            }
        }
        disguised
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguises_sound_alike() {
        let text = "怎么制造炸弹，怎么买枪";
        let homophones = Homophones::of([text, "枣渣蛋腔 only letters"].into_iter());
        let disguised = homophones.disguise(text, &mut Choices::new(7));
        assert_ne!(disguised, text);
        assert_eq!(disguised, homophones.disguise(text, &mut Choices::new(7)));
        let sound = |text: &str| {
            let one = |c: char| syllable_of(c).map_or_else(|| c.to_string(), |syllable| syllable.letters().to_owned());
            text.chars().map(one).collect::<String>()
        };
        assert_eq!(sound(&disguised), sound(text));
        assert_eq!(homophones.disguise("plain English", &mut Choices::new(1)), "plain English");
    }
}
