//! A run of a suite from its beginning to its evidence.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use jingwei_catalog::suite::Suite;
use jingwei_core::{Arm, Digest, Evidence, Limits, Progress, SystemId, Text, Timestamp};
use jingwei_net::{Client, Endpoint, NetSettings};
use jingwei_probe::{
    Attempt, Delta, Plan, SuiteCheck, Summary,
    grading::{Graded, grade_by_language},
};
use serde::{Deserialize, Serialize};

use super::{
    cache::Cached,
    executor::{Budget, Crew, Executor, Stopped},
    journal::{self, ArmTarget, HelperModel, RunHeader, RunJournal, RunLine},
    responders::Responder,
    suites::{self, Dataset, Sources},
    target::{Reach, Ready, TargetChoice},
};
use crate::{
    App, Error, assess,
    record::{Entry, What},
    register,
};

/// What to run.
pub struct ProbeOptions {
    pub suite: Suite,
    pub target: TargetChoice,
    pub datasets: Vec<Dataset>,
    pub accepted_licences: Vec<String>,
    /// Model that writes attacks.
    pub attacker: Option<Endpoint>,
    /// Model that judges.
    pub judge: Option<Endpoint>,
    /// Name of the environment variable that holds the key of these two.
    pub helper_key_env: Option<String>,
    /// Folder for journal and reports; by default one per plan in the data folder.
    pub out: Option<PathBuf>,
    pub only: Vec<String>,
    pub limit: Option<u32>,
    pub seed: Option<u64>,
    /// Most attempts under way at once.
    pub at_once: usize,
    /// Longest wait for one answer.
    pub timeout_ms: u64,
    pub budget: Budget,
    pub cache: Option<PathBuf>,
}

/// What came of it.
pub struct ProbeOutcome {
    pub document: RunDocument,
    pub folder: PathBuf,
    /// Attempts that an earlier, interrupted run had made.
    pub resumed: usize,
    /// Adaptive drivers had no attacker's model and used their templates.
    pub by_templates: bool,
    /// Set where the run is not finished.
    pub stopped: Option<Stopped>,
    /// What the first attempt that failed was told.
    pub first_error: Option<String>,
    /// Digest of the run's document in the ledger, once it is finished.
    pub entered: Option<Digest>,
    /// Evidence about a system was entered, and whether its manifest asks for this suite.
    pub evidence: Option<EvidenceUse>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceUse {
    /// Assessments take it.
    Wanted,
    /// The run is in the ledger, but the component's `tests` do not name the suite: it is no evidence.
    NotWanted,
}

/// A run as it stands in the ledger and in `run.json`: what was asked, of whom, under which judges, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunDocument {
    /// Always `probe_result`.
    pub kind: String,
    pub version: u32,
    #[serde(flatten)]
    pub run: RunHeaderOnly,
    /// Digest of the journal, which holds what was said; `None` while the run is not finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<Digest>,
    pub ended_at: Timestamp,
    pub summary: Summary,
    /// Grades against the suite's reference, per arm and language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grades: Vec<Graded>,
    /// Why there is no grade, where the suite asks for one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ungraded: Vec<String>,
}

/// The header of the journal, without its own kind and version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunHeaderOnly {
    pub header: RunHeader,
}

/// A plan that is ready, and the header of its journal.
struct Prepared {
    plan: Plan,
    header: RunHeader,
    crew: Crew,
    of_system: Option<(assess::Loaded, jingwei_core::Component)>,
    by_templates: bool,
}

/// Says what would be asked.
pub fn plan_header(app: &App, options: &ProbeOptions) -> Result<RunHeader, Error> {
    Ok(prepare(app, options)?.header)
}

