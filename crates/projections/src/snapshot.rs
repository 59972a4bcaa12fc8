//! A view put down in parts, and taken up again on all cores.
//!
//! ```text
//! 0                how many parts of each kind follow: Head
//! 1                where entries are found, by stream, type and organisation
//! 2                the agreements in the order of filing
//! state            the parts of the state, as [`counterpart_core::snapshot`] has them
//! leaves           stretches of the leaf hashes, 32 bytes each
//! ```
//!
//! The first three are `MessagePack` with the names of members, as serde has them. The board is made from the rest.

use counterpart_core::ids::AgreementId;
use counterpart_core::snapshot::{read, written};
use counterpart_core::state::State;
use counterpart_core::storage::{Kept, Parts};
use counterpart_tlog::{Hash, Tree};
use serde::{Deserialize, Serialize};

use crate::places::Places;
use crate::view::View;

/// Leaves of one part.
const LEAVES: usize = 65_536;

/// Bytes of a leaf hash.
const LEAF: usize = 32;

/// Parts before those that may be many.
const FIRST: usize = 3;

/// What the parts are.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    size: u64,
    state: usize,
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
        let head: Head = read(&part(kept, 0)?)?;
        let first = FIRST;
        let leaves = first.saturating_add(head.state)..first.saturating_add(head.state).saturating_add(head.leaves);
        if leaves.end != kept.parts() {
            return Err("another number of parts was written".to_owned());
        }
        let tree = || -> Result<Tree, String> {
            let mut tree = Tree::new();
            for number in leaves {
                let bytes = part(kept, number)?;
                let (leaves, _) = bytes.as_chunks::<LEAF>();
                tree.extend(leaves.iter().copied().map(Hash::from_bytes));
            }
            Ok(tree)
        };
        let state = || State::together(head.state, &|number| kept.part(first.checked_add(number)?));
        let places = || -> Result<Places, String> { read(&part(kept, 1)?) };
        let filed = || -> Result<Vec<AgreementId>, String> { read(&part(kept, 2)?) };
        let (state, (tree, (places, filed))) = rayon::join(state, || rayon::join(tree, || rayon::join(places, filed)));
        let (state, tree, places, filed) = (state?, tree?, places?, filed?);
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
    let apart = state.apart();
    let leaves: Vec<u64> = (0..tree.size()).step_by(LEAVES).collect();
    let head = Head { size: state.size, state: apart.count(), leaves: leaves.len() };
    let first = [written(&head), written(places), written(filed)];
    if first.iter().any(Vec::is_empty) {
        return;
    }
    let leaves = leaves.into_iter().map(|from| {
        let stretch = (from..tree.size()).take(LEAVES).filter_map(|index| tree.leaf(index));
        stretch.flat_map(counterpart_tlog::Hash::to_bytes).collect()
    });
    each(&mut first.into_iter().chain(apart.parts()).chain(leaves));
}

fn part(kept: &dyn Kept, number: usize) -> Result<Vec<u8>, String> {
    kept.part(number).ok_or_else(|| format!("part {number} is damaged"))
}
