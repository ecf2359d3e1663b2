//! Imported lexicons as one compiled file.
//!
//! Layout: [`MAGIC`], the length of the header (u32, little endian), the length of the words (u64), the header
//! (JSON), the words, and the SHA-256 of everything before it. The words of each category follow in the order of
//! the header, Chinese before English, sorted by their bytes and front-coded: how many bytes a word shares with the
//! one before it, how many are its own (both LEB128), and those. Equal packs have equal bytes.

use std::fmt;

use jingwei_catalog::{
    document::{Document, Problems},
    items::{Lexicon, LexiconKind},
};
use jingwei_core::{Date, Digest, Limits, Severity, Text, Timestamp};
use jingwei_text::Automaton;
use serde::{Deserialize, Serialize};

use crate::{Policy, word_form::WordForm};

const MAGIC: &[u8; 8] = b"\x89JWPACK\n";
/// Magic, length of the header, length of the words.
const PREAMBLE: usize = MAGIC.len() + 4 + 8;
const TRAILER: usize = 32;
pub(crate) const VERSION: u32 = 1;
const MAX_HEADER_BYTES: usize = 4 << 20;
/// Most categories of a pack.
pub(crate) const MAX_CATEGORIES: usize = 10_000;
/// Most packs of a policy.
const MAX_PACKS: usize = 64;

/// Words in categories, where they came from and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Pack {
    pub(crate) header: PackHeader,
    /// By the same index as the header's categories.
    pub(crate) words: Vec<PackWords>,
}

/// Words of one category as they are looked for, sorted by their bytes, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PackWords {
    pub zh: Vec<String>,
    pub en: Vec<String>,
}

/// What a pack says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackHeader {
    pub kind: PackKind,
    /// Of the format.
    pub version: u32,
    pub id: String,
    pub title: Text,
    /// 1 for a new pack, and one more with each import into it.
    pub revision: u32,
    /// When this revision was made.
    pub created: Timestamp,
    /// Under what licence the words are used, in the words of whoever imported them.
    pub licence: String,
    /// Of the words and the order of their categories.
    pub words_digest: Digest,
    /// In order of name.
    pub categories: Vec<PackCategory>,
    /// What was imported, oldest first.
    pub sources: Vec<PackSource>,
    /// Sources before those in `sources`, which keeps the newest only.
    #[serde(default)]
    pub older_sources: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackKind {
    LexiconPack,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackCategory {
    /// What rules name.
    pub name: String,
    pub severity: Severity,
    /// When its words were last brought up to date.
    pub updated: Date,
    /// The revision that brought these words.
    pub revision: u32,
    pub zh: u64,
    pub en: u64,
}

/// A file that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackSource {
    pub revision: u32,
    /// The file's name without its folders.
    pub name: String,
    pub digest: Digest,
    pub bytes: u64,
    /// Lines or records, without blank ones and comments.
    pub rows: u64,
    /// Words that it brought, each counted once per category.
    pub words: u64,
    pub left_out: u64,
}

/// Why bytes are no pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackError {
    NotAPack,
    Truncated { missing: u64 },
    Changed,
    TooLarge { limit: u64 },
    TooMany { limit: u64 },
    Version { version: u64 },
    Malformed { reason: &'static str },
}

impl PackError {
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::NotAPack => Text::new(
                "不是词库包；请用 `jingwei guard lexicon import` 制作",
                "not a lexicon pack; make one with `jingwei guard lexicon import`",
            ),
            Self::Truncated { missing } => Text::new(
                format!("词库包不完整，缺少 {missing} 字节；请重新复制或导入"),
                format!("the pack is cut short by {missing} bytes; copy or import it again"),
            ),
            Self::Changed => Text::new(
                "词库包的内容与制作时不同；请重新复制或导入",
                "the pack is not what was written; copy or import it again",
            ),
            Self::TooLarge { limit } => {
                Text::new(format!("词库包超过 {limit} 字节"), format!("the pack is larger than {limit} bytes"))
            }
            Self::TooMany { limit } => Text::new(
                format!("词库包超过 {limit} 个词或类别；请拆分"),
                format!("the pack has more than {limit} words or categories; split it"),
            ),
            Self::Version { version } => Text::new(
                format!("词库包的格式版本是 {version}，此程序只认识 {VERSION}；请升级程序"),
                format!("the pack's format is version {version} and this program knows {VERSION}; upgrade the program"),
            ),
            Self::Malformed { reason } => {
                Text::new(format!("词库包不合格式：{reason}"), format!("the pack is malformed: {reason}"))
            }
        }
    }
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().en)
    }
}

