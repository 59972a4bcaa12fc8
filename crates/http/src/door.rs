//! The door: bytes to an opened submission. Runs in the handlers, on any core, and decides nothing that needs the
//! newest state.

use std::sync::{PoisonError, RwLock};

use counterpart_core::commitment::DisclosureError;
use counterpart_core::door::Earlier;
use counterpart_core::event::{self, EventError};
use counterpart_core::json::{self, Limits, Value};
use counterpart_core::keyring::Keyring;
use counterpart_core::ledger::Opened;
use counterpart_core::refusal::Refusal;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{Digest, Envelope, Submission, WireError};

use crate::problem::Problem;
use crate::submitted::{Directory, Submitted, judged};

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
/// `ledger` is the name of the ledger, once it is founded; `directory` is what the door reads of it.
///
/// # Errors
///
/// [`TurnedAway`], in the order of checks E01 to E06, E09.
pub(crate) fn open(
    bytes: &[u8],
    keyring: &RwLock<Keyring>,
    directory: &Directory,
    ledger: Option<&str>,
    now: Timestamp,
) -> Result<Submitted, TurnedAway> {
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
    let (number, view) = directory.read();
    let (disclosures, door) = match disclosures {
        Ok(disclosures) => {
            let door = judged(view.as_ref(), &event, &disclosures, &Earlier::default(), now);
            (disclosures, door)
        }
        Err(error) => (Vec::new(), Err(refusal_of_words(&error))),
    };
    Ok(Submitted::new(Opened { envelope, event, disclosures, unchecked, door }, number))
}

pub(crate) fn turned_away(envelope: &Envelope, error: &EventError, ledger: Option<&str>) -> TurnedAway {
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

/// What words that have not their form are refused with.
pub(crate) fn refusal_of_words(error: &DisclosureError) -> Refusal {
    Refusal::Disclosures { problem: error.to_string() }
}

/// An error's words as a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(char::to_uppercase).into_iter().flatten().collect();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
