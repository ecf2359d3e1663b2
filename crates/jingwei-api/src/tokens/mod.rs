//! Who is let in.

mod create;
pub(crate) mod list;
mod revoke;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(create::create)).routes(routes!(list::list)).routes(routes!(revoke::revoke))
}
