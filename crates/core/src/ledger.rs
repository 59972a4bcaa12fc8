//! The write path, its steps in their order, and nowhere else (reliability.md 1.1).
//!
//! decide → entry bytes → durable → read back → extend the tree → sign the checkpoint → swap it → answer.

mod keys;
mod load;
mod resume;

use std::borrow::Borrow;
use std::sync::Arc;

use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::{Hash, Tree, leaf_hash};

use crate::admit::{self, Known};
use crate::commitment::Disclosure;
use crate::event::Event;
use crate::event::data::Data;
use crate::refusal::Refusal;
use crate::replay::{Read, Replay, Stopped};
use crate::storage::{LockStore, NewEntry, Store, StoreError, Swap, Word};
use crate::time::Timestamp;
use crate::wire::{Entry, Envelope};

pub use keys::LogKeys;
pub use resume::Resumed;

/// How far the clock may be behind the newest entry: 5 seconds.
const CLOCK_BEHIND_MAX: i64 = 5_000;

/// A submission whose form is good and whose signatures by known keys verify.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The envelope, canonical.
    pub envelope: Envelope,
    /// Its event.
    pub event: Event,
    /// The words that came with it; they opened their commitments.
    pub disclosures: Vec<Disclosure>,
    /// Some signature is by a key that was not known when it was opened: the sequencer looks again.
    pub unchecked: bool,
    /// What the door said of them, when it was asked.
    pub door: Result<(), Refusal>,
}

/// What became of one submission.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is recorded, at this index.
    Recorded {
        /// Its place in the log.
        index: u64,
        /// When.
        recorded_at: Timestamp,
        /// The hash of its leaf.
        leaf: Hash,
        /// The revision of its stream after it.
        revision: u64,
    },
    /// It was recorded before; the first receipt answers.
    Repeated {
        /// Where it stands.
        index: u64,
    },
    /// The rules said no.
    Refused(Refusal),
}

/// A group that is durable and covered by a signed checkpoint.
#[derive(Clone, Debug)]
pub struct Committed {
    /// One for each submission, in their order.
    pub outcomes: Vec<Outcome>,
    /// When they were decided: the `recorded_at` of those that were recorded.
    pub at: Timestamp,
    /// The checkpoint that covers them, a signed note.
    pub checkpoint: Arc<[u8]>,
    /// How many entries it covers.
    pub size: u64,
}

/// Which signatures are checked when a ledger is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signatures {
    /// Those of entries that no checkpoint of this ledger covers. The others were checked before it was
    /// signed, and its root says that they are the same bytes.
    OfUncovered,
    /// All of them.
    All,
}

/// Why the ledger cannot record.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The clock is behind the newest entry.
    #[error("the clock is {behind_ms} ms behind the newest entry; set it before anything is recorded")]
    Clock {
        /// How far.
        behind_ms: i64,
    },
    /// The store could not.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was read back is not what was written.
    #[error("entry {index} reads back differently from what was written; the disk or the memory is faulty")]
    ReadBack {
        /// Which entry.
        index: u64,
    },
    /// Somebody else signed a checkpoint meanwhile.
    #[error("another server has signed a newer checkpoint; this one stops")]
    Fenced,
    /// The log holds an entry that the rules refuse.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The signed checkpoint does not describe the entries.
    #[error(
        "E-FORK the signed checkpoint over {size} entries does not fit them; nothing is signed until the right copy is restored"
    )]
    Fork {
        /// The size that was signed.
        size: u64,
    },
    /// The log's key or origin is not that of the ledger.
    #[error("the checkpoint cannot be signed: {0}")]
    Signer(String),
}

/// A ledger that records. One owner at a time: the sequencer.
pub struct Ledger<S: ?Sized, L: ?Sized> {
    store: Arc<S>,
    lock: Arc<L>,
    keys: LogKeys,
    origin: String,
    /// How many entries the newest signed checkpoint covers.
    signed: u64,
    replay: Replay,
    tree: Tree,
    // INVARIANT: `checkpoint` is what the lock store last acknowledged, not what we last sent.
    checkpoint: Option<Arc<[u8]>>,
}

