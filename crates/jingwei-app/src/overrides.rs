//! Overrides: a named role lets another grade count than the one that follows from the evidence, for a time.

use jingwei_core::{Grade, RiskId, SystemId, Timestamp};
use jingwei_store::{OverrideFilter, OverrideId};
use serde_json::json;

use crate::{
    App, Error,
    access::{AccessRole, Action, Caller},
    app::new_id,
    assessments::{AssessmentView, assess_again},
    changes::Change,
    paging::{PageOf, PageRequest, given, named, nothing, of_store, written},
    register::internal,
    risks, systems,
};

const MAX_REASON_CHARS: usize = 4_000;

#[derive(Debug, Clone)]
pub struct OverrideView {
    pub id: String,
    pub system: SystemId,
    pub risk: RiskId,
    pub grade: Grade,
    pub made_by: String,
    pub role: AccessRole,
    pub reason: String,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
}

/// An override, where the ledger proves it, and what the register says since.
#[derive(Debug, Clone)]
pub struct OverrideChange {
    pub change: OverrideView,
    pub ledger_index: u64,
    pub assessment: AssessmentView,
}

#[derive(Debug, Clone)]
pub struct NewOverride {
    pub system: String,
    pub risk: String,
    pub grade: Grade,
    pub reason: String,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, Default)]
pub struct OverrideQuery {
    pub system: Option<String>,
    pub risk: Option<String>,
    /// Only those that hold now.
    pub in_force: bool,
}

/// The newest first.
pub async fn list(
    app: &App,
    caller: &Caller,
    query: &OverrideQuery,
    page: &PageRequest,
) -> Result<PageOf<OverrideView>, Error> {
    caller.may(Action::ListOverrides)?;
    let filter = OverrideFilter {
        system: given("system", query.system.as_deref())?,
        risk: given("risk", query.risk.as_deref())?,
        in_force_at: query.in_force.then(|| app.now()),
    };
    let listed = app.store.overrides(&filter, &page.read()?).await.map_err(of_store)?;
    PageOf::of(listed, |row| Ok(view(row)))
}

/// Sets a grade for a risk of the register, and assesses the system again.
pub async fn create(app: &App, caller: &Caller, new: &NewOverride) -> Result<OverrideChange, Error> {
    caller.may(Action::CreateOverride)?;
    let now = app.now();
    let system = systems::known(app, &new.system).await?;
    let risk = risks::id_of(app, &new.risk)?;
    if app.store.risk(&system, &risk).await.map_err(of_store)?.is_none() {
        return Err(nothing("风险", "risk", &new.risk));
    }
    if new.expires_at <= now {
        return Err(Error::invalid("`expires_at` 须在将来", "`expires_at` must lie in the future"));
    }
    let row = jingwei_store::Override {
        id: OverrideId::new(new_id("ovr")?).map_err(internal)?,
        system: system.clone(),
        risk,
        grade: new.grade,
        made_by: caller.name.clone(),
        role: caller.role,
        reason: written("reason", &new.reason, MAX_REASON_CHARS)?,
        expires_at: new.expires_at,
        created_at: now,
    };
    let mut tx = app.begin(caller, now).await?;
    tx.add_override(&row).await.map_err(of_store)?;
    let ledger_index = app.save_change(caller, tx, change(caller, now, "override", &row)?).await?;
    let assessment = assess_again(app, caller, &system).await?;
    Ok(OverrideChange { change: view(row), ledger_index, assessment })
}

/// Ends an override now, and assesses the system again. One that has ended stays as it is.
pub async fn end(app: &App, caller: &Caller, id: &str) -> Result<OverrideChange, Error> {
    caller.may(Action::EndOverride)?;
    let now = app.now();
    let key = named::<OverrideId>("放宽", "override", id)?;
    let mut row = find(app, &key).await?.ok_or_else(|| nothing("放宽", "override", id))?;
    row.expires_at = row.expires_at.min(now);
    let mut tx = app.begin(caller, now).await?;
    tx.end_override(&key).await.map_err(of_store)?;
    let ledger_index = app.save_change(caller, tx, change(caller, now, "end", &row)?).await?;
    let assessment = assess_again(app, caller, &row.system).await?;
    Ok(OverrideChange { change: view(row), ledger_index, assessment })
}

/// The store lists overrides and has no look at one; there are few of them.
async fn find(app: &App, id: &OverrideId) -> Result<Option<jingwei_store::Override>, Error> {
    let mut after = None;
    loop {
        let page = jingwei_store::Page::new(after, jingwei_store::Page::MAX_LIMIT).map_err(of_store)?;
        let listed = app.store.overrides(&OverrideFilter::default(), &page).await.map_err(of_store)?;
        if let Some(found) = listed.items.into_iter().find(|row| row.id == *id) {
            return Ok(Some(found));
        }
        after = listed.next;
        if after.is_none() {
            return Ok(None);
        }
    }
}

fn change(
    caller: &Caller,
    at: Timestamp,
    action: &'static str,
    row: &jingwei_store::Override,
) -> Result<Change, Error> {
    let record = json!({
        "id": row.id.as_str(), "system": row.system, "risk": row.risk, "grade": row.grade, "made_by": row.made_by,
        "role": row.role.code(), "reason": row.reason, "expires_at": row.expires_at, "created_at": row.created_at,
    });
    Change::new(caller, at, (action, "override"), row.id.as_str(), Some(&row.system), &record)
}

fn view(row: jingwei_store::Override) -> OverrideView {
    OverrideView {
        id: row.id.to_string(),
        system: row.system,
        risk: row.risk,
        grade: row.grade,
        made_by: row.made_by,
        role: row.role,
        reason: row.reason,
        expires_at: row.expires_at,
        created_at: row.created_at,
    }
}
