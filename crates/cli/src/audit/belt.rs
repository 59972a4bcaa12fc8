//! How the work of an audit is shared out, so that no core waits for another.
//!
//! ```text
//! fetched ─▶ parsed ─▶ known: the keys of every piece before are ─▶ verified ─▶ decided, in order
//! any thread           in order, a moment each                     any thread   one thread at a time
//! ```
//!
//! A thread takes whatever can be done, the later step first: so pieces leave the belt as early as they can, and few
//! are on it, whatever the length of the log. There is no thread for any step, and no step ends for all at once.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Pieces on the belt for each thread: one in hand, and others that wait for the step that is next.
const EACH: usize = 4;

/// What is done with the pieces. Each is a few hundred entries.
pub trait Work: Sync {
    /// A piece as it comes.
    type Fetched: Send;
    /// The same once it was parsed.
    type Parsed: Send;

    /// Parses a piece.
    fn parse(&self, fetched: Self::Fetched) -> Self::Parsed;

    /// Takes in what a piece brings for those behind it and for itself. It is asked in order.
    fn bring(&self, parsed: &Self::Parsed);

    /// Verifies a piece. What it and all before it bring was taken in.
    fn verify(&self, parsed: &mut Self::Parsed);
}

/// Whoever takes the pieces in order at the end. An error ends the work.
pub type Last<'a, P> = dyn FnMut(P) -> anyhow::Result<()> + Send + 'a;

/// Where a piece stands.
enum Place<W: Work> {
    Fetched(W::Fetched),
    Parsed(W::Parsed),
    Known(W::Parsed),
    Verified(W::Parsed),
    /// A thread has it.
    InHand,
}

/// What a thread does next.
enum Task<W: Work> {
    Parse(u64, W::Fetched),
    Verify(u64, W::Parsed),
    Decide(W::Parsed),
    Nothing,
    Leave,
}

struct Pieces<W: Work> {
    places: VecDeque<Place<W>>,
    /// The number of the first.
    first: u64,
    /// The number of the first whose keys are not known yet.
    unknown: u64,
    /// Whether more may come.
    open: bool,
    /// Whether a thread decides a piece.
    deciding: bool,
    /// Whether nothing more is done: something failed.
    failed: bool,
}

/// Pieces on their way. It is shared by the threads that work and by whoever brings pieces.
pub struct Belt<W: Work> {
    pieces: Mutex<Pieces<W>>,
    /// Something changed that others may wait for.
    changed: Condvar,
    most: usize,
}

impl<W: Work> Belt<W> {
    /// A belt for so many threads.
    pub fn new(threads: usize) -> Self {
        let pieces =
            Pieces { places: VecDeque::new(), first: 0, unknown: 0, open: true, deciding: false, failed: false };
        Self { pieces: Mutex::new(pieces), changed: Condvar::new(), most: threads * EACH }
    }

    fn lock(&self) -> MutexGuard<'_, Pieces<W>> {
        // Whoever panics has no piece of this in hand, and says so by `Alarm`.
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, pieces: MutexGuard<'a, Pieces<W>>) -> MutexGuard<'a, Pieces<W>> {
        self.changed.wait(pieces).unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays a piece on the belt once there is room. False when nobody wants it any more.
    pub fn put(&self, piece: W::Fetched) -> bool {
        let mut pieces = self.lock();
        while pieces.places.len() >= self.most && !pieces.failed {
            pieces = self.wait(pieces);
        }
        pieces.places.push_back(Place::Fetched(piece));
        self.changed.notify_all();
        !pieces.failed
    }

    /// Once this is dropped, no more pieces come.
    pub const fn end_of_pieces(&self) -> End<'_, W> {
        End(self)
    }

    /// Works until all is done. Every thread that works calls this.
    ///
    /// # Errors
    ///
    /// What `last` said; the other threads leave without one.
    pub fn work(&self, work: &W, last: &Mutex<Box<Last<'_, W::Parsed>>>) -> anyhow::Result<()> {
        let _alarm = Alarm(self);
        let mut pieces = self.lock();
        loop {
            match pieces.next() {
                Task::Parse(number, fetched) => {
                    drop(pieces);
                    let parsed = work.parse(fetched);
                    pieces = self.lock();
                    pieces.lay(number, Place::Parsed(parsed));
                    pieces.bring(work);
                }
                Task::Verify(number, mut parsed) => {
                    drop(pieces);
                    work.verify(&mut parsed);
                    pieces = self.lock();
                    pieces.lay(number, Place::Verified(parsed));
                }
                Task::Decide(parsed) => {
                    drop(pieces);
                    let said = last.lock().unwrap_or_else(PoisonError::into_inner)(parsed);
                    pieces = self.lock();
                    pieces.deciding = false;
                    if said.is_err() {
                        pieces.failed = true;
                        self.changed.notify_all();
                        return said;
                    }
                }
                Task::Nothing => {
                    pieces = self.wait(pieces);
                    continue;
                }
                Task::Leave => return Ok(()),
            }
            self.changed.notify_all();
        }
    }
}

impl<W: Work> Pieces<W> {
    fn next(&mut self) -> Task<W> {
        let done = self.places.is_empty() && !self.open && !self.deciding;
        if self.failed || done {
            return Task::Leave;
        }
        if !self.deciding
            && let Some(Place::Verified(_)) = self.places.front()
            && let Some(Place::Verified(parsed)) = self.places.pop_front()
        {
            self.first += 1;
            self.deciding = true;
            return Task::Decide(parsed);
        }
        for (number, place) in (self.first..).zip(&mut self.places) {
            if let Place::Known(_) = place
                && let Place::Known(parsed) = std::mem::replace(place, Place::InHand)
            {
                return Task::Verify(number, parsed);
            }
        }
        for (number, place) in (self.first..).zip(&mut self.places) {
            if let Place::Fetched(_) = place
                && let Place::Fetched(fetched) = std::mem::replace(place, Place::InHand)
            {
                return Task::Parse(number, fetched);
            }
        }
        Task::Nothing
    }

    fn place(&mut self, number: u64) -> Option<&mut Place<W>> {
        let at = number.checked_sub(self.first)?;
        self.places.get_mut(usize::try_from(at).ok()?)
    }

    fn lay(&mut self, number: u64, piece: Place<W>) {
        // INVARIANT: a piece leaves the belt at the front and once it is verified, so its place is there until then.
        if let Some(place) = self.place(number) {
            *place = piece;
        }
    }

    /// Takes in what parsed pieces bring, as far as there is no gap.
    fn bring(&mut self, work: &W) {
        let mut number = self.unknown;
        while let Some(place) = self.place(number)
            && let Place::Parsed(_) = place
            && let Place::Parsed(parsed) = std::mem::replace(place, Place::InHand)
        {
            work.bring(&parsed);
            *place = Place::Known(parsed);
            number += 1;
        }
        self.unknown = number;
    }
}

/// Says that no more pieces come, however whoever brought them has ended.
pub struct End<'a, W: Work>(&'a Belt<W>);

impl<W: Work> Drop for End<'_, W> {
    fn drop(&mut self) {
        self.0.lock().open = false;
        self.0.changed.notify_all();
    }
}

/// Sends everybody home when a thread panics, so that nobody waits for it for ever.
struct Alarm<'a, W: Work>(&'a Belt<W>);

impl<W: Work> Drop for Alarm<'_, W> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().failed = true;
            self.0.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests;
