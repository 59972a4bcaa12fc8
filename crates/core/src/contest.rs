//! What keys signed, and which of it is contested (domain.md 2.12, amendments.md, I28, I29).
//!
//! In scope: the set of events by compromised keys, closed under dependence on contested administrative
//! events, and what a body said of them.
//! Out of scope: what an agreement makes of it; that is [`crate::agreement`].
//!
//! The set is computed anew from keys and verdicts whenever one of them changes, never adjusted.

mod rules;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::agreement::{Change, Outside};
use crate::event::data::{ContestOutcome, ContestResolved, KeyCompromised};
use crate::event::{Event, EventType, Signer};
use crate::ids::{AgreementId, EventId, OrganisationCode, PersonId, Stream};
use crate::keys::KeyStage;
use crate::state::State;
use crate::time::Timestamp;
use crate::wire::KeyId;

pub(crate) use rules::{check_duties, check_guards, check_hands, check_suspect, hands_of_compromise, vouched};

/// One signature by one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    /// Its index in the log.
    pub index: u64,
    /// The event.
    pub event: EventId,
    /// Its type.
    pub event_type: EventType,
    /// The appointment or delegation that it rests on; none where registrars vouch for it.
    pub authority: Option<EventId>,
    /// The agreement, if it is one's event.
    pub agreement: Option<AgreementId>,
}

/// What is kept of it: the rest stands with the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// The index of the event.
    index: u32,
    /// The index of what it rests on; none: [`u32::MAX`].
    authority: u32,
}

/// That an event is contested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contest {
    /// Whose officer signed, and whose SIRO or chief resolves it.
    pub organisation: OrganisationCode,
    /// Who signed.
    pub person: PersonId,
    /// The index of the event.
    pub index: u64,
    /// From which index on what rests on it is contested too.
    pub from: u64,
    /// The agreement, if it is one's event.
    pub agreement: Option<AgreementId>,
}

/// What a body said of a contested event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether it stands by it.
    pub outcome: ContestOutcome,
    /// Whose event it is.
    pub organisation: OrganisationCode,
    /// The index of the event.
    pub index: u64,
    /// The agreement, if it is one's event.
    pub agreement: Option<AgreementId>,
    /// When it was said.
    pub at: Timestamp,
}

/// Every signature, what is contested of them, and what was said of that.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Contests {
    acts: HashMap<KeyId, Vec<Kept>>,
    open: BTreeMap<EventId, Contest>,
    verdicts: BTreeMap<EventId, Verdict>,
}

impl Contests {
    /// Everything that is contested and not resolved.
    pub fn open(&self) -> impl Iterator<Item = (EventId, &Contest)> {
        self.open.iter().map(|(event, contest)| (*event, contest))
    }

    /// That an event is contested and not resolved.
    pub fn contest(&self, event: EventId) -> Option<&Contest> {
        self.open.get(&event)
    }

    /// What a body said of an event, newest last word.
    pub fn verdict(&self, event: EventId) -> Option<&Verdict> {
        self.verdicts.get(&event)
    }

    /// What bodies said of events that were contested.
    pub fn verdicts(&self) -> impl Iterator<Item = (EventId, &Verdict)> {
        self.verdicts.iter().map(|(event, verdict)| (*event, verdict))
    }
}

impl State {
    /// The stream of an event that was contested.
    pub fn stream_of(&self, event: EventId, contest: &Contest) -> Option<Stream> {
        contest.agreement.map(Stream::Agreement).or_else(|| self.events.home(&event))
    }

    /// What a key signed, in order.
    pub fn acts_of(&self, key: KeyId) -> impl Iterator<Item = Act> {
        let kept = self.contests.acts.get(&key).into_iter().flatten();
        kept.filter_map(|kept| {
            let row = self.events.row(kept.index)?;
            Some(Act {
                index: u64::from(kept.index),
                event: row.id,
                event_type: row.event_type,
                authority: self.events.row(kept.authority).map(|row| row.id),
                agreement: row.agreement().and_then(|place| self.agreements.id_of(place)),
            })
        })
    }

    /// Remembers who signed an event and on what authority, before the event itself is taken in.
    pub(crate) fn remember_acts(&mut self, event: &Event, index: u64, at: Timestamp) {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        for signer in &event.signers {
            let authority = self.authority(event, signer, at).and_then(|authority| self.events.find(&authority));
            let authority = authority.map_or(u32::MAX, |(index, _)| index);
            self.contests.acts.entry(signer.key).or_default().push(Kept { index, authority });
        }
    }

    /// What a signer's right to sign rests on.
    fn authority(&self, event: &Event, signer: &Signer, at: Timestamp) -> Option<EventId> {
        if vouched(self, event) {
            return None;
        }
        if signer.delegation.is_some() {
            return signer.delegation;
        }
        let organisation = self.organisations.get(&signer.organisation)?;
        organisation.appointment(signer.person, signer.role, at).map(|appointment| appointment.event)
    }

