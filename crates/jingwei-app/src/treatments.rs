//! Treatments: what is to be done about a risk, proposed by those who build and decided by those who answer for it.

use jingwei_core::{RiskId, SystemId, Timestamp};
use jingwei_store::{TreatmentFilter, TreatmentId};
pub use jingwei_store::{TreatmentOption, TreatmentStatus};
use serde_json::json;

use crate::{
    App, Error, ErrorKind,
    access::{Action, Caller},
    app::new_id,
    changes::Change,
    paging::{PageOf, PageRequest, given, named, nothing, of_store, written},
    register::internal,
    risks, systems,
};

const MAX_NAME_CHARS: usize = 200;
const MAX_REASON_CHARS: usize = 4_000;

#[derive(Debug, Clone)]
pub struct TreatmentView {
    pub id: String,
    pub system: SystemId,
    pub risk: RiskId,
    pub option: TreatmentOption,
    pub owner: String,
    pub cost: Option<String>,
    pub benefit: Option<String>,
    pub due: Option<Timestamp>,
    pub status: TreatmentStatus,
    pub reason: String,
    /// Until when an acceptance holds.
    pub expires_at: Option<Timestamp>,
    pub decided_by: Option<String>,
    pub created_at: Timestamp,
}

/// A treatment and where the ledger proves the change that made it so.
#[derive(Debug, Clone)]
pub struct TreatmentChange {
    pub treatment: TreatmentView,
    pub ledger_index: u64,
}

/// What somebody proposes.
#[derive(Debug, Clone)]
pub struct NewTreatment {
    pub system: String,
    pub risk: String,
    pub option: TreatmentOption,
    pub owner: String,
    pub cost: Option<String>,
    pub benefit: Option<String>,
    pub due: Option<Timestamp>,
    pub reason: String,
    pub expires_at: Option<Timestamp>,
}

/// What those who answer for a risk may say to a treatment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreatmentVerdict {
    Approve,
    Reject,
    /// What was approved has been carried out.
    Done,
}

#[derive(Debug, Clone, Default)]
pub struct TreatmentQuery {
    pub system: Option<String>,
    pub risk: Option<String>,
    pub status: Option<TreatmentStatus>,
}

/// The newest first.
pub async fn list(
    app: &App,
    caller: &Caller,
    query: &TreatmentQuery,
    page: &PageRequest,
) -> Result<PageOf<TreatmentView>, Error> {
    caller.may(Action::ListTreatments)?;
    let filter = TreatmentFilter {
        system: given("system", query.system.as_deref())?,
        risk: given("risk", query.risk.as_deref())?,
        status: query.status,
    };
    let listed = app.store.treatments(&filter, &page.read()?).await.map_err(of_store)?;
    PageOf::of(listed, |row| Ok(view(row)))
}

pub async fn get(app: &App, caller: &Caller, id: &str) -> Result<TreatmentView, Error> {
    caller.may(Action::ReadTreatment)?;
    let key = named::<TreatmentId>("处置", "treatment", id)?;
    let row = app.store.treatment(&key).await.map_err(of_store)?;
    Ok(view(row.ok_or_else(|| nothing("处置", "treatment", id))?))
}

/// Proposes a treatment of a risk that stands in the register.
pub async fn create(app: &App, caller: &Caller, new: &NewTreatment) -> Result<TreatmentChange, Error> {
    caller.may(Action::ProposeTreatment)?;
    let now = app.now();
    let system = systems::known(app, &new.system).await?;
    let risk = risks::id_of(app, &new.risk)?;
    if app.store.risk(&system, &risk).await.map_err(of_store)?.is_none() {
        return Err(nothing("风险", "risk", &new.risk));
    }
    check_times(new, now)?;
    let optional = |key, text: &Option<String>| text.as_deref().map(|t| written(key, t, MAX_NAME_CHARS)).transpose();
    let row = jingwei_store::Treatment {
        id: TreatmentId::new(new_id("trt")?).map_err(internal)?,
        system,
        risk,
        option: new.option,
        owner: written("owner", &new.owner, MAX_NAME_CHARS)?,
        cost: optional("cost", &new.cost)?,
        benefit: optional("benefit", &new.benefit)?,
        due: new.due,
        status: TreatmentStatus::Proposed,
        reason: written("reason", &new.reason, MAX_REASON_CHARS)?,
        expires_at: new.expires_at,
        decided_by: None,
        created_at: now,
    };
    let mut tx = app.begin(caller, now).await?;
    tx.add_treatment(&row).await.map_err(of_store)?;
    let ledger_index = app.save_change(caller, tx, change(caller, now, "propose", &row)?).await?;
    Ok(TreatmentChange { treatment: view(row), ledger_index })
}

