//! Opening the store, appending to it and reading from it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::IoSlice;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::disk::{Disk, Hook, Poison, Window, failed, held};
use super::frame::{FRAME_HEADER, Header, Kind, Place, StoreId};
use super::locks::Locks;
use super::run::{Run, SetAside, damaged};
use super::words::{Entropy, Words};
use crate::{NewEntry, Store, StoreError, Word};

/// Gives the secondary keys of an entry from its bytes, a pure function.
pub type KeysOf = Arc<dyn Fn(&[u8]) -> Vec<Vec<u8>> + Send + Sync>;

/// The identity file. It is made last: a store without it was never whole.
const IDENTITY: &str = "STORE";

/// What the store is opened with.
#[derive(Clone)]
pub struct Options {
    /// Makes the store's identity and the keys that seal words.
    pub entropy: Entropy,
    /// The index is made from the entries at every start.
    pub keys_of: KeysOf,
    /// A file that is longer than this is followed by a new one.
    pub file_bytes: u64,
    /// Decides the fate of every call that changes the disk: for tests.
    pub hook: Option<Arc<dyn Hook>>,
}

impl Options {
    /// Files of 64 MiB and no faults.
    pub fn new(entropy: Entropy, keys_of: KeysOf) -> Self {
        Self { entropy, keys_of, file_bytes: 64 << 20, hook: None }
    }
}

/// What opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many entries the newest checkpoint covers. Later entries are durable and kept, but nobody has signed for
    /// them yet: the caller admits and signs them.
    pub signed: u64,
    /// Bytes behind what was signed that did not read as frames.
    pub set_aside: Vec<SetAside>,
}

/// A store in files of one directory, held by one process.
pub struct Embedded {
    records: Run,
    words: Words,
    locks: Arc<Locks>,
    poison: Arc<Poison>,
    report: Report,
    read: RwLock<Readable>,
    appending: Mutex<()>,
    _held: File,
}

/// What readers look things up in. INVARIANT: it names only what is durable.
#[derive(Debug, Default)]
struct Readable {
    places: Vec<u64>,
    keys: BTreeMap<Vec<u8>, Vec<u64>>,
    /// The first key frame and count of the last entry that has words.
    last_words: Option<(u64, u32)>,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("report", &self.report).finish_non_exhaustive()
    }
}

impl Embedded {
    /// Opens the store in `directory`, or makes it there, and checks every record.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`], [`StoreError::Damaged`] with file, offset and entry, [`StoreError::Rollback`],
    /// [`StoreError::Unsuitable`].
    pub fn open(directory: &Path, options: &Options) -> Result<Self, StoreError> {
        let disk = Disk::new(directory, options.hook.clone());
        disk.make_directory("")?;
        let lock = File::options().create(true).truncate(false).write(true).open(disk.path("LOCK"));
        let lock = lock.map_err(|source| failed("opening LOCK".into(), source))?;
        if lock.try_lock().is_err() {
            return Err(StoreError::InUse(directory.display().to_string()));
        }
        let id = if disk.exists(IDENTITY) { read_identity(&disk)? } else { create(&disk, options)? };
        let bytes = options.file_bytes;
        let poison = Arc::new(Poison::default());
        let (locks, mut set_aside) = Locks::open(&disk, id, bytes, poison.clone())?;
        let signed = locks.signed();
        let records = Run::open(&disk, Kind::Record, id, bytes)?;
        let words = Words::open(&disk, id, bytes, options.entropy.clone())?;
        let mut read = Readable::default();
        let mut slots = Vec::new();
        let bad = records.scan(|header| header.index, &mut |place, header, entry| {
            if header.index >= signed {
                slots.push((header.index, place, header.extra, header.part));
            }
            read.add(place, (header.extra, header.part), (options.keys_of)(entry));
            None
        })?;
        let have = read.places.len() as u64;
        match bad {
            Some(bad) if have < signed => {
                return Err(damaged(&Kind::Record.file(bad.place.file), bad.place.offset.into(), have, &bad.problem));
            }
            None if have < signed => return Err(StoreError::Rollback { have, signed }),
            Some(bad) => set_aside.extend(records.set_aside(bad.place)?),
            None => {}
        }
        // An entry that nobody signed for and whose words did not all arrive goes aside, with all behind it.
        for (index, place, first, count) in slots {
            let arrived = words.read(index, first, count);
            if matches!(arrived, Err(StoreError::Damaged { .. })) {
                set_aside.extend(records.set_aside(place)?);
                read.cut(index, &records)?;
                break;
            }
            // A disk that cannot be read now proves nothing about what it holds.
            arrived?;
        }
        words.forget_behind(read.last_words)?;
        Ok(Self {
            records,
            words,
            locks: Arc::new(locks),
            poison,
            report: Report { signed, set_aside },
            read: RwLock::new(read),
            appending: Mutex::new(()),
            _held: lock,
        })
    }

