//! A23: a party gives notice and leaves.

use crate::agreement::asked::Put;
use crate::agreement::party::Asked;
use crate::agreement::{Agreement, Notice, PartyState};
use crate::event::Event;
use crate::event::data::RevocationNoticed;
use crate::ids::Role;
use crate::london;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// SIG or SIRO of the party that leaves.
pub(super) fn hands_of_notice(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Sig, Role::Siro])
}

/// The party's state, and G37: notice runs its days, unless the ground lets it take effect at once.
pub(super) fn guards_of_notice(put: &Put<'_>, data: &RevocationNoticed) -> Result<(), Refusal> {
    let party = put.party()?;
    party.may(Asked::Leave)?;
    if party.notice.is_some() {
        return Err(PartyState::Leaving.refusal(party.organisation, "give notice again"));
    }
    let days = if data.ground.is_immediate() { 0 } else { put.agreement.header().notice_days };
    let earliest = london::date_of(put.at).add_days(i64::from(days));
    if data.takes_effect_on < earliest { Err(Refusal::NoticeTooShort { days, earliest }) } else { Ok(()) }
}

impl Agreement {
    /// Notice runs. When its day has come already, what follows is derived at once.
    pub(super) fn noticed(&mut self, event: &Event, data: &RevocationNoticed, at: Timestamp) {
        let notice =
            Notice { event: event.id, day: data.takes_effect_on, at: london::start_of(data.takes_effect_on).max(at) };
        if let Some(party) = self.party_mut(event.principal().organisation) {
            party.notice = Some(notice);
            party.state = PartyState::Leaving;
        }
    }
}
