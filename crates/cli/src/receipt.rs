//! Receipts: what a ledger answers when it has recorded an event, and what that proves.
//!
//! ```text
//! {"checkpoint","digest","id","index","leaf_hash","proof","recorded_at","revision","standing","stream"}
//! ```

use counterpart_core::event;
use counterpart_core::ids::{EventId, Stream};
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{Digest, Entry, Envelope};
use counterpart_tlog::policy::{Policy, Satisfied};
use counterpart_tlog::proof::TlogProof;
use counterpart_tlog::{Hash, leaf_hash};
use serde::Deserialize;
use serde_json::Value;

/// The members of a receipt (wire.md 6), and what a saved one carries besides.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// A signed note.
    pub checkpoint: String,
    /// The digest of the event.
    pub digest: Digest,
    /// The name of the event.
    pub id: EventId,
    /// Its place in the log.
    pub index: u64,
    /// The hash of its leaf, standard base64.
    pub leaf_hash: String,
    /// A `.tlog-proof`.
    pub proof: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The revision of its stream after it.
    pub revision: u64,
    /// `RECORDED` or `WITNESSED`.
    pub standing: String,
    /// Its stream.
    pub stream: Stream,
    /// The event itself, in a saved receipt.
    #[serde(default)]
    pub envelope: Option<Value>,
    /// Its words, in a saved receipt.
    #[serde(default)]
    pub disclosures: Option<Value>,
    /// What a demonstration says of itself.
    #[serde(default)]
    pub demonstration: Option<String>,
}

impl Receipt {
    /// Checks a receipt under `policy`; with the envelope that was sent, that it is for that event.
    ///
    /// # Errors
    ///
    /// The first thing that does not hold, in plain words.
    pub fn check(&self, envelope: Option<&Envelope>, policy: &Policy) -> Result<Satisfied, String> {
        let leaf = Hash::from_base64(&self.leaf_hash).map_err(|_| "`leaf_hash` is not a hash".to_owned())?;
        let proof = TlogProof::parse(&self.proof).map_err(|error| format!("the proof is malformed: {error}"))?;
        let satisfied = proof.verify(&leaf, policy).map_err(|error| format!("the proof does not hold: {error}"))?;
        if proof.checkpoint_note != self.checkpoint {
            return Err("the proof carries another checkpoint than the receipt".to_owned());
        }
        if proof.index != self.index {
            return Err(format!("the proof is of entry {}, and the receipt of entry {}", proof.index, self.index));
        }
        if !["RECORDED", "WITNESSED"].contains(&self.standing.as_str()) || self.revision == 0 {
            return Err(format!("it cannot have standing `{}` and revision {}", self.standing, self.revision));
        }
        if let Some(envelope) = envelope {
            self.check_event(envelope, leaf)?;
        }
        Ok(satisfied)
    }

    fn check_event(&self, envelope: &Envelope, leaf: Hash) -> Result<(), String> {
        let entry = Entry { envelope: envelope.clone(), recorded_at: self.recorded_at };
        if leaf_hash(&entry.encode()) != leaf {
            return Err("the leaf is not that of this event at this time".to_owned());
        }
        let event = event::parse(envelope).map_err(|error| format!("{}: {error}", error.code()))?;
        if event.digest != self.digest || event.id != self.id || event.stream != self.stream {
            return Err("digest, id or stream are those of another event".to_owned());
        }
        Ok(())
    }
}
