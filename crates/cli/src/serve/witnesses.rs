//! The witnesses of a ledger that is served: shown its last checkpoint before the start, asked about every new one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use counterpart_core::storage::LockStore;
use counterpart_http::Witnessing;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::policy::Policy;
use counterpart_witness::{History, Http, Shortfall, ask_before_signing};

use crate::ending::Fault;
use crate::{Common, shell};

/// How long a witness may take to answer. Nobody waits for it but the quorum.
const WITNESS_PATIENCE: Duration = Duration::from_secs(10);

/// How long a start waits for witnesses.
const START_PATIENCE: Duration = Duration::from_secs(3);

/// Shows the last signed checkpoint to every witness that can be reached, before anything is signed.
///
/// # Errors
///
/// A witness proves that this copy is not the one that was published, or too many say so (exit 4).
pub fn ask_first(policy: &Policy, locks: &dyn LockStore, common: &Common) -> Result<()> {
    let Some(note) = locks.load()? else { return Ok(()) };
    let (signed, note) = Checkpoint::parse(&note).context("the last signed checkpoint cannot be read")?;
    // A witness that has less is asked again when the tree is at hand; one that has more is what matters here.
    let check =
        ask_before_signing(&Http::new(START_PATIENCE), policy, &note, &|old| (old == signed.size).then(Vec::new));
    if let Some(alarm) = &check.alarm {
        return Err(Fault::unverified(alarm.to_string()));
    }
    for claim in &check.claims {
        common.say(&format!(
            "One witness says otherwise, shows no proof, and is not believed without one: {}.",
            claim.alarm
        ));
    }
    for (name, why) in &check.silent {
        if let Shortfall::Later { reason, .. } = why {
            common.say(&format!("Witness `{name}` could not be asked before the start: {reason}."));
        }
    }
    Ok(())
}

/// What asking witnesses needs of the folder of a ledger.
///
/// ```text
/// witnessed               the newest checkpoint whose quorum was reached, replaced about once a second
/// cosigned                every such checkpoint, by size (`counterpart_witness::History`)
/// contradicted-<seconds>  a checkpoint by which a witness proved that this copy is not the one that was published
/// ```
///
/// # Errors
///
/// The file of cosigned checkpoints cannot be opened.
pub fn witnessing(policy: Policy, folder: &Path) -> Result<Witnessing> {
    let history = Arc::new(History::open(&folder.join("cosigned"))?);
    let path = folder.join("witnessed");
    let kept = shell::read_text(&path).ok();
    let last = AtomicU64::new(0);
    let own = Arc::clone(&history);
    let keep = move |note: &str| {
        if let Err(error) = own.add(note) {
            tracing::warn!(%error, "a witnessed checkpoint could not be kept");
        }
        let now = seconds();
        if last.swap(now, Ordering::SeqCst) != now {
            if let Err(error) = own.sync() {
                tracing::warn!(%error, "witnessed checkpoints could not be made durable");
            }
            if let Err(error) = shell::replace(&path, note.as_bytes(), false) {
                // It is gathered anew after a restart.
                tracing::warn!(%error, "the witnessed checkpoint could not be kept");
            }
        }
    };
    let folder = folder.to_owned();
    let evidence = move |note: &str| {
        let path = folder.join(format!("contradicted-{}", seconds()));
        tracing::error!(kept = %path.display(), "a witness shows a checkpoint that this log's own key has signed");
        if let Err(error) = shell::replace(&path, note.as_bytes(), false) {
            tracing::error!(%error, "it could not be kept");
        }
    };
    Ok(Witnessing {
        policy,
        transport: Arc::new(Http::new(WITNESS_PATIENCE)),
        keep: Arc::new(keep),
        kept,
        recall: Arc::new(move |size| history.of_size(size)),
        evidence: Arc::new(evidence),
    })
}

/// Seconds since 1970.
fn seconds() -> u64 {
    u64::try_from(shell::now().millis() / 1000).unwrap_or_default()
}
