//! The index on disk: sled, behind the record file and never before it.
//!
//! Everything here is made from the records and can be made again. sled answers damage with a panic or with silence,
//! so each call is guarded, and what it says of a place is believed only when the frame there says the same.
//!
//! One tree, keys by their first byte:
//!
//! ```text
//! k <length u16> <key> <index u64>   steps, u16 each       entries under one key: this one, and each so much later
//! p <index / 64 u64>                 64 packed places      where entries lie
//! c <size u64>                       packed place          where the newest checkpoint of that size lies
//! m                                  Meta, with checksum   how far all of it reads
//! u                                  nothing               rows may name entries that lie beyond that
//! ```

mod rows;

use std::cell::Cell;
use std::fs::File;
use std::hash::RandomState;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once};

use sled::{Batch, Db};

use super::disk::held;
use super::frame::{Place, StoreId, put, take};
use super::recent::{Chain, Recent};
pub(super) use rows::Tally;
use rows::{encode, first_of, indexes, key_row, numbered, rows};

/// The directory of the shelf, and of its open file within.
pub(super) const DIRECTORY: &str = "sled";

/// Memory for pages, in bytes.
const CACHE: u64 = 64 << 20;

/// The size of a segment of sled's log, in bytes: larger ones made its measured rate steadier.
const SEGMENT: usize = 2 << 20;

/// So many places stand in one value: 512 bytes, far below the 8 KiB above which sled writes files that it never syncs.
const CHUNK: usize = 64;

/// So many rows go into one batch, which sled keeps within a segment.
const BATCH: usize = 512;

/// The format of the rows above. In format 1 each entry had rows of its own.
const FORMAT: u32 = 2;

/// The row `u`.
const UNFINISHED: &[u8] = b"u";

/// Bytes of the row `m`.
const META: usize = 64;

/// How far the shelf reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) entries: Chain,
    pub(super) signed: Chain,
    /// How many pairs of a key and an entry the rows `k` say.
    pub(super) pairs: u64,
}

/// An open shelf.
pub(super) struct Shelf {
    db: Option<Db>,
    path: PathBuf,
    id: StoreId,
    /// The last places, where they do not fill a chunk, and how far all reads.
    end: Mutex<End>,
    /// The chunk that was read last: reading in order asks for each of its places.
    chunk: Mutex<(u64, Vec<u64>)>,
}

#[derive(Debug)]
struct End {
    places: Vec<u64>,
    meta: Meta,
}

/// What is wrong with the shelf, in plain words.
pub(super) type Problem = String;

impl Shelf {
    /// Opens the shelf in `root`, or makes an empty one.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being used; it can then be put away and made again from the records.
    pub(super) fn open(root: &Path, id: StoreId) -> Result<Self, Problem> {
        let path = root.join(DIRECTORY);
        refuse_blobs(&path)?;
        let place = path.clone();
        // A thread of its own: a panic in there takes nothing with it.
        let opened = std::thread::Builder::new()
            .name("index".into())
            .spawn(move || guarded(|| open_patiently(&place)))
            .map_err(|error| format!("no thread to open it: {error}"))?
            .join();
        let db = opened.map_err(|_| "opening it ended in a panic".to_owned())??;
        let fresh = db.is_empty();
        let mut sled = Self {
            db: Some(db),
            path,
            id,
            end: Mutex::new(End { places: Vec::new(), meta: Meta::default() }),
            chunk: Mutex::new((u64::MAX, Vec::new())),
        };
        if fresh {
            sync_directory(&sled.path)?;
            sync_directory(root)?;
        } else {
            let end = sled.read_end()?;
            sled.end = Mutex::new(end);
        }
        Ok(sled)
    }

    fn read_end(&self) -> Result<End, Problem> {
        let unfinished = self.get(UNFINISHED)?.is_some();
        let meta = match self.get(b"m")? {
            Some(row) => Meta::decode(&row, &self.id)?,
            None if unfinished => Meta::default(),
            None => return Err("it does not say how far it reads".into()),
        };
        if unfinished {
            guarded(|| self.trim(meta.entries.count))?;
        }
        let mut places = Vec::new();
        let over = usize::try_from(meta.entries.count % CHUNK as u64).unwrap_or(0);
        if over > 0 {
            places = self.chunk_at(meta.entries.count / CHUNK as u64)?.unwrap_or_default();
            if places.len() < over {
                return Err("its last places are missing".into());
            }
            places.truncate(over);
        }
        Ok(End { places, meta })
    }

