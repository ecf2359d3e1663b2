//! `GET /api/v1/tokens`

use axum::{Json, extract::State};
use jingwei_app::tokens::{self, TokenView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ApiState,
    body::{Page, ToBody, body},
    extract::{By, Params, page},
    problem::Problem,
    words::RoleWord,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Request {
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

body! {
    /// Who is let in. The secret is shown nowhere.
    struct Token from TokenView {
        /// `tok-` for programs, `ses-` for a browser's session, `set-` for the setup link.
        id: String,
        name: String,
        role: RoleWord,
        created_at: String,
        expires_at: Option<String>,
        revoked_at: Option<String>,
    }
}

/// Tokens, the newest first.
#[utoipa::path(
    get, path = "/api/v1/tokens", operation_id = "list_tokens", tag = "tokens", params(Request),
    responses((status = 200, body = Page<Token>))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    By(caller): By,
    Params(request): Params<Request>,
) -> Result<Json<Page<Token>>, Problem> {
    Ok(Json(tokens::list(&state.app, &caller, &page(request.after, request.limit)).await?.to_body()))
}
