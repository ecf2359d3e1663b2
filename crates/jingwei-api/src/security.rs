//! Who calls, from where, and what a browser may do with the answer.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use jingwei_app::{access::Caller, tokens};

use crate::{ApiState, problem::Problem};

/// Which `Host` a request may name. A page elsewhere can make a browser call 127.0.0.1 under a name of its own
/// (DNS rebinding); the name gives it away.
#[derive(Debug, Clone)]
pub enum Hosts {
    /// Bound to loopback: its names and addresses, and these.
    Loopback { also: Vec<String> },
    /// Bound to a network on purpose.
    Any,
}

impl Hosts {
    fn allow(&self, host: &str) -> bool {
        let Hosts::Loopback { also } = self else { return true };
        let name = name_of(host);
        let is_loopback = name.eq_ignore_ascii_case("localhost")
            || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        is_loopback || also.iter().any(|known| known.eq_ignore_ascii_case(name) || known.eq_ignore_ascii_case(host))
    }
}

/// A `Host` without its port.
fn name_of(host: &str) -> &str {
    let end = host.rfind(']').map_or(0, |at| at + 1);
    match host.get(end..).and_then(|rest| rest.find(':')) {
        Some(colon) => host.get(..end + colon).unwrap_or(host),
        None => host,
    }
}

pub(crate) async fn check_host(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| request.uri().host()).unwrap_or_default();
    if state.hosts.allow(host) {
        return next.run(request).await;
    }
    let zh = "此服务只在本机地址上应答：请用 127.0.0.1 访问，或在设置中允许该主机名";
    let en =
        "this service answers on this machine's own addresses only; use 127.0.0.1, or allow the host in the settings";
    Problem::new(StatusCode::MISDIRECTED_REQUEST, zh, en).into_response()
}

/// On every answer.
pub(crate) async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The caller that a bearer token names.
pub(crate) async fn bearer(state: &ApiState, headers: &HeaderMap) -> Result<Caller, Problem> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, secret) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unauthenticated());
    }
    tokens::authenticate(&state.app, secret.trim()).await?.ok_or_else(unauthenticated)
}

/// The caller of a page: anybody at this machine where pages are open, else a session or a token.
pub(crate) async fn visitor(state: &ApiState, headers: &HeaderMap) -> Result<Caller, Problem> {
    if let Some(secret) = cookie(headers) {
        if let Some(caller) = tokens::authenticate(&state.app, secret).await? {
            return Ok(caller);
        }
    } else if headers.contains_key(header::AUTHORIZATION) {
        return bearer(state, headers).await;
    }
    if state.open_pages { Ok(Caller::at_this_machine()) } else { Err(unauthenticated()) }
}

const COOKIE: &str = "jingwei_session";

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|value| value.split(';')).find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// A cookie that no script reads and no other site sends.
pub(crate) fn set_cookie(secret: &str, seconds: u64) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{COOKIE}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict")).ok()
}

pub(crate) fn unauthenticated() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "缺少有效令牌：请用 Authorization: Bearer <令牌>；首次启动时终端会给出设置链接",
        "no usable token: send Authorization: Bearer <token>; the first start prints a setup link",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, Ask};
    use axum::http::Method;

    #[test]
    fn a_loopback_listener_answers_to_its_own_names() {
        let hosts = Hosts::Loopback { also: vec!["gov.example".to_owned()] };
        for (host, good) in [
            ("localhost", true),
            ("LOCALHOST:7800", true),
            ("127.0.0.1:7800", true),
            ("127.8.9.1", true),
            ("[::1]:7800", true),
            ("gov.example:7800", true),
            ("evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example:80", false),
            ("10.0.0.1", false),
            ("", false),
            ("[", false),
            ("]:", false),
        ] {
            assert_eq!(hosts.allow(host), good, "{host}");
            assert!(Hosts::Any.allow(host));
        }
    }

    #[test]
    fn a_foreign_host_is_refused_before_anything_else() {
        testing::run(async {
            let api = testing::shared().await;
            for path in ["/", "/healthz", "/api/v1/systems"] {
                let answer = api.ask(Ask::new(Method::GET, path).host("evil.example").token(&api.owner)).await;
                assert_eq!(answer.status, 421, "{path}");
            }
        });
    }

    #[test]
    fn every_answer_tells_the_browser_to_be_careful() {
        testing::run(async {
            let api = testing::shared().await;
            for path in ["/", "/healthz", "/nowhere", "/api/v1/systems"] {
                let answer = api.ask(Ask::new(Method::GET, path)).await;
                assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
                assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
                assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
            }
        });
    }

    #[test]
    fn without_a_usable_token_nothing_of_the_api_answers() {
        testing::run(async {
            let api = testing::shared().await;
            let long = format!("Bearer {}", "x".repeat(5_000));
            for value in ["", "Bearer", "Bearer ", "Bearer wrong", "Basic b3duZXI6", "jingwei_x", &long] {
                let ask = Ask::new(Method::GET, "/api/v1/systems").header("authorization", value);
                let answer = api.ask(ask).await;
                assert_eq!(answer.status, 401, "{value:.20}");
                assert!(answer.header("www-authenticate").starts_with("Bearer"), "{value:.20}");
            }
            let cookie = format!("jingwei_session={}", api.owner);
            let answer = api.ask(Ask::new(Method::GET, "/api/v1/systems").header("cookie", &cookie)).await;
            assert_eq!(answer.status, 401, "a cookie is for pages alone");
        });
    }
}
