//! How fast lists, details and writes are with 10,000 and with 100,000 risks in a SQLite file:
//! `cargo run --release -p jingwei-store --example store_bench`. It prints a table in Markdown.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that fails has nothing else to say")]

use std::time::{Duration, Instant};

use jingwei_core::{Decision, Digest, Grade, Priority, RiskId, Stage, SystemId, Text, Timestamp};
use jingwei_store::{
    Assessment, AssessmentId, AssessmentRun, Cursor, Detail, Document, Page, Risk, RiskClass, RiskFilter, RiskState,
    Store, Summary, System,
};

const PER_SYSTEM: usize = 10_000;
const DOCUMENT_BYTES: usize = 2_000;
const READS: usize = 400;
const WRITES: usize = 200;

#[tokio::main]
async fn main() {
    println!("| risks | operation | n | p50 | p95 |\n|---|---|---|---|---|");
    for risks in [10_000, 100_000] {
        measure(risks).await;
    }
}

async fn measure(risks: usize) {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("bench.db");
    let store = Store::open(path.to_str().unwrap()).await.unwrap();
    let systems = risks / PER_SYSTEM;

    let runs: Vec<AssessmentRun> = (0..systems).map(run).collect();
    let report = |operation: &str, times: Vec<Duration>| println!("| {risks} | {operation} | {}", row(times));
    let times = timed(systems, async |n| {
        let mut tx = store.write("bench", at(n)).await.unwrap();
        tx.save_assessment(&runs[n]).await.unwrap();
        tx.save().await.unwrap();
    });
    report("save an assessment of 10,000 risks", times.await);

    let all = RiskFilter::default();
    let deep = cursor_after(&store, &all, risks * 9 / 10).await;
    let of_system = RiskFilter { system: Some(system_id(systems / 2)), ..all.clone() };
    let high =
        RiskFilter { priority: Some(Priority::High), min_effective_grade: Some(Grade::clamped(4)), ..all.clone() };
    let common = RiskFilter { text: Some("泄露 7".to_owned()), ..all.clone() };
    let none = RiskFilter { text: Some("no such title".to_owned()), ..all.clone() };
    for (operation, filter, after, reads) in [
        ("list 50, first page", &all, None, READS),
        ("list 50, after nine tenths of all", &all, Some(deep), READS),
        ("list 50 of one system", &of_system, None, READS),
        ("list 50 by priority and grade", &high, None, READS),
        ("search, 1 title in 10 fits", &common, None, READS),
        ("search, no title fits: all are looked at", &none, None, READS / 10),
    ] {
        let page = Page::new(after, 50).unwrap();
        let times = timed(reads, async |_| drop(store.risks(filter, &page).await.unwrap()));
        report(operation, times.await);
    }
    let details = timed(READS, async |n| {
        let (system, id) = (system_id(n % systems), risk_id(n * 7919 % PER_SYSTEM));
        assert!(store.risk(&system, &id).await.unwrap().is_some());
    });
    report("detail", details.await);
    let writes = timed(WRITES, async |n| {
        let mut tx = store.write("bench", at(n)).await.unwrap();
        tx.put_risk(&risk(n % systems, n * 7919 % PER_SYSTEM)).await.unwrap();
        tx.save().await.unwrap();
    });
    report("write 1 risk and its audit row, synced", writes.await);
    store.close().await;
    println!("| {risks} | size of the file | 1 | {} MB | |", path.metadata().unwrap().len() >> 20);
}

async fn cursor_after(store: &Store, filter: &RiskFilter, rows: usize) -> Cursor {
    let mut after = None;
    for _ in 0..rows / 200 {
        after = store.risks(filter, &Page::new(after, 200).unwrap()).await.unwrap().next;
    }
    after.unwrap()
}

#[expect(clippy::disallowed_methods, reason = "measuring time is what it is for")]
async fn timed(times: usize, work: impl AsyncFn(usize)) -> Vec<Duration> {
    let mut taken = Vec::with_capacity(times);
    for n in 0..times {
        let start = Instant::now();
        work(n).await;
        taken.push(start.elapsed());
    }
    taken
}

fn row(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
    format!("{} | {:.2?} | {:.2?} |", times.len(), at(50), at(95))
}

fn at(n: usize) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + i64::try_from(n).unwrap())
}

fn system_id(n: usize) -> SystemId {
    SystemId::new(format!("system-{n}")).unwrap()
}

fn risk_id(n: usize) -> RiskId {
    RiskId::new(format!("risk-{n:05}")).unwrap()
}

fn run(n: usize) -> AssessmentRun {
    let id = system_id(n);
    let system = System {
        id: id.clone(),
        name: Text::same("bench"),
        owner: "bench".to_owned(),
        stage: Stage::Operate,
        tolerance: Grade::LOW,
        manifest_digest: Digest::of(b""),
        updated_at: at(0),
    };
    let assessment = Assessment {
        id: AssessmentId::new(format!("assessment-{n}")).unwrap(),
        system: id,
        as_of: at(0),
        catalog: Digest::of(b""),
        report: Digest::of(b""),
        ledger_index: 0,
        decision: Decision::Pass,
        summary: Summary::of(&()).unwrap(),
    };
    AssessmentRun {
        system: Detail { row: system, document: Document::of(&()).unwrap() },
        components: Vec::new(),
        risks: (0..PER_SYSTEM).map(|r| risk(n, r)).collect(),
        controls: Vec::new(),
        evidence: Vec::new(),
        assessment,
        gate: None,
    }
}

fn risk(system: usize, n: usize) -> Detail<Risk> {
    let grade = Grade::clamped(i64::try_from(1 + n * 31 % 5).unwrap());
    let row = Risk {
        system: system_id(system),
        risk: risk_id(n),
        code: format!("R{}", n % 400),
        title: Text::new(format!("训练数据泄露 {}", n % 10), format!("Leak of training data {}", n % 10)),
        class: RiskClass::Inherent,
        inherent_grade: grade,
        residual_grade: grade,
        asserted_grade: None,
        derived_grade: grade,
        effective_grade: grade,
        priority: [Priority::Low, Priority::Medium, Priority::High][n % 3],
        state: RiskState::Open,
        stale: false,
        assessed_at: at(n),
    };
    Detail { row, document: Document::of(&"x".repeat(DOCUMENT_BYTES)).unwrap() }
}
