//! `POST /api/v1/assessments`

use axum::{Json, extract::State, http::StatusCode};
use jingwei_app::assessments;
use serde::Deserialize;
use utoipa::ToSchema;

use super::list::AssessmentSummary;
use crate::{
    ApiState,
    body::ToBody,
    extract::{Body, By},
    problem::Problem,
};

/// Which system to assess again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAssessment)]
pub(crate) struct Request {
    system: String,
}

/// Assesses a system now, from the evidence in the ledger. No check runs: that is `jingwei assess`.
#[utoipa::path(
    post, path = "/api/v1/assessments", operation_id = "create_assessment", tag = "assessments", request_body = Request,
    responses((status = 201, body = AssessmentSummary))
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    By(caller): By,
    Body(request): Body<Request>,
) -> Result<(StatusCode, Json<AssessmentSummary>), Problem> {
    let made = assessments::create(&state.app, &caller, &request.system).await?;
    Ok((StatusCode::CREATED, Json(made.to_body())))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use serde_json::json;

    use crate::testing::{self, Ask};

    #[test]
    fn the_same_evidence_gives_the_same_grades_at_a_new_instant() {
        testing::run(async {
            let api = testing::fresh().await;
            let before = api.get("/api/v1/systems/shop").await;
            let size = api.get("/api/v1/ledger/checkpoint").await["size"].as_u64().unwrap();
            let (status, made) = api.post("/api/v1/assessments", &json!({ "system": "shop" })).await;
            assert_eq!(status, 201, "{made}");
            let after = api.get("/api/v1/systems/shop").await;
            assert_eq!(after["system"]["newest"], made);
            assert_ne!(after["system"]["newest"]["as_of"], before["system"]["newest"]["as_of"]);
            assert_eq!(after["system"]["newest"]["over_tolerance"], before["system"]["newest"]["over_tolerance"]);
            let entry = api.get(&format!("/api/v1/ledger/entries/{}", made["ledger_index"])).await;
            assert!(made["ledger_index"].as_u64().is_some_and(|index| index >= size));
            assert_eq!(entry["document"]["as_of"], made["as_of"]);
            let text = api.ask(Ask::new(Method::GET, "/systems/shop/report.json")).await.text();
            assert!(text.contains(made["as_of"].as_str().unwrap()), "the report follows the register");
            assert_eq!(api.post("/api/v1/assessments", &json!({ "system": "nothing" })).await.0, 404);
        });
    }
}
