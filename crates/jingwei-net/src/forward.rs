use std::time::Duration;

use bytes::Bytes;
use jingwei_core::Limits;
use reqwest::{
    Method, Response, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue},
};
use tokio::time::{Instant, timeout_at};

use crate::{
    Client, NetError, Secret,
    chat::bearer,
    client::{Outgoing, api_url, body_fault},
};

/// A request that is passed on.
pub struct Forward<'a> {
    pub verb: Verb,
    /// With or without its version segment.
    pub base: &'a str,
    /// Below the base: `chat/completions`.
    pub tail: &'a str,
    /// The caller chooses what travels on; a caller's own credentials should not.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: Bytes,
    pub key: Option<&'a Secret>,
    /// Longest time until the last byte, in milliseconds. Each wait for a piece is limited by `Limits::wall_ms`.
    pub total_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
}

/// A response whose body is still to come.
pub struct Forwarded {
    pub status: u16,
    pub content_type: String,
    pub retry_after: Option<String>,
    pub body: BodyStream,
}

impl Client {
    /// Sends a request once and gives the head of the response; the body is read piece by piece.
    pub async fn forward(&self, request: Forward<'_>, limits: &Limits) -> Result<Forwarded, NetError> {
        let url = api_url(request.base, request.tail)?;
        let mut headers = HeaderMap::new();
        for (name, value) in request.headers {
            let bad = |_| NetError::Refused { reason: format!("header `{name}` cannot be sent") };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|e| bad(e.to_string()))?;
            headers.insert(name, HeaderValue::from_str(value).map_err(|e| bad(e.to_string()))?);
        }
        if let Some(key) = request.key {
            headers.insert(AUTHORIZATION, bearer(key)?);
        }
        let method = match request.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
        };
        let deadline = Instant::now() + Duration::from_millis(request.total_ms);
        let out = Outgoing { method, url, headers, body: request.body };
        let patience = Instant::now() + Duration::from_millis(limits.wall_ms);
        let timed_out = |_| NetError::TimedOut { url: out.url.to_string(), ms: limits.wall_ms };
        let response = timeout_at(patience.min(deadline), self.begin(&out)).await.map_err(timed_out)??;
        let text = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(ToOwned::to_owned);
        Ok(Forwarded {
            status: response.status().as_u16(),
            content_type: text("content-type").unwrap_or_default(),
            retry_after: text("retry-after"),
            body: BodyStream {
                response,
                url: out.url,
                read: 0,
                most: limits.header_bytes,
                wait_ms: limits.wall_ms,
                total_ms: request.total_ms,
                deadline,
            },
        })
    }
}

/// The body of a response, in the pieces in which it arrives.
pub struct BodyStream {
    response: Response,
    url: Url,
    read: u64,
    most: u64,
    wait_ms: u64,
    total_ms: u64,
    deadline: Instant,
}

impl BodyStream {
    /// The next piece, or `None` after the last one. After an error there is nothing more.
    pub async fn next_piece(&mut self) -> Result<Option<Bytes>, NetError> {
        let patience = Instant::now() + Duration::from_millis(self.wait_ms);
        let (until, ms) =
            if patience < self.deadline { (patience, self.wait_ms) } else { (self.deadline, self.total_ms) };
        let piece = timeout_at(until, self.response.chunk())
            .await
            .map_err(|_| NetError::TimedOut { url: self.url.to_string(), ms })?
            .map_err(|error| body_fault(&self.url, &error, self.read))?;
        self.read += piece.as_ref().map_or(0, |p| p.len() as u64);
        if self.read > self.most {
            return Err(NetError::TooLarge { url: self.url.to_string(), limit: self.most });
        }
        Ok(piece)
    }

    /// Everything that is still to come.
    pub async fn rest(mut self) -> Result<Bytes, NetError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next_piece().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(Bytes::from(whole))
    }
}
