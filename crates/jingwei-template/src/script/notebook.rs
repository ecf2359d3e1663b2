//! Notebooks of Jupyter: their cells are scripts that a person runs, their notes are prose.

use jingwei_core::Limits;
use jingwei_read::{Inspection, NameTable};
use serde_json::Value;

use super::{judge, shell};
use crate::{note, script::see};

/// Looks through the cells of a notebook. `None`: it is none, so that it is what its content says.
#[must_use]
pub fn inspect_notebook(bytes: &[u8], names: &NameTable, limits: &Limits) -> Option<Inspection> {
    if bytes.len() as u64 > limits.header_bytes {
        return None;
    }
    let document: Value = serde_json::from_slice(bytes).ok()?;
    let old = document.get("worksheets").and_then(|sheets| sheets.get(0)).and_then(|sheet| sheet.get("cells"));
    let cells = document.get("cells").or(old)?.as_array()?;
    let mut inspection = Inspection::default();
    let (mut code, mut prose) = (String::new(), String::new());
    for cell in cells {
        let source = cell.get("source").or(cell.get("input")).map(text_of).unwrap_or_default();
        if cell.get("cell_type").and_then(Value::as_str) == Some("code") {
            add_code(&source, &mut code, &mut inspection);
        } else {
            prose.push_str(&source);
            prose.push_str("\n\n");
        }
    }
    inspection.sightings.extend(note::inspect_orders("notebook.md", &prose));
    judge(&code, "notebook.py", names, &mut inspection);
    Some(inspection)
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
    code.push_str("def cell():\n");
    for line in source.lines() {
        let plain = line.trim_start();
        let command = ["!", "%sx ", "%system "].iter().find_map(|mark| plain.strip_prefix(mark));
        let command = if is_shell { Some(plain) } else { command };
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
