use jingwei_core::{Grade, Priority, RiskId, SystemId, Text, Timestamp};

use crate::{
    Detail, Listed, Page, RiskClass, RiskState, Store, StoreError, Tx,
    record::{Cell, Documented, Kind, record},
    statement::{Direction, Order, Select},
};

record! {
    /// A row of a system's risk register. Its document is the whole assessment of the risk, with its explanation.
    pub struct Risk in "risks" as "risk", key ["system", "risk"], unsaid [] {
        pub system: SystemId,
        pub risk: RiskId,
        /// Such as `R205`.
        pub code: String,
        pub title: Text as ["title_zh", "title_en"],
        pub class: RiskClass,
        pub inherent_grade: Grade,
        pub residual_grade: Grade,
        /// What a person says it is.
        pub asserted_grade: Option<Grade>,
        /// What follows from the evidence.
        pub derived_grade: Grade,
        /// What counts.
        pub effective_grade: Grade,
        pub priority: Priority,
        pub state: RiskState,
        /// Some of its evidence is too old.
        pub stale: bool,
        pub assessed_at: Timestamp,
    }
}

impl Documented for Risk {
    const DOCUMENT: &'static str = "document";
}

/// Which risks are wanted: those that meet all that is set.
#[derive(Debug, Clone, Default)]
pub struct RiskFilter {
    pub system: Option<SystemId>,
    pub min_effective_grade: Option<Grade>,
    pub priority: Option<Priority>,
    /// Part of the code, the id or a title in either language, in any ASCII case. Only the first 500 characters of these are looked at.
    pub text: Option<String>,
}

const RANK: (&str, Kind) = ("grade_rank", Kind::Int);
const SYSTEM: (&str, Kind) = ("system", Kind::Text);
const RISK: (&str, Kind) = ("risk", Kind::Text);

const ALL: Order = Order { list: "risks", columns: &[RANK, SYSTEM, RISK], direction: Direction::Ascending };
/// The same order, without the column that all rows share.
const OF_SYSTEM: Order = Order { list: "risks/system", columns: &[RANK, RISK], direction: Direction::Ascending };

/// `grade_rank` of a grade.
fn rank(grade: Grade) -> Cell {
    Cell::int(5 - i64::from(grade.get()))
}

fn by_key(system: &SystemId, risk: &RiskId) -> Select<Detail<Risk>> {
    Select::by_key(vec![Cell::text(system.as_str()), Cell::text(risk.as_str())])
}

impl Store {
    pub async fn risk(&self, system: &SystemId, risk: &RiskId) -> Result<Option<Detail<Risk>>, StoreError> {
        self.one(by_key(system, risk)).await
    }

    /// The highest effective grade first, then by system and risk.
    pub async fn risks(&self, filter: &RiskFilter, page: &Page) -> Result<Listed<Risk>, StoreError> {
        let order = if filter.system.is_some() { &OF_SYSTEM } else { &ALL };
        let select = Select::new()
            .and_if("system", " = ", filter.system.as_ref().map(|system| Cell::text(system.as_str())))
            .and_if("grade_rank", " <= ", filter.min_effective_grade.map(rank))
            .and_if("priority", " = ", filter.priority.map(|priority| Cell::text(priority.code())))
            .and_contains("search", filter.text.as_deref())?;
        self.list(select, order, page).await
    }
}

impl Tx {
    pub async fn risk(&mut self, system: &SystemId, risk: &RiskId) -> Result<Option<Detail<Risk>>, StoreError> {
        self.one(by_key(system, risk)).await
    }

    pub async fn put_risk(&mut self, risk: &Detail<Risk>) -> Result<(), StoreError> {
        self.put("put_risk", risk).await
    }
}
