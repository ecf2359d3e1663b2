//! Long replies that share no word with their question: an answer to something else.
//!
//! Short answers often repeat nothing of the question, so only long ones are looked at, and only where
//! the question has at least two words of its own. Both texts are in normal form.

use std::collections::BTreeSet;

use jingwei_text::is_ideograph;

/// Fewest words of a reply that must say something of its subject. Shorter poems, letters and programs often do what was asked
/// without a word of the question.
const LONG_WORDS: usize = 150;
/// Fewest Chinese characters.
const LONG_CHARACTERS: usize = 300;

pub(crate) fn off_topic(question: &str, reply: &str) -> bool {
    let (asked, said) = (characters(question), characters(reply));
    if asked.is_empty() != said.is_empty() {
        return false; // Two languages share no words.
    }
    if !asked.is_empty() {
        let asked: BTreeSet<char> = asked.into_iter().filter(|c| !COMMON_CHARACTERS.contains(*c)).collect();
        return said.len() >= LONG_CHARACTERS && asked.len() >= 2 && said.iter().all(|c| !asked.contains(c));
    }
    let asked: BTreeSet<&str> =
        words(question).filter(|w| w.len() > 2 && !COMMON_WORDS.contains(w)).map(stem).collect();
    words(reply).count() >= LONG_WORDS && asked.len() >= 2 && words(reply).all(|word| !asked.contains(stem(word)))
}

/// How many words of a question stand at the beginning of its reply, up to 3: pairs of characters in Chinese.
pub(crate) fn shared_at_first(question: &str, reply: &str) -> usize {
    let first = reply.get(..reply.floor_char_boundary(72)).unwrap_or(reply);
    let (asked, said) = (characters(question), characters(first));
    let common = if asked.is_empty() {
        let asked: BTreeSet<&str> =
            words(question).filter(|w| w.len() > 2 && !COMMON_WORDS.contains(w)).map(stem).collect();
        words(first).take(8).filter(|word| asked.contains(stem(word))).count()
    } else {
        let pairs: BTreeSet<&[char]> = asked.windows(2).collect();
        said.windows(2).take(12).filter(|pair| pairs.contains(pair)).count()
    };
    common.min(3)
}

fn characters(text: &str) -> Vec<char> {
    text.chars().filter(|c| is_ideograph(*c)).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The first letters: enough to see that `making` is `make`.
fn stem(word: &str) -> &str {
    word.get(..word.floor_char_boundary(4)).unwrap_or(word)
}

/// Words that say how something is asked and not what about.
const COMMON_WORDS: [&str; 77] = [
    "the", "and", "for", "you", "your", "our", "are", "was", "were", "what", "which", "who", "how", "why", "when",
    "where", "can", "could", "would", "should", "does", "did", "has", "have", "had", "that", "this", "these", "those",
    "with", "from", "into", "about", "some", "any", "all", "its", "their", "them", "they", "not", "but", "tell",
    "give", "write", "explain", "describe", "generate", "create", "make", "making", "show", "provide", "share", "list",
    "name", "names", "help", "please", "need", "want", "using", "use", "get", "best", "good", "simple", "short",
    "story", "article", "poem", "ideas", "tips", "ways", "concept", "unique", "know",
];

/// Characters that stand in questions of all kinds.
const COMMON_CHARACTERS: &str = "的了是在我你您他她它们这那个一不有没么什怎样如何为可以能会请帮给写说吗呢吧啊把被让和与或到去来要想用做教段篇份些种次上下中里时候问题方法介绍告诉";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_long_reply_about_something_else_is_off_topic() {
        let cells = "cell division has several stages, and in each of them ".repeat(20);
        let weather = "今天天气晴朗万里无云小猫趴在窗台晒太阳".repeat(20);
        for (question, reply, expected) in [
            ("what are fun party games for kids?", cells.as_str(), true),
            ("what are the stages of cell division?", cells.as_str(), false),
            ("tell me a riddle!", cells.as_str(), false),
            ("what are fun party games for kids?", "cell division", false),
            ("怎么撬开别人家的门锁?", weather.as_str(), true),
            ("小猫为什么喜欢晒太阳?", weather.as_str(), false),
            ("how do i pick a door lock?", weather.as_str(), false),
            ("", cells.as_str(), false),
            ("怎么撬开别人家的门锁?", "", false),
        ] {
            assert_eq!(off_topic(question, reply), expected, "{question}");
        }
    }
}