/// Runs a suite, or goes on with a run that was cut off.
pub async fn run(
    app: &App,
    options: &ProbeOptions,
    stop: &AtomicBool,
    progress: Arc<dyn Progress>,
) -> Result<ProbeOutcome, Error> {
    let Prepared { plan, header, crew, of_system, by_templates } = prepare(app, options)?;
    let name = format!("{}-{}", header.suite, header.plan.short());
    let folder =
        options.out.clone().unwrap_or_else(|| journal::folder_for(&app.settings.data.join("probes"), &name, &header));
    let (mut journal, resumed) = RunJournal::open(&folder, header)?;
    let header = journal.header.clone();
    progress.begin(&header.title, header.attempts);
    progress.advance(resumed.attempts.len() as u64);
    let executor = Executor {
        plan: &plan,
        crew: &crew,
        budget: options.budget,
        at_once: options.at_once,
        longest_reply: app.settings.limits.string_bytes,
        stop,
        progress: progress.as_ref(),
    };
    let ran = executor.run(&mut journal, &resumed.keys).await;
    progress.end();
    let ran = ran.map_err(|e| {
        let shown = folder.display();
        Error::failed(
            format!("无法写 `{shown}` 中的记录；已写下的保留，腾出空间后重新运行即可接着做"),
            format!(
                "the journal in `{shown}` cannot be written; what is there is kept: make room and run again to go on"
            ),
        )
        .because(e)
    })?;
    // Its connections take more memory than all the rest.
    drop(crew);
    let (count, arms) = (resumed.attempts.len(), header.arms.iter().map(|arm| arm.arm).collect::<Vec<_>>());
    let mut attempts = ran.attempts.restored(&plan, &arms);
    if !resumed.attempts.is_empty() {
        attempts = in_order(&plan, &header.arms, resumed.attempts, attempts);
    }
    let summary = Summary::of(&plan, &attempts, &arms);
    let (grades, ungraded) = grades(app, &options.suite, &plan, &attempts, &arms);
    let journal = match ran.stopped {
        None => Some(journal.finish()?),
        Some(_) => None,
    };
    let document = RunDocument {
        kind: "probe_result".to_owned(),
        version: 1,
        run: RunHeaderOnly { header },
        journal,
        ended_at: app.now(),
        summary,
        grades,
        ungraded,
    };
    write_json(&folder.join("run.json"), &document)?;
    let mut outcome = ProbeOutcome {
        document,
        folder,
        resumed: count,
        by_templates,
        stopped: ran.stopped,
        first_error: ran.first_error,
        entered: None,
        evidence: None,
    };
    if outcome.stopped.is_none() {
        enter(app, &plan, &attempts, of_system, options, &mut outcome).await?;
    }
    Ok(outcome)
}

/// Enters a finished run into the ledger, and evidence where it is about a system.
async fn enter(
    app: &App,
    plan: &Plan,
    attempts: &[Attempt],
    of_system: Option<(assess::Loaded, jingwei_core::Component)>,
    options: &ProbeOptions,
    outcome: &mut ProbeOutcome,
) -> Result<(), Error> {
    let system: Option<SystemId> = of_system.as_ref().map(|(loaded, _)| loaded.manifest.system.id.clone());
    let now = outcome.document.ended_at;
    let (bytes, digest) = crate::app::bytes_of(&outcome.document)?;
    app.put(Entry::new(What::ProbeRun, system.clone(), &app.settings.actor, now), &bytes)?;
    outcome.entered = Some(digest);
    match of_system {
        Some((loaded, component)) if component.tests.contains(&options.suite.id) => {
            enter_evidence(app, plan, attempts, &loaded, &component, options, now).await?;
            outcome.evidence = Some(EvidenceUse::Wanted);
        }
        Some(_) => outcome.evidence = Some(EvidenceUse::NotWanted),
        None => {}
    }
    app.catch_up().await?;
    app.ledger.checkpoint()?;
    Ok(())
}

/// Evidence about a component whose manifest asks for the suite.
async fn enter_evidence(
    app: &App,
    plan: &Plan,
    attempts: &[Attempt],
    loaded: &assess::Loaded,
    component: &jingwei_core::Component,
    options: &ProbeOptions,
    now: Timestamp,
) -> Result<(), Error> {
    let check = suite_check(app, &options.suite, plan.clone())?;
    let arms: Vec<Arm> = [Arm::Undefended, Arm::Defended]
        .into_iter()
        .filter(|arm| attempts.iter().any(|attempt| attempt.arm == *arm))
        .collect();
    let observations = check.observations(component, attempts, &arms);
    let id = SuiteCheck::id_of(&options.suite.id);
    let subjects = assess::all_subjects(app, loaded)?;
    let own = assess::subjects_of(app, loaded, &[Arc::new(check) as Arc<dyn jingwei_core::Check>])?;
    let Some(subject) = own.get(&(id.clone(), component.id.clone())) else { return Ok(()) };
    let evidence = Evidence {
        kind: "evidence".to_owned(),
        version: 1,
        check: id,
        producer: format!("jingwei {}", env!("CARGO_PKG_VERSION")),
        catalog: app.catalog.digest,
        system: loaded.manifest.system.id.clone(),
        component: component.id.clone(),
        subject: *subject,
        observed_at: now,
        observations,
    };
    register::register_system(app, loaded, &subjects, now).await?;
    app.record_evidence(vec![evidence]).await?;
    Ok(())
}

/// The suite as a check of an assessment.
pub(crate) fn suite_check(app: &App, suite: &Suite, plan: Plan) -> Result<SuiteCheck, Error> {
    let rules = app.catalog.rules_of(&jingwei_core::CheckId::literal(SuiteCheck::RULES_OF));
    SuiteCheck::new(suite.title.clone(), plan, &rules)
        .map_err(|e| Error::failed(format!("目录库不完整：{e}"), format!("the catalog is not complete: {e}")))
}

