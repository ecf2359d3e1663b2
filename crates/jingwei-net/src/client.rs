use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use jingwei_core::Limits;
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
    header::HeaderMap,
    redirect,
};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{AddressRules, NetError, RetrySettings, retry};

/// How requests leave this machine. Proxies in the environment are not asked; there is none unless the operator runs one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetSettings {
    /// Private, link-local and reserved addresses may be asked.
    pub allow_private: bool,
    /// This machine's loopback addresses may be asked.
    pub allow_loopback: bool,
    pub connect_timeout_ms: u64,
    /// Most redirects that are followed. Each is checked like the first address.
    pub redirects: usize,
}

impl Default for NetSettings {
    fn default() -> Self {
        Self { allow_private: false, allow_loopback: false, connect_timeout_ms: 5_000, redirects: 0 }
    }
}

/// Connections to one host that are kept for the next request.
const IDLE_CONNECTIONS: usize = 1_024;

/// The HTTP client. Clones share its connections.
#[derive(Clone)]
pub struct Client {
    #[allow(clippy::disallowed_types, reason = "this crate is the only outbound HTTP")]
    http: reqwest::Client,
    rules: AddressRules,
}

/// A request that may be sent more than once.
pub(crate) struct Outgoing {
    pub method: reqwest::Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A response that was read to its end.
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Client {
    pub fn new(settings: &NetSettings) -> Result<Self, NetError> {
        let rules = AddressRules { allow_private: settings.allow_private, allow_loopback: settings.allow_loopback };
        #[allow(clippy::disallowed_types, reason = "this crate is the only outbound HTTP")]
        let http = reqwest::Client::builder()
            .no_proxy()
            .referer(false)
            .http1_only()
            // A run keeps hundreds of calls to one host under way; each must find its connection again.
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .tcp_nodelay(true)
            .user_agent(concat!("jingwei/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_millis(settings.connect_timeout_ms))
            .redirect(redirect_policy(settings.redirects, rules))
            .dns_resolver(FilteredNames(rules))
            .build()
            .map_err(|e| NetError::Refused { reason: format!("the HTTP client cannot be made: {}", root_cause(&e)) })?;
        Ok(Self { http, rules })
    }

    /// Whether an address can be the base of an OpenAI-compatible server that this client may ask, as far as the address
    /// itself tells: nothing is sent, and no name is looked up.
    pub fn check_base(&self, base: &str) -> Result<(), NetError> {
        let url = api_url(base, "")?;
        check_host(&url, self.rules).map_err(|reason| NetError::Refused { reason })
    }

    /// Sends a request and waits for the head of the response.
    pub(crate) async fn begin(&self, out: &Outgoing) -> Result<reqwest::Response, NetError> {
        check_host(&out.url, self.rules).map_err(|reason| NetError::Refused { reason })?;
        let request = self.http.request(out.method.clone(), out.url.clone()).headers(out.headers.clone());
        request.body(out.body.clone()).send().await.map_err(|error| send_fault(&out.url, &error))
    }

    /// Sends a request, again where `retries` allow it, and reads the whole response. Everything together
    /// takes at most `limits.wall_ms`.
    pub(crate) async fn ask(
        &self,
        out: &Outgoing,
        retries: &RetrySettings,
        limits: &Limits,
    ) -> Result<Answer, NetError> {
        let deadline = Instant::now() + Duration::from_millis(limits.wall_ms);
        repeat(&out.url, retries, limits, deadline, || self.ask_once(out, limits, never_enough)).await
    }

    /// Reads until the body ends, or until `enough` says so of the head and the newest piece.
    pub(crate) async fn ask_once(
        &self,
        out: &Outgoing,
        limits: &Limits,
        mut enough: impl FnMut(&HeaderMap, &[u8]) -> bool,
    ) -> Result<Answer, NetError> {
        let mut response = self.begin(out).await?;
        let url = &out.url;
        let too_large = || NetError::TooLarge { url: url.to_string(), limit: limits.header_bytes };
        if response.content_length().is_some_and(|length| length > limits.header_bytes) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(piece) = response.chunk().await.map_err(|error| body_fault(url, &error, body.len() as u64))? {
            if (body.len() + piece.len()) as u64 > limits.header_bytes {
                return Err(too_large());
            }
            body.extend_from_slice(&piece);
            if enough(response.headers(), &piece) {
                break;
            }
        }
        Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), body: body.freeze() })
    }
}

