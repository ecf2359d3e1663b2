//! Rows and columns, whatever file they came in.

use jingwei_core::Limits;

use super::{BadDataset, Log, columns::plain_name, delimited, encoding, json, parquet};

/// Most columns of a file.
const MAX_COLUMNS: usize = 1024;

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Csv,
    Tsv,
    Json,
    JsonLines,
    Parquet,
}

pub(super) struct Table {
    pub(super) container: Container,
    /// As they are written.
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// What the file itself says.
    pub(super) licence: Option<String>,
}

pub(super) struct Row {
    pub(super) line: u64,
    /// Cells that are not empty, by the number of their column.
    cells: Vec<(usize, Cell)>,
}

pub(super) enum Cell {
    Text(String),
    /// A list or a record.
    Nested,
}

impl Row {
    pub(super) fn new(line: u64, cells: Vec<(usize, Cell)>) -> Self {
        Self { line, cells }
    }

    pub(super) fn cell(&self, column: usize) -> Option<&Cell> {
        self.cells.iter().find(|(at, _)| *at == column).map(|(_, cell)| cell)
    }
}

impl Table {
    pub(super) fn new(container: Container) -> Self {
        Self { container, columns: Vec::new(), rows: Vec::new(), licence: None }
    }

    /// Number of the column that has one of these names; the first name that is there wins.
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        let plain: Vec<String> = self.columns.iter().map(|column| plain_name(column)).collect();
        names.iter().find_map(|name| plain.iter().position(|column| column == name))
    }

    pub(super) fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.column(&[name]).is_some())
    }

    /// Number of a column by its name, added where it is new.
    pub(super) fn column_or_add(&mut self, name: &str) -> Result<usize, BadDataset> {
        if let Some(at) = self.columns.iter().position(|column| column == name) {
            return Ok(at);
        }
        self.columns.push(name.to_owned());
        self.check_columns()?;
        Ok(self.columns.len() - 1)
    }

    pub(super) fn check_columns(&self) -> Result<(), BadDataset> {
        if self.columns.len() > MAX_COLUMNS {
            return Err(BadDataset::new(
                format!("超过 {MAX_COLUMNS} 列：这不像题目表"),
                format!("more than {MAX_COLUMNS} columns: this does not look like a list of questions"),
            ));
        }
        Ok(())
    }

    pub(super) fn add(&mut self, row: Row, limits: &Limits) -> Result<(), BadDataset> {
        if self.rows.len() as u64 >= limits.entries {
            return Err(too_many_rows(limits));
        }
        self.rows.push(row);
        Ok(())
    }
}

pub(super) fn too_many_rows(limits: &Limits) -> BadDataset {
    let most = limits.entries;
    BadDataset::new(
        format!("超过 {most} 行（上限 entries）：请拆分文件"),
        format!("more than {most} rows (limit entries): split the file"),
    )
}

pub(super) fn read(
    bytes: &[u8],
    container: Option<Container>,
    limits: &Limits,
    log: &mut Log,
) -> Result<Table, BadDataset> {
    let is_parquet = bytes.starts_with(parquet::MAGIC);
    if container.map_or(is_parquet, |container| container == Container::Parquet) {
        return parquet::read(bytes, limits);
    }
    let text = encoding::decode(bytes, log);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.trim().is_empty() {
        return Err(BadDataset::new("文件是空的", "the file is empty"));
    }
    match container.unwrap_or_else(|| guessed(text)) {
        Container::Tsv => delimited::read(text, Container::Tsv, limits, log),
        Container::Json => json::read_document(text, limits, log),
        Container::JsonLines => json::read_lines(text, limits, log),
        Container::Csv | Container::Parquet => delimited::read(text, Container::Csv, limits, log),
    }
}

fn guessed(text: &str) -> Container {
    let start = text.trim_start();
    let first = start.lines().next().unwrap_or_default();
    if start.starts_with('[') {
        return Container::Json;
    }
    if start.starts_with('{') {
        let is_whole = serde_json::from_str::<serde::de::IgnoredAny>(first).is_ok();
        let is_alone = start.trim_end().len() == first.trim_end().len();
        return if is_whole && !is_alone { Container::JsonLines } else { Container::Json };
    }
    let count = |c: char| first.matches(c).count();
    if count('\t') > 0 && count('\t') >= count(',') { Container::Tsv } else { Container::Csv }
}
