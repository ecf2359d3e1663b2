//! `GET /api/v1/assessments/{id}`

use axum::{Json, extract::State};
use jingwei_app::assessments::{self, AssessmentDetail as Found};
use serde_json::Value;

use super::list::AssessmentSummary;
use crate::{
    ApiState,
    body::{ToBody, body},
    extract::{By, Named},
    problem::Problem,
};

body! {
    /// An assessment, whole.
    struct AssessmentDetail from Found {
        assessment: AssessmentSummary,
        /// As it stands in the ledger and in `report.json`: kind `assessment`, version 1.
        document: Value,
    }
}

/// An assessment.
#[utoipa::path(
    get, path = "/api/v1/assessments/{id}", operation_id = "get_assessment", tag = "assessments",
    params(("id" = String, Path, description = "Assessment id")),
    responses((status = 200, body = AssessmentDetail))
)]
pub(crate) async fn get(
    State(state): State<ApiState>,
    By(caller): By,
    Named(id): Named<String>,
) -> Result<Json<AssessmentDetail>, Problem> {
    Ok(Json(assessments::get(&state.app, &caller, &id).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn an_assessment_is_what_the_ledger_holds() {
        testing::run(async {
            let api = testing::shared().await;
            let row = &api.get("/api/v1/assessments?limit=1").await["items"][0];
            let body = api.get(&format!("/api/v1/assessments/{}", row["id"].as_str().unwrap())).await;
            assert_eq!(body["document"]["kind"], "assessment");
            assert_eq!(body["document"]["as_of"], row["as_of"]);
            let ask = Ask::new(Method::GET, "/api/v1/assessments/asm-nothing").token(&api.owner);
            assert_eq!(api.ask(ask).await.status, 404);
        });
    }
}
