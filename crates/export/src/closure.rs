//! Which entries an agreement rests on: its own, and for everybody who signed one of them the entries that gave them
//! their key and their post, and so on back to the genesis.
//!
//! What ends such a key or post is taken along, as far as the checkpoint covers it. Nobody else's appointments are:
//! whoever is given a bundle learns of the people that it is about, and of no others.

use std::collections::{BTreeMap, BTreeSet};

use counterpart_core::event::data::Data;
use counterpart_core::event::{Event, EventType};
use counterpart_core::ids::{EventId, OrganisationCode, PersonId, Stream};
use counterpart_core::replay;

/// Where entries are found. The answers are those of one log, of which only the first entries count.
pub trait Source {
    /// Why an entry cannot be read.
    type Error;

    /// The entries of a stream, in order.
    fn stream(&self, stream: Stream) -> Vec<u64>;

    /// The entries of a type that an organisation signed.
    fn of_type(&self, event_type: EventType, organisation: OrganisationCode) -> Vec<u64>;

    /// Where the event of an id stands.
    fn index_of(&self, id: EventId) -> Option<u64>;

    /// The bytes of an entry.
    ///
    /// # Errors
    ///
    /// The entry cannot be read.
    fn entry(&self, index: u64) -> Result<Vec<u8>, Self::Error>;
}

/// An entry of a bundle.
#[derive(Clone, Debug)]
pub struct Needed {
    /// The bytes of the leaf.
    pub bytes: Vec<u8>,
    /// What it says.
    pub event: Event,
    /// When it was recorded.
    pub recorded_at: counterpart_core::time::Timestamp,
}

/// The entries below `size` that those at `own` rest on, themselves among them, with what concerns these organisations.
///
/// # Errors
///
/// An entry cannot be read.
pub fn needed<S: Source>(
    source: &S,
    own: &[u64],
    parties: &[OrganisationCode],
    size: u64,
) -> Result<BTreeMap<u64, Needed>, S::Error> {
    let waiting = [&[0], own, &source.stream(Stream::Sys)].concat();
    let mut gathering =
        Gathering { source, size, waiting, chosen: BTreeMap::new(), bodies: BTreeMap::new(), seen: BTreeSet::new() };
    for party in parties {
        gathering.body(*party)?;
    }
    while let Some(index) = gathering.waiting.pop() {
        if index < size && !gathering.chosen.contains_key(&index) {
            gathering.take(index)?;
        }
    }
    Ok(gathering.chosen)
}

/// What was read of an organisation, once.
#[derive(Default)]
struct Body {
    /// Its stream.
    events: Vec<(u64, Event)>,
    /// Rotations of its keys.
    rotations: Vec<(u64, Event)>,
}

struct Gathering<'a, S: Source> {
    source: &'a S,
    size: u64,
    waiting: Vec<u64>,
    chosen: BTreeMap<u64, Needed>,
    bodies: BTreeMap<OrganisationCode, Body>,
    /// Who signed something.
    seen: BTreeSet<(OrganisationCode, PersonId)>,
}

impl<S: Source> Gathering<'_, S> {
    fn read(&self, index: u64) -> Result<Option<Needed>, S::Error> {
        let bytes = self.source.entry(index)?;
        // INVARIANT: what is in the log was read and admitted before, so it is read again.
        let read = replay::read(&bytes).ok();
        Ok(read.map(|read| Needed { event: read.event, recorded_at: read.entry.recorded_at, bytes }))
    }

    fn events(&self, indexes: Vec<u64>) -> Result<Vec<(u64, Event)>, S::Error> {
        let mut events = Vec::new();
        for index in indexes.into_iter().filter(|index| *index < self.size) {
            events.extend(self.read(index)?.map(|needed| (index, needed.event)));
        }
        Ok(events)
    }

    fn take(&mut self, index: u64) -> Result<(), S::Error> {
        let Some(needed) = self.read(index)? else { return Ok(()) };
        for signer in &needed.event.signers {
            if signer.organisation == OrganisationCode::REGISTRAR {
                continue;
            }
            self.body(signer.organisation)?;
            self.waiting.extend(self.source.stream(Stream::Key(signer.key)));
            self.waiting.extend(signer.delegation.and_then(|id| self.source.index_of(id)));
            if self.seen.insert((signer.organisation, signer.person)) {
                self.posts(signer.organisation, signer.person);
            }
            if let Some(body) = self.bodies.get(&signer.organisation) {
                let replaces = |event: &Event| {
                    if let Data::KeyRotated(data) = &event.data { data.replaces == signer.key } else { false }
                };
                let own = body.rotations.iter().filter(|(_, event)| replaces(event));
                self.waiting.extend(own.map(|(index, _)| *index));
            }
        }
        if let Stream::Organisation(code) = needed.event.stream {
            self.body(code)?;
            self.ends(code, needed.event.id);
        }
        if let Data::RoleDelegated(data) = &needed.event.data {
            self.waiting.extend(self.source.index_of(data.appointment));
        }
        self.chosen.insert(index, needed);
        Ok(())
    }

    /// Reads an organisation, once, and takes what it is: its registration, its particulars, whether it left.
    fn body(&mut self, code: OrganisationCode) -> Result<(), S::Error> {
        if self.bodies.contains_key(&code) {
            return Ok(());
        }
        let body = Body {
            events: self.events(self.source.stream(Stream::Organisation(code)))?,
            rotations: self.events(self.source.of_type(EventType::KeyRotated, code))?,
        };
        let particulars = body.events.iter().filter(|(_, event)| !is_of_a_person(&event.data));
        self.waiting.extend(particulars.map(|(index, _)| *index));
        self.bodies.insert(code, body);
        Ok(())
    }

    /// The posts of a person at an organisation.
    fn posts(&mut self, code: OrganisationCode, person: PersonId) {
        let Some(body) = self.bodies.get(&code) else { return };
        let theirs = |event: &Event| {
            if let Data::RoleHolderAppointed(data) = &event.data {
                data.person == person
            } else if let Data::RoleDelegated(data) = &event.data {
                data.person == person
            } else {
                false
            }
        };
        self.waiting.extend(body.events.iter().filter(|(_, event)| theirs(event)).map(|(index, _)| *index));
    }

    /// What ends an appointment or a delegation.
    fn ends(&mut self, code: OrganisationCode, made: EventId) {
        let Some(body) = self.bodies.get(&code) else { return };
        let ended = |event: &Event| {
            if let Data::RoleHolderRevoked(data) = &event.data {
                data.appointment == made
            } else if let Data::DelegationRevoked(data) = &event.data {
                data.delegation == made
            } else {
                false
            }
        };
        self.waiting.extend(body.events.iter().filter(|(_, event)| ended(event)).map(|(index, _)| *index));
    }
}

/// Whether an event of an organisation is about one of its people.
fn is_of_a_person(data: &Data) -> bool {
    matches!(
        data.event_type(),
        EventType::RoleHolderAppointed
            | EventType::RoleHolderRevoked
            | EventType::RoleDelegated
            | EventType::DelegationRevoked
    )
}
