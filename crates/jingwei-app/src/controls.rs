//! The controls of systems, and what the evidence says of them.

use jingwei_core::{ControlId, SystemId, Timestamp};
use jingwei_govern::{ControlResult, explain_control};
use jingwei_store::ControlFilter;
pub use jingwei_store::{ControlNature, ControlState};
use serde_json::Value;

use crate::{
    App, Error,
    access::{Action, Caller},
    paging::{PageOf, PageRequest, given, named, nothing, of_store},
    register::internal,
    risks::Explanation,
};

/// How a control of a system stands.
#[derive(Debug, Clone)]
pub struct ControlView {
    pub system: SystemId,
    pub control: ControlId,
    pub nature: ControlNature,
    pub state: ControlState,
    pub assessed_at: Timestamp,
}

#[derive(Debug, Clone)]
pub struct ControlDetail {
    pub control: ControlView,
    /// All that the assessment says of it.
    pub result: Value,
    pub explanation: Explanation,
}

pub async fn list(
    app: &App,
    caller: &Caller,
    system: Option<&str>,
    state: Option<ControlState>,
    page: &PageRequest,
) -> Result<PageOf<ControlView>, Error> {
    caller.may(Action::ListControls)?;
    let filter = ControlFilter { system: given("system", system)?, state };
    let listed = app.store.controls(&filter, &page.read()?).await.map_err(of_store)?;
    PageOf::of(listed, |row| Ok(view(row)))
}

/// One control, by its id or its permanent code.
pub async fn get(app: &App, caller: &Caller, system: &str, control: &str) -> Result<ControlDetail, Error> {
    caller.may(Action::ReadControl)?;
    let system = named::<SystemId>("系统", "system", system)?;
    let id = match app.catalog.control(control) {
        Some(known) => known.id.clone(),
        None => named::<ControlId>("控制措施", "control", control)?,
    };
    let found = app.store.control(&system, &id).await.map_err(of_store)?;
    let found = found.ok_or_else(|| nothing("控制措施", "control", control))?;
    let result: ControlResult = found.document.read().map_err(internal)?;
    Ok(ControlDetail {
        control: view(found.row),
        explanation: Explanation::of(explain_control(&result)),
        result: found.document.read().map_err(internal)?,
    })
}

fn view(row: jingwei_store::Control) -> ControlView {
    ControlView {
        system: row.system,
        control: row.control,
        nature: row.nature,
        state: row.state,
        assessed_at: row.assessed_at,
    }
}
