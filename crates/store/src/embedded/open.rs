//! Opening the store: what turns silent damage into a clear error.
//!
//! After a clean stop a start believes the mark and looks at the ends only; otherwise, or when asked to, it reads every
//! record. The words of entries that nobody signed for are looked at in any case.

use std::hash::RandomState;
use std::path::Path;
use std::sync::Arc;

use super::disk::{Disk, Hook, Poison, WINDOW};
use super::frame::{Kind, NOTED, Place, StoreId};
use super::index::Index;
use super::locks::{self, Locks};
use super::mark::{MARK, Mark};
use super::owner::{self, Held, Owner};
use super::recent::{Chain, Recent};
use super::run::{FIRST, Run, SetAside, damaged};
use super::shelf::{self, Meta, Problem, Shelf, Tally};
use super::space::Space;
use super::store::{Inner, Writer};
use super::words::{Entropy, Words};
use crate::{StoreError, Word};

/// Gives the secondary keys of an entry from its bytes, a pure function.
pub type KeysOf = Arc<dyn Fn(&[u8]) -> Vec<Vec<u8>> + Send + Sync>;

/// Says why the words that are kept of an entry do not open its commitments, if they do not.
pub type WordsFit = Arc<dyn Fn(&[u8], &[Word]) -> Result<(), String> + Send + Sync>;

/// The identity file. It is made last: a store without it was never whole.
pub(super) const IDENTITY: &str = "STORE";

/// The statement by which the ledger of a store ended; beside the checkpoints, because nothing is signed over them again.
pub(super) const ENDED: &str = "lock/ENDED";

/// So many entries go onto the shelf at once when it is made again.
const PIECE: u64 = 65_536;

/// How much a start reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// The ends, after a clean stop; every record, after any other.
    #[default]
    Quick,
    /// Every record, every word and every row of the index.
    Full,
}

/// Where the index lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Indexed {
    /// In sled, on disk, behind the records.
    #[default]
    OnDisk,
    /// In memory, made at every start.
    InMemory,
}

/// What the store is opened with.
#[derive(Clone)]
pub struct Options {
    /// Makes the store's identity and the keys that seal words.
    pub entropy: Entropy,
    /// What an index that was lost is made from, together with the entries.
    pub keys_of: KeysOf,
    /// Looks whether words open their commitments, where everything is read.
    pub words_fit: Option<WordsFit>,
    /// A file that is longer than this is followed by a new one.
    pub file_bytes: u64,
    /// Bytes that are given up when the disk is full, so that a start is possible.
    pub ballast_bytes: u64,
    /// How much this start reads.
    pub verify: Verify,
    /// Where the index lies.
    pub indexed: Indexed,
    /// With more entries than this the index is opened a few seconds behind the start, unless somebody waits for it.
    pub index_later: u64,
    /// How many entries a witness, another copy or a receipt has seen signed for: less is a rollback.
    pub at_least: u64,
    /// Entries whose checkpoint was lost are offered to be signed for again. Only repair asks for that.
    pub sign_again: bool,
    /// Names what this start puts away: the time, as the caller writes it.
    pub label: String,
    /// Decides the fate of every call that changes the disk: for tests.
    pub hook: Option<Arc<dyn Hook>>,
}