impl std::error::Error for PackError {}

impl Pack {
    /// Reads a pack, whole or not at all.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, PackError> {
        let (header, body) = open(bytes, limits)?;
        let version: VersionOnly = serde_json::from_slice(header).map_err(|_| malformed("its header is no object"))?;
        if version.version != u64::from(VERSION) {
            return Err(PackError::Version { version: version.version });
        }
        let header: PackHeader =
            serde_json::from_slice(header).map_err(|_| malformed("its header lacks something or has too much"))?;
        check_header(&header, limits)?;
        if Digest::of(body) != header.words_digest {
            return Err(malformed("its header names other words"));
        }
        let most = (body.len() as u64).saturating_mul(limits.expansion_ratio).min(limits.header_bytes);
        let mut words = WordReader { rest: body, last: String::new(), left: most, limit: limits.header_bytes };
        let mut categories = Vec::with_capacity(header.categories.len());
        for category in &header.categories {
            categories.push(PackWords { zh: words.list(category.zh)?, en: words.list(category.en)? });
        }
        if !words.rest.is_empty() {
            return Err(malformed("words follow that its header does not count"));
        }
        Ok(Self { header, words: categories })
    }

    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = self.body();
        // A header of plain fields and text always becomes JSON.
        let header = serde_json::to_vec(&self.header).unwrap_or_default();
        let mut bytes = Vec::with_capacity(PREAMBLE + header.len() + body.len() + TRAILER);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(&body);
        let digest = Digest::of(&bytes);
        bytes.extend_from_slice(&digest.0);
        bytes
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for words in &self.words {
            write_list(&mut body, &words.zh);
            write_list(&mut body, &words.en);
        }
        body
    }

    /// Puts the counts and the digest in order after a change of words.
    pub(crate) fn sealed(mut self) -> Self {
        for (category, words) in self.header.categories.iter_mut().zip(&self.words) {
            (category.zh, category.en) = (words.zh.len() as u64, words.en.len() as u64);
        }
        self.header.words_digest = Digest::of(&self.body());
        self
    }

    #[must_use]
    pub fn header(&self) -> &PackHeader {
        &self.header
    }

    /// Each category and its words.
    pub fn categories(&self) -> impl Iterator<Item = (&PackCategory, &PackWords)> {
        self.header.categories.iter().zip(&self.words)
    }

    #[must_use]
    pub fn word_count(&self) -> u64 {
        self.header.categories.iter().map(|category| category.zh + category.en).sum()
    }

    /// The categories that hold a word, in whatever writing it comes.
    #[must_use]
    pub fn find(&self, word: &str) -> Vec<&PackCategory> {
        let stored = WordForm::of(word).stored;
        let open = format!("{stored}*");
        let holds = |words: &[String]| [&stored, &open].into_iter().any(|word| words.binary_search(word).is_ok());
        self.categories()
            .filter(|(_, words)| holds(&words.zh) || holds(&words.en))
            .map(|(category, _)| category)
            .collect()
    }

    /// What a policy's rules name: one lexicon per category.
    #[must_use]
    pub fn into_lexicons(self) -> Vec<Lexicon> {
        let Self { header, words } = self;
        let (id, title, licence) = (header.id, header.title, header.licence);
        let lexicons = header.categories.into_iter().zip(words).map(|(category, words)| Lexicon {
            kind: LexiconKind::Lexicon,
            version: 1,
            id: format!("{id}.{}", category.name),
            title: Text::new(format!("{}：{}", title.zh, category.name), format!("{}: {}", title.en, category.name)),
            text: Text::new("由运营者导入。", "Imported by the operator."),
            category: category.name,
            severity: category.severity,
            licence: licence.clone(),
            updated: category.updated,
            refs: Vec::new(),
            zh: words.zh,
            en: words.en,
        });
        lexicons.collect()
    }
}

