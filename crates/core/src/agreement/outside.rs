//! What events of other streams did to an agreement: kept with it, so that it can be rebuilt as of any size.

use serde::{Deserialize, Serialize};

use crate::agreement::{Agreement, Coming, PartyState, Pending, Rare};
use crate::ids::{EventId, OrganisationCode};
use crate::time::Timestamp;

/// What one event of another stream did to the agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside {
    /// The index of that event.
    pub index: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What it did.
    pub change: Change,
}

/// A change that comes from another stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// A party leaves the ledger.
    Left {
        /// Which.
        organisation: OrganisationCode,
        /// When.
        from: Timestamp,
    },
    /// Another body takes a party's place.
    Succession {
        /// By which event.
        event: EventId,
        /// Whose place is taken.
        predecessor: OrganisationCode,
        /// Who takes it.
        successor: OrganisationCode,
        /// When.
        from: Timestamp,
        /// Whether the successor has to confirm.
        confirm: bool,
    },
    /// A succession that was to come does not.
    Objected {
        /// By which event it was to come.
        event: EventId,
    },
    /// The set of its contested events, or of its disowned ones, is another.
    Contest {
        /// The event that changed it.
        by: EventId,
        /// Its contested events, in order.
        contested: Box<[EventId]>,
        /// Its disowned events, in order.
        disowned: Box<[EventId]>,
    },
}

/// What events of other streams did to an agreement so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    pub(super) contested: Rare<EventId>,
    pub(super) disowned: Rare<EventId>,
    pub(super) changes: Rare<Outside>,
    /// Bodies that will leave the ledger or be succeeded.
    pub(super) coming: Rare<Coming>,
    /// Successions that nobody has confirmed.
    pub(super) pending: Rare<Pending>,
}

impl Elsewhere {
    /// Whether an event is neither contested nor disowned.
    pub(super) fn counts(&self, event: EventId) -> bool {
        !self.contested.contains(&event) && !self.disowned.contains(&event)
    }
}

impl Agreement {
    /// What events of other streams did to it, in order.
    pub fn outside(&self) -> &[Outside] {
        &self.elsewhere.changes
    }

    /// Takes in what an event of another stream does to it, after what time brought about up to then.
    pub fn touch(&mut self, outside: Outside) {
        let at = outside.at;
        self.settle(at);
        match &outside.change {
            Change::Left { organisation, from } => {
                let (organisation, at) = (*organisation, *from);
                let coming = Coming { at, event: None, organisation, successor: None, confirm: false };
                self.elsewhere.coming.push(coming);
            }
            Change::Succession { event, predecessor, successor, from, confirm } => {
                self.elsewhere.coming.push(Coming {
                    at: *from,
                    event: Some(*event),
                    organisation: *predecessor,
                    successor: Some(*successor),
                    confirm: *confirm,
                });
            }
            Change::Objected { event } => self.elsewhere.coming.retain(|coming| coming.event != Some(*event)),
            Change::Contest { by, contested, disowned } => self.contest(*by, contested, disowned, at),
        }
        self.elsewhere.changes.push(outside);
        self.weigh_amendment(at);
        self.weigh_advice(at);
        self.changed_at = at;
        self.settle(at);
    }

    /// The day has come on which a body leaves the ledger, or another takes its place.
    pub(super) fn departs(&mut self, organisation: OrganisationCode, at: Timestamp) {
        let Some(place) = self.elsewhere.coming.iter().position(|c| c.organisation == organisation && c.at <= at)
        else {
            return;
        };
        let coming = self.elsewhere.coming.remove(place);
        match (coming.event, coming.successor) {
            (Some(event), Some(successor)) => self.succeed(event, organisation, successor, coming.confirm, at),
            _ => self.party_left(organisation, at),
        }
        self.weigh_amendment(at);
    }

    /// A party left the ledger (domain.md 2.9).
    fn party_left(&mut self, organisation: OrganisationCode, at: Timestamp) {
        let Some(party) = self.party_mut(organisation) else {
            return;
        };
        match party.state {
            PartyState::Invited | PartyState::Requested | PartyState::Signing => party.state = PartyState::Declined,
            PartyState::Executed | PartyState::Suspended | PartyState::Leaving | PartyState::Imported => {
                self.leaves(organisation, at);
            }
            PartyState::Declined
            | PartyState::Left
            | PartyState::NotAdopted
            | PartyState::Succeeded
            | PartyState::Disputed => {}
        }
    }
}
