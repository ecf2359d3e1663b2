//! `GET /healthz`: the process answers. `GET /readyz`: it can serve.

use std::collections::BTreeMap;

use axum::{Json, extract::State, http::StatusCode};
use serde_json::{Value, json};

use crate::{GatewayState, models};

const READY_MS: u64 = 2_000;

pub(crate) async fn healthy() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Ready while the upstream answers. A policy that failed to load does not make it unready, because the last
/// good one serves; it is told here.
pub(crate) async fn ready(State(state): State<GatewayState>) -> (StatusCode, Json<Value>) {
    let upstream = match models::ask(&state, READY_MS.min(state.settings().limits.wall_ms)).await {
        Ok(response) if response.status < 500 => "ok",
        Ok(_) => "failing",
        Err(_) => "unreachable",
    };
    let ready = upstream == "ok";
    let engines = state.engines();
    let now = state.clock().now();
    let days = |bound: &jingwei_guard::BoundEngine| {
        let lexicons = bound.engine.lexicons().iter().filter(|lexicon| lexicon.words > 0);
        lexicons.map(|lexicon| now.days_since(lexicon.updated.start()).max(0)).min()
    };
    let policies: BTreeMap<&str, Option<i64>> =
        engines.engines().map(|bound| (bound.engine.version(), days(bound))).collect();
    let mut detectors: BTreeMap<&str, &str> = BTreeMap::new();
    for detector in &engines.detectors {
        let (id, state) = (detector.id.as_str(), (detector.state)());
        // Policies may give one name to different detectors: the one in trouble is told.
        if !detectors.contains_key(id) || !matches!(state, "closed" | "ready") {
            detectors.insert(id, state);
        }
    }
    let body = json!({
        "status": if ready { "ok" } else { "not ready" },
        "upstream": upstream,
        "policy": state.policy(),
        "days_since_lexicon_update": policies,
        "detectors": detectors,
        "newest_policy_refused": state.reload_error().is_some(),
    });
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}