impl Options {
    /// Files of 64 MiB, ballast of 8 MiB, the index on disk, a quick start and no faults.
    pub fn new(entropy: Entropy, keys_of: KeysOf) -> Self {
        Self {
            entropy,
            keys_of,
            words_fit: None,
            file_bytes: 64 << 20,
            ballast_bytes: 8 << 20,
            verify: Verify::Quick,
            indexed: Indexed::OnDisk,
            index_later: PIECE,
            at_least: 0,
            sign_again: false,
            label: "start".to_owned(),
            hook: None,
        }
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
    /// How many entries were read and checked; the others were when the mark was left.
    pub checked: u64,
    /// The index was not there or not right and was made again.
    pub rebuilt: Option<Rebuilt>,
    /// The statement by which the ledger ended, a signed note that is not looked into here: the store is only read.
    pub ended: Option<String>,
    /// How many owners the store has had, this one among them, since its file `lock/EPOCH` was begun.
    pub epoch: u64,
    /// The disk is so full that the ballast was given up: the store only reads until there is space.
    pub low_on_space: bool,
}

/// An index that was made again from the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many entries it holds now.
    pub entries: u64,
    /// What was wrong with the old one, in plain words.
    pub problem: String,
    /// Where the old one lies now.
    pub put_away: Option<String>,
}

impl std::fmt::Display for Rebuilt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "W-STORE-REBUILT the index was made again from {} entries: {}", self.entries, self.problem)?;
        match &self.put_away {
            Some(name) => write!(f, "; the old one is kept as {name}"),
            None => Ok(()),
        }
    }
}

/// An index that is opened behind the start.
pub(super) struct Behind {
    /// What it must come to: over the entries and the checkpoints that are there.
    chains: (Chain, Chain),
    /// The last stop left a mark that is true.
    clean: bool,
}

/// Nothing, if the index is open.
pub(super) type Later = Option<Behind>;

pub(super) fn open(directory: &Path, options: &Options) -> Result<(Inner, Report, Held, Later), StoreError> {
    let disk = Disk::new(directory, options.hook.clone());
    disk.make_root()?;
    let mut held = owner::hold(&disk)?;
    if identity(&disk)?.is_none() {
        // Whoever makes a store holds one lock meanwhile, and then both.
        let made = create(&disk, options);
        if matches!(made, Err(StoreError::Full)) && Space::give_up(&disk) {
            create(&disk, options)?;
        } else {
            made?;
        }
        drop(held);
        held = owner::hold(&disk)?;
    }
    match open_locked(&disk, options) {
        Err(StoreError::Full) if Space::give_up(&disk) => {
            let (inner, mut report, later) = open_locked(&disk, options)?;
            report.low_on_space = true;
            Ok((inner, report, held, later))
        }
        other => other.map(|(inner, report, later)| (inner, report, held, later)),
    }
}

