//! `layers.toml` is the law: who may import whom, and which crate alone knows a technology's name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::support::root;

#[derive(serde::Deserialize)]
struct Layers {
    layer: Vec<Layer>,
    only: BTreeMap<String, Vec<String>>,
}

#[derive(serde::Deserialize)]
struct Layer {
    name: String,
    crates: Vec<String>,
    may_import: Vec<String>,
}

struct Manifest {
    name: String,
    imports: BTreeSet<String>,
}

fn manifests() -> Vec<Manifest> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let name = table["package"]["name"].as_str().unwrap().to_owned();
        assert_eq!(folder.file_name().unwrap().to_str().unwrap(), name, "folder name = crate name");
        let imports = table.get("dependencies").and_then(toml::Value::as_table);
        let imports = imports.map(|table| table.keys().cloned().collect()).unwrap_or_default();
        found.push(Manifest { name, imports });
    }
    found
}

#[test]
fn arrows_point_down() {
    let layers: Layers = toml::from_str(&fs::read_to_string(root().join("layers.toml")).unwrap()).unwrap();
    let mut placed = BTreeSet::new();
    let mut wrong = Vec::new();
    for manifest in manifests() {
        let Some(layer) = layers.layer.iter().find(|layer| layer.crates.contains(&manifest.name)) else {
            wrong.push(format!("{} stands in no layer of layers.toml", manifest.name));
            continue;
        };
        placed.insert(manifest.name.clone());
        for import in manifest.imports.iter().filter(|import| import.starts_with("jingwei")) {
            let allowed = layer.may_import.iter().any(|name| name == "*" || name == import);
            if !allowed {
                wrong.push(format!("{} ({}) may not import {import}", manifest.name, layer.name));
            }
        }
        for (technology, owners) in &layers.only {
            if manifest.imports.contains(technology) && !owners.contains(&manifest.name) {
                wrong.push(format!("{} may not know {technology}: {owners:?} alone does", manifest.name));
            }
        }
    }
    for name in layers.layer.iter().flat_map(|layer| &layer.crates) {
        if !placed.contains(name) {
            wrong.push(format!("layers.toml names {name}, which does not exist"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Pure crates: no clock, no environment, no files, no network, no async in what they ship.
#[test]
fn engines_are_deaf() {
    let pure = [
        "core", "read", "unpack", "pickle", "graph", "keras", "template", "catalog", "text", "stats", "govern",
        "probe", "scan", "guard", "sign", "advise", "compose",
    ];
    let banned = [
        "std::env",
        "SystemTime::now",
        "Instant::now",
        "TcpStream",
        "UdpSocket",
        "ToSocketAddrs",
        "File::open",
        "fs::read",
        "async fn",
        "tokio",
    ];
    let mut wrong = Vec::new();
    for name in pure {
        let mut open = vec![root().join(format!("crates/jingwei-{name}/src"))];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") && !path.to_string_lossy().contains("test") {
                    let text = fs::read_to_string(&path).unwrap();
                    let shipped = text.split("#[cfg(test)]").next().unwrap_or_default();
                    wrong.extend(
                        shipped
                            .lines()
                            .filter(|line| !line.trim_start().starts_with("//"))
                            .filter_map(|line| banned.iter().find(|word| line.contains(**word)))
                            .map(|word| format!("{}: {word}", path.display())),
                    );
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_crate_outgrows_its_house() {
    for manifest in manifests() {
        let mut lines = 0;
        let mut open = vec![root().join("crates").join(&manifest.name).join("src")];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") {
                    lines += fs::read_to_string(&path).unwrap().lines().count();
                }
            }
        }
        assert!(lines < 25_000, "{} holds {lines} lines: split it", manifest.name);
    }
}
