//! A replay put down and taken up again: state, keys and the right edge of the tree, in the form of serde.
//!
//! In scope: that a replay which was taken up decides everything as if it had never been put down.
//! Out of scope: where it is kept, and whether it may be trusted. It says what one program made of a log; another
//! version of the program may lay it out otherwise, so whoever keeps it writes down by which program it was made.

use std::sync::Arc;

use counterpart_tlog::{Frontier, Hash};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::agreement::Agreement;
use crate::codes::ReferenceSet;
use crate::event::PublicKeyBytes;
use crate::keyring::Keyring;
use crate::replay::Replay;
use crate::state::{Row, State};

/// A state taken apart, so that its large parts can be written and read by themselves, on several cores.
#[derive(Debug)]
pub struct Apart<'s> {
    /// Everything but events and agreements.
    pub rest: &'s State,
    /// Every event, in the order of the log.
    pub events: &'s [Row],
    /// Every agreement, in the order of filing.
    pub agreements: Vec<&'s Agreement>,
}

/// The parts, read back.
#[derive(Debug, Default)]
pub struct Together {
    /// Everything but events and agreements.
    pub rest: State,
    /// Every event, in the order of the log.
    pub events: Vec<Row>,
    /// Every agreement, in stretches, in the order of filing.
    pub agreements: Vec<Vec<Arc<Agreement>>>,
}

impl State {
    /// Takes it apart.
    pub fn apart(&self) -> Apart<'_> {
        Apart { rest: self, events: self.events.rows(), agreements: self.agreements().collect() }
    }
}

impl Together {
    /// Puts the parts together; none if they are not those of one state.
    pub fn state(self) -> Option<State> {
        let Self { rest: mut state, events, agreements } = self;
        state.events.fill(events);
        // Each event has an id and an instant of its own.
        let whole =
            usize::try_from(state.size).is_ok_and(|size| [state.events.len(), state.instants.len()] == [size; 2]);
        if !whole {
            return None;
        }
        let count: usize = agreements.iter().map(Vec::len).sum();
        state.reference = state
            .founded
            .as_ref()
            .and_then(|founded| ReferenceSet::resolve(&founded.code_lists, &founded.policies).ok().map(Arc::new));
        for mut agreement in agreements.into_iter().flatten() {
            if let Some(own) = Arc::get_mut(&mut agreement) {
                own.share_all(state.reference.as_deref(), &mut state.rows);
            }
            state.agreements.push(agreement);
        }
        // No two are of one stream.
        let whole = state.agreements.len() == count;
        whole.then_some(state)
    }
}

/// What is kept of a replay that goes on.
#[derive(Serialize)]
struct Down<'r> {
    state: &'r State,
    events: &'r [Row],
    agreements: Vec<&'r Agreement>,
    keys: Vec<PublicKeyBytes>,
    size: u64,
    peaks: Vec<String>,
}

/// The same, read back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Up {
    state: State,
    events: Vec<Row>,
    agreements: Vec<Arc<Agreement>>,
    keys: Vec<PublicKeyBytes>,
    size: u64,
    peaks: Vec<String>,
}

impl Serialize for Replay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Apart { rest: state, events, agreements } = self.state.apart();
        let peaks = self.frontier.peaks().iter().map(ToString::to_string).collect();
        let (keys, size) = (self.keyring.publics(), self.frontier.size());
        Down { state, events, agreements, keys, size, peaks }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Replay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Up { state, events, agreements, keys, size, peaks } = Up::deserialize(deserializer)?;
        let together = Together { rest: state, events, agreements: vec![agreements] };
        let state = together.state().ok_or_else(|| D::Error::custom("the parts of the state are not of one"))?;
        let peaks: Result<Vec<Hash>, _> = peaks.iter().map(|peak| Hash::from_base64(peak)).collect();
        let frontier = Frontier::from_parts(size, peaks.map_err(D::Error::custom)?);
        let frontier = frontier.filter(|frontier| frontier.size() == state.size);
        let frontier = frontier.ok_or_else(|| D::Error::custom("the tree and the state are of other sizes"))?;
        let mut keyring = Keyring::default();
        for key in &keys {
            keyring.add(key);
        }
        Ok(Self { state, keyring, frontier })
    }
}
