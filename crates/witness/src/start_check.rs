//! Before a log signs anything: has a witness seen more than it holds?
//!
//! A log that was restored from an old copy and signs again has forked itself, whatever its operator meant. Every
//! witness that can be reached is therefore shown the last signed checkpoint first; to show it again is harmless.

use counterpart_tlog::Hash;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::Note;
use counterpart_tlog::policy::Policy;

use crate::asking::{Shortfall, Transport, submit};
use crate::claims::{Claim, stopping};
use crate::gathering::Alarm;

/// What the witnesses said of the last signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StartCheck {
    /// Those that hold nothing newer.
    pub agree: Vec<String>,
    /// Those that could not be asked, and why.
    pub silent: Vec<(String, Shortfall)>,
    /// What those say that contradict it.
    pub claims: Vec<Claim>,
    /// Why nothing may be signed: a contradiction that is proved, or one by so many that the others make no quorum.
    pub alarm: Option<Alarm>,
}

/// Why a witness gave no cosignature, and what it claims by that.
type Failed = (Shortfall, Option<Claim>);

/// Shows `signed`, the last checkpoint that the log has signed, to every witness of a policy, all at once.
///
/// `proof` gives the consistency proof from a size to that of the checkpoint.
pub fn ask_before_signing(
    transport: &dyn Transport,
    policy: &Policy,
    signed: &Note,
    proof: &(dyn Fn(u64) -> Option<Vec<Hash>> + Sync),
) -> StartCheck {
    let Ok(checkpoint) = Checkpoint::parse_text(signed.text()) else { return StartCheck::default() };
    let ask = |name: &str, url: Option<&str>, key| {
        let url = url.ok_or_else(|| (later("the policy gives no address for it"), None))?;
        submit(transport, url, key, signed, checkpoint.size, &|old| proof(old)).map(drop).map_err(|shortfall| {
            let claim = Claim::of(transport, (name, url), policy, &shortfall, &checkpoint, &|old| proof(old));
            (shortfall, claim)
        })
    };
    let outcomes: Vec<(String, Result<(), Failed>)> = std::thread::scope(|scope| {
        let asked: Vec<_> = policy
            .witnesses()
            .iter()
            .map(|witness| {
                let asked = scope.spawn(|| ask(&witness.name, witness.url.as_deref(), &witness.key));
                (witness.name.clone(), asked)
            })
            .collect();
        let broken = |_| Err((later("asking it broke off"), None));
        asked.into_iter().map(|(name, asked)| (name, asked.join().unwrap_or_else(broken))).collect()
    });
    let mut check = StartCheck::default();
    let mut claims = Vec::with_capacity(outcomes.len());
    for (name, outcome) in outcomes {
        let mut claimed = None;
        match outcome {
            Ok(()) => check.agree.push(name),
            Err((_, Some(claim))) => claimed = Some(claim),
            Err((shortfall, None)) => check.silent.push((name, shortfall)),
        }
        claims.push(claimed);
    }
    check.alarm = stopping(policy, &claims).map(|claim| claim.alarm.clone());
    check.claims = claims.into_iter().flatten().collect();
    check
}

fn later(reason: &str) -> Shortfall {
    Shortfall::Later { reason: reason.to_owned(), after: None }
}
