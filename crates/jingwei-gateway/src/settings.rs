use std::sync::Arc;

use jingwei_core::{Digest, Limits};
use jingwei_guard::CanaryKey;
use jingwei_net::Secret;

/// Gives a number that nobody can guess. `None`: there is no randomness, and what needs it is not sent on.
pub type RandomNumbers = Arc<dyn Fn() -> Option<u64> + Send + Sync>;

/// What the gateway stands in front of, and for whom.
#[derive(Clone)]
pub struct GatewaySettings {
    /// Base of the OpenAI-compatible server, with or without its version segment.
    pub upstream: String,
    /// Sent to the upstream instead of the caller's own credentials.
    pub upstream_key: Option<Secret>,
    /// SHA-256 of each bearer token that may call, beside the callers that come with the engines. Neither: everybody
    /// who reaches the port.
    pub callers: Vec<Digest>,
    /// From which canary tokens are made, for policies that plant them.
    pub canary: Option<CanaryKey>,
    pub random: RandomNumbers,
    /// How a caller that does not ask for either reads a blocked request.
    pub block_answer: BlockAnswer,
    /// Largest request, in bytes.
    pub request_bytes: u64,
    /// Longest time from a request's head to its reply's last byte, in milliseconds.
    pub total_ms: u64,
    /// Most requests at once; more are turned away with status 503.
    pub most_at_once: usize,
    /// `wall_ms`: longest wait for the upstream's next bytes. `header_bytes`: largest reply.
    pub limits: Limits,
}

impl GatewaySettings {
    #[must_use]
    pub fn new(upstream: impl Into<String>) -> Self {
        Self {
            upstream: upstream.into(),
            upstream_key: None,
            callers: Vec::new(),
            canary: None,
            random: Arc::new(|| None),
            block_answer: BlockAnswer::Completion,
            request_bytes: 8 << 20,
            total_ms: 600_000,
            most_at_once: 256,
            limits: Limits { header_bytes: 32 << 20, ..Limits::default() },
        }
    }
}

/// The shape of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockAnswer {
    /// Status 200 and a chat completion that ended with `content_filter`: clients need not know the gateway.
    Completion,
    /// Status 403 and `application/problem+json`.
    Forbidden,
}
