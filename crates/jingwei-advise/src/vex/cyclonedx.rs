use std::collections::HashMap;

use jingwei_core::Limits;
use serde_json::Value;

use super::{Author, Said, VexDocument, VexStatus, each, time, word};
use crate::{flaw::Flaw, purl};

pub(super) fn read(value: &Value, limits: &Limits) -> Result<VexDocument, Flaw> {
    let mut purls: HashMap<&str, Named<'_>> = HashMap::new();
    if let Some(main) = value.pointer("/metadata/component") {
        collect(main, &mut purls);
    }
    each(value, "components").for_each(|component| collect(component, &mut purls));

    let mut document = VexDocument::default();
    let issued = value.get("metadata").and_then(|metadata| time(metadata, "timestamp"));
    for fault in each(value, "vulnerabilities") {
        // Without an analysis it is a report of a scanner and no statement.
        let Some(analysis) = fault.get("analysis") else { continue };
        let status = match word(analysis, "state") {
            Some("not_affected" | "false_positive") => VexStatus::NotAffected,
            Some("resolved" | "resolved_with_pedigree") => VexStatus::Fixed,
            Some("in_triage") => VexStatus::UnderInvestigation,
            Some("exploitable") => VexStatus::Affected,
            None => continue,
            Some(other) => return Err(Flaw::bad("analysis.state", other)),
        };
        let others = each(fault, "references").filter_map(|reference| word(reference, "id"));
        let said = Said {
            faults: word(fault, "id").into_iter().chain(others).map(ToOwned::to_owned).collect(),
            within: None,
            status,
            justification: word(analysis, "justification"),
            detail: word(analysis, "detail"),
        };
        let author = Author {
            author: author(value).unwrap_or("?"),
            at: time(analysis, "lastUpdated").or_else(|| time(fault, "updated")).or(issued),
            document: word(value, "serialNumber").unwrap_or("?"),
        };
        for product in each(fault, "affects") {
            let target = word(product, "ref").unwrap_or_default();
            // A link into another BOM ends with the reference inside it.
            let inner = target.rsplit_once('#').map_or(target, |(_, inner)| inner);
            let known = purls.get(target).or_else(|| purls.get(inner)).copied();
            let named = known.unwrap_or(Named { purl: target, version: None });
            let mut versions = each(product, "versions").peekable();
            if versions.peek().is_none() {
                document.add_version(&author, &said, Some(named.purl), named.version, limits)?;
            }
            for one in versions {
                let said = Said { status: status_of(one, status), ..said.clone() };
                // Only single versions can be told; which ones a range holds cannot.
                let version = word(one, "version").filter(|version| !version.trim().is_empty());
                document.add_version(&author, &said, version.and(Some(named.purl)), version, limits)?;
            }
        }
    }
    Ok(document)
}

/// What a component is called. The version is there where the package URL has none.
#[derive(Clone, Copy)]
struct Named<'a> {
    purl: &'a str,
    version: Option<&'a str>,
}

/// What is said of one version goes before what is said of all.
fn status_of(version: &Value, whole: VexStatus) -> VexStatus {
    match (word(version, "status"), whole) {
        (Some("affected"), _) => VexStatus::Affected,
        (Some("unaffected"), VexStatus::Fixed) => VexStatus::Fixed,
        (Some("unaffected"), _) => VexStatus::NotAffected,
        (Some(_), _) => VexStatus::UnderInvestigation,
        (None, whole) => whole,
    }
}

/// The depth of the document is bounded before it is built.
fn collect<'a>(component: &'a Value, purls: &mut HashMap<&'a str, Named<'a>>) {
    if let (Some(reference), Some(purl)) = (word(component, "bom-ref"), word(component, "purl")) {
        let version = word(component, "version").filter(|version| !version.trim().is_empty());
        let told = purl::parse(purl).is_some_and(|package| package.version.is_some());
        purls.insert(reference, Named { purl, version: version.filter(|_| !told) });
    }
    each(component, "components").for_each(|part| collect(part, purls));
}

fn author(value: &Value) -> Option<&str> {
    let metadata = value.get("metadata")?;
    let named =
        ["manufacturer", "manufacture", "supplier"].into_iter().find_map(|key| word(metadata.get(key)?, "name"));
    let person = each(metadata, "authors").find_map(|author| word(author, "name").or_else(|| word(author, "email")));
    person.or(named)
}
