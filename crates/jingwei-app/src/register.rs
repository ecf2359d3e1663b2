//! The register: what an assessment leaves in the store.

use std::collections::BTreeMap;

use jingwei_core::{CheckId, ComponentId, Digest, RiskId, SystemId, Timestamp};
use jingwei_govern::{
    Assessment, ControlResult, ControlState, EvidenceState, Manifest, Override, OverrideRole, RiskResult,
};
use jingwei_store::{
    AccessRole, AssessmentId, AssessmentRun, ControlNature, Detail, Document, GateDecision, GateDecisionId,
    OverrideFilter, Page, RiskState, Summary,
};
use serde::{Deserialize, Serialize};

use crate::{
    App, Error,
    app::bytes_of,
    assess::Loaded,
    record::{Entry, What},
};

/// A system as the ledger and the store keep it: its manifest, and what evidence about it must be about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemDocument {
    /// Always `system`.
    pub kind: String,
    pub version: u32,
    pub manifest: Manifest,
    /// Of the manifest's file.
    pub manifest_digest: Digest,
    /// What evidence of each check on each component must be about.
    pub subjects: Vec<(CheckId, ComponentId, Digest)>,
}

impl SystemDocument {
    #[must_use]
    pub fn subject_map(&self) -> BTreeMap<(CheckId, ComponentId), Digest> {
        self.subjects.iter().map(|(check, component, digest)| ((check.clone(), component.clone()), *digest)).collect()
    }
}

/// An assessment's id is its digest: the same assessment is saved once.
pub(crate) fn assessment_id(digest: &Digest) -> Result<AssessmentId, Error> {
    AssessmentId::new(format!("asm-{}", digest.short())).map_err(internal)
}

pub(crate) async fn is_saved(app: &App, digest: &Digest) -> Result<bool, Error> {
    let known = app.store.assessment(&assessment_id(digest)?).await?;
    Ok(known.is_some_and(|assessment| assessment.report == *digest))
}

/// Enters a system that is new or has changed. Evidence about it comes after it in the ledger.
pub(crate) async fn register_system(
    app: &App,
    loaded: &Loaded,
    subjects: &BTreeMap<(CheckId, ComponentId), Digest>,
    now: Timestamp,
) -> Result<(), Error> {
    let id = &loaded.manifest.system.id;
    let document = SystemDocument {
        kind: "system".to_owned(),
        version: 1,
        manifest: loaded.manifest.clone(),
        manifest_digest: loaded.digest,
        subjects: subjects
            .iter()
            .map(|((check, component), digest)| (check.clone(), component.clone(), *digest))
            .collect(),
    };
    let known = app.store.system(id).await?;
    let known: Option<SystemDocument> = known.map(|found| found.document.read()).transpose().map_err(internal)?;
    if known.as_ref() == Some(&document) {
        return Ok(());
    }
    let (bytes, _) = bytes_of(&document)?;
    app.put(Entry::new(What::System, Some(id.clone()), &app.settings.actor, now), &bytes)?;
    app.catch_up().await
}

/// A system's row of the store.
pub(crate) fn system_row(document: &SystemDocument, at: Timestamp) -> Result<Detail<jingwei_store::System>, Error> {
    let system = &document.manifest.system;
    let row = jingwei_store::System {
        id: system.id.clone(),
        name: system.name.clone(),
        owner: system.owner.clone(),
        stage: system.stage,
        tolerance: system.tolerance,
        manifest_digest: document.manifest_digest,
        updated_at: at,
    };
    Ok(Detail { row, document: document_of(document)? })
}

/// Grades that people loosened through the API and that still hold.
pub(crate) async fn live_overrides(app: &App, system: &SystemId, now: Timestamp) -> Result<Vec<Override>, Error> {
    let filter = OverrideFilter { system: Some(system.clone()), ..OverrideFilter::default() };
    let mut live = Vec::new();
    let mut after = None;
    loop {
        let listed = app.store.overrides(&filter, &Page::new(after, Page::MAX_LIMIT)?).await?;
        live.extend(listed.items.into_iter().filter(|made| now < made.expires_at).map(|made| Override {
            risk: made.risk,
            grade: made.grade,
            by: made.made_by,
            role: if made.role == AccessRole::Owner { OverrideRole::Owner } else { OverrideRole::RiskOfficer },
            reason: made.reason,
            until: made.expires_at.date(),
        }));
        after = listed.next;
        if after.is_none() {
            return Ok(live);
        }
    }
}

