//! `GET /api/v1/systems`

use axum::{Json, extract::State};
use jingwei_app::systems::{self, SystemView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ApiState,
    assessments::list::AssessmentSummary,
    body::{Page, TextBody, ToBody, body},
    extract::{By, Params, page},
    problem::Problem,
    words::StageWord,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Request {
    /// Only systems at this stage.
    stage: Option<StageWord>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

body! {
    /// A governed system.
    struct SystemSummary from SystemView {
        id: String,
        name: TextBody,
        owner: String,
        stage: StageWord,
        /// The residual grade that it tolerates.
        tolerance: u8,
        manifest_digest: String,
        updated_at: String,
        newest: Option<AssessmentSummary>,
    }
}

/// The governed systems by id, each with its newest assessment.
#[utoipa::path(
    get, path = "/api/v1/systems", operation_id = "list_systems", tag = "systems", params(Request),
    responses((status = 200, body = Page<SystemSummary>))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    By(caller): By,
    Params(request): Params<Request>,
) -> Result<Json<Page<SystemSummary>>, Problem> {
    let stage = request.stage.map(Into::into);
    Ok(Json(systems::list(&state.app, &caller, stage, &page(request.after, request.limit)).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn a_system_shows_its_newest_assessment() {
        testing::run(async {
            let api = testing::shared().await;
            let body = api.get("/api/v1/systems?stage=test").await;
            assert_eq!(body["items"][0]["id"], "shop");
            assert_eq!(body["items"][0]["name"]["zh"], "客服助手");
            assert!(body["items"][0]["newest"]["grade"].as_u64().is_some_and(|grade| (1..=5).contains(&grade)));
            assert_eq!(body["items"][0]["newest"]["decision"], "stop");
            assert_eq!(body["next"], serde_json::Value::Null);
            assert_eq!(api.get("/api/v1/systems?stage=retire").await["items"].as_array().map(Vec::len), Some(0));
        });
    }
}