impl<S: Store + ?Sized, L: LockStore + ?Sized> Ledger<S, L> {
    /// Opens a ledger: replays every entry, compares root and size with the last signed checkpoint, and
    /// covers entries that are durable but not yet signed for.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]; nothing was signed then.
    pub fn open(store: Arc<S>, lock: Arc<L>, keys: impl Into<LogKeys>, origin: &str) -> Result<Self, LedgerError> {
        Self::open_with(store, lock, keys, origin, Signatures::OfUncovered, &mut |_| {})
    }

    /// Opens a ledger and tells `each` of every entry, in order.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]; nothing was signed then, and `each` was told of entries before the one that is wrong.
    pub fn open_with(
        store: Arc<S>,
        lock: Arc<L>,
        keys: impl Into<LogKeys>,
        origin: &str,
        signatures: Signatures,
        each: &mut dyn FnMut(&Read),
    ) -> Result<Self, LedgerError> {
        let mut ledger = Self {
            store,
            lock,
            keys: keys.into(),
            origin: origin.to_owned(),
            signed: 0,
            replay: Replay::new(),
            tree: Tree::new(),
            checkpoint: None,
        };
        ledger.load(signatures, each)?;
        Ok(ledger)
    }

    /// Forgets what is held in memory and takes it from the store again: the way on after
    /// [`StoreError::Full`], when what was decided could not be recorded.
    ///
    /// # Errors
    ///
    /// As for [`Ledger::open`].
    pub fn reopen(&mut self) -> Result<(), LedgerError> {
        if counterpart_tlog::planted!("nothing_read_again") {
            return Ok(());
        }
        self.replay = Replay::new();
        self.tree = Tree::new();
        self.checkpoint = None;
        self.signed = 0;
        self.load(Signatures::OfUncovered, &mut |_| {})
    }

    fn load(&mut self, signatures: Signatures, each: &mut dyn FnMut(&Read)) -> Result<(), LedgerError> {
        let signed = self.signed()?;
        let covered = match (signatures, &signed) {
            (Signatures::OfUncovered, Some((checkpoint, _))) => checkpoint.size,
            (Signatures::OfUncovered, None) | (Signatures::All, _) => 0,
        };
        load::entries(&*self.store, &mut self.replay, covered, &mut |read| {
            self.tree.push(read.leaf);
            each(read);
        })?;
        self.check_signed(signed)
    }

    /// The last checkpoint that this ledger signed, with its note.
    fn signed(&self) -> Result<Option<(Checkpoint, Vec<u8>)>, LedgerError> {
        let Some(note) = self.lock.load()? else { return Ok(None) };
        let mut why = LedgerError::Signer("no key of the log is here".to_owned());
        // Which key signs at a size is known when the entries are read; any that is held is this log's own.
        for vkey in self.keys.vkeys() {
            match Checkpoint::verify(&note, &self.origin, &vkey) {
                Ok((checkpoint, _)) => return Ok(Some((checkpoint, note))),
                Err(error) => why = LedgerError::Signer(error.to_string()),
            }
        }
        Err(why)
    }

    /// Compares what is held with what was signed, and signs for what came after.
    fn check_signed(&mut self, signed: Option<(Checkpoint, Vec<u8>)>) -> Result<(), LedgerError> {
        let Some((signed, note)) = signed else {
            return if self.tree.size() > 0 { self.sign().map(drop) } else { Ok(()) };
        };
        if signed.size > self.tree.size() {
            return Err(StoreError::Rollback { have: self.tree.size(), signed: signed.size }.into());
        }
        if self.tree.root_at(signed.size) != Some(signed.root) && !counterpart_tlog::planted!("fork_at_start_unseen") {
            return Err(LedgerError::Fork { size: signed.size });
        }
        self.checkpoint = Some(note.into());
        self.signed = signed.size;
        if signed.size < self.tree.size() && !counterpart_tlog::planted!("start_signs_nothing") {
            self.sign()?;
        }
        Ok(())
    }

    /// The state, as of everything that is recorded.
    pub const fn state(&self) -> &crate::state::State {
        &self.replay.state
    }

