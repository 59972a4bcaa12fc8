//! The agreements of a state: finding them, and taking in their events.

use std::borrow::Cow;
use std::collections::HashMap;
use std::num::NonZero;

use serde::{Deserialize, Serialize};

use crate::agreement::{Agreement, Reference};
use crate::event::Event;
use crate::event::data::{Data, RoleHolderAppointed};
use crate::ids::{AgreementId, EventId, OrganisationCode, PersonId, Role, Stream};
use crate::london;
use crate::policy::Windows;
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::{Date, Timestamp};

/// What organisations recorded about agreements on one London day.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Today {
    day: Option<Date>,
    counts: HashMap<OrganisationCode, DayCount>,
}

/// What one organisation recorded on that day.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DayCount {
    /// Events of agreements.
    pub(crate) events: u32,
    /// Requests among them.
    pub(crate) requests: u32,
    /// Notes among them.
    pub(crate) notes: u32,
    /// Invitations among them.
    pub(crate) invitations: u32,
}

impl Today {
    /// What an organisation recorded on a day so far.
    pub(crate) fn of(&self, organisation: OrganisationCode, day: Date) -> DayCount {
        if self.day == Some(day) {
            self.counts.get(&organisation).copied().unwrap_or_default()
        } else {
            DayCount::default()
        }
    }

    fn count(&mut self, event: &Event, at: Timestamp) {
        let day = london::date_of(at);
        if self.day != Some(day) {
            self.day = Some(day);
            self.counts.clear();
        }
        let count = self.counts.entry(event.principal().organisation).or_default();
        count.events += 1;
        count.requests += u32::from(matches!(event.data, Data::RequestFiled(_)));
        count.invitations += u32::from(matches!(event.data, Data::PartyInvited(_)));
        count.notes += u32::from(matches!(event.data, Data::NoteRecorded(_)));
    }
}

