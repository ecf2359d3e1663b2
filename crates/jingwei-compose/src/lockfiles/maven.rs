//! `pom.xml`: dependencies, their versions by properties and `dependencyManagement`. A parent that is not in the file may say more: what
//! it would have to say stays unknown.

use std::collections::HashMap;

use jingwei_core::Ecosystem;

use super::{
    Scope, Source,
    collect::{Collector, Draft},
};
use crate::document::xml::{Element, parse};

/// Properties may be made of properties.
const ROUNDS: usize = 8;

/// Longest value that properties may grow to, in bytes.
const VALUE_BYTES: usize = 1024;

pub(super) fn read(text: &str, out: &mut Collector<'_>) {
    let project = parse(text, out.limits);
    let Some(project) = out.document(project) else { return };
    if project.name != "project" {
        return out.problem(1, "不是 Maven 项目", "it is no Maven project");
    }
    let properties = properties(&project);
    let mut managed: HashMap<(String, String), &Element> = HashMap::new();
    let profiles = || project.child("profiles").into_iter().flat_map(|profiles| profiles.children("profile"));
    for owner in [&project].into_iter().chain(profiles()) {
        let listed = owner.child("dependencyManagement").and_then(|management| management.child("dependencies"));
        for dependency in listed.into_iter().flat_map(|list| list.children("dependency")) {
            managed.insert(key_of(dependency, &properties), dependency);
        }
    }
    for owner in [&project].into_iter().chain(profiles()) {
        let listed = owner.child("dependencies").into_iter().flat_map(|list| list.children("dependency"));
        for dependency in listed {
            one(dependency, &properties, &managed, out);
        }
    }
    // A list of versions that is imported is itself a file of the registry.
    for dependency in managed.values().filter(|dependency| dependency.text_of("scope") == Some("import")) {
        let (zh, en) =
            ("版本由导入的清单（BOM）给出，此处未知", "versions that its imported list (BOM) gives are not known here");
        out.problem(dependency.line, zh, en);
    }
}

fn properties(project: &Element) -> HashMap<String, String> {
    let mut properties: HashMap<String, String> = HashMap::new();
    let parent = project.child("parent");
    for field in ["version", "groupId", "artifactId"] {
        let inherited = parent.and_then(|parent| parent.text_of(field));
        let own = project.text_of(field).or(inherited.filter(|_| field != "artifactId"));
        for prefix in ["project.", "pom.", ""] {
            properties.extend(own.map(|value| (format!("{prefix}{field}"), value.to_owned())));
        }
        properties.extend(inherited.map(|value| (format!("project.parent.{field}"), value.to_owned())));
    }
    for property in project.child("properties").into_iter().flat_map(|list| &list.children) {
        properties.insert(property.name.clone(), property.text.trim().to_owned());
    }
    properties
}

/// `None` where a property is not in this file.
fn resolve(text: &str, properties: &HashMap<String, String>) -> Option<String> {
    let mut text = text.trim().to_owned();
    for _ in 0..ROUNDS {
        let Some(start) = text.find("${") else { return Some(text) };
        let end = text[start..].find('}')? + start;
        let value = properties.get(text[start + 2..end].trim())?;
        text = format!("{}{value}{}", &text[..start], &text[end + 1..]);
        if text.len() > VALUE_BYTES {
            return None;
        }
    }
    None
}

fn key_of(dependency: &Element, properties: &HashMap<String, String>) -> (String, String) {
    let field = |name: &str| {
        let stated = dependency.text_of(name).unwrap_or_default();
        resolve(stated, properties).unwrap_or_else(|| stated.to_owned())
    };
    (field("groupId"), field("artifactId"))
}

fn one(
    dependency: &Element,
    properties: &HashMap<String, String>,
    managed: &HashMap<(String, String), &Element>,
    out: &mut Collector<'_>,
) {
    let key = key_of(dependency, properties);
    if key.0.is_empty() || key.1.is_empty() || key.0.contains("${") || key.1.contains("${") {
        return out.problem(dependency.line, "一项依赖的坐标未知", "the coordinates of a dependency are not known");
    }
    let above = managed.get(&key).copied();
    let field = |name: &str| dependency.text_of(name).or_else(|| above.and_then(|above| above.text_of(name)));
    let stated = field("version");
    let version = stated.and_then(|stated| resolve(stated, properties));
    let name = format!("{}:{}", key.0, key.1);
    let is_range = |version: &str| version.contains(['[', '(', ',']) || matches!(version, "LATEST" | "RELEASE");
    let exact =
        version.as_deref().and_then(|version| match version.strip_prefix('[').and_then(|v| v.strip_suffix(']')) {
            Some(inner) if !inner.contains(',') => Some(inner),
            _ if is_range(version) => None,
            _ => Some(version),
        });
    if version.is_none() {
        let (zh, en) = (
            format!("{name} 的版本由不在此文件中的父项目或清单给出"),
            format!("the version of {name} is given by a parent or list that is not in this file"),
        );
        out.problem(dependency.line, zh, en);
    }
    let mut draft = Draft::new(Ecosystem::Maven, &name, exact, dependency.line);
    draft.requirement = if exact.is_none() { version.clone().or(stated.map(ToOwned::to_owned)) } else { None };
    draft.direct = Some(true);
    draft.scope = match field("scope") {
        Some("test") => Scope::Dev,
        Some("provided") => Scope::Build,
        _ if field("optional") == Some("true") => Scope::Optional,
        _ => Scope::Runtime,
    };
    if field("scope") == Some("system") {
        draft.source = Source::Path { path: field("systemPath").unwrap_or_default().to_owned() };
    }
    out.add(draft);
}
