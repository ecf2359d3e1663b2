use jingwei_core::TargetError;
use serde::{Deserialize, Serialize};

use super::{Chance, draw::Draw};

/// How often no answer comes, each a share of all requests: their sum is at most 1, and at most one happens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Whether another try of the same request may fare better. Where not, a request that fails always fails.
    pub transient: bool,
    /// Status 429 with `Retry-After`.
    pub rate_limited: Chance,
    pub retry_after_s: u32,
    /// Status 429 without `Retry-After`.
    pub rate_limited_silently: Chance,
    /// Status 500.
    pub server_error: Chance,
    /// Status 503.
    pub unavailable: Chance,
    /// Status 302 to another host.
    pub redirects: Chance,
    /// Status 200 with a web page.
    pub html: Chance,
    /// Status 200 with bytes that are no text.
    pub garbage: Chance,
    /// An event stream of nonsense.
    pub stream_garbage: Chance,
    /// A document that ends in its middle, with a length that says so.
    pub cut_document: Chance,
    /// The connection ends in the middle of the body.
    pub cut_body: Chance,
    /// `Content-Length` is smaller than the body, after which the connection ends.
    pub length_too_small: Chance,
    /// `Content-Length` is larger than the body, and the connection stays open.
    pub length_too_large: Chance,
    /// 10 MB of answer.
    pub huge: Chance,
    /// Nothing, and the connection stays open.
    pub hangs: Chance,
    /// The connection ends without a byte.
    pub hangs_up: Chance,
    /// Bytes that are no HTTP.
    pub no_http: Chance,
}

impl Default for Faults {
    fn default() -> Self {
        let never = Chance::NEVER;
        Self {
            transient: true,
            rate_limited: never,
            retry_after_s: 1,
            rate_limited_silently: never,
            server_error: never,
            unavailable: never,
            redirects: never,
            html: never,
            garbage: never,
            stream_garbage: never,
            cut_document: never,
            cut_body: never,
            length_too_small: never,
            length_too_large: never,
            huge: never,
            hangs: never,
            hangs_up: never,
            no_http: never,
        }
    }
}

/// Why no answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    RateLimited {
        retry_after_s: Option<u32>,
    },
    ServerError,
    Unavailable,
    /// Status 400 with a content-policy code: a refusal, said as an error.
    PolicyError,
    Redirects,
    Html,
    Garbage,
    StreamGarbage,
    CutDocument,
    CutBody,
    LengthTooSmall,
    LengthTooLarge,
    Huge,
    Hangs,
    HangsUp,
    NoHttp,
}

impl Faults {
    fn shares(&self) -> [(Chance, Fault); 16] {
        [
            (self.rate_limited, Fault::RateLimited { retry_after_s: Some(self.retry_after_s) }),
            (self.rate_limited_silently, Fault::RateLimited { retry_after_s: None }),
            (self.server_error, Fault::ServerError),
            (self.unavailable, Fault::Unavailable),
            (self.redirects, Fault::Redirects),
            (self.html, Fault::Html),
            (self.garbage, Fault::Garbage),
            (self.stream_garbage, Fault::StreamGarbage),
            (self.cut_document, Fault::CutDocument),
            (self.cut_body, Fault::CutBody),
            (self.length_too_small, Fault::LengthTooSmall),
            (self.length_too_large, Fault::LengthTooLarge),
            (self.huge, Fault::Huge),
            (self.hangs, Fault::Hangs),
            (self.hangs_up, Fault::HangsUp),
            (self.no_http, Fault::NoHttp),
        ]
    }

    /// Share of requests that fail.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.shares().iter().map(|(share, _)| share.get()).sum()
    }

    pub(crate) fn of_try(&self, draw: &Draw, nth: u32) -> Option<Fault> {
        if self.sum() <= 0.0 {
            return None;
        }
        let mut left = draw.of_try("fault", if self.transient { nth } else { 0 }).unit();
        self.shares().into_iter().find_map(|(share, fault)| {
            let hit = left < share.get();
            left -= share.get();
            hit.then_some(fault)
        })
    }
}

impl Fault {
    /// What a careful client makes of it, for models that are asked without a network.
    #[must_use]
    pub fn as_target_error(self) -> TargetError {
        let url = "http://organism.invalid/v1".to_owned();
        let status = |status, body: &str, retry_after_s: Option<u32>| TargetError::Status {
            url: url.clone(),
            status,
            body: body.to_owned(),
            retry_after_ms: retry_after_s.map(|seconds| u64::from(seconds) * 1000),
        };
        let garbled = |reason: &str| TargetError::Garbled { url: url.clone(), reason: reason.to_owned() };
        match self {
            Fault::RateLimited { retry_after_s } => status(429, "slow down", retry_after_s),
            Fault::ServerError => status(500, "the model ran out of memory", None),
            Fault::Unavailable => status(503, "the model is loading", None),
            Fault::PolicyError => status(400, r#"{"error":{"code":"content_filter"}}"#, None),
            Fault::Redirects => status(302, "", None),
            Fault::Html => garbled("a web page"),
            Fault::Garbage => garbled("not a document"),
            Fault::StreamGarbage => garbled("a stream of nonsense"),
            Fault::CutDocument | Fault::CutBody | Fault::LengthTooSmall | Fault::LengthTooLarge => {
                garbled("the document ends too early")
            }
            Fault::Huge => garbled("the document is too large"),
            Fault::Hangs => TargetError::TimedOut { url: url.clone(), ms: 60_000 },
            Fault::HangsUp => {
                TargetError::Unreachable { url: url.clone(), reason: "the connection was closed".to_owned() }
            }
            Fault::NoHttp => garbled("not an HTTP answer"),
        }
    }
}
