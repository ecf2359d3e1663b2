use std::{sync::Arc, time::Duration};

use jingwei_core::Digest;
use jingwei_guard::Engine;
use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use crate::GatewayState;

/// Makes an engine of a policy's bytes, or says what is wrong with them.
type Compile = dyn Fn(&[u8]) -> Result<Engine, String> + Send + Sync;

/// How a policy on disk becomes the one that serves.
#[derive(Clone)]
pub struct PolicyWatch {
    /// Reads every byte that decides the policy: its file and its lexicons. `Err` says why it cannot be read.
    pub read: Arc<dyn Fn() -> Result<Vec<u8>, String> + Send + Sync>,
    /// Makes an engine of those bytes, whole or not at all. `Err` says what is wrong, with lines.
    pub compile: Arc<Compile>,
    /// Digest of the bytes that the gateway was started with.
    pub serving: Option<Digest>,
    pub every_ms: u64,
}

/// Looks for a new policy until it is aborted. Bytes must be the same at two looks, so that a file which is
/// being written is not taken for a short policy; what does not load leaves the last good one serving.
pub(crate) async fn follow(state: GatewayState, watch: PolicyWatch) {
    let mut ticks = interval(Duration::from_millis(watch.every_ms.max(10)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut judged, mut seen) = (watch.serving, None);
    loop {
        ticks.tick().await;
        let read = Arc::clone(&watch.read);
        let looked = spawn_blocking(move || read().map(|bytes| (Digest::of(&bytes), bytes))).await;
        let (digest, bytes) = match looked.unwrap_or_else(|_| Err("the policy cannot be read".to_owned())) {
            Ok(found) => found,
            Err(reason) => {
                refuse(&state, reason);
                // It may come back as it was; then the complaint is withdrawn.
                (judged, seen) = (None, None);
                continue;
            }
        };
        let settled = seen == Some(digest);
        seen = Some(digest);
        if !settled || judged == Some(digest) {
            continue;
        }
        judged = Some(digest);
        let compile = Arc::clone(&watch.compile);
        let compiled = spawn_blocking(move || compile(&bytes)).await;
        match compiled.unwrap_or_else(|_| Err("the policy cannot be compiled".to_owned())) {
            Ok(engine) => {
                tracing::info!(policy = engine.version(), "a new policy serves");
                state.reload(engine);
            }
            Err(reason) => refuse(&state, reason),
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
