//! `GET /`

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::Html,
};
use jingwei_app::pages;
use serde::Deserialize;

use crate::{ApiState, extract::Params, language, problem::Problem, security};

#[derive(Deserialize)]
pub(crate) struct Request {
    after: Option<String>,
}

/// The governed systems.
pub(crate) async fn index(
    State(state): State<ApiState>,
    uri: Uri,
    headers: HeaderMap,
    Params(request): Params<Request>,
) -> Result<Html<String>, Problem> {
    let caller = security::visitor(&state, &headers).await?;
    let lang = language::of(&uri, &headers);
    Ok(Html(pages::index(&state.app, &caller, lang, request.after).await?))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn systems_are_listed_in_the_readers_language() {
        testing::run(async {
            let api = testing::shared().await;
            for (path, language, name) in
                [("/", "", "Service assistant"), ("/", "zh-CN", "客服助手"), ("/?lang=zh", "en", "客服助手")]
            {
                let answer = api.ask(Ask::new(Method::GET, path).header("accept-language", language)).await;
                assert_eq!(answer.status, 200);
                assert!(answer.header("content-type").starts_with("text/html"));
                assert!(answer.text().contains(name), "{path} {language}");
                assert!(answer.text().contains("href=\"/systems/shop/report.html\""));
                assert!(!answer.text().contains("http"), "a page needs nothing from elsewhere");
            }
        });
    }

    #[test]
    fn a_page_that_is_not_open_needs_somebody() {
        testing::run(async {
            let api = testing::shared().await.closed();
            for path in ["/", "/systems/shop", "/systems/shop/report.html", "/systems/shop/report.json"] {
                let ask = Ask::new(Method::GET, path);
                assert_eq!(api.ask(ask.clone()).await.status, 401, "{path}");
                assert_eq!(api.ask(ask.clone().header("cookie", "jingwei_session=x")).await.status, 401, "{path}");
                assert_eq!(api.ask(ask.token(&api.auditor)).await.status, 200, "{path}");
            }
        });
    }
}
