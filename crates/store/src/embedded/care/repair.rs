//! Mending a store from another copy of it: only what is damaged is replaced, and only by what is whole.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::disk::{Disk, DiskFile, failed};
use super::super::frame::{FRAME_HEADER, Header, Kind, NOTED, Place, StoreId};
use super::super::identity::{identity, identity_text};
use super::super::mark::MARK;
use super::super::open::Options;
use super::super::owner;
use super::super::survey::survey;
use super::super::words::{KEY_FRAME, Words};
use super::{Look, StoreError, look, no_store};

/// What a repair did.
#[derive(Debug)]
pub struct Repaired {
    /// Each replaced stretch: which file, where, how many bytes. The old bytes are kept in `repaired-<label>/`.
    pub replaced: Vec<String>,
    /// What was found afterwards. Whatever is still damaged was damaged in the copy too, or is newer than it.
    pub look: Look,
}

/// Mends the store in `directory` from `source`, a backup or another copy, and the keys of words from `keys`, or from
/// the source when it has some.
///
/// Erasures of the log must be applied again afterwards, and the caller compares the root with the signed checkpoint
/// before anything is signed: both happen at every start.
///
/// # Errors
///
/// The folder is in use, or either cannot be read or written at all.
pub fn repair(directory: &Path, source: &Path, keys: Option<&Path>, options: &Options) -> Result<Repaired, StoreError> {
    let disk = Disk::new(directory, None);
    let held = owner::hold(&disk)?;
    let other = Disk::new(source, None);
    let id = identity(&other)?.ok_or_else(|| no_store(source))?;
    let mut mending = Mending { disk, other, id, label: options.label.clone(), replaced: Vec::new() };
    mending.identity()?;
    // Everything that is derived is made again.
    if mending.disk.exists(MARK) {
        mending.disk.remove(MARK)?;
    }
    let key_disk = keys.map_or_else(|| mending.other.clone(), |keys| Disk::new(keys, None));
    for kind in [Kind::Record, Kind::Checkpoint, Kind::Word, Kind::Key] {
        let from = if kind == Kind::Key { key_disk.clone() } else { mending.other.clone() };
        if from.exists(kind.directory()) {
            mending.files(&from, kind)?;
        }
    }
    mending.words(&key_disk, options)?;
    drop(held);
    let Mending { replaced, .. } = mending;
    Ok(Repaired { replaced, look: look(directory, options)? })
}

struct Mending {
    disk: Disk,
    other: Disk,
    id: StoreId,
    label: String,
    replaced: Vec<String>,
}

impl Mending {
    fn identity(&mut self) -> Result<(), StoreError> {
        match identity(&self.disk) {
            Ok(Some(id)) if id == self.id => return Ok(()),
            Ok(Some(_)) => {
                let problem = "the two are different stores; nothing was changed".to_owned();
                return Err(StoreError::Unsuitable { file: "STORE".into(), problem });
            }
            Ok(None) | Err(StoreError::Damaged { .. }) => {}
            Err(other) => return Err(other),
        }
        let text = identity_text(&format!("{:032x}", u128::from_be_bytes(self.id)));
        self.disk.write_small("STORE", &text)?;
        self.replaced.push("STORE".to_owned());
        Ok(())
    }

    /// Mends every file of a kind: missing ones whole, others where they hold no frames.
    fn files(&mut self, from: &Disk, kind: Kind) -> Result<(), StoreError> {
        self.disk.make_directory(kind.directory())?;
        for name in from.list(kind.directory())? {
            let Some(number) = kind.number(&name) else { continue };
            let Ok(source) = super::header(from, kind, &self.id, number) else { continue };
            match super::header(&self.disk, kind, &self.id, number) {
                Ok(target) if matches!(kind, Kind::Record | Kind::Checkpoint) => {
                    self.frames(&source, &target, kind)?;
                }
                Ok(_) => {}
                Err(_) => self.whole(&source, kind, number)?,
            }
        }
        Ok(())
    }

    /// Copies a file whose own header is lost, and keeps the old one.
    fn whole(&mut self, source: &DiskFile, kind: Kind, number: u32) -> Result<(), StoreError> {
        let name = kind.file(number);
        let length = source.length()?;
        // Later frames than the copy has stay where they are, behind a header that is whole.
        let old = self.disk.exists(&name).then(|| self.disk.open(&name)).transpose()?;
        let keep = old.filter(|old| old.length().is_ok_and(|have| have > length));
        if let Some(target) = keep {
            return self.replace(source, &target, 0..length);
        }
        let target = self.disk.create(&name)?;
        self.replace(source, &target, 0..length)?;
        self.disk.sync_directory(kind.directory())
    }

