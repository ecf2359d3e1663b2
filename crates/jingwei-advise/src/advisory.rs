//! The catalog's own advisories: `advisories/<id>.toml`.

use jingwei_core::{Date, Ecosystem, Severity, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    flaw::Flaw,
    record::{Affected, Event, Nature, Range, RangeKind, Rating, Record},
    severity,
    versions::{Scheme, Version},
};

/// One advisory of our own writing, for components that public data lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Advisory {
    pub kind: AdvisoryKind,
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// The file name, such as `JW-CVE-2025-3248`.
    pub id: String,
    /// Other names of the same fault: CVE, GHSA.
    #[serde(default)]
    pub aliases: Vec<String>,
    pub title: Text,
    pub summary: Text,
    #[serde(default)]
    pub nature: Nature,
    /// Known to be used by attackers, by CISA's catalogue.
    #[serde(default)]
    pub exploited: bool,
    /// In words; left out where the source gives none. A vector decides before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// A vector of CVSS 3 or 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss: Option<String>,
    #[serde(default)]
    pub cwe: Vec<String>,
    #[serde(default)]
    pub references: Vec<String>,
    /// Where the facts were read.
    pub source: Text,
    /// Whether they were read at the fault's own advisory.
    pub verified: bool,
    /// The day of the last change.
    pub modified: Date,
    #[serde(rename = "package")]
    pub packages: Vec<AdvisoryPackage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdvisoryKind {
    Advisory,
}

/// A stretch of one package's versions. Several entries of one package add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvisoryPackage {
    #[schemars(with = "String")]
    pub ecosystem: Ecosystem,
    /// The registry's own name; of a product that no registry hands out, its plain name in lower case.
    pub name: String,
    pub scheme: Scheme,
    /// The first affected version, `0` for all of them; left out where all earlier ones are affected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced: Option<String>,
    /// The first version that is not affected any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// The last affected version, where no fixed one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_affected: Option<String>,
    /// Exactly these, instead of a stretch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
}

impl Advisory {
    /// Everything that is wrong with it is an error, because it is our own: a version that its scheme cannot read,
    /// an end before its beginning, a package without a stretch.
    pub fn record(&self) -> Result<Record, Flaw> {
        if self.version != 1 {
            return Err(Flaw::bad("version", &self.version.to_string()));
        }
        if self.packages.is_empty() {
            return Err(Flaw::Missing { field: "package" });
        }
        let rating = match &self.cvss {
            Some(vector) => Some(severity::of_vector(vector).ok_or_else(|| Flaw::bad("cvss", vector))?),
            None => self.severity.map(|severity| Rating { severity, score_tenths: None, vector: None }),
        };
        Ok(Record {
            id: self.id.clone(),
            aliases: self.aliases.clone(),
            upstream: Vec::new(),
            modified: Some(self.modified.start()),
            withdrawn: None,
            title: Some(self.title.clone()),
            rating,
            cwe: self.cwe.clone(),
            references: self.references.clone(),
            nature: self.nature,
            exploited: self.exploited,
            unverified: !self.verified,
            source: String::new(),
            affected: self.packages.iter().map(AdvisoryPackage::affected).collect::<Result<_, _>>()?,
        })
    }
}

impl AdvisoryPackage {
    fn affected(&self) -> Result<Affected, Flaw> {
        let mut affected = Affected::new(self.ecosystem, &self.name);
        if affected.name.is_empty() {
            return Err(Flaw::Missing { field: "package.name" });
        }
        match Scheme::of_ecosystem(self.ecosystem) {
            Some(own) if own != self.scheme => return Err(Flaw::bad("package.scheme", self.scheme.code())),
            Some(_) => {}
            None => affected.scheme = Some(self.scheme),
        }
        let introduced = self.introduced.as_ref().filter(|version| *version != "0");
        for version in self.versions.iter().chain(introduced).chain(&self.fixed).chain(&self.last_affected) {
            self.read(version)?;
        }
        affected.versions = self.versions.clone();
        affected.ranges.extend(self.range()?);
        Ok(affected)
    }

    fn read(&self, version: &str) -> Result<Version, Flaw> {
        Version::parse(self.scheme, version).map_err(|_| Flaw::bad("package versions", version))
    }

    fn range(&self) -> Result<Option<Range>, Flaw> {
        let end = match (&self.fixed, &self.last_affected) {
            (Some(_), Some(last)) => return Err(Flaw::bad("package.last_affected", last)),
            (Some(fixed), None) => Some(Event::Fixed(fixed.clone())),
            (None, Some(last)) => Some(Event::LastAffected(last.clone())),
            (None, None) => None,
        };
        if self.introduced.is_none() && end.is_none() {
            // Without versions every version would be meant, which somebody should say with `introduced`.
            return if self.versions.is_empty() { Err(Flaw::Missing { field: "package.fixed" }) } else { Ok(None) };
        }
        if let (Some(introduced), Some(end)) = (&self.introduced, &end)
            && introduced != "0"
            && (self.read(introduced)?, matches!(end, Event::Fixed(_))) > (self.read(end.version())?, false)
        {
            return Err(Flaw::bad("package.introduced", introduced));
        }
        if let Some(fixed) = &self.fixed
            && ["0", "0.0.0"].iter().any(|zero| {
                Version::parse(self.scheme, zero).is_ok_and(|zero| self.read(fixed).is_ok_and(|fixed| fixed <= zero))
            })
        {
            // "Before 0" holds of nothing.
            return Err(Flaw::bad("package.fixed", fixed));
        }
        let start = Event::Introduced(self.introduced.clone().unwrap_or_else(|| "0".to_owned()));
        let events = std::iter::once(start).chain(end).collect();
        Ok(Some(Range { kind: RangeKind::Ecosystem, events }))
    }
}
