//! Liveness, readiness and figures.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::behind::Standing;
use crate::log::{NOT_AT_ALL, cached};
use crate::problem::Problem;
use crate::sequencer::Unavailable;
use crate::submit::{answer, unavailable};

/// A figure that only rises.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The figures of one server.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) requests: Counter,
    pub(crate) slowed: Counter,
    pub(crate) submissions: Counter,
    pub(crate) recorded: Counter,
    pub(crate) repeated: Counter,
    pub(crate) refused: Counter,
    pub(crate) panics: Counter,
    pub(crate) connections: Counter,
    pub(crate) connections_refused: Counter,
}

/// The process lives.
pub(crate) async fn alive() -> Response {
    cached(answer(StatusCode::OK, "text/plain; charset=utf-8", "alive\n"), NOT_AT_ALL)
}

/// Recording goes on and readers follow: 200, how fresh the quorum of witnesses is, and a line for each damage that reading
/// everything again has found; otherwise a problem that says what does not.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    if let Some(why) = app.sequencer.condition().trouble() {
        return match why {
            // That is no fault of whoever asks.
            Unavailable::Ended(_) => Problem::unavailable(why.to_string()).into_response(),
            Unavailable::Busy
            | Unavailable::Clock { .. }
            | Unavailable::Witnesses(_)
            | Unavailable::Full
            | Unavailable::Stopped
            | Unavailable::Fenced
            | Unavailable::Closing => unavailable(&why).into_response(),
        };
    }
    if !app.reader.is_well() {
        return Problem::unavailable("The readers' view has stopped. Restart the server.").into_response();
    }
    if let Some(why) = app.reader.witnesses().and_then(|witnesses| witnesses.standing().stale(app.seconds())) {
        return Problem::unavailable(format!("Not ready: {why}.")).into_response();
    }
    if *app.closing.borrow() {
        return Problem::unavailable("The server is being stopped.").into_response();
    }
    let quorum = app.reader.witnesses().and_then(|witnesses| witnesses.standing().freshness(app.seconds()));
    let mut told = quorum.map_or_else(|| "ready\n".to_owned(), |quorum| format!("ready\n{quorum}\n"));
    // The rest is served all the same, so whoever balances load must not take the server away for it.
    for damage in app.looked.iter().flat_map(|looked| looked.standing().damage) {
        let _ = writeln!(told, "{damage}");
    }
    cached(answer(StatusCode::OK, "text/plain; charset=utf-8", told), NOT_AT_ALL)
}

/// The figures, for Prometheus.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let Metrics {
        requests,
        slowed,
        submissions,
        recorded,
        repeated,
        refused,
        panics,
        connections,
        connections_refused,
    } = &app.metrics;
    let counters = [
        ("requests", "Requests.", requests),
        ("requests_slowed", "Requests answered 429.", slowed),
        ("submissions", "Events handed to the sequencer.", submissions),
        ("events_recorded", "Events recorded.", recorded),
        ("events_repeated", "Events that were recorded before.", repeated),
        ("events_refused", "Submissions refused.", refused),
        ("handler_panics", "Handlers that panicked.", panics),
        ("connections", "Connections accepted.", connections),
        ("connections_refused", "Connections refused because there were too many.", connections_refused),
    ];
    let mut text = String::new();
    for (name, help, counter) in counters {
        let value = counter.read();
        // Writing to a string does not fail.
        let _ = writeln!(text, "# HELP counterpart_{name}_total {help}\n# TYPE counterpart_{name}_total counter");
        let _ = writeln!(text, "counterpart_{name}_total {value}");
    }
    let size = app.reader.view().size();
    let ready = u64::from(app.sequencer.condition().trouble().is_none() && app.reader.is_well());
    let gauges = [
        ("log_size", "Entries that readers see.", size),
        ("queue_waiting", "Requests that wait for the sequencer.", app.sequencer.waiting() as u64),
        ("pending", "Events that wait for signatures.", app.pending.count() as u64),
        ("ready", "1 while events can be recorded.", ready),
    ];
    for (name, help, value) in gauges {
        let _ = writeln!(text, "# HELP counterpart_{name} {help}\n# TYPE counterpart_{name} gauge");
        let _ = writeln!(text, "counterpart_{name} {value}");
    }
    if let Some(snapshots) = &app.snapshots {
        let covered = snapshots.covered();
        text.push_str("# HELP counterpart_snapshot_size Entries that the newest snapshot covers.\n");
        let _ = writeln!(text, "# TYPE counterpart_snapshot_size gauge\ncounterpart_snapshot_size {covered}");
    }
    if let Some(looked) = &app.looked {
        text.push_str(&looked_at(&looked.standing()));
    }
    if let Some(witnesses) = app.reader.witnesses() {
        text.push_str(&witnesses.standing().metrics(app.seconds()));
    }
    cached(answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text), NOT_AT_ALL)
}

/// The figures of reading everything again.
fn looked_at(standing: &Standing) -> String {
    let counters = [
        ("rounds", "Times that everything was read again.", standing.rounds),
        ("bytes", "Bytes that were read again.", standing.bytes),
        ("entries", "Entries that were read again and are whole.", standing.entries),
        ("words", "Words that were read again and open.", standing.words),
        ("checkpoints", "Checkpoints that were read again and are whole.", standing.checkpoints),
    ];
    let mut text = String::new();
    for (name, help, value) in counters {
        let _ = writeln!(text, "# HELP counterpart_scrub_{name}_total {help}");
        let _ = writeln!(text, "# TYPE counterpart_scrub_{name}_total counter\ncounterpart_scrub_{name}_total {value}");
    }
    text.push_str("# HELP counterpart_damaged What is damaged, each with a place of its own.\n");
    let damaged = standing.damage.len();
    let _ = writeln!(text, "# TYPE counterpart_damaged gauge\ncounterpart_damaged {damaged}");
    text
}
