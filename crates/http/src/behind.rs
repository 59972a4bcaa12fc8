//! Work behind the serving: snapshots, written now and then and at the stop, and reading everything again.
//!
//! Each has a thread that ends with its owner. Neither writes to the record.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use counterpart_core::storage::{Scrubbed, Snapshots, StoreError, Stretch};
use counterpart_projections::Frozen;

use crate::opening::Scrubbing;
use crate::reader::Reader;

/// How often it is asked whether a snapshot is due.
const TICK: Duration = Duration::from_secs(1);

/// More entries than this between two askings are a rush, whose cores a snapshot would take from it.
const RUSH: u64 = 2_000;

/// Stretches of a scrub in a second.
const STRETCHES: u32 = 4;

/// Damages that are told one by one.
const TOLD_MAX: usize = 100;

/// A thread that works until its owner lets it go.
#[derive(Default)]
pub(crate) struct Helper {
    life: Mutex<Option<Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Helper {
    /// Starts one. `work` ends when nobody holds the other end of what it is given.
    pub(crate) fn start(name: &str, work: impl FnOnce(&Receiver<()>) + Send + 'static) -> std::io::Result<Self> {
        let (life, ended) = channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&ended))?;
        Ok(Self { life: Mutex::new(Some(life)), thread: Mutex::new(Some(thread)) })
    }

    /// Ends it, after what it is doing.
    pub(crate) async fn stop(&self) {
        drop(self.life.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// Waits; says whether the owner still holds on.
fn goes_on(ended: &Receiver<()>, wait: Duration) -> bool {
    ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout)
}

/// Writes snapshots of a view.
pub(crate) struct Snapshotter {
    kept: Arc<dyn Snapshots>,
    every: u64,
    /// How many entries the newest snapshot covers.
    covered: AtomicU64,
    /// How many entries the newest attempt covered, whether or not it came to something.
    tried: AtomicU64,
}

impl Snapshotter {
    pub(crate) const fn new(kept: Arc<dyn Snapshots>, every: u64, covered: u64) -> Self {
        Self { kept, every, covered: AtomicU64::new(covered), tried: AtomicU64::new(covered) }
    }

    /// How many entries the newest snapshot covers.
    pub(crate) fn covered(&self) -> u64 {
        self.covered.load(Ordering::SeqCst)
    }

    /// Whether one is due while serving: the log grew by so much, and by an eighth, so that the work of all snapshots
    /// together grows no faster than the log. In a rush, `new` entries since the last asking, it may grow eight times as
    /// much before.
    fn is_due(&self, size: u64, new: u64) -> bool {
        let tried = self.tried.load(Ordering::SeqCst);
        let enough = self.every.max(tried / 8).max(1);
        let enough = if new > RUSH { enough.saturating_mul(8) } else { enough };
        size.saturating_sub(tried) >= enough
    }

    /// The life of the thread.
    pub(crate) fn follow(&self, reader: &Reader, ended: &Receiver<()>) {
        let mut seen = reader.view().size();
        while goes_on(ended, TICK) {
            let size = reader.view().size();
            if self.is_due(size, size - std::mem::replace(&mut seen, size)) {
                let frozen = reader.view().freeze();
                self.write(&frozen);
            }
        }
    }

    /// Writes the last one, if enough is new.
    pub(crate) fn finish(&self, reader: &Reader) {
        let view = reader.view();
        let new = view.size().saturating_sub(self.covered());
        if reader.is_well() && new >= (self.every / 16).max(1) {
            let frozen = view.freeze();
            drop(view);
            self.write(&frozen);
        }
    }

    fn write(&self, frozen: &Frozen) {
        let (size, root) = (frozen.size(), frozen.root().to_bytes());
        self.tried.store(size, Ordering::SeqCst);
        frozen.in_parts(&mut |parts| match self.kept.keep(size, root, parts) {
            Ok(()) => self.covered.store(size, Ordering::SeqCst),
            // The next attempt waits until as much is new again.
            Err(error) => tracing::warn!(%error, "a snapshot could not be written; the next start takes longer"),
        });
    }
}

/// What reading everything again has come to.
#[derive(Debug, Default)]
pub(crate) struct Looked(Mutex<Standing>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    pub(crate) rounds: u64,
    pub(crate) bytes: u64,
    pub(crate) entries: u64,
    pub(crate) words: u64,
    pub(crate) checkpoints: u64,
    /// What is damaged, as far as the last round and this one have seen.
    pub(crate) damage: BTreeSet<String>,
    /// Of this round.
    found: BTreeSet<String>,
}

impl Looked {
    /// How it stands.
    pub(crate) fn standing(&self) -> Standing {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The life of the thread.
    pub(crate) fn follow(&self, how: &Scrubbing, ended: &Receiver<()>) {
        let bytes = (how.bytes_per_second / u64::from(STRETCHES)).max(1);
        let mut next = Stretch::FIRST;
        let mut spent = Duration::ZERO;
        // The first round begins a little later than the serving.
        let mut wait = TICK;
        while goes_on(ended, wait) {
            let scrubbed = match how.store.scrub(next, bytes) {
                Ok(scrubbed) => scrubbed,
                // The store has said so to whoever writes.
                Err(StoreError::Poisoned(_) | StoreError::Fenced { .. }) => return,
                Err(error) => {
                    tracing::warn!(%error, "looking through the store could not go on");
                    wait = how.every.max(TICK);
                    continue;
                }
            };
            wait = pace(scrubbed.bytes, how.bytes_per_second);
            spent += wait;
            next = scrubbed.next.unwrap_or(Stretch::FIRST);
            if self.take_in(scrubbed) {
                wait = how.every.saturating_sub(spent).max(TICK);
                spent = Duration::ZERO;
            }
        }
    }

    /// Counts a stretch; says whether it ended a round.
    fn take_in(&self, scrubbed: Scrubbed) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = &mut *held;
        standing.bytes += scrubbed.bytes;
        standing.entries += scrubbed.entries;
        standing.words += scrubbed.words;
        standing.checkpoints += scrubbed.checkpoints;
        for damage in scrubbed.damage {
            let told = damage.to_string();
            if standing.damage.len() < TOLD_MAX && standing.damage.insert(told.clone()) {
                tracing::error!("{told}. Reading of the rest goes on; stop the server and run `counterpart repair`");
            }
            if standing.found.len() < TOLD_MAX {
                standing.found.insert(told);
            }
        }
        if scrubbed.next.is_some() {
            return false;
        }
        standing.rounds += 1;
        standing.damage = std::mem::take(&mut standing.found);
        true
    }
}

/// How long so many bytes are to have taken.
fn pace(bytes: u64, each_second: u64) -> Duration {
    let millis = bytes.saturating_mul(1000) / each_second.max(1);
    Duration::from_millis(millis.clamp(1, 60_000))
}

#[cfg(test)]
mod tests {
    use counterpart_core::storage::{Kept, Parts};

    use super::*;

    fn found(damage: &[u64], next: Option<Stretch>) -> Scrubbed {
        let at = |index: &u64| StoreError::Damaged {
            file: "words/000000.wrd".to_owned(),
            offset: 128,
            index: *index,
            problem: "the checksum is wrong".to_owned(),
        };
        Scrubbed { next, bytes: 10, entries: 2, words: 3, checkpoints: 1, damage: damage.iter().map(at).collect() }
    }

    #[test]
    fn damage_is_told_until_a_whole_round_has_not_met_it() {
        let looked = Looked::default();
        assert!(!looked.take_in(found(&[4], Some(Stretch::Entries(9)))));
        assert!(looked.take_in(found(&[], None)));
        assert_eq!(looked.standing().damage.len(), 1, "it was met in the round that ended");
        assert!(!looked.take_in(found(&[], Some(Stretch::Entries(9)))));
        assert_eq!(looked.standing().damage.len(), 1, "this round may not have come there");
        assert!(looked.take_in(found(&[], None)));
        let standing = looked.standing();
        assert!(standing.damage.is_empty(), "{standing:?}");
        assert_eq!((standing.rounds, standing.bytes, standing.entries, standing.words), (2, 40, 8, 12));
    }

    #[test]
    fn a_snapshot_waits_while_entries_rush_in_but_not_for_ever() {
        struct Nowhere;
        impl Snapshots for Nowhere {
            fn newest(&self) -> Option<Box<dyn Kept>> {
                None
            }
            fn keep(&self, _: u64, _: [u8; 32], _: &mut Parts<'_>) -> Result<(), StoreError> {
                Ok(())
            }
        }
        let due = |covered, size, new| Snapshotter::new(Arc::new(Nowhere), 1_000, covered).is_due(size, new);
        assert_eq!([due(0, 999, 9), due(0, 1_000, 9)], [false, true]);
        assert_eq!([due(80_000, 89_999, 9), due(80_000, 90_000, 9)], [false, true], "by an eighth");
        assert_eq!([due(0, 7_999, RUSH + 1), due(0, 8_000, RUSH + 1)], [false, true]);
        assert_eq!([due(80_000, 159_999, RUSH + 1), due(80_000, 160_000, RUSH + 1)], [false, true]);
    }

    #[test]
    fn a_stretch_takes_as_long_as_its_bytes_allow() {
        assert_eq!(pace(1 << 20, 1 << 20), Duration::from_secs(1));
        assert_eq!(pace(0, 1), Duration::from_millis(1));
        assert_eq!(pace(u64::MAX, 1), Duration::from_mins(1));
    }
}
