//! What the catalog holds.

mod counts;
mod get;
mod list;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(counts::counts)).routes(routes!(get::get)).routes(routes!(list::list))
}
