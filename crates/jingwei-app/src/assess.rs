//! Flow A: a manifest in, evidence into the ledger, a register, a gate decision and a report out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use jingwei_catalog::Catalog;
use jingwei_core::{
    Check, CheckId, Component, ComponentId, ComponentKind, Ctx, Decision, Digest, Evidence, Files, Lang, Limits,
    Observation, Progress, Timestamp,
};
use jingwei_govern::{Assessment, EvidenceEntry, Inputs, ManagementCheck, Manifest, assess};
use jingwei_net::{Client, OpenAiClient};
use tokio::runtime::Handle;

use crate::{
    App, DiskFiles, Error, ErrorKind,
    app::bytes_of,
    assessments,
    guards::{self, Guard},
    journal::{Header, Journal},
    probes, register, report,
    targets::{NetExposure, SystemTargets},
};

/// How to assess.
#[derive(Clone, Default)]
pub struct AssessOptions {
    /// The manifest's file.
    pub manifest: PathBuf,
    /// Judge a recorded run again instead of asking the model.
    pub replay: Option<PathBuf>,
    /// Run only these checks; the newest evidence in the ledger stands for the others.
    pub only: Vec<String>,
    /// Run no check at all: judge what the ledger holds.
    pub no_checks: bool,
    /// The instant that is judged. For evaluation without checks.
    pub as_of: Option<Timestamp>,
    /// Folder for the report; by default one in the data folder.
    pub out: Option<PathBuf>,
    /// Components may lie outside the manifest's folder.
    pub allow_outside: bool,
    /// Language that the report shows first; by default Chinese.
    pub lang: Option<Lang>,
}

/// What came out.
pub struct AssessOutcome {
    pub assessment: Assessment,
    /// Digest of the assessment as it stands in the ledger and in `report.json`.
    pub digest: Digest,
    pub report_json: PathBuf,
    pub report_html: PathBuf,
    /// Recorded answers, for `--replay`.
    pub journal: Option<PathBuf>,
    /// Answers that an earlier, killed run had already got.
    pub resumed: usize,
    /// Checks that could not do their work, and why.
    pub failed_checks: Vec<(String, ComponentId, String)>,
    pub ledger_size: u64,
    pub ledger_root: Digest,
}

/// What an assessment tells while it works.
pub trait Watcher: Send + Sync {
    fn check_begins(&self, check: &dyn Check, component: &Component);
    fn check_ends(&self, check: &dyn Check, component: &Component, findings: usize, metrics: usize);
    fn progress(&self) -> &dyn Progress;
}

/// A manifest with what was read from its folder.
pub struct Loaded {
    pub manifest: Manifest,
    pub digest: Digest,
    pub folder: PathBuf,
}

/// Reads a manifest. Everything wrong with it is told at once.
pub fn load_manifest(path: &Path, catalog: &Catalog) -> Result<Loaded, Error> {
    let shown = path.display().to_string();
    let bytes = fs::read(path).map_err(|e| {
        Error::invalid(
            format!("无法读取清单 `{shown}`：用 jingwei govern init 可生成一份"),
            format!("cannot read the manifest `{shown}`; jingwei govern init writes one to start from"),
        )
        .because(e)
    })?;
    let manifest = Manifest::parse(&shown, &bytes, catalog)?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    Ok(Loaded { manifest, digest: Digest::of(&bytes), folder })
}

