//! Appending to the store and reading from it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::disk::{Disk, Poison, WINDOW, held};
use super::frame::{Header, Kind, Place, StoreId};
use super::index::Index;
use super::locks::Locks;
use super::mark::{MARK, Mark};
use super::open::{KeysOf, Options, Report, WordsFit};
use super::owner::{Held, Owner};
use super::rebuild::Rebuilt;
use super::recent::{Chain, Recent};
use super::run::{FIRST, Run, damaged};
use super::space::Space;
use super::words::Words;
use crate::{NewEntry, Store, StoreError, Word};

/// The shelf catches up when nothing was appended for so long: the cores are busy while something is.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a large index is not opened unless somebody waits for it, and how often that is looked at.
const LATER: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(20);

/// Where each of so many entries lies is remembered when it is passed in a search without the index.
const PASSED: u64 = 64;

/// So much is read at once in such a search, in bytes.
const STEP: u64 = 128 << 10;

/// So much may wait, some 150 bytes each, before the shelf catches up all the same.
const WAITING_MAX: u64 = 131_072;

/// A store in files of one directory, held by one process.
///
/// Dropping it is a clean stop: the next start need not read everything again.
pub struct Embedded {
    inner: Arc<Inner>,
    follower: Option<JoinHandle<()>>,
    bell: Arc<Bell>,
    report: Report,
    _held: Held,
}

/// How much a store holds. Bytes are those of its files, with the room that is kept ready in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Entries of the log.
    pub entries: u64,
    /// Signed checkpoints.
    pub checkpoints: u64,
    /// The record files.
    pub records_bytes: u64,
    /// The sealed words.
    pub words_bytes: u64,
    /// The keys of the words.
    pub keys_bytes: u64,
    /// The checkpoints.
    pub checkpoints_bytes: u64,
}

/// What the store and the thread that follows behind share.
pub(super) struct Inner {
    pub(super) disk: Disk,
    pub(super) id: StoreId,
    pub(super) records: Run,
    pub(super) words: Words,
    pub(super) locks: Arc<Locks>,
    pub(super) index: Arc<Index>,
    pub(super) poison: Arc<Poison>,
    pub(super) owner: Arc<Owner>,
    pub(super) space: Space,
    pub(super) writer: Mutex<Writer>,
    pub(super) keys_of: KeysOf,
    pub(super) words_fit: Option<WordsFit>,
    /// Places of some entries that were passed by searches without the index.
    pub(super) passed: Mutex<BTreeMap<u64, Place>>,
    /// What became of an index that was opened behind the start.
    pub(super) rebuilt: Mutex<Option<Rebuilt>>,
}

/// What whoever appends holds.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// How many entries the newest checkpoint covers that the records speak of.
    pub(super) noted: u64,
    /// The first key frame and count of the last entry that has words.
    pub(super) last_words: Option<(u64, u32)>,
    pub(super) last_entry: Option<Place>,
    buffer: Vec<u8>,
}

impl Writer {
    pub(super) fn new(noted: u64, last_words: Option<(u64, u32)>, last_entry: Option<Place>) -> Self {
        Self { noted, last_words, last_entry, buffer: Vec::new() }
    }
}

/// Looks at one entry that was read.
pub(super) type Reader<'a> = dyn FnMut(&Header, &[u8]) -> Result<(), StoreError> + 'a;

/// Wakes the thread that follows behind.
#[derive(Default)]
struct Bell {
    wish: Mutex<Wish>,
    rung: Condvar,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Wish {
    #[default]
    Nothing,
    CatchUp,
    Stop,
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("report", &self.report).finish_non_exhaustive()
    }
}

impl Embedded {
    /// Opens the store in `directory`, or makes it there, and checks it as far as `options` ask.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`], [`StoreError::Damaged`] with file, offset and entry, [`StoreError::Rollback`],
    /// [`StoreError::Unsuitable`].
    pub fn open(directory: &Path, options: &Options) -> Result<Self, StoreError> {
        let (inner, report, lock, later) = super::open::open(directory, options)?;
        let (inner, bell) = (Arc::new(inner), Arc::new(Bell::default()));
        let follower = if inner.disk.is_watched() {
            None
        } else {
            let (inner, bell, options) = (inner.clone(), bell.clone(), options.clone());
            let thread = std::thread::Builder::new().name("index".into()).spawn(move || {
                if let Some(behind) = later {
                    if inner.index.size() > options.index_later && !until_wanted(&inner, &bell) {
                        // The next start brings it up to date.
                        return;
                    }
                    inner.open_shelf(&options, &behind);
                }
                follow(&inner, &bell);
            });
            Some(thread.map_err(|source| super::disk::failed("starting a thread".into(), source))?)
        };
        Ok(Self { inner, follower, bell, report, _held: lock })
    }

