//! The risk register.

pub(crate) mod get;
pub(crate) mod list;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get::get)).routes(routes!(list::list))
}
