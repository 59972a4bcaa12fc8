//! The readers' side: a view of the log that catches up behind the acknowledgements, on a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use counterpart_core::time::Timestamp;
use counterpart_projections::View;
use counterpart_tlog::Hash;
use counterpart_witness::Gathering;
use tokio::sync::watch;

use crate::problem::Problem;
use crate::submitted::Submitted;
use crate::volumes::Volumes;

/// Groups that may wait for the readers' side before the sequencer waits for it.
const BACKLOG: usize = 256;

/// A group that was recorded, on its way to the view.
pub(crate) struct Group {
    /// The events, with when and under which leaf they were recorded, in order.
    pub(crate) events: Vec<(Submitted, Timestamp, Hash)>,
    /// The checkpoint that covers them.
    pub(crate) checkpoint: Arc<str>,
}

/// What handlers read from.
#[derive(Debug)]
pub(crate) struct Reader {
    view: RwLock<View>,
    /// How far the view has come; feeds wait on it.
    size: watch::Sender<u64>,
    /// How many entries somebody was told of. INVARIANT: raised before the receipt leaves.
    acknowledged: AtomicU64,
    broken: AtomicBool,
    patience: Duration,
    volumes: Arc<Volumes>,
    /// Who watches this log, if it has witnesses.
    witnesses: OnceLock<Gathering>,
}

impl Reader {
    /// A reader that begins with this view, and the end to which groups are handed.
    pub(crate) fn start(
        view: View,
        volumes: Arc<Volumes>,
        patience: Duration,
    ) -> std::io::Result<(Arc<Self>, SyncSender<Group>, JoinHandle<()>)> {
        let size = view.size();
        let reader = Arc::new(Self {
            view: RwLock::new(view),
            size: watch::Sender::new(size),
            acknowledged: AtomicU64::new(size),
            broken: AtomicBool::new(false),
            patience,
            volumes,
            witnesses: OnceLock::new(),
        });
        let (groups, arriving) = sync_channel(BACKLOG);
        let own = Arc::clone(&reader);
        let thread = std::thread::Builder::new().name("readers".into()).spawn(move || own.follow(&arriving))?;
        Ok((reader, groups, thread))
    }

    fn follow(&self, arriving: &Receiver<Group>) {
        for group in arriving {
            let taken = catch_unwind(AssertUnwindSafe(|| self.take_in(&group)));
            if taken.is_err() {
                // The log is unaffected. Readers are told to wait until a restart makes the view anew.
                tracing::error!("the readers' view stopped; restart the server, which makes it anew from the log");
                self.broken.store(true, Ordering::SeqCst);
                return;
            }
        }
    }

    fn take_in(&self, group: &Group) {
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        for (opened, recorded_at, leaf) in &group.events {
            view.record(&opened.event, *recorded_at, *leaf);
            self.volumes.add(opened);
        }
        view.publish(Arc::clone(&group.checkpoint));
        let size = view.size();
        drop(view);
        self.offer(&group.checkpoint);
        self.size.send_replace(size);
    }

    /// Takes witnesses, once, and tells them of what is published already.
    pub(crate) fn ask(&self, gathering: Gathering) {
        let published = self.view().checkpoint().cloned();
        // A second set of witnesses would be a mistake of the caller; the first one stays.
        let _ = self.witnesses.set(gathering);
        if let Some(note) = published {
            self.offer(&note);
        }
    }

    /// Tells the witnesses of a checkpoint, which returns at once.
    fn offer(&self, checkpoint: &str) {
        if let Some(Err(error)) = self.witnesses.get().map(|witnesses| witnesses.offer(checkpoint)) {
            tracing::error!(%error, "the log's own checkpoint cannot be shown to its witnesses");
        }
    }

    /// Who watches this log, if it has witnesses.
    pub(crate) fn witnesses(&self) -> Option<&Gathering> {
        self.witnesses.get()
    }

    /// Says that somebody is about to be told of this many entries.
    pub(crate) fn acknowledge(&self, size: u64) {
        self.acknowledged.fetch_max(size, Ordering::SeqCst);
    }

    /// The view as far as it has come.
    pub(crate) fn view(&self) -> RwLockReadGuard<'_, View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The view, whose board shows what time has brought about by an instant.
    pub(crate) fn view_at(&self, now: Timestamp) -> RwLockReadGuard<'_, View> {
        let view = self.view();
        if !view.board().is_due(now) {
            return view;
        }
        drop(view);
        self.view.write().unwrap_or_else(PoisonError::into_inner).pass(now);
        self.view()
    }

    /// Whether the view still follows the log.
    pub(crate) fn is_well(&self) -> bool {
        !self.broken.load(Ordering::SeqCst)
    }

    /// The size of the view, to wait on.
    pub(crate) fn sizes(&self) -> watch::Receiver<u64> {
        self.size.subscribe()
    }

    /// Waits until the view knows everything that anybody was told of by now.
    ///
    /// # Errors
    ///
    /// H503 when it does not come so far in time.
    pub(crate) async fn caught_up(&self) -> Result<(), Problem> {
        self.at_least(self.acknowledged.load(Ordering::SeqCst)).await
    }

    /// Waits until the view knows at least `size` entries.
    ///
    /// # Errors
    ///
    /// H503 when it does not come so far in time.
    pub(crate) async fn at_least(&self, size: u64) -> Result<(), Problem> {
        if *self.size.borrow() >= size {
            return Ok(());
        }
        let mut sizes = self.size.subscribe();
        let reached = tokio::time::timeout(self.patience, sizes.wait_for(|have| *have >= size)).await;
        match reached {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Problem::unavailable(format!(
                "The log has {} entries, not yet {size}. Ask again in a moment.",
                *self.size.borrow()
            ))),
        }
    }
}
