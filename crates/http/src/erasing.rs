//! Words that the log orders to be erased: destroyed before anything is served, and then each on its day.
//!
//! A thread of its own looks at the clock. Readers are kept from words that are gone by the log alone, so that nobody
//! waits for it.

use std::collections::HashSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use counterpart_core::erasure::{Erasure, carry_out};
use counterpart_core::event::data::ErasureReason;
use counterpart_core::header::Pointer;
use counterpart_core::ids::EventId;
use counterpart_core::london;
use counterpart_core::state::State;
use counterpart_core::storage::{Store, StoreError};
use counterpart_core::time::Timestamp;
use counterpart_projections::english;
use serde::Serialize;

use crate::reader::Reader;
use crate::{App, Clock, pages};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(500);

/// After a failure: how long until the next attempt.
const PAUSE_MS: i64 = 60_000;

/// Words of an event that are gone, as answers tell it.
#[derive(Serialize)]
pub(crate) struct Erased {
    /// The event that ordered it.
    by: EventId,
    /// Which words.
    pointers: Vec<Pointer>,
    reason: ErasureReason,
    /// Since when.
    since: Timestamp,
}

impl Erased {
    /// The same in a sentence, for pages.
    pub(crate) fn told(&self) -> String {
        let places: Vec<&str> = self.pointers.iter().map(Pointer::as_str).collect();
        format!(
            "Erased on {}: {} ({}). The seal stands, and nothing else in the log has changed. Copies that were handed out before cannot be called back.",
            english::date(london::date_of(self.since)),
            places.join(", "),
            english::erasure(self.reason)
        )
    }
}

/// The erasures that this process has carried out.
#[derive(Debug, Default)]
pub(crate) struct Done(HashSet<EventId>);

impl Done {
    /// Carries out every erasure that is due.
    ///
    /// # Errors
    ///
    /// The store cannot destroy what is to go.
    pub(crate) fn all(store: &dyn Store, state: &State, now: Timestamp) -> Result<Self, StoreError> {
        let mut done = Self::default();
        for erasure in state.due_erasures(now) {
            carry_out(store, erasure)?;
            done.0.insert(erasure.event);
        }
        Ok(done)
    }
}

/// What the thread works with.
pub(crate) struct Desk {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) reader: Arc<Reader>,
    pub(crate) clock: Clock,
    pub(crate) titles: Arc<pages::Titles>,
}

/// The thread that erases on the day. It ends with its owner.
pub(crate) struct Eraser {
    /// Dropped to end the thread.
    life: Mutex<Option<Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Eraser {
    /// Starts the thread; what is `done` is not done again.
    pub(crate) fn start(desk: Desk, done: Done) -> std::io::Result<Self> {
        let (life, ended) = channel();
        let thread = std::thread::Builder::new().name("eraser".into()).spawn(move || desk.follow(&ended, done))?;
        Ok(Self { life: Mutex::new(Some(life)), thread: Mutex::new(Some(thread)) })
    }

    /// Ends the thread, after what it is doing.
    pub(crate) async fn stop(&self) {
        drop(self.life.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Desk {
    fn follow(&self, ended: &Receiver<()>, mut done: Done) {
        let mut seen = 0;
        let mut next: Option<Timestamp> = None;
        while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
            let now = (self.clock)();
            let (waiting, size) = {
                let view = self.reader.view();
                if view.size() == seen && next.is_none_or(|next| now < next) {
                    continue;
                }
                let orders = view.state().erasures.all().filter(|(_, erasure)| !done.0.contains(&erasure.event));
                // A hold stops what has not gone; its end is another entry.
                next = orders.map(|(_, erasure)| erasure.at).filter(|at| *at > now).min();
                let due = view.state().due_erasures(now).into_iter();
                (due.filter(|erasure| !done.0.contains(&erasure.event)).cloned().collect::<Vec<_>>(), view.size())
            };
            seen = size;
            if let Err(error) = self.carry_out(&waiting, &mut done) {
                tracing::error!(%error, "words that the log orders to be erased cannot be destroyed yet");
                let again = now.add_millis(PAUSE_MS);
                next = Some(next.map_or(again, |next| next.min(again)));
            }
        }
    }

    fn carry_out(&self, waiting: &[Erasure], done: &mut Done) -> Result<(), StoreError> {
        for erasure in waiting {
            let carried_out = carry_out(&*self.store, erasure);
            self.titles.forget();
            carried_out?;
            done.0.insert(erasure.event);
        }
        Ok(())
    }
}

impl App {
    /// What of the words of an entry is erased.
    pub(crate) fn erased(&self, index: u64) -> Vec<Erased> {
        let view = self.reader.view();
        view.state().erased_at(index, (self.clock)()).into_iter().map(Erased::from).collect()
    }
}

impl From<&Erasure> for Erased {
    fn from(erasure: &Erasure) -> Self {
        Self { by: erasure.event, pointers: erasure.pointers.to_vec(), reason: erasure.reason, since: erasure.at }
    }
}
