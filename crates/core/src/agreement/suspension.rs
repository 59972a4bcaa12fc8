//! A16 and A17: sharing stops on a ground, and resumes when whoever opened the ground closes it.

use crate::agreement::asked::Put;
use crate::agreement::party::Asked;
use crate::agreement::signing::own_datasets;
use crate::agreement::{Agreement, Derived, Ground, Origin, PartyState, Reach, Stage};
use crate::event::Event;
use crate::event::data::{AgreementResumed, AgreementSuspended, SuspensionGround, SuspensionScope};
use crate::header::{HeaderMember, Regime, SignatureKind};
use crate::ids::{OrganisationCode, Role};
use crate::london;
use crate::offices::Organisation;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// A regulator's ground that nobody confirmed closes after so many days (amendments.md).
const UNCONFIRMED_DAYS: i64 = 10;

/// Others may lift a ground once its party has had no SIRO for so many days (amendments.md).
const VACANT_DAYS: i64 = 14;

/// Advice that lets a regulator's ground be lifted is at most so many days old (A17).
const ADVICE_DAYS: i64 = 14;

/// SIRO, CG, SIG or LEO of a party; a DPO with the SIRO; for the whole, the SIRO of another party besides.
pub(super) fn hands_of_suspension(put: &Put<'_>, data: &AgreementSuspended) -> Result<(), Refusal> {
    put.party()?;
    let principal = put.signer();
    let own = principal.organisation;
    let others = || put.event.signers.iter().skip(1);
    let seconded = others().any(|second| second.organisation == own && put.acts_as(second, Role::Siro));
    let may = if put.acts_as(principal, Role::Siro) || matches!(principal.role, Role::Cg | Role::Sig) {
        true
    } else if principal.role == Role::Leo {
        put.agreement.row(own).is_some_and(|row| row.regime == Regime::Part3)
    } else {
        principal.role == Role::Dpo && seconded
    };
    if !may {
        return Err(put.not_held(Role::Siro));
    }
    let spare = others().find(|second| {
        let siro = put.acts_as(second, Role::Siro);
        let with_dpo = second.organisation == own && principal.role == Role::Dpo;
        let with_party = second.organisation != own
            && data.scope == SuspensionScope::Whole
            && put.agreement.party(second.organisation).is_some();
        !siro || !(with_dpo || with_party)
    });
    match spare {
        Some(second) => Err(Refusal::RoleNotHeld { role: second.role, organisation: second.organisation }),
        None => Ok(()),
    }
}

/// The party's state, and G26: how far this party may reach.
pub(super) fn guards_of_suspension(put: &Put<'_>, data: &AgreementSuspended) -> Result<(), Refusal> {
    let party = put.party()?;
    party.may(Asked::Suspend)?;
    let own = party.organisation;
    let of_datasets_only = put.signer().role == Role::Leo;
    match data.scope {
        SuspensionScope::Datasets => {
            put.agreement.knows(&[HeaderMember::Datasets])?;
            let mine = own_datasets(put.agreement.header(), party);
            if !data.datasets.is_empty() && data.datasets.iter().all(|dataset| mine.contains(dataset)) {
                Ok(())
            } else {
                Err(Refusal::CannotSuspendDatasets { organisation: own })
            }
        }
        SuspensionScope::Party | SuspensionScope::Whole if of_datasets_only => {
            Err(Refusal::CannotSuspendDatasets { organisation: own })
        }
        SuspensionScope::Party => match data.organisation {
            Some(other) if other != own => Err(Refusal::CannotSuspend { organisation: other }),
            Some(_) | None => Ok(()),
        },
        SuspensionScope::Whole => {
            if reaches_all(put, data) {
                Ok(())
            } else {
                Err(Refusal::CannotSuspendWhole)
            }
        }
    }
}

