//! What a client is told of its event: a receipt that proves it, or a refusal that is signed.

use std::sync::Arc;

use counterpart_core::event::Event;
use counterpart_core::ids::{EventId, Stream};
use counterpart_core::json::{Value, jcs};
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{Digest, Envelope, EnvelopeSignature, KeyId, REFUSAL_TYPE, pae};
use counterpart_tlog::Hash;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::proof::TlogProof;
use ed25519_dalek::Signer as _;
use serde::Serialize;

use crate::problem::Problem;
use crate::sequencer::{Basis, Placed};

/// The standing of an event that the log's own signature covers.
pub(crate) const RECORDED: &str = "RECORDED";

/// The standing of an event that the quorum of witnesses covers.
pub(crate) const WITNESSED: &str = "WITNESSED";

/// A receipt (wire.md 6), its members in the order of their names.
#[derive(Serialize)]
pub(crate) struct Receipt<'a> {
    checkpoint: &'a str,
    digest: Digest,
    id: EventId,
    index: u64,
    leaf_hash: String,
    proof: String,
    recorded_at: Timestamp,
    revision: u64,
    standing: &'static str,
    stream: Stream,
}

impl<'a> Receipt<'a> {
    /// The receipt of an event where it stands.
    pub(crate) fn new(event: &Event, placed: &'a Placed) -> Self {
        Self {
            checkpoint: &placed.checkpoint,
            digest: event.digest,
            id: event.id,
            index: placed.index,
            leaf_hash: placed.leaf.to_string(),
            proof: proof(placed.index, &placed.hashes, &placed.checkpoint),
            recorded_at: placed.recorded_at,
            revision: placed.revision,
            standing: RECORDED,
            stream: event.stream,
        }
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        // INVARIANT: strings and numbers always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The text of a `.tlog-proof`.
pub(crate) fn proof(index: u64, hashes: &[Hash], checkpoint: &str) -> String {
    let proof = TlogProof { extra: None, index, hashes: hashes.to_vec(), checkpoint_note: checkpoint.to_owned() };
    proof.to_string()
}

/// The key that signs refusals. The genesis names it, and it signs nothing else.
pub struct AnswerKey {
    key: SigningKey,
    id: KeyId,
}

impl AnswerKey {
    /// An answer key.
    pub fn new(key: SigningKey) -> Self {
        let id = KeyId::of(&key.verifying_key().to_bytes());
        Self { key, id }
    }

    /// Its id, as the genesis has it.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Signs that an event was refused, and by which log: the member `refusal` of a problem.
    pub(crate) fn refuse(&self, mut problem: Problem, digest: Digest, ledger: &str, basis: Basis) -> Problem {
        let size = i64::try_from(basis.size).unwrap_or(i64::MAX);
        let text = |text: String| Value::Str(text);
        // In the order of the canonical form.
        let said = Value::Object(vec![
            ("at".to_owned(), text(basis.at.to_string())),
            ("code".to_owned(), text(problem.code.clone().into_owned())),
            ("digest".to_owned(), text(digest.to_string())),
            ("ledger".to_owned(), text(ledger.to_owned())),
            ("root".to_owned(), text(basis.root.to_string())),
            ("size".to_owned(), Value::Int(size)),
        ]);
        let payload = jcs(&said);
        let sig = self.key.sign(&pae(REFUSAL_TYPE, &payload)).to_bytes();
        let envelope = Envelope::new(REFUSAL_TYPE, payload, vec![EnvelopeSignature { keyid: self.id, sig }]);
        problem.refusal =
            envelope.ok().and_then(|envelope| String::from_utf8(envelope.canonical()).ok()).map(Arc::from);
        problem
    }
}
