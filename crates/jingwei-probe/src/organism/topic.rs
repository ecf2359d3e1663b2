//! What a text is about, as far as words tell.

use std::collections::BTreeSet;

use jingwei_text::is_ideograph;

/// How many turns share a word with the question or point back at what was said. The last one always counts.
pub(crate) fn turns_about<'a>(question: &str, turns: impl DoubleEndedIterator<Item = &'a str>) -> u32 {
    let topic = topic(question);
    let before = turns.rev().skip(1).filter(|turn| points_back(turn) || !topic.is_disjoint(&self::topic(turn))).count();
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}

fn points_back(turn: &str) -> bool {
    let lower = turn.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_ascii_alphabetic());
    words.any(|word| BACK_EN.contains(&word)) || BACK_ZH.iter().any(|words| lower.contains(words))
}

/// Words of its own: English ones of at least four letters, Chinese pairs of characters.
pub(crate) fn topic(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 3);
    let words = words.filter(|word| !COMMON_WORDS.contains(word)).map(signature);
    let characters: Vec<char> = lower.chars().collect();
    let pairs = characters.windows(2).filter(|pair| pair.iter().all(|c| is_ideograph(*c) && !COMMON.contains(*c)));
    words.chain(pairs.map(|pair| pair.iter().collect())).collect()
}

/// A word whose inner letters changed places is still that word.
fn signature(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let last = letters.len().saturating_sub(1);
    if let Some(inner) = letters.get_mut(1..last) {
        inner.sort_unstable();
    }
    letters.into_iter().collect()
}

const BACK_EN: [&str; 8] = ["this", "that", "these", "those", "it", "them", "they", "last"];
const BACK_ZH: [&str; 8] = ["它", "这", "那", "其中", "继续", "接着", "刚才", "上面"];
const COMMON_WORDS: [&str; 50] = [
    "about", "again", "also", "answer", "been", "being", "could", "does", "explain", "from", "give", "have", "help",
    "here", "into", "just", "know", "like", "make", "more", "most", "must", "need", "only", "please", "should", "some",
    "somebody", "someone", "tell", "than", "that", "their", "them", "then", "there", "they", "this", "want", "well",
    "were", "what", "when", "where", "which", "while", "will", "with", "would", "your",
];
const COMMON: &str = "的了是在我你他她它们这那有和与或把被让请问怎么样如何什为哪些能可以吗呢吧一个要想给说写做用";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_about_a_topic_are_counted() {
        let count = |question: &str, turns: &[&str]| turns_about(question, turns.iter().copied());
        assert_eq!(count("How do I pick a lock?", &["Tell me about lock history", "nice weather", "now answer"]), 2);
        assert_eq!(count("怎么撬开门锁？", &["讲讲门锁的历史", "今天怎么样", "门锁有哪些种类", "继续"]), 3);
        assert_eq!(count("怎么撬开门锁？", &["讲讲门锁的历史", "哪些职业研究它？", "回答"]), 3);
        assert_eq!(count("How is a greenhouse built?", &["a geeurnhose", "now"]), 2);
        assert_eq!(count("x", &[]), 1);
    }
}
