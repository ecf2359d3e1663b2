//! The engines that serve together: one per binding, and the one for everybody else.

use std::{fmt, sync::Arc};

use jingwei_core::Digest;

use crate::{Binding, Engine, Mode};

/// An engine, and how far its verdicts count.
#[derive(Debug, Clone)]
pub struct BoundEngine {
    /// Of the binding; `default` where none fits.
    pub name: Arc<str>,
    pub engine: Arc<Engine>,
    pub mode: Mode,
}

/// Somebody who may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCaller {
    /// SHA-256 of the token.
    pub token: Digest,
    pub tenant: String,
    pub app: String,
}

/// Tells how a detector stands, for those who watch: `closed`, `open`.
#[derive(Clone)]
pub struct DetectorState {
    pub id: String,
    pub state: Arc<dyn Fn() -> &'static str + Send + Sync>,
}

impl fmt::Debug for DetectorState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, (self.state)())
    }
}

/// Everything that serves at one time. It never changes: new bindings are a new set.
#[derive(Debug, Clone)]
pub struct EngineSet {
    pub callers: Vec<KnownCaller>,
    /// In order: the first that fits decides.
    pub bindings: Vec<(Binding, BoundEngine)>,
    pub default: BoundEngine,
    pub detectors: Vec<DetectorState>,
}

impl EngineSet {
    /// The engine of a request.
    #[must_use]
    pub fn of_request(&self, tenant: &str, app: &str, model: &str) -> &BoundEngine {
        let fitting = self.bindings.iter().find(|(binding, _)| binding.fits(tenant, app, model));
        fitting.map_or(&self.default, |(_, bound)| bound)
    }

    /// Every engine that may decide.
    pub fn engines(&self) -> impl Iterator<Item = &BoundEngine> {
        std::iter::once(&self.default).chain(self.bindings.iter().map(|(_, bound)| bound))
    }
}

impl From<Engine> for EngineSet {
    fn from(engine: Engine) -> Self {
        let default = BoundEngine { name: Arc::from("default"), engine: Arc::new(engine), mode: Mode::Enforce };
        Self { callers: Vec::new(), bindings: Vec::new(), default, detectors: Vec::new() }
    }
}
