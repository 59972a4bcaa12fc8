//! Cosignatures: a witness says when it saw a checkpoint (C2SP tlog-cosignature).
//!
//! ```text
//! cosignature/v1
//! time <seconds since 1970>
//! <text of the checkpoint>
//! ```
//!
//! On the signature line stand after the key id: u64 time, big endian ‖ 64 bytes of Ed25519.
//! The name of the witness is not signed, so a witness has a key of its own.

use std::fmt;

use ed25519_dalek::Signer as _;

use crate::Hash;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::ed25519::{PublicKey, SIGNATURE_LEN, SigningKey};
use crate::note::{NoteError, NoteSignature, SignatureType, VerifierKey, VerifierKeyError};

/// The last time a cosignature may carry: it stays positive in signed arithmetic.
pub const TIMESTAMP_MAX: u64 = i64::MAX.unsigned_abs();

/// What starts every message of an ML-DSA-44 cosignature, type 0x06.
const SUBTREE_LABEL: &[u8] = b"subtree/v1\n\0";

/// A witness could not cosign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignError {
    /// The text is not a checkpoint; a witness signs nothing else.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The time cannot be written.
    #[error("a cosignature carries a time from 1 to 2^63 - 1 seconds, not {0}")]
    Timestamp(u64),
    /// The witness's name cannot stand on a signature line.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// Signs checkpoints as a witness, with a key of type 0x04.
#[derive(Clone)]
pub struct Cosigner {
    vkey: VerifierKey,
    key: SigningKey,
}

impl Cosigner {
    /// A witness with this key under `name`.
    ///
    /// # Errors
    ///
    /// The name cannot be a key name.
    pub fn new(name: &str, key: SigningKey) -> Result<Self, VerifierKeyError> {
        let public = key.verifying_key().to_bytes();
        let vkey = VerifierKey::new(name, SignatureType::CosignatureV1, &public)?;
        Ok(Self { vkey, key })
    }

    /// Cosigns the text of a checkpoint, seen at `timestamp` (seconds since 1970).
    ///
    /// The caller has checked that the checkpoint goes on from the last one it cosigned.
    ///
    /// # Errors
    ///
    /// The text is not a checkpoint, or the time is 0 or beyond 2^63 - 1.
    pub fn cosign(&self, text: &str, timestamp: u64) -> Result<NoteSignature, CosignError> {
        Checkpoint::parse_text(text)?;
        if !is_timestamp(timestamp) {
            return Err(CosignError::Timestamp(timestamp));
        }
        let signature = self.key.sign(message(text, timestamp).as_bytes());
        let bytes = [&timestamp.to_be_bytes()[..], &signature.to_bytes()].concat();
        Ok(NoteSignature::new(self.vkey.name(), self.vkey.key_id(), bytes)?)
    }

    /// What others verify with.
    pub fn vkey(&self) -> &VerifierKey {
        &self.vkey
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The private key is never printed.
        write!(f, "Cosigner({})", self.vkey)
    }
}

/// The signed bytes of a `cosignature/v1` over the text of a checkpoint.
pub fn message(text: &str, timestamp: u64) -> String {
    format!("cosignature/v1\ntime {timestamp}\n{text}")
}

/// The time that a cosignature claims, in seconds since 1970. It is not verified.
pub fn timestamp(signature: &[u8]) -> Option<u64> {
    split(signature).map(|(timestamp, _)| timestamp)
}

/// Checks a cosignature, the bytes after the key id, over the text of a checkpoint; the
/// time it carries if it holds.
pub fn verify(public: &PublicKey, text: &str, signature: &[u8]) -> Option<u64> {
    let (timestamp, signature) = split(signature)?;
    let message = message(text, timestamp);
    public.verify(message.as_bytes(), signature).then_some(timestamp)
}

/// Time and Ed25519 signature.
fn split(signature: &[u8]) -> Option<(u64, &[u8; SIGNATURE_LEN])> {
    let (timestamp, signature) = signature.split_first_chunk()?;
    let timestamp = u64::from_be_bytes(*timestamp);
    is_timestamp(timestamp).then_some((timestamp, signature.try_into().ok()?))
}

fn is_timestamp(timestamp: u64) -> bool {
    (1..=TIMESTAMP_MAX).contains(&timestamp)
}

