//! Maven's version order specification (maven.apache.org/pom.html, "Version Order Specification").

use std::cmp::Ordering;

use super::{
    number::{Number, split_digits},
    ordered_by,
};

#[derive(Debug, Clone)]
pub(super) struct Maven(Vec<Token>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    /// Stands behind a hyphen, or where digits and letters meet.
    hyphen: bool,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Word(String),
    Number(Number),
}

/// In their order; everything else comes after them, by its letters.
const WORDS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];

ordered_by!(Maven, order);

impl Maven {
    fn order(&self, other: &Self) -> Ordering {
        (0..self.0.len().max(other.0.len()))
            .map(|at| match (self.0.get(at), other.0.get(at)) {
                (Some(a), Some(b)) => a.order(b),
                (Some(a), None) => a.order(&a.nothing()),
                (None, Some(b)) => b.nothing().order(b),
                (None, None) => Ordering::Equal,
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl Token {
    /// What stands for this token in a version that has ended: 0 after a dot, the empty word after a hyphen.
    fn nothing(&self) -> Token {
        let number = matches!(self.value, Value::Number(_)) && !self.hyphen;
        let value = if number { Value::Number(Number::ZERO) } else { Value::Word(String::new()) };
        Token { hyphen: self.hyphen, value }
    }

    fn is_null(&self) -> bool {
        match &self.value {
            Value::Word(word) => word.is_empty(),
            Value::Number(number) => number.is_zero(),
        }
    }

    /// Words, then numbers behind a hyphen, then numbers behind a dot.
    fn order(&self, other: &Self) -> Ordering {
        match (&self.value, &other.value) {
            (Value::Word(a), Value::Word(b)) => rank(a).cmp(&rank(b)),
            (Value::Word(_), Value::Number(_)) => Ordering::Less,
            (Value::Number(_), Value::Word(_)) => Ordering::Greater,
            (Value::Number(a), Value::Number(b)) => other.hyphen.cmp(&self.hyphen).then_with(|| a.cmp(b)),
        }
    }
}

fn rank(word: &str) -> (usize, &str) {
    match WORDS.iter().position(|known| *known == word) {
        Some(at) => (at, ""),
        None => (WORDS.len(), word),
    }
}

/// A version starts with a number, and a commit's hash is no version although Maven would order it somewhere.
pub(super) fn parse(text: &str) -> Option<Maven> {
    let looks_like_hash =
        text.len() >= 7 && text.bytes().all(|b| b.is_ascii_hexdigit()) && text.bytes().any(|b| b.is_ascii_alphabetic());
    let printable = text.bytes().all(|b| b.is_ascii_graphic());
    if !printable || looks_like_hash || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some(Maven(trimmed(tokens(&text.to_ascii_lowercase()))))
}

fn tokens(mut text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut hyphen = false;
    loop {
        let (digits, after) = split_digits(text);
        let (value, rest) = if let Some(number) = Number::parse(digits) {
            (Value::Number(number), after)
        } else {
            let end = text.find(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')).unwrap_or(text.len());
            let (word, rest) = text.split_at(end);
            if word.is_empty() {
                (Value::Number(Number::ZERO), rest)
            } else {
                let before_digit = rest.starts_with(|c: char| c.is_ascii_digit());
                (Value::Word(known_word(word, before_digit).to_owned()), rest)
            }
        };
        // `.word` and `-word` are the same.
        let hyphen_here = hyphen || matches!(value, Value::Word(_));
        tokens.push(Token { hyphen: hyphen_here, value });
        (hyphen, text) = match rest.as_bytes().first() {
            None => return tokens,
            Some(b'.') => (false, &rest[1..]),
            Some(b'-') => (true, &rest[1..]),
            Some(_) => (true, rest),
        };
    }
}

fn known_word(word: &str, before_digit: bool) -> &str {
    match word {
        "a" if before_digit => "alpha",
        "b" if before_digit => "beta",
        "m" if before_digit => "milestone",
        "cr" => "rc",
        "ga" | "final" | "release" => "",
        word => word,
    }
}

/// Takes away what means nothing at the end and before each hyphen.
fn trimmed(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::with_capacity(tokens.len());
    let drop_nulls = |kept: &mut Vec<Token>| {
        while kept.len() > 1 && kept.last().is_some_and(Token::is_null) {
            kept.pop();
        }
    };
    for token in tokens {
        if token.hyphen {
            drop_nulls(&mut kept);
        }
        kept.push(token);
    }
    drop_nulls(&mut kept);
    kept
}
