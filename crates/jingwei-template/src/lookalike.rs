//! Names in source that look the same and are not: letters of other scripts among Latin ones.

use std::collections::HashMap;

/// Letters that look like Latin ones, Cyrillic first, then Greek.
const ALIKE: [(char, char); 52] = [
    ('а', 'a'),
    ('е', 'e'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('у', 'y'),
    ('х', 'x'),
    ('і', 'i'),
    ('ѕ', 's'),
    ('ј', 'j'),
    ('һ', 'h'),
    ('ԁ', 'd'),
    ('ԛ', 'q'),
    ('ԝ', 'w'),
    ('ѵ', 'v'),
    ('ո', 'n'),
    ('ս', 'u'),
    ('ց', 'g'),
    ('օ', 'o'),
    ('ӏ', 'l'),
    ('А', 'A'),
    ('В', 'B'),
    ('Е', 'E'),
    ('К', 'K'),
    ('М', 'M'),
    ('Н', 'H'),
    ('О', 'O'),
    ('Р', 'P'),
    ('С', 'C'),
    ('Т', 'T'),
    ('У', 'Y'),
    ('Х', 'X'),
    ('І', 'I'),
    ('Ѕ', 'S'),
    ('Ј', 'J'),
    ('ο', 'o'),
    ('ν', 'v'),
    ('ι', 'i'),
    ('α', 'a'),
    ('Α', 'A'),
    ('Β', 'B'),
    ('Ε', 'E'),
    ('Ζ', 'Z'),
    ('Η', 'H'),
    ('Ι', 'I'),
    ('Κ', 'K'),
    ('Μ', 'M'),
    ('Ν', 'N'),
    ('Ο', 'O'),
    ('Ρ', 'P'),
    ('Τ', 'T'),
    ('Χ', 'X'),
];

/// A name that reads like another name of the same source: the name, the other, and where the name stands. Names in comments
/// and strings do not count, for people write there in their own language.
pub(crate) fn pair(source: &str) -> Option<(String, String, usize)> {
    if source.is_ascii() {
        return None;
    }
    let alike: HashMap<char, char> = ALIKE.into_iter().collect();
    let mut mixed: Vec<(&str, String, usize)> = Vec::new();
    let mut plain = std::collections::HashSet::new();
    for (offset, name) in names(source) {
        if name.is_ascii() {
            plain.insert(name);
            continue;
        }
        let read: String = name.chars().map(|c| alike.get(&c).copied().unwrap_or(c)).collect();
        if read.is_ascii() {
            mixed.push((name, read, offset));
        }
    }
    let found = mixed.into_iter().find(|(name, read, _)| {
        let is_single = name.chars().nth(1).is_none();
        !is_single && plain.contains(read.as_str())
    });
    found.map(|(name, read, offset)| (name.to_owned(), read, offset))
}

/// The name of a package with letters of other scripts in it, as it stands and as it reads: no registry has such names.
pub(crate) fn package(entry: &str) -> Option<(&str, String)> {
    let end = entry.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))).unwrap_or(entry.len());
    let name = entry.get(..end)?;
    if name.is_ascii() {
        return None;
    }
    let alike: HashMap<char, char> = ALIKE.into_iter().collect();
    let read: String = name.chars().map(|c| alike.get(&c).copied().unwrap_or(c)).collect();
    read.is_ascii().then_some((name, read))
}

/// A name with what is not ASCII as numbers.
pub(crate) fn codes(name: &str) -> String {
    let code = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) };
    name.chars().map(code).collect()
}

/// Words outside of comments and strings.
fn names(source: &str) -> Vec<(usize, &str)> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        if first == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if first == '"' || first == '\'' {
            at += string_end(rest, first);
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            all.push((at, &rest[..end]));
            at += end;
        } else {
            at += first.len_utf8();
        }
    }
    all
}

fn string_end(rest: &str, quote: char) -> usize {
    let triple = String::from(quote).repeat(3);
    let (body, mark) = if rest.starts_with(&triple) { (3, triple.as_str()) } else { (1, &triple[..1]) };
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(body) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' if body == 1 => return at,
            _ if rest[at..].starts_with(mark) => return at + mark.len(),
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::pair;

    #[test]
    fn two_names_of_one_look_are_told() {
        for (source, expected) in [
            ("", None),
            ("def load(): pass", None),
            ("l\u{43e}ad = 1\nload = 2", Some(("l\u{43e}ad", 0))),
            ("x = 1\ndef l\u{43e}ad(): pass\nload()", Some(("l\u{43e}ad", 10))),
            ("\u{440}\u{430}\u{441}\u{435} = 1\npace = 2", Some(("\u{440}\u{430}\u{441}\u{435}", 0))),
            ("\u{3b1} = 1\na = 2", None),
            ("\u{3b1}_max = 1", None),
            ("# l\u{43e}ad\nload = 'l\u{43e}ad'", None),
            ("'''\nl\u{43e}ad\n''' + load", None),
            ("'\\'l\u{43e}ad' + load", None),
            ("'", None),
        ] {
            let found = pair(source);
            let found = found.as_ref().map(|(name, _, offset)| (name.as_str(), *offset));
            assert_eq!(found, expected, "{source}");
        }
    }
}
