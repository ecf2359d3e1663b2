use std::{fmt, fmt::Write as _};

use serde::{Deserialize, Serialize};

/// Where packages come from, and so how their names and versions are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ecosystem {
    Pypi,
    Npm,
    Cargo,
    Go,
    Maven,
    Debian,
    Alpine,
    Nuget,
    RubyGems,
    Packagist,
    Huggingface,
    Github,
    /// Something that no registry hands out, such as a server program.
    Generic,
}

impl Ecosystem {
    pub const ALL: [Ecosystem; 13] = [
        Ecosystem::Pypi,
        Ecosystem::Npm,
        Ecosystem::Cargo,
        Ecosystem::Go,
        Ecosystem::Maven,
        Ecosystem::Debian,
        Ecosystem::Alpine,
        Ecosystem::Nuget,
        Ecosystem::RubyGems,
        Ecosystem::Packagist,
        Ecosystem::Huggingface,
        Ecosystem::Github,
        Ecosystem::Generic,
    ];

    /// The name that OSV records use (OSV schema 1.7, `affected[].package.ecosystem`).
    #[must_use]
    pub fn osv(self) -> &'static str {
        match self {
            Ecosystem::Pypi => "PyPI",
            Ecosystem::Npm => "npm",
            Ecosystem::Cargo => "crates.io",
            Ecosystem::Go => "Go",
            Ecosystem::Maven => "Maven",
            Ecosystem::Debian => "Debian",
            Ecosystem::Alpine => "Alpine",
            Ecosystem::Nuget => "NuGet",
            Ecosystem::RubyGems => "RubyGems",
            Ecosystem::Packagist => "Packagist",
            Ecosystem::Huggingface => "Hugging Face",
            Ecosystem::Github => "GitHub",
            Ecosystem::Generic => "Generic",
        }
    }

    /// From an OSV name; a release after a colon, as in `Debian:12`, is left out.
    #[must_use]
    pub fn of_osv(name: &str) -> Option<Self> {
        let name = name.split(':').next().unwrap_or_default();
        Self::ALL.into_iter().find(|one| one.osv() == name)
    }

    /// The type of a package URL (purl specification, `purl-types`).
    #[must_use]
    pub fn purl_type(self) -> &'static str {
        match self {
            Ecosystem::Pypi => "pypi",
            Ecosystem::Npm => "npm",
            Ecosystem::Cargo => "cargo",
            Ecosystem::Go => "golang",
            Ecosystem::Maven => "maven",
            Ecosystem::Debian => "deb",
            Ecosystem::Alpine => "apk",
            Ecosystem::Nuget => "nuget",
            Ecosystem::RubyGems => "gem",
            Ecosystem::Packagist => "composer",
            Ecosystem::Huggingface => "huggingface",
            Ecosystem::Github => "github",
            Ecosystem::Generic => "generic",
        }
    }

    #[must_use]
    pub fn of_purl_type(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.purl_type().eq_ignore_ascii_case(name))
    }

    /// One spelling per package: PEP 503 for PyPI, lower case where the registry does not care.
    #[must_use]
    pub fn normal_name(self, name: &str) -> String {
        match self {
            Ecosystem::Pypi => {
                let mut normal = String::with_capacity(name.len());
                for c in name.trim().chars() {
                    match c {
                        '-' | '_' | '.' if normal.ends_with('-') => {}
                        '-' | '_' | '.' => normal.push('-'),
                        c => normal.extend(c.to_lowercase()),
                    }
                }
                normal
            }
            Ecosystem::Nuget | Ecosystem::Packagist | Ecosystem::Github => name.trim().to_lowercase(),
            _ => name.trim().to_owned(),
        }
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.osv())
    }
}

/// A package by the registry's own name: `torch`, `@scope/name`, `org.group:artifact`, `golang.org/x/net`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Package {
    pub ecosystem: Ecosystem,
    /// In its normal spelling; see [`Ecosystem::normal_name`].
    pub name: String,
    /// As written; absent where nothing pins it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Package {
    #[must_use]
    pub fn new(ecosystem: Ecosystem, name: &str, version: Option<&str>) -> Self {
        Self { ecosystem, name: ecosystem.normal_name(name), version: version.map(ToOwned::to_owned) }
    }

    /// The package URL (purl specification): `pkg:npm/%40scope/name@1.0.0`.
    #[must_use]
    pub fn purl(&self) -> String {
        let name = match self.ecosystem {
            Ecosystem::Maven => self.name.replacen(':', "/", 1),
            Ecosystem::Debian => format!("debian/{}", self.name),
            Ecosystem::Alpine => format!("alpine/{}", self.name),
            _ => self.name.clone(),
        };
        let mut purl = format!("pkg:{}/", self.ecosystem.purl_type());
        percent_encode(&name, &mut purl, true);
        if let Some(version) = &self.version {
            purl.push('@');
            percent_encode(version, &mut purl, false);
        }
        purl
    }
}

fn percent_encode(text: &str, out: &mut String, slashes: bool) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'~' | b':' => out.push(char::from(byte)),
            b'/' if slashes => out.push('/'),
            // Writing to a string cannot fail.
            byte => drop(write!(out, "%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_are_those_of_the_specification() {
        for (ecosystem, name, version, expected) in [
            (Ecosystem::Pypi, "Django_Rest.Framework", Some("3.14"), "pkg:pypi/django-rest-framework@3.14"),
            (Ecosystem::Npm, "@angular/core", Some("17.0.0"), "pkg:npm/%40angular/core@17.0.0"),
            (Ecosystem::Maven, "org.apache:commons", Some("1.0"), "pkg:maven/org.apache/commons@1.0"),
            (Ecosystem::Go, "golang.org/x/net", Some("v0.1.0"), "pkg:golang/golang.org/x/net@v0.1.0"),
            (Ecosystem::Debian, "openssl", Some("1:3.0+deb12"), "pkg:deb/debian/openssl@1:3.0%2Bdeb12"),
            (Ecosystem::Cargo, "serde", None, "pkg:cargo/serde"),
        ] {
            assert_eq!(Package::new(ecosystem, name, version).purl(), expected);
        }
    }

    #[test]
    fn ecosystems_are_found_by_their_names() {
        assert_eq!(Ecosystem::of_osv("Debian:12"), Some(Ecosystem::Debian));
        assert_eq!(Ecosystem::of_osv("pypi"), None);
        assert_eq!(Ecosystem::of_purl_type("PyPI"), Some(Ecosystem::Pypi));
    }
}
