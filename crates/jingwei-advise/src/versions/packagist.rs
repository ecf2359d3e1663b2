//! Composer: one to four numbers, a stability word, perhaps `dev`. Branch names are no versions.

use super::{
    Number,
    number::{split_digits, trim_zeros},
};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Packagist {
    numbers: Vec<Number>,
    stability: Stability,
    counts: Vec<Number>,
    /// `1.0-beta1-dev` comes before `1.0-beta1`.
    released: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stability {
    Dev,
    Alpha,
    Beta,
    Candidate,
    Stable,
    Patch,
}

const WORDS: [(&str, Stability); 9] = [
    ("stable", Stability::Stable),
    ("beta", Stability::Beta),
    ("b", Stability::Beta),
    ("rc", Stability::Candidate),
    ("alpha", Stability::Alpha),
    ("a", Stability::Alpha),
    ("patch", Stability::Patch),
    ("pl", Stability::Patch),
    ("p", Stability::Patch),
];

pub(super) fn parse(text: &str) -> Option<Packagist> {
    let lower = text.to_ascii_lowercase();
    let text = lower.strip_prefix('v').unwrap_or(&lower);
    let text = text.split_once('+').map_or(text, |(text, _)| text);
    let (numbers, rest) = numbers(text)?;
    let (stability, counts, rest) = stability(rest);
    let dev = match rest.strip_prefix(['.', '-']).unwrap_or(rest) {
        "" if rest.is_empty() => false,
        "dev" => true,
        _ => return None,
    };
    let stability = match stability {
        Some(stability) => stability,
        None if dev => Stability::Dev,
        None => Stability::Stable,
    };
    Some(Packagist { numbers, stability, counts, released: !dev })
}

fn numbers(text: &str) -> Option<(Vec<Number>, &str)> {
    let (first, mut rest) = split_digits(text);
    let mut numbers = vec![Number::parse(first)?];
    while numbers.len() < 4
        && let Some((digits, after)) = rest.strip_prefix('.').map(split_digits)
        && let Some(number) = Number::parse(digits)
    {
        numbers.push(number);
        rest = after;
    }
    trim_zeros(&mut numbers);
    Some((numbers, rest))
}

fn stability(text: &str) -> (Option<Stability>, Vec<Number>, &str) {
    let inner = text.strip_prefix(['.', '_', '-']).unwrap_or(text);
    let Some((word, stability)) = WORDS.into_iter().find(|(word, _)| inner.starts_with(word)) else {
        return (None, Vec::new(), text);
    };
    let mut rest = &inner[word.len()..];
    let mut counts = Vec::new();
    loop {
        let (digits, after) = split_digits(rest.strip_prefix(['.', '-']).unwrap_or(rest));
        let Some(number) = Number::parse(digits) else { break };
        counts.push(number);
        rest = after;
    }
    (Some(stability), counts, rest)
}
