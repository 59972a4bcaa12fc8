//! Opening a ledger from a snapshot: what it covers is not decided again, everything behind it is.
//!
//! A snapshot is believed only if the leaves that it holds, and those of the entries behind it, come to the root that
//! was signed. Whatever else is wrong with it is no error: the caller opens the ledger from its entries then.

use std::sync::Arc;

use counterpart_tlog::{Tree, leaf_hash};
use rayon::prelude::*;

use super::{Ledger, LedgerError, LogKeys, load};
use crate::keyring::Keyring;
use crate::replay::{Read, Replay};
use crate::state::State;
use crate::storage::{LockStore, Store, StoreError};

/// Entries that are read at once.
const CHUNK: u64 = 4096;

/// What a snapshot says that some number of entries come to.
#[derive(Clone, Debug)]
pub struct Resumed {
    /// What they mean.
    pub state: State,
    /// The tree over them.
    pub tree: Tree,
}

impl<S: Store + ?Sized, L: LockStore + ?Sized> Ledger<S, L> {
    /// Opens a ledger that goes on from a snapshot, and tells `each` of every entry behind it, in order. Where `compare`
    /// is set, every entry that the snapshot covers is read and hashed too: the store was not stopped cleanly.
    ///
    /// The inner error says why the snapshot is not that of this log; nothing was signed then.
    ///
    /// # Errors
    ///
    /// [`LedgerError`], as for [`Ledger::open`].
    pub fn resume(
        store: Arc<S>,
        lock: Arc<L>,
        keys: impl Into<LogKeys>,
        origin: &str,
        from: Resumed,
        compare: bool,
        each: &mut dyn FnMut(&Read),
    ) -> Result<Result<Self, String>, LedgerError> {
        let Resumed { state, tree } = from;
        let replay = Replay { keyring: Keyring::of(&state), frontier: tree.frontier(), state };
        let keys = keys.into();
        let mut ledger =
            Self { store, lock, keys, origin: origin.to_owned(), signed: 0, replay, tree, checkpoint: None };
        let signed = ledger.signed()?;
        let size = ledger.tree.size();
        let (have, covered) = (ledger.store.size(), signed.as_ref().map_or(0, |(signed, _)| signed.size));
        if ledger.replay.state.size != size || size > covered || size > have {
            return Ok(Err(format!("it covers {size} entries of {have}, {covered} of them signed for")));
        }
        if compare && let Some(index) = ledger.differing(size)? {
            return Ok(Err(format!("it was made from another entry {index}")));
        }
        let tree = &mut ledger.tree;
        let behind = load::entries(&*ledger.store, &mut ledger.replay, covered, &mut |read| {
            tree.push(read.leaf);
            each(read);
        });
        match behind {
            // Whether an entry is to blame or what it was judged by is found by deciding all of them again.
            Err(LedgerError::Stopped(stopped)) => return Ok(Err(stopped.to_string())),
            other => other?,
        }
        let root = signed.as_ref().map(|(signed, _)| signed.root);
        if ledger.tree.root_at(covered) != root {
            return Ok(Err(format!("with it the entries do not come to the root that was signed over {covered}")));
        }
        ledger.check_signed(signed).map(|()| Ok(ledger))
    }

    /// The first of so many entries that is not the one from which its leaf came. Some are read while those before them
    /// are hashed.
    fn differing(&self, size: u64) -> Result<Option<u64>, StoreError> {
        let mut first = 0;
        let mut entries = self.chunk(first, size)?;
        while !entries.is_empty() {
            first += entries.len() as u64;
            let tree = &self.tree;
            let differs = || {
                let other = entries.par_iter().filter(|(index, entry)| tree.leaf(*index) != Some(leaf_hash(entry)));
                other.map(|(index, _)| *index).min()
            };
            let (differs, next) = rayon::join(differs, || self.chunk(first, size));
            if differs.is_some() {
                return Ok(differs);
            }
            entries = next?;
        }
        Ok(None)
    }

    /// The entries from `first` on, below `size`, that are read at once.
    fn chunk(&self, first: u64, size: u64) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let end = size.min(first + CHUNK);
        let mut entries = Vec::new();
        if first < end {
            self.store.read_back(first..end, &mut |index, entry| entries.push((index, entry.to_vec())))?;
        }
        Ok(entries)
    }
}
