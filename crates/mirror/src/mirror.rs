//! Following a log: everything is verified before it is kept, and nothing that was kept is given up for something else.

use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::{NOTE_LEN_MAX, Note};
use counterpart_tlog::policy::{Policy, Satisfied, UnmetPolicy};
use counterpart_tlog::tile::{self, TILE_WIDTH, TilePath};
use counterpart_tlog::{Hash, Tree, leaf_hash};

use crate::follow::{FollowError, KeyChanges, follow, in_force, proved};
use crate::fork::{self, Fork, History};
use crate::shelf::{Shelf, ShelfError};
use crate::source::{Source, SourceError};

/// Says which files of reference data an entry rests on. The mirror itself does not read entries.
pub type References = fn(&[u8]) -> Vec<Hash>;

/// A log that is followed, and the folder in which it is kept.
pub struct Mirror {
    source: Source,
    shelf: Shelf,
    policy: Policy,
    readers: Readers,
    known: Option<Known>,
    /// Reference data that the source did not give yet.
    missing: Vec<Hash>,
    /// Whether partial tiles that an interrupted pass has left were looked for.
    swept: bool,
}

/// What reads entries, where the mirror has to know what one says.
#[derive(Debug, Clone, Copy)]
pub struct Readers {
    /// Which files of reference data an entry rests on.
    pub references: References,
    /// Whether it changes the key of the log.
    pub key_changes: KeyChanges,
}

/// The last checkpoint that was kept.
struct Known {
    checkpoint: Checkpoint,
    note: String,
    /// The newest time of a cosignature on it.
    seen_at: u64,
    /// The tree, if the folder still has it as the checkpoint says.
    tree: Option<Tree>,
}

/// What one look at the source came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pass {
    /// There is nothing new.
    Unchanged,
    /// The same size, witnessed anew.
    Witnessed,
    /// The log has grown.
    Grown {
        /// From how many entries.
        from: u64,
        /// To how many.
        to: u64,
    },
}

/// A log cannot be mirrored.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// It cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It cannot be kept.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// The checkpoint is not one to be trusted.
    #[error("the checkpoint is not accepted: {0}; nothing was kept")]
    Untrusted(#[from] UnmetPolicy),
    /// The key of the log changed, and nothing leads to the new one.
    #[error("{0}; nothing was kept")]
    KeyChange(#[from] FollowError),
    /// The policy trusts several logs, and this is not the one that the folder keeps.
    #[error("the folder keeps `{kept}`, and this is `{shown}`; choose another folder for it")]
    OtherLog {
        /// Which log the folder keeps.
        kept: String,
        /// Which one was shown.
        shown: String,
    },
    /// The source shows less than it has shown before.
    #[error(
        "ROLLBACK: the log shows {shown} entries and has shown {known} before; it was rolled back, or an old \
         checkpoint is replayed. What is kept here stays as it is"
    )]
    Older {
        /// How many entries are kept.
        known: u64,
        /// How many are shown.
        shown: u64,
    },
    /// The source contradicts its own checkpoint.
    #[error("the log does not fit its own checkpoint of {size} entries: {what}; nothing was kept")]
    Damaged {
        /// The size of the checkpoint.
        size: u64,
        /// What does not fit.
        what: String,
    },
    /// Two histories.
    #[error(transparent)]
    Fork(Box<Fork>),
}

impl Mirror {
    /// A mirror of `source` in `shelf` that accepts what `policy` accepts, and what keys sign to which its log has handed
    /// over. It goes on from what the folder has.
    ///
    /// # Errors
    ///
    /// What the folder has was not signed as `policy` asks.
    pub fn open(source: Source, shelf: Shelf, mut policy: Policy, readers: Readers) -> Result<Self, MirrorError> {
        let own = Source::Folder(shelf.root().to_owned());
        let known = match own.checkpoint() {
            Err(SourceError::Missing(_)) => None,
            Err(error) => return Err(error.into()),
            Ok(note) => {
                policy = follow(policy, &own, &note, readers.key_changes)?;
                let Satisfied { checkpoint, witnesses, .. } = policy.verify(&note)?;
                let tree = own.tree(checkpoint.size).ok().filter(|tree| tree.root() == checkpoint.root);
                let seen_at = witnesses.iter().map(|witness| witness.timestamp).max().unwrap_or(0);
                Some(Known { checkpoint, note, seen_at, tree })
            }
        };
        Ok(Self { source, shelf, policy, readers, known, missing: Vec::new(), swept: false })
    }

