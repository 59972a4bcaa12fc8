//! `--would-admit`: whether the log as it stands would take a submission, decided without the server.

use counterpart_core::admit::{self, Known};
use counterpart_core::commitment::DisclosureError;
use counterpart_core::door::{self, Earlier, View};
use counterpart_core::event::{self, Event};
use counterpart_core::london;
use counterpart_core::refusal::Refusal;
use counterpart_core::replay::Replay;
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::Submission;
use serde_json::json;

use crate::ending::Ending;
use crate::{Common, shell};

/// The verdict on a submission at one instant.
pub struct Verdict {
    /// The code, if it is refused.
    pub code: Option<String>,
    /// What that means.
    pub reason: String,
}

impl Verdict {
    fn refused(code: &str, reason: &dyn std::fmt::Display) -> Self {
        Self { code: Some(code.to_owned()), reason: reason.to_string() }
    }
}

/// Says whether it would be admitted: exit 0 or 3.
pub fn judge(mut replay: Replay, submission: &[u8], now: Timestamp, common: &Common) -> Ending {
    let size = replay.state.size;
    let verdict = verdict(&mut replay, submission, now);
    if common.json {
        let admitted = verdict.code.is_none();
        shell::line(
            &json!({ "admitted": admitted, "code": verdict.code, "reason": verdict.reason, "size": size }).to_string(),
        );
    } else {
        shell::line(&match &verdict.code {
            None => format!("would be admitted after {size} entries ({})", verdict.reason),
            Some(code) => format!("would be refused after {size} entries: {code} {}", verdict.reason),
        });
    }
    if verdict.code.is_none() { Ending::Done } else { Ending::Refused }
}

/// Decides in the order of checks (wire.md 2.3).
pub fn verdict(replay: &mut Replay, submission: &[u8], now: Timestamp) -> Verdict {
    let submission = match Submission::parse(submission) {
        Ok(submission) => submission,
        Err(error) => return Verdict::refused(error.code(), &error),
    };
    let event = match event::parse(&submission.envelope) {
        Ok(event) => event,
        Err(error) => return Verdict::refused(error.code(), &error),
    };
    match decide(replay, &submission, &event, now) {
        Ok(Known::New) => {
            Verdict { code: None, reason: "no log rule and no door rule that was repeated says no".into() }
        }
        Ok(Known::Same(index)) => Verdict { code: None, reason: format!("it is recorded at index {index} already") },
        Err(refusal) => Verdict::refused(refusal.code(), &refusal),
    }
}

fn decide(replay: &Replay, submission: &Submission, event: &Event, now: Timestamp) -> Result<Known, Refusal> {
    let known = admit::known(&replay.state, event);
    if matches!(known, Err(Refusal::OtherLedger { .. })) {
        return known;
    }
    let checked = replay.keyring.check(event, &submission.envelope)?;
    if let Known::Same(index) = known? {
        return Ok(Known::Same(index));
    }
    if let Some(key) = checked.unknown.first() {
        return Err(Refusal::KeyUnknown { key: *key });
    }
    let at = replay.state.recorded_at.map_or(now, |last| now.max(last));
    admit::before_door(&replay.state, event, at)?;
    at_door(&replay.state, event, submission, at).map_err(|found| admit::at_door(&replay.state, event, at, &found))?;
    admit::after_door(&replay.state, event, at)?;
    Ok(Known::New)
}

/// E07, E08 and the V rules, as far as the words that came along and the log decide them.
fn at_door(state: &State, event: &Event, submission: &Submission, at: Timestamp) -> Result<(), Refusal> {
    let Some(view) = View::of(state) else {
        return Ok(());
    };
    let problem = |error: &DisclosureError| Refusal::Disclosures { problem: error.to_string() };
    let disclosures = submission.disclosures.as_ref().map_err(problem)?;
    door::check_submission(&view, london::date_of(at), event, disclosures, &Earlier::default()).map(drop)
}
