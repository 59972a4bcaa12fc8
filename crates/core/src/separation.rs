//! Which roles one person may hold together at one organisation (domain.md 3.2), rules version 1.

use crate::ids::Role;

/// Whether one person may hold both roles at one organisation. Symmetric; R04 when not.
pub fn may_hold_both(first: Role, second: Role) -> bool {
    !forbidden(first, second) && !forbidden(second, first)
}

/// One half of the matrix: the pairs that are forbidden at appointment.
fn forbidden(held: Role, asked: Role) -> bool {
    match held {
        Role::Igl => matches!(asked, Role::Siro | Role::Sig),
        Role::Dpo => matches!(
            asked,
            Role::Req | Role::Siro | Role::Iao | Role::Sig | Role::Sec | Role::Leo | Role::Opn | Role::Adm
        ),
        Role::Siro => matches!(asked, Role::Cg | Role::Sec | Role::Adm),
        Role::Sig => matches!(asked, Role::Adm),
        Role::Cex => matches!(
            asked,
            Role::Req
                | Role::Igl
                | Role::Dpo
                | Role::Cg
                | Role::Iao
                | Role::Lgl
                | Role::Sec
                | Role::Leo
                | Role::Opn
                | Role::Adm
        ),
        Role::Reg | Role::Aud | Role::Wit => decides(asked),
        Role::Req
        | Role::Cg
        | Role::Iao
        | Role::Lgl
        | Role::Sec
        | Role::Leo
        | Role::Opn
        | Role::Dat
        | Role::Adm
        | Role::Tps
        | Role::Prg
        | Role::Brd => false,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_is_symmetric() {
        for first in Role::ALL {
            for second in Role::ALL {
                assert_eq!(may_hold_both(*first, *second), may_hold_both(*second, *first), "{first} {second}");
            }
        }
    }

    #[test]
    fn the_rows_of_the_specification_hold() {
        for (first, second) in [
            (Role::Dpo, Role::Siro),
            (Role::Dpo, Role::Req),
            (Role::Igl, Role::Sig),
            (Role::Cex, Role::Adm),
            (Role::Cg, Role::Siro),
            (Role::Aud, Role::Sig),
            (Role::Reg, Role::Cex),
        ] {
            assert!(!may_hold_both(first, second), "{first} {second}");
        }
        for (first, second) in [
            (Role::Siro, Role::Sig),
            (Role::Req, Role::Iao),
            (Role::Dpo, Role::Cg),
            (Role::Cex, Role::Siro),
            (Role::Cex, Role::Sig),
        ] {
            assert!(may_hold_both(first, second), "{first} {second}");
        }
    }
}
