//! `GET /api/v1/catalog`

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use jingwei_app::catalog_views;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{ApiState, extract::By, problem::Problem};

/// What the catalog holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Catalog {
    /// Over the bytes of all items.
    digest: String,
    /// Items by kind.
    counts: BTreeMap<&'static str, u64>,
}

/// How much the catalog holds.
#[utoipa::path(
    get, path = "/api/v1/catalog", operation_id = "get_catalog", tag = "catalog",
    responses((status = 200, body = Catalog))
)]
pub(crate) async fn counts(State(state): State<ApiState>, By(caller): By) -> Result<Json<Catalog>, Problem> {
    let found = catalog_views::counts(&state.app, &caller)?;
    Ok(Json(Catalog { digest: found.digest.into(), counts: found.counts.into_iter().collect() }))
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn the_catalog_is_counted() {
        testing::run(async {
            let api = testing::shared().await;
            let body = api.get("/api/v1/catalog").await;
            let listed = api.get("/api/v1/catalog/risks").await;
            assert_eq!(body["counts"]["risks"].as_u64(), listed["items"].as_array().map(|items| items.len() as u64));
        });
    }
}
