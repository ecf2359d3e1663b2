//! `GET /api/v1/risks`

use axum::{Json, extract::State};
use jingwei_app::risks::{self, RiskQuery, RiskView};
use jingwei_core::Grade;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    ApiState,
    body::{Page, TextBody, ToBody, body},
    extract::{By, Params, page},
    problem::Problem,
    words::{PriorityWord, RiskClassWord, RiskStateWord},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Request {
    /// Only risks of this system.
    system: Option<String>,
    /// Only risks of this effective grade or a higher one.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 5)]
    min_grade: Option<Grade>,
    priority: Option<PriorityWord>,
    /// Part of the code, the id or a title in either language.
    text: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 200; 50 if not given.
    limit: Option<u32>,
}

body! {
    /// A row of the register.
    struct RiskSummary from RiskView {
        system: String,
        risk: String,
        /// Permanent code, such as `R205`.
        code: String,
        title: TextBody,
        class: RiskClassWord,
        /// Before controls.
        inherent_grade: u8,
        /// After the controls that are effective.
        residual_grade: u8,
        /// What a person says it is.
        asserted_grade: Option<u8>,
        /// What follows from the evidence.
        derived_grade: u8,
        /// What counts.
        effective_grade: u8,
        priority: PriorityWord,
        state: RiskStateWord,
        /// Some of its evidence is too old.
        stale: bool,
        assessed_at: String,
    }
}

/// Risks of the register, the highest effective grade first.
#[utoipa::path(
    get, path = "/api/v1/risks", operation_id = "list_risks", tag = "risks", params(Request),
    responses((status = 200, body = Page<RiskSummary>))
)]
pub(crate) async fn list(
    State(state): State<ApiState>,
    By(caller): By,
    Params(request): Params<Request>,
) -> Result<Json<Page<RiskSummary>>, Problem> {
    let query = RiskQuery {
        system: request.system,
        min_grade: request.min_grade,
        priority: request.priority.map(Into::into),
        text: request.text,
    };
    Ok(Json(risks::list(&state.app, &caller, &query, &page(request.after, request.limit)).await?.to_body()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::testing;

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        testing::run(async {
            let api = testing::shared().await;
            let all = api.get("/api/v1/risks?limit=200").await;
            let all: Vec<String> = all["items"].as_array().unwrap().iter().map(|row| row["code"].to_string()).collect();
            let (mut seen, mut path) = (Vec::new(), "/api/v1/risks?limit=3".to_owned());
            loop {
                let part = api.get(&path).await;
                seen.extend(part["items"].as_array().unwrap().iter().map(|row| row["code"].to_string()));
                let Some(next) = part["next"].as_str() else { break };
                path = format!("/api/v1/risks?limit=3&after={next}");
            }
            assert_eq!(seen, all);
            assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
        });
    }

    #[test]
    fn filters_narrow_the_list() {
        testing::run(async {
            let api = testing::shared().await;
            let count = async |query: &str| {
                let body = api.get(&format!("/api/v1/risks?limit=200&{query}")).await;
                body["items"].as_array().unwrap().len()
            };
            let all = count("system=shop").await;
            assert!(all > 5, "{all}");
            assert_eq!(count("system=other").await, 0);
            assert_eq!(count("min_grade=1").await, all);
            let by_priority =
                count("priority=high").await + count("priority=medium").await + count("priority=low").await;
            assert_eq!(by_priority, all);
            assert_eq!(count("text=no-such-words-here").await, 0);
            assert!(count("text=R1").await > 0);
        });
    }
}
