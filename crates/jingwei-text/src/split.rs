//! Characters that are written as their parts (拆字): `火乍弓单` for 炸弹, `讠兑` for 说.

mod table;

use std::{collections::BTreeMap, sync::LazyLock};

use crate::filter::Filter;
use table::{BY_FIRST, BY_LAST, FORMS, ORDINARY, WHOLE};

/// What parts in a row look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    pub character: char,
    /// The parts in a row are an ordinary word or phrase too (女子 for 好): joining them proves nothing by itself.
    pub ordinary: bool,
}

/// The character that two parts look like. Both are simplified ([`crate::to_simplified`]).
#[must_use]
pub fn join(first: char, second: char) -> Option<Joined> {
    find(&SPLITS.pairs, &(first, second))
}

/// The character that three parts look like.
#[must_use]
pub fn join3(first: char, second: char, third: char) -> Option<Joined> {
    find(&SPLITS.triples, &(first, second, third))
}

fn find<Parts: Ord>(sorted: &[(Parts, Joined)], parts: &Parts) -> Option<Joined> {
    let found = sorted.binary_search_by(|(other, _)| other.cmp(parts)).ok()?;
    sorted.get(found).map(|(_, joined)| *joined)
}

/// The ways in which a character is written as two or three parts; the first is the usual one.
#[must_use]
pub fn parts(c: char) -> Option<&'static [String]> {
    SPLITS.of.get(&c).map(Vec::as_slice)
}

/// The two are the first parts of some character, or all of them, and no ordinary word.
#[must_use]
#[inline]
pub(crate) fn may_join(first: char, second: char) -> bool {
    may_begin(joints(), u32::from(first), u32::from(second)) && begins_unusually(first, second)
}

/// The first two parts of what is no ordinary word, for a quick look that never misses any.
#[inline]
pub(crate) fn joints() -> &'static Filter {
    &SPLITS.beginnings
}

/// Whether two characters, by their numbers, may be among those.
#[inline(always)]
pub(crate) fn may_begin(joints: &Filter, first: u32, second: u32) -> bool {
    joints.contains(u64::from(first) << 32 | u64::from(second))
}

#[cold]
fn begins_unusually(first: char, second: char) -> bool {
    let from = SPLITS.triples.partition_point(|((a, b, _), _)| (*a, *b) < (first, second));
    let triples = SPLITS.triples.get(from..).unwrap_or_default();
    let mut triples = triples.iter().take_while(|((a, b, _), _)| (*a, *b) == (first, second));
    join(first, second).is_some_and(|joined| !joined.ordinary) || triples.any(|(_, joined)| !joined.ordinary)
}

/// It may be the first part of some character.
#[must_use]
pub fn is_part(c: char) -> bool {
    SPLITS.first.contains(c)
}

/// It may be a part of some character, other than the first.
#[must_use]
pub(crate) fn is_later_part(c: char) -> bool {
    SPLITS.later.contains(c)
}

/// It may be the last part of some character.
#[must_use]
pub fn is_last_part(c: char) -> bool {
    SPLITS.last.contains(c)
}

/// A set of ideographs, a bit for each.
struct Ideographs(Vec<u64>);

const FIRST_IDEOGRAPH: u32 = 0x4e00;
const IDEOGRAPHS: usize = 0x5200;

impl Ideographs {
    fn place(c: char) -> Option<(usize, u64)> {
        let nth = usize::try_from(u32::from(c).checked_sub(FIRST_IDEOGRAPH)?).ok()?;
        Some((nth / 64, 1 << (nth % 64)))
    }

    fn contains(&self, c: char) -> bool {
        Self::place(c).is_some_and(|(word, bit)| self.0.get(word).is_some_and(|bits| bits & bit != 0))
    }

    fn insert(&mut self, c: char) {
        if let Some((word, bit)) = Self::place(c)
            && let Some(bits) = self.0.get_mut(word)
        {
            *bits |= bit;
        }
    }
}

struct Splits {
    pairs: Vec<((char, char), Joined)>,
    triples: Vec<((char, char, char), Joined)>,
    of: BTreeMap<char, Vec<String>>,
    first: Ideographs,
    last: Ideographs,
    later: Ideographs,
    /// [`joints`].
    beginnings: Filter,
}

static SPLITS: LazyLock<Splits> = LazyLock::new(|| {
    let ordinary: std::collections::BTreeSet<&str> = ORDINARY.split_whitespace().collect();
    let empty = || Ideographs(vec![0; IDEOGRAPHS / 64]);
    let mut splits = Splits {
        pairs: Vec::new(),
        triples: Vec::new(),
        of: BTreeMap::new(),
        first: empty(),
        last: empty(),
        later: empty(),
        beginnings: Filter::of(Vec::new()),
    };
    for (character, written) in entries() {
        for parts in forms_of(&written) {
            let joined = Joined { character, ordinary: ordinary.contains(parts.as_str()) };
            let mut each = parts.chars();
            match (each.next(), each.next(), each.next()) {
                (Some(a), Some(b), None) => splits.pairs.push(((a, b), joined)),
                (Some(a), Some(b), Some(c)) => splits.triples.push(((a, b, c), joined)),
                _ => continue,
            }
            splits.first.insert(parts.chars().next().unwrap_or_default());
            parts.chars().skip(1).for_each(|part| splits.later.insert(part));
            splits.last.insert(parts.chars().next_back().unwrap_or_default());
            splits.of.entry(character).or_default().push(parts);
        }
    }
    splits.pairs.sort_unstable_by_key(|(parts, _)| *parts);
    splits.triples.sort_unstable_by_key(|(parts, _)| *parts);
    let two = splits.pairs.iter().filter(|(_, joined)| !joined.ordinary).map(|((a, b), _)| (*a, *b));
    let three = splits.triples.iter().filter(|(_, joined)| !joined.ordinary).map(|((a, b, _), _)| (*a, *b));
    splits.beginnings =
        Filter::of(two.chain(three).map(|(a, b)| u64::from(u32::from(a)) << 32 | u64::from(u32::from(b))).collect());
    splits
});

