//! What a mirror gives back: everything, into an empty store, or the records that are damaged in one that is not.
//!
//! A mirror keeps what is public, so the words of events are not in it; they come from a copy of the store
//! (`counterpart repair`), or from the parties, who hold them. Nothing that a mirror says is believed unless it fits
//! what this ledger's own keys have signed.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use counterpart_core::replay::{self, Replay};
use counterpart_core::state::State;
use counterpart_core::storage::{LockStore as _, NewEntry, Store as _, StoreError, Swap};
use counterpart_mirror::Source;
use counterpart_store::embedded::Embedded;
use counterpart_store::embedded::care::{self, Repaired};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::Note;
use counterpart_tlog::tile::{self, TILE_WIDTH, TilePath};
use counterpart_tlog::{Frontier, Tree, leaf_hash};

use crate::ending::Fault;
use crate::folder::{self, Folder, Identity};

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

/// Writes every entry of a mirror into the store at `to`, which is empty, and then the checkpoint that covers them. Its
/// signature is that of a key which the entries themselves, from the genesis on, say to be the log's.
///
/// # Errors
///
/// The mirror cannot be read, does not fit its checkpoint, or that is not signed by this ledger (exit 4); the store is
/// not empty or cannot be written.
pub fn give_back(place: &Path, identity: &Identity, to: &Path) -> Result<Given> {
    let source = Source::open(&place.to_string_lossy())?;
    let note = source.checkpoint()?;
    let (claimed, _) = Checkpoint::parse(note.as_bytes())
        .map_err(|error| Fault::unverified(format!("the mirror has no checkpoint: {error}")))?;
    let store = Embedded::open(to, &folder::options())?;
    if store.size() > 0 {
        bail!("the store has {} entries already; restore into an empty folder", store.size());
    }
    let (mut frontier, mut replay) = (Frontier::new(), Replay::new());
    let (mut with_words, mut stopped) = (0, None);
    for path in tile::entry_tiles(claimed.size) {
        let TilePath::Entries { n, width } = path else { continue };
        let mut group = Vec::with_capacity(usize::from(width));
        for bytes in source.bundle(n, width)? {
            frontier.push(leaf_hash(&bytes));
            if stopped.is_none() {
                // Which keys the log has had is for its rules to say.
                stopped = match replay::read(&bytes) {
                    Ok(read) => replay.next(&read, false).err().map(|stopped| stopped.to_string()),
                    Err(stop) => Some(stop.to_string()),
                };
            }
            with_words += u64::from(folder::promises_words(&bytes));
            let keys = folder::keys_of(&bytes);
            group.push(NewEntry { bytes: Arc::from(bytes), words: Vec::new(), keys });
        }
        // Nothing is signed for until the root is compared, so a store that breaks off here is only unfinished.
        store.append(n * u64::from(TILE_WIDTH), &group)?;
    }
    let remove = format!("remove the store that was begun in {}", to.display());
    if frontier.root() != claimed.root {
        return Err(Fault::unverified(format!(
            "the mirror's entries do not come to the root that was signed over {} of them; use another mirror, and {remove}",
            claimed.size
        )));
    }
    if let Some(stopped) = stopped {
        return Err(Fault::unverified(format!("the mirror's entries are no ledger: {stopped}; {remove}")));
    }
    let keys = super::log_keys(identity, &replay.state)?;
    super::signed(note.as_bytes(), &identity.origin, &keys)
        .with_context(|| format!("the mirror has no checkpoint of this ledger; {remove}"))?;
    if let Swap::Lost(_) = store.locks().swap(None, claimed.size, note.as_bytes())? {
        bail!("the store has a signed checkpoint already; restore into an empty folder");
    }
    Ok(Given { entries: claimed.size, with_words })
}

