//! Texts that grow from step to step: each replaces a little by a little more, and all of them make gigabytes of a word.

use std::collections::BTreeSet;

use jingwei_core::Text;
use jingwei_read::Sighting;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::regex::Replaced;

/// What ordinary texts hold.
const SAMPLE: &str = "Abc xyz, 12.3 é 中 ﷺ!\n\t'\"-_/";
/// Longest text that the steps are tried on, in bytes.
const TRIED: usize = 1 << 16;
/// How large a text may become, in bytes, and how many times what it was.
const LARGE: usize = 1 << 20;
const TIMES: usize = 64;
/// Bytes that are written for one part of a tokenizer, and its steps.
const WORK: usize = 1 << 28;
const STEPS: usize = 1 << 14;
/// What each byte costs where it is looked for, where letters are taken apart, and where a pattern reads it.
const PRICES: [usize; 3] = [1, 64, 256];
/// Letters beyond ASCII that patterns are tried on.
const LETTERS: usize = 128;

enum Step<'v> {
    Text(&'v str, &'v str),
    Pattern(&'v str, &'v str),
    Front(&'v str),
    Lower,
    /// Each byte becomes a letter.
    Bytes,
    Composed,
    Decomposed,
}

/// Runs the steps of a part on a text that holds whatever they look for.
pub(super) fn grows(part: &str, value: &Value) -> Option<Sighting> {
    let mut steps = Vec::new();
    collect(value, &mut steps);
    let is_small = |step: &Step<'_>| match step {
        Step::Text(pattern, content) => content.len() <= pattern.len(),
        step => matches!(step, Step::Lower | Step::Composed | Step::Decomposed),
    };
    if steps.iter().all(is_small) {
        return None;
    }
    let mut text = tried(&steps);
    let others: BTreeSet<char> = text.chars().filter(|c| !c.is_ascii()).collect();
    let others: String = others.into_iter().take(LETTERS).collect();
    let most = LARGE.max(text.len().saturating_mul(TIMES));
    let mut left = WORK;
    for step in &steps {
        let price = match step {
            Step::Text(..) | Step::Front(_) => PRICES[0],
            Step::Lower | Step::Bytes | Step::Composed | Step::Decomposed => PRICES[1],
            Step::Pattern(..) => PRICES[2],
        };
        text = run(step, &text, &others, most);
        if text.len() > most {
            return Some(growing(part, step));
        }
        let Some(rest) = left.checked_sub(price * text.len()) else {
            let (zh, en) = ("分词器的步骤过多，其后未读", "the steps of the tokenizer are too many to be read further");
            return Some(Sighting::not_inspected(zh, en));
        };
        left = rest;
    }
    None
}

fn growing(part: &str, step: &Step<'_>) -> Sighting {
    let pattern = match step {
        Step::Text(pattern, _) | Step::Pattern(pattern, _) => *pattern,
        Step::Front(_) => "^",
        _ => "…",
    };
    let reason = Text::new(
        "各步骤逐次放大文本，短短一词即可耗尽内存",
        "each step makes more of the text, and all together exhaust memory over a single word",
    );
    let sighting = Sighting::new("model.tokenizer-regex").key(&format!("{part}:growth")).with("step", part);
    sighting.with("pattern", pattern).with_text("reason", reason)
}

/// The steps in their order. serde_json bounds the depth.
fn collect<'v>(value: &'v Value, steps: &mut Vec<Step<'v>>) {
    if steps.len() >= STEPS {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, steps)),
        Value::Object(fields) => {
            let text = |key: &str| fields.get(key).and_then(Value::as_str);
            let pattern = |kind: &str| fields.get("pattern").and_then(|pattern| pattern.get(kind)?.as_str());
            let step = match (text("type"), text("content"), pattern("String"), pattern("Regex")) {
                (_, Some(content), Some(pattern), _) => Some(Step::Text(pattern, content)),
                (_, Some(content), _, Some(pattern)) => Some(Step::Pattern(pattern, content)),
                (Some("Prepend"), ..) => text("prepend").map(Step::Front),
                (Some("Lowercase"), ..) => Some(Step::Lower),
                (Some("ByteLevel"), ..) => Some(Step::Bytes),
                (Some("NFC" | "NFKC"), ..) => Some(Step::Composed),
                (Some("NFD" | "NFKD"), ..) => Some(Step::Decomposed),
                _ => None,
            };
            match step {
                Some(step) => steps.push(step),
                None => fields.values().for_each(|value| collect(value, steps)),
            }
        }
        _ => {}
    }
}

