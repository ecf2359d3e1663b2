//! apk-tools: numbers between dots, a letter, `_suffix`es, `-rN`.

use std::cmp::Ordering;

use super::{
    number::{Number, split_digits},
    ordered_by,
};

#[derive(Debug, Clone)]
pub(super) struct Alpine {
    /// As written, because a zero in front makes a part behind the first dot a fraction.
    parts: Vec<String>,
    letter: Option<char>,
    suffixes: Vec<(Suffix, Number)>,
    revision: Number,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Suffix {
    Alpha,
    Beta,
    Pre,
    Rc,
    None,
    Cvs,
    Svn,
    Git,
    Hg,
    Patch,
}

const SUFFIXES: [(&str, Suffix); 9] = [
    ("alpha", Suffix::Alpha),
    ("beta", Suffix::Beta),
    ("pre", Suffix::Pre),
    ("rc", Suffix::Rc),
    ("cvs", Suffix::Cvs),
    ("svn", Suffix::Svn),
    ("git", Suffix::Git),
    ("hg", Suffix::Hg),
    ("p", Suffix::Patch),
];

ordered_by!(Alpine, order);

impl Alpine {
    fn order(&self, other: &Self) -> Ordering {
        self.parts_order(other)
            .then_with(|| self.letter.cmp(&other.letter))
            .then_with(|| self.suffix_order(other))
            .then_with(|| self.revision.cmp(&other.revision))
    }

    fn parts_order(&self, other: &Self) -> Ordering {
        for (at, (a, b)) in self.parts.iter().zip(&other.parts).enumerate() {
            let fraction = at > 0 && (a.starts_with('0') || b.starts_with('0'));
            let order = if fraction {
                a.trim_end_matches('0').cmp(b.trim_end_matches('0'))
            } else {
                Number::parse(a).cmp(&Number::parse(b))
            };
            if order.is_ne() {
                return order;
            }
        }
        self.parts.len().cmp(&other.parts.len())
    }

    fn suffix_order(&self, other: &Self) -> Ordering {
        let none = (Suffix::None, Number::ZERO);
        (0..self.suffixes.len().max(other.suffixes.len()))
            .map(|at| self.suffixes.get(at).unwrap_or(&none).cmp(other.suffixes.get(at).unwrap_or(&none)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

pub(super) fn parse(text: &str) -> Option<Alpine> {
    let (text, revision) = match text.rsplit_once("-r") {
        Some((text, digits)) => (text, Number::parse(digits)?),
        None => (text, Number::ZERO),
    };
    // The commit behind `~` says where it was built from and has no order.
    let text = match text.split_once('~') {
        Some((text, hash)) if hash.bytes().all(|b| b.is_ascii_hexdigit()) => text,
        Some(_) => return None,
        None => text,
    };
    let mut pieces = text.split('_');
    let main = pieces.next()?;
    let letter = main.chars().next_back().filter(char::is_ascii_lowercase);
    let numbers = if letter.is_some() { &main[..main.len() - 1] } else { main };
    let parts: Vec<String> = numbers.split('.').map(ToOwned::to_owned).collect();
    let numeric = parts.iter().all(|part| Number::parse(part).is_some());
    let suffixes = pieces.map(suffix).collect::<Option<_>>()?;
    numeric.then_some(Alpine { parts, letter, suffixes, revision })
}

fn suffix(text: &str) -> Option<(Suffix, Number)> {
    SUFFIXES.into_iter().find_map(|(word, suffix)| {
        let (digits, rest) = split_digits(text.strip_prefix(word)?);
        if !rest.is_empty() {
            return None;
        }
        Some((suffix, Number::parse(digits).unwrap_or(Number::ZERO)))
    })
}
