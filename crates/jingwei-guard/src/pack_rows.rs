//! Lists of words as people keep them: one word a line, tables, records. Reads rows and judges none of them.

use std::{borrow::Cow, ops::Range};

use jingwei_catalog::document::{Problem, Problems};
use jingwei_core::{Limits, Text};

use crate::Oddity;

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListFormat {
    /// One word a line; `#` begins a comment.
    Text,
    /// A table whose cells are divided by this byte and may stand in double quotes (RFC 4180).
    Table(u8),
    /// One JSON object a line.
    Records,
}

impl ListFormat {
    /// By the end of a file's name; what is neither a table nor records is a plain list.
    pub fn of(name: &str) -> Self {
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("csv") => Self::Table(b','),
            Some("tsv") => Self::Table(b'\t'),
            Some("jsonl" | "ndjson") => Self::Records,
            _ => Self::Text,
        }
    }
}

/// Names of the columns (or fields) that hold the word and its category, where they are not the usual ones.
/// A number names a column of a table that has no header, from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    pub word: Option<String>,
    pub category: Option<String>,
}

/// One row of a list.
pub(crate) enum Row<'a> {
    Word(WordRow<'a>),
    Comment,
    Blank,
    Odd(Oddity, String),
}

#[derive(Default)]
pub(crate) struct WordRow<'a> {
    pub word: Cow<'a, str>,
    pub category: Option<Cow<'a, str>>,
    pub severity: Option<Cow<'a, str>>,
    pub lang: Option<Cow<'a, str>>,
    pub updated: Option<Cow<'a, str>>,
}

/// Hands every row of a list to a function, with its line.
pub(crate) fn read_rows<'a>(
    name: &str,
    bytes: &'a [u8],
    columns: &Columns,
    limits: &Limits,
    row: &mut dyn FnMut(usize, Row<'a>),
) -> Result<(), Problems> {
    let bytes = checked(name, bytes, limits)?;
    match ListFormat::of(name) {
        ListFormat::Text => lines(bytes).for_each(|(line, text)| row(line, plain(text))),
        ListFormat::Records => lines(bytes).for_each(|(line, text)| row(line, record(text, columns))),
        ListFormat::Table(divider) => table(name, bytes, divider, columns, row)?,
    }
    Ok(())
}

/// The bytes without a mark at their beginning, if they are as many as allowed and UTF-8 on the whole.
fn checked<'a>(name: &str, bytes: &'a [u8], limits: &Limits) -> Result<&'a [u8], Problems> {
    let problem = |line, zh: String, en: String| {
        Problems(vec![Problem { file: name.to_owned(), line, key: String::new(), message: Text::new(zh, en) }])
    };
    if bytes.len() as u64 > limits.header_bytes {
        let most = limits.header_bytes;
        return Err(problem(1, format!("文件超过 {most} 字节，请拆分"), format!("larger than {most} bytes; split it")));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let en = "encoded as UTF-16; convert it with `iconv -f UTF-16 -t UTF-8`";
        return Err(problem(1, "文件是 UTF-16 编码；请用 `iconv -f UTF-16 -t UTF-8` 转换".to_owned(), en.to_owned()));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let (mut beyond_ascii, mut broken, mut gb, mut first) = (0_u64, 0_u64, 0_u64, 0);
    for (line, text) in lines(bytes).filter(|(_, text)| !text.is_ascii()) {
        beyond_ascii += 1;
        if std::str::from_utf8(text).is_err() {
            broken += 1;
            gb += u64::from(may_be_gb18030(text));
            first = if first == 0 { line } else { first };
        }
    }
    // A few broken lines are told one by one; more of them are another encoding.
    if broken * 2 <= beyond_ascii {
        return Ok(bytes);
    }
    Err(if gb * 10 >= broken * 9 {
        let command = "iconv -f GB18030 -t UTF-8";
        problem(
            first,
            format!("不是 UTF-8，像是 GB 18030（GBK）；请用 `{command}` 转换"),
            format!("not UTF-8 but GB 18030 (GBK), it seems; convert it with `{command}`"),
        )
    } else {
        problem(first, "不是 UTF-8；请先转换编码".to_owned(), "not UTF-8; convert it first".to_owned())
    })
}

/// Whether bytes have the structure of GB 18030: ASCII, pairs and groups of four.
fn may_be_gb18030(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = match (first, after) {
            (..=0x7f, after) => after,
            (0x81..=0xfe, [0x40..=0x7e | 0x80..=0xfe, after @ ..]) => after,
            (0x81..=0xfe, [b'0'..=b'9', 0x81..=0xfe, b'0'..=b'9', after @ ..]) => after,
            _ => return false,
        };
    }
    true
}