    /// How many entries are kept and published.
    pub fn size(&self) -> u64 {
        self.known.as_ref().map_or(0, |known| known.checkpoint.size)
    }

    /// Reads the source with the token of a newer session from now on.
    pub fn read_with(&mut self, token: &str) {
        self.source = self.source.clone().with_token(Some(token));
    }

    /// Reference data that entries name and the source has not given.
    pub fn missing(&self) -> &[Hash] {
        &self.missing
    }

    /// Looks at the source once, at `now` (seconds since 1970), and takes in what is new. `progress` is told how many
    /// entries are kept so far and how many there will be.
    ///
    /// # Errors
    ///
    /// [`MirrorError`]; what was kept before stays as it was.
    pub fn pass(&mut self, now: u64, progress: &mut dyn FnMut(u64, u64)) -> Result<Pass, MirrorError> {
        let note = self.source.checkpoint()?;
        debug_assert!(note.len() <= NOTE_LEN_MAX, "the source reads no more");
        self.policy = follow(self.policy.clone(), &self.source, &note, self.readers.key_changes)?;
        let Satisfied { checkpoint, witnesses, .. } = self.policy.verify(&note)?;
        if let Some(list) = Source::Folder(self.shelf.root().to_owned()).key_changes()? {
            in_force(&list, &checkpoint, &note)?;
        }
        let seen_at = witnesses.iter().map(|witness| witness.timestamp).max().unwrap_or(0);
        let shown = Shown { checkpoint, note, seen_at };
        let mut from = None;
        if let Some(known) = &self.known {
            if known.checkpoint.origin != shown.checkpoint.origin {
                let (kept, shown) = (known.checkpoint.origin.clone(), shown.checkpoint.origin);
                return Err(MirrorError::OtherLog { kept, shown });
            }
            if (known.checkpoint.size, known.checkpoint.root) == (shown.checkpoint.size, shown.checkpoint.root)
                && known.tree.is_some()
            {
                return self.refresh(shown);
            }
            if shown.checkpoint.size < known.checkpoint.size {
                return Err(self.smaller(&shown, now)?);
            }
            from = Some(known.checkpoint.size);
        }
        let tree = self.grow_tree(&shown, now)?;
        self.take_in(&shown, &tree, progress)?;
        let to = shown.checkpoint.size;
        self.known =
            Some(Known { checkpoint: shown.checkpoint, note: shown.note, seen_at: shown.seen_at, tree: Some(tree) });
        Ok(if from == Some(to) { Pass::Witnessed } else { Pass::Grown { from: from.unwrap_or(0), to } })
    }

    /// The same checkpoint: kept again if somebody has witnessed it since.
    fn refresh(&mut self, shown: Shown) -> Result<Pass, MirrorError> {
        self.fetch_missing()?;
        if !std::mem::replace(&mut self.swept, true) {
            self.shelf.drop_partial_tiles(0, shown.checkpoint.size)?;
        }
        let Some(known) = self.known.as_mut().filter(|known| known.seen_at < shown.seen_at) else {
            return Ok(Pass::Unchanged);
        };
        self.shelf.publish(&shown.note)?;
        known.note = shown.note;
        known.seen_at = shown.seen_at;
        Ok(Pass::Witnessed)
    }

