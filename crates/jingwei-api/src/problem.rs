//! Every refusal as `application/problem+json` (RFC 9457), in the caller's language, without causes.

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use jingwei_app::{Error, ErrorKind};
use jingwei_core::{Lang, Text};
use serde::Serialize;
use utoipa::ToSchema;

use crate::language;

/// Why a request was refused.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: Text,
    /// For the operator's log alone.
    cause: Option<String>,
}

/// RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// `urn:jingwei:problem:` and a word that stays the same in every language.
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    /// What is wrong, and what to do.
    detail: String,
    /// Path of the request.
    instance: String,
}

pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

impl Problem {
    pub(crate) fn new(status: StatusCode, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { status, detail: Text::new(zh, en), cause: None }
    }

    pub(crate) fn invalid(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, zh, en)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = match error.kind {
            ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::Forbidden => StatusCode::FORBIDDEN,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let cause = status.is_server_error().then(|| error.display(Lang::En));
        Self { status, detail: error.message, cause }
    }
}

/// The body waits for `write`, which knows the request.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the body of every refusal, also of those that the router made, and logs what is the operator's to mend.
pub(crate) async fn write(request: Request, next: Next) -> Response {
    let lang = language::of(request.uri(), request.headers());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = response.extensions_mut().remove::<Problem>().unwrap_or_else(|| of_router(status));
    if status.is_server_error() {
        let cause = problem.cause.as_deref().unwrap_or_default();
        tracing::error!(%method, %path, %status, cause, "a request could not be answered");
    }
    let (kind, title) = name(status);
    let body = ProblemBody {
        kind: format!("urn:jingwei:problem:{kind}"),
        title: title.get(lang).to_owned(),
        status: status.as_u16(),
        detail: problem.detail.get(lang).to_owned(),
        instance: path,
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    let language = if lang == Lang::Zh { "zh-CN" } else { "en" };
    parts.headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language));
    Response::from_parts(parts, serde_json::to_vec(&body).unwrap_or_default().into())
}

pub(crate) async fn no_such_path() -> Problem {
    of_router(StatusCode::NOT_FOUND)
}

fn of_router(status: StatusCode) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::new(
            status,
            "没有这个地址：接口清单见 /api/v1/openapi.json",
            "there is nothing at this address; /api/v1/openapi.json lists what there is",
        ),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(
            status,
            "此地址不支持该方法：见 Allow 头",
            "this address does not take that method; see the Allow header",
        ),
        _ => Problem::new(status, "请求无法处理", "the request cannot be handled"),
    }
}

/// The word of a problem's type, and its title.
fn name(status: StatusCode) -> (&'static str, Text) {
    let (kind, zh, en) = match status {
        StatusCode::UNAUTHORIZED => ("unauthenticated", "需要令牌", "a token is needed"),
        StatusCode::FORBIDDEN => ("forbidden", "无权操作", "not allowed"),
        StatusCode::NOT_FOUND => ("not-found", "不存在", "not found"),
        StatusCode::METHOD_NOT_ALLOWED => ("method-not-allowed", "方法不支持", "method not allowed"),
        StatusCode::CONFLICT => ("conflict", "与现状冲突", "conflict"),
        StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "请求体过大", "body too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported-media-type", "请求体类型不支持", "unsupported media type"),
        StatusCode::MISDIRECTED_REQUEST => ("wrong-host", "主机名不符", "wrong host"),
        StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "暂不可用", "unavailable"),
        status if status.is_server_error() => ("failed", "未能完成", "failed"),
        _ => ("invalid", "请求无效", "invalid request"),
    };
    (kind, Text::new(zh, en))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use serde_json::json;

    use crate::testing::{self, Ask};

    #[test]
    fn a_refusal_is_a_problem_in_the_callers_language() {
        testing::run(async {
            let api = testing::shared().await;
            let ask = Ask::new(Method::GET, "/api/v1/systems/nothing").token(&api.owner);
            let (status, body) = api.ask(ask.clone()).await.json();
            assert_eq!(status, 404);
            let expected = json!({
                "type": "urn:jingwei:problem:not-found", "title": "not found", "status": 404,
                "detail": "there is no system `nothing`", "instance": "/api/v1/systems/nothing",
            });
            assert_eq!(body, expected);
            let answer = api.ask(ask.header("accept-language", "zh-CN")).await;
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert_eq!(answer.header("content-language"), "zh-CN");
            assert_eq!(answer.json().1["title"], "不存在");
        });
    }

    #[test]
    fn the_routers_own_refusals_are_problems_too() {
        testing::run(async {
            let api = testing::shared().await;
            for (method, path, status) in [
                (Method::GET, "/nowhere", 404),
                (Method::DELETE, "/api/v1/systems", 405),
                (Method::POST, "/healthz", 405),
                (Method::GET, "/api/v1/nowhere", 404),
            ] {
                let (found, body) = api.ask(Ask::new(method, path).token(&api.owner)).await.json();
                assert_eq!((found, body["status"].as_u64()), (status, Some(u64::from(status))), "{path}");
                assert!(body["detail"].as_str().is_some_and(|text| !text.is_empty()), "{path}");
            }
        });
    }
}
