//! Pages for people. They read; whatever changes something is the API's.

mod index;
mod register;
mod report;
mod setup;

use axum::{Router, routing::get};

use crate::ApiState;

pub(crate) fn router() -> Router<ApiState> {
    Router::new()
        .route("/", get(index::index))
        .route("/setup", get(setup::setup))
        .route("/systems/{system}", get(register::register))
        .route("/systems/{system}/report.html", get(report::html))
        .route("/systems/{system}/report.json", get(report::json))
}