fn open_locked(disk: &Disk, options: &Options) -> Result<(Inner, Report, Later), StoreError> {
    let id = identity(disk)?.ok_or_else(|| damaged(IDENTITY, 0, 0, "the file is missing"))?;
    let poison = Arc::new(Poison::default());
    // Before anything is read: what an older owner still writes is on the disk, or refused.
    let owner = Owner::take(disk, id, &*options.entropy, poison.clone())?;
    let ended = disk.read_small(ENDED)?;
    // What was signed beyond the end is not here, and nobody signs again.
    let less = Less { sign_again: options.sign_again, ended: ended.is_some() };
    let bytes = options.file_bytes;
    let marked = disk.read_small(MARK)?;
    let mark = marked.as_deref().and_then(|text| Mark::decode(text, &id));
    let locks = Run::open(disk, Kind::Checkpoint, id, bytes)?;
    let records = Run::open(disk, Kind::Record, id, bytes)?;
    let words = Words::open(disk, id, bytes, options.entropy.clone())?;
    let runs = Runs { locks, records, words };
    let trusted = mark.filter(|_| options.verify == Verify::Quick);
    let quick = match trusted {
        Some(mark) => runs.quick(&mark)?,
        None => None,
    };
    let clean = quick.is_some();
    // Opening the index takes a while, and nobody waits for it who does not need it.
    let behind = options.verify == Verify::Quick && options.indexed == Indexed::OnDisk && !disk.is_watched();
    let sled = (options.indexed == Indexed::OnDisk && !behind).then(|| Shelf::open(&disk.path(""), id));
    let then = sled.as_ref().and_then(|sled| sled.as_ref().ok()).map(Shelf::meta).unwrap_or_default();
    let found = match quick {
        Some(found) => found,
        None => runs.scan(then.entries.count, then.signed.count, less)?,
    };
    let mut report = Report {
        signed: found.locks.current.size,
        epoch: owner.number(),
        ended,
        set_aside: found.set_aside,
        checked: if clean { 0 } else { found.chain.count },
        ..Report::default()
    };
    report.set_aside.extend(found.locks.set_aside);
    if found.chain.count < options.at_least {
        return Err(StoreError::Rollback { have: found.chain.count, signed: options.at_least });
    }
    let fits = (!clean || (found.chain == then.entries && found.locks.chain == then.signed))
        && found.crc_then == Some(then.entries.crc)
        && found.locks.crc_then == Some(then.signed.crc);
    let chains = (found.chain, found.locks.chain);
    let maker = Maker { disk, records: &runs.records, locks: &runs.locks, options, id, chains };
    let index = match sled {
        None if behind => Index::opening(Recent::behind(chains.0, chains.1)),
        None => Index::in_memory(maker.all()?),
        Some(sled) => {
            let whole = !clean || options.verify == Verify::Full;
            let usable = sled.and_then(|sled| maker.usable(sled, fits, whole));
            maker.index(usable, &mut report)?
        }
    };
    if marked.is_some() {
        disk.remove(MARK)?;
    }
    let space = Space::new(options.ballast_bytes);
    space.provide(disk)?;
    report.low_on_space = space.is_low();
    let (index, owner) = (Arc::new(index), Arc::new(owner));
    let Runs { locks, records, words } = runs;
    let inner = Inner {
        disk: disk.clone(),
        id,
        records,
        words,
        locks: Arc::new(Locks::new(locks, poison.clone(), owner.clone(), index.clone(), found.locks.current)),
        index,
        poison,
        owner,
        space,
        writer: std::sync::Mutex::new(Writer::new(found.noted, found.last_words, found.last_entry)),
        keys_of: options.keys_of.clone(),
        words_fit: options.words_fit.clone(),
        passed: std::sync::Mutex::default(),
        rebuilt: std::sync::Mutex::new(None),
    };
    if options.verify == Verify::Full {
        inner.check_words()?;
    }
    Ok((inner, report, behind.then_some(Behind { chains, clean })))
}

/// When there may be fewer checkpoints than the records speak of.
#[derive(Clone, Copy)]
struct Less {
    /// Repair has them signed again, over the records.
    sign_again: bool,
    /// The ledger has ended.
    ended: bool,
}

/// The files, open, while it is found out where they end.
struct Runs {
    locks: Run,
    records: Run,
    words: Words,
}

/// What the files hold.
#[derive(Debug, Default)]
struct Found {
    locks: locks::Found,
    chain: Chain,
    crc_then: Option<u32>,
    noted: u64,
    last_words: Option<(u64, u32)>,
    last_entry: Option<Place>,
    set_aside: Vec<SetAside>,
}

/// How things stood before an entry that nobody has signed for yet.
struct Unsigned {
    index: u64,
    place: Place,
    first: u64,
    count: u32,
    chain: Chain,
    last_words: Option<(u64, u32)>,
    last_entry: Option<Place>,
}

