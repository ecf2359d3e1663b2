//! `scan bom`: the bill of materials of a system, written, compared and watched.

use std::{collections::BTreeMap, fs, path::Path};

use jingwei_advise::{Located, Match, Standing};
use jingwei_catalog::Catalog;
use jingwei_compose::{
    Change, Completeness, Difference, EndOfLifeList,
    bom::{
        Affected, AffectedStatus, Bom, BomFormat, Component as Part, DatasetFacts, Kind, Link, LinkKind, Making,
        ModelFacts, ServiceFacts, StatedLicence, Vulnerability,
    },
    completeness, diff, end_of_life,
    licences::{LicenceList, LicenceNames, LicencePolicy, Verdict, conflicts},
};
use jingwei_core::{
    Component, ComponentKind, Ctx, Date, Digest, Ecosystem, Limits, Observation, Package, Place, Progress, Text,
    Timestamp,
};
use jingwei_govern::Manifest;
use jingwei_scan::Inventory;

use super::{
    Baseline, ScanReport, Subject, Suppressions,
    models::{component, model_check, with_ctx},
    packages::{Listed, PackagesCheck, list},
    report::Raw,
};
use crate::{Error, register::internal};

/// What a bill of materials is asked for.
pub struct BomScan<'a> {
    /// Folders, files, and manifests of systems (`.toml`).
    pub paths: &'a [String],
    pub name: Option<&'a str>,
    pub version: Option<&'a str>,
    pub supplier: Option<&'a str>,
    /// `None`: no advisories are looked up.
    pub check: Option<&'a PackagesCheck>,
    pub now: Timestamp,
}

/// A bill, and how complete it is.
pub struct MadeBom {
    pub bom: Bom,
    pub completeness: Completeness,
    pub matches: Vec<Match>,
}

/// The form in which a bill is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BomForm {
    CycloneDx,
    Spdx,
}

/// Lists everything below the paths.
pub fn make_bom(
    catalog: &Catalog,
    asked: &BomScan<'_>,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<MadeBom, Error> {
    let mut bom = Bom::default();
    let mut listed = Listed::default();
    for path in asked.paths {
        if path.ends_with(".toml") && is_manifest(path) {
            of_manifest(catalog, path, &mut bom, &mut listed, limits, progress)?;
        } else {
            of_path(catalog, path, &mut bom, &mut listed, limits, progress)?;
        }
    }
    for parsed in listed.settled() {
        bom.add_packages(&parsed);
    }
    for (path, reason) in &listed.unread {
        bom.gaps.push(Text::new(format!("{path}：{}", reason.zh), format!("{path}: {}", reason.en)));
    }
    if let Some(name) = asked.name {
        name.clone_into(&mut bom.subject.name);
    }
    if bom.subject.name.is_empty() {
        bom.subject.name = asked.paths.first().map(|path| own_name(path)).unwrap_or_default();
    }
    bom.subject.version = asked.version.map(ToOwned::to_owned).or(bom.subject.version);
    bom.subject.supplier = asked.supplier.map(ToOwned::to_owned).or(bom.subject.supplier);
    read_licences(&mut bom, &licence_names(catalog)?);
    bom.settle();
    let matches = match asked.check {
        Some(check) => check
            .matches(&listed, asked.now)
            .map_err(|e| Error::failed("无法核对通告", "the advisories cannot be looked up").because(e))?,
        None => Vec::new(),
    };
    bom.vulnerabilities = vulnerabilities(&bom, &matches);
    bom.settle();
    Ok(MadeBom { completeness: completeness(&bom), bom, matches })
}

/// The document. The same bill made at the same instant gives the same bytes.
#[must_use]
pub fn write_bom(bom: &Bom, form: BomForm, at: Timestamp) -> String {
    let making = Making { at, tool: "jingwei", tool_version: env!("CARGO_PKG_VERSION") };
    match form {
        BomForm::CycloneDx => bom.to_cyclonedx(&making),
        BomForm::Spdx => bom.to_spdx(&making),
    }
}

