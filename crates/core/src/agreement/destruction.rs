//! A29 to A31: recipients certify what became of data; holds stop destruction for a while.

use serde::{Deserialize, Serialize};

use crate::agreement::asked::Put;
use crate::agreement::party::Asked;
use crate::agreement::{Agreement, Duty, PartyState, Stage};
use crate::event::Event;
use crate::event::data::{
    DestructionCertified, DestructionOutcome, HoldReason, RetentionHoldPlaced, RetentionHoldReleased,
};
use crate::header::SharingMode;
use crate::ids::{DatasetId, EventId, OrganisationCode, Role};
use crate::london;
use crate::refusal::Refusal;
use crate::time::{Date, Timestamp};

/// Days to destroy where no row says how many.
const DAYS_DEFAULT: u16 = 30;

/// An open hold, named by the event that placed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The event.
    pub event: EventId,
    /// Who placed it.
    pub by: OrganisationCode,
    /// Why.
    pub reason: HoldReason,
    /// On which datasets; empty: all.
    pub datasets: Box<[DatasetId]>,
    /// When it was recorded.
    pub at: Timestamp,
}

impl Hold {
    /// Whether it stops the destruction of a dataset.
    pub fn holds(&self, dataset: Option<DatasetId>) -> bool {
        self.datasets.is_empty() || dataset.is_none_or(|dataset| self.datasets.contains(&dataset))
    }
}

/// IAO and SEC of a party together, or the IAO alone with a supplier's certificate.
pub(super) fn hands_of_certificate(put: &Put<'_>, data: &DestructionCertified) -> Result<(), Refusal> {
    put.party()?;
    let own = put.organisation();
    if !put.acts_as(put.signer(), Role::Iao) {
        return Err(put.not_held(Role::Iao));
    }
    let mut others = put.event.signers.iter().skip(1);
    let Some(second) = others.next() else {
        return if data.certificate.is_some() { Ok(()) } else { Err(put.not_held(Role::Sec)) };
    };
    let spare = if second.organisation == own && put.acts_as(second, Role::Sec) { others.next() } else { Some(second) };
    match spare {
        Some(other) => Err(Refusal::RoleNotHeld { role: other.role, organisation: other.organisation }),
        None => Ok(()),
    }
}

/// T20: whether the party has the duties that it certifies, and may discharge them now (domain.md 2.9).
pub(super) fn may_certify(put: &Put<'_>, data: &DestructionCertified) -> bool {
    let agreement = put.agreement;
    let Ok(party) = put.party() else {
        return false;
    };
    let own = party.organisation;
    let mine = || agreement.duties.iter().filter(move |duty| duty.organisation == own);
    let owed = if data.datasets.is_empty() {
        mine().next().is_some()
    } else {
        data.datasets.iter().all(|dataset| mine().any(|duty| duty.dataset == Some(*dataset)))
    };
    let over = matches!(agreement.stage, Stage::Ending(_));
    // Within an agreement that goes on: whoever is out of it, or a single transfer that served its purpose.
    let one_off = agreement.header().sharing_mode == SharingMode::OneOff;
    let out = match party.state {
        PartyState::Left | PartyState::NotAdopted => true,
        PartyState::Executed | PartyState::Imported => one_off,
        PartyState::Invited
        | PartyState::Requested
        | PartyState::Signing
        | PartyState::Declined
        | PartyState::Suspended
        | PartyState::Leaving
        | PartyState::Succeeded
        | PartyState::Disputed => false,
    };
    // In an agreement that has ended the state of the party answers first.
    if over { owed || party.may(Asked::Certify).is_err() } else { owed && out }
}

/// The party's state, G42 and G43.
pub(super) fn guards_of_certificate(put: &Put<'_>, data: &DestructionCertified) -> Result<(), Refusal> {
    let party = put.party()?;
    party.may(Asked::Certify)?;
    let kept = data.outcome == DestructionOutcome::RetainedUnderLaw;
    for duty in put.agreement.certified_by(party.organisation, &data.datasets) {
        // Data that are kept under a law are not destroyed.
        if !kept && let Some(hold) = put.agreement.holds.iter().find(|hold| hold.holds(duty.dataset)) {
            let dataset = duty.dataset.map_or_else(|| "the data".to_owned(), |dataset| dataset.to_string());
            return Err(Refusal::UnderHold { on: london::date_of(hold.at), dataset });
        }
    }
    if kept && data.recheck.is_none_or(|day| day <= london::date_of(put.at)) {
        return Err(Refusal::RecheckMissing);
    }
    Ok(())
}

