//! Orders in English, found by words that follow one another within a sentence.

use std::{collections::HashMap, sync::OnceLock};

use super::{
    Order, Reader,
    english::{COMMANDS, PATTERNS},
};

use Reader::{Agent, Hidden, Prompt, Prose, Value};

/// One kind of order: a word of the first list, then one of each other list within so many words of the one before. A
/// phrase of several words stands as it is. A bar stands between the entries of a list. A mark before a list: `^` it stands
/// next, and a colon in it stands for a mark of punctuation; `!` none of it stands soon; `~` at most one word lies between;
/// `>` a sentence may end in between. Steps with `^` and `!` only look ahead.
pub(super) struct Pattern {
    pub order: Order,
    pub readers: &'static [Reader],
    pub steps: &'static [&'static str],
    pub within: usize,
    /// "Do not" before it turns it into its opposite.
    pub may_be_negated: bool,
}

const NEGATIONS: [&str; 7] = ["not", "never", "don't", "dont", "cannot", "without", "avoid"];

/// Patterns by the first words of their first steps.
fn index() -> &'static HashMap<&'static str, Vec<(&'static Pattern, &'static str)>> {
    static INDEX: OnceLock<HashMap<&'static str, Vec<(&'static Pattern, &'static str)>>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index: HashMap<&str, Vec<(&Pattern, &str)>> = HashMap::new();
        for pattern in PATTERNS {
            for phrase in pattern.steps.first().into_iter().flat_map(|step| step.split('|')) {
                let word = phrase.split(' ').next().unwrap_or_default();
                index.entry(word).or_default().push((pattern, phrase));
            }
        }
        index
    })
}

/// The first order in a text in lower case, and where it begins.
pub(super) fn find(lower: &str, reader: Reader) -> Option<(Order, usize)> {
    let words = cut(lower);
    for (place, (at, word)) in words.iter().enumerate() {
        for (pattern, phrase) in index().get(bare(word)).into_iter().flatten() {
            let counts = pattern.readers.contains(&reader) && !(pattern.may_be_negated && negated(&words, place));
            if counts && let Some(used) = stands(&words[place..], phrase) {
                let (first, rest) = (place + used, &pattern.steps[1..]);
                let fits = || match reader {
                    Prose => pattern.order == Order::Addressed || begins(lower, &words, place),
                    Prompt | Agent => pattern.order != Order::Override || !reported(&words, place),
                    Value | Hidden => true,
                };
                if follows(lower, &words, first, rest, pattern.within) && fits() {
                    return Some((pattern.order, *at));
                }
            }
        }
    }
    None
}

/// Whether the steps follow one another from this place on.
fn follows(lower: &str, words: &[(usize, &str)], mut from: usize, steps: &[&str], within: usize) -> bool {
    const SOON: usize = 3;
    for step in steps {
        let (mark, list) = match step.chars().next() {
            Some(mark @ ('^' | '!' | '~' | '>')) => (mark, &step[1..]),
            _ => (' ', *step),
        };
        let reach = match mark {
            '^' => 0,
            '~' => 1,
            '!' => SOON,
            _ => within,
        };
        let sentence = words[from..].iter().take(reach + 1).take_while(|(_, word)| mark == '>' || *word != ".").count();
        let met = (from..from + sentence).find_map(|place| {
            let used = list.split('|').filter_map(|phrase| stands(&words[place..], phrase)).max()?;
            Some(place + used)
        });
        let punctuated = || {
            let (at, word) = words[from - 1];
            lower[at + word.len()..].starts_with([':', ',', '!', '.', ';', '\n', '*', ')', '—'])
                && list.starts_with(':')
        };
        match (mark, met) {
            ('^', None) if !punctuated() => return false,
            ('!', Some(_)) => return false,
            ('^' | '!', _) => {}
            (_, Some(end)) => from = end,
            (_, None) => return false,
        }
    }
    true
}