/// Anybody's bill: CycloneDX or SPDX as JSON.
pub fn read_bom(path: &Path, limits: &Limits) -> Result<(Bom, BomFormat), Error> {
    let shown = path.display();
    let bytes = fs::read(path)
        .map_err(|e| Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e))?;
    jingwei_compose::bom::read(&bytes, limits).map_err(|e| {
        let Text { zh, en } = e.text();
        Error::invalid(format!("`{shown}`：{zh}"), format!("`{shown}`: {en}"))
    })
}

/// What changed between two bills.
pub fn diff_boms(old: &Path, new: &Path, limits: &Limits) -> Result<Difference, Error> {
    Ok(diff(&read_bom(old, limits)?.0, &read_bom(new, limits)?.0))
}

/// Changes that a gate names, such as `added:model`. A name that means nothing is an error.
pub fn failing<'a>(difference: &'a Difference, named: &'a [String]) -> Result<Vec<&'a Change>, Error> {
    for one in named {
        let (what, kind) = one.split_once(':').map_or((one.as_str(), None), |(what, kind)| (what, Some(kind)));
        let known = jingwei_compose::ChangeKind::of_code(what).is_some()
            && kind.is_none_or(|kind| Kind::of_code(kind).is_some());
        if !known {
            let list = jingwei_compose::ChangeKind::ALL.map(jingwei_compose::ChangeKind::code).join(", ");
            return Err(Error::invalid(
                format!("没有 `{one}` 这种变化；可用：{list}，可加“:种类”"),
                format!("there is no change `{one}`; use one of {list}, perhaps with `:kind`"),
            ));
        }
    }
    Ok(difference.failing(named).collect())
}

/// How the packages of somebody's bill stand.
pub fn matches_of_bom(bom: &Bom, check: &PackagesCheck, now: Timestamp) -> Result<Vec<Match>, Error> {
    let located: Vec<Located> = bom
        .components
        .iter()
        .filter_map(|part| {
            let package = package_of(part.purl.as_deref()?)?;
            Some(Located { paths: vec![part.id.clone()], ..Located::new(package) })
        })
        .collect();
    check
        .assess(&located, now)
        .map_err(|e| Error::failed("无法核对通告", "the advisories cannot be looked up").because(e))
}

fn package_of(purl: &str) -> Option<Package> {
    jingwei_advise::purl::parse(purl).filter(|package| package.ecosystem != Ecosystem::Generic)
}

fn own_name(path: &str) -> String {
    let full = fs::canonicalize(path).ok();
    let name = full.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| path.to_owned())
}

fn is_manifest(path: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.contains("[system]") && text.contains("[profile]"))
}

fn of_path(
    catalog: &Catalog,
    path: &str,
    bom: &mut Bom,
    listed: &mut Listed,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let failed = |e: jingwei_core::CheckError| Error::failed("无法列出", "the folder cannot be listed").because(e);
    let check = model_check(catalog)?;
    let (inventory, more, texts) = with_ctx(path, progress, |ctx| {
        let inventory = check.inventory(&component(path), ctx, limits)?;
        let texts = cards(path, &inventory, ctx);
        Ok((inventory, list(path, ctx, limits)?, texts))
    })
    .map_err(failed)?;
    if let Some(sighting) = &inventory.unlisted {
        let reason = sighting.details.first().map(|(_, text)| text.clone()).unwrap_or_else(|| Text::same(path));
        bom.gaps.push(Text::new(format!("{path}：{}", reason.zh), format!("{path}: {}", reason.en)));
    }
    models(&own_name(path), &inventory, &texts, bom);
    listed.files.extend(more.files);
    listed.unread.extend(more.unread);
    Ok(())
}

/// Model cards and configurations, by the path of their file.
fn cards(root: &str, inventory: &Inventory, ctx: &Ctx<'_>) -> BTreeMap<String, String> {
    let named = inventory.files.iter().filter(|file| {
        let name = file.path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        matches!(name.as_str(), "readme.md" | "config.json" | "adapter_config.json")
    });
    let read = |file: &jingwei_scan::FileFacts| {
        let full = if Path::new(root).is_file() {
            root.to_owned()
        } else {
            format!("{}/{}", root.trim_end_matches('/'), file.path)
        };
        let bytes = ctx.files.read(&full, 1 << 20).ok()?;
        Some((file.path.clone(), String::from_utf8_lossy(&bytes).into_owned()))
    };
    named.filter_map(read).collect()
}

