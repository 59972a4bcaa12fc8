//! The disk of the simulated server: the embedded store's own file calls, each of which may fail.
//!
//! What was written and not synced is remembered by [`FaultyDisk`], across starts of the server, until it is synced or
//! the power goes. A sync that failed never makes anything durable again: the system has forgotten those pages.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use counterpart_store::embedded::{Fault, Hook, Op};
use counterpart_store::faulty::{Blow, Chance, FaultyDisk};

use super::weather::{Tally, Weather};

/// How the process ended that used the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was killed; the system writes on what it had.
    Killed,
    /// The power went.
    PowerCut,
}

/// The disk below one store.
pub struct SimDisk {
    under: FaultyDisk,
    root: PathBuf,
    mood: Mutex<Mood>,
}

struct Mood {
    chance: Chance,
    weather: Weather,
    calm: bool,
    end: Option<End>,
    /// Files of which a sync failed.
    stuck: BTreeSet<PathBuf>,
    tally: Tally,
}

impl SimDisk {
    /// A disk for a store in `root`. Nothing fails before [`SimDisk::calm`] is told `false`.
    pub fn new(root: &Path, chance: Chance, weather: Weather) -> Self {
        let mood = Mood { chance, weather, calm: true, end: None, stuck: BTreeSet::new(), tally: Tally::default() };
        Self { under: FaultyDisk::new(u64::MAX, Blow::None), root: root.to_owned(), mood: Mutex::new(mood) }
    }

    fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing fails.
    pub fn calm(&self, calm: bool) {
        self.mood().calm = calm;
    }

    /// How the process was ended, if it was.
    pub fn end(&self) -> Option<End> {
        self.mood().end
    }

    /// The process ends here.
    pub fn strike(&self, end: End) {
        self.mood().end = Some(end);
    }

    /// What struck so far.
    pub fn tally(&self) -> Tally {
        self.mood().tally.clone()
    }

    /// What the next process finds. The store must be closed. A machine whose disk failed is started anew.
    ///
    /// # Errors
    ///
    /// Those of the real disk.
    pub fn next_process(&self) -> io::Result<()> {
        let (power, seed) = {
            let mut mood = self.mood();
            let power = mood.end == Some(End::PowerCut) || !mood.stuck.is_empty();
            mood.end = None;
            mood.stuck.clear();
            (power, mood.chance.draw())
        };
        if power { self.under.lose_power(seed) } else { Ok(()) }
    }

    /// Everything is durable: before an operator copies files.
    pub fn settle(&self) {
        self.under.settle();
    }
}

impl Mood {
    fn fault(&mut self, op: Op, file: &str) -> Fault {
        let (roll, how) = (self.chance.below(10_000), self.chance.below(3));
        let Weather { kill, power, error, full, flip, .. } = self.weather;
        let mut behind = 0;
        let mut within = |rate: u64| {
            let from = behind;
            behind += rate;
            (from..behind).contains(&roll)
        };
        if within(kill) {
            return self.ends(End::Killed, "kills", op, how);
        }
        if within(power) {
            return self.ends(End::PowerCut, "power cuts", op, how);
        }
        if within(error) {
            self.tally.add("failed calls");
            return match how {
                0 => Fault::Before(ErrorKind::Other),
                1 => Fault::Half(ErrorKind::Other),
                _ => Fault::After(ErrorKind::Other),
            };
        }
        if within(full) && matches!(op, Op::Create | Op::Write) {
            self.tally.add("calls on a full disk");
            return if how == 0 { Fault::Half(ErrorKind::StorageFull) } else { Fault::Before(ErrorKind::StorageFull) };
        }
        if within(flip) && op == Op::Write && file.starts_with("records/") && !file.contains(".new") {
            self.tally.add("flipped bits");
            return Fault::Flip;
        }
        Fault::None
    }

    /// The call is done, half done or not done, and no later one is.
    fn ends(&mut self, end: End, name: &'static str, op: Op, how: u64) -> Fault {
        self.end = Some(end);
        self.tally.add(name);
        match how {
            0 if !matches!(op, Op::Sync | Op::SyncDirectory) => Fault::After(ErrorKind::Other),
            1 => Fault::Half(ErrorKind::Other),
            _ => Fault::Before(ErrorKind::Other),
        }
    }
}

impl Hook for SimDisk {
    fn fault(&self, op: Op, file: &str) -> Fault {
        let mut mood = self.mood();
        if mood.end.is_some() {
            return Fault::Before(ErrorKind::Other);
        }
        if mood.calm {
            return Fault::None;
        }
        let fault = mood.fault(op, file);
        if mood.end.is_none() && op == Op::Sync && matches!(fault, Fault::Before(_) | Fault::Half(_)) {
            let path = self.root.join(file);
            mood.stuck.insert(path);
        }
        fault
    }

    fn replaces(&self, path: &Path, offset: u64, old: &[u8]) {
        self.under.replaces(path, offset, old);
    }

    fn synced(&self, path: &Path) {
        if !self.mood().stuck.contains(path) {
            self.under.synced(path);
        }
    }

    fn plays_syncs(&self) -> bool {
        true
    }

    fn names(&self, op: Op, from: &Path, to: &Path) {
        self.under.names(op, from, to);
    }

    fn synced_directory(&self, path: &Path) {
        self.under.synced_directory(path);
    }
}