    /// How far it reads.
    pub(super) fn meta(&self) -> Meta {
        held(&self.end).meta
    }

    /// Takes in what stands in `recent`, which goes on where the shelf ends, and makes it durable.
    ///
    /// # Errors
    ///
    /// The shelf is of no more use then.
    pub(super) fn put(&self, recent: &Recent) -> Result<(), Problem> {
        let mut end = held(&self.end);
        if recent.first != end.meta.entries.count {
            return Err(format!("it ends at {} and not at {}", end.meta.entries.count, recent.first));
        }
        for group in recent.checkpoints().chunks(BATCH) {
            let mut batch = Batch::default();
            for signed in group {
                end.meta.signed.push(signed.crc);
                batch.insert(numbered(b'c', signed.size).as_slice(), signed.place.to_le_bytes().as_slice());
            }
            self.apply_to(batch, &end.meta)?;
        }
        self.put_entries(recent, &mut end)?;
        *held(&self.chunk) = (u64::MAX, Vec::new());
        drop(end);
        self.sync()
    }

    /// The rows of entries, in order of their keys: sled writes the pages anew that they come by.
    fn put_entries(&self, recent: &Recent, end: &mut End) -> Result<(), Problem> {
        let (first, mut over) = (end.meta.entries.count, std::mem::take(&mut end.places));
        for (place, crc) in recent.entries() {
            end.meta.entries.push(crc);
            over.push(place);
        }
        if end.meta.entries.count == first {
            end.places = over;
            return Ok(());
        }
        let chunks = (first / CHUNK as u64..).zip(over.chunks(CHUNK));
        let places = chunks.map(|(number, places)| (numbered(b'p', number).to_vec(), encode(places)));
        let mut pairs: Vec<(&[u8], u64)> = recent.rows().collect();
        pairs.sort_unstable();
        end.meta.pairs += pairs.len() as u64;
        let mut rows = places.chain(rows(&pairs)).peekable();
        let mut batch = Batch::default();
        batch.insert(UNFINISHED, &[]);
        let mut size = 0;
        while let Some((key, value)) = rows.next() {
            batch.insert(key, value);
            size += 1;
            if size == BATCH && rows.peek().is_some() {
                self.apply(std::mem::take(&mut batch))?;
                size = 0;
            }
        }
        drop(rows);
        over.drain(..over.len() - over.len() % CHUNK);
        end.places = over;
        batch.remove(UNFINISHED);
        self.apply_to(batch, &end.meta)
    }

    /// Takes out the rows that name entries beyond the end: of a put that was cut short.
    fn trim(&self, end: u64) -> Result<(), Problem> {
        let db = self.db()?;
        let (mut batch, mut size) = (Batch::default(), 0);
        for row in db.scan_prefix(b"k").keys() {
            let row = row.map_err(|error| error.to_string())?;
            if first_of(&row) >= end {
                batch.remove(row);
                size += 1;
                if size == BATCH {
                    self.apply(std::mem::take(&mut batch))?;
                    size = 0;
                }
            }
        }
        batch.remove(UNFINISHED);
        self.apply(batch)?;
        self.sync()
    }

    /// sled's own flush is not durable on Linux: it never syncs the file. We do.
    fn sync(&self) -> Result<(), Problem> {
        let db = self.db()?;
        guarded(|| db.flush().map_err(|error| error.to_string()))?;
        let file = File::open(self.path.join("db")).map_err(|error| error.to_string())?;
        file.sync_data().map_err(|error| error.to_string())?;
        refuse_blobs(&self.path)
    }

    /// One batch is one step: what it brings, and how far all reads then.
    fn apply_to(&self, mut batch: Batch, meta: &Meta) -> Result<(), Problem> {
        batch.insert(&b"m"[..], meta.encode(&self.id).as_slice());
        self.apply(batch)
    }

