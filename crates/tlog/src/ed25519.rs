//! Ed25519 keys and the one verdict on a signature.
//!
//! RFC 8032 §5.1.7 without the cofactor: S below the group order, R and A not of small
//! order, R canonical. Every program that implements RFC 8032 accepts what is accepted
//! here; the opposite is not promised. Batch verification decides nothing anywhere.

use std::fmt;

use curve25519_dalek::edwards::CompressedEdwardsY;
use ed25519_dalek::{Signature, VerifyingKey};

use crate::Hash;

pub use ed25519_dalek::SigningKey;

/// Bytes of a public key.
pub const PUBLIC_KEY_LEN: usize = 32;

/// Bytes of a signature.
pub const SIGNATURE_LEN: usize = 64;

/// A public key, parsed once: parsing again would cost a tenth of a verification.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(VerifyingKey);

/// A public key is not fit to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No point of the curve has these bytes.
    #[error("these 32 bytes are not an Ed25519 public key")]
    NotAPoint,
    /// The point has another, shorter spelling.
    #[error("this public key is not written in its canonical form")]
    NotCanonical,
    /// The point has small order: some signatures hold for nearly every message.
    #[error("this public key is weak: it has small order")]
    Weak,
    /// The point has a component of small order: verifiers would disagree on signatures.
    #[error("this public key is not in the prime-order group")]
    MixedOrder,
}

impl PublicKey {
    /// Takes a key that enters the record: canonical, not weak, free of torsion.
    ///
    /// # Errors
    ///
    /// A [`KeyError`] says why the key is unsuitable.
    pub fn register(bytes: &[u8; PUBLIC_KEY_LEN]) -> Result<Self, KeyError> {
        let point = CompressedEdwardsY(*bytes).decompress().ok_or(KeyError::NotAPoint)?;
        if point.compress().to_bytes() != *bytes {
            return Err(KeyError::NotCanonical);
        }
        if point.is_small_order() {
            return Err(KeyError::Weak);
        }
        if !point.is_torsion_free() {
            return Err(KeyError::MixedOrder);
        }
        Self::lenient(bytes)
    }

    /// Takes any key whose bytes decode to a point of the curve. Good for test vectors
    /// only; whatever enters the record goes through [`PublicKey::register`].
    ///
    /// # Errors
    ///
    /// The bytes decode to no point.
    pub fn lenient(bytes: &[u8; PUBLIC_KEY_LEN]) -> Result<Self, KeyError> {
        VerifyingKey::from_bytes(bytes).map(Self).map_err(|_| KeyError::NotAPoint)
    }

    /// The 32 bytes of the key.
    pub fn as_bytes(&self) -> &[u8; PUBLIC_KEY_LEN] {
        self.0.as_bytes()
    }

    /// The key id: lower-case hexadecimal SHA-256 of the 32 bytes.
    pub fn keyid(&self) -> String {
        Hash::of(self.as_bytes()).to_hex()
    }

    /// Whether `signature` by this key holds for `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.0.verify_strict(message, &signature).is_ok()
    }
}

impl From<&SigningKey> for PublicKey {
    fn from(key: &SigningKey) -> Self {
        Self(key.verifying_key())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", crate::text::hex(self.as_bytes()))
    }
}