/// One model per folder that holds weights, with its files.
fn models(name: &str, inventory: &Inventory, texts: &BTreeMap<String, String>, bom: &mut Bom) {
    let folder_of = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let mut by_folder: BTreeMap<String, Vec<&jingwei_scan::FileFacts>> = BTreeMap::new();
    for file in inventory.files.iter().filter(|file| is_model_file(file)) {
        by_folder.entry(folder_of(&file.path)).or_default().push(file);
    }
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for (folder, files) in by_folder {
        let own = if folder.is_empty() { name.to_owned() } else { format!("{name}/{folder}") };
        let mut model = Part::new(Kind::Model, &own, None, None);
        let mut facts = ModelFacts::default();
        for file in &files {
            facts.parameters = sum(facts.parameters, file.facts.parameters);
            facts.architecture = facts.architecture.or_else(|| file.facts.more.get("architecture").cloned());
            facts.format = facts.format.or_else(|| Some(file.format.code().to_owned()));
            let base = file.facts.more.get("base_model").cloned();
            facts.base_models.extend(base);
            model.licences.extend(file.facts.licence.iter().map(|stated| stated_licence(stated)));
        }
        let near = |wanted: &str| {
            let beside = if folder.is_empty() { wanted.to_owned() } else { format!("{folder}/{wanted}") };
            texts.iter().find(|(path, _)| path.eq_ignore_ascii_case(&beside)).map(|(_, text)| text)
        };
        if let Some(card) = near("README.md") {
            of_card(card, &mut model, &mut facts, bom, &mut known);
        }
        if let Some(Ok(config)) = near("config.json").map(|text| serde_json::from_str::<serde_json::Value>(text)) {
            let first = config["architectures"][0].as_str().or(config["model_type"].as_str());
            facts.architecture = first.map(ToOwned::to_owned).or(facts.architecture);
        }
        if let Some(Ok(adapter)) =
            near("adapter_config.json").map(|text| serde_json::from_str::<serde_json::Value>(text))
        {
            facts.base_models.extend(adapter["base_model_name_or_path"].as_str().map(ToOwned::to_owned));
        }
        facts.base_models.sort();
        facts.base_models.dedup();
        model.properties.insert("jingwei:files".to_owned(), files.len().to_string());
        model
            .properties
            .insert("jingwei:folder".to_owned(), if folder.is_empty() { ".".to_owned() } else { folder.clone() });
        model.model = Some(facts);
        for file in &files {
            // By the folder's own name: a path of this machine is nobody's business.
            let mut part = Part::new(Kind::File, &format!("{name}/{}", file.path), None, None);
            part.hashes.extend(file.sha256.map(|digest| format!("sha256:{digest}")));
            part.parent = Some(model.id.clone());
            part.properties.insert("jingwei:format".to_owned(), file.format.code().to_owned());
            part.properties.insert("jingwei:bytes".to_owned(), file.bytes.to_string());
            bom.components.push(part);
        }
        bom.dependencies.entry(jingwei_compose::bom::SUBJECT.to_owned()).or_default().insert(model.id.clone());
        bom.components.push(model);
    }
}

/// Weights, and nothing that merely happens to be packed.
fn is_model_file(file: &jingwei_scan::FileFacts) -> bool {
    use jingwei_scan::Format;
    match file.format {
        Format::Packed(_) => file.pickles > 0 || file.facts.tensors.is_some(),
        format => format.is_weights(),
    }
}

fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (a, b) => a.or(b),
    }
}

fn stated_licence(stated: &str) -> StatedLicence {
    StatedLicence { stated: stated.to_owned(), expression: None }
}

