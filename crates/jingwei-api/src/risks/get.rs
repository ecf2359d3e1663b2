//! `GET /api/v1/systems/{system}/risks/{risk}`

use axum::{Json, extract::State};
use jingwei_app::risks::{self, EvidencePlace as Place, Explanation as Node, RiskDetail as Found};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::list::RiskSummary;
use crate::{
    ApiState,
    body::{TextBody, ToBody, body},
    extract::{By, Named},
    problem::Problem,
};

body! {
    /// Where evidence lies.
    struct EvidencePlace from Place {
        digest: String,
        /// Index in the ledger.
        index: Option<u64>,
        check: String,
        component: String,
        observed_at: String,
        stale: bool,
    }
}

/// A statement and what it rests on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Explanation {
    label: TextBody,
    value: TextBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<EvidencePlace>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    children: Vec<Explanation>,
}

impl ToBody<Explanation> for Node {
    fn to_body(self) -> Explanation {
        Explanation {
            label: self.label.to_body(),
            value: self.value.to_body(),
            evidence: self.evidence.to_body(),
            children: self.children.to_body(),
        }
    }
}

body! {
    /// A risk, whole.
    struct RiskDetail from Found {
        risk: RiskSummary,
        /// All that the assessment says of it, as in `report.json`.
        result: Value,
        explanation: Explanation,
    }
}

/// A risk of a system, with every number opened down to the evidence that made it.
#[utoipa::path(
    get, path = "/api/v1/systems/{system}/risks/{risk}", operation_id = "get_risk", tag = "risks",
    params(("system" = String, Path, description = "System id"), ("risk" = String, Path, description = "Risk id or code")),
    responses((status = 200, body = RiskDetail))
)]
pub(crate) async fn get(
    State(state): State<ApiState>,
    By(caller): By,
    Named((system, risk)): Named<(String, String)>,
) -> Result<Json<RiskDetail>, Problem> {
    Ok(Json(risks::get(&state.app, &caller, &system, &risk).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn a_risk_opens_down_to_its_reasons() {
        testing::run(async {
            let api = testing::shared().await;
            let row = &api.get("/api/v1/risks?limit=1").await["items"][0];
            for name in [row["risk"].as_str().unwrap(), row["code"].as_str().unwrap()] {
                let body = api.get(&format!("/api/v1/systems/shop/risks/{name}")).await;
                assert_eq!(body["risk"], *row);
                assert_eq!(body["result"]["risk"], row["risk"]);
                assert!(body["explanation"]["children"].as_array().is_some_and(|children| children.len() > 3));
            }
            for path in ["/api/v1/systems/shop/risks/nothing", "/api/v1/systems/nothing/risks/R101"] {
                assert_eq!(api.ask(Ask::new(Method::GET, path).token(&api.owner)).await.status, 404, "{path}");
            }
        });
    }
}
