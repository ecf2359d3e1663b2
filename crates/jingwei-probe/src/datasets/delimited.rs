//! CSV and TSV (RFC 4180, with the separators that spreadsheets write).

use jingwei_core::{Limits, Text};

use super::{
    BadDataset, Log,
    table::{Cell, Container, Row, Table},
};

/// The separator of the header: a comma, or a semicolon where there is no comma.
fn separator(text: &str) -> char {
    let first = text.trim_start().lines().next().unwrap_or_default();
    if !first.contains(',') && first.contains(';') { ';' } else { ',' }
}

pub(super) fn read(text: &str, container: Container, limits: &Limits, log: &mut Log) -> Result<Table, BadDataset> {
    let separator = if container == Container::Tsv { '\t' } else { separator(text) };
    let mut records = Records { rest: text, line: 1, separator };
    let mut table = Table::new(container);
    while let Some(record) = records.record()? {
        let Record { line, fields, flaw } = record;
        if fields.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        if table.columns.is_empty() {
            table.columns = fields.into_iter().map(|field| field.trim().to_owned()).collect();
            table.check_columns()?;
            continue;
        }
        let spare = fields.iter().skip(table.columns.len()).any(|field| !field.trim().is_empty());
        if let Some(flaw) = flaw {
            log.problem(line, flaw);
        } else if spare {
            let (found, known) = (fields.len(), table.columns.len());
            log.problem(
                line,
                Text::new(
                    format!("有 {found} 列，表头只有 {known} 列，已略去：含分隔符的内容要加引号"),
                    format!("{found} cells under {known} columns, left out: put cells with a separator in quotes"),
                ),
            );
        } else {
            let cells = fields.into_iter().enumerate().filter(|(_, field)| !field.trim().is_empty());
            table.add(Row::new(line, cells.map(|(at, field)| (at, Cell::Text(field))).collect()), limits)?;
        }
    }
    Ok(table)
}

struct Record {
    /// Where it begins.
    line: u64,
    fields: Vec<String>,
    flaw: Option<Text>,
}

struct Records<'a> {
    rest: &'a str,
    line: u64,
    separator: char,
}

impl Records<'_> {
    fn record(&mut self) -> Result<Option<Record>, BadDataset> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut record = Record { line: self.line, fields: Vec::new(), flaw: None };
        loop {
            let is_quoted = self.rest.starts_with('"');
            let field = if is_quoted { self.quoted(&mut record)? } else { self.plain() };
            record.fields.push(field);
            if let Some(rest) = self.rest.strip_prefix(self.separator) {
                self.rest = rest;
                continue;
            }
            self.end_of_line();
            return Ok(Some(record));
        }
    }

    /// Up to the separator or the end of the line.
    fn plain(&mut self) -> String {
        let separator = self.separator;
        let end = self.rest.find([separator, '\n', '\r']).unwrap_or(self.rest.len());
        let (field, rest) = self.rest.split_at(end);
        self.rest = rest;
        field.to_owned()
    }

    fn quoted(&mut self, record: &mut Record) -> Result<String, BadDataset> {
        let opened = self.line;
        let mut field = String::new();
        let mut rest = self.rest.get(1..).unwrap_or_default();
        loop {
            let Some((before, after)) = rest.split_once('"') else {
                return Err(BadDataset::at(
                    opened,
                    format!("第 {opened} 行打开的引号没有闭合：请改正这一行"),
                    format!("the quote that opens in line {opened} is never closed: correct that line"),
                ));
            };
            field.push_str(before);
            self.line += before.matches('\n').count() as u64;
            let Some(more) = after.strip_prefix('"') else {
                self.rest = after;
                break;
            };
            field.push('"');
            rest = more;
        }
        let spare = self.plain();
        if !spare.trim().is_empty() {
            let line = self.line;
            record.flaw.get_or_insert_with(|| {
                Text::new(
                    format!("第 {line} 行的引号之后还有文字，已略去：引号内的引号要写两遍"),
                    format!("text after a closing quote in line {line}, left out: write quotes inside quotes twice"),
                )
            });
        }
        Ok(field)
    }

    fn end_of_line(&mut self) {
        let rest = self.rest.strip_prefix('\r').unwrap_or(self.rest);
        self.rest = rest.strip_prefix('\n').unwrap_or(rest);
        self.line += 1;
    }
}