    /// The checkpoints of this store.
    pub fn locks(&self) -> Arc<Locks> {
        self.inner.locks.clone()
    }

    /// What opening found.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Whether the index had to be made again. Waits until it is open.
    pub fn rebuilt(&self) -> Option<Rebuilt> {
        self.inner.index.wait();
        self.report.rebuilt.clone().or_else(|| held(&self.inner.rebuilt).clone())
    }

    /// How much is here, without reading it.
    ///
    /// # Errors
    ///
    /// A file cannot be measured.
    pub fn sizes(&self) -> Result<Sizes, StoreError> {
        let inner = &self.inner;
        let (words_bytes, keys_bytes) = inner.words.bytes()?;
        Ok(Sizes {
            entries: self.size(),
            checkpoints: inner.locks.current().count,
            records_bytes: inner.records.bytes()?,
            words_bytes,
            keys_bytes,
            checkpoints_bytes: inner.locks.run().bytes()?,
        })
    }

    /// Whether the disk is so full that the store only reads.
    pub fn is_low_on_space(&self) -> bool {
        self.inner.space.is_low()
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.inner
    }

    fn ring(&self, wish: Wish) {
        *held(&self.bell.wish) = wish;
        self.bell.rung.notify_all();
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.ring(Wish::Stop);
        if let Some(follower) = self.follower.take() {
            let _ = follower.join();
        }
        // Whatever fails here costs the next start a longer look, never an event.
        let _ = self.inner.stop();
    }
}

