//! `POST /api/v1/tokens`

use axum::{Json, extract::State, http::StatusCode};
use jingwei_app::tokens::{self, NewToken};
use jingwei_core::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::list::Token;
use crate::{
    ApiState,
    body::{ToBody, body},
    extract::{Body, By},
    problem::Problem,
    words::RoleWord,
};

/// Who is to be let in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken)]
pub(crate) struct Request {
    /// As the audit will show it.
    name: String,
    role: RoleWord,
    /// Without it the token works until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

body! {
    /// A new token. Its secret is shown this once.
    struct CreatedToken from NewToken {
        token: Token,
        /// Send it as `Authorization: Bearer …`.
        secret: String,
        ledger_index: u64,
    }
}

/// Lets somebody in. For the owner.
#[utoipa::path(
    post, path = "/api/v1/tokens", operation_id = "create_token", tag = "tokens", request_body = Request,
    responses((status = 201, body = CreatedToken))
)]
pub(crate) async fn create(
    State(state): State<ApiState>,
    By(caller): By,
    Body(request): Body<Request>,
) -> Result<(StatusCode, Json<CreatedToken>), Problem> {
    let made = tokens::create(&state.app, &caller, &request.name, request.role.into(), request.expires_at).await?;
    Ok((StatusCode::CREATED, Json(made.to_body())))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use serde_json::json;

    use crate::testing::{self, Ask};

    #[test]
    fn a_secret_opens_until_it_is_revoked_and_is_written_nowhere() {
        testing::run(async {
            let api = testing::fresh().await;
            let (status, made) = api.post("/api/v1/tokens", &json!({ "name": "ci", "role": "engineer" })).await;
            assert_eq!(status, 201, "{made}");
            let secret = made["secret"].as_str().unwrap();
            let read = Ask::new(Method::GET, "/api/v1/systems").token(secret);
            assert_eq!(api.ask(read.clone()).await.status, 200);
            let entry = api.get(&format!("/api/v1/ledger/entries/{}", made["ledger_index"])).await.to_string();
            let tokens = api.get("/api/v1/tokens").await.to_string();
            let audit = api.get("/api/v1/audit?noun=token").await.to_string();
            for text in [&entry, &tokens, &audit] {
                assert!(!text.contains(secret));
            }
            let path = format!("/api/v1/tokens/{}", made["token"]["id"].as_str().unwrap());
            let (status, revoked) = api.ask(Ask::new(Method::DELETE, &path).token(&api.owner)).await.json();
            assert_eq!(status, 200);
            assert!(revoked["revoked_at"].is_string());
            assert_eq!(api.ask(read).await.status, 401);
            let past = json!({ "name": "x", "role": "auditor", "expires_at": "2020-01-01T00:00:00Z" });
            assert_eq!(api.post("/api/v1/tokens", &past).await.0, 400);
        });
    }

    #[test]
    fn a_token_ends_when_its_time_is_over() {
        testing::run(async {
            let api = testing::fresh().await;
            let new = json!({ "name": "ci", "role": "auditor", "expires_at": "2026-12-01T00:00:00Z" });
            let (_, made) = api.post("/api/v1/tokens", &new).await;
            let read = Ask::new(Method::GET, "/api/v1/systems").token(made["secret"].as_str().unwrap());
            assert_eq!(api.ask(read.clone()).await.status, 200);
            api.clock.set("2026-12-01T00:00:00Z");
            assert_eq!(api.ask(read).await.status, 401);
        });
    }
}