/// The front matter of a model card: licence, base model, datasets, task.
fn of_card(card: &str, model: &mut Part, facts: &mut ModelFacts, bom: &mut Bom, known: &mut BTreeMap<String, String>) {
    for (key, value) in jingwei_scan::front_matter(card) {
        match key.as_str() {
            "license" | "licence" => model.licences.push(stated_licence(&value)),
            "base_model" => facts.base_models.push(value),
            "pipeline_tag" => facts.task = Some(value),
            "datasets" => {
                let id = known.entry(value.clone()).or_insert_with(|| {
                    let mut dataset = Part::new(Kind::Dataset, &value, None, None);
                    dataset.dataset = Some(DatasetFacts::default());
                    let id = dataset.id.clone();
                    bom.components.push(dataset);
                    id
                });
                facts.datasets.push(id.clone());
            }
            _ => {}
        }
    }
}

/// A governed system: its components as its manifest names them, and what lies in their folders.
fn of_manifest(
    catalog: &Catalog,
    path: &str,
    bom: &mut Bom,
    listed: &mut Listed,
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let loaded = crate::load_manifest(Path::new(path), catalog)?;
    let manifest: &Manifest = &loaded.manifest;
    bom.subject.name = manifest.system.name.en.clone();
    let folder = Path::new(path).parent().unwrap_or(Path::new("")).to_path_buf();
    let vendors: BTreeMap<&str, String> = manifest
        .components
        .iter()
        .filter(|one| one.kind == ComponentKind::Vendor)
        .map(|one| (one.id.as_str(), title(one)))
        .collect();
    for one in &manifest.components {
        let full = one.path.as_ref().map(|inner| folder.join(inner).to_string_lossy().into_owned());
        let kind = match one.kind {
            ComponentKind::Model | ComponentKind::Code => {
                if let Some(full) = &full {
                    of_path(catalog, full, bom, listed, limits, progress)?;
                }
                continue;
            }
            ComponentKind::Dataset => Kind::Dataset,
            ComponentKind::Prompt => Kind::Prompt,
            ComponentKind::Tool => Kind::Tool,
            ComponentKind::Endpoint | ComponentKind::Service => Kind::Service,
            ComponentKind::Image | ComponentKind::Config => Kind::File,
            ComponentKind::Vendor | ComponentKind::System => continue,
        };
        let mut part = Part::new(kind, &title(one), None, None);
        part.supplier = one.vendor.as_ref().and_then(|vendor| vendors.get(vendor.as_str()).cloned());
        if let Some(bytes) = full.as_ref().filter(|full| Path::new(full).is_file()).and_then(|full| fs::read(full).ok())
        {
            part.hashes.push(format!("sha256:{}", Digest::of(&bytes)));
        }
        match kind {
            Kind::Dataset => part.dataset = Some(DatasetFacts::default()),
            Kind::Service => {
                let endpoints = one.url.iter().cloned().collect();
                part.service = Some(ServiceFacts { endpoints, ..ServiceFacts::default() });
                part.links.extend(one.url.iter().map(|url| Link { kind: LinkKind::Other, url: url.clone() }));
            }
            _ => {}
        }
        bom.dependencies.entry(jingwei_compose::bom::SUBJECT.to_owned()).or_default().insert(part.id.clone());
        bom.components.push(part);
    }
    Ok(())
}

fn title(one: &Component) -> String {
    one.name.as_ref().map_or_else(|| one.id.to_string(), |name| name.en.clone())
}

/// The licence names of the catalog.
pub fn licence_names(catalog: &Catalog) -> Result<LicenceNames, Error> {
    let lists = catalog.texts_of("licences").map(|(path, text)| {
        toml::from_str::<LicenceList>(text).map_err(|e| {
            Error::failed(format!("目录库的 `{path}` 无效"), format!("`{path}` of the catalog is not valid")).because(e)
        })
    });
    let lists: Vec<LicenceList> = lists.collect::<Result<_, Error>>()?;
    Ok(LicenceNames::new(&lists))
}

/// The lists of ends of support of the catalog.
pub fn end_of_life_lists(catalog: &Catalog) -> Result<Vec<EndOfLifeList>, Error> {
    let read = |(path, text): (&str, &str)| {
        EndOfLifeList::read(text).map_err(|e| {
            Error::failed(format!("目录库的 `{path}` 无效"), format!("`{path}` of the catalog is not valid")).because(e)
        })
    };
    catalog.texts_of("endoflife").map(read).collect()
}

