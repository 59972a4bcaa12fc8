//! What is told and kept while an audit runs.

use std::time::Duration;

use super::engine::{Listener, SoFar};
use super::kept::Keeping;
use crate::{Common, shell};

/// How long an audit goes on at least before it writes down what it has verified.
const KEEP_EVERY: Duration = Duration::from_secs(30);

/// A line that is written over while the audit runs, on a terminal alone, and what is kept on the way.
pub struct Progress<'a> {
    shown: bool,
    of: u64,
    watch: shell::Stopwatch,
    keeping: Option<&'a Keeping>,
    note: &'a str,
    /// When something was kept last, and how long that took.
    kept: (Duration, Duration),
}

impl<'a> Progress<'a> {
    pub fn new(common: &Common, of: u64, keeping: Option<&'a Keeping>, note: &'a str) -> Self {
        let shown = !common.quiet && shell::talks_to_terminal();
        let watch = shell::Stopwatch::start();
        Self { shown, of, watch, keeping, note, kept: (Duration::ZERO, Duration::ZERO) }
    }

    pub fn end(&self) {
        if self.shown {
            shell::say_part("\r\x1b[K");
        }
    }
}

impl Listener for Progress<'_> {
    fn decided(&mut self, size: u64) {
        if self.shown {
            let millis = u64::try_from(self.watch.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
            let rate = size.saturating_mul(1000) / millis;
            shell::say_part(&format!("\r{size} of {} entries decided, {rate} a second ", self.of));
        }
    }

    fn agrees(&mut self, so_far: SoFar<'_>) {
        let Some(keeping) = self.keeping else { return };
        let (last, took) = self.kept;
        let now = self.watch.elapsed();
        // Writing it down may cost a twentieth of the time.
        if now.saturating_sub(last) < KEEP_EVERY.max(took * 20) {
            return;
        }
        if let Err(error) = keeping.save(&so_far, self.note, false) {
            shell::say(&format!("counterpart: what was verified so far could not be kept: {error:#}"));
        }
        let done = self.watch.elapsed();
        self.kept = (done, done.saturating_sub(now));
    }
}
