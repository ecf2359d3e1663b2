//! Questions that a user brings: bytes of a file become items, with what was wrong with it.
//!
//! The file may be CSV, TSV, JSON, JSON Lines or Parquet, in UTF-8, UTF-16, GB18030 or Windows-1252. What it holds is
//! one of the published sets of the table, told by its columns, or a plain list whose columns have usual names.
//! No text of any of these sets is part of this program.

mod adapter;
mod category;
mod columns;
mod delimited;
mod encoding;
mod json;
mod parquet;
mod table;

use std::{collections::BTreeMap, fmt};

use jingwei_catalog::Catalog;
use jingwei_core::{Lang, Limits, RiskId, Text};

use crate::{Expect, Item};
use adapter::{Adapter, Draft};
use table::Table;

pub use adapter::{AdapterInfo, adapters};

/// The licence of a set whose licence nobody told.
pub const UNKNOWN_LICENCE: &str = "unknown";
/// Problems of one file that are told one by one; the rest is counted.
const MAX_PROBLEMS: usize = 100;

/// A file of questions, and what the user says about it.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// What the set is called in a suite.
    pub id: &'a str,
    pub bytes: &'a [u8],
    /// Name of an adapter; `None`: told by the columns.
    pub adapter: Option<&'a str>,
    /// Licence of this copy; beats what is known of the original.
    pub licence: Option<&'a str>,
    /// What is expected where the file does not say; beats what is usual for a published set.
    pub expect: Option<Expect>,
    /// Knows the risks that a row may name.
    pub catalog: &'a Catalog,
}

/// Questions of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    pub id: String,
    /// SPDX id where one is known, else [`UNKNOWN_LICENCE`].
    pub licence: String,
    /// Name of the adapter that read it.
    pub adapter: &'static str,
    pub items: Vec<Item>,
    /// What was assumed: encoding, format, licence, expectation.
    pub notes: Vec<Text>,
    /// Rows that were left out or changed, in the order of the file; at most 100, then one that counts the rest.
    pub problems: Vec<Problem>,
}

/// Something wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line of a text file; number of the row, from 1, in a JSON list or a Parquet file.
    pub line: u64,
    pub message: Text,
}

/// The file could not be read as questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadDataset {
    pub line: Option<u64>,
    pub message: Text,
}

impl BadDataset {
    fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { line: None, message: Text::new(zh, en) }
    }

    fn at(line: u64, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { line: Some(line), message: Text::new(zh, en) }
    }
}

impl fmt::Display for BadDataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message.en),
            None => f.write_str(&self.message.en),
        }
    }
}

impl std::error::Error for BadDataset {}

/// Reads a file of questions.
///
/// # Errors
/// No such adapter; the file is larger than a limit, is broken, or lacks a column that is needed.
pub fn read(source: &Source<'_>, limits: &Limits) -> Result<Dataset, BadDataset> {
    let size = source.bytes.len() as u64;
    let most = limits.header_bytes;
    if size > most {
        return Err(BadDataset::new(
            format!("文件有 {size} 字节，超过上限 {most}（header_bytes）：请拆分文件"),
            format!("the file has {size} bytes, more than the limit of {most} (header_bytes): split it"),
        ));
    }
    let named = source.adapter.map(adapter::named).transpose()?;
    let mut log = Log::default();
    let table = table::read(source.bytes, named.and_then(|adapter| adapter.container), limits, &mut log)?;
    let adapter = named.unwrap_or_else(|| adapter::detect(&table));
    let reader = adapter.reader(&table, source)?;
    let licence = licence_of(adapter, source, named.is_some(), &table, &mut log);
    log.notes.extend(reader.note());
    let mut gathered = Gathered::default();
    for row in &table.rows {
        match reader.draft(row, limits) {
            Ok(Some(draft)) => gathered.add(source.id, row.line, draft, &mut log),
            Ok(None) => {}
            Err(message) => log.problem(row.line, message),
        }
    }
    if gathered.items.is_empty() {
        log.problem(0, Text::new("没有一行能作为题目", "no row could be taken as a question"));
    }
    let notes = std::mem::take(&mut log.notes);
    Ok(Dataset {
        id: source.id.to_owned(),
        licence,
        adapter: adapter.info.name,
        items: gathered.items,
        notes,
        problems: log.problems(),
    })
}

