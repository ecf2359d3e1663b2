//! `scan model`: model files and folders.

use std::collections::BTreeMap;

use jingwei_catalog::Catalog;
use jingwei_core::{
    CheckId, Component, ComponentId, ComponentKind, Ctx, Date, Digest, ExposureFacts, ExposureProbe, Limits,
    Observation, Progress, TargetError, Targets, Timestamp,
};
use jingwei_scan::{Inventory, ModelCheck, ModelNames};

use super::{Baseline, FileReport, ScanReport, Subject, Suppressions, VerdictOfFile, report::Raw};
use crate::{DiskFiles, Error};

/// What a scan of models is asked for.
pub struct ModelScan<'a> {
    /// Files and folders, as the caller names them.
    pub paths: &'a [String],
    /// SHA-256 per path, relative to the scanned folder, that files must have.
    pub pinned: BTreeMap<String, Digest>,
    /// Look at the numbers in weights too.
    pub weights: bool,
    pub suppressions: &'a Suppressions,
    pub baseline: Option<&'a Baseline>,
    pub today: Date,
}

/// Looks through all of them. Nothing is executed and nothing is written.
pub fn scan_models(
    catalog: &Catalog,
    asked: &ModelScan<'_>,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<ScanReport, Error> {
    let check = model_check(catalog)?.with_weights(asked.weights);
    let mut raw = Raw { check: "scan.model", subjects: Vec::new(), files: Vec::new(), observations: Vec::new() };
    let pins = pins_by_path(asked)?;
    for (path, pinned) in asked.paths.iter().zip(pins) {
        let component = Component { pinned, ..component(path) };
        let failed =
            |e: jingwei_core::CheckError| Error::failed("无法检查模型", "the models cannot be checked").because(e);
        let inventory = with_ctx(path, progress, |ctx| check.inventory(&component, ctx, limits)).map_err(failed)?;
        let prefix = (asked.paths.len() > 1).then_some(path.as_str());
        take(&mut raw, path, prefix, &inventory, check.observe(&component, &inventory));
    }
    Ok(ScanReport::new(raw, catalog, asked.suppressions, asked.baseline, asked.today))
}

/// The pins of each path, relative to it. Of one path they are so already; of several they begin with it, as the
/// report's paths do.
fn pins_by_path(asked: &ModelScan<'_>) -> Result<Vec<BTreeMap<String, Digest>>, Error> {
    let [_, _, ..] = asked.paths else { return Ok(vec![asked.pinned.clone(); asked.paths.len()]) };
    let mut pins = vec![BTreeMap::new(); asked.paths.len()];
    for (name, digest) in &asked.pinned {
        let inner = |path: &String| match name == path {
            true => name.rsplit('/').next(),
            false => name.strip_prefix(path.trim_end_matches('/'))?.strip_prefix('/'),
        };
        let mut found = false;
        for (path, own) in asked.paths.iter().zip(&mut pins) {
            if let Some(inner) = inner(path) {
                own.insert(inner.to_owned(), *digest);
                found = true;
            }
        }
        if !found {
            return Err(Error::invalid(
                format!("固定摘要中的 `{name}` 不在任何所查路径之下"),
                format!("the pinned `{name}` lies below none of the scanned paths"),
            ));
        }
    }
    Ok(pins)
}

/// Ports for a scan of the files below `path`, which is the caller's.
pub(super) fn with_ctx<T>(path: &str, progress: &dyn Progress, act: impl FnOnce(&Ctx<'_>) -> T) -> T {
    let files = DiskFiles::named(path);
    let now = Timestamp::from_micros(0);
    act(&Ctx { files: &files, targets: &Nothing, exposure: &Nothing, progress, now })
}

/// The check with the catalog's rules and name lists.
pub(crate) fn model_check(catalog: &Catalog) -> Result<ModelCheck, Error> {
    let rules = catalog.rules_of(&CheckId::literal("scan.model"));
    ModelCheck::new(rules, ModelNames::new(&catalog.names))
        .map_err(|e| Error::failed("目录库不完整", "the catalog is not complete").because(e))
}

fn take(raw: &mut Raw, path: &str, prefix: Option<&str>, inventory: &Inventory, observations: Vec<Observation>) {
    let is_file = std::fs::metadata(path).is_ok_and(|about| !about.is_dir());
    let shown = |inner: &str| match prefix {
        Some(prefix) if is_file => prefix.to_owned(),
        Some(prefix) => format!("{}/{inner}", prefix.trim_end_matches('/')),
        None => inner.to_owned(),
    };
    raw.subjects.push(Subject { path: path.to_owned(), digest: inventory.digest() });
    raw.files.extend(inventory.files.iter().map(|file| FileReport {
        path: shown(&file.path),
        bytes: file.bytes,
        sha256: file.sha256,
        format: file.format.code().to_owned(),
        verdict: VerdictOfFile::Clean,
    }));
    for mut observation in observations {
        if let (Observation::Finding(finding), Some(_)) = (&mut observation, prefix) {
            let inner = finding.place.path.as_deref().unwrap_or_default();
            finding.place.path = Some(if inner.is_empty() { path.to_owned() } else { shown(inner) });
            finding.fingerprint =
                jingwei_core::Finding::fingerprint_of(&finding.rule, &finding.component, &finding.place);
        }
        if let (Observation::Metric(metric), Some(prefix)) = (&mut observation, prefix) {
            metric.labels.insert("path".to_owned(), prefix.to_owned());
        }
        raw.observations.push(observation);
    }
}

pub(super) fn component(path: &str) -> Component {
    let bare = Component::bare(ComponentId::literal("model"), ComponentKind::Model);
    Component { path: Some(path.to_owned()), ..bare }
}

/// A scan of files asks nobody.
struct Nothing;

impl Targets for Nothing {
    fn arms(&self, _component: &Component) -> Result<Vec<jingwei_core::ArmedTarget>, TargetError> {
        Ok(Vec::new())
    }
}

impl ExposureProbe for Nothing {
    fn probe(&self, _url: &str, _limits: &Limits) -> ExposureFacts {
        ExposureFacts::default()
    }
}
