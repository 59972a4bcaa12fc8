//! Every event that was recorded: found by its id, told by its index.
//!
//! A row an event and no more, for there are many: 60 bytes, and 5 to 10 in the table that finds it by its id. Most ids
//! that are looked for are new, and no row is read to say so: rows lie far apart in memory, slots side by side.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use serde::{Deserialize, Serialize};

use crate::event::{Event, EventType};
use crate::ids::{EventId, OrganisationCode, Role, Stream};
use crate::wire::Digest;

/// A slot of the table that names no row.
const NONE: u32 = u32::MAX;

/// From here on, a row's home is a place among the streams that are no agreements.
const ELSEWHERE: u32 = 1 << 31;

/// Where an event stands, and what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its index in the log.
    pub index: u64,
    digest: Digest,
}

impl Recorded {
    /// Whether this is what was recorded, and not another event of the same id (C02).
    pub fn is(&self, digest: &Digest) -> bool {
        *digest == self.digest
    }
}

/// An event by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Its id.
    pub(crate) id: EventId,
    digest: Digest,
    /// Its type.
    pub(crate) event_type: EventType,
    /// The place of its agreement among all of them; from [`ELSEWHERE`] on, of its stream among the others.
    home: u32,
    /// The place among `bodies` of whoever signed first.
    body: [u8; 3],
    /// In which role.
    pub(crate) role: Role,
}

/// Bytes of a row that is put down.
const ROW: usize = 57;

impl Row {
    /// The row put down: id, digest, home, body, type, role.
    pub(crate) fn to_bytes(self) -> [u8; ROW] {
        let mut bytes = Vec::with_capacity(ROW);
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(&self.digest.0);
        bytes.extend_from_slice(&self.home.to_le_bytes());
        bytes.extend_from_slice(&self.body);
        bytes.extend_from_slice(&[self.event_type as u8, self.role as u8]);
        bytes.try_into().unwrap_or([0; ROW])
    }

    /// The row that was put down; none if it is no row.
    pub(crate) fn of_bytes(bytes: &[u8; ROW]) -> Option<Self> {
        let (id, rest) = bytes.split_first_chunk()?;
        let (digest, rest) = rest.split_first_chunk()?;
        let (home, rest) = rest.split_first_chunk()?;
        let (body, rest) = rest.split_first_chunk()?;
        let [event_type, role] = <[u8; 2]>::try_from(rest).ok()?;
        Some(Self {
            id: EventId::unpacked(*id)?,
            digest: Digest(*digest),
            home: u32::from_le_bytes(*home),
            body: *body,
            event_type: EventType::ALL.get(usize::from(event_type)).copied()?,
            role: Role::ALL.get(usize::from(role)).copied()?,
        })
    }

    /// The place of its agreement among all of them, if it is one's event.
    pub(crate) fn agreement(&self) -> Option<u32> {
        (self.home < ELSEWHERE).then_some(self.home)
    }
}

/// Every event. Kept without its rows, which `fill` puts back.
// INVARIANT: an index fits into 31 bits. A state of so many events would take 100 GB.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Events {
    /// By index.
    #[serde(skip)]
    rows: Vec<Row>,
    /// Indexes, each at or behind the slot that the hash of its event's id names; a power of two. The bits that no
    /// index needs hold as many of that hash.
    // INVARIANT: an index has fewer bits than the number of a slot, and never all of them, which stand for no row.
    #[serde(skip)]
    slots: Vec<u32>,
    #[serde(skip)]
    hasher: RandomState,
    /// The stream of each event that is of no agreement, in order.
    elsewhere: Vec<Stream>,
    /// Bodies whose officers signed first, in the order in which they first did.
    bodies: Vec<OrganisationCode>,
    /// INVARIANT: where each of them stands.
    #[serde(skip)]
    places: HashMap<OrganisationCode, u32>,
}

impl Events {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Where an event stands.
    pub fn get(&self, id: &EventId) -> Option<Recorded> {
        let (index, row) = self.find(id)?;
        Some(Recorded { index: u64::from(index), digest: row.digest })
    }

    /// Whether an event was recorded.
    pub fn contains_key(&self, id: &EventId) -> bool {
        self.find(id).is_some()
    }

    /// An event by its index.
    pub(crate) fn row(&self, index: u32) -> Option<&Row> {
        self.rows.get(usize::try_from(index).ok()?)
    }