/// Everything that an assessment leaves in the store: saved in one transaction, with one audit row.
pub(crate) fn rows(
    document: &SystemDocument,
    assessment: &Assessment,
    digest: Digest,
    index: u64,
) -> Result<AssessmentRun, Error> {
    let manifest = &document.manifest;
    let subjects = document.subject_map();
    let id = assessment_id(&digest)?;
    let components = manifest.components.iter().map(|component| {
        let subject = subjects.iter().find(|((_, id), _)| *id == component.id).map(|(_, digest)| *digest);
        let row = jingwei_store::Component {
            system: manifest.system.id.clone(),
            id: component.id.clone(),
            kind: component.kind,
            subject,
        };
        Ok(Detail { row, document: document_of(component)? })
    });
    let summary = serde_json::json!({
        "grade": assessment.grade.grade,
        "risks": assessment.counts.risks,
        "over_tolerance": assessment.counts.over_tolerance,
        "reasons": assessment.gate.reasons.len(),
    });
    let gate = GateDecision {
        id: GateDecisionId::new(format!("gdc-{}", digest.short())).map_err(internal)?,
        system: manifest.system.id.clone(),
        assessment: id.clone(),
        stage: assessment.gate.stage,
        decision: assessment.gate.decision,
        reasons: Summary::of(&assessment.gate.reasons).map_err(internal)?,
        ledger_index: index,
        decided_at: assessment.as_of,
    };
    Ok(AssessmentRun {
        system: system_row(document, assessment.as_of)?,
        components: components.collect::<Result<_, Error>>()?,
        risks: assessment.risks.iter().map(|risk| risk_row(assessment, risk)).collect::<Result<_, _>>()?,
        controls: assessment
            .controls
            .iter()
            .map(|control| control_row(assessment, control))
            .collect::<Result<_, _>>()?,
        // Evidence is indexed as soon as it is in the ledger.
        evidence: Vec::new(),
        assessment: jingwei_store::Assessment {
            id,
            system: manifest.system.id.clone(),
            as_of: assessment.as_of,
            catalog: assessment.catalog,
            report: digest,
            ledger_index: index,
            decision: assessment.gate.decision,
            summary: Summary::of(&summary).map_err(internal)?,
        },
        gate: Some(gate),
    })
}

fn risk_row(assessment: &Assessment, risk: &RiskResult) -> Result<Detail<jingwei_store::Risk>, Error> {
    let row = jingwei_store::Risk {
        system: assessment.system.clone(),
        risk: risk.risk.clone(),
        code: risk.code.clone(),
        title: risk.title.clone(),
        class: word(&risk.class)?,
        inherent_grade: risk.inherent.grade,
        residual_grade: risk.residual.grade,
        asserted_grade: risk.asserted,
        derived_grade: risk.derived,
        effective_grade: risk.effective,
        priority: risk.priority,
        state: if risk.within_tolerance { RiskState::WithinTolerance } else { RiskState::Open },
        stale: risk.evidence_state == EvidenceState::Stale,
        assessed_at: assessment.as_of,
    };
    Ok(Detail { row, document: document_of(risk)? })
}

fn control_row(assessment: &Assessment, control: &ControlResult) -> Result<Detail<jingwei_store::Control>, Error> {
    // The code tells it too for a control that this catalog does not know.
    let is_technical = control.code.starts_with('T');
    let row = jingwei_store::Control {
        system: assessment.system.clone(),
        control: control.control.clone(),
        nature: if is_technical { ControlNature::Technical } else { ControlNature::Management },
        state: match control.state {
            ControlState::Effective => jingwei_store::ControlState::Effective,
            ControlState::Failing => jingwei_store::ControlState::Failing,
            ControlState::Stale => jingwei_store::ControlState::Stale,
            ControlState::NoEvidence => jingwei_store::ControlState::NoEvidence,
            ControlState::Asserted => jingwei_store::ControlState::Asserted,
            ControlState::Unproven => jingwei_store::ControlState::Unproven,
        },
        assessed_at: assessment.as_of,
    };
    Ok(Detail { row, document: document_of(control)? })
}

/// A word that the catalog and the store spell alike.
fn word<T: std::str::FromStr<Err = jingwei_store::WordError>>(value: &impl Serialize) -> Result<T, Error> {
    let spelled = serde_json::to_value(value).map_err(internal)?;
    spelled.as_str().unwrap_or_default().parse().map_err(internal)
}

fn document_of(value: &impl Serialize) -> Result<Document, Error> {
    Document::of(value).map_err(internal)
}

pub(crate) fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::failed("内部错误", "internal error").because(error)
}

/// The stored register row of one risk, whole.
pub async fn risk(app: &App, system: &SystemId, name: &str) -> Result<RiskResult, Error> {
    let id = app.catalog.risk(name).map(|risk| risk.id.clone());
    let id = id.or_else(|| RiskId::new(name).ok()).ok_or_else(|| crate::assess::missing("风险", "risk", name))?;
    let found = app.store.risk(system, &id).await?.ok_or_else(|| {
        Error::not_found(
            format!(
                "系统 `{system}` 的登记册中没有风险 `{name}`：先运行 jingwei assess，或用 jingwei govern list 查看"
            ),
            format!(
                "the register of `{system}` has no risk `{name}`; run jingwei assess first, or see jingwei govern list"
            ),
        )
    })?;
    found.document.read().map_err(internal)
}

/// The newest assessment of a system, whole.
pub async fn newest_assessment(app: &App, system: &SystemId) -> Result<Assessment, Error> {
    let filter = jingwei_store::AssessmentFilter { system: Some(system.clone()) };
    let newest = app.store.assessments(&filter, &Page::new(None, 1)?).await?.items.into_iter().next();
    let newest = newest.ok_or_else(|| {
        Error::not_found(
            format!("系统 `{system}` 尚未评估：先运行 jingwei assess"),
            format!("system `{system}` was never assessed; run jingwei assess first"),
        )
    })?;
    assessment(app, &newest.report)
}

/// An assessment by its digest.
pub fn assessment(app: &App, digest: &Digest) -> Result<Assessment, Error> {
    let bytes = app.ledger.get_blob(digest)?;
    serde_json::from_slice(&bytes).map_err(internal)
}
