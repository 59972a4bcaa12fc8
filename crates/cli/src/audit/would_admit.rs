//! `--would-admit`: whether the log as it stands would take a submission, decided without the server.

use counterpart_core::admit::{self, Known};
use counterpart_core::commitment;
use counterpart_core::event::{self, Event};
use counterpart_core::json;
use counterpart_core::refusal::Refusal;
use counterpart_core::replay::Replay;
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
    words_open(submission, event)?;
    admit::after_door(&replay.state, event, at)?;
    Ok(Known::New)
}

/// E07: every commitment is opened by what came with it.
fn words_open(submission: &Submission, event: &Event) -> Result<(), Refusal> {
    let problem = |problem: String| Refusal::Disclosures { problem };
    let disclosures = submission.disclosures.as_ref().map_err(|error| problem(error.to_string()))?;
    let data = event.data.to_value().map_err(|error| problem(error.to_string()))?;
    let data = json::to_value(&data).map_err(|error| problem(error.to_string()))?;
    let mut commitments =
        commitment::commitments(&data, "").map_err(|place| problem(format!("`{place}` is no commitment")))?;
    // The terms are a skeleton whose own words are commitments, each disclosed under its path.
    let terms = disclosures.iter().find(|disclosure| disclosure.pointer == "/terms");
    if let Some(terms) = terms
        && let Ok(skeleton) = json::parse(
            &terms.content,
            json::Limits { max_depth: commitment::MAX_CONTENT_DEPTH, max_bytes: commitment::MAX_CONTENT },
        )
    {
        let within = commitment::commitments(&skeleton, "/terms");
        commitments.extend(within.map_err(|place| problem(format!("`{place}` is no commitment")))?);
    }
    commitment::open_all(disclosures, &event.id.to_string(), &commitments).map_err(|error| problem(error.to_string()))
}
