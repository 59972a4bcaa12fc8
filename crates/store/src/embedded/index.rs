//! Where everything is found: the shelf below, what is on its way there, and what is newer.
//!
//! It is made from the files alone and never the reason to lose a record. The way of an acknowledgement ends in memory;
//! the shelf follows behind it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::disk::held;
use super::frame::Place;
use super::recent::{Chain, Recent};
use super::shelf::{Problem, Shelf};

/// The index of one store.
pub(super) struct Index {
    held: RwLock<Held>,
    shelving: Mutex<()>,
    /// Whether it is known what lies below.
    settled: Mutex<bool>,
    rung: Condvar,
    /// Somebody waits for it.
    wanted: AtomicBool,
}

struct Held {
    lower: Lower,
    /// On its way to the shelf.
    moving: Option<Arc<Recent>>,
    fresh: Recent,
}

/// What is found below the newest entries.
enum Lower {
    /// The shelf is being opened: whoever needs it waits, whoever does not goes on.
    Opening,
    Shelf(Arc<Shelf>),
    /// The shelf could not be used: everything is in memory.
    Memory(Arc<Recent>),
}

impl Index {
    /// An index that goes on in `fresh` where the shelf ends.
    pub(super) fn over_shelf(sled: Shelf, fresh: Recent) -> Self {
        Self::new(Lower::Shelf(Arc::new(sled)), fresh)
    }

    /// An index in memory alone.
    pub(super) fn in_memory(all: Recent) -> Self {
        let nothing = Recent::behind(Chain::default(), Chain::default());
        Self::new(Lower::Memory(Arc::new(nothing)), all)
    }

    fn new(lower: Lower, fresh: Recent) -> Self {
        let settled = Mutex::new(!matches!(lower, Lower::Opening));
        let held = RwLock::new(Held { lower, moving: None, fresh });
        Self { held, shelving: Mutex::new(()), settled, rung: Condvar::new(), wanted: AtomicBool::new(false) }
    }

    /// An index whose shelf is opened behind the start: see [`Index::settle`].
    pub(super) fn opening(fresh: Recent) -> Self {
        Self::new(Lower::Opening, fresh)
    }

    /// Says what lies below: a shelf, or everything in memory.
    pub(super) fn settle(&self, lower: Result<Shelf, Recent>) {
        self.write().lower = match lower {
            Ok(sled) => Lower::Shelf(Arc::new(sled)),
            Err(all) => Lower::Memory(Arc::new(all)),
        };
        *held(&self.settled) = true;
        self.rung.notify_all();
    }

    /// Waits until it is known what lies below.
    pub(super) fn wait(&self) {
        self.wanted.store(true, Ordering::SeqCst);
        let settled = held(&self.settled);
        drop(self.rung.wait_while(settled, |settled| !*settled).unwrap_or_else(PoisonError::into_inner));
    }