/// Lines from 1, without their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    (1..).zip(lines)
}

/// The beginning of a text, for a report.
pub(crate) fn shown(text: &str) -> String {
    let short: String = text.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

fn not_utf8(bytes: &[u8]) -> Row<'static> {
    Row::Odd(Oddity::NotUtf8, shown(&String::from_utf8_lossy(&bytes[..bytes.len().min(200)])))
}

fn plain(line: &[u8]) -> Row<'_> {
    match std::str::from_utf8(line) {
        Err(_) => not_utf8(line),
        Ok(line) if line.trim().is_empty() => Row::Blank,
        Ok(line) if line.trim_start().starts_with('#') => Row::Comment,
        Ok(line) => Row::Word(WordRow { word: line.into(), ..WordRow::default() }),
    }
}

fn record<'a>(line: &[u8], columns: &Columns) -> Row<'a> {
    let Ok(line) = std::str::from_utf8(line) else { return not_utf8(line) };
    if line.trim().is_empty() {
        return Row::Blank;
    }
    let Ok(mut fields) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line) else {
        return Row::Odd(Oddity::BadRow, shown(line));
    };
    let mut take = |name: &str| match fields.remove(name) {
        Some(serde_json::Value::String(text)) => Some(Cow::Owned(text)),
        _ => None,
    };
    let Some(word) = take(columns.word.as_deref().unwrap_or("word")) else {
        return Row::Odd(Oddity::BadRow, shown(line));
    };
    Row::Word(WordRow {
        word,
        category: take(columns.category.as_deref().unwrap_or("category")),
        severity: take("severity"),
        lang: take("lang"),
        updated: take("updated"),
    })
}

const WORD_NAMES: [&str; 6] = ["word", "term", "词", "词语", "敏感词", "关键词"];
const CATEGORY_NAMES: [&str; 4] = ["category", "类别", "分类", "类型"];
const SEVERITY_NAMES: [&str; 2] = ["severity", "严重程度"];
const LANG_NAMES: [&str; 3] = ["lang", "language", "语言"];
const UPDATED_NAMES: [&str; 2] = ["updated", "更新日期"];

/// Where a table keeps what.
struct Layout {
    word: usize,
    category: Option<usize>,
    severity: Option<usize>,
    lang: Option<usize>,
    updated: Option<usize>,
    /// The first row is a word already.
    headless: bool,
}

fn table<'a>(
    name: &str,
    bytes: &'a [u8],
    divider: u8,
    columns: &Columns,
    row: &mut dyn FnMut(usize, Row<'a>),
) -> Result<(), Problems> {
    let mut reader = TableReader { bytes, at: 0, line: 1, divider };
    let mut layout: Option<Layout> = None;
    while reader.at < bytes.len() {
        let line = reader.line;
        let cells = match reader.row() {
            Ok(cells) if cells.iter().all(|cell| cell.is_blank(bytes)) => {
                row(line, Row::Blank);
                continue;
            }
            Ok(cells) => cells,
            Err(skipped) => {
                row(line, Row::Odd(Oddity::BadRow, shown(&String::from_utf8_lossy(skipped))));
                continue;
            }
        };
        let known = match &layout {
            Some(known) => known,
            None => {
                let made = layout.insert(layout_of(name, line, &cells, bytes, columns)?);
                if !made.headless {
                    continue;
                }
                made
            }
        };
        row(line, cells_to_row(known, &cells, bytes));
    }
    Ok(())
}

fn layout_of(name: &str, line: usize, cells: &[Cell], bytes: &[u8], columns: &Columns) -> Result<Layout, Problems> {
    let position = |column: &Option<String>| column.as_deref().and_then(|c| c.parse::<usize>().ok()?.checked_sub(1));
    if let Some(word) = position(&columns.word) {
        let category = position(&columns.category);
        return Ok(Layout { word, category, severity: None, lang: None, updated: None, headless: true });
    }
    let names: Vec<String> =
        cells.iter().map(|cell| cell.text(bytes).unwrap_or_default().trim().to_lowercase()).collect();
    let find = |chosen: &Option<String>, usual: &[&str]| match chosen {
        Some(chosen) => names.iter().position(|name| *name == chosen.trim().to_lowercase()),
        None => names.iter().position(|name| usual.contains(&name.as_str())),
    };
    let missing = |option: &str, zh: &str, en: &str| {
        let there = names.iter().map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(", ");
        let message = Text::new(
            format!("没有{zh}列；请用 {option} 指出，没有表头时写列号（从 1 起）。现有：{there}"),
            format!(
                "no column of {en}; name it with {option}, by number from 1 where there is no header. There are: {there}"
            ),
        );
        Problems(vec![Problem { file: name.to_owned(), line, key: String::new(), message }])
    };
    let Some(word) = find(&columns.word, &WORD_NAMES) else { return Err(missing("--word-column", "词语", "words")) };
    let category = find(&columns.category, &CATEGORY_NAMES);
    if columns.category.is_some() && category.is_none() {
        return Err(missing("--category-column", "类别", "categories"));
    }
    let [severity, lang, updated] = [&SEVERITY_NAMES[..], &LANG_NAMES, &UPDATED_NAMES].map(|usual| find(&None, usual));
    Ok(Layout { word, category, severity, lang, updated, headless: false })
}

