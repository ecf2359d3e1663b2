//! The risk register.

use jingwei_core::{Digest, Grade, Priority, RiskId, SystemId, Text, Timestamp};
use jingwei_govern::{ExplainNode, RiskResult, explain_risk};
use jingwei_store::RiskFilter;
pub use jingwei_store::{RiskClass, RiskState};
use serde_json::Value;

use crate::{
    App, Error,
    access::{Action, Caller},
    paging::{PageOf, PageRequest, given, named, nothing, of_store},
    register::{self, internal},
};

/// A row of the register.
#[derive(Debug, Clone)]
pub struct RiskView {
    pub system: SystemId,
    pub risk: RiskId,
    pub code: String,
    pub title: Text,
    pub class: RiskClass,
    pub inherent_grade: Grade,
    pub residual_grade: Grade,
    pub asserted_grade: Option<Grade>,
    pub derived_grade: Grade,
    pub effective_grade: Grade,
    pub priority: Priority,
    pub state: RiskState,
    pub stale: bool,
    pub assessed_at: Timestamp,
}

/// A risk, whole.
#[derive(Debug, Clone)]
pub struct RiskDetail {
    pub risk: RiskView,
    /// All that the assessment says of it.
    pub result: Value,
    /// Every number, opened down to the evidence that made it.
    pub explanation: Explanation,
}

/// A statement and what it rests on.
#[derive(Debug, Clone)]
pub struct Explanation {
    pub label: Text,
    pub value: Text,
    pub evidence: Option<EvidencePlace>,
    pub children: Vec<Explanation>,
}

/// Where evidence lies.
#[derive(Debug, Clone)]
pub struct EvidencePlace {
    pub digest: Digest,
    /// Index in the ledger.
    pub index: Option<u64>,
    pub check: String,
    pub component: String,
    pub observed_at: Timestamp,
    pub stale: bool,
}

/// Which risks are wanted: those that meet all that is set.
#[derive(Debug, Clone, Default)]
pub struct RiskQuery {
    pub system: Option<String>,
    pub min_grade: Option<Grade>,
    pub priority: Option<Priority>,
    /// Part of the code, the id or a title.
    pub text: Option<String>,
}

/// The highest grade first.
pub async fn list(
    app: &App,
    caller: &Caller,
    query: &RiskQuery,
    page: &PageRequest,
) -> Result<PageOf<RiskView>, Error> {
    caller.may(Action::ListRisks)?;
    let filter = RiskFilter {
        system: given("system", query.system.as_deref())?,
        min_effective_grade: query.min_grade,
        priority: query.priority,
        text: query.text.clone(),
    };
    let listed = app.store.risks(&filter, &page.read()?).await.map_err(of_store)?;
    PageOf::of(listed, |row| Ok(view(row)))
}

/// One risk, by its id or its permanent code.
pub async fn get(app: &App, caller: &Caller, system: &str, risk: &str) -> Result<RiskDetail, Error> {
    caller.may(Action::ReadRisk)?;
    let (system, risk) = (named::<SystemId>("系统", "system", system)?, id_of(app, risk)?);
    let found = app.store.risk(&system, &risk).await.map_err(of_store)?;
    let found = found.ok_or_else(|| nothing("风险", "risk", risk.as_str()))?;
    let result: RiskResult = found.document.read().map_err(internal)?;
    let assessment = register::newest_assessment(app, &system).await?;
    Ok(RiskDetail {
        risk: view(found.row),
        explanation: Explanation::of(explain_risk(&assessment, &result)),
        result: found.document.read().map_err(internal)?,
    })
}

/// A risk's id from its id or its code.
pub(crate) fn id_of(app: &App, name: &str) -> Result<RiskId, Error> {
    match app.catalog.risk(name) {
        Some(known) => Ok(known.id.clone()),
        None => named("风险", "risk", name),
    }
}

impl Explanation {
    pub(crate) fn of(node: ExplainNode) -> Self {
        let evidence = node.evidence.map(|place| EvidencePlace {
            digest: place.digest,
            index: place.index,
            check: place.check.into(),
            component: place.component.into(),
            observed_at: place.observed_at,
            stale: place.stale,
        });
        let children = node.children.into_iter().map(Self::of).collect();
        Self { label: node.label, value: node.value, evidence, children }
    }
}

fn view(row: jingwei_store::Risk) -> RiskView {
    RiskView {
        system: row.system,
        risk: row.risk,
        code: row.code,
        title: row.title,
        class: row.class,
        inherent_grade: row.inherent_grade,
        residual_grade: row.residual_grade,
        asserted_grade: row.asserted_grade,
        derived_grade: row.derived_grade,
        effective_grade: row.effective_grade,
        priority: row.priority,
        state: row.state,
        stale: row.stale,
        assessed_at: row.assessed_at,
    }
}
