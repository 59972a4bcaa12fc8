//! What a witness says against a log, and whether it can prove it.
//!
//! The word of one witness must not stop a ledger, or whoever runs a witness could stop it. A checkpoint that the log's
//! own key has signed is no word but evidence: if it covers more than the log knows of, or another history, then this
//! copy of the log is not the one that was published. Witnesses show what they have cosigned under their monitoring
//! path, and that is where evidence is looked for.

use std::sync::Arc;

use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::policy::Policy;
use counterpart_tlog::witness::monitoring_path;
use counterpart_tlog::{Hash, verify_consistency};

use crate::asking::{Shortfall, Transport};
use crate::gathering::Alarm;

/// A witness contradicts the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What it says.
    pub alarm: Alarm,
    /// The checkpoint that proves it: a note that a key of the log has signed.
    pub evidence: Option<Arc<str>>,
}

impl Claim {
    /// What a shortfall claims against a log whose last checkpoint is `signed`; nothing if it claims nothing.
    ///
    /// `proof` gives the consistency proof from a size to that of the checkpoint, if the tree is at hand.
    pub fn of(
        transport: &dyn Transport,
        (name, url): (&str, &str),
        policy: &Policy,
        shortfall: &Shortfall,
        signed: &Checkpoint,
        proof: &dyn Fn(u64) -> Option<Vec<Hash>>,
    ) -> Option<Self> {
        let claimed = Alarm::of(name, shortfall, signed.size)?;
        let Some(note) = shown(transport, url, &signed.origin) else {
            return Some(Self { alarm: claimed, evidence: None });
        };
        Some(match proved(name, policy, &note, signed, proof) {
            Some(alarm) => Self { alarm, evidence: Some(note.into()) },
            None => Self { alarm: claimed, evidence: None },
        })
    }
}

/// The first claim for which nothing more may be signed: one that is proved, or one of so many that the witnesses who
/// claim nothing are too few for a quorum. `claims` has a place for each witness of the policy.
pub(crate) fn stopping<'c>(policy: &Policy, claims: &'c [Option<Claim>]) -> Option<&'c Claim> {
    let mut all = claims.iter().flatten();
    let proved = all.clone().find(|claim| claim.evidence.is_some());
    let enough = || policy.quorum_reached(|place| matches!(claims.get(place), Some(None)));
    proved.or_else(|| all.next().filter(|_| !enough()))
}

/// What a witness shows of a log under its monitoring path, which is taken to lie where it takes submissions.
fn shown(transport: &dyn Transport, url: &str, origin: &str) -> Option<String> {
    let url = format!("{}{}", url.trim_end_matches('/'), monitoring_path(origin));
    let reply = transport.get(&url).ok().filter(|reply| reply.status == 200)?;
    String::from_utf8(reply.body).ok()
}

/// The contradiction that a note proves: a key of the log has signed it, and it does not fit what this log has signed.
fn proved(
    name: &str,
    policy: &Policy,
    note: &str,
    signed: &Checkpoint,
    proof: &dyn Fn(u64) -> Option<Vec<Hash>>,
) -> Option<Alarm> {
    let keys = policy.logs().iter().map(|log| &log.key).filter(|key| key.name() == signed.origin);
    let (shown, _) = keys.into_iter().find_map(|key| Checkpoint::verify(note, &signed.origin, key).ok())?;
    let witness = name.to_owned();
    if shown.size > signed.size {
        return Some(Alarm::Rollback { witness, witnessed: shown.size, signed: signed.size });
    }
    // Without the tree nothing is known of a smaller size; whoever has it looks again.
    let hashes = proof(shown.size)?;
    let continues = verify_consistency(shown.size, signed.size, &shown.root, &signed.root, &hashes).is_ok();
    (!continues).then_some(Alarm::Fork { witness })
}