fn cells_to_row<'a>(layout: &Layout, cells: &[Cell], bytes: &'a [u8]) -> Row<'a> {
    let text = |column: Option<usize>| match column.and_then(|column| cells.get(column)) {
        Some(cell) => cell.text(bytes).map(Some),
        None => Ok(None),
    };
    let read = || -> Result<_, std::str::Utf8Error> {
        Ok((
            text(Some(layout.word))?,
            text(layout.category)?,
            text(layout.severity)?,
            text(layout.lang)?,
            text(layout.updated)?,
        ))
    };
    match read() {
        Err(_) => {
            let start = cells.first().map_or(0, |cell| cell.range.start);
            let end = cells.last().map_or(start, |cell| cell.range.end);
            not_utf8(&bytes[start..end])
        }
        Ok((Some(word), category, severity, lang, updated)) => {
            Row::Word(WordRow { word, category, severity, lang, updated })
        }
        Ok((None, ..)) => Row::Odd(Oddity::BadRow, format!("{} cells", cells.len())),
    }
}

/// One cell of a row: its bytes without the quotes around them.
struct Cell {
    range: Range<usize>,
    /// Quotes inside stand twice.
    doubled: bool,
}

impl Cell {
    fn is_blank(&self, bytes: &[u8]) -> bool {
        bytes[self.range.clone()].iter().all(u8::is_ascii_whitespace)
    }

    fn text<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, str>, std::str::Utf8Error> {
        let text = std::str::from_utf8(&bytes[self.range.clone()])?;
        Ok(if self.doubled { text.replace("\"\"", "\"").into() } else { text.into() })
    }
}

/// Longest cell in quotes, so that a quote that is never closed costs one line and not the rest of the file.
const MAX_QUOTED_BYTES: usize = 64 << 10;

struct TableReader<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    divider: u8,
}

impl<'a> TableReader<'a> {
    /// The cells of the next row. `Err`: the line that was skipped, since a quote in it is never closed.
    fn row(&mut self) -> Result<Vec<Cell>, &'a [u8]> {
        let (start, line) = (self.at, self.line);
        let mut cells = Vec::new();
        loop {
            let Some(cell) = self.cell() else {
                let rest = &self.bytes[start..];
                let skipped = rest.iter().position(|byte| *byte == b'\n').map_or(rest, |end| &rest[..end]);
                (self.at, self.line) = (start + skipped.len() + 1, line + 1);
                return Err(skipped);
            };
            cells.push(cell);
            match self.bytes.get(self.at) {
                Some(byte) if *byte == self.divider => self.at += 1,
                Some(_) => {
                    self.at += 1;
                    self.line += 1;
                    return Ok(cells);
                }
                None => return Ok(cells),
            }
        }
    }

    /// Up to the divider, the end of the line or of the file.
    fn cell(&mut self) -> Option<Cell> {
        let ends = |byte: &u8| *byte == self.divider || *byte == b'\n';
        let rest = &self.bytes[self.at..];
        if rest.first() != Some(&b'"') {
            let length = rest.iter().position(ends).unwrap_or(rest.len());
            let kept = if rest[..length].ends_with(b"\r") { length - 1 } else { length };
            let range = self.at..self.at + kept;
            self.at += length;
            return Some(Cell { range, doubled: false });
        }
        let inside = &rest[1..];
        let (mut at, mut doubled) = (0, false);
        loop {
            let window = inside.get(at..inside.len().min(MAX_QUOTED_BYTES))?;
            at += window.iter().position(|byte| *byte == b'"')?;
            if inside.get(at + 1) != Some(&b'"') {
                break;
            }
            doubled = true;
            at += 2;
        }
        self.line += inside[..at].iter().filter(|byte| **byte == b'\n').count();
        let range = self.at + 1..self.at + 1 + at;
        // What stands between the closing quote and the divider belongs to nobody.
        let after = &inside[at + 1..];
        self.at += at + 2 + after.iter().position(ends).unwrap_or(after.len());
        Some(Cell { range, doubled })
    }
}
