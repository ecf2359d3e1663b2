//! An assessed system behind the real router, without a network.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, LazyLock, Mutex, PoisonError, Weak,
        atomic::{AtomicI64, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request},
};
use jingwei_app::{
    App, AppSettings, AssessOptions, Watcher,
    access::{AccessRole, Caller},
    assess, tokens,
};
use jingwei_core::{Check, Clock, Component, Limits, NoProgress, Progress, Timestamp};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::{ApiState, Hosts, router};

const MANIFEST: &str = r#"
kind = "system"
version = 1

[system]
id = "shop"
name = { zh = "客服助手", en = "Service assistant" }
purpose = { zh = "回答订单问题", en = "answers questions about orders" }
owner = "Wang Li"
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

[[component]]
id = "deploy"
kind = "config"
path = "deploy.env"

[management]
owner = { name = "Wang Li" }
policy = { name = "AI safety policy", date = "2026-10-01", document = "policy.md" }
"#;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
static SHARED: Mutex<Weak<Api>> = Mutex::new(Weak::new());
static ASSESSED: Mutex<Weak<Assessed>> = Mutex::new(Weak::new());
static ONE_MAKES: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// All tests share one runtime, so that they can share one store.
pub(crate) fn run(test: impl Future<Output = ()>) {
    RUNTIME.block_on(test);
}

/// An installation that tests only read. It goes when the last of them ends.
pub(crate) async fn shared() -> Arc<Api> {
    let _lock = ONE_MAKES.lock().await;
    let known = SHARED.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    match known {
        Some(api) => api,
        None => {
            let api = Arc::new(copy(assessed().await).await);
            *SHARED.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&api);
            api
        }
    }
}

/// An installation of one's own, with an assessed system and a token per role.
pub(crate) async fn fresh() -> Api {
    let _lock = ONE_MAKES.lock().await;
    copy(assessed().await).await
}

/// A closed installation, to be copied: assessing takes longer than all else.
struct Assessed {
    folder: TempDir,
    setup: String,
    secrets: [String; 4],
}

async fn assessed() -> Arc<Assessed> {
    let known = ASSESSED.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    if let Some(assessed) = known {
        return assessed;
    }
    let folder = tempfile::tempdir().unwrap();
    let (app, _) = open(&folder.path().join("data"), "2026-11-21T08:00:00Z").await;
    let options = AssessOptions { manifest: write_system(folder.path()), ..AssessOptions::default() };
    assess::run(&app, &options, Arc::new(Unwatched)).await.unwrap();
    let setup = tokens::bootstrap_token(&app).await.unwrap().unwrap();
    assert!(tokens::bootstrap_token(&app).await.unwrap().is_none(), "the first start is only once");
    let caller = Caller { name: "first".to_owned(), role: AccessRole::Owner };
    let mut secrets = Vec::new();
    for role in AccessRole::ALL {
        let made = tokens::create(&app, &caller, &format!("the {}", role.code()), *role, None).await.unwrap();
        secrets.push(made.secret);
    }
    app.store().close().await;
    let assessed = Arc::new(Assessed { folder, setup, secrets: secrets.try_into().unwrap() });
    *ASSESSED.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&assessed);
    assessed
}

async fn copy(assessed: Arc<Assessed>) -> Api {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(assessed.folder.path(), folder.path());
    let (app, clock) = open(&folder.path().join("data"), "2026-11-21T09:00:00Z").await;
    let app = Arc::new(app);
    let [owner, risk_officer, engineer, auditor] = assessed.secrets.clone();
    let (router, setup) = (router(state(&app, true)), assessed.setup.clone());
    Api { router, app, clock, setup, owner, risk_officer, engineer, auditor, _kept: Arc::new((folder, assessed)) }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

async fn open(data: &Path, time: &str) -> (App, Arc<Ticking>) {
    let clock = Arc::new(Ticking(AtomicI64::new(0)));
    clock.set(time);
    let settings = AppSettings {
        data: data.to_owned(),
        store: None,
        catalog: None,
        actor: "cli".to_owned(),
        limits: Limits::default(),
        net: Default::default(),
        secrets: Arc::new(|_| None),
        clock: clock.clone(),
    };
    (App::open(settings).await.unwrap(), clock)
}

fn state(app: &Arc<App>, open_pages: bool) -> ApiState {
    ApiState { app: app.clone(), open_pages, hosts: Hosts::Loopback { also: Vec::new() } }
}

fn write_system(folder: &Path) -> std::path::PathBuf {
    let root = folder.join("system");
    fs::create_dir_all(root.join("model")).unwrap();
    for (path, text) in [
        ("system.toml", MANIFEST),
        ("model/weights.bin", "not a model"),
        ("model/README.md", "# A small model"),
        ("prompt.txt", "You answer questions about orders."),
        ("deploy.env", "HOST=0.0.0.0\nPORT=8080\n"),
        ("policy.md", "# Policy"),
    ] {
        fs::write(root.join(path), text).unwrap();
    }
    root.join("system.toml")
}

/// Moves on by a millisecond whenever somebody looks.
pub(crate) struct Ticking(AtomicI64);

impl Ticking {
    pub(crate) fn set(&self, time: &str) {
        self.0.store(time.parse::<Timestamp>().unwrap().micros(), Ordering::SeqCst);
    }
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.fetch_add(1_000, Ordering::SeqCst))
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

#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<Ticking>,
    pub(crate) setup: String,
    pub(crate) owner: String,
    pub(crate) risk_officer: String,
    pub(crate) engineer: String,
    pub(crate) auditor: String,
    router: Router,
    _kept: Arc<(TempDir, Arc<Assessed>)>,
}

impl Api {
    /// The same, with pages that need somebody.
    pub(crate) fn closed(&self) -> Api {
        Api { router: router(state(&self.app, false)), ..self.clone() }
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        let request = ask.request();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// What the owner reads.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Ask::new(Method::GET, path).token(&self.owner)).await.json();
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// What the owner sends.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let ask = Ask::new(Method::POST, path).token(&self.owner);
        self.ask(ask.raw(body.to_string(), "application/json")).await.json()
    }
}

/// A request.
#[derive(Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    host: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Ask {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        let host = "127.0.0.1:7800".to_owned();
        Self { method, path: path.to_owned(), host, headers: Vec::new(), body: String::new() }
    }

    pub(crate) fn token(self, secret: &str) -> Self {
        self.header("authorization", &format!("Bearer {secret}"))
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    pub(crate) fn raw(mut self, body: String, kind: &str) -> Self {
        self.body = body;
        self.header("content-type", kind)
    }

    fn request(self) -> Request<Body> {
        let mut request = Request::builder().method(self.method).uri(&self.path).header("host", self.host);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(self.body)).unwrap()
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> (u16, Value) {
        let body = serde_json::from_slice(&self.body);
        (self.status, body.unwrap_or_else(|e| panic!("{e}: {:?}", self.text())))
    }
}
