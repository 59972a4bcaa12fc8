//! The Merkle tree with every full node in memory: append, roots, proofs, tiles.

use crate::tile::{TILE_HEIGHT, TILE_WIDTH};
use crate::{Frontier, Hash, empty_root, node_hash};

/// A Merkle tree (RFC 6962 §2.1) that appends in constant time and proves for any size.
///
/// It keeps the hash of every full subtree: 64 bytes an entry. An append hashes one node
/// on average and allocates only when a level outgrows its room, so its cost does not
/// depend on how much stands before it.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    // INVARIANT: `levels[k]` holds the roots of all full subtrees of 2^k leaves, in order;
    // its length is the size shifted right by k, and no level is empty.
    levels: Vec<Vec<Hash>>,
}

/// A proof was asked of a tree that cannot give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The index lies outside the size.
    #[error("there is no entry {index} in a tree of {size}")]
    IndexOutside {
        /// The place asked for, counted from 0.
        index: u64,
        /// The size asked for.
        size: u64,
    },
    /// The size lies beyond what was appended.
    #[error("the tree has {have} entries, not {asked}")]
    SizeBeyond {
        /// The size asked for.
        asked: u64,
        /// The size of the tree.
        have: u64,
    },
    /// The older size is the larger one.
    #[error("a tree of {old} entries is not older than one of {new}")]
    OldBeyondNew {
        /// The older size asked for.
        old: u64,
        /// The newer size asked for.
        new: u64,
    },
}

impl Tree {
    /// The tree without entries.
    pub const fn new() -> Self {
        Self { levels: Vec::new() }
    }

