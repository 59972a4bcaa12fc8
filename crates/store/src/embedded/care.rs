//! Care of a store: looking at one that is not opened, copying one that serves, and mending one that is hurt.
//!
//! None of it signs or decides anything. Copies keep the layout of the files byte by byte, so that a stretch of one
//! fits into the other; the keys of words go to a folder of their own, apart from the words.

mod backup;
mod checkpoints;
mod ending;
mod entries;
mod repair;

use std::path::Path;

pub use backup::{Backup, Restored, backup, restore};
pub use checkpoints::repair_checkpoints;
pub use ending::{Kept, Rest, checkpoints, ended, holds, keep, say_again};
pub use entries::{Giver, repair_records};
pub use repair::{Repaired, repair};

use super::disk::Disk;
use super::frame::{FILE_HEADER, FILE_HEADER_BYTES, FORMAT, FileHeader, Header, Kind, NOTED, StoreId};
use super::identity::identity;
use super::mark::{MARK, Mark};
use super::open::{ENDED, Options};
use super::owner;
use super::run::damaged;
use super::survey::survey;
use super::words::Words;
use crate::StoreError;

/// What is in a folder, as far as reading tells. Nothing was changed.
#[derive(Debug, Default)]
pub struct Look {
    /// A server holds it: its newest entries may be on their way.
    pub in_use: bool,
    /// Whole entries from the first on, without a gap.
    pub entries: u64,
    /// Checkpoints, and how many entries the newest covers.
    pub checkpoints: u64,
    /// How many entries the newest checkpoint covers.
    pub signed: u64,
    /// How many entries the newest checkpoint covers that the records speak of: more than `signed` when it is lost.
    pub noted: u64,
    /// Words that are kept and open with their keys.
    pub words: u64,
    /// Words that were erased.
    pub erased: u64,
    /// Bytes of records, words, keys, checkpoints, in this order.
    pub bytes: [u64; 4],
    /// Bytes of the index.
    pub index_bytes: u64,
    /// The last stop was clean, so that a start reads the ends only.
    pub clean: bool,
    /// The statement by which the ledger ended: the store is only read.
    pub ended: Option<String>,
    /// How many owners the store has had, since that is counted.
    pub epoch: u64,
    /// The newest checkpoint, as it was signed.
    pub checkpoint: Option<Vec<u8>>,
    /// What is damaged or missing, each with file, place and entry.
    pub damage: Vec<StoreError>,
    /// Bytes behind what was signed that a start will set aside.
    pub torn_bytes: u64,
}

/// Looks at the store in a folder: every record, every checkpoint and every word.
///
/// # Errors
///
/// There is no store, or it cannot be read at all; damage is part of the answer.
pub fn look(directory: &Path, options: &Options) -> Result<Look, StoreError> {
    let disk = Disk::new(directory, None);
    let id = identity(&disk)?.ok_or_else(|| no_store(directory))?;
    let mut look = Look { in_use: owner::is_held(&disk), ..Look::default() };
    look.clean = disk.read_small(MARK)?.is_some_and(|text| Mark::decode(&text, &id).is_some());
    look.epoch = owner::newest(&disk, &id)?.unwrap_or(0);
    look.index_bytes = bytes_below(&disk.path(super::shelf::DIRECTORY));
    let mut noted = 0;
    let mut slots = Vec::new();
    for (kind, bytes) in [Kind::Record, Kind::Word, Kind::Key, Kind::Checkpoint].into_iter().zip(0..) {
        let files = files(&disk, kind, &id, &mut look.damage)?;
        let mut total = 0;
        for (number, file) in &files {
            total += file.length()?;
            if matches!(kind, Kind::Word | Kind::Key) {
                continue;
            }
            let (survey, first) = (survey(file, kind, kind.seed(&id))?, look.entries);
            for (range, header) in &survey.frames {
                let (position, next) = match kind {
                    Kind::Checkpoint => (header.extra, look.checkpoints),
                    Kind::Record | Kind::Word | Kind::Key => (header.index, look.entries),
                };
                if header.magic != NOTED && position != next {
                    let problem = format!("number {position} stands where {next} should");
                    let entry = if kind == Kind::Record { look.entries } else { look.signed };
                    look.damage.push(damaged(&kind.file(*number), range.start, entry, &problem));
                }
                if header.magic == NOTED {
                    noted = noted.max(header.index);
                } else if kind == Kind::Record {
                    if header.index == look.entries {
                        look.entries += 1;
                    }
                    slots.push((header.index, header.extra, header.part));
                } else {
                    look.checkpoints += 1;
                    look.signed = look.signed.max(header.index);
                    let mut note = vec![0; header.length as usize];
                    file.read(&mut note, range.start + super::frame::FRAME_HEADER as u64)?;
                    look.checkpoint = Some(note);
                }
            }
            for range in &survey.bad {
                // What stands behind a record is no torn tail where the next one is signed for, whatever it was.
                let before =
                    |(at, header): &&(std::ops::Range<u64>, Header)| at.start < range.start && header.magic != NOTED;
                let next = survey.frames.iter().rfind(before).map_or(first, |(_, header)| header.index + 1);
                let entry = if kind == Kind::Record { next } else { look.signed };
                look.damage.push(damaged(&kind.file(*number), range.start, entry, "these bytes are no frames"));
            }
        }
        if let Some(place) = look.bytes.get_mut(bytes) {
            *place = total;
        }
    }
    look.noted = noted;
    look.ended = disk.read_small(ENDED)?;
    look.judge(noted);
    if let Ok(words) = Words::open(&disk, id, options.file_bytes, options.entropy.clone()) {
        for (index, first, count) in slots {
            match words.read(index, first, count) {
                Ok(kept) => {
                    look.words += kept.len() as u64;
                    look.erased += u64::from(count) - kept.len() as u64;
                }
                Err(damage) => look.damage.push(damage),
            }
        }
    }
    Ok(look)
}

