use std::fmt;

use serde::{Serialize, de::DeserializeOwned};

/// The text is not a JSON document.
#[derive(Debug, thiserror::Error)]
#[error("not a JSON document")]
pub struct DocumentError(#[source] serde_json::Error);

macro_rules! json_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            pub fn of(value: &impl Serialize) -> Result<Self, DocumentError> {
                serde_json::to_string(value).map(Self).map_err(DocumentError)
            }

            /// The text as it is, if it is JSON.
            pub fn parse(text: impl Into<String>) -> Result<Self, DocumentError> {
                let text = text.into();
                serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(DocumentError)?;
                Ok(Self(text))
            }

            /// What the store wrote is not parsed again before somebody reads it.
            pub(crate) fn stored(text: String) -> Self {
                Self(text)
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            pub fn read<T: DeserializeOwned>(&self) -> Result<T, DocumentError> {
                serde_json::from_str(&self.0).map_err(DocumentError)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:.200})", stringify!($name), self.0)
            }
        }
    };
}

json_text! {
    /// A JSON document, kept byte for byte as it was given: its digest holds for ever. Up to `MAX_DOCUMENT_BYTES`.
    Document
}

json_text! {
    /// A small JSON document that lists carry along. Up to `MAX_TEXT_BYTES`.
    Summary
}
