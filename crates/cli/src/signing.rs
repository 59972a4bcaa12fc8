//! Making an event: the payload in its one spelling, and the signatures over it.

use anyhow::{Context, Result};
use counterpart_core::event::Signer;
use counterpart_core::ids::{EventId, Stream};
use counterpart_core::json;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{EVENT_TYPE, Envelope, EnvelopeSignature, KeyId, pae};
use counterpart_tlog::ed25519::SigningKey;
use ed25519_dalek::Signer as _;
use serde::Serialize;
use serde_json::Value;

/// How long a payload may wait for its only signature: an hour less than the rules allow.
const ALONE_HOURS: i64 = 23;

/// How many days a payload may wait when several sign.
const JOINT_DAYS: i64 = 14;

/// One who signs: the key, and in what capacity.
#[derive(Clone)]
pub struct Hand {
    /// The private key.
    pub key: SigningKey,
    /// As whom.
    pub signer: Signer,
}

/// A payload before it is spelt (wire.md 2.2).
#[derive(Clone, Debug, Serialize)]
pub struct Payload {
    /// Per type.
    pub data: Value,
    /// The revision of the stream that was seen.
    pub expected_revision: u64,
    /// The name of the event.
    pub id: EventId,
    /// Which ledger it is for.
    pub ledger: String,
    /// Now.
    pub signed_at: Timestamp,
    /// Who signs.
    pub signers: Vec<Signer>,
    /// Where it belongs.
    pub stream: Stream,
    /// What it says.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The version of the schema.
    pub v: u32,
    /// Until when it may be recorded.
    pub valid_until: Timestamp,
}

impl Payload {
    /// The bytes that are signed.
    ///
    /// # Errors
    ///
    /// The data hold a value that strict JSON does not have.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        json::to_jcs(self).context("the event cannot be written in canonical JSON")
    }
}

/// Until when an event signed now by so many may be recorded.
pub fn valid_until(now: Timestamp, signers: usize) -> Timestamp {
    if signers > 1 { now.add_days(JOINT_DAYS) } else { now.add_hours(ALONE_HOURS) }
}

/// One signature over a payload.
pub fn signature(payload: &[u8], key: &SigningKey) -> EnvelopeSignature {
    let keyid = KeyId::of(&key.verifying_key().to_bytes());
    EnvelopeSignature { keyid, sig: key.sign(&pae(EVENT_TYPE, payload)).to_bytes() }
}

/// A payload signed by each of `hands`.
///
/// # Errors
///
/// It is too large, or a key signs twice.
pub fn envelope(payload: Vec<u8>, hands: &[Hand]) -> Result<Envelope> {
    let signatures = hands.iter().map(|hand| signature(&payload, &hand.key)).collect();
    Ok(Envelope::new(EVENT_TYPE, payload, signatures)?)
}

/// An envelope in a submission without words.
pub fn submission(envelope: &Envelope, disclosures: &[counterpart_core::commitment::Disclosure]) -> Vec<u8> {
    let mut out = b"{\"envelope\":".to_vec();
    out.extend(envelope.canonical());
    out.extend_from_slice(b",\"disclosures\":[");
    for (at, disclosure) in disclosures.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend(disclosure.to_bytes());
    }
    out.extend_from_slice(b"]}");
    out
}
