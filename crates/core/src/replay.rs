//! Replay: admit, then evolve, from entry 0 on, stopping at the first entry that the log rules refuse.

use counterpart_tlog::{Frontier, Hash, leaf_hash};

use crate::admit;
use crate::event::{self, Event};
use crate::keyring::Keyring;
use crate::refusal::Refusal;
use crate::state::State;
use crate::wire::{Entry, WireError};

/// Why replay went no further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The bytes are not a canonical entry.
    #[error("the entry is not canonical: {0}")]
    Bytes(WireError),
    /// The payload is not an event.
    #[error("{0}")]
    Event(event::EventError),
    /// A rule says no.
    #[error("{0}")]
    Refused(Refusal),
    /// `recorded_at` is earlier than that of the entry before.
    #[error("time went back: the entry before was recorded later")]
    TimeWentBack,
}

impl Stop {
    /// The code for `stopped at index i: code`.
    pub fn code(&self) -> &str {
        match self {
            Self::Bytes(error) => error.code(),
            Self::Event(error) => error.code(),
            Self::Refused(refusal) => refusal.code(),
            Self::TimeWentBack => "E02",
        }
    }
}

/// A replay that stopped: state exists up to `index` entries and no further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped at index {index}: {} ({stop})", stop.code())]
pub struct Stopped {
    /// The first entry that was refused.
    pub index: u64,
    /// Why.
    pub stop: Stop,
}

/// An entry that was parsed and whose signatures by known or carried keys verify.
#[derive(Clone, Debug)]
pub struct Read {
    /// The parsed entry.
    pub entry: Entry,
    /// Its event.
    pub event: Event,
    /// Its leaf hash.
    pub leaf: Hash,
}

/// Reads an entry: bytes, schema, leaf hash. Checks no signature and no rule; runs on any core.
///
/// # Errors
///
/// [`Stop::Bytes`] or [`Stop::Event`].
pub fn read(bytes: &[u8]) -> Result<Read, Stop> {
    let entry = Entry::parse(bytes).map_err(Stop::Bytes)?;
    let event = event::parse(&entry.envelope).map_err(Stop::Event)?;
    Ok(Read { entry, event, leaf: leaf_hash(bytes) })
}

/// What the log so far comes to: state, keys and the tree's frontier.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// What the entries mean.
    pub state: State,
    /// The keys that may sign.
    pub keyring: Keyring,
    /// The tree, as far as a root needs it.
    pub frontier: Frontier,
}

impl Replay {
    /// A replay of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks the next entry and takes it in. Signatures are checked here unless `signatures_checked`.
    ///
    /// # Errors
    ///
    /// [`Stopped`]; the replay stands where it stood.
    pub fn next(&mut self, read: &Read, signatures_checked: bool) -> Result<(), Stopped> {
        let index = self.state.size;
        let stopped = |stop| Stopped { index, stop };
        if self.state.recorded_at.is_some_and(|last| read.entry.recorded_at < last) {
            return Err(stopped(Stop::TimeWentBack));
        }
        if !signatures_checked {
            let checked =
                self.keyring.check(&read.event, &read.entry.envelope).map_err(|r| stopped(Stop::Refused(r)))?;
            if let Some(key) = checked.unknown.first() {
                return Err(stopped(Stop::Refused(Refusal::KeyUnknown { key: *key })));
            }
        }
        self.state.wake(read.event.stream);
        admit::admit(&self.state, &read.event, read.entry.recorded_at).map_err(|r| stopped(Stop::Refused(r)))?;
        self.take_in(read);
        Ok(())
    }

    /// Takes in an entry that was admitted.
    pub fn take_in(&mut self, read: &Read) {
        self.frontier.push(read.leaf);
        self.keyring.add_carried(&read.event);
        // Only the first entry's hash is a name: that of the ledger.
        let name = if self.state.size == 0 { read.leaf.to_hex() } else { String::new() };
        self.state.evolve(&read.event, read.entry.recorded_at, &name);
    }

    /// Checks and takes in the next entry from its bytes.
    ///
    /// # Errors
    ///
    /// [`Stopped`]; the replay stands where it stood.
    pub fn next_bytes(&mut self, bytes: &[u8]) -> Result<(), Stopped> {
        let read = read(bytes).map_err(|stop| Stopped { index: self.state.size, stop })?;
        self.next(&read, false)
    }
}
