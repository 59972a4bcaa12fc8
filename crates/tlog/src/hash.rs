//! Hashes of the tree: SHA-256 with a first byte that keeps leaves and nodes apart.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

/// The first byte of what is hashed for a leaf (RFC 6962 §2.1).
const LEAF_PREFIX: u8 = 0x00;

/// The first byte of what is hashed for an interior node (RFC 6962 §2.1).
const NODE_PREFIX: u8 = 0x01;

/// Characters of standard base64, padding included, for 32 bytes.
const BASE64_LEN: usize = 44;

/// A SHA-256 value: a leaf, an interior node or a root.
///
/// `Display` prints standard padded base64, as notes and proofs do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Hash::LEN]);

/// A text was not a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Not 64 lower-case hexadecimal digits.
    #[error("a hash in hexadecimal is 64 lower-case digits")]
    Hex,
    /// Not the canonical standard base64 of 32 bytes.
    #[error("a hash in base64 is 44 characters of the standard alphabet, with padding")]
    Base64,
    /// Not 32 bytes.
    #[error("a hash is 32 bytes, not {0}")]
    Length(usize),
}

impl Hash {
    /// Bytes of a hash.
    pub const LEN: usize = 32;

    /// A hash from its bytes.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The bytes, by value.
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        self.0
    }

    /// The plain SHA-256 of `bytes`, without a prefix.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        crate::text::hex(&self.0)
    }

    /// Reads 64 lower-case hexadecimal digits.
    pub fn from_hex(digits: &str) -> Result<Self, HashError> {
        let mut bytes = [0; Self::LEN];
        crate::text::unhex(digits, &mut bytes).ok_or(HashError::Hex)?;
        Ok(Self(bytes))
    }

    /// Reads canonical standard base64 with padding.
    pub fn from_base64(text: &str) -> Result<Self, HashError> {
        // One byte of slack: the decoder asks for room in whole groups of three.
        let mut buffer = [0; Self::LEN + 1];
        if text.len() != BASE64_LEN {
            return Err(HashError::Base64);
        }
        let length = STANDARD.decode_slice(text, &mut buffer).map_err(|_| HashError::Base64)?;
        buffer.get(..length).and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or(HashError::Base64)
    }
}

impl From<[u8; Hash::LEN]> for Hash {
    fn from(bytes: [u8; Hash::LEN]) -> Self {
        Self(bytes)
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = HashError;

    fn try_from(bytes: &[u8]) -> Result<Self, HashError> {
        bytes.try_into().map(Self).map_err(|_| HashError::Length(bytes.len()))
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; BASE64_LEN];
        let printed = STANDARD
            .encode_slice(self.0, &mut buffer)
            .ok()
            .and_then(|length| buffer.get(..length))
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .ok_or(fmt::Error)?;
        f.pad(printed)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({})", self.to_hex())
    }
}

/// The leaf hash of an entry: SHA-256(0x00 ‖ entry) (RFC 6962 §2.1).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let digest = Sha256::new().chain_update([LEAF_PREFIX]).chain_update(entry).finalize();
    Hash(digest.into())
}

/// The hash of an interior node: SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    // One contiguous input lets the hasher take its blocks without copying twice.
    let mut input = [NODE_PREFIX; 1 + 2 * Hash::LEN];
    let (_, children) = input.split_at_mut(1);
    let (first, second) = children.split_at_mut(Hash::LEN);
    first.copy_from_slice(&left.0);
    second.copy_from_slice(&right.0);
    Hash(Sha256::digest(input).into())
}

/// The root of a tree without entries: SHA-256 of nothing (RFC 6962 §2.1).
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn hash_reads_back_what_it_prints() {
        let hash = leaf_hash(b"event-0");
        assert_eq!(Hash::from_base64(&hash.to_string()).unwrap(), hash);
        assert_eq!(Hash::from_hex(&hash.to_hex()).unwrap(), hash);
        assert_eq!(Hash::try_from(hash.as_ref()).unwrap(), hash);
    }

    #[test]
    fn spellings_that_are_not_canonical_are_refused() {
        let hash = empty_root();
        let upper = hash.to_hex().to_uppercase();
        assert_eq!(Hash::from_hex(&upper), Err(HashError::Hex));
        assert_eq!(Hash::from_hex("00"), Err(HashError::Hex));
        let base64 = hash.to_string();
        let unpadded = base64.trim_end_matches('=');
        assert_eq!(Hash::from_base64(unpadded), Err(HashError::Base64));
        // The last letter carries two bits that must be zero.
        let trailing = format!("{}V=", base64.strip_suffix("U=").unwrap());
        assert_eq!(Hash::from_base64(&trailing), Err(HashError::Base64));
        assert_eq!(Hash::from_base64(&"=".repeat(44)), Err(HashError::Base64));
        assert_eq!(Hash::try_from(&[0; 31][..]), Err(HashError::Length(31)));
    }

    #[test]
    fn leaf_and_node_of_the_same_bytes_differ() {
        let (left, right) = (leaf_hash(b"a"), leaf_hash(b"b"));
        let both = [left.to_bytes(), right.to_bytes()].concat();
        assert_ne!(leaf_hash(&both), node_hash(&left, &right));
    }
}
