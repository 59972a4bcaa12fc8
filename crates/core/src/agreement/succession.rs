//! D7, D10 and A35: another body takes a party's place, and stands by what came to it (domain.md 2.7 to 2.9).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::agreement::asked::Put;
use crate::agreement::{
    Agreement, Derived, EndReason, Ground, Origin, Party, PartyState, Reach, Stage, Standing, Version,
};
use crate::event::Event;
use crate::event::data::{SuccessionConfirmed, SuspensionGround};
use crate::header::{Header, OnePartyRef, PartyRefs, RequiredRole, SignatureKind};
use crate::ids::{Code, EventId, OrganisationCode, Role};
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// A successor that said nothing for so many days stops sharing (D7).
const UNCONFIRMED_DAYS: i64 = 90;

/// A succession that is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coming {
    /// When.
    pub at: Timestamp,
    /// By which event; none when the body leaves the ledger.
    pub event: Option<EventId>,
    /// Whose place is taken, or who leaves.
    pub organisation: OrganisationCode,
    /// Who takes it.
    pub successor: Option<OrganisationCode>,
    /// Whether the successor has to confirm.
    pub confirm: bool,
}

/// A succession that its successor has not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// By which event.
    pub event: EventId,
    /// Whose place was taken.
    pub predecessor: OrganisationCode,
    /// Who took it.
    pub successor: OrganisationCode,
    /// Since when.
    pub since: Timestamp,
    /// Whether D7 has come over it.
    pub overdue: bool,
}

/// SIRO of a party.
pub(super) fn hands_of_confirmation(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Siro])
}

/// G35, and G19: in force its DPO has advised since, where the agreement asks for such advice.
pub(super) fn guards_of_confirmation(put: &Put<'_>, data: &SuccessionConfirmed) -> Result<(), Refusal> {
    let own = put.organisation();
    let mut waiting = put.agreement.elsewhere.pending.iter();
    let pending = waiting.find(|pending| pending.successor == own && pending.predecessor == data.predecessor);
    let Some(pending) = pending else {
        return Err(Refusal::NoSuccession);
    };
    let advice = RequiredRole { kind: SignatureKind::Advice, role: Role::Dpo };
    let asked = put.agreement.row(own).is_some_and(|row| row.required_roles.contains(&advice));
    let version = put.agreement.current().number;
    let advised = put.agreement.counting(own, version).any(|signature| {
        signature.kind == SignatureKind::Advice && signature.role == Role::Dpo && signature.at >= pending.since
    });
    if put.agreement.stage.force().is_some() && asked && !advised {
        return Err(Refusal::AdviceMissing { role: Role::Dpo });
    }
    Ok(())
}

impl Version {
    /// What was signed: the header before bodies took the places of others.
    pub fn signed_header(&self) -> &Header {
        self.as_signed.as_deref().unwrap_or(&self.header)
    }
}

impl Agreement {
    /// Successions that their successors have not confirmed.
    pub fn pending_successions(&self) -> &[Pending] {
        &self.elsewhere.pending
    }

    /// Whether a succession of some functions (none: all) takes this agreement from a body.
    pub(crate) fn passes_on(&self, organisation: OrganisationCode, functions: &[Code]) -> bool {
        let Some(party) = self.party(organisation).filter(|_| !self.name().is_final()) else {
            return false;
        };
        let owes = self.duties.iter().any(|duty| duty.organisation == organisation);
        let gone = matches!(
            party.state,
            PartyState::Declined
                | PartyState::Left
                | PartyState::NotAdopted
                | PartyState::Succeeded
                | PartyState::Disputed
        );
        let row = self.row(organisation);
        let serves = |row: &crate::header::PartyRow| {
            row.functions.is_empty() || row.functions.iter().any(|function| functions.contains(function))
        };
        (owes || !gone) && (functions.is_empty() || row.is_none_or(serves))
    }