/// Runs the loop.
pub async fn run(app: &App, options: &AssessOptions, watcher: Arc<dyn Watcher>) -> Result<AssessOutcome, Error> {
    let loaded = load_manifest(&options.manifest, &app.catalog)?;
    let files: Arc<dyn Files> = Arc::new(DiskFiles::new(&loaded.folder, options.allow_outside));
    let plan = Plan::new(app, &loaded, &files, options)?;
    let manifest = &loaded.manifest;
    let (journal, evidence, failed_checks) = if options.no_checks {
        (None, Vec::new(), Vec::new())
    } else {
        let journal = Arc::new(open_journal(app, &plan, manifest, options)?);
        let (evidence, failed) = plan.run(app, &loaded, &files, &journal, watcher).await?;
        (Some(journal), evidence, failed)
    };
    let now = journal.as_ref().map(|j| j.header.started_at).or(options.as_of).unwrap_or_else(|| app.now());
    if options.as_of.is_none() {
        register::register_system(app, &loaded, &plan.subjects, now).await?;
    }
    let fresh = app.record_evidence(evidence).await?;
    // Only now: what was asked is not asked again if the evidence could not be entered.
    if let Some(journal) = &journal {
        journal.finish().map_err(|e| Error::failed("无法结束记录", "cannot finish the journal").because(e))?;
    }
    let all = with_older(fresh, app.newest_evidence(&manifest.system.id).await?);
    let overrides = register::live_overrides(app, &manifest.system.id, now).await?;
    let inputs = Inputs { manifest, evidence: &all, subjects: &plan.subjects, overrides: &overrides, now };
    let assessment = assess(&app.catalog, &inputs)?;
    // Looking at another instant is a question, not an assessment: nothing is entered.
    let digest = match options.as_of {
        None => assessments::record(app, &assessment).await?,
        Some(_) => bytes_of(&assessment)?.1,
    };
    app.ledger.checkpoint()?;
    let folder = options.out.clone().unwrap_or_else(|| app.report_folder(&manifest.system.id));
    let (report_json, report_html) =
        report::write(&folder, &assessment, &app.catalog, options.lang.unwrap_or(Lang::Zh))?;
    Ok(AssessOutcome {
        assessment,
        digest,
        report_json,
        report_html,
        resumed: journal.as_ref().map_or(0, |j| if options.replay.is_some() { 0 } else { j.resumed }),
        journal: journal.map(|j| j.path.clone()),
        failed_checks,
        ledger_size: app.ledger.size(),
        ledger_root: app.ledger.root(),
    })
}

fn open_journal(app: &App, plan: &Plan, manifest: &Manifest, options: &AssessOptions) -> Result<Journal, Error> {
    if let Some(path) = &options.replay {
        return Journal::replay(path, plan.digest, app.now());
    }
    let header = Header {
        kind: "journal".to_owned(),
        version: 1,
        system: manifest.system.id.clone(),
        plan: plan.digest,
        started_at: app.now(),
    };
    Journal::record(&app.run_folder(&manifest.system.id), header)
}

/// This run's evidence, and the newest older one where this run made none.
fn with_older(fresh: Vec<EvidenceEntry>, older: Vec<EvidenceEntry>) -> Vec<EvidenceEntry> {
    let key = |entry: &EvidenceEntry| (entry.evidence.check.clone(), entry.evidence.component.clone());
    let mut all: BTreeMap<_, EvidenceEntry> = older.into_iter().map(|entry| (key(&entry), entry)).collect();
    all.extend(fresh.into_iter().map(|entry| (key(&entry), entry)));
    all.into_values().collect()
}

/// Which checks run on which components, and what each component looks like now.
struct Plan {
    steps: Vec<Step>,
    subjects: BTreeMap<(CheckId, ComponentId), Digest>,
    guards: BTreeMap<ComponentId, Result<Arc<Guard>, String>>,
    /// Same plan, same questions: manifest, catalog, program version and every subject.
    digest: Digest,
}

struct Step {
    check: Arc<dyn Check>,
    component: Component,
    subject: Digest,
}

