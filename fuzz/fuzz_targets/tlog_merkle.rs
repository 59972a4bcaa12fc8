//! Proofs of inclusion and consistency: those that hold are those the tree makes.
#![no_main]

use counterpart_tlog::{Hash, Tree, leaf_hash, verify_consistency, verify_inclusion};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((sizes, hashes)) = bytes.split_first_chunk::<16>() else {
        return;
    };
    let (old, new) = sizes.split_at(8);
    let number = |bytes: &[u8]| bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte));
    let (old, new) = (number(old), number(new));
    let proof: Vec<Hash> = hashes
        .chunks_exact(Hash::LEN)
        .filter_map(|hash| Hash::try_from(hash).ok())
        .collect();
    // The tree is small; whatever is claimed of it beyond that must be refused, and a proof
    // that holds must be the one the tree gives.
    let tree: Tree = (0..21_u8).map(|entry| leaf_hash(&[entry])).collect();
    let root = tree.root();
    if let Some(leaf) = tree.leaf(old)
        && verify_inclusion(&leaf, old, new, &proof, &root).is_ok()
        && new == tree.size()
    {
        assert_eq!(tree.inclusion(old, new), Ok(proof.clone()));
    }
    if let Some(from) = tree.root_at(old)
        && verify_consistency(old, new, &from, &root, &proof).is_ok()
        && new == tree.size()
    {
        assert_eq!(tree.consistency(old, new), Ok(proof));
    }
});
