//! The decision of a witness: a pure function of what it has seen and what it is shown.

use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::{Note, NoteError, NoteSignature};
use counterpart_tlog::witness::{AddCheckpoint, AddCheckpointError};
use counterpart_tlog::{Hash, ProofError, empty_root, verify_consistency};

use crate::logs::{Logs, WatchedLog};

/// The last checkpoint of a log that a witness cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// How many entries it covers.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// When it was cosigned, in seconds since 1970.
    pub cosigned_at: u64,
    /// The signed note: the log's signatures, then the cosignature.
    pub note: Note,
}

/// A witness does not cosign. The cases stand in the order in which they are looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The body is not an add-checkpoint request.
    #[error("{0}")]
    Malformed(#[from] AddCheckpointError),
    /// The log is not one that this witness watches.
    #[error("this witness does not watch the log `{0}`")]
    UnknownLog(String),
    /// No key of the log signed, or a line that names one does not verify.
    #[error("the checkpoint is not signed by its log: {0}")]
    NotSigned(NoteError),
    /// Another key of the same name signed: somebody else's, or one to which the log has changed.
    #[error(
        "the checkpoint is signed by another key of `{origin}` (its id is {ids}), not by one that this witness was \
         given; if the log has changed its key, start the witness with the new one too: --log NEW beside --log OLD"
    )]
    OtherKey {
        /// Which log.
        origin: String,
        /// The ids of the keys that signed in its name.
        ids: String,
    },
    /// The request says that the log has become smaller.
    #[error("the old size {old} is beyond the checkpoint's own size {size}")]
    OldBeyond {
        /// The old size.
        old: u64,
        /// The size of the checkpoint.
        size: u64,
    },
    /// The old size is not the one that this witness has.
    #[error("this witness has cosigned size {size}, not {old}; prove from there")]
    OtherSize {
        /// The old size of the request.
        old: u64,
        /// The size that the witness has; 0 if it has cosigned nothing of this log.
        size: u64,
    },
    /// The checkpoint does not go on from what this witness has cosigned.
    #[error("the checkpoint does not continue the one of size {old} that this witness cosigned: {fault}")]
    NotConsistent {
        /// The size that the witness has.
        old: u64,
        /// What is wrong.
        fault: ProofError,
    },
    /// The witness cannot answer now; nothing was decided.
    #[error("this witness cannot cosign now: {0}")]
    Unable(String),
}

/// A request whose log is known and has signed it. Nothing is said yet about what was seen before.
#[derive(Debug)]
pub(crate) struct Trusted<'l> {
    pub(crate) log: &'l WatchedLog,
    pub(crate) request: AddCheckpoint,
    pub(crate) checkpoint: Checkpoint,
    /// The text, and only those signatures that keys of the log made: a witness keeps no stranger's lines.
    pub(crate) text: String,
    pub(crate) signatures: Vec<NoteSignature>,
}

/// Reads a request, finds its log and checks that the log signed it.
pub(crate) fn trust<'l>(logs: &'l Logs, body: &[u8]) -> Result<Trusted<'l>, Refused> {
    let request = AddCheckpoint::parse(body)?;
    let (checkpoint, note) = Checkpoint::parse(&request.checkpoint).map_err(AddCheckpointError::Checkpoint)?;
    let log = logs.of(&checkpoint.origin).ok_or_else(|| Refused::UnknownLog(checkpoint.origin.clone()))?;
    let verified = note.verify(log.keys()).map_err(|error| match other_keys(&note, log) {
        Some(ids) if error == NoteError::Unsigned => Refused::OtherKey { origin: checkpoint.origin.clone(), ids },
        Some(_) | None => Refused::NotSigned(error),
    })?;
    let mut signatures: Vec<NoteSignature> = Vec::new();
    for found in verified {
        if !signatures.contains(found.signature) {
            signatures.push(found.signature.clone());
        }
    }
    let text = note.text().to_owned();
    Ok(Trusted { log, request, checkpoint, text, signatures })
}

/// The ids of keys that are not known here and signed in the name of the log.
fn other_keys(note: &Note, log: &WatchedLog) -> Option<String> {
    let others = note.signatures().iter().filter(|signature| signature.name() == log.origin());
    let ids: Vec<String> = others.map(|signature| signature.key_id().to_string()).collect();
    (!ids.is_empty()).then(|| ids.join(", "))
}

/// Says whether a trusted checkpoint goes on from what was seen.
///
/// The order is the safe one: sizes come before the proof, so that a log which lost count learns where to prove from,
/// and nobody learns more than a size.
pub(crate) fn consistent(trusted: &Trusted<'_>, seen: Option<&Seen>) -> Result<(), Refused> {
    let (old, new) = (trusted.request.old, &trusted.checkpoint);
    if old > new.size {
        return Err(Refused::OldBeyond { old, size: new.size });
    }
    let (size, root) = seen.map_or_else(|| (0, empty_root()), |seen| (seen.size, seen.root));
    if old != size {
        return Err(Refused::OtherSize { old, size });
    }
    if counterpart_tlog::planted!("witness_asks_no_proof") {
        return Ok(());
    }
    if size == new.size && counterpart_tlog::planted!("witness_same_size_unseen") {
        return Ok(());
    }
    let not_consistent = |fault| Refused::NotConsistent { old, fault };
    // From size 0 every tree goes on, but an empty tree has only one root.
    if new.size == 0 && new.root != empty_root() {
        return Err(not_consistent(ProofError::OtherRoot));
    }
    verify_consistency(old, new.size, &root, &new.root, &trusted.request.proof).map_err(not_consistent)
}
