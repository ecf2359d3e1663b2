//! `GET /api/v1/gates/{id}`

use axum::{Json, extract::State};
use jingwei_app::gates;

use super::list::GateDecision;
use crate::{
    ApiState,
    body::ToBody,
    extract::{By, Named},
    problem::Problem,
};

/// A gate decision.
#[utoipa::path(
    get, path = "/api/v1/gates/{id}", operation_id = "get_gate_decision", tag = "gates",
    params(("id" = String, Path, description = "Gate decision id")),
    responses((status = 200, body = GateDecision))
)]
pub(crate) async fn get(
    State(state): State<ApiState>,
    By(caller): By,
    Named(id): Named<String>,
) -> Result<Json<GateDecision>, Problem> {
    Ok(Json(gates::get(&state.app, &caller, &id).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn a_decision_is_found_by_its_id() {
        testing::run(async {
            let api = testing::shared().await;
            let row = &api.get("/api/v1/gates?limit=1").await["items"][0];
            assert_eq!(api.get(&format!("/api/v1/gates/{}", row["id"].as_str().unwrap())).await, *row);
            assert_eq!(api.ask(Ask::new(Method::GET, "/api/v1/gates/gdc-x").token(&api.owner)).await.status, 404);
        });
    }
}
