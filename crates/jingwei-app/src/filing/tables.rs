//! Rows of cells from files of whatever format people keep their lists in: CSV, TSV, JSON lines and xlsx.

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader, Xlsx, XlsxError};
use encoding_rs::{Encoding, GB18030};
use jingwei_core::{Limits, Text};
use jingwei_probe::filing::{Oddities, Oddity, Place, Row, Table};
use serde_json::Value;

/// Most columns of a table.
const MAX_COLUMNS: usize = 256;

/// Reads a file by the end of its name. Err: it is no table at all.
pub(crate) fn read_tables(name: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<Table>, Text> {
    let lower = name.to_lowercase();
    let ends = |end: &str| lower.ends_with(end);
    if ends(".xlsx") {
        return read_xlsx(name, bytes, limits);
    }
    let mut table = Table { name: name.to_owned(), ..Table::default() };
    let text = decode(&mut table, bytes);
    if ends(".jsonl") || ends(".ndjson") {
        json_lines(&mut table, &text, limits);
    } else if ends(".csv") || ends(".tsv") || ends(".txt") {
        let separator = if ends(".csv") { ',' } else { '\t' };
        delimited(&mut table, &text, separator, limits);
    } else {
        return Err(Text::new("请给出 .csv、.tsv、.jsonl 或 .xlsx 文件", "give a .csv, .tsv, .jsonl or .xlsx file"));
    }
    Ok(vec![table])
}

/// Text of the bytes, line by line where lines differ in their encoding. A line that is no text becomes an empty one,
/// so that the numbers of the others stay right.
fn decode(table: &mut Table, bytes: &[u8]) -> String {
    let first = Place { file: table.name.clone(), line: 1 };
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        table.oddities.add(Oddity::ByteOrderMark, &first, encoding.name());
        let (rest, oddities) = (bytes.get(mark..).unwrap_or_default(), &mut table.oddities);
        return match encoding.decode_without_bom_handling_and_without_replacement(rest) {
            Some(text) => text.into_owned(),
            None if encoding == encoding_rs::UTF_8 => decode_lines(&table.name, oddities, rest),
            None => {
                oddities.add(Oddity::Undecodable, &first, encoding.name());
                String::new()
            }
        };
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => decode_lines(&table.name, &mut table.oddities, bytes),
    }
}

/// Neither encoding puts the byte of a line's end into a character, so lines can be told before they are decoded.
fn decode_lines(name: &str, oddities: &mut Oddities, bytes: &[u8]) -> String {
    // By chance a few Chinese characters in GB 18030 are sound UTF-8 too, but never such as UTF-8 has in three bytes.
    let is_surely_utf8 = |line: &[u8]| std::str::from_utf8(line).is_ok_and(|text| text.chars().any(|c| c >= '\u{800}'));
    let place = |line: u64| Place { file: name.to_owned(), line };
    let utf8 = (1..).zip(bytes.split(|byte| *byte == b'\n')).find(|(_, line)| is_surely_utf8(line));
    let mut first_other = None;
    let mut text = String::with_capacity(bytes.len());
    for (number, line) in (1_u64..).zip(bytes.split(|byte| *byte == b'\n')) {
        if number > 1 {
            text.push('\n');
        }
        match std::str::from_utf8(line) {
            Ok(line_text) if line.is_ascii() || is_surely_utf8(line) => text.push_str(line_text),
            _ => match GB18030.decode_without_bom_handling_and_without_replacement(line) {
                Some(line_text) => {
                    first_other.get_or_insert(number);
                    text.push_str(&line_text);
                }
                None => oddities.add(Oddity::Undecodable, &place(number), ""),
            },
        }
    }
    match (utf8, first_other) {
        (Some((one, _)), Some(other)) => {
            oddities.add(Oddity::MixedEncodings, &place(one.min(other)), &format!("UTF-8 {one}, GB 18030 {other}"));
        }
        (None, Some(other)) => oddities.add(Oddity::Gb18030, &place(other), ""),
        (_, None) => {}
    }
    text
}

/// Comma- or tab-separated cells with `"` around those that need it (RFC 4180).
fn delimited(table: &mut Table, text: &str, separator: char, limits: &Limits) {
    let mut row = Row { line: 1, cells: Vec::new() };
    let (mut cell, mut line, mut quoted, mut was_quoted) = (String::new(), 1_u64, false, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() && !was_quoted => (quoted, was_quoted) = (true, true),
            '\n' if !quoted => {
                line += 1;
                row.cells.push(std::mem::take(&mut cell));
                was_quoted = false;
                let done = std::mem::replace(&mut row, Row { line, cells: Vec::new() });
                if !keep(table, done, limits) {
                    return;
                }
            }
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            c if c == separator && !quoted => {
                row.cells.push(std::mem::take(&mut cell));
                was_quoted = false;
            }
            c => {
                line += u64::from(c == '\n');
                cell.push(c);
            }
        }
    }
    if quoted {
        let place = table.place(&row);
        table.oddities.add(Oddity::Unreadable, &place, "\"");
    }
    row.cells.push(cell);
    keep(table, row, limits);
}