    /// The same, by its id.
    pub(crate) fn find(&self, id: &EventId) -> Option<(u32, &Row)> {
        let (mut slot, mark) = self.slot_of(id);
        let indexes = self.indexes();
        // A table is never full, so this ends at an empty slot.
        loop {
            let taken = self.slots.get(slot).copied().filter(|taken| *taken != NONE)?;
            let index = taken & indexes;
            if taken & !indexes == mark
                && let Some(row) = self.row(index)
                && row.id == *id
            {
                return Some((index, row));
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    /// The stream of an event that belongs to no agreement.
    pub fn home(&self, id: &EventId) -> Option<Stream> {
        let (_, row) = self.find(id)?;
        let place = row.home.checked_sub(ELSEWHERE)?;
        self.elsewhere.get(usize::try_from(place).ok()?).copied()
    }

    /// The body at which an event made an appointment.
    pub(crate) fn appointed_at(&self, id: &EventId) -> Option<OrganisationCode> {
        let (_, row) = self.find(id)?;
        let appoints = matches!(row.event_type, EventType::RoleHolderAppointed | EventType::OrganisationRegistered);
        match self.home(id).filter(|_| appoints)? {
            Stream::Organisation(code) => Some(code),
            Stream::Sys | Stream::Key(_) | Stream::Agreement(_) | Stream::Template(_) | Stream::Programme(_) => None,
        }
    }

    /// Each in order.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Puts the rows back, in the order of the log.
    pub(crate) fn fill(&mut self, rows: Vec<Row>) {
        self.rows = rows;
        self.places = self.bodies.iter().copied().zip(0..).collect();
        let mut slots: usize = 16;
        while self.rows.len() * 5 > slots * 4 {
            slots *= 2;
        }
        self.index(slots);
    }

    /// Whose officer signed an event first, and in which role.
    pub(crate) fn author(&self, row: &Row) -> (OrganisationCode, Role) {
        let [a, b, c] = row.body;
        let place = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
        (self.bodies.get(place).copied().unwrap_or(OrganisationCode::REGISTRAR), row.role)
    }

    /// Takes in the newest; with the place of its agreement, if it is one's.
    pub(crate) fn push(&mut self, event: &Event, agreement: Option<u32>) {
        let signer = event.principal();
        let index = u32::try_from(self.rows.len()).unwrap_or(NONE);
        assert!(index < ELSEWHERE, "a state holds fewer events than 31 bits can count");
        let home = agreement.unwrap_or_else(|| {
            self.elsewhere.push(event.stream);
            ELSEWHERE | u32::try_from(self.elsewhere.len() - 1).unwrap_or_default()
        });
        let body = self.body(signer.organisation);
        let (event_type, role) = (event.event_type(), signer.role);
        self.rows.push(Row { id: event.id, digest: event.digest, event_type, home, body, role });
        // At most four fifths are taken.
        if self.rows.len() * 5 > self.slots.len() * 4 {
            self.index((self.slots.len() * 2).max(16));
        } else {
            self.place(event.id, index);
        }
    }

    fn body(&mut self, code: OrganisationCode) -> [u8; 3] {
        let bodies = &mut self.bodies;
        let place = *self.places.entry(code).or_insert_with(|| {
            bodies.push(code);
            u32::try_from(bodies.len() - 1).unwrap_or(NONE)
        });
        let [a, b, c, _] = place.to_le_bytes();
        [a, b, c]
    }

    /// The bits of a slot that hold an index: as many as number the slots.
    fn indexes(&self) -> u32 {
        u32::try_from(self.slots.len().wrapping_sub(1)).unwrap_or(NONE)
    }

    /// Where an id is looked for first, and what stands there beside its index.
    fn slot_of(&self, id: &EventId) -> (usize, u32) {
        let hash = self.hasher.hash_one(id);
        let slot = usize::try_from(hash & (self.slots.len() as u64).wrapping_sub(1)).unwrap_or_default();
        // The slot is in the low half.
        let [.., a, b, c, d] = hash.to_le_bytes();
        (slot, u32::from_le_bytes([a, b, c, d]) & !self.indexes())
    }

    fn place(&mut self, id: EventId, index: u32) {
        let (mut slot, mark) = self.slot_of(&id);
        let indexes = self.indexes();
        while let Some(taken) = self.slots.get(slot).filter(|taken| **taken != NONE) {
            debug_assert!(*taken & indexes != index, "an event is placed once");
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        if let Some(free) = self.slots.get_mut(slot) {
            *free = mark | index;
        }
    }

    /// Makes a table of so many slots.
    fn index(&mut self, slots: usize) {
        self.slots = vec![NONE; slots];
        let ids: Vec<EventId> = self.rows.iter().map(|row| row.id).collect();
        for (index, id) in (0..).zip(ids) {
            self.place(id, index);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn row(number: u32) -> Row {
        Row {
            id: format!("01890000-0000-7000-8000-{number:012x}").parse().unwrap(),
            digest: Digest([0; 32]),
            event_type: EventType::NoteRecorded,
            home: 0,
            body: [0; 3],
            role: Role::Igl,
        }
    }

    #[test]
    fn each_event_is_found_at_its_index_and_no_other_id_is() {
        for count in [0, 1, 12, 13, 5_000, 6_553] {
            let mut events = Events::default();
            events.fill((0..count).map(row).collect());
            // At most four fifths are taken, and less than half only of the smallest table.
            assert!(
                events.slots.len() * 4 >= events.len() * 5 && events.slots.len() <= 16.max(events.len() * 5 / 2 + 1)
            );
            for number in 0..count {
                let (index, found) = events.find(&row(number).id).unwrap();
                assert_eq!((index, found.id), (number, row(number).id));
            }
            assert!((count..count + 20_000).all(|number| !events.contains_key(&row(number).id)));
        }
    }

    #[test]
    fn a_table_that_grows_finds_what_it_found_before() {
        let mut events = Events::default();
        events.fill((0..100).map(row).collect());
        for slots in [256, 1_024, 1 << 20] {
            events.index(slots);
            assert!((0..100).all(|number| events.find(&row(number).id).map(|(index, _)| index) == Some(number)));
            assert!(!events.contains_key(&row(100).id));
        }
    }
}
