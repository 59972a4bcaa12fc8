//! Mending records from entries that others have, a mirror above all: it has every entry, but no frame and no words.
//!
//! Where words lie is told by their keys, which name the entry, so a record is made again byte by byte where only
//! records are hurt. Whoever calls this has compared each entry with the root that was signed.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use super::super::disk::{Disk, DiskFile, failed, last_used};
use super::super::frame::{
    FILE_HEADER, FILE_HEADER_BYTES, FORMAT, FRAME_HEADER, FileHeader, Header, Kind, NOTED, Place, StoreId,
};
use super::super::identity::identity;
use super::super::mark::MARK;
use super::super::open::Options;
use super::super::owner;
use super::super::run::damaged;
use super::super::survey::survey;
use super::super::words::KEY_FRAME;
use super::repair::{Repaired, keep};
use super::{look, no_store};
use crate::StoreError;

/// Gives an entry by its index, if whoever gives it has it.
pub type Giver<'g> = dyn FnMut(u64) -> Result<Option<Vec<u8>>, StoreError> + 'g;

/// Fills every gap among the records of the store in `directory`, up to `signed` entries, with what `giver` has. Records
/// that are whole are left as they are.
///
/// # Errors
///
/// The folder is in use, its identity is lost, or it cannot be read or written at all.
pub fn repair_records(
    directory: &Path,
    signed: u64,
    giver: &mut Giver<'_>,
    options: &Options,
) -> Result<Repaired, StoreError> {
    let disk = Disk::new(directory, None);
    let held = owner::hold(&disk)?;
    let id = identity(&disk)?.ok_or_else(|| no_store(directory))?;
    if disk.exists(MARK) {
        disk.remove(MARK)?;
    }
    let slots = slots(&disk, &id)?;
    let mut filling = Filling { disk, id, slots, giver, label: options.label.clone(), next: 0, replaced: Vec::new() };
    filling.all(signed)?;
    let Filling { replaced, .. } = filling;
    drop(held);
    Ok(Repaired { replaced, look: look(directory, options)? })
}

/// Where the first key of each entry lies, and how many it has, as far as keys are whole.
fn slots(disk: &Disk, id: &StoreId) -> Result<HashMap<u64, (u64, u32)>, StoreError> {
    let mut slots = HashMap::new();
    for (number, file) in super::files(disk, Kind::Key, id, &mut Vec::new())? {
        for (range, header) in survey(&file, Kind::Key, Kind::Key.seed(id))?.frames {
            let offset = range.start.saturating_sub(u64::from(header.part) * KEY_FRAME as u64);
            let first = Place { file: number, offset: u32::try_from(offset).unwrap_or(u32::MAX) }.pack();
            let slot = slots.entry(header.index).or_insert((first, 0));
            slot.1 = slot.1.max(header.part + 1);
        }
    }
    Ok(slots)
}

struct Filling<'g, 'f> {
    disk: Disk,
    id: StoreId,
    slots: HashMap<u64, (u64, u32)>,
    giver: &'g mut Giver<'f>,
    label: String,
    /// The entry that should come next.
    next: u64,
    replaced: Vec<String>,
}

impl Filling<'_, '_> {
    fn all(&mut self, signed: u64) -> Result<(), StoreError> {
        self.disk.make_directory(Kind::Record.directory())?;
        let names = self.disk.list(Kind::Record.directory())?;
        let last = names.iter().filter_map(|name| Kind::Record.number(name)).max().unwrap_or(0);
        for number in 0..=last {
            // Where the next file begins, this one and those that are missing between them must end.
            let following = (number + 1..=last).find(|number| self.disk.exists(&Kind::Record.file(*number)));
            let until = following.map_or(Some(signed), |number| self.first_of(number));
            self.file(number, until, following.is_none())?;
        }
        Ok(())
    }

    /// The entry with which a file begins, if its header says so.
    fn first_of(&self, number: u32) -> Option<u64> {
        super::header(&self.disk, Kind::Record, &self.id, number).ok()?;
        let file = self.disk.open(&Kind::Record.file(number)).ok()?;
        let mut bytes = [0; FILE_HEADER_BYTES];
        file.read(&mut bytes, 0).ok()?;
        FileHeader::decode(&bytes).ok().map(|header| header.first)
    }

