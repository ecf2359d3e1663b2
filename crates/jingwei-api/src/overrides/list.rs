//! `GET /api/v1/overrides`

use axum::{Json, extract::State};
use jingwei_app::overrides::{self, OverrideChange, OverrideQuery, OverrideView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ApiState,
    assessments::list::AssessmentSummary,
    body::{Page, ToBody, body},
    extract::{By, Params, page},
    problem::Problem,
    words::RoleWord,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Request {
    /// Only overrides of this system's risks.
    system: Option<String>,
    /// Only overrides of this risk.
    risk: Option<String>,
    /// Only those that hold now.
    #[serde(default)]
    in_force: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

body! {
    /// Another grade than the one that follows from the evidence, for a time.
    struct Override from OverrideView {
        id: String,
        system: String,
        risk: String,
        grade: u8,
        made_by: String,
        role: RoleWord,
        reason: String,
        expires_at: String,
        created_at: String,
    }
}

body! {
    /// An override as it stands after a change, where the ledger proves the change, and the assessment since.
    struct ChangedOverride from OverrideChange {
        change: Override,
        ledger_index: u64,
        assessment: AssessmentSummary,
    }
}

/// Overrides, the newest first.
#[utoipa::path(
    get, path = "/api/v1/overrides", operation_id = "list_overrides", tag = "overrides", params(Request),
    responses((status = 200, body = Page<Override>))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    By(caller): By,
    Params(request): Params<Request>,
) -> Result<Json<Page<Override>>, Problem> {
    let query = OverrideQuery { system: request.system, risk: request.risk, in_force: request.in_force };
    let part = page(request.after, request.limit);
    Ok(Json(overrides::list(&state.app, &caller, &query, &part).await?.to_body()))
}
