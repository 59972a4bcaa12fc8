//! The right edge of a tree: enough to append and to name the root, nothing else.

use crate::{Hash, empty_root, node_hash};

/// A Merkle tree that only grows and only knows its root.
///
/// It keeps the roots of the full subtrees that the size decomposes into, largest first:
/// at most 64 hashes, whatever the number of entries. For proofs keep a [`crate::Tree`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    // INVARIANT: one hash for each bit set in `size`, the highest bit first.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The tree without entries.
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// Takes up a tree from what [`Frontier::size`] and [`Frontier::peaks`] said of it.
    ///
    /// `None` if the number of peaks does not fit the size.
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        let fits = u32::try_from(peaks.len()) == Ok(size.count_ones());
        fits.then_some(Self { size, peaks })
    }

    /// Appends one leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        // Every trailing one of the size is a full subtree as large as the one in hand.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// How many leaves were appended.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root (RFC 6962 §2.1).
    pub fn root(&self) -> Hash {
        // The smaller subtrees hang to the right.
        self.peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }

    /// The roots of the full subtrees, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }
}

impl Extend<Hash> for Frontier {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaves: I) {
        for leaf in leaves {
            self.push(leaf);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::leaf_hash;

    #[test]
    fn frontier_can_be_put_down_and_taken_up() {
        let mut frontier = Frontier::new();
        assert_eq!(frontier.root(), empty_root());
        frontier.extend((0..11_u8).map(|i| leaf_hash(&[i])));
        let mut again = Frontier::from_parts(frontier.size(), frontier.peaks().to_vec()).unwrap();
        again.push(leaf_hash(b"next"));
        frontier.push(leaf_hash(b"next"));
        assert_eq!(again, frontier);
        assert_eq!(again.root(), frontier.root());
    }

    #[test]
    fn frontier_with_the_wrong_number_of_peaks_is_refused() {
        assert_eq!(Frontier::from_parts(3, vec![empty_root()]), None);
        assert_eq!(Frontier::from_parts(0, vec![empty_root()]), None);
        assert!(Frontier::from_parts(0, vec![]).is_some());
    }
}
