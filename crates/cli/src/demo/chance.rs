//! Chance that can be had again: what looks random in the demonstration follows from a seed and a label.
//!
//! Keys made so bind nobody: whoever knows the seed can make them. A real ledger draws every key in `shell.rs`.

use counterpart_core::ids::PersonId;
use counterpart_core::time::Timestamp;
use ed25519_dalek::SigningKey;
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

const DOMAIN: &[u8] = b"counterpart/demonstration/v1";

/// A seed of 32 bytes.
#[derive(Clone, Copy)]
pub struct Chance(pub [u8; 32]);

impl Chance {
    /// 32 bytes, the same for the same label and no other.
    pub fn bytes(&self, label: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [DOMAIN, &self.0, label.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// A signing key.
    pub fn key(&self, label: &str) -> SigningKey {
        SigningKey::from_bytes(&self.bytes(&format!("key {label}")))
    }

    /// A person id.
    pub fn person(&self, label: &str) -> PersonId {
        let bytes = self.bytes(&format!("person {label}"));
        let bits = bytes.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte));
        PersonId::from_random(bits)
    }

    /// A `UUIDv7` of an instant.
    pub fn uuid(&self, at: Timestamp, label: &str) -> Uuid {
        let bytes = self.bytes(&format!("uuid {label}"));
        let mut random = [0; 10];
        for (to, from) in random.iter_mut().zip(bytes) {
            *to = from;
        }
        Builder::from_unix_timestamp_millis(u64::try_from(at.millis()).unwrap_or_default(), &random).into_uuid()
    }
}