fn never_enough(_: &HeaderMap, _: &[u8]) -> bool {
    false
}

/// Makes one exchange, again where `retries` allow it and the deadline leaves time.
pub(crate) async fn repeat<F: Future<Output = Result<Answer, NetError>>>(
    url: &Url,
    retries: &RetrySettings,
    limits: &Limits,
    deadline: Instant,
    mut once: impl FnMut() -> F,
) -> Result<Answer, NetError> {
    let timed_out = || NetError::TimedOut { url: url.to_string(), ms: limits.wall_ms };
    for tries in 1.. {
        let outcome = timeout_at(deadline, once()).await.map_err(|_| timed_out())?;
        let pause = match &outcome {
            Ok(answer) if retry::is_passing(answer.status) => retries.pause(tries, retry::retry_after(&answer.headers)),
            Err(error) if error.may_be_sent_again() => retries.pause(tries, None),
            _ => None,
        };
        match pause {
            Some(pause) if Instant::now() + pause < deadline => sleep(pause).await,
            _ => return outcome,
        }
    }
    Err(timed_out())
}

/// Reads an address: http or https, a host, no credentials in it. Decimal, octal and hexadecimal forms of
/// an IPv4 address become that address here (WHATWG URL standard), so they meet the same filter.
pub(crate) fn read_url(url: &str) -> Result<Url, NetError> {
    let refused = |reason: String| NetError::Refused { reason };
    let parsed = Url::parse(url).map_err(|e| refused(format!("`{}` is not an address: {e}", shortened(url))))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(refused(format!("scheme `{}` cannot be asked; use http or https", parsed.scheme())));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(refused("the address holds credentials; name the environment variable of the key instead".into()));
    }
    Ok(parsed)
}

/// The address of `tail` below an OpenAI-compatible base, which may be given with or without its version segment.
pub(crate) fn api_url(base: &str, tail: &str) -> Result<Url, NetError> {
    let mut url = read_url(base)?;
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    let last = path.rsplit('/').next().unwrap_or_default();
    let versioned = last.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    url.set_path(&if versioned { format!("{path}/{tail}") } else { format!("{path}/v1/{tail}") });
    Ok(url)
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

/// Hosts that are written as an address do not pass through name resolution and are checked here.
fn check_host(url: &Url, rules: AddressRules) -> Result<(), String> {
    let host = url.host_str().unwrap_or_default();
    match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(address) => rules.check(address),
        Err(_) => Ok(()),
    }
}

fn redirect_policy(most: usize, rules: AddressRules) -> redirect::Policy {
    if most == 0 {
        return redirect::Policy::none();
    }
    redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() > most {
            return attempt.stop();
        }
        let checked = read_url(attempt.url().as_str()).map_err(|e| e.to_string());
        match checked.and_then(|url| check_host(&url, rules)) {
            Ok(()) => attempt.follow(),
            Err(reason) => attempt.error(AddressRefused(format!("a redirect is refused: {reason}"))),
        }
    })
}

/// Name resolution that gives only addresses which may be asked.
struct FilteredNames(AddressRules);

