//! `GET /api/v1/treatments`

use axum::{Json, extract::State};
use jingwei_app::treatments::{self, TreatmentChange, TreatmentQuery, TreatmentView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ApiState,
    body::{Page, ToBody, body},
    extract::{By, Params, page},
    problem::Problem,
    words::{TreatmentOptionWord, TreatmentStatusWord},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Request {
    /// Only treatments of this system's risks.
    system: Option<String>,
    /// Only treatments of this risk.
    risk: Option<String>,
    status: Option<TreatmentStatusWord>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

body! {
    /// What is to be done about a risk, by whom and until when.
    struct Treatment from TreatmentView {
        id: String,
        system: String,
        risk: String,
        option: TreatmentOptionWord,
        owner: String,
        cost: Option<String>,
        benefit: Option<String>,
        due: Option<String>,
        status: TreatmentStatusWord,
        reason: String,
        /// Until when an acceptance holds.
        expires_at: Option<String>,
        decided_by: Option<String>,
        created_at: String,
    }
}

body! {
    /// A treatment as it stands after a change, and where the ledger proves the change.
    struct ChangedTreatment from TreatmentChange {
        treatment: Treatment,
        ledger_index: u64,
    }
}

/// Treatments, the newest first.
#[utoipa::path(
    get, path = "/api/v1/treatments", operation_id = "list_treatments", tag = "treatments", params(Request),
    responses((status = 200, body = Page<Treatment>))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    By(caller): By,
    Params(request): Params<Request>,
) -> Result<Json<Page<Treatment>>, Problem> {
    let query = TreatmentQuery { system: request.system, risk: request.risk, status: request.status.map(Into::into) };
    let part = page(request.after, request.limit);
    Ok(Json(treatments::list(&state.app, &caller, &query, &part).await?.to_body()))
}
