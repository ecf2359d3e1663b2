//! deb-version(7): epoch, upstream version, revision; runs of text and numbers in turn, `~` before everything.

use std::cmp::Ordering;

use super::{
    number::{Number, split_digits},
    ordered_by,
};

#[derive(Debug, Clone)]
pub(super) struct Debian {
    epoch: Number,
    upstream: Vec<Run>,
    revision: Vec<Run>,
}

/// What is no number, as weights, and the number after it. A run that is missing weighs nothing and counts 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Run {
    weights: Vec<u16>,
    number: Number,
}

const TILDE: u16 = 0;
const END: u16 = 1;
/// Letters come before all other characters.
const OTHER: u16 = 256;

ordered_by!(Debian, order);

impl Debian {
    fn order(&self, other: &Self) -> Ordering {
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| padded(&self.upstream, &other.upstream))
            .then_with(|| padded(&self.revision, &other.revision))
    }
}

fn padded(a: &[Run], b: &[Run]) -> Ordering {
    let nothing = Run { weights: vec![END], number: Number::ZERO };
    (0..a.len().max(b.len()))
        .map(|at| a.get(at).unwrap_or(&nothing).cmp(b.get(at).unwrap_or(&nothing)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

pub(super) fn parse(text: &str) -> Option<Debian> {
    let (epoch, rest) = match text.split_once(':') {
        // dpkg keeps the epoch in a C int.
        Some((epoch, rest)) => (Number::parse(epoch).filter(|n| *n <= Number::Small(2_147_483_647))?, rest),
        None => (Number::ZERO, text),
    };
    let (upstream, revision) = match rest.rsplit_once('-') {
        Some((_, "")) => return None,
        Some((upstream, revision)) => (upstream, revision),
        None => (rest, ""),
    };
    let common = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'~');
    let good = upstream.starts_with(|c: char| c.is_ascii_digit())
        && upstream.bytes().all(|b| common(b) || matches!(b, b'-' | b':'))
        && revision.bytes().all(common);
    good.then(|| Debian { epoch, upstream: runs(upstream), revision: runs(revision) })
}

fn runs(mut text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    while !text.is_empty() {
        let (words, rest) = text.split_at(text.bytes().take_while(|b| !b.is_ascii_digit()).count());
        let (digits, rest) = split_digits(rest);
        let weights = words.bytes().map(weight).chain([END]).collect();
        runs.push(Run { weights, number: Number::parse(digits).unwrap_or(Number::ZERO) });
        text = rest;
    }
    runs
}

fn weight(byte: u8) -> u16 {
    match byte {
        b'~' => TILDE,
        byte if byte.is_ascii_alphabetic() => u16::from(byte),
        byte => OTHER + u16::from(byte),
    }
}
