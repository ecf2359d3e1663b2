//! From files to a checked catalog.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use include_dir::{Dir, include_dir};
use jingwei_core::{CheckId, ControlId, Digest, ItemRef, RiskId, RuleId, Text};
use jingwei_read::NameList;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{
    document::{self, Places, Problem, Problems},
    filing::Filing,
    grading_reference::GradingReference,
    items::{Bank, Control, Framework, FrameworkItem, GateRule, GradingProfile, Lexicon, Mapping, Probe, Risk, Rule},
    suite::Suite,
};

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../catalog");
/// What `digest_of` gives for the built-in files: hashing them would bring three megabytes into memory.
static BUILT_IN_DIGEST: Digest = Digest(*include_bytes!(concat!(env!("OUT_DIR"), "/catalog.digest")));

/// A file of a catalog: its path below the catalog folder, with `/`, and its bytes.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub path: String,
    /// Those of a built-in file are read where they lie in the program.
    pub bytes: Cow<'static, [u8]>,
}

/// Everything Jingwei knows, checked and indexed. There is no half-loaded catalog; only [`Catalog::built_in_for`] and
/// [`Catalog::built_in_part`] leave out what one command does not need.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub frameworks: BTreeMap<String, Framework>,
    pub risks: BTreeMap<RiskId, Risk>,
    pub controls: BTreeMap<ControlId, Control>,
    pub mappings: BTreeMap<String, Mapping>,
    pub profiles: BTreeMap<String, GradingProfile>,
    pub gates: BTreeMap<String, GateRule>,
    pub rules: BTreeMap<RuleId, Rule>,
    pub probes: BTreeMap<String, Probe>,
    pub suites: BTreeMap<String, Suite>,
    pub banks: BTreeMap<String, Bank>,
    pub lexicons: BTreeMap<String, Lexicon>,
    pub filings: BTreeMap<String, Filing>,
    pub gradings: BTreeMap<String, GradingReference>,
    pub names: BTreeMap<String, NameList>,
    /// Items of which an engine owns the shape, by path: `advisories/…`, `licences/…`, `endoflife/…`.
    pub texts: BTreeMap<String, String>,
    /// Over the paths and bytes of all items, in order of path.
    pub digest: Digest,
}

impl Catalog {
    /// The catalog that this program was built with.
    pub fn built_in() -> Result<Self, Problems> {
        let mut loader = Loader::default();
        let catalog = loader.read(built_in_files(), BUILT_IN_DIGEST, |_| true);
        loader.end_whole(catalog)
    }

    /// What one check reports by, of the catalog that this program was built with: its rules, and all lists of names.
    pub fn built_in_for(check: &CheckId) -> Result<Self, Problems> {
        let mark = format!("check = \"{check}\"");
        Self::built_in_part(|file| match file.path.split('/').next() {
            Some("names") => true,
            Some("rules") => str::from_utf8(&file.bytes).is_ok_and(|text| text.contains(&mark)),
            _ => false,
        })
    }

    /// The items of some files of the catalog that this program was built with. Everything else is empty, and no
    /// reference into it is resolved, so that a command that needs no more starts at once and stays small. That the
    /// whole is sound is for the tests; the digest is that of the whole.
    pub fn built_in_part(wanted: impl Fn(&SourceFile) -> bool) -> Result<Self, Problems> {
        let mut loader = Loader::default();
        let catalog = loader.read(built_in_files(), BUILT_IN_DIGEST, wanted);
        loader.end(catalog)
    }

    /// Checks and indexes the files. All problems come back at once.
    pub fn load(mut files: Vec<SourceFile>) -> Result<Self, Problems> {
        let mut loader = Loader::default();
        let digest = digest_of(&mut files);
        let catalog = loader.read(files, digest, |_| true);
        loader.end_whole(catalog)
    }

    /// The framework item that a reference names.
    #[must_use]
    pub fn item(&self, reference: &ItemRef) -> Option<(&Framework, &FrameworkItem)> {
        let (edition, code) = reference.split()?;
        let framework = self.frameworks.get(edition)?;
        Some((framework, framework.items.iter().find(|item| item.code == code)?))
    }

    /// A risk by its id or its permanent code.
    #[must_use]
    pub fn risk(&self, name: &str) -> Option<&Risk> {
        self.risks.values().find(|risk| risk.id.as_str() == name || risk.code == name)
    }

    /// A control by its id or its permanent code.
    #[must_use]
    pub fn control(&self, name: &str) -> Option<&Control> {
        self.controls.values().find(|control| control.id.as_str() == name || control.code == name)
    }