/// Leaves the cores to whoever starts, for a while; says whether the store goes on.
fn until_wanted(inner: &Inner, bell: &Bell) -> bool {
    for _ in 0..LATER.as_millis() / LOOK.as_millis() {
        let wish = held(&bell.wish);
        let waited = bell.rung.wait_timeout_while(wish, LOOK, |wish| *wish != Wish::Stop);
        let (wish, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if *wish == Wish::Stop {
            return false;
        }
        if inner.index.is_wanted() {
            break;
        }
    }
    true
}

/// The life of the thread that keeps the shelf close behind.
fn follow(inner: &Inner, bell: &Bell) {
    let mut seen = inner.index.size();
    loop {
        let asked = {
            let wish = held(&bell.wish);
            let waited = bell.rung.wait_timeout_while(wish, PAUSE, |wish| *wish == Wish::Nothing);
            let (mut wish, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if *wish == Wish::Stop {
                return;
            }
            std::mem::take(&mut *wish) == Wish::CatchUp
        };
        let size = inner.index.size();
        if std::mem::replace(&mut seen, size) != size && !asked {
            continue;
        }
        if inner.poison.check().is_ok() {
            inner.catch_up();
        }
    }
}

impl Inner {
    /// Brings the shelf up to what is durable; goes on without it where it cannot be used.
    fn catch_up(&self) {
        if let Err(problem) = self.index.shelve() {
            let _ = self.lose_shelf(&problem);
        }
        // While others append they take the note along.
        if let Ok(mut writer) = self.writer.try_lock() {
            let _ = self.note_signed(&mut writer);
        }
    }

    /// Says among the records how far the durable checkpoints reach, so that a lost one is missed.
    fn note_signed(&self, writer: &mut Writer) -> Result<(), StoreError> {
        let Some((size, frame)) = self.locks.note_over(writer.noted, self.records.seed) else { return Ok(()) };
        let bytes = frame.len() as u64;
        self.owner.check()?;
        let place = self.records.reserve(bytes, self.index.size())?;
        self.records.write(place, &frame).map_err(|problem| self.poison.set(&problem))?;
        self.records.advance(place, bytes);
        writer.noted = size;
        Ok(())
    }

    /// Leaves a mark, from which the next start goes on.
    fn stop(&self) -> Result<(), StoreError> {
        self.poison.check()?;
        self.catch_up();
        let writer = held(&self.writer);
        self.poison.check()?;
        let (entries, signed) = self.index.chains();
        // A mark vouches for what was signed for. Entries that nobody signed for may have been read back and found
        // wrong, and then the next start has to look at them.
        if entries.count > self.locks.current().size && !counterpart_tlog::planted!("mark_vouches_for_unsigned") {
            self.poison.set(&"it was closed");
            return Ok(());
        }
        self.owner.alone()?;
        let (words, keys) = self.words.ends();
        let mark = Mark {
            entries,
            signed,
            last_entry: writer.last_entry.map_or(0, Place::pack),
            last_checkpoint: self.locks.current().place.map_or(0, Place::pack),
            records: self.records.end(),
            locks: self.locks.run().end(),
            words,
            keys,
            noted: writer.noted,
            last_words: writer.last_words,
        };
        self.disk.write_small(MARK, &mark.encode(&self.id))?;
        // Nobody may sign for a store that was let go.
        self.poison.set(&"it was closed");
        Ok(())
    }

    /// Puts an index in memory in the place of a shelf that proved wrong.
    fn lose_shelf(&self, problem: &str) -> Result<(), StoreError> {
        let _one = self.index.shelving();
        if !self.index.has_shelf() {
            return Ok(());
        }
        tracing::warn!(problem, "W-STORE-REBUILT the index could not be used and is made again in memory");
        let (entries, signed) = self.index.below();
        let mut all = Recent::behind(Chain::default(), Chain::default());
        self.locks.remember(signed, &mut all)?;
        if entries > 0 {
            self.records.walk(Place { file: 0, offset: FIRST }, WINDOW, &mut |place, header, entry| {
                all.add(place, header.crc, &(self.keys_of)(entry));
                Ok(all.size() < entries)
            })?;
        }
        self.index.forget_shelf(all);
        Ok(())
    }

    /// Finds an entry in its file, without the index.
    fn search(&self, index: u64) -> Result<Place, StoreError> {
        let mut start = self.records.file_of(index);
        if let Some((_, passed)) = held(&self.passed).range(..=index).next_back() {
            start = start.max(*passed);
        }
        let mut found = None;
        self.records.walk(start, STEP, &mut |place, header, _| {
            if header.index.is_multiple_of(PASSED) {
                held(&self.passed).insert(header.index, place);
            }
            found = (header.index == index).then_some(place);
            Ok(header.index < index)
        })?;
        let missing = || damaged(&Kind::Record.file(start.file), 0, index, "the entry is not where it should be");
        found.ok_or_else(missing)
    }

    /// An entry's frame. The index says where it should lie, and the frame whether that is so.
    fn located(&self, index: u64) -> Result<Option<(Header, Vec<u8>)>, StoreError> {
        if index >= self.index.size() {
            return Ok(None);
        }
        if self.index.is_opening(index) {
            // Nobody waits for the index who can do without it.
            return self.records.frame(self.search(index)?, index).map(Some);
        }
        let problem = match self.index.place(index) {
            Ok(Some(place)) => match self.records.frame(place, index) {
                Ok((header, body)) if header.index == index && header.magic == Kind::Record.magic() => {
                    return Ok(Some((header, body)));
                }
                Ok(_) | Err(StoreError::Damaged { .. }) => "an entry lies elsewhere".to_owned(),
                Err(other) => return Err(other),
            },
            Ok(None) => "an entry is not in it".to_owned(),
            Err(problem) => problem,
        };
        let place = self.search(index)?;
        self.lose_shelf(&problem)?;
        self.records.frame(place, index).map(Some)
    }

    fn slot(&self, index: u64) -> Result<(u64, u32), StoreError> {
        let (header, _) = self.located(index)?.ok_or_else(|| StoreError::NoEntry { index, size: self.index.size() })?;
        Ok((header.extra, header.part))
    }

    /// Reads entries in order, each checked, and gives it with its header.
    pub(super) fn read(&self, range: Range<u64>, each: &mut Reader<'_>) -> Result<(), StoreError> {
        let size = self.index.size();
        let end = range.end.min(size);
        let mut next = range.start;
        // A lone entry costs a lone small read.
        let step = (range.end.saturating_sub(range.start)).saturating_mul(2048).clamp(4096, WINDOW);
        let opening = self.index.is_opening(next);
        let mut last = None;
        let mut walk = |from: Place, next: &mut u64| {
            self.records.walk(from, step, &mut |place, header, body| {
                if header.index != *next {
                    let file = Kind::Record.file(place.file);
                    return Err(damaged(&file, place.offset.into(), *next, "another entry stands here"));
                }
                each(header, body)?;
                last = Some((header.index, place));
                *next += 1;
                Ok(*next < end)
            })
        };
        if next < end {
            let known = match self.records.begins(next) {
                Some(place) => Ok(Some(place)),
                None if self.index.is_opening(next) => self.search(next).map(Some).map_err(|error| error.to_string()),
                None => self.index.place(next),
            };
            let problem = match known {
                Ok(Some(place)) => match walk(place, &mut next) {
                    Err(StoreError::Damaged { .. }) if next == range.start => {
                        Some("an entry lies elsewhere".to_owned())
                    }
                    other => other.map(|()| None)?,
                },
                Ok(None) => Some("an entry is not in it".to_owned()),
                Err(problem) => Some(problem),
            };
            if let Some(problem) = problem {
                let place = self.search(next)?;
                self.lose_shelf(&problem)?;
                walk(place, &mut next)?;
            }
            if next < end {
                let (file, offset) = self.records.end();
                return Err(damaged(&Kind::Record.file(file), offset, next, "the file ends too early"));
            }
        }
        if opening && let Some((index, place)) = last {
            held(&self.passed).insert(index, place);
        }
        if range.end > size && range.end > range.start {
            return Err(StoreError::NoEntry { index: size.max(range.start), size });
        }
        Ok(())
    }

    /// Records a group. Up to the line in the middle a failure does no harm.
    fn record(&self, writer: &mut Writer, expected: u64, group: &[NewEntry]) -> Result<(), StoreError> {
        // Room first, everywhere: up to here a full disk does no harm.
        let harmless = |problem: StoreError| {
            let known = matches!(problem, StoreError::Full | StoreError::Unsuitable { .. });
            if known { problem } else { self.poison.set(&problem) }
        };
        self.space.check(&self.disk)?;
        self.owner.check()?;
        self.locks.make_ready().map_err(harmless)?;
        let sealed = self.words.seal(expected, group).map_err(harmless)?;
        let note = self.locks.note_over(writer.noted, self.records.seed);
        let mut buffer = std::mem::take(&mut writer.buffer);
        buffer.clear();
        if let Some((_, frame)) = &note {
            buffer.extend_from_slice(frame);
        }
        let mut heads = Vec::with_capacity(group.len());
        for ((index, entry), (at, count)) in (expected..).zip(group).zip(&sealed.slots) {
            let header = Header::over(self.records.seed, Kind::Record.magic(), index, *at, *count, &entry.bytes);
            heads.push((buffer.len(), header.crc));
            buffer.extend_from_slice(&header.encode());
            buffer.extend_from_slice(&entry.bytes);
        }
        let place = self.records.reserve(buffer.len() as u64, expected).map_err(harmless)?;
        // From here the result is unknown until both say that they are durable. They are synced side by side.
        let written = self.words.write_with(&sealed, &self.records, place, &buffer);
        written.map_err(|problem| self.poison.set(&problem))?;
        self.records.advance(place, buffer.len() as u64);
        self.words.advance(&sealed);
        writer.noted = note.map_or(writer.noted, |(size, _)| size);
        writer.last_words = sealed.slots.iter().rev().find(|(_, count)| *count > 0).copied().or(writer.last_words);
        writer.last_entry = heads.last().map(|(at, _)| place.plus(*at));
        self.index.add(|recent| {
            for (entry, (at, crc)) in group.iter().zip(heads) {
                recent.add(place.plus(at), crc, &entry.keys);
            }
        });
        writer.buffer = buffer;
        Ok(())
    }
}

impl Store for Embedded {
    fn size(&self) -> u64 {
        self.inner.index.size()
    }

    fn append(&self, expected: u64, group: &[NewEntry]) -> Result<(), StoreError> {
        let inner = &self.inner;
        inner.poison.check()?;
        let mut writer = held(&inner.writer);
        let have = self.size();
        if have != expected {
            return Err(StoreError::HeadMoved { have, expected });
        }
        if group.is_empty() {
            return Ok(());
        }
        inner.record(&mut writer, expected, group)?;
        drop(writer);
        if inner.index.waiting() > WAITING_MAX {
            self.ring(Wish::CatchUp);
        }
        Ok(())
    }

    fn read_back(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        self.inner.poison.check()?;
        self.inner.read(range, &mut |header, entry| {
            each(header.index, entry);
            Ok(())
        })
    }

    fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.poison.check()?;
        Ok(self.inner.located(index)?.map(|(_, bytes)| bytes))
    }

    fn find(&self, key: &[u8], from: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        let inner = &self.inner;
        inner.poison.check()?;
        if let Ok(found) = inner.index.find(key, from, limit) {
            return Ok(found);
        }
        inner.lose_shelf("a key could not be looked up")?;
        let index = Kind::Record.file(0);
        inner.index.find(key, from, limit).map_err(|problem| damaged(&index, 0, from, &problem))
    }

    fn words(&self, index: u64) -> Result<Vec<Word>, StoreError> {
        self.inner.poison.check()?;
        let (first, count) = self.inner.slot(index)?;
        self.inner.words.read(index, first, count)
    }

    fn erase(&self, index: u64, names: &[String]) -> Result<(), StoreError> {
        let inner = &self.inner;
        inner.poison.check()?;
        let _alone = held(&inner.writer);
        inner.owner.alone()?;
        let (first, count) = inner.slot(index)?;
        match inner.words.erase(index, first, count, names) {
            Err(refused @ StoreError::NoWord { .. }) => Err(refused),
            other => other.map_err(|problem| inner.poison.set(&problem)),
        }
    }
}