/// LGL or SIG of a party.
pub(super) fn hands_of_hold(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Lgl, Role::Sig])
}

/// The party may hold data.
pub(super) fn guards_of_hold(put: &Put<'_>) -> Result<(), Refusal> {
    put.party()?.may(Asked::Hold)
}

/// LGL or SIG of the party that placed the hold.
pub(super) fn hands_of_release(put: &Put<'_>, data: &RetentionHoldReleased) -> Result<(), Refusal> {
    put.alone_in(&[Role::Lgl, Role::Sig])?;
    match put.agreement.holds.iter().find(|hold| hold.event == data.hold) {
        Some(hold) if hold.by != put.organisation() => {
            Err(Refusal::RoleNotHeld { role: Role::Lgl, organisation: hold.by })
        }
        // Whose hold it is cannot be told; G31 answers in its turn.
        Some(_) | None => Ok(()),
    }
}

/// G31.
pub(super) fn guards_of_release(put: &Put<'_>, data: &RetentionHoldReleased) -> Result<(), Refusal> {
    if put.agreement.holds.iter().any(|hold| hold.event == data.hold) { Ok(()) } else { Err(Refusal::NoSuchHold) }
}

impl Agreement {
    /// Open holds.
    pub fn holds(&self) -> &[Hold] {
        &self.holds
    }

    /// The last day for a duty: so many days after the end, or after the party left, or after a hold was released;
    /// none while nothing is to be done yet.
    pub fn due_on(&self, duty: &Duty) -> Option<Date> {
        let header = self.header();
        let row = header.datasets.iter().find(|row| duty.dataset.is_some_and(|dataset| row.ids.contains(&dataset)));
        let days = i64::from(row.map_or(DAYS_DEFAULT, |row| row.destroy_within_days));
        let ended = self.stage.end().map(|end| end.at);
        let left = self.party(duty.organisation).and_then(|party| party.left_at);
        let begins = ended.into_iter().chain(left).min()?;
        Some(london::date_of(begins).add_days(days)).max(duty.not_before)
    }

    /// The duties that a certificate of a party is about.
    fn certified_by<'a>(
        &'a self,
        organisation: OrganisationCode,
        datasets: &'a [DatasetId],
    ) -> impl Iterator<Item = &'a Duty> {
        self.duties.iter().filter(move |duty| duty.organisation == organisation && concerns(datasets, duty))
    }

    /// Duties are discharged.
    pub(super) fn certified(&mut self, event: &Event, data: &DestructionCertified) {
        let organisation = event.principal().organisation;
        self.duties.retain(|duty| duty.organisation != organisation || !concerns(&data.datasets, duty));
    }

    /// Destruction stops.
    pub(super) fn hold_placed(&mut self, event: &Event, data: &RetentionHoldPlaced, at: Timestamp) {
        self.holds.push(Hold {
            event: event.id,
            by: event.principal().organisation,
            reason: data.reason,
            datasets: data.datasets.as_slice().into(),
            at,
        });
    }

    /// A hold ends: there is time to destroy anew from this day.
    pub(super) fn hold_released(&mut self, data: &RetentionHoldReleased, at: Timestamp) {
        let Some(place) = self.holds.iter().position(|hold| hold.event == data.hold) else {
            return;
        };
        let hold = self.holds.remove(place);
        let header = self.current().header.clone();
        let today = london::date_of(at);
        for duty in self.duties.iter_mut().filter(|duty| hold.holds(duty.dataset)) {
            let row = header.datasets.iter().find(|row| duty.dataset.is_some_and(|dataset| row.ids.contains(&dataset)));
            let days = row.map_or(DAYS_DEFAULT, |row| row.destroy_within_days);
            duty.not_before = duty.not_before.max(Some(today.add_days(i64::from(days))));
        }
    }
}

fn concerns(datasets: &[DatasetId], duty: &Duty) -> bool {
    datasets.is_empty() || duty.dataset.is_some_and(|dataset| datasets.contains(&dataset))
}
