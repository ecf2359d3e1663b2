//! Versions of Go modules. OSV leaves the `v` out, go.mod writes it, and the toolchain writes `go1.21rc2`.

use super::{
    Number,
    number::split_digits,
    semver::{self, Identifier, Pre, Semver},
};

pub(super) fn parse(text: &str) -> Option<Semver> {
    let plain = text.strip_prefix("go").unwrap_or(text);
    semver::parse(plain).or_else(|| toolchain(plain.strip_prefix('v').unwrap_or(plain)))
}

/// `1.21`, `1.21.3`, `1.21rc2`, `1.18beta1`.
fn toolchain(text: &str) -> Option<Semver> {
    let (major, rest) = split_digits(text);
    let (minor, rest) = split_digits(rest.strip_prefix('.')?);
    let (patch, rest) = match rest.strip_prefix('.') {
        Some(rest) => split_digits(rest),
        None => ("0", rest),
    };
    let pre = if rest.is_empty() {
        Pre::Released
    } else {
        let word = ["rc", "beta"].into_iter().find(|word| rest.starts_with(word))?;
        Pre::At(vec![Identifier::Word(word.to_owned()), Identifier::Number(Number::parse(&rest[word.len()..])?)])
    };
    Some(Semver { numbers: [Number::parse(major)?, Number::parse(minor)?, Number::parse(patch)?], pre })
}
