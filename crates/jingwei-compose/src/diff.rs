//! What changed between two bills of materials.

use std::collections::{BTreeMap, BTreeSet};

use jingwei_core::Text;
use serde::{Deserialize, Serialize};

use crate::bom::{AffectedStatus, Bom, Component, Kind};

/// Sorted by what changed, then by kind and name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub changes: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Change {
    pub what: ChangeKind,
    pub kind: Kind,
    /// Name without the version, which is what the two bills have in common.
    pub name: String,
    /// What it was and what it is; which of the two is there follows from `what`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    Added,
    Removed,
    VersionChanged,
    LicenceChanged,
    /// The same version has another content: what a supply-chain attack looks like.
    DigestChanged,
    SupplierChanged,
    SourceChanged,
    /// Facts of a model, dataset or service: base models, training data, endpoints.
    FactsChanged,
    DependencyAdded,
    DependencyRemoved,
    VulnerabilityAdded,
    VulnerabilityRemoved,
    GapAdded,
}

impl ChangeKind {
    pub const ALL: [ChangeKind; 13] = [
        ChangeKind::Added,
        ChangeKind::Removed,
        ChangeKind::VersionChanged,
        ChangeKind::LicenceChanged,
        ChangeKind::DigestChanged,
        ChangeKind::SupplierChanged,
        ChangeKind::SourceChanged,
        ChangeKind::FactsChanged,
        ChangeKind::DependencyAdded,
        ChangeKind::DependencyRemoved,
        ChangeKind::VulnerabilityAdded,
        ChangeKind::VulnerabilityRemoved,
        ChangeKind::GapAdded,
    ];

    /// As it is written in a list of what fails a gate.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ChangeKind::Added => "added",
            ChangeKind::Removed => "removed",
            ChangeKind::VersionChanged => "version-changed",
            ChangeKind::LicenceChanged => "licence-changed",
            ChangeKind::DigestChanged => "digest-changed",
            ChangeKind::SupplierChanged => "supplier-changed",
            ChangeKind::SourceChanged => "source-changed",
            ChangeKind::FactsChanged => "facts-changed",
            ChangeKind::DependencyAdded => "dependency-added",
            ChangeKind::DependencyRemoved => "dependency-removed",
            ChangeKind::VulnerabilityAdded => "vulnerability-added",
            ChangeKind::VulnerabilityRemoved => "vulnerability-removed",
            ChangeKind::GapAdded => "gap-added",
        }
    }

    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    #[must_use]
    pub fn label(self) -> Text {
        let zh = match self {
            ChangeKind::Added => "新增",
            ChangeKind::Removed => "移除",
            ChangeKind::VersionChanged => "版本变化",
            ChangeKind::LicenceChanged => "许可证变化",
            ChangeKind::DigestChanged => "同版本内容变化",
            ChangeKind::SupplierChanged => "供应方变化",
            ChangeKind::SourceChanged => "来源变化",
            ChangeKind::FactsChanged => "事实变化",
            ChangeKind::DependencyAdded => "新增依赖关系",
            ChangeKind::DependencyRemoved => "移除依赖关系",
            ChangeKind::VulnerabilityAdded => "新增漏洞",
            ChangeKind::VulnerabilityRemoved => "漏洞消除",
            ChangeKind::GapAdded => "新增未知部分",
        };
        Text::new(zh, self.code().replace('-', " "))
    }
}

impl Difference {
    /// The changes that a gate names, as `added`, `digest-changed`, or with a kind as `added:model`.
    pub fn failing<'a>(&'a self, named: &'a [String]) -> impl Iterator<Item = &'a Change> {
        self.changes.iter().filter(|change| {
            named.iter().any(|one| match one.split_once(':') {
                Some((what, kind)) => what == change.what.code() && kind == change.kind.code(),
                None => one == change.what.code(),
            })
        })
    }

    /// How many there are of each, for conditions: `changes["added"] > 0`.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts: BTreeMap<&'static str, u64> = ChangeKind::ALL.iter().map(|kind| (kind.code(), 0)).collect();
        for change in &self.changes {
            *counts.entry(change.what.code()).or_default() += 1;
        }
        counts
    }
}

/// The identity of a component over versions.
type Key = (Kind, String);

fn key(component: &Component) -> Key {
    let name = match &component.purl {
        Some(purl) => purl.split(['?', '#']).next().unwrap_or_default().to_owned(),
        None => component.name.clone(),
    };
    let bare = match (&component.purl, &component.version) {
        (Some(_), Some(_)) => name.rsplit_once('@').map_or(name.as_str(), |(before, _)| before).to_owned(),
        _ => name,
    };
    (component.kind, bare)
}

