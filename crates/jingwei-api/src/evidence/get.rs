//! `GET /api/v1/evidence/{digest}`

use axum::{Json, extract::State};
use jingwei_app::evidence::{self, EvidenceDetail as Found};
use serde_json::Value;

use super::list::EvidenceSummary;
use crate::{
    ApiState,
    body::{ToBody, body},
    extract::{By, Named},
    problem::Problem,
};

body! {
    /// Evidence, whole.
    struct EvidenceDetail from Found {
        evidence: EvidenceSummary,
        /// What the check saw: kind `evidence`, version 1.
        document: Value,
    }
}

/// A piece of evidence, with its place in the ledger.
#[utoipa::path(
    get, path = "/api/v1/evidence/{digest}", operation_id = "get_evidence", tag = "evidence",
    params(("digest" = String, Path, description = "SHA-256 of the evidence")),
    responses((status = 200, body = EvidenceDetail))
)]
pub(crate) async fn get(
    State(state): State<ApiState>,
    By(caller): By,
    Named(digest): Named<String>,
) -> Result<Json<EvidenceDetail>, Problem> {
    Ok(Json(evidence::get(&state.app, &caller, &digest).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn evidence_comes_with_what_was_seen() {
        testing::run(async {
            let api = testing::shared().await;
            let row = &api.get("/api/v1/systems/shop/evidence?limit=1").await["items"][0];
            let body = api.get(&format!("/api/v1/evidence/{}", row["digest"].as_str().unwrap())).await;
            assert_eq!(body["evidence"], *row);
            assert_eq!(body["document"]["kind"], "evidence");
            for name in ["x", &"0".repeat(64)] {
                let ask = Ask::new(Method::GET, &format!("/api/v1/evidence/{name}")).token(&api.owner);
                assert_eq!(api.ask(ask).await.status, 404, "{name}");
            }
        });
    }
}
