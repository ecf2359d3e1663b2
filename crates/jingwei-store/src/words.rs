//! Ids and code words that the store keeps and the core does not know.

use std::{fmt, str::FromStr};

use jingwei_core::{IdError, RiskId};

use crate::record::text_field;

macro_rules! record_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The alphabet and length are those of every id.
            pub fn new(value: impl Into<String>) -> Result<Self, IdError> {
                RiskId::new(value).map(|id| Self(id.into()))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
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

        text_field!($name, value => value.as_str(), text => $name::new(text).map_err(|e| e.to_string()));
    )+};
}

record_ids! {
    AssessmentId,
    GateDecisionId,
    OverrideId,
    TokenId,
    TreatmentId,
    /// Name of a value in `meta`.
    MetaKey,
}

/// The word is none of the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not a {what}: use {list}")]
pub struct WordError {
    value: String,
    what: &'static str,
    list: String,
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $what:literal { $($(#[$word_doc:meta])* $word:ident = $code:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$word_doc])* $word,)+
        }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$word),+];

            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $($name::$word => $code,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = WordError;
            fn from_str(value: &str) -> Result<Self, WordError> {
                Self::ALL.iter().copied().find(|word| word.code() == value).ok_or_else(|| WordError {
                    value: value.chars().take(64).collect(),
                    what: $what,
                    list: [$($code),+].join(", "),
                })
            }
        }

        text_field!($name, value => value.code(), text => text.parse().map_err(|e: WordError| e.to_string()));
    )+};
}

words! {
    /// Where a risk comes from: the three classes of the TC260 framework, chapter 3.
    RiskClass: "class of risks" {
        Inherent = "inherent",
        Application = "application",
        Derivative = "derivative",
    }

    /// How a risk stands after its assessment and its treatment.
    RiskState: "state of a risk" {
        /// Above what the system tolerates, and nobody has answered for it.
        Open = "open",
        WithinTolerance = "within-tolerance",
        Accepted = "accepted",
        Transferred = "transferred",
        Avoided = "avoided",
    }

    ControlNature: "nature of a control" {
        Technical = "technical",
        Management = "management",
    }

    /// What the newest evidence of a control says.
    ControlState: "state of a control" {
        Effective = "effective",
        Failing = "failing",
        /// Its evidence is too old, or of another subject.
        Stale = "stale",
        NoEvidence = "no-evidence",
        /// A person says so, and nothing else does.
        Asserted = "asserted",
        /// Nobody says anything, and no check can tell.
        Unproven = "unproven",
    }

    TreatmentOption: "treatment option" {
        Avoid = "avoid",
        Mitigate = "mitigate",
        Transfer = "transfer",
        Accept = "accept",
    }

    TreatmentStatus: "status of a treatment" {
        Proposed = "proposed",
        Approved = "approved",
        Rejected = "rejected",
        Done = "done",
        Withdrawn = "withdrawn",
    }

    /// What a person or program may do. Not `jingwei_core::Role`, which is who answers for a measure.
    AccessRole: "role" {
        Owner = "owner",
        RiskOfficer = "risk_officer",
        Engineer = "engineer",
        Auditor = "auditor",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_reads_back_and_an_unknown_one_says_what_to_use() {
        for role in AccessRole::ALL {
            assert_eq!(role.code().parse::<AccessRole>().unwrap(), *role);
        }
        let error = "root".parse::<AccessRole>().unwrap_err().to_string();
        assert_eq!(error, "`root` is not a role: use owner, risk_officer, engineer, auditor");
    }
}
