//! A replay put down and taken up again: state, keys and the right edge of the tree, in the form of serde.
//!
//! In scope: that a replay which was taken up decides everything as if it had never been put down.
//! Out of scope: where it is kept, and whether it may be trusted. It says what one program made of a log; another
//! version of the program may lay it out otherwise, so whoever keeps it writes down by which program it was made.

use std::sync::Arc;

use counterpart_tlog::{Frontier, Hash};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codes::ReferenceSet;
use crate::event::PublicKeyBytes;
use crate::keyring::Keyring;
use crate::replay::Replay;
use crate::state::State;

/// What is kept of a replay that goes on.
#[derive(Serialize)]
struct Down<'r> {
    state: &'r State,
    keys: Vec<PublicKeyBytes>,
    size: u64,
    peaks: Vec<String>,
}

/// The same, read back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Up {
    state: State,
    keys: Vec<PublicKeyBytes>,
    size: u64,
    peaks: Vec<String>,
}

impl Serialize for Replay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let peaks = self.frontier.peaks().iter().map(ToString::to_string).collect();
        let down = Down { state: &self.state, keys: self.keyring.publics(), size: self.frontier.size(), peaks };
        down.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Replay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Up { mut state, keys, size, peaks } = Up::deserialize(deserializer)?;
        let peaks: Result<Vec<Hash>, _> = peaks.iter().map(|peak| Hash::from_base64(peak)).collect();
        let frontier = Frontier::from_parts(size, peaks.map_err(D::Error::custom)?);
        let frontier = frontier.filter(|frontier| frontier.size() == state.size);
        let frontier = frontier.ok_or_else(|| D::Error::custom("the tree and the state are of other sizes"))?;
        let mut keyring = Keyring::default();
        for key in &keys {
            keyring.add(key);
        }
        state.make_whole();
        Ok(Self { state, keyring, frontier })
    }
}

impl State {
    /// Makes again what follows from the rest and is not kept.
    fn make_whole(&mut self) {
        self.references = self.agreements.values().map(|agreement| (agreement.reference(), agreement.id())).collect();
        let founded = self.founded.as_ref();
        self.reference = founded
            .and_then(|founded| ReferenceSet::resolve(&founded.code_lists, &founded.policies).ok())
            .map(Arc::new);
    }
}
