//! Signed checkpoints, in a run of files apart from the records.

use std::io::IoSlice;
use std::sync::{Arc, Mutex};

use super::disk::{Disk, Poison, held};
use super::frame::{FRAME_HEADER, Header, Kind, Place, StoreId};
use super::run::{Run, SetAside, damaged};
use crate::{LockStore, StoreError, Swap};

/// Room that is kept ready, so that a disk that fills up refuses an append before its entries are recorded and never
/// the checkpoint over them. A signed note is a few hundred bytes.
const READY: u64 = 64 << 10;

/// The current checkpoint and all earlier ones.
#[derive(Debug)]
pub struct Locks {
    run: Run,
    poison: Arc<Poison>,
    held: Mutex<History>,
}

#[derive(Debug, Default)]
struct History {
    /// The size and place of every checkpoint, in order.
    places: Vec<(u64, Place)>,
    current: Option<Vec<u8>>,
}

impl Locks {
    pub(super) fn open(
        disk: &Disk,
        id: StoreId,
        file_bytes: u64,
        poison: Arc<Poison>,
    ) -> Result<(Self, Vec<SetAside>), StoreError> {
        let run = Run::open(disk, Kind::Checkpoint, id, file_bytes)?;
        let mut history = History::default();
        let bad = run.scan(|header| header.extra, &mut |place, header, body| {
            if history.places.last().is_some_and(|(size, _)| header.index < *size) {
                return Some("a checkpoint covers less than the one before it".into());
            }
            history.places.push((header.index, place));
            history.current = Some(body.to_vec());
            None
        })?;
        if let Some(bad) = &bad
            && run.goes_on_behind(bad.place)?
        {
            let index = history.places.last().map_or(0, |(size, _)| *size);
            return Err(damaged(&Kind::Checkpoint.file(bad.place.file), bad.place.offset.into(), index, &bad.problem));
        }
        // A torn checkpoint was never answered for: the entries that it covers are offered again and signed again.
        let aside = bad.map_or(Ok(Vec::new()), |bad| run.set_aside(bad.place))?;
        Ok((Self { run, poison, held: Mutex::new(history) }, aside))
    }

    /// How many entries the current checkpoint covers.
    pub(super) fn signed(&self) -> u64 {
        held(&self.held).places.last().map_or(0, |(size, _)| *size)
    }

    /// Makes room for the next checkpoint while it may still fail.
    pub(super) fn make_ready(&self) -> Result<(), StoreError> {
        let next = held(&self.held).places.len() as u64;
        self.run.reserve(READY, next).map(|_| ())
    }
}

impl LockStore for Locks {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.poison.check()?;
        Ok(held(&self.held).current.clone())
    }

    fn swap(&self, seen: Option<&[u8]>, size: u64, new: &[u8]) -> Result<Swap, StoreError> {
        self.poison.check()?;
        let mut history = held(&self.held);
        if history.current.as_deref() != seen {
            return Ok(Swap::Lost(history.current.clone()));
        }
        let signed = history.places.last().map_or(0, |(size, _)| *size);
        if size < signed {
            return Err(StoreError::Rollback { have: size, signed });
        }
        let next = history.places.len() as u64;
        let bytes = (FRAME_HEADER + new.len()) as u64;
        let place = match self.run.reserve(bytes, next) {
            Err(StoreError::Full) => return Err(StoreError::Full),
            other => other.map_err(|problem| self.poison.set(&problem))?,
        };
        let head = Header::over(self.run.seed, Kind::Checkpoint.magic(), size, next, 0, new).encode();
        // From here the result is unknown until the file says that it is durable.
        let written = self.run.write(place, &mut [IoSlice::new(&head), IoSlice::new(new)]);
        written.map_err(|problem| self.poison.set(&problem))?;
        self.run.advance(place, bytes);
        history.places.push((size, place));
        history.current = Some(new.to_vec());
        Ok(Swap::Done)
    }

    fn at_size(&self, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.poison.check()?;
        let place = {
            let history = held(&self.held);
            let behind = history.places.partition_point(|(have, _)| *have <= size);
            behind.checked_sub(1).and_then(|last| history.places.get(last).copied())
        };
        match place {
            Some((have, place)) if have == size => self.run.frame(place, size).map(|(_, note)| Some(note)),
            _ => Ok(None),
        }
    }
}
