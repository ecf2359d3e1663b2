//! `GET /systems/{system}`

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::Html,
};
use jingwei_app::pages;

use crate::{ApiState, extract::Named, language, problem::Problem, security};

/// A system's register.
pub(crate) async fn register(
    State(state): State<ApiState>,
    uri: Uri,
    headers: HeaderMap,
    Named(system): Named<String>,
) -> Result<Html<String>, Problem> {
    let caller = security::visitor(&state, &headers).await?;
    let lang = language::of(&uri, &headers);
    Ok(Html(pages::register(&state.app, &caller, &system, lang).await?))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use serde_json::json;

    use crate::testing::{self, Ask};

    #[test]
    fn the_register_shows_risks_and_what_people_decided_about_them() {
        testing::run(async {
            let api = testing::fresh().await;
            let row = api.get("/api/v1/risks?limit=1").await["items"][0].clone();
            let new = json!({
                "system": "shop", "risk": row["risk"], "option": "mitigate", "owner": "a",
                "reason": "<script>alert(1)</script>",
            });
            assert_eq!(api.post("/api/v1/treatments", &new).await.0, 201);
            let page = api.ask(Ask::new(Method::GET, "/systems/shop?lang=en")).await;
            assert_eq!(page.status, 200);
            let text = page.text();
            assert!(text.contains(row["code"].as_str().unwrap()));
            assert!(text.contains(row["title"]["en"].as_str().unwrap()));
            assert!(!text.contains("<script>") && text.contains("alert(1)"), "what people wrote is escaped");
            assert_eq!(api.ask(Ask::new(Method::GET, "/systems/nothing")).await.status, 404);
        });
    }
}