/// The plan of a suite of the catalog, with nothing that a user brings.
pub(crate) fn plan_of(app: &App, suite: &Suite) -> Result<Plan, Error> {
    let sources =
        Sources { catalog: &app.catalog, datasets: &[], accepted_licences: &[], seed: None, only: &[], limit: None };
    Ok(suites::plan(suite, &sources)?.plan)
}

fn prepare(app: &App, options: &ProbeOptions) -> Result<Prepared, Error> {
    let sources = Sources {
        catalog: &app.catalog,
        datasets: &options.datasets,
        accepted_licences: &options.accepted_licences,
        seed: options.seed,
        only: &options.only,
        limit: options.limit,
    };
    let suites::Planned { plan, datasets, asks_judge, uses_attacker } = suites::plan(&options.suite, &sources)?;
    if asks_judge && options.judge.is_none() {
        return Err(Error::invalid(
            "套件中有要问模型的评判者：用 --judge 给出评判模型的地址",
            "a judge of the suite asks a model: give its address with --judge",
        ));
    }
    let net = NetSettings { ..app.settings.net.clone() };
    let client = Client::new(&net)
        .map_err(|e| Error::failed("无法建立网络客户端", "cannot make the network client").because(e))?;
    let limits = Limits {
        wall_ms: options.timeout_ms,
        tokens: 4096,
        header_bytes: app.settings.limits.header_bytes.min(16 << 20),
        ..app.settings.limits
    };
    let reach = Reach { app, client, at_once: options.at_once, limits };
    let Ready { mut target, guard, of_system } = reach.ready(&options.target)?;
    if let Some(path) = &options.cache {
        target = Arc::new(Cached::open(path, target)?);
    }
    let key_env = options.helper_key_env.as_deref();
    let helper = |endpoint: &Option<Endpoint>| -> Result<Option<Arc<dyn Responder>>, Error> {
        endpoint.clone().map(|endpoint| reach.responder(endpoint, key_env)).transpose()
    };
    let crew = Crew { target, guard, attacker: helper(&options.attacker)?, judge: helper(&options.judge)? };
    let by_templates = uses_attacker && crew.attacker.is_none();
    let header = header(app, options, &plan, datasets, &crew)?;
    Ok(Prepared { plan, header, crew, of_system, by_templates })
}

fn header(
    app: &App,
    options: &ProbeOptions,
    plan: &Plan,
    datasets: Vec<super::DatasetUse>,
    crew: &Crew,
) -> Result<RunHeader, Error> {
    let arms = crew.arms();
    let total = plan.total().and_then(|one| (one as u64).checked_mul(arms.len() as u64));
    let most = app.settings.limits.entries;
    let attempts = total.filter(|total| *total <= most).ok_or_else(|| {
        Error::invalid(
            format!("这个计划超过 {most} 次尝试；用 --limit 或 --only 缩小"),
            format!("the plan has more than {most} attempts; make it smaller with --limit or --only"),
        )
    })?;
    let helpers = [("attacker", &crew.attacker), ("judge", &crew.judge)];
    let helpers = helpers.into_iter().filter_map(|(party, helper)| {
        let helper = helper.as_ref()?;
        Some(HelperModel { party: party.to_owned(), configuration: helper.configuration(), shown: helper.shown() })
    });
    let shown = crew.target.shown();
    let arm = |(arm, configuration): (Arm, Digest)| ArmTarget { arm, configuration, shown: shown.clone() };
    Ok(RunHeader {
        kind: "probe_run".to_owned(),
        version: 1,
        suite: options.suite.id.clone(),
        title: options.suite.title.clone(),
        plan: plan.digest(),
        ingredients: plan.ingredients(),
        arms: arms.into_iter().map(arm).collect(),
        attempts,
        seed: plan.seed,
        datasets,
        helpers: helpers.collect(),
        catalog: app.catalog.digest,
        program: format!("jingwei {}", env!("CARGO_PKG_VERSION")),
        started_at: app.now(),
    })
}

/// Grades against the reference that the suite names; and why there are none.
fn grades(app: &App, suite: &Suite, plan: &Plan, attempts: &[Attempt], arms: &[Arm]) -> (Vec<Graded>, Vec<String>) {
    let Some(name) = &suite.grading else { return (Vec::new(), Vec::new()) };
    let Some(grading) = app.catalog.gradings.get(name) else {
        return (Vec::new(), vec![format!("the catalog has no grading `{name}`")]);
    };
    let (mut grades, mut ungraded) = (Vec::new(), Vec::new());
    for arm in arms {
        for (lang, outcome) in grade_by_language(grading, plan, attempts, *arm) {
            match outcome {
                Ok(graded) => grades.push(graded),
                Err(reason) => ungraded.push(format!("{} {}: {reason}", arm.code(), lang.code())),
            }
        }
    }
    (grades, ungraded)
}

