//! JSON and JSON Lines.

use jingwei_core::{Limits, Text};
use serde_json::{Map, Value};

use super::{
    BadDataset, Log,
    table::{Cell, Container, Row, Table},
};

/// Keys under which a document holds its rows, the likeliest first.
const ROWS: [&str; 8] = ["examples", "data", "items", "questions", "prompts", "rows", "behaviors", "seeds"];
/// The column of rows that are plain strings.
const ALONE: &str = "text";

/// One document: a list, or an object that holds one.
pub(super) fn read_document(text: &str, limits: &Limits, log: &mut Log) -> Result<Table, BadDataset> {
    if is_too_deep(text, limits) {
        let most = limits.depth;
        return Err(BadDataset::new(
            format!("嵌套超过 {most} 层（上限 depth）"),
            format!("nested deeper than {most} (limit depth)"),
        ));
    }
    let document: Value = serde_json::from_str(text).map_err(|e| {
        let line = e.line() as u64;
        BadDataset::at(line, format!("不是合法的 JSON：{e}"), format!("not JSON: {e}"))
    })?;
    let mut table = Table::new(Container::Json);
    let rows = match document {
        Value::Array(rows) => rows,
        Value::Object(mut object) => {
            let licence = ["license", "licence"].iter().find_map(|key| object.get(*key)?.as_str());
            table.licence = licence.map(str::trim).filter(|licence| !licence.is_empty()).map(ToOwned::to_owned);
            rows_of(&mut object)?
        }
        _ => return Err(no_rows("")),
    };
    for (index, row) in rows.into_iter().enumerate() {
        add(&mut table, index as u64 + 1, row, limits, log)?;
    }
    Ok(table)
}

fn rows_of(object: &mut Map<String, Value>) -> Result<Vec<Value>, BadDataset> {
    let known = ROWS.iter().find(|key| object.get(**key).is_some_and(Value::is_array)).map(|key| (*key).to_owned());
    let lists: Vec<&String> = object.iter().filter(|(_, value)| value.is_array()).map(|(key, _)| key).collect();
    let only = lists.first().filter(|_| lists.len() == 1).map(|key| (*key).clone());
    match known.or(only).and_then(|key| object.remove(&key)) {
        Some(Value::Array(rows)) => Ok(rows),
        _ => Err(no_rows(&object.keys().cloned().collect::<Vec<_>>().join(", "))),
    }
}

fn no_rows(found: &str) -> BadDataset {
    let known = ROWS.join(", ");
    BadDataset::new(
        format!("没有题目列表：需要一个列表，或含有列表的对象（键如 {known}）；有的键：{found}"),
        format!("no list of questions: a list is needed, or an object with one (under {known}); its keys are: {found}"),
    )
}

/// One value per line; a line that is none is left out.
pub(super) fn read_lines(text: &str, limits: &Limits, log: &mut Log) -> Result<Table, BadDataset> {
    let mut table = Table::new(Container::JsonLines);
    for (index, line) in text.lines().enumerate() {
        let number = index as u64 + 1;
        if line.trim().is_empty() {
            continue;
        }
        if is_too_deep(line, limits) {
            let most = limits.depth;
            let message = Text::new(
                format!("嵌套超过 {most} 层（上限 depth），已略去"),
                format!("nested deeper than {most} (limit depth), left out"),
            );
            log.problem(number, message);
            continue;
        }
        match serde_json::from_str::<Value>(line) {
            Ok(row) => add(&mut table, number, row, limits, log)?,
            Err(e) => log.problem(
                number,
                Text::new(format!("不是合法的 JSON，已略去：{e}"), format!("not JSON, left out: {e}")),
            ),
        }
    }
    Ok(table)
}

fn add(table: &mut Table, line: u64, row: Value, limits: &Limits, log: &mut Log) -> Result<(), BadDataset> {
    let mut cells = Vec::new();
    match row {
        Value::Object(object) => {
            for (key, value) in object {
                let at = table.column_or_add(&key)?;
                cells.extend(cell(value).map(|cell| (at, cell)));
            }
        }
        Value::String(text) => cells.push((table.column_or_add(ALONE)?, Cell::Text(text))),
        _ => {
            let message = Text::new("这一项不是对象或文字，已略去", "neither an object nor a text, left out");
            log.problem(line, message);
            return Ok(());
        }
    }
    table.add(Row::new(line, cells), limits)
}

fn cell(value: Value) -> Option<Cell> {
    match value {
        Value::Null => None,
        Value::String(text) => (!text.trim().is_empty()).then_some(Cell::Text(text)),
        Value::Bool(_) | Value::Number(_) => Some(Cell::Text(value.to_string())),
        // A list of words, such as risks, is as good as one text.
        Value::Array(list) if list.iter().all(Value::is_string) => {
            let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            (!words.is_empty()).then(|| Cell::Text(words.join("; ")))
        }
        Value::Array(_) | Value::Object(_) => Some(Cell::Nested),
    }
}

/// The parser's own bound is not the caller's: brackets outside of strings are counted.
fn is_too_deep(text: &str, limits: &Limits) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > limits.depth {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}
