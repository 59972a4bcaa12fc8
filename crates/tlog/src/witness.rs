//! What a log says to a witness (C2SP tlog-witness).
//!
//! ```text
//! old <size, decimal>
//! [<hash of the consistency proof, base64> …]
//!
//! <checkpoint, verbatim>
//! ```

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::proof::{TlogProofError, read_hashes, write_hashes};
use crate::{Hash, text};

/// The most hashes in a request.
pub const HASHES_MAX: usize = 63;

/// The media type of an answer that tells the size a witness has.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// The body of `POST add-checkpoint`: a new checkpoint, and that it goes on from the last
/// one the witness cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size the witness is believed to have; 0 at first contact.
    pub old: u64,
    /// The consistency proof from that size; empty from 0, and when the size is the same.
    pub proof: Vec<Hash>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: String,
}

/// Bytes are not the body of an add-checkpoint request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddCheckpointError {
    /// Not UTF-8.
    #[error("the request is not UTF-8")]
    NotText,
    /// The first line is not the old size.
    #[error("the request starts with a line `old`, with a decimal number without leading zeros")]
    Old,
    /// A line of the consistency proof is not a hash.
    #[error("hash {0} of the request is not the base64 of 32 bytes")]
    Hash(usize),
    /// The consistency proof is longer than any tree needs.
    #[error("the request has more than {HASHES_MAX} hashes")]
    TooManyHashes,
    /// The blank line before the checkpoint is missing.
    #[error("a blank line stands between the hashes of a request and its checkpoint")]
    NoCheckpoint,
    /// The checkpoint is malformed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl AddCheckpoint {
    /// Reads the body of a request. Nothing of it is verified yet.
    ///
    /// # Errors
    ///
    /// The bytes are not such a body, down to the form of the checkpoint.
    pub fn parse(bytes: impl AsRef<[u8]>) -> Result<Self, AddCheckpointError> {
        let body = std::str::from_utf8(bytes.as_ref()).map_err(|_| AddCheckpointError::NotText)?;
        let (line, rest) = body.split_once('\n').ok_or(AddCheckpointError::Old)?;
        let old = line.strip_prefix("old ").and_then(text::decimal).ok_or(AddCheckpointError::Old)?;
        let (proof, checkpoint) = read_hashes(rest, HASHES_MAX)?;
        Checkpoint::parse(checkpoint)?;
        Ok(Self { old, proof, checkpoint: checkpoint.to_owned() })
    }
}

impl From<TlogProofError> for AddCheckpointError {
    fn from(error: TlogProofError) -> Self {
        match error {
            TlogProofError::NotText => Self::NotText,
            TlogProofError::Header | TlogProofError::Extra | TlogProofError::Index => Self::Old,
            TlogProofError::Hash(place) => Self::Hash(place),
            TlogProofError::TooManyHashes => Self::TooManyHashes,
            TlogProofError::NoCheckpoint => Self::NoCheckpoint,
            TlogProofError::Checkpoint(error) => Self::Checkpoint(error),
        }
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        write_hashes(f, &self.proof)?;
        f.write_str(&self.checkpoint)
    }
}

/// Reads the body of a 409: the size that the witness has, on a line of its own.
pub fn parse_size(body: &str) -> Option<u64> {
    body.strip_suffix('\n').and_then(text::decimal)
}

/// Where a witness shows the last checkpoint of `origin` that it cosigned, below its
/// monitoring prefix.
pub fn monitoring_path(origin: &str) -> String {
    format!("/{}/checkpoint", Hash::of(origin.as_bytes()).to_hex())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::ed25519::SigningKey;
    use crate::empty_root;
    use crate::note::NoteSigner;

    fn request(old: u64, hashes: usize) -> AddCheckpoint {
        let signer = NoteSigner::new("log.example", SigningKey::from_bytes(&[1; 32])).unwrap();
        let checkpoint = Checkpoint::new("log.example", 0, empty_root());
        AddCheckpoint {
            old,
            proof: vec![empty_root(); hashes],
            checkpoint: checkpoint.sign(&[&signer]).unwrap().to_string(),
        }
    }

    #[test]
    fn request_reads_back_what_it_prints() {
        for (old, hashes) in [(0, 0), (1, 1), (u64::MAX, 63)] {
            let request = request(old, hashes);
            assert_eq!(AddCheckpoint::parse(request.to_string()).unwrap(), request);
        }
    }

    #[test]
    fn malformed_requests_are_refused() {
        let good = request(3, 2).to_string();
        let refused = |body: &str| AddCheckpoint::parse(body).unwrap_err();
        assert_eq!(AddCheckpoint::parse(b"\xff"), Err(AddCheckpointError::NotText));
        for wrong in ["", "old 3", "old 03\n\n", "old\n\n", "old -1\n\n", "new 3\n\n", "old 3\r\n\n"] {
            assert_eq!(refused(wrong), AddCheckpointError::Old, "{wrong:?}");
        }
        assert_eq!(refused("old 3\n"), AddCheckpointError::NoCheckpoint);
        let replaced = |from: &str, to: &str| refused(&good.replacen(from, to, 1));
        assert_eq!(replaced("=\n", "\n"), AddCheckpointError::Hash(0));
        let many = request(3, 64).to_string();
        assert_eq!(refused(&many), AddCheckpointError::TooManyHashes);
        assert!(matches!(replaced("\n\n", "\n\n\n"), AddCheckpointError::Checkpoint(CheckpointError::Shape)));
    }

    #[test]
    fn size_of_a_conflict_stands_on_its_own_line() {
        assert_eq!(parse_size("7\n"), Some(7));
        for wrong in ["", "7", "\n", "07\n", "7\n\n", "7\r\n", " 7\n"] {
            assert_eq!(parse_size(wrong), None, "{wrong:?}");
        }
    }
}