impl Look {
    /// Damage behind what was signed is only a torn tail; less than was signed is a rollback.
    fn judge(&mut self, noted: u64) {
        if self.entries >= self.signed {
            let (torn, damage) = std::mem::take(&mut self.damage).into_iter().partition(|problem| {
                matches!(problem, StoreError::Damaged { file, index, .. } if file.starts_with("records/") && *index >= self.signed)
            });
            self.damage = damage;
            let torn: Vec<StoreError> = torn;
            self.torn_bytes = torn.len() as u64;
        } else {
            self.damage.push(StoreError::Rollback { have: self.entries, signed: self.signed });
        }
        if noted > self.signed && self.ended.is_none() {
            let problem =
                format!("a checkpoint over {noted} entries was signed, but the newest here covers {}", self.signed);
            self.damage.push(damaged("lock", 0, self.signed, &problem));
        }
    }
}

/// Every whole record of the store in a folder, in the order in which they stand, whatever lies between.
///
/// # Errors
///
/// There is no store, or it cannot be read at all; or `each` says so.
pub fn records(directory: &Path, each: &mut Each<'_>) -> Result<(), StoreError> {
    let disk = Disk::new(directory, None);
    let id = identity(&disk)?.ok_or_else(|| no_store(directory))?;
    frames(&disk, Kind::Record, &id, &mut |header, entry| {
        if header.magic == NOTED { Ok(()) } else { each(header.index, entry) }
    })
}

/// What is done with each frame, by its header and its body.
type EachFrame<'a> = dyn FnMut(&Header, &[u8]) -> Result<(), StoreError> + 'a;

/// Every whole frame of a kind, in the order in which they stand.
fn frames(disk: &Disk, kind: Kind, id: &StoreId, each: &mut EachFrame<'_>) -> Result<(), StoreError> {
    for (_, file) in files(disk, kind, id, &mut Vec::new())? {
        for (range, header) in survey(&file, kind, kind.seed(id))?.frames {
            let mut body = vec![0; header.length as usize];
            file.read(&mut body, range.start + super::frame::FRAME_HEADER as u64)?;
            each(&header, &body)?;
        }
    }
    Ok(())
}

/// Looks at a record: its index and its bytes.
pub type Each<'e> = dyn FnMut(u64, &[u8]) -> Result<(), StoreError> + 'e;

/// The newest checkpoint of the store in a folder, as it was signed, that covers at most so many entries. Damage among
/// the checkpoints hides what it befell.
///
/// # Errors
///
/// There is no store, or it cannot be read at all.
pub fn checkpoint_within(directory: &Path, entries: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let disk = Disk::new(directory, None);
    let id = identity(&disk)?.ok_or_else(|| no_store(directory))?;
    let mut newest = None;
    for (_, file) in files(&disk, Kind::Checkpoint, &id, &mut Vec::new())? {
        for (range, header) in survey(&file, Kind::Checkpoint, Kind::Checkpoint.seed(&id))?.frames {
            if header.index <= entries {
                let mut note = vec![0; header.length as usize];
                file.read(&mut note, range.start + super::frame::FRAME_HEADER as u64)?;
                newest = Some(note);
            }
        }
    }
    Ok(newest)
}

fn no_store(directory: &Path) -> StoreError {
    let problem = "there is no store here; name the folder that holds the file STORE".to_owned();
    StoreError::Unsuitable { file: directory.display().to_string(), problem }
}

/// The files of a kind that can be read, with their numbers. Others are damage.
fn files(
    disk: &Disk,
    kind: Kind,
    id: &StoreId,
    damage: &mut Vec<StoreError>,
) -> Result<Vec<(u32, super::disk::DiskFile)>, StoreError> {
    let mut found = Vec::new();
    if !disk.exists(kind.directory()) {
        damage.push(damaged(&kind.file(0), 0, 0, "the whole directory is missing"));
        return Ok(found);
    }
    let mut next = 0;
    for name in disk.list(kind.directory())? {
        let Some(number) = kind.number(&name) else { continue };
        for missing in next..number {
            damage.push(damaged(&kind.file(missing), 0, 0, "the file is missing"));
        }
        next = number + 1;
        match header(disk, kind, id, number) {
            Ok(file) => found.push((number, file)),
            Err(problem @ (StoreError::Damaged { .. } | StoreError::Unsuitable { .. })) => damage.push(problem),
            Err(other) => return Err(other),
        }
    }
    if next == 0 {
        damage.push(damaged(&kind.file(0), 0, 0, "the file is missing"));
    }
    Ok(found)
}

/// A file whose own header is right.
fn header(disk: &Disk, kind: Kind, id: &StoreId, number: u32) -> Result<super::disk::DiskFile, StoreError> {
    let file = disk.open(&kind.file(number))?;
    let mut bytes = [0; FILE_HEADER_BYTES];
    if file.length()? < FILE_HEADER {
        return Err(damaged(&file.name, 0, 0, "the file is too short"));
    }
    file.read(&mut bytes, 0)?;
    let header = FileHeader::decode(&bytes).map_err(|problem| damaged(&file.name, 0, 0, problem))?;
    if header.format != FORMAT || header.id != *id || header.kind != kind.magic() || header.number != number {
        let problem = "it is of another store, another format or another place".to_owned();
        return Err(StoreError::Unsuitable { file: file.name, problem });
    }
    Ok(file)
}

/// Bytes of all files below a folder; 0 if it is not there.
fn bytes_below(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    let each = entries.flatten().map(|entry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes_below(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    });
    each.sum()
}
