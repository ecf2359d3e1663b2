//! `POST /api/v1/treatments/{id}/decision`

use axum::{Json, extract::State};
use jingwei_app::treatments;
use serde::Deserialize;
use utoipa::ToSchema;

use super::list::ChangedTreatment;
use crate::{
    ApiState,
    body::ToBody,
    extract::{Body, By, Named},
    problem::Problem,
    words::TreatmentVerdictWord,
};

/// What to say to a treatment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TreatmentDecision)]
pub(crate) struct Request {
    verdict: TreatmentVerdictWord,
}

/// Approves or rejects what was proposed, or states that what was approved is done. 409 when its turn is not now.
#[utoipa::path(
    post, path = "/api/v1/treatments/{id}/decision", operation_id = "decide_treatment", tag = "treatments",
    params(("id" = String, Path, description = "Treatment id")), request_body = Request,
    responses((status = 200, body = ChangedTreatment))
)]
pub(crate) async fn decide(
    State(state): State<ApiState>,
    By(caller): By,
    Named(id): Named<String>,
    Body(request): Body<Request>,
) -> Result<Json<ChangedTreatment>, Problem> {
    Ok(Json(treatments::decide(&state.app, &caller, &id, request.verdict.into()).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing;

    #[test]
    fn a_treatment_goes_its_way_step_by_step() {
        testing::run(async {
            let api = testing::fresh().await;
            let risk = api.get("/api/v1/risks?limit=1").await["items"][0]["code"].clone();
            let body = json!({ "system": "shop", "risk": risk, "option": "mitigate", "owner": "a", "reason": "b" });
            let propose = async || {
                let (_, made) = api.post("/api/v1/treatments", &body).await;
                format!("/api/v1/treatments/{}/decision", made["treatment"]["id"].as_str().unwrap())
            };
            for steps in [
                &[("done", 409), ("approve", 200), ("approve", 409), ("done", 200), ("reject", 409)][..],
                &[("reject", 200), ("approve", 409), ("done", 409)][..],
            ] {
                let path = propose().await;
                for (verdict, status) in steps {
                    let (found, body) = api.post(&path, &json!({ "verdict": verdict })).await;
                    assert_eq!(found, *status, "{verdict}: {body}");
                }
            }
            assert_eq!(api.post("/api/v1/treatments/trt-x/decision", &json!({ "verdict": "done" })).await.0, 404);
        });
    }
}
