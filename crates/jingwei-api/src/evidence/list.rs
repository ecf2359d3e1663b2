//! `GET /api/v1/systems/{system}/evidence`

use axum::{Json, extract::State};
use jingwei_app::evidence::{self, EvidenceQuery, EvidenceView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ApiState,
    body::{Page, ToBody, body},
    extract::{By, Named, Params, page},
    problem::Problem,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Request {
    /// Only evidence about this component.
    component: Option<String>,
    /// Only evidence of this check.
    check: Option<String>,
    /// Only the newest of each check and component.
    #[serde(default)]
    newest: bool,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

body! {
    /// What the index knows of one piece of evidence.
    struct EvidenceSummary from EvidenceView {
        digest: String,
        system: String,
        component: String,
        check: String,
        observed_at: String,
        /// Digest of the component as it was seen.
        subject: String,
        /// Where it stands in the ledger.
        ledger_index: u64,
        /// Digest of the catalog that it was made under.
        catalog: String,
    }
}

/// Evidence of a system, the newest first.
#[utoipa::path(
    get, path = "/api/v1/systems/{system}/evidence", operation_id = "list_evidence", tag = "evidence",
    params(("system" = String, Path, description = "System id"), Request),
    responses((status = 200, body = Page<EvidenceSummary>))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    By(caller): By,
    Named(system): Named<String>,
    Params(request): Params<Request>,
) -> Result<Json<Page<EvidenceSummary>>, Problem> {
    let query = EvidenceQuery { component: request.component, check: request.check, newest: request.newest };
    let part = page(request.after, request.limit);
    Ok(Json(evidence::list(&state.app, &caller, &system, &query, &part).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn evidence_is_found_by_check_and_component() {
        testing::run(async {
            let api = testing::shared().await;
            let all = api.get("/api/v1/systems/shop/evidence?newest=true").await;
            let all = all["items"].as_array().unwrap();
            assert!(all.iter().any(|row| row["check"] == "scan.model"));
            let part = api.get("/api/v1/systems/shop/evidence?check=scan.model&component=model").await;
            let expected: Vec<_> =
                all.iter().filter(|row| row["check"] == "scan.model" && row["component"] == "model").cloned().collect();
            assert_eq!(part["items"].as_array(), Some(&expected));
        });
    }
}
