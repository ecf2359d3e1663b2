//! `pylock.toml` (PEP 751).

use jingwei_core::Ecosystem;

use super::{
    Source,
    collect::{Collector, Draft, without_password},
    python_locks::registry,
};
use crate::document::{Node, toml};

pub(super) fn read(text: &str, out: &mut Collector<'_>) {
    let document = toml(text, out.limits);
    let Some(document) = out.table(document) else { return };
    if !document.get("lock-version").written().is_some_and(|version| version.starts_with("1.")) {
        out.problem(
            document.get("lock-version").line.max(1),
            "pylock.toml 的版本未知",
            "the version of this pylock.toml is not known",
        );
    }
    for package in document.get("packages").list() {
        let name = package.get("name");
        let Some(text) = name.filled() else {
            out.problem(package.line, "有一项没有名称", "an entry has no name");
            continue;
        };
        let mut draft = Draft::new(Ecosystem::Pypi, text, package.get("version").text(), name.line);
        draft.marker = package.get("marker").text().map(ToOwned::to_owned);
        draft.source = source(package);
        let files = package.get("wheels").list().iter().chain([package.get("sdist"), package.get("archive")]);
        let hashes: Vec<String> = files
            .flat_map(|file| file.get("hashes").table())
            .filter_map(|(algorithm, value)| Some(format!("{algorithm}:{}", value.text()?)))
            .collect();
        out.add(draft.hashed(hashes.iter().map(String::as_str)));
    }
}

fn source(package: &Node) -> Source {
    let vcs = package.get("vcs");
    if !vcs.is_null() {
        let address = vcs.get("url").text().or(vcs.get("path").text()).unwrap_or_default();
        return Source::Git {
            url: without_password(address),
            commit: vcs.get("commit-id").text().map(ToOwned::to_owned),
        };
    }
    if let Some(path) = package.path(&["directory", "path"]).text() {
        return Source::Path { path: path.to_owned() };
    }
    let archive = package.get("archive");
    if let Some(url) = archive.get("url").text() {
        return Source::Url { url: without_password(url) };
    }
    if let Some(path) = archive.get("path").text() {
        return Source::Path { path: path.to_owned() };
    }
    registry(package.get("index").text())
}
