//! The words of the API: each list is spelled as the use cases spell it, and a word that one side lacks does not compile.

use jingwei_app::{
    access::AccessRole,
    catalog_views::CatalogFolder,
    controls::{ControlNature, ControlState},
    risks::{RiskClass, RiskState},
    treatments::{TreatmentOption, TreatmentStatus, TreatmentVerdict},
};
use jingwei_core::{ComponentKind, Decision, Priority, Stage};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body::ToBody;

/// One word of a list, spelled as the use cases spell it.
macro_rules! words {
    ($(#[$doc:meta] $name:ident of $from:ty, $case:literal { $($word:ident),+ })+) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = $case)]
        pub(crate) enum $name {
            $($word),+
        }

        impl ToBody<$name> for $from {
            fn to_body(self) -> $name {
                match self {
                    $(<$from>::$word => $name::$word,)+
                }
            }
        }

        impl From<$name> for $from {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$word => <$from>::$word,)+
                }
            }
        }
    )+};
}

words! {
    /// What comes first.
    PriorityWord of Priority, "lowercase" { Low, Medium, High }
    /// What a gate says.
    DecisionWord of Decision, "lowercase" { Pass, Conditional, Stop }
    /// Where a system stands in its life.
    StageWord of Stage, "lowercase" { Plan, Design, Develop, Test, Deploy, Operate, Retire }
    /// What a component is.
    ComponentKindWord of ComponentKind, "lowercase" {
        Model, Dataset, Code, Image, Service, Endpoint, Tool, Prompt, Config, Vendor, System
    }
    /// Where a risk comes from.
    RiskClassWord of RiskClass, "kebab-case" { Inherent, Application, Derivative }
    /// How a risk stands.
    RiskStateWord of RiskState, "kebab-case" { Open, WithinTolerance, Accepted, Transferred, Avoided }
    /// Technical or management.
    ControlNatureWord of ControlNature, "kebab-case" { Technical, Management }
    /// What the newest evidence of a control says.
    ControlStateWord of ControlState, "kebab-case" { Effective, Failing, Stale, NoEvidence, Asserted, Unproven }
    /// What may be done about a risk.
    TreatmentOptionWord of TreatmentOption, "kebab-case" { Avoid, Mitigate, Transfer, Accept }
    /// How far a treatment has come.
    TreatmentStatusWord of TreatmentStatus, "kebab-case" { Proposed, Approved, Rejected, Done, Withdrawn }
    /// What those who answer for a risk say to a treatment.
    TreatmentVerdictWord of TreatmentVerdict, "kebab-case" { Approve, Reject, Done }
    /// What a token allows.
    RoleWord of AccessRole, "snake_case" { Owner, RiskOfficer, Engineer, Auditor }
    /// A folder of the catalog.
    CatalogFolderWord of CatalogFolder, "lowercase" { Risks, Controls, Frameworks }
}