/// Every character of the table and its parts, radicals in their narrow forms.
fn entries() -> impl Iterator<Item = (char, String)> {
    let by_first = BY_FIRST.iter().flat_map(|(first, list)| {
        list.split_whitespace().filter_map(move |entry| {
            let mut rest = entry.chars();
            Some((rest.next()?, format!("{first}{}", rest.as_str())))
        })
    });
    let by_last = BY_LAST.iter().flat_map(|(last, list)| {
        list.split_whitespace().filter_map(move |entry| {
            let mut rest = entry.chars();
            Some((rest.next()?, format!("{}{last}", rest.as_str())))
        })
    });
    let whole = WHOLE.split_whitespace().filter_map(|entry| {
        let mut rest = entry.chars();
        Some((rest.next()?, rest.as_str().to_owned()))
    });
    by_first.chain(by_last).chain(whole)
}

/// The parts with each radical in each of its forms, the usual ones first.
fn forms_of(written: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for part in written.chars() {
        let forms = FORMS.iter().find(|(radical, _)| *radical == part);
        let forms: Vec<char> = forms.map_or_else(|| vec![part], |(_, forms)| forms.chars().collect());
        all = all.iter().flat_map(|head| forms.iter().map(move |form| format!("{head}{form}"))).collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::to_simplified;

    #[track_caller]
    fn check(text: &str, expected: Option<char>) {
        let each: Vec<char> = text.chars().collect();
        let joined = match each[..] {
            [a, b] => join(a, b),
            [a, b, c] => join3(a, b, c),
            _ => None,
        };
        assert_eq!(joined.map(|joined| joined.character), expected, "{text}");
    }

    #[test]
    fn parts_become_the_character_that_they_look_like() {
        for (text, character) in [
            ("弓单", '弹'),
            ("木仓", '枪'),
            ("火乍", '炸'),
            ("氵去", '法'),
            ("水去", '法'),
            ("车仑", '轮'),
            ("工力", '功'),
            ("贝者", '赌'),
            ("十尃", '博'),
            ("言乍", '诈'),
            ("讠乍", '诈'),
            ("马扁", '骗'),
            ("女干", '奸'),
            ("女票", '嫖'),
            ("主母", '毒'),
            ("乂木", '杀'),
            ("手仓", '抢'),
            ("才仓", '抢'),
            ("次皿", '盗'),
            ("贝反", '贩'),
            ("言身寸", '谢'),
            ("手分手", '掰'),
            ("己文", '改'),
            ("交阝", '郊'),
        ] {
            check(text, Some(character));
        }
        for text in ["中文", "炸弹", "单弓", "ab", "女", "木木人", "\u{10ffff}\u{0}"] {
            check(text, None);
        }
    }

    #[test]
    fn ordinary_words_are_told_apart() {
        for (text, ordinary) in [
            ("女子", true),
            ("日月", true),
            ("人人", true),
            ("不好", true),
            ("言十", true),
            ("火乍", false),
            ("氵去", false),
        ] {
            let each: Vec<char> = text.chars().collect();
            assert_eq!(join(each[0], each[1]).map(|joined| joined.ordinary), Some(ordinary), "{text}");
        }
        let known: BTreeSet<String> = SPLITS.of.values().flatten().cloned().collect();
        for words in ORDINARY.split_whitespace() {
            assert!(known.contains(words), "{words} joins to nothing");
        }
    }

    #[test]
    fn the_table_is_sound() {
        let mut seen = BTreeSet::new();
        for (character, written) in entries() {
            let len = written.chars().count();
            assert!(len == 2 || len == 3, "{character}{written}");
            for c in written.chars().chain([character]) {
                assert!(('\u{4e00}'..='\u{9fff}').contains(&c), "{character}{written}: {c}");
                assert_eq!(to_simplified(c), c, "{character}{written} is not simplified");
            }
            assert!(!written.contains(character), "{character}{written}");
            for parts in forms_of(&written) {
                assert!(seen.insert(parts.clone()), "{parts} stands twice");
                check(&parts, Some(character));
                assert!(is_part(parts.chars().next().unwrap()) && is_last_part(parts.chars().last().unwrap()));
            }
        }
        assert!(SPLITS.of.len() >= 4000, "{}", SPLITS.of.len());
    }

    #[test]
    fn a_disguise_can_be_made_and_taken_off() {
        assert_eq!(parts('诈').unwrap(), ["言乍", "讠乍"]);
        assert_eq!(parts('一'), None);
        for (character, all) in &SPLITS.of {
            for parts in all {
                check(parts, Some(*character));
            }
        }
        assert!(!is_part('的') && !is_last_part('é') && !is_part('\u{20000}'));
    }
}