    /// A smaller checkpoint is either an older one of the same history, or a fork.
    fn smaller(&mut self, shown: &Shown, now: u64) -> Result<MirrorError, MirrorError> {
        let Some(known) = &self.known else { unreachable!("only what is known is larger") };
        let (was, size) = (known.checkpoint.size, shown.checkpoint.size);
        let at_size = known.tree.as_ref().and_then(|tree| tree.root_at(size));
        if at_size == Some(shown.checkpoint.root) || at_size.is_none() {
            return Ok(MirrorError::Older { known: was, shown: size });
        }
        let theirs = self.source.tree(size).ok().filter(|tree| tree.root() == shown.checkpoint.root);
        self.fork(shown, theirs.as_ref(), now)
    }

    /// The tree of the new checkpoint, which is shown to continue the known one.
    fn grow_tree(&mut self, shown: &Shown, now: u64) -> Result<Tree, MirrorError> {
        let (size, root) = (shown.checkpoint.size, shown.checkpoint.root);
        let old = self.known.as_ref().map_or(0, |known| known.checkpoint.size);
        let own = self.known.as_ref().and_then(|known| known.tree.clone()).unwrap_or_default();
        if let Some(tree) = self.extended(own, size)?.filter(|tree| tree.root() == root) {
            let continues = self.known.as_ref().is_none_or(|known| tree.root_at(old) == Some(known.checkpoint.root));
            return if continues { Ok(tree) } else { Err(self.fork(shown, Some(&tree), now)?) };
        }
        // Either the source's tiles are wrong, or they are right and tell another history.
        let theirs = self.source.tree(size)?;
        if theirs.root() != root {
            let same_size = self.known.as_ref().is_some_and(|known| known.checkpoint.size == size);
            if same_size {
                return Err(self.fork(shown, None, now)?);
            }
            return Err(MirrorError::Damaged { size, what: "its hash tiles lead to another root".to_owned() });
        }
        if counterpart_tlog::planted!("mirror_fork_unseen") {
            return Ok(theirs);
        }
        Err(self.fork(shown, Some(&theirs), now)?)
    }

    /// The known tree with the leaves that the source has behind it; nothing if they do not overlap as they should.
    fn extended(&self, mut tree: Tree, size: u64) -> Result<Option<Tree>, MirrorError> {
        for path in tile::new_entry_tiles(tree.size(), size) {
            let TilePath::Entries { n, width } = path else { continue };
            let first = n * u64::from(TILE_WIDTH);
            for (index, leaf) in (first..).zip(self.source.hash_tile(0, n, width)?) {
                match tree.leaf(index) {
                    Some(have) if have != leaf => return Ok(None),
                    Some(_) => {}
                    None => tree.push(leaf),
                }
            }
        }
        Ok(Some(tree))
    }

    fn fork(&mut self, shown: &Shown, theirs: Option<&Tree>, now: u64) -> Result<MirrorError, MirrorError> {
        let Some(known) = &self.known else { unreachable!("a fork contradicts something known") };
        let own = Source::Folder(self.shelf.root().to_owned());
        let ours =
            History { checkpoint: &known.checkpoint, note: &known.note, tree: known.tree.as_ref(), source: &own };
        let shown = History { checkpoint: &shown.checkpoint, note: &shown.note, tree: theirs, source: &self.source };
        Ok(MirrorError::Fork(Box::new(fork::keep(&mut self.shelf, &ours, &shown, now)?)))
    }

