//! A disk that fails on purpose below the embedded store: power cuts, errors and full disks, from a seed.
//!
//! It counts every call that changes the disk. At the chosen one the power goes, or the call fails. What a power cut
//! leaves of writes that were not synced is a random choice of their sectors of 512 bytes; of names that were not
//! synced it is a random number of the first of them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::embedded::{Fault, Hook, Op};

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// What befalls the chosen call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// Nothing at all: for counting.
    None,
    /// The power goes: the call is done or not, and no later one is.
    Cut,
    /// The call fails so, once.
    Once(Fault),
    /// The call and every later one fail so.
    Forever(Fault),
}

/// The hook to give to the store.
#[derive(Debug)]
pub struct FaultyDisk {
    call: u64,
    blow: Blow,
    /// The first read that fails, counted from 1, and how many do from there on.
    unreadable: Option<(u64, u64)>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    made: u64,
    /// Reads that were asked for.
    read: u64,
    /// The first of them that failed.
    unread: Option<String>,
    struck: Option<String>,
    dead: bool,
    /// For each file, what unsynced writes replaced, the oldest first. In order, so that a seed tells the same story
    /// again.
    writes: BTreeMap<PathBuf, Vec<Replaced>>,
    /// Unsynced changes of names, the oldest first.
    names: Vec<Named>,
}

#[derive(Debug)]
struct Replaced {
    offset: u64,
    old: Vec<u8>,
    length: u64,
}

#[derive(Debug)]
struct Named {
    op: Op,
    from: PathBuf,
    to: PathBuf,
    /// What stood at `to` before.
    before: Option<Vec<u8>>,
}

impl FaultyDisk {
    /// The `call`-th call is struck, counted from 1.
    pub fn new(call: u64, blow: Blow) -> Self {
        Self { call, blow, unreadable: None, state: Mutex::default() }
    }

    /// Nothing befalls what changes the disk, but `count` reads fail, the `read`-th, counted from 1, first.
    pub fn unreadable(read: u64, count: u64) -> Self {
        Self { unreadable: Some((read, count)), ..Self::new(u64::MAX, Blow::None) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many calls were made.
    pub fn made(&self) -> u64 {
        self.state().made
    }

    /// How many reads were asked for.
    pub fn read(&self) -> u64 {
        self.state().read
    }

    /// The file of the first read that failed, once one did.
    pub fn unread(&self) -> Option<String> {
        self.state().unread.clone()
    }

    /// Which call was struck, once it was.
    pub fn struck(&self) -> Option<String> {
        self.state().struck.clone()
    }

    /// Takes everything that was written for durable, as after `sync`. The store must be closed.
    pub fn settle(&self) {
        let mut state = self.state();
        state.writes.clear();
        state.names.clear();
    }

    /// Leaves of the disk what the power cut left, chosen by the seed. The store must be closed.
    ///
    /// # Errors
    ///
    /// Those of the real disk.
    pub fn lose_power(&self, seed: u64) -> io::Result<()> {
        let mut chance = Chance(seed);
        let mut state = self.state();
        for (path, writes) in std::mem::take(&mut state.writes) {
            let Ok(file) = fs::OpenOptions::new().write(true).read(true).open(&path) else { continue };
            let shortest = writes.iter().map(|write| write.length).min().unwrap_or(0);
            for write in writes.iter().rev() {
                for (number, sector) in write.old.chunks(SECTOR).enumerate() {
                    if chance.below(2) == 0 {
                        use std::os::unix::fs::FileExt;
                        file.write_all_at(sector, write.offset + (number * SECTOR) as u64)?;
                    }
                }
            }
            if file.metadata()?.len() > shortest && chance.below(2) == 0 {
                file.set_len(shortest)?;
            }
        }
        let names = std::mem::take(&mut state.names);
        let kept = usize::try_from(chance.below(names.len() as u64 + 1)).unwrap_or(0);
        for change in names.into_iter().skip(kept).rev() {
            change.undo()?;
        }
        Ok(())
    }
}

impl Named {
    fn undo(self) -> io::Result<()> {
        if self.op == Op::Rename {
            fs::rename(&self.to, &self.from)?;
        } else if self.op == Op::Create {
            if self.to.is_dir() {
                return fs::remove_dir_all(&self.to);
            }
            fs::remove_file(&self.to)?;
        }
        match self.before {
            Some(bytes) => fs::write(&self.to, bytes),
            None => Ok(()),
        }
    }
}

impl Hook for FaultyDisk {
    fn fault(&self, op: Op, file: &str) -> Fault {
        let mut state = self.state();
        if state.dead {
            return Fault::Before(io::ErrorKind::Other);
        }
        state.made += 1;
        if state.made < self.call || (state.struck.is_some() && !matches!(self.blow, Blow::Forever(_))) {
            return Fault::None;
        }
        if self.blow != Blow::None {
            state.struck.get_or_insert_with(|| format!("{op:?} {file}"));
        }
        match self.blow {
            Blow::None => Fault::None,
            Blow::Once(fault) | Blow::Forever(fault) => fault,
            Blow::Cut => {
                state.dead = true;
                if matches!(op, Op::Sync | Op::SyncDirectory) {
                    Fault::Before(io::ErrorKind::Other)
                } else {
                    Fault::None
                }
            }
        }
    }

    fn reading(&self, file: &str) -> Option<io::ErrorKind> {
        let mut state = self.state();
        state.read += 1;
        let (first, count) = self.unreadable?;
        let fails = state.read >= first && state.read - first < count;
        if fails {
            state.unread.get_or_insert_with(|| file.to_owned());
        }
        fails.then_some(io::ErrorKind::Other)
    }

    fn replaces(&self, path: &Path, offset: u64, old: &[u8]) {
        let length = fs::metadata(path).map_or(0, |about| about.len());
        let replaced = Replaced { offset, old: old.to_vec(), length };
        self.state().writes.entry(path.to_owned()).or_default().push(replaced);
    }

    fn synced(&self, path: &Path) {
        self.state().writes.remove(path);
    }

    fn plays_syncs(&self) -> bool {
        true
    }

    fn names(&self, op: Op, from: &Path, to: &Path) {
        let mut state = self.state();
        if op == Op::Rename
            && let Some(writes) = state.writes.remove(from)
        {
            state.writes.insert(to.to_owned(), writes);
        }
        let before = fs::read(to).ok();
        state.names.push(Named { op, from: from.to_owned(), to: to.to_owned(), before });
    }

    fn synced_directory(&self, path: &Path) {
        self.state().names.retain(|change| change.to.parent() != Some(path));
    }
}

/// Numbers from a seed, the same on every machine.
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// The next number, below `limit`; 0 for a limit of 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit.max(1)
    }
}
