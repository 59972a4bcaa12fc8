//! Bodies that go: they leave the ledger or others take their place, perhaps on a day to come.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::agreement::{Change, Outside};
use crate::event::Event;
use crate::event::data::{
    MembershipChange, OrganisationLeft, OrganisationSucceeded, PartnershipMembershipChanged, SuccessionKind,
    SuccessionObjected,
};
use crate::ids::{AgreementId, Code, EventId, OrganisationCode, Role, Stream};
use crate::london;
use crate::offices::Gone;
use crate::state::State;
use crate::time::Timestamp;

/// That bodies take the place of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succession {
    /// The event.
    pub event: EventId,
    /// What happens.
    pub kind: SuccessionKind,
    /// Whose place is taken.
    pub predecessors: Vec<OrganisationCode>,
    /// Who takes it.
    pub successors: Vec<OrganisationCode>,
    /// Predecessors that had no chief to sign it: their SIRO or SIG may object.
    pub chiefless: Vec<OrganisationCode>,
    /// Who takes what is not named.
    pub default: OrganisationCode,
    /// Who takes which agreement.
    pub mapping: BTreeMap<AgreementId, OrganisationCode>,
    /// Which functions pass; empty: all.
    pub functions: Vec<Code>,
    /// From when on.
    pub effective_at: Timestamp,
    /// When it was objected to: then it does not happen.
    pub objected: Option<Timestamp>,
}

impl State {
    /// When the newest succession of a body that was objected to was.
    pub fn objection(&self, organisation: OrganisationCode) -> Option<Timestamp> {
        let of_it = self.successions.iter().rev().find(|succession| succession.predecessors.contains(&organisation));
        of_it.and_then(|succession| succession.objected)
    }

    /// The body that now acts in the place of another, or that body itself.
    pub fn successor_of(&self, organisation: OrganisationCode, at: Timestamp) -> OrganisationCode {
        let mut code = organisation;
        // Each step goes to a body that went later or not at all, so this ends.
        for _ in 0..self.organisations.len() {
            let gone = self.organisations.get(&code).and_then(|body| body.gone).filter(|gone| gone.at <= at);
            match gone.and_then(|gone| gone.by) {
                Some(next) => code = next,
                None => return code,
            }
        }
        code
    }

    /// The agreements that name an organisation.
    fn named(&self, organisation: OrganisationCode) -> Vec<AgreementId> {
        self.ids_of(organisation).collect()
    }

    pub(super) fn leave(&mut self, event: &Event, data: &OrganisationLeft, index: u64, at: Timestamp) {
        let Stream::Organisation(code) = event.stream else {
            return;
        };
        let from = london::start_of(data.on).max(at);
        self.in_office(event, None, |organisation| {
            organisation.gone = Some(Gone { event: event.id, at: from, on: data.on, by: None });
        });
        for id in self.named(code) {
            self.touch(id, index, at, Change::Left { organisation: code, from });
        }
    }

    pub(super) fn succeed(&mut self, event: &Event, data: &OrganisationSucceeded, index: u64, at: Timestamp) {
        let effective_at = london::start_of(data.effective).max(at);
        let chief = |code: &OrganisationCode| {
            event.signers.iter().any(|signer| signer.organisation == *code && signer.role == Role::Cex)
        };
        let succession = Succession {
            event: event.id,
            kind: data.kind,
            predecessors: data.predecessors.clone(),
            successors: data.successors.clone(),
            chiefless: data.predecessors.iter().filter(|code| !chief(code)).copied().collect(),
            default: data.default,
            mapping: data.mapping.iter().map(|mapped| (mapped.agreement, mapped.successor)).collect(),
            functions: data.functions.clone().unwrap_or_default(),
            effective_at,
            objected: None,
        };
        self.in_office(event, None, |_| {});
        if data.kind != SuccessionKind::Transfer {
            for code in &data.predecessors {
                if let Some(body) = self.organisations.get_mut(code) {
                    let gone = Gone { event: event.id, at: effective_at, on: data.effective, by: Some(data.default) };
                    body.gone = Some(gone);
                }
            }
        }
        let mut concerned: BTreeSet<(AgreementId, OrganisationCode)> = BTreeSet::new();
        for code in &data.predecessors {
            concerned.extend(self.named(*code).into_iter().map(|id| (id, *code)));
        }
        self.successions.push(succession.clone());
        for (id, predecessor) in concerned {
            self.pass_on(&succession, id, predecessor, index, at);
        }
    }

    /// One agreement of a predecessor goes to its successor when the day comes.
    fn pass_on(
        &mut self,
        succession: &Succession,
        id: AgreementId,
        predecessor: OrganisationCode,
        index: u64,
        at: Timestamp,
    ) {
        let Some(agreement) = self.agreement_at(id, at) else {
            return;
        };
        let named = succession.mapping.get(&id).copied();
        let passes = named.is_some() || agreement.passes_on(predecessor, &succession.functions);
        let successor = named.unwrap_or(succession.default);
        if !passes || successor == predecessor {
            return;
        }
        let known = self.agreements_of.entry(successor).or_default();
        if let Some(place) = self.agreements.place_of(id)
            && !known.contains(&place)
        {
            known.push(place);
        }
        let change = Change::Succession {
            event: succession.event,
            predecessor,
            successor,
            from: succession.effective_at,
            // The same legal person has nothing to establish anew.
            confirm: succession.kind != SuccessionKind::Rename,
        };
        self.touch(id, index, at, change);
    }

    pub(super) fn object(&mut self, event: &Event, data: &SuccessionObjected, index: u64, at: Timestamp) {
        self.in_office(event, None, |_| {});
        let Some(succession) = self.successions.iter_mut().find(|succession| succession.event == data.target) else {
            return;
        };
        succession.objected = Some(at);
        let predecessors = succession.predecessors.clone();
        for code in predecessors {
            if let Some(body) = self.organisations.get_mut(&code)
                && body.gone.is_some_and(|gone| gone.event == data.target)
            {
                body.gone = None;
            }
            for id in self.named(code) {
                self.touch(id, index, at, Change::Objected { event: data.target });
            }
        }
    }

    /// What is to come to a body comes to an agreement that it enters before that day.
    pub(super) fn await_departures(
        &mut self,
        id: AgreementId,
        organisation: OrganisationCode,
        index: u64,
        at: Timestamp,
    ) {
        let gone = self.organisations.get(&organisation).and_then(|body| body.gone);
        if let Some(gone) = gone.filter(|gone| gone.by.is_none() && gone.at > at) {
            self.touch(id, index, at, Change::Left { organisation, from: gone.at });
        }
        let coming: Vec<Succession> = self
            .successions
            .iter()
            .filter(|s| s.objected.is_none() && s.effective_at > at && s.predecessors.contains(&organisation))
            .cloned()
            .collect();
        for succession in coming {
            self.pass_on(&succession, id, organisation, index, at);
        }
    }

    pub(super) fn belong(&mut self, event: &Event, data: &PartnershipMembershipChanged) {
        self.in_office(event, None, |organisation| match data.change {
            MembershipChange::Joined => {
                organisation.partnerships.insert(data.partnership, data.on);
            }
            MembershipChange::Left => {
                organisation.partnerships.remove(&data.partnership);
            }
        });
    }

    pub(crate) fn touch(&mut self, id: AgreementId, index: u64, at: Timestamp, change: Change) {
        if let Some(agreement) = self.agreements.get_mut(&id) {
            agreement.touch(Outside { index, at, change });
        }
    }
}
