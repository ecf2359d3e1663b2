//! SemVer 2.0.0. Build metadata has no place in the order.

use super::Number;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Semver {
    pub(super) numbers: [Number; 3],
    pub(super) pre: Pre,
}

/// A pre-release comes before its release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pre {
    At(Vec<Identifier>),
    Released,
}

/// Numbers come before words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identifier {
    Number(Number),
    Word(String),
}

pub(super) fn parse(text: &str) -> Option<Semver> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    if build.is_some_and(|build| !build.split('.').all(is_identifier)) {
        return None;
    }
    let (core, pre) = match text.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (text, None),
    };
    let mut parts = core.split('.');
    let mut number = || parts.next().and_then(plain_number);
    let numbers = [number()?, number()?, number()?];
    if parts.next().is_some() {
        return None;
    }
    let pre = match pre {
        Some(pre) => Pre::At(pre.split('.').map(identifier).collect::<Option<_>>()?),
        None => Pre::Released,
    };
    Some(Semver { numbers, pre })
}

/// No zero may lead.
fn plain_number(digits: &str) -> Option<Number> {
    if digits.len() > 1 && digits.starts_with('0') { None } else { Number::parse(digits) }
}

pub(super) fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn identifier(text: &str) -> Option<Identifier> {
    if !is_identifier(text) {
        return None;
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return plain_number(text).map(Identifier::Number);
    }
    Some(Identifier::Word(text.to_owned()))
}
