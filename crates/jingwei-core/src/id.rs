use std::{fmt, str::FromStr};

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{value}` is not an id: use 1 to 128 of a-z, A-Z, 0-9, `.`, `_`, `-`, `/`, `:` and start with a letter or digit"
)]
pub struct IdError {
    pub value: String,
}

fn check_id(value: &str) -> Result<(), IdError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
    let starts = value.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if starts && value.len() <= 128 && value.chars().all(legal) {
        return Ok(());
    }
    Err(IdError { value: value.chars().take(64).collect() })
}

// Most ids are short and stand where they are, so to copy one costs no memory.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(CompactString);

        crate::schema::string_schema!($name, r"^[A-Za-z0-9][A-Za-z0-9._/:-]{0,127}$");

        impl $name {
            pub fn new(value: impl Into<String>) -> Result<Self, IdError> {
                let value = value.into();
                check_id(&value)?;
                Ok(Self(value.into()))
            }

            /// An id that a developer wrote in the source. A bad one is a bug of ours.
            #[must_use]
            pub fn literal(value: &'static str) -> Self {
                assert!(check_id(value).is_ok(), "bad literal id {value:?}");
                Self(CompactString::const_new(value))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(value: String) -> Result<Self, IdError> {
                Self::new(value)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.into()
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(value: &str) -> Result<Self, IdError> {
                Self::new(value)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

ids! {
    /// A governed AI system, named by its manifest.
    SystemId,
    /// A part of a system, unique within its manifest.
    ComponentId,
    /// A risk of the catalog: its file name, such as `harmful-output`.
    RiskId,
    /// A control of the catalog: its file name.
    ControlId,
    /// A check: crate verb and noun, such as `scan.model`.
    CheckId,
    /// A rule that a finding breaks, such as `model.pickle-file`.
    RuleId,
    /// An item of a framework edition: `framework/code`, such as `tc260-2.0/3.2.2.a`.
    ItemRef,
}

impl ItemRef {
    /// The framework edition and the item's code in it.
    #[must_use]
    pub fn split(&self) -> Option<(&str, &str)> {
        self.as_str().split_once('/')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_takes_the_fields_own_characters_and_nothing_else() {
        for good in ["a", "tc260-2.0/3.2.2.a", "AML.T0051", "probe.refusal", "x:y"] {
            assert!(RiskId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a b", "风险", "a\n", "../x", &"a".repeat(129)] {
            assert!(RiskId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_bad_id_is_refused_when_read() {
        assert!(serde_json::from_str::<SystemId>("\"a b\"").is_err());
        assert_eq!(serde_json::from_str::<SystemId>("\"shop\"").unwrap().as_str(), "shop");
    }
}
