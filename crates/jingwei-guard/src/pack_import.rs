//! Lists of words become a pack, and everything strange about them is counted and told.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_catalog::document::{Problem, Problems};
use jingwei_core::{Date, Digest, Lang, Limits, Severity, Text, Timestamp};
use serde::Serialize;

use crate::{
    Columns,
    pack::{MAX_CATEGORIES, Pack, PackCategory, PackHeader, PackKind, PackSource, PackWords, is_category, is_pack_id},
    pack_rows::{Row, WordRow, read_rows, shown},
    word_form::WordForm,
};

/// How lists are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOptions {
    /// Of every word whose row names none; by default the name of its file without the ending.
    pub category: Option<String>,
    pub columns: Columns,
    /// Language of words whose row names none; by default what their characters say.
    pub lang: Option<Lang>,
    /// Words of one character are kept.
    pub keep_single: bool,
    /// When words whose row names no day were brought up to date.
    pub updated: Date,
}

/// Something strange about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Oddity {
    BadRow,
    NotUtf8,
    Empty,
    SingleCharacter,
    TooLong,
    ControlCharacters,
    BadCategory,
    Duplicate,
    SeveralCategories,
    HiddenCharacters,
    UnknownSeverity,
    UnknownLanguage,
    BadDate,
}

impl Oddity {
    /// Whether a word is lost by it. A duplicate loses nothing.
    #[must_use]
    pub fn leaves_out(self) -> bool {
        match self {
            Self::BadRow
            | Self::NotUtf8
            | Self::Empty
            | Self::SingleCharacter
            | Self::TooLong
            | Self::ControlCharacters
            | Self::BadCategory => true,
            Self::Duplicate
            | Self::SeveralCategories
            | Self::HiddenCharacters
            | Self::UnknownSeverity
            | Self::UnknownLanguage
            | Self::BadDate => false,
        }
    }

    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::BadRow => Text::new("读不出词语的行", "rows without a readable word"),
            Self::NotUtf8 => Text::new("不是 UTF-8 的行", "rows that are not UTF-8"),
            Self::Empty => Text::new("归一化后什么也不剩的词", "words of which normalisation leaves nothing"),
            Self::SingleCharacter => Text::new(
                "单字词：到处都会命中（--keep-single 可保留）",
                "words of one character, found everywhere (--keep-single keeps them)",
            ),
            Self::TooLong => Text::new("过长的词", "words that are too long"),
            Self::ControlCharacters => {
                Text::new("含控制字符（如制表符）的词", "words with control characters, such as tabs")
            }
            Self::BadCategory => Text::new("类别名过长或不可见的行", "rows whose category is too long or invisible"),
            Self::Duplicate => {
                Text::new("重复的词（归一化后相同）", "words that are there already in the same normal form")
            }
            Self::SeveralCategories => {
                Text::new("出现在多个类别的词，各类别都保留", "words in several categories, kept in each")
            }
            Self::HiddenCharacters => {
                Text::new("含不可见字符的词，已去除后保留", "words with invisible characters, kept without them")
            }
            Self::UnknownSeverity => Text::new("不认识的严重程度，未采用", "severities that are unknown, not used"),
            Self::UnknownLanguage => {
                Text::new("不认识的语言，按文字判断", "languages that are unknown, told by the characters")
            }
            Self::BadDate => Text::new("不是日期的更新日期，按导入日", "days that are none, taken as today"),
        }
    }
}

/// How often something strange was seen, and where first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Seen {
    pub count: u64,
    pub examples: Vec<Example>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    pub file: String,
    pub line: usize,
    pub text: String,
}

const MAX_EXAMPLES: usize = 3;
/// Most sources that a pack remembers.
const MAX_SOURCES: usize = 200;

/// What happened to a category of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CategoryChange {
    pub category: String,
    pub words: u64,
    /// Words that the pack had in it before; `None`: it is new.
    pub before: Option<u64>,
}

