//! The one thread that decides: it takes whatever waits, makes it durable as one group, and answers everybody.
//!
//! No timer makes a lone request wait, and a client that goes away changes nothing: what was accepted is decided.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use counterpart_core::keyring::Keyring;
use counterpart_core::ledger::{Committed, Ledger, LedgerError, Outcome};
use counterpart_core::refusal::Refusal;
use counterpart_core::storage::{LockStore, Store, StoreError};
use counterpart_core::time::Timestamp;
use counterpart_tlog::Hash;
use tokio::sync::{mpsc, oneshot};

use crate::Clock;
use crate::reader::{Group, Reader};
use crate::submitted::{Directory, Submitted, changes_directory};

/// Events of one group. A group of this size amortises its three syncs to nothing; more would only delay readers.
const GROUP_EVENTS: usize = 1024;

/// After a full disk: how long until the next attempt, which reads the whole record again if it fails too.
const FULL_PAUSE_MS: i64 = 5_000;

/// What was decided of one submission. It is durable and covered by a signed checkpoint.
#[derive(Clone, Debug)]
pub(crate) enum Decision {
    /// It is recorded.
    Recorded(Placed),
    /// It was recorded before, at this index.
    Repeated(u64),
    /// The rules said no.
    Refused(Refusal, Basis),
}

/// Where an event stands, and what proves it.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) index: u64,
    pub(crate) recorded_at: Timestamp,
    pub(crate) leaf: Hash,
    pub(crate) revision: u64,
    /// The inclusion proof under the checkpoint.
    pub(crate) hashes: Vec<Hash>,
    /// A signed note.
    pub(crate) checkpoint: Arc<str>,
}

/// What a refusal was decided by: the log at that moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Basis {
    pub(crate) at: Timestamp,
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

/// Why nothing was decided.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unavailable {
    /// More waits than may wait.
    #[error("Too many events are waiting to be recorded. Try again in a moment.")]
    Busy,
    /// The clock is behind the newest entry.
    #[error(
        "clock: the server's clock is {behind_ms} ms behind the newest entry, so nothing is recorded until it is set."
    )]
    Clock { behind_ms: i64 },
    /// A witness contradicts this log, or all of them its clock.
    #[error("{0}.")]
    Witnesses(String),
    /// No space is left.
    #[error("The disk of the server is full, so nothing can be recorded. Tell whoever runs it; repeating is safe.")]
    Full,
    /// An earlier failure stopped recording.
    #[error("Recording has stopped after a failure and resumes after a restart. Repeating is safe. Reading goes on.")]
    Stopped,
    /// Entries are lost for good: what is whole is served, and nothing more is recorded.
    #[error(
        "This ledger has ended: entries of it are lost, and nothing more is recorded. `/log/statements/end-of-epoch` says \
         what is whole and why.{0}"
    )]
    Ended(String),
    /// Another server has taken the store over, and this one ends.
    #[error("Another server records for this ledger now, and this one ends. Ask that one; repeating is safe.")]
    Fenced,
    /// The server is being stopped.
    #[error("The server is being stopped. Try again when it is back; repeating is safe.")]
    Closing,
}

type Decided = Result<Vec<Decision>, Unavailable>;

enum Job {
    Events(Vec<Submitted>, oneshot::Sender<Decided>),
    Stop,
}

/// What readiness is asked: whether recording goes on, and if not, why.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    trouble: Mutex<Option<Unavailable>>,
    fenced: Fenced,
}

/// Wakes whoever ends the server when another one has taken its store over.
#[derive(Debug, Default)]
struct Fenced {
    why: Mutex<Option<String>>,
    told: tokio::sync::Notify,
}

impl Condition {
    /// The reason for which nothing is recorded, if that is so.
    pub(crate) fn trouble(&self) -> Option<Unavailable> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, trouble: Option<Unavailable>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Says that another server has taken the store over: nothing is recorded from here on, and the server ends.
    pub(crate) fn fence(&self, why: &StoreError) -> Unavailable {
        tracing::error!(%why, "the server ends");
        self.set(Some(Unavailable::Fenced));
        *self.fenced.why.lock().unwrap_or_else(PoisonError::into_inner) = Some(why.to_string());
        self.fenced.told.notify_one();
        Unavailable::Fenced
    }

    /// Waits until that is said, and says why.
    pub(crate) async fn fenced(&self) -> String {
        loop {
            self.fenced.told.notified().await;
            if let Some(why) = self.fenced.why.lock().unwrap_or_else(PoisonError::into_inner).clone() {
                return why;
            }
        }
    }
}

/// The end of the queue that handlers hold.
pub(crate) struct Sequencer {
    queue: mpsc::Sender<Job>,
    condition: Arc<Condition>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread owns.
pub(crate) struct Owned {
    pub(crate) ledger: Ledger<dyn Store, dyn LockStore>,
    pub(crate) keyring: Arc<RwLock<Keyring>>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) reader: Arc<Reader>,
    pub(crate) groups: SyncSender<Group>,
    pub(crate) clock: Clock,
}

