//! Signed checkpoints, in a run of files apart from the records.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::disk::{Poison, WINDOW, held};
use super::frame::{FRAME_HEADER, Header, Kind, NOTED, Place};
use super::index::Index;
use super::owner::Owner;
use super::recent::{Chain, Recent};
use super::run::{FIRST, Run, SetAside, damaged};
use crate::{LockStore, StoreError, Swap};

/// Room that is kept ready, so that a disk that fills up refuses an append before its entries are recorded and never
/// the checkpoint over them. A signed note is a few hundred bytes.
const READY: u64 = 64 << 10;

/// The current checkpoint and all earlier ones.
pub struct Locks {
    run: Run,
    poison: Arc<Poison>,
    owner: Arc<Owner>,
    index: Arc<Index>,
    held: Mutex<Current>,
}

/// The newest checkpoint, and what it crowns.
#[derive(Clone, Debug, Default)]
pub(super) struct Current {
    /// How many entries it covers.
    pub(super) size: u64,
    /// How many checkpoints there are.
    pub(super) count: u64,
    pub(super) place: Option<Place>,
    note: Option<Vec<u8>>,
}

/// What a scan of the checkpoints found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) current: Current,
    pub(super) chain: Chain,
    /// The checksum of the chain at the count that was asked for.
    pub(super) crc_then: Option<u32>,
    pub(super) set_aside: Vec<SetAside>,
}

/// Reads every checkpoint.
///
/// # Errors
///
/// [`StoreError::Damaged`] where a bad frame is no torn tail.
pub(super) fn scan(run: &Run, then: u64) -> Result<Found, StoreError> {
    let mut found = Found { crc_then: (then == 0).then_some(0), ..Found::default() };
    let bad = run.scan(|header| header.extra, &mut |place, header, body| {
        if header.index < found.current.size {
            return Some("a checkpoint covers less than the one before it".into());
        }
        found.chain.push(header.crc);
        if found.chain.count == then {
            found.crc_then = Some(found.chain.crc);
        }
        found.current =
            Current { size: header.index, count: found.chain.count, place: Some(place), note: Some(body.to_vec()) };
        None
    })?;
    if let Some(bad) = bad {
        if run.goes_on_behind(bad.place)? {
            let file = Kind::Checkpoint.file(bad.place.file);
            return Err(damaged(&file, bad.place.offset.into(), found.current.size, &bad.problem));
        }
        // A torn checkpoint was never answered for: the entries that it covers are offered again and signed again.
        found.set_aside = run.set_aside(bad.place)?;
    }
    Ok(found)
}

/// The checkpoint of a clean stop, if it stands where the mark says.
pub(super) fn last(run: &Run, chain: Chain, packed: u64) -> Option<Current> {
    if chain.count == 0 {
        return Some(Current::default());
    }
    let place = Place::unpack(packed);
    let (header, note) = run.frame(place, 0).ok()?;
    let fits = header.magic == Kind::Checkpoint.magic() && header.extra + 1 == chain.count;
    fits.then_some(Current { size: header.index, count: chain.count, place: Some(place), note: Some(note) })
}

impl fmt::Debug for Locks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locks").field("current", &self.current()).finish_non_exhaustive()
    }
}

impl Locks {
    pub(super) fn new(run: Run, poison: Arc<Poison>, owner: Arc<Owner>, index: Arc<Index>, current: Current) -> Self {
        Self { run, poison, owner, index, held: Mutex::new(current) }
    }

    pub(super) fn current(&self) -> Current {
        held(&self.held).clone()
    }

    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    /// A frame that says how far the newest checkpoint reaches, when that is farther than `noted`.
    pub(super) fn note_over(&self, noted: u64, seed: u32) -> Option<(u64, [u8; FRAME_HEADER])> {
        let current = held(&self.held);
        let frame = || Header::over(seed, NOTED, current.size, current.count, 0, &[]).encode();
        (current.size > noted).then(|| (current.size, frame()))
    }

    /// Makes room for the next checkpoint while it may still fail.
    pub(super) fn make_ready(&self) -> Result<(), StoreError> {
        let next = held(&self.held).count;
        self.run.reserve(READY, next).map(|_| ())
    }

    /// Every checkpoint from the `from`-th to before the `to`-th into `recent`.
    pub(super) fn tell(run: &Run, from: u64, to: u64, each: &mut dyn FnMut(u64, Place, u32)) -> Result<(), StoreError> {
        if from >= to {
            return Ok(());
        }
        run.walk(run.file_of(from), WINDOW, &mut |place, header, _| {
            if header.extra >= from && header.extra < to {
                each(header.index, place, header.crc);
            }
            Ok(header.extra + 1 < to)
        })
    }

    /// The first `count` checkpoints, for an index in memory.
    pub(super) fn remember(&self, count: u64, recent: &mut Recent) -> Result<(), StoreError> {
        Self::tell(&self.run, 0, count, &mut |size, place, crc| recent.add_checkpoint(size, place, crc))
    }

    /// Looks through all of them, where the index does not help.
    fn search(&self, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let mut found = None;
        self.run.walk(Place { file: 0, offset: FIRST }, WINDOW, &mut |_, header, note| {
            if header.index == size {
                found = Some(note.to_vec());
            }
            Ok(header.index <= size)
        })?;
        Ok(found)
    }
}

impl LockStore for Locks {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.poison.check()?;
        self.owner.look()?;
        Ok(held(&self.held).note.clone())
    }

    fn swap(&self, seen: Option<&[u8]>, size: u64, new: &[u8]) -> Result<Swap, StoreError> {
        self.poison.check()?;
        let mut current = held(&self.held);
        self.owner.check()?;
        if current.note.as_deref() != seen {
            return Ok(Swap::Lost(current.note.clone()));
        }
        if size < current.size {
            return Err(StoreError::Rollback { have: size, signed: current.size });
        }
        let next = current.count;
        let mut frame = Vec::with_capacity(FRAME_HEADER + new.len());
        let header = Header::over(self.run.seed, Kind::Checkpoint.magic(), size, next, 0, new);
        frame.extend_from_slice(&header.encode());
        frame.extend_from_slice(new);
        let bytes = frame.len() as u64;
        let place = match self.run.reserve(bytes, next) {
            Err(StoreError::Full) => return Err(StoreError::Full),
            other => other.map_err(|problem| self.poison.set(&problem))?,
        };
        // From here the result is unknown until the file says that it is durable.
        let durable = if counterpart_tlog::planted!("checkpoint_not_synced") { Run::put } else { Run::write };
        durable(&self.run, place, &frame).map_err(|problem| self.poison.set(&problem))?;
        self.run.advance(place, bytes);
        self.index.add(|recent| recent.add_checkpoint(size, place, header.crc));
        *current = Current { size, count: next + 1, place: Some(place), note: Some(new.to_vec()) };
        Ok(Swap::Done)
    }

    fn at_size(&self, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.poison.check()?;
        {
            let current = held(&self.held);
            if size >= current.size {
                return Ok(current.note.clone().filter(|_| size == current.size));
            }
        }
        let Ok(known) = self.index.checkpoint(size) else { return self.search(size) };
        let Some(place) = known else { return Ok(None) };
        match self.run.frame(place, size) {
            Ok((header, note)) if header.index == size && header.magic == Kind::Checkpoint.magic() => Ok(Some(note)),
            Ok(_) | Err(StoreError::Damaged { .. }) => self.search(size),
            Err(other) => Err(other),
        }
    }
}
