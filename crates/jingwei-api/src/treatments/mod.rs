//! What is to be done about risks.

mod create;
mod decide;
mod get;
pub(crate) mod list;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(create::create))
        .routes(routes!(decide::decide))
        .routes(routes!(get::get))
        .routes(routes!(list::list))
}