    /// A key may be in other hands.
    pub(crate) fn compromise(&mut self, event: &Event, data: &KeyCompromised, index: u64, at: Timestamp) {
        let from = data.suspect_from.unwrap_or(index);
        let Some(key) = self.keys.get_mut(&data.key) else {
            return;
        };
        key.revision += 1;
        let earlier = if let KeyStage::Compromised { from, .. } = key.stage { from } else { index };
        key.stage = match key.stage {
            KeyStage::Compromised { at, index, .. } => KeyStage::Compromised { at, index, from },
            KeyStage::Active | KeyStage::Retired { .. } | KeyStage::Revoked { .. } => {
                KeyStage::Compromised { at, index, from }
            }
        };
        // I29: what was affirmed is contested again where the point of suspicion moved past it, and where it was
        // another doubt that its body answered. What is disowned stays so.
        let doubted = |act: &Act| (from..earlier).contains(&act.index);
        let again: Vec<EventId> = self.acts_of(data.key).filter(doubted).map(|act| act.event).collect();
        for event in again {
            let affirmed = |verdict: &Verdict| verdict.outcome == ContestOutcome::Affirmed;
            if self.contests.verdict(event).is_some_and(affirmed) {
                self.contests.verdicts.remove(&event);
            }
        }
        self.recompute_contests(event.id, &BTreeSet::new(), index, at);
    }

    /// A body says what of a contested set is its own.
    pub(crate) fn resolve(&mut self, event: &Event, data: &ContestResolved, index: u64, at: Timestamp) {
        let mut touched = BTreeSet::new();
        for target in &data.targets {
            let Some(contest) = self.contests.open.get(target).copied() else {
                continue;
            };
            let Contest { organisation, index, agreement, .. } = contest;
            let verdict = Verdict { outcome: data.outcome, organisation, index, agreement, at };
            self.contests.verdicts.insert(*target, verdict);
            touched.extend(agreement);
            if data.outcome == ContestOutcome::Disowned && agreement.is_none() {
                self.disown(*target, at);
            }
        }
        self.recompute_contests(event.id, &touched, index, at);
    }

    /// An appointment or delegation that is disowned ends, and a key that was registered so signs no more.
    fn disown(&mut self, target: EventId, at: Timestamp) {
        match self.events.home(&target) {
            Some(Stream::Organisation(code)) => {
                let Some(organisation) = self.organisations.get_mut(&code) else {
                    return;
                };
                for appointment in organisation.appointments.iter_mut().filter(|a| a.event == target) {
                    appointment.ended_at.get_or_insert(at);
                }
                let rests = |d: &&mut crate::offices::Delegation| d.event == target || d.appointment == target;
                for delegation in organisation.delegations.iter_mut().filter(rests) {
                    delegation.ended_at.get_or_insert(at);
                }
            }
            Some(Stream::Key(id)) => {
                if let Some(key) = self.keys.get_mut(&id)
                    && key.event == target
                    && key.is_active()
                {
                    key.stage = KeyStage::Revoked { at };
                }
            }
            Some(Stream::Sys | Stream::Agreement(_) | Stream::Template(_) | Stream::Programme(_)) | None => {}
        }
    }

    /// The contested set, anew; whatever changed by it is told to organisations, keys and agreements.
    fn recompute_contests(&mut self, by: EventId, touched: &BTreeSet<AgreementId>, index: u64, at: Timestamp) {
        let open = self.contested_set();
        let mut agreements: BTreeSet<AgreementId> = touched.clone();
        agreements.extend(open.values().chain(self.contests.open.values()).filter_map(|contest| contest.agreement));
        self.contests.open = open;
        let contests = &self.contests;
        for organisation in self.organisations.values_mut() {
            for appointment in organisation.appointments.iter_mut() {
                appointment.contested = contests.open.contains_key(&appointment.event);
            }
            for delegation in &mut organisation.delegations {
                delegation.contested = contests.open.contains_key(&delegation.event);
            }
        }
        for key in self.keys.values_mut() {
            key.contested = contests.open.contains_key(&key.event);
        }
        // In the order of their streams, as derived changes come.
        for id in agreements {
            let contested: Vec<EventId> =
                in_order(contests.open.iter().filter(|(_, c)| c.agreement == Some(id)).map(|(e, c)| (c.index, *e)));
            let refused = |v: &Verdict| v.agreement == Some(id) && v.outcome == ContestOutcome::Disowned;
            let disowned: Vec<EventId> =
                in_order(contests.verdicts.iter().filter(|(_, v)| refused(v)).map(|(e, v)| (v.index, *e)));
            let Some(agreement) = self.agreements.get_mut(&id) else {
                continue;
            };
            if agreement.contested() == contested.as_slice() && agreement.disowned() == disowned.as_slice() {
                continue;
            }
            let change = Change::Contest { by, contested: contested.into(), disowned: disowned.into() };
            agreement.touch(Outside { index, at, change });
        }
    }

