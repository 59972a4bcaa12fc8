//! A thread that syncs one run of files while somebody else syncs another.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::disk::{failed, held};
use super::frame::Place;
use super::run::{Run, damaged};
use crate::StoreError;

/// One sync at a time: [`Beside::begin`], then [`Beside::end`].
pub(super) struct Beside {
    ask: Option<SyncSender<Place>>,
    done: Mutex<Receiver<Result<(), StoreError>>>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub(super) fn start(run: &Arc<Run>) -> Result<Self, StoreError> {
        let (ask, asked) = sync_channel::<Place>(1);
        let (tell, done) = sync_channel(1);
        let run = Arc::clone(run);
        let thread = std::thread::Builder::new()
            .name("sync".into())
            .spawn(move || {
                while let Ok(place) = asked.recv() {
                    if tell.send(run.sync(place)).is_err() {
                        return;
                    }
                }
            })
            .map_err(|source| failed("starting a thread".into(), source))?;
        Ok(Self { ask: Some(ask), done: Mutex::new(done), thread: Some(thread) })
    }

    /// Begins to make the file that holds `place` durable.
    pub(super) fn begin(&self, place: Place) {
        // Where nobody listens any more, `end` says so.
        let _ = self.ask.as_ref().map(|ask| ask.send(place));
    }

    /// Waits until it is durable.
    ///
    /// # Errors
    ///
    /// The sync failed, or the thread ended: nothing is known then.
    pub(super) fn end(&self) -> Result<(), StoreError> {
        let ended = |_| Err(damaged("words", 0, 0, "the thread that syncs them has ended"));
        held(&self.done).recv().unwrap_or_else(ended)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
