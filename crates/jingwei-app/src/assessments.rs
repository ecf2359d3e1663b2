//! Assessments: their history, and assessing again what the ledger holds.

use jingwei_core::{Decision, Digest, Lang, SystemId, Timestamp};
use jingwei_govern::{Assessment, Inputs, assess};
use jingwei_store::{AssessmentFilter, AssessmentId};
use serde_json::Value;

use crate::{
    App, Entry, Error, What,
    access::{Action, Caller},
    app::bytes_of,
    changes::blocking,
    paging::{PageOf, PageRequest, given, named, nothing, of_store},
    register::{self, SystemDocument, internal},
    report,
};

/// One run of an assessment, as history keeps it.
#[derive(Debug, Clone)]
pub struct AssessmentView {
    pub id: String,
    pub system: SystemId,
    pub as_of: Timestamp,
    pub catalog: Digest,
    /// Digest of the assessment as it stands in the ledger.
    pub report: Digest,
    pub ledger_index: u64,
    pub decision: Decision,
    /// The system's grade, and what is to be counted.
    pub grade: u8,
    pub risks: u64,
    pub over_tolerance: u64,
    pub gate_reasons: u64,
}

#[derive(Debug, Clone)]
pub struct AssessmentDetail {
    pub assessment: AssessmentView,
    /// As it stands in `report.json`.
    pub document: Value,
}

impl AssessmentView {
    pub(crate) fn of(row: jingwei_store::Assessment) -> Result<Self, Error> {
        let summary: Value = row.summary.read().map_err(internal)?;
        let count = |key: &str| summary.get(key).and_then(Value::as_u64).unwrap_or(0);
        Ok(Self {
            id: row.id.to_string(),
            system: row.system,
            as_of: row.as_of,
            catalog: row.catalog,
            report: row.report,
            ledger_index: row.ledger_index,
            decision: row.decision,
            grade: u8::try_from(count("grade")).unwrap_or(u8::MAX),
            risks: count("risks"),
            over_tolerance: count("over_tolerance"),
            gate_reasons: count("reasons"),
        })
    }
}

/// The newest first.
pub async fn list(
    app: &App,
    caller: &Caller,
    system: Option<&str>,
    page: &PageRequest,
) -> Result<PageOf<AssessmentView>, Error> {
    caller.may(Action::ListAssessments)?;
    let filter = AssessmentFilter { system: given("system", system)? };
    let listed = app.store.assessments(&filter, &page.read()?).await.map_err(of_store)?;
    PageOf::of(listed, AssessmentView::of)
}

pub async fn get(app: &App, caller: &Caller, id: &str) -> Result<AssessmentDetail, Error> {
    caller.may(Action::ReadAssessment)?;
    let key = named::<AssessmentId>("评估", "assessment", id)?;
    let row = app.store.assessment(&key).await.map_err(of_store)?;
    let row = row.ok_or_else(|| nothing("评估", "assessment", id))?;
    let (ledger, report) = (app.ledger.clone(), row.report);
    let bytes = blocking(move || Ok(ledger.get_blob(&report)?)).await?;
    let document = serde_json::from_slice(&bytes).map_err(internal)?;
    Ok(AssessmentDetail { assessment: AssessmentView::of(row)?, document })
}

/// Assesses a system again, now, from the evidence in the ledger. Runs no check.
pub async fn create(app: &App, caller: &Caller, system: &str) -> Result<AssessmentView, Error> {
    caller.may(Action::CreateAssessment)?;
    let id = named::<SystemId>("系统", "system", system)?;
    assess_again(app, caller, &id).await
}

/// Of two assessments at once, the one that read less could be entered last and stand in the register. One process
/// holds the ledger, so a lock in this process is enough.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The same for a use case that has changed what an assessment depends on.
pub(crate) async fn assess_again(app: &App, caller: &Caller, system: &SystemId) -> Result<AssessmentView, Error> {
    let _turn = TURN.lock().await;
    let found = app.store.system(system).await.map_err(of_store)?;
    let found = found.ok_or_else(|| nothing("系统", "system", system.as_str()))?;
    let document: SystemDocument = found.document.read().map_err(internal)?;
    let now = app.now();
    let evidence = app.newest_evidence(system).await?;
    let subjects = document.subject_map();
    let overrides = register::live_overrides(app, system, now).await?;
    let inputs =
        Inputs { manifest: &document.manifest, evidence: &evidence, subjects: &subjects, overrides: &overrides, now };
    let assessment = assess(&app.catalog, &inputs)?;
    let digest = record(&app.acting_for(caller), &assessment).await?;
    let (ledger, catalog, folder) = (app.ledger.clone(), app.catalog.clone(), app.report_folder(system));
    blocking(move || {
        ledger.checkpoint()?;
        report::write(&folder, &assessment, &catalog, Lang::Zh)
    })
    .await?;
    let row = app.store.assessment(&register::assessment_id(&digest)?).await.map_err(of_store)?;
    AssessmentView::of(row.ok_or_else(|| nothing("评估", "assessment", &digest.short()))?)
}

/// Enters an assessment into the ledger and the register, unless it stands there already.
pub(crate) async fn record(app: &App, assessment: &Assessment) -> Result<Digest, Error> {
    let (bytes, digest) = bytes_of(assessment)?;
    if !register::is_saved(app, &digest).await? {
        let system = Some(assessment.system.clone());
        app.put(Entry::new(What::Assessment, system, &app.settings.actor, assessment.as_of), &bytes)?;
        app.catch_up().await?;
    }
    Ok(digest)
}
