use std::{sync::Arc, time::Duration};

use jingwei_core::Digest;
use jingwei_guard::EngineSet;
use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use crate::GatewayState;

/// How policies on disk become the ones that serve.
#[derive(Clone)]
pub struct PolicyWatch {
    /// Reads everything that decides the engines and makes them, whole or not at all.
    pub compile: Arc<dyn Fn() -> Compiled + Send + Sync>,
    /// What the gateway was started with.
    pub serving: Compiled,
    pub every_ms: u64,
}

/// What became of files.
#[derive(Clone)]
pub struct Compiled {
    /// `Err` says what is wrong, with lines. The engines that serve already may be left out.
    pub engines: Result<Option<EngineSet>, String>,
    /// Digest of what was read for it.
    pub read: Digest,
    /// Digest of the same files as they are now.
    pub now: Arc<dyn Fn() -> Digest + Send + Sync>,
}

/// Looks for new policies until it is aborted. New engines serve when their files were the same at two looks, so that a
/// file which is being written is not taken for a short policy; what does not load leaves the last good ones serving.
pub(crate) async fn follow(state: GatewayState, watch: PolicyWatch) {
    let mut ticks = interval(Duration::from_millis(watch.every_ms.max(10)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut latest = Compiled { engines: Ok(None), ..watch.serving };
    loop {
        ticks.tick().await;
        let now = Arc::clone(&latest.now);
        let Ok(now) = spawn_blocking(move || now()).await else { continue };
        if now == latest.read {
            match std::mem::replace(&mut latest.engines, Ok(None)) {
                Ok(Some(engines)) => {
                    let policy = engines.default.engine.version().to_owned();
                    match state.reload(engines) {
                        Ok(()) => tracing::info!(policy, "new policies serve"),
                        Err(reason) => refuse(&state, reason),
                    }
                }
                Ok(None) => {}
                Err(reason) => refuse(&state, reason),
            }
            continue;
        }
        let compile = Arc::clone(&watch.compile);
        match spawn_blocking(move || compile()).await {
            Ok(compiled) => latest = compiled,
            Err(_) => refuse(&state, "the policies cannot be compiled".to_owned()),
        }
    }
}

/// Logged once per reason, not at every look.
fn refuse(state: &GatewayState, reason: String) {
    if state.reload_error().as_ref() != Some(&reason) {
        tracing::warn!(reason, serving = state.policy(), "the new policy was refused; the last good one serves");
        state.set_reload_error(Some(reason));
    }
}
