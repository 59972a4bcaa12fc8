//! What binds the answer key to the log, from what a store holds: for statements.

use anyhow::{Context, Result};
use counterpart_core::statement::Founding;
use counterpart_store::embedded::care;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::VerifierKey;
use counterpart_tlog::{Tree, leaf_hash};

use crate::folder::{Folder, Identity};

/// Entry 0 of the store in a folder, under the newest checkpoint to which the entries from the first on come and which
/// one of these keys has signed. The store may be damaged, and in use.
///
/// # Errors
///
/// Entry 0 is lost, or every such checkpoint.
pub fn founding(folder: &Folder, identity: &Identity, keys: &[VerifierKey]) -> Result<Founding> {
    let (mut tree, mut first) = (Tree::new(), None);
    care::records(&folder.store(), &mut |index, entry| {
        if index == tree.size() {
            tree.push(leaf_hash(entry));
        }
        if index == 0 {
            first = Some(entry.to_vec());
        }
        Ok(())
    })?;
    let mut newest: Option<(Checkpoint, String)> = None;
    care::checkpoints(&folder.store(), &mut |_, note| {
        if let Ok(checkpoint) = super::signed(note, &identity.origin, keys)
            && tree.root_at(checkpoint.size) == Some(checkpoint.root)
        {
            newest = Some((checkpoint, String::from_utf8_lossy(note).into_owned()));
        }
        Ok(())
    })?;
    bound(first.as_deref(), &tree, newest.as_ref())
}

/// Entry 0 under a checkpoint, where both are there.
///
/// # Errors
///
/// One is lost.
pub(super) fn bound(entry: Option<&[u8]>, tree: &Tree, kept: Option<&(Checkpoint, String)>) -> Result<Founding> {
    let found = entry.zip(kept).context(
        "entry 0 is lost, or every checkpoint over it, so nothing shows which key may speak for this ledger; give them back \
         first (`counterpart repair`): every copy and every mirror has them",
    )?;
    let (entry, (checkpoint, note)) = found;
    Ok(Founding::new(entry, tree, checkpoint.size, note.clone())?)
}
