//! `GET /api/v1/systems/{system}/controls/{control}`

use axum::{Json, extract::State};
use jingwei_app::controls::{self, ControlDetail as Found};
use serde_json::Value;

use super::list::ControlSummary;
use crate::{
    ApiState,
    body::{ToBody, body},
    extract::{By, Named},
    problem::Problem,
    risks::get::Explanation,
};

body! {
    /// A control, whole.
    struct ControlDetail from Found {
        control: ControlSummary,
        /// All that the assessment says of it, as in `report.json`.
        result: Value,
        explanation: Explanation,
    }
}

/// A control of a system, with its criteria and the evidence that met or missed them.
#[utoipa::path(
    get, path = "/api/v1/systems/{system}/controls/{control}", operation_id = "get_control", tag = "controls",
    params(
        ("system" = String, Path, description = "System id"),
        ("control" = String, Path, description = "Control id or code")
    ),
    responses((status = 200, body = ControlDetail))
)]
pub(crate) async fn get(
    State(state): State<ApiState>,
    By(caller): By,
    Named((system, control)): Named<(String, String)>,
) -> Result<Json<ControlDetail>, Problem> {
    Ok(Json(controls::get(&state.app, &caller, &system, &control).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn a_control_tells_what_its_state_rests_on() {
        testing::run(async {
            let api = testing::shared().await;
            let row = &api.get("/api/v1/controls?limit=1").await["items"][0];
            let body = api.get(&format!("/api/v1/systems/shop/controls/{}", row["control"].as_str().unwrap())).await;
            assert_eq!(body["control"], *row);
            assert_eq!(body["result"]["state"], row["state"]);
            let ask = Ask::new(Method::GET, "/api/v1/systems/shop/controls/nothing").token(&api.owner);
            assert_eq!(api.ask(ask).await.status, 404);
        });
    }
}