    /// Appends one leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for nodes in &mut self.levels {
            nodes.push(node);
            if !nodes.len().is_multiple_of(2) {
                return;
            }
            if let [.., left, right] = nodes.as_slice() {
                node = node_hash(left, right);
            }
        }
        self.levels.push(vec![node]);
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| length(leaves))
    }

    /// The leaf hash at `index`.
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        self.node(0, index)
    }

    /// The root over everything.
    pub fn root(&self) -> Hash {
        self.root_at(self.size()).unwrap_or_else(empty_root)
    }

    /// The root as it was at `size`; `None` if the tree has not grown so far.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        self.subtree(0, size)
    }

    /// The inclusion proof of `index` in the first `size` entries, the leaf's sibling first
    /// (RFC 6962 §2.1.1).
    ///
    /// # Errors
    ///
    /// The index is not below the size, or the size is beyond the tree.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, TreeError> {
        let beyond = self.beyond(size);
        if size > self.size() {
            return Err(beyond);
        }
        if index >= size {
            return Err(TreeError::IndexOutside { index, size });
        }
        let (mut start, mut end) = (0, size);
        let mut proof = Vec::new();
        while end - start > 1 {
            let middle = start + split(end - start);
            let sibling = if index < middle {
                let right = self.subtree(middle, end);
                end = middle;
                right
            } else {
                let left = self.subtree(start, middle);
                start = middle;
                left
            };
            proof.push(sibling.ok_or(beyond)?);
        }
        proof.reverse();
        Ok(proof)
    }

    /// The consistency proof from the first `old` to the first `new` entries
    /// (RFC 6962 §2.1.2). Empty when they are equal or `old` is 0.
    ///
    /// # Errors
    ///
    /// `old` is larger than `new`, or `new` is beyond the tree.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, TreeError> {
        let beyond = self.beyond(new);
        if new > self.size() {
            return Err(beyond);
        }
        if old > new {
            return Err(TreeError::OldBeyondNew { old, new });
        }
        if old == 0 || old == new {
            return Ok(Vec::new());
        }
        let (mut start, mut end) = (0, new);
        let mut proof = Vec::new();
        while old != end {
            let middle = start + split(end - start);
            let other = if old <= middle {
                let right = self.subtree(middle, end);
                end = middle;
                right
            } else {
                let left = self.subtree(start, middle);
                start = middle;
                left
            };
            proof.push(other.ok_or(beyond)?);
        }
        // The verifier holds the old root itself; a smaller piece of it has to be told.
        if start > 0 {
            proof.push(self.subtree(start, end).ok_or(beyond)?);
        }
        proof.reverse();
        Ok(proof)
    }

    /// The bytes of a tile as a log of `at_size` entries may serve it: `width` hashes (1 to
    /// 256) of tile level `level`, from `256 * n` on (tlog-tiles).
    ///
    /// `None` if the tile reaches beyond `at_size`, if `at_size` is beyond the tree or if the
    /// width is not one a tile can have.
    pub fn tile(&self, level: u8, n: u64, width: u16, at_size: u64) -> Option<Vec<u8>> {
        if at_size > self.size() || !(1..=TILE_WIDTH).contains(&width) {
            return None;
        }
        let level = u32::from(level) * TILE_HEIGHT;
        let start = n.checked_mul(u64::from(TILE_WIDTH))?;
        let end = start.checked_add(u64::from(width))?;
        if end > at_size.checked_shr(level)? {
            return None;
        }
        let nodes = self.levels.get(usize::try_from(level).ok()?)?;
        let hashes = nodes.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)?;
        Some(hashes.iter().flat_map(|hash| hash.to_bytes()).collect())
    }

    /// Forgets everything from `size` on, as if it had never been appended.
    ///
    /// A tree that is not larger stays as it is.
    pub fn truncate(&mut self, size: u64) {
        let mut keep = usize::try_from(size).unwrap_or(usize::MAX);
        for nodes in &mut self.levels {
            nodes.truncate(keep);
            keep /= 2;
        }
        self.levels.retain(|nodes| !nodes.is_empty());
    }

    /// The right edge, to go on appending without the rest.
    pub fn frontier(&self) -> Frontier {
        let peaks = self.peaks(0, self.size()).flatten().collect();
        // The peaks of a whole tree always fit its size.
        Frontier::from_parts(self.size(), peaks).unwrap_or_default()
    }

    /// The root of the full subtree `index` of 2^`level` leaves.
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let nodes = self.levels.get(usize::try_from(level).ok()?)?;
        nodes.get(usize::try_from(index).ok()?).copied()
    }

    /// The hash over leaves `start..end`, where `start` is a multiple of a power of two not
    /// smaller than the range: what a proof or a root asks for.
    fn subtree(&self, start: u64, end: u64) -> Option<Hash> {
        let mut root = None;
        for peak in self.peaks(start, end).rev() {
            let left = peak?;
            root = Some(root.map_or(left, |right| node_hash(&left, &right)));
        }
        Some(root.unwrap_or_else(empty_root))
    }

    /// The full subtrees that `start..end` decomposes into, largest first.
    fn peaks(&self, start: u64, end: u64) -> impl DoubleEndedIterator<Item = Option<Hash>> {
        let width = end - start;
        (0..u64::BITS)
            .filter(move |level| (width >> level) & 1 == 1)
            .map(move |level| {
                // What the higher bits stand for lies to the left.
                let higher = width & !(u64::MAX >> (u64::BITS - 1 - level));
                self.node(level, (start + higher) >> level)
            })
            .rev()
    }

    fn beyond(&self, asked: u64) -> TreeError {
        TreeError::SizeBeyond { asked, have: self.size() }
    }
}

/// The largest power of two strictly less than `width`, which is at least 2.
fn split(width: u64) -> u64 {
    1 << (width - 1).ilog2()
}

/// A length as a number of entries: no machine here has more than 64 bits.
fn length(nodes: &[Hash]) -> u64 {
    u64::try_from(nodes.len()).unwrap_or(u64::MAX)
}

impl Extend<Hash> for Tree {
    fn extend<I: IntoIterator<Item = Hash>>(&mut self, leaves: I) {
        for leaf in leaves {
            self.push(leaf);
        }
    }
}

impl FromIterator<Hash> for Tree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::new();
        tree.extend(leaves);
        tree
    }
}
