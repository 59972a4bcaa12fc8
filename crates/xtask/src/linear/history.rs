//! A history of what clients did and were told, and whether one log in one order explains all of it.
//!
//! Instants are numbers from one counter: an operation was under way from `from` to `to`, and one that ended before
//! another began came before it. The log itself gives the order, so nothing has to be searched for: each answer is
//! compared with the log as it was found in the end.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use counterpart_tlog::{Hash, Tree};

/// What one operation was, and what it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// An event was sent, and stands at this index under this leaf.
    Recorded {
        /// Which event.
        event: usize,
        /// Where it stands.
        index: u64,
        /// The hash of its leaf.
        leaf: Hash,
        /// The size of the checkpoint in the receipt.
        size: u64,
        /// Its root.
        root: Hash,
    },
    /// An event was sent, and whether it is recorded is not known.
    InDoubt {
        /// Which event.
        event: usize,
    },
    /// The published checkpoint.
    Checkpoint {
        /// How many entries it covers.
        size: u64,
        /// The root over them.
        root: Hash,
    },
    /// The leaves of the first entries, as a tile has them.
    Prefix(Vec<Hash>),
    /// An event was looked for and found.
    Found {
        /// Which event.
        event: usize,
        /// Where.
        index: u64,
    },
    /// An event was looked for and not found.
    Absent {
        /// Which event.
        event: usize,
    },
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// When it began.
    pub from: u64,
    /// When it was answered.
    pub to: u64,
    /// What it was told.
    pub told: Told,
}

/// What was done, and the log in the end: which event stands at each index, and its leaf.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What clients did.
    pub operations: Vec<Operation>,
    /// The log, read whole after the last of them. `None` is an event of before the history.
    pub log: Vec<(Option<usize>, Hash)>,
}

/// What is known of one event.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// When it was first sent.
    sent: u64,
    /// When somebody was first told where it stands.
    told: u64,
}

impl History {
    /// Whether the history is linearizable.
    ///
    /// # Errors
    ///
    /// The first thing that no order explains.
    pub fn check(&self) -> Result<()> {
        let places = self.places()?;
        let tree = self.tree();
        let known = self.known();
        self.written(&places, &tree)?;
        in_real_time(&places, &known)?;
        self.read(&places, &tree, &known)
    }

    /// Where each event stands: once.
    fn places(&self) -> Result<BTreeMap<usize, u64>> {
        let mut places = BTreeMap::new();
        for (index, (event, _)) in (0..).zip(&self.log) {
            if let Some(event) = event {
                let other = places.insert(*event, index);
                ensure!(other.is_none(), "event {event} stands at {other:?} and at {index}");
            }
        }
        Ok(places)
    }

    fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        self.log.iter().for_each(|(_, leaf)| tree.push(*leaf));
        tree
    }

    fn known(&self) -> BTreeMap<usize, Known> {
        let mut all: BTreeMap<usize, Known> = BTreeMap::new();
        for Operation { from, to, told } in &self.operations {
            let (event, told) = match told {
                Told::Recorded { event, .. } => (*event, *to),
                Told::InDoubt { event } => (*event, u64::MAX),
                Told::Checkpoint { .. } | Told::Prefix(_) | Told::Found { .. } | Told::Absent { .. } => continue,
            };
            let known = all.entry(event).or_insert(Known { sent: *from, told });
            known.sent = known.sent.min(*from);
            known.told = known.told.min(told);
        }
        all
    }

    /// Every receipt names a place of its own, which the log fills as it says.
    fn written(&self, places: &BTreeMap<usize, u64>, tree: &Tree) -> Result<()> {
        for Operation { told, .. } in &self.operations {
            let Told::Recorded { event, index, leaf, size, root } = told else { continue };
            ensure!(
                places.get(event) == Some(index),
                "event {event} was promised {index} and stands at {:?}",
                places.get(event)
            );
            ensure!(tree.leaf(*index) == Some(*leaf), "the receipt of {index} names another entry");
            ensure!(*size > *index, "the checkpoint over {size} does not cover {index}");
            ensure!(tree.root_at(*size) == Some(*root), "the receipt of {index} has a root that is not the log's");
        }
        Ok(())
    }

    /// Every reading is of a prefix that can have been there, and none that is older than what was told before.
    fn read(&self, places: &BTreeMap<usize, u64>, tree: &Tree, known: &BTreeMap<usize, Known>) -> Result<()> {
        let sent = self.sent_by_size(known)?;
        let mut by_end: Vec<(u64, u64)> = Vec::new();
        for Operation { to, told, .. } in &self.operations {
            let size = match told {
                Told::Recorded { index, size, .. } => (*size).max(index + 1),
                Told::Checkpoint { size, .. } => *size,
                Told::Prefix(leaves) => leaves.len() as u64,
                Told::Found { index, .. } => index + 1,
                Told::InDoubt { .. } | Told::Absent { .. } => continue,
            };
            by_end.push((*to, size));
        }
        by_end.sort_unstable();
        let mut most = 0;
        for end in &mut by_end {
            most = most.max(end.1);
            end.1 = most;
        }
        // The largest size that anybody was told of before an instant.
        let told_before = |instant: u64| {
            let count = by_end.partition_point(|(to, _)| *to < instant);
            count.checked_sub(1).and_then(|last| by_end.get(last)).map_or(0, |(_, size)| *size)
        };
        let possible = |size: u64, to: u64| -> Result<()> {
            let needs = usize::try_from(size)?.checked_sub(1).map(|last| sent.get(last).copied());
            match needs {
                None => Ok(()),
                Some(None) => anyhow::bail!("{size} entries were read, and the log never had so many"),
                Some(Some(sent)) => {
                    ensure!(sent < to, "{size} entries were read before the last of them was sent");
                    Ok(())
                }
            }
        };
        for Operation { from, to, told } in &self.operations {
            match told {
                Told::Checkpoint { size, root } => {
                    ensure!(tree.root_at(*size) == Some(*root), "the checkpoint over {size} is not over the log's");
                    let least = told_before(*from);
                    ensure!(*size >= least, "a checkpoint over {size} was read after {least} were told of");
                    possible(*size, *to)?;
                }
                Told::Prefix(leaves) => {
                    let same = leaves.iter().zip(&self.log).all(|(leaf, (_, have))| leaf == have);
                    ensure!(same && leaves.len() <= self.log.len(), "what was read at {} is no prefix", leaves.len());
                    possible(leaves.len() as u64, *to)?;
                }
                Told::Found { event, index } => {
                    ensure!(places.get(event) == Some(index), "event {event} was found at {index}, where it is not");
                    possible(index + 1, *to)?;
                }
                Told::Absent { event } => {
                    let place = places.get(event).copied().unwrap_or(u64::MAX);
                    ensure!(told_before(*from) <= place, "event {event} was not found after it was told of");
                }
                Told::Recorded { size, .. } => possible(*size, *to)?,
                Told::InDoubt { .. } => {}
            }
        }
        Ok(())
    }

    /// For each size, before which instant not all of its entries had been sent.
    fn sent_by_size(&self, known: &BTreeMap<usize, Known>) -> Result<Vec<u64>> {
        let mut latest = 0;
        self.log
            .iter()
            .map(|(event, _)| {
                if let Some(event) = event {
                    let known = known.get(event).with_context(|| format!("nobody sent event {event}"))?;
                    latest = latest.max(known.sent);
                }
                Ok(latest)
            })
            .collect()
    }
}

/// An event that was told of before another was sent stands before it.
fn in_real_time(places: &BTreeMap<usize, u64>, known: &BTreeMap<usize, Known>) -> Result<()> {
    let mut told: Vec<(u64, u64)> = Vec::new();
    let mut sent: Vec<(u64, u64)> = Vec::new();
    for (event, known) in known {
        let Some(index) = places.get(event) else {
            ensure!(known.told == u64::MAX, "event {event} was acknowledged and is not in the log");
            continue;
        };
        sent.push((known.sent, *index));
        told.push((known.told, *index));
    }
    sent.sort_unstable();
    told.sort_unstable();
    let mut told = told.into_iter().peekable();
    let mut highest = None;
    for (sent, index) in sent {
        while let Some((_, earlier)) = told.next_if(|(told, _)| *told < sent) {
            highest = highest.max(Some(earlier));
        }
        ensure!(highest < Some(index), "entry {index} was sent after {highest:?} was told of, and stands before it");
    }
    Ok(())
}

