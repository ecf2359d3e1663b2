//! SPDX 2.2 and 2.3 as JSON, by anybody.

use std::collections::HashMap;

use jingwei_core::Text;
use jingwei_read::shown;

use super::{Bom, BomError, Component, Kind, Link, LinkKind, SUBJECT, StatedLicence, component_id, lists, refused};
use crate::document::Node;

pub(super) fn read(document: &Node) -> Result<Bom, BomError> {
    let stated = document.get("spdxVersion");
    let version = stated.text().unwrap_or_default();
    let known = |known: &str| version.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    if !known("SPDX-2.2") && !known("SPDX-2.3") {
        let version = shown(version);
        return Err(refused(stated.line, format!("版本 {version} 未知"), format!("version {version} is not known")));
    }
    lists(document, &["packages", "files", "relationships", "documentDescribes"])?;
    let empty = ["packages", "files", "documentDescribes"].iter().all(|key| document.get(key).is_null());
    if empty && document.get("SPDXID").filled().is_none() {
        let (zh, en) = ("既没有软件包，也没有文件和 SPDXID", "it has neither packages nor files nor an SPDXID");
        return Err(refused(document.line, zh, en));
    }
    let mut bom = Bom::default();
    bom.subject.name = document.get("name").text().unwrap_or_default().to_owned();
    let packages = document.get("packages").list();
    let described = described(document);
    // One package that the document describes is the subject; several are parts of what the document names.
    let root = match described.as_slice() {
        [one] => packages.iter().find(|package| package.get("SPDXID").text() == Some(one)),
        _ => None,
    };
    let mut names: HashMap<&str, String> = HashMap::new();
    names.insert("SPDXRef-DOCUMENT", SUBJECT.to_owned());
    if let Some(root) = root {
        bom.subject.name = root.get("name").text().unwrap_or_default().to_owned();
        bom.subject.version = root.get("versionInfo").filled().map(ToOwned::to_owned);
        names.insert(root.get("SPDXID").text().unwrap_or_default(), SUBJECT.to_owned());
    }
    for package in packages {
        let Some(reference) = package.get("SPDXID").filled() else {
            bom.gaps.push(nameless(package));
            continue;
        };
        if names.contains_key(reference) {
            continue;
        }
        let one = component(package);
        names.insert(reference, one.id.clone());
        bom.components.push(one);
    }
    for file in document.get("files").list() {
        let Some(reference) = file.get("SPDXID").filled() else {
            bom.gaps.push(nameless(file));
            continue;
        };
        let name = file.get("fileName").text().unwrap_or("?");
        let mut one = Component::new(Kind::File, name, None, None);
        one.hashes = hashes(file);
        names.insert(reference, one.id.clone());
        bom.components.push(one);
    }
    relations(document, &names, &mut bom);
    Ok(bom)
}

fn nameless(node: &Node) -> Text {
    Text::new(
        format!("第 {} 行的一项没有 SPDXID", node.line),
        format!("the element on line {} has no SPDXID", node.line),
    )
}

fn described(document: &Node) -> Vec<&str> {
    let stated = document.get("documentDescribes").texts();
    let related = document.get("relationships").list().iter().filter(|one| {
        one.get("relationshipType").text() == Some("DESCRIBES")
            && one.get("spdxElementId").text() == Some("SPDXRef-DOCUMENT")
    });
    let mut all: Vec<&str> = stated.chain(related.filter_map(|one| one.get("relatedSpdxElement").text())).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// `NOASSERTION` and `NONE` say nothing.
fn said(node: &Node) -> Option<&str> {
    node.filled().filter(|text| !matches!(*text, "NOASSERTION" | "NONE"))
}

fn component(package: &Node) -> Component {
    let references = package.get("externalRefs").list();
    let purl = references
        .iter()
        .find(|one| one.get("referenceType").text() == Some("purl"))
        .and_then(|one| one.get("referenceLocator").filled())
        .map(ToOwned::to_owned);
    let name = package.get("name").text().unwrap_or("?");
    let mut one = Component::new(Kind::Package, name, package.get("versionInfo").filled(), purl);
    if one.purl.is_none() {
        one.id = component_id(package.get("SPDXID").text().unwrap_or_default());
    }
    one.description = said(package.get("description")).or(said(package.get("summary"))).map(ToOwned::to_owned);
    let supplier = said(package.get("supplier")).map(|text| text.split_once(": ").map_or(text, |(_, name)| name));
    one.supplier = supplier.map(ToOwned::to_owned);
    one.hashes = hashes(package);
    let licences = [package.get("licenseConcluded"), package.get("licenseDeclared")].into_iter().filter_map(said);
    one.licences =
        licences.map(|text| StatedLicence { stated: text.to_owned(), expression: Some(text.to_owned()) }).collect();
    if let Some(url) = said(package.get("downloadLocation")) {
        one.links.push(Link { kind: LinkKind::Distribution, url: url.to_owned() });
    }
    if let Some(url) = said(package.get("homepage")) {
        one.links.push(Link { kind: LinkKind::Website, url: url.to_owned() });
    }
    one
}

fn hashes(node: &Node) -> Vec<String> {
    let one = |one: &Node| {
        let algorithm = one.get("algorithm").text()?.to_ascii_lowercase();
        Some(format!("{algorithm}:{}", one.get("checksumValue").text()?.to_ascii_lowercase()))
    };
    node.get("checksums").list().iter().filter_map(one).collect()
}

fn relations(document: &Node, names: &HashMap<&str, String>, bom: &mut Bom) {
    let mut parents: HashMap<String, String> = HashMap::new();
    for one in document.get("relationships").list() {
        let (from, to) = (one.get("spdxElementId").text(), one.get("relatedSpdxElement").text());
        let (Some(from), Some(to)) = (from.and_then(|id| names.get(id)), to.and_then(|id| names.get(id))) else {
            continue;
        };
        let (from, to) = match one.get("relationshipType").text() {
            Some("DEPENDS_ON") => (from, to),
            Some(
                "DEPENDENCY_OF"
                | "RUNTIME_DEPENDENCY_OF"
                | "DEV_DEPENDENCY_OF"
                | "BUILD_DEPENDENCY_OF"
                | "OPTIONAL_DEPENDENCY_OF"
                | "TEST_DEPENDENCY_OF"
                | "PROVIDED_DEPENDENCY_OF",
            ) => (to, from),
            Some("CONTAINS") if from != SUBJECT => {
                parents.insert(to.clone(), from.clone());
                continue;
            }
            _ => continue,
        };
        bom.dependencies.entry(from.clone()).or_default().insert(to.clone());
        bom.dependencies_known = true;
    }
    for component in &mut bom.components {
        component.parent = parents.get(&component.id).cloned();
    }
}
