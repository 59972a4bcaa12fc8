//! A33, A36 and A42: documents, notes, corrections. They decide nothing.

use crate::agreement::asked::Put;
use crate::event::data::Corrected;
use crate::ids::{EventId, OrganisationCode, Role};
use crate::refusal::Refusal;

impl Put<'_> {
    /// Whose officer signed an event of this agreement first, and in which role.
    fn author(&self, event: EventId) -> Option<(OrganisationCode, Role)> {
        self.state.author_in(self.agreement.id(), event)
    }
}

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

/// Whoever signed what is corrected first: the same role of the same party.
pub(super) fn hands_of_correction(put: &Put<'_>, data: &Corrected) -> Result<(), Refusal> {
    put.alone()?;
    let Some((organisation, role)) = put.author(data.target) else {
        // Whose event it was cannot be told; G28 answers in its turn.
        return Ok(());
    };
    let signer = put.signer();
    if signer.organisation == organisation && signer.role == role {
        Ok(())
    } else {
        Err(Refusal::RoleNotHeld { role, organisation })
    }
}

/// G28: an event of this agreement.
pub(super) fn guards_of_correction(put: &Put<'_>, data: &Corrected) -> Result<(), Refusal> {
    if put.author(data.target).is_some() { Ok(()) } else { Err(Refusal::NoSuchTarget) }
}
