//! The management API: HTTP in, use cases of `jingwei-app`, HTTP out; and the pages for people.
//!
//! Every file below a noun's folder is one endpoint: its request, its documentation, its handler, its answer and its
//! tests. It will never know a store, a ledger or a risk rule; it decides who calls (a bearer token, or a browser's
//! session for pages) and leaves to the use cases what they may.
//!
//! Invariant: nothing below `/api/v1` answers without a token, no answer carries a cause or a trace, and the OpenAPI
//! document is made of the same registrations as the routes.

#![expect(unused_qualifications, reason = "utoipa's derive writes the query's type with a path")]

mod assessments;
mod audit;
mod body;
mod catalog;
mod controls;
mod evidence;
mod extract;
mod gates;
mod health;
mod language;
mod ledger;
#[cfg(test)]
mod matrix;
mod openapi;
mod overrides;
mod pages;
mod problem;
mod risks;
mod security;
mod systems;
#[cfg(test)]
mod testing;
mod tokens;
mod treatments;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use jingwei_app::App;

pub use openapi::document;
pub use security::Hosts;

/// Longest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// What all endpoints share.
#[derive(Clone)]
pub struct ApiState {
    pub app: Arc<App>,
    /// Pages for people need no token. Only for a listener on loopback: whoever reaches it reads the register.
    pub open_pages: bool,
    /// Which `Host` a request may name.
    pub hosts: Hosts,
}

/// Everything that listens on the management address.
pub fn router(state: ApiState) -> Router {
    let (api, document) = openapi::routes().split_for_parts();
    let document = document.to_json().unwrap_or_default();
    let document = move || async move { ([(header::CONTENT_TYPE, "application/json")], document) };
    let api = api.route("/api/v1/openapi.json", get(document));
    let api = api.route_layer(middleware::from_fn_with_state(state.clone(), only_with_token));
    Router::new()
        .merge(api)
        .merge(health::router())
        .merge(pages::router())
        .fallback(problem::no_such_path)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(state.clone(), security::check_host))
        .layer(middleware::from_fn(problem::write))
        .layer(middleware::from_fn(security::headers))
        .with_state(state)
}

/// Serves until `shutdown` is ready and the requests under way have ended.
pub async fn serve(
    listener: tokio::net::TcpListener,
    state: ApiState,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(state)).with_graceful_shutdown(shutdown).await
}

/// Lets nobody past without a usable token, before anything of the request is read.
async fn only_with_token(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    match security::bearer(&state, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => {
            let mut response = problem.into_response();
            if response.status() == StatusCode::UNAUTHORIZED {
                let scheme = HeaderValue::from_static("Bearer realm=\"jingwei\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            }
            response
        }
    }
}
