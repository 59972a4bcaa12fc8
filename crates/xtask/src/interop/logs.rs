//! Generates published logs, with proofs and a cosignature, for programs that are not ours.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use counterpart_mirror::{Shelf, ShelfError};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::cosignature::Cosigner;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::{Note, NoteSigner};
use counterpart_tlog::proof::TlogProof;
use counterpart_tlog::tile::TILE_WIDTH;
use counterpart_tlog::witness::AddCheckpoint;
use counterpart_tlog::{Tree, leaf_hash};

/// The name of the generated log.
pub const ORIGIN: &str = "interop.counterpart.example/log";

/// When its checkpoints are cosigned.
const COSIGNED_AT: u64 = 1_767_225_600;

/// The key of the generated log. Everybody knows it.
pub fn signer() -> Result<NoteSigner> {
    Ok(NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[0x11; 32]))?)
}

/// The entry at a place: empty, short and long ones take turns.
fn entry(index: u64) -> Vec<u8> {
    let text = format!("entry {index} ");
    text.repeat(usize::try_from(index % 7).unwrap_or_default()).into_bytes()
}

/// The tree of the first `size` entries.
pub fn tree(size: u64) -> Tree {
    let mut tree = Tree::new();
    for index in 0..size {
        tree.push(leaf_hash(&entry(index)));
    }
    tree
}

/// The signed checkpoint of a tree.
pub fn signed(tree: &Tree) -> Result<Note> {
    Ok(Checkpoint::new(ORIGIN, tree.size(), tree.root()).sign(&[&signer()?])?)
}

/// Whatever stops a generation.
struct Trouble(anyhow::Error);

impl From<ShelfError> for Trouble {
    fn from(error: ShelfError) -> Self {
        Self(error.into())
    }
}

/// Writes a log of `size` entries, proofs of some of them and from some older sizes.
pub fn generate(folder: &Path, size: u64) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    let tree = tree(size);
    let witness = Cosigner::new("interop.counterpart.example/w", SigningKey::from_bytes(&[0x22; 32]))?;
    let mut note = signed(&tree)?;
    note.add(witness.cosign(note.text(), COSIGNED_AT)?)?;
    let note = note.to_string();
    let mut shelf = Shelf::open(folder)?;
    let written = shelf.publish_log(&tree, 0, &note, |n, width| -> Result<_, Trouble> {
        let first = n * u64::from(TILE_WIDTH);
        Ok((first..first + u64::from(width)).map(entry).collect())
    });
    written.map_err(|trouble| trouble.0)?;
    shelf.write("vkey", format!("{}\n", signer()?.vkey()).as_bytes())?;
    shelf.write("witness.vkey", format!("{}\n", witness.vkey()).as_bytes())?;
    for index in chosen(size).map(|place| place - 1) {
        let hashes = tree.inclusion(index, size)?;
        let proof = TlogProof { extra: None, index, hashes, checkpoint_note: note.clone() };
        shelf.write(&format!("proofs/{index}.tlog-proof"), proof.to_string().as_bytes())?;
    }
    for old in chosen(size) {
        let proof = tree.consistency(old, size)?;
        let request = AddCheckpoint { old, proof, checkpoint: note.clone() };
        shelf.write(&format!("consistency/{old}.add-checkpoint"), request.to_string().as_bytes())?;
    }
    Ok(())
}

/// Sizes up to `size`: small ones, powers of two and their neighbours, and the last ones.
fn chosen(size: u64) -> impl Iterator<Item = u64> {
    let powers = (0..17).map(|power| 1_u64 << power);
    let mut sizes: Vec<u64> = powers.flat_map(|power| [power - 1, power, power + 1]).chain([size - 1, size]).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes.into_iter().filter(move |chosen| (1..=size).contains(chosen))
}
