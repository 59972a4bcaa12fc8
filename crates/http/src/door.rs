//! The door: bytes to an opened submission. Runs in the handlers, on any core, and decides nothing that needs the
//! newest state.

use std::sync::{Arc, PoisonError, RwLock};

use counterpart_core::commitment::{Commitment, Disclosure, DisclosureError, Kind, commitments, open_all};
use counterpart_core::event::{self, Event, EventError};
use counterpart_core::json::{self, Limits, Value};
use counterpart_core::keyring::Keyring;
use counterpart_core::ledger::Opened;
use counterpart_core::refusal::Refusal;
use counterpart_core::wire::{Digest, Envelope, Submission, WireError};

use crate::problem::Problem;

/// How a commitment begins in a canonical payload.
const COMMITMENT: &[u8] = b"{\"$commit\":";

/// Why a submission goes no further than the door.
#[derive(Clone, Debug)]
pub(crate) enum TurnedAway {
    /// It is no event of this contract: E01 to E05. Nothing of it is worth a signature.
    Unreadable(Problem),
    /// Its payload is an event, and is refused: the refusal is signed.
    Refused(Problem, Digest),
}

impl TurnedAway {
    pub(crate) fn unreadable(error: &WireError) -> Self {
        Self::Unreadable(Problem::new(error.code(), sentence(&error.to_string())))
    }
}

/// Reads and checks one submission.
///
/// `ledger` is the name of the ledger, once it is founded.
///
/// # Errors
///
/// [`TurnedAway`], in the order of checks E01 to E06, E09.
pub(crate) fn open(bytes: &[u8], keyring: &RwLock<Keyring>, ledger: Option<&str>) -> Result<Arc<Opened>, TurnedAway> {
    let submission = Submission::parse(bytes).map_err(|error| TurnedAway::unreadable(&error))?;
    let Submission { envelope, disclosures } = submission;
    let event = event::parse(&envelope).map_err(|error| turned_away(&envelope, &error, ledger))?;
    let checked = keyring.read().unwrap_or_else(PoisonError::into_inner).check(&event, &envelope);
    let unchecked = match checked {
        Ok(checked) => !checked.unknown.is_empty(),
        Err(wrong @ Refusal::SignatureWrong { .. }) => {
            let refusal = other_ledger(&event.ledger, ledger).unwrap_or(wrong);
            return Err(TurnedAway::Refused(Problem::refused(&refusal), event.digest));
        }
        // K06 comes after the id: the sequencer comes to it.
        Err(_) => true,
    };
    let (disclosures, door) = match disclosures {
        Ok(disclosures) => {
            let door = sealed(&event, &envelope, &disclosures);
            (disclosures, door)
        }
        Err(error) => (Vec::new(), Err(disclosures_wrong(&error))),
    };
    Ok(Arc::new(Opened { envelope, event, disclosures, unchecked, door }))
}

fn turned_away(envelope: &Envelope, error: &EventError, ledger: Option<&str>) -> TurnedAway {
    let problem = Problem::new(error.code(), sentence(&error.to_string()));
    match error {
        EventError::Payload(_) | EventError::UnknownType { .. } => TurnedAway::Unreadable(problem),
        EventError::Signers(_) => {
            // The payload fits its schema, so the ledger that it names comes before its signers.
            let limits = Limits { max_depth: event::MAX_DEPTH, max_bytes: envelope.payload.len() };
            let payload = json::parse(&envelope.payload, limits).ok();
            let named = payload.as_ref().and_then(|value| value.member("ledger")).and_then(Value::as_str);
            let other = named.and_then(|named| other_ledger(named, ledger));
            TurnedAway::Refused(other.map_or(problem, |refusal| Problem::refused(&refusal)), envelope.digest())
        }
    }
}

fn other_ledger(named: &str, ledger: Option<&str>) -> Option<Refusal> {
    let ours = ledger?;
    (named != ours).then(|| Refusal::OtherLedger { named: named.to_owned(), ours: ours.to_owned() })
}

/// E07: every commitment is opened by exactly one disclosure; those within disclosed terms too.
fn sealed(event: &Event, envelope: &Envelope, disclosures: &[Disclosure]) -> Result<(), Refusal> {
    let has_commitments = envelope.payload.windows(COMMITMENT.len()).any(|window| window == COMMITMENT);
    if !has_commitments && disclosures.is_empty() {
        return Ok(());
    }
    let wrong = |problem: String| Refusal::Disclosures { problem };
    let limits = Limits { max_depth: event::MAX_DEPTH, max_bytes: envelope.payload.len() };
    let payload = json::parse(&envelope.payload, limits).map_err(|error| wrong(error.to_string()))?;
    let data = payload.member("data").unwrap_or(&payload);
    let mut expected: Vec<(String, Commitment)> =
        commitments(data, "").map_err(|place| wrong(format!("`{place}` is not a commitment")))?;
    for disclosure in disclosures.iter().filter(|disclosure| disclosure.kind == Kind::Json) {
        let limits = Limits { max_depth: 32, max_bytes: disclosure.content.len() };
        let content = json::parse(&disclosure.content, limits)
            .map_err(|error| wrong(format!("the disclosure of `{}`: {error}", disclosure.pointer)))?;
        let inner = commitments(&content, &disclosure.pointer);
        expected.extend(inner.map_err(|place| wrong(format!("`{place}` is not a commitment")))?);
    }
    open_all(disclosures, &event.id.to_string(), &expected).map_err(|error| disclosures_wrong(&error))
}

fn disclosures_wrong(error: &DisclosureError) -> Refusal {
    Refusal::Disclosures { problem: error.to_string() }
}

/// An error's words as a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(char::to_uppercase).into_iter().flatten().collect();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
