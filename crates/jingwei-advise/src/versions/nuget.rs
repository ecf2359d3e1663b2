//! NuGet: one to four numbers, then as SemVer, but letters of either case are alike and zeros may lead.

use super::{
    Number,
    semver::{Identifier, Pre, is_identifier},
};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Nuget {
    numbers: [Number; 4],
    pre: Pre,
}

pub(super) fn parse(text: &str) -> Option<Nuget> {
    let text =
        text.split_once('+').map_or(Some(text), |(text, build)| build.split('.').all(is_identifier).then_some(text))?;
    let (core, pre) = match text.split_once('-') {
        Some((core, pre)) => (core, Some(pre)),
        None => (text, None),
    };
    let mut numbers = [Number::ZERO; 4];
    for (at, part) in core.split('.').enumerate() {
        *numbers.get_mut(at)? = Number::parse(part)?;
    }
    let pre = match pre {
        Some(pre) => Pre::At(pre.split('.').map(identifier).collect::<Option<_>>()?),
        None => Pre::Released,
    };
    Some(Nuget { numbers, pre })
}

fn identifier(text: &str) -> Option<Identifier> {
    match Number::parse(text) {
        Some(number) => Some(Identifier::Number(number)),
        None => is_identifier(text).then(|| Identifier::Word(text.to_ascii_lowercase())),
    }
}
