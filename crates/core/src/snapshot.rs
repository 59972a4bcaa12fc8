//! A state in parts, put down and taken up again by the very program that put it down.
//!
//! In scope: that a state which was taken up decides everything as if it had never been put down, on all cores.
//! Out of scope: where the parts are kept, and whether they may be trusted. They say what one program made of a log;
//! another version of the program may lay them out otherwise, so whoever keeps them writes down by which program they
//! were made, and has checksums.
//!
//! ```text
//! 0            how many parts of each kind follow
//! 1            the state, but for its events and agreements, and the lists that headers name
//! events       stretches of rows of events, in the order of the log
//! agreements   stretches of agreements at rest, in the order of filing: for each its length u32, its bytes
//! ```
//!
//! The first two are `MessagePack` with the names of members, as serde has them.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codes::ReferenceSet;
use crate::ids::Code;
use crate::packed::Lists;
use crate::state::{Filed, Row, State};

/// Events of one part.
const EVENTS: usize = 65_536;

/// Agreements of one part.
const AGREEMENTS: usize = 4_096;

/// Parts before those that may be many.
const FIRST: usize = 2;

/// What the parts are.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    size: u64,
    events: usize,
    agreements: usize,
}

#[derive(Serialize)]
struct Rest<'s> {
    state: &'s State,
    lists: &'s [Arc<BTreeMap<Code, u32>>],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RestRead {
    state: State,
    lists: Vec<Arc<BTreeMap<Code, u32>>>,
}

/// A state taken apart. Its parts are made one after the other, so that they need not all be held.
pub struct Apart<'s> {
    state: &'s State,
    agreements: Vec<Arc<[u8]>>,
    lists: Lists,
}

impl State {
    /// Takes it apart.
    pub fn apart(&self) -> Apart<'_> {
        let (agreements, lists) = self.agreements.at_rest();
        Apart { state: self, agreements, lists }
    }

    /// Puts it together from so many parts. `part` gives the bytes of one of them, if they are there and whole.
    ///
    /// # Errors
    ///
    /// Why they are not the parts of a state, in plain words.
    pub fn together(parts: usize, part: &(dyn Fn(usize) -> Option<Vec<u8>> + Sync)) -> Result<Self, String> {
        let part = |number: usize| part(number).ok_or_else(|| format!("part {number} of the state is damaged"));
        let head: Head = read(&part(0)?)?;
        let events = FIRST..FIRST.saturating_add(head.events);
        let agreements = events.end..events.end.saturating_add(head.agreements);
        if agreements.end != parts {
            return Err("the state has another number of parts".to_owned());
        }
        let rows = || {
            let rows: Result<Vec<Vec<Row>>, String> =
                events.into_par_iter().map(|number| rows(&part(number)?)).collect();
            rows.map(|rows| rows.concat())
        };
        let filed = || {
            let all: Result<Vec<Vec<Arc<[u8]>>>, String> =
                agreements.into_par_iter().map(|number| at_rest(&part(number)?)).collect();
            all.map(|all| all.concat())
        };
        let rest = || -> Result<RestRead, String> { read(&part(1)?) };
        let (rest, (rows, filed)) = rayon::join(rest, || rayon::join(rows, filed));
        let (RestRead { mut state, lists }, rows, filed): (_, Vec<Row>, _) = (rest?, rows?, filed?);
        // Each event has a row and an instant of its own.
        let whole = usize::try_from(state.size).is_ok_and(|size| [rows.len(), state.instants.len()] == [size; 2]);
        if !whole || state.size != head.size {
            return Err("the parts of the state are not of one".to_owned());
        }
        let events = &mut state.events;
        let ((), filed) = rayon::join(|| events.fill(rows), || Filed::taken_up(filed, Lists::of(lists)));
        state.agreements = filed.ok_or("an agreement of the state does not read")?;
        state.reference = state
            .founded
            .as_ref()
            .and_then(|founded| ReferenceSet::resolve(&founded.code_lists, &founded.policies).ok().map(Arc::new));
        Ok(state)
    }
}

impl Apart<'_> {
    /// How many parts there are.
    pub fn count(&self) -> usize {
        let Head { events, agreements, .. } = self.head();
        FIRST + events + agreements
    }

    /// Each part; an empty one if it has no such form, which would be a fault of this program.
    pub fn parts(&self) -> impl Iterator<Item = Vec<u8>> {
        let rest = Rest { state: self.state, lists: self.lists.all() };
        let first = [written(&self.head()), written(&rest)];
        let events =
            self.state.events.rows().chunks(EVENTS).map(|rows| rows.iter().copied().flat_map(Row::to_bytes).collect());
        let agreements = self.agreements.chunks(AGREEMENTS).map(|all| {
            let mut bytes = Vec::with_capacity(all.iter().map(|one| one.len() + 4).sum());
            for one in all {
                bytes.extend_from_slice(&u32::try_from(one.len()).unwrap_or(u32::MAX).to_le_bytes());
                bytes.extend_from_slice(one);
            }
            bytes
        });
        first.into_iter().chain(events).chain(agreements)
    }

    fn head(&self) -> Head {
        Head {
            size: self.state.size,
            events: self.state.events.len().div_ceil(EVENTS),
            agreements: self.agreements.len().div_ceil(AGREEMENTS),
        }
    }
}

/// The rows of one part.
fn rows(bytes: &[u8]) -> Result<Vec<Row>, String> {
    let (rows, rest) = bytes.as_chunks();
    let rows: Option<Vec<Row>> = rows.iter().map(Row::of_bytes).collect();
    rows.filter(|_| rest.is_empty()).ok_or_else(|| "an event of the state does not read".to_owned())
}

/// The agreements of one part.
fn at_rest(bytes: &[u8]) -> Result<Vec<Arc<[u8]>>, String> {
    let mut all = Vec::with_capacity(AGREEMENTS);
    let mut rest = bytes;
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let (one, behind) = behind.split_at_checked(length).ok_or("an agreement of the state breaks off")?;
        all.push(Arc::from(one));
        rest = behind;
    }
    if rest.is_empty() { Ok(all) } else { Err("a part of the state breaks off".to_owned()) }
}

/// The bytes of a value; none if it has no such form.
pub fn written<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    match value.serialize(&mut rmp_serde::Serializer::new(&mut bytes).with_struct_map()) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// The value of bytes that [`written`] gave.
///
/// # Errors
///
/// In plain words, that they are not those of such a value.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    rmp_serde::from_slice(bytes).map_err(|error| format!("a part does not read: {error}"))
}
