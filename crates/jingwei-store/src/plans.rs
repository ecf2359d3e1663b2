//! Tests only: what the database would do for each look-up. A list that sorts, or reads a table from end to end,
//! is fast on the day it is written and slow a year later.

use std::cell::RefCell;

use jingwei_core::{CheckId, ComponentId, ControlId, Digest, Grade, Priority, RiskId, Stage, SystemId, Timestamp};
use sqlx::{AssertSqlSafe, Connection, Executor, Row};

use crate::{
    AssessmentFilter, AssessmentId, AuditFilter, ControlFilter, ControlState, Cursor, EvidenceAge, EvidenceFilter,
    GateDecisionFilter, Listed, OverrideFilter, Page, RiskFilter, Store, SystemFilter, TokenId, TreatmentFilter,
    TreatmentStatus,
    record::{Cell, Kind},
    statement::Statement,
    store::Database,
};

thread_local! {
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn seen(sql: &str) {
    SEEN.with_borrow_mut(|seen| seen.push(sql.to_owned()));
}

fn on_a_new_store<F: Future<Output = ()>>(test: impl FnOnce(Store) -> F) {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("jingwei.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { test(Store::open(path.to_str().unwrap()).await.unwrap()).await });
}

/// Asks for a first and for a later page.
async fn both_pages<T>(list: &str, key: Vec<Cell>, ask: impl AsyncFn(Page) -> Result<Listed<T>, crate::StoreError>) {
    ask(Page::default()).await.unwrap();
    ask(Page::new(Some(Cursor::new(list, key)), 50).unwrap()).await.unwrap();
}

async fn ask_everything(store: &Store) {
    let system = SystemId::literal("s");
    let of_s = || Some(system.clone());
    let time_and_id = || vec![Cell::int(1), Cell::text("x")];
    for system in [None, of_s()] {
        for min_effective_grade in [None, Some(Grade::HIGHEST)] {
            for priority in [None, Some(Priority::High)] {
                for text in [None, Some("x".to_owned())] {
                    let filter = RiskFilter { system: system.clone(), min_effective_grade, priority, text };
                    let (list, key) = match system {
                        Some(_) => ("risks/system", time_and_id()),
                        None => ("risks", vec![Cell::int(1), Cell::text("s"), Cell::text("r")]),
                    };
                    both_pages(list, key, async |page| store.risks(&filter, &page).await).await;
                }
            }
        }
        for state in [None, Some(ControlState::Failing)] {
            let filter = ControlFilter { system: system.clone(), state };
            let key = vec![Cell::text("s"), Cell::text("c")];
            both_pages("controls", key, async |page| store.controls(&filter, &page).await).await;
        }
        for risk in [None, Some(RiskId::literal("r"))] {
            let status = Some(TreatmentStatus::Proposed);
            let treatments = TreatmentFilter { system: system.clone(), risk: risk.clone(), status };
            both_pages("treatments", time_and_id(), async |page| store.treatments(&treatments, &page).await).await;
            let overrides =
                OverrideFilter { system: system.clone(), risk, in_force_at: Some(Timestamp::from_micros(0)) };
            both_pages("overrides", time_and_id(), async |page| store.overrides(&overrides, &page).await).await;
        }
        let assessments = AssessmentFilter { system: system.clone() };
        both_pages("assessments", time_and_id(), async |page| store.assessments(&assessments, &page).await).await;
        let gates = GateDecisionFilter { system: system.clone(), stage: Some(Stage::Deploy) };
        both_pages("gate_decisions", time_and_id(), async |page| store.gate_decisions(&gates, &page).await).await;
    }
    for component in [None, Some(ComponentId::literal("c"))] {
        for age in [EvidenceAge::All, EvidenceAge::Newest] {
            let check = component.as_ref().map(|_| CheckId::literal("k"));
            let filter = EvidenceFilter { system: system.clone(), component: component.clone(), check, age };
            both_pages("evidence", time_and_id(), async |page| store.evidence_list(&filter, &page).await).await;
        }
    }
    let stage = SystemFilter { stage: Some(Stage::Deploy) };
    both_pages("systems", vec![Cell::text("x")], async |page| store.systems(&stage, &page).await).await;
    both_pages("components", vec![Cell::text("x")], async |page| store.components(&system, &page).await).await;
    both_pages("tokens", time_and_id(), async |page| store.tokens(&page).await).await;
    for (actor, noun) in [(None, None), (Some("a"), None), (None, Some("n"))] {
        let noun = noun.map(str::to_owned);
        let filter = AuditFilter { actor: actor.map(str::to_owned), noun_id: noun.clone(), noun };
        both_pages("audit", vec![Cell::int(1)], async |page| store.audit(&filter, &page).await).await;
    }
    let digest = Digest::of(b"");
    assert!(store.system(&system).await.unwrap().is_none());
    assert!(store.component(&system, &ComponentId::literal("c")).await.unwrap().is_none());
    assert!(store.risk(&system, &RiskId::literal("r")).await.unwrap().is_none());
    assert!(store.control(&system, &ControlId::literal("c")).await.unwrap().is_none());
    assert!(store.evidence(&digest).await.unwrap().is_none());
    assert!(store.assessment(&AssessmentId::new("a").unwrap()).await.unwrap().is_none());
    assert!(store.token(&TokenId::new("t").unwrap()).await.unwrap().is_none());
    assert!(store.token_by_hash(&digest).await.unwrap().is_none());
}

#[test]
fn every_look_up_follows_an_index() {
    on_a_new_store(async |store| {
        ask_everything(&store).await;
        let Database::Sqlite(pools) = &store.database else { panic!("this store is a file") };
        let looked_up = SEEN.take();
        assert!(looked_up.len() > 70, "{}", looked_up.len());
        for sql in looked_up {
            let explain = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
            let plan = explain.fetch_all(&pools.readers).await.unwrap();
            for step in plan {
                let step: String = step.get("detail");
                let through_index = step.contains(" USING INDEX ") || step.contains(" USING COVERING INDEX ");
                let fine = through_index || step.starts_with("CORRELATED");
                assert!(fine && !step.contains("TEMP B-TREE"), "{step}\n{sql}");
            }
        }
    });
}

#[test]
fn readers_cannot_write() {
    on_a_new_store(async |store| {
        assert!(write_as_reader(&store).await.is_err());
        // The contract suite says what the variable is.
        #[expect(clippy::disallowed_methods, reason = "a test run is configured by its environment")]
        let server = std::env::var("JINGWEI_TEST_POSTGRES").unwrap_or_default();
        if server.is_empty() {
            return;
        }
        let mut owner = sqlx::PgConnection::connect(&server).await.unwrap();
        let schema = format!("readers_{}", std::process::id());
        owner.execute(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await.unwrap();
        let on_server = Store::open(&format!("{server}?options=-c%20search_path%3D{schema}")).await;
        let outcome = match &on_server {
            Ok(store) => write_as_reader(store).await.map_err(|error| error.to_string()),
            Err(error) => panic!("{error}"),
        };
        owner.execute(AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"))).await.unwrap();
        assert!(outcome.unwrap_err().contains("read-only"));
    });
}

async fn write_as_reader(store: &Store) -> Result<usize, sqlx::Error> {
    let statement = Statement::new("UPDATE audit_head SET seq = 7 RETURNING seq", Vec::new());
    let rows = match &store.database {
        Database::Sqlite(pools) => pools.read(statement, &[Kind::Int]).await?,
        Database::Postgres(pools) => pools.read(statement, &[Kind::Int]).await?,
    };
    Ok(rows.len())
}
