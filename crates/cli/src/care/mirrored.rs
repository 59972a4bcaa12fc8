//! A ledger given back by a mirror: its entries and the newest signed checkpoint, into an empty store.
//!
//! A mirror keeps what is public, so the words of events are not in it; they come from a copy of the store
//! (`counterpart repair`), or from the parties, who hold them.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use counterpart_core::storage::{LockStore as _, NewEntry, Store as _, Swap};
use counterpart_mirror::Source;
use counterpart_store::embedded::Embedded;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::VerifierKey;
use counterpart_tlog::tile::{self, TILE_WIDTH, TilePath};
use counterpart_tlog::{Frontier, leaf_hash};

use crate::ending::Fault;
use crate::folder;

/// What was given back.
pub struct Given {
    /// How many entries.
    pub entries: u64,
    /// How many of them promise words, which a mirror does not have.
    pub with_words: u64,
}

/// Whether a place is a mirror rather than a copy of a store: a server, or a folder with a checkpoint and tiles.
pub fn is_mirror(place: &Path) -> bool {
    let text = place.to_string_lossy();
    text.starts_with("http://") || text.starts_with("https://") || place.join("checkpoint").is_file()
}

/// Writes every entry of a mirror into the store at `to`, which is empty, and then the checkpoint that covers them.
///
/// # Errors
///
/// The mirror cannot be read, does not fit its checkpoint, or that is not signed by this ledger (exit 4); the store is
/// not empty or cannot be written.
pub fn give_back(place: &Path, origin: &str, vkey: &VerifierKey, to: &Path) -> Result<Given> {
    let source = Source::open(&place.to_string_lossy())?;
    let note = source.checkpoint()?;
    let (signed, _) = Checkpoint::verify(&note, origin, vkey)
        .map_err(|error| Fault::unverified(format!("the mirror has no checkpoint of this ledger: {error}")))?;
    let store = Embedded::open(to, &folder::options())?;
    if store.size() > 0 {
        bail!("the store has {} entries already; restore into an empty folder", store.size());
    }
    let mut frontier = Frontier::new();
    let mut with_words = 0;
    for path in tile::entry_tiles(signed.size) {
        let TilePath::Entries { n, width } = path else { continue };
        let mut group = Vec::with_capacity(usize::from(width));
        for bytes in source.bundle(n, width)? {
            frontier.push(leaf_hash(&bytes));
            with_words += u64::from(folder::promises_words(&bytes));
            let keys = folder::keys_of(&bytes);
            group.push(NewEntry { bytes: Arc::from(bytes), words: Vec::new(), keys });
        }
        // Nothing is signed for until the root is compared, so a store that breaks off here is only unfinished.
        store.append(n * u64::from(TILE_WIDTH), &group)?;
    }
    if frontier.root() != signed.root {
        return Err(Fault::unverified(format!(
            "the mirror's entries do not come to the root that was signed over {} of them; use another mirror, and \
             remove the store that was begun in {}",
            signed.size,
            to.display()
        )));
    }
    if let Swap::Lost(_) = store.locks().swap(None, signed.size, note.as_bytes())? {
        bail!("the store has a signed checkpoint already; restore into an empty folder");
    }
    Ok(Given { entries: signed.size, with_words })
}
