//! `GET /healthz`: the process answers. `GET /readyz`: it can serve.

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
    let body = json!({
        "status": if ready { "ok" } else { "not ready" },
        "upstream": upstream,
        "policy": state.policy(),
        "newest_policy_refused": state.reload_error().is_some(),
    });
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(body))
}