/// Bilateral, the lead party, two parties on the same ground, or the ground REGULATOR.
fn reaches_all(put: &Put<'_>, data: &AgreementSuspended) -> bool {
    put.agreement.standing_parties() <= 2
        || put.organisation() == put.agreement.lead()
        || data.code == SuspensionGround::Regulator
        || is_seconded(put.agreement, put.event, data.code)
}

/// Whether another bound party stands behind a suspension: as a signer, or with an open ground of the same code.
fn is_seconded(agreement: &Agreement, event: &Event, code: SuspensionGround) -> bool {
    let own = event.principal().organisation;
    let signer = event.signers.iter().any(|signer| {
        signer.organisation != own && agreement.party(signer.organisation).is_some_and(|party| party.state.is_bound())
    });
    signer || agreement.grounds().iter().any(|ground| ground.code == code && ground.by != own)
}

/// The SIRO of the party that opened the ground; when that party is gone, or has had no SIRO for 14 days,
/// the lead party's SIRO with one other party's.
pub(super) fn hands_of_resumption(put: &Put<'_>, data: &AgreementResumed) -> Result<(), Refusal> {
    put.party()?;
    let principal = put.signer();
    if !put.acts_as(principal, Role::Siro) {
        return Err(put.not_held(Role::Siro));
    }
    let Some(ground) = put.agreement.ground(data.ground) else {
        // Whose ground it is cannot be told; T19 answers in its turn.
        return Ok(());
    };
    if principal.organisation == ground.by {
        return put.alone();
    }
    let lead = put.agreement.lead();
    let other = put.event.signers.iter().skip(1).any(|second| {
        second.organisation != principal.organisation
            && second.organisation != ground.by
            && put.acts_as(second, Role::Siro)
            && put.agreement.party(second.organisation).is_some()
    });
    let two = put.event.signers.len() == 2 && principal.organisation == lead && other;
    if two && opener_cannot(put, ground) {
        return Ok(());
    }
    Err(Refusal::RoleNotHeld { role: Role::Siro, organisation: ground.by })
}

/// Whether the party that opened a ground is gone, or has had no SIRO for 14 days.
fn opener_cannot(put: &Put<'_>, ground: &Ground) -> bool {
    let bound = put.agreement.party(ground.by).is_some_and(|party| party.state.is_bound());
    let siro = put.stand_in(ground.by, Role::Siro).unwrap_or(Role::Siro);
    let vacant = put.body(ground.by).is_none_or(|body| vacant_for(body, siro, put.at, VACANT_DAYS));
    !bound || vacant
}

/// Whether nobody has held a role for so many days.
fn vacant_for(body: &Organisation, role: Role, at: Timestamp, days: i64) -> bool {
    if body.has_serving(role, at) {
        return false;
    }
    let last = body
        .appointments
        .iter()
        .filter(|appointment| appointment.role == role)
        .filter_map(|a| a.ended_at.into_iter().chain(a.valid_to.map(london::end_of)).min())
        .filter(|ended| *ended <= at)
        .max();
    last.is_none_or(|ended| ended.add_days(days) <= at)
}

/// The party's state when it was suspended alone, and G19 for a regulator's ground.
pub(super) fn guards_of_resumption(put: &Put<'_>, data: &AgreementResumed) -> Result<(), Refusal> {
    let Some(ground) = put.agreement.ground(data.ground) else {
        return Err(Refusal::NotSuspended);
    };
    match ground.derived {
        Some(Derived::ContestedQuorumLost) => return Err(Refusal::ContestOpen),
        Some(Derived::SuccessionUnconfirmed) => return Err(Refusal::SuccessionOpen),
        Some(_) | None => {}
    }
    if let Reach::Party(organisation) = ground.reach
        && let Some(party) = put.agreement.party(organisation)
    {
        party.may(Asked::Resume)?;
    }
    super::incidents::none_is_critical(put.agreement)?;
    if ground.code != SuspensionGround::Regulator {
        return Ok(());
    }
    let stays =
        put.agreement.party(ground.by).is_some_and(|p| matches!(p.state, PartyState::Executed | PartyState::Suspended));
    let lead = put.agreement.lead();
    let version = put.agreement.current().number;
    let since = put.at.sub_millis(ADVICE_DAYS * crate::time::DAY_MS);
    let advised = put.agreement.signatures.iter().any(|signature| {
        let whose = signature.organisation == ground.by || (!stays && signature.organisation == lead);
        whose
            && signature.kind == SignatureKind::Advice
            && signature.role == Role::Dpo
            && signature.version == version
            && signature.at >= since
            && signature.at >= ground.at
    });
    if advised { Ok(()) } else { Err(Refusal::AdviceMissing { role: Role::Dpo }) }
}

