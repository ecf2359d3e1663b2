//! An advisory as it is kept: what decides about versions, what ranks it, and where to read more.

use jingwei_core::{Ecosystem, Severity, Text, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::versions::Scheme;

/// Most references that are kept of a record; the first ones name the advisory itself.
pub(crate) const KEPT_REFERENCES: usize = 8;
/// Longest summary that is kept, in characters.
pub(crate) const KEPT_SUMMARY: usize = 300;
/// Most versions and events that one package's entry may have; the longest real lists have some thousands.
pub(crate) const MOST_VERSIONS: usize = 100_000;
/// Most other names of one fault.
pub(crate) const MOST_NAMES: usize = 100;
/// Most faults that one notice passes on.
pub(crate) const MOST_UPSTREAM: usize = 10_000;
/// Longest id, name or version that is kept, in bytes.
pub(crate) const LONGEST_NAME: usize = 256;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub id: String,
    /// Other names of the same fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Faults that this record passes on, such as the CVEs of a distribution's notice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upstream: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cwe: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    #[serde(default)]
    pub nature: Nature,
    /// The record itself says that the fault is used by attackers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exploited: bool,
    /// Its facts were not read at their source.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unverified: bool,
    /// The import that brought it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    pub affected: Vec<Affected>,
}

/// What kind of news a record is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Nature {
    #[default]
    Vulnerability,
    /// The package itself attacks whoever installs it.
    Malicious,
    /// Unmaintained, or a notice: no fault that can be attacked.
    Informational,
}

/// How bad it is, and by which vector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    pub severity: Severity,
    /// CVSS score in tenths: 98 is 9.8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_tenths: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<String>,
}

/// What a record says about one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    pub ecosystem: Ecosystem,
    /// In its normal spelling.
    pub name: String,
    /// Of a distribution: the `12` of `Debian:12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Where the ecosystem has no scheme of its own, or the record names another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Scheme>,
    /// Versions that are affected, each by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<Range>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    pub kind: RangeKind,
    pub events: Vec<Event>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RangeKind {
    Semver,
    /// In the order of the package's own ecosystem.
    Ecosystem,
    /// Commits; nothing but equality can be told without the repository.
    Git,
}

/// A point at which the answer changes (OSV schema 1.7, `affected[].ranges[].events`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    Introduced(String),
    Fixed(String),
    LastAffected(String),
    Limit(String),
}

impl Event {
    #[must_use]
    pub fn version(&self) -> &str {
        match self {
            Event::Introduced(v) | Event::Fixed(v) | Event::LastAffected(v) | Event::Limit(v) => v,
        }
    }
}

impl Affected {
    #[must_use]
    pub fn new(ecosystem: Ecosystem, name: &str) -> Self {
        Self {
            ecosystem,
            name: met_name(ecosystem, name),
            release: None,
            scheme: None,
            versions: Vec::new(),
            ranges: Vec::new(),
        }
    }

    /// The scheme that orders its versions.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme.or_else(|| Scheme::of_ecosystem(self.ecosystem))
    }
}

/// The spelling under which packages and advisories meet. Products that no registry names are written as they come,
/// `Flowise` here and `flowise` there, and are one all the same.
pub(crate) fn met_name(ecosystem: Ecosystem, name: &str) -> String {
    let normal = ecosystem.normal_name(name);
    if ecosystem == Ecosystem::Generic { normal.to_lowercase() } else { normal }
}

impl Record {
    /// Its id and every other name of the same fault.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.id.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}
