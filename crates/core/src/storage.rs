//! What the write path asks of whoever keeps its bytes.
//!
//! The traits live here, beside the ledger that calls them, so that this crate names no database;
//! `counterpart-store` implements them.

use std::ops::Range;
use std::sync::Arc;

/// One log entry on its way to the store, with whatever goes with it.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// The canonical bytes of the entry.
    pub bytes: Arc<[u8]>,
    /// The disclosures of the event, opaque to the store.
    pub words: Vec<Word>,
    /// Opaque secondary keys under which readers may look the entry up: a pure function of `bytes`, the same that
    /// the store was opened with, because a damaged index is made again from the entries alone.
    pub keys: Vec<Vec<u8>>,
}

/// One disclosure as the store sees it: a name and bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Unique within its entry: the JSON Pointer of the commitment that it opens.
    pub name: String,
    /// Sealed at rest.
    pub bytes: Vec<u8>,
}

/// Why a store could not do as it promised. What an operator has to do something about begins with a name in capitals,
/// and says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else appended first, or the caller counts wrongly.
    #[error("the log has {have} entries but the caller expected {expected}")]
    HeadMoved {
        /// Entries the store holds.
        have: u64,
        /// Entries the caller thought it holds.
        expected: u64,
    },
    /// No space is left; nothing was recorded.
    #[error("E-FULL the disk is full; free some space and start again")]
    Full,
    /// An earlier failure left the disk's state unknown. Nothing is written until a restart has verified it.
    #[error(
        "E-STOPPED the store stopped after an earlier failure ({0}); restart the server, which verifies everything"
    )]
    Poisoned(String),
    /// Bytes that were recorded are missing or differ.
    #[error(
        "E-DAMAGE {file} is damaged at byte {offset} (entry {index}): {problem}; repair it from a backup or a mirror"
    )]
    Damaged {
        /// The file, relative to the store's directory.
        file: String,
        /// Where in the file.
        offset: u64,
        /// Which entry.
        index: u64,
        /// What is wrong, in plain words.
        problem: String,
    },
    /// The store holds less than was signed.
    #[error(
        "E-ROLLBACK the store holds {have} entries but a checkpoint over {signed} was signed; restore the newer copy"
    )]
    Rollback {
        /// Entries held.
        have: u64,
        /// Entries signed.
        signed: u64,
    },
    /// An entry was asked for that is not there yet.
    #[error("there is no entry {index}; the log has {size}")]
    NoEntry {
        /// The index that was asked for.
        index: u64,
        /// Entries the store holds.
        size: u64,
    },
    /// An entry never had words of this name. Words that were erased still have their name.
    #[error("entry {index} has no words named `{name}`")]
    NoWord {
        /// Which entry.
        index: u64,
        /// The name that was asked for.
        name: String,
    },
    /// A file is whole but not for this program or not of this store.
    #[error("E-UNSUITABLE {file} cannot be used: {problem}")]
    Unsuitable {
        /// The file, relative to the store's directory.
        file: String,
        /// Why, and what to do, in plain words.
        problem: String,
    },
    /// Another process holds the directory.
    #[error("E-IN-USE another server is using {0}")]
    InUse(String),
    /// The ledger of the store has ended: it is only read.
    #[error("E-ENDED the ledger has ended, and its store is only read")]
    Ended,
    /// Somebody else has taken the store over since this one opened it.
    #[error(
        "E-FENCED another server has taken the store over ({}): nothing more is recorded or signed here; stop this \
         server, and see that only one is started",
        taken(*own, *newest)
    )]
    Fenced {
        /// The epoch of this owner.
        own: u64,
        /// The epoch of the newer one, if its file says so.
        newest: Option<u64>,
    },
    /// Anything else, with its cause.
    #[error("{context}")]
    Io {
        /// What was being done, to which file.
        context: String,
        /// The system's own words.
        #[source]
        source: std::io::Error,
    },
}

/// Who took a store over, in plain words.
fn taken(own: u64, newest: Option<u64>) -> String {
    match newest {
        Some(newest) => format!("its epoch is {newest}, and this one's was {own}"),
        None => format!("`lock/EPOCH` no longer says that epoch {own} is the newest"),
    }
}

/// Keeps a log. Three promises matter; everything else is convenience.
///
/// 1. `append` is all or nothing, and durable once it returns `Ok`.
/// 2. `append` succeeds only if the store holds exactly `expected` entries.
/// 3. What was read once never changes, until words are erased by order of the log.
pub trait Store: Send + Sync {
    /// How many entries are durable. Answers after a failure too, with the last size known to be durable.
    fn size(&self) -> u64;

    /// Makes a group of entries and their words durable, in this order, behind `expected` earlier ones.
    ///
    /// [`StoreError::HeadMoved`] and [`StoreError::Full`] mean that nothing was recorded and the store goes on;
    /// after any other error the result is unknown and every later call answers [`StoreError::Poisoned`].
    fn append(&self, expected: u64, group: &[NewEntry]) -> Result<(), StoreError>;