/// Adds a row, the first one as the header. False: there are too many.
fn keep(table: &mut Table, mut row: Row, limits: &Limits) -> bool {
    if row.cells.iter().all(|cell| cell.trim().is_empty()) {
        return true;
    }
    if table.header.is_empty() {
        row.cells.truncate(MAX_COLUMNS);
        table.header = row.cells.iter().map(|cell| cell.trim().to_owned()).collect();
        return true;
    }
    let place = table.place(&row);
    if table.rows.len() as u64 >= limits.entries {
        table.oddities.add(Oddity::TooMany, &place, "");
        return false;
    }
    while row.cells.len() > table.header.len() {
        if row.cells.pop().is_some_and(|cell| !cell.trim().is_empty()) {
            table.oddities.add(Oddity::RaggedRow, &place, "");
            row.cells.truncate(table.header.len());
        }
    }
    table.rows.push(row);
    true
}

/// One object a line; its keys are the columns, in the order in which they first come.
fn json_lines(table: &mut Table, text: &str, limits: &Limits) {
    for (number, line) in (1_u64..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let place = Place { file: table.name.clone(), line: number };
        if table.rows.len() as u64 >= limits.entries {
            table.oddities.add(Oddity::TooMany, &place, "");
            return;
        }
        let Ok(Value::Object(object)) = serde_json::from_str::<Value>(line) else {
            table.oddities.add(Oddity::Unreadable, &place, line);
            continue;
        };
        let mut row = Row { line: number, cells: vec![String::new(); table.header.len()] };
        for (key, value) in object {
            let column = match table.header.iter().position(|name| *name == key) {
                Some(column) => column,
                None if table.header.len() < MAX_COLUMNS => {
                    table.header.push(key);
                    table.header.len() - 1
                }
                None => continue,
            };
            row.cells.resize(table.header.len().max(row.cells.len()), String::new());
            if let Some(cell) = row.cells.get_mut(column) {
                *cell = match value {
                    Value::String(text) => text,
                    Value::Null => String::new(),
                    Value::Array(list) => list.first().and_then(Value::as_str).unwrap_or_default().to_owned(),
                    other => other.to_string(),
                };
            }
        }
        table.rows.push(row);
    }
}

/// Every sheet as a table. A cell far out in an empty sheet costs nothing: cells are read one by one.
fn read_xlsx(name: &str, bytes: &[u8], limits: &Limits) -> Result<Vec<Table>, Text> {
    let broken =
        |why: String| Text::new(format!("不是可用的 xlsx 文件：{why}"), format!("not a usable xlsx file: {why}"));
    check_unpacked_size(bytes, limits)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e: XlsxError| broken(e.to_string()))?;
    let mut tables = Vec::new();
    for sheet in book.sheet_names() {
        let mut table = Table { name: format!("{name}#{sheet}"), ..Table::default() };
        let mut cells = book.worksheet_cells_reader(&sheet).map_err(|e| broken(e.to_string()))?;
        let mut row = Row::default();
        let mut go_on = true;
        while let Some(cell) = cells.next_cell().map_err(|e| broken(e.to_string()))? {
            let (line, column) = cell.get_position();
            let line = u64::from(line) + 1;
            if line != row.line {
                let done = std::mem::replace(&mut row, Row { line, cells: Vec::new() });
                go_on = keep(&mut table, done, limits);
                if !go_on {
                    break;
                }
            }
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            if column < MAX_COLUMNS {
                row.cells.resize(row.cells.len().max(column + 1), String::new());
                if let Some(place) = row.cells.get_mut(column) {
                    *place = shown(cell.get_value());
                }
            }
        }
        if go_on {
            keep(&mut table, row, limits);
        }
        tables.push(table);
    }
    Ok(tables)
}

fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::DateTime(time) => time.as_f64().to_string(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// What is packed into an xlsx is unpacked once and thrown away, so that a small file cannot fill the memory.
fn check_unpacked_size(bytes: &[u8], limits: &Limits) -> Result<(), Text> {
    let broken =
        |why: String| Text::new(format!("不是可用的 xlsx 文件：{why}"), format!("not a usable xlsx file: {why}"));
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| broken(e.to_string()))?;
    // Sheets of repeated text pack well; what counts is that the memory holds it.
    let most = limits.header_bytes;
    let mut left = most;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|e| broken(e.to_string()))?;
        let mut entry = entry.take(left.saturating_add(1));
        let unpacked = std::io::copy(&mut entry, &mut std::io::sink()).map_err(|e| broken(e.to_string()))?;
        left = left.checked_sub(unpacked).ok_or_else(|| {
            Text::new(format!("解包后超过 {most} 字节"), format!("it unpacks to more than {most} bytes"))
        })?;
    }
    Ok(())
}