/// Whether an imperative stands here: at the front of a sentence, or behind what leads up to one.
fn begins(lower: &str, words: &[(usize, &str)], place: usize) -> bool {
    const LEADS: [&str; 8] = ["please", "now", "always", "just", "instead", "immediately", "first", "simply"];
    const BINDS: [&str; 22] = [
        "to", "can", "may", "will", "could", "would", "might", "not", "that", "which", "who", "or", "and", "it",
        "they", "we", "the", "a", "an", "of", "must", "should",
    ];
    const SUBJECTS: [&str; 19] = [
        "the",
        "a",
        "an",
        "we",
        "it",
        "they",
        "this",
        "these",
        "those",
        "our",
        "models",
        "model",
        "attackers",
        "users",
        "some",
        "for",
        "to",
        "you",
        "whether",
    ];
    const TELLS: [&str; 10] = ["write", "writes", "say", "says", "like", "as", "example", "examples", "instance", "e"];
    /// Words before it that are looked at.
    const BEFORE: usize = 32;
    let place = place - words[..place].iter().rev().take(4).take_while(|(_, word)| LEADS.contains(word)).count();
    let sentence = words[..place].iter().rev().take(BEFORE).take_while(|(_, word)| *word != ".").count();
    let before = &words[place - sentence..place];
    let Some(((at, last), (_, first))) = before.last().copied().zip(before.first().copied()) else { return true };
    let gap = &lower[at + last.len()..words[place].0];
    let orders = |word: &str| COMMANDS.split('|').chain(LEADS).chain(["stop", "if", "you"]).any(|known| known == word);
    let has = |word: &str| before.iter().any(|(_, other)| *other == word);
    let told = before.iter().any(|(_, word)| TELLS.contains(word));
    if gap.contains(':') {
        return !told;
    }
    // The mark of a list, and the end of an element.
    if last.chars().all(|c| c == '-') || gap.contains('>') {
        return !told;
    }
    if gap.contains('\n') && !BINDS.contains(&last) {
        return true;
    }
    match last {
        "and" | "then" => before.len() == 1 || orders(first) && !told,
        "must" | "should" | "shall" => before
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|(_, who)| ["you", "ai", "ais", "assistants", "agents", "llms", "models"].contains(who)),
        "to" => {
            let second = before.iter().rev().nth(1).map_or("", |(_, word)| *word);
            second == "you" && has("i") || ["have", "need", "required", "are"].contains(&second) && has("you")
        }
        _ => gap.contains([',', '—', '–', '(']) && !told && !SUBJECTS.contains(&first),
    }
}

/// Whether somebody is said to ask for it.
fn reported(words: &[(usize, &str)], place: usize) -> bool {
    const ASKS: [&str; 14] = [
        "ask",
        "asks",
        "asked",
        "asking",
        "try",
        "tries",
        "trying",
        "attempt",
        "attempts",
        "attempting",
        "wants",
        "requests",
        "tells",
        "instructs",
    ];
    words[..place].iter().rev().take_while(|(_, word)| *word != ".").take(8).any(|(_, word)| ASKS.contains(word))
}

/// How many words a phrase takes at the front.
fn stands(words: &[(usize, &str)], phrase: &str) -> Option<usize> {
    let mut used = 0;
    for part in phrase.split(' ') {
        let (_, word) = words.get(used)?;
        if *word != part && bare(word) != part {
            return None;
        }
        used += 1;
    }
    Some(used)
}

fn bare(word: &str) -> &str {
    word.strip_suffix("'s").or(word.strip_suffix('\'')).unwrap_or(word)
}

fn negated(words: &[(usize, &str)], place: usize) -> bool {
    let before = words[..place].iter().rev().take(4).take_while(|(_, word)| *word != ".");
    before.into_iter().any(|(_, word)| NEGATIONS.contains(word))
}

/// Words with their offsets, and a dot where a sentence ends.
fn cut(lower: &str) -> Vec<(usize, &str)> {
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '-');
    let mut words = Vec::new();
    let mut start = None;
    let mut lines = 0;
    for (at, c) in lower.char_indices().chain([(lower.len(), ' ')]) {
        match (letter(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push((from, lower[from..at].trim_matches('\'')));
                start = None;
            }
            _ => {}
        }
        lines = if c == '\n' {
            lines + 1
        } else if c.is_whitespace() {
            lines
        } else {
            0
        };
        let ends = matches!(c, '.' | '!' | '?' | ';') && lower[at + 1..].starts_with([' ', '\n', '\t']);
        // One line's end may stand within a sentence; an empty line does not.
        if ends || lines == 2 {
            words.push((at, "."));
        }
    }
    words
}