    /// Reads entries from where they are kept, not from memory: what a reader will find in ten years.
    fn read_back(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError>;

    /// One entry, if there is one.
    fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// The entries recorded under a secondary key, in order, from `from` on, at most `limit`.
    fn find(&self, key: &[u8], from: u64, limit: usize) -> Result<Vec<u64>, StoreError>;

    /// The words of an entry that are still kept, in the order in which they came; erased ones are left out.
    ///
    /// Words that are missing or damaged without having been erased are [`StoreError::Damaged`].
    fn words(&self, index: u64) -> Result<Vec<Word>, StoreError>;

    /// Destroys the keys of the named words of an entry, then the words, durably. A name stands for the words of that
    /// name and for all whose names go on from it with `/`.
    ///
    /// All or none of the names must be known. Erasing again what was erased is harmless and ends what an earlier
    /// erasure began, so that a store that was restored applies every erasure of the log anew.
    fn erase(&self, index: u64, names: &[String]) -> Result<(), StoreError>;
}

/// What a compare-and-swap came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Swap {
    /// The new checkpoint is the current one, durably.
    Done,
    /// Another checkpoint is current; it is given, and nothing changed.
    Lost(Option<Vec<u8>>),
}

/// Keeps the newest signed checkpoint, apart from the log, and the history of all of them.
///
/// 1. `swap` replaces exactly what the caller has seen, durably, or changes nothing.
/// 2. A checkpoint that was current is kept for ever and found by its size.
/// 3. An error from `swap` means that the result is unknown: the caller stops and loads again.
///
/// Sizes never fall: a checkpoint over fewer entries than the current one is [`StoreError::Rollback`], and nothing changed.
pub trait LockStore: Send + Sync {
    /// The newest signed checkpoint, a signed note.
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// Makes `new`, which covers `size` entries, current if `seen` still is.
    fn swap(&self, seen: Option<&[u8]>, size: u64, new: &[u8]) -> Result<Swap, StoreError>;

    /// The signed checkpoint of exactly this size, if one was ever current.
    fn at_size(&self, size: u64) -> Result<Option<Vec<u8>>, StoreError>;
}

/// Keeps what waits for signatures, apart from the log and from its backups. A name is 64 hexadecimal digits.
///
/// 1. `put` replaces what is kept under a name in one step, durably: a reader finds the old bytes or the new ones.
/// 2. Each time the bytes are sealed with a key of their own. `remove` destroys the key first and then the bytes,
///    durably; what was replaced is destroyed likewise. Removing again is harmless.
/// 3. Nothing here is part of the record: whoever loses it asks the signers again.
pub trait Waiting: Send + Sync {
    /// What is kept, in no order.
    fn names(&self) -> Result<Vec<String>, StoreError>;

    /// The bytes under a name, if it is kept. Bytes that do not open are [`StoreError::Damaged`].
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps bytes under a name.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// Destroys what is kept under a name.
    fn remove(&self, name: &str) -> Result<(), StoreError>;
}

/// Keeps the newest snapshot: what some number of entries come to, which a start then need not decide again.
///
/// 1. What is given back is what was kept, byte for byte, by this very program; anything else is no snapshot.
/// 2. Nothing here is part of the record: it may be deleted at any time, and is made again from the log.
pub trait Snapshots: Send + Sync {
    /// The newest one that may be used.
    fn newest(&self) -> Option<Box<dyn Kept>>;

    /// Keeps one in the place of the one before, durably. `size` is how many entries it comes from, `root` that of the
    /// tree over them.
    ///
    /// # Errors
    ///
    /// It could not be written; the one before is kept then.
    fn keep(&self, size: u64, root: [u8; 32], parts: &mut Parts<'_>) -> Result<(), StoreError>;
}

/// The parts of a snapshot, made one after the other so that they need not all be held.
pub type Parts<'p> = dyn Iterator<Item = Vec<u8>> + 'p;

/// A snapshot that is kept.
pub trait Kept: Send + Sync {
    /// From how many entries it comes.
    fn size(&self) -> u64;

    /// The root of the tree over them.
    fn root(&self) -> [u8; 32];

    /// How many parts it has.
    fn parts(&self) -> usize;

    /// One of them, if it is there and its checksum is right.
    fn part(&self, number: usize) -> Option<Vec<u8>>;
}

/// Reads again what is kept, stretch by stretch and as slowly as suits: damage is found before somebody needs the bytes.
pub trait Scrub: Send + Sync {
    /// Reads about so many bytes from a place on: entries with their words, then checkpoints. Damage is part of the
    /// answer.
    ///
    /// # Errors
    ///
    /// Only what keeps it from reading at all.
    fn scrub(&self, from: Stretch, bytes: u64) -> Result<Scrubbed, StoreError>;
}

/// Where a stretch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// At an entry.
    Entries(u64),
    /// At a checkpoint, by whatever the store names it; 0 is the first.
    Checkpoints(u64),
}

impl Stretch {
    /// Where all of it begins.
    pub const FIRST: Self = Self::Entries(0);
}

/// What a look through a stretch found.
#[derive(Debug, Default)]
pub struct Scrubbed {
    /// Where the next stretch begins; none at the end.
    pub next: Option<Stretch>,
    /// Bytes that were read.
    pub bytes: u64,
    /// Entries that are whole.
    pub entries: u64,
    /// Words that open with their keys and, where that can be told, open their commitments.
    pub words: u64,
    /// Checkpoints that are whole.
    pub checkpoints: u64,
    /// What is damaged, each with file, place and entry.
    pub damage: Vec<StoreError>,
}