impl Runs {
    /// What a mark says, if the ends of all files agree with it.
    fn quick(&self, mark: &Mark) -> Result<Option<Found>, StoreError> {
        let ends = self.records.ends_at(mark.records.0, mark.records.1)?
            && self.locks.ends_at(mark.locks.0, mark.locks.1)?
            && self.words.ends_at(mark.words, mark.keys)?;
        if !ends {
            return Ok(None);
        }
        let Some(current) = locks::last(&self.locks, mark.signed, mark.last_checkpoint) else { return Ok(None) };
        let last_entry = (mark.entries.count > 0).then(|| Place::unpack(mark.last_entry));
        if let Some(place) = last_entry {
            let Ok((header, _)) = self.records.frame(place, mark.entries.count - 1) else { return Ok(None) };
            if header.index + 1 != mark.entries.count || header.magic != Kind::Record.magic() {
                return Ok(None);
            }
        }
        if current.size > mark.entries.count || mark.noted > current.size {
            return Ok(None);
        }
        let locks =
            locks::Found { current, chain: mark.signed, crc_then: Some(mark.signed.crc), set_aside: Vec::new() };
        Ok(Some(Found {
            locks,
            chain: mark.entries,
            crc_then: Some(mark.entries.crc),
            noted: mark.noted,
            last_words: mark.last_words,
            last_entry,
            set_aside: Vec::new(),
        }))
    }

    /// Reads every checkpoint and every record. `entries_then` and `signed_then` are what the index counts.
    fn scan(&self, entries_then: u64, signed_then: u64, less: Less) -> Result<Found, StoreError> {
        // What a killed process wrote and did not sync is read here all the same, and would be signed for: without this
        // the next power cut takes it away from under the checkpoint.
        if !counterpart_tlog::planted!("names_not_synced") {
            self.locks.settle()?;
            self.words.settle()?;
            self.records.settle()?;
        }
        let locks = locks::scan(&self.locks, signed_then)?;
        let signed = locks.current.size;
        let mut found = Found { crc_then: (entries_then == 0).then_some(0), ..Found::default() };
        let mut unsigned = Vec::new();
        let bad = self.records.scan(|header| header.index, &mut |place, header, _| {
            if header.magic == NOTED {
                found.noted = found.noted.max(header.index);
                return None;
            }
            if header.index >= signed {
                unsigned.push(Unsigned {
                    index: header.index,
                    place,
                    first: header.extra,
                    count: header.part,
                    chain: found.chain,
                    last_words: found.last_words,
                    last_entry: found.last_entry,
                });
            }
            found.chain.push(header.crc);
            if found.chain.count == entries_then {
                found.crc_then = Some(found.chain.crc);
            }
            if header.part > 0 {
                found.last_words = Some((header.extra, header.part));
            }
            found.last_entry = Some(place);
            None
        })?;
        if less.sign_again && !less.ended && found.noted > found.chain.count {
            return Err(StoreError::Rollback { have: found.chain.count, signed: found.noted });
        }
        if found.noted > signed && !less.sign_again && !less.ended {
            let (file, offset) = self.locks.end();
            let problem = format!(
                "a checkpoint over {} entries was signed, but the newest here covers {signed}; \
                 repair can have it signed again from the records",
                found.noted
            );
            return Err(damaged(&Kind::Checkpoint.file(file), offset, signed, &problem));
        }
        let have = found.chain.count;
        match bad {
            Some(bad) if have < signed => {
                return Err(damaged(&Kind::Record.file(bad.place.file), bad.place.offset.into(), have, &bad.problem));
            }
            None if have < signed => return Err(StoreError::Rollback { have, signed }),
            Some(bad) => found.set_aside.extend(self.records.set_aside(bad.place)?),
            None => {}
        }
        found.locks = locks;
        self.words.find_end()?;
        self.cut(&mut found, &unsigned, entries_then)?;
        self.words.forget_behind(found.last_words)?;
        Ok(found)
    }

