//! The key of a log changes, and whoever trusts the old one follows.
//!
//! ```text
//! keys/list            <first size> <vkey> <index>      a line for each change, oldest first
//! keys/<first size>    the checkpoint of that size, signed by the old key and by the new one
//! ```
//!
//! That both keys signed a checkpoint says nothing: anybody signs beside a log. The old key hands over by what it
//! signed: an entry of that very tree, at `index`, which names the old key, the new one and the size.

use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::VerifierKey;
use counterpart_tlog::policy::Policy;
use counterpart_tlog::tile::TILE_WIDTH;
use counterpart_tlog::{Tree, leaf_hash};

use crate::source::{Source, SourceError};

/// What an entry says of the key of its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// The verifier key that hands over.
    pub old: String,
    /// The one that follows.
    pub new: String,
    /// From how many entries on it signs.
    pub first_size: u64,
}

/// Reads an entry: the change of key that it tells, if it tells one. The mirror itself does not read entries.
pub type KeyChanges = fn(&[u8]) -> Option<KeyChange>;

/// Nothing leads from a trusted key to the one that signs now.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// What should lead there cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It was read, and does not.
    #[error(
        "the log says that {key} has followed the key that you trust, and does not prove it: {reason}. Do not rely on \
         this ledger; ask its registrar which key is the log's, by a way other than the ledger itself"
    )]
    Unproved {
        /// The verifier key that is said to follow.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// A key that has handed over signs alone.
    #[error(
        "it is signed by a key that handed over to {key} at {first_size} entries, and not by that one: whoever has the \
         old key shows a history of their own"
    )]
    HandedOver {
        /// The verifier key in force.
        key: String,
        /// From how many entries on.
        first_size: u64,
    },
}

/// The policy with every key to which a log that it names has handed over, as far as `note` needs it. A note that a
/// key of the policy has signed needs nothing, and nothing is read then.
///
/// # Errors
///
/// [`FollowError`]: the log tells of a change that it does not prove.
pub fn follow(policy: Policy, source: &Source, note: &str, changes: KeyChanges) -> Result<Policy, FollowError> {
    // What is no checkpoint is for the policy to refuse.
    let Ok((shown, _)) = Checkpoint::parse(note) else { return Ok(policy) };
    let mut keys = policy.logs().iter().map(|log| &log.key).filter(|key| key.name() == shown.origin).peekable();
    if keys.peek().is_none() || keys.any(|key| Checkpoint::verify(note, &shown.origin, key).is_ok()) {
        return Ok(policy);
    }
    let Some(list) = source.key_changes()? else { return Ok(policy) };
    // What is shown is not trusted yet; its tiles are there, and lead to the roots of the sizes below.
    let tree = source.tree(shown.size)?;
    proved(policy, &list, (source, &tree), &shown.origin, changes)
}

/// The policy with every key of this list that follows one of its own, each proved.
///
/// # Errors
///
/// As [`follow`].
pub(crate) fn proved(
    mut policy: Policy,
    list: &[u8],
    (source, tree): (&Source, &Tree),
    origin: &str,
    changes: KeyChanges,
) -> Result<Policy, FollowError> {
    let steps = steps(list);
    // What lies before a key that is trusted adds nothing to the trust.
    let known = steps.iter().rposition(|step| policy.logs().iter().any(|log| log.key == step.key));
    let rest = steps.into_iter().skip(known.map_or(0, |place| place + 1));
    for step in rest.filter(|step| step.first_size <= tree.size()) {
        let unproved = |reason: String| FollowError::Unproved { key: step.key.to_string(), reason };
        step.prove(&policy, (source, tree), origin, changes)?.map_err(unproved)?;
        policy = policy.with_log_key(step.key);
    }
    Ok(policy)
}

/// Whether the key in force has signed a note, as far as `list`, which was proved before, knows. A key that handed over
/// counts for nothing beyond the first size of the next.
///
/// # Errors
///
/// [`FollowError::HandedOver`].
pub(crate) fn in_force(list: &[u8], shown: &Checkpoint, note: &str) -> Result<(), FollowError> {
    let newest = steps(list).into_iter().rfind(|step| step.first_size <= shown.size);
    match newest {
        Some(step) if Checkpoint::verify(note, &shown.origin, &step.key).is_err() => {
            Err(FollowError::HandedOver { key: step.key.to_string(), first_size: step.first_size })
        }
        Some(_) | None => Ok(()),
    }
}

fn steps(list: &[u8]) -> Vec<Step> {
    String::from_utf8_lossy(list).lines().filter_map(Step::read).collect()
}

/// One line of the list.
struct Step {
    first_size: u64,
    key: VerifierKey,
    index: u64,
}

impl Step {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (first_size, key, index) = (words.next()?, words.next()?, words.next()?);
        Some(Self {
            first_size: first_size.parse().ok()?,
            key: VerifierKey::parse(key).ok()?,
            index: index.parse().ok()?,
        })
    }

    /// Whether a key of the policy hands over to this one; within, what is wrong in plain words.
    fn prove(
        &self,
        policy: &Policy,
        (source, tree): (&Source, &Tree),
        origin: &str,
        changes: KeyChanges,
    ) -> Result<Result<(), String>, SourceError> {
        let size = self.first_size;
        let Some(note) = source.handover(size)? else {
            return Ok(Err(format!("the checkpoint over {size} entries, which both keys sign, is not there")));
        };
        if self.index >= size {
            return Ok(Err(format!("entry {} is not among the first {size}", self.index)));
        }
        let width = u64::from(TILE_WIDTH);
        let (n, place) = (self.index / width, self.index % width);
        let have = u16::try_from((tree.size() - n * width).min(width)).unwrap_or(TILE_WIDTH);
        let bundle = source.bundle(n, have)?;
        let entry = usize::try_from(place).ok().and_then(|place| bundle.get(place));
        let Some((entry, change)) = entry.and_then(|entry| Some((entry, changes(entry)?))) else {
            return Ok(Err(format!("entry {} changes no key", self.index)));
        };
        if change.new != self.key.to_string() || change.first_size != size {
            return Ok(Err(format!("entry {} names another key or size", self.index)));
        }
        let trusted = policy.logs().iter().map(|log| &log.key);
        let Some(old) = trusted.into_iter().find(|key| key.name() == origin && key.to_string() == change.old) else {
            return Ok(Err(format!("the key that hands over is {}, which is not trusted here", change.old)));
        };
        let mut signed = None;
        for key in [old, &self.key] {
            match Checkpoint::verify(&note, origin, key) {
                Ok((checkpoint, _)) => signed = Some(checkpoint),
                Err(error) => return Ok(Err(format!("{key} has not signed the checkpoint over {size}: {error}"))),
            }
        }
        let Some(signed) = signed.filter(|signed| signed.size == size) else {
            return Ok(Err(format!("the checkpoint is not one over {size} entries")));
        };
        if tree.root_at(size) != Some(signed.root) || tree.leaf(self.index) != Some(leaf_hash(entry)) {
            return Ok(Err(format!("the checkpoint over {size} entries does not cover entry {}", self.index)));
        }
        Ok(Ok(()))
    }
}