impl Plan {
    fn new(app: &App, loaded: &Loaded, files: &Arc<dyn Files>, options: &AssessOptions) -> Result<Self, Error> {
        let manifest = &loaded.manifest;
        let checks = checks(app, manifest)?;
        for name in &options.only {
            if !checks.iter().any(|check| check.id() == name) {
                let known = checks.iter().map(|check| check.id()).collect::<Vec<_>>().join(", ");
                return Err(Error::invalid(
                    format!("没有检查 `{name}`；可用：{known}"),
                    format!("there is no check `{name}`; there are {known}"),
                ));
            }
        }
        let system = manifest.system_component();
        let components: Vec<Component> = manifest.components.iter().cloned().chain(system).collect();
        let guards = guards::of_components(&components, files.as_ref(), &loaded.folder, &app.equipment()?);
        let mut steps = steps(&checks, &components, files.as_ref(), &guards, &app.settings.limits);
        steps.sort_by_key(|step| step.check.cost());
        let subjects: BTreeMap<_, _> = steps.iter().filter_map(|step| Some((step.key()?, step.subject))).collect();
        let program = env!("CARGO_PKG_VERSION");
        let mut parts =
            vec!["plan/1".to_owned(), program.to_owned(), loaded.digest.to_string(), app.catalog.digest.to_string()];
        parts.extend(subjects.values().map(Digest::to_string));
        parts.extend(options.only.iter().cloned());
        let digest = Digest::of_parts(parts.iter().map(String::as_str));
        steps.retain(|step| options.only.is_empty() || options.only.iter().any(|name| name == step.check.id()));
        Ok(Self { steps, subjects, guards, digest })
    }

    /// Runs all steps. A check that cannot do its work is told apart and leaves no evidence, so that what depends
    /// on it stays without.
    async fn run(
        &self,
        app: &App,
        loaded: &Loaded,
        files: &Arc<dyn Files>,
        journal: &Arc<Journal>,
        watcher: Arc<dyn Watcher>,
    ) -> Result<(Vec<Evidence>, Vec<(String, ComponentId, String)>), Error> {
        let manifest = &loaded.manifest;
        let net = |e| Error::failed("无法建立网络客户端", "cannot make the network client").because(e);
        let client = Arc::new(Client::new(&app.settings.net).map_err(net)?);
        let keys = manifest.components.iter().filter_map(|component| {
            let secret = app.secret(component.key_env.as_deref()?)?;
            Some((component.id.clone(), secret))
        });
        let limits = app.settings.limits;
        let targets = SystemTargets {
            client: Arc::new(OpenAiClient::new(client.as_ref().clone())),
            runtime: Handle::current(),
            journal: Arc::clone(journal),
            files: Arc::clone(files),
            components: manifest.components.clone(),
            keys: keys.collect(),
            guards: self.guards.clone(),
            limits,
        };
        let exposure = NetExposure { client, runtime: Handle::current(), journal: Arc::clone(journal) };
        let now = journal.header.started_at;
        let files = Arc::clone(files);
        let steps: Vec<(Arc<dyn Check>, Component)> =
            self.steps.iter().map(|step| (Arc::clone(&step.check), step.component.clone())).collect();
        let work = tokio::task::spawn_blocking(move || {
            let ctx = Ctx {
                files: files.as_ref(),
                targets: &targets,
                exposure: &exposure,
                progress: watcher.progress(),
                now,
            };
            steps
                .iter()
                .map(|(check, component)| run_one(check.as_ref(), component, &ctx, &limits, watcher.as_ref()))
                .collect::<Vec<_>>()
        });
        let results =
            work.await.map_err(|e| Error::failed("检查中途停止", "the checks stopped half-way").because(e))?;
        let mut evidence = Vec::new();
        let mut failed = Vec::new();
        for (step, result) in self.steps.iter().zip(results) {
            match result {
                Ok(observations) => evidence.extend(self.evidence(app, manifest, step, now, observations)),
                Err(message) => failed.push((step.check.id().to_owned(), step.component.id.clone(), message)),
            }
        }
        Ok((evidence, failed))
    }

    fn evidence(
        &self,
        app: &App,
        manifest: &Manifest,
        step: &Step,
        now: Timestamp,
        observations: Vec<Observation>,
    ) -> Option<Evidence> {
        let (check, component) = step.key()?;
        Some(Evidence {
            kind: "evidence".to_owned(),
            version: 1,
            check,
            producer: format!("jingwei {}", env!("CARGO_PKG_VERSION")),
            catalog: app.catalog.digest,
            system: manifest.system.id.clone(),
            component,
            subject: step.subject,
            observed_at: now,
            observations,
        })
    }
}

