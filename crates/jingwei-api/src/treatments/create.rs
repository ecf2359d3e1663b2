//! `POST /api/v1/treatments`

use axum::{Json, extract::State, http::StatusCode};
use jingwei_app::treatments::{self, NewTreatment};
use jingwei_core::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::list::ChangedTreatment;
use crate::{
    ApiState,
    body::ToBody,
    extract::{Body, By},
    problem::Problem,
    words::TreatmentOptionWord,
};

/// What somebody proposes to do about a risk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTreatment)]
pub(crate) struct Request {
    system: String,
    /// Risk id or code, of the system's register.
    risk: String,
    option: TreatmentOptionWord,
    /// Who is to do it.
    owner: String,
    /// In the owner's words: `3 person-days`.
    cost: Option<String>,
    benefit: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    due: Option<Timestamp>,
    reason: String,
    /// Until when an acceptance holds; needed to accept.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Proposes a treatment. Those who answer for the risk decide on it.
#[utoipa::path(
    post, path = "/api/v1/treatments", operation_id = "create_treatment", tag = "treatments", request_body = Request,
    responses((status = 201, body = ChangedTreatment))
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    By(caller): By,
    Body(request): Body<Request>,
) -> Result<(StatusCode, Json<ChangedTreatment>), Problem> {
    let new = NewTreatment {
        system: request.system,
        risk: request.risk,
        option: request.option.into(),
        owner: request.owner,
        cost: request.cost,
        benefit: request.benefit,
        due: request.due,
        reason: request.reason,
        expires_at: request.expires_at,
    };
    let made = treatments::create(&state.app, &caller, &new).await?;
    Ok((StatusCode::CREATED, Json(made.to_body())))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::testing;

    fn with(changes: &Value) -> Value {
        let mut body = json!({
            "system": "shop", "risk": "R101", "option": "mitigate", "owner": "Wang Li", "reason": "guard the output",
        });
        for (key, value) in changes.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    }

    #[test]
    fn a_proposal_is_kept_audited_and_proved() {
        testing::run(async {
            let api = testing::fresh().await;
            let risk = api.get("/api/v1/risks?limit=1").await["items"][0]["code"].clone();
            let (status, made) = api.post("/api/v1/treatments", &with(&json!({ "risk": risk }))).await;
            assert_eq!(status, 201, "{made}");
            assert_eq!(made["treatment"]["status"], "proposed");
            let id = made["treatment"]["id"].as_str().unwrap();
            assert_eq!(api.get(&format!("/api/v1/treatments/{id}")).await, made["treatment"]);
            assert_eq!(api.get("/api/v1/treatments?status=proposed").await["items"][0], made["treatment"]);
            let audit = api.get(&format!("/api/v1/audit?noun_id={id}")).await;
            assert_eq!(audit["items"][0]["action"], "add_treatment");
            let entry = api.get(&format!("/api/v1/ledger/entries/{}", made["ledger_index"])).await;
            assert_eq!(entry["document"]["record"]["id"], id);
            assert_eq!(entry["document"]["actor"], audit["items"][0]["actor"]);
        });
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        testing::run(async {
            let api = testing::shared().await;
            let risk = api.get("/api/v1/risks?limit=1").await["items"][0]["code"].clone();
            for (changes, status) in [
                (json!({ "risk": "nothing" }), 404),
                (json!({ "system": "nothing", "risk": risk }), 404),
                (json!({ "risk": risk, "reason": " " }), 400),
                (json!({ "risk": risk, "owner": "x".repeat(201) }), 400),
                (json!({ "risk": risk, "option": "ignore" }), 400),
                (json!({ "risk": risk, "option": "accept" }), 400),
                (json!({ "risk": risk, "due": "2001-01-01T00:00:00Z" }), 400),
                (json!({ "risk": risk, "due": "tomorrow" }), 400),
                (json!({ "risk": risk, "status": "approved" }), 400),
            ] {
                let (found, body) = api.post("/api/v1/treatments", &with(&changes)).await;
                assert_eq!(found, status, "{changes}: {body}");
            }
        });
    }
}
