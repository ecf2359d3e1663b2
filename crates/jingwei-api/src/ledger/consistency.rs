//! `GET /api/v1/ledger/proofs/consistency`

use axum::{Json, extract::State};
use jingwei_app::ledger_proofs::{self, ConsistencyView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ApiState,
    body::{ToBody, body},
    extract::{By, Params},
    problem::Problem,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Request {
    /// The older size: that of a checkpoint that was kept.
    from: u64,
    /// The newer size; the ledger's size now if not given.
    to: Option<u64>,
}

body! {
    /// RFC 9162 section 2.1.4.
    struct ConsistencyProof from ConsistencyView {
        from: u64,
        to: u64,
        path: Vec<String>,
        /// The signed checkpoint, where it is for the newer size.
        checkpoint: Option<String>,
    }
}

/// Proves that the ledger only grew.
#[utoipa::path(
    get, path = "/api/v1/ledger/proofs/consistency", operation_id = "prove_consistency", tag = "ledger",
    params(Request), responses((status = 200, body = ConsistencyProof))
)]
pub(crate) async fn consistency(
    State(state): State<ApiState>,
    By(caller): By,
    Params(request): Params<Request>,
) -> Result<Json<ConsistencyProof>, Problem> {
    Ok(Json(ledger_proofs::consistency(&state.app, &caller, request.from, request.to).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn an_older_size_leads_to_the_newer_one() {
        testing::run(async {
            let api = testing::shared().await;
            let body = api.get("/api/v1/ledger/proofs/consistency?from=1&to=2").await;
            assert_eq!((body["from"].as_u64(), body["to"].as_u64()), (Some(1), Some(2)));
            assert_eq!(body["path"].as_array().map(Vec::len), Some(1));
            for (query, status) in [("", 400), ("from=3&to=2", 400), ("from=1&to=99999", 404), ("from=99999", 400)] {
                let path = format!("/api/v1/ledger/proofs/consistency?{query}");
                assert_eq!(api.ask(Ask::new(Method::GET, &path).token(&api.owner)).await.status, status, "{query}");
            }
        });
    }
}
