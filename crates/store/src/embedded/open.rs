//! Opening the store: what turns silent damage into a clear error.
//!
//! After a clean stop a start believes the mark and looks at the ends only; otherwise, or when asked to, it reads every
//! record. The words of entries that nobody signed for are looked at in any case.

use std::path::Path;
use std::sync::Arc;

use super::disk::{Disk, Hook, Poison};
use super::frame::{Kind, NOTED, Place};
use super::identity::{IDENTITY, create, identity};
use super::index::Index;
use super::locks::{self, Locks};
use super::mark::{MARK, Mark};
use super::owner::{self, Held, Owner};
use super::rebuild::{Behind, Maker, Rebuilt};
use super::recent::{Chain, Recent};
use super::run::{Run, SetAside, damaged};
use super::shelf::Shelf;
use super::space::Space;
use super::store::{Inner, Writer};
use super::words::{Entropy, Words};
use crate::{StoreError, Word};

/// Gives the secondary keys of an entry from its bytes, a pure function.
pub type KeysOf = Arc<dyn Fn(&[u8]) -> Vec<Vec<u8>> + Send + Sync>;

/// Says why the words that are kept of an entry do not open its commitments, if they do not.
pub type WordsFit = Arc<dyn Fn(&[u8], &[Word]) -> Result<(), String> + Send + Sync>;

/// The statement by which the ledger of a store ended; beside the checkpoints, because nothing is signed over them again.
pub(super) const ENDED: &str = "lock/ENDED";

/// A larger index is not opened right after a start unless somebody waits for it.
const INDEX_LATER: u64 = 65_536;

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
            index_later: INDEX_LATER,
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
