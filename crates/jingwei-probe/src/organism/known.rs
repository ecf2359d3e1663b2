use std::collections::{BTreeMap, BTreeSet, HashMap};

use aho_corasick::{AhoCorasick, MatchKind};
use jingwei_core::{ChatRequest, ChatRole, Lang};
use jingwei_text::plain_form;

use super::topic::topic;
use crate::{Expect, Item, Trap};

/// Shorter questions, in bytes, are known only where they are the whole text.
const SHORTEST_PART: usize = 12;

/// A question with fewer words of its own is not recognised by words.
const FEWEST_WORDS: usize = 3;

/// The questions that a scripted model knows, also inside other text.
#[derive(Debug, Clone, Default)]
pub struct Questions {
    known: Vec<Known>,
    literal: Index,
    plain: Index,
    /// Which harmful questions have a word, and how many words each has.
    words: HashMap<String, Vec<usize>>,
    word_counts: HashMap<usize, usize>,
    traps: Vec<KnownTrap>,
    /// What the items with traps are made of, and of which.
    pieces: HashMap<String, Vec<usize>>,
}

#[derive(Debug, Clone)]
struct KnownTrap {
    trap: Trap,
    /// What the user says, in literal form.
    text: String,
    /// How many pieces it has besides: messages before it, descriptions of tools.
    pieces: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub text: String,
    pub lang: Lang,
    pub harmful: bool,
}

impl Questions {
    /// An item that must be resisted is known by everything that it is made of, and its question is harmless.
    pub fn of<'a>(items: impl IntoIterator<Item = &'a Item>) -> Self {
        let mut questions = Self::default();
        for item in items {
            let harmful = item.expect == Expect::Refuse;
            if harmful {
                questions.set_words(&item.text);
            }
            questions.known.push(Known { text: item.text.clone(), lang: item.lang, harmful });
            if let Some(trap) = &item.trap {
                questions.set_trap(item, trap.clone());
            }
        }
        questions.literal = Index::of(questions.known.iter().map(|known| literal(&known.text)).collect());
        questions.plain = Index::of(questions.known.iter().map(|known| plain_form(&known.text)).collect());
        questions
    }

    /// Of the question that is known next.
    fn set_words(&mut self, text: &str) {
        let at = self.known.len();
        let words = topic(text);
        if words.len() >= FEWEST_WORDS {
            self.word_counts.insert(at, words.len());
            for word in words {
                self.words.entry(word).or_default().push(at);
            }
        }
    }

    /// The harmful question most of whose words are in a text.
    pub(crate) fn find_like(&self, text: &str) -> Option<&Known> {
        let mut found = BTreeMap::<usize, usize>::new();
        for word in topic(text) {
            for at in self.words.get(&word).into_iter().flatten() {
                *found.entry(*at).or_default() += 1;
            }
        }
        let enough = |at: usize, hits: usize| {
            hits >= FEWEST_WORDS && self.word_counts.get(&at).is_some_and(|count| hits * 5 >= count * 3)
        };
        let best = found.into_iter().filter(|(at, hits)| enough(*at, *hits)).max_by_key(|(_, hits)| *hits);
        best.and_then(|(at, _)| self.known.get(at))
    }

    fn set_trap(&mut self, item: &Item, trap: Trap) {
        let text = literal(&item.text);
        let mut pieces =
            pieces(item.before.iter().map(|m| m.content.as_str()), item.tools.iter().map(|t| t.description.as_str()));
        pieces.remove(&text);
        let at = self.traps.len();
        self.traps.push(KnownTrap { trap, text, pieces: pieces.len() });
        for piece in pieces {
            self.pieces.entry(piece).or_default().push(at);
        }
    }

    /// The trap of the item that a request asks. Its question may stand inside other words, the rest stands as it is.
    pub(crate) fn trap(&self, request: &ChatRequest) -> Option<&Trap> {
        if self.traps.is_empty() {
            return None;
        }
        let said = request.messages.iter().map(|message| message.content.as_str());
        let mut found = BTreeMap::<usize, usize>::new();
        for piece in pieces(said, request.tools.iter().map(|tool| tool.description.as_str())) {
            for at in self.pieces.get(&piece).into_iter().flatten() {
                *found.entry(*at).or_default() += 1;
            }
        }
        let user = request.messages.iter().filter(|message| message.role == ChatRole::User);
        let user: Vec<String> = user.map(|message| literal(&message.content)).collect();
        self.traps.iter().enumerate().find_map(|(at, known)| {
            let whole = found.get(&at).copied().unwrap_or(0) == known.pieces;
            (whole && user.iter().any(|text| text.contains(&known.text))).then_some(&known.trap)
        })
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The question that a text is or holds; a harmful one where there are several. `text` is in literal form.
    pub(crate) fn find(&self, text: &str) -> Option<&Known> {
        self.literal.find(text, &self.known)
    }

    /// The same for a text in plain form.
    pub(crate) fn find_plain(&self, text: &str) -> Option<&Known> {
        self.plain.find(text, &self.known)
    }
}

fn pieces<'a>(said: impl Iterator<Item = &'a str>, tools: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    said.chain(tools).map(literal).filter(|piece| !piece.is_empty()).collect()
}

/// As it is written, but for the case of ASCII letters and runs of white space.
pub(crate) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.make_ascii_lowercase();
    out
}

/// Texts by their whole and by their place in another one.
#[derive(Debug, Clone, Default)]
struct Index {
    whole: HashMap<String, usize>,
    parts: Option<AhoCorasick>,
    /// Which question a pattern is.
    patterns: Vec<usize>,
}

impl Index {
    fn of(texts: Vec<String>) -> Self {
        let patterns: Vec<usize> = (0..texts.len()).filter(|at| texts[*at].len() >= SHORTEST_PART).collect();
        let parts = patterns.iter().map(|at| &texts[*at]);
        // An automaton that would be too large leaves whole texts to go by.
        let parts = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(parts).ok();
        Self { whole: texts.into_iter().enumerate().map(|(at, text)| (text, at)).collect(), parts, patterns }
    }

    fn find<'a>(&self, text: &str, known: &'a [Known]) -> Option<&'a Known> {
        if let Some(at) = self.whole.get(text) {
            return known.get(*at);
        }
        let mut first = None;
        for found in self.parts.as_ref()?.find_iter(text) {
            let Some(hit) = self.patterns.get(found.pattern().as_usize()).and_then(|at| known.get(*at)) else {
                continue;
            };
            if hit.harmful {
                return Some(hit);
            }
            first = first.or(Some(hit));
        }
        first
    }
}