    /// Replaces what is no frame by what is one in the copy, and adds what the copy has beyond.
    fn frames(&mut self, source: &DiskFile, target: &DiskFile, kind: Kind) -> Result<(), StoreError> {
        let seed = kind.seed(&self.id);
        let (good, mut hurt) = (survey(source, kind, seed)?, survey(target, kind, seed)?);
        // A whole frame that the copy has elsewhere was carried to the wrong place, with the sector around it.
        let name = |header: &Header| {
            let position = if kind == Kind::Checkpoint { header.extra } else { header.index };
            (header.magic, position)
        };
        let places: BTreeMap<_, _> = good.frames.iter().map(|(range, header)| (name(header), range.start)).collect();
        let twin = |start: u64| good.frames.binary_search_by_key(&start, |(have, _)| have.start).is_ok();
        hurt.frames.retain(|(range, header)| {
            let elsewhere = places.get(&name(header)).is_some_and(|start| *start != range.start);
            if header.magic == NOTED { twin(range.start) } else { !elsewhere }
        });
        for (range, header) in good.frames {
            let there = hurt.frames.binary_search_by_key(&range.start, |(have, _)| have.start);
            let same = there.ok().and_then(|at| hurt.frames.get(at)).is_some_and(|(_, have)| *have == header);
            // A whole frame is never replaced: it is newer, or the two histories differ, which the root will tell.
            let free = !hurt.frames.iter().any(|(have, _)| have.start < range.end && range.start < have.end);
            if !same && free {
                self.replace(source, target, range)?;
            }
        }
        Ok(())
    }

    fn replace(&mut self, source: &DiskFile, target: &DiskFile, range: std::ops::Range<u64>) -> Result<(), StoreError> {
        let length = usize::try_from(range.end - range.start).unwrap_or(0);
        let mut bytes = vec![0; length];
        source.read(&mut bytes, range.start)?;
        keep(&self.disk, &self.label, target, &range)?;
        let context = |source| failed(format!("writing {}", target.name), source);
        target.write(&bytes, range.start).map_err(context)?;
        target.sync().map_err(context)?;
        self.replaced.push(format!("{} bytes {} to {}", target.name, range.start, range.end));
        Ok(())
    }

    /// Mends keys and words of entries whose words cannot be read. What was erased stays erased.
    fn words(&mut self, key_disk: &Disk, options: &Options) -> Result<(), StoreError> {
        let Ok(words) = Words::open(&self.disk, self.id, options.file_bytes, options.entropy.clone()) else {
            return Ok(());
        };
        let mut damage = Vec::new();
        let records = super::files(&self.disk, Kind::Record, &self.id, &mut damage)?;
        for (_, file) in records {
            for (_, header) in survey(&file, Kind::Record, Kind::Record.seed(&self.id))?.frames {
                for part in 0..header.part {
                    if words.read_one(header.index, header.extra, part).is_err() {
                        self.word(key_disk, header.index, header.extra, part)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes a key frame and its word frame from the copies, each if it is whole there and not here.
    fn word(&mut self, key_disk: &Disk, index: u64, first: u64, part: u32) -> Result<(), StoreError> {
        let at = Place::unpack(first).plus(KEY_FRAME * part as usize);
        let Some(head) = self.frame(key_disk, Kind::Key, at, (index, part))? else { return Ok(()) };
        if head.magic == Kind::Key.magic() {
            let other = self.other.clone();
            self.frame(&other, Kind::Word, Place::unpack(head.extra), (index, part))?;
        }
        Ok(())
    }

    /// Makes one frame whole; gives the header that stands there now.
    fn frame(&mut self, from: &Disk, kind: Kind, at: Place, whose: (u64, u32)) -> Result<Option<Header>, StoreError> {
        let name = kind.file(at.file);
        let seed = kind.seed(&self.id);
        let target = self.disk.open(&name)?;
        let here = whole_frame(&target, at, seed)?.filter(|(head, _)| (head.index, head.part) == whose);
        if let Some((head, _)) = here {
            return Ok(Some(head));
        }
        if !from.exists(&name) {
            return Ok(None);
        }
        let source = from.open(&name)?;
        let there = whole_frame(&source, at, seed)?.filter(|(head, _)| (head.index, head.part) == whose);
        let Some((head, length)) = there else { return Ok(None) };
        let start = u64::from(at.offset);
        self.replace(&source, &target, start..start + length)?;
        Ok(Some(head))
    }
}

/// Keeps the old bytes of a stretch, but never those of keys: a damaged key may be one that was erased.
pub(super) fn keep(
    disk: &Disk,
    label: &str,
    target: &DiskFile,
    range: &std::ops::Range<u64>,
) -> Result<(), StoreError> {
    let end = range.end.min(target.length()?);
    if target.name.starts_with("keys/") || range.start >= end {
        return Ok(());
    }
    let mut old = vec![0; usize::try_from(end - range.start).unwrap_or(0)];
    target.read(&mut old, range.start)?;
    let folder = format!("repaired-{label}");
    disk.make_directory(&folder)?;
    let name = format!("{folder}/{}-{}.bin", target.name.replace('/', "-"), range.start);
    let kept = disk.create(&name)?;
    let context = |source| failed(format!("writing {name}"), source);
    kept.write(&old, 0).map_err(context)?;
    kept.sync().map_err(context)?;
    disk.sync_directory(&folder)
}

/// The frame at a place and its length, if it is whole.
fn whole_frame(file: &DiskFile, at: Place, seed: u32) -> Result<Option<(Header, u64)>, StoreError> {
    let start = u64::from(at.offset);
    let length = file.length()?;
    let mut head = [0; FRAME_HEADER];
    if start + head.len() as u64 > length {
        return Ok(None);
    }
    file.read(&mut head, start)?;
    let header = Header::decode(&head);
    let behind = start + (FRAME_HEADER as u64) + u64::from(header.length);
    if behind > length {
        return Ok(None);
    }
    let mut body = vec![0; header.length as usize];
    file.read(&mut body, start + FRAME_HEADER as u64)?;
    Ok(header.fits(seed, &body).then_some((header, behind - start)))
}
