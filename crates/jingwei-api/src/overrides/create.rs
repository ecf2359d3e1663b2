//! `POST /api/v1/overrides`

use axum::{Json, extract::State, http::StatusCode};
use jingwei_app::overrides::{self, NewOverride};
use jingwei_core::{Grade, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;

use super::list::ChangedOverride;
use crate::{
    ApiState,
    body::ToBody,
    extract::{Body, By},
    problem::Problem,
};

/// A grade that is to count instead of the one that follows from the evidence.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOverride)]
pub(crate) struct Request {
    system: String,
    /// Risk id or code, of the system's register.
    risk: String,
    #[schema(value_type = u8, minimum = 1, maximum = 5)]
    grade: Grade,
    reason: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Sets a grade for a time, and assesses the system again. For the owner and the risk officer.
#[utoipa::path(
    post, path = "/api/v1/overrides", operation_id = "create_override", tag = "overrides", request_body = Request,
    responses((status = 201, body = ChangedOverride))
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    By(caller): By,
    Body(request): Body<Request>,
) -> Result<(StatusCode, Json<ChangedOverride>), Problem> {
    let new = NewOverride {
        system: request.system,
        risk: request.risk,
        grade: request.grade,
        reason: request.reason,
        expires_at: request.expires_at,
    };
    let made = overrides::create(&state.app, &caller, &new).await?;
    Ok((StatusCode::CREATED, Json(made.to_body())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing;

    #[test]
    fn an_override_needs_a_grade_a_reason_and_a_future_end() {
        testing::run(async {
            let api = testing::shared().await;
            let risk = api.get("/api/v1/risks?limit=1").await["items"][0]["code"].clone();
            let good = json!({
                "system": "shop", "risk": risk, "grade": 1, "reason": "a", "expires_at": "2030-01-01T00:00:00Z",
            });
            for (key, value, status) in [
                ("grade", json!(0), 400),
                ("grade", json!(6), 400),
                ("grade", json!(1.5), 400),
                ("reason", json!(""), 400),
                ("reason", json!("x".repeat(4_001)), 400),
                ("expires_at", json!("2020-01-01T00:00:00Z"), 400),
                ("expires_at", json!("next year"), 400),
                ("risk", json!("nothing"), 404),
                ("system", json!("nothing"), 404),
                ("role", json!("owner"), 400),
            ] {
                let mut bad = good.clone();
                bad[key] = value;
                let (found, body) = api.post("/api/v1/overrides", &bad).await;
                assert_eq!(found, status, "{key}: {body}");
            }
        });
    }

    #[test]
    fn overrides_made_at_once_all_count() {
        testing::run(async {
            let api = testing::fresh().await;
            let risks = api.get("/api/v1/risks?limit=8&min_grade=2").await;
            let codes: Vec<String> =
                risks["items"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect();
            assert_eq!(codes.len(), 8);
            let tasks: Vec<_> = codes
                .iter()
                .map(|code| {
                    let api = api.clone();
                    let new = json!({
                        "system": "shop", "risk": code, "grade": 1, "reason": "a", "expires_at": "2030-01-01T00:00:00Z",
                    });
                    tokio::spawn(async move { api.post("/api/v1/overrides", &new).await.0 })
                })
                .collect();
            for task in tasks {
                assert_eq!(task.await.unwrap(), 201);
            }
            for code in &codes {
                let risk = api.get(&format!("/api/v1/systems/shop/risks/{code}")).await;
                assert_eq!(risk["risk"]["effective_grade"], 1, "{code}");
            }
        });
    }
}
