//! Sheets as tables that spreadsheet programs open, and back.

use super::SheetRow;

/// Byte order mark: without it, a common spreadsheet program reads Chinese as something else.
const BOM: char = '\u{feff}';
pub(super) const HEADER: [&str; 6] = ["number", "code", "question", "reply", "label", "note"];

/// The table of one rater's rows, with two empty columns to fill in.
#[must_use]
pub fn to_csv(rows: &[SheetRow]) -> String {
    let mut out = String::from(BOM);
    out.push_str(&HEADER.join(","));
    out.push_str("\r\n");
    for row in rows {
        let cells = [&row.number.to_string(), &row.code, &row.question, &row.reply];
        out.push_str(&cells.map(|cell| quoted(cell)).join(","));
        out.push_str(",,\r\n");
    }
    out
}

/// A cell that no program takes for a formula.
fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

/// A record and the line on which it begins.
pub(super) struct Record {
    pub line: usize,
    pub cells: Vec<String>,
}

/// Why a table ended early.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken {
    OpenQuote { line: usize },
    TooMany,
}

/// Records of RFC 4180, with `,`, `;` or a tab between cells as the first line has them.
pub(super) fn records(text: &str, most: u64) -> (Vec<Record>, Option<Broken>) {
    let text = text.trim_start_matches(BOM);
    let first = text.lines().next().unwrap_or_default();
    let separator =
        [',', ';', '\t'].into_iter().max_by_key(|mark| (first.matches(*mark).count(), *mark == ',')).unwrap_or(',');
    let (mut found, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begins, mut is_quoted) = (1, 1, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if cell.is_empty() => is_quoted = true,
            '\n' if !is_quoted => {
                line += 1;
                push(&mut found, &mut cells, &mut cell, begins);
                begins = line;
                if u64::try_from(found.len()).map_or(true, |count| count > most) {
                    return (found, Some(Broken::TooMany));
                }
            }
            '\r' if !is_quoted && chars.peek() == Some(&'\n') => {}
            c if c == separator && !is_quoted => cells.push(std::mem::take(&mut cell)),
            c => {
                line += usize::from(c == '\n');
                cell.push(c);
            }
        }
    }
    if is_quoted {
        return (found, Some(Broken::OpenQuote { line: begins }));
    }
    push(&mut found, &mut cells, &mut cell, begins);
    (found, None)
}

fn push(found: &mut Vec<Record>, cells: &mut Vec<String>, cell: &mut String, line: usize) {
    cells.push(std::mem::take(cell));
    let cells = std::mem::take(cells);
    if cells.iter().any(|cell| !cell.trim().is_empty()) {
        found.push(Record { line, cells });
    }
}
