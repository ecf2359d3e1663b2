use jingwei_core::TargetError;

/// Why a request gave no usable response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The request was not sent: its address is not allowed or cannot be used.
    #[error("{reason}")]
    Refused { reason: String },
    #[error("no connection to {url}: {reason}")]
    Unreachable { url: String, reason: String },
    #[error("no answer from {url} within {ms} ms")]
    TimedOut { url: String, ms: u64 },
    #[error("{url} sent more than {limit} bytes")]
    TooLarge { url: String, limit: u64 },
    /// The connection ended before the response did.
    #[error("{url} broke off its answer: {reason}")]
    BrokenOff { url: String, reason: String },
}

impl NetError {
    /// A request that never reached the server may be sent again.
    pub(crate) fn may_be_sent_again(&self) -> bool {
        matches!(self, NetError::Unreachable { .. })
    }
}

impl From<NetError> for TargetError {
    fn from(error: NetError) -> TargetError {
        match error {
            NetError::Refused { reason } => TargetError::Refused { reason },
            NetError::Unreachable { url, reason } => TargetError::Unreachable { url, reason },
            NetError::TimedOut { url, ms } => TargetError::TimedOut { url, ms },
            NetError::TooLarge { url, limit } => {
                TargetError::Garbled { url, reason: format!("the body is larger than {limit} bytes") }
            }
            NetError::BrokenOff { url, reason } => TargetError::Garbled { url, reason },
        }
    }
}
