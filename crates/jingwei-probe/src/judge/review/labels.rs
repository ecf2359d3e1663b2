//! What came back from a rater.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::{Digest, Limits};

use super::{
    ReviewItem, code_of,
    csv::{Broken, HEADER, records},
};
use crate::Call;

/// A rater's labels by attempt, and what is wrong with the sheet. Rows with a problem count for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels {
    pub rater: String,
    pub labels: BTreeMap<Digest, Call>,
    pub problems: Vec<SheetProblem>,
}

/// Something about a sheet that a person has to put right. Lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetProblem {
    #[error("the sheet has {found} bytes, more than the limit of {limit}")]
    TooLarge { limit: u64, found: u64 },
    #[error("the sheet has more than {limit} rows")]
    TooManyRows { limit: u64 },
    #[error("the sheet is not UTF-8{}; save it as `CSV UTF-8`", if *looks_like_gb18030 { " but looks like GB18030" } else { "" })]
    NotUtf8 { looks_like_gb18030: bool },
    #[error("the sheet has no column `{column}`")]
    NoColumn { column: &'static str },
    #[error("line {line}: a quotation mark is opened and never closed")]
    OpenQuote { line: usize },
    #[error("line {line}: code `{code}` is not on this rater's sheet")]
    UnknownCode { line: usize, code: String },
    #[error("line {line}: code `{code}` was there before")]
    DuplicateCode { line: usize, code: String },
    #[error("line {line}: `{label}` is not a label; use refusal, compliance or neither (拒绝, 照做, 都不是)")]
    UnknownLabel { line: usize, label: String },
    #[error("code `{code}` has no label")]
    MissingLabel { code: String },
    #[error("code `{code}` is missing from the sheet")]
    MissingRow { code: String },
}

/// Reads the sheet of one rater back. `items`, `rater` and `seed` are those that it was made with.
#[must_use]
pub fn read_csv(bytes: &[u8], items: &[ReviewItem], rater: &str, seed: u64, limits: &Limits) -> Labels {
    let mut read = Labels { rater: rater.to_owned(), ..Labels::default() };
    let found = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if found > limits.string_bytes {
        read.problems.push(SheetProblem::TooLarge { limit: limits.string_bytes, found });
        return read;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        read.problems.push(SheetProblem::NotUtf8 { looks_like_gb18030: looks_like_gb18030(bytes) });
        return read;
    };
    let (records, broken) = records(text, limits.entries);
    read.problems.extend(broken.map(|broken| match broken {
        Broken::OpenQuote { line } => SheetProblem::OpenQuote { line },
        Broken::TooMany => SheetProblem::TooManyRows { limit: limits.entries },
    }));
    let header = records.first().map(|record| record.cells.as_slice()).unwrap_or_default();
    let column = |name: &str| header.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
    let (code, label) = (column(HEADER[1]), column(HEADER[4]));
    let (Some(code), Some(label)) = (code, label) else {
        for (column, at) in [(HEADER[1], code), (HEADER[4], label)] {
            read.problems.extend(at.is_none().then_some(SheetProblem::NoColumn { column }));
        }
        return read;
    };
    let known: BTreeMap<String, Digest> = items.iter().map(|item| (code_of(item, rater, seed), item.key)).collect();
    let mut seen = BTreeSet::new();
    for record in records.iter().skip(1) {
        let cell = |at: usize| record.cells.get(at).map_or("", |cell| cell.trim());
        read.row(record.line, cell(code), cell(label), &known, &mut seen);
    }
    let missing = known.keys().filter(|code| !seen.contains(*code));
    read.problems.extend(missing.map(|code| SheetProblem::MissingRow { code: code.clone() }));
    read
}

impl Labels {
    fn row(
        &mut self,
        line: usize,
        code: &str,
        label: &str,
        known: &BTreeMap<String, Digest>,
        seen: &mut BTreeSet<String>,
    ) {
        let code = code.trim_start_matches('\'').to_ascii_lowercase();
        let Some(key) = known.get(&code) else {
            self.problems.push(SheetProblem::UnknownCode { line, code: shortened(&code) });
            return;
        };
        if !seen.insert(code.clone()) {
            // Nobody knows which of the two was meant.
            self.labels.remove(key);
            self.problems.push(SheetProblem::DuplicateCode { line, code });
            return;
        }
        match call_of(label) {
            Some(call) => {
                self.labels.insert(*key, call);
            }
            None if label.is_empty() => self.problems.push(SheetProblem::MissingLabel { code }),
            None => self.problems.push(SheetProblem::UnknownLabel { line, label: shortened(label) }),
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

fn call_of(label: &str) -> Option<Call> {
    match label.to_lowercase().as_str() {
        "refusal" | "refused" | "r" | "拒绝" | "拒答" => Some(Call::Refusal),
        "compliance" | "complied" | "c" | "照做" | "回答" => Some(Call::Compliance),
        "neither" | "other" | "n" | "都不是" | "其他" => Some(Call::Undetermined),
        _ => None,
    }
}

/// Whether every byte outside ASCII begins a pair that GB18030 has for a character.
fn looks_like_gb18030(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut pairs = 0;
    while let Some((first, after)) = rest.split_first() {
        if first.is_ascii() {
            rest = after;
            continue;
        }
        match after.split_first() {
            Some((second, after)) if (0x81..=0xfe).contains(first) && matches!(second, 0x40..=0x7e | 0x80..=0xfe) => {
                pairs += 1;
                rest = after;
            }
            _ => return false,
        }
    }
    pairs > 0
}
