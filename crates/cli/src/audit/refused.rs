//! `--refusal`: whether a ledger refused a submission by the rules, decided where the ledger says that it decided.
//!
//! A refusal is signed (wire.md 6) and names the log as it stood: so many entries, this root, this instant. Whoever was
//! kept out by an untrue code holds, with the log itself, everything that proves it.

use anyhow::Result;
use counterpart_core::event::{self, EventType};
use counterpart_core::replay::Replay;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{Digest, Envelope, REFUSAL_TYPE, Submission};
use counterpart_tlog::Hash;
use counterpart_tlog::ed25519::PublicKey;
use serde::Deserialize;
use serde_json::{Value, json};

use super::would_admit;
use crate::ending::{Ending, Fault};
use crate::{Common, shell};

/// What a ledger signs when it refuses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    at: Timestamp,
    code: String,
    digest: Digest,
    ledger: String,
    root: String,
    size: u64,
}

/// A signed refusal, not verified yet.
pub struct Refused {
    envelope: Envelope,
    said: Said,
    root: Hash,
    /// How many entries the log had.
    pub size: u64,
}

impl Refused {
    /// From the answer of a ledger, which has a member `refusal`, or from that member alone.
    ///
    /// # Errors
    ///
    /// It is neither (exit 2).
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let none = |why: String| Fault::usage(format!("the file of --refusal holds no signed refusal: {why}"));
        let answer: Value = serde_json::from_slice(bytes).map_err(|error| none(error.to_string()))?;
        let envelope = answer.get("refusal").unwrap_or(&answer).to_string();
        let envelope =
            Envelope::parse_request(envelope.as_bytes(), REFUSAL_TYPE).map_err(|error| none(error.to_string()))?;
        let said: Said = serde_json::from_slice(&envelope.payload).map_err(|error| none(error.to_string()))?;
        let root = Hash::from_base64(&said.root).map_err(|error| none(error.to_string()))?;
        Ok(Self { size: said.size, envelope, said, root })
    }

    /// Compares what the ledger signed with what the log and its rules say. `replay` and `root` are those of the
    /// [`Refused::size`] first entries. Exit 3 when the refusal is true, 4 when it is not.
    ///
    /// # Errors
    ///
    /// The refusal is of another event (exit 2), by no answer key of this ledger, or of another history (exit 4).
    pub fn compare(&self, mut replay: Replay, root: &Hash, submission: &[u8], common: &Common) -> Result<Ending> {
        let Said { at, code, digest, ledger, size, .. } = &self.said;
        let founded = replay.state.founded.as_ref();
        let founded = founded.ok_or_else(|| Fault::unverified("this log has founded no ledger"))?;
        if *founded.ledger != **ledger {
            return Err(Fault::unverified(format!("the refusal is of the ledger `{ledger}`, not of this one")));
        }
        let message = self.envelope.pae();
        let signed = founded.answer_keys.iter().any(|key| {
            let signature = self.envelope.signatures.iter().find(|signature| signature.keyid == key.key_id());
            let public = PublicKey::register(&key.0);
            signature.zip(public.ok()).is_some_and(|(signature, public)| public.verify(&message, &signature.sig))
        });
        if !signed {
            return Err(Fault::unverified("no answer key of this ledger has signed the refusal, so it proves nothing"));
        }
        if self.root != *root {
            return Err(Fault::unverified(format!(
                "FORK: the ledger has signed a refusal over {size} entries with the root {}, and this log has the root \
                 {root} there: it has shown two histories",
                self.root
            )));
        }
        let event = Submission::parse(submission).ok().and_then(|submission| event::parse(&submission.envelope).ok());
        let event = event.filter(|event| event.digest == *digest);
        let event = event.ok_or_else(|| Fault::usage("the refusal is of another event than the submission"))?;
        let verdict = would_admit::verdict(&mut replay, submission, *at);
        let same = verdict.code.as_ref() == Some(code);
        let open = !same && rests_on_earlier_words(code, event.event_type());
        let rules = verdict.code.as_deref().unwrap_or("admitted");
        if common.json {
            let said = json!({
                "at": at, "decidable": !open, "ledger_said": code, "reason": verdict.reason, "rules_say": rules,
                "size": size, "true": same,
            });
            shell::line(&said.to_string());
        } else if same {
            shell::line(&format!("true refusal: after {size} entries the rules say {code} too: {}", verdict.reason));
        } else if open {
            shell::line(&format!(
                "not decided: {code} reads words of earlier submissions, which are not here; whoever holds them asks again"
            ));
        } else {
            shell::line(&format!(
                "UNTRUE REFUSAL: after {size} entries, at {at}, the ledger signed {code}, and the rules say {rules}: {}. \
                 The refusal, the submission and the log prove it",
                verdict.reason
            ));
        }
        Ok(match (same, open) {
            (true, _) => Ending::Refused,
            (false, true) => Ending::CouldNot,
            (false, false) => Ending::Unverified,
        })
    }
}

/// Whether a code may follow from words that came with earlier events of the agreement: then nobody can repeat it
/// from this submission alone. A first request has nothing before it.
fn rests_on_earlier_words(code: &str, event_type: EventType) -> bool {
    event_type != EventType::RequestFiled && (code.starts_with("V-") || matches!(code, "E08" | "G07" | "G48"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reads_earlier_words_is_left_open() {
        assert!(rests_on_earlier_words("V-90", EventType::AmendmentProposed));
        assert!(!rests_on_earlier_words("V-90", EventType::RequestFiled));
        assert!(!rests_on_earlier_words("T01", EventType::AmendmentProposed));
    }
}
