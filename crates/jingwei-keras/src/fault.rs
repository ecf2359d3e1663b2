use jingwei_core::Text;
use jingwei_read::Sighting;

/// Why reading stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes break the format.
    Broken { at: u64, reason: Text },
    /// A field of `Limits` was crossed.
    Limit { name: &'static str, value: u64 },
    /// The format allows it and this crate does not read it.
    Unread { reason: Text },
}

impl Fault {
    pub(crate) fn broken(at: u64, zh: &str, en: &str) -> Self {
        Self::Broken { at, reason: Text::new(zh, en) }
    }

    pub(crate) fn unread(zh: &str, en: &str) -> Self {
        Self::Unread { reason: Text::new(zh, en) }
    }

    /// Nothing more is to be read from this file.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Limit { name: "header_bytes" | "entries", .. })
    }

    pub(crate) fn sighting(self) -> Sighting {
        match self {
            Self::Broken { at, reason } => Sighting::malformed(at, reason.zh, reason.en),
            Self::Limit { name, value } => Sighting::limit(name, value),
            Self::Unread { reason } => Sighting::not_inspected(reason.zh, reason.en),
        }
    }
}
