//! Opening the ledger with its view: from the newest snapshot where that may be believed, else from every entry.

use std::sync::Arc;
use std::time::Duration;

use counterpart_core::ledger::{Ledger, LedgerError, LogKeys, Resumed, Signatures};
use counterpart_core::storage::{LockStore, Scrub, Snapshots, Store};
use counterpart_projections::View;

/// What is done for the store beside serving it.
#[derive(Clone, Default)]
pub struct Care {
    /// Where snapshots are kept.
    pub snapshots: Option<Arc<dyn Snapshots>>,
    /// How many entries are new before another snapshot is written while serving; at a stop a sixteenth of it is enough.
    pub snapshot_every: u64,
    /// The store was not stopped cleanly: a snapshot is compared with every entry that it covers.
    pub compare: bool,
    /// Reads everything again, in the background.
    pub scrub: Option<Scrubbing>,
    /// What is said of the log under its answer key.
    pub statements: Statements,
}

/// Statements of a log (`counterpart_core::statement`), each a signed note that was verified.
#[derive(Clone, Debug, Default)]
pub struct Statements {
    /// The ledger has ended: by which statement, and which ledger goes on, if one is named. Nothing is recorded then.
    pub ended: Option<(Arc<str>, Option<String>)>,
    /// That it goes on from another one.
    pub continues: Option<Arc<str>>,
    /// The statement by which that one ended.
    pub predecessor: Option<Arc<str>>,
}

impl Statements {
    /// One of them, by its name in a path.
    pub(crate) fn named(&self, name: &str) -> Option<&Arc<str>> {
        match name {
            "end-of-epoch" => self.ended.as_ref().map(|(note, _)| note),
            "continues" => self.continues.as_ref(),
            "predecessor" => self.predecessor.as_ref(),
            _ => None,
        }
    }

    /// What whoever sends an event is told besides, once the ledger has ended.
    pub(crate) fn ending(&self) -> Option<String> {
        let (_, successor) = self.ended.as_ref()?;
        Some(successor.as_ref().map_or_else(String::new, |successor| format!(" {successor} goes on.")))
    }
}

/// How everything is read again.
#[derive(Clone)]
pub struct Scrubbing {
    /// Reads.
    pub store: Arc<dyn Scrub>,
    /// So many bytes a second, at most.
    pub bytes_per_second: u64,
    /// From the beginning of one round to that of the next, unless it takes longer.
    pub every: Duration,
}

/// What opening came to.
pub(crate) struct Opened {
    pub(crate) ledger: Ledger<dyn Store, dyn LockStore>,
    pub(crate) view: View,
    /// How many entries the newest snapshot covers.
    pub(crate) covered: u64,
}

/// Opens it.
///
/// # Errors
///
/// As for [`Ledger::open`]; a snapshot that is of no use is none.
pub(crate) fn open(
    store: &Arc<dyn Store>,
    locks: &Arc<dyn LockStore>,
    log_keys: LogKeys,
    signatures: Signatures,
    care: &Care,
) -> Result<Opened, LedgerError> {
    let origin = log_keys.origin().to_owned();
    if signatures == Signatures::OfUncovered
        && let Some(resumed) = resume(store, locks, &log_keys, &origin, care)?
    {
        return Ok(resumed);
    }
    let mut view = View::new();
    let ledger = Ledger::open_with(Arc::clone(store), Arc::clone(locks), log_keys, &origin, signatures, &mut |read| {
        view.record(&read.event, read.entry.recorded_at, read.leaf);
    })?;
    Ok(Opened { ledger, view, covered: 0 })
}

fn resume(
    store: &Arc<dyn Store>,
    locks: &Arc<dyn LockStore>,
    log_keys: &LogKeys,
    origin: &str,
    care: &Care,
) -> Result<Option<Opened>, LedgerError> {
    let Some(kept) = care.snapshots.as_ref().and_then(|snapshots| snapshots.newest()) else { return Ok(None) };
    let useless = |problem: &str| {
        tracing::warn!(problem, "W-SNAPSHOT the snapshot is not used: everything is decided again from the records");
        Ok(None)
    };
    let mut view = match View::from_parts(&*kept) {
        Ok(view) => view,
        Err(problem) => return useless(&problem),
    };
    let covered = view.size();
    if covered != kept.size() || view.root().to_bytes() != kept.root() {
        return useless("its parts are not those that it names");
    }
    drop(kept);
    let from = Resumed { state: view.state().clone(), tree: view.tree().clone() };
    let (store, locks, keys) = (Arc::clone(store), Arc::clone(locks), log_keys.clone());
    let resumed = Ledger::resume(store, locks, keys, origin, from, care.compare, &mut |read| {
        view.record(&read.event, read.entry.recorded_at, read.leaf);
    })?;
    match resumed {
        Ok(ledger) => Ok(Some(Opened { ledger, view, covered })),
        Err(problem) => useless(&problem),
    }
}
