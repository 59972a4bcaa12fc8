//! Two mirrors of the published log, one that asks for the quorum and one that trusts the log's key alone, and whoever
//! stands between them and the log.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use counterpart_mirror::{Mirror, MirrorError, Pass, Readers, Shelf, ShelfError, Source};
use counterpart_store::Store;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::{Note, VerifierKey};
use counterpart_tlog::policy::Policy;
use counterpart_tlog::tile::{TILE_WIDTH, TilePath, entry_tiles};
use counterpart_tlog::{Tree, leaf_hash};

/// Simulated entries rest on no files, and the log keeps its key.
const READERS: Readers = Readers { references: |_| Vec::new(), key_changes: |_| None };

/// The published folder, what lies between, and both mirrors.
pub struct Mirrors {
    published: PathBuf,
    meddled: PathBuf,
    shelf: Shelf,
    size: u64,
    kept: [(PathBuf, Policy, u64); 2],
    /// An older published state, to be shown again.
    older: Option<Vec<u8>>,
}

/// What somebody between does to what is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meddling {
    /// A byte of an entry is another.
    Entry,
    /// The bundle of entries is not there.
    Missing,
    /// An older checkpoint is shown.
    Older,
    /// Another history is shown, signed by the log.
    Fork,
}

impl Mirrors {
    /// Folders below `place` for a log that these witnesses see.
    ///
    /// # Errors
    ///
    /// The disk says no.
    pub fn new(place: &Path, policy: &Policy, log: VerifierKey) -> Result<Self> {
        let published = place.join("published");
        let shelf = Shelf::open(&published)?;
        let kept = [
            (place.join("mirror-of-quorum"), policy.clone(), 0),
            (place.join("mirror-of-log"), Policy::of_log(log), 0),
        ];
        Ok(Self { published, meddled: place.join("meddled"), shelf, size: 0, kept, older: None })
    }

    /// How many entries each keeps.
    pub fn sizes(&self) -> [u64; 2] {
        [&self.kept[0], &self.kept[1]].map(|(_, _, size)| *size)
    }

    /// The log publishes what is witnessed.
    ///
    /// # Errors
    ///
    /// The disk says no.
    pub fn publish(&mut self, tree: &Tree, note: &str, store: &dyn Store) -> Result<()> {
        if tree.size() < self.size {
            return Ok(());
        }
        self.older = fs::read(self.published.join("checkpoint")).ok();
        let bundle = |n: u64, width: u16| -> Result<Vec<Vec<u8>>, Unpublished> {
            let first = n * u64::from(TILE_WIDTH);
            (first..first + u64::from(width))
                .map(|index| store.entry(index).ok().flatten().ok_or(Unpublished::NoEntry))
                .collect()
        };
        match self.shelf.publish_log(tree, self.size, note, bundle) {
            Ok(()) => self.size = tree.size(),
            // The store may be poisoned meanwhile: the older state stands.
            Err(Unpublished::NoEntry) => {}
            Err(Unpublished::Shelf(error)) => return Err(error.into()),
        }
        Ok(())
    }

    /// Both look once, at `now`; somebody may meddle by `how`.
    ///
    /// # Errors
    ///
    /// A mirror keeps something that is not the log, or gives up what it had.
    pub fn pass(&mut self, now: u64, how: Option<u64>, fork: &(Tree, Note), truth: &Tree) -> Result<String> {
        if self.size == 0 {
            return Ok("finds nothing".into());
        }
        let meddling = how.map(|how| match how % 4 {
            0 => Meddling::Entry,
            1 => Meddling::Missing,
            2 => Meddling::Older,
            _ => Meddling::Fork,
        });
        let source = match meddling {
            None => self.published.clone(),
            Some(meddling) => {
                self.meddle(meddling, how.unwrap_or(0) >> 8, fork)?;
                self.meddled.clone()
            }
        };
        let mut told = String::new();
        for (folder, policy, size) in &mut self.kept {
            let held = Shelf::open(folder)?;
            // Whoever has seen nothing yet cannot tell one history from another.
            let blank = *size == 0 && meddling == Some(Meddling::Fork);
            let meddling = meddling.filter(|_| !blank);
            let from = Source::Folder(if blank { self.published.clone() } else { source.clone() });
            let mut mirror =
                Mirror::open(from, held, policy.clone(), READERS).context("VIOLATION mirror: it does not open")?;
            ensure!(
                mirror.size() == *size,
                "VIOLATION mirror: it kept {size} entries and opens with {}",
                mirror.size()
            );
            let passed = mirror.pass(now, &mut |_, _| {});
            told.push_str(came_to(&passed, meddling)?);
            told.push(' ');
            drop(mirror);
            let kept = judge(folder, truth)?;
            ensure!(kept >= *size, "VIOLATION mirror: from {size} entries it went back to {kept}");
            *size = kept;
        }
        Ok(told)
    }