    /// The grading profile for an industry: its own, else the one for all.
    #[must_use]
    pub fn profile_for(&self, industry: &str) -> Option<&GradingProfile> {
        let own = self.profiles.values().find(|profile| profile.industries.iter().any(|name| name == industry));
        own.or_else(|| self.profiles.values().find(|profile| profile.industries.is_empty()))
    }

    /// Rules that a check may break.
    #[must_use]
    pub fn rules_of(&self, check: &CheckId) -> BTreeMap<RuleId, Rule> {
        let own = self.rules.iter().filter(|(_, rule)| rule.check == *check);
        own.map(|(id, rule)| (id.clone(), rule.clone())).collect()
    }

    /// Path and text of the items in a folder of which an engine owns the shape.
    pub fn texts_of(&self, folder: &str) -> impl Iterator<Item = (&str, &str)> {
        let prefix = format!("{folder}/");
        let own = self.texts.iter().filter(move |(path, _)| path.starts_with(&prefix));
        own.map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Number of items in each folder, in the folders' order.
    #[must_use]
    pub fn counts(&self) -> Vec<(&'static str, usize)> {
        let framework_items = self.frameworks.values().map(|framework| framework.items.len()).sum();
        let questions = self.banks.values().map(|bank| bank.items.len()).sum();
        vec![
            ("frameworks", self.frameworks.len()),
            ("framework items", framework_items),
            ("risks", self.risks.len()),
            ("controls", self.controls.len()),
            ("mappings", self.mappings.len()),
            ("profiles", self.profiles.len()),
            ("gates", self.gates.len()),
            ("rules", self.rules.len()),
            ("probes", self.probes.len()),
            ("suites", self.suites.len()),
            ("banks", self.banks.len()),
            ("questions", questions),
            ("lexicons", self.lexicons.len()),
            ("filings", self.filings.len()),
            ("gradings", self.gradings.len()),
            ("name lists", self.names.len()),
            ("advisories", self.texts_of("advisories").count()),
        ]
    }
}

/// The files of the catalog that this program was built with.
#[must_use]
pub fn built_in_files() -> Vec<SourceFile> {
    let mut files = Vec::new();
    let mut folders = vec![&BUILT_IN];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        files.extend(folder.files().map(|file| SourceFile {
            path: file.path().to_string_lossy().replace('\\', "/"),
            bytes: Cow::Borrowed(file.contents()),
        }));
    }
    files
}

/// Gathers problems and knows the files that they are in.
#[derive(Default)]
pub(crate) struct Loader {
    pub(crate) problems: Vec<Problem>,
    /// In order of path.
    files: Arc<[SourceFile]>,
    /// Where things stand in the files that have a problem.
    places: BTreeMap<String, Places>,
}

impl Loader {
    /// Adds a problem at a key of an item's file.
    pub(crate) fn problem(&mut self, file: &str, key: &str, message: Text) {
        let known = self.files.binary_search_by(|known| known.path.as_str().cmp(file)).ok();
        let problem = match known.and_then(|at| self.files.get(at)) {
            Some(source) => {
                let places = self.places.entry(file.to_owned());
                places.or_insert_with(|| document::places(&source.path, &source.bytes)).problem(key, message)
            }
            None => Problem { file: file.to_owned(), line: 1, key: key.to_owned(), message },
        };
        self.problems.push(problem);
    }

    /// The end of a whole catalog: its references must resolve.
    fn end_whole(mut self, catalog: Catalog) -> Result<Catalog, Problems> {
        if self.problems.is_empty() {
            crate::check::references(&catalog, &mut self);
        }
        self.end(catalog)
    }

    fn end(self, catalog: Catalog) -> Result<Catalog, Problems> {
        let mut problems = self.problems;
        if problems.is_empty() {
            return Ok(catalog);
        }
        problems.sort();
        Err(Problems(problems))
    }

    /// Reads the files that are wanted; the digest is over all of them.
    fn read(&mut self, mut files: Vec<SourceFile>, digest: Digest, wanted: impl Fn(&SourceFile) -> bool) -> Catalog {
        let mut catalog = Catalog {
            frameworks: BTreeMap::new(),
            risks: BTreeMap::new(),
            controls: BTreeMap::new(),
            mappings: BTreeMap::new(),
            profiles: BTreeMap::new(),
            gates: BTreeMap::new(),
            rules: BTreeMap::new(),
            probes: BTreeMap::new(),
            suites: BTreeMap::new(),
            banks: BTreeMap::new(),
            lexicons: BTreeMap::new(),
            filings: BTreeMap::new(),
            gradings: BTreeMap::new(),
            names: BTreeMap::new(),
            texts: BTreeMap::new(),
            digest,
        };
        files.retain(|file| is_item(&file.path));
        sort_files(&mut files);
        self.files = files.into();
        let files = Arc::clone(&self.files);
        for file in files.iter().filter(|file| wanted(file)) {
            self.read_one(file, &mut catalog);
        }
        catalog
    }