fn read_licences(bom: &mut Bom, names: &LicenceNames) {
    for part in &mut bom.components {
        for licence in part.licences.iter_mut().filter(|licence| licence.expression.is_none()) {
            licence.expression = names.read(&licence.stated).expression;
        }
    }
}

fn vulnerabilities(bom: &Bom, matches: &[Match]) -> Vec<Vulnerability> {
    let mut by_id: BTreeMap<&str, Vulnerability> = BTreeMap::new();
    for one in matches {
        let package = &one.located.package;
        let mut ids = vec![package.purl()];
        if let Some(requirement) = &one.located.requirement {
            ids.push(format!("{} {requirement}", package.purl()));
        }
        let Some(part) = ids.iter().find_map(|id| bom.component(id)) else { continue };
        let status = match &one.standing {
            Standing::Affected { .. } => AffectedStatus::Affected,
            Standing::NotAffected { .. } => AffectedStatus::Unaffected,
            Standing::Unknown { .. } => AffectedStatus::Unknown,
        };
        let entry = by_id.entry(one.id.as_str()).or_insert_with(|| Vulnerability {
            id: one.id.clone(),
            aliases: one.ids.iter().filter(|id| **id != one.id).cloned().collect(),
            source: one.opinions.first().map(|opinion| opinion.source.clone()),
            url: one.references.first().cloned(),
            description: one.title.as_ref().map(|title| title.en.clone()),
            severity: one.rating.as_ref().map(|rating| rating.severity.code().to_owned()),
            vector: one.rating.as_ref().and_then(|rating| rating.vector.clone()),
            cwes: one.cwe.iter().filter_map(|cwe| cwe.trim_start_matches("CWE-").parse().ok()).collect(),
            affects: Vec::new(),
            recommendation: Some(one.standing.text().en),
        });
        let justification = one.statements.first().and_then(|statement| statement.justification.clone());
        entry.affects.push(Affected { component: part.id.clone(), status, justification });
    }
    by_id.into_values().collect()
}

/// What a bill is held against, besides advisories.
pub struct BomRules<'a> {
    pub licences: Option<&'a LicencePolicy>,
    /// The system is sold or earns money: licences for non-commercial use do not fit.
    pub commercial: bool,
    /// Products whose support is looked up besides the packages: `python 3.8`.
    pub runtimes: &'a [(String, String)],
    pub suppressions: &'a Suppressions,
    pub baseline: Option<&'a Baseline>,
    pub today: Date,
}

