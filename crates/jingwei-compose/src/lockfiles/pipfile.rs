//! `Pipfile.lock`: JSON with one table of packages per category.

use jingwei_core::Ecosystem;

use super::{
    Scope, Source,
    collect::{Collector, Draft, without_password},
    requirement::{self, source_of},
};
use crate::document::{Node, json};

pub(super) fn read(text: &str, out: &mut Collector<'_>) {
    let document = json(text, out.limits);
    let Some(document) = out.table(document) else { return };
    for source in document.path(&["_meta", "sources"]).list() {
        if let Some(url) =
            source.get("url").filled().filter(|url| !url.trim_end_matches('/').ends_with("pypi.org/simple"))
        {
            out.registry(url, source.get("url").line);
        }
    }
    for (category, packages) in document.table() {
        let scope = match category.as_str() {
            "_meta" => continue,
            "default" => Scope::Runtime,
            "develop" => Scope::Dev,
            _ => Scope::Optional,
        };
        for (name, entry) in packages.table() {
            package(name, entry, scope, out);
        }
    }
}

fn package(name: &str, entry: &Node, scope: Scope, out: &mut Collector<'_>) {
    // An entry may be nothing but its version.
    let condition = entry.get("version").text().or(entry.text()).unwrap_or_default();
    let parsed = requirement::parse(&format!("{name}{}", if condition == "*" { "" } else { condition }));
    let mut draft = match parsed {
        Ok(found) => found.draft(entry.line),
        Err(not_one) => {
            out.problem(entry.line, not_one.reason.zh, not_one.reason.en);
            Draft::new(Ecosystem::Pypi, name, None, entry.line)
        }
    };
    draft.scope = scope;
    draft.marker = entry.get("markers").text().map(ToOwned::to_owned);
    let at = |key: &str| entry.get(key).text();
    draft.source = match (at("git"), at("file"), at("path")) {
        (Some(git), ..) => Source::Git { url: without_password(git), commit: at("ref").map(ToOwned::to_owned) },
        (_, Some(file), _) => source_of(file),
        (_, _, Some(path)) => Source::Path { path: path.to_owned() },
        _ => Source::Registry { url: None },
    };
    out.add(draft.hashed(entry.get("hashes").texts()));
}
