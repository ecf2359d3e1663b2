//! Words of several groups that stand together: the arithmetic, over places in a normal form.

use std::ops::Range;

/// A `together` rule without its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Together {
    pub groups: usize,
    pub within: usize,
    pub in_order: bool,
}

/// Places of the words of one rule in one text, each list in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Occurrences {
    pub groups: Vec<Vec<Range<usize>>>,
    pub unless: Vec<Range<usize>>,
}

impl Together {
    /// How far from a word's start another word can matter to it, with words up to `longest`.
    pub fn reach(&self, longest: usize) -> usize {
        (self.groups + 1) * (self.within + longest)
    }

    /// Ranges from the first to the last word of each set of words that stands together.
    /// `sentence_ends` are offsets, in order.
    pub fn find(&self, words: &Occurrences, sentence_ends: &[usize]) -> Vec<Range<usize>> {
        let Some((anchors, others)) = words.groups.split_first() else { return Vec::new() };
        let mut found: Vec<Range<usize>> = Vec::new();
        for anchor in anchors {
            let hull = if self.in_order {
                self.chain(anchor, others, sentence_ends)
            } else {
                self.around(anchor, others, sentence_ends)
            };
            if let Some(hull) = hull
                && !self.excepted(&hull, &words.unless, sentence_ends)
                && found.last() != Some(&hull)
            {
                found.push(hull);
            }
        }
        found
    }

    /// Every other group has a word near the anchor; the nearest one counts.
    fn around(&self, anchor: &Range<usize>, others: &[Vec<Range<usize>>], ends: &[usize]) -> Option<Range<usize>> {
        let mut hull = anchor.clone();
        for group in others {
            let from = group.partition_point(|word| word.start + self.within + MAX_WORD < anchor.start);
            let near = group.get(from..).unwrap_or_default();
            let near = near.iter().take_while(|word| word.start <= anchor.end + self.within);
            let reachable = near.filter(|word| self.is_near(anchor, word, ends));
            let word = reachable.min_by_key(|word| (gap(anchor, word), word.start))?;
            hull = hull.start.min(word.start)..hull.end.max(word.end);
        }
        Some(hull)
    }

    /// The groups follow one another; the first word that follows counts.
    fn chain(&self, anchor: &Range<usize>, others: &[Vec<Range<usize>>], ends: &[usize]) -> Option<Range<usize>> {
        let mut last = anchor.clone();
        for group in others {
            let from = group.partition_point(|word| word.start < last.end);
            last = group.get(from).filter(|word| self.is_near(&last, word, ends))?.clone();
        }
        Some(anchor.start..last.end)
    }

    fn excepted(&self, hull: &Range<usize>, unless: &[Range<usize>], ends: &[usize]) -> bool {
        unless.iter().any(|word| self.is_near(hull, word, ends))
    }

    fn is_near(&self, a: &Range<usize>, b: &Range<usize>, ends: &[usize]) -> bool {
        gap(a, b) <= self.within && !sentence_ends_between(a, b, ends)
    }
}

/// No word is longer: [`jingwei_text::Automaton::MAX_WORD_BYTES`].
const MAX_WORD: usize = jingwei_text::Automaton::MAX_WORD_BYTES;

fn gap(a: &Range<usize>, b: &Range<usize>) -> usize {
    b.start.saturating_sub(a.end).max(a.start.saturating_sub(b.end))
}

fn sentence_ends_between(a: &Range<usize>, b: &Range<usize>, ends: &[usize]) -> bool {
    let (from, to) = if a.end <= b.start { (a.end, b.start) } else { (b.end, a.start) };
    from < to && ends.get(ends.partition_point(|end| *end < from)).is_some_and(|end| *end < to)
}

/// Offsets of the signs that end sentences in a normal form. A full stop counts where a space follows.
pub(crate) fn sentence_ends(text: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let before_space = rest.peek().is_some_and(|(_, next)| next.is_whitespace());
        if matches!(c, '。' | '!' | '?' | ';' | '！' | '？' | '；') || (c == '.' && before_space) {
            ends.push(at);
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words are single letters: `a`, `b`, `c` of the groups, `x` of the exceptions.
    #[track_caller]
    fn check(rule: &Together, text: &str, expected: &[(usize, usize)]) {
        let places =
            |letter: char| text.match_indices(letter).map(|(at, word)| at..at + word.len()).collect::<Vec<_>>();
        let groups = ['a', 'b', 'c'].iter().take(rule.groups).map(|letter| places(*letter)).collect();
        let words = Occurrences { groups, unless: places('x') };
        let found: Vec<_> = rule.find(&words, &sentence_ends(text)).iter().map(|hull| (hull.start, hull.end)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn words_count_only_near_each_other() {
        let rule = Together { groups: 2, within: 4, in_order: false };
        check(&rule, "a..b", &[(0, 4)]);
        check(&rule, "b..a", &[(0, 4)]);
        check(&rule, "a.....b", &[]);
        check(&rule, "b....ab", &[(5, 7)]);
        check(&rule, "a b a", &[(0, 3), (2, 5)]);
        check(&rule, "a", &[]);
        check(&Together { groups: 3, ..rule }, "b-a-c", &[(0, 5)]);
    }

    #[test]
    fn order_and_sentences_and_exceptions_count() {
        let rule = Together { groups: 3, within: 4, in_order: true };
        check(&rule, "a b c", &[(0, 5)]);
        check(&rule, "b a c", &[]);
        check(&rule, "a? b c", &[]);
        check(&rule, "a b. c", &[]);
        check(&rule, "a b.c", &[(0, 5)]);
        check(&rule, "a b c x", &[]);
        check(&rule, "x. a b c", &[(3, 8)]);
    }
}
