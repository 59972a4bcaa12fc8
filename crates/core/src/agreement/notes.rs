//! A36: a note. It decides nothing.

use crate::agreement::asked::Put;
use crate::ids::Role;
use crate::refusal::Refusal;

/// Any role holder of a party, or an auditor.
pub(super) fn hands_of_note(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone()?;
    if put.signer().role == Role::Aud {
        return Ok(());
    }
    put.party().map(drop)
}
