//! A word as packs store it.

use jingwei_text::{Automaton, NormalizeOptions, is_ideograph, normalize};

/// Two writings of a word that are looked for alike have equal forms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WordForm {
    /// What the automaton will make of it.
    pub normal: String,
    /// A Latin word that may go on: `bomb*`.
    pub open: bool,
    /// What a pack keeps: the normal form, or the word as it came where normalising twice is not the same as once.
    pub stored: String,
}

impl WordForm {
    pub fn of(word: &str) -> Self {
        let word = word.trim();
        let (normal, open) = normal_form(word);
        let written = if open { format!("{normal}*") } else { normal.clone() };
        let stable = normal_form(&written) == (normal.clone(), open);
        Self { normal, open, stored: if stable { written } else { word.to_owned() } }
    }

    pub fn is_too_long(&self) -> bool {
        self.normal.len() > Automaton::MAX_WORD_BYTES || self.stored.len() > Automaton::MAX_WORD_BYTES
    }

    /// One character and no more, which a lexicon finds everywhere.
    pub fn is_single(&self) -> bool {
        self.normal.chars().count() == 1
    }

    pub fn is_chinese(&self) -> bool {
        self.normal.chars().any(is_ideograph)
    }
}

/// As [`Automaton::build`] reads a word.
fn normal_form(word: &str) -> (String, bool) {
    let goes_on = |stem: &&str| {
        let last = stem.chars().next_back();
        last.is_some_and(|c| c.is_alphanumeric() && !is_ideograph(c) && !matches!(c, '\u{3000}'..='\u{30ff}'))
    };
    let stem = word.strip_suffix('*').filter(goes_on);
    let form = normalize(stem.unwrap_or(word), &NormalizeOptions::WORDS).text;
    (form.trim().to_owned(), stem.is_some())
}