    /// The key that signs the newest checkpoint, as a vkey.
    ///
    /// # Errors
    ///
    /// It is not held, in plain words.
    pub fn log_key(&self) -> Result<String, String> {
        let signers = self.keys.signers(self.replay.state.founded.as_ref(), self.tree.size())?;
        signers.first().map(|signer| signer.vkey().to_string()).ok_or_else(|| "no key of the log is here".to_owned())
    }

    /// The keys that may sign.
    pub const fn keyring(&self) -> &crate::keyring::Keyring {
        &self.replay.keyring
    }

    /// The tree over everything that is recorded.
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The newest signed checkpoint.
    pub fn checkpoint(&self) -> Option<Arc<[u8]>> {
        self.checkpoint.clone()
    }

    /// Decides a group in order, makes what is admitted durable, and signs one checkpoint over it.
    ///
    /// # Errors
    ///
    /// [`LedgerError`]: nothing of the group is acknowledged. After [`LedgerError::Clock`] the ledger goes on,
    /// after [`StoreError::Full`] it needs [`Ledger::reopen`]; after anything else it has to be opened anew,
    /// by a new process.
    pub fn commit<O: Borrow<Opened>>(&mut self, group: &[O], now: Timestamp) -> Result<Committed, LedgerError> {
        let at = self.label(now)?;
        let first = self.replay.state.size;
        let mut outcomes = Vec::with_capacity(group.len());
        let mut entries = Vec::new();
        let mut leaves = Vec::new();
        for opened in group {
            let opened = opened.borrow();
            match self.decide(opened, at) {
                Ok(Known::Same(index)) => outcomes.push(Outcome::Repeated { index }),
                Ok(Known::New) => {
                    let (entry, leaf) = self.record(opened, at);
                    let (revision, _) = self.replay.state.revision(opened.event.stream, None);
                    outcomes.push(Outcome::Recorded {
                        index: first + leaves.len() as u64,
                        recorded_at: at,
                        leaf,
                        revision,
                    });
                    entries.push(entry);
                    leaves.push(leaf);
                }
                Err(refusal) => outcomes.push(Outcome::Refused(refusal)),
            }
        }
        if !entries.is_empty() {
            if counterpart_tlog::planted!("signed_before_durable") {
                for leaf in &leaves {
                    self.tree.push(*leaf);
                }
                self.sign()?;
                self.tree.truncate(first);
            }
            // From here the entries are the record: once durable, a failure below costs a delay, never an event.
            self.store.append(first, &entries)?;
            if !counterpart_tlog::planted!("not_read_back") {
                self.read_back(first, &leaves)?;
            }
            for leaf in leaves {
                self.tree.push(leaf);
            }
            self.sign()?;
        }
        let checkpoint = self.checkpoint.clone().unwrap_or_else(|| Arc::from(Vec::new()));
        Ok(Committed { outcomes, at, checkpoint, size: self.tree.size() })
    }

    /// The time that entries of a group carry: the clock's, but never before the newest entry.
    fn label(&self, now: Timestamp) -> Result<Timestamp, LedgerError> {
        let Some(last) = self.replay.state.recorded_at else {
            return Ok(now);
        };
        let behind_ms = now.millis_until(last);
        if behind_ms > CLOCK_BEHIND_MAX {
            return if counterpart_tlog::planted!("clock_behind_accepted") {
                Ok(now)
            } else {
                Err(LedgerError::Clock { behind_ms })
            };
        }
        Ok(if counterpart_tlog::planted!("time_not_raised") { now } else { now.max(last) })
    }

    /// Authority is checked again here, by the one sequencer: a key that was revoked since it was looked up is refused.
    fn decide(&mut self, opened: &Opened, at: Timestamp) -> Result<Known, Refusal> {
        let event = &opened.event;
        let known = admit::known(&self.replay.state, event);
        // The order of checks is E06, E09, the id, K: a carried key that is unsuitable (K06) waits for its turn.
        if let Err(other @ Refusal::OtherLedger { .. }) = known {
            return Err(other);
        }
        let checked = if opened.unchecked && !counterpart_tlog::planted!("carried_key_unchecked") {
            self.replay.keyring.check(event, &opened.envelope).map(drop)
        } else {
            Ok(())
        };
        if let Err(wrong @ Refusal::SignatureWrong { .. }) = checked {
            return Err(wrong);
        }
        if let Known::Same(index) = known? {
            return Ok(Known::Same(index));
        }
        checked?;
        self.replay.state.wake(event.stream);
        admit::before_door(&self.replay.state, event, at)?;
        if let Err(found) = &opened.door {
            return Err(admit::at_door(&self.replay.state, event, at, found));
        }
        self.hold_new_key(event)?;
        admit::after_door(&self.replay.state, event, at)?;
        Ok(Known::New)
    }

