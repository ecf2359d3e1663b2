use jingwei_core::{Decision, Digest, SystemId, Timestamp};
use serde_json::json;

use crate::{
    AssessmentId, Component, Control, Detail, Evidence, GateDecision, Listed, Page, Risk, Store, StoreError, Summary,
    System, Tx,
    record::{Cell, Kind, Record, name_of, record},
    statement::{Direction, Order, Select, Statement},
    tx::Entry,
};

record! {
    /// One run of an assessment, as history keeps it.
    pub struct Assessment in "assessments" as "assessment", key ["id"], unsaid [] {
        pub id: AssessmentId,
        pub system: SystemId,
        /// The instant that it looked from.
        pub as_of: Timestamp,
        pub catalog: Digest,
        pub report: Digest,
        pub ledger_index: u64,
        pub decision: Decision,
        pub summary: Summary,
    }
}

/// All that one assessment found out. Components, risks and controls are the whole register of the system:
/// what it had before and is not here goes. Evidence and history are added to.
#[derive(Debug, Clone, PartialEq)]
pub struct AssessmentRun {
    pub system: Detail<System>,
    pub components: Vec<Detail<Component>>,
    pub risks: Vec<Detail<Risk>>,
    pub controls: Vec<Detail<Control>>,
    pub evidence: Vec<Detail<Evidence>>,
    pub assessment: Assessment,
    pub gate: Option<GateDecision>,
}

#[derive(Debug, Clone, Default)]
pub struct AssessmentFilter {
    pub system: Option<SystemId>,
}

const NEWEST_FIRST: Order = Order {
    list: "assessments",
    columns: &[("as_of", Kind::Int), ("id", Kind::Text)],
    direction: Direction::Descending,
};

impl Store {
    pub async fn assessment(&self, id: &AssessmentId) -> Result<Option<Assessment>, StoreError> {
        self.one(Select::by_key(vec![Cell::text(id.as_str())])).await
    }

    /// The newest first.
    pub async fn assessments(&self, filter: &AssessmentFilter, page: &Page) -> Result<Listed<Assessment>, StoreError> {
        let system = filter.system.as_ref().map(|system| Cell::text(system.as_str()));
        self.list(Select::new().and_if("system", " = ", system), &NEWEST_FIRST, page).await
    }
}

impl Tx {
    /// Writes one run. Its audit row has the report's digest as `after`, and as `before` that of the newest report
    /// that the system had. A run that is saved again replaces itself.
    pub async fn save_assessment(&mut self, run: &AssessmentRun) -> Result<(), StoreError> {
        let changes = changes_of(run)?;
        let assessment = &run.assessment;
        self.refuse_foreign(assessment, assessment.system.as_str()).await?;
        if let Some(gate) = &run.gate {
            self.refuse_foreign(gate, gate.system.as_str()).await?;
        }
        let earlier = self.newest_report(&assessment.system).await?;
        let entry = Entry {
            action: "save_assessment",
            noun: Assessment::NOUN,
            noun_id: assessment.id.to_string(),
            before: earlier,
            after: Some(assessment.report),
            detail: json!({
                "system": assessment.system,
                "decision": assessment.decision,
                "components": run.components.len(),
                "risks": run.risks.len(),
                "controls": run.controls.len(),
                "evidence": run.evidence.len(),
            }),
        };
        self.apply(entry, changes).await
    }

    async fn newest_report(&mut self, system: &SystemId) -> Result<Option<Digest>, StoreError> {
        let newest = Select::<Assessment>::new().and("system", " = ", Cell::text(system.as_str())).and_that(
            "NOT EXISTS (SELECT 1 FROM assessments AS newer WHERE newer.system = item.system \
                AND (newer.as_of, newer.id) > (item.as_of, item.id))",
        );
        Ok(self.one(newest).await?.map(|assessment| assessment.report))
    }

    /// An id that another system uses already would take that system's row away.
    async fn refuse_foreign<T: Record>(&mut self, row: &T, system: &str) -> Result<(), StoreError> {
        let cells = row.cells()?;
        let Some(found) = self.cells_of::<T>(&cells).await? else { return Ok(()) };
        let at = T::columns().iter().position(|column| column.name == "system");
        match at.and_then(|at| found.get(at)) {
            Some(Cell::Text(Some(found))) if found == system => Ok(()),
            _ => Err(StoreError::Conflict { noun: T::NOUN, id: name_of::<T>(&cells) }),
        }
    }
}

fn changes_of(run: &AssessmentRun) -> Result<Vec<Statement>, StoreError> {
    let system = run.system.row.id.as_str();
    let mut changes = vec![Statement::upsert::<Detail<System>>(run.system.cells()?)];
    for forget in [
        "DELETE FROM components WHERE system = $1",
        "DELETE FROM risks WHERE system = $1",
        "DELETE FROM controls WHERE system = $1",
    ] {
        changes.push(Statement::new(forget, vec![Cell::text(system)]));
    }
    changes.extend(Statement::insert::<Detail<Component>>(rows_of(system, &run.components)?));
    changes.extend(Statement::insert::<Detail<Risk>>(rows_of(system, &run.risks)?));
    changes.extend(Statement::insert::<Detail<Control>>(rows_of(system, &run.controls)?));
    changes.extend(Statement::insert_new::<Detail<Evidence>>(rows_of(system, &run.evidence)?));
    for row in rows_of(system, std::slice::from_ref(&run.assessment))? {
        changes.push(Statement::upsert::<Assessment>(row));
    }
    for row in rows_of(system, run.gate.as_slice())? {
        changes.push(Statement::upsert::<GateDecision>(row));
    }
    Ok(changes)
}

/// The rows' values, all of which belong to the system.
fn rows_of<T: Record>(system: &str, rows: &[T]) -> Result<Vec<Vec<Cell>>, StoreError> {
    let at = T::columns().iter().position(|column| column.name == "system");
    let checked = |row: &T| {
        let cells = row.cells()?;
        match at.and_then(|at| cells.get(at)) {
            Some(Cell::Text(Some(found))) if found != system => Err(StoreError::WrongSystem {
                noun: T::NOUN,
                id: name_of::<T>(&cells),
                found: found.clone(),
                expected: system.to_owned(),
            }),
            _ => Ok(cells),
        }
    };
    rows.iter().map(checked).collect()
}
