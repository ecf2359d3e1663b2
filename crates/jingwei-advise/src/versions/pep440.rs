//! PEP 440: epoch, release, pre-release, post-release, development release, local label.

use super::number::{Number, split_digits, trim_zeros};

/// The fields stand in the order in which they decide.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pep440 {
    epoch: Number,
    /// Without zeros at the end.
    release: Vec<Number>,
    pre: Pre,
    post: Option<Number>,
    dev: Dev,
    local: Option<Vec<Label>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Pre {
    /// `1.0.dev1` comes before every pre-release of 1.0.
    OnlyDevelopment,
    Alpha(Number),
    Beta(Number),
    Candidate(Number),
    Released,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Dev {
    At(Number),
    Released,
}

/// Words come before numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Word(String),
    Number(Number),
}

impl Pep440 {
    pub(super) fn has_local(&self) -> bool {
        self.local.is_some()
    }

    pub(super) fn public(&self) -> Self {
        Self { local: None, ..self.clone() }
    }
}

pub(super) fn parse(text: &str) -> Option<Pep440> {
    if !text.is_ascii() {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix('v').unwrap_or(&lower);
    let (epoch, rest) = match rest.split_once('!') {
        Some((epoch, rest)) => (Number::parse(epoch)?, rest),
        None => (Number::ZERO, rest),
    };
    let (release, rest) = parse_release(rest)?;
    let (pre, rest) = parse_pre(rest);
    let (post, rest) = parse_post(rest);
    let (dev, rest) = parse_marked(rest, &["dev"]);
    let local = match rest.strip_prefix('+') {
        Some(label) => Some(parse_local(label)?),
        None if rest.is_empty() => None,
        None => return None,
    };
    let pre = match pre {
        Some(pre) => pre,
        None if post.is_none() && dev.is_some() => Pre::OnlyDevelopment,
        None => Pre::Released,
    };
    Some(Pep440 { epoch, release, pre, post, dev: dev.map_or(Dev::Released, Dev::At), local })
}

fn parse_release(text: &str) -> Option<(Vec<Number>, &str)> {
    let (first, mut rest) = split_digits(text);
    let mut release = vec![Number::parse(first)?];
    while let Some((digits, after)) = rest.strip_prefix('.').map(split_digits) {
        let Some(number) = Number::parse(digits) else { break };
        release.push(number);
        rest = after;
    }
    trim_zeros(&mut release);
    Some((release, rest))
}

fn parse_pre(text: &str) -> (Option<Pre>, &str) {
    type Make = fn(Number) -> Pre;
    let words: [(&[&str], Make); 3] =
        [(&["alpha", "a"], Pre::Alpha), (&["beta", "b"], Pre::Beta), (&["preview", "pre", "c", "rc"], Pre::Candidate)];
    for (words, make) in words {
        let (number, rest) = parse_marked(text, words);
        if let Some(number) = number {
            return (Some(make(number)), rest);
        }
    }
    (None, text)
}

/// `1.0-1` is a post-release too.
fn parse_post(text: &str) -> (Option<Number>, &str) {
    if let Some((digits, rest)) = text.strip_prefix('-').map(split_digits)
        && let Some(number) = Number::parse(digits)
    {
        return (Some(number), rest);
    }
    parse_marked(text, &["post", "rev", "r"])
}

/// Perhaps a separator, one of the words, perhaps a separator, perhaps a number: a missing one is 0.
fn parse_marked<'a>(text: &'a str, words: &[&str]) -> (Option<Number>, &'a str) {
    let inner = without_separator(text);
    let Some(rest) = words.iter().find_map(|word| inner.strip_prefix(word)) else { return (None, text) };
    let (digits, rest) = split_digits(without_separator(rest));
    (Some(Number::parse(digits).unwrap_or(Number::ZERO)), rest)
}

fn without_separator(text: &str) -> &str {
    text.strip_prefix(['-', '_', '.']).unwrap_or(text)
}

fn parse_local(text: &str) -> Option<Vec<Label>> {
    let label = |part: &str| match Number::parse(part) {
        Some(number) => Some(Label::Number(number)),
        None if !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            Some(Label::Word(part.to_owned()))
        }
        None => None,
    };
    text.split(['-', '_', '.']).map(label).collect()
}
