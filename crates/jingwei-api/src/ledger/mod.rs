//! What the ledger proves.

mod checkpoint;
mod consistency;
mod entry;
mod inclusion;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::ApiState;

pub(crate) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(checkpoint::checkpoint))
        .routes(routes!(consistency::consistency))
        .routes(routes!(entry::entry))
        .routes(routes!(inclusion::inclusion))
}
