//! Versions, read and ordered as their own registry reads and orders them.
//!
//! A text that the scheme does not know is [`Unparsable`]. It is never taken for 0.0.0, and no letter is ever
//! dropped to make it fit: whoever asks gets an order or learns that there is none.

mod alpine;
mod debian;
mod go;
mod maven;
mod nuget;
mod number;
mod packagist;
mod pep440;
mod product;
mod rubygems;
mod semver;

use std::{cmp::Ordering, fmt};

use jingwei_core::Ecosystem;
use jingwei_read::shown;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use number::Number;

/// Longest version that is read, in bytes. Real ones stay below 100.
pub const LONGEST_VERSION: usize = 256;

/// How versions are written and ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// PEP 440.
    Pep440,
    /// SemVer 2.0.0, all three numbers needed; one `v` before them is a tag's and no part of the version.
    Semver,
    /// deb-version(7), as dpkg compares.
    Debian,
    /// Go modules: SemVer with `v`, pseudo-versions, `+incompatible`; `go1.21rc2` for the toolchain.
    Go,
    /// Maven's version order specification.
    Maven,
    /// `Gem::Version`.
    RubyGems,
    /// NuGet: SemVer with one to four numbers, letters of either case alike.
    Nuget,
    /// apk-tools.
    Alpine,
    /// Composer.
    Packagist,
    /// Numbers between dots, any count of them, nothing else: `4.14.9.5`.
    Dotted,
    /// llama.cpp: `b8492`.
    Build,
    /// A day: `2026.4.10`, `2026-04-10` or `20240410`, perhaps with a number after it.
    Day,
    /// Year and month: `25.07`, perhaps with a number after it.
    YearMonth,
}

impl Scheme {
    pub const ALL: [Scheme; 13] = [
        Scheme::Pep440,
        Scheme::Semver,
        Scheme::Debian,
        Scheme::Go,
        Scheme::Maven,
        Scheme::RubyGems,
        Scheme::Nuget,
        Scheme::Alpine,
        Scheme::Packagist,
        Scheme::Dotted,
        Scheme::Build,
        Scheme::Day,
        Scheme::YearMonth,
    ];

    /// The scheme that a registry enforces; `None` where everybody writes as they like.
    #[must_use]
    pub fn of_ecosystem(ecosystem: Ecosystem) -> Option<Self> {
        match ecosystem {
            Ecosystem::Pypi => Some(Scheme::Pep440),
            Ecosystem::Npm | Ecosystem::Cargo => Some(Scheme::Semver),
            Ecosystem::Go => Some(Scheme::Go),
            Ecosystem::Maven => Some(Scheme::Maven),
            Ecosystem::Debian => Some(Scheme::Debian),
            Ecosystem::Alpine => Some(Scheme::Alpine),
            Ecosystem::Nuget => Some(Scheme::Nuget),
            Ecosystem::RubyGems => Some(Scheme::RubyGems),
            Ecosystem::Packagist => Some(Scheme::Packagist),
            Ecosystem::Huggingface | Ecosystem::Github | Ecosystem::Generic => None,
        }
    }

    /// As the catalog and the store write it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Scheme::Pep440 => "pep440",
            Scheme::Semver => "semver",
            Scheme::Debian => "debian",
            Scheme::Go => "go",
            Scheme::Maven => "maven",
            Scheme::RubyGems => "ruby-gems",
            Scheme::Nuget => "nuget",
            Scheme::Alpine => "alpine",
            Scheme::Packagist => "packagist",
            Scheme::Dotted => "dotted",
            Scheme::Build => "build",
            Scheme::Day => "day",
            Scheme::YearMonth => "year-month",
        }
    }

    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.code() == code)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text is no version of the scheme, so nothing can be said about its place in the order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a {scheme} version", shown(text))]
pub struct Unparsable {
    pub scheme: Scheme,
    /// As it was given; cut after [`LONGEST_VERSION`].
    pub text: String,
}

/// A version that was read. Two of one scheme are in that scheme's order; equal means that the scheme sees no
/// difference, as between `1.0` and `1.0.0` of PEP 440.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(Kind);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Pep440(pep440::Pep440),
    Semver(semver::Semver),
    Debian(debian::Debian),
    Go(semver::Semver),
    Maven(maven::Maven),
    RubyGems(rubygems::Gem),
    Nuget(nuget::Nuget),
    Alpine(alpine::Alpine),
    Packagist(packagist::Packagist),
    Dotted(Vec<Number>),
    Build(Number),
    Day(product::Day),
    YearMonth(Vec<Number>),
}

impl Version {
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self, Unparsable> {
        let trimmed = text.trim();
        let kind = if trimmed.is_empty() || trimmed.len() > LONGEST_VERSION {
            None
        } else {
            match scheme {
                Scheme::Pep440 => pep440::parse(trimmed).map(Kind::Pep440),
                Scheme::Semver => semver::parse(trimmed).map(Kind::Semver),
                Scheme::Debian => debian::parse(trimmed).map(Kind::Debian),
                Scheme::Go => go::parse(trimmed).map(Kind::Go),
                Scheme::Maven => maven::parse(trimmed).map(Kind::Maven),
                Scheme::RubyGems => rubygems::parse(trimmed).map(Kind::RubyGems),
                Scheme::Nuget => nuget::parse(trimmed).map(Kind::Nuget),
                Scheme::Alpine => alpine::parse(trimmed).map(Kind::Alpine),
                Scheme::Packagist => packagist::parse(trimmed).map(Kind::Packagist),
                Scheme::Dotted => product::dotted(trimmed).map(Kind::Dotted),
                Scheme::Build => product::build(trimmed).map(Kind::Build),
                Scheme::Day => product::day(trimmed).map(Kind::Day),
                Scheme::YearMonth => product::year_month(trimmed).map(Kind::YearMonth),
            }
        };
        kind.map(Self).ok_or_else(|| Unparsable { scheme, text: text.chars().take(LONGEST_VERSION).collect() })
    }

    /// Without what only tells one build of a release from another: the local label of PEP 440. `2.5.1+cu121` is
    /// a build of `2.5.1`, and what is said of `2.5.1` holds for it.
    #[must_use]
    pub fn public(&self) -> Self {
        match &self.0 {
            Kind::Pep440(version) => Self(Kind::Pep440(version.public())),
            _ => self.clone(),
        }
    }

    /// Whether it names one build of a release.
    #[must_use]
    pub fn is_build(&self) -> bool {
        matches!(&self.0, Kind::Pep440(version) if version.has_local())
    }
}

/// Orders two versions, or says which of them the scheme cannot read.
pub fn compare(scheme: Scheme, a: &str, b: &str) -> Result<Ordering, Unparsable> {
    Ok(Version::parse(scheme, a)?.cmp(&Version::parse(scheme, b)?))
}

/// Equality and order from one comparison that already sees past different spellings.
macro_rules! ordered_by {
    ($name:ty, $compare:ident) => {
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.$compare(other) == std::cmp::Ordering::Equal
            }
        }
        impl Eq for $name {}
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.$compare(other)
            }
        }
    };
}
pub(crate) use ordered_by;
