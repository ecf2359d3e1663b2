//! `GET /api/v1/catalog/{folder}/{id}`

use axum::{Json, extract::State};
use jingwei_app::catalog_views::{self, CatalogItemDetail as Found};
use serde_json::Value;

use super::list::CatalogItem;
use crate::{
    ApiState,
    body::{ToBody, body},
    extract::{By, Named},
    problem::Problem,
    words::CatalogFolderWord,
};

body! {
    /// An item of the catalog, whole.
    struct CatalogItemDetail from Found {
        item: CatalogItem,
        /// As its file says it.
        document: Value,
    }
}

/// An item of the catalog.
#[utoipa::path(
    get, path = "/api/v1/catalog/{folder}/{id}", operation_id = "get_catalog_item", tag = "catalog",
    params(
        ("folder" = CatalogFolderWord, Path, description = "Where it lies"),
        ("id" = String, Path, description = "Id, or permanent code")
    ),
    responses((status = 200, body = CatalogItemDetail))
)]
pub(crate) async fn get(
    State(state): State<ApiState>,
    By(caller): By,
    Named((folder, id)): Named<(CatalogFolderWord, String)>,
) -> Result<Json<CatalogItemDetail>, Problem> {
    Ok(Json(catalog_views::get(&state.app, &caller, folder.into(), &id)?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn an_item_is_found_by_id_and_by_code() {
        testing::run(async {
            let api = testing::shared().await;
            for folder in ["risks", "controls"] {
                let row = &api.get(&format!("/api/v1/catalog/{folder}")).await["items"][0];
                for name in [row["id"].as_str().unwrap(), row["code"].as_str().unwrap()] {
                    let body = api.get(&format!("/api/v1/catalog/{folder}/{name}")).await;
                    assert_eq!(body["item"], *row);
                    assert_eq!(body["document"]["id"], row["id"]);
                }
            }
            assert_eq!(api.get("/api/v1/catalog/frameworks/tc260-2.0").await["document"]["family"], "tc260");
            let ask = Ask::new(Method::GET, "/api/v1/catalog/risks/nothing").token(&api.owner);
            assert_eq!(api.ask(ask).await.status, 404);
        });
    }
}
