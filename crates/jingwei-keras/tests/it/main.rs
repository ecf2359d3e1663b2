#![allow(clippy::unwrap_used)] // Helpers of tests count as tests.

mod arrays;
mod hostile;
mod listing;
mod models;
mod reference;

use std::{fs, path::PathBuf};

use jingwei_read::{NameList, NameTable, Sighting};

fn folder(parts: &[&str]) -> PathBuf {
    parts.iter().fold(PathBuf::from(env!("CARGO_MANIFEST_DIR")), |path, part| path.join(part))
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(folder(&["testdata", name])).unwrap()
}

fn names() -> NameTable {
    let text = fs::read_to_string(folder(&["..", "..", "catalog", "names", "keras.toml"])).unwrap();
    let list: NameList = toml::from_str(&text).unwrap();
    NameTable::new([&list])
}

/// Rule and key of each sighting, sorted.
fn seen(sightings: &[Sighting]) -> Vec<String> {
    let mut seen: Vec<String> =
        sightings.iter().map(|s| format!("{} {}", s.rule, s.key.as_deref().unwrap_or("-"))).collect();
    seen.sort();
    seen
}
