//! Everything again from the log alone: bytes, signatures, authority, rules, tree.
//!
//! ```text
//! fetch (a thread of its own) ─▶ parse, hash, verify signatures (all cores) ─▶ decide, in order
//! ```
//!
//! Memory holds a few groups of entries and the state that they make, however long the log is.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Context, Result};
use counterpart_core::door;
use counterpart_core::keyring::Keyring;
use counterpart_core::replay::{self, Read, Replay, Stop, Stopped};
use counterpart_tlog::tile::TILE_WIDTH;
use counterpart_tlog::{Hash, leaf_hash};
use rayon::prelude::*;

use super::source::{self, Source};
use super::tree::{Difference, Edge, GrowingTree};

/// Bundles that are parsed and verified together: 8,192 entries keep every core busy between two decisions.
const GROUP: u64 = if cfg!(test) { 2 } else { 32 };

/// Groups that may wait to be parsed.
const WAITING: usize = 2;

/// Threads beyond one a core: they fill the gaps while others wait for the end of a group.
const SPARE: usize = 2;

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

/// The bundles of a group, in order; fewer when no more can be had.
struct Group {
    bundles: Vec<(Vec<u8>, u16)>,
    /// How many entries at the beginning were verified before.
    skip: usize,
    missing: Option<String>,
}

/// An entry that was parsed; its signatures hold if `verified`.
struct Prepared {
    leaf: Hash,
    read: Result<Read, Stop>,
    verified: bool,
    words: bool,
}

/// What was made of a group.
#[derive(Default)]
struct PreparedGroup {
    entries: Vec<Prepared>,
    missing: Option<String>,
}

/// Audits a log behind what was verified before.
///
/// # Errors
///
/// The source cannot be read. What it holds is never an error.
pub fn run(source: &Source, scope: &Scope, before: Verified, listener: &mut dyn Listener) -> Result<Findings> {
    std::thread::scope(|threads| {
        let (sender, groups) = sync_channel(WAITING);
        let from = before.edge.frontier.size();
        threads.spawn(move || fetch(source, from, scope.size, &sender));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(cores + SPARE).build()?;
        pool.install(move || Audit::new(source, scope, before).follow(&groups, listener))
    })
}

fn fetch(source: &Source, from: u64, size: u64, sender: &SyncSender<Result<Group>>) {
    let width = u64::from(TILE_WIDTH);
    let mut n = from / width;
    let mut skip = usize::try_from(from % width).unwrap_or_default();
    // Nothing is asked for when there is nothing new.
    while from < size && n * width < size {
        let mut group = Group { bundles: Vec::new(), skip: std::mem::take(&mut skip), missing: None };
        while group.missing.is_none() && (group.bundles.len() as u64) < GROUP && n * width < size {
            let wanted = u16::try_from((size - n * width).min(width)).unwrap_or(TILE_WIDTH);
            match source.bundle(n, wanted) {
                Ok(Some(bytes)) => group.bundles.push((bytes, wanted)),
                Ok(None) => group.missing = Some(format!("entry bundle {n} is not there, or is too short")),
                Err(error) => {
                    let _ = sender.send(Err(error));
                    return;
                }
            }
            n += 1;
        }
        let last = group.missing.is_some();
        // The receiver goes away only when the audit has failed; then nobody waits for more.
        if sender.send(Ok(group)).is_err() || last {
            return;
        }
    }
}

struct Audit<'a> {
    scope: &'a Scope,
    replay: Replay,
    tree: GrowingTree<'a>,
    /// Every key that an entry so far brought in, decided or not: a key id is the hash of its key, so a signature
    /// that verifies here verifies for ever. Whether the key was registered is decided in order.
    seen: Keyring,
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
            seen: replay.keyring.clone(),
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

    fn follow(mut self, groups: &Receiver<Result<Group>>, listener: &mut dyn Listener) -> Result<Findings> {
        let mut seen = std::mem::take(&mut self.seen);
        let mut before = PreparedGroup::default();
        loop {
            let group = groups.recv().ok().transpose()?;
            let ended = group.is_none();
            // While one group is decided the next is parsed and verified.
            let (decided, next) = rayon::join(
                || self.decide(std::mem::take(&mut before)),
                || group.map(|group| prepare(&group, &mut seen)).unwrap_or_default(),
            );
            decided?;
            listener.decided(self.replay.state.size);
            if self.agrees() {
                let edge = self.tree.edge();
                let (replay, handovers) = (&self.replay, self.handovers.as_slice());
                listener.agrees(SoFar { replay, edge: &edge, with_words: self.with_words, handovers });
            }
            before = next;
            if ended || self.missing.is_some() {
                break;
            }
        }
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

    fn decide(&mut self, group: PreparedGroup) -> Result<()> {
        for entry in group.entries {
            let index = self.tree.size();
            if index == self.scope.decide {
                self.next = Some(entry.read.clone());
            }
            self.tree.push(entry.leaf).with_context(|| format!("the tiles around entry {index} cannot be read"))?;
            if self.stopped.is_none() && index < self.scope.decide {
                match entry.read.map_err(|stop| Stopped { index, stop }).and_then(|read| {
                    // A signature was verified with a key seen anywhere; it counts if that key is known by now.
                    let known = |keyid| self.replay.keyring.holds(keyid);
                    let verified = entry.verified && read.entry.envelope.signatures.iter().all(|s| known(s.keyid));
                    self.replay.next(&read, verified)
                }) {
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
        if let Some(problem) = group.missing {
            self.missing = Some(Difference { index: self.tree.size(), problem });
        }
        Ok(())
    }
}

/// Parses a group on all cores, then verifies its signatures on all cores.
fn prepare(group: &Group, seen: &mut Keyring) -> PreparedGroup {
    let mut missing = group.missing.clone();
    let mut bytes = Vec::new();
    let skip = group.skip;
    for (bundle, width) in &group.bundles {
        match source::entries(bundle, *width) {
            Ok(entries) => bytes.extend(entries),
            Err(error) => {
                missing = Some(format!("the entry bundle cannot be read: {error}"));
                break;
            }
        }
    }
    let bytes = bytes.get(skip..).unwrap_or_default();
    let mut entries: Vec<Prepared> = bytes.par_iter().with_min_len(32).map(|bytes| parse(bytes)).collect();
    for entry in &entries {
        if let Ok(read) = &entry.read {
            seen.add_carried(&read.event);
        }
    }
    let seen = &*seen;
    entries.par_iter_mut().with_min_len(8).for_each(|entry| {
        if let Ok(read) = &entry.read {
            // What does not hold here is looked at again in its place, which says why.
            entry.verified =
                seen.check(&read.event, &read.entry.envelope).is_ok_and(|checked| checked.unknown.is_empty());
        }
    });
    PreparedGroup { entries, missing }
}

fn parse(bytes: &[u8]) -> Prepared {
    let read = replay::read(bytes);
    let leaf = read.as_ref().map_or_else(|_| leaf_hash(bytes), |read| read.leaf);
    let words = read.as_ref().is_ok_and(|read| !door::seals(&read.event.data).is_empty());
    Prepared { leaf, read, verified: false, words }
}
