//! `scan.model`: what lies in a model folder, and may it be loaded?

use std::collections::BTreeMap;

use jingwei_catalog::items::Rule;
use jingwei_core::{
    Check, CheckError, Component, ComponentKind, Cost, Ctx, Digest, Limits, Observation, Place, RuleId, Text,
};

use crate::{
    card,
    inventory::{FileFacts, Inventory, Problem, inventory},
    rules::{MissingRule, Observations, RuleBook},
    words::{name, same},
};

const ID: &str = "scan.model";

const DIGEST_MISMATCH: &str = "model.digest-mismatch";
const EMPTY_FOLDER: &str = "model.empty-folder";
const HEADER_MALFORMED: &str = "model.header-malformed";
const LIMIT_EXCEEDED: &str = "model.limit-exceeded";
const LINK_OUTSIDE: &str = "model.link-outside";
const NO_LICENCE: &str = "model.no-licence";
const NO_MODEL_CARD: &str = "model.no-model-card";
const NOT_INSPECTED: &str = "model.not-inspected";
const PICKLE_FILE: &str = "model.pickle-file";
const REMOTE_CODE: &str = "model.remote-code";
const UNREADABLE: &str = "model.unreadable";

/// Looks through a model folder or file.
pub struct ModelCheck {
    rules: RuleBook,
}

impl ModelCheck {
    /// The catalog rules that it reports by.
    pub const RULES: &'static [&'static str] = &[
        DIGEST_MISMATCH,
        EMPTY_FOLDER,
        HEADER_MALFORMED,
        LIMIT_EXCEEDED,
        LINK_OUTSIDE,
        NO_LICENCE,
        NO_MODEL_CARD,
        NOT_INSPECTED,
        PICKLE_FILE,
        REMOTE_CODE,
        UNREADABLE,
    ];

    pub fn new(rules: BTreeMap<RuleId, Rule>) -> Result<Self, MissingRule> {
        Ok(Self { rules: RuleBook::new(ID, Self::RULES, rules)? })
    }

    /// What an inventory that was already taken tells. Reads nothing.
    #[must_use]
    pub fn observe(&self, component: &Component, inventory: &Inventory) -> Vec<Observation> {
        let mut seen = Observations::new(&self.rules, component);
        match &inventory.unlisted {
            Some(problem) => {
                report_problem(&mut seen, component.path.as_deref().unwrap_or_default(), Place::default(), problem);
                return seen.into_vec();
            }
            None if inventory.files.is_empty() => seen.finding(EMPTY_FOLDER, Place::default(), &[]),
            None => {
                for file in &inventory.files {
                    report_file(&mut seen, component, file);
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
        self.rules.digest()
    }

    fn run(&self, component: &Component, ctx: &Ctx<'_>, limits: &Limits) -> Result<Vec<Observation>, CheckError> {
        Ok(self.observe(component, &inventory(component, ctx, limits)?))
    }
}

fn at(path: &str) -> Place {
    Place { path: Some(path.to_owned()), ..Place::default() }
}

fn report_file(seen: &mut Observations<'_>, component: &Component, file: &FileFacts) {
    let path = ("path", name(&file.path));
    for problem in &file.problems {
        report_problem(seen, &file.path, at(&file.path), problem);
    }
    for pickle in &file.details.pickles {
        let place = Place { key: pickle.member.clone(), offset: Some(pickle.offset), ..at(&file.path) };
        let inside = match &pickle.member {
            Some(member) => Text::new(format!("（成员 {member}）"), format!(" (member {member})")),
            None => same(""),
        };
        seen.finding(PICKLE_FILE, place, &[path.clone(), ("inside", inside)]);
    }
    for key in &file.details.remote_code {
        let place = Place { key: Some(key.clone()), ..at(&file.path) };
        seen.finding(REMOTE_CODE, place, &[path.clone(), ("key", name(key))]);
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

fn report_problem(seen: &mut Observations<'_>, path: &str, place: Place, problem: &Problem) {
    let path = ("path", name(path));
    match problem {
        Problem::Malformed { offset, reason } => {
            let place = Place { offset: Some(*offset), ..place };
            let details = [path, ("offset", same(offset)), ("reason", reason.clone())];
            seen.finding(HEADER_MALFORMED, place, &details);
        }
        Problem::Limit(crossed) => {
            let place = Place { key: Some(crossed.limit.to_owned()), ..place };
            let details = [path, ("limit", same(crossed.limit)), ("value", same(crossed.value))];
            seen.finding(LIMIT_EXCEEDED, place, &details);
        }
        Problem::Unreadable { reason } => seen.finding(UNREADABLE, place, &[path, ("reason", reason.clone())]),
        Problem::LinkNotFollowed => seen.finding(LINK_OUTSIDE, place, &[path]),
        Problem::NotInspected { reason } => seen.finding(NOT_INSPECTED, place, &[path, ("reason", reason.clone())]),
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts and sizes stay far below 2^53")]
fn report_metrics(seen: &mut Observations<'_>, component: &Component, inventory: &Inventory) {
    let files = &inventory.files;
    let with_pickle = files.iter().filter(|file| !file.details.pickles.is_empty()).count();
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