    /// The checkpoints of this store.
    pub fn locks(&self) -> Arc<Locks> {
        self.locks.clone()
    }

    /// What opening found.
    pub fn report(&self) -> &Report {
        &self.report
    }

    fn slot(&self, index: u64) -> Result<(u64, u32), StoreError> {
        let (place, size) = self.place(index);
        let place = place.ok_or(StoreError::NoEntry { index, size })?;
        let (header, _) = self.records.frame(place, index)?;
        Ok((header.extra, header.part))
    }

    fn place(&self, index: u64) -> (Option<Place>, u64) {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(index).ok().and_then(|at| read.places.get(at)).map(|packed| Place::unpack(*packed));
        (place, read.places.len() as u64)
    }
}

impl Readable {
    fn add(&mut self, place: Place, slot: (u64, u32), keys: Vec<Vec<u8>>) {
        let index = self.places.len() as u64;
        self.places.push(place.pack());
        if slot.1 > 0 {
            self.last_words = Some(slot);
        }
        for key in keys {
            let indexes = self.keys.entry(key).or_default();
            if indexes.last() != Some(&index) {
                indexes.push(index);
            }
        }
    }

    fn cut(&mut self, size: u64, records: &Run) -> Result<(), StoreError> {
        self.places.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        self.keys.retain(|_, indexes| {
            indexes.retain(|index| *index < size);
            !indexes.is_empty()
        });
        self.last_words = None;
        for (index, packed) in self.places.iter().enumerate().rev() {
            let (header, _) = records.frame(Place::unpack(*packed), index as u64)?;
            if header.part > 0 {
                self.last_words = Some((header.extra, header.part));
                break;
            }
        }
        Ok(())
    }
}

impl Store for Embedded {
    fn size(&self) -> u64 {
        self.read.read().unwrap_or_else(PoisonError::into_inner).places.len() as u64
    }

    fn append(&self, expected: u64, group: &[NewEntry]) -> Result<(), StoreError> {
        self.poison.check()?;
        let _alone = held(&self.appending);
        let have = self.size();
        if have != expected {
            return Err(StoreError::HeadMoved { have, expected });
        }
        if group.is_empty() {
            return Ok(());
        }
        // Room first, everywhere: up to here a full disk does no harm.
        let harmless = |problem: StoreError| {
            let known = matches!(problem, StoreError::Full | StoreError::Unsuitable { .. });
            if known { problem } else { self.poison.set(&problem) }
        };
        let bytes: usize = group.iter().map(|entry| FRAME_HEADER + entry.bytes.len()).sum();
        self.locks.make_ready().map_err(harmless)?;
        let sealed = self.words.seal(expected, group).map_err(harmless)?;
        let place = self.records.reserve(bytes as u64, expected).map_err(harmless)?;
        let (seed, magic) = (self.records.seed, Kind::Record.magic());
        let heads: Vec<_> = (expected..)
            .zip(group)
            .zip(&sealed.slots)
            .map(|((index, entry), (at, count))| Header::over(seed, magic, index, *at, *count, &entry.bytes).encode())
            .collect();
        let frames = heads.iter().zip(group);
        let mut slices: Vec<IoSlice<'_>> =
            frames.flat_map(|(head, entry)| [IoSlice::new(head), IoSlice::new(&entry.bytes)]).collect();
        // From here the result is unknown until both say that they are durable. They are synced side by side.
        let written = if sealed.slots.iter().all(|(_, count)| *count == 0) {
            self.records.write(place, &mut slices)
        } else {
            std::thread::scope(|scope| {
                let words = scope.spawn(|| self.words.write(&sealed));
                self.records.write(place, &mut slices)?;
                words.join().unwrap_or_else(|_| Err(damaged("words", 0, expected, "writing them panicked")))
            })
        };
        written.map_err(|problem| self.poison.set(&problem))?;
        self.records.advance(place, bytes as u64);
        self.words.advance(&sealed);
        let mut read = self.read.write().unwrap_or_else(PoisonError::into_inner);
        let mut at = place;
        for (entry, slot) in group.iter().zip(&sealed.slots) {
            read.add(at, *slot, entry.keys.clone());
            at = at.plus(FRAME_HEADER + entry.bytes.len());
        }
        Ok(())
    }