    /// Events by compromised keys from the point of suspicion on, and all that rests on them (I28).
    fn contested_set(&self) -> BTreeMap<EventId, Contest> {
        let mut open = BTreeMap::new();
        let mut waiting: Vec<(EventId, Contest)> = Vec::new();
        for (id, key) in &self.keys {
            let KeyStage::Compromised { index, from, .. } = key.stage else {
                continue;
            };
            let suspect = self.acts_of(*id).filter(|act| (from..index).contains(&act.index));
            waiting.extend(suspect.map(|act| (act.event, contest_of(&act, key.organisation, key.person, act.index))));
            if from < index {
                waiting.extend(self.doubtful_delegations(key.organisation, key.person, from, index));
            }
        }
        while let Some((event, contest)) = waiting.pop() {
            match self.contests.verdicts.get(&event).map(|verdict| verdict.outcome) {
                Some(ContestOutcome::Affirmed) => continue,
                // What rests on a disowned event has to be resolved by itself.
                Some(ContestOutcome::Disowned) => {}
                None => {
                    let known: Option<&Contest> = open.get(&event);
                    if known.is_some_and(|known| known.from <= contest.from) {
                        continue;
                    }
                    open.insert(event, contest);
                }
            }
            if contest.agreement.is_none() {
                waiting.extend(self.resting_on(event, &contest).into_iter().filter(|(other, _)| *other != event));
            }
        }
        open
    }

    /// Delegations by a person whose key is compromised: what was done under them since is in doubt.
    fn doubtful_delegations(
        &self,
        organisation: OrganisationCode,
        person: PersonId,
        from: u64,
        until: u64,
    ) -> Vec<(EventId, Contest)> {
        let since = usize::try_from(from).ok().and_then(|place| self.instants.get(place)).copied();
        let Some(body) = self.organisations.get(&organisation) else {
            return Vec::new();
        };
        let lasted = |d: &&crate::offices::Delegation| {
            d.by == person && d.index < until && since.is_none_or(|since| d.index >= from || !d.was_over(since))
        };
        let delegations = body.delegations.iter().filter(lasted);
        let contest = |d: &crate::offices::Delegation| Contest {
            organisation,
            person,
            index: d.index,
            from: d.index.max(from),
            agreement: None,
        };
        delegations.map(|delegation| (delegation.event, contest(delegation))).collect()
    }

    /// What rests on an administrative event: signatures under an appointment or delegation, delegations of an
    /// appointment, signatures by a key.
    fn resting_on(&self, event: EventId, contest: &Contest) -> Vec<(EventId, Contest)> {
        let mut resting = Vec::new();
        let under = |person: PersonId, code: OrganisationCode, resting: &mut Vec<(EventId, Contest)>| {
            for id in self.keys_of.get(&person).map(Vec::as_slice).unwrap_or_default() {
                let acts = self.acts_of(*id);
                let acts = acts.filter(|act| act.authority == Some(event) && act.index >= contest.from);
                resting.extend(acts.map(|act| (act.event, contest_of(&act, code, person, act.index))));
            }
        };
        if let Some(Stream::Organisation(code)) = self.events.home(&event)
            && let Some(body) = self.organisations.get(&code)
        {
            if let Some(appointment) = body.appointment_by(event) {
                under(appointment.person, code, &mut resting);
                for d in body.delegations.iter().filter(|d| d.appointment == event && d.index >= contest.from) {
                    let Contest { organisation, .. } = *contest;
                    let doubt = Contest { organisation, person: d.by, index: d.index, from: d.index, agreement: None };
                    resting.push((d.event, doubt));
                }
            }
            if let Some(delegation) = body.delegation(event) {
                under(delegation.person, code, &mut resting);
            }
        }
        for (id, key) in self.keys.iter().filter(|(_, key)| key.event == event) {
            let acts = self.acts_of(*id).filter(|act| act.index > contest.index);
            resting.extend(acts.map(|act| (act.event, contest_of(&act, key.organisation, key.person, act.index))));
        }
        resting
    }
}

const fn contest_of(act: &Act, organisation: OrganisationCode, person: PersonId, from: u64) -> Contest {
    Contest { organisation, person, index: act.index, from, agreement: act.agreement }
}

fn in_order(events: impl Iterator<Item = (u64, EventId)>) -> Vec<EventId> {
    let mut events: Vec<(u64, EventId)> = events.collect();
    events.sort_unstable();
    events.into_iter().map(|(_, event)| event).collect()
}
