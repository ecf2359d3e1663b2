//! `GET /api/v1/controls`

use axum::{Json, extract::State};
use jingwei_app::controls::{self, ControlView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ApiState,
    body::{Page, ToBody, body},
    extract::{By, Params, page},
    problem::Problem,
    words::{ControlNatureWord, ControlStateWord},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Request {
    /// Only controls of this system.
    system: Option<String>,
    state: Option<ControlStateWord>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

body! {
    /// How a control of a system stands.
    struct ControlSummary from ControlView {
        system: String,
        control: String,
        nature: ControlNatureWord,
        state: ControlStateWord,
        assessed_at: String,
    }
}

/// Controls by system and id.
#[utoipa::path(
    get, path = "/api/v1/controls", operation_id = "list_controls", tag = "controls", params(Request),
    responses((status = 200, body = Page<ControlSummary>))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    By(caller): By,
    Params(request): Params<Request>,
) -> Result<Json<Page<ControlSummary>>, Problem> {
    let (wanted, part) = (request.state.map(Into::into), page(request.after, request.limit));
    Ok(Json(controls::list(&state.app, &caller, request.system.as_deref(), wanted, &part).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use crate::testing;

    #[test]
    fn a_state_narrows_the_list() {
        testing::run(async {
            let api = testing::shared().await;
            let all = api.get("/api/v1/controls?system=shop&limit=200").await;
            let all = all["items"].as_array().unwrap();
            for state in ["effective", "failing", "stale", "no-evidence", "asserted", "unproven"] {
                let part = api.get(&format!("/api/v1/controls?system=shop&limit=200&state={state}")).await;
                let expected: Vec<_> = all.iter().filter(|row| row["state"] == state).cloned().collect();
                assert_eq!(part["items"].as_array(), Some(&expected), "{state}");
            }
        });
    }
}
