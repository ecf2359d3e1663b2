//! `scan.model`: what lies in a model folder, and may it be loaded?

use std::collections::BTreeMap;

use jingwei_catalog::{
    items::Rule,
    rulebook::{MissingRule, Observations, RuleBook},
};
use jingwei_core::{
    Check, CheckError, Component, ComponentKind, Cost, Ctx, Digest, Limits, Observation, Place, RuleId, Text,
};
use jingwei_read::Sighting;

use crate::{
    beside, card,
    inventory::{FileFacts, Inventory, inventory},
    look::Seen,
    names::ModelNames,
    words::{name, same, shown},
};

const ID: &str = "scan.model";

const DIGEST_MISMATCH: &str = "model.digest-mismatch";
const EMPTY_FOLDER: &str = "model.empty-folder";
const NO_LICENCE: &str = "model.no-licence";
const NO_MODEL_CARD: &str = "model.no-model-card";

/// Looks through a model folder or file.
pub struct ModelCheck {
    rules: RuleBook,
    names: ModelNames,
    weights: bool,
}

impl ModelCheck {
    /// The catalog rules that it reports by.
    pub const RULES: &'static [&'static str] = &[
        "model.archive-encrypted",
        "model.archive-bomb",
        "model.archive-hidden-member",
        "model.archive-inconsistent",
        "model.archive-junk",
        "model.archive-path-escape",
        "model.archive-sealed-member",
        "model.archive-special-member",
        "model.config-bomb",
        "model.config-dangerous-target",
        "model.config-duplicate-key",
        "model.config-duplicate-security-key",
        "model.config-huge-size",
        "model.config-outside-reference",
        "model.config-remote-repository",
        "model.config-unknown-target",
        "model.digest-mismatch",
        "model.empty-folder",
        "model.file-reaches-out",
        "model.graph-bomb",
        "model.graph-custom-operator",
        "model.graph-dangerous-operator",
        "model.graph-external-data",
        "model.graph-external-missing",
        "model.graph-lie",
        "model.graph-native-code",
        "model.graph-native-library",
        "model.graph-review-operator",
        "model.graph-unknown-operator",
        "model.graph-xml-entity",
        "model.hdf5-external-link",
        "model.hdf5-filter-plugin",
        "model.header-malformed",
        "model.index-escape",
        "model.index-missing",
        "model.keras-custom-object",
        "model.keras-dangerous-class",
        "model.keras-file-reference",
        "model.keras-lambda",
        "model.keras-lambda-function",
        "model.keras-relative-file",
        "model.keras-unknown-class",
        "model.limit-exceeded",
        "model.link-escape",
        "model.link-outside",
        "model.look-alike-name",
        "model.no-licence",
        "model.no-model-card",
        "model.not-inspected",
        "model.not-what-it-says",
        "model.numpy-lie",
        "model.odd-file-name",
        "model.pickle-attribute-write",
        "model.pickle-bomb",
        "model.pickle-dangerous",
        "model.pickle-extension-code",
        "model.pickle-file",
        "model.pickle-in-tensors",
        "model.pickle-malformed",
        "model.pickle-outside-value",
        "model.pickle-unknown",
        "model.planted-text",
        "model.program-beside-weights",
        "model.r-code",
        "model.remote-code",
        "model.requirements-address",
        "model.runs-by-itself",
        "model.script-beside-weights",
        "model.script-dangerous",
        "model.shadowing-module",
        "model.source-runs-programs",
        "model.start-file",
        "model.template-broken",
        "model.template-code",
        "model.template-hidden-characters",
        "model.template-import",
        "model.template-injection",
        "model.template-instruction",
        "model.template-invisible",
        "model.template-loop",
        "model.template-obscure",
        "model.template-unknown-name",
        "model.tokenizer-regex",
        "model.tokenizer-rewrites",
        "model.tokenizer-token",
        "model.torchscript-file",
        "model.torchscript-loop",
        "model.torchscript-operator",
        "model.unknown-format",
        "model.unreadable",
        "model.weights-duplicate",
        "model.weights-not-finite",
        "model.weights-outlier",
    ];

    /// `rules` and `names` are the catalog's.
    pub fn new(rules: BTreeMap<RuleId, Rule>, names: ModelNames) -> Result<Self, MissingRule> {
        Ok(Self { rules: RuleBook::new(ID, Self::RULES, rules)?, names, weights: false })
    }

    /// Looks at the numbers in weights too: it reads all of them once more.
    #[must_use]
    pub fn with_weights(self, weights: bool) -> Self {
        Self { weights, ..self }
    }

    /// The files of a component and what was seen in them.
    pub fn inventory(&self, component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Inventory, CheckError> {
        inventory(component, &self.names, self.weights, ctx, limits)
    }

    /// What an inventory that was already taken tells. Reads nothing.
    #[must_use]
    pub fn observe(&self, component: &Component, inventory: &Inventory) -> Vec<Observation> {
        let mut seen = Observations::new(&self.rules, component);
        match &inventory.unlisted {
            Some(sighting) => {
                report(&mut seen, component.path.as_deref().unwrap_or_default(), Place::default(), sighting);
                return seen.into_vec();
            }
            None if inventory.files.is_empty() => seen.finding(EMPTY_FOLDER, Place::default(), &[]),
            None => {
                for file in &inventory.files {
                    report_file(&mut seen, component, file);
                    for sighting in beside::missing_weights(component, inventory, file) {
                        report(&mut seen, &file.path, at(&file.path), &sighting);
                    }
                }
                if !card::has_licence(inventory) {
                    seen.finding(NO_LICENCE, Place::default(), &[]);
                }
                if !card::has_card(inventory) {
                    seen.finding(NO_MODEL_CARD, Place::default(), &[]);
                }
            }
        }
        for (path, pinned) in &component.pinned {
            if inventory.files.binary_search_by(|file| file.path.as_str().cmp(path)).is_err() {
                report_mismatch(&mut seen, path, pinned, Text::new("文件不存在", "no such file"));
            }
        }
        report_metrics(&mut seen, component, inventory);
        seen.into_vec()
    }
}