    fn read_back(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        self.poison.check()?;
        let mut index = range.start;
        while index < range.end {
            let (first, size) = self.place(index);
            let first = first.ok_or(StoreError::NoEntry { index, size })?;
            let file = self.records.file(first.file)?;
            // The window ends where the range does, so that a lone entry costs a lone small read.
            let end = self.place(range.end).0.filter(|end| end.file == first.file);
            let mut window = Window::new(&file.file, end.map_or(u64::MAX, |end| end.offset.into()))?;
            let mut place = first;
            while index < range.end && place.file == first.file {
                let offset = u64::from(place.offset);
                let wrong = |problem: &str| damaged(&file.file.name, offset, index, problem);
                let head = window.get(offset, FRAME_HEADER)?.ok_or_else(|| wrong("the file is too short"))?;
                let header = Header::decode(head);
                let frame = window.get(offset, FRAME_HEADER + header.length as usize)?;
                let body = frame.and_then(|frame| frame.get(FRAME_HEADER..)).unwrap_or_default();
                if !header.fits(self.records.seed, body) || header.index != index {
                    return Err(wrong("the checksum or the number is wrong"));
                }
                each(index, body);
                index += 1;
                match self.place(index) {
                    (Some(next), _) => place = next,
                    (None, _) => break,
                }
            }
        }
        Ok(())
    }

    fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.poison.check()?;
        let Some(place) = self.place(index).0 else { return Ok(None) };
        self.records.frame(place, index).map(|(_, bytes)| Some(bytes))
    }

    fn find(&self, key: &[u8], from: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        self.poison.check()?;
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        let indexes = read.keys.get(key).map_or(&[][..], Vec::as_slice);
        Ok(indexes.iter().copied().skip_while(|index| *index < from).take(limit).collect())
    }

    fn words(&self, index: u64) -> Result<Vec<Word>, StoreError> {
        self.poison.check()?;
        let (first, count) = self.slot(index)?;
        self.words.read(index, first, count)
    }

    fn erase(&self, index: u64, names: &[String]) -> Result<(), StoreError> {
        self.poison.check()?;
        let _alone = held(&self.appending);
        let (first, count) = self.slot(index)?;
        match self.words.erase(index, first, count, names) {
            Err(refused @ StoreError::NoWord { .. }) => Err(refused),
            other => other.map_err(|problem| self.poison.set(&problem)),
        }
    }
}

/// Makes a store that has never been whole, and its identity last.
fn create(disk: &Disk, options: &Options) -> Result<StoreId, StoreError> {
    let mut id = [0; 16];
    (options.entropy)(&mut id);
    let kinds = [Kind::Record, Kind::Word, Kind::Key, Kind::Checkpoint];
    for kind in kinds {
        // Files of an earlier, broken attempt hold no frames; anything more is somebody's records.
        let name = kind.file(0);
        if disk.exists(&name) && super::disk::last_used(&disk.open(&name)?, super::frame::FILE_HEADER)?.is_some() {
            return Err(damaged(IDENTITY, 0, 0, "the identity of the store is missing, but its records are there"));
        }
    }
    for kind in kinds {
        Run::create(disk, kind, id, options.file_bytes)?;
    }
    let digits = format!("{:032x}", u128::from_be_bytes(id));
    let file = disk.create("STORE.new")?;
    let context = |source| failed("writing STORE".into(), source);
    file.write(identity(&digits).as_bytes(), 0).map_err(context)?;
    file.sync().map_err(context)?;
    disk.rename("STORE.new", IDENTITY)?;
    Ok(id)
}

fn identity(digits: &str) -> String {
    let lines = format!("counterpart store\nformat 1\nid {digits}\n");
    let crc = crc32c::crc32c(lines.as_bytes());
    format!("{lines}crc {crc:08x}\n")
}

fn read_identity(disk: &Disk) -> Result<StoreId, StoreError> {
    let bytes = std::fs::read(disk.path(IDENTITY));
    let bytes = bytes.map_err(|source| failed("reading STORE".into(), source))?;
    let text = String::from_utf8_lossy(&bytes);
    let wrong = || damaged(IDENTITY, 0, 0, "it is not the identity of a store that this program knows");
    let digits = text.lines().nth(2).and_then(|line| line.strip_prefix("id ")).ok_or_else(wrong)?;
    if text != identity(digits) || digits.len() != 32 {
        return Err(wrong());
    }
    Ok(u128::from_str_radix(digits, 16).map_err(|_| wrong())?.to_be_bytes())
}
