//! How Chinese characters sound: toneless pinyin syllables, of characters and of Latin letters that spell them.
//!
//! A character that reads in several ways has the first reading of the `pinyin` crate's table (MIT), wherever it
//! stands: what matters is that a word and its disguise read alike, not that both read well.

use std::{collections::BTreeMap, sync::LazyLock};

use pinyin::ToPinyin;

/// A toneless syllable, as a number from 1 to about 410. It means nothing outside the process that made it, except
/// that the order of the numbers is that of the spellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Syllable(pub u16);

impl Syllable {
    /// Its letters; `v` stands for ü.
    #[must_use]
    pub fn letters(self) -> &'static str {
        TABLE.names.get(usize::from(self.0).wrapping_sub(1)).map_or("", |name| name.as_ref())
    }
}

/// How many different syllables there are.
#[must_use]
pub fn syllable_count() -> usize {
    TABLE.names.len()
}

/// The syllable of a Chinese character.
#[must_use]
#[inline]
pub fn syllable_of(c: char) -> Option<Syllable> {
    let index = u32::from(c).checked_sub(FIRST)?;
    let syllable = *TABLE.of_character.get(index as usize)?;
    (syllable != 0).then_some(Syllable(syllable))
}

/// The syllables that a run of Latin letters spells, all of it: `zhadan` is `zha`, `dan`. Where a run can be cut in
/// several ways, the first syllable is as long as possible. Lower-case letters only.
#[must_use]
pub fn syllables(letters: &str) -> Option<Vec<Syllable>> {
    if letters.is_empty() || letters.len() > MAX_RUN || !letters.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let bytes = letters.as_bytes();
    // Most English words are told by their last letter.
    if bytes.last().is_some_and(|last| TABLE.last_letters >> (last - b'a') & 1 == 0) {
        return None;
    }
    let mut cut: Vec<(usize, Syllable)> = Vec::new();
    // Ends that lead nowhere, by bit, so that no rest is tried twice.
    let mut dead = 0_u64;
    let mut at = 0;
    let mut longest = MAX_SYLLABLE;
    while at < bytes.len() {
        let alive = |end: usize| end == bytes.len() || dead >> end & 1 == 0;
        match longest_syllable(&bytes[at..], longest, |len| alive(at + len)) {
            Some((len, syllable)) => {
                cut.push((at, syllable));
                at += len;
                longest = MAX_SYLLABLE;
            }
            None => {
                dead |= 1 << at;
                let (before, _) = cut.pop()?;
                longest = at - before - 1;
                at = before;
            }
        }
    }
    Some(cut.into_iter().map(|(_, syllable)| syllable).collect())
}

/// The longest syllable of at most `most` letters with which the letters begin, among those of lengths that are allowed.
fn longest_syllable(letters: &[u8], most: usize, allowed: impl Fn(usize) -> bool) -> Option<(usize, Syllable)> {
    let mut found = None;
    let mut node = 0;
    for (letter, len) in letters.iter().zip(1..=most) {
        let way = usize::from(letter - b'a');
        node = *TABLE.ways.get(node * LETTERS + way)? as usize;
        if node == 0 {
            return found;
        }
        match TABLE.ends.get(node) {
            Some(syllable) if *syllable != 0 && allowed(len) => found = Some((len, Syllable(*syllable))),
            _ => {}
        }
    }
    found
}

/// The syllable with this spelling.
#[must_use]
pub fn spelled(letters: &str) -> Option<Syllable> {
    let place = TABLE.names.binary_search_by(|name| name.as_ref().cmp(letters)).ok()?;
    u16::try_from(place + 1).ok().map(Syllable)
}

/// Longest run of letters that is read as pinyin.
pub const MAX_RUN: usize = 64;
/// `zhuang`, `chuang`, `shuang`.
const MAX_SYLLABLE: usize = 6;
const FIRST: u32 = 0x3400;
const LAST: u32 = 0x9fff;

