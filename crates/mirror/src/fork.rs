//! Evidence that a log has shown two histories: portable, and checked with nothing but the log's key.

use std::path::PathBuf;

use counterpart_tlog::Tree;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::proof::TlogProof;

use crate::shelf::{Shelf, ShelfError};
use crate::source::Source;

/// A log has signed two checkpoints of which neither continues the other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "FORK: {origin} has shown two histories. It signed {known_size} entries before and now {shown_size} that do not \
     continue them{}. Both signed checkpoints are kept in {}. Give them to the other parties and to the registrar; do \
     not rely on this ledger until it is explained",
    first(*.index), evidence.display()
)]
pub struct Fork {
    /// Which log.
    pub origin: String,
    /// How many entries the checkpoint covers that was known.
    pub known_size: u64,
    /// How many entries the one covers that was shown now.
    pub shown_size: u64,
    /// The first entry that differs, where both histories could be read.
    pub index: Option<u64>,
    /// The folder with the evidence.
    pub evidence: PathBuf,
}

fn first(index: Option<u64>) -> String {
    index.map(|index| format!("; they part at entry {index}")).unwrap_or_default()
}

/// One of the two histories.
pub(crate) struct History<'h> {
    pub(crate) checkpoint: &'h Checkpoint,
    /// The signed note.
    pub(crate) note: &'h str,
    /// Its tree, where it could be read and fits the checkpoint.
    pub(crate) tree: Option<&'h Tree>,
    /// Where its entries are.
    pub(crate) source: &'h Source,
}

/// Keeps both checkpoints and, where the trees are at hand, a proof of each for the first place at which they differ.
pub(crate) fn keep(shelf: &mut Shelf, known: &History<'_>, shown: &History<'_>, now: u64) -> Result<Fork, ShelfError> {
    let folder = folder_for(shelf, shown.note, now);
    shelf.write(&format!("{folder}/known.checkpoint"), known.note.as_bytes())?;
    shelf.write(&format!("{folder}/shown.checkpoint"), shown.note.as_bytes())?;
    let index = match (known.tree, shown.tree) {
        (Some(one), Some(other)) => first_difference(one, other),
        (None | Some(_), None) | (None, Some(_)) => None,
    };
    if let Some(index) = index {
        for (name, history) in [("known", known), ("shown", shown)] {
            let proof = history.tree.and_then(|tree| tree.inclusion(index, history.checkpoint.size).ok());
            if let Some(hashes) = proof {
                let proof = TlogProof { extra: None, index, hashes, checkpoint_note: history.note.to_owned() };
                shelf.write(&format!("{folder}/{name}.tlog-proof"), proof.to_string().as_bytes())?;
            }
            if let Some(entry) = entry(history, index) {
                shelf.write(&format!("{folder}/{name}.entry"), &entry)?;
            }
        }
    }
    shelf.write(&format!("{folder}/README.txt"), account(known, shown, index).as_bytes())?;
    shelf.sync()?;
    let evidence = shelf.root().join(&folder);
    let origin = shown.checkpoint.origin.clone();
    Ok(Fork { origin, known_size: known.checkpoint.size, shown_size: shown.checkpoint.size, index, evidence })
}

/// The same fork seen again is kept once.
fn folder_for(shelf: &Shelf, shown: &str, now: u64) -> String {
    let same = |name: &String| {
        let kept = std::fs::read_to_string(shelf.root().join(name).join("shown.checkpoint"));
        name.starts_with("fork-") && kept.is_ok_and(|kept| kept == shown)
    };
    let names = std::fs::read_dir(shelf.root()).into_iter().flatten().flatten();
    let mut names = names.filter_map(|entry| entry.file_name().into_string().ok());
    // Two forks that are seen within one second are two pieces of evidence: neither overwrites the other.
    let free = || {
        let more = (2_u32..).map(|number| format!("fork-{now}-{number}"));
        std::iter::once(format!("fork-{now}")).chain(more).find(|name| !shelf.root().join(name).exists())
    };
    names.find(same).or_else(free).unwrap_or_else(|| format!("fork-{now}"))
}

fn first_difference(one: &Tree, other: &Tree) -> Option<u64> {
    (0..one.size().min(other.size())).find(|index| one.leaf(*index) != other.leaf(*index))
}

/// The entry itself, if it can still be read and is the one of the tree.
fn entry(history: &History<'_>, index: u64) -> Option<Vec<u8>> {
    let width = u64::from(counterpart_tlog::tile::TILE_WIDTH);
    let n = index / width;
    let have = (history.checkpoint.size - n * width).min(width);
    let bundle = history.source.bundle(n, u16::try_from(have).ok()?).ok()?;
    let entry = bundle.into_iter().nth(usize::try_from(index % width).ok()?)?;
    (history.tree?.leaf(index) == Some(counterpart_tlog::leaf_hash(&entry))).then_some(entry)
}

fn account(known: &History<'_>, shown: &History<'_>, index: Option<u64>) -> String {
    let Checkpoint { origin, size: before, .. } = known.checkpoint;
    let after = shown.checkpoint.size;
    let how = index.map_or_else(
        || "The tiles of both histories were not at hand, so compare the roots at a size that both have.".to_owned(),
        |index| {
            format!(
                "They part at entry {index}: known.tlog-proof and shown.tlog-proof both prove an entry at this place, \
                 and the two entries differ. Each proof is checked with the log's key alone (c2sp.org/tlog-proof)."
            )
        },
    );
    format!(
        "The log {origin} has signed two checkpoints that contradict each other.\n\n\
         known.checkpoint covers {before} entries; it was verified and kept before.\n\
         shown.checkpoint covers {after} entries; it was shown later and does not continue the first.\n\n\
         Both carry a signature of the log's own key, so the log, or whoever holds its key, has shown two histories.\n\
         {how}\n"
    )
}
