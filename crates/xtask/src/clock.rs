//! The only place of this program that reads a clock: how long did it take, and what time is it?

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use counterpart_core::time::Timestamp;

/// Runs `work` and says how long it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let watch = Watch::start();
    let result = work();
    (result, watch.read())
}

/// A started stopwatch.
#[derive(Clone, Copy, Debug)]
pub struct Watch(Instant);

impl Watch {
    /// Starts one.
    #[expect(clippy::disallowed_methods, reason = "a build tool measures; nothing that it measures reaches the ledger")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has run.
    #[expect(clippy::disallowed_methods, reason = "a build tool measures; nothing that it measures reaches the ledger")]
    pub fn read(self) -> Duration {
        self.0.elapsed()
    }
}

/// The machine's time, for events that are made here and sent to a ledger.
#[expect(clippy::disallowed_methods, reason = "a build tool signs for the moment in which it runs")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis_saturating(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// How many of something were done each second.
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
pub fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}
