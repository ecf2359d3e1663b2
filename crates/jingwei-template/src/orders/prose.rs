//! Prose as it is shown, and what it hides from people: comments, and elements that are not shown.

use super::{Order, Reader, find, front};

/// Marks of elements that nobody sees.
const HIDDEN: [&str; 9] = [
    "display:none",
    "display: none",
    "visibility:hidden",
    "visibility: hidden",
    "font-size:0",
    "font-size: 0",
    "opacity:0",
    " hidden>",
    "color:white",
];

/// The first order in a text for people or agents. What is shown may quote orders and give commands as examples; what is
/// hidden may not.
pub(crate) fn in_prose(text: &str, reader: Reader) -> Option<(Order, String)> {
    let text = front(text);
    for hidden in hidden(text).into_iter().take(256) {
        // Comments of tools are words such as "toc" or "prettier-ignore".
        if let Some(found) =
            find(hidden, Reader::Hidden).filter(|_| hidden.split_whitespace().count() > 3 || !hidden.is_ascii())
        {
            return Some(found);
        }
    }
    find(&shown(text), reader)
}

/// Comments and elements that are not shown.
pub(crate) fn hidden(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("<!--") {
        let (inner, behind) = after.split_once("-->").unwrap_or((after, ""));
        parts.push(inner);
        rest = behind;
    }
    for line in text.lines() {
        if let Some((label, note)) = line.trim_start().split_once("]:")
            && label.starts_with('[')
            && note.contains(['(', '"', '\''])
        {
            parts.push(note);
        }
        // Every mark has one of the two, and few lines have any.
        let may_hide = || line.bytes().any(|byte| matches!(byte, b':' | b'>'));
        if may_hide() && HIDDEN.iter().any(|mark| line.contains(mark)) {
            parts.push(line.split_once('>').map_or(line, |(_, inner)| inner));
        }
    }
    parts
}

/// Without comments, code and quotations.
fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut fenced = false;
    for line in text.split_inclusive('\n') {
        let plain = line.trim_start();
        if plain.starts_with("```") || plain.starts_with("~~~") {
            fenced = !fenced;
            out.push_str("\n\n");
        } else if fenced || plain.starts_with('|') || plain.starts_with('>') {
            out.push('\n');
        } else {
            unquoted(line, &mut out);
        }
    }
    out
}

fn unquoted(line: &str, out: &mut String) {
    let mut close: Option<char> = None;
    let mut kept = out.len();
    for c in line.chars() {
        match close {
            Some(end) if c == end => {
                close = None;
                out.truncate(kept);
                out.push_str(" … ");
            }
            None => {
                let end = match c {
                    '"' => Some('"'),
                    '`' => Some('`'),
                    '“' => Some('”'),
                    '‘' => Some('’'),
                    '「' => Some('」'),
                    '«' => Some('»'),
                    _ => None,
                };
                if end.is_some() {
                    close = end;
                    kept = out.len();
                }
                out.push(c);
            }
            // A quotation that does not end is none: what follows stays.
            Some(_) => out.push(c),
        }
    }
}
