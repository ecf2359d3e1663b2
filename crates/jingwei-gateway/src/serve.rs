use std::{future::Future, io};

use axum::serve::ListenerExt;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    routing::{get, post},
};
use tokio::net::TcpListener;

use crate::{GatewayState, PolicyWatch, chat, health, models, problem::Problem, watch};

/// The gateway's endpoints.
pub fn router(state: GatewayState) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat::create))
        .route("/v1/models", get(models::list))
        .route("/healthz", get(health::healthy))
        .route("/readyz", get(health::ready))
        .fallback(not_here)
        // The chat endpoint reads its body itself, up to the configured size.
        .layer(DefaultBodyLimit::disable())
        .with_state(state)
}

/// Serves until `shutdown` is ready and the requests under way have ended; follows the policy if asked to.
pub async fn serve(
    listener: TcpListener,
    state: GatewayState,
    policy: Option<PolicyWatch>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let following = policy.map(|policy| tokio::spawn(watch::follow(state.clone(), policy)));
    // A piece of a stream is small, and waits for nothing.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::warn!(%error, "small pieces may be delayed");
        }
    });
    let served = axum::serve(listener, router(state)).with_graceful_shutdown(shutdown).await;
    if let Some(following) = following {
        following.abort();
    }
    served
}

async fn not_here() -> Problem {
    let detail =
        "this gateway serves /v1/chat/completions and /v1/models; no other path is guarded, so none is passed on";
    Problem::new(StatusCode::NOT_FOUND, "not_served", detail)
}