/// The lexicons of the packs that a policy names. A pack that cannot be read or used is a problem at its line.
pub fn lexicons_of_packs(
    policy: &Document<Policy>,
    limits: &Limits,
    mut read: impl FnMut(&str) -> Result<Vec<u8>, Text>,
) -> Result<Vec<Lexicon>, Problems> {
    let (mut lexicons, mut problems, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for (nth, path) in policy.value.packs.iter().enumerate() {
        let key = format!("packs[{nth}]");
        if nth >= MAX_PACKS {
            let message =
                Text::new(format!("超过 {MAX_PACKS} 个词库包"), format!("there are more than {MAX_PACKS} packs"));
            problems.push(policy.places.problem(&key, message));
            break;
        }
        let parsed = read(path).and_then(|bytes| Pack::parse(&bytes, limits).map_err(|error| error.text()));
        match parsed {
            Ok(pack) if ids.contains(&pack.header.id) => {
                let id = &pack.header.id;
                let zh = format!("另一个词库包的 id 也是 `{id}`；请合并（--into）或改名（--id）");
                let en = format!("another pack has the id `{id}` too; merge them (--into) or rename one (--id)");
                problems.push(policy.places.problem(&key, Text::new(zh, en)));
            }
            Ok(pack) => {
                ids.push(pack.header.id.clone());
                lexicons.extend(pack.into_lexicons());
            }
            Err(reason) => {
                let shown: String = path.chars().take(200).filter(|c| !c.is_control()).collect();
                let message = Text::new(format!("`{shown}`：{}", reason.zh), format!("`{shown}`: {}", reason.en));
                problems.push(policy.places.problem(&key, message));
            }
        }
    }
    if problems.is_empty() { Ok(lexicons) } else { Err(Problems(problems)) }
}

/// Where a pack lies that a policy names, by paths with `/`: beside the policy, unless its path is absolute.
#[must_use]
pub fn pack_path(policy: &str, pack: &str) -> String {
    if pack.starts_with('/') {
        return pack.to_owned();
    }
    let folder = policy.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = if folder.is_empty() { Vec::new() } else { folder.split('/').collect() };
    for part in pack.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, "" | "." | "..")) => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// An id that a pack may have.
#[must_use]
pub fn is_pack_id(id: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    (1..=64).contains(&id.len()) && id.chars().all(legal) && !id.starts_with(['_', '-'])
}

/// A name that a category may have: short, visible, and without what would confuse it with a list of terms.
#[must_use]
pub fn is_category(name: &str) -> bool {
    let length = name.chars().count();
    (1..=64).contains(&length)
        && name.trim() == name
        && !name.starts_with('@')
        && !name.chars().any(|c| c.is_control() || jingwei_text::is_hidden(c).is_some())
}

#[derive(Deserialize)]
struct VersionOnly {
    version: u64,
}

fn malformed(reason: &'static str) -> PackError {
    PackError::Malformed { reason }
}

/// The header and the words of a file that is whole and unchanged.
fn open<'a>(bytes: &'a [u8], limits: &Limits) -> Result<(&'a [u8], &'a [u8]), PackError> {
    if bytes.len() as u64 > limits.header_bytes {
        return Err(PackError::TooLarge { limit: limits.header_bytes });
    }
    let begins = bytes.iter().zip(MAGIC).all(|(byte, magic)| byte == magic);
    if bytes.is_empty() || !begins {
        return Err(PackError::NotAPack);
    }
    let missing = |wanted: u64| PackError::Truncated { missing: wanted.saturating_sub(bytes.len() as u64) };
    let least = missing((PREAMBLE + TRAILER) as u64);
    let Some((preamble, rest)) = bytes.split_first_chunk::<PREAMBLE>() else { return Err(least) };
    let [_, _, _, _, _, _, _, _, h0, h1, h2, h3, body @ ..] = *preamble;
    let (header, body) = (u32::from_le_bytes([h0, h1, h2, h3]), u64::from_le_bytes(body));
    let wanted = ((PREAMBLE + TRAILER) as u64).saturating_add(u64::from(header)).saturating_add(body);
    match wanted.cmp(&(bytes.len() as u64)) {
        std::cmp::Ordering::Greater => return Err(missing(wanted)),
        std::cmp::Ordering::Less => return Err(PackError::Changed),
        std::cmp::Ordering::Equal => {}
    }
    let Some((sealed, trailer)) = bytes.split_last_chunk::<TRAILER>() else { return Err(least) };
    if Digest::of(sealed).0 != *trailer {
        return Err(PackError::Changed);
    }
    let header = usize::try_from(header).unwrap_or(usize::MAX);
    if header > MAX_HEADER_BYTES {
        return Err(PackError::TooLarge { limit: MAX_HEADER_BYTES as u64 });
    }
    let parts = rest.get(..rest.len() - TRAILER).and_then(|rest| rest.split_at_checked(header));
    parts.ok_or_else(|| malformed("its header is longer than it"))
}

