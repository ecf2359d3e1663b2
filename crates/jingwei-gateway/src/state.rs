use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::ArcSwap;
use axum::http::{HeaderMap, StatusCode, header};
use jingwei_core::{Clock, Digest};
use jingwei_guard::Engine;
use jingwei_net::Client;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    GatewayEvent, GatewaySettings,
    event::{OnEvent, Record},
    problem::Problem,
};

/// What all requests share. Clones are the same gateway.
#[derive(Clone)]
pub struct GatewayState(Arc<Inner>);

struct Inner {
    engine: ArcSwap<Engine>,
    reload_error: Mutex<Option<String>>,
    client: Client,
    settings: GatewaySettings,
    clock: Arc<dyn Clock>,
    on_event: OnEvent,
    requests: AtomicU64,
    permits: Arc<Semaphore>,
}

impl GatewayState {
    /// `on_event` is called once per chat request, on the request's own task: it must not block.
    pub fn new(
        engine: Engine,
        client: Client,
        settings: GatewaySettings,
        clock: Arc<dyn Clock>,
        on_event: impl Fn(GatewayEvent) + Send + Sync + 'static,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(settings.most_at_once.min(Semaphore::MAX_PERMITS)));
        Self(Arc::new(Inner {
            engine: ArcSwap::from_pointee(engine),
            reload_error: Mutex::new(None),
            client,
            settings,
            clock,
            on_event: Arc::new(on_event),
            requests: AtomicU64::new(0),
            permits,
        }))
    }

    /// Requests that begin from now on are judged by this engine; those under way keep theirs.
    pub fn reload(&self, engine: Engine) {
        self.0.engine.store(Arc::new(engine));
        self.set_reload_error(None);
    }

    /// Name and digest of the policy that serves now.
    #[must_use]
    pub fn policy(&self) -> String {
        self.0.engine.load().version().to_owned()
    }

    /// Why the newest policy is not the one that serves.
    #[must_use]
    pub fn reload_error(&self) -> Option<String> {
        self.0.reload_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_reload_error(&self, error: Option<String>) {
        *self.0.reload_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    pub(crate) fn engine(&self) -> Arc<Engine> {
        self.0.engine.load_full()
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    pub(crate) fn settings(&self) -> &GatewaySettings {
        &self.0.settings
    }

    pub(crate) fn begin(&self, engine: &Engine) -> Record {
        let number = self.0.requests.fetch_add(1, Ordering::Relaxed) + 1;
        Record::begin(number, engine.version(), self.0.clock.as_ref(), Arc::clone(&self.0.on_event))
    }

    /// A place among the requests under way.
    pub(crate) fn permit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.0.permits).try_acquire_owned().map_err(|_| Problem {
            retry_after: Some("1".to_owned()),
            ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_busy", "too many requests at once; try again soon")
        })
    }

    /// Which caller asks, by the digest of the bearer token; `None` where everybody may.
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<Option<usize>, Problem> {
        let callers = &self.0.settings.callers;
        if callers.is_empty() {
            return Ok(None);
        }
        let value = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
        let token =
            value.split_at_checked(7).filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer ")).map(|p| p.1);
        // Digests are compared, so the time of the comparison tells nothing about a token.
        let digest = token.map(Digest::of);
        callers.iter().position(|caller| Some(*caller) == digest).map(Some).ok_or_else(|| {
            Problem::new(StatusCode::UNAUTHORIZED, "not_a_caller", "a bearer token that this gateway knows is needed")
        })
    }
}
