//! `Gem::Version`: segments of digits or letters, letters before numbers, `-` means `.pre.`.

use std::cmp::Ordering;

use super::{
    number::{Number, split_digits},
    ordered_by,
    semver::is_identifier,
};

#[derive(Debug, Clone)]
pub(super) struct Gem(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Word(String),
    Number(Number),
}

const ZERO: Segment = Segment::Number(Number::ZERO);

ordered_by!(Gem, order);

impl Gem {
    fn order(&self, other: &Self) -> Ordering {
        (0..self.0.len().max(other.0.len()))
            .map(|at| self.0.get(at).unwrap_or(&ZERO).cmp(other.0.get(at).unwrap_or(&ZERO)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

pub(super) fn parse(text: &str) -> Option<Gem> {
    let (main, pre) = match text.split_once('-') {
        Some((main, pre)) => (main, Some(pre)),
        None => (text, None),
    };
    let mut parts = main.split('.');
    let good = parts.next().is_some_and(|first| Number::parse(first).is_some())
        && parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        && pre.is_none_or(|pre| pre.split('.').all(is_identifier));
    if !good {
        return None;
    }
    let segments = segments(&text.replace('-', ".pre."));
    let words_from = segments.iter().position(|s| matches!(s, Segment::Word(_))).unwrap_or(segments.len());
    let (numbers, words) = segments.split_at(words_from);
    Some(Gem([without_zeros(numbers), without_zeros(words)].concat()))
}

fn without_zeros(segments: &[Segment]) -> Vec<Segment> {
    let kept = segments.iter().rposition(|segment| *segment != ZERO).map_or(0, |last| last + 1);
    segments[..kept].to_vec()
}

fn segments(mut text: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    while !text.is_empty() {
        let (digits, rest) = split_digits(text);
        let (letters, rest) = rest.split_at(rest.bytes().take_while(u8::is_ascii_alphabetic).count());
        if let Some(number) = Number::parse(digits) {
            segments.push(Segment::Number(number));
        }
        if !letters.is_empty() {
            segments.push(Segment::Word(letters.to_owned()));
        }
        text = rest.strip_prefix('.').unwrap_or(rest);
    }
    segments
}
