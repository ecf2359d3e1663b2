//! `pyproject.toml`: what a project asks for (PEP 621, PEP 735, PEP 518 and Poetry's own table). Ranges, hardly ever versions.

use jingwei_core::Ecosystem;

use super::{
    Scope, Source,
    collect::{Collector, Draft, without_password},
    requirements,
};
use crate::document::{Node, toml};

pub(super) fn read(text: &str, out: &mut Collector<'_>) {
    let document = toml(text, out.limits);
    let Some(document) = out.table(document) else { return };
    let project = document.get("project");
    list(project.get("dependencies"), Scope::Runtime, out);
    for (_, extra) in project.get("optional-dependencies").table() {
        list(extra, Scope::Optional, out);
    }
    for (_, group) in document.get("dependency-groups").table() {
        list(group, Scope::Dev, out);
    }
    list(document.path(&["build-system", "requires"]), Scope::Build, out);
    list(document.path(&["tool", "uv", "dev-dependencies"]), Scope::Dev, out);
    for (_, group) in document.path(&["tool", "pdm", "dev-dependencies"]).table() {
        list(group, Scope::Dev, out);
    }
    for field in project.get("dynamic").list().iter().filter(|field| field.text() == Some("dependencies")) {
        let (zh, en) =
            ("依赖在构建时才确定，此处未知", "its dependencies are made at build time and are not known here");
        out.problem(field.line, zh, en);
    }
    poetry(document.path(&["tool", "poetry"]), out);
}

fn list(entries: &Node, scope: Scope, out: &mut Collector<'_>) {
    for entry in entries.list() {
        match entry.text() {
            Some(text) => requirements::one(text, entry.line, scope, out),
            // A dependency group may name another one, which is read by itself.
            None if !entry.get("include-group").is_null() => {}
            None => out.problem(entry.line, "一项依赖不是文本", "a dependency is not a text"),
        }
    }
}

fn poetry(table: &Node, out: &mut Collector<'_>) {
    let groups = table.get("group").table().iter().map(|(_, group)| (group.get("dependencies"), Scope::Dev));
    let all = [(table.get("dependencies"), Scope::Runtime), (table.get("dev-dependencies"), Scope::Dev)];
    for (dependencies, scope) in all.into_iter().chain(groups) {
        for (name, entry) in dependencies.table() {
            if name == "python" {
                continue;
            }
            // One dependency may have several conditions, each with its marker.
            let entries = if entry.list().is_empty() { std::slice::from_ref(entry) } else { entry.list() };
            for entry in entries {
                out.add(poetry_one(name, entry, scope));
            }
        }
    }
}

fn poetry_one(name: &str, entry: &Node, scope: Scope) -> Draft {
    let at = |key: &str| entry.get(key).text();
    let condition = entry.text().or(at("version")).map(str::trim).filter(|condition| !matches!(*condition, "*" | ""));
    // A bare version or one behind `==` is exact in Poetry's notation.
    let exact = condition.map(|condition| condition.strip_prefix("==").unwrap_or(condition).trim()).filter(|version| {
        version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(['*', ',', '|', ' ', '<', '>'])
    });
    let mut draft = Draft::new(Ecosystem::Pypi, name, exact, entry.line);
    draft.requirement = if exact.is_none() { condition.map(ToOwned::to_owned) } else { None };
    draft.scope = if scope == Scope::Runtime && entry.get("optional").is_true() { Scope::Optional } else { scope };
    draft.marker = at("markers").map(ToOwned::to_owned);
    draft.source = match (at("git"), at("url"), at("path").or(at("file"))) {
        (Some(git), ..) => {
            Source::Git { url: without_password(git), commit: at("rev").or(at("tag")).map(ToOwned::to_owned) }
        }
        (_, Some(url), _) => Source::Url { url: without_password(url) },
        (_, _, Some(path)) => Source::Path { path: path.to_owned() },
        _ => Source::Registry { url: None },
    };
    draft
}
