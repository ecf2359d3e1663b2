//! `yarn.lock`: the notation of version 1, and the YAML of later ones.

use std::collections::HashMap;

use super::{
    Scope, Source,
    collect::{Collector, Draft},
    npm::is_registry,
    npm_spec,
};
use crate::document::{Node, yaml};

pub(super) fn read(text: &str, out: &mut Collector<'_>) {
    let berry = text.lines().take(50).any(|line| line.starts_with("__metadata:"));
    if berry { later(text, out) } else { first(text, out) }
}

/// An entry of version 1 that has begun.
struct Entry {
    keys: Vec<String>,
    line: u32,
    version: Option<String>,
    resolved: Option<String>,
    integrity: Option<String>,
    needs: Vec<(String, String)>,
}

fn first(text: &str, out: &mut Collector<'_>) {
    let mut entries: Vec<Entry> = Vec::new();
    let mut listing = false;
    for (n, content) in text.lines().enumerate() {
        let line = u32::try_from(n + 1).unwrap_or(u32::MAX);
        let trimmed = content.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let indent = content.len() - content.trim_start().len();
        if indent == 0 {
            let keys = words(trimmed.trim_end_matches(':'));
            if !trimmed.ends_with(':') || keys.is_empty() {
                out.problem(line, "一行不可读", "the line cannot be read");
                continue;
            }
            listing = false;
            entries.push(Entry { keys, line, version: None, resolved: None, integrity: None, needs: Vec::new() });
            continue;
        }
        let Some(entry) = entries.last_mut() else {
            out.problem(line, "一行不属于任何一项", "the line belongs to no entry");
            continue;
        };
        let mut parts = words(trimmed).into_iter();
        let (key, value) = (parts.next().unwrap_or_default(), parts.next());
        match (indent, key.as_str(), value) {
            (2, "version", value) => entry.version = value,
            (2, "resolved", value) => entry.resolved = value,
            (2, "integrity", value) => entry.integrity = value,
            (2, list, None) => listing = matches!(list, "dependencies:" | "optionalDependencies:"),
            (4, _, Some(range)) if listing => entry.needs.push((key, range)),
            _ => {}
        }
    }
    let mut places = HashMap::new();
    for entry in &entries {
        if let Some(at) = first_entry(entry, out) {
            places.extend(entry.keys.iter().map(|key| (key.as_str(), at)));
        }
    }
    for entry in &entries {
        let Some(at) = entry.keys.first().and_then(|key| places.get(key.as_str())).copied() else { continue };
        for (name, range) in &entry.needs {
            if let Some(to) = places.get(format!("{name}@{range}").as_str()) {
                out.link(at, *to);
            }
        }
    }
}

fn first_entry(entry: &Entry, out: &mut Collector<'_>) -> Option<usize> {
    let Some((name, range)) = entry.keys.first().and_then(|key| npm_spec::split(key)) else {
        out.problem(entry.line, "一项没有名称", "an entry has no name");
        return None;
    };
    let mut draft = npm_spec::draft(name, range, entry.line);
    draft.requirement = None;
    draft.package.version.clone_from(&entry.version);
    if let Some(resolved) = &entry.resolved {
        let (url, digest) = resolved.split_once('#').unwrap_or((resolved, ""));
        let archive = is_registry(url, &draft.package.name);
        let stated = npm_spec::source(resolved).filter(|_| !archive);
        draft.source = match stated {
            // The fragment of an archive's address is its SHA-1.
            Some(Source::Url { .. }) => npm_spec::source(url).unwrap_or(draft.source),
            Some(source) => source,
            None if archive => Source::Registry { url: None },
            None => draft.source,
        };
        if digest.len() == 40 && url.contains(".tgz") {
            draft = draft.hashed([format!("sha1:{digest}").as_str()]);
        }
    }
    if draft.package.version.is_none() {
        out.problem(entry.line, "一项没有版本", "an entry has no version");
    }
    let integrity = entry.integrity.as_deref();
    out.add(draft.hashed(integrity))
}

/// Words with commas or spaces between; quotes may hold either.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches([',', ' ']);
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(inner) => inner.split_once('"').unwrap_or((inner, "")),
            None => rest.split_at(rest.find([',', ' ']).unwrap_or(rest.len())),
        };
        words.push(word.to_owned());
        rest = after.trim_start_matches([',', ' ']);
    }
    words
}

fn later(text: &str, out: &mut Collector<'_>) {
    let document = yaml(text, out.limits);
    let Some(document) = out.table(document) else { return };
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut needs = Vec::new();
    let mut own = Vec::new();
    for (keys, entry) in document.table().iter().filter(|(key, _)| key != "__metadata") {
        let Some(draft) = later_entry(entry) else {
            out.problem(entry.line, "一项没有名称和版本", "an entry has no name and version");
            continue;
        };
        let workspace = entry.get("linkType").text() == Some("soft");
        if let Some(at) = out.add(draft) {
            places.extend(keys.split(", ").map(|key| (key, at)));
            needs.push((at, entry));
            own.extend(workspace.then_some((at, entry)));
        }
    }
    for (at, entry) in &needs {
        for (name, range) in entry.get("dependencies").table() {
            later_find(&places, name, range).into_iter().for_each(|to| out.link(*at, to));
        }
    }
    // Members of the workspace list what is for development among the rest.
    let mut wanted = HashMap::new();
    for (_, entry) in own {
        for (name, range) in entry.get("dependencies").table() {
            wanted.extend(later_find(&places, name, range).map(|to| (to, Scope::Runtime)));
        }
    }
    out.spread(&wanted);
}

fn later_find(places: &HashMap<&str, usize>, name: &str, range: &Node) -> Option<usize> {
    let range = range.written()?;
    let tries = [format!("{name}@{range}"), format!("{name}@npm:{range}")];
    tries.iter().find_map(|key| places.get(key.as_str())).copied()
}

fn later_entry(entry: &Node) -> Option<Draft> {
    let (name, rest) = npm_spec::split(entry.get("resolution").text()?)?;
    let version = entry.get("version").written()?;
    // A patched package is the package with that version; where the patch lies is the project's own matter.
    // Behind `npm:` stands a version, a tag such as `next`, or the other name and version of an alias.
    let alias = |word: &str| npm_spec::split(word).is_some_and(|(name, range)| is_name(name) && !range.is_empty());
    let rest = match rest.strip_prefix("npm:") {
        Some(word) if !alias(word) => version,
        _ if rest.starts_with("patch:") => version,
        _ => rest,
    };
    let mut draft = npm_spec::draft(name, rest, entry.line);
    draft.requirement = None;
    let local = matches!(draft.source, Source::Path { .. });
    if !local || version != "0.0.0-use.local" {
        draft.package.version = Some(version.to_owned());
    }
    Some(draft)
}

fn is_name(name: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c));
    match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| plain(scope) && plain(name)),
        None => plain(name),
    }
}
