//! `GET /api/v1/treatments/{id}`

use axum::{Json, extract::State};
use jingwei_app::treatments;

use super::list::Treatment;
use crate::{
    ApiState,
    body::ToBody,
    extract::{By, Named},
    problem::Problem,
};

/// A treatment.
#[utoipa::path(
    get, path = "/api/v1/treatments/{id}", operation_id = "get_treatment", tag = "treatments",
    params(("id" = String, Path, description = "Treatment id")),
    responses((status = 200, body = Treatment))
)]
pub(crate) async fn get(
    State(state): State<ApiState>,
    By(caller): By,
    Named(id): Named<String>,
) -> Result<Json<Treatment>, Problem> {
    Ok(Json(treatments::get(&state.app, &caller, &id).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn what_was_never_proposed_is_not_found() {
        testing::run(async {
            let api = testing::shared().await;
            assert_eq!(api.ask(Ask::new(Method::GET, "/api/v1/treatments/trt-x").token(&api.owner)).await.status, 404);
        });
    }
}
