//! The bytes that are signed, sent and kept: envelope, digest, entry, submission.
//!
//! ```text
//! envelope   {"payload":"<base64>","payloadType":"<type>","signatures":[{"keyid":"<hex>","sig":"<base64>"}]}
//! signed     DSSEv1 SP len(type) SP type SP len(payload) SP payload              (PAE, DSSE v1.0.2)
//! digest     SHA-256(PAE)
//! entry      {"envelope":<canonical envelope>,"recorded_at":"2026-03-01T09:00:00.000Z"}
//! submission {"envelope":<envelope, any spelling>,"disclosures":[<disclosure>, …]}
//! ```
//!
//! What stands inside the payload is for `event` to read. Here it is bytes.

mod cursor;
mod entry;
mod envelope;
pub mod hex32;
mod submission;

use sha2::{Digest as _, Sha256};

pub use entry::Entry;
pub use envelope::{Envelope, EnvelopeSignature};
pub use submission::Submission;

use crate::json::{JsonError, digits_into};
use hex32::hex32;

/// The `payloadType` of an event.
pub const EVENT_TYPE: &str = "application/vnd.counterpart.event.v1+json";
/// The `payloadType` of a signed refusal.
pub const REFUSAL_TYPE: &str = "application/vnd.counterpart.refusal.v1+json";
/// The `payloadType` of a session request.
pub const SESSION_TYPE: &str = "application/vnd.counterpart.session.v1+json";

/// Bytes of the largest canonical envelope: it leaves room for `recorded_at` within [`MAX_ENTRY`].
pub const MAX_ENVELOPE: usize = 48_000;
/// Bytes of the largest entry: an entry bundle gives the length in 16 bits.
pub const MAX_ENTRY: usize = 65_535;
/// Signatures on one envelope.
pub const MAX_SIGNATURES: usize = 16;
/// Bytes of the largest submission as it travels, base64 and all: 8 MiB.
pub const MAX_SUBMISSION: usize = 8 * 1024 * 1024;

hex32! {
    /// The name of a key: SHA-256 of the 32 raw bytes of an Ed25519 public key.
    KeyId
}

hex32! {
    /// What an event is compared by: SHA-256 of the bytes that were signed.
    Digest
}

impl KeyId {
    /// The name of this public key.
    pub fn of(public: &[u8; 32]) -> KeyId {
        KeyId(Sha256::digest(public).into())
    }
}

/// The bytes that a signature stands over: the pre-authentication encoding of DSSE v1.0.2.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(PAE_PREFIX + payload_type.len() + payload.len());
    pae_prefix(payload_type, payload.len(), &mut out);
    out.extend_from_slice(payload);
    out
}

/// The digest of an event: SHA-256 of its [`pae`].
pub fn digest(payload_type: &str, payload: &[u8]) -> Digest {
    let mut prefix = Vec::with_capacity(PAE_PREFIX + payload_type.len());
    pae_prefix(payload_type, payload.len(), &mut prefix);
    Digest(Sha256::new().chain_update(prefix).chain_update(payload).finalize().into())
}

/// Bytes of `DSSEv1`, of two lengths and of the spaces between, at most.
const PAE_PREFIX: usize = 50;

/// Writes what stands before the payload: `DSSEv1 SP len(type) SP type SP len(payload) SP`.
fn pae_prefix(payload_type: &str, payload_len: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"DSSEv1 ");
    digits_into(payload_type.len() as u64, out);
    out.push(b' ');
    out.extend_from_slice(payload_type.as_bytes());
    out.push(b' ');
    digits_into(payload_len as u64, out);
    out.push(b' ');
}

/// Why bytes are not what this contract calls an envelope, an entry or a submission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The request is not strict JSON.
    #[error("{0}")]
    Json(JsonError),
    /// The request is JSON, but not an object with the members asked for.
    #[error("{0}")]
    Request(String),
    /// The envelope, or the entry around it, breaks its format.
    #[error("the envelope is not well-formed: {0}")]
    Envelope(String),
    /// Something exceeds its limit.
    #[error("{what} is {bytes} bytes, and may be at most {limit}")]
    TooLarge {
        /// What is too large, in plain words.
        what: String,
        /// Its size, or what of it had been counted when the limit was passed.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// More disclosures than one submission may carry.
    #[error("the submission carries {count} disclosures, and may carry at most {limit}")]
    TooMany {
        /// How many it carries.
        count: usize,
        /// The limit.
        limit: usize,
    },
}

impl WireError {
    /// The code of the contract (wire.md 6): `E01`, `E02` or `E05`.
    pub fn code(&self) -> &'static str {
        match self {
            WireError::Json(_) | WireError::Request(_) => "E01",
            WireError::Envelope(_) => "E02",
            WireError::TooLarge { .. } | WireError::TooMany { .. } => "E05",
        }
    }

    pub(crate) fn envelope(problem: impl Into<String>) -> WireError {
        WireError::Envelope(problem.into())
    }
}
