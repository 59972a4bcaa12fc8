//! A23 to A25: a party gives notice and leaves, takes its notice back, or agrees with all others to end it.

use crate::agreement::asked::Put;
use crate::agreement::party::Asked;
use crate::agreement::{Agreement, Consent, Notice, PartyState};
use crate::event::Event;
use crate::event::data::{RevocationNoticed, RevocationRescinded, TerminationConsented};
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

/// SIG or SIRO of the party that gave notice; between two, SIG of the other besides.
pub(super) fn hands_of_rescinding(put: &Put<'_>) -> Result<(), Refusal> {
    put.party()?;
    let principal = put.signer();
    if !put.acts_as(principal, Role::Sig) && !put.acts_as(principal, Role::Siro) {
        return Err(put.not_held(Role::Sig));
    }
    let others = || put.event.signers.iter().skip(1);
    let spare = others().find(|second| {
        let other = second.organisation != principal.organisation && put.agreement.party(second.organisation).is_some();
        !(put.agreement.is_bilateral() && other && put.acts_as(second, Role::Sig))
    });
    match spare {
        Some(second) => Err(Refusal::RoleNotHeld { role: second.role, organisation: second.organisation }),
        None => Ok(()),
    }
}

/// The party's state, and G24: its own notice, before it takes effect, and between two with the other.
pub(super) fn guards_of_rescinding(put: &Put<'_>, data: &RevocationRescinded) -> Result<(), Refusal> {
    let party = put.party()?;
    party.may(Asked::Rescind)?;
    let own = party.notice.as_ref().is_some_and(|notice| notice.event == data.target);
    let agreed = !put.agreement.is_bilateral() || put.event.signers.len() > 1;
    if own && agreed { Ok(()) } else { Err(Refusal::NoticeStands) }
}

/// SIG of a party.
pub(super) fn hands_of_consent(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Sig])
}

/// The party's state, and G38: the same day in every consent.
pub(super) fn guards_of_consent(put: &Put<'_>, data: &TerminationConsented) -> Result<(), Refusal> {
    put.party()?.may(Asked::Consent)?;
    match put.agreement.consents.first() {
        Some(first) if first.day != data.takes_effect_on => Err(Refusal::DatesDiffer { day: first.day }),
        Some(_) | None => Ok(()),
    }
}

impl Agreement {
    /// A notice is taken back.
    pub(super) fn rescinded(&mut self, event: &Event) {
        let organisation = event.principal().organisation;
        let stopped = self.is_party_stopped(organisation);
        if let Some(party) = self.party_mut(organisation) {
            party.notice = None;
            party.state = if stopped { PartyState::Suspended } else { PartyState::Executed };
        }
    }

    /// A party consents to the end. When all who are bound and stay have, what follows is derived.
    pub(super) fn consented(&mut self, event: &Event, data: &TerminationConsented, at: Timestamp) {
        let organisation = event.principal().organisation;
        self.consents.retain(|consent| consent.organisation != organisation || self.elsewhere.counts(consent.event));
        if !self.consents.iter().any(|consent| consent.organisation == organisation) {
            self.consents.push(Consent { event: event.id, organisation, day: data.takes_effect_on, at });
        }
    }

    /// Notice runs. When its day has come already, what follows is derived at once.
    pub(super) fn noticed(&mut self, event: &Event, data: &RevocationNoticed, at: Timestamp) {
        let notice =
            Notice { event: event.id, day: data.takes_effect_on, at: london::start_of(data.takes_effect_on).max(at) };
        // Whoever leaves signs no amendment any more, and what it signed of one is void.
        self.void_amendment_of(Some(event.principal().organisation));
        if let Some(party) = self.party_mut(event.principal().organisation) {
            party.notice = Some(Box::new(notice));
            party.state = PartyState::Leaving;
        }
    }
}