    /// Whether somebody waits, or has.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::SeqCst)
    }

    fn read(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is new goes in here. Readers wait meanwhile.
    pub(super) fn add(&self, add: impl FnOnce(&mut Recent)) {
        add(&mut self.write().fresh);
    }

    fn write(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many entries there are.
    pub(super) fn size(&self) -> u64 {
        self.read().fresh.size()
    }

    /// Over every entry, and over every checkpoint.
    pub(super) fn chains(&self) -> (Chain, Chain) {
        let held = self.read();
        (held.fresh.chain, held.fresh.signed)
    }

    /// Whether an entry's place cannot be told before the shelf is open.
    pub(super) fn is_opening(&self, index: u64) -> bool {
        let held = self.read();
        matches!(held.lower, Lower::Opening) && index < held.fresh.first
    }

    /// Where an entry lies. The frame there decides whether that is true.
    pub(super) fn place(&self, index: u64) -> Result<Option<Place>, Problem> {
        self.look(|recent| recent.place(index), |sled| sled.place(index))
    }

    /// Where the newest checkpoint of exactly this size lies.
    pub(super) fn checkpoint(&self, size: u64) -> Result<Option<Place>, Problem> {
        self.look(|recent| recent.checkpoint(size), |sled| sled.checkpoint(size))
    }

    fn look<T>(
        &self,
        recent: impl Fn(&Recent) -> Option<T>,
        sled: impl FnOnce(&Shelf) -> Result<Option<T>, Problem>,
    ) -> Result<Option<T>, Problem> {
        let mut held = self.read();
        if matches!(held.lower, Lower::Opening) && recent(&held.fresh).is_none() {
            drop(held);
            self.wait();
            held = self.read();
        }
        let new = recent(&held.fresh).or_else(|| held.moving.as_deref().and_then(&recent));
        if new.is_some() {
            return Ok(new);
        }
        match &held.lower {
            Lower::Shelf(lower) => {
                let lower = lower.clone();
                drop(held);
                sled(&lower)
            }
            Lower::Memory(all) => Ok(recent(all)),
            Lower::Opening => Err("it is not open yet".to_owned()),
        }
    }

    /// The entries under a key from `from` on, at most `limit`.
    pub(super) fn find(&self, key: &[u8], from: u64, limit: usize) -> Result<Vec<u64>, Problem> {
        self.wait();
        let held = self.read();
        let mut newer = Vec::new();
        for recent in [held.moving.as_deref(), Some(&held.fresh)].into_iter().flatten() {
            newer.extend(recent.find(key, from, limit - newer.len().min(limit)));
        }
        let sled = match &held.lower {
            Lower::Shelf(sled) => sled.clone(),
            Lower::Memory(all) => {
                let mut found = all.find(key, from, limit);
                found.extend(newer);
                found.truncate(limit);
                return Ok(found);
            }
            Lower::Opening => return Err("it is not open yet".to_owned()),
        };
        // What is moving may stand on the shelf already.
        let first = held.moving.as_deref().map_or(held.fresh.first, |moving| moving.first);
        drop(held);
        let mut found = sled.find(key, from, limit)?;
        found.retain(|index| *index < first);
        found.extend(newer);
        found.truncate(limit);
        Ok(found)
    }

    /// How much waits for the shelf, in entries and checkpoints.
    pub(super) fn waiting(&self) -> u64 {
        let held = self.read();
        match held.lower {
            Lower::Shelf(_) => (held.fresh.size() - held.fresh.first) + held.fresh.checkpoints().len() as u64,
            Lower::Memory(_) | Lower::Opening => 0,
        }
    }

    /// Moves what is new to the shelf, durably.
    ///
    /// # Errors
    ///
    /// The shelf is of no more use: see [`Index::forget_shelf`].
    pub(super) fn shelve(&self) -> Result<(), Problem> {
        let _one = self.shelving();
        let (sled, moving) = {
            let mut held = self.write();
            let Lower::Shelf(sled) = &held.lower else { return Ok(()) };
            let sled = sled.clone();
            if held.moving.is_none() {
                if held.fresh.is_empty() {
                    return Ok(());
                }
                let next = Recent::behind(held.fresh.chain, held.fresh.signed);
                held.moving = Some(Arc::new(std::mem::replace(&mut held.fresh, next)));
            }
            let Some(moving) = held.moving.clone() else { return Ok(()) };
            (sled, moving)
        };
        sled.put(&moving)?;
        self.write().moving = None;
        Ok(())
    }

    /// Keeps anything else from moving.
    pub(super) fn shelving(&self) -> MutexGuard<'_, ()> {
        held(&self.shelving)
    }

    /// Whether there is a shelf.
    pub(super) fn has_shelf(&self) -> bool {
        matches!(self.read().lower, Lower::Shelf(_))
    }

    /// How many entries and checkpoints stand below what is new.
    pub(super) fn below(&self) -> (u64, u64) {
        let held = self.read();
        (held.fresh.first, held.fresh.signed.count - held.fresh.checkpoints().len() as u64)
    }

    /// Puts `all`, which holds everything that [`Index::below`] names, in the place of the shelf.
    pub(super) fn forget_shelf(&self, all: Recent) {
        let mut held = self.write();
        held.lower = Lower::Memory(Arc::new(all));
        held.moving = None;
    }
}