/// A text that holds what the steps look for and what they write.
fn tried(steps: &[Step<'_>]) -> String {
    let mut text = SAMPLE.to_owned();
    for step in steps {
        let (pattern, content) = match step {
            Step::Text(pattern, content) => (*pattern, *content),
            Step::Pattern(_, content) | Step::Front(content) => ("", *content),
            _ => ("", ""),
        };
        if text.len() + pattern.len() + content.len() <= TRIED {
            text.extend([pattern, " ", content, " "]);
        }
    }
    text
}

fn run(step: &Step<'_>, text: &str, others: &str, most: usize) -> String {
    match step {
        Step::Text(pattern, content) => replaced(text, pattern, content, most),
        Step::Pattern(pattern, content) => Replaced::of(pattern, others)
            .map_or_else(|| text.to_owned(), |pattern| pattern.replace(text, content, most)),
        Step::Front(content) => [content, text].concat(),
        Step::Lower => text.to_lowercase(),
        Step::Bytes => text.chars().flat_map(letters_of).collect(),
        Step::Composed => text.nfkc().collect(),
        Step::Decomposed => text.nfkd().collect(),
    }
}

/// Given up where it has more than `most` bytes.
fn replaced(text: &str, pattern: &str, content: &str, most: usize) -> String {
    let mut out = String::new();
    let mut done = 0;
    for (at, found) in text.match_indices(pattern) {
        out.push_str(text.get(done..at).unwrap_or_default());
        out.push_str(content);
        done = at + found.len();
        if out.len() > most {
            return out;
        }
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// The letters by which bytes are written: what is no letter of ASCII becomes one for each of its bytes.
fn letters_of(c: char) -> impl Iterator<Item = char> {
    let is_kept = c.is_ascii_graphic();
    std::iter::repeat_n(if is_kept { c } else { 'Ġ' }, if is_kept { 1 } else { c.len_utf8() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: bool) {
        let value: Value = serde_json::from_str(value).unwrap();
        let shown: String = value.to_string().chars().take(200).collect();
        assert_eq!(grows("normalizer", &value).is_some(), expected, "{shown}");
    }

    fn sequence(steps: &[&str], times: usize) -> String {
        format!("{{\"type\":\"Sequence\",\"normalizers\":[{}]}}", vec![steps.join(","); times].join(","))
    }

    #[test]
    fn steps_that_multiply_a_text_are_told() {
        for (step, times) in [
            (r#"{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaaa"}"#, 30),
            (r#"{"type":"Replace","pattern":{"String":"e"},"content":"ee"}"#, 40),
            (r#"{"type":"Replace","pattern":{"String":""},"content":" "}"#, 40),
            (r#"{"type":"Replace","pattern":{"Regex":"[a-z]"},"content":"xyxyxyxy"}"#, 12),
            (r#"{"type":"Replace","pattern":{"Regex":"(?:.|\\n)"},"content":"中中中"}"#, 30),
            (r#"{"type":"Replace","pattern":{"Regex":"(?=.)"},"content":"ab"}"#, 30),
            (r#"{"type":"Replace","pattern":{"Regex":"ab?"},"content":"aaa"}"#, 30),
            (r#"{"type":"ByteLevel"}"#, 30),
        ] {
            check(&sequence(&[step], times), true);
            check(&sequence(&[step], 1), false);
        }
        let turn = r#"{"type":"Replace","pattern":{"String":"a"},"content":"BBBB"},{"type":"Lowercase"},
            {"type":"Replace","pattern":{"String":"b"},"content":"aaaa"}"#;
        check(&sequence(&[turn], 15), true);
        check(&sequence(&[r#"{"type":"Prepend","prepend":"▁"}"#, turn], 2), false);
    }

    #[test]
    fn steps_of_published_tokenizers_are_small() {
        let digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
        let spelled: Vec<String> = digits
            .iter()
            .enumerate()
            .map(|(digit, word)| {
                format!(r#"{{"type":"Replace","pattern":{{"String":"{digit}"}},"content":" {word} "}}"#)
            })
            .collect();
        check(&sequence(&spelled.iter().map(String::as_str).collect::<Vec<_>>(), 3), false);
        for steps in [
            r#"{"type":"Replace","pattern":{"String":"``"},"content":"\""},{"type":"NFKD"},{"type":"StripAccents"}"#,
            r#"{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}"#,
            r#"{"type":"Replace","pattern":{"Regex":" {2,}"},"content":"▁"},{"type":"NFC"},{"type":"ByteLevel"}"#,
            r#"{"type":"Replace","pattern":{"Regex":"https?://\\S+"},"content":"<url>"}"#,
            r#"{"type":"Replace","pattern":{"Regex":"\\d"},"content":"<number>"}"#,
            r#"{"type":"Replace","pattern":{"Regex":"$"},"content":"</s>"},{"type":"Strip"}"#,
        ] {
            check(&sequence(&[steps], 3), false);
        }
    }
}