    fn apply(&self, batch: Batch) -> Result<(), Problem> {
        let db = self.db()?;
        guarded(|| db.apply_batch(batch).map_err(|error| error.to_string()))
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
        let db = self.db()?;
        guarded(|| Ok(db.get(key).map_err(|error| error.to_string())?.map(|value| value.to_vec())))
    }

    fn db(&self) -> Result<&Db, Problem> {
        self.db.as_ref().ok_or_else(|| "it is closed".to_owned())
    }

    fn chunk_at(&self, number: u64) -> Result<Option<Vec<u64>>, Problem> {
        let value = self.get(&numbered(b'p', number))?;
        Ok(value.map(|bytes| bytes.chunks_exact(8).map(|eight| u64::from_le_bytes(take(eight, 0))).collect()))
    }

    /// Where an entry lies, as far as the shelf knows.
    pub(super) fn place(&self, index: u64) -> Result<Option<Place>, Problem> {
        let number = index / CHUNK as u64;
        let mut kept = held(&self.chunk);
        if kept.0 != number {
            *kept = (number, self.chunk_at(number)?.unwrap_or_default());
        }
        let at = usize::try_from(index % CHUNK as u64).unwrap_or(usize::MAX);
        Ok(kept.1.get(at).map(|packed| Place::unpack(*packed)))
    }

    /// Where the newest checkpoint of exactly this size lies, as far as the shelf knows.
    pub(super) fn checkpoint(&self, size: u64) -> Result<Option<Place>, Problem> {
        Ok(self.get(&numbered(b'c', size))?.map(|bytes| Place::unpack(u64::from_le_bytes(take(&bytes, 0)))))
    }

    /// The entries under a key from `from` on, at most `limit`.
    pub(super) fn find(&self, key: &[u8], from: u64, limit: usize) -> Result<Vec<u64>, Problem> {
        let db = self.db()?;
        guarded(|| {
            // The row before may still hold some of them.
            let before = db.range(key_row(key, 0)..=key_row(key, from)).next_back();
            let before = before.transpose().map_err(|error| error.to_string())?;
            let start = before.map_or_else(|| key_row(key, from), |(row, _)| row.to_vec());
            let mut found = Vec::new();
            for row in db.range(start..=key_row(key, u64::MAX)) {
                let (row, steps) = row.map_err(|error| error.to_string())?;
                found.extend(indexes(&row, &steps).filter(|index| *index >= from).take(limit - found.len()));
                if found.len() == limit {
                    break;
                }
            }
            Ok(found)
        })
    }

    /// Every pair of a key and an entry that stands here, one by one.
    pub(super) fn tally(&self, hasher: &RandomState) -> Result<Tally, Problem> {
        let db = self.db()?;
        guarded(|| {
            let mut tally = Tally::default();
            for row in db.scan_prefix(b"k") {
                let (row, steps) = row.map_err(|error| error.to_string())?;
                let mut pair = row.to_vec();
                let at = pair.len().saturating_sub(8);
                for index in indexes(&row, &steps) {
                    put(&mut pair, at, &index.to_be_bytes());
                    tally.pair(hasher, &pair);
                }
            }
            Ok(tally)
        })
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        if let Some(db) = self.db.take() {
            // A panic while closing says nothing about the records.
            let _ = guarded(|| {
                drop(db);
                Ok(())
            });
        }
    }
}

impl Meta {
    fn encode(&self, id: &StoreId) -> [u8; META] {
        let mut bytes = [0; META];
        put(&mut bytes, 0, &FORMAT.to_le_bytes());
        put(&mut bytes, 4, id);
        put(&mut bytes, 20, &self.entries.count.to_le_bytes());
        put(&mut bytes, 28, &self.entries.crc.to_le_bytes());
        put(&mut bytes, 32, &self.signed.count.to_le_bytes());
        put(&mut bytes, 40, &self.signed.crc.to_le_bytes());
        put(&mut bytes, 44, &self.pairs.to_le_bytes());
        let crc = crc32c::crc32c(bytes.get(..60).unwrap_or_default());
        put(&mut bytes, 60, &crc.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8], id: &StoreId) -> Result<Self, Problem> {
        let format = u32::from_le_bytes(take(bytes, 0));
        if format != FORMAT {
            return Err(format!("it has format {format} and not {FORMAT}"));
        }
        let meta = Self {
            entries: Chain { count: u64::from_le_bytes(take(bytes, 20)), crc: u32::from_le_bytes(take(bytes, 28)) },
            signed: Chain { count: u64::from_le_bytes(take(bytes, 32)), crc: u32::from_le_bytes(take(bytes, 40)) },
            pairs: u64::from_le_bytes(take(bytes, 44)),
        };
        if bytes != meta.encode(id) {
            return Err("it is of another store, or damaged".into());
        }
        Ok(meta)
    }
}

