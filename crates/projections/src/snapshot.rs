//! A view put down in parts, and taken up again on all cores.
//!
//! ```text
//! 0                how many parts of each kind follow: Head
//! 1                the state, but for its events and agreements
//! 2                where entries are found, by stream, type and organisation
//! 3                the agreements in the order of filing
//! events           stretches of rows of events, in the order of the log
//! agreements       stretches of agreements, in the order of filing
//! leaves           stretches of the leaf hashes, 32 bytes each
//! ```
//!
//! All but the leaves are `MessagePack` with the names of members, as serde has them. The board is made from the rest.

use std::sync::Arc;

use counterpart_core::agreement::Agreement;
use counterpart_core::ids::AgreementId;
use counterpart_core::snapshot::{Apart, Together};
use counterpart_core::state::{Row, State};
use counterpart_core::storage::{Kept, Parts};
use counterpart_tlog::{Hash, Tree};
use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::places::Places;
use crate::view::View;

/// Events of one part.
const EVENTS: usize = 65_536;

/// Agreements of one part.
const AGREEMENTS: usize = 1_024;

/// Leaves of one part.
const LEAVES: usize = 65_536;

/// Bytes of a leaf hash.
const LEAF: usize = 32;

/// Parts before those that may be many.
const FIRST: usize = 4;

/// What the parts are.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    size: u64,
    events: usize,
    agreements: usize,
    leaves: usize,
}

/// What a view holds that a snapshot needs, as of one moment. It shares agreements with the view until that changes them.
#[derive(Clone, Debug)]
pub struct Frozen {
    state: State,
    tree: Tree,
    places: Places,
    filed: Vec<AgreementId>,
}

impl View {
    /// Takes hold of what a snapshot needs, so that the view may go on while it is written.
    pub fn freeze(&self) -> Frozen {
        let (state, tree) = (self.state.clone(), self.tree.clone());
        Frozen { state, tree, places: self.places.clone(), filed: self.filed.clone() }
    }

    /// Writes it in parts, one after the other. Nothing is told if it has no such form, which would be a fault of this
    /// program.
    pub fn in_parts(&self, each: &mut dyn FnMut(&mut Parts<'_>)) {
        parts(&self.state, &self.tree, &self.places, &self.filed, each);
    }

    /// Makes it again from its parts. Its board is made good when it is published.
    ///
    /// # Errors
    ///
    /// Why they are not the parts of a view, in plain words.
    pub fn from_parts(kept: &dyn Kept) -> Result<Self, String> {
        let head: Head = read(kept, 0)?;
        let events = FIRST..FIRST.saturating_add(head.events);
        let agreements = events.end..events.end.saturating_add(head.agreements);
        let leaves = agreements.end..agreements.end.saturating_add(head.leaves);
        if leaves.end != kept.parts() {
            return Err("another number of parts was written".to_owned());
        }
        let tree = || {
            let mut tree = Tree::new();
            for number in leaves {
                let bytes = part(kept, number)?;
                let whole = bytes.chunks_exact(LEAF).filter_map(|leaf| leaf.try_into().ok().map(Hash::from_bytes));
                tree.extend(whole);
            }
            Ok(tree)
        };
        let recorded = || {
            let mut recorded: Vec<Row> = Vec::new();
            for number in events {
                let stretch: Vec<Row> = read(kept, number)?;
                if recorded.is_empty() {
                    recorded.reserve(usize::try_from(head.size).unwrap_or_default().min(stretch.len() * head.events));
                }
                recorded.extend(stretch);
            }
            Ok(recorded)
        };
        let stretches = || agreements.into_par_iter().map(|number| read(kept, number)).collect::<Result<Vec<_>, _>>();
        let rest = || -> Result<(Places, Vec<AgreementId>), String> { Ok((read(kept, 2)?, read(kept, 3)?)) };
        let ((state, others), (recorded, (tree, stretches))) = rayon::join(
            || rayon::join(|| read::<State>(kept, 1), rest),
            || rayon::join(recorded, || rayon::join(tree, stretches)),
        );
        let (tree, (places, filed)): (Result<Tree, String>, _) = (tree, others?);
        let (tree, recorded): (Tree, Result<Vec<Row>, String>) = (tree?, recorded);
        let agreements: Vec<Vec<Arc<Agreement>>> = stretches?;
        let together = Together { rest: state?, events: recorded?, agreements };
        let state = together.state().ok_or("its parts are not those of one state")?;
        let fits = [state.size, tree.size()] == [head.size; 2] && filed.len() == state.agreements().len();
        if !fits {
            return Err("its parts are of other sizes".to_owned());
        }
        let mut view = Self::new();
        view.changed.clone_from(&filed);
        (view.state, view.tree, view.places, view.filed) = (state, tree, places, filed);
        Ok(view)
    }
}

impl Frozen {
    /// From how many entries it comes.
    pub fn size(&self) -> u64 {
        self.state.size
    }

    /// The root of the tree over them.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// As [`View::in_parts`].
    pub fn in_parts(&self, each: &mut dyn FnMut(&mut Parts<'_>)) {
        parts(&self.state, &self.tree, &self.places, &self.filed, each);
    }
}

fn parts(state: &State, tree: &Tree, places: &Places, filed: &[AgreementId], each: &mut dyn FnMut(&mut Parts<'_>)) {
    let Apart { rest, events, agreements } = state.apart();
    let leaves: Vec<u64> = (0..tree.size()).step_by(LEAVES).collect();
    let counts = (events.len().div_ceil(EVENTS), agreements.len().div_ceil(AGREEMENTS));
    let head = Head { size: state.size, events: counts.0, agreements: counts.1, leaves: leaves.len() };
    let first = [written(&head), written(rest), written(places), written(filed)];
    if first.iter().any(Vec::is_empty) {
        return;
    }
    let events = events.chunks(EVENTS).map(written);
    let agreements = agreements.chunks(AGREEMENTS).map(written);
    let leaves = leaves.into_iter().map(|from| {
        let stretch = (from..tree.size()).take(LEAVES).filter_map(|index| tree.leaf(index));
        stretch.flat_map(counterpart_tlog::Hash::to_bytes).collect()
    });
    each(&mut first.into_iter().chain(events).chain(agreements).chain(leaves));
}

/// The bytes of a part; none if it has no such form.
fn written<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    match value.serialize(&mut rmp_serde::Serializer::new(&mut bytes).with_struct_map()) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

fn read<T: DeserializeOwned>(kept: &dyn Kept, number: usize) -> Result<T, String> {
    rmp_serde::from_slice(&part(kept, number)?).map_err(|error| format!("part {number} does not read: {error}"))
}

fn part(kept: &dyn Kept, number: usize) -> Result<Vec<u8>, String> {
    kept.part(number).ok_or_else(|| format!("part {number} is damaged"))
}