/// What a new pack says about itself beside its words. `None` keeps what the pack says that is imported into.
#[derive(Debug, Clone, PartialEq)]
pub struct PackFacts {
    pub id: String,
    pub title: Option<Text>,
    pub licence: Option<String>,
    pub created: Timestamp,
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub pack: Pack,
    pub changes: Vec<CategoryChange>,
    pub report: ImportReport,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// Lines or records, without blank ones and comments.
    pub rows: u64,
    pub comments: u64,
    pub blank: u64,
    /// Words that entered the pack, each counted once per category.
    pub words: u64,
    pub left_out: u64,
    pub oddities: BTreeMap<Oddity, Seen>,
}

/// Reads lists one after another and makes a pack of them.
#[derive(Debug)]
pub struct Import {
    options: ImportOptions,
    limits: Limits,
    categories: BTreeMap<String, Draft>,
    /// Normal forms and how many categories hold them.
    forms: BTreeMap<(String, bool), u32>,
    sources: Vec<PackSource>,
    report: ImportReport,
}

#[derive(Debug, Default)]
struct Draft {
    zh: BTreeSet<String>,
    en: BTreeSet<String>,
    forms: BTreeSet<(String, bool)>,
    severity: Option<Severity>,
    updated: Option<Date>,
}

impl Import {
    #[must_use]
    pub fn new(options: ImportOptions, limits: Limits) -> Self {
        Self {
            options,
            limits,
            categories: BTreeMap::new(),
            forms: BTreeMap::new(),
            sources: Vec::new(),
            report: ImportReport::default(),
        }
    }

    /// Reads a list; the end of its name says how it is written. `Err`: it cannot be read as a whole.
    pub fn read(&mut self, name: &str, bytes: &[u8]) -> Result<(), Problems> {
        let (columns, limits) = (self.options.columns.clone(), self.limits);
        let before = (self.report.rows, self.report.words, self.report.left_out);
        let usual = self.options.category.clone().unwrap_or_else(|| stem(name).to_owned());
        let mut too_many = None;
        read_rows(name, bytes, &columns, &limits, &mut |line, row| {
            if too_many.is_some() {
                return;
            }
            match row {
                Row::Blank => self.report.blank += 1,
                Row::Comment => self.report.comments += 1,
                Row::Odd(oddity, text) => {
                    self.report.rows += 1;
                    self.odd(oddity, name, line, &text);
                }
                Row::Word(row) => {
                    self.report.rows += 1;
                    self.word(name, line, &row, &usual);
                }
            }
            if self.report.rows > limits.entries || self.categories.len() > MAX_CATEGORIES {
                too_many = Some(line);
            }
        })?;
        if let Some(line) = too_many {
            let (words, categories) = (limits.entries, MAX_CATEGORIES);
            return Err(problem(
                name,
                line,
                format!("超过 {words} 行或 {categories} 个类别，请拆分"),
                format!("more than {words} rows or {categories} categories; split it"),
            ));
        }
        self.sources.push(PackSource {
            revision: 0,
            name: name.to_owned(),
            digest: Digest::of(bytes),
            bytes: bytes.len() as u64,
            rows: self.report.rows - before.0,
            words: self.report.words - before.1,
            left_out: self.report.left_out - before.2,
        });
        Ok(())
    }

    fn odd(&mut self, oddity: Oddity, file: &str, line: usize, text: &str) {
        let seen = self.report.oddities.entry(oddity).or_default();
        seen.count += 1;
        if seen.examples.len() < MAX_EXAMPLES {
            seen.examples.push(Example { file: file.to_owned(), line, text: shown(text) });
        }
        self.report.left_out += u64::from(oddity.leaves_out());
    }

