//! The rows of the shelf as bytes.

use std::hash::{BuildHasher, RandomState};

use super::super::frame::{put, take};

/// The longest key that stands as it is; sled keeps keys whole in its pages.
pub(super) const KEY_MAX: usize = 512;

/// So many steps stand in one row at most: 1 KiB.
const STEPS: usize = 512;

/// All pairs of a key and an entry, in any order: two tallies by one hasher that are equal are of the same pairs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Tally {
    pub(in super::super) pairs: u64,
    sum: u64,
}

impl Tally {
    /// Takes in the keys of one entry, each once.
    pub(in super::super) fn add(&mut self, hasher: &RandomState, keys: &[Vec<u8>], index: u64) {
        for (at, key) in keys.iter().enumerate() {
            if !keys.get(..at).is_some_and(|earlier| earlier.contains(key)) {
                self.pair(hasher, &key_row(key, index));
            }
        }
    }

    pub(super) fn pair(&mut self, hasher: &RandomState, row: &[u8]) {
        self.pairs += 1;
        self.sum = self.sum.wrapping_add(hasher.hash_one(row));
    }
}

pub(super) fn numbered(prefix: u8, number: u64) -> [u8; 9] {
    let mut key = [prefix; 9];
    put(&mut key, 1, &number.to_be_bytes());
    key
}

/// The length stands first, so that one key is never the beginning of another.
pub(super) fn key_row(key: &[u8], index: u64) -> Vec<u8> {
    let hashed: [u8; 32];
    let (length, key) = if key.len() <= KEY_MAX {
        (u16::try_from(key.len()).unwrap_or(u16::MAX), key)
    } else {
        hashed = <sha2::Sha256 as sha2::Digest>::digest(key).into();
        (u16::MAX, hashed.as_slice())
    };
    let mut row = vec![b'k'];
    row.extend_from_slice(&length.to_be_bytes());
    row.extend_from_slice(key);
    row.extend_from_slice(&index.to_be_bytes());
    row
}

/// The rows of some pairs, which are in order: each names one entry, and how much later than the one before it each of
/// the others is.
pub(super) fn rows<'a>(pairs: &'a [(&'a [u8], u64)]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + 'a {
    let mut left = pairs.iter().copied().peekable();
    std::iter::from_fn(move || {
        let (key, first) = left.next()?;
        let (mut last, mut steps) = (first, Vec::new());
        while steps.len() < 2 * STEPS
            && let Some((_, index)) = left.next_if(|(other, index)| *other == key && index - last <= u16::MAX.into())
        {
            steps.extend_from_slice(&u16::try_from(index - last).unwrap_or(u16::MAX).to_le_bytes());
            last = index;
        }
        Some((key_row(key, first), steps))
    })
}

/// The first entry that a row names.
pub(super) fn first_of(row: &[u8]) -> u64 {
    u64::from_be_bytes(take(row, row.len().saturating_sub(8)))
}

/// The entries that a row names.
pub(super) fn indexes(row: &[u8], steps: &[u8]) -> impl Iterator<Item = u64> {
    let first = first_of(row);
    let later = steps.chunks_exact(2).scan(first, |index, two| {
        *index = index.saturating_add(u16::from_le_bytes(take(two, 0)).into());
        Some(*index)
    });
    std::iter::once(first).chain(later)
}

pub(super) fn encode(places: &[u64]) -> Vec<u8> {
    places.iter().flat_map(|place| place.to_le_bytes()).collect()
}