impl Step {
    fn key(&self) -> Option<(CheckId, ComponentId)> {
        Some((CheckId::new(self.check.id()).ok()?, self.component.id.clone()))
    }
}

/// Every check on every component that it takes, and what the component looks like now.
fn steps(
    checks: &[Arc<dyn Check>],
    components: &[Component],
    files: &dyn Files,
    guards: &BTreeMap<ComponentId, Result<Arc<Guard>, String>>,
    limits: &Limits,
) -> Vec<Step> {
    let mut contents = BTreeMap::new();
    let mut steps = Vec::new();
    for check in checks {
        for component in components.iter().filter(|component| check.takes(component)) {
            let content = contents
                .entry(component.id.clone())
                .or_insert_with(|| content_digest(component, components, files, guards, limits));
            let written = serde_json::to_string(component).unwrap_or_default();
            let parts = ["subject/1", check.id(), &check.configuration().to_string(), &written, content];
            let subject = Digest::of_parts(parts);
            steps.push(Step { check: Arc::clone(check), component: component.clone(), subject });
        }
    }
    steps
}

/// What evidence about a system must be about today, for every check of an assessment.
pub(crate) fn all_subjects(app: &App, loaded: &Loaded) -> Result<BTreeMap<(CheckId, ComponentId), Digest>, Error> {
    subjects_of(app, loaded, &checks(app, &loaded.manifest)?)
}

/// The same for some checks.
pub(crate) fn subjects_of(
    app: &App,
    loaded: &Loaded,
    checks: &[Arc<dyn Check>],
) -> Result<BTreeMap<(CheckId, ComponentId), Digest>, Error> {
    let files = DiskFiles::new(&loaded.folder, false);
    let components: Vec<Component> =
        loaded.manifest.components.iter().cloned().chain(loaded.manifest.system_component()).collect();
    let guards = guards::of_components(&components, &files, &loaded.folder, &app.equipment()?);
    let steps = steps(checks, &components, &files, &guards, &app.settings.limits);
    Ok(steps.iter().filter_map(|step| Some((step.key()?, step.subject))).collect())
}

fn run_one(
    check: &dyn Check,
    component: &Component,
    ctx: &Ctx<'_>,
    limits: &Limits,
    watcher: &dyn Watcher,
) -> Result<Vec<Observation>, String> {
    watcher.check_begins(check, component);
    let result = check.run(component, ctx, limits).map_err(|error| error.to_string());
    let seen = result.as_deref().unwrap_or_default();
    let findings = seen.iter().filter(|observation| matches!(observation, Observation::Finding(_))).count();
    watcher.check_ends(check, component, findings, seen.len() - findings);
    result
}