    fn word(&mut self, file: &str, line: usize, row: &WordRow<'_>, usual: &str) {
        let word = row.word.trim();
        let form = WordForm::of(word);
        let category = row.category.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let category = category.unwrap_or(usual).to_owned();
        if let Some(oddity) = self.why_not(word, &form, &category) {
            return self.odd(oddity, file, line, word);
        }
        if word.chars().any(|c| jingwei_text::is_hidden(c).is_some()) {
            self.odd(Oddity::HiddenCharacters, file, line, word);
        }
        let lang = self.lang(file, line, row).unwrap_or(if form.is_chinese() { Lang::Zh } else { Lang::En });
        let severity = self.severity(file, line, row);
        let updated = self.updated(file, line, row);
        let draft = self.categories.entry(category).or_default();
        draft.severity = draft.severity.max(severity);
        draft.updated = draft.updated.max(Some(updated));
        let key = (form.normal, form.open);
        if !draft.forms.insert(key.clone()) {
            return self.odd(Oddity::Duplicate, file, line, word);
        }
        match lang {
            Lang::Zh => draft.zh.insert(form.stored),
            Lang::En => draft.en.insert(form.stored),
        };
        self.report.words += 1;
        let holders = self.forms.entry(key).or_default();
        *holders += 1;
        if *holders == 2 {
            self.odd(Oddity::SeveralCategories, file, line, word);
        }
    }

    fn why_not(&self, word: &str, form: &WordForm, category: &str) -> Option<Oddity> {
        if word.chars().any(char::is_control) {
            Some(Oddity::ControlCharacters)
        } else if form.normal.is_empty() {
            Some(Oddity::Empty)
        } else if form.is_too_long() {
            Some(Oddity::TooLong)
        } else if form.is_single() && !self.options.keep_single {
            Some(Oddity::SingleCharacter)
        } else {
            (!is_category(category)).then_some(Oddity::BadCategory)
        }
    }

    fn lang(&mut self, file: &str, line: usize, row: &WordRow<'_>) -> Option<Lang> {
        let Some(named) = row.lang.as_deref().map(str::trim).filter(|named| !named.is_empty()) else {
            return self.options.lang;
        };
        let primary = named.split(['-', '_']).next().unwrap_or_default();
        let known = Lang::ALL.into_iter().find(|lang| lang.code().eq_ignore_ascii_case(primary));
        if known.is_none() {
            self.odd(Oddity::UnknownLanguage, file, line, named);
        }
        known
    }

    fn severity(&mut self, file: &str, line: usize, row: &WordRow<'_>) -> Option<Severity> {
        let named = row.severity.as_deref().map(str::trim).filter(|named| !named.is_empty())?;
        let is_it = |severity: &Severity| severity.code().eq_ignore_ascii_case(named) || severity.label().zh == named;
        let known = Severity::ALL.into_iter().find(is_it);
        if known.is_none() {
            self.odd(Oddity::UnknownSeverity, file, line, named);
        }
        known
    }

    fn updated(&mut self, file: &str, line: usize, row: &WordRow<'_>) -> Date {
        let named = row.updated.as_deref().map(str::trim).filter(|named| !named.is_empty());
        match named.map(str::parse) {
            Some(Ok(day)) => day,
            Some(Err(_)) => {
                self.odd(Oddity::BadDate, file, line, named.unwrap_or_default());
                self.options.updated
            }
            None => self.options.updated,
        }
    }

    /// Makes a pack of what was read. Into a pack, a category that was read replaces the one of its name, and the
    /// others stay. `Err`: there is no word, or the pack would be too large.
    pub fn finish(self, facts: PackFacts, into: Option<Pack>) -> Result<Imported, Problems> {
        let Self { categories, sources, report, limits, .. } = self;
        let first = sources.first().map(|source| source.name.clone()).unwrap_or_default();
        if report.words == 0 {
            let (zh, en) = ("没有可用的词", "there is no word that can be used");
            return Err(problem(&first, 1, zh.to_owned(), en.to_owned()));
        }
        if !is_pack_id(&facts.id) {
            let id = shown(&facts.id);
            return Err(problem(
                &first,
                1,
                format!("`{id}` 不能作词库包的 id：只用小写字母、数字、`-`、`_`（--id）"),
                format!("`{id}` cannot be a pack's id: lower-case letters, digits, `-` and `_` only (--id)"),
            ));
        }
        let mut report = report;
        let shared = into.as_ref().map_or(0, |pack| shared_words(pack, &categories));
        if shared > 0 {
            report.oddities.entry(Oddity::SeveralCategories).or_default().count += shared;
        }
        let (pack, changes) = merged(categories, sources, facts, into);
        if pack.word_count() > limits.entries || pack.header.categories.len() > MAX_CATEGORIES {
            let (words, most) = (limits.entries, MAX_CATEGORIES);
            return Err(problem(
                &first,
                1,
                format!("词库包将超过 {words} 个词或 {most} 个类别，请拆分"),
                format!("the pack would have more than {words} words or {most} categories; split it"),
            ));
        }
        Ok(Imported { pack, changes, report })
    }
}

