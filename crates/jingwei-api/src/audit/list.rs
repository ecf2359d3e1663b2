//! `GET /api/v1/audit`

use axum::{Json, extract::State};
use jingwei_app::audit::{self, AuditQuery, AuditView};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use crate::{
    ApiState,
    body::{Page, ToBody, body},
    extract::{By, Params, page},
    problem::Problem,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Request {
    /// Only what this one did.
    actor: Option<String>,
    /// Only changes of this kind of record, such as `treatment`.
    noun: Option<String>,
    /// Only changes of this record.
    noun_id: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

body! {
    /// Who changed what, and when.
    struct AuditEntry from AuditView {
        /// Without gaps, in the order in which changes were saved.
        seq: u64,
        at: String,
        actor: String,
        action: String,
        noun: String,
        noun_id: String,
        /// Digest of the row before the change.
        before: Option<String>,
        after: Option<String>,
        /// What changed, from what to what.
        detail: Value,
    }
}

/// The audit trail, the newest first.
#[utoipa::path(
    get, path = "/api/v1/audit", operation_id = "list_audit", tag = "audit", params(Request),
    responses((status = 200, body = Page<AuditEntry>))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    By(caller): By,
    Params(request): Params<Request>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let query = AuditQuery { actor: request.actor, noun: request.noun, noun_id: request.noun_id };
    Ok(Json(audit::list(&state.app, &caller, &query, &page(request.after, request.limit)).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn every_change_is_there_without_a_gap() {
        testing::run(async {
            let api = testing::fresh().await;
            let body = api.get("/api/v1/audit?limit=200").await;
            let seqs: Vec<u64> =
                body["items"].as_array().unwrap().iter().map(|row| row["seq"].as_u64().unwrap()).collect();
            let expected: Vec<u64> = (1..=seqs.len() as u64).rev().collect();
            assert_eq!(seqs, expected);
            let saved = api.get("/api/v1/audit?noun=assessment").await;
            assert_eq!(saved["items"][0]["action"], "save_assessment");
        });
    }
}