    /// An entry that nobody signed for and whose words did not all arrive goes aside, with all behind it.
    fn cut(&self, found: &mut Found, unsigned: &[Unsigned], entries_then: u64) -> Result<(), StoreError> {
        for entry in unsigned {
            match self.words.read(entry.index, entry.first, entry.count) {
                Ok(_) => {}
                Err(StoreError::Damaged { .. }) if counterpart_tlog::planted!("lost_words_signed_for") => {}
                Err(StoreError::Damaged { .. }) => {
                    found.set_aside.extend(self.records.set_aside(entry.place)?);
                    found.chain = entry.chain;
                    found.last_words = entry.last_words;
                    found.last_entry = entry.last_entry;
                    if entries_then > entry.index {
                        found.crc_then = None;
                    }
                    return Ok(());
                }
                // A disk that cannot be read now proves nothing about what it holds.
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}

/// Makes the index from the files.
struct Maker<'a> {
    disk: &'a Disk,
    records: &'a Run,
    locks: &'a Run,
    options: &'a Options,
    id: StoreId,
    /// Over the entries and the checkpoints that are there.
    chains: (Chain, Chain),
}

impl Maker<'_> {
    /// The shelf, if what it holds is true.
    fn usable(&self, sled: Shelf, fits: bool, whole: bool) -> Result<Shelf, Problem> {
        let meta = sled.meta();
        if !fits {
            return Err("it does not describe these records".into());
        }
        if self.options.verify == Verify::Full {
            self.compare(&sled)?;
        } else if whole && sled.tally(&RandomState::new())?.pairs != meta.pairs {
            return Err("it holds another number of keys than it says".into());
        }
        Ok(sled)
    }

    /// Whether what a shelf says of itself is true of the first entries and checkpoints that are there.
    fn describes(&self, meta: Meta) -> Result<bool, StoreError> {
        let (mut entries, mut signed) = (Chain::default(), Chain::default());
        if meta.entries.count > self.chains.0.count || meta.signed.count > self.chains.1.count {
            return Ok(false);
        }
        if meta.entries.count > 0 {
            self.records.walk(Place { file: 0, offset: FIRST }, WINDOW, &mut |_, header, _| {
                entries.push(header.crc);
                Ok(entries.count < meta.entries.count)
            })?;
        }
        Locks::tell(self.locks, 0, meta.signed.count, &mut |_, _, crc| signed.push(crc))?;
        Ok((entries, signed) == (meta.entries, meta.signed))
    }

    /// Compares the shelf with every record.
    fn compare(&self, sled: &Shelf) -> Result<(), Problem> {
        let hasher = RandomState::new();
        let (records, index) = std::thread::scope(|scope| {
            let index = scope.spawn(|| sled.tally(&hasher));
            (self.tally(sled, &hasher), index.join())
        });
        let index = index.map_err(|_| "reading it ended in a panic".to_owned())??;
        if index.pairs != sled.meta().pairs {
            return Err("it holds another number of keys than it says".into());
        }
        if records? != index {
            return Err("its keys are not those of the records".into());
        }
        let mut problem = None;
        let compared = Locks::tell(self.locks, 0, sled.meta().signed.count, &mut |size, place, _| {
            // Of one size the newest counts, so an older place may differ but must never be the later one.
            if !matches!(sled.checkpoint(size), Ok(Some(known)) if known >= place) {
                problem.get_or_insert_with(|| format!("it is wrong about the checkpoint over {size}"));
            }
        });
        compared.map_err(|error| error.to_string())?;
        problem.map_or(Ok(()), Err)
    }

    /// Which keys the records have that the shelf reads; their places must be what the shelf says.
    fn tally(&self, sled: &Shelf, hasher: &RandomState) -> Result<Tally, Problem> {
        let size = sled.meta().entries.count;
        let (mut tally, mut problem) = (Tally::default(), None);
        if size == 0 {
            return Ok(tally);
        }
        let walked = self.records.walk(Place { file: 0, offset: FIRST }, WINDOW, &mut |place, header, entry| {
            match sled.place(header.index) {
                Ok(known) if known == Some(place) => {
                    tally.add(hasher, &(self.options.keys_of)(entry), header.index);
                }
                Ok(_) => problem = Some(format!("it is wrong about entry {}", header.index)),
                Err(found) => problem = Some(found),
            }
            Ok(problem.is_none() && header.index + 1 < size)
        });
        walked.map_err(|error| error.to_string())?;
        problem.map_or(Ok(tally), Err)
    }

    /// An index over this shelf, or over a new one, or without one.
    fn index(&self, usable: Result<Shelf, Problem>, report: &mut Report) -> Result<Index, StoreError> {
        let made = self.shelf(usable, &mut report.rebuilt)?;
        match made {
            Ok((sled, recent)) => Ok(Index::over_shelf(sled, recent)),
            Err(problem) => {
                tracing::warn!(problem, "the index cannot be kept on disk and is held in memory");
                Ok(Index::in_memory(self.all()?))
            }
        }
    }

    /// This shelf, or a new one, and what is still to be put onto it. The inner error is of the shelf alone.
    fn shelf(
        &self,
        usable: Result<Shelf, Problem>,
        rebuilt: &mut Option<Rebuilt>,
    ) -> Result<Result<(Shelf, Recent), Problem>, StoreError> {
        let entries = self.chains.0.count;
        let opened = match usable {
            Ok(sled) => {
                if sled.meta().entries.count == 0 && entries > 0 {
                    *rebuilt = Some(Rebuilt { entries, problem: "it was not there".to_owned(), put_away: None });
                }
                Ok(sled)
            }
            Err(problem) => {
                *rebuilt = Some(Rebuilt { entries, problem, put_away: Some(self.put_away()?) });
                Shelf::open(&self.disk.path(""), self.id)
            }
        };
        match opened.and_then(|sled| self.catch_up(&sled).map(|recent| (sled, recent))) {
            Ok((sled, recent)) => Ok(Ok((sled, recent?))),
            Err(problem) => Ok(Err(problem)),
        }
    }

    /// Gives the old index another name, so that whoever wonders can look at it.
    fn put_away(&self) -> Result<String, StoreError> {
        let taken = self.disk.list("")?;
        let base = format!("{}.damaged-{}", shelf::DIRECTORY, self.options.label);
        let mut names = std::iter::once(base.clone()).chain((2_u32..).map(|number| format!("{base}-{number}")));
        let name = names.find(|name| !taken.contains(name)).unwrap_or(base);
        if self.disk.exists(shelf::DIRECTORY) {
            self.disk.rename(shelf::DIRECTORY, &name)?;
        }
        Ok(name)
    }

    /// Brings a shelf up to the files. The inner error is of the files, the outer one of the shelf.
    fn catch_up(&self, sled: &Shelf) -> Result<Result<Recent, StoreError>, Problem> {
        let meta = sled.meta();
        let recent = Recent::behind(meta.entries, meta.signed);
        let mut problem = None;
        let filled = self.fill(recent, &mut |recent| {
            if recent.size() - recent.first >= PIECE && problem.is_none() {
                match sled.put(&recent) {
                    Ok(()) => return Recent::behind(recent.chain, recent.signed),
                    Err(found) => problem = Some(found),
                }
            }
            recent
        });
        problem.map_or(Ok(filled), Err)
    }

    fn all(&self) -> Result<Recent, StoreError> {
        self.fill(Recent::behind(Chain::default(), Chain::default()), &mut |recent| recent)
    }

    /// Adds everything behind what `recent` goes on from.
    fn fill(&self, mut recent: Recent, after: &mut dyn FnMut(Recent) -> Recent) -> Result<Recent, StoreError> {
        let (entries, signed) = self.chains;
        let from = recent.signed.count;
        Locks::tell(self.locks, from, signed.count, &mut |size, place, crc| {
            recent.add_checkpoint(size, place, crc);
        })?;
        let from = recent.size();
        if from < entries.count {
            let start = self.records.file_of(from);
            let mut growing = Some(recent);
            self.records.walk(start, WINDOW, &mut |place, header, entry| {
                if header.index >= from
                    && let Some(mut recent) = growing.take()
                {
                    recent.add(place, header.crc, &(self.options.keys_of)(entry));
                    growing = Some(after(recent));
                }
                Ok(header.index + 1 < entries.count)
            })?;
            return growing.ok_or(StoreError::NoEntry { index: from, size: entries.count });
        }
        Ok(recent)
    }
}

impl Inner {
    /// Opens the index behind a start, and makes it again if it does not describe what is there.
    pub(super) fn open_shelf(&self, options: &Options, behind: &Behind) {
        let (chains, locks) = (behind.chains, self.locks.run());
        let maker = Maker { disk: &self.disk, records: &self.records, locks, options, id: self.id, chains };
        let usable = Shelf::open(&self.disk.path(""), self.id).and_then(|sled| {
            let meta = sled.meta();
            // An index that was lost is empty, and is filled; an older one is brought up to date.
            let same = meta == Meta::default() || (meta.entries, meta.signed) == chains;
            let fits = same || maker.describes(meta).map_err(|error| error.to_string())?;
            maker.usable(sled, fits, !behind.clean)
        });
        let mut rebuilt = None;
        let opened = maker.shelf(usable, &mut rebuilt).map_err(|error| error.to_string()).and_then(|made| made);
        let opened = opened.and_then(|(sled, recent)| sled.put(&recent).map(|()| sled));
        if let Some(rebuilt) = &rebuilt {
            tracing::warn!("{rebuilt}");
        }
        *super::disk::held(&self.rebuilt) = rebuilt;
        self.index.settle(opened.map_err(|problem| {
            tracing::warn!(problem, "the index cannot be kept on disk and is held in memory");
            // A record that cannot be read now is named by whoever asks for it.
            maker.all().unwrap_or_else(|_| Recent::behind(Chain::default(), Chain::default()))
        }));
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
    disk.write_small(IDENTITY, &identity_text(&digits))?;
    Ok(id)
}

pub(super) fn identity_text(digits: &str) -> String {
    let lines = format!("counterpart store\nformat 1\nid {digits}\n");
    let crc = crc32c::crc32c(lines.as_bytes());
    format!("{lines}crc {crc:08x}\n")
}

/// The store's id; nothing if there is no store here yet.
pub(super) fn identity(disk: &Disk) -> Result<Option<StoreId>, StoreError> {
    let Some(text) = disk.read_small(IDENTITY)? else { return Ok(None) };
    let wrong = || damaged(IDENTITY, 0, 0, "it is not the identity of a store that this program knows");
    if let Some(format) = newer_format(&text, "counterpart store") {
        return Err(other_format(IDENTITY, &format));
    }
    let digits = text.lines().nth(2).and_then(|line| line.strip_prefix("id ")).ok_or_else(wrong)?;
    if text != identity_text(digits) || digits.len() != 32 {
        return Err(wrong());
    }
    Ok(Some(u128::from_str_radix(digits, 16).map_err(|_| wrong())?.to_be_bytes()))
}

/// The format of a small file, if it is not the one that this program reads: `<title>`, `format <n>`, …, `crc <8 hex>`. A
/// format that is only a flipped bit is damage; one with its own checksum is another program's.
pub(crate) fn newer_format(text: &str, title: &str) -> Option<String> {
    let mut lines = text.lines();
    let named = lines.next() == Some(title);
    let format = lines.next().and_then(|line| line.strip_prefix("format ")).filter(|format| *format != "1")?;
    let (covered, crc) = text.rsplit_once("crc ")?;
    let sealed = crc.trim_end() == format!("{:08x}", crc32c::crc32c(covered.as_bytes()));
    (named && sealed && format.parse::<u32>().is_ok()).then(|| format.to_owned())
}

/// A small file of a format that this program does not read.
pub(crate) fn other_format(file: &str, format: &str) -> StoreError {
    let problem = format!("it has format {format} and this program reads 1; use the program that wrote it");
    StoreError::Unsuitable { file: file.to_owned(), problem }
}
