//! Small helpers for letters and words.

use crate::Random;

/// The letter `by` places further in its alphabet, in its case; anything else as it is.
pub(super) fn shifted(c: char, by: u32) -> char {
    match place(c) {
        Some((first, place)) => nth(first, (place + by) % 26),
        None => c,
    }
}

/// The first letter of the case and the place in the alphabet, from 0, of an ASCII letter.
pub(super) fn place(c: char) -> Option<(char, u32)> {
    let first = match c {
        'a'..='z' => 'a',
        'A'..='Z' => 'A',
        _ => return None,
    };
    Some((first, u32::from(c) - u32::from(first)))
}

/// The character `n` after another one.
pub(super) fn nth(first: char, n: u32) -> char {
    char::from_u32(u32::from(first) + n).unwrap_or(first)
}

/// Changes the words, and leaves what is between them: a word is a run of letters and digits.
pub(super) fn map_words(text: &str, mut change: impl FnMut(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = first.is_alphanumeric();
        let end = rest.find(|c: char| c.is_alphanumeric() != is_word).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if is_word {
            out.push_str(&change(run))
        } else {
            out.push_str(run)
        }
        rest = after;
    }
    out
}

/// Changes every character.
pub(super) fn map_chars<T>(text: &str, mut change: impl FnMut(char) -> T) -> String
where
    String: Extend<T>,
{
    let mut out = String::new();
    out.extend(text.chars().map(&mut change));
    out
}

/// A place between two of its characters.
pub(super) fn between(text: &str, mut put: impl FnMut(char, char, &mut String)) -> String {
    let mut out = String::new();
    let mut before = None;
    for c in text.chars() {
        if let Some(before) = before {
            put(before, c, &mut out);
        }
        out.push(c);
        before = Some(c);
    }
    out
}

/// What the parts of a question are cut at: words in Latin script, pieces of `chars` characters without spaces.
pub(super) fn pieces(text: &str, chars: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    for word in text.split_whitespace() {
        if word.is_ascii() {
            pieces.push(word.to_owned());
        } else {
            let each: Vec<char> = word.chars().collect();
            pieces.extend(each.chunks(chars.max(1)).map(|chunk| chunk.iter().collect::<String>()));
        }
    }
    pieces
}

/// As many parts as asked for, as equal as they can be; fewer where there are not enough characters.
pub(super) fn parts(text: &str, count: usize) -> Vec<String> {
    let each: Vec<char> = text.chars().collect();
    let size = each.len().div_ceil(count.max(1)).max(1);
    each.chunks(size).map(|chunk| chunk.iter().collect()).collect()
}

/// Which of `count` places are changed: the given share of them, and at least one.
pub(super) fn chosen(count: usize, percent: u32, random: &mut Random) -> Vec<bool> {
    let share = usize::try_from(percent).unwrap_or(100).saturating_mul(count).div_ceil(100).min(count);
    let mut chosen: Vec<bool> = (0..count).map(|at| at < share).collect();
    random.shuffle(&mut chosen);
    chosen
}

/// Changes a share of the characters that can be changed.
pub(super) fn map_some(
    text: &str,
    percent: u32,
    random: &mut Random,
    fits: impl Fn(char) -> bool,
    mut change: impl FnMut(char, &mut Random) -> String,
) -> String {
    let mut chosen = chosen(text.chars().filter(|c| fits(*c)).count(), percent, random).into_iter();
    map_chars(text, |c| if fits(c) && chosen.next() == Some(true) { change(c, random) } else { c.to_string() })
}
