//! Everything again from the log alone: bytes, signatures, authority, rules, tree.
//!
//! A thread of its own fetches bundles; every core takes whatever can be done with one ([`super::belt`]).
//! Memory holds a few bundles of entries and the state that they make, however long the log is.

use std::sync::{Mutex, PoisonError, RwLock};

use anyhow::{Context, Result};
use counterpart_core::admit::carried;
use counterpart_core::door;
use counterpart_core::keyring::Keyring;
use counterpart_core::replay::{self, Read, Replay, Stop, Stopped};
use counterpart_tlog::tile::TILE_WIDTH;
use counterpart_tlog::{Hash, leaf_hash};

use super::belt::{Belt, Last, Work};
use super::source::{self, Source};
use super::tree::{Difference, Edge, GrowingTree};

/// What an audit is asked to look at.
#[derive(Clone, Debug)]
pub struct Scope {
    /// How many entries the checkpoint covers.
    pub size: u64,
    /// How many of them are decided; the rest is hashed.
    pub decide: u64,
    /// A smaller size whose root is wanted, from an older checkpoint.
    pub older: Option<u64>,
}

/// What was verified of a log so far: nothing, or what an earlier audit kept.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// The state and keys after the entries so far.
    pub replay: Replay,
    /// The right edge of the tree over them.
    pub edge: Edge,
    /// How many of their events committed to words.
    pub with_words: u64,
    /// The roots at the first sizes of keys of the log, in order.
    pub handovers: Vec<(u64, Hash)>,
}

/// The same while it goes on.
#[derive(Clone, Copy, Debug)]
pub struct SoFar<'a> {
    pub replay: &'a Replay,
    pub edge: &'a Edge,
    pub with_words: u64,
    pub handovers: &'a [(u64, Hash)],
}

/// Who hears of an audit while it runs.
pub trait Listener: Send {
    /// So many entries are decided.
    fn decided(&mut self, size: u64);

    /// Everything up to here agrees; it may be kept, so that an audit that is stopped goes on from here.
    fn agrees(&mut self, so_far: SoFar<'_>);
}

/// What an audit found. It judges nothing yet.
pub struct Findings {
    /// The state and keys after the last entry that was decided.
    pub replay: Replay,
    /// Why deciding went no further.
    pub stopped: Option<Stopped>,
    /// The root over them.
    pub root: Hash,
    /// The root over the entries that were decided.
    pub decided_root: Hash,
    /// The root at the older size.
    pub older_root: Option<Hash>,
    /// The roots at the first sizes of keys of the log, in order.
    pub handovers: Vec<(u64, Hash)>,
    /// Where tiles and entries disagree first.
    pub difference: Option<Difference>,
    /// Why entries stopped coming, at this index.
    pub missing: Option<Difference>,
    /// Decided events that committed to words: each had door checks.
    pub with_words: u64,
    /// How many entries were there before this audit began.
    pub went_on_from: u64,
    /// How many entries were read, parsed and their signatures verified.
    pub examined: u64,
    /// The entry behind those that were decided, if there is one.
    pub next: Option<Result<Read, Stop>>,
    /// The right edge of the tree over all of them.
    pub edge: Edge,
}

/// A bundle as it was fetched.
struct Bundle {
    /// The index of its first entry.
    first: u64,
    bytes: Vec<u8>,
    /// How many entries are wanted of it.
    width: u16,
    /// How many of them were verified before.
    skip: usize,
    /// Why it could not be had.
    missing: Option<String>,
}

/// An entry that was parsed; its signatures hold if `verified`.
struct Prepared {
    leaf: Hash,
    read: Result<Read, Stop>,
    verified: bool,
    words: bool,
}

/// What was made of a bundle.
struct Parsed {
    /// The index of its first entry.
    first: u64,
    entries: Vec<Prepared>,
    missing: Option<String>,
}

/// Audits a log behind what was verified before.
///
/// # Errors
///
/// The source cannot be read. What it holds is never an error.
pub fn run(source: &Source, scope: &Scope, before: Verified, listener: &mut dyn Listener) -> Result<Findings> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let from = before.edge.frontier.size();
    let belt = Belt::new(threads);
    let reading = Reading { seen: RwLock::new(before.replay.keyring.clone()), decide: scope.decide };
    let mut audit = Audit::new(source, scope, before);
    let last: Mutex<Box<Last<'_, Parsed>>> = Mutex::new(Box::new(|parsed| {
        audit.decide(parsed)?;
        audit.tell(listener);
        Ok(())
    }));
    std::thread::scope(|scoped| {
        let fetching = scoped.spawn(|| fetch(source, from, scope.size, &belt));
        let others: Vec<_> = (1..threads).map(|_| scoped.spawn(|| belt.work(&reading, &last))).collect();
        let mut worked = belt.work(&reading, &last);
        for thread in others.into_iter().chain([fetching]) {
            worked = worked.and(thread.join().unwrap_or_else(|bug| std::panic::resume_unwind(bug)));
        }
        worked
    })?;
    drop(last);
    audit.finish()
}