    /// Keeps everything that a verified tree covers, then publishes its checkpoint.
    fn take_in(&mut self, shown: &Shown, tree: &Tree, progress: &mut dyn FnMut(u64, u64)) -> Result<(), MirrorError> {
        let size = tree.size();
        if counterpart_tlog::planted!("mirror_checkpoint_first") {
            self.shelf.publish(&shown.note)?;
        }
        let whole = self.known.as_ref().is_some_and(|known| known.tree.is_some());
        let old = if whole { self.size() } else { 0 };
        let own = Source::Folder(self.shelf.root().to_owned());
        for path in tile::new_entry_tiles(old, size) {
            let TilePath::Entries { n, width } = path else { continue };
            let first = n * u64::from(TILE_WIDTH);
            let fits = |entries: &[Vec<u8>]| {
                counterpart_tlog::planted!("mirror_takes_any_entry")
                    || entries.len() == usize::from(width)
                        && (first..).zip(entries).all(|(index, entry)| tree.leaf(index) == Some(leaf_hash(entry)))
            };
            // What an interrupted pass has kept already need not be fetched again.
            let kept = own.bundle(n, width).ok().filter(|entries| fits(entries));
            let entries = match kept {
                Some(entries) => entries,
                None => self.source.bundle(n, width)?,
            };
            if !fits(&entries) {
                let wrong = (first..).zip(&entries).find(|(index, entry)| tree.leaf(*index) != Some(leaf_hash(entry)));
                let index = wrong.map_or(first, |(index, _)| index);
                let what = format!("entry {index} is not the one that its tree has");
                return Err(MirrorError::Damaged { size, what });
            }
            self.shelf.write_bundle(path, &entries)?;
            for entry in &entries {
                self.missing.extend((self.readers.references)(entry));
            }
            progress(first + u64::from(width), size);
        }
        self.shelf.write_hash_tiles(tree, old)?;
        self.fetch_missing()?;
        self.keep_handovers(&shown.checkpoint.origin, tree)?;
        let vkey = Checkpoint::parse(&shown.note).ok().and_then(|(_, note)| signing_key(&self.policy, &note));
        if let Some(vkey) = vkey {
            self.shelf.write("vkey", format!("{vkey}\n").as_bytes())?;
        }
        self.shelf.publish(&shown.note)?;
        let from = if std::mem::replace(&mut self.swept, true) { old } else { 0 };
        self.shelf.drop_partial_tiles(from, size)?;
        Ok(())
    }

    /// Keeps the checkpoints under which one key of the log handed over to the next, so that whoever pinned an older one
    /// can follow here as well.
    fn keep_handovers(&mut self, origin: &str, tree: &Tree) -> Result<(), MirrorError> {
        let Some(list) = self.source.key_changes()? else { return Ok(()) };
        self.policy = proved(self.policy.clone(), &list, (&self.source, tree), origin, self.readers.key_changes)?;
        let lines = String::from_utf8_lossy(&list).into_owned();
        let first_sizes = lines.lines().filter_map(|line| line.split(' ').next()?.parse().ok());
        for size in first_sizes.filter(|size: &u64| *size <= tree.size()) {
            let Some(note) = self.source.handover(size)? else { continue };
            let parsed = Checkpoint::parse(&note).ok().map(|(checkpoint, _)| (checkpoint.size, Some(checkpoint.root)));
            if parsed != Some((size, tree.root_at(size))) {
                let what = format!("`keys/{size}` is not a checkpoint of its history");
                return Err(MirrorError::Damaged { size: tree.size(), what });
            }
            self.shelf.write(&format!("keys/{size}"), &note)?;
        }
        Ok(self.shelf.write("keys/list", &list)?)
    }

    /// Fetches reference data that is not kept yet. What the source does not have is asked for again next time.
    fn fetch_missing(&mut self) -> Result<(), MirrorError> {
        let mut wanted = std::mem::take(&mut self.missing);
        wanted.sort();
        wanted.dedup();
        let own = Source::Folder(self.shelf.root().to_owned());
        for name in wanted {
            if own.data(&name).is_ok() {
                continue;
            }
            match self.source.data(&name) {
                Ok(bytes) => self.shelf.write(&format!("data/{}", name.to_hex()), &bytes)?,
                Err(SourceError::Missing(_) | SourceError::OtherData(_)) => self.missing.push(name),
                Err(error) => {
                    self.missing.push(name);
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }
}

/// A checkpoint that the source shows and the policy accepts.
struct Shown {
    checkpoint: Checkpoint,
    note: String,
    seen_at: u64,
}

/// The newest key of the policy that signed a note.
fn signing_key(policy: &Policy, note: &Note) -> Option<String> {
    let keys: Vec<_> = policy.logs().iter().map(|log| &log.key).collect();
    let verified = note.verify(&keys).ok()?;
    let place = verified.iter().map(|found| found.verifier).max()?;
    keys.get(place).map(ToString::to_string)
}
