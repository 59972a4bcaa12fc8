//! What binds an answer key to its log: entry 0, which names it, under a checkpoint that the log's key has signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_tlog::note::VerifierKey;
use counterpart_tlog::proof::{Disproof, TlogProof, TlogProofError};
use counterpart_tlog::{Hash, Tree, TreeError, leaf_hash};
use serde::{Deserialize, Serialize};

use crate::event::data::{Data, LedgerGenesis};
use crate::replay;

/// Entry 0 and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Founding {
    /// The bytes of entry 0, base64.
    entry: String,
    /// That it stands in the log, at index 0: a C2SP tlog-proof, with its checkpoint.
    proof: String,
}

/// Nothing shows that a key speaks for a log.
#[derive(Debug, thiserror::Error)]
pub enum FoundingError {
    /// Entry 0 is not base64, not an entry, or founds no ledger of this origin.
    #[error("what is shown as entry 0 founds no ledger of this origin")]
    Entry,
    /// The proof is malformed.
    #[error("the proof that entry 0 stands in the log cannot be read: {0}")]
    Proof(#[from] TlogProofError),
    /// Where entry 0 stands is not shown.
    #[error("nothing shows that entry 0 stands in the log: {0}")]
    Place(#[from] TreeError),
    /// None of the keys that were given has signed its checkpoint, or entry 0 is not under its root.
    #[error("nothing shows that entry 0 stands in the log: {0}")]
    Disproof(#[from] Disproof),
    /// No key of that log was given.
    #[error("no key of `{0}` is known here")]
    NoKey(String),
    /// The key is none that entry 0 names.
    #[error("the key is no answer key of this ledger: entry 0 does not name it")]
    NotNamed,
}

impl Founding {
    /// Entry 0, and its place in the tree under a checkpoint over `size` entries, a signed note.
    ///
    /// # Errors
    ///
    /// The tree has no such place.
    pub fn new(entry: &[u8], tree: &Tree, size: u64, checkpoint_note: String) -> Result<Self, FoundingError> {
        let proof = TlogProof { extra: None, index: 0, hashes: tree.inclusion(0, size)?, checkpoint_note };
        Ok(Self { entry: STANDARD.encode(entry), proof: proof.to_string() })
    }

    /// Whether entry 0 stands in the log `origin`, under a checkpoint that one of these keys has signed: its leaf hash, which
    /// names the ledger, and the key's place among them.
    pub(super) fn verify(&self, origin: &str, vkeys: &[VerifierKey]) -> Result<(Hash, usize), FoundingError> {
        let (leaf, proof) = (leaf_hash(&self.bytes()?), TlogProof::parse(&self.proof)?);
        if proof.index != 0 {
            return Err(FoundingError::Entry);
        }
        let mut wrong = FoundingError::NoKey(origin.to_owned());
        for (place, vkey) in vkeys.iter().enumerate().filter(|(_, vkey)| vkey.name() == origin) {
            match proof.verify_signed(&leaf, origin, vkey) {
                Ok(_) => return Ok((leaf, place)),
                Err(error) => wrong = error.into(),
            }
        }
        Err(wrong)
    }

    /// The keys that answer for the ledger which entry 0 founds at `origin`.
    pub(super) fn answer_keys(&self, origin: &str) -> Result<Vec<[u8; 32]>, FoundingError> {
        let genesis = self.genesis()?;
        if genesis.origin.as_str() != origin {
            return Err(FoundingError::Entry);
        }
        Ok(genesis.answer_keys.iter().map(|key| key.public.0).collect())
    }

    fn genesis(&self) -> Result<LedgerGenesis, FoundingError> {
        let read = replay::read(&self.bytes()?).map_err(|_| FoundingError::Entry)?;
        if let Data::LedgerGenesis(genesis) = read.event.data { Ok(genesis) } else { Err(FoundingError::Entry) }
    }

    fn bytes(&self) -> Result<Vec<u8>, FoundingError> {
        STANDARD.decode(&self.entry).map_err(|_| FoundingError::Entry)
    }
}
