use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::ArcSwap;
use axum::http::{HeaderMap, StatusCode, header};
use jingwei_core::{Clock, Digest};
use jingwei_guard::EngineSet;
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
    engines: ArcSwap<EngineSet>,
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
        engines: impl Into<EngineSet>,
        client: Client,
        settings: GatewaySettings,
        clock: Arc<dyn Clock>,
        on_event: impl Fn(GatewayEvent) + Send + Sync + 'static,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(settings.most_at_once.min(Semaphore::MAX_PERMITS)));
        Self(Arc::new(Inner {
            engines: ArcSwap::from_pointee(engines.into()),
            reload_error: Mutex::new(None),
            client,
            settings,
            clock,
            on_event: Arc::new(on_event),
            requests: AtomicU64::new(0),
            permits,
        }))
    }

    /// Requests that begin from now on are judged by these engines; those under way keep theirs. A gateway that asks
    /// for tokens does not open by itself: engines without a caller are refused then.
    pub fn reload(&self, engines: impl Into<EngineSet>) -> Result<(), String> {
        let engines = engines.into();
        if self.is_closed() && self.0.settings.callers.is_empty() && engines.callers.is_empty() {
            return Err(
                "they name no caller, and everybody could call; start the gateway again if that is meant".into()
            );
        }
        self.0.engines.store(Arc::new(engines));
        self.set_reload_error(None);
        Ok(())
    }

    fn is_closed(&self) -> bool {
        !self.0.settings.callers.is_empty() || !self.0.engines.load().callers.is_empty()
    }

    /// Name and digest of the policy that serves now where no binding fits.
    #[must_use]
    pub fn policy(&self) -> String {
        self.0.engines.load().default.engine.version().to_owned()
    }

    /// Why the newest policy is not the one that serves.
    #[must_use]
    pub fn reload_error(&self) -> Option<String> {
        self.0.reload_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_reload_error(&self, error: Option<String>) {
        *self.0.reload_error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }

    pub(crate) fn engines(&self) -> Arc<EngineSet> {
        self.0.engines.load_full()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    pub(crate) fn settings(&self) -> &GatewaySettings {
        &self.0.settings
    }

    pub(crate) fn begin(&self, engines: &EngineSet) -> Record {
        let number = self.0.requests.fetch_add(1, Ordering::Relaxed) + 1;
        Record::begin(number, &engines.default, self.clock(), Arc::clone(&self.0.on_event))
    }

    /// A place among the requests under way.
    pub(crate) fn permit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.0.permits).try_acquire_owned().map_err(|_| Problem {
            retry_after: Some("1".to_owned()),
            ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_busy", "too many requests at once; try again soon")
        })
    }

    /// Who asks, by the digest of the bearer token; nobody in particular where everybody may.
    pub(crate) fn caller(&self, headers: &HeaderMap, engines: &EngineSet) -> Result<Caller, Problem> {
        let own = &self.0.settings.callers;
        if own.is_empty() && engines.callers.is_empty() {
            return Ok(Caller::default());
        }
        let value = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
        let token =
            value.split_at_checked(7).filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer ")).map(|p| p.1);
        let stranger = || {
            Problem::new(StatusCode::UNAUTHORIZED, "not_a_caller", "a bearer token that this gateway knows is needed")
        };
        // Digests are compared, so the time of the comparison tells nothing about a token.
        let digest = token.map(Digest::of).ok_or_else(stranger)?;
        // A caller who has a tenant is found by it first, wherever else the token stands.
        if let Some(at) = engines.callers.iter().position(|caller| caller.token == digest) {
            let known = engines.callers.get(at);
            let (tenant, app) = known.map(|known| (known.tenant.clone(), known.app.clone())).unwrap_or_default();
            return Ok(Caller { number: Some(own.len() + at), tenant, app });
        }
        let number = own.iter().position(|caller| *caller == digest).ok_or_else(stranger)?;
        Ok(Caller { number: Some(number), ..Caller::default() })
    }
}

/// Who asks. Empty names: everybody, or a token without a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Caller {
    pub number: Option<usize>,
    pub tenant: String,
    pub app: String,
}
