//! A40: sharing that an emergency forced, recorded afterwards: it records, it does not permit (amendments.md).
//! D2: the advice that must follow within days.

use std::sync::Arc;

use crate::agreement::asked::Question;
use crate::agreement::filing::{Beginning, hash_of};
use crate::agreement::{
    Agreement, Derived, End, EndReason, Force, Ground, Import, InForce, Origin, Party, PartyState, Reach, Signature,
    Stage, StageName, Step, Track, Version,
};
use crate::event::Event;
use crate::event::data::{EmergencySharingRecorded, SuspensionGround};
use crate::header::{AgreementType, SignatureKind};
use crate::ids::{OrganisationCode, Role};
use crate::london;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// It is recorded within so many hours of its beginning.
const HOURS: i64 = 72;

/// SIRO, CG or DPO of either side, or whoever acts for one of them.
pub(super) fn hands_of_record(question: &Question<'_>, data: &EmergencySharingRecorded) -> Result<(), Refusal> {
    let signer = question.event.principal();
    let no = |role: Role, organisation| Err(Refusal::RoleNotHeld { role, organisation });
    if let Some(spare) = question.event.signers.get(1) {
        return no(spare.role, spare.organisation);
    }
    if data.header.party(signer.organisation).is_none() {
        return no(signer.role, signer.organisation);
    }
    let stands_in = question.stand_in(signer.organisation, Role::Siro) == Some(signer.role);
    if stands_in || matches!(signer.role, Role::Siro | Role::Cg | Role::Dpo) {
        Ok(())
    } else {
        no(Role::Siro, signer.organisation)
    }
}

/// G38: it began at most 72 hours ago.
pub(super) fn guards_of_record(question: &Question<'_>, data: &EmergencySharingRecorded) -> Result<(), Refusal> {
    let earliest = question.at.add_hours(-HOURS);
    if data.began_at < earliest || data.began_at > question.at {
        return Err(Refusal::TooLongAgo { earliest });
    }
    Ok(())
}

impl Agreement {
    /// The parties of an emergency in force whose DPO has not advised on it.
    pub fn without_advice(&self) -> impl Iterator<Item = OrganisationCode> {
        let version = self.current().number;
        let emergency = self.header().agreement_type == AgreementType::Emg && self.stage.force().is_some();
        let takes_part = |party: &&Party| party.state.is_bound() || party.state == PartyState::Imported;
        let parties = self.parties.iter().filter(takes_part).map(|party| party.organisation);
        parties.filter(move |code| {
            let given = |signature: &Signature| signature.kind == SignatureKind::Advice && signature.role == Role::Dpo;
            emergency && !self.counting(*code, version).any(given)
        })
    }

    /// D2: when the time for that advice is over, while the agreement is in force and not suspended.
    pub fn advice_due(&self) -> Option<Timestamp> {
        let Stage::Active(force) = &self.stage else {
            return None;
        };
        self.without_advice().next()?;
        let days = i64::from(self.windows.emergency_advice_days);
        Some(force.since.add_days(days).max(self.changed_at))
    }

    /// D2: sharing stops until everybody's DPO has advised.
    pub(super) fn advice_overdue(&mut self, at: Timestamp, origin: Origin) {
        let Some(late) = self.without_advice().next() else {
            return;
        };
        let ground = Ground {
            event: self.current().event,
            at,
            code: SuspensionGround::Other,
            by: late,
            reach: Reach::Whole,
            lapses_at: None,
            derived: Some(Derived::EmergencyAdviceOverdue),
        };
        self.open_derived(ground, at, origin);
    }

    /// The end of D2: the missing advice is recorded.
    pub(super) fn weigh_advice(&mut self, at: Timestamp) {
        let overdue = Some(Derived::EmergencyAdviceOverdue);
        let Some(ground) = self.grounds.iter().find(|ground| ground.derived == overdue) else {
            return;
        };
        let (event, by) = (ground.event, ground.by);
        if self.without_advice().next().is_none() {
            let origin = Origin::Derived { change: Derived::EmergencyAdviceOverdue, organisation: Some(by) };
            self.close_derived(event, Derived::EmergencyAdviceOverdue, by, at, origin);
        }
    }

    /// An agreement begins that was shared under before it was recorded: it goes on, or is over already.
    pub(super) fn emergency_recorded(begins: Beginning, event: &Event, data: &EmergencySharingRecorded) -> Self {
        let at = begins.at;
        let by = event.principal().organisation;
        let terms = data.terms.as_ref().map(|terms| terms.commitment);
        let version = Version {
            number: 1,
            hash: hash_of(event, &*data.header, terms, 1),
            header: Arc::new((*data.header).clone()),
            event: event.id,
            by,
            as_signed: None,
        };
        let mut agreement = Self::begins(begins, event, version, by);
        let gaps = Box::default();
        let import = Import { event: event.id, by, emergency: true, signed_elsewhere_on: None, gaps };
        agreement.import = Some(Box::new(import));
        for party in &mut agreement.parties {
            party.state = if party.organisation == by { PartyState::Executed } else { PartyState::Imported };
            party.imported = true;
        }
        agreement.owe_all();
        let over = data.header.end_date.is_some_and(|day| london::end_of(day) <= at);
        let stage = if over {
            Stage::Ending(End { at, reason: EndReason::EmergencyOver })
        } else {
            agreement.in_force.push(InForce { version: 1, since: at, rests_on: 1 });
            Stage::Active(Force { version: 1, since: at, amendment: Track::None })
        };
        agreement.history =
            vec![Step { at, from: StageName::None, to: stage.name(), origin: Origin::of(event) }].into();
        agreement.stage = stage;
        agreement
    }
}