impl Sequencer {
    /// Starts the thread. At most `queue` requests wait; a ledger that has `ended` records none.
    pub(crate) fn start(owned: Owned, queue: usize, ended: Option<String>) -> std::io::Result<Self> {
        let (sender, waiting) = mpsc::channel(queue.max(1));
        let condition = Arc::new(Condition::default());
        condition.set(ended.map(Unavailable::Ended));
        let own = Arc::clone(&condition);
        let thread = std::thread::Builder::new().name("sequencer".into()).spawn(move || {
            let (directory, _) = owned.directory.read();
            Desk { owned, condition: own, full_since: None, directory }.run(waiting);
        })?;
        Ok(Self { queue: sender, condition, thread: Mutex::new(Some(thread)) })
    }

    pub(crate) fn condition(&self) -> &Condition {
        &self.condition
    }

    /// How many requests wait.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Hands events over; the answer comes when they are decided.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] at once when the queue is full or recording has stopped.
    pub(crate) fn offer(&self, events: Vec<Submitted>) -> Result<oneshot::Receiver<Decided>, Unavailable> {
        self.look()?;
        let (answer, decided) = oneshot::channel();
        self.queue.try_send(Job::Events(events, answer)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unavailable::Busy,
            mpsc::error::TrySendError::Closed(_) => Unavailable::Closing,
        })?;
        Ok(decided)
    }

    /// As [`Sequencer::offer`], but waits for room: for a batch, whose lines keep their order.
    pub(crate) async fn hand_over(&self, events: Vec<Submitted>) -> Result<oneshot::Receiver<Decided>, Unavailable> {
        self.look()?;
        let (answer, decided) = oneshot::channel();
        self.queue.send(Job::Events(events, answer)).await.map_err(|_| Unavailable::Closing)?;
        Ok(decided)
    }

    fn look(&self) -> Result<(), Unavailable> {
        match self.condition.trouble() {
            Some(ended @ (Unavailable::Stopped | Unavailable::Fenced | Unavailable::Ended(_))) => Err(ended),
            // These may pass, and only an attempt shows it.
            Some(
                Unavailable::Busy
                | Unavailable::Clock { .. }
                | Unavailable::Witnesses(_)
                | Unavailable::Full
                | Unavailable::Closing,
            )
            | None => Ok(()),
        }
    }

    /// Finishes what waits, then ends the thread.
    pub(crate) async fn stop(&self) {
        let _ = self.queue.send(Job::Stop).await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

/// What a decision came to for one waiting request.
pub(crate) async fn decided(answer: oneshot::Receiver<Decided>) -> Decided {
    // The thread answers every job it takes; without an answer it is gone.
    answer.await.unwrap_or(Err(Unavailable::Stopped))
}

struct Desk {
    owned: Owned,
    condition: Arc<Condition>,
    full_since: Option<Timestamp>,
    /// The number of the directory that the state has now.
    directory: u64,
}

impl Desk {
    fn run(mut self, mut waiting: mpsc::Receiver<Job>) {
        while let Some(first) = waiting.blocking_recv() {
            let mut jobs = Vec::new();
            let mut count = 0;
            let mut stop = false;
            let mut next = Some(first);
            while let Some(job) = next {
                match job {
                    Job::Events(events, answer) => {
                        count += events.len();
                        jobs.push((events, answer));
                    }
                    Job::Stop => stop = true,
                }
                // Whatever waits goes along; nobody waits for what has not come.
                next = if stop || count >= GROUP_EVENTS { None } else { waiting.try_recv().ok() };
            }
            self.serve(jobs);
            if stop {
                return;
            }
        }
    }

    fn serve(&mut self, jobs: Vec<(Vec<Submitted>, oneshot::Sender<Decided>)>) {
        let group: Vec<Submitted> = jobs.iter().flat_map(|(events, _)| events.iter().cloned()).collect();
        match self.decide(&group) {
            Ok(mut decisions) => {
                if counterpart_tlog::planted!("answers_mixed_up") {
                    decisions.rotate_right(1);
                }
                let mut decisions = decisions.into_iter();
                for (events, answer) in jobs {
                    let own = decisions.by_ref().take(events.len()).collect();
                    // Whoever has gone away gets no answer; what was recorded stays recorded.
                    let _ = answer.send(Ok(own));
                }
            }
            Err(trouble) => {
                for (_, answer) in jobs {
                    let _ = answer.send(Err(trouble.clone()));
                }
            }
        }
    }

    fn decide(&mut self, group: &[Submitted]) -> Decided {
        let mut decisions = Vec::with_capacity(group.len());
        let mut together = Vec::with_capacity(group.len());
        let mut changing = false;
        for submitted in group {
            if !changing && submitted.is_judged_by(self.directory) {
                changing |= changes_directory(&submitted.event);
                together.push(submitted.clone());
                continue;
            }
            if submitted.is_judged_by(u64::MAX) {
                together.push(submitted.clone());
                continue;
            }
            // The door read an older directory, perhaps without a body that was registered a line before.
            decisions.extend(self.commit(&std::mem::take(&mut together))?);
            changing = false;
            let (state, now) = (self.owned.ledger.state(), (self.owned.clock)());
            together.push(submitted.judged_again(state, self.directory, now));
        }
        decisions.extend(self.commit(&together)?);
        Ok(decisions)
    }

    fn commit(&mut self, group: &[Submitted]) -> Decided {
        if group.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(ended @ (Unavailable::Stopped | Unavailable::Fenced | Unavailable::Ended(_))) =
            self.condition.trouble()
        {
            return Err(ended);
        }
        let now = (self.owned.clock)();
        if self.full_since.is_some_and(|since| (0..FULL_PAUSE_MS).contains(&since.millis_until(now))) {
            return Err(Unavailable::Full);
        }
        if let Some(why) = self.owned.reader.witnesses().and_then(counterpart_witness::Gathering::contradiction) {
            self.condition.set(Some(Unavailable::Witnesses(why.clone())));
            return Err(Unavailable::Witnesses(why));
        }
        let ledger = &mut self.owned.ledger;
        let first = ledger.tree().size();
        let committed = catch_unwind(AssertUnwindSafe(|| ledger.commit(group, now)));
        let trouble = match committed {
            Ok(Ok(committed)) => {
                self.full_since = None;
                self.condition.set(None);
                return Ok(self.publish(group, first, committed));
            }
            Ok(Err(LedgerError::Clock { behind_ms })) => Unavailable::Clock { behind_ms },
            Ok(Err(LedgerError::Store(StoreError::Full))) => self.full(now),
            Ok(Err(LedgerError::Store(why @ StoreError::Fenced { .. }))) => self.condition.fence(&why),
            Ok(Err(error)) => {
                tracing::error!(%error, "recording has stopped; restart the server, which verifies everything");
                Unavailable::Stopped
            }
            Err(_) => {
                tracing::error!("deciding panicked, so recording has stopped; restart the server");
                Unavailable::Stopped
            }
        };
        self.condition.set(Some(trouble.clone()));
        Err(trouble)
    }

    /// Nothing was recorded, but the group was decided in memory: the state is taken from the store again.
    fn full(&mut self, now: Timestamp) -> Unavailable {
        self.full_since = Some(now);
        match self.owned.ledger.reopen() {
            Ok(()) => Unavailable::Full,
            Err(error) => {
                tracing::error!(%error, "recording has stopped; restart the server, which verifies everything");
                Unavailable::Stopped
            }
        }
    }

    fn publish(&mut self, group: &[Submitted], first: u64, committed: Committed) -> Vec<Decision> {
        let Committed { outcomes, at, checkpoint, size } = committed;
        let tree = self.owned.ledger.tree();
        let checkpoint: Arc<str> = String::from_utf8_lossy(&checkpoint).into();
        let mut recorded = Vec::new();
        let mut decisions = Vec::with_capacity(outcomes.len());
        let mut next = first;
        for (opened, outcome) in group.iter().zip(outcomes) {
            decisions.push(match outcome {
                Outcome::Recorded { index, recorded_at, leaf, revision } => {
                    next = index + 1;
                    recorded.push((opened.clone(), recorded_at, leaf));
                    // INVARIANT: the tree holds `size` entries and this is one of them, so there is a proof.
                    let hashes = tree.inclusion(index, size).unwrap_or_default();
                    Decision::Recorded(Placed {
                        index,
                        recorded_at,
                        leaf,
                        revision,
                        hashes,
                        checkpoint: Arc::clone(&checkpoint),
                    })
                }
                Outcome::Repeated { index } => Decision::Repeated(index),
                Outcome::Refused(refusal) => {
                    let root = tree.root_at(next).unwrap_or_else(|| tree.root());
                    Decision::Refused(refusal, Basis { at, size: next, root })
                }
            });
        }
        if !recorded.is_empty() {
            self.learn_keys(&recorded);
            if recorded.iter().any(|(submitted, ..)| changes_directory(&submitted.event)) {
                self.directory = self.owned.directory.renew(self.owned.ledger.state());
            }
            // The readers' thread ends only after this one, unless it broke: then nobody reads its view.
            let _ = self.owned.groups.send(Group { events: recorded, checkpoint });
            if !counterpart_tlog::planted!("readers_do_not_wait") {
                self.owned.reader.acknowledge(size);
            }
        }
        decisions
    }

    fn learn_keys(&self, recorded: &[(Submitted, Timestamp, Hash)]) {
        let bringing = |opened: &Submitted| !counterpart_core::admit::carried(&opened.event).is_empty();
        if recorded.iter().any(|(opened, ..)| bringing(opened)) {
            let mut keyring = self.owned.keyring.write().unwrap_or_else(PoisonError::into_inner);
            for (opened, ..) in recorded {
                keyring.add_carried(&opened.event);
            }
        }
    }
}