/// Every check that there is, for one manifest.
fn checks(app: &App, manifest: &Manifest) -> Result<Vec<Arc<dyn Check>>, Error> {
    let catalog = &app.catalog;
    let rules = |name: &'static str| catalog.rules_of(&CheckId::literal(name));
    let broken = |e: &dyn std::fmt::Display| {
        Error::failed(format!("目录库不完整：{e}"), format!("the catalog is not complete: {e}"))
    };
    let probe = catalog.probes.get("refusal").ok_or_else(|| broken(&"no probe `refusal`"))?;
    let bank = catalog.banks.get(&probe.bank).ok_or_else(|| broken(&"no bank for probe `refusal`"))?;
    let mut checks: Vec<Arc<dyn Check>> = vec![
        Arc::new(ManagementCheck::new(manifest.management.clone(), &manifest.components, rules("govern.management"))),
        Arc::new(crate::scans::model_check(catalog)?),
        Arc::new(crate::scans::integrity_check(catalog)?),
        Arc::new(jingwei_scan::ConfigCheck::new(rules("scan.config")).map_err(|e| broken(&e))?),
        Arc::new(jingwei_scan::PromptCheck::new(rules("scan.prompt")).map_err(|e| broken(&e))?),
        Arc::new(jingwei_scan::EndpointCheck::new(rules("scan.endpoint")).map_err(|e| broken(&e))?),
        guards::check(catalog, rules("guard.policy")).map_err(|e| broken(&e))?,
        Arc::new(
            jingwei_probe::RefusalCheck::new(probe.clone(), bank.clone(), &rules("probe.refusal"))
                .map_err(|e| broken(&e))?,
        ),
    ];
    if manifest.components.iter().any(|component| component.kind == ComponentKind::Code && component.path.is_some()) {
        let store = crate::scans::store_path(&app.settings.data);
        let (none, days) = (crate::scans::VexFiles::default(), crate::scans::STALE_DAYS);
        let (check, _) = crate::scans::packages_check(catalog, &store, none, days, &app.settings.limits)?;
        checks.push(Arc::new(check));
    }
    let named: BTreeSet<&String> = manifest.components.iter().flat_map(|component| &component.tests).collect();
    for name in named {
        let suite = catalog.suites.get(name).ok_or_else(|| missing("测试套件", "suite", name))?;
        checks.push(Arc::new(probes::suite_check(app, suite, probes::plan_of(app, suite)?)?));
    }
    Ok(checks)
}

/// Digest of what a component consists of today: its files, and for an endpoint its prompt and guard.
/// What cannot be read gives a digest of that fact; the check itself says what is wrong.
fn content_digest(
    component: &Component,
    components: &[Component],
    files: &dyn Files,
    guards: &BTreeMap<ComponentId, Result<Arc<Guard>, String>>,
    limits: &Limits,
) -> String {
    let mut parts = Vec::new();
    let prompt = component.prompt.as_ref().and_then(|id| components.iter().find(|other| other.id == *id));
    let prompt_path = prompt.and_then(|prompt| prompt.path.clone());
    let own = [&component.path, &prompt_path, &component.signature, &component.signing_key, &component.rollback];
    for path in own.into_iter().flatten() {
        parts.push(match files_digest(path, files, limits) {
            Ok(digest) => digest.to_string(),
            Err(error) => error.to_string(),
        });
    }
    if component.kind == ComponentKind::Endpoint {
        parts.push(match guards.get(&component.id) {
            Some(Ok(guard)) => guard.digest().to_string(),
            Some(Err(error)) => error.clone(),
            None => "no guard".to_owned(),
        });
    }
    Digest::of_parts(parts.iter().map(String::as_str)).to_string()
}

fn files_digest(path: &str, files: &dyn Files, limits: &Limits) -> Result<Digest, jingwei_core::PortError> {
    let mut hasher = jingwei_core::Hasher::default();
    for entry in files.list(path, limits)? {
        hasher.update(format!("{}\n{:?}\n{}\n", entry.path, entry.kind, entry.bytes).as_bytes());
        if entry.kind != jingwei_core::FileKind::File {
            continue;
        }
        let mut file = files.open(&entry.path)?;
        let mut buffer = vec![0; 1 << 18];
        loop {
            let io =
                |e: std::io::Error| jingwei_core::PortError::Io { path: entry.path.clone(), reason: e.to_string() };
            match std::io::Read::read(&mut file, &mut buffer).map_err(io)? {
                0 => break,
                n => hasher.update(&buffer[..n]),
            }
        }
    }
    Ok(hasher.finish())
}

/// The process's exit code says what the gate says: 0 pass, 1 conditional or stop.
#[must_use]
pub fn gate_allows(assessment: &Assessment, allow_conditional: bool) -> bool {
    match assessment.gate.decision {
        Decision::Pass => true,
        Decision::Conditional => allow_conditional,
        Decision::Stop => false,
    }
}

/// A refusal that names what is missing.
pub(crate) fn missing(noun_zh: &str, noun_en: &str, name: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("没有{noun_zh} `{name}`"), format!("there is no {noun_en} `{name}`"))
}