fn check_header(header: &PackHeader, limits: &Limits) -> Result<(), PackError> {
    if header.categories.len() > MAX_CATEGORIES {
        return Err(PackError::TooMany { limit: MAX_CATEGORIES as u64 });
    }
    let counts = header.categories.iter().flat_map(|category| [category.zh, category.en]);
    if counts.fold(0_u64, u64::saturating_add) > limits.entries {
        return Err(PackError::TooMany { limit: limits.entries });
    }
    if !is_pack_id(&header.id) {
        return Err(malformed("its id is none"));
    }
    if !header.categories.iter().all(|category| is_category(&category.name)) {
        return Err(malformed("the name of a category is none"));
    }
    if !header.categories.is_sorted_by(|a, b| a.name < b.name) {
        return Err(malformed("its categories are not in order"));
    }
    Ok(())
}

fn write_list(body: &mut Vec<u8>, words: &[String]) {
    let mut last = "";
    for word in words {
        let shared = last.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count();
        write_number(body, shared);
        write_number(body, word.len() - shared);
        body.extend_from_slice(&word.as_bytes()[shared..]);
        last = word;
    }
}

fn write_number(body: &mut Vec<u8>, number: usize) {
    let mut rest = number;
    loop {
        let [low, ..] = (rest & 0x7f).to_le_bytes();
        rest >>= 7;
        body.push(if rest == 0 { low } else { low | 0x80 });
        if rest == 0 {
            return;
        }
    }
}

/// Takes front-coded words off a slice, as far as a budget of bytes goes.
struct WordReader<'a> {
    rest: &'a [u8],
    last: String,
    left: u64,
    limit: u64,
}

impl WordReader<'_> {
    fn list(&mut self, count: u64) -> Result<Vec<String>, PackError> {
        self.last.clear();
        let mut first = true;
        // A word takes three bytes at least, so that a false count reserves no more than the file is long.
        let room = usize::try_from(count).unwrap_or(usize::MAX).min(self.rest.len() / 3 + 1);
        let mut words = Vec::with_capacity(room);
        for _ in 0..count {
            let word = self.word()?;
            if !first && word <= self.last {
                return Err(malformed("its words are not in order"));
            }
            first = false;
            self.last.clone_from(&word);
            words.push(word);
        }
        Ok(words)
    }

    fn word(&mut self) -> Result<String, PackError> {
        let (shared, own) = (self.number()?, self.number()?);
        let length = shared.saturating_add(own);
        if own == 0 || length > Automaton::MAX_WORD_BYTES {
            return Err(malformed("a word is empty or too long"));
        }
        self.left = self.left.checked_sub(length as u64).ok_or(PackError::TooLarge { limit: self.limit })?;
        let (Some(start), Some((end, rest))) = (self.last.as_bytes().get(..shared), self.rest.split_at_checked(own))
        else {
            return Err(malformed("a word is cut short"));
        };
        self.rest = rest;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(start);
        bytes.extend_from_slice(end);
        String::from_utf8(bytes).map_err(|_| malformed("a word is not UTF-8"))
    }

    /// LEB128 of at most two bytes: no word is longer than that.
    fn number(&mut self) -> Result<usize, PackError> {
        let short = malformed("a word is cut short");
        let Some((&first, rest)) = self.rest.split_first() else { return Err(short) };
        self.rest = rest;
        if first < 0x80 {
            return Ok(usize::from(first));
        }
        match rest.split_first() {
            Some((&second, rest)) if (1..0x80).contains(&second) => {
                self.rest = rest;
                Ok(usize::from(first & 0x7f) | usize::from(second) << 7)
            }
            _ => Err(short),
        }
    }
}

#[cfg(test)]
#[path = "pack_tests.rs"]
mod tests;
