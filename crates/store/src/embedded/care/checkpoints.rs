//! Mending the checkpoints of a store of which no copy is left: what is whole of them stays, and the newest one comes from
//! whoever holds it.
//!
//! The files are written anew in `lock.mended/`, and the folder then takes the place of the old one, which is kept as
//! `repaired-<label>-lock`.

use std::path::Path;
use std::sync::Arc;

use super::super::disk::{Disk, Poison};
use super::super::frame::{Header, Kind, Place, StoreId};
use super::super::identity::identity;
use super::super::mark::MARK;
use super::super::open::Options;
use super::super::owner::{self, EPOCH, Owner};
use super::super::run::Run;
use super::{Look, Repaired, StoreError, look, no_store};

/// Where the new files are made.
const MENDED: &str = "lock.mended";

/// Makes the checkpoints anew from what is whole of them and from `newest`, which covers `size` entries and was signed by
/// this ledger: the caller has verified that, and that the records come to it.
///
/// Earlier checkpoints that are damaged are lost by this, but for their bytes: take them from a copy first, if there is one.
///
/// # Errors
///
/// [`StoreError::Rollback`] when more was signed than `newest` covers; the folder is in use, or cannot be read or written.
pub fn repair_checkpoints(
    directory: &Path,
    size: u64,
    newest: &[u8],
    options: &Options,
) -> Result<Repaired, StoreError> {
    let disk = Disk::new(directory, None);
    let held = owner::hold(&disk)?;
    let id = identity(&disk)?.ok_or_else(|| no_store(directory))?;
    end_interrupted(&disk)?;
    let Look { signed, noted, .. } = look(directory, options)?;
    if size < signed.max(noted) {
        return Err(StoreError::Rollback { have: size, signed: signed.max(noted) });
    }
    if disk.exists(MARK) {
        disk.remove(MARK)?;
    }
    let mended = Disk::new(&disk.path(MENDED), None);
    if disk.exists(MENDED) {
        disk.remove_directory(MENDED)?;
    }
    mended.make_root()?;
    let kept = write(&disk, &mended, &id, (size, newest), options)?;
    take_over(&disk, &mended, id, options)?;
    let lock = Kind::Checkpoint.directory();
    let aside = format!("repaired-{}-{lock}", options.label);
    if disk.exists(lock) {
        disk.rename(lock, &aside)?;
    }
    end_interrupted(&disk)?;
    drop(held);
    let replaced = vec![format!(
        "{lock}: {kept} checkpoints that were whole and the newest one, over {size} entries; the old files are in {aside}"
    )];
    Ok(Repaired { replaced, look: look(directory, options)? })
}

/// Gives the new folder its place, when nothing else stands there: it was whole before the old one went.
fn end_interrupted(disk: &Disk) -> Result<(), StoreError> {
    let lock = Kind::Checkpoint.directory();
    let ready = format!("{MENDED}/{lock}");
    if !disk.exists(lock) && disk.exists(&ready) && disk.exists(&format!("{MENDED}/{EPOCH}")) {
        disk.rename(&ready, lock)?;
        disk.remove_directory(MENDED)?;
    }
    Ok(())
}

/// Writes what is whole, in its order, and then the newest one; gives how many were whole.
fn write(
    disk: &Disk,
    mended: &Disk,
    id: &StoreId,
    (size, newest): (u64, &[u8]),
    options: &Options,
) -> Result<u64, StoreError> {
    Run::create(mended, Kind::Checkpoint, *id, options.file_bytes)?;
    let mut writing = Writing::begin(mended, id, options)?;
    let mut last = Vec::new();
    super::frames(disk, Kind::Checkpoint, id, &mut |header, note| {
        if header.index >= writing.covered {
            writing.add(header.index, note)?;
            last = note.to_vec();
        }
        Ok(())
    })?;
    let kept = writing.count;
    if writing.covered != size || last != newest {
        writing.add(size, newest)?;
    }
    writing.end()?;
    Ok(kept)
}

/// Checkpoints on their way into files that hold none yet.
pub(super) struct Writing {
    run: Run,
    count: u64,
    covered: u64,
    last: Option<Place>,
}

impl Writing {
    pub(super) fn begin(disk: &Disk, id: &StoreId, options: &Options) -> Result<Self, StoreError> {
        let run = Run::open(disk, Kind::Checkpoint, *id, options.file_bytes)?;
        Ok(Self { run, count: 0, covered: 0, last: None })
    }

    /// Writes the next one, which is durable with the first of the next file, or at the end.
    pub(super) fn add(&mut self, size: u64, note: &[u8]) -> Result<(), StoreError> {
        let mut frame =
            Header::over(self.run.seed, Kind::Checkpoint.magic(), size, self.count, 0, note).encode().to_vec();
        frame.extend_from_slice(note);
        let place = self.run.reserve(frame.len() as u64, self.count)?;
        if let Some(last) = self.last.filter(|last| last.file != place.file) {
            self.run.sync(last)?;
        }
        self.run.put(place, &frame)?;
        self.run.advance(place, frame.len() as u64);
        (self.count, self.covered, self.last) = (self.count + 1, size, Some(place));
        Ok(())
    }

    pub(super) fn end(self) -> Result<(), StoreError> {
        self.last.map_or(Ok(()), |last| self.run.sync(last))
    }
}

/// The epoch goes on in the new folder, higher than in the old one.
fn take_over(disk: &Disk, mended: &Disk, id: StoreId, options: &Options) -> Result<(), StoreError> {
    if let Some(text) = disk.read_small(EPOCH)? {
        mended.write_small(EPOCH, &text)?;
    }
    Owner::take(mended, id, &*options.entropy, Arc::new(Poison::default())).map(drop)
}
