//! Where entries, keys and checkpoints lie that the shelf does not hold yet: a table in memory that only grows.
//!
//! It also serves alone, for the whole log, where there is no shelf.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::frame::Place;

/// No earlier row has this hash.
const NONE: usize = usize::MAX;

/// A running checksum over the checksums of frames, so that two ways of counting can be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) count: u64,
    pub(super) crc: u32,
}

impl Chain {
    pub(super) fn push(&mut self, crc: u32) {
        self.count += 1;
        self.crc = crc32c::crc32c_append(self.crc, &crc.to_le_bytes());
    }
}

/// Entries and checkpoints from some position on.
#[derive(Debug)]
pub(super) struct Recent {
    /// The index of the first entry here.
    pub(super) first: u64,
    places: Vec<u64>,
    crcs: Vec<u32>,
    rows: Vec<Row>,
    bytes: Vec<u8>,
    newest: HashMap<u64, usize>,
    hasher: RandomState,
    checkpoints: Vec<Signed>,
    /// Over every entry up to here, those before this table too.
    pub(super) chain: Chain,
    /// Over every checkpoint up to here, those before this table too.
    pub(super) signed: Chain,
}

/// One checkpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed {
    pub(super) size: u64,
    pub(super) place: u64,
    pub(super) crc: u32,
}

/// One key of one entry. Rows of equal hash are chained, the newest first.
#[derive(Debug)]
struct Row {
    index: u64,
    before: usize,
    at: usize,
    length: usize,
}

impl Recent {
    /// An empty table behind so many entries and checkpoints.
    pub(super) fn behind(entries: Chain, signed: Chain) -> Self {
        Self {
            first: entries.count,
            places: Vec::new(),
            crcs: Vec::new(),
            rows: Vec::new(),
            bytes: Vec::new(),
            newest: HashMap::new(),
            hasher: RandomState::new(),
            checkpoints: Vec::new(),
            chain: entries,
            signed,
        }
    }

    /// Takes in the next entry.
    pub(super) fn add<'a>(&mut self, place: Place, crc: u32, keys: impl IntoIterator<Item = &'a Vec<u8>>) {
        let index = self.chain.count;
        self.places.push(place.pack());
        self.crcs.push(crc);
        self.chain.push(crc);
        for key in keys {
            if self.holds(key, index) {
                continue;
            }
            let hash = self.hasher.hash_one(key.as_slice());
            let before = self.newest.insert(hash, self.rows.len()).unwrap_or(NONE);
            self.rows.push(Row { index, before, at: self.bytes.len(), length: key.len() });
            self.bytes.extend_from_slice(key);
        }
    }

    /// Whether the newest entry stands under this key already.
    fn holds(&self, key: &[u8], index: u64) -> bool {
        let mut at = self.newest.get(&self.hasher.hash_one(key)).copied();
        while let Some(row) = at.and_then(|at| self.rows.get(at)).filter(|row| row.index == index) {
            if self.key(row) == key {
                return true;
            }
            at = Some(row.before);
        }
        false
    }

    /// Takes in the next checkpoint.
    pub(super) fn add_checkpoint(&mut self, size: u64, place: Place, crc: u32) {
        self.checkpoints.push(Signed { size, place: place.pack(), crc });
        self.signed.push(crc);
    }

    /// How many entries there are, those before this table too.
    pub(super) fn size(&self) -> u64 {
        self.chain.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.checkpoints.is_empty()
    }

    pub(super) fn place(&self, index: u64) -> Option<Place> {
        let at = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.places.get(at).map(|packed| Place::unpack(*packed))
    }

    /// The newest checkpoint of exactly this size.
    pub(super) fn checkpoint(&self, size: u64) -> Option<Place> {
        let behind = self.checkpoints.partition_point(|signed| signed.size <= size);
        let signed = self.checkpoints.get(behind.checked_sub(1)?)?;
        (signed.size == size).then(|| Place::unpack(signed.place))
    }

    /// The entries under a key from `from` on, the first `limit` of them.
    pub(super) fn find(&self, key: &[u8], from: u64, limit: usize) -> Vec<u64> {
        let mut found = Vec::new();
        let mut at = self.newest.get(&self.hasher.hash_one(key)).copied();
        while let Some(row) = at.and_then(|at| self.rows.get(at)) {
            if row.index < from {
                break;
            }
            if self.key(row) == key {
                found.push(row.index);
            }
            at = Some(row.before);
        }
        found.reverse();
        found.truncate(limit);
        found
    }

    /// Every key with its entry, in the order in which they came.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.rows.iter().map(|row| (self.key(row), row.index))
    }

    /// Every entry's place, packed, and the checksum of its frame.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u64, u32)> {
        self.places.iter().copied().zip(self.crcs.iter().copied())
    }

    /// Every checkpoint, in order.
    pub(super) fn checkpoints(&self) -> &[Signed] {
        &self.checkpoints
    }

    fn key(&self, row: &Row) -> &[u8] {
        self.bytes.get(row.at..row.at + row.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_whole_in_order_and_once_an_entry() {
        let mut recent = Recent::behind(Chain { count: 10, crc: 0 }, Chain::default());
        for number in 0..6_u8 {
            let keys = [b"all".to_vec(), vec![number % 2], b"all".to_vec()];
            recent.add(Place { file: 0, offset: number.into() }, number.into(), &keys);
        }
        assert_eq!(recent.find(b"all", 0, 9), [10, 11, 12, 13, 14, 15]);
        assert_eq!(recent.find(&[1], 12, 1), [13]);
        assert_eq!(recent.find(b"al", 0, 9), [0_u64; 0]);
        assert_eq!((recent.place(9), recent.place(16)), (None, None));
        assert_eq!(recent.place(12), Some(Place { file: 0, offset: 2 }));
        assert_eq!(recent.size(), 16);
    }

    #[test]
    fn of_one_size_the_newest_checkpoint_is_found() {
        let mut recent = Recent::behind(Chain::default(), Chain::default());
        for (offset, size) in [(1, 3), (2, 5), (3, 5), (4, 9)] {
            recent.add_checkpoint(size, Place { file: 0, offset }, 0);
        }
        assert_eq!(recent.checkpoint(5), Some(Place { file: 0, offset: 3 }));
        assert_eq!((recent.checkpoint(4), recent.checkpoint(10), recent.checkpoint(0)), (None, None, None));
    }
}