    /// The day of a succession has come.
    pub(super) fn succeed(
        &mut self,
        event: EventId,
        from: OrganisationCode,
        to: OrganisationCode,
        confirm: bool,
        at: Timestamp,
    ) {
        self.rename(from, to);
        let Some(party) = self.party(from).cloned() else {
            return;
        };
        if matches!(
            party.state,
            PartyState::Declined
                | PartyState::Left
                | PartyState::NotAdopted
                | PartyState::Succeeded
                | PartyState::Disputed
        ) {
            return;
        }
        let formed = self.stage.force().is_some() || matches!(self.stage, Stage::Approved { .. } | Stage::Ending(_));
        // Before the agreement is formed a successor signs for itself.
        let unformed = party.state == PartyState::Executed && !formed;
        let state = if unformed { PartyState::Signing } else { party.state };
        if let Some(old) = self.party_mut(from) {
            old.state = PartyState::Succeeded;
            old.notice = None;
            // What it accepted, and the row with which it joined, are its successor's now, and count once.
            old.accepted = None;
            old.row = None;
        }
        if let Some(existing) = self.party_mut(to) {
            existing.accepted = existing.accepted.or(party.accepted);
            if strength(state) > strength(existing.state) {
                existing.state = state;
                existing.notice = party.notice;
                existing.left_at = None;
            }
        } else {
            let mut row = party.row.clone();
            if let Some(row) = &mut row {
                row.organisation = to;
            }
            self.parties.push(Party { organisation: to, state, row, ..party });
        }
        let stopped = self.is_party_stopped(to);
        if let Some(party) = self.party_mut(to)
            && stopped
            && party.state == PartyState::Executed
        {
            party.state = PartyState::Suspended;
        }
        if confirm {
            let pending = Pending { event, predecessor: from, successor: to, since: at, overdue: false };
            self.elsewhere.pending.push(pending);
        }
        self.collapse(at);
    }

    /// One name in the place of another, wherever the agreement asks who.
    fn rename(&mut self, from: OrganisationCode, to: OrganisationCode) {
        let turn = |code: &mut OrganisationCode| {
            if *code == from {
                *code = to;
            }
        };
        for version in &mut self.versions {
            turn(&mut version.by);
            if let Some(renamed) = renamed(&version.header, from, to) {
                let signed = std::mem::replace(&mut version.header, Arc::new(renamed));
                version.as_signed.get_or_insert(signed);
            }
        }
        // Who takes it back, and answers what is proposed in its place.
        if let Stage::Active(force) | Stage::Suspended(force) = &mut self.stage
            && let Some(amendment) = force.amendment.amendment_mut()
        {
            turn(&mut amendment.by);
        }
        for ground in &mut self.grounds {
            turn(&mut ground.by);
            if let Reach::Party(code) = &mut ground.reach {
                turn(code);
            }
        }
        self.duties.iter_mut().for_each(|duty| turn(&mut duty.organisation));
        self.holds.iter_mut().for_each(|hold| turn(&mut hold.by));
        self.led_by.iter_mut().for_each(|(_, lead)| turn(lead));
        for question in &mut self.questions {
            turn(&mut question.by);
            turn(&mut question.to);
        }
        self.consents.retain(|consent| consent.organisation != from);
        turn(&mut self.requesting);
    }

    /// D10: a succession left provider and recipient of every dataset one body. An import waits for its last row
    /// (amendments.md A37 to A39).
    pub(super) fn collapse(&mut self, at: Timestamp) {
        if self.is_unconfirmed() || !is_collapsed(self.header()) {
            return;
        }
        let origin = Origin::Derived { change: Derived::PartiesCollapsed, organisation: None };
        match &self.stage {
            Stage::Filed
            | Stage::Clarifying { .. }
            | Stage::Negotiating { .. }
            | Stage::Approving(_)
            | Stage::Approved { .. } => self.go(Stage::Withdrawn { at }, at, origin),
            Stage::Active(_) | Stage::Suspended(_) => {
                self.ends(EndReason::Merged, at, origin);
                // The same controller has nothing to destroy.
                self.duties.clear();
                self.elsewhere.pending.clear();
            }
            Stage::Ending(_)
            | Stage::Closed { .. }
            | Stage::Refused { .. }
            | Stage::Withdrawn { .. }
            | Stage::Lapsed { .. } => {}
        }
    }

    /// When D7 comes over a succession that nobody confirms.
    pub fn unconfirmed_due(&self) -> impl Iterator<Item = (Timestamp, EventId, OrganisationCode)> {
        let waiting = self.elsewhere.pending.iter().filter(|pending| !pending.overdue);
        waiting.map(|pending| (pending.since.add_days(UNCONFIRMED_DAYS), pending.event, pending.predecessor))
    }

