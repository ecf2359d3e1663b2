//! Notebooks of Jupyter: their cells are scripts that a person runs, their notes are prose.

use std::collections::HashSet;

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable, Sighting};
use serde_json::Value;

use super::{judge, page, python, shell};
use crate::{config::nesting, note, script::see};

/// Looks through the cells of a notebook. `None`: it is none, so that it is what its content says.
#[must_use]
pub fn inspect_notebook(bytes: &[u8], names: &NameTable, limits: &Limits) -> Option<Inspection> {
    if bytes.len() as u64 > limits.header_bytes {
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut inspection = Inspection::default();
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
        // Jupyter reads more than JSON has, numbers that are none among it.
        inspection.sightings.extend(nesting::of_json(bytes));
        inspection.see(Sighting::not_inspected("该笔记本不是有效的 JSON", "the notebook is not valid JSON"));
        return Some(inspection);
    };
    let sheets = document.get("worksheets").and_then(Value::as_array).into_iter().flatten();
    let lists = [document.get("cells")].into_iter().chain(sheets.map(|sheet| sheet.get("cells")));
    let lists: Vec<&Vec<Value>> = lists.flatten().filter_map(Value::as_array).collect();
    if lists.is_empty() {
        return None;
    }
    let (mut code, mut prose) = (String::new(), String::new());
    for cell in lists.into_iter().flatten() {
        outputs(cell, &mut inspection);
        let parts = [cell.get("source"), cell.get("input")].into_iter().flatten().map(text_of);
        let source = parts.collect::<Vec<_>>().join("\n");
        if cell.get("cell_type").and_then(Value::as_str) == Some("code") {
            let mut own = String::new();
            add_code(&source, &mut own, &mut inspection);
            // By itself too: a text that one cell leaves open ends with it, and must not hide the next.
            python(&own, "notebook.py", names, &mut inspection);
            code.push_str(&own);
        } else {
            inspection.sightings.extend(page::sending(&without_fences(&source)).map(|text| sending("cell", &text)));
            prose.push_str(&source);
            prose.push_str("\n\n");
        }
    }
    if let Some(widgets) = document.get("metadata").and_then(|metadata| metadata.get("widgets")) {
        pages(widgets, &mut inspection);
    }
    inspection.sightings.extend(note::inspect_orders("notebook.md", &prose));
    judge(&code, "notebook.py", names, &mut inspection);
    let mut known = HashSet::new();
    inspection.sightings.retain(|sighting| known.insert((sighting.rule, sighting.key.clone())));
    Some(inspection)
}

/// What was stored below a cell: it is shown again, and its scripts run, before anybody runs the cell.
fn outputs(cell: &Value, inspection: &mut Inspection) {
    let list = cell.get("outputs").and_then(Value::as_array).into_iter().flatten();
    let attachments = cell.get("attachments").and_then(Value::as_object).into_iter().flat_map(|files| files.values());
    // Older notebooks have the kinds beside each other, without `data`.
    for bundle in list.map(|output| output.get("data").unwrap_or(output)).chain(attachments) {
        for (kind, value) in bundle.as_object().into_iter().flatten() {
            let text = || text_of(value);
            let found = match kind.as_str() {
                "text/html" | "html" | "image/svg+xml" | "svg" | "text/markdown" => page::sending(&text()),
                "application/javascript" | "text/javascript" | "javascript" => page::script_sends(&text()),
                _ => None,
            };
            inspection.sightings.extend(found.map(|text| sending("output", &text)));
        }
    }
}

/// The texts in the stored state of widgets. serde_json bounds the depth.
fn pages(value: &Value, inspection: &mut Inspection) {
    match value {
        Value::String(text) => {
            inspection.sightings.extend(page::sending(text).map(|text| sending("widget", &text)));
        }
        Value::Array(items) => items.iter().for_each(|item| pages(item, inspection)),
        Value::Object(fields) => fields.values().for_each(|field| pages(field, inspection)),
        _ => {}
    }
}

pub(super) fn sending(key: &str, text: &str) -> Sighting {
    note::planted(text, key, "script", "向外发送内容的网页脚本", "a script of a page that sends something away")
}

/// Notes without the code that they only show.
pub(super) fn without_fences(source: &str) -> String {
    let mut fence = None;
    let mut notes = String::new();
    for line in source.lines() {
        let begins = ["```", "~~~"].into_iter().find(|mark| line.trim_start().starts_with(mark));
        match (fence, begins) {
            (None, None) => notes.extend([line, "\n"]),
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
    }
    notes
}

fn text_of(source: &Value) -> String {
    match source {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// Commands of the shell are judged here; the rest becomes the body of a function, for nothing runs until a person says so.
fn add_code(source: &str, code: &mut String, inspection: &mut Inspection) {
    let magic = source.trim_start();
    let is_shell = ["%%bash", "%%sh", "%%script", "%%system", "%%!"].iter().any(|mark| magic.starts_with(mark));
    if is_shell {
        for (offset, mark) in shell::commands(source) {
            see(inspection, mark, offset, shell::why());
        }
        return;
    }
    code.push_str("def cell():\n");
    for line in source.lines() {
        let plain = line.trim_start();
        let marks = ["!", "%sx ", "%system "];
        let command = marks.iter().find_map(|mark| plain.strip_prefix(mark));
        // What a command says goes into a variable.
        let command = command.or_else(|| plain.split_once("= !").map(|(_, command)| command));
        let called =
            ["get_ipython().system(", "get_ipython().getoutput("].iter().find_map(|mark| plain.split_once(mark));
        let command = command.or_else(|| called.map(|(_, command)| command.trim_matches(['"', '\'', ')'])));
        if let Some(mark) = command.and_then(shell::what) {
            let why = shell::why();
            see(inspection, mark, 0, why);
        }
        if command.is_none() && !plain.starts_with('%') {
            code.push(' ');
            code.push_str(line);
        }
        code.push('\n');
    }
}