    /// K06, a rule of the door: a log whose next key nobody has here would come to its end with that size.
    fn hold_new_key(&self, event: &Event) -> Result<(), Refusal> {
        let Data::LogKeyChanged(data) = &event.data else { return Ok(()) };
        let missing = [&data.old, &data.new].into_iter().find(|vkey| !self.keys.holds(vkey.as_str()));
        missing.map_or(Ok(()), |vkey| {
            let problem = format!("the private key of {} is not on this server", vkey.as_str());
            Err(Refusal::KeyUnsuitable { problem })
        })
    }

    fn record(&mut self, opened: &Opened, at: Timestamp) -> (NewEntry, Hash) {
        let entry = Entry { envelope: opened.envelope.clone(), recorded_at: at };
        let bytes: Arc<[u8]> = entry.encode().into();
        let leaf = leaf_hash(&bytes);
        let words = opened.disclosures.iter().map(|d| Word { name: d.pointer.clone(), bytes: d.to_bytes() }).collect();
        let keys = vec![opened.event.stream.to_string().into_bytes(), opened.event.id.as_bytes().to_vec()];
        self.replay.take_in(&Read { entry, event: opened.event.clone(), leaf });
        (NewEntry { bytes, words, keys }, leaf)
    }

    /// Hashes what the store gives back, not what we hold: one flipped bit between hash and disk ended a public log.
    fn read_back(&self, first: u64, leaves: &[Hash]) -> Result<(), LedgerError> {
        let mut differs = None;
        let mut count = 0;
        self.store.read_back(first..first + leaves.len() as u64, &mut |index, bytes| {
            let expected = usize::try_from(index - first).ok().and_then(|at| leaves.get(at));
            count += 1;
            if expected != Some(&leaf_hash(bytes)) && differs.is_none() {
                differs = Some(index);
            }
        })?;
        match differs {
            Some(index) => Err(LedgerError::ReadBack { index }),
            None if count < leaves.len() => Err(LedgerError::ReadBack { index: first + count as u64 }),
            None => Ok(()),
        }
    }

    /// Signs a checkpoint over the tree; before it one of exactly the first size of each key that begins meanwhile.
    fn sign(&mut self) -> Result<(), LedgerError> {
        let size = self.tree.size();
        let changes = self.replay.state.founded.iter().flat_map(|founded| &founded.log_key_changes);
        let passed = changes.map(|change| change.first_size).filter(|first| (self.signed + 1..size).contains(first));
        let mut passed: Vec<u64> = passed.collect();
        // A change may name a size before that of an earlier one.
        passed.sort_unstable();
        passed.dedup();
        for first in passed {
            self.sign_over(first)?;
        }
        self.sign_over(size)
    }

    /// Signs a checkpoint over the first `size` entries and swaps it for the one that was seen.
    fn sign_over(&mut self, size: u64) -> Result<(), LedgerError> {
        let root = self.tree.root_at(size).ok_or(LedgerError::Fork { size })?;
        let checkpoint = Checkpoint::new(self.origin.clone(), size, root);
        let signers = self.keys.signers(self.replay.state.founded.as_ref(), size).map_err(LedgerError::Signer)?;
        let note = checkpoint.sign(&signers).map_err(|error| LedgerError::Signer(error.to_string()))?;
        let bytes: Arc<[u8]> = note.to_string().into_bytes().into();
        match self.lock.swap(self.checkpoint.as_deref(), size, &bytes)? {
            Swap::Done => {
                self.checkpoint = Some(bytes);
                self.signed = size;
                Ok(())
            }
            Swap::Lost(_) => Err(LedgerError::Fenced),
        }
    }
}