    /// D7: the successor stops sharing; the whole agreement where it cannot go on without it.
    pub(super) fn succession_overdue(&mut self, event: EventId, predecessor: OrganisationCode, at: Timestamp) {
        let meant = |pending: &&mut Pending| pending.event == event && pending.predecessor == predecessor;
        let Some(pending) = self.elsewhere.pending.iter_mut().find(meant) else {
            return;
        };
        pending.overdue = true;
        let successor = pending.successor;
        let whole = self.is_bilateral() || !self.stands_without(&[successor]);
        let ground = Ground {
            event,
            at,
            code: SuspensionGround::Other,
            by: successor,
            reach: if whole { Reach::Whole } else { Reach::Party(successor) },
            lapses_at: None,
            derived: Some(Derived::SuccessionUnconfirmed),
        };
        let origin = Origin::Derived { change: Derived::SuccessionUnconfirmed, organisation: Some(successor) };
        self.open_derived(ground, at, origin);
    }

    /// A35: the successor stands by it.
    pub(super) fn succession_confirmed(&mut self, event: &Event, data: &SuccessionConfirmed, at: Timestamp) {
        let own = event.principal().organisation;
        let meant = |pending: &Pending| pending.successor == own && pending.predecessor == data.predecessor;
        let confirmed: Vec<EventId> =
            self.elsewhere.pending.iter().filter(|pending| meant(pending)).map(|pending| pending.event).collect();
        self.elsewhere.pending.retain(|pending| !meant(pending));
        for succession in confirmed {
            self.close_derived(succession, Derived::SuccessionUnconfirmed, own, at, Origin::of(event));
        }
    }

    /// Whose SIRO confirms a succession, for whoever must act next.
    pub(super) fn next_of_succession(&self) -> impl Iterator<Item = super::Next> {
        self.elsewhere.pending.iter().map(|pending| super::Next {
            organisation: pending.successor,
            role: Role::Siro,
            task: super::Task::ConfirmSuccession,
        })
    }

    /// Signatures of a body that still count, whoever stands in its place now.
    pub fn signatures_of(&self, organisation: OrganisationCode) -> impl Iterator<Item = &super::Signature> {
        self.signatures.iter().filter(move |s| s.organisation == organisation && s.standing == Standing::Counts)
    }
}

/// How much of a party there is, when two rows come to one body.
const fn strength(state: PartyState) -> u8 {
    match state {
        PartyState::Executed => 6,
        PartyState::Suspended => 5,
        PartyState::Leaving => 4,
        PartyState::Imported => 3,
        PartyState::Signing => 2,
        PartyState::Invited | PartyState::Requested => 1,
        PartyState::Declined
        | PartyState::Left
        | PartyState::NotAdopted
        | PartyState::Succeeded
        | PartyState::Disputed => 0,
    }
}

/// The header with another body in the place of one; none where it is not named.
fn renamed(header: &Header, from: OrganisationCode, to: OrganisationCode) -> Option<Header> {
    let named = header.lead_party == from
        || header.anchor_parties.contains(&from)
        || header.parties.iter().any(|row| row.organisation == from);
    if !named {
        return None;
    }
    let mut header = header.clone();
    let rows = header.parties.iter_mut().map(|row| &mut row.organisation);
    for code in rows.chain(header.anchor_parties.iter_mut()).chain([&mut header.lead_party]) {
        if *code == from {
            *code = to;
        }
    }
    Some(header)
}

/// Whether every dataset goes from one body to itself.
fn is_collapsed(header: &Header) -> bool {
    let rows = || (1_usize..).zip(&header.parties);
    !header.datasets.is_empty()
        && header.datasets.iter().all(|dataset| {
            let gives = |number: usize, row: &crate::header::PartyRow| match dataset.provider {
                OnePartyRef::Number(named) => usize::from(named) == number,
                OnePartyRef::All(_) => row.capacity.provides(),
            };
            let takes = |number: usize, row: &crate::header::PartyRow| match &dataset.recipients {
                PartyRefs::Numbers(named) => named.iter().any(|named| usize::from(*named) == number),
                PartyRefs::All(_) => row.capacity.receives(),
            };
            let mut pairs = rows().filter(|(number, row)| gives(*number, row)).flat_map(|(_, giver)| {
                rows()
                    .filter(|(number, row)| takes(*number, row))
                    .map(|(_, taker)| (giver.organisation, taker.organisation))
            });
            // Open data have no recipient, and stay what they are.
            pairs.next().is_some_and(|(giver, taker)| giver == taker) && pairs.all(|(giver, taker)| giver == taker)
        })
}
