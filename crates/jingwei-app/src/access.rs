//! Who may do what: one table. Every use case asks it first, whatever edge it is called from.

pub use jingwei_store::AccessRole;

use crate::{App, AppSettings, Error, ErrorKind};

/// Somebody who was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Name of the token, as the audit shows it.
    pub name: String,
    pub role: AccessRole,
}

impl Caller {
    /// Refuses what the role does not allow.
    pub(crate) fn may(&self, action: Action) -> Result<(), Error> {
        if allowed(self.role, action) {
            return Ok(());
        }
        let (role, code) = (self.role.code(), action.code());
        Err(Error::new(
            ErrorKind::Forbidden,
            format!("角色 `{role}` 无权执行 `{code}`：请由有权限的人操作，或换用其令牌"),
            format!("role `{role}` may not `{code}`; ask somebody who may, or use such a token"),
        ))
    }
}

use AccessRole::{Auditor, Engineer, Owner, RiskOfficer};

const ALL: &[AccessRole] = &[Owner, RiskOfficer, Engineer, Auditor];
/// Those who answer for the register.
const ANSWERABLE: &[AccessRole] = &[Owner, RiskOfficer];
const BUILDERS: &[AccessRole] = &[Owner, RiskOfficer, Engineer];
/// Those who look into what other people did.
const REVIEWERS: &[AccessRole] = &[Owner, RiskOfficer, Auditor];

macro_rules! actions {
    ($($name:ident = $code:literal: $roles:expr,)+) => {
        /// Everything that a caller can ask for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $($name,)+
        }

        impl Action {
            pub const ALL: &'static [Action] = &[$(Action::$name),+];

            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $(Action::$name => $code,)+
                }
            }

            fn roles(self) -> &'static [AccessRole] {
                match self {
                    $(Action::$name => $roles,)+
                }
            }
        }
    };
}

actions! {
    ListSystems = "list systems": ALL,
    ReadSystem = "read a system": ALL,
    ListRisks = "list risks": ALL,
    ReadRisk = "read a risk": ALL,
    ListControls = "list controls": ALL,
    ReadControl = "read a control": ALL,
    ListEvidence = "list evidence": ALL,
    ReadEvidence = "read evidence": ALL,
    ListAssessments = "list assessments": ALL,
    ReadAssessment = "read an assessment": ALL,
    CreateAssessment = "assess again": BUILDERS,
    ListGateDecisions = "list gate decisions": ALL,
    ReadGateDecision = "read a gate decision": ALL,
    ListTreatments = "list treatments": ALL,
    ReadTreatment = "read a treatment": ALL,
    ProposeTreatment = "propose a treatment": BUILDERS,
    DecideTreatment = "decide on a treatment": ANSWERABLE,
    ListOverrides = "list overrides": ALL,
    CreateOverride = "override a grade": ANSWERABLE,
    EndOverride = "end an override": ANSWERABLE,
    ListTokens = "list tokens": &[Owner, Auditor],
    CreateToken = "create a token": &[Owner],
    RevokeToken = "revoke a token": &[Owner],
    ReadCheckpoint = "read the ledger's checkpoint": ALL,
    ReadLedgerEntry = "read a ledger entry": REVIEWERS,
    ProveInclusion = "prove that an entry is in the ledger": ALL,
    ProveConsistency = "prove that the ledger only grew": ALL,
    ListAudit = "read the audit trail": REVIEWERS,
    ReadCatalog = "read the catalog": ALL,
}

/// The whole of authorization.
#[must_use]
pub fn allowed(role: AccessRole, action: Action) -> bool {
    action.roles().contains(&role)
}

impl App {
    /// The same installation, acting for a caller: ledger and audit name them.
    pub(crate) fn acting_for(&self, caller: &Caller) -> App {
        App {
            catalog: self.catalog.clone(),
            settings: AppSettings { actor: caller.name.clone(), ..self.settings.clone() },
            store: self.store.clone(),
            ledger: self.ledger.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_may_do_everything_and_an_auditor_changes_nothing() {
        for action in Action::ALL {
            assert!(allowed(Owner, *action), "{action:?}");
            let reads = ["list", "read", "prove"].iter().any(|verb| action.code().starts_with(verb));
            assert_eq!(allowed(Auditor, *action), reads, "{action:?}");
        }
    }
}
