//! Entry bundles: up to 256 entries, each with its length before it.

use super::TILE_WIDTH;

/// The longest entry: its length is written in two bytes (C2SP tlog-tiles).
pub const ENTRY_LEN_MAX: usize = u16::MAX as usize;

/// Bytes of the length before each entry.
const LENGTH_LEN: usize = 2;

/// Bytes are not a bundle, or entries do not fit one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// More entries than a tile holds, or fewer than asked for.
    #[error("the bundle has {have} entries, not {expected}")]
    Count {
        /// Entries found.
        have: usize,
        /// Entries that the path promises.
        expected: usize,
    },
    /// An entry does not fit its length field.
    #[error("entry {place} of the bundle has {length} bytes; at most {ENTRY_LEN_MAX} fit")]
    EntryTooLong {
        /// Place in the bundle, from 0.
        place: usize,
        /// Its bytes.
        length: usize,
    },
    /// The bytes end inside an entry.
    #[error("the bundle ends inside entry {place}")]
    Truncated {
        /// Place in the bundle, from 0.
        place: usize,
    },
}

/// Writes a bundle of at most 256 entries: for each its length (u16, big endian) and bytes.
///
/// # Errors
///
/// There are more than 256 entries, or one is longer than 65,535 bytes.
pub fn encode_bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, BundleError> {
    let expected = usize::from(TILE_WIDTH);
    if entries.len() > expected {
        let have = entries.len();
        return Err(BundleError::Count { have, expected });
    }
    let mut bytes = Vec::with_capacity(entries.iter().map(|entry| LENGTH_LEN + entry.as_ref().len()).sum());
    for (place, entry) in entries.iter().enumerate() {
        let entry = entry.as_ref();
        let length =
            u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLong { place, length: entry.len() })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Reads a bundle of exactly `width` entries. Entries may be empty.
///
/// # Errors
///
/// The bytes end inside an entry, or hold another number of entries.
pub fn decode_bundle(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    let expected = usize::from(width);
    let mut entries = Vec::with_capacity(expected.min(usize::from(TILE_WIDTH)));
    let mut rest = bytes;
    while !rest.is_empty() {
        let place = entries.len();
        if place == expected {
            let have = place + 1;
            return Err(BundleError::Count { have, expected });
        }
        let (entry, after) = rest
            .split_first_chunk::<LENGTH_LEN>()
            .and_then(|(length, after)| after.split_at_checked(usize::from(u16::from_be_bytes(*length))))
            .ok_or(BundleError::Truncated { place })?;
        entries.push(entry);
        rest = after;
    }
    if entries.len() != expected {
        let have = entries.len();
        return Err(BundleError::Count { have, expected });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn bundle_reads_back_its_entries() {
        let longest = vec![7; ENTRY_LEN_MAX];
        let entries: [&[u8]; 3] = [b"one", b"", &longest];
        let bytes = encode_bundle(&entries).unwrap();
        assert_eq!(decode_bundle(&bytes, 3).unwrap(), entries);
    }

    #[test]
    fn bundle_of_another_width_is_refused() {
        let bytes = encode_bundle(&["a", "b"]).unwrap();
        let count = |have, expected| Err(BundleError::Count { have, expected });
        assert_eq!(decode_bundle(&bytes, 1), count(2, 1));
        assert_eq!(decode_bundle(&bytes, 3), count(2, 3));
        assert_eq!(decode_bundle(&[], 1), count(0, 1));
    }

    #[test]
    fn bundle_cut_short_is_refused() {
        let bytes = encode_bundle(&["a", "bc"]).unwrap();
        for (length, place) in [(1, 0), (2, 0), (4, 1), (6, 1)] {
            let cut = bytes.get(..length).unwrap();
            assert_eq!(decode_bundle(cut, 2), Err(BundleError::Truncated { place }));
        }
    }

    #[test]
    fn what_does_not_fit_is_not_written() {
        let place = 1;
        let length = ENTRY_LEN_MAX + 1;
        assert_eq!(encode_bundle(&[vec![], vec![0; length]]), Err(BundleError::EntryTooLong { place, length }));
        let (have, expected) = (257, 256);
        assert_eq!(encode_bundle(&[[0; 0]; 257]), Err(BundleError::Count { have, expected }));
    }
}