impl Agreement {
    /// A ground by the event that it is named after. What only missing advice holds up closes by itself.
    pub(super) fn ground(&self, event: crate::ids::EventId) -> Option<&Ground> {
        let overdue = Some(crate::agreement::Derived::EmergencyAdviceOverdue);
        self.grounds.iter().find(|ground| ground.event == event && ground.derived != overdue)
    }

    /// A ground opens.
    pub(super) fn suspended(&mut self, event: &Event, data: &AgreementSuspended, at: Timestamp) {
        let by = event.principal().organisation;
        let seconded = is_seconded(self, event, data.code);
        let reach = match data.scope {
            SuspensionScope::Whole => Reach::Whole,
            SuspensionScope::Party => Reach::Party(by),
            SuspensionScope::Datasets => Reach::Datasets(data.datasets.as_slice().into()),
        };
        let alone = self.standing_parties() > 2 && by != self.lead() && !seconded;
        let lapses = reach == Reach::Whole && data.code == SuspensionGround::Regulator && alone;
        // A second party that names the ground confirms it.
        for ground in self.grounds.iter_mut().filter(|ground| ground.code == data.code && ground.by != by) {
            ground.lapses_at = None;
        }
        match &reach {
            Reach::Party(organisation) => {
                if let Some(party) = self.party_mut(*organisation) {
                    party.state = PartyState::Suspended;
                }
            }
            Reach::Whole => {
                if let Stage::Active(force) = &self.stage {
                    let force = force.clone();
                    self.go(Stage::Suspended(force), at, Origin::of(event));
                }
            }
            Reach::Datasets(_) => {}
        }
        let lapses_at = lapses.then(|| at.add_days(UNCONFIRMED_DAYS));
        self.grounds.push(Ground { event: event.id, at, code: data.code, by, reach, lapses_at, derived: None });
    }

    /// A ground is closed by an event.
    pub(super) fn resumed(&mut self, event: &Event, data: &AgreementResumed, at: Timestamp) {
        self.close_ground(data.ground, at, Origin::of(event));
    }

    /// A ground is closed; when it was the last of its reach, what it stopped goes on.
    pub(super) fn close_ground(&mut self, ground: crate::ids::EventId, at: Timestamp, origin: Origin) {
        let Some(place) = self.grounds.iter().position(|open| open.event == ground) else {
            return;
        };
        let closed = self.grounds.remove(place);
        if let Reach::Party(organisation) = closed.reach
            && !self.is_party_stopped(organisation)
            && let Some(party) = self.party_mut(organisation)
            && party.state == PartyState::Suspended
        {
            party.state = if party.notice.is_some() { PartyState::Leaving } else { PartyState::Executed };
        }
        let whole = self.grounds.iter().any(|open| open.reach == Reach::Whole);
        if let Stage::Suspended(force) = &self.stage
            && !whole
        {
            let force = force.clone();
            self.go(Stage::Active(force), at, origin);
        }
    }

    /// Whether a ground stops this party alone.
    pub(super) fn is_party_stopped(&self, organisation: OrganisationCode) -> bool {
        self.grounds.iter().any(|ground| ground.reach == Reach::Party(organisation))
    }
}
