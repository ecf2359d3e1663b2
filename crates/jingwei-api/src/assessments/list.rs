//! `GET /api/v1/assessments`

use axum::{Json, extract::State};
use jingwei_app::assessments::{self, AssessmentView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ApiState,
    body::{Page, ToBody, body},
    extract::{By, Params, page},
    problem::Problem,
    words::DecisionWord,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Request {
    /// Only assessments of this system.
    system: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

body! {
    /// One run of an assessment.
    struct AssessmentSummary from AssessmentView {
        id: String,
        system: String,
        /// The instant that it looked from.
        as_of: String,
        /// Digest of the catalog.
        catalog: String,
        /// Digest of the assessment as it stands in the ledger.
        report: String,
        ledger_index: u64,
        decision: DecisionWord,
        /// The system's grade.
        grade: u8,
        risks: u64,
        over_tolerance: u64,
        gate_reasons: u64,
    }
}

/// Assessments, the newest first.
#[utoipa::path(
    get, path = "/api/v1/assessments", operation_id = "list_assessments", tag = "assessments", params(Request),
    responses((status = 200, body = Page<AssessmentSummary>))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    By(caller): By,
    Params(request): Params<Request>,
) -> Result<Json<Page<AssessmentSummary>>, Problem> {
    let part = page(request.after, request.limit);
    Ok(Json(assessments::list(&state.app, &caller, request.system.as_deref(), &part).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn history_is_listed() {
        testing::run(async {
            let api = testing::shared().await;
            let body = api.get("/api/v1/assessments?system=shop").await;
            assert_eq!(body["items"][0]["system"], "shop");
            assert!(body["items"][0]["risks"].as_u64().is_some_and(|risks| risks > 0));
        });
    }
}
