//! `pnpm-lock.yaml` 5 to 9.

use std::collections::HashMap;

use super::{
    Scope, Source,
    collect::{Collector, Draft, without_password},
    npm::is_registry,
    npm_spec,
};
use crate::document::{Node, yaml};

const LISTS: [(&str, Scope); 3] =
    [("dependencies", Scope::Runtime), ("optionalDependencies", Scope::Optional), ("devDependencies", Scope::Dev)];

pub(super) fn read(text: &str, out: &mut Collector<'_>) {
    let document = yaml(text, out.limits);
    let Some(document) = out.table(document) else { return };
    let version = document.get("lockfileVersion");
    let major = version.written().and_then(|text| text.split('.').next()).and_then(|text| text.parse().ok());
    let slashed = major == Some(5);
    if !matches!(major, Some(5..=9)) {
        let (zh, en) = ("pnpm-lock.yaml 的版本未知", "the version of this pnpm-lock.yaml is not known");
        out.problem(version.line.max(1), zh, en);
    }
    let mut places: HashMap<String, usize> = HashMap::new();
    for (key, entry) in document.get("packages").table() {
        let Some(draft) = package(key, entry, slashed) else {
            out.problem(entry.line, "一项没有名称和版本", "an entry has no name and version");
            continue;
        };
        if let Some(at) = out.add(draft) {
            places.insert(plain_key(key, slashed), at);
        }
    }
    // Version 9 keeps what a package needs apart from what it is.
    let needs = if document.get("snapshots").is_null() { document.get("packages") } else { document.get("snapshots") };
    for (key, entry) in needs.table() {
        let Some(at) = places.get(&plain_key(key, slashed)).copied() else { continue };
        for (name, chosen) in ["dependencies", "optionalDependencies"].iter().flat_map(|list| entry.get(list).table()) {
            find(&places, name, chosen, slashed).into_iter().for_each(|to| out.link(at, to));
        }
    }
    let mut wanted: HashMap<usize, Scope> = HashMap::new();
    let importers = document.get("importers").table().iter().map(|(_, importer)| importer).chain([&document]);
    for importer in importers {
        for (list, scope) in LISTS {
            for (name, entry) in importer.get(list).table() {
                let chosen = if entry.get("version").is_null() { entry } else { entry.get("version") };
                if let Some(to) = find(&places, name, chosen, slashed) {
                    let known = wanted.entry(to).or_insert(scope);
                    *known = scope.min(*known);
                }
            }
        }
    }
    out.spread(&wanted);
}

/// The key of a package without the peers that were chosen for it and without the old leading slash.
fn plain_key(key: &str, slashed: bool) -> String {
    let key = key.split('(').next().unwrap_or_default();
    let key = key.strip_prefix('/').unwrap_or(key);
    if slashed { key.to_owned() } else { key.trim_end().to_owned() }
}

fn find(places: &HashMap<String, usize>, name: &str, chosen: &Node, slashed: bool) -> Option<usize> {
    let chosen = chosen.written()?;
    let key = plain_key(chosen, slashed);
    let between = if slashed { '/' } else { '@' };
    places.get(&format!("{name}{between}{key}")).or_else(|| places.get(&key)).copied()
}

fn package(key: &str, entry: &Node, slashed: bool) -> Option<Draft> {
    let plain = plain_key(key, slashed);
    let (from_key, rest) = if slashed { split_slashed(&plain) } else { npm_spec::split(&plain) }.unzip();
    let name = entry.get("name").written().or(from_key)?;
    let rest = rest.unwrap_or_default();
    let version = entry.get("version").written();
    let resolution = entry.get("resolution");
    let mut draft = npm_spec::draft(name, version.unwrap_or(rest), entry.line);
    draft.source =
        match (resolution.get("repo").text(), resolution.get("directory").text(), resolution.get("tarball").text()) {
            (Some(repository), ..) => Source::Git {
                url: without_password(repository),
                commit: resolution.get("commit").written().map(ToOwned::to_owned),
            },
            (_, Some(folder), _) => Source::Path { path: folder.to_owned() },
            (.., Some(archive)) if archive.starts_with("file:") => Source::Path { path: archive[5..].to_owned() },
            (.., Some(archive)) if !is_registry(archive, name) => Source::Url { url: without_password(archive) },
            _ => draft.source,
        };
    if matches!(draft.source, Source::Registry { .. }) && draft.package.version.is_none() {
        draft.package.version = Some(version.unwrap_or(rest).to_owned()).filter(|version| !version.is_empty());
        draft.requirement = None;
    }
    Some(draft.hashed(resolution.get("integrity").text()))
}

/// `name/1.0.0_peer@2.0.0`, with a scope or a registry's host before it.
fn split_slashed(key: &str) -> Option<(&str, &str)> {
    let from = match key.find("/@") {
        Some(at) => at + 1,
        // A host has a dot and more than a name and a version behind it.
        None if !key.starts_with('@') && key.split('/').count() > 2 => key.find('/')? + 1,
        None => 0,
    };
    let key = &key[from..];
    let skip = if key.starts_with('@') { key.find('/')? + 1 } else { 0 };
    let end = key[skip..].find('/')? + skip;
    let version = &key[end + 1..];
    Some((&key[..end], version.split('_').next().unwrap_or(version)))
}