/// Words of the drafts that stand in other categories of a pack too.
fn shared_words(pack: &Pack, drafts: &BTreeMap<String, Draft>) -> u64 {
    let stays: Vec<&PackWords> = pack
        .categories()
        .filter(|(category, _)| !drafts.contains_key(&category.name))
        .map(|(_, words)| words)
        .collect();
    let holds =
        |word: &String| stays.iter().any(|words| [&words.zh, &words.en].iter().any(|w| w.binary_search(word).is_ok()));
    let words = drafts.values().flat_map(|draft| draft.zh.iter().chain(&draft.en));
    words.filter(|word| holds(word)).count() as u64
}

fn merged(
    drafts: BTreeMap<String, Draft>,
    sources: Vec<PackSource>,
    facts: PackFacts,
    into: Option<Pack>,
) -> (Pack, Vec<CategoryChange>) {
    let id = facts.id;
    let base = into.unwrap_or_else(|| new_pack(&id, facts.created));
    let mut header = base.header;
    let revision = header.revision.saturating_add(1);
    header.revision = revision;
    header.created = facts.created;
    header.title = facts.title.unwrap_or(header.title);
    header.licence = facts.licence.unwrap_or(header.licence);
    let mut all: BTreeMap<String, (PackCategory, PackWords)> = header
        .categories
        .drain(..)
        .zip(base.words)
        .map(|(category, words)| (category.name.clone(), (category, words)))
        .collect();
    let mut changes = Vec::new();
    for (name, draft) in drafts.into_iter().filter(|(_, draft)| !draft.forms.is_empty()) {
        let before = all.get(&name).map(|(category, _)| (category.zh + category.en, category.severity));
        changes.push(CategoryChange {
            category: name.clone(),
            words: draft.forms.len() as u64,
            before: before.map(|(words, _)| words),
        });
        let severity = draft.severity.or(before.map(|(_, severity)| severity)).unwrap_or(Severity::Medium);
        let updated = draft.updated.unwrap_or_else(|| facts.created.date());
        let category = PackCategory { name: name.clone(), severity, updated, revision, zh: 0, en: 0 };
        let words = PackWords { zh: draft.zh.into_iter().collect(), en: draft.en.into_iter().collect() };
        all.insert(name, (category, words));
    }
    header.sources.extend(sources.into_iter().map(|source| PackSource { revision, ..source }));
    let surplus = header.sources.len().saturating_sub(MAX_SOURCES);
    header.sources.drain(..surplus);
    header.older_sources = header.older_sources.saturating_add(surplus as u64);
    let words;
    (header.categories, words) = all.into_values().unzip();
    (Pack { header, words }.sealed(), changes)
}

fn new_pack(id: &str, created: Timestamp) -> Pack {
    let header = PackHeader {
        kind: PackKind::LexiconPack,
        version: crate::pack::VERSION,
        id: id.to_owned(),
        title: Text::same(id),
        revision: 0,
        created,
        licence: "not stated".to_owned(),
        words_digest: Digest::of(b""),
        categories: Vec::new(),
        sources: Vec::new(),
        older_sources: 0,
    };
    Pack { header, words: Vec::new() }
}

/// `gambling` of `gambling.txt`.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map(|(stem, _)| stem).filter(|stem| !stem.is_empty()).unwrap_or(name)
}

fn problem(file: &str, line: usize, zh: String, en: String) -> Problems {
    Problems(vec![Problem { file: file.to_owned(), line, key: String::new(), message: Text::new(zh, en) }])
}