    fn meddle(&self, meddling: Meddling, how: u64, fork: &(Tree, Note)) -> Result<()> {
        if self.meddled.exists() {
            fs::remove_dir_all(&self.meddled)?;
        }
        super::operator::copied(&self.published, &self.meddled)?;
        fs::remove_file(self.meddled.join("mirror.lock"))?;
        match meddling {
            Meddling::Entry | Meddling::Missing => {
                let path = entry_tiles(self.size).last().context("a bundle")?;
                let file = self.meddled.join(path.to_string());
                let mut bytes = fs::read(&file)?;
                if meddling == Meddling::Missing {
                    fs::remove_file(&file)?;
                    return Ok(());
                }
                let place = 2 + usize::try_from(how)? % bytes.len().saturating_sub(2).max(1);
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= 1;
                }
                fs::write(&file, bytes)?;
            }
            Meddling::Older => {
                if let Some(older) = &self.older {
                    fs::write(self.meddled.join("checkpoint"), older)?;
                }
            }
            Meddling::Fork => {
                let (tree, note) = fork;
                fs::remove_dir_all(self.meddled.join("tile"))?;
                let mut forked = Shelf::open(&self.meddled)?;
                let entries = |n: u64, width: u16| -> Result<Vec<Vec<u8>>, ShelfError> {
                    let first = n * u64::from(TILE_WIDTH);
                    Ok((first..first + u64::from(width)).map(|i| format!("another entry {i}").into_bytes()).collect())
                };
                forked.publish_log(tree, 0, &note.to_string(), entries)?;
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
enum Unpublished {
    NoEntry,
    Shelf(ShelfError),
}

impl From<ShelfError> for Unpublished {
    fn from(error: ShelfError) -> Self {
        Self::Shelf(error)
    }
}

/// What a look came to, which without meddling is never a complaint.
fn came_to(passed: &Result<Pass, MirrorError>, meddling: Option<Meddling>) -> Result<&'static str> {
    Ok(match passed {
        Ok(Pass::Unchanged) => "unchanged",
        Ok(Pass::Witnessed) => "witnessed",
        Ok(Pass::Grown { .. }) => "grown",
        Err(error) if meddling.is_none() => bail!("VIOLATION mirror: it complains of an honest log: {error}"),
        Err(MirrorError::Older { .. }) => "older",
        Err(MirrorError::Damaged { .. }) => "damaged",
        Err(MirrorError::Untrusted(_)) => "untrusted",
        Err(MirrorError::Fork(_)) => "fork",
        Err(_) => "unreadable",
    })
}

/// Whether a folder holds what its checkpoint says, and that is a prefix of the log; gives its size.
fn judge(folder: &Path, truth: &Tree) -> Result<u64> {
    let Ok(note) = fs::read(folder.join("checkpoint")) else { return Ok(0) };
    let (checkpoint, _) = Checkpoint::parse(&note).context("VIOLATION mirror: its checkpoint is none")?;
    let size = checkpoint.size;
    ensure!(
        truth.root_at(size) == Some(checkpoint.root),
        "VIOLATION mirror: it keeps another history of {size} entries"
    );
    let source = Source::Folder(folder.to_owned());
    let tree = source.tree(size).context("VIOLATION mirror: its hash tiles are not there")?;
    ensure!(tree.root() == checkpoint.root, "VIOLATION mirror: its hash tiles lead to another root");
    for path in entry_tiles(size) {
        let TilePath::Entries { n, width } = path else { continue };
        let entries = source.bundle(n, width).context("VIOLATION mirror: its entries are not there")?;
        for (index, entry) in (n * u64::from(TILE_WIDTH)..).zip(entries) {
            ensure!(truth.leaf(index) == Some(leaf_hash(&entry)), "VIOLATION mirror: its entry {index} is another");
        }
    }
    Ok(size)
}
