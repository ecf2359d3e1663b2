//! `GET /setup?token=…`

use axum::{
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use jingwei_app::{pages, tokens};
use serde::Deserialize;

use crate::{
    ApiState,
    extract::Params,
    language,
    problem::Problem,
    security::{set_cookie, unauthenticated},
};

#[derive(Deserialize)]
pub(crate) struct Request {
    token: String,
}

/// Signs a browser in. The first start's link works once, and shows the owner's token for programs, once.
pub(crate) async fn setup(
    State(state): State<ApiState>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    Params(request): Params<Request>,
) -> Result<Response, Problem> {
    // A look at the headers alone must not use the link up.
    if method != Method::GET {
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "请用 GET 打开此链接", "open this link with GET"));
    }
    let session = tokens::begin_session(&state.app, &request.token).await?.ok_or_else(unauthenticated)?;
    let cookie = set_cookie(&session.secret, session.seconds).ok_or_else(unauthenticated)?;
    let mut response = match session.owner_token {
        Some(token) => Html(pages::setup(language::of(&uri, &headers), &token)?).into_response(),
        None => (StatusCode::SEE_OTHER, [(header::LOCATION, "/")]).into_response(),
    };
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use crate::testing::{self, Ask};

    #[test]
    fn the_setup_link_works_once_and_opens_the_pages() {
        testing::run(async {
            let api = testing::fresh().await.closed();
            let link = format!("/setup?token={}", api.setup);
            assert_eq!(api.ask(Ask::new(Method::HEAD, &link)).await.status, 405);
            let answer = api.ask(Ask::new(Method::GET, &link)).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let cookie = answer.header("set-cookie").to_owned();
            assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
            let pair = cookie.split(';').next().unwrap();
            assert_eq!(api.ask(Ask::new(Method::GET, "/").header("cookie", pair)).await.status, 200);
            assert_eq!(api.ask(Ask::new(Method::GET, "/")).await.status, 401);
            let text = answer.text();
            let start = text.find("jingwei_").unwrap();
            let secret: String = text[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            assert_eq!(api.ask(Ask::new(Method::GET, "/api/v1/tokens").token(&secret)).await.status, 200);
            for used in [api.setup.as_str(), "", "x", pair.split_once('=').unwrap().1] {
                let link = format!("/setup?token={used}");
                assert_eq!(api.ask(Ask::new(Method::GET, &link)).await.status, 401, "{used:.12}");
            }
            assert_eq!(api.ask(Ask::new(Method::GET, "/api/v1/systems").token(&api.setup)).await.status, 401);
            api.clock.set("2026-11-23T00:00:00Z");
            assert_eq!(api.ask(Ask::new(Method::GET, "/").header("cookie", pair)).await.status, 401);
        });
    }

    #[test]
    fn any_token_signs_a_browser_in_with_its_own_role() {
        testing::run(async {
            let api = testing::fresh().await.closed();
            let answer = api.ask(Ask::new(Method::GET, &format!("/setup?token={}", api.auditor))).await;
            assert_eq!((answer.status, answer.header("location")), (303, "/"));
            let pair = answer.header("set-cookie").split(';').next().unwrap().to_owned();
            assert_eq!(api.ask(Ask::new(Method::GET, "/systems/shop").header("cookie", &pair)).await.status, 200);
        });
    }
}