struct Table {
    /// Number of the syllable of each character from [`FIRST`] on; 0 where there is none.
    of_character: Vec<u16>,
    /// In order; the syllable with number `n` is at `n - 1`.
    names: Vec<Box<str>>,
    /// The next node for each node of the spellings and letter; 0: none. Node 0 is the beginning.
    ways: Vec<u16>,
    /// The syllable that is spelled at each node; 0: none.
    ends: Vec<u16>,
    /// A bit for each letter that a syllable ends with.
    last_letters: u32,
}

const LETTERS: usize = 26;

/// The nodes of all spellings.
fn spellings_tree<'a>(names: impl Iterator<Item = &'a str>) -> (Vec<u16>, Vec<u16>) {
    let (mut ways, mut ends) = (vec![0_u16; LETTERS], vec![0_u16]);
    for (name, number) in names.zip(1_u16..) {
        let mut node = 0_usize;
        for letter in name.bytes() {
            let way = node * LETTERS + usize::from(letter - b'a');
            if ways[way] == 0 {
                ways[way] = u16::try_from(ends.len()).unwrap_or(0);
                ends.push(0);
                ways.resize(ends.len() * LETTERS, 0);
            }
            node = usize::from(ways[way]);
        }
        ends[node] = number;
    }
    (ways, ends)
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let characters = || (FIRST..=LAST).filter_map(char::from_u32);
    let spelling = |c: char| {
        let plain = c.to_pinyin()?.plain();
        let letters: String = plain.chars().map(|l| if l == 'ü' { 'v' } else { l }).collect();
        let vowel = letters.contains(['a', 'e', 'i', 'o', 'u', 'v']);
        (vowel && letters.bytes().all(|b| b.is_ascii_lowercase()) && letters.len() <= MAX_SYLLABLE).then_some(letters)
    };
    let spellings: Vec<Option<String>> = characters().map(spelling).collect();
    let mut numbers: BTreeMap<&str, u16> = spellings.iter().flatten().map(|s| (s.as_str(), 0)).collect();
    let mut next = 0;
    for number in numbers.values_mut() {
        next += 1;
        *number = next;
    }
    let number = |spelling: &Option<String>| spelling.as_deref().and_then(|s| numbers.get(s)).copied().unwrap_or(0);
    let (ways, ends) = spellings_tree(numbers.keys().copied());
    let last = |name: &&str| name.bytes().last().map_or(0, |last| 1 << (last - b'a'));
    Table {
        last_letters: numbers.keys().map(last).fold(0, |all, bit| all | bit),
        ways,
        ends,
        of_character: spellings.iter().map(number).collect(),
        names: numbers.keys().map(|name| (*name).into()).collect(),
    }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(letters: &str, expected: Option<&str>) {
        let found = syllables(letters).map(|all| all.iter().map(|s| s.letters()).collect::<Vec<_>>().join(" "));
        assert_eq!(found.as_deref(), expected, "{letters}");
    }

    #[test]
    fn characters_that_sound_alike_have_one_syllable() {
        for (a, b) in [('弹', '蛋'), ('枪', '腔'), ('毒', '独'), ('他', '她'), ('绿', '滤')] {
            assert_eq!(syllable_of(a), syllable_of(b), "{a} {b}");
        }
        assert_ne!(syllable_of('弹'), syllable_of('枪'));
        for nothing in ['a', ' ', 'が', '\u{0}', '😀'] {
            assert_eq!(syllable_of(nothing), None, "{nothing:?}");
        }
        assert_eq!(syllable_of('绿').map(Syllable::letters), Some("lv"));
        assert!((380..=430).contains(&syllable_count()), "{}", syllable_count());
    }

    #[test]
    fn letters_are_cut_into_syllables() {
        check("zhadan", Some("zha dan"));
        check("zenmezhizuozhadan", Some("zen me zhi zuo zha dan"));
        check("xian", Some("xian"));
        check("fangan", Some("fang an"));
        check("shoulei", Some("shou lei"));
        check("bomb", None);
        check("", None);
        check("Zha", None);
        check(&"a".repeat(MAX_RUN + 1), None);
    }

    #[test]
    fn every_syllable_spells_itself() {
        for number in 1..=u16::try_from(syllable_count()).unwrap() {
            assert_eq!(spelled(Syllable(number).letters()), Some(Syllable(number)));
        }
    }
}