fn by_key(bom: &Bom) -> BTreeMap<Key, Vec<&Component>> {
    let mut map: BTreeMap<Key, Vec<&Component>> = BTreeMap::new();
    for component in &bom.components {
        map.entry(key(component)).or_default().push(component);
    }
    map
}

/// Compares two settled bills.
#[must_use]
pub fn diff(old: &Bom, new: &Bom) -> Difference {
    let (before, after) = (by_key(old), by_key(new));
    let mut changes = Vec::new();
    let keys: BTreeSet<&Key> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let none = Vec::new();
        let was = before.get(key).unwrap_or(&none);
        let is = after.get(key).unwrap_or(&none);
        compare_all(key, was, is, &mut changes);
    }
    dependencies(old, new, &mut changes);
    let (was, is) = (affected(old), affected(new));
    let vulnerability = |what, (id, name): &(String, String)| Change {
        what,
        kind: Kind::Package,
        name: id.clone(),
        old: (what == ChangeKind::VulnerabilityRemoved).then(|| name.clone()),
        new: (what == ChangeKind::VulnerabilityAdded).then(|| name.clone()),
    };
    changes.extend(is.difference(&was).map(|one| vulnerability(ChangeKind::VulnerabilityAdded, one)));
    changes.extend(was.difference(&is).map(|one| vulnerability(ChangeKind::VulnerabilityRemoved, one)));
    let known: BTreeSet<&Text> = old.gaps.iter().collect();
    for gap in new.gaps.iter().filter(|gap| !known.contains(gap)) {
        changes.push(Change {
            what: ChangeKind::GapAdded,
            kind: Kind::File,
            name: gap.en.clone(),
            old: None,
            new: None,
        });
    }
    changes.sort();
    changes.dedup();
    Difference { changes }
}

/// Faults with the names of the components that they affect. A fault that is only listed, as one that does not apply,
/// is none; one of which nobody says what it affects is.
fn affected(bom: &Bom) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for one in &bom.vulnerabilities {
        if one.affects.is_empty() {
            found.insert((one.id.clone(), String::new()));
        }
        for affects in one.affects.iter().filter(|affects| affects.status == AffectedStatus::Affected) {
            let name = bom.component(&affects.component).map_or(affects.component.as_str(), |one| one.name.as_str());
            found.insert((one.id.clone(), name.to_owned()));
        }
    }
    found
}

/// Components of one name. Those of the same version are compared with each other, of the rest one old and one new make a change of version.
fn compare_all(key: &Key, was: &[&Component], is: &[&Component], changes: &mut Vec<Change>) {
    let by_version = |list: &[&Component]| -> BTreeMap<Option<String>, Vec<usize>> {
        let mut map: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
        for (at, one) in list.iter().enumerate() {
            map.entry(one.version.clone()).or_default().push(at);
        }
        map
    };
    let (before, after) = (by_version(was), by_version(is));
    let (mut gone, mut come): (Vec<&Component>, Vec<&Component>) = (Vec::new(), Vec::new());
    let (mut fewer, mut more): (Vec<&Component>, Vec<&Component>) = (Vec::new(), Vec::new());
    for (version, old) in &before {
        let Some(new) = after.get(version) else {
            gone.extend(old.iter().map(|at| was[*at]));
            continue;
        };
        // Of several of one version, those of the same place belong together, and the rest in their order.
        let mut left: Vec<Option<&Component>> = new.iter().map(|at| Some(is[*at])).collect();
        let mut alone = Vec::new();
        for one in old.iter().map(|at| was[*at]) {
            let same = left.iter_mut().find(|new| new.is_some_and(|new| new.id == one.id));
            match same.and_then(Option::take) {
                Some(new) => compare(key, one, new, changes),
                None => alone.push(one),
            }
        }
        let mut left = left.into_iter().flatten();
        for one in alone {
            match left.next() {
                Some(new) => compare(key, one, new, changes),
                None => fewer.push(one),
            }
        }
        more.extend(left);
    }
    for (_, new) in after.iter().filter(|(version, _)| !before.contains_key(*version)) {
        come.extend(new.iter().map(|at| is[*at]));
    }
    let change = |what, old: Option<&Component>, new: Option<&Component>| {
        let version = |one: Option<&Component>| one.and_then(|one| one.version.clone());
        Change { what, kind: key.0, name: key.1.clone(), old: version(old), new: version(new) }
    };
    if let ([old], [new]) = (gone.as_slice(), come.as_slice()) {
        changes.push(change(ChangeKind::VersionChanged, Some(old), Some(new)));
        compare_but_content(key, old, new, changes);
        gone.clear();
        come.clear();
    }
    gone.extend(fewer);
    come.extend(more);
    changes.extend(gone.into_iter().map(|old| change(ChangeKind::Removed, Some(old), None)));
    changes.extend(come.into_iter().map(|new| change(ChangeKind::Added, None, Some(new))));
}