/// The signed bytes of a cosignature of type 0x06 (ML-DSA-44) over the entries
/// `start..end` of the log `origin`, whose subtree has the root `hash`.
///
/// This version makes and checks no such signatures; the message is fixed here so that the
/// type can be added without a change of format. `None` if a name is longer than 255 bytes,
/// or if a time is given for a subtree that does not start the log.
pub fn subtree_message(
    witness: &str,
    timestamp: u64,
    origin: &str,
    start: u64,
    end: u64,
    hash: &Hash,
) -> Option<Vec<u8>> {
    if start != 0 && timestamp != 0 {
        return None;
    }
    let mut bytes = SUBTREE_LABEL.to_vec();
    bytes.push(u8::try_from(witness.len()).ok()?);
    bytes.extend_from_slice(witness.as_bytes());
    bytes.extend_from_slice(&timestamp.to_be_bytes());
    bytes.push(u8::try_from(origin.len()).ok()?);
    bytes.extend_from_slice(origin.as_bytes());
    bytes.extend_from_slice(&start.to_be_bytes());
    bytes.extend_from_slice(&end.to_be_bytes());
    bytes.extend_from_slice(hash.as_bytes());
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::empty_root;
    use crate::note::{Check, Verifier as _};

    fn witness() -> Cosigner {
        Cosigner::new("witness.example", SigningKey::from_bytes(&[1; 32])).unwrap()
    }

    fn text() -> String {
        Checkpoint::new("log.example", 0, empty_root()).to_string()
    }

    #[test]
    fn cosignature_holds_for_its_text_and_time_alone() {
        let (witness, text) = (witness(), text());
        let signature = witness.cosign(&text, 1_767_225_600).unwrap();
        let public = witness.vkey().ed25519().unwrap();
        assert_eq!(timestamp(signature.bytes()), Some(1_767_225_600));
        assert_eq!(verify(public, &text, signature.bytes()), Some(1_767_225_600));
        let longer = format!("{text}extension\n");
        assert_eq!(verify(public, &longer, signature.bytes()), None);
        let mut later = signature.bytes().to_vec();
        *later.get_mut(7).unwrap() += 1;
        assert_eq!(verify(public, &text, &later), None);
        assert_eq!(witness.vkey().check(&text, &later), Check::Fails);
        assert_eq!(witness.vkey().check(&text, signature.bytes()), Check::Holds);
    }

    #[test]
    fn times_that_cannot_be_written_are_refused() {
        let (witness, text) = (witness(), text());
        for time in [0, TIMESTAMP_MAX + 1, u64::MAX] {
            assert_eq!(witness.cosign(&text, time), Err(CosignError::Timestamp(time)));
            let signature = witness.key.sign(message(&text, time).as_bytes());
            let bytes = [&time.to_be_bytes()[..], &signature.to_bytes()].concat();
            let public = witness.vkey().ed25519().unwrap();
            assert_eq!(verify(public, &text, &bytes), None, "{time}");
        }
        assert!(witness.cosign(&text, TIMESTAMP_MAX).is_ok());
        assert_eq!(timestamp(&[0; 71]), None);
        assert_eq!(timestamp(&[1; 71]), None);
        assert_eq!(timestamp(&[1; 73]), None);
    }

    #[test]
    fn witness_signs_nothing_but_checkpoints() {
        let refused = witness().cosign("any text\n", 1);
        assert!(matches!(refused, Err(CosignError::Checkpoint(_))));
    }

    #[test]
    fn signature_of_a_log_is_no_cosignature() {
        let (witness, text) = (witness(), text());
        let plain = witness.key.sign(text.as_bytes()).to_bytes();
        let stamped = [&1_u64.to_be_bytes()[..], &plain].concat();
        assert_eq!(witness.vkey().check(&text, &plain), Check::Fails);
        assert_eq!(witness.vkey().check(&text, &stamped), Check::Fails);
    }

    #[test]
    fn subtree_that_does_not_start_the_log_carries_no_time() {
        let made = |timestamp, start| subtree_message("w", timestamp, "o", start, 9, &empty_root()).is_some();
        assert!(made(5, 0) && made(0, 0) && made(0, 8));
        assert!(!made(5, 8));
        let long = "x".repeat(256);
        assert_eq!(subtree_message(&long, 0, "o", 0, 1, &empty_root()), None);
        assert_eq!(subtree_message("w", 0, &long, 0, 1, &empty_root()), None);
    }
}
