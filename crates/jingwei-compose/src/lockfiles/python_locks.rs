//! `uv.lock`, `poetry.lock` and `pdm.lock`: TOML with one `[[package]]` after another.

use std::collections::{HashMap, HashSet};

use jingwei_core::Ecosystem;

use super::{
    Scope, Source,
    collect::{Collector, Draft, without_password},
    requirement::{self, source_of},
};
use crate::document::{Node, toml};

/// Where packages of a name stand in the list, for links by name.
#[derive(Default)]
struct ByName {
    all: HashMap<String, Vec<usize>>,
    versions: HashMap<(String, String), usize>,
}

/// Versions of one package that a lock for several platforms holds, at most.
const FORKS: usize = 64;

impl ByName {
    fn add(&mut self, name: &str, version: Option<&str>, at: usize) {
        let name = Ecosystem::Pypi.normal_name(name);
        if let Some(version) = version {
            self.versions.insert((name.clone(), version.to_owned()), at);
        }
        let all = self.all.entry(name).or_default();
        if all.len() < FORKS {
            all.push(at);
        }
    }

    /// All of that name where the version is not said: which of a fork's versions is needed depends on its marker.
    fn find(&self, name: &str, version: Option<&str>) -> Vec<usize> {
        let name = Ecosystem::Pypi.normal_name(name);
        let exact = version.and_then(|version| self.versions.get(&(name.clone(), version.to_owned())));
        match exact {
            Some(at) => vec![*at],
            None => self.all.get(&name).cloned().unwrap_or_default(),
        }
    }
}

fn read_document(text: &str, out: &mut Collector<'_>) -> Option<Node> {
    let document = toml(text, out.limits);
    out.table(document)
}

fn is_unnamed(package: &Node, out: &mut Collector<'_>) -> bool {
    let unnamed = package.get("name").filled().is_none();
    if unnamed {
        out.problem(package.line, "有一项没有名称", "an entry has no name");
    }
    unnamed
}

pub(super) fn uv(text: &str, out: &mut Collector<'_>) {
    let Some(document) = read_document(text, out) else { return };
    if !matches!(document.get("version").written(), Some("1")) {
        out.problem(
            document.get("version").line.max(1),
            "uv.lock 的版本未知",
            "the version of this uv.lock is not known",
        );
    }
    let packages = document.get("package").list();
    let mut by_name = ByName::default();
    let mut places = Vec::with_capacity(packages.len());
    for package in packages {
        places.push(uv_package(package, out));
        if let (Some(name), Some(Some(at))) = (package.get("name").text(), places.last()) {
            by_name.add(name, package.get("version").text(), *at);
        }
    }
    let mut wanted: HashMap<usize, Scope> = HashMap::new();
    for (package, at) in packages.iter().zip(&places) {
        let Some(at) = *at else { continue };
        let own = is_local(package.get("source"));
        let mut needs = |list: &Node, scope: Scope, out: &mut Collector<'_>| {
            for dependency in list.list() {
                let Some(name) = dependency.get("name").text() else { continue };
                for to in by_name.find(name, dependency.get("version").text()) {
                    out.link(at, to);
                    if own {
                        let known = wanted.entry(to).or_insert(scope);
                        *known = scope.min(*known);
                    }
                }
            }
        };
        needs(package.get("dependencies"), Scope::Runtime, out);
        for (_, list) in package.get("optional-dependencies").table() {
            needs(list, Scope::Optional, out);
        }
        for (_, list) in package.get("dev-dependencies").table() {
            needs(list, Scope::Dev, out);
        }
    }
    out.spread(&wanted);
}

fn is_local(source: &Node) -> bool {
    ["editable", "virtual", "directory", "path"].iter().any(|key| !source.get(key).is_null())
}

fn uv_package(package: &Node, out: &mut Collector<'_>) -> Option<usize> {
    if is_unnamed(package, out) {
        return None;
    }
    let source = package.get("source");
    let name = package.get("name");
    let mut draft =
        Draft::new(Ecosystem::Pypi, name.text().unwrap_or_default(), package.get("version").text(), name.line);
    draft.source = uv_source(source);
    if let Some(markers) = package.get("resolution-markers").list().first() {
        draft.marker = markers.text().map(ToOwned::to_owned);
    }
    let files = package.get("wheels").list().iter().chain([package.get("sdist")]);
    out.add(draft.hashed(files.filter_map(|file| file.get("hash").text())))
}

fn uv_source(source: &Node) -> Source {
    let at = |key: &str| source.get(key).text();
    if let Some(git) = at("git") {
        let (address, commit) = git.split_once('#').unwrap_or((git, ""));
        let address = address.split('?').next().unwrap_or_default();
        let commit = Some(commit.to_owned()).filter(|commit| !commit.is_empty());
        return Source::Git { url: without_password(address), commit };
    }
    if let Some(url) = at("url") {
        return Source::Url { url: without_password(url) };
    }
    if let Some(path) = ["editable", "virtual", "directory", "path"].iter().find_map(|key| at(key)) {
        return Source::Path { path: path.to_owned() };
    }
    registry(at("registry"))
}

/// The usual registry needs no name.
pub(super) fn registry(url: Option<&str>) -> Source {
    let usual = |url: &str| {
        let bare = url.trim_end_matches('/');
        bare.ends_with("pypi.org/simple") || bare.ends_with("pypi.python.org/simple")
    };
    Source::Registry { url: url.filter(|url| !usual(url)).map(without_password) }
}

