//! Questions that are copies of each other, or nearly.
//!
//! Two questions are alike if the share of their common character pairs among all of their pairs (Jaccard, 1901) is
//! high enough. Questions are taken in order: one that is like an earlier first of a group joins that group (one of them, where there are several), and one
//! that is like none begins a group. An inverted index over the rarest pairs of each first (prefix filter: Chaudhuri,
//! Ganti and Kaushik 2006) finds all candidates, so nothing that is alike enough is missed.

use std::collections::HashMap;

use super::slots::narrow;

/// Share of common character pairs from which on two questions count as alike.
pub const SIMILAR: f64 = 0.7;
/// Steps through the index after which the rest of a bank is not compared: a bank can be made so that every question
/// shares its rarest pairs with all others.
const MOST_STEPS: u64 = 400_000_000;

/// Groups of questions that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Groups {
    /// Same text but for marks, spaces, width and case: the first one and its copies, by index.
    pub same: Vec<Vec<usize>>,
    /// Alike: the first one of a group and those like it, by index.
    pub alike: Vec<Vec<usize>>,
    /// Questions that were not compared, because the comparison would have taken too long.
    pub not_compared: usize,
}

impl Groups {
    /// Questions that are copies, or nearly, of an earlier one.
    pub fn copies(&self) -> impl Iterator<Item = usize> + '_ {
        self.same.iter().chain(&self.alike).flat_map(|group| group.iter().skip(1).copied())
    }
}

/// What is compared of a question: letters and digits, in lower case and common width.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(narrow).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Groups texts that are alike. `similar` is the least share of common pairs, above 0 and up to 1.
#[must_use]
pub fn group_similar<'a>(texts: impl IntoIterator<Item = &'a str>, similar: f64) -> Groups {
    group_within(texts, similar, MOST_STEPS)
}

fn group_within<'a>(texts: impl IntoIterator<Item = &'a str>, similar: f64, most_steps: u64) -> Groups {
    let similar = if similar > 0.0 && similar <= 1.0 { similar } else { SIMILAR };
    let mut groups = Groups::default();
    let mut same: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, text) in texts.into_iter().enumerate() {
        let plain = plain(text);
        if plain.is_empty() {
            continue;
        }
        let copies = same.entry(plain).or_default();
        copies.push(index);
    }
    let mut firsts: Vec<(usize, Vec<char>)> = Vec::with_capacity(same.len());
    for (plain, copies) in &same {
        firsts.extend(copies.first().map(|first| (*first, plain.chars().collect())));
    }
    firsts.sort_unstable();
    groups.same = same.into_values().filter(|copies| copies.len() > 1).collect();
    groups.same.sort_unstable();
    let sets = ranked_pairs(firsts.iter().map(|(_, text)| text.as_slice()));
    let mut index =
        Index { similar, steps_left: most_steps, firsts: Vec::new(), looked_at: vec![0; sets.len()], asked: 0 };
    let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
    for (number, set) in sets.iter().enumerate() {
        match index.find(set, &sets) {
            Found::Like(first) => members.entry(first).or_default().push(number),
            Found::Nothing => index.add(number, set),
            Found::GaveUp => {
                groups.not_compared = sets.len() - number;
                break;
            }
        }
    }
    let place = |number: usize| firsts.get(number).map_or(0, |(index, _)| *index);
    groups.alike =
        members.into_iter().map(|(first, others)| std::iter::once(first).chain(others).map(place).collect()).collect();
    groups.alike.sort_unstable();
    groups
}

/// The character pairs of each text as numbers, each once, the rarest pair of the bank first.
fn ranked_pairs<'a>(texts: impl Iterator<Item = &'a [char]>) -> Vec<Vec<u32>> {
    let mut numbers: HashMap<(char, char), u32> = HashMap::new();
    let mut times: Vec<u32> = Vec::new();
    let mut sets: Vec<Vec<u32>> = Vec::new();
    for text in texts {
        let pairs: Vec<(char, char)> = match text {
            [only] => vec![(*only, '\0')],
            several => several.windows(2).map(|pair| (pair[0], pair[1])).collect(),
        };
        let mut set: Vec<u32> = pairs
            .into_iter()
            .map(|pair| {
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                *numbers.entry(pair).or_insert(next)
            })
            .collect();
        set.sort_unstable();
        set.dedup();
        times.resize(numbers.len(), 0);
        for pair in &set {
            if let Some(times) = times.get_mut(at(*pair)) {
                *times += 1;
            }
        }
        sets.push(set);
    }
    let mut order: Vec<u32> = (0..u32::try_from(times.len()).unwrap_or(u32::MAX)).collect();
    let times_of = |pair: u32| times.get(at(pair)).copied().unwrap_or(0);
    order.sort_by_key(|pair| (times_of(*pair), *pair));
    let mut rank = vec![0_u32; order.len()];
    for (place, pair) in (0_u32..).zip(&order) {
        if let Some(rank) = rank.get_mut(at(*pair)) {
            *rank = place;
        }
    }
    for set in &mut sets {
        for pair in set.iter_mut() {
            *pair = rank.get(at(*pair)).copied().unwrap_or(*pair);
        }
        set.sort_unstable();
    }
    sets
}

fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Firsts of groups by their rarest pairs.
struct Index {
    similar: f64,
    steps_left: u64,
    firsts: Vec<Vec<usize>>,
    /// The question for which a first was looked at last: each is looked at once.
    looked_at: Vec<usize>,
    asked: usize,
}