/// Approves or rejects what was proposed, or states that what was approved is done.
pub async fn decide(app: &App, caller: &Caller, id: &str, verdict: TreatmentVerdict) -> Result<TreatmentChange, Error> {
    caller.may(Action::DecideTreatment)?;
    let now = app.now();
    let key = named::<TreatmentId>("处置", "treatment", id)?;
    let mut tx = app.begin(caller, now).await?;
    let found = tx.treatment(&key).await.map_err(of_store)?;
    let mut row = found.ok_or_else(|| nothing("处置", "treatment", id))?;
    let (action, needed, status) = match verdict {
        TreatmentVerdict::Approve => ("approve", TreatmentStatus::Proposed, TreatmentStatus::Approved),
        TreatmentVerdict::Reject => ("reject", TreatmentStatus::Proposed, TreatmentStatus::Rejected),
        TreatmentVerdict::Done => ("finish", TreatmentStatus::Approved, TreatmentStatus::Done),
    };
    if row.status != needed {
        let (is, needed) = (row.status.code(), needed.code());
        return Err(Error::new(
            ErrorKind::Conflict,
            format!("处置 `{id}` 的状态是 {is}，此操作要求 {needed}"),
            format!("treatment `{id}` is {is}; this needs one that is {needed}"),
        ));
    }
    row.status = status;
    row.decided_by = Some(caller.name.clone());
    tx.change_treatment(&row).await.map_err(of_store)?;
    let ledger_index = app.save_change(caller, tx, change(caller, now, action, &row)?).await?;
    Ok(TreatmentChange { treatment: view(row), ledger_index })
}

/// Accepting a risk is for a time; nothing is due yesterday.
fn check_times(new: &NewTreatment, now: Timestamp) -> Result<(), Error> {
    if new.option == TreatmentOption::Accept && new.expires_at.is_none() {
        return Err(Error::invalid(
            "接受风险须写明 `expires_at`：接受只在一段时间内有效",
            "`expires_at` is missing: a risk is accepted for a time only",
        ));
    }
    for (key, time) in [("due", new.due), ("expires_at", new.expires_at)] {
        if time.is_some_and(|time| time <= now) {
            return Err(Error::invalid(format!("`{key}` 须在将来"), format!("`{key}` must lie in the future")));
        }
    }
    Ok(())
}

fn change(
    caller: &Caller,
    at: Timestamp,
    action: &'static str,
    row: &jingwei_store::Treatment,
) -> Result<Change, Error> {
    let record = json!({
        "id": row.id.as_str(), "system": row.system, "risk": row.risk, "option": row.option.code(), "owner": row.owner,
        "cost": row.cost, "benefit": row.benefit, "due": row.due, "status": row.status.code(), "reason": row.reason,
        "expires_at": row.expires_at, "decided_by": row.decided_by, "created_at": row.created_at,
    });
    Change::new(caller, at, (action, "treatment"), row.id.as_str(), Some(&row.system), &record)
}

fn view(row: jingwei_store::Treatment) -> TreatmentView {
    TreatmentView {
        id: row.id.to_string(),
        system: row.system,
        risk: row.risk,
        option: row.option,
        owner: row.owner,
        cost: row.cost,
        benefit: row.benefit,
        due: row.due,
        status: row.status,
        reason: row.reason,
        expires_at: row.expires_at,
        decided_by: row.decided_by,
        created_at: row.created_at,
    }
}