pub(super) fn poetry(text: &str, out: &mut Collector<'_>) {
    let Some(document) = read_document(text, out) else { return };
    let packages = document.get("package").list();
    let v1_files = document.path(&["metadata", "files"]);
    // Keys are looked up once per package: a table of its own keeps that linear.
    let v1_files: HashMap<&str, &Node> = v1_files.table().iter().map(|(name, files)| (name.as_str(), files)).collect();
    let mut by_name = ByName::default();
    let mut places = Vec::with_capacity(packages.len());
    for package in packages {
        let mut at = None;
        if !is_unnamed(package, out) {
            let name = package.get("name").text().unwrap_or_default();
            at = out.add(poetry_package(package, v1_files.get(name).copied()));
            if let Some(at) = at {
                by_name.add(name, package.get("version").text(), at);
            }
        }
        places.push(at);
    }
    for (package, at) in packages.iter().zip(places) {
        let Some(at) = at else { continue };
        for (name, _) in package.get("dependencies").table() {
            by_name.find(name, None).into_iter().for_each(|to| out.link(at, to));
        }
    }
}

fn poetry_package(package: &Node, v1_files: Option<&Node>) -> Draft {
    let name = package.get("name");
    let mut draft =
        Draft::new(Ecosystem::Pypi, name.text().unwrap_or_default(), package.get("version").text(), name.line);
    let groups: Vec<&str> = package.get("groups").texts().chain(package.get("category").text()).collect();
    draft.scope = match groups.as_slice() {
        [] => Scope::Runtime,
        groups if groups.contains(&"main") => Scope::Runtime,
        _ => Scope::Dev,
    };
    if draft.scope == Scope::Runtime && package.get("optional").is_true() {
        draft.scope = Scope::Optional;
    }
    // A marker for each group, or one for all.
    let markers = package.get("markers");
    let group = if draft.scope == Scope::Dev { groups.first().copied().unwrap_or_default() } else { "main" };
    draft.marker = markers.text().or(markers.get(group).text()).map(ToOwned::to_owned);
    if draft.scope == Scope::Runtime && draft.marker.as_deref().is_some_and(|marker| marker.contains("extra ==")) {
        draft.scope = Scope::Optional;
    }
    draft.source = poetry_source(package.get("source"));
    let files =
        if package.get("files").is_null() { v1_files.map_or(&[][..], Node::list) } else { package.get("files").list() };
    draft.hashed(files.iter().filter_map(|file| file.get("hash").text()))
}

fn poetry_source(source: &Node) -> Source {
    let url = source.get("url").text().unwrap_or_default();
    match source.get("type").text() {
        Some("git") => Source::Git {
            url: without_password(url),
            commit: source
                .get("resolved_reference")
                .filled()
                .or(source.get("reference").filled())
                .map(ToOwned::to_owned),
        },
        Some("directory" | "file") => Source::Path { path: url.to_owned() },
        Some("url") => Source::Url { url: without_password(url) },
        Some("legacy") => registry(Some(url)),
        _ => Source::Registry { url: None },
    }
}

pub(super) fn pdm(text: &str, out: &mut Collector<'_>) {
    let Some(document) = read_document(text, out) else { return };
    let packages = document.get("package").list();
    let v3_files = document.path(&["metadata", "files"]);
    let v3_files: HashMap<&str, &Node> = v3_files.table().iter().map(|(name, files)| (name.as_str(), files)).collect();
    let mut by_name = ByName::default();
    let mut places = Vec::with_capacity(packages.len());
    for package in packages {
        let mut at = None;
        if !is_unnamed(package, out) {
            let name = package.get("name").text().unwrap_or_default();
            let version = package.get("version").text();
            let old = v3_files.get(format!("{name} {}", version.unwrap_or_default()).as_str()).copied();
            at = out.add(pdm_package(package, old));
            if let Some(at) = at {
                by_name.add(name, version, at);
            }
        }
        places.push(at);
    }
    for (package, at) in packages.iter().zip(places) {
        let Some(at) = at else { continue };
        for dependency in package.get("dependencies").texts() {
            if let Ok(found) = requirement::parse(dependency) {
                by_name.find(&found.name, found.pinned()).into_iter().for_each(|to| out.link(at, to));
            }
        }
    }
}

fn pdm_package(package: &Node, v3_files: Option<&Node>) -> Draft {
    let name = package.get("name");
    let mut draft =
        Draft::new(Ecosystem::Pypi, name.text().unwrap_or_default(), package.get("version").text(), name.line);
    let groups: HashSet<&str> = package.get("groups").texts().collect();
    draft.scope = match () {
        () if groups.is_empty() || groups.contains("default") => Scope::Runtime,
        () if groups.iter().any(|group| group.contains("dev") || group.contains("test")) => Scope::Dev,
        () => Scope::Optional,
    };
    draft.marker = package.get("marker").text().map(ToOwned::to_owned);
    let at = |key: &str| package.get(key).text();
    draft.source = match (at("git"), at("url"), at("path")) {
        (Some(git), ..) => {
            Source::Git { url: without_password(git), commit: at("revision").or(at("ref")).map(ToOwned::to_owned) }
        }
        (_, Some(url), _) => source_of(url),
        (_, _, Some(path)) => Source::Path { path: path.to_owned() },
        _ => Source::Registry { url: None },
    };
    let files = package.get("files").list().iter().chain(v3_files.map_or(&[][..], Node::list));
    draft.hashed(files.filter_map(|file| file.get("hash").text()))
}
