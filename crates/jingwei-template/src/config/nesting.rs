//! Values within values, deeper than any writer goes: readers that call themselves for each end by it.

use jingwei_core::Text;
use jingwei_read::Sighting;

/// Levels at which Python's own readers stop. Nested trees of large models have some hundred.
const DEEPEST: usize = 1_000;
/// Letters of a key between two brackets, where values within values are written in a row.
const KEY: usize = 24;

/// Brackets of JSON that are open at once, also where the text ends before they close.
pub(crate) fn of_json(bytes: &[u8]) -> Option<Sighting> {
    let (mut depth, mut at) = (0usize, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = past_string(bytes, at + 1),
            b'[' | b'{' => {
                depth += 1;
                if depth > DEEPEST {
                    return Some(bomb());
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the string ends that begins before `at`.
fn past_string(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// Brackets, marks of lists and indented lines that follow each other, in texts whose brackets need not be values.
pub(crate) fn of_text(text: &str) -> Option<Sighting> {
    let deep = brackets(text) > DEEPEST || marks(text) > DEEPEST || indents(text) > DEEPEST;
    deep.then(bomb)
}

/// Most opening brackets with nothing but a key between them.
fn brackets(text: &str) -> usize {
    let (mut row, mut most, mut key) = (0, 0, 0);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => {
                (row, key) = (row + 1, 0);
                most = most.max(row);
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'"' | b'\'' | b':' | b'=' | b',' | b'_' | b'-' if key < KEY => key += 1,
            byte if byte.is_ascii_alphanumeric() && key < KEY => key += 1,
            _ => row = 0,
        }
    }
    most
}

/// Most marks of lists on one line: `- - - a`.
fn marks(text: &str) -> usize {
    let begins = |line: &str| {
        let end = line.find(|c| !matches!(c, ' ' | '-' | '?')).unwrap_or(line.len());
        line.get(..end).map_or(0, |front| front.split(' ').filter(|mark| matches!(*mark, "-" | "?")).count())
    };
    text.lines().map(begins).max().unwrap_or_default()
}

/// Most lines of which each is indented deeper than the one above it.
fn indents(text: &str) -> usize {
    let (mut before, mut row, mut most) = (0, 0, 0);
    for line in text.lines() {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if indent == line.len() {
            continue;
        }
        row = if indent > before { row + 1 } else { 0 };
        (before, most) = (indent, most.max(row));
    }
    most
}

fn bomb() -> Sighting {
    let what = Text::new(
        "数值逐层嵌套，深度超过任何配置所需，会使递归的读取程序崩溃",
        "values within values go deeper than those of any configuration, which ends readers that call themselves",
    );
    Sighting::new("model.config-bomb").key("nesting").with_text("what", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_writer_nests_is_told() {
        let many = 1_200;
        for (text, json, plain) in [
            ("[".repeat(200_000), true, true),
            (format!("{{\"a\": {}{}}}", "[".repeat(many), "]".repeat(many)), true, true),
            ("{\"a\":".repeat(many), true, true),
            ("[{\"a b\": \"[\", \"left\": ".repeat(many), true, true),
            (format!("a: {}x", "- ".repeat(many)), false, false),
            (format!("a:\n {}x", "- ".repeat(many)), false, true),
            ((0..many).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(), false, true),
            ("[]".repeat(many), false, false),
            ("\"[[[[\\\"[[[\"\n".repeat(many), false, false),
            ("- a\n- b\n".repeat(many), false, false),
            ("bins: [0, 1)\nlevel {a}\n".repeat(many), true, false),
            (format!("{}{}", "[".repeat(200), "]".repeat(200)), false, false),
            (format!("# {}\n", "-".repeat(many)), false, false),
        ] {
            let start: String = text.chars().take(40).collect();
            assert_eq!((of_json(text.as_bytes()).is_some(), of_text(&text).is_some()), (json, plain), "{start}");
        }
    }
}