    fn file(&mut self, number: u32, until: Option<u64>, is_last: bool) -> Result<(), StoreError> {
        let name = Kind::Record.file(number);
        let file = match super::header(&self.disk, Kind::Record, &self.id, number) {
            Ok(file) => file,
            Err(_) => self.headed(&name, number)?,
        };
        let mut end = FILE_HEADER;
        for (range, header) in survey(&file, Kind::Record, Kind::Record.seed(&self.id))?.frames {
            if header.magic == NOTED {
                // Behind a gap it is overwritten: which entries stood there is told by the record behind it.
                end = if range.start == end { range.end } else { end };
                continue;
            }
            if header.index < self.next {
                let problem = format!("entry {} stands behind entry {}", header.index, self.next.saturating_sub(1));
                return Err(damaged(&name, range.start, header.index, &problem));
            }
            if range.start > end {
                self.fill(&file, end..range.start, header.index)?;
            }
            self.next = header.index + 1;
            end = range.end;
        }
        self.finish(&file, end, until, is_last)
    }

    /// A file that is missing or whose header is lost, with a header.
    fn headed(&mut self, name: &str, number: u32) -> Result<DiskFile, StoreError> {
        let there = self.disk.exists(name);
        let file = if there { self.disk.open(name)? } else { self.disk.create(name)? };
        let header = FileHeader { kind: Kind::Record.magic(), format: FORMAT, number, first: self.next, id: self.id };
        self.write(&file, &header.encode(), 0)?;
        if !there {
            self.disk.sync_directory(Kind::Record.directory())?;
        }
        Ok(file)
    }

    /// The frames of the entries from the next one to before `until`, as far as they can be had and fit into `room`; and
    /// how many these are.
    fn frames(&mut self, until: u64, room: u64) -> Result<(Vec<u8>, u64), StoreError> {
        let seed = Kind::Record.seed(&self.id);
        let mut frames = Vec::new();
        let mut index = self.next;
        while index < until
            && let Some(entry) = (self.giver)(index)?
            && (frames.len() + FRAME_HEADER + entry.len()) as u64 <= room
        {
            let (first, count) = self.slots.get(&index).copied().unwrap_or_default();
            let header = Header::over(seed, Kind::Record.magic(), index, first, count, &entry);
            frames.extend_from_slice(&header.encode());
            frames.extend_from_slice(&entry);
            index += 1;
        }
        Ok((frames, index - self.next))
    }

    /// Fills a gap before a whole record, if all that stood there can be had. The rest of it noted checkpoints.
    fn fill(&mut self, file: &DiskFile, gap: Range<u64>, until: u64) -> Result<(), StoreError> {
        let (mut frames, had) = self.frames(until, u64::MAX)?;
        if self.next + had < until {
            return Ok(());
        }
        let over = (gap.end - gap.start).checked_sub(frames.len() as u64);
        let Some(over) = over.filter(|over| over.is_multiple_of(FRAME_HEADER as u64)) else {
            return Err(damaged(&file.name, gap.start, self.next, "what others have does not fit into the gap"));
        };
        let nothing = Header::over(Kind::Record.seed(&self.id), NOTED, 0, 0, 0, &[]).encode();
        for _ in 0..over / FRAME_HEADER as u64 {
            frames.extend_from_slice(&nothing);
        }
        self.write(file, &frames, gap.start)
    }

    /// Writes what is missing behind the last whole record of a file, and clears the rest, unless it is for a start to
    /// judge: that of the last file may be newer than whoever gives. Where it is not known with which entry the next
    /// file begins, what is missing is what stood in the bytes that are no frames.
    fn finish(&mut self, file: &DiskFile, end: u64, until: Option<u64>, is_last: bool) -> Result<(), StoreError> {
        let used = last_used(file, end)?.unwrap_or(end);
        let (mut frames, had) = match until {
            Some(until) => self.frames(until, u64::MAX)?,
            None => self.frames(u64::MAX, used - end)?,
        };
        if until.is_some_and(|until| self.next + had < until) {
            // What nobody has may yet be had from another copy.
            return Ok(());
        }
        self.next += had;
        let whole = end + frames.len() as u64;
        if whole < used && !is_last {
            frames.resize(frames.len() + usize::try_from(used - whole).unwrap_or(0), 0);
        }
        if frames.is_empty() { Ok(()) } else { self.write(file, &frames, end) }
    }

    fn write(&mut self, file: &DiskFile, bytes: &[u8], at: u64) -> Result<(), StoreError> {
        let range = at..at + bytes.len() as u64;
        keep(&self.disk, &self.label, file, &range)?;
        let context = |source| failed(format!("writing {}", file.name), source);
        file.write(bytes, at).map_err(context)?;
        file.sync().map_err(context)?;
        self.replaced.push(format!("{} bytes {} to {}", file.name, range.start, range.end));
        Ok(())
    }
}