/// Lays the bundles of a log on the belt, from the one that holds entry `from` on, up to the first that cannot be had.
fn fetch(source: &Source, from: u64, size: u64, belt: &Belt<Reading>) -> Result<()> {
    let _end = belt.end_of_pieces();
    let width = u64::from(TILE_WIDTH);
    let mut first = from - from % width;
    let mut skip = usize::try_from(from % width).unwrap_or_default();
    // Nothing is asked for when there is nothing new.
    while from < size && first < size {
        let wanted = u16::try_from((size - first).min(width)).unwrap_or(TILE_WIDTH);
        let n = first / width;
        let found = source.bundle(n, wanted)?;
        let missing = found.is_none().then(|| format!("entry bundle {n} is not there, or is too short"));
        let last = missing.is_some();
        let bytes = found.unwrap_or_default();
        if !belt.put(Bundle { first, bytes, width: wanted, skip: std::mem::take(&mut skip), missing }) || last {
            break;
        }
        first += width;
    }
    Ok(())
}

/// What every core does with a bundle by itself.
struct Reading {
    /// Every key that an entry so far brought in, decided or not: a key id is the hash of its key, so a signature
    /// that verifies here verifies for ever. Whether the key was registered is decided in order.
    seen: RwLock<Keyring>,
    /// Signatures from this entry on are asked of nobody.
    decide: u64,
}

impl Work for Reading {
    type Fetched = Bundle;
    type Parsed = Parsed;

    fn parse(&self, bundle: Bundle) -> Parsed {
        let first = bundle.first + bundle.skip as u64;
        if bundle.missing.is_some() {
            return Parsed { first, entries: Vec::new(), missing: bundle.missing };
        }
        match source::entries(&bundle.bytes, bundle.width) {
            Ok(entries) => {
                let entries = entries.into_iter().skip(bundle.skip).map(parse).collect();
                Parsed { first, entries, missing: None }
            }
            Err(error) => {
                let missing = Some(format!("the entry bundle cannot be read: {error}"));
                Parsed { first, entries: Vec::new(), missing }
            }
        }
    }

    fn bring(&self, parsed: &Parsed) {
        let brings = |read: &&Read| !carried(&read.event).is_empty();
        let mut bringing = parsed.entries.iter().filter_map(|entry| entry.read.as_ref().ok()).filter(brings).peekable();
        if bringing.peek().is_some() {
            let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
            bringing.for_each(|read| seen.add_carried(&read.event));
        }
    }

    fn verify(&self, parsed: &mut Parsed) {
        for (_, entry) in (parsed.first..self.decide).zip(&mut parsed.entries) {
            if let Ok(read) = &entry.read {
                let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
                // What does not hold here is looked at again in its place, which says why.
                entry.verified =
                    seen.check(&read.event, &read.entry.envelope).is_ok_and(|checked| checked.unknown.is_empty());
            }
        }
    }
}

struct Audit<'a> {
    scope: &'a Scope,
    replay: Replay,
    tree: GrowingTree<'a>,
    stopped: Option<Stopped>,
    missing: Option<Difference>,
    with_words: u64,
    decided_root: Hash,
    older_root: Option<Hash>,
    handovers: Vec<(u64, Hash)>,
    from: u64,
    next: Option<Result<Read, Stop>>,
}

