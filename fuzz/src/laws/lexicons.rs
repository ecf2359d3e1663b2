//! Lists of words, and packs of them.

use jingwei_core::{Digest, Limits, Timestamp};
use jingwei_guard::{Columns, Import, ImportOptions, Pack, PackFacts};
use jingwei_text::{Automaton, LexiconWord, Reading};

use super::{assert_problems, sealed_parts};

const ENDINGS: [&str; 4] = ["txt", "csv", "tsv", "jsonl"];
/// Small enough to be crossed.
const LIMITS: fn() -> Limits = || Limits { entries: 200, header_bytes: 1 << 16, depth: 8, ..Limits::default() };

/// Any list becomes a pack whose words are found, or problems whose lines exist. The first byte chooses the kind of list.
pub fn lexicon(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    let name = format!("list.{}", ENDINGS[usize::from(*kind) % ENDINGS.len()]);
    let now = Timestamp::from_micros(0);
    let options = ImportOptions {
        category: None,
        columns: Columns::default(),
        lang: None,
        keep_single: kind & 0x80 != 0,
        updated: now.date(),
    };
    let mut import = Import::new(options, LIMITS());
    if let Err(problems) = import.read(&name, bytes) {
        return assert_problems(bytes, &problems);
    }
    let facts = PackFacts { id: "list".to_owned(), title: None, licence: None, created: now };
    let imported = match import.finish(facts, None) {
        Ok(imported) => imported,
        Err(problems) => return assert_problems(bytes, &problems),
    };
    let report = &imported.report;
    assert_eq!(report.words, imported.pack.word_count(), "words told and words kept: {report:?}");
    let lines = 1 + bytes.iter().filter(|byte| **byte == b'\n').count();
    for example in report.oddities.values().flat_map(|seen| &seen.examples) {
        assert!((1..=lines).contains(&example.line), "line {} of {lines}: {example:?}", example.line);
    }
    comes_back(&imported.pack);
    for (category, words) in imported.pack.categories() {
        for word in words.zh.iter().chain(&words.en) {
            let holders = imported.pack.find(word);
            assert!(holders.iter().any(|holder| holder.name == category.name), "{word:?} is not in {}", category.name);
            is_found(word);
        }
    }
}

/// A word that was let in is found in a text that consists of it.
fn is_found(word: &str) {
    let built = Automaton::build([LexiconWord { text: word, category: 0 }]);
    let (automaton, unusable) = built.unwrap_or_else(|error| panic!("{word:?}: {error}"));
    assert!(unusable.is_empty(), "{word:?} was let in and cannot be looked for: {unusable:?}");
    // A star is a sign of its own where no Latin word could go on.
    let mut texts = [word, word.strip_suffix('*').unwrap_or(word)].into_iter();
    let found = texts.any(|text| !automaton.find(&Reading::of(text), 100).matches.is_empty());
    assert!(found, "{word:?} is not found in itself");
}

fn comes_back(pack: &Pack) {
    let again = Pack::parse(&pack.to_bytes(), &Limits::default());
    assert_eq!(again.as_ref(), Ok(pack), "a pack that was written is not what is read");
}

/// Any bytes are a pack that can be written again, or none; the same for a pack of any header and words.
pub fn pack(bytes: &[u8]) {
    let sealed = sealed_parts(bytes, "BODY", |_, body| body.to_vec()).map(|(header, body)| {
        let mut bytes = b"\x89JWPACK\n".to_vec();
        bytes.extend(u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend((body.len() as u64).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(body);
        let digest = Digest::of(&bytes);
        bytes.extend(digest.0);
        bytes
    });
    for bytes in [Some(bytes), sealed.as_deref()].into_iter().flatten() {
        match Pack::parse(bytes, &LIMITS()) {
            Ok(pack) => {
                let kept: usize = pack.categories().map(|(_, words)| words.zh.len() + words.en.len()).sum();
                assert_eq!(pack.word_count(), kept as u64, "words counted and words kept");
                comes_back(&pack);
                let lexicons = pack.into_lexicons();
                let words = lexicons.iter().flat_map(|lexicon| lexicon.zh.iter().chain(&lexicon.en));
                let built = Automaton::build(words.map(|text| LexiconWord { text, category: 0 }));
                assert!(built.is_ok(), "{built:?}");
            }
            Err(error) => assert!(!error.text().zh.is_empty() && !error.text().en.is_empty(), "{error:?}"),
        }
    }
}
