//! Proofs that fit in a file: an entry, its place, a checkpoint (C2SP tlog-proof).
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! [extra <base64>]
//! index <decimal>
//! [<hash of the inclusion proof, base64> …]
//!
//! <checkpoint, verbatim, with signatures and cosignatures>
//! ```

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::VerifierKey;
use crate::policy::{Policy, Satisfied, UnmetPolicy};
use crate::{Hash, ProofError, text, verify_inclusion};

/// The first line.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The most extra data: with its label it fills a line of 65,535 bytes, which is what
/// other readers take.
pub const EXTRA_LEN_MAX: usize = 49_146;

/// The most hashes in an inclusion proof: a size has 64 bits.
pub const HASHES_MAX: usize = 64;

/// A proof that an entry stands in a log, readable without the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Data of the application, never empty. Nothing authenticates it.
    pub extra: Option<Vec<u8>>,
    /// Where the entry stands, from 0.
    pub index: u64,
    /// The inclusion proof, the leaf's sibling first.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, verbatim.
    pub checkpoint_note: String,
}

/// Bytes are not a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// Not UTF-8.
    #[error("the proof is not UTF-8")]
    NotText,
    /// The first line is another one.
    #[error("a proof starts with the line `{HEADER}`")]
    Header,
    /// The extra data cannot be read or is too long.
    #[error("the extra line of a proof is canonical base64 of 1 to {EXTRA_LEN_MAX} bytes")]
    Extra,
    /// The index line is missing or malformed.
    #[error("a proof has a line `index`, with a decimal number without leading zeros")]
    Index,
    /// A line of the inclusion proof is not a hash.
    #[error("hash {0} of the proof is not the base64 of 32 bytes")]
    Hash(usize),
    /// The inclusion proof is longer than any tree needs.
    #[error("the proof has more than {HASHES_MAX} hashes")]
    TooManyHashes,
    /// The blank line before the checkpoint is missing.
    #[error("a blank line stands between the hashes of a proof and its checkpoint")]
    NoCheckpoint,
    /// The checkpoint is malformed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// A proof does not show that the entry is in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disproof {
    /// The checkpoint is not signed by the log asked for.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint does not satisfy the policy.
    #[error(transparent)]
    Policy(#[from] UnmetPolicy),
    /// The entry is not under the checkpoint's root.
    #[error(transparent)]
    Inclusion(#[from] ProofError),
}

impl TlogProof {
    /// Reads a proof. Nothing of it is verified yet.
    ///
    /// # Errors
    ///
    /// The bytes are not a proof, down to the form of the checkpoint.
    pub fn parse(bytes: impl AsRef<[u8]>) -> Result<Self, TlogProofError> {
        let proof = std::str::from_utf8(bytes.as_ref()).map_err(|_| TlogProofError::NotText)?;
        let (header, rest) = proof.split_once('\n').ok_or(TlogProofError::Header)?;
        if header != HEADER {
            return Err(TlogProofError::Header);
        }
        let (mut line, mut rest) = rest.split_once('\n').ok_or(TlogProofError::Index)?;
        let mut extra = None;
        if let Some(base64) = line.strip_prefix("extra ") {
            extra = Some(read_extra(base64).ok_or(TlogProofError::Extra)?);
            (line, rest) = rest.split_once('\n').ok_or(TlogProofError::Index)?;
        }
        let index = line.strip_prefix("index ").and_then(text::decimal).ok_or(TlogProofError::Index)?;
        let (hashes, checkpoint_note) = read_hashes(rest, HASHES_MAX)?;
        Checkpoint::parse(checkpoint_note)?;
        Ok(Self { extra, index, hashes, checkpoint_note: checkpoint_note.to_owned() })
    }

    /// Checks that the entry with this leaf hash stands in the log `origin`, whose key is
    /// `log_key`; the checkpoint that says so.
    ///
    /// Asks for no witness: where a policy is at hand, use [`TlogProof::verify`].
    ///
    /// # Errors
    ///
    /// A [`Disproof`] says which step failed.
    pub fn verify_signed(&self, leaf: &Hash, origin: &str, log_key: &VerifierKey) -> Result<Checkpoint, Disproof> {
        let (checkpoint, _) = Checkpoint::verify(&self.checkpoint_note, origin, log_key)?;
        self.verify_under(leaf, &checkpoint)?;
        Ok(checkpoint)
    }

    /// Checks that the entry with this leaf hash stands in a log that `policy` names, under a
    /// checkpoint that its quorum of witnesses has cosigned.
    ///
    /// # Errors
    ///
    /// A [`Disproof`] says which step failed.
    pub fn verify(&self, leaf: &Hash, policy: &Policy) -> Result<Satisfied, Disproof> {
        let satisfied = policy.verify(&self.checkpoint_note)?;
        self.verify_under(leaf, &satisfied.checkpoint)?;
        Ok(satisfied)
    }

    fn verify_under(&self, leaf: &Hash, checkpoint: &Checkpoint) -> Result<(), ProofError> {
        let Checkpoint { size, root, .. } = checkpoint;
        verify_inclusion(leaf, self.index, *size, &self.hashes, root)
    }
}

/// The file as it is published. Extra data that is empty or too long is left out.
impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = self.extra.as_ref().filter(|extra| fits(extra)) {
            writeln!(f, "extra {}", text::base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        write_hashes(f, &self.hashes)?;
        f.write_str(&self.checkpoint_note)
    }
}

fn read_extra(base64: &str) -> Option<Vec<u8>> {
    text::unbase64(base64).filter(|extra| fits(extra))
}

fn fits(extra: &[u8]) -> bool {
    (1..=EXTRA_LEN_MAX).contains(&extra.len())
}

/// Reads lines of hashes up to a blank line, and what follows it.
pub(crate) fn read_hashes(text: &str, max: usize) -> Result<(Vec<Hash>, &str), TlogProofError> {
    let mut hashes = Vec::new();
    let mut rest = text;
    loop {
        let (line, after) = rest.split_once('\n').ok_or(TlogProofError::NoCheckpoint)?;
        if line.is_empty() {
            return Ok((hashes, after));
        }
        let place = hashes.len();
        if place == max {
            return Err(TlogProofError::TooManyHashes);
        }
        let hash = Hash::from_base64(line).map_err(|_| TlogProofError::Hash(place))?;
        hashes.push(hash);
        rest = after;
    }
}

/// Writes lines of hashes and the blank line after them.
pub(crate) fn write_hashes(f: &mut fmt::Formatter<'_>, hashes: &[Hash]) -> fmt::Result {
    hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
    writeln!(f)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::ed25519::SigningKey;
    use crate::note::{NoteError, NoteSigner};
    use crate::{Tree, leaf_hash};

    const ORIGIN: &str = "log.example";

    fn signer() -> NoteSigner {
        NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[1; 32])).unwrap()
    }

    fn proof(index: u8, size: u8) -> TlogProof {
        let tree: Tree = (0..size).map(|entry| leaf_hash(&[entry])).collect();
        let checkpoint = Checkpoint::new(ORIGIN, tree.size(), tree.root());
        TlogProof {
            extra: None,
            index: index.into(),
            hashes: tree.inclusion(index.into(), size.into()).unwrap(),
            checkpoint_note: checkpoint.sign(&[&signer()]).unwrap().to_string(),
        }
    }

    #[test]
    fn proof_reads_back_and_shows_its_entry_alone() {
        for (index, size) in [(0, 1), (2, 7), (6, 7)] {
            let proof = proof(index, size);
            assert_eq!(TlogProof::parse(proof.to_string()).unwrap(), proof);
            let vkey = signer().vkey();
            let shown = proof.verify_signed(&leaf_hash(&[index]), ORIGIN, &vkey);
            assert_eq!(shown.unwrap().size, u64::from(size));
            assert_eq!(
                proof.verify_signed(&leaf_hash(b"other"), ORIGIN, &vkey),
                Err(Disproof::Inclusion(ProofError::OtherRoot))
            );
        }
    }

    #[test]
    fn proof_of_another_log_is_refused() {
        let proof = proof(2, 7);
        let other = NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[2; 32])).unwrap();
        let leaf = leaf_hash(&[2]);
        assert_eq!(
            proof.verify_signed(&leaf, ORIGIN, &other.vkey()),
            Err(CheckpointError::Note(NoteError::Unsigned).into())
        );
        assert!(proof.verify_signed(&leaf, "log.example/2", &signer().vkey()).is_err());
    }

    #[test]
    fn extra_data_is_carried_up_to_its_limit() {
        for (length, carried) in [(0, false), (1, true), (EXTRA_LEN_MAX, true), (EXTRA_LEN_MAX + 1, false)] {
            let extra = Some(vec![7; length]);
            let proof = TlogProof { extra: extra.clone(), ..proof(2, 7) };
            let text = proof.to_string();
            assert!(text.lines().all(|line| line.len() <= 65_535));
            let read = TlogProof::parse(&text).unwrap();
            assert_eq!(read.extra, extra.filter(|_| carried), "{length}");
        }
    }

    #[test]
    fn malformed_proofs_are_refused() {
        let good = proof(2, 7).to_string();
        let hash = proof(2, 7).hashes.first().unwrap().to_string();
        let refused = |wrong: &str| TlogProof::parse(wrong).unwrap_err();
        assert_eq!(TlogProof::parse(b"\xff"), Err(TlogProofError::NotText));
        assert_eq!(refused(""), TlogProofError::Header);
        assert_eq!(refused(HEADER), TlogProofError::Header);
        assert_eq!(refused(&format!("{HEADER}\n")), TlogProofError::Index);
        let replaced = |from: &str, to: &str| refused(&good.replacen(from, to, 1));
        assert_eq!(replaced("v1\n", "v2\n"), TlogProofError::Header);
        assert_eq!(replaced("v1\n", "v1\r\n"), TlogProofError::Header);
        for index in ["index 02", "index  2", "index +2", "Index 2", "index 2 ", "extra AA==\nextra AA==\nindex 2"] {
            assert_eq!(replaced("index 2", index), TlogProofError::Index, "{index}");
        }
        for extra in ["extra \n", "extra A\n", "extra AB==\n", "extra AA==\r\n"] {
            let wrong = format!("{extra}index 2");
            assert_eq!(replaced("index 2", &wrong), TlogProofError::Extra, "{extra}");
        }
        assert_eq!(replaced("=\n", "\n"), TlogProofError::Hash(0));
        assert_eq!(replaced("\n\n", "\n \n"), TlogProofError::Hash(3));
        let many = format!("index 2\n{}", format!("{hash}\n").repeat(HASHES_MAX));
        assert_eq!(replaced("index 2\n", &many), TlogProofError::TooManyHashes);
        let cut = good.split_once("\n\n").unwrap().0;
        assert_eq!(refused(cut), TlogProofError::NoCheckpoint);
        assert!(matches!(
            refused(good.trim_end()),
            TlogProofError::Checkpoint(CheckpointError::Note(NoteError::Shape))
        ));
    }
}
