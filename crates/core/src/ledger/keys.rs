//! The keys of a log: one signs at a size, and hands over to the next from a size on (wire.md 3).

use counterpart_tlog::note::{NoteSigner, VerifierKey};

use crate::event::data::LogKeyChanged;
use crate::state::Founded;

/// The keys with which checkpoints of one log may be signed: the one that signs, one that is to come, and those that
/// did before. At least one, all under one origin.
#[derive(Clone)]
pub struct LogKeys {
    // INVARIANT: not empty.
    held: Vec<NoteSigner>,
}

impl From<NoteSigner> for LogKeys {
    fn from(signer: NoteSigner) -> Self {
        Self { held: vec![signer] }
    }
}

impl Founded {
    /// The key that signs checkpoints over so many entries, as a vkey; none while it is the one that the ledger was
    /// founded with, of which there may be several.
    pub fn log_key_at(&self, size: u64) -> Option<&str> {
        let changes = &self.log_key_changes;
        let newest = changes.iter().rev().find(|change| change.first_size <= size).map(|change| change.new.as_str());
        newest.or_else(|| changes.first().map(|change| change.old.as_str()))
    }

    /// The change whose new key signs for the first time at exactly this size; its old key signs there too.
    pub fn handover_at(&self, size: u64) -> Option<&LogKeyChanged> {
        self.log_key_changes.iter().find(|change| change.first_size == size)
    }
}

impl LogKeys {
    /// These keys and another one of the same log; one of another log is left out.
    #[must_use]
    pub fn with(mut self, signer: NoteSigner) -> Self {
        if signer.name() == self.origin() && !self.holds(&signer.vkey().to_string()) {
            self.held.push(signer);
        }
        self
    }

    /// Host and prefix of the log.
    pub fn origin(&self) -> &str {
        self.held.first().map_or("", NoteSigner::name)
    }

    /// Whether a key is held, by its vkey.
    pub fn holds(&self, vkey: &str) -> bool {
        self.held.iter().any(|signer| signer.vkey().to_string() == vkey)
    }

    /// The signer of a key that is held, by its vkey.
    pub fn signer(&self, vkey: &str) -> Option<&NoteSigner> {
        self.held.iter().find(|signer| signer.vkey().to_string() == vkey)
    }

    /// Every key that is held.
    pub fn vkeys(&self) -> impl Iterator<Item = VerifierKey> {
        self.held.iter().map(NoteSigner::vkey)
    }

    /// Those that sign a checkpoint over so many entries: the one in force and, while they are held, those before it,
    /// so that whoever has pinned an older one can follow.
    ///
    /// # Errors
    ///
    /// The key in force is not held, or at the first size of a key the one before it, in plain words.
    pub fn signers(&self, founded: Option<&Founded>, size: u64) -> Result<Vec<&NoteSigner>, String> {
        let Some(founded) = founded.filter(|founded| !founded.log_key_changes.is_empty()) else {
            return Ok(self.held.iter().take(1).collect());
        };
        let missing = |vkey: &str, why: &str| format!("the log's key {vkey} is not here, and {why}");
        let signer = |vkey: &str| self.held.iter().find(|signer| signer.vkey().to_string() == vkey);
        let current = founded.log_key_at(size).unwrap_or_default();
        let mut signers = vec![signer(current).ok_or_else(|| missing(current, "signs checkpoints of this size"))?];
        for change in founded.log_key_changes.iter().filter(|change| change.first_size <= size) {
            let old = change.old.as_str();
            match signer(old) {
                Some(signer) if old != current => signers.push(signer),
                None if change.first_size == size => {
                    return Err(missing(old, "hands over at this size to the next one"));
                }
                Some(_) | None => {}
            }
        }
        Ok(signers)
    }
}
