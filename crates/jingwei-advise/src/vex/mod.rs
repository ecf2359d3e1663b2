//! Statements about products and faults (VEX): OpenVEX 0.2, CycloneDX and CSAF 2.0.
//!
//! A statement never makes a match disappear. It changes where the match stands, and its author and time stay beside
//! it. Whom to believe is for the caller: only statements of trusted authors belong in a [`VexSet`].

mod csaf;
mod cyclonedx;
mod openvex;

use std::collections::HashMap;

use jingwei_core::{Ecosystem, Limits, Package, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    document,
    flaw::Flaw,
    osv, purl,
    record::MOST_NAMES,
    versions::{Scheme, Version},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VexStatus {
    NotAffected,
    Fixed,
    UnderInvestigation,
    Affected,
}

impl VexStatus {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            VexStatus::NotAffected => "not_affected",
            VexStatus::Fixed => "fixed",
            VexStatus::UnderInvestigation => "under_investigation",
            VexStatus::Affected => "affected",
        }
    }
}

/// Somebody says how a product stands towards a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Ids of the fault.
    pub faults: Vec<String>,
    pub package: Package,
    /// The product whose part the package is; the statement holds in it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    pub status: VexStatus,
    /// Such as `vulnerable_code_not_in_execute_path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
    /// In the author's words; cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    pub author: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The document that it stands in.
    pub document: String,
}

impl Statement {
    /// Whether it holds in a product that its owner calls so: a package URL, with or without a version, or any other name.
    #[must_use]
    pub fn holds_in(&self, product: Option<&str>) -> bool {
        let (Some(within), Some(product)) = (&self.within, product) else { return self.within.is_none() };
        // Packages of registries that are known are compared as such; images and addresses as they are written.
        match (purl::parse(within), purl::parse(product)) {
            (Some(within), Some(product)) => {
                within.ecosystem == product.ecosystem && within.name == product.name && covers(&within, &product)
            }
            _ => within == product || product.strip_prefix(within.as_str()).is_some_and(|rest| rest.starts_with('@')),
        }
    }
}

/// What a document says, and how many of its products could not be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VexDocument {
    pub statements: Vec<Statement>,
    /// Products without a package URL of a known type, or in a repository or of versions that cannot be told here.
    pub untold: usize,
}

/// Recognised by its content.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<VexDocument, Flaw> {
    let value: Value = document::json(bytes, limits)?;
    let context = value.get("@context").map(ToString::to_string).unwrap_or_default();
    if context.contains("openvex.dev") {
        return openvex::read(&value, limits);
    }
    if value.get("bomFormat").and_then(Value::as_str) == Some("CycloneDX") {
        return cyclonedx::read(&value, limits);
    }
    if value.pointer("/document/csaf_version").is_some() {
        return csaf::read(&value, limits);
    }
    Err(Flaw::malformed("VEX", &"it is neither OpenVEX nor CycloneDX nor CSAF"))
}

/// Statements by package and fault.
#[derive(Debug, Clone, Default)]
pub struct VexSet {
    statements: Vec<Statement>,
    by_key: HashMap<(Ecosystem, String, String), Vec<usize>>,
}

impl VexSet {
    #[must_use]
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        let mut set = Self::default();
        for statement in statements {
            let at = set.statements.len();
            for fault in &statement.faults {
                let key = (statement.package.ecosystem, statement.package.name.clone(), fault.clone());
                set.by_key.entry(key).or_default().push(at);
            }
            set.statements.push(statement);
        }
        set
    }

    /// What is said about a package and any of the ids, the newest first; what is said at one time, the worst first.
    pub(crate) fn about<'a>(&self, package: &Package, ids: impl Iterator<Item = &'a str>) -> Vec<&Statement> {
        let mut found: Vec<usize> = Vec::new();
        for id in ids {
            let key = (package.ecosystem, package.name.clone(), id.to_owned());
            found.extend(self.by_key.get(&key).into_iter().flatten());
        }
        found.sort_unstable();
        found.dedup();
        let mut statements: Vec<&Statement> = found.into_iter().filter_map(|at| self.statements.get(at)).collect();
        statements.retain(|statement| covers(&statement.package, package));
        statements
            .sort_by(|a, b| (b.at, b.status, &a.author, &a.document).cmp(&(a.at, a.status, &b.author, &b.document)));
        statements
    }
}

/// A statement without a version is about all of them; one with a version is about no other.
fn covers(stated: &Package, package: &Package) -> bool {
    let Some(stated_version) = &stated.version else { return true };
    let Some(version) = &package.version else { return false };
    stated_version == version
        || Scheme::of_ecosystem(package.ecosystem).is_some_and(|scheme| {
            let read = |text| Version::parse(scheme, text).ok();
            read(stated_version).is_some_and(|stated| read(version) == Some(stated))
        })
}

/// What the documents share: who says it, and where.
struct Author<'a> {
    author: &'a str,
    at: Option<Timestamp>,
    document: &'a str,
}

/// One statement about several products.
#[derive(Clone)]
struct Said<'a> {
    faults: Vec<String>,
    within: Option<&'a str>,
    status: VexStatus,
    justification: Option<&'a str>,
    detail: Option<&'a str>,
}

impl VexDocument {
    fn add(
        &mut self,
        author: &Author<'_>,
        said: &Said<'_>,
        product: Option<&str>,
        limits: &Limits,
    ) -> Result<(), Flaw> {
        self.add_version(author, said, product, None, limits)
    }

    /// With a version where one stands beside the package URL; it goes before the one in it.
    fn add_version(
        &mut self,
        author: &Author<'_>,
        said: &Said<'_>,
        product: Option<&str>,
        version: Option<&str>,
        limits: &Limits,
    ) -> Result<(), Flaw> {
        if (self.statements.len() + self.untold) as u64 >= limits.entries {
            return Err(Flaw::Limit { limit: "entries", value: limits.entries });
        }
        osv::at_most("names of a fault", said.faults.len(), MOST_NAMES)?;
        let product = product.filter(|product| !purl::is_elsewhere(product));
        let Some(package) = product.and_then(purl::parse) else {
            self.untold += 1;
            return Ok(());
        };
        let package = match version {
            Some(version) => Package::new(package.ecosystem, &package.name, Some(version)),
            None => package,
        };
        self.statements.push(Statement {
            faults: said.faults.clone(),
            package,
            within: said.within.map(cut),
            status: said.status,
            justification: said.justification.map(cut),
            detail: said.detail.map(cut),
            author: cut(author.author),
            at: author.at,
            document: cut(author.document),
        });
        Ok(())
    }
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Elements of a list; anything else has none.
fn each<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn word<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn time(value: &Value, key: &str) -> Option<Timestamp> {
    word(value, key)?.parse().ok()
}
