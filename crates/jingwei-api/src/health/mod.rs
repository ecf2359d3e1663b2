//! For programs that keep this one running. Needs no token and tells nothing else.

mod live;
mod ready;

use axum::{Router, routing::get};

use crate::ApiState;

pub(crate) fn router() -> Router<ApiState> {
    Router::new().route("/healthz", get(live::live)).route("/readyz", get(ready::ready))
}