fn sync_directory(path: &Path) -> Result<(), Problem> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(|error| error.to_string())
}

/// sled never syncs what it spills into `blobs`, so nothing may stand there.
fn refuse_blobs(path: &Path) -> Result<(), Problem> {
    let Ok(mut found) = std::fs::read_dir(path.join("blobs")) else { return Ok(()) };
    if found.next().is_some() { Err("it holds blobs, which are never durable".into()) } else { Ok(()) }
}

/// sled lets go of its lock a little after it was closed, so a lock that is held is asked for again for two seconds.
fn open_patiently(path: &Path) -> Result<Db, Problem> {
    let config = sled::Config::new()
        .path(path)
        .cache_capacity(CACHE)
        .flush_every_ms(None)
        .segment_size(SEGMENT)
        .use_compression(false);
    let (_keep, never) = std::sync::mpsc::channel::<()>();
    let mut tries = 0;
    loop {
        match config.open() {
            Ok(db) => return Ok(db),
            Err(sled::Error::Io(error)) if error.to_string().contains("lock") && tries < 40 => {
                tries += 1;
                let _ = never.recv_timeout(std::time::Duration::from_millis(50));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Turns a panic into a problem, and keeps it off the terminal: it is expected of a damaged shelf, and is reported once.
fn guarded<T>(call: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                usual(info);
            }
        }));
    });
    let before = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(before);
    result.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("it panicked: {}", said.unwrap_or("without a word")))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::rows::KEY_MAX;
    use super::*;

    const ID: StoreId = [3; 16];

    /// Keys of an entry: one of its own, one of seven in turns, one of two, and now and then a long one.
    fn keys(index: u64) -> Vec<Vec<u8>> {
        let mut keys = vec![index.to_be_bytes().to_vec(), vec![(index % 7) as u8], vec![(index / 600 % 2) as u8, 0]];
        if index.is_multiple_of(50) {
            keys.push(vec![b'l'; KEY_MAX + 1]);
            keys.push(keys[0].clone());
        }
        keys
    }

    /// A shelf that took in so many entries, in two goes.
    fn filled(root: &Path, size: u64) -> Shelf {
        let shelf = Shelf::open(root, ID).unwrap();
        let mut recent = Recent::behind(Chain::default(), Chain::default());
        for index in 0..size {
            if index == size / 3 {
                shelf.put(&recent).unwrap();
                recent = Recent::behind(recent.chain, recent.signed);
            }
            let place = Place { file: 0, offset: u32::try_from(index).unwrap() };
            recent.add(place, place.offset, &keys(index));
        }
        shelf.put(&recent).unwrap();
        shelf
    }

    #[test]
    fn the_entries_of_a_key_are_found_from_anywhere_on() {
        let root = tempfile::tempdir().unwrap();
        let size = 3_000;
        let shelf = filled(root.path(), size);
        for key in [vec![0], vec![6], vec![0, 0], vec![1, 0], vec![b'l'; KEY_MAX + 1], vec![7], vec![]] {
            let all: Vec<u64> = (0..size).filter(|index| keys(*index).contains(&key)).collect();
            for from in (0..size + 50).step_by(13) {
                for limit in [0, 1, 3, 200, 5_000] {
                    let wanted: Vec<u64> = all.iter().copied().filter(|index| *index >= from).take(limit).collect();
                    assert_eq!(shelf.find(&key, from, limit).unwrap(), wanted, "{key:?} from {from}");
                }
            }
        }
        let (two, prefix) = (shelf.db().unwrap(), key_row(&[0, 0], 0));
        assert_eq!(two.scan_prefix(prefix.get(..5).unwrap()).count(), 5, "1,800 entries are a few rows");
        assert_eq!(shelf.find(&77_u64.to_be_bytes(), 0, 9).unwrap(), [77]);
        assert_eq!(shelf.find(&77_u64.to_be_bytes(), 78, 9).unwrap(), [0_u64; 0]);
    }

    #[test]
    fn a_tally_is_of_every_pair_and_of_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let shelf = filled(root.path(), 2_000);
        let hasher = RandomState::new();
        let mut wanted = Tally::default();
        for index in (0..2_000).rev() {
            wanted.add(&hasher, &keys(index), index);
        }
        assert_eq!(shelf.tally(&hasher).unwrap(), wanted);
        assert_eq!((shelf.meta().pairs, wanted.pairs), (6_040, 6_040));
        let db = shelf.db().unwrap();
        let (row, good) = db.scan_prefix(b"k").find_map(|row| row.ok().filter(|row| row.1.len() > 2)).unwrap();
        let mut other = good.to_vec();
        other.rotate_left(1);
        for bad in [good.get(2..).unwrap().to_vec(), [&good[..], &[1, 0]].concat(), other] {
            db.insert(&row, bad).unwrap();
            assert_ne!(shelf.tally(&hasher).unwrap(), wanted);
        }
        db.insert(&row, good).unwrap();
        assert_eq!(shelf.tally(&hasher).unwrap(), wanted);
    }

    #[test]
    fn what_a_cut_short_put_left_behind_is_taken_out() {
        for (size, started) in [(1_000, true), (0, false)] {
            let root = tempfile::tempdir().unwrap();
            let shelf = filled(root.path(), size);
            let (meta, hasher) = (shelf.meta(), RandomState::new());
            let before = shelf.tally(&hasher).unwrap();
            let mut batch = Batch::default();
            batch.insert(UNFINISHED, &[]);
            for index in size..size + 2_000 {
                batch.insert(key_row(&keys(index)[0], index), &[]);
            }
            batch.insert(key_row(&[0], size + 1), steps_of(&[7, 7, 7]));
            batch.insert(numbered(b'p', size / CHUNK as u64).as_slice(), encode(&[1; CHUNK]));
            shelf.apply(batch).unwrap();
            assert_ne!(shelf.tally(&hasher).unwrap(), before);
            drop(shelf);
            let shelf = Shelf::open(root.path(), ID).unwrap();
            assert_eq!((shelf.meta(), shelf.meta() != Meta::default()), (meta, started));
            assert_eq!(shelf.tally(&hasher).unwrap(), before);
            assert_eq!(shelf.get(UNFINISHED).unwrap(), None);
            assert_eq!(shelf.find(&[0], size, 9).unwrap(), [0_u64; 0]);
            let mut recent = Recent::behind(meta.entries, meta.signed);
            for index in size..size + 100 {
                recent.add(Place { file: 0, offset: 9 }, 9, &keys(index));
            }
            shelf.put(&recent).unwrap();
            assert_eq!(shelf.place(size + 63).unwrap(), Some(Place { file: 0, offset: 9 }));
            assert_eq!(shelf.find(&keys(size + 1)[0], 0, 9).unwrap(), [size + 1]);
        }
    }

    fn steps_of(steps: &[u16]) -> Vec<u8> {
        steps.iter().flat_map(|step| step.to_le_bytes()).collect()
    }

    #[test]
    fn a_shelf_of_another_format_says_so() {
        let root = tempfile::tempdir().unwrap();
        let shelf = filled(root.path(), 10);
        let mut row = shelf.get(b"m").unwrap().unwrap();
        put(&mut row, 0, &1_u32.to_le_bytes());
        let crc = crc32c::crc32c(row.get(..60).unwrap());
        put(&mut row, 60, &crc.to_le_bytes());
        shelf.db().unwrap().insert(b"m", row).unwrap();
        drop(shelf);
        let problem = Shelf::open(root.path(), ID).err().unwrap();
        assert!(problem.contains("it has format 1 and not 2"), "{problem}");
    }
}
