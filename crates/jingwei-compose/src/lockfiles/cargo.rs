//! `Cargo.lock` 1 to 4 and `Cargo.toml`.

use std::collections::HashMap;

use jingwei_core::Ecosystem;

use super::{
    Scope, Source,
    collect::{Collector, Draft, without_password},
};
use crate::document::{Node, toml};

pub(super) fn lock(text: &str, out: &mut Collector<'_>) {
    let document = toml(text, out.limits);
    let Some(document) = out.table(document) else { return };
    if document.get("version").written().is_some_and(|version| !matches!(version, "1" | "2" | "3" | "4")) {
        out.problem(
            document.get("version").line,
            "Cargo.lock 的版本未知",
            "the version of this Cargo.lock is not known",
        );
    }
    let checksums: HashMap<&str, &str> = document
        .get("metadata")
        .table()
        .iter()
        .filter_map(|(key, value)| Some((key.as_str(), value.text()?)))
        .collect();
    let root = document.get("root");
    let packages: Vec<&Node> = document.get("package").list().iter().chain((!root.is_null()).then_some(root)).collect();
    let mut by_name = ByName::default();
    let mut places = Vec::with_capacity(packages.len());
    for package in &packages {
        let at = locked(package, &checksums, out);
        if let Some(at) = at {
            by_name.add(package, at);
        }
        places.push(at);
    }
    out.none_wanted();
    for (package, at) in packages.iter().zip(places) {
        let Some(at) = at else { continue };
        for needed in package.get("dependencies").texts() {
            if let Some(to) = by_name.find(needed) {
                out.link(at, to);
                if package.get("source").is_null() {
                    out.want(to);
                }
            }
        }
    }
}

fn locked(package: &Node, checksums: &HashMap<&str, &str>, out: &mut Collector<'_>) -> Option<usize> {
    let name = package.get("name");
    let Some(text) = name.filled() else {
        out.problem(package.line, "有一项没有名称", "an entry has no name");
        return None;
    };
    let version = package.get("version").text();
    let source = package.get("source").text();
    let mut draft = Draft::new(Ecosystem::Cargo, text, version, name.line);
    draft.source = match source {
        None => Source::Path { path: String::new() },
        Some(source) => of_source(source),
    };
    let old = format!("checksum {text} {} ({})", version.unwrap_or_default(), source.unwrap_or_default());
    let checksum = package.get("checksum").text().or_else(|| checksums.get(old.as_str()).copied());
    let checksum = checksum.map(|checksum| format!("sha256:{checksum}"));
    out.add(draft.hashed(checksum.as_deref()))
}

fn of_source(source: &str) -> Source {
    if let Some(git) = source.strip_prefix("git+") {
        let (address, commit) = git.split_once('#').unwrap_or((git, ""));
        let url = without_password(address.split('?').next().unwrap_or_default());
        return Source::Git { url, commit: Some(commit.to_owned()).filter(|commit| !commit.is_empty()) };
    }
    let url = source.strip_prefix("registry+").unwrap_or(source);
    let usual = url.contains("github.com/rust-lang/crates.io-index") || url.contains("index.crates.io");
    Source::Registry { url: if usual { None } else { Some(without_password(url)) } }
}

/// Packages by as much as is needed to tell them apart.
#[derive(Default)]
struct ByName<'d> {
    first: HashMap<&'d str, usize>,
    /// With the source of each.
    versions: HashMap<(&'d str, &'d str), Vec<(&'d str, usize)>>,
}

/// Sources from which one version of a package comes, at most.
const SOURCES: usize = 16;

impl<'d> ByName<'d> {
    fn add(&mut self, package: &'d Node, at: usize) {
        let text = |key: &str| package.get(key).text().unwrap_or_default();
        self.first.entry(text("name")).or_insert(at);
        let sources = self.versions.entry((text("name"), text("version"))).or_default();
        if sources.len() < SOURCES {
            sources.push((text("source"), at));
        }
    }

    /// `name`, `name version` or `name version (source)`, where the source lacks a commit.
    fn find(&self, needed: &str) -> Option<usize> {
        let mut parts = needed.splitn(3, ' ');
        let name = parts.next()?;
        let Some(version) = parts.next() else { return self.first.get(name).copied() };
        let source = parts.next().map_or("", |source| source.trim_matches(['(', ')']));
        let sources = self.versions.get(&(name, version))?;
        sources.iter().find(|(known, _)| known.starts_with(source)).map(|(_, at)| *at)
    }
}

pub(super) fn manifest(text: &str, out: &mut Collector<'_>) {
    let document = toml(text, out.limits);
    let Some(document) = out.table(document) else { return };
    let shared = document.path(&["workspace", "dependencies"]).table();
    let by_name: Shared<'_> = shared.iter().map(|(name, entry)| (name.as_str(), entry)).collect();
    lists(&document, &by_name, out);
    for (_, target) in document.get("target").table() {
        lists(target, &by_name, out);
    }
    for (name, entry) in shared {
        one(name, entry, &by_name, Scope::Runtime, out);
    }
}

/// What the manifest of a workspace says for its members.
type Shared<'d> = HashMap<&'d str, &'d Node>;

fn lists(table: &Node, shared: &Shared<'_>, out: &mut Collector<'_>) {
    for (list, scope) in [
        ("dependencies", Scope::Runtime),
        ("dev-dependencies", Scope::Dev),
        ("dev_dependencies", Scope::Dev),
        ("build-dependencies", Scope::Build),
        ("build_dependencies", Scope::Build),
    ] {
        for (name, entry) in table.get(list).table() {
            one(name, entry, shared, scope, out);
        }
    }
}

fn one(name: &str, entry: &Node, shared: &Shared<'_>, scope: Scope, out: &mut Collector<'_>) {
    let inherited = entry.get("workspace").is_true();
    let above = shared.get(name).copied();
    let stated = if inherited { above.unwrap_or(entry) } else { entry };
    if inherited && above.is_none() {
        let (zh, en) = (
            "版本写在工作区的清单里，此处未知",
            "its version stands in the workspace's manifest and is not known here",
        );
        out.problem(entry.line, zh, en);
    }
    let at = |key: &str| stated.get(key).text();
    let range = stated.text().or(at("version")).map(str::trim);
    let exact = range
        .and_then(|range| range.strip_prefix('='))
        .map(str::trim)
        .filter(|version| version.split('.').count() >= 3 && !version.contains([',', '*']));
    let mut draft = Draft::new(Ecosystem::Cargo, at("package").unwrap_or(name), exact, entry.line);
    draft.requirement = if exact.is_none() { range.map(ToOwned::to_owned) } else { None };
    draft.direct = Some(true);
    let optional = entry.get("optional").is_true() || stated.get("optional").is_true();
    draft.scope = if optional && scope == Scope::Runtime { Scope::Optional } else { scope };
    draft.source = match (at("git"), at("path"), at("registry-index").or(at("registry"))) {
        (Some(git), ..) => {
            Source::Git { url: without_password(git), commit: at("rev").or(at("tag")).map(ToOwned::to_owned) }
        }
        (_, Some(path), _) => Source::Path { path: path.to_owned() },
        (.., registry) => Source::Registry { url: registry.map(without_password) },
    };
    out.add(draft);
}