fn compare(key: &Key, old: &Component, new: &Component, changes: &mut Vec<Change>) {
    // Files of a release may be added later; a change is that one of the old is gone.
    let of = |one: &Component| -> BTreeSet<String> { one.hashes.iter().cloned().collect() };
    let (was, is) = (of(old), of(new));
    if let Some(lost) = was.difference(&is).next() {
        let algorithm = lost.split_once(':').map(|(algorithm, _)| algorithm);
        let alike = |hash: &&String| hash.split_once(':').map(|(algorithm, _)| algorithm) == algorithm;
        let come = || is.difference(&was);
        changes.push(Change {
            what: ChangeKind::DigestChanged,
            kind: key.0,
            name: key.1.clone(),
            old: Some(lost.clone()),
            new: come().find(alike).or_else(|| come().next()).cloned(),
        });
    }
    compare_but_content(key, old, new, changes);
}

fn compare_but_content(key: &Key, old: &Component, new: &Component, changes: &mut Vec<Change>) {
    let licences = |one: &Component| -> Option<String> {
        let list: BTreeSet<&str> =
            one.licences.iter().map(|one| one.expression.as_deref().unwrap_or(&one.stated)).collect();
        (!list.is_empty()).then(|| list.into_iter().collect::<Vec<_>>().join(" AND "))
    };
    let sources = |one: &Component| -> Option<String> {
        let list: Vec<&str> = one.links.iter().map(|link| link.url.as_str()).collect();
        (!list.is_empty()).then(|| list.join(" "))
    };
    // Where a registry's package is really taken from, such as `repository_url=`.
    let qualifiers = |one: &Component| -> Option<String> {
        let (whole, inner) = one.purl.as_deref()?.split_once('#').unwrap_or((one.purl.as_deref()?, ""));
        let list = whole.split_once('?').map_or("", |(_, list)| list);
        let list: BTreeSet<&str> = list.split('&').filter(|one| !one.is_empty()).collect();
        let mut text = list.into_iter().collect::<Vec<_>>().join("&");
        if !inner.is_empty() {
            text = format!("{text}#{inner}");
        }
        (!text.is_empty()).then_some(text)
    };
    let facts = |one: &Component| -> Option<String> {
        let json = match key.0 {
            Kind::Model => serde_json::to_string(&one.model),
            Kind::Dataset => serde_json::to_string(&one.dataset),
            Kind::Service => serde_json::to_string(&one.service),
            _ => return None,
        };
        json.ok()
    };
    for (what, was, is) in [
        (ChangeKind::LicenceChanged, licences(old), licences(new)),
        (ChangeKind::SupplierChanged, old.supplier.clone(), new.supplier.clone()),
        (ChangeKind::SourceChanged, sources(old), sources(new)),
        (ChangeKind::SourceChanged, qualifiers(old), qualifiers(new)),
        (ChangeKind::FactsChanged, facts(old), facts(new)),
    ] {
        if was != is {
            changes.push(Change { what, kind: key.0, name: key.1.clone(), old: was, new: is });
        }
    }
}

/// Between names rather than versions: an update of both ends is no new dependency.
fn dependencies(old: &Bom, new: &Bom, changes: &mut Vec<Change>) {
    let named = |bom: &Bom| -> BTreeSet<(Key, String)> {
        let keys: BTreeMap<&str, Key> = bom.components.iter().map(|one| (one.id.as_str(), key(one))).collect();
        let edge =
            |from: &String, to: &String| Some((keys.get(from.as_str())?.clone(), keys.get(to.as_str())?.1.clone()));
        bom.dependencies.iter().flat_map(|(from, list)| list.iter().filter_map(move |to| edge(from, to))).collect()
    };
    let (was, is) = (named(old), named(new));
    let old_names: BTreeSet<Key> = old.components.iter().map(key).collect();
    let new_names: BTreeSet<Key> = new.components.iter().map(key).collect();
    // What came or went with its component is told by that.
    for ((from, to), what) in is
        .difference(&was)
        .map(|edge| (edge, ChangeKind::DependencyAdded))
        .chain(was.difference(&is).map(|edge| (edge, ChangeKind::DependencyRemoved)))
    {
        if old_names.contains(from) && new_names.contains(from) {
            let (old, new) =
                if what == ChangeKind::DependencyAdded { (None, Some(to.clone())) } else { (Some(to.clone()), None) };
            changes.push(Change { what, kind: from.0, name: from.1.clone(), old, new });
        }
    }
}
