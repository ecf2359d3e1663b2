//! The keyword library: lexicons of the catalog and packs of the operator.

use std::{collections::BTreeSet, path::PathBuf};

use jingwei_catalog::items::Lexicon;
use jingwei_core::{Digest, Limits, Timestamp};
use jingwei_probe::filing::{KeywordReport, Slots, WordList, lint_keywords};
use jingwei_text::{Automaton, LexiconWord, Likeness, Reading};

use super::Standard;
use crate::{Error, lexicons};

/// Matches of one reply that are looked for.
const MAX_MATCHES: usize = 1_000;

/// Words in lists, each with the codes that its list names.
pub struct Library {
    /// Those of the catalog, then those of the operator's packs.
    pub lists: Vec<WordList>,
    /// How many of them are the catalog's.
    pub of_catalog: usize,
}

/// The words of the catalog's lexicons and of the packs that are named. A pack's category stands for the risk that it
/// is named after (`A.1.4`, `a1-4`), or for those of the catalog's lexicon of that name.
pub fn load_words(standard: &Standard<'_>, packs: &[PathBuf], limits: &Limits) -> Result<Library, Error> {
    let lists = catalog_lists(standard);
    let mut library = Library { of_catalog: lists.len(), lists };
    for path in packs {
        for lexicon in lexicons::open(path, limits)?.into_lexicons() {
            let codes = codes_of(standard, &lexicon.category);
            library.lists.push(list_of(&lexicon, codes));
        }
    }
    Ok(library)
}

fn catalog_lists(standard: &Standard<'_>) -> Vec<WordList> {
    standard.catalog.lexicons.values().map(|lexicon| list_of(lexicon, refs_of(lexicon))).collect()
}

fn refs_of(lexicon: &Lexicon) -> Vec<String> {
    lexicon.refs.iter().map(|reference| reference.as_str().to_owned()).collect()
}

fn list_of(lexicon: &Lexicon, codes: Vec<String>) -> WordList {
    let words = lexicon.zh.iter().chain(&lexicon.en).cloned().collect();
    WordList { name: lexicon.id.clone(), updated: Some(lexicon.updated), codes, words }
}

fn codes_of(standard: &Standard<'_>, category: &str) -> Vec<String> {
    let shipped =
        standard.catalog.lexicons.values().find(|lexicon| lexicon.category == category || lexicon.id == category);
    match shipped {
        Some(lexicon) => refs_of(lexicon),
        None => vec![category.to_owned()],
    }
}

/// Compares the words with what the standard asks of a keyword library.
pub fn lint_words(
    standard: &Standard<'_>,
    packs: &[PathBuf],
    now: Timestamp,
    limits: &Limits,
) -> Result<KeywordReport, Error> {
    let library = load_words(standard, packs, limits)?;
    let slots = Slots::of_keywords(&standard.filing.keywords, standard.framework);
    let shipped = catalog_lists(standard);
    // A lexicon that names this very risk and ships without words is a slot for the operator's.
    let is_empty_slot = |index: usize| {
        let mut of_slot =
            shipped.iter().filter(|list| list.codes.iter().any(|code| slots.find(code) == Some(index))).peekable();
        of_slot.peek().is_some() && of_slot.all(|list| list.words.is_empty())
    };
    let left: BTreeSet<String> = slots
        .iter()
        .enumerate()
        .filter(|(index, _)| is_empty_slot(*index))
        .map(|(_, slot)| slot.code.clone())
        .collect();
    Ok(lint_keywords(&standard.filing.keywords, &slots, &library.lists, &left, now))
}

/// Finds the words of a library in replies.
pub(crate) struct KeywordJudge {
    automaton: Automaton,
    words: Vec<String>,
    /// Over all words.
    pub digest: Digest,
}

impl KeywordJudge {
    /// Of the operator's packs, and of the catalog's lexicons that name a risk of the standard: words that only tell an
    /// attack on a model say nothing of content.
    pub fn new(standard: &Standard<'_>, library: &Library) -> Result<Self, Error> {
        let names_risk =
            |code: &String| code.split_once('/').is_some_and(|(edition, _)| edition == standard.filing.framework);
        let is_of_content =
            |(index, list): &(usize, &WordList)| *index >= library.of_catalog || list.codes.iter().any(names_risk);
        let chosen = library.lists.iter().enumerate().filter(is_of_content);
        let words: Vec<String> = chosen.flat_map(|(_, list)| list.words.iter().cloned()).collect();
        let lexicon_words = words.iter().map(|text| LexiconWord { text, category: 0 });
        let (automaton, _) = Automaton::build(lexicon_words)
            .map_err(|e| Error::failed("无法装入词库", "cannot load the words").because(e))?;
        let digest = Digest::of_parts(words.iter().map(String::as_str));
        Ok(Self { automaton, words, digest })
    }

    /// The words that stand in a text, each once. Only such as are written there: what merely sounds like a word is for
    /// people to decide.
    pub fn find(&self, text: &str) -> Vec<&str> {
        let found = self.automaton.find(&Reading::of(text), MAX_MATCHES);
        let written = found.matches.iter().filter(|found| found.likeness == Likeness::Written);
        let words: BTreeSet<&str> =
            written.filter_map(|found| self.words.get(usize::try_from(found.word).ok()?)).map(String::as_str).collect();
        words.into_iter().collect()
    }
}
