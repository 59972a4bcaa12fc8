//! A33 and A36: documents and notes. They decide nothing.

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

/// Documents in one agreement (A33).
const DOCUMENTS_MAX: u16 = 200;

/// IGL, DPO, LGL or SIG of a party.
pub(super) fn hands_of_document(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Igl, Role::Dpo, Role::Lgl, Role::Sig])
}

/// G48: so many documents and no more.
pub(super) fn guards_of_document(put: &Put<'_>) -> Result<(), Refusal> {
    if put.agreement.documents < DOCUMENTS_MAX { Ok(()) } else { Err(Refusal::DocumentsFull { count: DOCUMENTS_MAX }) }
}