impl State {
    /// The agreement of a stream, as of its newest event. One at rest is unpacked, which takes a few microseconds.
    pub fn agreement(&self, id: AgreementId) -> Option<Cow<'_, Agreement>> {
        self.agreements.get(&id)
    }

    /// The agreement of a stream as it stands at an instant, as [`Agreement::at`] says.
    pub fn agreement_at(&self, id: AgreementId, instant: Timestamp) -> Option<Cow<'_, Agreement>> {
        self.agreement(id).map(|agreement| at(agreement, instant))
    }

    /// Whether there is an agreement of this stream.
    pub fn has_agreement(&self, id: AgreementId) -> bool {
        self.agreements.contains_key(&id)
    }

    /// Makes ready what an event of a stream is decided by: nothing of what the state says changes.
    pub fn wake(&mut self, stream: Stream) {
        if let Stream::Agreement(id) = stream {
            self.agreements.wake(&id);
        }
    }

    /// Sets how many agreements are open at most, which is a matter of memory and time alone: 1,024 unless it is set.
    pub fn hold_open(&mut self, most: NonZero<usize>) {
        self.agreements.hold_open(most);
    }

    /// The agreement of a human reference.
    pub fn agreement_by_reference(&self, reference: Reference) -> Option<Cow<'_, Agreement>> {
        self.agreements.by_reference(reference)
    }

    /// Whose officer signed an event of an agreement first, and in which role.
    pub(crate) fn author_in(&self, id: AgreementId, event: EventId) -> Option<(OrganisationCode, Role)> {
        let (_, row) = self.events.find(&event)?;
        let own = row.agreement().is_some() && row.agreement() == self.agreements.place_of(id);
        own.then(|| self.events.author(row))
    }

    /// Every agreement, in the order of filing, each unpacked as it is asked for.
    pub fn agreements(&self) -> impl ExactSizeIterator<Item = Cow<'_, Agreement>> {
        self.agreements.values()
    }

    /// The agreements that name an organisation, in the order of filing, each unpacked as it is asked for.
    pub fn agreements_of(&self, organisation: OrganisationCode) -> impl Iterator<Item = Cow<'_, Agreement>> {
        self.places_of(organisation).iter().filter_map(|place| self.agreements.at(*place))
    }

    /// The streams of the agreements that name an organisation, in the order of filing.
    pub fn ids_of(&self, organisation: OrganisationCode) -> impl Iterator<Item = AgreementId> {
        self.places_of(organisation).iter().filter_map(|place| self.agreements.id_of(*place))
    }

    /// How many agreements name an organisation.
    pub fn count_of(&self, organisation: OrganisationCode) -> usize {
        self.places_of(organisation).len()
    }

    fn places_of(&self, organisation: OrganisationCode) -> &[u32] {
        self.agreements_of.get(&organisation).map(Vec::as_slice).unwrap_or_default()
    }

    /// The windows that the ledger's policies set.
    pub fn windows(&self) -> Windows {
        self.reference.as_ref().map(|reference| reference.windows).unwrap_or_default()
    }

    /// One name for the human behind a person id: bodies that share an officer declare it.
    pub fn human(&self, person: PersonId) -> PersonId {
        self.humans.get(&person).copied().unwrap_or(person)
    }

    /// O07: an organisation gives notice before it leaves what rests on it alone.
    pub(crate) fn check_leaving(&self, organisation: OrganisationCode, at: Timestamp) -> Result<(), Refusal> {
        let stuck: Vec<String> = self
            .agreements_of(organisation)
            .filter(|agreement| agreement.at(at).rests_on(organisation))
            .map(|agreement| agreement.reference().to_string())
            .collect();
        if stuck.is_empty() {
            Ok(())
        } else {
            Err(Refusal::StillProviding { organisation, agreements: stuck.join(", ") })
        }
    }

    pub(super) fn evolve_agreement(&mut self, event: &Event, index: u64, at: Timestamp) {
        let Stream::Agreement(id) = event.stream else {
            return;
        };
        self.today.count(event, at);
        if let Some(place) = self.agreements.place_of(id)
            && let Some(agreement) = self.agreements.at_mut(place)
        {
            let before: Vec<OrganisationCode> = agreement.parties().iter().map(|party| party.organisation).collect();
            let (was_held, drafts) = (!agreement.holds().is_empty(), agreement.versions().len());
            agreement.evolve(event, at);
            let is_held = !agreement.holds().is_empty();
            if was_held != is_held {
                self.erasures.held(event.stream, is_held, at);
            }
            if agreement.versions().len() > drafts {
                agreement.share(self.reference.as_deref());
            }
            let now = agreement.parties().iter().map(|party| party.organisation);
            if now.clone().eq(before.iter().copied()) {
                return;
            }
            let entered: Vec<OrganisationCode> = now.filter(|code| !before.contains(code)).collect();
            for organisation in entered {
                let named = self.agreements_of.entry(organisation).or_default();
                if !named.contains(&place) {
                    named.push(place);
                    self.await_departures(id, organisation, index, at);
                }
            }
            return;
        }
        let reference = self.next_reference(at);
        let Some(mut agreement) = Agreement::begun(event, at, reference, self.windows()) else {
            return;
        };
        agreement.share(self.reference.as_deref());
        let parties: Vec<OrganisationCode> = agreement.parties().iter().map(|party| party.organisation).collect();
        let place = self.agreements.push(agreement);
        for organisation in parties {
            self.agreements_of.entry(organisation).or_default().push(place);
            self.await_departures(id, organisation, index, at);
        }
    }

    fn next_reference(&mut self, at: Timestamp) -> Reference {
        // INVARIANT: the years of an instant are 1970 to 9999.
        let year = u16::try_from(london::year_of(at)).unwrap_or(u16::MAX);
        let count = self.filed_in.entry(year).or_default();
        *count += 1;
        Reference { year, number: *count }
    }

    /// Remembers that a person appointed here is one who was appointed elsewhere.
    pub(super) fn declare_same(&mut self, data: &RoleHolderAppointed) {
        let Some(elsewhere) = data.same_person else {
            return;
        };
        let body = self.events.appointed_at(&elsewhere).and_then(|code| self.organisations.get(&code));
        let known = body.and_then(|body| body.appointment_by(elsewhere)).map(|appointment| appointment.person);
        let Some(other) = known.filter(|other| *other != data.person) else {
            return;
        };
        let (root, mine) = (self.human(other), self.human(data.person));
        for name in self.humans.values_mut().filter(|name| **name == mine) {
            *name = root;
        }
        // The person themself is `mine`, or bore that name until now.
        self.humans.insert(mine, root);
    }
}

/// An agreement as it stands at an instant.
fn at(agreement: Cow<'_, Agreement>, instant: Timestamp) -> Cow<'_, Agreement> {
    match agreement {
        Cow::Borrowed(open) => open.at(instant),
        Cow::Owned(own) => Cow::Owned(own.into_at(instant)),
    }
}
