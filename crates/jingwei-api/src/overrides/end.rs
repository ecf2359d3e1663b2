//! `DELETE /api/v1/overrides/{id}`

use axum::{Json, extract::State};
use jingwei_app::overrides;

use super::list::ChangedOverride;
use crate::{
    ApiState,
    body::ToBody,
    extract::{By, Named},
    problem::Problem,
};

/// Ends an override now, and assesses the system again. It stays in the list, for the record.
#[utoipa::path(
    delete, path = "/api/v1/overrides/{id}", operation_id = "end_override", tag = "overrides",
    params(("id" = String, Path, description = "Override id")),
    responses((status = 200, body = ChangedOverride))
)]
pub(crate) async fn end(
    State(state): State<ApiState>,
    By(caller): By,
    Named(id): Named<String>,
) -> Result<Json<ChangedOverride>, Problem> {
    Ok(Json(overrides::end(&state.app, &caller, &id).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use serde_json::json;

    use crate::testing::{self, Ask};

    #[test]
    fn a_grade_is_loosened_and_comes_back_when_the_override_ends() {
        testing::run(async {
            let api = testing::fresh().await;
            let row = api.get("/api/v1/risks?limit=1").await["items"][0].clone();
            let code = row["code"].as_str().unwrap();
            assert!(row["effective_grade"].as_u64() > Some(1), "{row}");
            let grade = async || api.get(&format!("/api/v1/systems/shop/risks/{code}")).await["risk"].clone();
            let new = json!({
                "system": "shop", "risk": code, "grade": 1, "reason": "the line is closed",
                "expires_at": "2030-01-01T00:00:00Z",
            });
            let (status, made) = api.post("/api/v1/overrides", &new).await;
            assert_eq!(status, 201, "{made}");
            assert_eq!(made["change"]["role"], "owner");
            let loosened = grade().await;
            assert_eq!((&loosened["effective_grade"], &loosened["derived_grade"]), (&json!(1), &row["derived_grade"]));
            assert_eq!(api.get("/api/v1/overrides?in_force=true").await["items"][0], made["change"]);
            let path = format!("/api/v1/overrides/{}", made["change"]["id"].as_str().unwrap());
            let (status, ended) = api.ask(Ask::new(Method::DELETE, &path).token(&api.owner)).await.json();
            assert_eq!(status, 200, "{ended}");
            assert_eq!(grade().await["effective_grade"], row["effective_grade"]);
            assert_eq!(api.get("/api/v1/overrides?in_force=true").await["items"], json!([]));
            assert_eq!(api.get("/api/v1/overrides").await["items"][0], ended["change"]);
            let ask = Ask::new(Method::DELETE, "/api/v1/overrides/ovr-x").token(&api.owner);
            assert_eq!(api.ask(ask).await.status, 404);
        });
    }
}
