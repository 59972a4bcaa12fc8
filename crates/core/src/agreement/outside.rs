//! What events of other streams did to an agreement: kept with it, so that it can be rebuilt as of any size.

use crate::agreement::{Agreement, PartyState};
use crate::ids::{EventId, OrganisationCode};
use crate::time::Timestamp;

/// What one event of another stream did to the agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The index of that event.
    pub index: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What it did.
    pub change: Change,
}

/// A change that comes from another stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A party left the ledger.
    Left {
        /// Which.
        organisation: OrganisationCode,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    pub(super) contested: Box<[EventId]>,
    pub(super) disowned: Box<[EventId]>,
    pub(super) changes: Vec<Outside>,
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
            Change::Left { organisation } => self.party_left(*organisation, at),
            Change::Contest { by, contested, disowned } => self.contest(*by, contested, disowned, at),
        }
        self.elsewhere.changes.push(outside);
        self.weigh_amendment(at);
        self.changed_at = at;
        self.settle(at);
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
