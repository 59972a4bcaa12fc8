//! What is left of a ledger that has lost entries for good: the first of them, up to a checkpoint that they come to, in a
//! store of their own that is only read.

use std::path::Path;
use std::sync::Arc;

use super::super::disk::Disk;
use super::super::frame::{Header, Kind, NOTED};
use super::super::identity::identity;
use super::super::open::{ENDED, Indexed, Options};
use super::super::owner::{self, Held};
use super::super::run::Run;
use super::super::store::Embedded;
use super::super::words::Words;
use super::checkpoints::Writing;
use super::{StoreError, no_store};
use crate::{NewEntry, Store as _};

/// So many entries are written at once.
const GROUP: usize = 256;

/// What was taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Entries.
    pub entries: u64,
    /// Entries of which words are lost: damaged, or without their keys.
    pub without_words: u64,
}

/// What a store holds after its ledger has ended.
#[derive(Clone, Copy, Debug)]
pub struct Rest<'r> {
    /// So many entries, from the first on: all of them are whole and come to a checkpoint.
    pub size: u64,
    /// So many were signed for: the new store refuses to be signed from with fewer.
    pub signed: u64,
    /// The statement by which it ended.
    pub statement: &'r str,
}

/// Holds a store while it is decided what is left of it.
///
/// # Errors
///
/// [`StoreError::InUse`].
pub fn holds(directory: &Path) -> Result<impl Sized + use<>, StoreError> {
    let held: Held = owner::hold(&Disk::new(directory, None))?;
    Ok(held)
}

/// Every whole checkpoint of the store in a folder, in order: how many entries it covers, and the note.
///
/// # Errors
///
/// There is no store, or it cannot be read at all; or `each` says so.
pub fn checkpoints(directory: &Path, each: &mut super::Each<'_>) -> Result<(), StoreError> {
    let disk = Disk::new(directory, None);
    let id = identity(&disk)?.ok_or_else(|| no_store(directory))?;
    super::frames(&disk, Kind::Checkpoint, &id, &mut |header, note| each(header.index, note))
}

/// Makes a store in `to`, which is empty, of the first entries of the one in `from`, their words, and their checkpoints. It
/// is only read: [`StoreError::Ended`].
///
/// # Errors
///
/// An entry is not there, or the files cannot be read or written.
pub fn keep(from: &Path, to: &Path, rest: Rest<'_>, options: &Options) -> Result<Kept, StoreError> {
    let source = Disk::new(from, None);
    let id = identity(&source)?.ok_or_else(|| no_store(from))?;
    let words = Words::open(&source, id, options.file_bytes, options.entropy.clone()).ok();
    let fresh = Options { indexed: Indexed::InMemory, ..options.clone() };
    let mut kept = Kept::default();
    {
        let store = Embedded::open(to, &fresh)?;
        let mut group = Vec::new();
        super::frames(&source, Kind::Record, &id, &mut |header, entry| {
            if header.magic == NOTED || header.index != kept.entries || kept.entries >= rest.size {
                return Ok(());
            }
            let read = words.as_ref().and_then(|words| words.read(header.index, header.extra, header.part).ok());
            kept.without_words += u64::from(read.is_none() && header.part > 0);
            let keys = (options.keys_of)(entry);
            group.push(NewEntry { bytes: Arc::from(entry), words: read.unwrap_or_default(), keys });
            kept.entries += 1;
            if group.len() == GROUP {
                store.append(kept.entries - group.len() as u64, &group)?;
                group.clear();
            }
            Ok(())
        })?;
        store.append(kept.entries - group.len() as u64, &group)?;
    }
    if kept.entries != rest.size {
        return Err(StoreError::NoEntry { index: kept.entries, size: rest.size });
    }
    let target = Disk::new(to, None);
    let id = identity(&target)?.ok_or_else(|| no_store(to))?;
    let mut writing = Writing::begin(&target, &id, options)?;
    checkpoints(from, &mut |size, note| if size <= rest.size { writing.add(size, note) } else { Ok(()) })?;
    writing.end()?;
    // Without the statement beside it, this says that more was signed than is here.
    let records = Run::open(&target, Kind::Record, id, options.file_bytes)?;
    records.scan(|header| header.index, &mut |_, _, _| None)?;
    let frame = Header::over(Kind::Record.seed(&id), NOTED, rest.signed, 0, 0, &[]).encode();
    let place = records.reserve(frame.len() as u64, rest.size)?;
    records.write(place, &frame)?;
    target.write_small(ENDED, rest.statement)?;
    Ok(kept)
}

/// Puts another statement in the place of the one by which a store's ledger ended.
///
/// # Errors
///
/// It has not ended, or cannot be written.
pub fn say_again(directory: &Path, statement: &str) -> Result<(), StoreError> {
    let disk = Disk::new(directory, None);
    let held = owner::hold(&disk)?;
    if !disk.exists(ENDED) {
        let problem = "the ledger has not ended".to_owned();
        return Err(StoreError::Unsuitable { file: ENDED.to_owned(), problem });
    }
    disk.write_small(ENDED, statement)?;
    drop(held);
    Ok(())
}

/// The statement by which a store's ledger ended, if it has.
///
/// # Errors
///
/// It cannot be read.
pub fn ended(directory: &Path) -> Result<Option<String>, StoreError> {
    Disk::new(directory, None).read_small(ENDED)
}
