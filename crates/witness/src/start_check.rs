//! Before a log signs anything: has a witness seen more than it holds?
//!
//! A log that was restored from an old copy and signs again has forked itself, whatever its operator meant. Every
//! witness that can be reached is therefore shown the last signed checkpoint first; to show it again is harmless.

use counterpart_tlog::Hash;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::Note;
use counterpart_tlog::policy::Policy;

use crate::asking::{Shortfall, Transport, submit};
use crate::gathering::Alarm;

/// What the witnesses said of the last signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StartCheck {
    /// Those that hold nothing newer.
    pub agree: Vec<String>,
    /// Those that could not be asked, and why.
    pub silent: Vec<(String, Shortfall)>,
    /// Those that contradict it: then nothing may be signed.
    pub alarms: Vec<Alarm>,
}

/// Shows `signed`, the last checkpoint that the log has signed, to every witness of a policy, all at once.
///
/// `proof` gives the consistency proof from a size to that of the checkpoint.
pub fn ask_before_signing(
    transport: &dyn Transport,
    policy: &Policy,
    signed: &Note,
    proof: &(dyn Fn(u64) -> Option<Vec<Hash>> + Sync),
) -> StartCheck {
    let size = Checkpoint::parse_text(signed.text()).map_or(0, |checkpoint| checkpoint.size);
    let outcomes: Vec<(String, Result<_, Shortfall>)> = std::thread::scope(|scope| {
        let asked: Vec<_> = policy
            .witnesses()
            .iter()
            .map(|witness| {
                let ask = scope.spawn(move || match witness.url.as_deref() {
                    Some(url) => submit(transport, url, &witness.key, signed, size, &|old| proof(old)),
                    None => Err(later("the policy gives no address for it")),
                });
                (witness.name.clone(), ask)
            })
            .collect();
        let broken = |_| Err(later("asking it broke off"));
        asked.into_iter().map(|(name, ask)| (name, ask.join().unwrap_or_else(broken))).collect()
    });
    let mut check = StartCheck::default();
    for (name, outcome) in outcomes {
        match outcome {
            Ok(_) => check.agree.push(name),
            Err(shortfall) => match Alarm::of(&name, &shortfall, size) {
                Some(alarm) => check.alarms.push(alarm),
                None => check.silent.push((name, shortfall)),
            },
        }
    }
    check
}

fn later(reason: &str) -> Shortfall {
    Shortfall::Later { reason: reason.to_owned(), after: None }
}
