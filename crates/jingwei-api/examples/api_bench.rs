//! How long the API takes with 10,000 and with 100,000 risks: a real store, a real ledger, HTTP over loopback on one
//! connection that is kept. `cargo run --release -p jingwei-api --example api_bench` prints a table.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "it measures wall time and prints what it measured"
)]

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use jingwei_api::{ApiState, Hosts, router};
use jingwei_app::{App, AppSettings, AssessOptions, Watcher, assess, tokens};
use jingwei_core::{Check, Clock, Component, Grade, Limits, NoProgress, Progress, RiskId, SystemId, Timestamp};
use jingwei_store::{
    Assessment, AssessmentId, AssessmentRun, Detail, Document, Page, Risk, RiskFilter, Summary, System,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

type Outcome<T> = Result<T, Box<dyn Error>>;

const RISKS_PER_SYSTEM: usize = 100;
const REQUESTS: usize = 200;
const SIZES: [usize; 2] = [10_000, 100_000];

const MANIFEST: &str = r#"
kind = "system"
version = 1
[system]
id = "base"
name = { zh = "基准", en = "base" }
purpose = { zh = "测量", en = "to be measured" }
owner = "bench"
roles = ["provider"]
stage = "test"
tolerance = 2
[profile]
industry = "retail"
scenario = { zh = "客户服务", en = "customer service" }
audience = ["public"]
public_opinion = true
social_mobilisation = false
critical_infrastructure = false
personal_data = true
modalities = ["text"]
autonomy = "assist"
users = 20000
[[component]]
id = "model"
kind = "model"
path = "model"
[[component]]
id = "prompt"
kind = "prompt"
path = "prompt.txt"
"#;

#[tokio::main]
async fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let app = Arc::new(App::open(settings(folder.path())).await?);
    let manifest = write_system(folder.path())?;
    assess::run(&app, &AssessOptions { manifest, ..AssessOptions::default() }, Arc::new(Unwatched)).await?;
    let token = tokens::bootstrap_token(&app).await?.ok_or("the store is not new")?;
    let template = Template::read(&app).await?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let state = ApiState { app: app.clone(), open_pages: false, hosts: Hosts::Loopback { also: Vec::new() } };
    tokio::spawn(async move { axum::serve(listener, router(state)).await });
    let mut client = Client { stream: TcpStream::connect(address).await?, token };
    client.stream.set_nodelay(true)?;

    let mut columns = Vec::new();
    let mut filled = 0;
    for size in SIZES {
        while filled * RISKS_PER_SYSTEM < size {
            template.fill(&app, filled).await?;
            filled += 1;
        }
        columns.push(measure(&mut client, filled, &template).await?);
    }
    let [small, large] = SIZES;
    println!("| operation | {small} risks p50 | p95 | {large} risks p50 | p95 | growth of p95 |");
    println!("|---|---:|---:|---:|---:|---:|");
    for (before, after) in columns[0].iter().zip(&columns[1]) {
        let growth = after.p95.as_secs_f64() / before.p95.as_secs_f64();
        let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
        let [a, b, c, d] = [before.p50, before.p95, after.p50, after.p95].map(ms);
        println!("| {} | {a} | {b} | {c} | {d} | {growth:.2}× |", before.name);
    }
    Ok(())
}

struct Measured {
    name: &'static str,
    p50: Duration,
    p95: Duration,
}

async fn measure(client: &mut Client, systems: usize, template: &Template) -> Outcome<Vec<Measured>> {
    let mut found = Vec::new();
    // Page after page, from the worst risk on.
    let mut next: Option<String> = None;
    let mut times = Vec::new();
    for _ in 0..REQUESTS {
        let after = next.as_deref().map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        let (took, body) = client.get(&format!("/api/v1/risks?limit=50{after}")).await?;
        times.push(took);
        next = body["next"].as_str().map(str::to_owned);
    }
    found.push(quantiles("list 50 risks, page after page", times));

    // Steps that share no factor with the counts reach all parts of the register.
    let system = |step: usize| format!("bench-{}", step * 7_919 % systems);
    let mut times = Vec::new();
    for step in 0..REQUESTS {
        times.push(client.get(&format!("/api/v1/risks?limit=50&system={}", system(step))).await?.0);
    }
    found.push(quantiles("list 50 risks of one system", times));

    let mut times = Vec::new();
    for step in 0..REQUESTS {
        let risk = template.risk(step * 31 % RISKS_PER_SYSTEM)?.row.risk;
        times.push(client.get(&format!("/api/v1/systems/{}/risks/{risk}", system(step))).await?.0);
    }
    found.push(quantiles("a risk in detail, explained", times));

    let mut times = Vec::new();
    for step in 0..REQUESTS {
        times.push(client.get(&format!("/api/v1/risks?limit=50&text=R20{}", step % 10)).await?.0);
    }
    found.push(quantiles("list 50 risks by text", times));

    let mut times = Vec::new();
    for step in 0..REQUESTS {
        let risk = template.risk(step * 31 % RISKS_PER_SYSTEM)?.row.risk;
        let body = json!({
            "system": system(step), "risk": risk, "option": "mitigate", "owner": "bench", "reason": "to be measured",
        });
        times.push(client.post("/api/v1/treatments", &body).await?);
    }
    found.push(quantiles("write: propose a treatment", times));

    let mut times = Vec::new();
    for _ in 0..REQUESTS {
        times.push(client.post("/api/v1/assessments", &json!({ "system": "base" })).await?);
    }
    found.push(quantiles("write: assess a system again", times));
    Ok(found)
}

