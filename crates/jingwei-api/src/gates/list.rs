//! `GET /api/v1/gates`

use axum::{Json, extract::State};
use jingwei_app::gates::{self, GateView};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::{
    ApiState,
    body::{Page, ToBody, body},
    extract::{By, Params, page},
    problem::Problem,
    words::{DecisionWord, StageWord},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Request {
    /// Only decisions about this system.
    system: Option<String>,
    /// Only gates into this stage.
    stage: Option<StageWord>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

body! {
    /// What a gate said about a stage, and why.
    struct GateDecision from GateView {
        id: String,
        system: String,
        assessment: String,
        /// The stage that the gate leads into.
        stage: StageWord,
        decision: DecisionWord,
        /// `rule`, `decision`, `message` and `remedy` of each rule that spoke.
        reasons: Value,
        ledger_index: u64,
        decided_at: String,
    }
}

/// Gate decisions, the newest first.
#[utoipa::path(
    get, path = "/api/v1/gates", operation_id = "list_gate_decisions", tag = "gates", params(Request),
    responses((status = 200, body = Page<GateDecision>))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    By(caller): By,
    Params(request): Params<Request>,
) -> Result<Json<Page<GateDecision>>, Problem> {
    let (stage, part) = (request.stage.map(Into::into), page(request.after, request.limit));
    Ok(Json(gates::list(&state.app, &caller, request.system.as_deref(), stage, &part).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn a_decision_names_its_reasons() {
        testing::run(async {
            let api = testing::shared().await;
            let body = api.get("/api/v1/gates?system=shop&stage=deploy").await;
            assert_eq!(body["items"][0]["decision"], "stop");
            assert!(body["items"][0]["reasons"][0]["remedy"]["en"].as_str().is_some_and(|text| !text.is_empty()));
        });
    }
}
