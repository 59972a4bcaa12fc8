//! Policies that the rules read besides who must sign: separation of roles, windows, limits.
//!
//! Each is a file of reference data that the ledger pins by its hash; nothing of it stands in code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::header::{AgreementType, DataClass};
use crate::ids::Role;

/// `POLICY-SEPARATION`: which roles one person may hold together at one organisation (domain.md 3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct SeparationPolicy {
    /// Pairs that are refused at appointment (R04). Symmetric.
    pub forbidden: Vec<(Role, Role)>,
    /// Pairs that are allowed with a warning.
    pub warned: Vec<(Role, Role)>,
    /// Roles that nobody holds beside one that decides.
    pub apart_from_deciding: Vec<Role>,
}

impl SeparationPolicy {
    /// Whether one person may hold both roles at one organisation. Symmetric; R04 when not.
    pub fn may_hold_both(&self, first: Role, second: Role) -> bool {
        let listed = |pairs: &[(Role, Role)]| pairs.contains(&(first, second)) || pairs.contains(&(second, first));
        let apart = |role: Role, other: Role| self.apart_from_deciding.contains(&role) && decides(other);
        !listed(&self.forbidden) && !apart(first, second) && !apart(second, first)
    }
}

/// Whether a role decides, advises or administers for an organisation, so that its registrar, auditor
/// or witness may not hold it.
pub const fn decides(role: Role) -> bool {
    match role {
        Role::Igl
        | Role::Dpo
        | Role::Siro
        | Role::Cg
        | Role::Iao
        | Role::Sig
        | Role::Lgl
        | Role::Sec
        | Role::Leo
        | Role::Opn
        | Role::Dat
        | Role::Cex
        | Role::Adm => true,
        Role::Req | Role::Tps | Role::Prg | Role::Brd | Role::Reg | Role::Aud | Role::Wit => false,
    }
}

/// `POLICY-WINDOWS`: how long things may take, in days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// The longest that a version stays open for signing.
    pub approve_by_days: u16,
    /// After so many quiet days a request lapses (D9).
    pub idle_days: u16,
    /// The longest term of an emergency agreement.
    pub emergency_days_max: u16,
    /// The longest, in months, until a decision to withhold is looked at again (V-105).
    pub withhold_months_max: u16,
    /// Within how many days of activation an emergency needs a DPO's advice (D2).
    pub emergency_advice_days: u16,
}

/// `POLICY-WINDOWS` again: how long an agreement may run and how soon it is looked at (domain.md 1.8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Spans {
    /// The oldest that an impact assessment may be.
    pub dpia_months_max: u16,
    /// The longest term of an emergency agreement.
    pub emergency_days_max: u16,
    /// The latest first review, by class.
    pub first_review_months: BTreeMap<DataClass, u16>,
    /// The same between controller and processor.
    pub first_review_months_c2p: u16,
    /// The longest notice.
    pub notice_days_max: u16,
    /// The longest term of a one-off agreement.
    pub one_off_months_max: u16,
    /// The longest term.
    pub term_years_max: u16,
    /// The longest that a record may be withheld before that is looked at again.
    pub withhold_months_max: u16,
}

impl Spans {
    /// The longest until the next review, in months (V-97, G33); none where no review is asked.
    pub fn review_months(&self, agreement_type: AgreementType, class: DataClass) -> Option<u16> {
        let usual = self.first_review_months.get(&class).copied();
        let processor = (agreement_type == AgreementType::C2p).then_some(self.first_review_months_c2p);
        usual.into_iter().chain(processor).min()
    }
}

/// `POLICY-LIMITS`: how much may be recorded (G48).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Limits {
    /// By one organisation on one London day, about agreements.
    pub organisation_day: DayLimits,
    /// About one agreement, ever.
    pub agreement: AgreementLimits,
}

/// What one organisation may record on one London day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct DayLimits {
    /// Events of agreements, of any type.
    pub events: u32,
    /// Requests filed.
    pub requests: u32,
    /// Notes.
    pub notes: u32,
    /// Invitations.
    pub invitations: u32,
}

/// What one agreement may grow to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct AgreementLimits {
    /// Events.
    pub events: u64,
    /// Bytes of words beside the log; a door rule.
    pub words_bytes: u64,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::codes::{ReferenceSet, manifest};

    fn separation() -> SeparationPolicy {
        let (lists, policies) = manifest();
        ReferenceSet::resolve(&lists, &policies).unwrap().separation
    }

    #[test]
    fn the_matrix_is_symmetric() {
        let policy = separation();
        for first in Role::ALL {
            for second in Role::ALL {
                assert_eq!(policy.may_hold_both(*first, *second), policy.may_hold_both(*second, *first));
            }
        }
    }

    #[test]
    fn the_rows_of_the_specification_hold() {
        let policy = separation();
        for (first, second) in [
            (Role::Dpo, Role::Siro),
            (Role::Dpo, Role::Req),
            (Role::Igl, Role::Sig),
            (Role::Cex, Role::Adm),
            (Role::Cg, Role::Siro),
            (Role::Aud, Role::Sig),
            (Role::Reg, Role::Cex),
            (Role::Wit, Role::Dat),
        ] {
            assert!(!policy.may_hold_both(first, second), "{first} {second}");
        }
        for (first, second) in [
            (Role::Siro, Role::Sig),
            (Role::Req, Role::Iao),
            (Role::Dpo, Role::Cg),
            (Role::Cex, Role::Siro),
            (Role::Cex, Role::Sig),
        ] {
            assert!(policy.may_hold_both(first, second), "{first} {second}");
        }
    }
}