enum Found {
    Like(usize),
    Nothing,
    GaveUp,
}

impl Index {
    /// Pairs of a set of which any set alike enough has at least one among its own.
    fn prefix(set: &[u32], similar: f64) -> &[u32] {
        let common = least_common(set.len(), similar);
        set.get(..(set.len() + 1).saturating_sub(common)).unwrap_or(set)
    }

    fn add(&mut self, number: usize, set: &[u32]) {
        for pair in Self::prefix(set, self.similar) {
            if self.firsts.len() <= at(*pair) {
                self.firsts.resize_with(at(*pair) + 1, Vec::new);
            }
            if let Some(firsts) = self.firsts.get_mut(at(*pair)) {
                firsts.push(number);
            }
        }
    }

    /// A first that is alike enough, looked for by the rarest pairs.
    fn find(&mut self, set: &[u32], sets: &[Vec<u32>]) -> Found {
        self.asked += 1;
        for pair in Self::prefix(set, self.similar) {
            let Some(firsts) = self.firsts.get(at(*pair)) else { continue };
            for first in firsts {
                let Some(left) = self.steps_left.checked_sub(1) else { return Found::GaveUp };
                self.steps_left = left;
                let Some(other) = sets.get(*first) else { continue };
                let (short, long) = (set.len().min(other.len()), set.len().max(other.len()));
                let Some(looked_at) = self.looked_at.get_mut(*first) else { continue };
                let is_known = std::mem::replace(looked_at, self.asked) == self.asked;
                if is_known || short < least_common(long, self.similar) {
                    continue;
                }
                self.steps_left = self.steps_left.saturating_sub((short + long) as u64 / 4);
                if jaccard(set, other) >= self.similar {
                    return Found::Like(*first);
                }
            }
        }
        Found::Nothing
    }
}

/// Common pairs that a set of this size has at least with any set that is alike enough.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive share of a text's length"
)]
fn least_common(size: usize, similar: f64) -> usize {
    // A hair less, so that rounding never asks for one pair too many.
    (((size as f64) * similar - 1e-9).ceil() as usize).max(1)
}

#[allow(clippy::cast_precision_loss, reason = "lengths of texts")]
fn jaccard(one: &[u32], other: &[u32]) -> f64 {
    let (mut i, mut j, mut common) = (0, 0, 0_usize);
    while let (Some(a), Some(b)) = (one.get(i), other.get(j)) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    let all = one.len() + other.len() - common;
    if all == 0 { 0.0 } else { common as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn copies_and_near_copies_are_found_and_others_are_not() {
        let texts = [
            "请介绍一下故宫的历史和建筑特点。",
            "请介绍一下故宫的历史和建筑特点",
            "请介绍一下故宫的历史和建筑特色。",
            "长江有多长，流经哪些省份？",
            "ＷＨＯ 的全称是什么？",
            "who的全称是什么",
            "",
            "？！",
        ];
        let groups = group_similar(texts, SIMILAR);
        assert_eq!(groups.same, vec![vec![0, 1], vec![4, 5]]);
        assert_eq!(groups.alike, vec![vec![0, 2]]);
        assert_eq!(groups.copies().collect::<Vec<_>>(), [1, 5, 2]);
        assert_eq!(group_similar(texts, 1.0).alike, Vec::<Vec<usize>>::new());
    }

    /// The slow way compares every question with every first.
    #[test]
    fn the_index_finds_what_comparing_all_finds() {
        let mut random = crate::Random::seeded(7);
        let letters: Vec<char> = "天地玄黄宇宙洪荒".chars().collect();
        for similar in [0.3, 0.5, 0.7, 0.9, 1.0] {
            let texts: Vec<String> =
                (0..200).map(|_| (0..3 + random.below(9)).filter_map(|_| random.pick(&letters)).collect()).collect();
            let groups = group_similar(texts.iter().map(String::as_str), similar);
            let pairs = |index: usize| {
                let chars: Vec<char> = texts[index].chars().collect();
                chars.windows(2).map(|w| (w[0], w[1])).collect::<BTreeSet<_>>()
            };
            let share = |one: usize, other: usize| {
                let (one, other) = (pairs(one), pairs(other));
                one.intersection(&other).count() as f64 / one.union(&other).count() as f64
            };
            let (mut seen, mut firsts, mut copies) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
            for (index, _) in texts.iter().enumerate().filter(|(_, text)| seen.insert(text.as_str())) {
                let is_copy = firsts.iter().any(|first| share(*first, index) >= similar);
                if is_copy {
                    copies.insert(index);
                } else {
                    firsts.push(index);
                }
            }
            let found: BTreeSet<usize> = groups.alike.iter().flat_map(|group| group[1..].to_vec()).collect();
            assert_eq!(found, copies, "{similar}");
            for group in &groups.alike {
                assert!(firsts.contains(&group[0]));
                assert!(group[1..].iter().all(|member| share(group[0], *member) >= similar), "{similar} {group:?}");
            }
        }
    }

    #[test]
    fn a_bank_that_would_take_for_ever_is_given_up_and_told() {
        let texts: Vec<String> = (0..300_u32).map(|n| format!("{:09b}", n * 7 % 512)).collect();
        let groups = group_within(texts.iter().map(String::as_str), 0.99, 200);
        assert!(groups.not_compared > 0);
        assert_eq!(group_within(texts.iter().map(String::as_str), 0.99, u64::MAX).not_compared, 0);
    }
}
