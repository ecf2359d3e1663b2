//! What endpoints take from a request, with refusals as problems.

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, request::Parts},
};
use jingwei_app::{access::Caller, paging::PageRequest};
use serde::de::DeserializeOwned;

use crate::{problem::Problem, security::unauthenticated};

/// Who calls. The router lets nobody in without a token.
pub(crate) struct By(pub(crate) Caller);

impl<S: Sync> FromRequestParts<S> for By {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Caller>().cloned().map(By).ok_or_else(unauthenticated)
    }
}

/// The JSON body. Fields that nobody knows are refused, so that a misspelt one is not lost.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    let kib = crate::MAX_BODY_BYTES / 1024;
                    Problem::new(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        format!("请求体超过 {kib} KiB：请缩小"),
                        format!("the body is larger than {kib} KiB; send less"),
                    )
                }
                StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "请求体须为 JSON：请设 Content-Type: application/json",
                    "the body must be JSON; set Content-Type: application/json",
                ),
                _ => unreadable("请求体", "the body", &rejection.body_text()),
            }),
        }
    }
}

/// The query. Unknown keys are refused.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(unreadable("查询参数", "the query", &rejection.body_text())),
        }
    }
}

/// The named parts of the path. What cannot be read names nothing that there is.
pub(crate) struct Named<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(crate::problem::no_such_path().await),
        }
    }
}

fn unreadable(zh: &str, en: &str, reason: &str) -> Problem {
    let reason: String = reason.chars().take(400).collect();
    Problem::invalid(format!("{zh}无法读取：{reason}"), format!("{en} cannot be read: {reason}"))
}

/// The part of a list that a query asks for.
pub(crate) fn page(after: Option<String>, limit: Option<u32>) -> PageRequest {
    PageRequest { after, limit }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use serde_json::json;

    use crate::testing::{self, Ask};

    #[test]
    fn bad_queries_are_refused() {
        testing::run(async {
            let api = testing::shared().await;
            for (query, status) in [
                ("limit=1", 200),
                ("limit=200", 200),
                ("limit=0", 400),
                ("limit=201", 400),
                ("limit=-1", 400),
                ("limit=x", 400),
                ("after=", 400),
                ("after=!!", 400),
                ("after=WyJzeXN0ZW1zIixbImEiXV0", 400),
                ("unknown=1", 400),
                ("min_grade=6", 400),
                ("priority=urgent", 400),
                ("system=a%20b", 400),
                ("text=%00", 400),
                ("limit=1&limit=2", 400),
            ] {
                let answer = api.ask(Ask::new(Method::GET, &format!("/api/v1/risks?{query}")).token(&api.owner)).await;
                assert_eq!(answer.status, status, "{query}: {}", answer.text());
            }
        });
    }

    #[test]
    fn bad_bodies_are_refused() {
        testing::run(async {
            let api = testing::shared().await;
            let good = json!({ "name": "a", "role": "auditor" });
            let mut unknown = good.clone();
            unknown["extra"] = json!(1);
            let big = json!({ "name": "a".repeat(2 << 20), "role": "auditor" });
            let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
            for (body, kind, status) in [
                (good.to_string(), "text/plain", 415),
                (unknown.to_string(), "application/json", 400),
                (big.to_string(), "application/json", 413),
                (deep, "application/json", 400),
                ("{".to_owned(), "application/json", 400),
                (String::new(), "application/json", 400),
                ("\u{feff}{}".to_owned(), "application/json", 400),
                (json!({ "name": "a", "role": "root" }).to_string(), "application/json", 400),
                (json!({ "name": " ", "role": "auditor" }).to_string(), "application/json", 400),
                (json!({ "name": "a\u{0}b", "role": "auditor" }).to_string(), "application/json", 400),
            ] {
                let ask = Ask::new(Method::POST, "/api/v1/tokens").token(&api.owner);
                let answer = api.ask(ask.raw(body.clone(), kind)).await;
                assert_eq!(answer.status, status, "{body:.60}: {}", answer.text());
                assert!(!answer.text().contains("panicked"), "{body:.60}");
            }
        });
    }
}