/// Fills the gaps among the records of a store from a mirror, as far as a checkpoint of the store's own covers both. Where
/// the store's newest checkpoint is lost and the mirror's reaches at least as far, that one is taken, if this ledger has
/// signed it and the records come to it.
///
/// # Errors
///
/// The mirror cannot be read or shows another history than was signed here (exit 4); the store cannot be written.
pub fn mend(place: &Path, folder: &Folder, identity: &Identity) -> Result<Repaired> {
    let source = Source::open(&place.to_string_lossy())?;
    let note = source.checkpoint()?;
    let (theirs, _) = Checkpoint::parse(note.as_bytes())
        .map_err(|error| Fault::unverified(format!("the mirror has no checkpoint: {error}")))?;
    let tree = source.tree(theirs.size)?;
    let own = care::checkpoint_within(&folder.store(), theirs.size)?;
    let own = own.map(|own| Checkpoint::parse(&own).map(|(own, _)| own)).transpose();
    let own = own.map_err(|error| Fault::unverified(format!("a checkpoint of this store cannot be read: {error}")))?;
    if let Some(own) = own.as_ref().filter(|own| tree.root_at(own.size) != Some(own.root)) {
        return Err(another_history(own.size));
    }
    let given = lost(folder, &source, &note, &theirs, identity)?;
    if given.is_some() && tree.root() != theirs.root {
        return Err(another_history(theirs.size));
    }
    let Some(signed) = given.as_ref().map(|_| theirs.clone()).or(own) else {
        return Err(Fault::unverified(
            "no checkpoint of this store covers what the mirror has, so nothing of it can be compared; mend the \
             checkpoints from a copy first",
        ));
    };
    if given.is_some() {
        // Nothing of this store says so any more: every record that is whole must be the one that was signed for.
        let mut differs = false;
        care::records(&folder.store(), &mut |index, entry| {
            differs |= index < theirs.size && tree.leaf(index) != Some(leaf_hash(entry));
            Ok(())
        })?;
        if differs {
            return Err(another_history(theirs.size));
        }
    }
    let mut bundles = Bundles { source, size: theirs.size, tree, held: None, problem: None };
    let mended = care::repair_records(
        &folder.store(),
        signed.size,
        &mut |index| Ok(bundles.entry(index, signed.size)),
        &folder::options(),
    );
    if let Some(problem) = bundles.problem {
        return Err(problem);
    }
    let mut mended = mended?;
    if let Some(note) = given {
        let checkpoints = care::repair_checkpoints(&folder.store(), theirs.size, note.as_bytes(), &folder::options())?;
        mended.replaced.extend(checkpoints.replaced);
        mended.look = checkpoints.look;
    }
    Ok(mended)
}

fn another_history(size: u64) -> anyhow::Error {
    Fault::unverified(format!(
        "the mirror shows another history than was signed here over {size} entries; nothing was changed. Keep both: they \
         are evidence"
    ))
}

/// The mirror's checkpoint, with the signatures of this log alone, if checkpoints are lost here and it may stand for the
/// newest of them: this log signed it, and nothing here knows of a newer one.
fn lost(
    folder: &Folder,
    source: &Source,
    note: &str,
    theirs: &Checkpoint,
    identity: &Identity,
) -> Result<Option<String>> {
    let look = care::look(&folder.store(), &folder::options())?;
    let of_locks = |problem: &StoreError| matches!(problem, StoreError::Damaged { file, .. } | StoreError::Unsuitable { file, .. } if file.starts_with("lock"));
    if theirs.size < look.signed.max(look.noted) || !look.damage.iter().any(of_locks) {
        return Ok(None);
    }
    let first = super::log_keys(identity, &State::default())?;
    if super::signed(note.as_bytes(), &identity.origin, &first).is_err() {
        let keys = super::log_keys(identity, &decided(source, theirs.size)?)?;
        super::signed(note.as_bytes(), &identity.origin, &keys)?;
    }
    let whole = Note::parse(note)?;
    let own = whole.signatures().iter().filter(|line| line.name() == identity.origin).cloned().collect();
    Ok(Some(Note::new(whole.text(), own)?.to_string()))
}

/// What the entries of a mirror come to: which keys the log has had is for its rules to say.
fn decided(source: &Source, size: u64) -> Result<State> {
    let mut replay = Replay::new();
    for path in tile::entry_tiles(size) {
        let TilePath::Entries { n, width } = path else { continue };
        for bytes in source.bundle(n, width)? {
            let stopped = |why: String| Fault::unverified(format!("the mirror's entries are no ledger: {why}"));
            let read = replay::read(&bytes).map_err(|stop| stopped(stop.to_string()))?;
            replay.next(&read, false).map_err(|stop| stopped(stop.to_string()))?;
        }
    }
    Ok(replay.state)
}

/// Entries of a mirror, each compared with the tree whose root was.
struct Bundles {
    source: Source,
    size: u64,
    tree: Tree,
    /// The number of the bundle that is at hand, and its entries.
    held: Option<(u64, Vec<Vec<u8>>)>,
    problem: Option<anyhow::Error>,
}

impl Bundles {
    fn entry(&mut self, index: u64, signed: u64) -> Option<Vec<u8>> {
        if index >= signed || self.problem.is_some() {
            return None;
        }
        let width = u64::from(TILE_WIDTH);
        let (n, at) = (index / width, usize::try_from(index % width).ok()?);
        if self.held.as_ref().is_none_or(|(held, _)| *held != n) {
            let width = u16::try_from((self.size - n * width).min(width)).ok()?;
            match self.source.bundle(n, width) {
                Ok(entries) => self.held = Some((n, entries)),
                Err(error) => self.problem = Some(error.into()),
            }
        }
        let entry = self.held.as_ref().and_then(|(_, entries)| entries.get(at))?.clone();
        if self.tree.leaf(index) == Some(leaf_hash(&entry)) {
            return Some(entry);
        }
        let said = format!("the mirror's entry {index} is not the one that was signed for; use another mirror");
        self.problem = Some(Fault::unverified(said));
        None
    }
}
