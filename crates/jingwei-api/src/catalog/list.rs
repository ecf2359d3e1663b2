//! `GET /api/v1/catalog/{folder}`

use axum::{Json, extract::State};
use jingwei_app::catalog_views::{self, CatalogItemView};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ApiState,
    body::{TextBody, ToBody, body},
    extract::{By, Named},
    problem::Problem,
    words::CatalogFolderWord,
};

body! {
    /// An item of the catalog.
    struct CatalogItem from CatalogItemView {
        id: String,
        /// Permanent code; the edition of a framework.
        code: String,
        title: TextBody,
    }
}

/// All items of a folder.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CatalogList {
    items: Vec<CatalogItem>,
}

/// The items of a folder of the catalog, by id.
#[utoipa::path(
    get, path = "/api/v1/catalog/{folder}", operation_id = "list_catalog", tag = "catalog",
    params(("folder" = CatalogFolderWord, Path, description = "What to list")),
    responses((status = 200, body = CatalogList))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    By(caller): By,
    Named(folder): Named<CatalogFolderWord>,
) -> Result<Json<CatalogList>, Problem> {
    Ok(Json(CatalogList { items: catalog_views::list(&state.app, &caller, folder.into())?.to_body() }))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn folders_list_their_items_in_both_languages() {
        testing::run(async {
            let api = testing::shared().await;
            for folder in ["risks", "controls", "frameworks"] {
                let body = api.get(&format!("/api/v1/catalog/{folder}")).await;
                let items = body["items"].as_array().unwrap();
                assert!(items.len() > 3 && items.iter().all(|item| item["title"]["zh"] != ""), "{folder}");
            }
            let ask = Ask::new(Method::GET, "/api/v1/catalog/secrets").token(&api.owner);
            assert_eq!(api.ask(ask).await.status, 404);
        });
    }
}
