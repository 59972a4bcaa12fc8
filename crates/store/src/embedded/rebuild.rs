//! The index is brought up to the files, and made again from them where it is not true.

use std::hash::RandomState;

use super::disk::{Disk, WINDOW};
use super::frame::{Place, StoreId};
use super::index::Index;
use super::locks::Locks;
use super::open::{Options, Report, Verify};
use super::recent::{Chain, Recent};
use super::run::{FIRST, Run};
use super::shelf::{self, Meta, Problem, Shelf, Tally};
use super::store::Inner;
use crate::StoreError;

/// So many entries go onto the shelf at once when it is made again.
const PIECE: u64 = 65_536;

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
    pub(super) chains: (Chain, Chain),
    /// The last stop left a mark that is true.
    pub(super) clean: bool,
}

/// Makes the index from the files.
pub(super) struct Maker<'a> {
    pub(super) disk: &'a Disk,
    pub(super) records: &'a Run,
    pub(super) locks: &'a Run,
    pub(super) options: &'a Options,
    pub(super) id: StoreId,
    /// Over the entries and the checkpoints that are there.
    pub(super) chains: (Chain, Chain),
}

impl Maker<'_> {
    /// The shelf, if what it holds is true.
    pub(super) fn usable(&self, sled: Shelf, fits: bool, whole: bool) -> Result<Shelf, Problem> {
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
    pub(super) fn index(&self, usable: Result<Shelf, Problem>, report: &mut Report) -> Result<Index, StoreError> {
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

    pub(super) fn all(&self) -> Result<Recent, StoreError> {
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
