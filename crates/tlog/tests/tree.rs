//! The tree against the definition of RFC 6962, written down as it stands there.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use counterpart_tlog::tile::{TILE_WIDTH, TilePath, hash_tiles};
use counterpart_tlog::{
    Frontier, Hash, ProofError, Tree, TreeError, empty_root, leaf_hash, node_hash, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

fn leaves(size: usize) -> Vec<Hash> {
    (0..size).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

/// The largest power of two smaller than `n`.
fn k(n: usize) -> usize {
    let mut k = 1;
    while 2 * k < n {
        k *= 2;
    }
    k
}

/// MTH of RFC 6962 §2.1.
fn mth(d: &[Hash]) -> Hash {
    match d {
        [] => empty_root(),
        [leaf] => *leaf,
        d => node_hash(&mth(&d[..k(d.len())]), &mth(&d[k(d.len())..])),
    }
}

/// PATH of RFC 6962 §2.1.1.
fn path(m: usize, d: &[Hash]) -> Vec<Hash> {
    if d.len() == 1 {
        return vec![];
    }
    let k = k(d.len());
    let (mut path, other) = if m < k { (path(m, &d[..k]), mth(&d[k..])) } else { (path(m - k, &d[k..]), mth(&d[..k])) };
    path.push(other);
    path
}

/// SUBPROOF of RFC 6962 §2.1.2.
fn subproof(m: usize, d: &[Hash], known: bool) -> Vec<Hash> {
    if m == d.len() {
        return if known { vec![] } else { vec![mth(d)] };
    }
    let k = k(d.len());
    let (mut proof, other) = if m <= k {
        (subproof(m, &d[..k], known), mth(&d[k..]))
    } else {
        (subproof(m - k, &d[k..], false), mth(&d[..k]))
    };
    proof.push(other);
    proof
}

fn long(n: usize) -> u64 {
    u64::try_from(n).unwrap()
}

#[test]
fn roots_and_inclusion_proofs_of_all_small_trees_are_as_defined() {
    let leaves = leaves(70);
    let tree: Tree = leaves.iter().copied().collect();
    let mut frontier = Frontier::new();
    for size in 0..=leaves.len() {
        let root = mth(&leaves[..size]);
        assert_eq!(tree.root_at(long(size)), Some(root));
        assert_eq!(frontier.root(), root);
        assert_eq!(frontier.size(), long(size));
        frontier.extend(leaves.get(size).copied());
        for index in 0..size {
            let proof = tree.inclusion(long(index), long(size)).unwrap();
            assert_eq!(proof, path(index, &leaves[..size]));
            let verified = verify_inclusion(&leaves[index], long(index), long(size), &proof, &root);
            assert_eq!(verified, Ok(()));
        }
    }
    assert_eq!(frontier, {
        let mut whole = tree.frontier();
        whole.extend([]);
        whole
    });
}

#[test]
fn consistency_proofs_of_all_small_trees_are_as_defined() {
    let leaves = leaves(70);
    let tree: Tree = leaves.iter().copied().collect();
    for new in 0..=leaves.len() {
        let to = mth(&leaves[..new]);
        for old in 0..=new {
            let from = mth(&leaves[..old]);
            let proof = tree.consistency(long(old), long(new)).unwrap();
            let defined = if old == 0 { vec![] } else { subproof(old, &leaves[..new], true) };
            assert_eq!(proof, defined, "{old} to {new}");
            let verified = verify_consistency(long(old), long(new), &from, &to, &proof);
            assert_eq!(verified, Ok(()), "{old} to {new}");
        }
    }
}

#[test]
fn tree_refuses_what_it_does_not_have() {
    let tree: Tree = leaves(5).into_iter().collect();
    let beyond = TreeError::SizeBeyond { asked: 6, have: 5 };
    assert_eq!(tree.inclusion(0, 6), Err(beyond));
    assert_eq!(tree.consistency(1, 6), Err(beyond));
    let (index, size) = (3, 3);
    assert_eq!(tree.inclusion(3, 3), Err(TreeError::IndexOutside { index, size }));
    let (old, new) = (4, 3);
    assert_eq!(tree.consistency(4, 3), Err(TreeError::OldBeyondNew { old, new }));
    assert_eq!(tree.root_at(6), None);
    assert_eq!(tree.root_at(8), None);
    assert_eq!(tree.root_at(u64::MAX), None);
    assert_eq!(tree.leaf(5), None);
    assert_eq!(Tree::new().root(), empty_root());
    assert!(Tree::new().inclusion(0, 0).is_err());
}

#[test]
fn proofs_that_show_nothing_are_named() {
    let tree: Tree = leaves(7).into_iter().collect();
    let (leaf, root) = (tree.leaf(2).unwrap(), tree.root());
    let good = tree.inclusion(2, 7).unwrap();
    let verified = |index, size, proof: &[Hash]| verify_inclusion(&leaf, index, size, proof, &root);
    let outside = |index, size| Err(ProofError::IndexOutside { index, size });
    assert_eq!(verified(7, 7, &good), outside(7, 7));
    assert_eq!(verified(0, 0, &[]), outside(0, 0));
    assert_eq!(verified(2, 7, &good[..2]), Err(ProofError::TooShort));
    let long = [good.as_slice(), &[root]].concat();
    assert_eq!(verified(2, 7, &long), Err(ProofError::TooLong));
    assert_eq!(verified(3, 7, &good), Err(ProofError::OtherRoot));
    assert_eq!(verify_inclusion(&root, 0, 1, &[], &root), Ok(()));

    let from = tree.root_at(3).unwrap();
    let good = tree.consistency(3, 7).unwrap();
    let verified = |old, new, from: &Hash, proof: &[Hash]| verify_consistency(old, new, from, &root, proof);
    let (old, new) = (8, 7);
    assert_eq!(verified(8, 7, &from, &good), Err(ProofError::OldBeyondNew { old, new }));
    assert_eq!(verified(3, 7, &from, &[]), Err(ProofError::TooShort));
    assert_eq!(verified(3, 7, &from, &good[..3]), Err(ProofError::TooShort));
    let long = [good.as_slice(), &[root]].concat();
    assert_eq!(verified(3, 7, &from, &long), Err(ProofError::TooLong));
    assert_eq!(verified(3, 7, &root, &good), Err(ProofError::OtherOldRoot));
    assert_eq!(verify_consistency(3, 7, &from, &from, &good), Err(ProofError::OtherRoot));
    assert_eq!(verified(0, 7, &empty_root(), &good), Err(ProofError::TooLong));
    assert_eq!(verified(0, 7, &from, &[]), Err(ProofError::OtherOldRoot));
    assert_eq!(verified(7, 7, &from, &[]), Err(ProofError::OtherRoot));
    assert_eq!(verified(7, 7, &root, &good), Err(ProofError::TooLong));
    assert_eq!(verify_consistency(0, 0, &empty_root(), &root, &[]), Err(ProofError::OtherRoot));
}

#[test]
fn sizes_near_the_largest_are_checked_without_overflow() {
    let root = empty_root();
    for proof in [&vec![root; 0], &vec![root; 64], &vec![root; 70]] {
        for index in [0, 1 << 63, u64::MAX - 1] {
            assert!(verify_inclusion(&root, index, u64::MAX, proof, &root).is_err());
            let old = index.max(1);
            assert!(verify_consistency(old, u64::MAX, &root, &leaf_hash(b""), proof).is_err());
        }
    }
}

#[test]
fn tiles_hold_the_roots_of_their_subtrees() {
    let leaves = leaves(66_000);
    let tree: Tree = leaves.iter().copied().collect();
    for size in [1, 255, 256, 257, 65_535, 65_536, 66_000] {
        for path in hash_tiles(long(size)) {
            let TilePath::Hash { level, n, width } = path else { panic!("{path} is no hash tile") };
            let bytes = tree.tile(level, n, width, long(size)).unwrap();
            assert_eq!(bytes.len(), usize::from(width) * 32, "{path}");
            let span = 256_usize.pow(level.into());
            let start = usize::try_from(n).unwrap() * 256 * span;
            // The first and the last say enough: each level is one list.
            for place in [0, usize::from(width) - 1] {
                let covered = &leaves[start + place * span..][..span];
                assert_eq!(bytes[place * 32..][..32], *mth(covered).as_bytes(), "{path}");
            }
            if path.size_needed() == Some(long(size)) {
                assert_eq!(tree.tile(level, n, width, long(size) - 1), None);
            }
        }
    }
    assert_eq!(tree.tile(0, 0, 0, 256), None);
    assert_eq!(tree.tile(0, 0, TILE_WIDTH + 1, 1000), None);
    assert_eq!(tree.tile(0, 0, 1, 66_001), None);
    assert_eq!(tree.tile(255, u64::MAX, 1, 66_000), None);
}

proptest! {
    #[test]
    fn tree_that_was_cut_back_goes_on_as_if_nothing_had_been(
        size in 0_usize..600, cut in 0_usize..600, more in 0_usize..600,
    ) {
        let leaves = leaves(1_200);
        let mut tree: Tree = leaves.iter().take(size).copied().collect();
        tree.truncate(long(cut));
        let kept = size.min(cut);
        prop_assert_eq!(tree.size(), long(kept));
        tree.extend(leaves[kept..][..more].iter().copied());
        let fresh: Tree = leaves[..kept + more].iter().copied().collect();
        prop_assert_eq!(tree.root(), fresh.root());
        prop_assert_eq!(tree.root(), mth(&leaves[..kept + more]));
        prop_assert_eq!(tree.frontier(), fresh.frontier());
        prop_assert_eq!(tree.frontier().root(), tree.root());
    }

    #[test]
    fn proofs_of_larger_trees_are_as_defined(
        size in 1_usize..3_000, index in any::<prop::sample::Index>(), old in any::<prop::sample::Index>(),
    ) {
        let leaves = leaves(size);
        let tree: Tree = leaves.iter().copied().collect();
        let index = index.index(size);
        let old = 1 + old.index(size);
        let inclusion = tree.inclusion(long(index), long(size)).unwrap();
        prop_assert_eq!(&inclusion, &path(index, &leaves));
        let consistency = tree.consistency(long(old), long(size)).unwrap();
        prop_assert_eq!(&consistency, &subproof(old, &leaves, true));
    }

    #[test]
    fn changed_proof_shows_nothing(
        size in 2_usize..300,
        index in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        bit in 0_usize..256,
        how in 0..4,
    ) {
        let leaves = leaves(size);
        let tree: Tree = leaves.iter().copied().collect();
        let index = index.index(size);
        let mut proof = tree.inclusion(long(index), long(size)).unwrap();
        let place = place.index(proof.len());
        let (mut claimed, mut of) = (long(index), long(size));
        match how {
            0 => {
                let mut bytes = proof[place].to_bytes();
                bytes[bit / 8] ^= 1 << (bit % 8);
                proof[place] = Hash::from_bytes(bytes);
            }
            1 => {
                proof.remove(place);
            }
            2 => proof.insert(place, tree.root()),
            _ => {
                claimed = (claimed + 1) % of;
                of += long(bit % 2);
            }
        }
        let shown = verify_inclusion(&leaves[index], claimed, of, &proof, &tree.root());
        prop_assert!(shown.is_err());
    }

    #[test]
    fn changed_consistency_proof_shows_nothing(
        new in 2_usize..300,
        old in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        bit in 0_usize..256,
        how in 0..3,
    ) {
        let leaves = leaves(new);
        let tree: Tree = leaves.iter().copied().collect();
        let old = 1 + old.index(new - 1);
        let mut proof = tree.consistency(long(old), long(new)).unwrap();
        let place = place.index(proof.len());
        match how {
            0 => {
                let mut bytes = proof[place].to_bytes();
                bytes[bit / 8] ^= 1 << (bit % 8);
                proof[place] = Hash::from_bytes(bytes);
            }
            1 => {
                proof.remove(place);
            }
            _ => proof.insert(place, tree.root()),
        }
        let from = tree.root_at(long(old)).unwrap();
        let shown = verify_consistency(long(old), long(new), &from, &tree.root(), &proof);
        prop_assert!(shown.is_err());
    }
}