fn licence_of(adapter: &Adapter, source: &Source<'_>, named: bool, table: &Table, log: &mut Log) -> String {
    if let Some(licence) = source.licence.map(str::trim).filter(|licence| !licence.is_empty()) {
        return licence.to_owned();
    }
    if let Some(licence) = table.licence.as_deref() {
        log.note(format!("许可取自文件：{licence}"), format!("licence as the file says: {licence}"));
        return licence.to_owned();
    }
    // Columns as common as these are no proof that it is the published set.
    let original = adapter.info.licence_of_original.filter(|_| named || adapter.is_distinctive);
    let Some(licence) = original else { return UNKNOWN_LICENCE.to_owned() };
    log.note(
        format!("许可按原数据集：{licence}；这份文件的许可可能不同"),
        format!("licence as that of the original: {licence}; this copy may have another"),
    );
    licence.to_owned()
}

/// What there is to say about a file.
#[derive(Default)]
struct Log {
    notes: Vec<Text>,
    problems: Vec<Problem>,
    more: u64,
}

impl Log {
    fn note(&mut self, zh: impl Into<String>, en: impl Into<String>) {
        self.notes.push(Text::new(zh, en));
    }

    fn problem(&mut self, line: u64, message: Text) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { line, message });
        } else {
            self.more += 1;
        }
    }

    fn problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.line);
        if self.more > 0 {
            let more = self.more;
            let message =
                Text::new(format!("另有 {more} 个问题未列出"), format!("{more} more problems are not listed"));
            let line = self.problems.last().map_or(0, |problem| problem.line);
            self.problems.push(Problem { line, message });
        }
        self.problems
    }
}

/// Items so far, and what is known of them.
#[derive(Default)]
struct Gathered {
    items: Vec<Item>,
    /// Line of each id.
    ids: BTreeMap<String, u64>,
    /// Line and expectation of each question.
    texts: BTreeMap<String, (u64, Expect)>,
}

impl Gathered {
    /// A question that stands twice would count twice: the second one is left out. An id that stands twice belongs to
    /// two questions: the second one gets a new id.
    fn add(&mut self, dataset: &str, line: u64, draft: Draft, log: &mut Log) {
        let Draft { id, text, expect, lang, topic, risks, refs } = draft;
        if let Some((first, other)) = self.texts.get(&text) {
            let message = if *other == expect {
                Text::new(
                    format!("与第 {first} 行的题目相同，已略去"),
                    format!("the same question as in line {first}, left out"),
                )
            } else {
                Text::new(
                    format!("与第 {first} 行的题目相同而期望相反，已略去：请改正其中之一"),
                    format!(
                        "the same question as in line {first} with another expectation, left out: correct one of them"
                    ),
                )
            };
            log.problem(line, message);
            return;
        }
        self.texts.insert(text.clone(), (line, expect));
        let id = self.own_id(id, &text, line, log);
        self.ids.insert(id.clone(), line);
        self.items.push(Item {
            id,
            dataset: dataset.to_owned(),
            lang,
            text,
            before: Vec::new(),
            tools: Vec::new(),
            expect,
            trap: None,
            topic,
            risks,
            refs,
        });
    }

    fn own_id(&self, id: Option<String>, text: &str, line: u64, log: &mut Log) -> String {
        let digest = jingwei_core::Digest::of_parts(["question/1", text]).short();
        // Told by the question, not by its place, so that a row more or less leaves the others as they are.
        let Some(id) = id else { return format!("q-{digest}") };
        let Some(first) = self.ids.get(&id) else { return id };
        let renamed = format!("{id}~{digest}");
        log.problem(
            line,
            Text::new(
                format!("编号 `{id}` 在第 {first} 行已用过，改为 `{renamed}`"),
                format!("id `{id}` was used in line {first} already, renamed to `{renamed}`"),
            ),
        );
        renamed
    }
}

/// The language of a question; `None` where it is written in one that no judge reads.
fn lang_of(text: &str) -> Option<Lang> {
    let (mut chinese, mut latin, mut other) = (0_usize, 0_usize, 0_usize);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        match c {
            _ if jingwei_text::is_ideograph(c) => chinese += 1,
            '\u{0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' | '\u{ff21}'..='\u{ff5a}' => latin += 1,
            _ => other += 1,
        }
    }
    // A Chinese sign says as much as several letters.
    if other > chinese * 3 + latin {
        None
    } else if chinese * 3 >= latin && chinese > 0 {
        Some(Lang::Zh)
    } else {
        Some(Lang::En)
    }
}

/// Risks of an item that names none.
fn usual_risks(expect: Expect) -> Vec<RiskId> {
    let name = if expect == Expect::Answer { "unreliable-output" } else { "harmful-output" };
    RiskId::new(name).into_iter().collect()
}