impl Check for ModelCheck {
    fn id(&self) -> &str {
        ID
    }

    fn title(&self) -> Text {
        Text::new("模型文件检查", "model files")
    }

    fn kinds(&self) -> &'static [ComponentKind] {
        &[ComponentKind::Model]
    }

    fn cost(&self) -> Cost {
        Cost::Files
    }

    fn configuration(&self) -> Digest {
        let weights = if self.weights { "with weights" } else { "" };
        Digest::of_parts([&self.rules.digest().to_string(), &self.names.digest().to_string(), weights])
    }

    fn run(&self, component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Vec<Observation>, CheckError> {
        Ok(self.observe(component, &self.inventory(component, ctx, limits)?))
    }
}

fn at(path: &str) -> Place {
    Place { path: Some(path.to_owned()), ..Place::default() }
}

fn report_file(seen: &mut Observations<'_>, component: &Component, file: &FileFacts) {
    for Seen { inside, sighting } in &file.seen {
        let mut place = at(&file.path);
        place.key = Some(shown(inside)).filter(|inside| !inside.is_empty());
        report(seen, &file.path, place, sighting);
    }
    if let (Some(pinned), Some(found)) = (component.pinned.get(&file.path), file.sha256)
        && *pinned != found
    {
        report_mismatch(seen, &file.path, pinned, same(found.short()));
    }
}

fn report_mismatch(seen: &mut Observations<'_>, path: &str, pinned: &Digest, found: Text) {
    let details = [("path", name(path)), ("expected", same(pinned.short())), ("found", found)];
    seen.finding(DIGEST_MISMATCH, at(path), &details);
}

/// `place` says in which file, and its key in which member.
fn report(seen: &mut Observations<'_>, path: &str, place: Place, sighting: &Sighting) {
    let inside = match &place.key {
        Some(member) => Text::new(format!("（成员 {member}）"), format!(" (member {member})")),
        None => same(""),
    };
    let key = [place.key.clone(), sighting.key.clone()].into_iter().flatten().collect::<Vec<_>>().join(":");
    let place = Place { key: Some(key).filter(|key| !key.is_empty()), offset: sighting.offset, ..place };
    let mut details = vec![("path", name(path)), ("inside", inside)];
    details.extend(sighting.details.iter().cloned());
    seen.finding(sighting.rule, place, &details);
}

#[allow(clippy::cast_precision_loss, reason = "counts and sizes stay far below 2^53")]
fn report_metrics(seen: &mut Observations<'_>, component: &Component, inventory: &Inventory) {
    let files = &inventory.files;
    let with_pickle = files.iter().filter(|file| file.pickles > 0).count();
    let pinned = files
        .iter()
        .filter(|file| file.sha256.is_some() && component.pinned.get(&file.path) == file.sha256.as_ref())
        .count();
    seen.metric("files", files.len() as f64, "count");
    seen.metric("bytes", inventory.bytes() as f64, "bytes");
    seen.metric("pickle_files", with_pickle as f64, "count");
    if !files.is_empty() {
        seen.metric("pinned_share", pinned as f64 / files.len() as f64, "ratio");
    }
}