    fn read_one(&mut self, file: &SourceFile, catalog: &mut Catalog) {
        let folder = file.path.split('/').next().unwrap_or_default();
        match folder {
            "frameworks" => self.keep(file, &mut catalog.frameworks, |item: &Framework| item.id.clone()),
            "risks" => self.keep(file, &mut catalog.risks, |item: &Risk| item.id.clone()),
            "controls" => self.keep(file, &mut catalog.controls, |item: &Control| item.id.clone()),
            "mappings" => self.keep(file, &mut catalog.mappings, |item: &Mapping| item.id.clone()),
            "profiles" => self.keep(file, &mut catalog.profiles, |item: &GradingProfile| item.id.clone()),
            "gates" => self.keep(file, &mut catalog.gates, |item: &GateRule| item.id.clone()),
            "rules" => self.keep(file, &mut catalog.rules, |item: &Rule| item.id.clone()),
            "probes" => self.keep(file, &mut catalog.probes, |item: &Probe| item.id.clone()),
            "suites" => self.keep(file, &mut catalog.suites, |item: &Suite| item.id.clone()),
            "banks" => self.keep(file, &mut catalog.banks, |item: &Bank| item.id.clone()),
            "lexicons" => self.keep(file, &mut catalog.lexicons, |item: &Lexicon| item.id.clone()),
            "filings" => self.keep(file, &mut catalog.filings, |item: &Filing| item.id.clone()),
            "gradings" => self.keep(file, &mut catalog.gradings, |item: &GradingReference| item.id.clone()),
            "names" => self.keep(file, &mut catalog.names, |item: &NameList| item.id.clone()),
            "advisories" | "licences" | "endoflife" => self.keep_text(file, &mut catalog.texts),
            other => {
                let message = Text::new(
                    format!("目录 `{other}` 不属于目录库；请放入 catalog/README.md 列出的文件夹"),
                    format!("folder `{other}` is not part of a catalog; use one that catalog/README.md lists"),
                );
                self.problem(&file.path, "", message);
            }
        }
    }

    fn keep_text(&mut self, file: &SourceFile, into: &mut BTreeMap<String, String>) {
        match str::from_utf8(&file.bytes) {
            Ok(text) => drop(into.insert(file.path.clone(), text.to_owned())),
            Err(_) => self.problem(&file.path, "", Text::new("文件不是 UTF-8", "the file is not UTF-8")),
        }
    }

    fn keep<T, K>(&mut self, file: &SourceFile, into: &mut BTreeMap<K, T>, id_of: impl Fn(&T) -> K)
    where
        T: JsonSchema + DeserializeOwned,
        K: Ord + ToString,
    {
        let value = match document::parse::<T>(&file.path, &file.bytes) {
            Ok(document) => document.value,
            Err(Problems(problems)) => return self.problems.extend(problems),
        };
        let id = id_of(&value);
        let name = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".toml");
        if id.to_string() != name {
            let message = Text::new(
                format!("文件名与 id 不同：请改名为 `{}.toml` 或把 id 改为 `{name}`", id.to_string()),
                format!("file name and id differ: rename the file to `{}.toml` or set id to `{name}`", id.to_string()),
            );
            self.problem(&file.path, "id", message);
        }
        into.insert(id, value);
    }
}

/// Over paths and bytes of the items among the files, in order of path.
fn digest_of(files: &mut [SourceFile]) -> Digest {
    let mut hasher = jingwei_core::Hasher::default();
    sort_files(files);
    for file in files.iter().filter(|file| is_item(&file.path)) {
        hasher.update(file.path.as_bytes());
        hasher.update(&[0]);
        hasher.update(&Digest::of(&file.bytes).0);
    }
    hasher.finish()
}

fn is_item(path: &str) -> bool {
    path.ends_with(".toml")
}

fn sort_files(files: &mut [SourceFile]) {
    files.sort_by(|a, b| a.path.cmp(&b.path));
}

/// Ids that stand more than once, with each place after the first.
pub(crate) fn repeated<'a, T: Ord + 'a>(items: impl Iterator<Item = T>) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    items.enumerate().filter_map(|(index, item)| (!seen.insert(item)).then_some(index)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_that_was_built_in_is_that_of_the_files() {
        assert_eq!(BUILT_IN_DIGEST, digest_of(&mut built_in_files()));
    }
}