/// Ways in which a history can be wrong.
pub const WRONGS: [&str; 10] = [
    "two events at one index",
    "an acknowledged event that is not in the log",
    "an event that stands twice",
    "a receipt of another entry",
    "an order against real time",
    "a checkpoint that went back",
    "a checkpoint of the future",
    "a checkpoint over other entries",
    "a prefix with a gap",
    "an event that is not found after it was told of",
];

impl History {
    /// The same history with one thing wrong; nothing when there is no place for it.
    pub fn wrong(&self, how: usize) -> Option<Self> {
        let mut other = self.clone();
        let first = |wanted: fn(&Told) -> bool| self.operations.iter().position(|done| wanted(&done.told));
        let last = |wanted: fn(&Told) -> bool| self.operations.iter().rposition(|done| wanted(&done.told));
        let recorded = |told: &Told| matches!(told, Told::Recorded { .. });
        let end = self.operations.iter().map(|done| done.to).max()? + 1;
        let size = self.log.len() as u64;
        match how {
            0 => {
                let (one, two) = (first(recorded)?, last(recorded)?);
                let Told::Recorded { index, .. } = other.operations.get(one)?.told else { return None };
                let Told::Recorded { index: place, .. } = &mut other.operations.get_mut(two)?.told else { return None };
                if *place == index {
                    return None;
                }
                *place = index;
            }
            1 => {
                let (event, _) = other.log.pop()?;
                let told =
                    |done: &Operation| matches!(done.told, Told::Recorded { event: of, .. } if Some(of) == event);
                self.operations.iter().find(|done| told(done))?;
            }
            2 => {
                let twice = *other.log.iter().rev().find(|(event, _)| event.is_some())?;
                other.log.push(twice);
            }
            3 => {
                let Told::Recorded { leaf, .. } = &mut other.operations.get_mut(first(recorded)?)?.told else {
                    return None;
                };
                *leaf = Hash::of(b"another entry");
            }
            4 => {
                // The last entry was sent after everything else was told of, and yet the first one came after it.
                let event = self.log.iter().find_map(|(event, _)| *event)?;
                for done in &mut other.operations {
                    if let Told::Recorded { event: of, .. } | Told::InDoubt { event: of } = done.told
                        && of == event
                    {
                        (done.from, done.to) = (end + 1, end + 2);
                    }
                }
            }
            5 => {
                let root = Hash::of(b"");
                other.operations.push(Operation { from: end, to: end + 1, told: Told::Checkpoint { size: 0, root } });
                let Told::Checkpoint { root, .. } = &mut other.operations.last_mut()?.told else { return None };
                *root = counterpart_tlog::empty_root();
            }
            6 => {
                let root = self.tree().root_at(size)?;
                other.operations.push(Operation { from: 0, to: 1, told: Told::Checkpoint { size, root } });
            }
            7 => {
                let told = Told::Checkpoint { size, root: Hash::of(b"other entries") };
                other.operations.push(Operation { from: end, to: end + 1, told });
            }
            8 => {
                let mut leaves: Vec<Hash> = self.log.iter().map(|(_, leaf)| *leaf).collect();
                leaves.remove(leaves.len() / 2);
                other.operations.push(Operation { from: end, to: end + 1, told: Told::Prefix(leaves) });
            }
            9 => {
                let event = self.log.iter().rev().find_map(|(event, _)| *event)?;
                let told = self
                    .operations
                    .iter()
                    .any(|done| matches!(done.told, Told::Recorded { event: of, .. } if of == event));
                if !told {
                    return None;
                }
                other.operations.push(Operation { from: end, to: end + 1, told: Told::Absent { event } });
            }
            _ => return None,
        }
        Some(other)
    }
}