/// Findings about licences and ends of support, and how complete the bill is.
pub fn judge_bom(catalog: &Catalog, made: &MadeBom, rules: &BomRules<'_>) -> Result<ScanReport, Error> {
    let names = licence_names(catalog)?;
    let book = jingwei_catalog::rulebook::RuleBook::new(
        "scan.bom",
        BOM_RULES,
        catalog.rules_of(&jingwei_core::CheckId::literal("scan.bom")),
    )
    .map_err(|e| Error::failed("目录库不完整", "the catalog is not complete").because(e))?;
    let subject = Component::bare(jingwei_core::ComponentId::literal("bom"), ComponentKind::System);
    let mut seen = jingwei_catalog::rulebook::Observations::new(&book, &subject);
    let at = |part: &str, key: &str| Place { path: Some(part.to_owned()), key: Some(key.to_owned()), offset: None };
    if let Some(policy) = rules.licences {
        let files = |part: &&Part| part.kind != Kind::File;
        for part in made.bom.components.iter().filter(files) {
            let decision = policy.decide(part, &names);
            let rule = match decision.verdict {
                Verdict::Allow => continue,
                Verdict::Review => "bom.licence-review",
                Verdict::Deny => "bom.licence-denied",
            };
            let licence = decision.expression.clone().unwrap_or_else(|| "?".to_owned());
            let details = [
                ("component", Text::same(jingwei_read::shown(&part.name))),
                ("licence", Text::same(jingwei_read::shown(&licence))),
                ("reason", decision.reason.clone()),
            ];
            seen.finding(rule, at(&part.id, &licence), &details);
        }
    }
    for conflict in conflicts(&made.bom, rules.commercial, &names) {
        let details =
            [("component", Text::same(jingwei_read::shown(&conflict.component))), ("reason", conflict.reason)];
        seen.finding("bom.licence-conflict", at(&conflict.component, &format!("{:?}", conflict.kind)), &details);
    }
    let lists = end_of_life_lists(catalog)?;
    let own = made.bom.components.iter().filter(|part| part.kind == Kind::Package);
    let own = own.filter_map(|part| Some((part.name.clone(), part.version.clone().or_else(|| asked_release(part))?)));
    for (product, version) in own.chain(rules.runtimes.iter().cloned()) {
        if let Some(end) = end_of_life(&lists, &product, &version, rules.today).filter(|end| end.days_past > 0) {
            let name = format!("{product} {version}");
            let details = [("component", Text::same(jingwei_read::shown(&name))), ("reason", end.reason)];
            seen.finding("bom.end-of-life", at(&name, &end.cycle), &details);
        }
    }
    seen.metric("completeness", made.completeness.score, "ratio");
    let observations: Vec<Observation> = seen.into_vec();
    let raw = Raw {
        check: "scan.bom",
        subjects: vec![Subject { path: made.bom.subject.name.clone(), digest: made.bom.digest() }],
        files: Vec::new(),
        observations,
    };
    Ok(ScanReport::new(raw, catalog, rules.suppressions, rules.baseline, rules.today))
}

/// What `python=3.8` and `python==3.8.*` ask for: any patch of one release, which is all that support goes by.
fn asked_release(part: &Part) -> Option<String> {
    let asked = part.properties.get("jingwei:requirement")?.strip_prefix('=')?;
    let release = asked.trim_start_matches('=').trim_end_matches(".*").trim();
    let is_plain =
        release.starts_with(|c: char| c.is_ascii_digit()) && release.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_plain.then(|| release.to_owned())
}

/// The rules of [`judge_bom`].
pub const BOM_RULES: &[&str] = &["bom.end-of-life", "bom.licence-conflict", "bom.licence-denied", "bom.licence-review"];

/// A licence policy in TOML.
pub fn read_policy(path: &Path) -> Result<LicencePolicy, Error> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|e| Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e))?;
    LicencePolicy::read(&text).map_err(|e| {
        Error::invalid(format!("`{shown}` 不是有效的许可策略"), format!("`{shown}` is no valid licence policy"))
            .because(e)
    })
}

/// What a watch remembers between two looks.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Watched {
    /// Always `bom-watch`.
    pub kind: String,
    pub version: u32,
    /// Of the advisories that were looked at last.
    pub advisories: Option<Digest>,
    /// Per bill: what was open.
    pub open: BTreeMap<String, Vec<Match>>,
}

impl Watched {
    /// Nothing was looked at yet where there is no file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display();
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| {
                Error::invalid(format!("`{shown}` 不是监视状态文件"), format!("`{shown}` is no state of a watch"))
                    .because(e)
            }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self { kind: "bom-watch".to_owned(), version: 1, ..Self::default() })
            }
            Err(e) => Err(Error::invalid(format!("无法读取 `{shown}`"), format!("cannot read `{shown}`")).because(e)),
        }
    }

    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let mut text = serde_json::to_string_pretty(self).map_err(internal)?;
        text.push('\n');
        let shown = path.display();
        crate::report::replace(path, text.as_bytes())
            .map_err(|e| Error::failed(format!("无法写 `{shown}`"), format!("cannot write `{shown}`")).because(e))
    }
}

/// Reads every item of the catalog of which an engine owns the shape: advisories, licences, ends of support.
pub fn check_texts(catalog: &Catalog) -> Result<(), Error> {
    super::own_advisories(catalog)?;
    licence_names(catalog)?;
    end_of_life_lists(catalog)?;
    Ok(())
}
