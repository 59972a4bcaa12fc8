//! Checking proofs: what a stranger does with a root and a few hashes.

use crate::{Hash, empty_root, node_hash};

/// A proof does not show what it claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index lies outside the size.
    #[error("there is no entry {index} in a tree of {size}")]
    IndexOutside {
        /// The place claimed, counted from 0.
        index: u64,
        /// The size claimed.
        size: u64,
    },
    /// The older size is the larger one.
    #[error("a tree of {old} entries cannot have become one of {new}")]
    OldBeyondNew {
        /// The older size claimed.
        old: u64,
        /// The newer size claimed.
        new: u64,
    },
    /// The proof ends too early.
    #[error("the proof has too few hashes")]
    TooShort,
    /// The proof goes on after the root is reached.
    #[error("the proof has too many hashes")]
    TooLong,
    /// The proof leads to another root than the one signed.
    #[error("the proof leads to another root")]
    OtherRoot,
    /// The proof leads to another old root than the one known.
    #[error("the proof starts from another old root")]
    OtherOldRoot,
}

/// Checks that `leaf` stands at `index` among the first `size` entries under `root`
/// (RFC 9162 §2.1.3.2). `proof` has the leaf's sibling first.
///
/// # Errors
///
/// A [`ProofError`] says what is wrong; then nothing is shown.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::IndexOutside { index, size });
    }
    let mut edge = Edge { place: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match edge.climb()? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    edge.finish()?;
    if hash == *root { Ok(()) } else { Err(ProofError::OtherRoot) }
}

/// Checks that the tree of `new` entries under `new_root` begins with the tree of `old`
/// entries under `old_root` (RFC 9162 §2.1.4.2).
///
/// From size 0 every tree goes on; then the proof is empty and `old_root` the empty root.
///
/// # Errors
///
/// A [`ProofError`] says what is wrong; then nothing is shown.
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::OldBeyondNew { old, new });
    }
    if old == 0 && *old_root != empty_root() {
        return Err(ProofError::OtherOldRoot);
    }
    if old == new && old_root != new_root {
        return Err(ProofError::OtherRoot);
    }
    if old == 0 || old == new {
        return if proof.is_empty() { Ok(()) } else { Err(ProofError::TooLong) };
    }
    // Both roots are built from the last full subtree of the old tree on. When that is the
    // whole old tree, the verifier holds its hash already and the proof leaves it out.
    let height = old.trailing_zeros();
    let (seed, proof) =
        if old.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or(ProofError::TooShort)? };
    let mut edge = Edge { place: (old - 1) >> height, last: (new - 1) >> height };
    let (mut from, mut to) = (*seed, *seed);
    for other in proof {
        match edge.climb()? {
            Side::Left => {
                from = node_hash(other, &from);
                to = node_hash(other, &to);
            }
            Side::Right => to = node_hash(&to, other),
        }
    }
    edge.finish()?;
    if from != *old_root {
        return Err(ProofError::OtherOldRoot);
    }
    if to != *new_root {
        return Err(ProofError::OtherRoot);
    }
    Ok(())
}

/// A way up from one node of a level whose last node is `last`.
struct Edge {
    place: u64,
    last: u64,
}

/// On which side the next sibling stands.
enum Side {
    Left,
    Right,
}

impl Edge {
    /// Goes up to the next node that has a sibling and says on which side it stands.
    fn climb(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::TooLong);
        }
        let side = if self.place % 2 == 1 || self.place == self.last {
            // On the right edge a node without sibling moves up as it is.
            let alone = self.place.trailing_zeros().min(u64::BITS - 1);
            self.place >>= alone;
            self.last >>= alone;
            Side::Left
        } else {
            Side::Right
        };
        self.place >>= 1;
        self.last >>= 1;
        Ok(side)
    }

    /// Whether the top is reached.
    fn finish(&self) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::TooShort) }
    }
}
