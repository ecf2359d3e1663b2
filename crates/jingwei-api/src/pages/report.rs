//! `GET /systems/{system}/report.html` and `report.json`

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use jingwei_app::pages::{self, ReportFile};

use crate::{ApiState, extract::Named, problem::Problem, security};

/// The newest report, for people.
pub(crate) async fn html(
    State(state): State<ApiState>,
    headers: HeaderMap,
    Named(system): Named<String>,
) -> Result<Response, Problem> {
    send(&state, &headers, &system, ReportFile::Html, "text/html; charset=utf-8").await
}

/// The newest report, for programs.
pub(crate) async fn json(
    State(state): State<ApiState>,
    headers: HeaderMap,
    Named(system): Named<String>,
) -> Result<Response, Problem> {
    send(&state, &headers, &system, ReportFile::Json, "application/json").await
}

async fn send(
    state: &ApiState,
    headers: &HeaderMap,
    system: &str,
    file: ReportFile,
    kind: &'static str,
) -> Result<Response, Problem> {
    let caller = security::visitor(state, headers).await?;
    let bytes = pages::report(&state.app, &caller, system, file).await?;
    Ok(([(header::CONTENT_TYPE, kind)], bytes).into_response())
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn both_files_are_served_and_nothing_beside_them() {
        testing::run(async {
            let api = testing::shared().await;
            let (status, json) = api.ask(Ask::new(Method::GET, "/systems/shop/report.json")).await.json();
            assert_eq!((status, json["kind"].as_str()), (200, Some("assessment")));
            let html = api.ask(Ask::new(Method::GET, "/systems/shop/report.html")).await;
            assert!(html.text().starts_with("<!doctype html>"));
            for path in [
                "/systems/nothing/report.json",
                "/systems/..%2F..%2Fkeys/report.json",
                "/systems/shop/report.part",
                "/systems/shop/..%2F..%2Fkeys%2Fledger.key",
            ] {
                assert_eq!(api.ask(Ask::new(Method::GET, path)).await.status, 404, "{path}");
            }
        });
    }
}