fn quantiles(name: &'static str, mut times: Vec<Duration>) -> Measured {
    times.sort();
    let at = |share: usize| times[(times.len() * share).div_ceil(100) - 1];
    Measured { name, p50: at(50), p95: at(95) }
}

/// One connection that is kept.
struct Client {
    stream: TcpStream,
    token: String,
}

impl Client {
    async fn get(&mut self, path: &str) -> Outcome<(Duration, Value)> {
        let (took, status, body) = self.send("GET", path, "").await?;
        if status != 200 {
            return Err(format!("{path} answered {status}: {body}").into());
        }
        Ok((took, body))
    }

    async fn post(&mut self, path: &str, body: &Value) -> Outcome<Duration> {
        let (took, status, body) = self.send("POST", path, &body.to_string()).await?;
        if status == 201 { Ok(took) } else { Err(format!("{path} answered {status}: {body}").into()) }
    }

    async fn send(&mut self, method: &str, path: &str, body: &str) -> Outcome<(Duration, u16, Value)> {
        let (token, length) = (&self.token, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let start = Instant::now();
        self.stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::with_capacity(1 << 16);
        let head = loop {
            self.stream.read_buf(&mut bytes).await?;
            if let Some(at) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let text = std::str::from_utf8(&bytes[..head])?.to_ascii_lowercase();
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let length: usize = field("content-length:").ok_or("no length")?.parse()?;
        let status: u16 = text.split(' ').nth(1).ok_or("no status")?.parse()?;
        while bytes.len() < head + length {
            self.stream.read_buf(&mut bytes).await?;
        }
        let took = start.elapsed();
        Ok((took, status, serde_json::from_slice(&bytes[head..])?))
    }
}

/// What every filled system looks like: the base system's real results, repeated under other names.
struct Template {
    system: Detail<System>,
    assessment: Assessment,
    risks: Vec<Detail<Risk>>,
    report: Value,
}

impl Template {
    async fn read(app: &App) -> Outcome<Self> {
        let base = SystemId::literal("base");
        let store = app.store();
        let system = store.system(&base).await?.ok_or("no system")?;
        let assessment = store.assessments(&Default::default(), &Page::default()).await?.items.remove(0);
        let filter = RiskFilter { system: Some(base.clone()), ..RiskFilter::default() };
        let mut risks = Vec::new();
        for row in store.risks(&filter, &Page::new(None, Page::MAX_LIMIT)?).await?.items {
            risks.push(store.risk(&base, &row.risk).await?.ok_or("no risk")?);
        }
        let report = serde_json::from_slice(&app.ledger().get_blob(&assessment.report)?)?;
        Ok(Self { system, assessment, risks, report })
    }

    /// The n-th risk of every filled system.
    fn risk(&self, n: usize) -> Outcome<Detail<Risk>> {
        let mut detail = self.risks[n % self.risks.len()].clone();
        let id = format!("{}-{n}", detail.row.risk);
        let mut document: Value = detail.document.read()?;
        document["risk"] = json!(id);
        detail.document = Document::of(&document)?;
        detail.row.risk = RiskId::new(id)?;
        detail.row.effective_grade = Grade::clamped(i64::try_from(n % 5)? + 1);
        Ok(detail)
    }

    async fn fill(&self, app: &App, n: usize) -> Outcome<()> {
        let id = SystemId::new(format!("bench-{n}"))?;
        let mut risks = Vec::new();
        for nth in 0..RISKS_PER_SYSTEM {
            let mut risk = self.risk(nth)?;
            risk.row.system = id.clone();
            risks.push(risk);
        }
        let mut report = self.report.clone();
        report["system"] = json!(id);
        report["risks"] = risks.iter().map(|risk| risk.document.read::<Value>()).collect::<Result<_, _>>()?;
        let report = app.ledger().put_blob(&serde_json::to_vec(&report)?)?;
        let mut system = self.system.clone();
        system.row.id = id.clone();
        let run = AssessmentRun {
            system,
            components: Vec::new(),
            risks,
            controls: Vec::new(),
            evidence: Vec::new(),
            assessment: Assessment {
                id: AssessmentId::new(format!("asm-bench-{n}"))?,
                system: id,
                report,
                summary: Summary::of(&json!({ "grade": 3, "risks": RISKS_PER_SYSTEM }))?,
                ..self.assessment.clone()
            },
            gate: None,
        };
        let mut tx = app.store().write("bench", app.now()).await?;
        tx.save_assessment(&run).await?;
        tx.save().await?;
        Ok(())
    }
}

fn settings(folder: &Path) -> AppSettings {
    AppSettings {
        data: folder.join("data"),
        store: None,
        catalog: None,
        actor: "bench".to_owned(),
        limits: Limits::default(),
        net: Default::default(),
        secrets: Arc::new(|_| None),
        clock: Arc::new(WallClock),
    }
}

fn write_system(folder: &Path) -> Outcome<PathBuf> {
    let root = folder.join("system");
    fs::create_dir_all(root.join("model"))?;
    for (path, text) in
        [("system.toml", MANIFEST), ("model/weights.bin", "not a model"), ("prompt.txt", "You answer questions.")]
    {
        fs::write(root.join(path), text)?;
    }
    Ok(root.join("system.toml"))
}

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

struct Unwatched;

impl Watcher for Unwatched {
    fn check_begins(&self, _: &dyn Check, _: &Component) {}
    fn check_ends(&self, _: &dyn Check, _: &Component, _: usize, _: usize) {}
    fn progress(&self) -> &dyn Progress {
        &NoProgress
    }
}
