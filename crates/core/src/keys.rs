//! Keys: whose they are, and since and until when they sign (domain.md 2.11).

use serde::{Deserialize, Serialize};

use crate::event::PublicKeyBytes;
use crate::event::data::Custody;
use crate::ids::{EventId, OrganisationCode, PersonId};
use crate::time::Timestamp;
use crate::wire::KeyId;

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyStage {
    /// It signs.
    Active,
    /// Another took its place.
    Retired {
        /// When.
        at: Timestamp,
        /// Which.
        by: KeyId,
    },
    /// It was lost or is no longer needed.
    Revoked {
        /// When.
        at: Timestamp,
    },
    /// It may be in other hands.
    Compromised {
        /// When that was first reported.
        at: Timestamp,
        /// By the event of this index: nothing that it signs since is admitted.
        index: u64,
        /// From which index on what it signed is contested.
        from: u64,
    },
}

/// One registered key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Its bytes.
    pub public: PublicKeyBytes,
    /// For which organisation it signs, and no other (K10).
    pub organisation: OrganisationCode,
    /// Whose it is.
    pub person: PersonId,
    /// Where the private half lives; absent for keys that came in with a genesis or an organisation.
    pub custody: Option<Custody>,
    /// Where it stands.
    pub stage: KeyStage,
    /// The event that brought it in.
    pub event: EventId,
    /// The index of that event.
    pub index: u64,
    /// Whether that event is contested.
    pub contested: bool,
    /// Events of its stream.
    pub revision: u64,
}

impl Key {
    /// Whether it signs now.
    pub const fn is_active(&self) -> bool {
        matches!(self.stage, KeyStage::Active)
    }
}