/// Attempts in the plan's order, arm after arm, whatever order they were made in.
fn in_order(plan: &Plan, arms: &[ArmTarget], earlier: Vec<Attempt>, later: Vec<Attempt>) -> Vec<Attempt> {
    // The longer list is not copied.
    let (mut attempts, rest) = if later.len() > earlier.len() { (later, earlier) } else { (earlier, later) };
    attempts.extend(rest);
    let mut rank: HashMap<Digest, u32> = attempts.iter().map(|attempt| (attempt.key, u32::MAX)).collect();
    let keys = arms.iter().flat_map(|arm| plan.attempts().map(|one| plan.key(&one, &arm.configuration)));
    for (number, key) in (0_u32..).zip(keys) {
        if let Some(place) = rank.get_mut(&key) {
            *place = number.min(*place);
        }
    }
    let rank_of = |attempt: &Attempt| rank.get(&attempt.key).copied().unwrap_or(u32::MAX);
    attempts.sort_unstable_by_key(rank_of);
    attempts.dedup_by_key(|attempt| attempt.key);
    attempts.retain(|attempt| rank_of(attempt) != u32::MAX);
    attempts
}

/// A run's document and its attempts, as they were left.
pub fn read(folder: &Path) -> Result<(RunDocument, Vec<Attempt>), Error> {
    let document = read_document(folder)?;
    Ok((document, journal::read_run(folder)?.attempts))
}

/// A run's document; of a finished run only where the journal is still the one that it ended with.
pub(crate) fn read_document(folder: &Path) -> Result<RunDocument, Error> {
    let path = if folder.is_dir() { folder.join("run.json") } else { folder.with_file_name("run.json") };
    let shown = path.display();
    let bytes = fs::read(&path).map_err(|e| {
        Error::invalid(
            format!("`{shown}` 不存在或无法读取：给出一次运行的目录"),
            format!("`{shown}` is not there or cannot be read: name the folder of a run"),
        )
        .because(e)
    })?;
    let document: RunDocument = serde_json::from_slice(&bytes).map_err(|e| {
        Error::invalid(format!("`{shown}` 不是运行的结果"), format!("`{shown}` is not the result of a run")).because(e)
    })?;
    if let Some(expected) = &document.journal {
        let path = journal::journal_path(folder);
        if journal::digest_of(&path)? != *expected {
            let shown = path.display();
            return Err(Error::new(
                crate::ErrorKind::Conflict,
                format!("`{shown}` 与运行结束时不同：它被改动过；请恢复原文件"),
                format!("`{shown}` is not what the run ended with: it was changed; restore it"),
            ));
        }
    }
    Ok(document)
}

/// Gives every attempt of a run with what was said, the last of each key, in a fixed order.
pub fn each_line(folder: &Path, each: impl FnMut(RunLine)) -> Result<(), Error> {
    journal::each_line(folder, |_| true, usize::MAX, each).map(drop)
}

/// Two runs compared attempt by attempt, by the name of each arm that both have.
pub struct Comparison {
    pub arm: Arm,
    pub deltas: Vec<Delta>,
}

/// Compares two runs. Attempts pair up by part, item, transforms, driver and epoch.
pub fn compare_runs(before: &Path, after: &Path) -> Result<Vec<Comparison>, Error> {
    let ((first, first_attempts), (second, second_attempts)) = (read(before)?, read(after)?);
    let mut comparisons = Vec::new();
    for arm in [Arm::Undefended, Arm::Defended] {
        let of = |attempts: &[Attempt]| attempts.iter().filter(|a| a.arm == arm).cloned().collect::<Vec<_>>();
        let (a, b) = (of(&first_attempts), of(&second_attempts));
        if !a.is_empty() && !b.is_empty() {
            comparisons.push(Comparison { arm, deltas: jingwei_probe::compare(&a, &b) });
        }
    }
    if comparisons.iter().all(|comparison| comparison.deltas.is_empty()) {
        let (a, b) = (&first.run.header.suite, &second.run.header.suite);
        return Err(Error::invalid(
            format!("两次运行没有共同的尝试（套件 `{a}` 与 `{b}`）"),
            format!("the two runs have no attempt in common (suites `{a}` and `{b}`)"),
        ));
    }
    Ok(comparisons)
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let shown = path.display();
    let bytes = serde_json::to_vec_pretty(value)
        .map_err(|e| Error::failed("无法写文档", "cannot write a document").because(e))?;
    fs::write(path, bytes)
        .map_err(|e| Error::failed(format!("无法写 `{shown}`"), format!("cannot write `{shown}`")).because(e))
}

/// What a run is called.
#[must_use]
pub fn title(document: &RunDocument) -> &Text {
    &document.run.header.title
}