impl Resolve for FilteredNames {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed = allowed_addresses(name.as_str(), &found, rules)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn allowed_addresses(name: &str, found: &[SocketAddr], rules: AddressRules) -> Result<Vec<SocketAddr>, AddressRefused> {
    let (mut allowed, mut refusal) = (Vec::new(), None);
    for address in found {
        match rules.check(address.ip()) {
            Ok(()) => allowed.push(*address),
            Err(reason) => refusal = Some(format!("`{name}` is refused: {reason}")),
        }
    }
    match refusal {
        Some(reason) if allowed.is_empty() => Err(AddressRefused(reason)),
        _ => Ok(allowed),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct AddressRefused(String);

fn send_fault(url: &Url, error: &reqwest::Error) -> NetError {
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if let Some(AddressRefused(reason)) = cause.downcast_ref() {
            return NetError::Refused { reason: reason.clone() };
        }
        source = cause.source();
    }
    let (url, reason) = (url.to_string(), root_cause(error));
    if error.is_connect() {
        NetError::Unreachable { url, reason }
    } else if error.is_builder() {
        NetError::Refused { reason: format!("the request to {url} cannot be made: {reason}") }
    } else {
        NetError::BrokenOff { url, reason: format!("no response: {reason}") }
    }
}

pub(crate) fn body_fault(url: &Url, error: &reqwest::Error, read: u64) -> NetError {
    let reason = format!("the connection ended after {read} bytes of the body: {}", root_cause(error));
    NetError::BrokenOff { url: url.to_string(), reason }
}

/// The innermost message: the outer ones only say that something failed.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Shared handles are what the gateway passes around.
const _: fn() = || {
    fn shareable<T: Send + Sync>() {}
    shareable::<Arc<Client>>();
};

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str, rules: AddressRules) -> Option<String> {
        match read_url(url) {
            Err(error) => Some(error.to_string()),
            Ok(url) => check_host(&url, rules).err(),
        }
    }

    #[test]
    fn every_spelling_of_an_inner_address_is_refused() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://１２７.0.0.1/",
            "http://0/",
            "http://2852039166/latest/meta-data",
            "http://[fd00:ec2::254]/",
            "http://10.0.0.1:80/",
            "http://user:key@example.com/",
            "file:///etc/passwd",
            "ftp://example.com/",
            "not an address",
            "http://",
            "",
        ] {
            assert!(refusal(url, AddressRules::default()).is_some(), "{url}");
        }
        let open = AddressRules { allow_private: true, allow_loopback: true };
        for url in ["http://2852039166/", "http://[::ffff:a9fe:a9fe]/", "http://0251.0376.0251.0376/"] {
            assert!(refusal(url, open).is_some_and(|reason| reason.contains("metadata")), "{url}");
        }
        for url in ["https://example.com/v1", "http://8.8.8.8/"] {
            assert_eq!(refusal(url, AddressRules::default()), None, "{url}");
        }
    }

    #[test]
    fn names_are_filtered_after_they_are_resolved() {
        let address = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
        let check = |found: &[&str], expected: Option<&[&str]>| {
            let found: Vec<_> = found.iter().map(|a| address(a)).collect();
            let allowed = allowed_addresses("name", &found, AddressRules::default()).ok();
            assert_eq!(allowed, expected.map(|list| list.iter().map(|a| address(a)).collect()), "{found:?}");
        };
        check(&["8.8.8.8"], Some(&["8.8.8.8"]));
        check(&["8.8.8.8", "10.0.0.1"], Some(&["8.8.8.8"]));
        check(&["10.0.0.1", "::1"], None);
        check(&["169.254.169.254"], None);
        check(&[], Some(&[]));
    }

    #[test]
    fn a_base_may_come_with_or_without_its_version() {
        for (base, expected) in [
            ("http://h:1", "http://h:1/v1/models"),
            ("http://h:1/", "http://h:1/v1/models"),
            ("http://h:1/v1", "http://h:1/v1/models"),
            ("http://h:1/v1/", "http://h:1/v1/models"),
            ("https://h/api/v3", "https://h/api/v3/models"),
            ("https://h/openai", "https://h/openai/v1/models"),
            ("https://h/vast", "https://h/vast/v1/models"),
            ("https://h/v1?api-version=2#x", "https://h/v1/models?api-version=2"),
        ] {
            assert_eq!(api_url(base, "models").unwrap().as_str(), expected, "{base}");
        }
    }
}