impl<'a> Audit<'a> {
    fn new(source: &'a Source, scope: &'a Scope, before: Verified) -> Self {
        let Verified { replay, edge, with_words, handovers } = before;
        let tree = GrowingTree::from_edge(source, edge);
        let (from, root) = (tree.size(), tree.root());
        Self {
            scope,
            replay,
            tree,
            stopped: None,
            missing: None,
            with_words,
            decided_root: root,
            older_root: (scope.older == Some(from)).then_some(root),
            handovers,
            from,
            next: None,
        }
    }

    /// Says how far it is, and what may be kept.
    fn tell(&self, listener: &mut dyn Listener) {
        listener.decided(self.replay.state.size);
        if self.agrees() {
            let edge = self.tree.edge();
            let (replay, handovers) = (&self.replay, self.handovers.as_slice());
            listener.agrees(SoFar { replay, edge: &edge, with_words: self.with_words, handovers });
        }
    }

    fn finish(mut self) -> Result<Findings> {
        let edge = self.tree.edge();
        self.tree.finish()?;
        Ok(Findings {
            root: self.tree.root(),
            difference: self.tree.difference().cloned(),
            replay: self.replay,
            stopped: self.stopped,
            decided_root: self.decided_root,
            older_root: self.older_root,
            handovers: self.handovers,
            missing: self.missing,
            with_words: self.with_words,
            went_on_from: self.from,
            examined: self.tree.size() - self.from,
            next: self.next,
            edge,
        })
    }

    /// Whether every entry so far was decided, and every tile so far is the one that is served.
    fn agrees(&self) -> bool {
        let whole = self.stopped.is_none() && self.missing.is_none() && self.tree.difference().is_none();
        whole && self.replay.state.size == self.tree.size()
    }

    fn decide(&mut self, bundle: Parsed) -> Result<()> {
        // Behind the first place at which something is missing nothing has an index.
        if self.missing.is_some() {
            return Ok(());
        }
        for entry in &bundle.entries {
            let index = self.tree.size();
            if index == self.scope.decide {
                self.next = Some(entry.read.clone());
            }
            self.tree.push(entry.leaf).with_context(|| format!("the tiles around entry {index} cannot be read"))?;
            if self.stopped.is_none() && index < self.scope.decide {
                match self.take(entry) {
                    Ok(()) => self.with_words += u64::from(entry.words),
                    Err(stopped) => self.stopped = Some(stopped),
                }
            }
            if self.replay.state.founded.as_ref().is_some_and(|founded| founded.handover_at(index + 1).is_some()) {
                self.handovers.push((index + 1, self.tree.root()));
            }
            if index < self.scope.decide && index + 1 == self.scope.decide {
                self.decided_root = self.tree.root();
            }
            if self.scope.older == Some(index + 1) {
                self.older_root = Some(self.tree.root());
            }
        }
        if let Some(problem) = bundle.missing {
            self.missing = Some(Difference { index: self.tree.size(), problem });
        }
        Ok(())
    }

    /// Decides the next entry.
    fn take(&mut self, entry: &Prepared) -> Result<(), Stopped> {
        let read = entry.read.as_ref().map_err(|stop| Stopped { index: self.replay.state.size, stop: stop.clone() })?;
        // A signature was verified with a key seen anywhere; it counts if that key is known by now.
        let known = |keyid| self.replay.keyring.holds(keyid);
        let verified = entry.verified && read.entry.envelope.signatures.iter().all(|s| known(s.keyid));
        self.replay.next(read, verified)
    }
}

fn parse(bytes: &[u8]) -> Prepared {
    let read = replay::read(bytes);
    let leaf = read.as_ref().map_or_else(|_| leaf_hash(bytes), |read| read.leaf);
    let words = read.as_ref().is_ok_and(|read| !door::seals(&read.event.data).is_empty());
    // Keys are parsed here, once, and not where others wait for them.
    if let Ok(read) = &read {
        for new in carried(&read.event) {
            let _ = read.event.parsed(&new.public);
        }
    }
    Prepared { leaf, read, verified: false, words }
}
