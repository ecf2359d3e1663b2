//! Grades that a named role loosened for a time.

mod create;
mod end;
pub(crate) mod list;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(create::create)).routes(routes!(end::end)).routes(routes!(list::list))
}
