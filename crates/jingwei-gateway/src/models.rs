//! `GET /v1/models`: the upstream's list.

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use jingwei_net::{Forward, Forwarded, NetError, Verb, read_json};

use crate::{GatewayState, chat::problem_of, problem::Problem};

pub(crate) async fn list(State(state): State<GatewayState>, headers: HeaderMap) -> Response {
    match read(&state, &headers).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn read(state: &GatewayState, headers: &HeaderMap) -> Result<Response, Problem> {
    state.caller(headers, &state.engines())?;
    let _permit = state.permit()?;
    let limits = &state.settings().limits;
    let forwarded = ask(state, limits.wall_ms).await.map_err(|error| problem_of(&error))?;
    let status = forwarded.status;
    if !(200..300).contains(&status) {
        return Err(Problem::bad_gateway("upstream_failed", format!("the upstream answered status {status}")));
    }
    let body = forwarded.body.rest().await.map_err(|error| problem_of(&error))?;
    let list = read_json(&body, limits).map_err(|fault| {
        Problem::bad_gateway("upstream_garbled", format!("the upstream's list is unusable: {fault}"))
    })?;
    Ok(Json(list).into_response())
}

/// Asks the upstream for its models, waiting at most `wall_ms` for each of its bytes.
pub(crate) async fn ask(state: &GatewayState, wall_ms: u64) -> Result<Forwarded, NetError> {
    let settings = state.settings();
    let request = Forward {
        verb: Verb::Get,
        base: &settings.upstream,
        tail: "models",
        headers: &[("accept", "application/json")],
        body: Bytes::new(),
        key: settings.upstream_key.as_ref(),
        total_ms: wall_ms,
    };
    state.client().forward(request, &settings.limits).await
}
